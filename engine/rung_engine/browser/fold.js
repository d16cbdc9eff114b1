// A session as a fold over instants: stage, carried orders and, at each instant, what the decision says.

const NOT_BEGUN = {
  began: null, finished: false, ended: false, outcome: "", stage: null, entered: null, carried: [],
  since: new Map(),
};

class Fold {
  constructor() {
    this.state = NOT_BEGUN;
    this.content = null;
    this.text = "";
    this.signature = "";
    this.noReadingHelps = new Set();
  }

  /** The content where it differs from the one before, else null. */
  advance(view) {
    const [state, content, unsettled] = step(view, this.state);
    this.state = state;
    const text = textOf(lasting(content));
    if (text + this.signed(view, unsettled) === this.signature) return null;
    const found = new Map(unsettled.map(([rule, term]) => [`${rule} ${term}`, [rule, term]]));
    const pending = [];
    this.noReadingHelps = new Set();
    for (const [key, [rule, term]] of found) {
      const item = pendingOf(view, rule, term);
      if (!item.needs.length) this.noReadingHelps.add(key);
      pending.push(item);
    }
    this.signature = text + this.signed(view, unsettled);
    const distinctly = new Map([...content.pending, ...pending].map((item) => [textOf(item), item]));
    const merged = [...distinctly.values()].sort((a, b) => compareText(a.rule, b.rule));
    const before = this.text;
    this.content = { ...content, pending: merged };
    this.text = textOf(lasting(this.content));
    return before === this.text ? null : this.content;
  }

  /** All that the fewest readings depend on. */
  signed(view, unsettled) {
    const parts = unsettled.map(([rule, term]) => {
      const read = subjects(view.program, term);
      const waits = this.noReadingHelps.has(`${rule} ${term}`);
      return [
        term,
        partsWithin(view.program, term).map((part) => view.truth(part)),
        read.map(([kind, name]) => (kind === "input" ? view.input(name) : view.drug(name)).why),
        waits ? read.filter(([kind]) => kind === "input").map(([, name]) => view.lastReading(name)) : [],
      ];
    });
    return textOf(parts);
  }
}

/** Instants after `now` at which the marks of the orders change by themselves. */
function wakes(content, now) {
  const found = [];
  for (const order of content.orders) {
    if (order.due_at !== null && order.due_at > now) found.push(order.due_at);
    if (order.late_after !== null && order.late_after >= now) found.push(order.late_after + 1);
  }
  for (const { until } of content.waiting) if (until !== null && until > now) found.push(until);
  return found;
}

/** The contradiction may be over on the next instant: carried orders that clash are given up with it. */
function isFleeting(before, after, content) {
  const stood = (state) => textOf([state.stage, state.entered, state.carried]);
  return content.contradictions.length > 0 && stood(before) !== stood(after);
}

// ---------------------------------------------------------------- one instant

/** The session's next state, its decision on this instant, and `[rule, term]` that need readings. */
function step(view, given) {
  const { applies } = view.program.artifact;
  let state = given;
  view.place(state.stage, state.entered, state.began);
  const isFor = holds(view, applies);
  if (state.began === null) {
    if (isFor === false) {
      state = { ...state, finished: false };
      return [state, idle(view, state), []];
    }
    if (state.finished) return [state, idle(view, state), []];
    if (isFor === null) return [state, blank(view, "unclear", state), [["applies", applies]]];
    state = { ...NOT_BEGUN, began: view.time };
  } else if (isFor === false) {
    state = { ...NOT_BEGUN, ended: true };
    return [state, idle(view, state), []];
  } else if (isFor === null) return [state, blank(view, "suspended", state), [["applies", applies]]];
  return live(view, state);
}

function idle(view, state) {
  if (state.finished) return { ...blank(view, "finished", state), outcome: state.outcome };
  if (!state.ended) return blank(view, "not_applicable", state);
  const running = sortedTexts(view.program.drugs.keys()).filter((drug) => view.drug(drug).running === true);
  const alerts = running.map((drug) => made("alert", { kind: "still_running", drug }));
  return { ...blank(view, "ended", state), alerts };
}

function blank(view, phase, state) {
  return made("content", {
    phase, stage: state.stage, rejected: rejectedOf(view), silence_is_off: view.silenceIsOff(),
  });
}

/** Settle the stage, follow transitions, then judge what stands. */
function live(view, given) {
  let state = given;
  const { program } = view;
  const unsettled = [];
  const contradictions = [];
  let path = [];
  let moved = [];
  if (state.stage === null) {
    view.place(null, null, state.began);
    for (const stage of program.initialStages) {
      const chosen = holds(view, stage.initial_if);
      if (chosen === null) unsettled.push([`initial:${stage.name}`, stage.initial_if]);
      if (chosen) state = { ...state, stage: stage.name, entered: view.time };
      if (chosen !== false) break;
    }
  }
  const start = state;
  const visited = new Set([state.stage]);
  let judged;
  for (;;) {
    view.place(state.stage, state.entered, state.began);
    judged = judgeRules(view, rulesIn(view, state.stage));
    const fires = [...judged.values()].filter((item) => item.state === "fires");
    const movers = fires.filter((item) => moves(item.rule, state.stage));
    const goals = new Map();
    for (const { rule } of movers) {
      const { op, target } = destination(rule);
      goals.set(`${op} ${target}`, { op, target });
    }
    if (!goals.size) break;
    const names = movers.map((item) => item.rule.id);
    if (goals.size > 1) {
      const targets = sortedTexts(goals.keys()).map((goal) => goals.get(goal).target);
      contradictions.push({ kind: "stages", rules: names, detail: targets.join(", ") });
      break;
    }
    if (isDisputed(view, state, judged, names)) break;
    const [{ op, target }] = goals.values();
    moved.push(...movers.map((item) => [item, view.time]));
    if (op === "finish") {
      path.push(state.stage || "");
      return finish(view, state, moved, path, target);
    }
    if (visited.has(target)) {
      // The session stays where it was before this instant, or it would turn at every look.
      contradictions.push({ kind: "cycle", rules: names, detail: target });
      [state, moved, path] = [start, [], []];
      view.place(state.stage, state.entered, state.began);
      judged = judgeRules(view, rulesIn(view, state.stage));
      break;
    }
    visited.add(target);
    if (state.stage !== null) path.push(state.stage);
    state = { ...state, stage: target, entered: view.time, carried: [] };
  }
  if (moved.length) {
    const carried = moved.flatMap(([item, since]) =>
      item.rule.orders
        .map((choice, index) => ({ choice, carried: { rule: item.rule.id, choice: index, since } }))
        .filter(({ choice }) => !(choice.form === "one" && isDeparture(choice.order)))
        .map((one) => one.carried)
    );
    state = { ...state, carried };
  }
  const [after, content] = rest(view, state, judged, contradictions, unsettled);
  return [after, { ...content, path, moved_by: moved.map(([item]) => item.rule.id) }, unsettled];
}

/** A moving rule's orders contradict another's on this instant: then the session stays where it is. */
function isDisputed(view, state, judged, movers) {
  const fires = [...judged.values()].filter((item) => item.state === "fires");
  if (fires.length < 2) return false;
  const since = (item) => (state.since.has(item.rule.id) ? state.since.get(item.rule.id) : view.time);
  const orders = collect(view, fires.flatMap((item) => issuesOf(item, since(item), view, null)), state.began);
  withholdNeedy(view, orders);
  doubt(orders, judged);
  return contradict(view, orders).some((clash) => clash.rules.some((rule) => movers.includes(rule)));
}

function rulesIn(view, stage) {
  const always = view.program.rulesOf.get(null);
  return stage === null ? always : [...view.program.rulesOf.get(stage), ...always];
}

function moves(rule, stage) {
  const order = destination(rule);
  return order !== null && !(order.op === "go" && order.target === stage) && stage !== null;
}

function finish(view, state, moved, path, outcome) {
  const issues = moved.flatMap(([item, when]) => issuesOf(item, when, view, null));
  const orders = collect(view, issues, state.began);
  const contradictions = contradict(view, orders);
  const content = {
    ...blank(view, "finished", state), stage: null, outcome, path,
    moved_by: moved.map(([item]) => item.rule.id), orders: orders.standing, waiting: orders.waiting,
    withheld: orders.withheld, contradictions, outside_verified: outsideVerified(view),
  };
  return [{ ...NOT_BEGUN, finished: true, outcome }, content, []];
}

// ---------------------------------------------------------------- what stands at rest

function rest(view, given, judged, contradictions, unsettled) {
  const { program } = view;
  const since = new Map();
  for (const [id, { state }] of judged) {
    const stood = given.since.has(id);
    if (state === "fires" || state === "unconfirmed" || (stood && state === "pending")) {
      since.set(id, stood ? given.since.get(id) : view.time);
    }
  }
  const issues = [];
  const lives = new Set();
  for (const item of judged.values()) {
    const { rule, state } = item;
    if (state === "pending") unsettled.push([rule.id, rule.condition]);
    if (state === "pending" || state === "silent") continue;
    lives.add(rule.id);
    if (state === "unconfirmed" && rule.unless !== null && view.truth(rule.unless) === null) {
      unsettled.push([`unless:${rule.id}`, rule.unless]);
    }
    issues.push(...issuesOf(item, since.get(rule.id), view, unsettled));
  }
  let kept = [];
  for (const carried of given.carried) {
    if (lives.has(carried.rule)) {
      kept.push(carried);
      continue;
    }
    const item = { rule: program.rules.get(carried.rule), state: "fires", checkFirst: [] };
    const found = issuesOf(item, carried.since, view, unsettled, carried.choice, true);
    const open = found.filter((issue) => !isCarriedOut(view, issue, given.began));
    if (open.length || !found.length) {
      kept.push(carried);
      issues.push(...open);
    }
  }
  const orders = collect(view, issues, given.began);
  withholdNeedy(view, orders);
  doubt(orders, judged);
  const before = orders.standing;
  contradictions.push(...contradict(view, orders));
  const left = new Set(orders.standing.map(textOf));
  const lost = before.filter((order) => order.carried && !left.has(textOf(order)));
  const isGone = (item) => isGivenUp(program.rules.get(item.rule), item, orders, lost);
  kept = kept.filter((item) => lives.has(item.rule) || !isGone(item));
  const byRule = (a, b) => compareLists([a.rule, a.op, a.target], [b.rule, b.op, b.target]);
  const content = made("content", {
    phase: "active", stage: given.stage, orders: [...orders.standing].sort(byPlace),
    waiting: orders.waiting.sort(byRule), withheld: orders.withheld.sort(byRule), pending: orders.pending,
    contradictions, alerts: alertsOf(view), rejected: rejectedOf(view), outcomes: outcomesOf(view),
    silence_is_off: view.silenceIsOff(), outside_verified: outsideVerified(view),
  });
  return [{ ...given, carried: kept, since }, content];
}

function byPlace(a, b) {
  return (
    STRENGTH[b.strength] - STRENGTH[a.strength] ||
    compareLists([a.op, a.target, a.choice], [b.op, b.target, b.choice]) ||
    compareLists(a.rules, b.rules)
  );
}

/** An incompatible order was given, and no other arm of the choice is left. */
function isGivenUp(rule, carried, orders, lost) {
  const targets = writtenIn(rule.orders[carried.choice]).map((order) => order.target);
  const isOf = (order) => order.rules.includes(rule.id) && targets.includes(order.target);
  return lost.some(isOf) && !orders.standing.some(isOf);
}

// ---------------------------------------------------------------- facts to act on

/** Assumptions that are false on this instant: nothing was proved about such a patient. */
function outsideVerified(view) {
  return view.program.artifact.assumptions.filter((term) => view.truth(term) === false).map(String);
}

/** Declared outcomes that hold. */
function outcomesOf(view) {
  const declared = view.program.artifact.outcomes;
  return sortedTexts(Object.keys(declared)).filter((name) => view.truth(declared[name].condition) === true);
}

function alertsOf(view) {
  const found = [];
  const weight = view.weight();
  const alert = (kind, drug, detail = "") => found.push(made("alert", { kind, drug, detail }));
  for (const name of sortedTexts(view.program.drugs.keys())) {
    for (const [window, left] of rollingWindows(view, name)) {
      if (left !== null && !left.isAboveZero()) alert("rolling_maximum", name, String(window.over));
    }
    const state = view.drug(name);
    if (state.running !== true) continue;
    for (const need of view.program.drugs.get(name).needs) {
      const { running } = view.drug(need);
      if (running !== true) alert("need", name, `${need} ${running === false ? "off" : "unknown"}`);
    }
    const isAbove = ceilings(view, name, true).some(([limit]) => {
      const rate = state.rate ? state.rate.seenIn(limit.dims, weight) : null;
      return rate !== null && rate.compare(limit.value) > 0;
    });
    if (isAbove) alert("above_maximum", name);
  }
  return found;
}

/** Why an input, or a drug's state, is unknown although something was charted. */
function rejectedOf(view) {
  const found = [];
  const look = (kind, name, state, whys) => {
    if (whys.includes(state.why)) found.push({ kind, name, why: state.why, time: state.time || 0 });
  };
  for (const name of view.program.inputsRead) {
    look("input", name, view.input(name), ["implausible", "contested", "unit"]);
  }
  for (const name of sortedTexts(view.program.drugs.keys())) {
    look("drug", name, view.drug(name), ["contested", "unit"]);
  }
  return found;
}
