// One instant of one patient: what the chart says there, and when things happened.

class Now {
  /** `rows`: the instants judged before this one, each `{time, truths}`; terms are constant between them. */
  constructor(chart, time, rows) {
    this.chart = chart;
    this.program = chart.program;
    this.time = time;
    this.rows = rows;
    this.supposed = new Map();
    this.inputs = new Map();
    this.drugs = new Map();
    this.place(null, null, null);
  }

  /** Sets where the session stands: `time in stage` and `ever` are judged accordingly from here on. */
  place(stage, entered, began) {
    this.stage = stage;
    this.entered = entered;
    this.began = began;
    this.truths = [];
    this.numbers = [];
    this.moments = new Map();
    this.ahead = null;
  }

  // -- what the decision asks

  input(name) {
    if (!this.inputs.has(name)) this.inputs.set(name, this.inputNow(name));
    return this.inputs.get(name);
  }

  inputNow(name) {
    const value = this.supposed.get(`input ${name}`);
    if (value !== undefined) return { value, why: "", time: this.time };
    if (this.program.inputs.get(name).counts === null) return this.chart.reading(name, this.time);
    return this.chart.input(name, this.time, this.weight());
  }

  drug(name) {
    if (!this.drugs.has(name)) this.drugs.set(name, this.drugNow(name));
    return this.drugs.get(name);
  }

  drugNow(name) {
    const value = this.supposed.get(`drug ${name}`);
    if (value === undefined) return this.chart.drug(name, this.time);
    const runs = value instanceof Amount;
    return { running: runs, rate: runs ? value : null, why: "", time: this.time, bySilence: false };
  }

  weight() {
    const name = this.program.weightInput;
    const value = name === null ? null : this.input(name).value;
    return value instanceof Fraction ? value : null;
  }

  rateChanged(drug) {
    return this.chart.rateChanged(drug, this.time);
  }

  lastReading(name) {
    const last = lastUntil(this.chart.accepted.get(name), this.time);
    return last ? last.time : null;
  }

  lastDose(drug) {
    const last = lastUntil(this.chart.doses.get(drug), this.time);
    return last ? last.time : null;
  }

  given(drug, since) {
    const doses = this.chart.dosesUntil(drug, this.time).filter((dose) => dose.time >= since);
    return doses.map((dose) => this.chart.amountOf(dose));
  }

  lastDone(task) {
    const last = lastUntil(this.chart.done.get(task), this.time);
    return last ? last.time : null;
  }

  courseBegan(course) {
    const spans = this.chart.courses(course, this.time);
    const last = spans[spans.length - 1];
    return last && last[1] === null ? last[0] : null;
  }

  givenOver(drug, over, dims) {
    const found = this.chart.total(drug, this.time - over, this.time, dims, this.weight());
    return found === null ? null : found[0];
  }

  /** With no new fact: the first later instant at which the term is no longer unknown, or null. */
  knowableAt(term) {
    if (this.ahead === null) this.ahead = new Ahead(this);
    return this.ahead.knowableAt(term);
  }

  silenceIsOff() {
    return [...this.program.drugs.keys()].some((name) => this.chart.drug(name, this.time).bySilence);
  }

  // -- moments

  /** When it (last, or first) happened; null where it has not. */
  moment(ref) {
    if (!this.moments.has(ref)) this.moments.set(ref, this.latest(ref));
    return this.moments.get(ref);
  }

  latest(ref) {
    if (ref.kind === "later" || ref.kind === "earlier") {
      const times = ref.of.map((one) => this.moment(one)).filter((time) => time !== null);
      if (ref.kind === "later") return times.length === 2 ? Math.max(...times) : null;
      return times.length ? Math.min(...times) : null;
    }
    const happenings = this.happenings(ref);
    if (!happenings.length) return null;
    return ref.first ? happenings[0] : happenings[happenings.length - 1];
  }

  /** Every instant up to now at which it happened, in order. */
  happenings(ref) {
    const upToNow = (facts) => facts.slice(0, countUntil(facts, this.time)).map((fact) => fact.time);
    let times;
    if (ref.kind === "done") times = upToNow(this.chart.done.get(ref.name));
    else if (ref.kind === "event") {
      times = upToNow(this.chart.happened.get(ref.name));
      const { condition } = this.program.events.get(ref.name);
      if (condition !== null) times.push(...this.risings(condition));
    } else times = ref.drugs.flatMap((drug) => this.chart.startsAndStops(drug, this.time)[ref.kind]);
    return [...new Set(times)].sort((a, b) => a - b);
  }

  /** The instants at which a condition became true. */
  risings(condition) {
    const { rows } = this;
    const found = [];
    for (let place = 1; place < rows.length; place++) {
      if (rows[place].truths[condition] === true && rows[place - 1].truths[condition] !== true) {
        found.push(rows[place].time);
      }
    }
    if (rows.length && this.truth(condition) === true && rows[rows.length - 1].truths[condition] !== true) {
      found.push(this.time);
    }
    return found;
  }
}
