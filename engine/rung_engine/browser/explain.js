// Why a rule does what it does: its condition as a tree, each part with its truth and the facts it read.

/** The tree of a condition; its parts are the operands of `and`, `or`, `not`, counts and temporal forms. */
function explained(view, term) {
  const { program } = view;
  const node = program.terms[term];
  const words = program.artifact.provenance.words[String(term)] || `condition ${term}`;
  const tree = (used, parts) => made("explained", { words, truth: view.truth(term), used, parts });
  const facts = (read) => read.map(([kind, name]) => factUsed(view, kind, name));
  const parts = partsOf(node).map((part) => explained(view, part));
  if (node.op === "readings" && parts.length) {
    const right = subjects(program, node.right).map((subject) => subject.join(" "));
    const own = sortedTexts([...right, `input ${node.input}`]).map((subject) => subject.split(" "));
    return tree(facts(own), parts);
  }
  const isOfParts = ["and", "or", "count", "not", "held", "recent", "ever"].includes(node.op);
  return isOfParts ? tree([], parts) : tree(facts(subjects(program, term)), []);
}

/** What is known of an input or a drug now, in its declared unit: `millionths` of `unit`, `word` or `why`. */
function factUsed(view, kind, name) {
  const { program } = view;
  if (kind === "input") {
    const { value, why, time } = view.input(name);
    const used = (fields) => made("used", { kind, name, time, ...fields });
    const decl = program.inputs.get(name);
    if (value === null) return used({ why });
    if (typeof value === "boolean") return used({ word: value ? "yes" : "no" });
    if (Array.isArray(value)) return used({ word: value.join(", ") || "none" });
    if (typeof value === "string") return used({ word: value });
    if (decl.unit === null) return used({ word: decl.values[Number(value.floor())] });
    const unit = program.units.get(decl.unit);
    return used({ millionths: roundMillionths(value.minus(unit.offset).over(unit.factor)), unit: unit.name });
  }
  const state = view.drug(name);
  const used = (fields) => made("used", { kind, name, time: state.time, ...fields });
  if (state.running === null) return used({ why: state.why });
  if (!state.running) return used({ word: "off" });
  const unit = program.units.get(program.drugs.get(name).unit);
  const rate = state.rate ? state.rate.seenIn(unit.dims, view.weight()) : null;
  if (rate === null) return used({ word: "running", why: state.why || "rate" });
  const millionths = roundMillionths(rate.over(unit.factor));
  return used({ millionths, unit: unit.name, by_weight: state.rate.dims !== unit.dims });
}
