/** The elements of the explorer. */
import { make, makeIconButton, makeSelect } from "../shared/dom.js";

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16];
const TRAILS = [0, 2, 5, 10, 30, 60];
const LAYERS = [
  ["boxes", "Boxes", "b", "true"],
  ["trails", "Trails", "t", "true"],
  ["zones", "Zones", "z", "true"],
  ["heatmap", "Heatmap", "h", "false"],
  ["smooth", "Smooth", "s", "false"],
  ["dim", "Dim", "d", "true"],
];
const COLORINGS = [["person", "person"], ["zone", "zone"], ["dwell", "dwell time"], ["speed", "speed"]];
const ORDERS = [["number", "by number"], ["first", "by first seen"], ["dwell", "by dwell time"]];

export const ICONS = {
  play: "M8 5v14l11-7z",
  pause: "M7 5h4v14H7zM13 5h4v14h-4z",
  back: "M6 5h2.5v14H6zM19 5v14L9.5 12z",
  forward: "M15.5 5H18v14h-2.5zM5 5v14l9.5-7z",
  help: "M11 17h2v2.2h-2zM12 4.2a4.3 4.3 0 0 0-4.3 4.3h2.1A2.2 2.2 0 0 1 12 6.3a2.2 2.2 0 0 1 2.2 2.2c0 2.2-3.3 2-3.3 5.6h2.1c0-2.5 3.3-2.8 3.3-5.6A4.3 4.3 0 0 0 12 4.2z",
  close: "M6.4 5 5 6.4 10.6 12 5 17.6 6.4 19l5.6-5.6 5.6 5.6 1.4-1.4L13.4 12 19 6.4 17.6 5 12 10.6z",
  image: "M4 5h16v14H4zm2 2v8l3.5-3.5 3 3L15 12l3 3V7zm9 1.2a1.3 1.3 0 1 1-2.6 0 1.3 1.3 0 0 1 2.6 0z",
  table: "M4 5h16v14H4zm2 4v2h5V9zm7 0v2h5V9zm-7 4v4h5v-4zm7 0v4h5v-4z",
};

const makeToggle = (label, key, attributes = {}) =>
  make("button", { type: "button", class: "toggle", title: `${label} (${key.toUpperCase()})`, text: label, "data-key": key, ...attributes });

const makeHandle = (label, end) =>
  make("div", { class: `handle ${end}`, role: "slider", tabindex: "0", "aria-label": label, "aria-valuemin": "0", title: label, "data-end": end });

/** Make all elements by name. */
export function createElements(data) {
  const e = {
    base: make("canvas", { class: "layer", "aria-hidden": "true" }),
    top: make("canvas", { class: "layer top", role: "img", "aria-label": `People in the image of ${data.video?.name}` }),
    badge: make("p", { class: "chip badge", hidden: true }),
    heatLegend: make("p", { class: "chip legend", hidden: true }),
    colorLegend: make("p", { class: "chip colors", hidden: true }),
    tooltip: make("p", { class: "tooltip", hidden: true }),
    message: make("p", { class: "message", role: "status", text: "Reading …" }),
    notes: make("ul", { class: "notes", "aria-label": "Notes", hidden: true }),
    zones: make("div", { class: "zones", role: "group", "aria-label": "People in each zone now", hidden: true }),
    curve: make("canvas", { "aria-hidden": "true" }),
    head: make("i", { class: "head" }),
    play: makeIconButton("Play (Space)", ICONS.play, { class: "icon main" }),
    back: makeIconButton("Previous detection (←)", ICONS.back),
    forward: makeIconButton("Next detection (→)", ICONS.forward),
    now: make("output", { class: "now" }),
    present: make("span", { class: "present" }),
    speed: makeSelect("Speed", SPEEDS.map((speed) => [`${speed}`, `${speed}×`]), "1"),
    trail: makeSelect("Length of the trails", TRAILS.map((seconds) => [`${seconds}`, seconds ? `${seconds} s` : "none"]), "10"),
    color: makeSelect("Color of people (C)", COLORINGS, "person"),
    layers: make("div", { class: "toggles", role: "group", "aria-label": "Layers" }),
    fill: make("div", { class: "fill", title: "Drag to move the range" }),
    rangeStart: makeHandle("Range start", "start"),
    rangeEnd: makeHandle("Range end", "end"),
    rangeText: make("output", { class: "range-text", "aria-label": "Range" }),
    rangeButtons: make("div", { class: "toggles range", role: "group", "aria-label": "Set the range" }),
    image: makeIconButton("Save image as PNG (I)", ICONS.image),
    table: makeIconButton("Save list as CSV (X)", ICONS.table),
    help: makeIconButton("Keyboard shortcuts (?)", ICONS.help),
    search: make("input", { type: "search", placeholder: "Search number", "aria-label": "Search people by number", inputmode: "numeric", autocomplete: "off" }),
    zone: makeSelect("Only people who visited", [["", "All zones"]], ""),
    sort: makeSelect("Order of the list", ORDERS, "number"),
    found: make("p", { class: "found", "aria-live": "polite" }),
    list: make("div", { class: "list", role: "listbox", tabindex: "0", "aria-label": "People", "aria-multiselectable": "true" }),
    runway: make("div", { class: "runway", role: "presentation" }),
    details: make("section", { class: "details", "aria-label": "Selected person", hidden: true }),
    live: make("p", { class: "unseen", role: "status", "aria-live": "polite" }),
    dialog: make("dialog", { "aria-label": "Keyboard shortcuts" }),
    closeHelp: makeIconButton("Close", ICONS.close),
  };
  e.toggles = {};
  LAYERS.forEach(([name, label, key, pressed]) => {
    e.toggles[name] = makeToggle(label, key, { "aria-pressed": pressed });
    e.layers.append(e.toggles[name]);
  });
  [["From here", "["], ["To here", "]"], ["Whole video", "\\"]].forEach(([label, key]) => e.rangeButtons.append(makeToggle(label, key)));
  return e;
}

/** Assemble the elements. */
export function arrangeElements(e) {
  e.list.append(e.runway);
  const legends = make("div", { class: "legends" }, e.colorLegend, e.heatLegend);
  e.stage = make("div", { class: "stage" }, e.base, e.top, e.badge, e.tooltip, e.message);
  const scene = make("div", { class: "scene" }, e.stage, legends);
  const stripTitle = "Drag to seek, with Shift to set the range";
  e.strip = make("div", { class: "strip", role: "slider", tabindex: "0", "aria-label": "Time", "aria-valuemin": "0", title: stripTitle }, e.curve, e.head);
  e.rangeBar = make("div", { class: "range-bar", title: "Drag to set the range" }, e.fill, e.rangeStart, e.rangeEnd);
  const transport = make("div", { class: "transport" }, e.back, e.play, e.forward, e.now, e.present);
  const range = make("div", { class: "settings range-row" }, e.rangeText, e.rangeButtons);
  const choices = [["Speed ", e.speed], ["Trail ", e.trail], ["Color ", e.color]].map(([text, select]) => make("label", {}, text, select));
  const tools = make("div", { class: "tools" }, e.image, e.table, e.help);
  const settings = make("div", { class: "settings" }, ...choices);
  const controls = make("div", { class: "controls" }, transport, settings, e.layers, range, tools);
  const filters = make("div", { class: "filters" }, e.search, e.zone, e.sort);
  e.screen = make("div", { class: "screen" }, scene, e.notes, e.zones, e.strip, e.rangeBar, controls);
  e.side = make("div", { class: "side" }, filters, e.found, e.list, e.details);
  return make("div", { class: "root" }, e.screen, e.side, e.live, e.dialog);
}
