// An artifact with a site's settings: its units as exact factors, and what its declarations say.

const FORMAT = 2;
const FAR_AWAY = 10 ** 15;
/** Before every chart. */
const LONG_AGO = -FAR_AWAY;
const BODY_WEIGHT = "body_weight";

// Dimensions are a sorted text, `mass:1,time:-1`, so that equal ones are equal texts.

/** The same function of a text, each answer found once. */
function remembered(answer) {
  const known = new Map();
  return (text) => {
    if (!known.has(text)) known.set(text, answer(text));
    return known.get(text);
  };
}

/** By name: the powers of dimensions written as text. */
const powers = remembered((dims) => {
  const parts = dims ? dims.split(",").map((part) => part.split(":")) : [];
  return new Map(parts.map(([name, power]) => [name, Number(power)]));
});

function writeDims(entries) {
  return [...entries].sort((a, b) => compareText(a[0], b[0])).map(([k, v]) => `${k}:${v}`).join(",");
}

function weightPower(dims) {
  return powers(dims).get(BODY_WEIGHT) || 0;
}

const withoutWeight = remembered((dims) => {
  return writeDims([...powers(dims)].filter(([name]) => name !== BODY_WEIGHT));
});

function isPerTime(dims) {
  return powers(dims).get("time") === -1;
}

const perTime = remembered((dims) => {
  const changed = new Map(powers(dims));
  changed.set("time", (changed.get("time") || 0) - 1);
  return writeDims(changed);
});

/** An exact quantity in coherent units, with its dimensions. */
class Amount {
  constructor(value, dims) {
    this.value = value;
    this.dims = dims;
  }

  /** In other dimensions, through the body weight where they differ by it; null where they cannot meet. */
  seenIn(dims, weight) {
    if (this.dims === dims) return this.value;
    if (withoutWeight(this.dims) !== withoutWeight(dims) || !weight || !weight.isAboveZero()) return null;
    return this.value.times(weight.power(weightPower(dims) - weightPower(this.dims)));
  }
}

const NUMERIC = new Set([
  "number", "setting", "input", "rate", "add", "sub", "mul", "div", "elapsed", "time_in_stage",
  "time_in_course", "time_on", "change", "extreme", "total", "value_at", "value_at_start",
]);

class Program {
  constructor(artifact, settings) {
    this.artifact = artifact;
    this.terms = artifact.terms;
    const table = (part) => new Map(Object.entries(artifact[part]));
    this.inputs = table("inputs");
    this.drugs = table("drugs");
    this.events = table("events");
    this.tasks = table("tasks");
    this.courses = table("courses");
    this.panels = table("panels");
    this.units = new Map();
    for (const [name, unit] of Object.entries(artifact.units)) {
      this.units.set(name, {
        name,
        factor: fraction(whole(unit.num), whole(unit.den)),
        offset: fraction(whole(unit.offset_num), whole(unit.offset_den)),
        dims: writeDims(Object.entries(unit.dims)),
      });
    }
    // By the object in which it is written: nothing of an artifact or a fact ever changes.
    this.numbers = new WeakMap();
    this.lengths = new WeakMap();
    this.unproved = unproved(artifact);
    this.settings = new Map();
    this.settingDims = new Map();
    this.settle(settings || {});
    this.declare();
    this.analyse();
  }

  settle(given) {
    const declared = new Map(Object.entries(this.artifact.settings));
    for (const name of Object.keys(given)) {
      if (!declared.has(name)) throw refusal("J103", `the protocol has no setting ${name}`);
    }
    for (const name of sortedTexts(declared.keys())) {
      const decl = declared.get(name);
      const value = Object.prototype.hasOwnProperty.call(given, name) ? given[name] : decl.value;
      if (value === null || value === undefined) throw refusal("J104", `the setting ${name} has no value`);
      if (decl.kind !== "quantity") {
        const allowed = decl.choices.length ? decl.choices : ["yes", "no"];
        const words = allowed.join(", ");
        if (!allowed.includes(value)) throw refusal("J105", `the setting ${name} is one of ${words}`);
        this.settings.set(name, value);
        continue;
      }
      if (typeof value !== "object" || !this.units.has(value.unit)) {
        throw refusal("J105", `the setting ${name} needs a quantity`);
      }
      const amount = this.number(value);
      for (const [limit, side] of [[decl.lo, -1], [decl.hi, 1]]) {
        if (!limit) continue;
        const bound = this.number(limit);
        if (bound.dims !== amount.dims || amount.value.compare(bound.value) === side) {
          throw refusal("J105", `the setting ${name} is outside its range`);
        }
      }
      this.settings.set(name, amount.value);
      this.settingDims.set(name, amount.dims);
    }
  }

  /** A written or charted quantity in coherent units. */
  number(value) {
    let found = this.numbers.get(value);
    if (!found) {
      const unit = this.units.get(value.unit);
      const size = fraction(whole(value.millionths), MILLION).times(unit.factor).plus(unit.offset);
      found = new Amount(size, unit.dims);
      this.numbers.set(value, found);
    }
    return found;
  }

  /** A written quantity or a setting's value. */
  amount(value) {
    if ("setting" in value) {
      return new Amount(this.settings.get(value.setting), this.settingDims.get(value.setting));
    }
    return this.number(value);
  }

  /** A duration in whole milliseconds, rounded up: a wait is never shorter than written. */
  millis(value) {
    if (!this.lengths.has(value)) {
      this.lengths.set(value, small(this.amount(value).value.ceiling(), "a duration"));
    }
    return this.lengths.get(value);
  }

  /** A charted value of an input in coherent units; null where the unit is not accepted. */
  reading(name, value) {
    const decl = this.inputs.get(name);
    const count = fraction(whole(value.millionths));
    let unit = this.units.get(decl.unit);
    if (value.unit !== decl.unit) {
      for (const also of decl.also_in) {
        if (also.unit === value.unit) {
          return count.times(unit.factor).over(fraction(whole(also.factor.millionths))).plus(unit.offset);
        }
      }
      const known = this.units.get(value.unit);
      if (!known || !decl.accepts.includes(value.unit) || known.dims !== unit.dims) return null;
      unit = known;
    }
    return count.times(unit.factor).times(MILLIONTH).plus(unit.offset);
  }

  /** A charted rate or dose; a flow through its concentration. Null where it cannot be converted. */
  charted(value, concentration) {
    if (!this.units.has(value.unit)) return null;
    const amount = this.number(value);
    if (!concentration) return amount;
    const { amount: label, volume } = concentration;
    if (!this.units.has(label.unit) || !this.units.has(volume.unit)) return null;
    if (whole(volume.millionths) <= 0n) return null;
    const bag = this.number(label);
    const fluid = this.number(volume);
    const dims = new Map(powers(amount.dims));
    for (const [name, power] of powers(bag.dims)) dims.set(name, (dims.get(name) || 0) + power);
    for (const [name, power] of powers(fluid.dims)) dims.set(name, (dims.get(name) || 0) - power);
    return new Amount(
      amount.value.times(bag.value).over(fluid.value), writeDims([...dims].filter(([, power]) => power))
    );
  }

  declare() {
    this.weightInput = null;
    this.plausible = new Map();
    for (const [name, decl] of this.inputs) {
      if (decl.dosing && this.weightInput === null) this.weightInput = name;
      if (!decl.plausible) continue;
      const { lo, hi } = decl.plausible;
      this.plausible.set(name, [this.amount(lo).value, this.amount(hi).value]);
    }
    this.maximum = new Map();
    this.rolling = new Map([...this.drugs.keys()].map((name) => [name, []]));
    for (const [name, decl] of this.drugs) {
      if (decl.maximum) this.maximum.set(name, this.amount(decl.maximum));
      for (const one of decl.rolling) this.rolling.get(name).push(this.window(one, null));
    }
    this.artifact.restricts.forEach((restrict, index) => {
      for (const one of restrict.rolling) this.rolling.get(restrict.drug).push(this.window(one, index));
    });
    this.rulesOf = new Map([[null, []], ...this.artifact.stages.map((stage) => [stage.name, []])]);
    for (const rule of this.artifact.rules) this.rulesOf.get(rule.stage).push(rule);
    for (const rules of this.rulesOf.values()) rules.sort((a, b) => compareText(a.id, b.id));
    this.rules = new Map(this.artifact.rules.map((rule) => [rule.id, rule]));
    this.initialStages = this.artifact.stages.filter((stage) => stage.initial !== null);
    this.initialStages.sort((a, b) => a.initial - b.initial);
  }

  window(one, restrict) {
    return { maximum: this.amount(one.maximum), over: this.millis(one.over), restrict };
  }

  /** What is asked of the terms table at every instant, found once. */
  analyse() {
    const deciding = new Set();
    this.constants = [];
    this.conditions = [];
    this.comparisons = [];
    this.waits = [];
    this.occurring = [];
    this.windowsOf = new Map([...this.inputs.keys(), ...this.drugs.keys()].map((name) => [name, []]));
    const read = new Set();
    this.terms.forEach((term, index) => {
      const op = term.op;
      const parts = partsOf(term);
      const isDeciding = op === "ordered" || op === "in_stage" || parts.some((part) => deciding.has(part));
      if (isDeciding) deciding.add(index);
      if (op === "number") this.constants[index] = this.number(term).value;
      if (!NUMERIC.has(op) && !isDeciding) this.conditions.push(index);
      if (op === "cmp") this.comparisons.push(term);
      if (op === "held" || op === "recent") this.waits.push([term.of, this.millis(term.length)]);
      if (op === "occurs") this.occurring.push(index);
      if (["change", "extreme", "total"].includes(op) && "over" in term.span) {
        this.windowsOf.get(op === "total" ? term.drug : term.input).push(this.millis(term.span.over));
      }
      if (READS.has(op)) read.add(term.input);
      if (op === "input" || (op === "known" && term.kind === "input")) read.add(term.name);
    });
    for (const [name, windows] of this.rolling) {
      for (const window of windows) this.windowsOf.get(name).push(window.over);
    }
    const orders = this.artifact.rules.flatMap((rule) => rule.orders.flatMap(writtenIn));
    for (const before of this.artifact.befores) if (before.otherwise) orders.push(before.otherwise);
    for (const order of orders) {
      if (order.op === "measure") for (const name of this.membersOf(order.target)) read.add(name);
    }
    if (this.weightInput !== null) read.add(this.weightInput);
    this.inputsRead = sortedTexts(read);
    this.subjectsOf = new Map();
    this.partsWithin = new Map();
    this.candidates = null;
    this.emptyRow = null;
  }

  membersOf(target) {
    return this.panels.get(target) || [target];
  }
}

const READS = new Set(["flag", "is", "readings", "change", "extreme", "value_at", "value_at_start"]);

/** The orders that a choice offers. */
function writtenIn(choice) {
  return choice.form === "one" ? [choice.order] : choice.orders;
}

/** The conditions that a condition is made of. */
function partsOf(term) {
  if (["not", "held", "recent", "ever"].includes(term.op)) return [term.of];
  if (["and", "or", "count"].includes(term.op)) return term.of;
  return term.op === "readings" && hasDrawn(term) ? [term.drawn] : [];
}

function hasDrawn(term) {
  return term.drawn !== null && term.drawn !== undefined;
}

/** Why the artifact does not count as proved, by what its certificate says; null where it does. */
function unproved(artifact) {
  const { state, of } = artifact.certificate;
  if (state === "none") return "missing";
  if (of === "" || of !== artifact.meaning) return "mismatched";
  return state === "proved" ? null : state;
}

/** The artifact with these settings (by name: a word, or `{millionths, unit}`). Throws a coded refusal. */
function load(artifact, settings) {
  const is = (part, kind) => artifact[part] !== null && typeof artifact[part] === kind;
  const tables = ["units", "inputs", "drugs", "events", "tasks", "courses", "panels", "settings", "outcomes"];
  const lists = ["terms", "stages", "rules", "restricts", "befores", "incompatible", "assumptions"];
  if (artifact === null || typeof artifact !== "object" || !is("format", "number")) {
    throw refusal("A102", "not an artifact: it has no format");
  }
  if (artifact.format > FORMAT) {
    throw refusal("A103", `of a newer format: format ${artifact.format}, this engine reads ${FORMAT}`);
  }
  const isTable = (part) => is(part, "object") && !Array.isArray(artifact[part]);
  const missing = [
    ...[...tables, "certificate", "provenance"].filter((part) => !isTable(part)),
    ...lists.filter((part) => !Array.isArray(artifact[part])),
  ];
  if (missing.length) throw refusal("A102", `not an artifact: ${missing[0]}`);
  return new Program(artifact, settings);
}
