"""What the page does by itself: it follows the pointer and the keys, and makes the time wider.

All that it shows stands in the page already, so without it nothing is lost but the convenience.
"""

SCRIPT = """
"use strict";
(() => {
  const by = id => document.getElementById(id);
  const wide = by("wide"), scroll = by("scroll"), panel = by("panel"), cursor = by("cursor");
  const begin = +wide.dataset.begin, end = +wide.dataset.end;
  const items = [...document.querySelectorAll("#decisions > li")];
  const times = items.map(item => +item.dataset.t);
  const rows = [...document.querySelectorAll("[data-row]")].map(cell => {
    const lines = [...document.querySelectorAll("#" + cell.dataset.row + " tbody tr")];
    return { cell, times: lines.map(line => +line.dataset.t), lines };
  });
  let chosen = 0, zoom = 1;
  const last = (list, time) => {
    let low = 0, high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle] <= time) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  };
  const two = n => String(n).padStart(2, "0");
  const clock = ms => {
    const minutes = Math.floor(Math.abs(ms) / 6e4), sign = ms < 0 ? "-" : "";
    const hours = Math.floor(minutes / 60);
    return sign + Math.floor(hours / 24) + "d " + two(hours % 24) + ":" + two(minutes % 60);
  };
  const show = (index, time) => {
    cursor.style.left = (time - begin) / (end - begin) * 100 + "%";
    by("now").textContent = "at " + clock(time);
    const item = items[Math.max(index, 0)];
    panel.innerHTML = item ? item.innerHTML : "";
    for (const row of rows) {
      const place = last(row.times, time);
      const words = place < 0 ? "" : row.lines[place].lastElementChild.textContent;
      row.cell.textContent = words.replace(/\\u00a0/g, " ");
    }
  };
  const keep = time => {
    const x = (time - begin) / (end - begin) * wide.clientWidth, room = scroll.clientWidth;
    if (x < scroll.scrollLeft + 20 || x > scroll.scrollLeft + room - 20) scroll.scrollLeft = x - room / 2;
  };
  const choose = index => {
    chosen = Math.min(Math.max(index, 0), items.length - 1);
    wide.setAttribute("aria-valuenow", chosen + 1);
    wide.setAttribute("aria-valuetext", items[chosen].querySelector("h3").textContent);
    show(chosen, times[chosen]);
    keep(times[chosen]);
  };
  const widen = (name, ms) => {
    const before = times[chosen] ?? begin;
    zoom = ms ? Math.max(1, (end - begin) / ms) : 1;
    wide.style.width = zoom * 100 + "%";
    wide.dataset.zoom = name;
    for (const button of document.querySelectorAll("[data-zoom-to]"))
      button.setAttribute("aria-pressed", button.dataset.zoomTo === name);
    scroll.scrollLeft = (before - begin) / (end - begin) * wide.clientWidth - scroll.clientWidth / 2;
  };
  const levels = [["whole", 0], ["day", 864e5], ["six", 216e5]].filter(([, ms]) => end - begin > ms);
  const level = step => {
    const now = levels.findIndex(one => one[0] === wide.dataset.zoom);
    widen(...levels[Math.min(Math.max(now + step, 0), levels.length - 1)]);
  };
  const at = event => {
    const box = wide.getBoundingClientRect();
    return begin + (event.clientX - box.left) / box.width * (end - begin);
  };
  const near = time => {
    const reach = 7 / wide.clientWidth * (end - begin), place = last(times, time);
    return place + 1 < times.length && times[place + 1] - time < reach ? place + 1 : place;
  };
  const hover = event => {
    const time = at(event), place = near(time);
    show(place, place >= 0 && times[place] > time ? times[place] : time);
  };
  document.documentElement.classList.add("live");
  if (!items.length) return;
  wide.setAttribute("role", "slider");
  wide.setAttribute("tabindex", "0");
  wide.setAttribute("aria-label", "Decisions, in time");
  wide.setAttribute("aria-valuemin", 1);
  wide.setAttribute("aria-valuemax", items.length);
  wide.addEventListener("pointermove", hover);
  wide.addEventListener("pointerleave", () => show(chosen, times[chosen]));
  wide.addEventListener("click", event => choose(near(at(event))));
  wide.addEventListener("keydown", event => {
    const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
    const step = steps[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (step) choose(chosen + step);
    else if (event.key === "Home") choose(0);
    else if (event.key === "End") choose(items.length - 1);
    else if (event.key === "+" || event.key === "=") level(1);
    else if (event.key === "-") level(-1);
    else return;
    event.preventDefault();
  });
  for (const button of document.querySelectorAll("[data-zoom-to]")) {
    const found = levels.find(one => one[0] === button.dataset.zoomTo);
    button.addEventListener("click", () => widen(...found));
  }
  for (const button of document.querySelectorAll("[data-step]"))
    button.addEventListener("click", () => choose(chosen + +button.dataset.step));
  choose(0);
})();
"""
