/** Pointers on the image, controls and keys. */
import { make, readPosition } from "../shared/dom.js";
import { watchPointers } from "../shared/pointer.js";
import { placeView } from "./background.js";
import { cycleColorBy } from "./coloring.js";
import { saveImage, saveTable } from "./export.js";
import { applyFilters } from "./list.js";
import { changeSpeed, endRangeHere, seek, setRange, setSpeed, startRangeHere, step, togglePlaying } from "./playback.js";
import { clearSelection, findPersonAt, selectNeighbor, setHover, toggleSelection } from "./selection.js";
import { NONE, announce, on, requestBackground, requestFrame } from "./state.js";

function toggleLayer(s, name) {
  if (s.e.toggles[name].hidden) return;
  s.layers[name] = !s.layers[name];
  s.e.toggles[name].setAttribute("aria-pressed", s.layers[name]);
  s.e.heatLegend.hidden = !s.layers.heatmap;
  announce(s, `${s.e.toggles[name].textContent} ${s.layers[name] ? "on" : "off"}`);
  requestBackground(s);
}

function zoom(s, factor, position) {
  s.view.zoomAt(factor, position);
  placeView(s);
}

function pan(s, dx, dy) {
  s.view.pan(dx, dy);
  placeView(s);
}

/** Clear the selection and show the complete image. */
function resetView(s) {
  s.view.reset();
  placeView(s);
  if (s.e.details.contains(s.root.activeElement)) s.e.list.focus();
  clearSelection(s);
}

function tapImage(s, position, event) {
  const person = findPersonAt(s, position, event.pointerType);
  setHover(s, person);
  if (person === NONE) clearSelection(s);
  else toggleSelection(s, person, event.ctrlKey || event.metaKey || event.shiftKey);
}

export function listenToImage(s) {
  watchPointers(s.e.top, (target, name, call) => on(s, target, name, call), {
    hover: (position, event) => setHover(s, findPersonAt(s, position, event.pointerType)),
    drag: (dx, dy) => s.view.zoom > 1 && pan(s, dx, dy),
    pinch: (factor, position, dx, dy) => {
      s.view.zoomAt(factor, position);
      pan(s, dx, dy);
    },
    tap: (position, event) => tapImage(s, position, event),
    leave: (event) => event.pointerType !== "touch" && setHover(s, NONE),
  });
  on(s, s.e.top, "wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && s.view.zoom === 1) return;
    event.preventDefault();
    zoom(s, Math.exp(-event.deltaY / 300), readPosition(s.e.top, event));
  }, { passive: false });
}

export function listenToControls(s) {
  const { e } = s;
  on(s, e.play, "click", () => togglePlaying(s));
  on(s, e.back, "click", () => step(s, false));
  on(s, e.forward, "click", () => step(s, true));
  on(s, e.speed, "change", () => setSpeed(s, Number(e.speed.value)));
  on(s, e.trail, "change", () => {
    s.trail = Number(e.trail.value) * 1000;
    requestFrame(s);
  });
  for (const [name, node] of Object.entries(e.toggles)) on(s, node, "click", () => toggleLayer(s, name));
  on(s, e.help, "click", () => e.dialog.showModal());
  on(s, e.closeHelp, "click", () => e.dialog.close());
}

/** All keys, with their label and description in the help, and their actions. */
const KEYS = [
  ["Space", "play or pause", { " ": togglePlaying, k: togglePlaying }],
  ["← →", "previous, next detection", { ArrowLeft: (s) => step(s, false), ArrowRight: (s) => step(s, true) }],
  ["Shift ← →", "5 seconds back, forward", { "Shift+ArrowLeft": (s) => seek(s, s.time - 5000), "Shift+ArrowRight": (s) => seek(s, s.time + 5000) }],
  ["Home End", "start, end", { Home: (s) => seek(s, 0), End: (s) => seek(s, s.duration) }],
  [", .", "slower, faster", { ",": (s) => changeSpeed(s, -1), ".": (s) => changeSpeed(s, 1) }],
  ["[ ]", "start, end the range here", { "[": startRangeHere, "]": endRangeHere }],
  ["\\", "clear the range", { "\\": (s) => setRange(s, null) }],
  ["N P", "next, previous person of the list", { n: (s) => selectNeighbor(s, 1), p: (s) => selectNeighbor(s, -1) }],
  ["/", "search", { "/": (s) => s.e.search.focus() }],
  ["Esc", "clear the selection, show the complete image", { Escape: resetView }],
  ["+ −", "zoom in, out", { "+": (s) => zoom(s, 1.5), "=": (s) => zoom(s, 1.5), "-": (s) => zoom(s, 1 / 1.5) }],
  ["B T Z", "boxes, trails, zones", { b: (s) => toggleLayer(s, "boxes"), t: (s) => toggleLayer(s, "trails"), z: (s) => toggleLayer(s, "zones") }],
  ["H S D", "heatmap, smooth motion, dimmed image", { h: (s) => toggleLayer(s, "heatmap"), s: (s) => toggleLayer(s, "smooth"), d: (s) => toggleLayer(s, "dim") }],
  ["C", "next coloring of people", { c: cycleColorBy }],
  ["I X", "save image (PNG), save list (CSV)", { i: saveImage, x: saveTable }],
  ["?", "this help", { "?": (s) => s.e.dialog.showModal() }],
];
const ACTIONS = Object.assign({}, ...KEYS.map(([, , actions]) => actions));
const HELP = [
  "Range: drag in the bar under the timeline, or drag its ends. With the focus on an end, arrow keys move it by 1 s, with Shift by 10 s. The list, dwell times, heatmap and CSV then refer to the range.",
  "CSV: one row per listed person. time_in_scene_s, without_position_s and dwell_ZONE_s are times within the range in seconds; first_seen_s and last_seen_s are the first and last detection in it; visits counts the visits that overlap it.",
];

export function fillHelp(s) {
  const table = make("table");
  KEYS.forEach(([keys, text]) => table.append(make("tr", {}, make("th", { scope: "row" }, make("kbd", { text: keys })), make("td", { text }))));
  const header = make("header", {}, make("h2", { text: "Keyboard" }), s.e.closeHelp);
  s.e.dialog.append(header, table, ...HELP.map((text) => make("p", { text })));
}

function findAction(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return (event.shiftKey && ACTIONS[`Shift+${key}`]) || ACTIONS[key];
}

export function handleKey(s, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || s.e.dialog.open) return;
  const target = s.root.activeElement;
  if (target === s.e.search) {
    if (event.key !== "Escape") return;
    s.e.search.value = "";
    applyFilters(s);
    s.e.list.focus();
  } else if (target?.tagName === "SELECT" && /^(Arrow|Home|End| |[a-z0-9]$)/i.test(event.key)) return;
  else if (event.key === " " && target?.tagName === "BUTTON") return;
  else {
    const act = findAction(event);
    if (!act) return;
    act(s);
  }
  event.preventDefault();
  event.stopPropagation();
}
