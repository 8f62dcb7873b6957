/** The list of people: filters, order and rows. */
import { make } from "../shared/dom.js";
import { formatDuration, formatPeople } from "../shared/text.js";
import { getPersonColor } from "./coloring.js";
import { RUN_BEGINS } from "./data.js";
import { computeTimeInScene, findPresentRow, getRange, isPresentBetween, isVisitBetween } from "./figures.js";
import { seek } from "./playback.js";
import { setHover, toggleSelection } from "./selection.js";
import { NONE, emit, getLastSelected, on, requestBackground, subscribe } from "./state.js";

const ROW = 46;
const LEAST_GAP = 0.4; // of the width of a bar [%]
const LEAST_RUN = 1.3;

/** Filter the people. The image shows visitors of the zone; the list also needs the range and the search. */
export function applyFilters(s) {
  const wanted = s.e.search.value.trim().replace(/^#/, "");
  const range = getRange(s);
  const { tracks, visits } = s;
  s.shown.fill(s.zoneFilter < 0 ? 1 : 0);
  if (s.zoneFilter >= 0) {
    for (let v = 0; v < visits.person.length; v++) {
      if (visits.zone[v] === s.zoneFilter && isVisitBetween(visits, v, range)) s.shown[visits.person[v]] = 1;
    }
  }
  s.order = [];
  s.shownCount = s.rangeCount = 0;
  for (let p = 0; p < tracks.people; p++) {
    const present = !s.range || isPresentBetween(tracks, p, range);
    s.shownCount += s.shown[p];
    s.rangeCount += present ? 1 : 0;
    if (s.shown[p] && present && (!wanted || tracks.labels[p].includes(wanted))) s.order.push(p);
  }
  sortPeople(s, range);
  s.positionInList.fill(NONE);
  s.order.forEach((p, i) => (s.positionInList[p] = i));
  s.active = Math.max(0, Math.min(s.active, s.order.length - 1));
  s.curve = s.heat = null;
  const all = formatPeople(tracks.people);
  s.e.found.textContent = s.order.length === tracks.people ? all : `${s.order.length.toLocaleString("en")} of ${all}`;
  s.e.runway.style.height = `${s.order.length * ROW}px`;
  fillList(s);
  emit(s, "list", s.order.length);
  requestBackground(s);
}

function sortPeople(s, range) {
  const { tracks } = s;
  if (s.e.sort.value === "first") s.order.sort((a, b) => tracks.first[a] - tracks.first[b] || a - b);
  if (s.e.sort.value !== "dwell") return;
  const times = new Float64Array(tracks.people);
  for (const p of s.order) times[p] = computeTimeInScene(tracks, p, range);
  s.order.sort((a, b) => times[b] - times[a] || a - b);
}

/** Fill the visible rows; their elements are reused while scrolling. */
export function fillList(s) {
  const first = Math.max(0, Math.floor(s.e.list.scrollTop / ROW) - 2);
  const count = Math.min(s.order.length - first, Math.ceil((s.e.list.clientHeight || 400) / ROW) + 4);
  while (s.rows.length < count) s.rows.push(makeRow(s));
  s.rows.forEach((row, i) => {
    const shown = i < count;
    row.node.hidden = !shown;
    row.person = shown ? s.order[first + i] : NONE;
    if (shown) fillRow(s, row, first + i);
  });
  if (s.order.length) s.e.list.setAttribute("aria-activedescendant", `${s.id}-${s.active}`);
  else s.e.list.removeAttribute("aria-activedescendant");
  markRows(s);
}

function makeRow(s) {
  const row = { name: make("span", { class: "name" }), time: make("span", { class: "time" }), runs: make("i"), person: NONE };
  row.bar = make("span", { class: "bar", title: "Click to go to this time" }, row.runs);
  row.node = make("div", { class: "row", role: "option" }, make("span", { class: "swatch" }), row.name, row.time, row.bar);
  row.node.addEventListener("click", (event) => {
    const p = row.person;
    s.active = s.positionInList[p];
    const more = event.ctrlKey || event.metaKey || event.shiftKey;
    if (!row.bar.contains(event.target)) return toggleSelection(s, p, more);
    if (!s.selected.has(p)) toggleSelection(s, p, more);
    const box = row.bar.getBoundingClientRect();
    return seek(s, ((event.clientX - box.left) / box.width) * s.duration);
  });
  row.node.addEventListener("pointerenter", () => setHover(s, row.person));
  row.node.addEventListener("pointerleave", () => setHover(s, NONE));
  s.e.runway.append(row.node);
  return row;
}

function fillRow(s, row, position) {
  const p = row.person;
  row.node.id = `${s.id}-${position}`;
  row.node.style.top = `${position * ROW}px`;
  row.node.setAttribute("aria-selected", s.selected.has(p));
  row.node.setAttribute("aria-setsize", s.order.length);
  row.node.setAttribute("aria-posinset", position + 1);
  row.node.classList.toggle("active", position === s.active);
  row.name.textContent = `Person ${s.tracks.labels[p]}`;
  row.time.textContent = formatDuration(computeTimeInScene(s.tracks, p, getRange(s)));
  row.time.title = s.range ? "Time in the scene within the range" : "Time in the scene";
  row.runs.style.webkitMaskImage = s.bars[p] ??= maskRuns(s, p);
}

/** Make a mask of the times at which a person is present; gaps narrower than a pixel are closed. */
function maskRuns(s, p) {
  const { start, time, timePresent, flags } = s.tracks;
  const scale = 100 / (s.duration || 1);
  const runs = [];
  for (let i = start[p]; i < start[p + 1]; i++) {
    const [since, until] = [time[i] * scale, (time[i] + timePresent[i]) * scale];
    const last = runs.at(-1);
    if (last && (!(flags[i] & RUN_BEGINS) || since - last[1] < LEAST_GAP)) last[1] = until;
    else runs.push([since, until]);
  }
  const stops = runs.flatMap(([since, until]) => {
    const [left, right] = [Math.min(since, 100 - LEAST_RUN), Math.max(until, since + LEAST_RUN)].map((share) => `${share.toFixed(2)}%`);
    return [`#0000 ${left}`, `#000 ${left}`, `#000 ${right}`, `#0000 ${right}`];
  });
  return `linear-gradient(90deg, ${stops.join()})`;
}

/** Mark the rows of people present at the time, and of the person under the pointer. */
function markRows(s) {
  for (const row of s.rows) {
    const p = row.person;
    if (p === NONE) continue;
    row.node.classList.toggle("here", findPresentRow(s.tracks, p, s.time) >= 0);
    row.node.classList.toggle("hover", p === s.hover);
    row.node.style.setProperty("--mark", getPersonColor(s, p));
  }
}

/** Scroll the list to make a row visible. */
function revealRow(s, position) {
  const { list } = s.e;
  if (!(position >= 0)) return;
  if (position * ROW < list.scrollTop) list.scrollTop = position * ROW;
  else if ((position + 1) * ROW > list.scrollTop + list.clientHeight) list.scrollTop = (position + 1) * ROW - list.clientHeight;
}

function revealSelected(s) {
  const position = s.positionInList[getLastSelected(s)];
  if (position >= 0) s.active = position;
  revealRow(s, position);
  fillList(s);
}

/** List only people who visited a zone, or everyone with NONE. */
export function setZoneFilter(s, number) {
  s.zoneFilter = number;
  s.e.zone.value = number < 0 ? "" : `${number}`;
  s.e.list.scrollTop = 0;
  applyFilters(s);
  emit(s, "filter", number < 0 ? null : s.data.zones[number].name);
}

function moveInList(s, event) {
  const page = Math.max(1, Math.floor(s.e.list.clientHeight / ROW) - 1);
  const last = s.order.length - 1;
  const to = { ArrowDown: s.active + 1, ArrowUp: s.active - 1, PageDown: s.active + page, PageUp: s.active - page, Home: 0, End: last }[event.key];
  if (to !== undefined) {
    s.active = Math.max(0, Math.min(to, last));
    revealRow(s, s.active);
    fillList(s);
  } else if (event.key === "Enter" && s.order[s.active] !== undefined) toggleSelection(s, s.order[s.active], event.ctrlKey || event.metaKey);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

export function listenToList(s) {
  const { e } = s;
  on(s, e.search, "input", () => applyFilters(s));
  on(s, e.sort, "change", () => applyFilters(s));
  on(s, e.zone, "change", () => setZoneFilter(s, e.zone.value === "" ? NONE : Number(e.zone.value)));
  on(s, e.list, "scroll", () => fillList(s), { passive: true });
  on(s, e.list, "keydown", (event) => moveInList(s, event));
  subscribe(s, "select", () => revealSelected(s));
  subscribe(s, "range", () => applyFilters(s));
  subscribe(s, "hover", () => markRows(s));
  subscribe(s, "color", () => markRows(s));
  subscribe(s, "time", () => markRows(s));
}
