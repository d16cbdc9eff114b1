// One written order on one patient: does it stand, at what dose, due or late, or what forbids it.

const HOUR = fraction(3600000n);

// An issue is an order as a rule issues it: {rule, strength, order, since, choice, carried, confirmed,
// checkFirst}; `since` is when this instance of the rule's order began. `began` is the session's start.

/** A part of a decision, or null where the order has no object (a continue of a drug that is off). */
function evaluateOrder(view, issue, began) {
  const { op, target } = issue.order;
  switch (op) {
    case "start":
    case "add":
    case "set":
      return beginDrug(view, issue, began);
    case "increase":
    case "decrease":
    case "taper":
      return stepDrug(view, issue, began);
    case "continue": {
      const { running } = view.drug(target);
      return running === false ? null : gate(view, issue, standingOf(issue, "due"), began);
    }
    case "pause":
    case "stop":
      return standingOf(issue, view.drug(target).running === false ? "done" : "due");
    case "give":
      return gate(view, issue, giveDrug(view, issue, began), began);
    case "measure":
      return measureInput(view, issue);
    case "do":
      return timed(view, issue, standingOf(issue, "due"), view.lastDone(target), began);
    case "end": {
      const isOff = view.program.courses.get(target).drugs.every((drug) => view.drug(drug).running === false);
      return standingOf(issue, isOff ? "done" : "due");
    }
    case "go":
      return null;
    default:
      return standingOf(issue, "due");
  }
}

function standingOf(issue, mark) {
  const { order } = issue;
  return made("standing", {
    op: order.op, target: order.target, strength: issue.strength, rules: [issue.rule], mark,
    confirmed: issue.confirmed, check_first: issue.checkFirst, choice: issue.choice, carried: issue.carried,
    continuously: order.continuously,
  });
}

function waitingOf(issue, why, until = null) {
  return made("waiting", { rule: issue.rule, op: issue.order.op, target: issue.order.target, why, until });
}

function withheldOf(issue, standing, why, detail = "") {
  return made("withheld", { rule: issue.rule, op: standing.op, target: standing.target, why, detail });
}

/** The order unconfirmed until this is found out. */
function inDoubt(standing, check) {
  return { ...standing, confirmed: false, check_first: sortedTexts([...standing.check_first, check]) };
}

// ---------------------------------------------------------------- infusions

function beginDrug(view, issue, began) {
  const { order } = issue;
  const { program } = view;
  const doses = order.dose || usualStart(view, order.target);
  const state = view.drug(order.target);
  const standing = standingOf(issue, "due");
  let isAtDose = false;
  let isAbove = false;
  if (doses) {
    const lo = program.amount(doses.lo);
    const hi = program.amount(doses.hi);
    standing.dose = shownDose(view, order.target, unitOf(view, doses.hi), lo.value, hi.value);
    const rate = state.running && state.rate ? state.rate.seenIn(hi.dims, view.weight()) : null;
    isAtDose = rate !== null && lo.value.compare(rate) <= 0 && rate.compare(hi.value) <= 0;
    isAbove = rate !== null && rate.compare(hi.value) > 0;
  }
  if (order.op === "set") standing.mark = isAtDose ? "done" : "due";
  else if (state.running) {
    // A rate above the written dose is a difference to report; a start never asks to lower it.
    return { ...standing, mark: "done", cautions: isAbove ? [`above_dose:${order.target}`] : [] };
  }
  return gate(view, issue, standing, began);
}

/** The dose of a start with none written: a restriction's, where it is not known to be off. */
function usualStart(view, drug) {
  const restrict = view.program.artifact.restricts.find(
    (one) => one.drug === drug && one.start && holds(view, one.condition) !== false
  );
  return restrict ? restrict.start : view.program.drugs.get(drug).start;
}

/** The truth of a condition; true where there is none. */
function holds(view, condition) {
  return condition === null ? true : view.truth(condition);
}

function unitOf(view, amount) {
  const { units, artifact } = view.program;
  if (!("setting" in amount)) return units.get(amount.unit);
  const decl = artifact.settings[amount.setting];
  const written = decl.value !== null && typeof decl.value === "object" ? decl.value : decl.lo;
  return units.get(written.unit);
}

/** `lo` and `hi` in coherent units of `unit`; figures in mcg/min and mL/h where they can be worked out. */
function shownDose(view, drug, unit, lo, hi) {
  const { program } = view;
  const figures = [];
  const weight = view.weight();
  const power = weightPower(unit.dims);
  const base = power && weight ? weight.power(-power) : ONE;
  if (power && weight) {
    const plain = program.units.get(unit.name.split("/kg").join(""));
    if (plain) {
      const [low, high] = [lo, hi].map((end) => roundMillionths(end.times(base).over(plain.factor)));
      figures.push(new Dose(plain.name, low, high));
    }
  }
  const decl = program.drugs.get(drug);
  if (decl && (!power || weight)) {
    for (const written of decl.concentrations) {
      const strength = program.number(written);
      const flow = new Map(powers(withoutWeight(unit.dims)));
      for (const [name, exponent] of powers(strength.dims)) flow.set(name, (flow.get(name) || 0) - exponent);
      if (writeDims([...flow].filter(([, exponent]) => exponent)) !== "time:-1,volume:1") continue;
      const scale = HOUR.times(base).over(strength.value);
      const [low, high] = [lo, hi].map((end) => roundMillionths(end.times(scale)));
      const at = `${decimalText(whole(written.millionths))} ${written.unit}`;
      figures.push(new Dose("mL/h", low, high, { at }));
    }
  }
  const [low, high] = [lo, hi].map((end) => roundMillionths(end.over(unit.factor)));
  return new Dose(unit.name, low, high, { figures });
}

function decimalText(millionths) {
  const size = millionths < 0n ? -millionths : millionths;
  const part = String(size % MILLION).padStart(6, "0").replace(/0+$/, "");
  return `${millionths < 0n ? "-" : ""}${size / MILLION}${part ? `.${part}` : ""}`;
}

/** Every maximum in force, `[amount, whose]`: the declaration's, and each `restrict` not known to be off. */
function ceilings(view, drug, surely = false) {
  const { program } = view;
  const found = program.maximum.has(drug) ? [[program.maximum.get(drug), "maximum"]] : [];
  program.artifact.restricts.forEach((restrict, index) => {
    if (restrict.drug !== drug || !restrict.maximum) return;
    const on = holds(view, restrict.condition);
    if (on === false || (on === null && surely)) return;
    found.push([program.amount(restrict.maximum), `restrict:${index}`]);
  });
  return found;
}

function stepDrug(view, issue, began) {
  const { order } = issue;
  const { program } = view;
  const state = view.drug(order.target);
  if (state.running === false) return waitingOf(issue, "not_running");
  if (state.running === null || state.rate === null) {
    const needs = [{ kind: "drug", name: order.target, why: state.why || "rate" }];
    return made("pending", { rule: issue.rule, needs });
  }
  const lo = program.amount(order.step.lo);
  const hi = program.amount(order.step.hi);
  const weight = view.weight();
  const limits = order.limit ? [program.amount(order.limit)] : [];
  if (order.op === "increase") limits.push(...ceilings(view, order.target).map(([limit]) => limit));
  const bounds = limits.map((limit) => limit.seenIn(lo.dims, weight));
  const rate = state.rate.seenIn(lo.dims, weight);
  if (rate === null || bounds.includes(null)) {
    const name = program.weightInput;
    const needs = name === null ? [] : [{ kind: "input", name, why: view.input(name).why }];
    return made("pending", { rule: issue.rule, needs });
  }
  const bound = stepBound(order, lo, rate, bounds);
  if (bound === null) return waitingOf(issue, "at_limit");
  if (order.every) {
    const changed = view.rateChanged(order.target);
    const ready = changed === null ? null : changed + program.millis(order.every.lo);
    if (ready !== null && view.time < ready) return waitingOf(issue, "step_not_due", ready);
  }
  let doses;
  if (order.op === "increase") doses = [lo, hi].map((step) => least([rate.plus(step.value), bound]));
  else {
    doses = [hi, lo].map((step) => greatest([rate.minus(step.value), bound]));
    // Without a floor, the larger steps of a range would be a stop: they are not offered.
    if (order.op === "decrease" && doses[0].isZero()) doses = [doses[1], doses[1]];
  }
  const standing = standingOf(issue, "due");
  standing.dose = shownDose(view, order.target, unitOf(view, order.step.hi), doses[0], doses[1]);
  return order.op === "increase" ? gate(view, issue, standing, began) : standing;
}

/** The rate a step may reach, in the step's dimensions; null where it is already at or beyond it. */
function stepBound(order, step, rate, bounds) {
  if (order.op === "taper") return ZERO;
  if (order.op === "increase") {
    const top = bounds.length ? least(bounds) : null;
    return top !== null && rate.compare(top) < 0 ? top : null;
  }
  if (order.limit) return rate.compare(bounds[0]) > 0 ? bounds[0] : null;
  // A decrease without a floor never turns into a stop.
  return rate.compare(step.value) > 0 ? ZERO : null;
}

// ---------------------------------------------------------------- doses, measuring, doing

function giveDrug(view, issue, began) {
  const { order } = issue;
  const { program } = view;
  const weight = view.weight();
  const standing = standingOf(issue, "due");
  if (order.dose) {
    const lo = program.amount(order.dose.lo);
    const hi = program.amount(order.dose.hi);
    let unit = unitOf(view, order.dose.hi);
    let ends = [lo.value, hi.value];
    if (order.cap) {
      const cap = program.amount(order.cap);
      const seen = cap.seenIn(hi.dims, weight);
      if (seen === null) {
        standing.confirmed = false;
        standing.check_first = [...standing.check_first, "weight"];
      } else if (seen.compare(hi.value) < 0) {
        unit = unitOf(view, order.cap);
        ends = [least([lo.seenIn(cap.dims, weight) || cap.value, cap.value]), cap.value];
      }
    }
    standing.dose = shownDose(view, order.target, unit, ends[0], ends[1]);
  }
  if (order.volume) {
    const unit = unitOf(view, order.volume.hi);
    const [lo, hi] = [order.volume.lo, order.volume.hi].map(
      (end) => roundMillionths(program.amount(end).value.over(unit.factor))
    );
    standing.volume = new Dose(unit.name, lo, hi);
  }
  if (order.total) {
    const total = program.amount(order.total);
    const amounts = view.given(order.target, began);
    const given = amounts.map((amount) => amount && amount.seenIn(total.dims, weight));
    if (!given.includes(null)) {
      const left = given.reduce((rest, amount) => rest.minus(amount), total.value);
      if (!left.isAboveZero()) return { ...standing, mark: "done" };
      standing.remaining = shownDose(view, order.target, unitOf(view, order.total), left, left);
    }
  }
  return timed(view, issue, standing, view.lastDose(order.target), began);
}

function measureInput(view, issue) {
  const members = view.program.membersOf(issue.order.target);
  if (issue.order.continuously) {
    return standingOf(issue, members.some((name) => view.input(name).why) ? "late" : "not_due");
  }
  const stamps = members.map((name) => view.lastReading(name));
  const last = stamps.includes(null) ? null : Math.min(...stamps);
  return timed(view, issue, standingOf(issue, "due"), last, 0);
}

/** Due, late or done, from the last giving, reading or doing. */
function timed(view, issue, standing, last, began) {
  const { order, since } = issue;
  const { program } = view;
  const found = { ...standing };
  if (order.every) {
    found.every_lo = program.millis(order.every.lo);
    found.every_hi = program.millis(order.every.hi);
    found.due_at = last === null ? since : last + found.every_lo;
    // One so old that the order would be late when it first stands is as none.
    found.late_after = (last === null || last + found.every_hi < since ? since : last) + found.every_hi;
    found.mark = view.time >= found.due_at ? "due" : "not_due";
  } else if (order.once !== "no") {
    const ofCourse = order.once === "course" && order.once_per !== null;
    const start = ofCourse ? view.courseBegan(order.once_per) : began;
    if (last !== null && start !== null && last >= start) return { ...found, mark: "done" };
  } else if (last !== null && last >= since && !order.total) return { ...found, mark: "done" };
  if (order.within) {
    const begin = order.within_of === null ? since : view.moment(order.within_of);
    const isMet = order.every && last !== null && last >= since;
    if (begin !== null && !isMet) {
      const deadline = begin + program.millis(order.within);
      found.late_after = found.late_after === null ? deadline : Math.min(found.late_after, deadline);
    }
  }
  if (found.late_after !== null && view.time > found.late_after) found.mark = "late";
  return found;
}

// ---------------------------------------------------------------- what may forbid an order

/** Prerequisites, contraindications, availability, the maximum. What is unknown unconfirms. */
function gate(view, issue, given, began) {
  const { program } = view;
  const { artifact } = program;
  const drug = given.target;
  let standing = given;
  if (standing.mark === "done") return standing;
  for (const [index, restrict] of artifact.restricts.entries()) {
    if (restrict.drug !== drug || !restrict.contraindicated) continue;
    const forbidden = holds(view, restrict.condition);
    if (forbidden === true) return withheldOf(issue, standing, "contraindicated", String(index));
    if (forbidden === null) standing = inDoubt(standing, `restrict:${drug}:${index}`);
  }
  const begins = ["start", "add", "give"].includes(standing.op);
  if (begins || (standing.op === "set" && !view.drug(drug).running)) {
    for (const pair of artifact.incompatible) {
      if (!pair.drugs.includes(drug)) continue;
      const other = pair.drugs[1] === drug ? pair.drugs[0] : pair.drugs[1];
      const { running } = view.drug(other);
      if (running === true) return withheldOf(issue, standing, "incompatible", other);
      if (running === null) standing = inDoubt(standing, `incompatible:${other}`);
    }
    const there = holds(view, program.drugs.get(drug).available_if);
    if (there === false) return withheldOf(issue, standing, "unavailable");
    if (there === null) standing = inDoubt(standing, `available:${drug}`);
    for (const before of artifact.befores) {
      if (before.drug !== drug) continue;
      const met = view.truth(before.condition);
      if (before.prefer) {
        const cautions = sortedTexts([...standing.cautions, `prefer:${drug}:${before.condition}`]);
        if (met !== true) standing = { ...standing, cautions };
      } else if (met === null) standing = inDoubt(standing, `before:${drug}`);
      else if (met === false) {
        const instead = before.otherwise && evaluateOrder(view, { ...issue, order: before.otherwise }, began);
        if (instead && instead.is === "standing") return { ...instead, instead_of: `${standing.op} ${drug}` };
        return withheldOf(issue, standing, "before", String(before.condition));
      }
    }
  }
  for (const [limit, whose] of ceilings(view, drug)) {
    standing = belowMaximum(view, issue, standing, limit, whose);
    if (standing.is === "withheld") return standing;
  }
  return belowRolling(view, issue, standing);
}

/** Held against one maximum: the range cut at it; a rate above it is not continued. */
function belowMaximum(view, issue, standing, limit, whose) {
  const weight = view.weight();
  if (standing.op === "continue") {
    const { rate } = view.drug(standing.target);
    const runs = rate ? rate.seenIn(limit.dims, weight) : null;
    if (runs !== null && runs.compare(limit.value) > 0) return withheldOf(issue, standing, "maximum", whose);
  }
  if (!["start", "add", "set", "give"].includes(standing.op) || !standing.dose) return standing;
  const unit = view.program.units.get(standing.dose.unit);
  // A daily amount is bounded by rolling totals; the maximum of one dose says nothing about it. Nor does the
  // maximum of a rate about a dose, of a drug that is given both ways.
  if (standing.op === "give" && isPerTime(unit.dims) !== isPerTime(limit.dims)) return standing;
  const seen = limit.seenIn(unit.dims, weight);
  return seen === null ? inDoubt(standing, "weight") : cutDose(view, issue, standing, unit, seen, whose);
}

/** No dose above `most`, in coherent units; none at all where even the smallest is. */
function cutDose(view, issue, standing, unit, most, whose) {
  const { dose } = standing;
  const [lo, hi] = [dose.lo, dose.hi].map((end) => fraction(end, MILLION).times(unit.factor));
  if (lo.compare(most) > 0) return withheldOf(issue, standing, "maximum", whose);
  if (hi.compare(most) <= 0) return standing;
  return { ...standing, dose: shownDose(view, standing.target, unit, lo, most) };
}

/** The rolling maxima in force, `[window, what is left]`; null where what was given is unknown. */
function rollingWindows(view, drug) {
  const { rolling, artifact } = view.program;
  const isOn = (at) => at === null || holds(view, artifact.restricts[at].condition) !== false;
  return (rolling.get(drug) || [])
    .filter(({ restrict }) => isOn(restrict))
    .map((window) => {
      const given = view.givenOver(drug, window.over, window.maximum.dims);
      return [window, given === null ? null : window.maximum.value.minus(given)];
    });
}

/** What was given in the window leaves room for the dose, or for any flow at all. */
function belowRolling(view, issue, given) {
  let standing = given;
  if (!GIVES.has(standing.op)) return standing;
  for (const [window, left] of rollingWindows(view, standing.target)) {
    if (left === null) standing = inDoubt(standing, `rolling:${standing.target}`);
    else if (!left.isAboveZero()) return withheldOf(issue, standing, "maximum", `rolling:${window.over}`);
    else if (standing.op === "give" && standing.dose) {
      const unit = view.program.units.get(standing.dose.unit);
      const seen = perWindow(new Amount(left, window.maximum.dims), window.over, unit).seenIn(
        unit.dims, view.weight()
      );
      if (seen === null) standing = inDoubt(standing, "weight");
      else standing = cutDose(view, issue, standing, unit, seen, `rolling:${window.over}`);
      if (standing.is === "withheld") return standing;
    }
  }
  return standing;
}

/** What is left of a window, as an even rate over it where the dose is written as one (200 mg/day). */
function perWindow(amount, over, unit) {
  if (!isPerTime(unit.dims) || isPerTime(amount.dims)) return amount;
  return new Amount(amount.value.over(fraction(BigInt(over))), perTime(amount.dims));
}
