// Three truth values: true, false and null for unknown. And numbers that may be known within bounds only.

function negation(a) {
  return a === null ? null : !a;
}

function conjunction(values) {
  return values.includes(false) ? false : values.includes(null) ? null : true;
}

function disjunction(values) {
  return values.includes(true) ? true : values.includes(null) ? null : false;
}

function counted(rel, n, values) {
  const fewest = values.filter((value) => value === true).length;
  const most = fewest + values.filter((value) => value === null).length;
  if (rel === ">=") return fewest >= n ? true : most < n ? false : null;
  if (rel === "<=") return most <= n ? true : fewest > n ? false : null;
  if (fewest > n || most < n) return false;
  return fewest === most ? true : null;
}

/** Between `lo` and `hi` now (null: without bound), moving by `slope` each millisecond. */
class Line {
  constructor(lo, hi, slope = ZERO) {
    this.lo = lo;
    this.hi = hi;
    this.slope = slope;
  }

  static exact(value, slope = ZERO) {
    return new Line(value, value, slope);
  }

  get isFixed() {
    return this.lo !== null && this.hi !== null && this.lo.equals(this.hi) && this.slope.isZero();
  }

  after(step) {
    const move = this.slope.times(step);
    return new Line(this.lo && this.lo.plus(move), this.hi && this.hi.plus(move), this.slope);
  }
}

/** Arithmetic; null where it has no value. */
function combine(op, a, b) {
  if (op === "sub") {
    b = new Line(b.hi && b.hi.negative(), b.lo && b.lo.negative(), b.slope.negative());
    op = "add";
  }
  if (op === "add") {
    return new Line(
      a.lo && b.lo ? a.lo.plus(b.lo) : null, a.hi && b.hi ? a.hi.plus(b.hi) : null, a.slope.plus(b.slope)
    );
  }
  if (op === "div") {
    if (!b.isFixed || b.lo.isZero()) return null;
    b = Line.exact(ONE.over(b.lo));
  }
  if (!b.isFixed) [a, b] = [b, a];
  if (!b.isFixed) return null;
  const factor = b.lo;
  const ends = [a.lo && a.lo.times(factor), a.hi && a.hi.times(factor)];
  if (factor.n < 0n) ends.reverse();
  return new Line(ends[0], ends[1], a.slope.times(factor));
}

/** True or false where the bounds decide it, else unknown. */
function compareLines(a, rel, b) {
  if (rel === "<") return isBelow(a, b, true);
  if (rel === "<=") return isBelow(a, b, false);
  if (rel === ">") return isBelow(b, a, true);
  if (rel === ">=") return isBelow(b, a, false);
  if (a.lo && a.hi && a.lo.equals(a.hi) && b.lo && b.hi && b.lo.equals(b.hi)) return a.lo.equals(b.lo);
  return isBelow(a, b, true) || isBelow(b, a, true) ? false : null;
}

function isBelow(a, b, strict) {
  if (a.hi && b.lo && a.hi.compare(b.lo) < (strict ? 0 : 1)) return true;
  if (a.lo && b.hi && a.lo.compare(b.hi) > (strict ? -1 : 0)) return false;
  return null;
}

/** The fewest whole milliseconds after which the truth differs, both moving as they do now. */
function nextFlip(a, rel, b) {
  const slope = a.slope.minus(b.slope);
  if (slope.isZero()) return null;
  const now = compareLines(a, rel, b);
  const steps = [];
  for (const [one, other] of [[a.lo, b.hi], [a.hi, b.lo]]) {
    if (!one || !other) continue;
    const root = other.minus(one).over(slope);
    steps.push(root.ceiling(), root.floor() + 1n);
  }
  steps.sort((x, y) => (x < y ? -1 : x > y ? 1 : 0));
  for (const step of steps) {
    if (step <= 0n || step > BigInt(FAR_AWAY)) continue;
    const moved = fraction(step);
    if (compareLines(a.after(moved), rel, b.after(moved)) !== now) return Number(step);
  }
  return null;
}
