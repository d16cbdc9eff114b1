// What a page calls.

/**
 * Every decision that differs from the one before it, as JSON data, up to `until` (default: the last fact).
 * `silenceIsOff`: from the first fact on, a drug without a row is off.
 */
function run(program, facts, options) {
  const { until, silenceIsOff } = options || {};
  return new Runner(program, facts, Boolean(silenceIsOff)).run(until).map((decision) => decision.json);
}

/** The last decision at the last fact; null where there is no fact. */
function instant(program, facts, options) {
  const decisions = run(program, facts, options);
  return decisions.length ? decisions[decisions.length - 1] : null;
}

/** A rule's condition at this time as a tree: `{words, truth, used, parts}`, the last two where any. */
function why(program, facts, time, ruleId, options) {
  const rule = program.rules.get(ruleId);
  if (!rule) throw refusal("J108", `the protocol has no rule ${ruleId}`);
  const { silenceIsOff } = options || {};
  const runner = new Runner(program, facts, Boolean(silenceIsOff));
  return toJson(explained(runner.advance(small(time, "a time")), rule.condition));
}

globalThis.Rung = Object.freeze({ load, run, instant, why, canonical, parse });
