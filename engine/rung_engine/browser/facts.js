// Facts as they are given, and what stands after corrections and retractions.

const FACT_FIELDS = {
  reading: ["input", "value"], infusion: ["drug", "rate"], dose: ["drug", "amount"], happened: ["event"],
  done: ["task"], no_other_infusions: [], retraction: ["of"], correction: ["of", "fact"],
};

/** A fact as it was given, checked and in one form, so that equal facts have equal text. */
function readFact(given) {
  const bad = (why) => refusal("J106", `the fact ${String(given && given.id)}: ${why}`);
  if (!given || typeof given !== "object") throw refusal("J106", "a fact is not an object");
  if (!Object.prototype.hasOwnProperty.call(FACT_FIELDS, given.kind)) throw bad(`of no known kind`);
  if (typeof given.id !== "string") throw bad("it has no id");
  const { kind, id, source } = given;
  const fact = { kind, id, time: small(given.time, "a time"), source: source || "" };
  if (Math.abs(fact.time) >= FAR_AWAY) throw bad("its time is too far away");
  for (const field of FACT_FIELDS[given.kind]) {
    if (given[field] === undefined) throw bad(`it has no ${field}`);
    fact[field] = given[field];
  }
  if (fact.kind === "infusion") fact.concentration = given.concentration || null;
  const quantities = [fact.rate, fact.amount];
  if (fact.concentration) quantities.push(fact.concentration.amount, fact.concentration.volume);
  if (fact.kind === "reading") {
    if (Array.isArray(fact.value)) fact.value = sortedTexts(fact.value);
    else if (fact.value !== null && typeof fact.value === "object") quantities.push(fact.value);
    else if (!["string", "boolean"].includes(typeof fact.value)) throw bad("its value is of no known kind");
  }
  for (const quantity of quantities) {
    if (quantity && typeof quantity.unit !== "string") throw bad("a quantity has no unit");
    if (quantity) whole(quantity.millionths, "millionths");
  }
  if (fact.kind === "correction") {
    fact.fact = readFact(fact.fact);
    if (["correction", "retraction"].includes(fact.fact.kind)) throw bad("it corrects to no fact");
  }
  return fact;
}

/** The facts after corrections and retractions, by (time, id). An id that says two things is not used. */
function resolve(given) {
  const byId = new Map();
  const clashing = new Set();
  for (const fact of given.map(readFact)) {
    const known = byId.get(fact.id);
    if (known === undefined) byId.set(fact.id, fact);
    else if (canonical(known) !== canonical(fact)) clashing.add(fact.id);
  }
  const live = [...byId.values()].filter((fact) => !clashing.has(fact.id));
  const retracted = new Set(live.filter((fact) => fact.kind === "retraction").map((fact) => fact.of));
  const byTime = (a, b) => a.time - b.time || compareText(a.id, b.id);
  const best = new Map();
  for (const fact of live) {
    if (fact.kind !== "correction" || retracted.has(fact.id)) continue;
    const before = best.get(fact.of);
    if (!before || byTime(before, fact) < 0) best.set(fact.of, fact);
  }
  return live
    .filter((fact) => !["correction", "retraction"].includes(fact.kind) && !retracted.has(fact.id))
    .map((fact) => (best.has(fact.id) ? { ...best.get(fact.id).fact, id: fact.id } : fact))
    .sort(byTime);
}
