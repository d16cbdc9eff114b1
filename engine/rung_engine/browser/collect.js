// The orders of all rules together: alike ones merged, needs, doubts and contradictions between them.

const STRENGTH = { must: 2, recommend: 1, consider: 0 };
const MARKS = { late: 3, due: 2, not_due: 1, done: 0 };

/** The orders a rule issues now; a `prefer` whose choice is unknown leaves the rule pending. */
function issuesOf(item, since, view, unsettled, only = null, carried = false) {
  const found = [];
  const confirmed = item.state === "fires";
  item.rule.orders.forEach((choice, index) => {
    if (only !== null && index !== only) return;
    let picked = writtenIn(choice);
    if (choice.form === "one" && isDeparture(choice.order) && confirmed) return;
    if (choice.form === "prefer") {
      picked = [];
      for (const [place, order] of choice.orders.entries()) {
        const chosen = holds(view, choice.conditions[place]);
        if (chosen === null && unsettled) unsettled.push([item.rule.id, choice.conditions[place]]);
        if (chosen) picked = [order];
        if (chosen !== false) break;
      }
    }
    for (const order of picked) {
      found.push({
        rule: item.rule.id, strength: choice.strength, order, since, carried, confirmed,
        choice: choice.form === "either" ? `${item.rule.id}#${index}` : "", checkFirst: item.checkFirst,
      });
    }
  });
  return found;
}

/** The drug runs as ordered, the step was taken, the task is done; what recurs never is. */
function isCarriedOut(view, issue, began) {
  const { order } = issue;
  if (["increase", "decrease", "taper"].includes(order.op)) {
    const changed = view.rateChanged(order.target);
    return changed !== null && changed > issue.since;
  }
  if (order.every) return false;
  const result = evaluateOrder(view, issue, began);
  return result !== null && result.is === "standing" && result.mark === "done" && !result.instead_of;
}

/** Every issue evaluated; the same order from several rules becomes one. */
function collect(view, issues, began) {
  const orders = { standing: [], waiting: [], withheld: [], pending: [] };
  const merged = new Map();
  const seen = new Set();
  for (const issue of issues) {
    let result;
    if (isDeparture(issue.order)) {
      const { op, target } = issue.order;
      result = made("standing", {
        op, target, strength: issue.strength, rules: [issue.rule], mark: "due", confirmed: false,
        check_first: issue.checkFirst,
      });
    } else result = evaluateOrder(view, issue, began);
    if (result === null) continue;
    if (result.is === "standing") {
      const key = `${kindOf(result)} ${textOf([result.dose, result.volume])}`;
      merged.set(key, merged.has(key) ? mergeOrders(merged.get(key), result) : result);
      continue;
    }
    const key = `${result.is} ${textOf(result)}`;
    if (!seen.has(key)) orders[result.is].push(result);
    seen.add(key);
  }
  orders.standing = narrowest(view.program, [...merged.values()]);
  return orders;
}

/** What two standing orders must share to be one order, their doses and volumes aside. */
function kindOf(order) {
  const op = order.op === "start" ? "add" : order.op;
  return textOf([
    op, order.target, order.remaining, order.choice, order.every_lo, order.every_hi, order.continuously,
  ]);
}

/** At the greatest strength and with all rules; the more urgent mark; confirmed if either is. */
function mergeOrders(a, b) {
  const strong = STRENGTH[a.strength] >= STRENGTH[b.strength] ? a : b;
  const urgent = MARKS[a.mark] >= MARKS[b.mark] ? a : b;
  const isSure = a.confirmed || b.confirmed;
  const late = [a, b].map((order) => order.late_after).filter((time) => time !== null);
  return {
    ...urgent,
    op: compareText(a.op, b.op) < 0 ? b.op : a.op,
    strength: strong.strength,
    rules: sortedTexts([...a.rules, ...b.rules]),
    confirmed: isSure,
    check_first: isSure ? [] : sortedTexts([...a.check_first, ...b.check_first]),
    late_after: late.length ? Math.min(...late) : null,
    carried: a.carried && b.carried,
    cautions: sortedTexts([...a.cautions, ...b.cautions]),
  };
}

/** Of two ranges of one order, one inside the other, the narrower stands with both reasons. */
function narrowest(program, standing) {
  const out = [];
  const width = (dose) => (dose ? dose.hi - dose.lo : 0n);
  const difference = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  const ordered = [...standing].sort(
    (a, b) =>
      difference(width(a.dose), width(b.dose)) ||
      difference(width(a.volume), width(b.volume)) ||
      compareLists(a.rules, b.rules)
  );
  for (const order of ordered) {
    let isTaken = false;
    for (const [index, other] of out.entries()) {
      if (kindOf(order) !== kindOf(other) || !holdsDose(order.dose, other.dose)) continue;
      const volume = sharedVolume(program, order, other);
      if (volume === undefined) continue;
      out[index] = { ...mergeOrders(other, order), dose: other.dose, volume };
      isTaken = true;
      break;
    }
    if (!isTaken) out.push(order);
  }
  // A volume that became narrower may lie inside another now.
  return out.length === standing.length || !out.some((one) => one.volume) ? out : narrowest(program, out);
}

/** One range of doses, in one unit, holds the other. */
function holdsDose(wide, narrow) {
  if (!wide || !narrow) return !wide && !narrow;
  return wide.unit === narrow.unit && wide.lo <= narrow.lo && narrow.hi <= wide.hi;
}

/** The narrower of two volumes, or the one that is stated; undefined where neither lies inside the other. */
function sharedVolume(program, a, b) {
  if (!a.volume || !b.volume) return a.volume || b.volume;
  if (isInside(program, b.volume, a.volume)) return b.volume;
  return isInside(program, a.volume, b.volume) ? a.volume : undefined;
}

/** No order starts or raises a drug without what it needs; not knowing unconfirms it. */
function withholdNeedy(view, orders) {
  const sure = orders.standing.filter((order) => order.confirmed);
  const begins = sure.filter((order) => ["start", "add", "set"].includes(order.op));
  const begun = new Set(begins.map((order) => order.target));
  const kept = [];
  for (let order of orders.standing) {
    const decl = view.program.drugs.get(order.target);
    const needs = decl && order.mark !== "done" && GIVES.has(order.op) ? decl.needs : [];
    let isWithheld = false;
    for (const need of needs) {
      const { running } = view.drug(need);
      if (running === null) order = inDoubt(order, `needs:${need}`);
      else if (running === false && !begun.has(need)) {
        for (const rule of order.rules) orders.withheld.push(withheldOf({ rule }, order, "needs", need));
        isWithheld = true;
        break;
      }
    }
    if (!isWithheld) kept.push(order);
  }
  orders.standing = kept;
}

/** An order that a pending or unconfirmed rule would oppose is unconfirmed, naming that rule. */
function doubt(orders, judged) {
  if (!orders.standing.length) return;
  for (const { rule, state } of judged.values()) {
    if (state !== "pending" && state !== "unconfirmed") continue;
    for (const other of rule.orders.flatMap(writtenIn)) {
      orders.standing = orders.standing.map((order) => {
        if (order.target !== other.target || order.mark === "done") return order;
        if (!isOpposed(other.op, order.op)) return order;
        const isOverridden = order.rules.some(
          (id) => judged.has(id) && (id === rule.id || judged.get(id).rule.overrides.includes(rule.id))
        );
        return isOverridden ? order : inDoubt(order, rule.id);
      });
    }
  }
}

/** Neither of two incompatible orders is given. A carried order yields to one that a rule gives now. */
function contradict(view, orders) {
  const found = [];
  const sure = orders.standing.filter((order) => order.confirmed && order.mark !== "done");
  const drop = new Set();
  const arms = new Map();
  sure.forEach((a, i) => {
    for (let j = i + 1; j < sure.length; j++) {
      const b = sure[j];
      if ((a.choice && a.choice === b.choice) || !isIncompatible(view.program, a, b)) continue;
      if (a.carried !== b.carried) drop.add(a.carried ? i : j);
      else if (a.choice || b.choice) {
        // An arm of a free choice gives way while another arm is left.
        const [arm, other] = b.choice ? [j, i] : [i, j];
        drop.add(arm);
        arms.set(arm, other);
      } else {
        drop.add(i).add(j);
        const detail = `${a.op} ${a.target} / ${b.op} ${b.target}`;
        found.push({ kind: "orders", rules: sortedTexts([...a.rules, ...b.rules]), detail });
      }
    }
  });
  const dropped = new Set([...drop].map((index) => textOf(sure[index])));
  let left = orders.standing.filter((order) => !dropped.has(textOf(order)));
  for (const choice of sortedTexts([...arms.keys()].map((arm) => sure[arm].choice))) {
    if (left.some((order) => order.choice === choice)) continue;
    const taken = [...arms].filter(([arm]) => sure[arm].choice === choice);
    const rules = sortedTexts(taken.flatMap(([arm, other]) => [...sure[arm].rules, ...sure[other].rules]));
    const words = taken.map(([arm]) => `${sure[arm].op} ${sure[arm].target}`).sort(compareText).join(", ");
    found.push({ kind: "orders", rules, detail: `${words}: no arm of the choice is free` });
    const against = new Set(taken.map(([, other]) => textOf(sure[other])));
    left = left.filter((order) => !against.has(textOf(order)));
  }
  orders.standing = left;
  return found;
}
