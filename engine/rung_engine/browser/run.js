// A patient's whole history to every decision: instants are judged wherever something could change.

/** Instants to come, each once, in rising order. */
class Moments {
  constructor(times) {
    this.times = [...new Set(times)].sort((a, b) => b - a);
  }

  get next() {
    return this.times.length ? this.times[this.times.length - 1] : null;
  }

  pop() {
    return this.times.pop();
  }

  /** `times` from the last to the first, so that the next is popped. */
  add(time) {
    let low = 0;
    let high = this.times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.times[middle] > time) low = middle + 1;
      else high = middle;
    }
    if (this.times[low] !== time) this.times.splice(low, 0, time);
  }
}

class Runner {
  constructor(program, given, silenceIsOff) {
    this.program = program;
    this.facts = resolve(given);
    this.chart = new Chart(program, this.facts, silenceIsOff);
    this.fold = new Fold();
    this.rows = [];
    this.decisions = [];
    this.view = null;
    this.moments = new Moments(this.facts.map((fact) => fact.time));
    this.byTime = new Map(groupedByTime(this.facts).map((group) => [group.time, group.facts]));
  }

  /** Judge up to `until`, the last fact by default. */
  run(until) {
    if (!this.facts.length) return this.decisions;
    const end = until === undefined || until === null ? this.facts[this.facts.length - 1].time : until;
    while (this.moments.next !== null && this.moments.next <= end) this.judge(this.moments.pop());
    return this.decisions;
  }

  /** The view of this instant, judged after all before it. */
  advance(to) {
    while (this.moments.next !== null && this.moments.next < to) this.judge(this.moments.pop());
    if (this.moments.next === to) this.moments.pop();
    if (this.view === null || this.view.time < to) this.judge(to);
    return this.view;
  }

  judge(time) {
    if (!this.rows.length) this.rows.push(emptyRow(this.program));
    const view = new Instant(this.chart, time, this.rows);
    const before = this.fold.state;
    const changed = this.fold.advance(view);
    const { state, content } = this.fold;
    const later = content && isFleeting(before, state, content) ? [time + 1] : [];
    view.place(state.stage, state.entered, state.began);
    const row = view.row();
    const last = this.rows[this.rows.length - 1];
    later.push(...view.flips(), ...nextInstants(view, row, last, this.byTime.get(time) || []));
    if (content) later.push(...wakes(content, time));
    for (const instant of later) if (instant > time) this.moments.add(instant);
    this.rows.push(row);
    this.view = view;
    if (!changed) return;
    const decided = this.decisions[this.decisions.length - 1];
    this.decisions.push(follow(decided, time, changed, this.program.unproved));
  }
}

/** Ends of validities, windows and waits that begin at this row. */
function nextInstants(view, row, before, facts) {
  const { program } = view;
  const now = row.time;
  const found = [];
  const around = (ends, windows, extras) => {
    for (const end of ends) {
      for (const window of windows) for (const extra of extras) found.push(end + window + extra);
    }
  };
  for (const fact of facts) {
    found.push(now + 1);
    const ends = [now];
    if (fact.kind === "reading" && program.inputs.has(fact.input)) {
      const { valid_for: valid } = program.inputs.get(fact.input);
      if (valid !== null) ends.push(now + valid + 1);
      around(ends, program.windowsOf.get(fact.input), [0, 1]);
    }
    if ((fact.kind === "infusion" || fact.kind === "dose") && program.drugs.has(fact.drug)) {
      const { valid_for: valid, lasts } = program.drugs.get(fact.drug);
      if (valid !== null) ends.push(now + valid + 1);
      if (lasts !== null) ends.push(now + lasts);
      around(ends, program.windowsOf.get(fact.drug), [-1, 0, 1]);
      for (const course of program.courses.values()) {
        if (course.drugs.includes(fact.drug)) around(ends, [course.ends_after], [0]);
      }
    }
    found.push(...ends);
  }
  if (view.chart.silenceFrom === now) {
    for (const name of program.drugs.keys()) around([now], program.windowsOf.get(name), [-1, 0, 1]);
  }
  for (const [condition, length] of program.waits) {
    if (row.truths[condition] !== before.truths[condition]) found.push(now + length, now + length + 1);
  }
  if (program.occurring.some((index) => row.truths[index] === true)) found.push(now + 1);
  return found;
}

/** All time before the first fact: inputs and drugs unknown, nothing happened, nothing done. */
function emptyRow(program) {
  if (!program.emptyRow) program.emptyRow = new Instant(new Chart(program, [], false), LONG_AGO, []).row();
  return program.emptyRow;
}

/** The instants to come with no new fact and the session where it is, judged once for all who ask. */
class Ahead {
  constructor(view) {
    const { program } = view;
    const facts = view.chart.facts.filter((fact) => fact.time <= view.time);
    this.view = view;
    this.chart = new Chart(program, facts, false);
    if (view.chart.isSilent(view.time)) this.chart.silenceFrom = view.chart.silenceFrom;
    this.rows = [...view.rows];
    this.judged = [];
    this.rowsOver = 0;
    const byTime = new Map(groupedByTime(facts).map((group) => [group.time, group.facts]));
    const later = view.flips();
    const { rows } = this;
    // What earlier rows will still bring: replay their waits, then go on from now.
    for (let place = 1; place < rows.length; place++) {
      const past = new Instant(this.chart, rows[place].time, rows);
      later.push(...nextInstants(past, rows[place], rows[place - 1], byTime.get(rows[place].time) || []));
    }
    const last = view.row();
    later.push(...nextInstants(view, last, rows[rows.length - 1], byTime.get(view.time) || []));
    rows.push(last);
    this.moments = new Moments(later.filter((instant) => instant > view.time));
  }

  /** When the term is first known, or null. */
  knowableAt(term) {
    for (let place = 0; ; place++) {
      if (place === this.judged.length && !this.look()) return null;
      if (this.judged[place].truth(term) !== null) return this.judged[place].time;
    }
  }

  /** One more instant; false where there is none. */
  look() {
    const before = this.judged[this.judged.length - 1];
    if (before) {
      const row = before.row();
      const later = nextInstants(before, row, this.rows[this.rows.length - 1], []);
      for (const instant of [...before.flips(), ...later]) {
        if (instant > before.time) this.moments.add(instant);
      }
      this.rows.push(row);
    }
    if (this.moments.next === null) return false;
    const now = new Instant(this.chart, this.moments.pop(), this.rows);
    now.place(this.view.stage, this.view.entered, this.view.began);
    this.judged.push(now);
    return true;
  }
}
