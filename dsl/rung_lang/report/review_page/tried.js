// From the form to two histories, and through both engines.

/** Settings under the names of one version, only those it has. */
function settingsOf(side, chosen) {
  const names = (side === "old" && both.renamed.setting) || {};
  const found = {};
  for (const [name, value] of Object.entries(chosen)) {
    const own = names[name] || name;
    if (both[side].settings[own]) found[own] = value;
  }
  return found;
}

/** A fact under the names of the old version; null where it has no such thing. */
function factOf(side, fact) {
  const tables = { input: ["inputs"], drug: ["drugs"], event: ["events"], task: ["tasks"] };
  for (const [field, [table]] of Object.entries(tables)) {
    if (fact[field] === undefined) continue;
    const names = (side === "old" && both.renamed[field]) || {};
    const own = names[fact[field]] || fact[field];
    return both[side][table][own] ? { ...fact, [field]: own } : null;
  }
  return fact;
}

function played(side, chosen, facts, time) {
  const artifact = both[side];
  const program = Rung.load(artifact, settingsOf(side, chosen));
  const own = facts.map((fact) => factOf(side, fact)).filter((fact) => fact !== null);
  const decisions = Rung.run(program, own, { until: time });
  const { content } = decisions[decisions.length - 1];
  return { artifact, program, content, facts: own, time, lines: contentLines(artifact, content) };
}

/** What is typed in; null after a complaint. */
function charted() {
  const chosen = {};
  for (const one of site) {
    const value = one.value();
    if (value === undefined && !one.wrong) {
      one.state.setAttribute("aria-invalid", "true");
      showProblem(`The site must choose: ${one.field.label}.`);
      one.state.focus();
      return null;
    }
    one.state.removeAttribute("aria-invalid");
    chosen[one.field.name] = value;
  }
  const before = panels.map((panel) => panel.before());
  if (before.includes(null)) {
    showProblem("How many minutes before now? A number above 0 is needed.");
    panels[before.indexOf(null)].minutes.focus();
    return null;
  }
  const time = Math.max(...before);
  const facts = [];
  panels.forEach((panel, place) => {
    panel.fields.forEach((field, number) => {
      const fact = field.fact(time - before[place], `p${panel.place}-${number}`);
      if (fact) facts.push(fact);
    });
  });
  if (document.getElementById("silence").value === "off") facts.push({ kind: "no_other_infusions", id: "silence", time: 0 });
  const wrong = document.querySelector(".try .wrong");
  if (wrong) {
    showProblem("One of the numbers cannot be read; it is marked.");
    const details = wrong.closest("details");
    if (details) details.open = true;
    wrong.parentElement.querySelector("input").focus();
    return null;
  }
  return { chosen, facts, time };
}

function decide() {
  const given = charted();
  if (!given) return;
  if (!given.facts.length) {
    showProblem("Nothing is charted: there is nothing to decide about.");
    return;
  }
  try {
    const [old, new_] = ["old", "new"].map((side) => played(side, given.chosen, given.facts, given.time));
    showAnswer(old, new_);
  } catch (error) {
    showProblem(`This patient cannot be decided about: ${error.message}`);
  }
}

/** The form as a patient of the packet would fill it in. */
function begin(preset) {
  for (const panel of panels.splice(0)) panel.root.remove();
  for (const one of site) {
    const value = preset && preset.settings[one.field.name];
    if (value !== undefined && value !== "") one.show(value);
  }
  const now = addPanel();
  if (!preset) return;
  const silent = preset.facts.some((fact) => fact.kind === "no_other_infusions");
  document.getElementById("silence").value = silent ? "off" : "unknown";
  const byTime = new Map([[preset.time, now]]);
  const times = [...new Set(preset.facts.map((fact) => fact.time))].sort((a, b) => b - a);
  for (const time of times) {
    if (byTime.has(time)) continue;
    const panel = addPanel();
    panel.minutes.value = String((preset.time - time) / MINUTE);
    byTime.set(time, panel);
  }
  for (const fact of preset.facts) {
    const kind = ["input", "drug", "event", "task"].find((one) => fact[one] !== undefined);
    const field = kind && byTime.get(fact.time).find(kind, fact[kind]);
    if (!field) continue;
    const values = { reading: fact.value, infusion: fact.rate, dose: fact.amount, happened: "happened", done: "done" };
    field.show(values[fact.kind]);
    field.concentration = fact.concentration;
    if (!field.field.first && byTime.get(fact.time).more) byTime.get(fact.time).more.open = true;
  }
}

const presets = document.getElementById("preset");
both.presets.forEach((preset, place) => presets.append(option(String(place), preset.title)));
presets.addEventListener("change", () => begin(presets.value === "" ? null : both.presets[Number(presets.value)]));
document.getElementById("earlier").addEventListener("click", () => {
  const panel = addPanel();
  panel.minutes.focus();
});
document.getElementById("patient").addEventListener("submit", (event) => {
  event.preventDefault();
  decide();
});
if (site.length) {
  document.getElementById("site").append(element(
    "fieldset", {}, element("legend", {}, "What the site has chosen"),
    element("div", { class: "fields" }, ...site.map((one) => one.root)),
  ));
}
begin(null);
