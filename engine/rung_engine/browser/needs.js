// The fewest readings that would settle a condition. Values tried are those at which some comparison of the
// protocol changes, and between and beyond them.

const LARGEST_SET = 3;
const MOST_TRIALS = 600;

/** What a person can do about an unknown condition. */
function pendingOf(view, rule, term) {
  const unknown = unknownSubjects(view, term);
  let trials = 0;
  for (let size = 1; size <= Math.min(LARGEST_SET, unknown.length); size++) {
    for (const chosen of combinations(unknown, size)) {
      const options = chosen.map(({ kind, name }) => candidates(view.program).get(`${kind} ${name}`));
      for (const values of products(options)) {
        trials += 1;
        if (trials > MOST_TRIALS) return made("pending", { rule, needs: unknown });
        const hypothesis = new Map(chosen.map(({ kind, name }, place) => [`${kind} ${name}`, values[place]]));
        if (view.suppose(hypothesis, term) !== null) return made("pending", { rule, needs: chosen });
      }
    }
  }
  return made("pending", { rule, known_at: view.knowableAt(term) });
}

function unknownSubjects(view, term) {
  const found = [];
  for (const [kind, name] of subjects(view.program, term)) {
    if (kind === "input") {
      const { why } = view.input(name);
      if (why) found.push({ kind, name, why });
      continue;
    }
    const state = view.drug(name);
    if (state.running === null) found.push({ kind, name, why: state.why });
    else if (state.running && state.rate === null && view.program.drugs.get(name).form === "infusion") {
      found.push({ kind, name, why: "rate" });
    }
  }
  return found;
}

/** Choices of so many items, in the order of the items. */
function* combinations(items, size, from = 0) {
  if (!size) yield [];
  else {
    for (let place = from; place <= items.length - size; place++) {
      for (const rest of combinations(items, size - 1, place + 1)) yield [items[place], ...rest];
    }
  }
}

/** One of each list, the last moving fastest. */
function* products(lists) {
  if (!lists.length) yield [];
  else for (const first of lists[0]) for (const rest of products(lists.slice(1))) yield [first, ...rest];
}

/** All conditions within a condition, itself too, in their order. */
function partsWithin(program, term) {
  if (!program.partsWithin.has(term)) {
    const found = new Set();
    const stack = [term];
    while (stack.length) {
      const index = stack.pop();
      if (!found.has(index)) stack.push(...partsOf(program.terms[index]));
      found.add(index);
    }
    program.partsWithin.set(term, [...found].sort((a, b) => a - b));
  }
  return program.partsWithin.get(term);
}

/** By `kind name`: the values that are tried. */
function candidates(program) {
  if (program.candidates) return program.candidates;
  const thresholds = new Map();
  const at = (subject, value) => thresholds.set(subject, [...(thresholds.get(subject) || []), value]);
  const constant = (index) => {
    const term = program.terms[index];
    if (term.op === "number") return program.constants[index];
    const value = term.op === "setting" ? program.settings.get(term.name) : null;
    return value instanceof Fraction ? value : null;
  };
  for (const term of program.terms) {
    if (term.op === "readings") at(`input ${term.input}`, constant(term.right) || ZERO);
    if (term.op !== "cmp") continue;
    for (const [own, other] of [[term.left, term.right], [term.right, term.left]]) {
      const value = constant(other);
      const operand = program.terms[own];
      if (value === null) continue;
      if (operand.op === "input") at(`input ${operand.name}`, value);
      if (operand.op === "rate") at(`drug ${operand.drug}`, value);
    }
  }
  const table = new Map();
  for (const [name, decl] of program.inputs) {
    const known = thresholds.get(`input ${name}`) || [];
    const ranks = decl.values.map((_, rank) => fraction(BigInt(rank)));
    const sets = [[], ...decl.values.map((value) => [value]), sortedTexts(decl.values)];
    const quantities = () => around(known, program.plausible.get(name) || null);
    const values = decl.kind === "quantity" ? quantities() : {
      flag: [true, false], one_of: decl.values, any_of: sets, graded: ranks,
    }[decl.kind];
    table.set(`input ${name}`, values);
  }
  for (const [name, decl] of program.drugs) {
    const unit = program.units.get(decl.unit);
    const rates = around(thresholds.get(`drug ${name}`) || [], null).filter((value) => value.isAboveZero());
    const tried = rates.length ? rates : [unit.factor];
    table.set(`drug ${name}`, ["off", ...tried.map((value) => new Amount(value, unit.dims))]);
  }
  program.candidates = table;
  return table;
}

/** The values, the middle between neighbours, and a point beyond each end, within the limits. */
function around(values, limits) {
  const ascending = (a, b) => a.compare(b);
  const ordered = distinct([...values].sort(ascending));
  if (!ordered.length) return limits || [ZERO, ONE];
  const half = fraction(1n, 2n);
  const first = ordered[0];
  const last = ordered[ordered.length - 1];
  const middles = ordered.slice(1).map((value, place) => value.plus(ordered[place]).times(half));
  const beyond = [first.minus(first.absolute().times(half)), last.plus(last.absolute()).plus(ONE)];
  const [low, high] = limits || beyond;
  const points = distinct([...ordered, ...middles, low, high].sort(ascending));
  return points.filter((point) => low.compare(point) <= 0 && point.compare(high) <= 0);
}

function distinct(ordered) {
  return ordered.filter((value, place) => !place || !value.equals(ordered[place - 1]));
}
