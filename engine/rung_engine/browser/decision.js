// What a decision says, as plain objects; fields at their defaults are left out of its JSON.

const DEFAULTS = {
  standing: {
    confirmed: true, check_first: [], dose: null, remaining: null, due_at: null, late_after: null, choice: "",
    carried: false, instead_of: "", cautions: [], every_lo: null, every_hi: null, continuously: false,
    volume: null,
  },
  waiting: { until: null },
  withheld: { detail: "" },
  pending: { needs: [], known_at: null },
  dose: { figures: [], at: "" },
  alert: { detail: "" },
  content: {
    path: [], moved_by: [], outcome: "", orders: [], waiting: [], withheld: [], pending: [],
    contradictions: [], alerts: [], rejected: [], outcomes: [], silence_is_off: false, outside_verified: [],
  },
  used: { millionths: null, unit: "", word: "", why: "", time: null, by_weight: false },
  explained: { used: [], parts: [] },
};

/** A part of a decision: what it is, then the fields given and the defaults of the rest. */
function made(is, fields) {
  return { is, ...DEFAULTS[is], ...fields };
}

/** Plain data, default fields left out. */
function toJson(value) {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(toJson);
  if (value === null || typeof value !== "object") return value;
  const defaults = DEFAULTS[value.is] || {};
  const out = {};
  for (const [name, item] of Object.entries(value)) {
    if (name === "is") continue;
    const own = defaults[name];
    if (name in defaults && (item === own || (Array.isArray(own) && !item.length))) continue;
    out[name] = toJson(item);
  }
  return out;
}

/** Equal parts of decisions have equal texts: the fields of each kind of part always stand in one order. */
function textOf(value) {
  return JSON.stringify(value);
}

/** From `lo` to `hi` millionths of `unit`: a dose with its figures, or one such figure with its `at`. */
class Dose {
  constructor(unit, lo, hi, more) {
    Object.assign(this, { unit, lo, hi, ...more });
  }

  /** For `textOf`, which cannot write a BigInt. */
  toJSON() {
    return [this.unit, String(this.lo), String(this.hi), this.at, this.figures];
  }
}

Dose.prototype.is = "dose";

/** What outlasts one instant: not the way that led there, nor a session's last words. */
function lasting(content) {
  const over = content.phase === "finished" || content.phase === "ended";
  const words = over ? { orders: [], waiting: [], withheld: [] } : {};
  return { ...content, path: [], moved_by: [], ...words };
}

function orderKey(order) {
  return `${order.op} ${order.target}${order.choice ? ` [${order.choice}]` : ""}`;
}

/** The decision at `time`, with what changed since the one before; JSON as `decision_bytes` has it. */
function follow(before, time, content, unprovedBy) {
  const old = new Set(before ? before.keys : []);
  const keys = new Set(content.orders.map(orderKey));
  const added = sortedTexts([...keys].filter((key) => !old.has(key)));
  const ended = sortedTexts([...old].filter((key) => !keys.has(key)));
  const json = { time, content: toJson(content) };
  if (added.length) json.new = added;
  if (ended.length) json.ended = ended;
  if (unprovedBy !== null) json.unproved = unprovedBy;
  return { keys, json };
}
