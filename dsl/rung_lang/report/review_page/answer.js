// Both decisions in words, side by side, and why.

const VERBS = { go: "go to", finish: "end the protocol:", classify: "classify as", notify: "tell" };
const WAITS = "waits for ";
const TRUTHS = new Map([[true, "true"], [false, "false"], [null, "not known"]]);
const UNKNOWN = {
  never: "never charted", stale: "charted too long ago", implausible: "implausible", contested: "two values at once",
  unit: "in a unit that cannot be read", rate: "rate not known", weight: "needs the weight",
};

function between(lo, hi) {
  return lo === hi ? decimal(lo) : `${decimal(lo)} to ${decimal(hi)}`;
}

/** As a pump or a chart shows it: three decimals at most. */
function brief(millionths) {
  return decimal(Math.round(Number(millionths) / 1000) * 1000);
}

function doseWords(dose) {
  const figures = (dose.figures || []).map((one) => {
    const size = one.lo === one.hi ? brief(one.lo) : `${brief(one.lo)} to ${brief(one.hi)}`;
    return `${size} ${one.unit}${one.at ? ` at ${one.at}` : ""}`;
  });
  return `${between(dose.lo, dose.hi)} ${dose.unit}${figures.length ? ` (${figures.join("; ")})` : ""}`;
}

function lengthWords(ms) {
  for (const [size, unit] of [[3600000, "h"], [60000, "min"], [1000, "s"]]) {
    if (ms % size === 0 && ms >= size) return `${ms / size} ${unit}`;
  }
  return `${ms} ms`;
}

function stageWords(artifact, name) {
  const stage = artifact.stages.find((one) => one.name === name);
  return `“${(stage && stage.title) || spaced(name)}”`;
}

function orderWords(artifact, order) {
  let target = spaced(order.target);
  if (order.op === "do") target = artifact.tasks[order.target] || target;
  if (order.op === "notify" || order.op === "finish") target = `“${order.target}”`;
  if (order.op === "go") target = stageWords(artifact, order.target);
  const words = [order.op === "do" ? target : `${VERBS[order.op] || order.op} ${target}`];
  if (order.dose) {
    const to = ["increase", "decrease", "taper", "set"].includes(order.op);
    words.push(`${order.op === "give" ? "" : to ? "to " : "at "}${doseWords(order.dose)}`);
  }
  if (order.volume) words.push(`in ${doseWords(order.volume)}`);
  if (order.continuously) words.push("continuously");
  else if (order.every_lo) {
    const same = order.every_lo === order.every_hi;
    words.push(`every ${same ? "" : `${lengthWords(order.every_lo)} to `}${lengthWords(order.every_hi)}`);
  }
  const marks = [];
  if (order.strength !== "recommend") marks.push(order.strength);
  if (order.confirmed === false) marks.push("to be confirmed first");
  if (order.mark === "late") marks.push("late");
  return `${order.choice ? "either " : ""}${words.join(" ")}${marks.length ? ` (${marks.join(", ")})` : ""}`;
}

function stateWords(artifact, content) {
  const stage = content.stage ? `stage ${stageWords(artifact, content.stage)}` : "no stage yet";
  return {
    active: stage, suspended: `${stage}, suspended`, finished: `the protocol has ended: ${content.outcome || ""}`,
    not_applicable: "the protocol is not for this patient", ended: "the protocol is no longer for this patient",
    unclear: "not known whether the protocol is for this patient",
  }[content.phase];
}

/** What is decided, a line each; equal lines are equal decisions. */
function contentLines(artifact, content) {
  const orders = (content.orders || []).filter((one) => one.mark === "due" || one.mark === "late");
  const waits = new Set((content.pending || []).flatMap((one) => (one.needs || []).map((need) => spaced(need.name))));
  return [...new Set([
    stateWords(artifact, content),
    ...orders.map((one) => orderWords(artifact, one)),
    ...(content.withheld || []).map((one) => `not allowed: ${one.op} ${spaced(one.target)}`),
    ...(content.contradictions || []).map((one) => `contradiction: ${one.detail}`),
    ...(content.alerts || []).map((one) => `alert: ${spaced(one.drug)}`),
    ...[...waits].sort().map((name) => `${WAITS}${name}`),
  ])];
}

function usedWords(used) {
  if (used.millionths !== undefined) return `${spaced(used.name)} ${decimal(used.millionths)} ${used.unit || ""}`.trim();
  if (used.word && !used.why) return `${spaced(used.name)} ${spaced(used.word)}`;
  return `${spaced(used.name)}: ${UNKNOWN[used.why] || used.why}`;
}

function tree(explained) {
  const facts = (explained.used || []).map(usedWords).join("; ");
  const line = element(
    "li", {}, element("span", { class: "truth" }, `${TRUTHS.get(explained.truth)}: `), explained.words,
    facts ? element("span", { class: "hint" }, ` (${facts})`) : "",
  );
  if (explained.parts && explained.parts.length) line.append(element("ul", {}, ...explained.parts.map(tree)));
  return line;
}

/** The changed rules of the stage, and the rules of every order that only this version gives. */
function whyParts(side, played, other) {
  const { artifact, program, content, facts, time } = played;
  const theirs = new Set(other.lines);
  const own = (content.orders || []).filter((one) => !theirs.has(orderWords(artifact, one))).flatMap((one) => one.rules);
  const rules = artifact.rules.filter((rule) => {
    const here = rule.stage === null || rule.stage === content.stage;
    return own.includes(rule.id) || (here && both.rules[side].includes(rule.id));
  });
  return rules.map((rule) => {
    const found = Rung.why(program, facts, time, rule.id);
    const name = rule.title || spaced(rule.id.split(".").pop());
    return element(
      "details", { class: "why" },
      element("summary", {}, `Why: ${name}, ${TRUTHS.get(found.truth)}`), element("ul", {}, tree(found)),
    );
  });
}

function column(side, played, other) {
  const theirs = new Set(other.lines);
  const shown = (text, words) => (theirs.has(text) ? words : element("strong", {}, words));
  const waits = played.lines.filter((text) => text.startsWith(WAITS));
  const lines = played.lines.filter((text) => !waits.includes(text)).map((text) => element("p", {}, shown(text, text)));
  if (waits.length) {
    const names = waits.flatMap((text, place) => [place ? ", " : "", shown(text, text.slice(WAITS.length))]);
    lines.push(element("p", {}, WAITS, ...names));
  }
  const head = element("p", { class: "what" }, `${side === "old" ? "Old" : "New"}: ${both.called[side]} decides`);
  return element("div", { class: "side" }, head, ...lines, ...whyParts(side, played, other));
}

function showAnswer(old, new_) {
  const same = old.lines.length === new_.lines.length && old.lines.every((line) => new_.lines.includes(line));
  const verdict = same ? "Both versions decide the same" : "The versions decide differently";
  const answer = document.getElementById("answer");
  answer.replaceChildren(element(
    "div", { class: "answer" }, element("h3", { id: "verdict", tabindex: "-1" }, verdict),
    element("div", { class: "beside" }, column("old", old, new_), column("new", new_, old)),
  ));
  document.getElementById("verdict").focus();
}

function showProblem(words) {
  document.getElementById("answer").replaceChildren(element("p", { class: "answer", role: "alert" }, words));
}
