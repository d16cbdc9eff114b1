// What a term reads.

/** The inputs and drugs a term reads, at any depth, as sorted `[kind, name]`. */
function subjects(program, term) {
  if (!program.subjectsOf.has(term)) {
    const found = new Set();
    const stack = [term];
    const seen = new Set();
    while (stack.length) {
      const index = stack.pop();
      if (!seen.has(index)) {
        seen.add(index);
        readOf(program, program.terms[index], stack, found);
      }
    }
    program.subjectsOf.set(term, sortedTexts(found).map((subject) => subject.split(" ")));
  }
  return program.subjectsOf.get(term);
}

function readOf(program, term, stack, found) {
  stack.push(...partsOf(term));
  const byWeight = () => {
    if (program.weightInput !== null) found.add(`input ${program.weightInput}`);
  };
  if (READS.has(term.op)) found.add(`input ${term.input}`);
  switch (term.op) {
    case "cmp":
    case "add":
    case "sub":
    case "mul":
    case "div":
      stack.push(term.left, term.right);
      break;
    case "readings":
      stack.push(term.right);
      break;
    case "input":
      found.add(`input ${term.name}`);
      if (program.inputs.get(term.name).counts !== null) byWeight();
      break;
    case "known":
      found.add(`${term.kind} ${term.name}`);
      break;
    case "running":
    case "off":
      for (const drug of term.drugs) found.add(`drug ${drug}`);
      break;
    case "rate":
    case "total":
      found.add(`drug ${term.drug}`);
      byWeight();
      break;
    case "time_on":
      found.add(`drug ${term.drug}`);
      break;
    case "time_in_course":
      for (const drug of program.courses.get(term.course).drugs) found.add(`drug ${drug}`);
      break;
    case "occurs":
    case "after":
    case "elapsed":
      for (const ref of term.ref.kind === "later" || term.ref.kind === "earlier" ? term.ref.of : [term.ref]) {
        const condition = ref.kind === "event" ? program.events.get(ref.name).condition : null;
        if (condition !== null) stack.push(condition);
      }
      break;
    default:
  }
}
