/** The elements that the explorer is made of. */

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16];
const TRAILS = [0, 2, 5, 10, 30, 60];
const SHORTCUTS = [
  ["Space", "play or pause"],
  ["← →", "one moment back or on"],
  ["Shift ← →", "five seconds back or on"],
  ["Home End", "start, end"],
  [", .", "slower, faster"],
  ["N P", "next, previous person of the list"],
  ["Esc", "choose nobody, show all of the picture"],
  ["/", "search"],
  ["B T Z H S", "boxes, trails, zones, heatmap, smooth"],
  ["[ ] \\", "from here, to here, whole video"],
  ["+ −", "zoom"],
  ["?", "this help"],
];

/** Make an element; text becomes text, whatever it holds. */
export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") node.textContent = value;
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

export function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

export const ICONS = {
  play: "M8 5v14l11-7z",
  pause: "M7 5h4v14H7zM13 5h4v14h-4z",
  back: "M6 5h2.5v14H6zM19 5v14L9.5 12z",
  on: "M15.5 5H18v14h-2.5zM5 5v14l9.5-7z",
  help: "M11 17h2v2.2h-2zM12 4.2a4.3 4.3 0 0 0-4.3 4.3h2.1A2.2 2.2 0 0 1 12 6.3a2.2 2.2 0 0 1 2.2 2.2c0 2.2-3.3 2-3.3 5.6h2.1c0-2.5 3.3-2.8 3.3-5.6A4.3 4.3 0 0 0 12 4.2z",
  close: "M6.4 5 5 6.4 10.6 12 5 17.6 6.4 19l5.6-5.6 5.6 5.6 1.4-1.4L13.4 12 19 6.4 17.6 5 12 10.6z",
};

export function button(label, path, attributes = {}) {
  return make("button", { type: "button", "aria-label": label, title: label, class: "icon", ...attributes }, icon(path));
}

function toggle(label, key, pressed) {
  const title = `${label} (${key.toUpperCase()})`;
  return make("button", { type: "button", class: "toggle", "aria-pressed": pressed, title, text: label, "data-key": key });
}

function chooser(label, choices, chosen) {
  const node = make("select", { "aria-label": label, title: label });
  choices.forEach(([value, text]) => node.append(make("option", { value, text, selected: value === chosen })));
  return node;
}

/** Make all elements of the explorer, by name. */
export function elementsOf(data) {
  const e = {
    base: make("canvas", { class: "layer", "aria-hidden": "true" }),
    top: make("canvas", { class: "layer top", role: "img", "aria-label": `Persons on the picture of ${data.video?.name}` }),
    badge: make("p", { class: "chip badge", hidden: true }),
    legend: make("p", { class: "chip legend", hidden: true }),
    message: make("p", { class: "message", role: "status", text: "Reading …" }),
    notes: make("ul", { class: "notes", "aria-label": "Notes", hidden: true }),
    curve: make("canvas", { "aria-hidden": "true" }),
    head: make("i", { class: "head" }),
    play: button("Play (Space)", ICONS.play, { class: "icon main" }),
    back: button("One moment back (←)", ICONS.back),
    on: button("One moment on (→)", ICONS.on),
    now: make("output", { class: "now" }),
    present: make("span", { class: "present" }),
    speed: chooser("Speed", SPEEDS.map((s) => [`${s}`, `${s}×`]), "1"),
    trail: chooser("Length of the trails", TRAILS.map((s) => [`${s}`, s ? `${s} s` : "none"]), "10"),
    layers: make("div", { class: "toggles", role: "group", "aria-label": "Layers" }),
    range: make("div", { class: "toggles range", role: "group", "aria-label": "Range" }),
    help: button("Keyboard shortcuts (?)", ICONS.help),
    search: make("input", { type: "search", placeholder: "Search number", "aria-label": "Search persons by number", inputmode: "numeric", autocomplete: "off" }),
    zone: chooser("Only persons who visited", [["", "All zones"]], ""),
    sort: chooser("Order of the list", [["number", "by number"], ["first", "by first seen"], ["dwell", "by dwell"]], "number"),
    found: make("p", { class: "found", "aria-live": "polite" }),
    list: make("div", { class: "list", role: "listbox", tabindex: "0", "aria-label": "Persons", "aria-multiselectable": "true" }),
    runway: make("div", { class: "runway", role: "presentation" }),
    details: make("section", { class: "details", "aria-label": "Chosen person", hidden: true }),
    live: make("p", { class: "unseen", role: "status", "aria-live": "polite" }),
    dialog: make("dialog", { "aria-label": "Keyboard shortcuts" }),
  };
  e.strip = make(
    "div",
    { class: "strip", role: "slider", tabindex: "0", "aria-label": "Time", "aria-valuemin": "0", title: "Drag to seek, with Shift to choose a range" },
    e.curve,
    e.head,
  );
  const chosen = new Set(["b", "t", "z"]);
  [["Boxes", "b"], ["Trails", "t"], ["Zones", "z"], ["Heatmap", "h"], ["Smooth", "s"]].forEach(([label, key]) => {
    e[key] = toggle(label, key, `${chosen.has(key)}`);
    e.layers.append(e[key]);
  });
  [["From here", "["], ["To here", "]"], ["Whole video", "\\"]].forEach(([label, key]) => {
    e.range.append(make("button", { type: "button", class: "toggle", title: `${label} (${key})`, text: label, "data-key": key }));
  });
  return e;
}

export function arrange(e) {
  e.list.append(e.runway);
  e.stage = make("div", { class: "stage" }, e.base, e.top, e.badge, e.legend, e.message);
  const keys = make("table");
  SHORTCUTS.forEach(([key, what]) =>
    keys.append(make("tr", {}, make("th", { scope: "row" }, make("kbd", { text: key })), make("td", { text: what }))),
  );
  e.closeHelp = button("Close", ICONS.close);
  e.dialog.append(make("header", {}, make("h2", { text: "Keyboard" }), e.closeHelp), keys);
  const controls = make(
    "div",
    { class: "controls" },
    make("div", { class: "transport" }, e.back, e.play, e.on, e.now, e.present, e.help),
    make("div", { class: "settings" }, make("label", {}, "Speed ", e.speed), make("label", {}, "Trail ", e.trail), e.layers, e.range),
  );
  const filters = make("div", { class: "filters" }, e.search, e.zone, e.sort);
  e.screen = make("div", { class: "screen" }, e.stage, e.notes, e.strip, controls);
  e.side = make("div", { class: "side" }, filters, e.found, e.list, e.details);
  return make("div", { class: "root" }, e.screen, e.side, e.live, e.dialog);
}
