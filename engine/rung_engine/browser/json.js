// JSON with exact whole numbers, and its one canonical text.

/** JSON with sorted keys and no blanks: equal contents are equal texts. Whole numbers only. */
function canonical(value) {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" || typeof value === "bigint") return String(whole(value));
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const keys = Object.keys(value).filter((key) => value[key] !== undefined).sort(compareText);
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
}

function notJson() {
  return refusal("A101", "not JSON of whole numbers, or cut short");
}

/** JSON to data, every whole number exact: one that a Number cannot hold is a BigInt. No floats. */
function parse(text) {
  // What has no long number and no point, texts aside, cannot be misread.
  if (/[0-9]{16}|[0-9][.eE]/.test(withoutTexts(text))) return new Parser(text).whole();
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notJson();
  }
}

/** The place of the quote that ends the text begun at `start`; the end where there is none. */
function endOfText(text, start) {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - slashes - 1] === "\\") slashes += 1;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}

function withoutTexts(text) {
  const parts = [];
  let from = 0;
  for (let start = text.indexOf('"'); start >= 0; start = text.indexOf('"', from)) {
    parts.push(text.slice(from, start));
    from = endOfText(text, start) + 1;
  }
  return parts.join(" ") + text.slice(from);
}

class Parser {
  constructor(text) {
    this.text = text;
    this.place = 0;
    this.word = "";
  }

  /** The next word: a bracket, comma or colon, a text with its quotes, a number or a name. */
  next() {
    const { text } = this;
    while (" \t\n\r".includes(text[this.place] || "x")) this.place += 1;
    const start = this.place;
    if ("{}[],:".includes(text[start] || "x")) this.place += 1;
    else if (text[start] === '"') this.place = endOfText(text, start) + 1;
    else {
      const plain = /(?:-?(?:0|[1-9][0-9]*)(?![0-9.eE])|true|false|null)/y;
      plain.lastIndex = start;
      if (!plain.test(text)) throw notJson();
      this.place = plain.lastIndex;
    }
    this.word = text.slice(start, this.place);
    return this.word;
  }

  whole() {
    this.next();
    const value = this.value();
    if (this.text.slice(this.place).trim()) throw notJson();
    return value;
  }

  /** The value that begins with the present word; its last word is then the present one. */
  value() {
    const { word } = this;
    if (word === "[") return this.list();
    if (word === "{") return this.table();
    if (/^-?[0-9]/.test(word)) return Number.isSafeInteger(Number(word)) ? Number(word) : BigInt(word);
    return parse(word);
  }

  list() {
    const made = [];
    if (this.next() === "]") return made;
    for (;;) {
      made.push(this.value());
      if (this.next() === "]") return made;
      if (this.word !== ",") throw notJson();
      this.next();
    }
  }

  table() {
    const made = {};
    if (this.next() === "}") return made;
    for (;;) {
      if (this.word[0] !== '"') throw notJson();
      const key = parse(this.word);
      if (this.next() !== ":") throw notJson();
      this.next();
      const value = this.value();
      Object.defineProperty(made, key, { value, enumerable: true, configurable: true, writable: true });
      if (this.next() === "}") return made;
      if (this.word !== ",") throw notJson();
      this.next();
    }
  }
}
