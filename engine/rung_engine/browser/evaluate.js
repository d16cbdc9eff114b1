// Every term at one instant, by its definition.

class Instant extends Now {
  truth(term) {
    if (this.truths[term] === undefined) this.truths[term] = this.judge(this.program.terms[term]);
    return this.truths[term];
  }

  row() {
    const truths = [];
    for (const index of this.program.conditions) truths[index] = this.truth(index);
    return { time: this.time, truths };
  }

  /** The term's truth if these readings were taken now. */
  suppose(hypothesis, term) {
    const other = new Instant(this.chart, this.time, this.rows);
    other.place(this.stage, this.entered, this.began);
    other.supposed = hypothesis;
    return other.truth(term);
  }

  // -- terms that are true, false or unknown

  judge(term) {
    switch (term.op) {
      case "const":
        return term.value;
      case "cmp": {
        const left = this.number(term.left);
        const right = this.number(term.right);
        return left === null || right === null ? null : compareLines(left, term.rel, right);
      }
      case "flag": {
        const { value } = this.input(term.input);
        return typeof value === "boolean" ? value : null;
      }
      case "is": {
        const { value } = this.input(term.input);
        if (value === null) return null;
        return Array.isArray(value) ? value.includes(term.value) : value === term.value;
      }
      case "setting_is":
        return this.program.settings.get(term.setting) === term.value;
      case "running":
        return disjunction(term.drugs.map((drug) => this.drug(drug).running));
      case "off":
        return conjunction(term.drugs.map((drug) => negation(this.drug(drug).running)));
      case "known":
        return term.kind === "input" ? !this.input(term.name).why : this.isDrugKnown(term.name);
      case "not":
        return negation(this.truth(term.of));
      case "and":
        return conjunction(term.of.map((part) => this.truth(part)));
      case "or":
        return disjunction(term.of.map((part) => this.truth(part)));
      case "count":
        return counted(term.rel, term.n, term.of.map((part) => this.truth(part)));
      case "held":
        return this.held(term);
      case "recent": {
        const spans = this.window(term.of, this.time - this.program.millis(term.length));
        return disjunction(spans.map((one) => one.value));
      }
      case "ever":
        return this.ever(term);
      case "occurs":
        return this.moment(term.ref) === this.time;
      case "after":
        return this.moment(term.ref) !== null;
      case "readings":
        return this.run(term);
      default:
        throw refusal("J107", `the term ${term.op} has no truth`);
    }
  }

  /** Off, or running at a known rate; a bolus drug has no rate. */
  isDrugKnown(name) {
    const { running, why, rate } = this.drug(name);
    if (!running) return running === false;
    return !why && (rate !== null || this.program.drugs.get(name).form === "bolus");
  }

  /** `{start, end, value}` of the term from the row in force at `start` to now. */
  window(term, start) {
    const { rows } = this;
    const spans = [];
    for (let place = Math.max(0, countUntil(rows, start) - 1); place < rows.length; place++) {
      const row = rows[place];
      const end = (place + 1 < rows.length ? rows[place + 1].time : this.time) - 1;
      if (end >= start && row.time <= end) spans.push({ start: row.time, end, value: row.truths[term] });
    }
    spans.push({ start: this.time, end: this.time, value: this.truth(term) });
    return spans;
  }

  held(term) {
    const start = this.time - this.program.millis(term.length);
    const truth = conjunction(this.window(term.of, start).map((one) => one.value));
    if (truth !== null || term.gaps === null) return truth;
    const bridged = this.bridge(term.of, this.program.millis(term.gaps));
    return bridged.every((one) => one.end < start || one.value === true) ? true : null;
  }

  /** The whole past of the term, unknown stretches no longer than `gaps` between true ones filled. */
  bridge(term, gaps) {
    const runs = [];
    for (const one of this.window(term, LONG_AGO)) {
      const last = runs[runs.length - 1];
      if (last && last.value === one.value) last.end = one.end;
      else runs.push(one);
    }
    const isTrue = (place) => runs[place] !== undefined && runs[place].value === true;
    return runs.map((one, place) => {
      const isShort = one.value === null && one.end - one.start + 1 <= gaps;
      return isShort && isTrue(place - 1) && isTrue(place + 1) ? { ...one, value: true } : one;
    });
  }

  /** A latch of the session; before it closes, the present value. */
  ever(term) {
    const { began } = this;
    const wasSo = (row) => row.time >= began && row.truths[term.of] === true;
    return (began !== null && this.rows.some(wasSo)) || this.truth(term.of);
  }

  /** So many readings in a row, so long apart. */
  run(term) {
    if (this.input(term.input).why) return null;
    const right = this.number(term.right);
    if (right === null) return null;
    const sure = [];
    const possible = [];
    let broken = false;
    for (const { time, values } of this.inWindow(term.input, LONG_AGO).reverse()) {
      const drawn = hasDrawn(term) ? this.then(term.drawn, time) : true;
      const good = values.every(
        (value) => value instanceof Fraction && compareLines(Line.exact(value), term.rel, right)
      );
      if (!good || drawn === false) break;
      possible.push(time);
      broken = broken || drawn === null;
      if (!broken) sure.push(time);
    }
    const apart = this.program.millis(term.apart);
    const isLong = (times) => times.length >= term.n && times[0] - times[times.length - 1] >= apart;
    if (isLong(sure)) return true;
    return isLong(possible) ? null : false;
  }

  /** The truth of a term at an instant up to now at which there was a fact. */
  then(term, time) {
    return time === this.time ? this.truth(term) : lastUntil(this.rows, time).truths[term];
  }

  // -- terms that are numbers

  /** What a numeric term is worth now; null if unknown. */
  number(index) {
    if (this.numbers[index] === undefined) {
      this.numbers[index] = this.measure(this.program.terms[index], index);
    }
    return this.numbers[index];
  }

  measure(term, index) {
    switch (term.op) {
      case "number":
        return Line.exact(this.program.constants[index]);
      case "setting":
        return Line.exact(this.program.settings.get(term.name));
      case "input":
        return exactly(this.input(term.name).value);
      case "rate":
        return this.rate(term);
      case "add":
      case "sub":
      case "mul":
      case "div": {
        const left = this.number(term.left);
        const right = this.number(term.right);
        return left === null || right === null ? null : combine(term.op, left, right);
      }
      case "elapsed":
        return this.since(this.moment(term.ref));
      case "time_in_stage":
        return this.since(this.entered);
      case "time_in_course":
        return this.timeInCourse(term.course);
      case "time_on":
        return this.timeOn(term.drug);
      case "change":
        return this.change(term);
      case "extreme":
        return this.extreme(term);
      case "total":
        return this.total(term);
      case "value_at":
        return this.valueAt(term.input, this.moment(term.ref));
      case "value_at_start": {
        const spans = this.chart.courses(term.course, this.time);
        return this.valueAt(term.input, spans.length ? spans[spans.length - 1][0] : null);
      }
      default:
        throw refusal("J107", `the term ${term.op} is no number`);
    }
  }

  since(moment) {
    return moment === null ? null : Line.exact(fraction(BigInt(this.time - moment)), ONE);
  }

  rate(term) {
    const { running, rate } = this.drug(term.drug);
    if (running === false) return Line.exact(ZERO);
    if (running === null || rate === null) return null;
    return exactly(rate.seenIn(this.program.units.get(term.unit).dims, this.weight()));
  }

  timeInCourse(course) {
    const began = this.courseBegan(course);
    if (began !== null) return this.since(began);
    const isKnown = this.program.courses.get(course).drugs.every((drug) => this.drug(drug).running !== null);
    return isKnown ? Line.exact(ZERO) : null;
  }

  timeOn(drug) {
    const { running } = this.drug(drug);
    if (!running) return running === null ? null : Line.exact(ZERO);
    const starts = this.chart.startsAndStops(drug, this.time).started;
    return starts.length ? this.since(starts[starts.length - 1]) : null;
  }

  /** The first instant of a window; null where its moment has not come. */
  start(span) {
    return "over" in span ? this.time - this.program.millis(span.over) : this.moment(span.since);
  }

  inWindow(name, start) {
    const groups = this.chart.readings(name, start, this.time);
    const supposed = this.supposed.get(`input ${name}`);
    if (supposed === undefined) return groups;
    return [...groups.filter((group) => group.time < this.time), { time: this.time, values: [supposed] }];
  }

  change(term) {
    const now = this.input(term.input).value;
    const start = this.start(term.span);
    if (!(now instanceof Fraction) || start === null) return null;
    let old;
    if ("over" in term.span) {
      const groups = this.inWindow(term.input, start);
      if (groups.length < 2 || groups[0].values.length > 1) return null;
      [old] = groups[0].values;
    } else old = this.at(term.input, start).value;
    if (!(old instanceof Fraction)) return null;
    const rise = now.minus(old);
    if (term.how === "change" || term.how === "rise") return Line.exact(rise);
    if (term.how === "fall") return Line.exact(rise.negative());
    if (old.isZero()) return null;
    const share = rise.over(old);
    return Line.exact(term.how === "percent_rise" ? share : share.negative());
  }

  extreme(term) {
    const start = this.start(term.span);
    if (start === null) return null;
    const single = this.inWindow(term.input, start).filter((group) => group.values.length === 1);
    const values = single.map((group) => group.values[0]).filter((value) => value instanceof Fraction);
    const last = this.supposed.has(`input ${term.input}`) ? this.time - 1 : this.time;
    if (!values.length) return null;
    const isKnown = start > last || this.chart.isKnownThroughout(term.input, start, last);
    if (term.how === "lowest") return new Line(isKnown ? least(values) : null, least(values));
    if (term.how === "highest") return new Line(greatest(values), isKnown ? greatest(values) : null);
    const sum = values.reduce((a, b) => a.plus(b));
    return isKnown ? Line.exact(sum.over(fraction(BigInt(values.length)))) : null;
  }

  total(term) {
    const { dims } = this.program.units.get(term.unit);
    if ("over" in term.span) return this.totalOver(term.drug, this.program.millis(term.span.over), dims);
    const start = this.start(term.span);
    if (start === null) return null;
    const found = this.chart.total(term.drug, start - 1, this.time, dims, this.weight());
    return found === null ? null : Line.exact(found[0], found[1]);
  }

  /** The amount given in (now - over, now], and how fast it moves. */
  totalOver(drug, over, dims) {
    const found = this.chart.total(drug, this.time - over, this.time, dims, this.weight());
    if (found === null) return null;
    const leaving = this.leaving(drug, dims, this.time - over + 1);
    return leaving === null ? null : Line.exact(found[0], found[1].minus(leaving));
  }

  /** The rate at the window's first instant, which leaves it next. */
  leaving(drug, dims, first) {
    if (this.program.drugs.get(drug).form === "bolus") return ZERO;
    const { running, rate } = this.chart.drug(drug, first);
    if (running === false) return ZERO;
    return running === null || rate === null ? null : rate.seenIn(perTime(dims), this.weight());
  }

  valueAt(name, moment) {
    return moment === null ? null : exactly(this.at(name, moment).value);
  }

  /** The input at a moment up to now; what is supposed now counts as read now. */
  at(name, moment) {
    return moment === this.time ? this.input(name) : this.chart.input(name, moment);
  }

  // -- when a comparison next changes by itself

  /** Instants after now at which some comparison changes if nothing is charted before. */
  flips() {
    const found = [];
    const look = (left, rel, right) => {
      const step = left === null || right === null ? null : nextFlip(left, rel, right);
      if (step !== null) found.push(this.time + step);
    };
    for (const { left, rel, right } of this.program.comparisons) {
      look(this.number(left), rel, this.number(right));
    }
    for (const [name, windows] of this.program.rolling) {
      for (const { over, maximum } of windows) {
        const total = this.totalOver(name, over, maximum.dims);
        for (const rel of [">", ">="]) look(total, rel, Line.exact(maximum.value));
      }
    }
    return found;
  }
}

function exactly(value) {
  return value instanceof Fraction ? Line.exact(value) : null;
}
