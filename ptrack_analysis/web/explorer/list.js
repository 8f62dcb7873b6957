/** The list of persons. */
import { NOBODY, rowAt } from "./data.js";
import { counted, span } from "./words.js";
import { make } from "./elements.js";
import { COLORS, ROW } from "./looks.js";
import { choose, hover } from "./choosing.js";
import { refresh } from "./playing.js";

/** Choose who is shown and listed, and in which order. */
export function filter(s) {
  const wanted = s.e.search.value.trim().replace(/^#/, "");
  s.shown.fill(s.zoneOnly < 0 ? 1 : 0);
  if (s.zoneOnly >= 0) {
    for (let v = 0; v < s.visits.person.length; v++) {
      if (s.visits.zone[v] === s.zoneOnly) s.shown[s.visits.person[v]] = 1;
    }
  }
  s.order = [];
  s.shownCount = 0;
  for (let p = 0; p < s.tracks.persons; p++) {
    s.shownCount += s.shown[p];
    if (s.shown[p] && (!wanted || s.tracks.labels[p].includes(wanted))) s.order.push(p);
  }
  const by = s.e.sort.value;
  if (by === "first") s.order.sort((a, b) => s.tracks.first[a] - s.tracks.first[b] || a - b);
  if (by === "dwell") s.order.sort((a, b) => s.tracks.timeInScene[b] - s.tracks.timeInScene[a] || a - b);
  s.placeOf.fill(NOBODY);
  s.order.forEach((p, i) => (s.placeOf[p] = i));
  s.active = Math.min(s.active, s.order.length - 1);
  s.curve = s.heat = null;
  s.baseDirty = true;
  const all = counted(s.tracks.persons, "person", "persons");
  s.e.found.textContent = s.order.length === s.tracks.persons ? all : `${s.order.length.toLocaleString("en")} of ${all}`;
  s.e.runway.style.height = `${s.order.length * ROW}px`;
  fillList(s);
  refresh(s);
}

/** Fill the rows that can be seen: as many elements as fit, used again while scrolling. */
export function fillList(s) {
  const first = Math.max(0, Math.floor(s.e.list.scrollTop / ROW) - 2);
  const count = Math.min(s.order.length - first, Math.ceil((s.e.list.clientHeight || 400) / ROW) + 4);
  while (s.rows.length < count) s.rows.push(newRow(s));
  s.rows.forEach((row, i) => {
    const shown = i < count;
    row.node.hidden = !shown;
    row.person = shown ? s.order[first + i] : NOBODY;
    if (shown) fillRow(s, row, first + i);
  });
  s.e.list.setAttribute("aria-activedescendant", s.active >= 0 ? `${s.id}-${s.active}` : "");
  markRows(s);
}

function newRow(s) {
  const row = { name: make("span", { class: "name" }), time: make("span", { class: "time" }), bar: make("i"), person: NOBODY };
  row.node = make("div", { class: "row", role: "option" }, make("span", { class: "swatch" }), row.name, row.time, make("span", { class: "bar" }, row.bar));
  row.node.addEventListener("click", (event) => {
    s.active = s.placeOf[row.person];
    choose(s, row.person, event.ctrlKey || event.metaKey || event.shiftKey);
  });
  row.node.addEventListener("pointerenter", () => hover(s, row.person));
  row.node.addEventListener("pointerleave", () => hover(s, NOBODY));
  s.e.runway.append(row.node);
  return row;
}

function fillRow(s, row, position) {
  const { tracks } = s;
  const p = row.person;
  row.node.id = `${s.id}-${position}`;
  row.node.style.top = `${position * ROW}px`;
  row.node.style.setProperty("--mark", COLORS[p % COLORS.length]);
  row.node.setAttribute("aria-selected", s.chosen.has(p));
  row.node.setAttribute("aria-setsize", s.order.length);
  row.node.setAttribute("aria-posinset", position + 1);
  row.node.classList.toggle("active", position === s.active);
  row.name.textContent = `Person ${tracks.labels[p]}`;
  row.time.textContent = span(tracks.timeInScene[p]);
  row.time.title = "time in the scene";
  const scale = 100 / (s.duration || 1);
  row.bar.style.left = `${Math.min(tracks.first[p] * scale, 99)}%`;
  row.bar.style.width = `${(tracks.end[p] - tracks.first[p]) * scale}%`;
}

/** Mark in the list who is there at the moment, and whom the pointer is on. */
export function markRows(s) {
  for (const row of s.rows) {
    const p = row.person;
    if (p === NOBODY) continue;
    const at = rowAt(s.tracks, p, s.moment);
    const there = at >= s.tracks.start[p] && s.moment < s.tracks.time[at] + s.tracks.timePresent[at];
    row.node.classList.toggle("here", there);
    row.node.classList.toggle("hover", p === s.hover);
  }
}

export function reveal(s, position) {
  const { list } = s.e;
  if (position < 0) return;
  if (position * ROW < list.scrollTop) list.scrollTop = position * ROW;
  else if ((position + 1) * ROW > list.scrollTop + list.clientHeight) list.scrollTop = (position + 1) * ROW - list.clientHeight;
  fillList(s);
}
