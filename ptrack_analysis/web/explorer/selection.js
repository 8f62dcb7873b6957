/** The selected people, and the person under the pointer. */
import { HAS_BOX } from "./data.js";
import { findRows, getRange, isPresentBetween } from "./figures.js";
import { NONE, announce, emit, getLastSelected, requestFrame } from "./state.js";
import { seek } from "./playback.js";

const NEAR = { mouse: 16, pen: 18, touch: 24 };

/** Select a person, or deselect a person selected alone. With `more`, the other selected people stay selected. */
export function toggleSelection(s, person, more = false) {
  const alone = s.selected.size === 1 && s.selected.has(person);
  if (!more) {
    s.selected.clear();
    if (!alone) s.selected.add(person);
  } else if (!s.selected.delete(person)) s.selected.add(person);
  if (s.selected.has(person)) goToPerson(s, person);
  emitSelection(s);
}

/** Select people by their person_index; numbers that are not in the data are ignored. */
export function selectPeople(s, numbers) {
  const wanted = new Set([numbers ?? []].flat().map(String));
  s.selected.clear();
  s.tracks.labels.forEach((label, p) => wanted.has(label) && s.selected.add(p));
  if (s.selected.size) goToPerson(s, getLastSelected(s));
  emitSelection(s);
}

/** Go to the first time of a person within the range, unless the person is present around the current time. */
function goToPerson(s, person) {
  const range = getRange(s);
  const { tracks } = s;
  if (s.range && !isPresentBetween(tracks, person, range)) return;
  const [first, last] = findRows(tracks, person, range);
  const from = Math.max(tracks.time[first], range[0]);
  const until = Math.min(tracks.time[last] + tracks.timePresent[last], range[1]);
  if (s.time < from || s.time >= until) seek(s, from);
}

export function clearSelection(s) {
  if (!s.selected.size) return;
  s.selected.clear();
  emitSelection(s);
}

function emitSelection(s) {
  s.heat = null;
  s.baseDirty ||= s.layers.heatmap;
  const names = [...s.selected].slice(0, 5).map((p) => s.tracks.labels[p]);
  announce(s, names.length ? `Selected person ${names.join(", ")}` : "No one selected");
  emit(s, "select", [...s.selected].map((p) => s.data.persons[p]));
  requestFrame(s);
}

/** Select the next or the previous person of the list. */
export function selectNeighbor(s, way) {
  if (!s.order.length) return;
  const at = s.positionInList[getLastSelected(s)] ?? NONE;
  const to = at < 0 ? (way > 0 ? 0 : s.order.length - 1) : (at + way + s.order.length) % s.order.length;
  s.selected.clear();
  toggleSelection(s, s.order[to]);
}

export function setHover(s, person) {
  if (s.hover === person) return;
  s.hover = person;
  s.e.top.classList.toggle("over", person !== NONE);
  emit(s, "hover", person === NONE ? null : s.data.persons[person]);
  requestFrame(s);
}

/** Find the person at a position of the screen: the smallest box around it, or the nearest foot point. */
export function findPersonAt(s, [x, y], pointer = "mouse") {
  const t = s.tracks;
  const { left, top, width, height } = s.view;
  let [best, size, near] = [NONE, Infinity, NEAR[pointer] ?? NEAR.mouse];
  for (let i = 0; i < s.hereCount; i++) {
    const p = s.here[i];
    const row = s.rowOf[p];
    const away = Math.hypot(s.px[p] - x, s.py[p] - y);
    if (away < near) [best, near, size] = [p, away, 0];
    if (!s.layers.boxes || !t.left.length || !(t.flags[row] & HAS_BOX)) continue;
    const [bx, by] = [left + t.left[row] * width, top + t.top[row] * height];
    const [w, h] = [t.width[row] * width, t.height[row] * height];
    if (x >= bx && x <= bx + w && y >= by && y <= by + h && w * h < size) [best, size] = [p, w * h];
  }
  return best;
}
