// Exact numbers, as fractions of BigInts, and the order of texts. No binary float is ever compared.

const MILLION = 1000000n;

/** A refusal: `code` for programs, the message for people. */
function refusal(code, words) {
  const error = new Error(`${code}: ${words}`);
  error.code = code;
  return error;
}

/** A whole number of JSON as a BigInt; refused where it is none, or was already rounded by `JSON.parse`. */
function whole(value, what) {
  if (typeof value === "bigint") return value;
  if (Number.isSafeInteger(value)) return BigInt(value);
  throw refusal("J101", `${what || "a number"} is not an exact whole number (${String(value)})`);
}

/** The same as a Number, for times and counts. */
function small(value, what) {
  const number = typeof value === "bigint" ? Number(value) : value;
  if (Number.isSafeInteger(number)) return number;
  throw refusal("J101", `${what || "a number"} is not an exact whole number (${String(value)})`);
}

function commonDivisor(a, b) {
  while (b !== 0n) [a, b] = [b, a % b];
  return a < 0n ? -a : a;
}

function floorDivide(n, d) {
  const quotient = n / d;
  return n % d !== 0n && (n < 0n) !== (d < 0n) ? quotient - 1n : quotient;
}

class Fraction {
  /** `d` above 0, in lowest terms: made by `fraction` and by arithmetic only. */
  constructor(n, d) {
    this.n = n;
    this.d = d;
  }

  plus(other) {
    if (this.d === other.d) return fraction(this.n + other.n, this.d);
    return fraction(this.n * other.d + other.n * this.d, this.d * other.d);
  }

  minus(other) {
    return this.plus(other.negative());
  }

  times(other) {
    return fraction(this.n * other.n, this.d * other.d);
  }

  over(other) {
    return fraction(this.n * other.d, this.d * other.n);
  }

  power(exponent) {
    if (exponent === 0) return ONE;
    const e = BigInt(Math.abs(exponent));
    return exponent > 0 ? fraction(this.n ** e, this.d ** e) : fraction(this.d ** e, this.n ** e);
  }

  negative() {
    return new Fraction(-this.n, this.d);
  }

  absolute() {
    return this.n < 0n ? this.negative() : this;
  }

  /** Below 0, 0 or above 0. */
  compare(other) {
    const difference = this.n * other.d - other.n * this.d;
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }

  equals(other) {
    return this.n === other.n && this.d === other.d;
  }

  isZero() {
    return this.n === 0n;
  }

  isAboveZero() {
    return this.n > 0n;
  }

  floor() {
    return floorDivide(this.n, this.d);
  }

  ceiling() {
    return -floorDivide(-this.n, this.d);
  }

  /** The nearest whole number, a tie to the even one. */
  round() {
    const below = this.floor();
    const twice = 2n * (this.n - below * this.d);
    if (twice < this.d) return below;
    if (twice > this.d) return below + 1n;
    return below % 2n === 0n ? below : below + 1n;
  }

  toString() {
    return this.d === 1n ? String(this.n) : `${this.n}/${this.d}`;
  }
}

function fraction(n, d = 1n) {
  if (d === 1n) return new Fraction(n, 1n);
  if (d === 0n) throw refusal("J102", "a division by zero");
  if (d < 0n) [n, d] = [-n, -d];
  const divisor = commonDivisor(n, d);
  return divisor === 1n ? new Fraction(n, d) : new Fraction(n / divisor, d / divisor);
}

const ZERO = new Fraction(0n, 1n);
const ONE = new Fraction(1n, 1n);
const MILLIONTH = new Fraction(1n, MILLION);

function least(values) {
  return values.reduce((a, b) => (b.compare(a) < 0 ? b : a));
}

function greatest(values) {
  return values.reduce((a, b) => (b.compare(a) > 0 ? b : a));
}

/** The nearest count of millionths, a tie to the even one. For doses that are shown and ordered only. */
function roundMillionths(value) {
  return fraction(value.n * MILLION, value.d).round();
}

// ---------------------------------------------------------------- the order of texts

/** Below, equal or above, by code points: the order of names, ids and keys on every machine. */
function compareText(a, b) {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    let x = a.charCodeAt(i);
    let y = b.charCodeAt(i);
    if (x === y) continue;
    // A surrogate belongs to a code point above every other unit.
    if (x >= 0xd800 && y >= 0xd800) {
      x = x >= 0xe000 ? x - 0x800 : x + 0x2000;
      y = y >= 0xe000 ? y - 0x800 : y + 0x2000;
    }
    return x - y;
  }
  return a.length - b.length;
}

function compareLists(a, b) {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const found = compareText(a[i], b[i]);
    if (found) return found;
  }
  return a.length - b.length;
}

function sortedTexts(texts) {
  return [...new Set(texts)].sort(compareText);
}
