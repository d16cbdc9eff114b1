// Which rules fire, which are pending, which are silenced; and which orders cannot both be given.

/** Every rule of the list, by id, in the order of ids: `{rule, state, checkFirst}`. */
function judgeRules(view, rules) {
  const own = new Map();
  const ordered = [...rules].sort((a, b) => compareText(a.id, b.id));
  for (const rule of ordered) own.set(rule.id, judgeAlone(view, rule));
  const overriders = new Map();
  for (const rule of rules) {
    for (const loser of rule.overrides) {
      if (own.has(loser)) overriders.set(loser, [...(overriders.get(loser) || []), rule.id]);
    }
  }
  const settled = new Map();
  const settle = (id) => {
    if (settled.has(id)) return settled.get(id);
    let judged = own.get(id);
    if (judged.state !== "silent") {
      const doubts = [];
      let silenced = false;
      for (const winner of sortedTexts(overriders.get(id) || [])) {
        const { state } = settle(winner);
        if (state === "fires") {
          silenced = true;
          break;
        }
        if (state === "pending" || state === "unconfirmed") doubts.push(winner);
      }
      if (silenced) judged = { rule: judged.rule, state: "silent", checkFirst: [] };
      else if (doubts.length && judged.state !== "pending") {
        const checkFirst = sortedTexts([...judged.checkFirst, ...doubts]);
        judged = { rule: judged.rule, state: "unconfirmed", checkFirst };
      }
    }
    settled.set(id, judged);
    return judged;
  };
  return new Map([...own.keys()].map((id) => [id, settle(id)]));
}

function judgeAlone(view, rule) {
  const judged = (state, checkFirst = []) => ({ rule, state, checkFirst });
  const fires = view.truth(rule.condition);
  if (fires === false) return judged("silent");
  if (fires === null) return judged("pending");
  const unless = rule.unless === null ? false : view.truth(rule.unless);
  if (unless === true) return judged("silent");
  return unless === null ? judged("unconfirmed", [`unless:${rule.id}`]) : judged("fires");
}

/** The `go to` or `finish` of a rule, if it has one. */
function destination(rule) {
  const found = rule.orders.find((choice) => choice.form === "one" && isDeparture(choice.order));
  return found ? found.order : null;
}

function isDeparture(order) {
  return order.op === "go" || order.op === "finish";
}

// ---------------------------------------------------------------- orders that cannot both be given

const OPPOSED = new Map();

function oppose(some, others) {
  for (const a of some) {
    for (const b of others) {
      OPPOSED.set(a, (OPPOSED.get(a) || new Set()).add(b));
      OPPOSED.set(b, (OPPOSED.get(b) || new Set()).add(a));
    }
  }
}

oppose(["start", "add", "increase", "continue", "set"], ["pause", "stop", "avoid"]);
oppose(["start", "add"], ["increase", "decrease", "taper"]);
oppose(["increase"], ["decrease", "taper"]);
oppose(["set"], ["increase", "decrease", "taper"]);
oppose(["pause"], ["stop"]);
oppose(["give"], ["avoid"]);

/** The orders on one drug that cannot stand beside this one, doses aside. */
function isOpposed(op, other) {
  return OPPOSED.has(op) && OPPOSED.get(op).has(other);
}

const GIVES = new Set(["start", "add", "set", "increase", "continue", "give"]);

function isIncompatible(program, a, b) {
  if (a.target === b.target) return isOpposed(a.op, b.op) || dosesDiffer(program, a, b);
  if (!GIVES.has(a.op) || !GIVES.has(b.op)) return false;
  const pairs = program.artifact.incompatible;
  return pairs.some(({ drugs }) => drugs.includes(a.target) && drugs.includes(b.target));
}

/** Two different doses of one drug, or two volumes of it, unless one range lies inside the other. */
function dosesDiffer(program, a, b) {
  const first = ["start", "add", "set"];
  const same = a.op === b.op && ["increase", "decrease", "taper", "give"].includes(a.op);
  if (!same && !(first.includes(a.op) && first.includes(b.op))) return false;
  const apart = (x, y) => x && y && !isInside(program, x, y) && !isInside(program, y, x);
  return Boolean(apart(a.dose, b.dose) || apart(a.volume, b.volume));
}

/** All of `a` lies in `b`; false where they are of different kinds. */
function isInside(program, a, b) {
  const one = program.units.get(a.unit);
  const other = program.units.get(b.unit);
  if (one.dims !== other.dims) return false;
  const low = fraction(b.lo).times(other.factor).compare(fraction(a.lo).times(one.factor)) <= 0;
  return low && fraction(a.hi).times(one.factor).compare(fraction(b.hi).times(other.factor)) <= 0;
}
