/** Who is chosen, followed, pointed at. */
import { HAS_BOX, NOBODY } from "./data.js";
import { checks, clock, counted, marked, span } from "./words.js";
import { ICONS, button, make } from "./elements.js";
import { COLORS } from "./looks.js";
import { fillList, filter, markRows } from "./list.js";
import { refresh, seek } from "./playing.js";
import { zoomed } from "./hands.js";
import { emit, say } from "./events.js";

export function choose(s, person, more = false) {
  const alone = s.chosen.size === 1 && s.chosen.has(person);
  if (!more) {
    s.chosen.clear();
    if (!alone) s.chosen.add(person);
  } else if (!s.chosen.delete(person)) s.chosen.add(person);
  if (s.chosen.has(person)) follow(s, person);
  chosenChanged(s);
}

/** Go to where a person is first seen, unless the person is there now; what a zone filter hides is shown. */
export function follow(s, person) {
  if (!s.shown[person]) {
    s.zoneOnly = NOBODY;
    s.e.zone.value = "";
    filter(s);
  }
  if (s.moment < s.tracks.first[person] || s.moment >= s.tracks.end[person]) seek(s, s.tracks.first[person]);
}

export function chosenChanged(s) {
  s.heat = null;
  s.baseDirty ||= s.layers.h;
  showDetails(s);
  fillList(s);
  const names = labelsOf(s);
  say(s, names.length ? `Following person ${names.slice(0, 5).join(", ")}` : "Following nobody");
  emit(s, "select", [...s.chosen].map((p) => s.data.persons[p]));
  refresh(s);
}

const labelsOf = (s) => [...s.chosen].map((p) => s.tracks.labels[p]);

function showDetails(s) {
  const p = [...s.chosen].at(-1);
  s.e.details.hidden = p === undefined;
  if (p === undefined) return s.e.details.replaceChildren();
  const close = button("Follow nobody (Esc)", ICONS.close);
  close.addEventListener("click", () => clearChoice(s));
  const others = s.chosen.size > 1 ? ` and ${s.chosen.size - 1} more` : "";
  const swatch = make("span", { class: "swatch" });
  swatch.style.setProperty("--mark", COLORS[p % COLORS.length]);
  swatch.style.background = COLORS[p % COLORS.length];
  const header = make("header", {}, swatch, make("h2", { text: `Person ${s.tracks.labels[p]}${others}` }), close);
  s.e.details.replaceChildren(header, factsOf(s, p), ...visitList(s, p));
  return undefined;
}

function factsOf(s, p) {
  const { tracks } = s;
  const facts = [
    ["Dwell in the scene", span(tracks.timeInScene[p])],
    ["Detections", (tracks.start[p + 1] - tracks.start[p]).toLocaleString("en")],
    ["First seen", clock(tracks.first[p])],
    ["Last seen", clock(tracks.last[p])],
  ];
  if (tracks.withoutPosition[p]) facts.push(["Not located", span(tracks.withoutPosition[p])]);
  return make("dl", {}, ...facts.map(([name, value]) => make("div", {}, make("dt", { text: name }), make("dd", { text: value }))));
}

function visitList(s, p) {
  const { visits } = s;
  if (!s.data.zones.length) return [];
  const [from, to] = [visits.start[p], visits.start[p + 1]];
  const list = make("ol", { class: "visits" });
  for (let v = from; v < Math.min(to, from + 200); v++) list.append(visitItem(s, v));
  const title = to > from ? counted(to - from, "visit", "visits") : "No visits to zones";
  const more = to - from > 200 ? `, the first 200 are listed` : "";
  return [make("h3", { text: title + more }), list];
}

function visitItem(s, v) {
  const { visits } = s;
  const cut = visits.cut[v] ? "at least " : "";
  const item = make(
    "button",
    { type: "button", title: [cut ? "Start or end not observed: the visit may be longer" : "Go there", ...checks(s.data.zones[visits.zone[v]])].join(". ") },
    make("b", { text: marked(s.data.zones[visits.zone[v]]) }),
    make("span", { text: cut + span(visits.dwell[v]) }),
    make("small", { text: `${clock(visits.entered[v])} – ${clock(visits.exited[v])}` }),
  );
  item.addEventListener("click", () => seek(s, visits.entered[v]));
  return make("li", {}, item);
}

export function clearChoice(s) {
  const inside = s.e.details.contains(s.root.activeElement);
  s.chosen.clear();
  Object.assign(s.view, { zoom: 1, x: 0.5, y: 0.5 });
  zoomed(s);
  chosenChanged(s);
  if (inside) s.e.list.focus();
}

export function hover(s, person) {
  if (s.hover === person) return;
  s.hover = person;
  s.e.top.classList.toggle("over", person !== NOBODY);
  markRows(s);
  emit(s, "hover", person === NOBODY ? null : s.data.persons[person]);
  refresh(s);
}

/** Find whom the pointer is on: the smallest box around it, else the nearest footpoint within 16 px. */
export function personAt(s, x, y) {
  const t = s.tracks;
  const { left, top, width, height } = s.view;
  let [best, size, near] = [NOBODY, Infinity, 16];
  for (let i = 0; i < s.hereCount; i++) {
    const p = s.here[i];
    const row = s.rowOf[p];
    const away = Math.hypot(s.px[p] - x, s.py[p] - y);
    if (away < near) [best, near, size] = [p, away, 0];
    if (!s.layers.b || !t.left.length || !(t.flags[row] & HAS_BOX)) continue;
    const [bx, by] = [left + t.left[row] * width, top + t.top[row] * height];
    const [w, h] = [t.width[row] * width, t.height[row] * height];
    if (x >= bx && x <= bx + w && y >= by && y <= by + h && w * h < size) [best, size] = [p, w * h];
  }
  return best;
}
