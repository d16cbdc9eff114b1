// The form: a panel for each instant, a field for each thing that can be charted.

const both = Rung.parse(document.getElementById("both").textContent);
const MINUTE = 60000;
const spaced = (name) => name.replaceAll("_", " ");

/** An element with attributes, a text or children. */
function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

function option(value, text) {
  return element("option", { value }, text === undefined ? spaced(value) : text);
}

/** What a field can be charted as, besides nothing: `[value, words]`; a number goes with `is`. */
function choices(field) {
  switch (field.type) {
    case "flag":
    case "yes_no":
      return [["yes", "yes"], ["no", "no"]];
    case "one_of":
    case "graded":
    case "choice":
      return field.values.map((value) => [value, spaced(value)]);
    case "any_of":
      return [["is", "charted, with these"]];
    case "infusion":
      return [["off", "off"], ["is", "running at"], ["running", "running, rate not known"]];
    case "bolus":
      return [["is", "given"], ["running", "given, amount not known"]];
    case "event":
      return [["happened", "happened"]];
    case "task":
      return [["done", "done"]];
    default:
      return [["is", field.kind === "setting" ? "chosen as" : "charted as"]];
  }
}

const hasNumber = (field) => ["quantity", "infusion", "bolus"].includes(field.type);

class Field {
  constructor(field, id, none) {
    this.field = field;
    this.id = id;
    const hint = field.hint ? [" ", element("span", { class: "hint" }, field.hint)] : [];
    this.state = element("select", { id }, option("", none), ...choices(field).map(([value, text]) => option(value, text)));
    this.root = element("div", { class: "field" }, element("label", { for: id }, field.label, ...hint), this.state);
    if (hasNumber(field)) this.addNumber();
    if (field.type === "any_of") this.addBoxes();
    this.wrong = null;
  }

  addNumber() {
    const label = `${this.field.label}, ${this.field.unit || "number"}`;
    this.number = element("input", {
      type: "text", inputmode: "decimal", autocomplete: "off", "aria-label": label, id: `${this.id}-number`,
    });
    const unit = element("span", { class: "unit" }, this.field.unit || "");
    this.root.append(element("span", { class: "value" }, this.number, unit));
    this.number.addEventListener("input", () => {
      if (this.number.value.trim() && this.state.value !== "is") this.state.value = "is";
    });
    this.state.addEventListener("change", () => {
      if (this.state.value !== "is") this.number.value = "";
    });
  }

  addBoxes() {
    const name = `${this.id}-of`;
    this.boxes = this.field.values.map((value, place) => {
      const box = element("input", { type: "checkbox", id: `${name}-${place}`, value });
      box.addEventListener("change", () => {
        this.state.value = "is";
      });
      return box;
    });
    const labels = this.boxes.map((box) => element("label", { for: box.id }, box, ` ${spaced(box.value)}`));
    this.root.append(element("span", { class: "value boxes", role: "group", "aria-label": this.field.label }, ...labels));
  }

  /** The number as an exact count of millionths; refuses what is none. */
  millionths() {
    const found = /^(-?)(\d{1,9})(?:[.,](\d{1,6}))?$/.exec(this.number.value.trim());
    if (!found) {
      this.complain("A number is needed here, such as 65 or 0.25.");
      return null;
    }
    const [, sign, whole, part] = found;
    return Number(`${sign}${whole}${(part || "").padEnd(6, "0")}`);
  }

  complain(words) {
    this.wrong = element("span", { class: "wrong", id: `${this.id}-wrong` }, words);
    this.root.append(this.wrong);
    this.number.setAttribute("aria-invalid", "true");
    this.number.setAttribute("aria-describedby", this.wrong.id);
  }

  calm() {
    if (!this.wrong) return;
    this.wrong.remove();
    this.wrong = null;
    this.number.removeAttribute("aria-invalid");
    this.number.removeAttribute("aria-describedby");
  }

  /** As charted: a quantity, yes or no, a word, a list of words; undefined where nothing is. */
  value() {
    this.calm();
    const state = this.state.value;
    if (state === "") return undefined;
    if (this.field.type === "any_of") return this.boxes.filter((box) => box.checked).map((box) => box.value);
    if (state === "is" && this.number) {
      const millionths = this.millionths();
      return millionths === null ? undefined : { millionths, unit: this.unit || this.field.unit };
    }
    return state;
  }

  /** The fact that this charts, under the names of the new version; null where nothing is charted. */
  fact(time, id) {
    const value = this.value();
    if (value === undefined) return null;
    const { kind, name, type, unit } = this.field;
    const known = { id, time };
    if (kind === "event") return { ...known, kind: "happened", event: name };
    if (kind === "task") return { ...known, kind: "done", task: name };
    if (kind === "input") return { ...known, kind: "reading", input: name, value: type === "flag" ? value === "yes" : value };
    if (type === "bolus") return { ...known, kind: "dose", drug: name, amount: value === "running" ? null : value };
    const rate = value === "off" ? { millionths: 0, unit } : value === "running" ? null : value;
    return { ...known, kind: "infusion", drug: name, rate, ...(this.concentration && rate ? { concentration: this.concentration } : {}) };
  }

  /** Set to what a value, as charted, says. */
  show(value) {
    if (value === null) this.state.value = "running";
    else if (typeof value === "boolean") this.state.value = value ? "yes" : "no";
    else if (Array.isArray(value)) {
      this.state.value = "is";
      for (const box of this.boxes) box.checked = value.includes(box.value);
    } else if (typeof value === "string") this.state.value = value;
    else if (this.field.type === "infusion" && value.millionths === 0) this.state.value = "off";
    else {
      this.state.value = "is";
      this.unit = value.unit;
      this.root.querySelector(".unit").textContent = value.unit;
      this.number.value = decimal(value.millionths);
    }
  }
}

/** Millionths as a plain decimal. */
function decimal(millionths) {
  const digits = String(millionths < 0 ? -millionths : millionths).padStart(7, "0");
  const part = digits.slice(-6).replace(/0+$/, "");
  return `${millionths < 0 ? "-" : ""}${digits.slice(0, -6)}${part ? `.${part}` : ""}`;
}

/** One instant: now, or some minutes before it. */
class Panel {
  constructor(place) {
    this.place = place;
    const legend = element("legend", {});
    this.root = element("fieldset", {}, legend);
    if (place === 0) legend.append("Now");
    else {
      const id = `before-${place}`;
      this.minutes = element("input", { type: "text", inputmode: "decimal", id, value: String(60 * place) });
      legend.append(element("label", { for: id }, "Earlier: "), this.minutes, " minutes before now ");
      const away = element("button", { type: "button" }, "Remove this time");
      away.addEventListener("click", () => this.remove());
      this.root.append(element("div", { class: "row" }, away));
    }
    this.fields = both.fields.map((field, number) => new Field(field, `f${place}-${number}`, "not charted"));
    const first = this.fields.filter((one) => one.field.first);
    const rest = this.fields.filter((one) => !one.field.first);
    this.root.append(element("div", { class: "fields" }, ...first.map((one) => one.root)));
    if (rest.length) {
      this.more = element(
        "details", {}, element("summary", {}, `More that can be charted (${rest.length})`),
        element("div", { class: "fields" }, ...rest.map((one) => one.root)),
      );
      this.root.append(this.more);
    }
  }

  remove() {
    panels.splice(panels.indexOf(this), 1);
    this.root.remove();
    document.getElementById("earlier").focus();
  }

  /** Milliseconds before now; null where that is no number. */
  before() {
    if (!this.minutes) return 0;
    const found = Number(this.minutes.value.trim().replace(",", "."));
    const ok = this.minutes.value.trim() !== "" && Number.isFinite(found) && found > 0 && found < 1e6;
    this.minutes.setAttribute("aria-invalid", ok ? "false" : "true");
    return ok ? Math.round(found * MINUTE) : null;
  }

  find(kind, name) {
    return this.fields.find((one) => one.field.kind === kind && one.field.name === name);
  }
}

const panels = [];

function addPanel() {
  const place = panels.reduce((most, one) => Math.max(most, one.place), -1) + 1;
  const panel = new Panel(place);
  panels.push(panel);
  document.getElementById("instants").prepend(panel.root);
  return panel;
}

const site = both.settings.map((setting, number) => new Field({ ...setting, kind: "setting" }, `s${number}`, "not chosen"));
