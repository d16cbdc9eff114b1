// What the chart says at an instant. Every question sees only what is stamped by then.

/** How many of `items`, sorted by their `time`, are stamped at or before `t`. */
function countUntil(items, t) {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle].time <= t) low = middle + 1;
    else high = middle;
  }
  return low;
}

function lastUntil(items, t) {
  const count = countUntil(items, t);
  return count ? items[count - 1] : null;
}

/** A stored value as text, so that equal values are equal texts. */
function valueText(value) {
  return value instanceof Fraction ? value.toString() : canonical(value);
}

const UNREADABLE = { value: null, why: "unit" };
const NEVER = { value: null, why: "never", time: null };
const OF_UNKNOWN_AMOUNT = "unknown:1";

class Chart {
  constructor(program, facts, silenceIsOff) {
    this.program = program;
    this.facts = facts;
    this.silenceFrom = null;
    const lists = (names) => new Map([...names].map((name) => [name, []]));
    const readings = lists(program.inputs.keys());
    const infusions = lists(program.drugs.keys());
    this.doses = lists(program.drugs.keys());
    this.happened = lists(program.events.keys());
    this.done = lists(program.tasks.keys());
    for (const fact of facts) {
      if (this.silenceFrom === null && (silenceIsOff || fact.kind === "no_other_infusions")) {
        this.silenceFrom = fact.time;
      }
      const [kept, name] = {
        reading: [readings, fact.input], infusion: [infusions, fact.drug], dose: [this.doses, fact.drug],
        happened: [this.happened, fact.event], done: [this.done, fact.task],
      }[fact.kind] || [];
      if (kept && kept.has(name)) kept.get(name).push(fact);
    }
    this.accepted = new Map();
    this.refused = new Map();
    for (const [name, given] of readings) this.accept(name, groupedByTime(given));
    this.rows = new Map();
    for (const [name, given] of infusions) {
      this.rows.set(name, groupedByTime(given).map((group) => this.infusionRow(name, group)));
    }
  }

  /** Which readings count. A cumulative input that falls is refused like an implausible one. */
  accept(name, groups) {
    const accepted = [];
    const refused = [];
    const decl = this.program.inputs.get(name);
    let highest = null;
    for (const group of groups) {
      const values = new Map();
      let refusedFor = "";
      for (const reading of group.facts) {
        let { value, why } = this.readValue(name, decl, reading.value);
        if (!why && decl.cumulative && highest !== null && value.compare(highest) < 0) why = "implausible";
        if (why) refusedFor = why;
        else values.set(valueText(value), value);
      }
      if (values.size) {
        const kept = [...values.values()];
        accepted.push({ time: group.time, values: kept });
        const numbers = kept.filter((value) => value instanceof Fraction);
        if (numbers.length) highest = greatest(highest === null ? numbers : [...numbers, highest]);
      } else refused.push({ time: group.time, why: refusedFor });
    }
    this.accepted.set(name, accepted);
    this.refused.set(name, refused);
  }

  readValue(name, decl, value) {
    switch (decl.kind) {
      case "quantity": {
        if (value === null || typeof value !== "object" || Array.isArray(value)) return UNREADABLE;
        const number = this.program.reading(name, value);
        if (number === null) return UNREADABLE;
        const limits = this.program.plausible.get(name);
        const outside = limits && (number.compare(limits[0]) < 0 || number.compare(limits[1]) > 0);
        if (outside || (decl.dosing && !number.isAboveZero())) return { value: null, why: "implausible" };
        return { value: number, why: "" };
      }
      case "flag":
        return typeof value === "boolean" ? { value, why: "" } : UNREADABLE;
      case "any_of": {
        const set = typeof value === "string" ? [value] : value;
        const known = Array.isArray(set) && set.every((one) => decl.values.includes(one));
        return known ? { value: set, why: "" } : UNREADABLE;
      }
      default: {
        if (typeof value !== "string" || !decl.values.includes(value)) return UNREADABLE;
        if (decl.kind === "one_of") return { value, why: "" };
        return { value: fraction(BigInt(decl.values.indexOf(value))), why: "" };
      }
    }
  }

  /** What the infusions of one drug charted at one instant say together. `on` null: contested. */
  infusionRow(name, group) {
    const states = new Map();
    let why = "";
    const own = this.program.units.get(this.program.drugs.get(name).unit).dims;
    for (const infusion of group.facts) {
      if (infusion.rate === null) states.set("running", { on: true, rate: null });
      else if (whole(infusion.rate.millionths) <= 0n) states.set("off", { on: false, rate: null });
      else {
        const rate = this.program.charted(infusion.rate, infusion.concentration);
        if (rate === null || withoutWeight(rate.dims) !== withoutWeight(own)) {
          states.set("running", { on: true, rate: null });
          why = "unit";
        } else states.set(`${rate.value} ${rate.dims}`, { on: true, rate });
      }
    }
    if (states.size > 1) {
      return { time: group.time, on: states.has("off") ? null : true, rate: null, why: "contested" };
    }
    const [state] = states.values();
    return { time: group.time, on: state.on, rate: state.rate, why };
  }

  // -- readings

  /** The value in force at `t` from the readings alone: `{value, why, time}`. */
  reading(name, t) {
    const decl = this.program.inputs.get(name);
    const accepted = this.accepted.get(name);
    const place = countUntil(accepted, t);
    const last = place ? accepted[place - 1] : null;
    const bad = lastUntil(this.refused.get(name), t);
    if (bad && (!last || bad.time > last.time)) return { value: null, why: bad.why, time: bad.time };
    if (!last) return NEVER;
    if (decl.fixed) {
      const values = new Set(accepted.slice(0, place).flatMap((group) => group.values.map(valueText)));
      if (values.size > 1) return { value: null, why: "contested", time: last.time };
      return { value: last.values[0], why: "", time: accepted[0].time };
    }
    if (last.values.length > 1) return { value: null, why: "contested", time: last.time };
    if (decl.valid_for !== null && t > last.time + small(decl.valid_for)) {
      return { value: null, why: "stale", time: last.time };
    }
    return { value: last.values[0], why: "", time: last.time };
  }

  /** The same, a counted input included; by the weight at `t` unless another is supposed. */
  input(name, t, weight) {
    const state = this.reading(name, t);
    const decl = this.program.inputs.get(name);
    if (decl.counts === null || ["implausible", "contested", "unit"].includes(state.why)) return state;
    const given = this.dosesUntil(decl.counts, t);
    if (state.value === null && !given.length && !this.isSilent(t)) return NEVER;
    const since = state.value !== null ? state.time : LONG_AGO;
    const by = weight === undefined || weight === null ? this.weight(t) : weight;
    const total = this.dosed(decl.counts, since, t, this.program.units.get(decl.unit).dims, by);
    if (total === null) return { value: null, why: "unit", time: given[given.length - 1].time };
    return { value: (state.value || ZERO).plus(total), why: "", time: state.time };
  }

  /** The input is known at every instant from `start` to `end`, both included. */
  isKnownThroughout(name, start, end) {
    const decl = this.program.inputs.get(name);
    const instants = new Set([start, end]);
    const stamps = (of) => [...this.accepted.get(of), ...this.refused.get(of)].map((group) => group.time);
    for (const time of stamps(name)) {
      instants.add(time);
      if (decl.valid_for !== null) instants.add(time + small(decl.valid_for) + 1);
    }
    if (decl.counts !== null) {
      for (const dose of this.doses.get(decl.counts)) instants.add(dose.time);
      if (this.silenceFrom !== null) instants.add(this.silenceFrom);
      const weight = this.program.weightInput;
      for (const time of weight === null ? [] : stamps(weight)) instants.add(time);
    }
    return [...instants].every((t) => t < start || t > end || !this.input(name, t).why);
  }

  /** Accepted readings stamped from `start` to `end`, both included. */
  readings(name, start, end) {
    const groups = this.accepted.get(name);
    return groups.slice(countUntil(groups, start - 1), countUntil(groups, end));
  }

  /** The dosing weight in kilograms at `t`. */
  weight(t) {
    const name = this.program.weightInput;
    const value = name === null ? null : this.reading(name, t).value;
    return value instanceof Fraction ? value : null;
  }

  // -- drugs

  /** A drug without a row is off at `t`, not unknown. */
  isSilent(t) {
    return this.silenceFrom !== null && this.silenceFrom <= t;
  }

  rowsUntil(name, t) {
    const rows = this.rows.get(name);
    return rows.slice(0, countUntil(rows, t));
  }

  dosesUntil(name, t) {
    const doses = this.doses.get(name);
    return doses.slice(0, countUntil(doses, t));
  }

  /** Running, off or unknown (null), and the rate as charted. */
  drug(name, t) {
    const decl = this.program.drugs.get(name);
    const known = { rate: null, why: "", bySilence: false };
    const state = (running, time, more) => ({ running, time, ...known, ...more });
    const dose = lastUntil(this.doses.get(name), t);
    const isBolus = dose && decl.form === "bolus";
    if (decl.lasts !== null && dose && t - dose.time < small(decl.lasts)) return state(true, dose.time);
    const row = lastUntil(this.rows.get(name), t);
    if (!row) {
      if (this.isSilent(t)) return state(false, null, { bySilence: !isBolus });
      return isBolus ? state(false, dose.time) : state(null, null, { why: "never" });
    }
    if (row.on === null) return state(null, row.time, { why: "contested" });
    if (!row.on) return state(false, row.time);
    const isStale = decl.valid_for !== null && t > row.time + small(decl.valid_for);
    if (isStale) return state(null, row.time, { why: "stale" });
    return state(true, row.time, { rate: row.rate, why: row.why });
  }

  amountOf(dose) {
    return dose.amount === null ? null : this.program.charted(dose.amount, null);
  }

  /** The sum of the doses stamped in (after, t]; null where one is of unknown amount or kind. */
  dosed(name, after, t, dims, weight) {
    // Of one kind in sum: doses of a kind that cannot be seen do no harm where they come to nothing.
    const sums = new Map();
    for (const dose of this.dosesUntil(name, t)) {
      if (dose.time <= after) continue;
      const amount = this.amountOf(dose);
      const own = amount ? amount.dims : OF_UNKNOWN_AMOUNT;
      sums.set(own, (sums.get(own) || ZERO).plus(amount ? amount.value : ONE));
    }
    let total = ZERO;
    for (const [own, part] of sums) {
      if (part.isZero()) continue;
      const seen = own === OF_UNKNOWN_AMOUNT ? null : new Amount(part, own).seenIn(dims, weight);
      if (seen === null) return null;
      total = total.plus(seen);
    }
    return total;
  }

  /** As charted: an infusion by its rows, a bolus drug by its doses and how long each lasts. */
  startsAndStops(name, t) {
    const decl = this.program.drugs.get(name);
    const starts = [];
    const stops = [];
    if (decl.form === "bolus") {
      const lasts = decl.lasts === null ? null : small(decl.lasts);
      let end = null;
      for (const dose of this.dosesUntil(name, t)) {
        // A dose at the very end of the one before it leaves no instant without.
        if (end !== null && lasts !== null && dose.time > end) stops.push(end);
        if (end === null || dose.time > end) starts.push(dose.time);
        end = dose.time + (lasts || 0);
      }
      if (end !== null && lasts !== null && end <= t) stops.push(end);
      return { started: starts, stopped: stops };
    }
    let before = false;
    for (const row of this.rowsUntil(name, t)) {
      if (row.on === true && !before) starts.push(row.time);
      else if (row.on === false && before) stops.push(row.time);
      if (row.on !== null) before = row.on;
    }
    return { started: starts, stopped: stops };
  }

  /** The last instant at which the charted rate changed; an equal rate charted again is no change. */
  rateChanged(name, t) {
    let last = null;
    let before = null;
    for (const row of this.rowsUntil(name, t)) {
      let changed;
      if (before === null) changed = row.on !== false;
      else if (row.on !== before.on || row.why === "contested") changed = true;
      else if (row.on === false) changed = false;
      else changed = !isSameRate(before.rate, row.rate, this.weight(row.time));
      if (changed) last = row.time;
      before = row;
    }
    return last;
  }

  /** `[begin, end]` of each course so far; the end is null while it is on. */
  courses(name, t) {
    const decl = this.program.courses.get(name);
    const endsAfter = small(decl.ends_after);
    const spans = [];
    for (const drug of decl.drugs) {
      const { started, stopped } = this.startsAndStops(drug, t);
      const { form, lasts } = this.program.drugs.get(drug);
      for (const start of started) {
        const stop = form === "bolus" && !lasts ? start : stopped.find((time) => time > start);
        spans.push([start, stop === undefined ? null : stop]);
      }
    }
    spans.sort((a, b) => a[0] - b[0]);
    const merged = [];
    for (const [start, stop] of spans) {
      const last = merged[merged.length - 1];
      // A switch at one instant survives even where a course ends at once.
      if (last && (last[1] === null || start - last[1] < Math.max(endsAfter, 1))) {
        last[1] = last[1] === null || stop === null ? null : Math.max(last[1], stop);
      } else merged.push([start, stop]);
    }
    const isOn = (end) => end === null || t - end < endsAfter;
    return merged.map(([begin, end]) => [begin, isOn(end) ? null : end + endsAfter]);
  }

  /** `[amount given in (after, t], rate now]` in coherent units of `dims`; null if unknown. */
  total(name, after, t, dims, weight) {
    let total = this.dosed(name, after, t, dims, weight);
    if (total === null) return null;
    const decl = this.program.drugs.get(name);
    if (decl.form === "bolus") {
      return !this.dosesUntil(name, t).length && !this.isSilent(t) ? null : [total, ZERO];
    }
    const rateDims = perTime(dims);
    const instants = new Set([after + 1, t]);
    for (const row of this.rowsUntil(name, t)) {
      instants.add(row.time);
      if (decl.valid_for !== null) instants.add(row.time + small(decl.valid_for) + 1);
    }
    if (this.silenceFrom !== null) instants.add(this.silenceFrom);
    const ordered = [...instants].filter((instant) => after < instant && instant <= t).sort((a, b) => a - b);
    let now = ZERO;
    for (let place = 0; place < ordered.length; place++) {
      const start = ordered[place];
      const stop = place + 1 < ordered.length ? ordered[place + 1] : t + 1;
      const state = this.drug(name, start);
      if (state.running === null || (state.running && state.rate === null)) return null;
      now = state.rate === null ? ZERO : state.rate.seenIn(rateDims, weight);
      if (now === null) return null;
      total = total.plus(now.times(fraction(BigInt(stop - start))));
    }
    return [total, now];
  }
}

function groupedByTime(facts) {
  const groups = [];
  for (const fact of facts) {
    const last = groups[groups.length - 1];
    if (last && last.time === fact.time) last.facts.push(fact);
    else groups.push({ time: fact.time, facts: [fact] });
  }
  return groups;
}

/** Two charted rates are one rate, seen through the weight where they differ by it. */
function isSameRate(a, b, weight) {
  if (a === null || b === null) return a === b;
  const seen = a.seenIn(b.dims, weight);
  return seen !== null && seen.equals(b.value);
}
