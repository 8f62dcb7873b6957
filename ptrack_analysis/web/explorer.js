/**
 * The explorer: persons of a video moving over its picture, with a time line, a list and their stays.
 *
 * One module without dependencies. `mount(element, data, options)` draws into `element` what
 * `explorer_data` of ptrack-analysis made, and gives a handle. Everything is drawn from typed arrays; text
 * from the data only ever becomes text. Needs no network, and no styles but its own.
 */

const FORMAT = "ptrack-explorer/1";
const UNKNOWN = 65535;
const [INTERPOLATED, UNLOCATED, RUN_BEGINS, HAS_BOX, HAS_FACE] = [1, 2, 4, 8, 16];
const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"];
const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16];
const TRAILS = [0, 2, 5, 10, 30, 60];
const ROW = 46;
const CROWD = 40;
const NOBODY = -1;
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

// ---------------------------------------------------------------- data

/** Turn base64 into bytes. */
function bytesOf(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const plain = atob(text);
  const bytes = new Uint8Array(plain.length);
  for (let i = 0; i < plain.length; i++) bytes[i] = plain.charCodeAt(i);
  return bytes;
}

async function gunzip(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Put the bytes of one array back in order, and sum up its differences. */
function unpacked(bytes, { type, length }) {
  const Kind = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f4: Float32Array }[type];
  if (!Kind) throw new Error(`no array of type ${type}`);
  const size = Kind.BYTES_PER_ELEMENT;
  const plain = new Uint8Array(length * size);
  for (let b = 0; b < size; b++) {
    for (let i = 0, at = b * length; i < length; i++) plain[i * size + b] = bytes[at + i];
  }
  const array = new Kind(plain.buffer);
  if (type !== "f4") for (let i = 1; i < length; i++) array[i] += array[i - 1];
  return array;
}

/** Read the packed arrays of the data, by name. */
async function arraysOf(data) {
  if (data?.format !== FORMAT) throw new Error(`the data are not of the form ${FORMAT}`);
  const bytes = await gunzip(bytesOf(data.data));
  const arrays = {};
  let at = 0;
  for (const array of data.arrays) {
    const size = array.length * Number(array.type[1]);
    arrays[array.name] = unpacked(bytes.subarray(at, at + size), array);
    at += size;
  }
  return arrays;
}

/** Turn whole steps into fractions; what is unknown becomes NaN. */
function fractionsOf(steps, precision, lowest) {
  const values = new Float32Array(steps.length);
  for (let i = 0; i < steps.length; i++) values[i] = steps[i] === UNKNOWN ? NaN : lowest + steps[i] * precision;
  return values;
}

/** Make the tracks: rows by person and time, and what is known of each person. */
function tracksOf(data, arrays) {
  const { precision, lowest } = data.coordinates;
  const tracks = {
    start: arrays.start,
    time: arrays.time,
    held: arrays.held,
    flags: arrays.flags,
    x: fractionsOf(arrays.x, precision, lowest),
    y: fractionsOf(arrays.y, precision, lowest),
    rows: arrays.time.length,
    persons: data.persons.length,
    labels: data.persons.map(String),
  };
  addBoxes(tracks, arrays, precision, lowest);
  addPersons(tracks);
  return tracks;
}

function addBoxes(tracks, arrays, precision, lowest) {
  const none = new Float32Array(0);
  Object.assign(tracks, { left: none, top: none, width: none, height: none, faceRow: new Uint32Array(0) });
  if (!arrays.box_x) return;
  const left = new Uint16Array(tracks.rows);
  const top = new Uint16Array(tracks.rows);
  for (let i = 0; i < tracks.rows; i++) {
    left[i] = arrays.x[i] + arrays.box_x[i] - (arrays.box_width[i] >> 1);
    top[i] = arrays.y[i] + arrays.box_y[i] - arrays.box_height[i];
  }
  tracks.left = fractionsOf(left, precision, lowest);
  tracks.top = fractionsOf(top, precision, lowest);
  tracks.width = fractionsOf(arrays.box_width, precision, 0);
  tracks.height = fractionsOf(arrays.box_height, precision, 0);
  tracks.face = ["left", "top", "width", "height"].map((name, i) =>
    fractionsOf(arrays[`face_${name}`], precision, i < 2 ? lowest : 0),
  );
  tracks.faceRow = new Uint32Array(tracks.rows);
  for (let i = 0, face = 0; i < tracks.rows; i++) if (tracks.flags[i] & HAS_FACE) tracks.faceRow[i] = face++;
}

function addPersons(tracks) {
  const { start, time, held, flags, persons } = tracks;
  for (const name of ["first", "last", "end", "dwell", "unlocated"]) tracks[name] = new Float64Array(persons);
  for (let p = 0; p < persons; p++) {
    tracks.first[p] = time[start[p]];
    tracks.last[p] = time[start[p + 1] - 1];
    tracks.end[p] = tracks.last[p] + held[start[p + 1] - 1];
    for (let i = start[p]; i < start[p + 1]; i++) {
      tracks.dwell[p] += held[i];
      if ((flags[i] & 3) === UNLOCATED) tracks.unlocated[p] += held[i];
    }
  }
}

/** Make the visits: by person, with the place where each person's begin. */
function visitsOf(arrays, persons) {
  const visits = {
    zone: arrays.visit_zone,
    entered: arrays.visit_entered,
    exited: arrays.visit_exited,
    dwell: arrays.visit_dwell,
    cut: arrays.visit_cut,
    person: arrays.visit_person,
    start: new Uint32Array(persons + 1),
  };
  for (const person of visits.person) visits.start[person + 1]++;
  for (let p = 0; p < persons; p++) visits.start[p + 1] += visits.start[p];
  return visits;
}

/** Find the last row of a person that is not after a moment; one before the first if there is none. */
function rowAt(tracks, person, moment) {
  let low = tracks.start[person];
  let high = tracks.start[person + 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tracks.time[middle] <= moment) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** List all distinct moments, sorted. */
function momentsOf(time) {
  const sorted = Uint32Array.from(time).sort();
  let count = 0;
  for (let i = 0; i < sorted.length; i++) if (!i || sorted[i] !== sorted[i - 1]) sorted[count++] = sorted[i];
  return sorted.slice(0, count);
}

// ---------------------------------------------------------------- words

/** Write a moment of the video: 0:07.4, 12:03.0, 1:02:03.0. */
function clock(milliseconds) {
  const tenths = Math.floor(milliseconds / 100);
  const [hours, minutes] = [Math.floor(tenths / 36000), Math.floor(tenths / 600) % 60];
  const seconds = `${Math.floor(tenths / 10) % 60}`.padStart(2, "0");
  const before = hours ? `${hours}:${`${minutes}`.padStart(2, "0")}` : `${minutes}`;
  return `${before}:${seconds}.${tenths % 10}`;
}

/** Write a length of time: 7.4 s, 1 min 12 s, 2 h 03 min. */
function span(milliseconds) {
  if (milliseconds < 59950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${`${seconds % 60}`.padStart(2, "0")} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${`${minutes % 60}`.padStart(2, "0")} min`;
}

const counted = (number, one, many) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

// ---------------------------------------------------------------- elements

/** Make an element; text becomes text, whatever it holds. */
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") node.textContent = value;
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

const ICONS = {
  play: "M8 5v14l11-7z",
  pause: "M7 5h4v14H7zM13 5h4v14h-4z",
  back: "M6 5h2.5v14H6zM19 5v14L9.5 12z",
  on: "M15.5 5H18v14h-2.5zM5 5v14l9.5-7z",
  help: "M11 17h2v2.2h-2zM12 4.2a4.3 4.3 0 0 0-4.3 4.3h2.1A2.2 2.2 0 0 1 12 6.3a2.2 2.2 0 0 1 2.2 2.2c0 2.2-3.3 2-3.3 5.6h2.1c0-2.5 3.3-2.8 3.3-5.6A4.3 4.3 0 0 0 12 4.2z",
  close: "M6.4 5 5 6.4 10.6 12 5 17.6 6.4 19l5.6-5.6 5.6 5.6 1.4-1.4L13.4 12 19 6.4 17.6 5 12 10.6z",
};

function button(label, path, attributes = {}) {
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
function elementsOf(data) {
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

function arrange(e) {
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

// ---------------------------------------------------------------- looks

const DARK = `
  --paper:#16191d; --raised:#1e2227; --ink:#e8eaed; --soft:#a5adb8; --line:#343a43; --stage:#0e1012;
  --accent:#7cb8ff; --on-accent:#0b1520; --chosen:#22344a; --veil:rgba(14,16,18,.45); --outline:#f3f4f6; --casing:rgba(0,0,0,.75);
  --dim:#c3cad4; --pill:rgba(22,25,29,.86);`;
const STYLE = `
:host { all: initial; display: block; height: 100%; container-type: size; color-scheme: light dark;
  --paper:#fff; --raised:#f6f7f9; --ink:#1d2127; --soft:#5a6370; --line:#d9dde3; --stage:#eceef1;
  --accent:#0b5cad; --on-accent:#fff; --chosen:#e3effc; --veil:rgba(255,255,255,.34); --outline:#22262b; --casing:rgba(255,255,255,.9);
  --dim:#727b87; --pill:rgba(255,255,255,.9);
  font: 14px/1.4 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; color: var(--ink); }
:host([data-theme=light]) { color-scheme: light; }
:host([data-theme=dark]) { color-scheme: dark; ${DARK} }
@media (prefers-color-scheme: dark) { :host(:not([data-theme=light])) { ${DARK} } }
*, *::before { box-sizing: border-box; margin: 0; }
[hidden] { display: none !important; }
.root { display: grid; grid-template-columns: minmax(0, 1fr) 284px; height: 100%; background: var(--paper); color: var(--ink); overflow: hidden; }
.screen { display: flex; flex-direction: column; min-width: 0; min-height: 0; }
.stage { position: relative; flex: 1 1 auto; min-height: 160px; overflow: hidden; background: var(--stage); }
.layer, video { position: absolute; inset: 0; width: 100%; height: 100%; display: block; }
video { inset: auto; object-fit: fill; transform-origin: 0 0; }
.top { touch-action: pan-y; cursor: default; outline-offset: -3px; }
.top.zoomed { touch-action: none; cursor: grab; }
.top.over { cursor: pointer; }
.chip { position: absolute; padding: 4px 10px; border-radius: 999px; background: var(--pill); color: var(--ink); font-size: 12.5px; pointer-events: none; max-width: calc(100% - 20px); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.badge { left: 10px; top: 10px; }
.legend { right: 10px; bottom: 10px; display: flex; gap: 8px; align-items: center; }
.legend i { width: 90px; height: 8px; border-radius: 4px; background: linear-gradient(90deg, var(--heat)); }
.message { position: absolute; inset: 0; display: grid; place-content: center; padding: 24px; text-align: center; color: var(--soft); font-size: 15px; pointer-events: none; }
.notes { padding: 6px 14px 6px 30px; font-size: 12.5px; color: var(--soft); background: var(--raised); border-top: 1px solid var(--line); }
.strip { position: relative; flex: none; height: 48px; cursor: pointer; touch-action: none; background: var(--raised); border-block: 1px solid var(--line); overflow: hidden; }
.strip canvas { position: absolute; inset: 0; width: 100%; height: 100%; }
.head { position: absolute; top: 0; bottom: 0; left: -1px; width: 2px; background: var(--ink); pointer-events: none; }
.head::before { content: ""; position: absolute; top: 0; left: -4px; border: 5px solid transparent; border-top-color: var(--ink); border-bottom: 0; }
.controls { flex: none; display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; justify-content: space-between; padding: 8px 12px; }
.transport, .settings, .toggles { display: flex; align-items: center; gap: 6px; }
.settings { flex-wrap: wrap; gap: 8px 10px; }
.settings label:first-child select { width: 74px; }
.toggles { gap: 0; }
.range { display: none; } /* with a mouse it is dragged with Shift, or set by keys; fingers have neither */
@media (any-pointer: coarse) { .range { display: flex; } }
.now { font-variant-numeric: tabular-nums; font-weight: 600; margin-left: 6px; white-space: nowrap; }
.now small { font: inherit; font-weight: 400; color: var(--soft); }
.present { color: var(--soft); white-space: nowrap; font-variant-numeric: tabular-nums; min-width: 76px; margin-left: 6px; }
label { color: var(--soft); font-size: 13px; white-space: nowrap; }
button, select, input { font: inherit; color: inherit; }
button { cursor: pointer; }
.icon { width: 36px; height: 36px; padding: 7px; border: 0; border-radius: 50%; background: none; display: grid; place-content: center; }
.icon svg { width: 22px; height: 22px; fill: currentColor; }
.icon:hover, .toggle:hover { background: var(--chosen); }
.main { background: var(--accent); color: var(--on-accent); }
.main:hover { background: var(--accent); filter: brightness(1.1); }
select, input { min-width: 0; height: 34px; padding: 0 8px; border: 1px solid var(--line); border-radius: 8px; background: var(--paper); color: var(--ink); }
.toggle { height: 34px; padding: 0 8px; border: 1px solid var(--line); border-left-width: 0; background: var(--paper); font-size: 13px; color: var(--soft); }
.toggle:first-child { border-left-width: 1px; border-radius: 8px 0 0 8px; }
.toggle:last-child { border-radius: 0 8px 8px 0; }
.toggle[aria-pressed=true] { background: var(--chosen); color: var(--ink); font-weight: 600; box-shadow: inset 0 -2px var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.strip:focus-visible, .list:focus-visible { outline-offset: -2px; }
.side { display: flex; flex-direction: column; min-height: 0; border-left: 1px solid var(--line); }
.filters { display: grid; grid-template-columns: 1fr 1fr; gap: 8px; padding: 10px 12px 4px; }
.filters input { grid-column: 1 / -1; }
.found { padding: 4px 12px 6px; font-size: 12.5px; color: var(--soft); }
.list { position: relative; flex: 1 1 120px; min-height: 92px; overflow-y: auto; border-top: 1px solid var(--line); overscroll-behavior: contain; }
.runway { position: relative; }
.row { position: absolute; left: 0; right: 0; height: ${ROW}px; padding: 4px 12px; display: grid; grid-template-columns: 14px 1fr auto; gap: 0 8px; align-items: center; cursor: pointer; border-bottom: 1px solid var(--line); }
.row:hover, .row.hover { background: var(--raised); }
.row[aria-selected=true] { background: var(--chosen); }
.list:focus-visible .row.active { box-shadow: inset 3px 0 var(--accent); }
.swatch { width: 12px; height: 12px; border-radius: 50%; border: 2px solid var(--mark, var(--dim)); }
.here .swatch { background: var(--mark); }
.name { font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.time { font-size: 12.5px; color: var(--soft); font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar { grid-column: 2 / -1; position: relative; height: 4px; border-radius: 2px; background: var(--line); overflow: hidden; }
.bar i { position: absolute; top: 0; bottom: 0; min-width: 3px; border-radius: 2px; background: var(--mark); }
.details { flex: 0 1 auto; max-height: 46%; overflow-y: auto; border-top: 1px solid var(--line); padding: 10px 12px 12px; background: var(--raised); }
.details header { display: flex; align-items: center; gap: 8px; }
.details h2 { font-size: 15px; flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.details .icon { width: 30px; height: 30px; padding: 4px; }
.details .icon svg { width: 18px; height: 18px; }
dl { display: grid; grid-template-columns: 1fr 1fr; gap: 4px 12px; margin: 4px 0 8px; }
dt { font-size: 12px; color: var(--soft); } dd { font-variant-numeric: tabular-nums; }
h3 { font-size: 12px; font-weight: 600; color: var(--soft); margin: 4px 0; }
.visits { list-style: none; padding: 0; display: grid; gap: 4px; }
.visits button { display: grid; grid-template-columns: 1fr auto; gap: 0 8px; width: 100%; text-align: left; padding: 5px 10px; border: 1px solid var(--line); border-radius: 8px; background: var(--paper); }
.visits button:hover { border-color: var(--accent); }
.visits b { font-weight: 600; overflow-wrap: anywhere; unicode-bidi: plaintext; }
.visits small { font-size: 12.5px; color: var(--soft); font-variant-numeric: tabular-nums; grid-column: 1 / -1; }
.visits span { font-variant-numeric: tabular-nums; }
dialog { border: 1px solid var(--line); border-radius: 12px; padding: 16px 20px 20px; background: var(--paper); color: var(--ink); max-width: min(92%, 440px); margin: auto; }
dialog::backdrop { background: rgba(0, 0, 0, .4); }
dialog header { display: flex; justify-content: space-between; align-items: center; }
dialog h2 { font-size: 16px; }
dialog th { text-align: left; padding: 3px 16px 3px 0; white-space: nowrap; font-weight: 400; }
dialog td { padding: 3px 0; }
kbd { font: 12.5px ui-monospace, Menlo, Consolas, monospace; padding: 1px 6px; border: 1px solid var(--line); border-radius: 5px; background: var(--raised); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@container (max-width: 760px) {
  .root { grid-template-columns: minmax(0, 1fr); grid-template-rows: auto auto; overflow-y: auto; }
  .stage { flex: none; height: min(var(--fit, 56cqw), 60cqh); }
  .screen, .side { min-height: auto; }
  .side { border-left: 0; border-top: 1px solid var(--line); }
  .list { flex: none; height: 276px; }
  .details { order: -1; flex: none; max-height: none; border-top: 0; border-bottom: 1px solid var(--line); }
  .controls { justify-content: flex-start; }
  .icon { width: 44px; height: 44px; padding: 11px; }
  select, input, .toggle { height: 40px; }
  .toggles { width: 100%; }
  .transport { width: 100%; gap: 2px; } .present { margin-left: auto; min-width: 0; }
  .toggle { flex: 1 1 auto; padding: 0 3px; }
  .settings { width: 100%; }
  .controls { position: relative; } .transport > .icon:last-child { position: absolute; right: 8px; top: 58px; }
}
@media (forced-colors: active) { .toggle[aria-pressed=true], .row[aria-selected=true] { outline: 2px solid Highlight; outline-offset: -2px; } }
`;

let sheet = null;

/** Give the style sheet, made once for all explorers of a page; it needs no permission to be inline. */
function styles() {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
  }
  return sheet;
}

/** Read the colours of the theme as they are now. */
function inks(host) {
  const style = getComputedStyle(host);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  return Object.fromEntries(
    ["paper", "ink", "soft", "line", "accent", "veil", "outline", "casing", "dim", "pill"].map((name) => [name, read(name)]),
  );
}

// ---------------------------------------------------------------- the picture

/** Fit the ground into the stage, and keep what is zoomed in on over it. */
function place(s) {
  const { width, height } = s.size;
  const aspect = s.data.ground.width / s.data.ground.height;
  s.view.width = Math.min(width, height * aspect) * s.view.zoom;
  s.view.height = s.view.width / aspect;
  for (const [centre, shown, whole] of [["x", width, s.view.width], ["y", height, s.view.height]]) {
    const half = Math.min(0.5, shown / whole / 2);
    s.view[centre] = Math.min(1 - half, Math.max(half, s.view[centre]));
  }
  s.view.left = width / 2 - s.view.x * s.view.width;
  s.view.top = height / 2 - s.view.y * s.view.height;
  if (s.video) {
    const { left, top } = s.view;
    Object.assign(s.video.style, { width: `${s.view.width}px`, height: `${s.view.height}px`, transform: `translate(${left}px, ${top}px)` });
  }
}

function resize(s) {
  const box = s.e.stage.getBoundingClientRect();
  s.ratio = Math.min(globalThis.devicePixelRatio || 1, 3);
  s.size = { width: Math.max(box.width, 1), height: Math.max(box.height, 1) };
  for (const canvas of [s.e.base, s.e.top]) fitCanvas(canvas, s.size.width, s.size.height, s.ratio);
  const strip = s.e.strip.getBoundingClientRect();
  s.stripWidth = Math.max(strip.width, 1);
  fitCanvas(s.e.curve, s.stripWidth, Math.max(strip.height, 1), s.ratio);
  s.curve = null;
  s.dots = [];
  s.baseDirty = true;
  refresh(s);
}

function fitCanvas(canvas, width, height, ratio) {
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
}

function drawBase(s) {
  s.baseDirty = false;
  const c = s.base;
  const { left, top, width, height } = s.view;
  c.clearRect(0, 0, s.size.width, s.size.height);
  if (!s.video) {
    c.fillStyle = s.inks.paper;
    c.fillRect(left, top, width, height);
  }
  c.imageSmoothingQuality = "high";
  if (s.backdrop && !s.video) c.drawImage(s.backdrop, left, top, width, height);
  if (s.backdrop || s.video) {
    c.fillStyle = s.inks.veil;
    c.fillRect(left, top, width, height);
  }
  if (s.layers.h) drawHeat(s, c);
  if (s.layers.z) drawOutlines(s, c);
}

/** Sum up where the persons shown stood, in seconds a cell. */
function heatOf(s) {
  const given = s.data.heatmap;
  if (given && !s.chosen.size && !s.range && s.shownCount === s.tracks.persons) {
    return { cells: s.arrays.heat, rows: given.rows, columns: given.columns, extent: given.extent };
  }
  const columns = 96;
  const rows = Math.max(1, Math.round((columns * s.data.ground.height) / s.data.ground.width));
  const cells = new Float32Array(rows * columns);
  const { start, time, held, x, y } = s.tracks;
  const [from, to] = s.range ?? [0, Infinity];
  for (let p = 0; p < s.tracks.persons; p++) {
    if (!s.shown[p] || (s.chosen.size && !s.chosen.has(p))) continue;
    for (let i = start[p]; i < start[p + 1]; i++) {
      const seconds = (Math.min(time[i] + held[i], to) - Math.max(time[i], from)) / 1000;
      if (seconds > 0 && x[i] >= 0 && x[i] < 1 && y[i] >= 0 && y[i] < 1) {
        cells[Math.floor(y[i] * rows) * columns + Math.floor(x[i] * columns)] += seconds;
      }
    }
  }
  return { cells, rows, columns, extent: [0, 0, 1, 1] };
}

const MAGMA = [[252, 253, 191], [254, 159, 109], [222, 73, 104], [140, 41, 129], [59, 15, 112], [0, 0, 4]];

function heatImage({ cells, rows, columns }, most, dark) {
  const canvas = make("canvas", { width: columns, height: rows });
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  for (let i = 0; i < cells.length; i++) {
    const share = most ? Math.min(1, cells[i] / most) : 0;
    const at = (dark ? 0.8 * (1 - share) : 0.2 + 0.8 * share) * (MAGMA.length - 1);
    const [low, high] = [MAGMA[Math.floor(at)], MAGMA[Math.min(MAGMA.length - 1, Math.floor(at) + 1)]];
    for (let k = 0; k < 3; k++) image.data[4 * i + k] = low[k] + (high[k] - low[k]) * (at % 1);
    image.data[4 * i + 3] = cells[i] > 0 ? 120 + 120 * Math.sqrt(share) : 0;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** Give the largest value but for the highest half percent, so that one cell does not outshine all. */
function mostOf(cells) {
  const sorted = cells.filter((cell) => cell > 0).sort();
  return sorted.length ? sorted[Math.floor(0.995 * (sorted.length - 1))] : 0;
}

function drawHeat(s, c) {
  if (!s.heat) {
    const heat = heatOf(s);
    const most = mostOf(heat.cells);
    s.heat = { image: heatImage(heat, most, s.dark), extent: heat.extent, most };
    const whose = s.chosen.size ? counted(s.chosen.size, "person", "persons") : "all shown";
    const text = most ? `0 to ${most < 10 ? most.toFixed(1) : Math.round(most)} s a cell, ${whose}` : "nobody was located";
    s.e.legend.replaceChildren(...(most ? [make("i")] : []), make("span", { text }));
  }
  const [x0, y0, x1, y1] = s.heat.extent;
  const { left, top, width, height } = s.view;
  c.drawImage(s.heat.image, left + x0 * width, top + y0 * height, (x1 - x0) * width, (y1 - y0) * height);
}

const inWindow = (zone, moment) => !zone.window.length || (moment >= zone.window[0] && moment < zone.window[1]);

function trace(s, c, ring) {
  const { left, top, width, height } = s.view;
  ring.forEach(([x, y], i) => (i ? c.lineTo(left + x * width, top + y * height) : c.moveTo(left + x * width, top + y * height)));
}

function drawOutlines(s, c) {
  c.lineJoin = "round";
  s.data.zones.forEach((zone, number) => {
    c.beginPath();
    zone.parts.forEach((ring) => trace(s, c, ring));
    c.setLineDash(s.zoneHolds[number] ? [] : [3, 5]);
    stroked(s, c, s.zoneOnly === number ? 3 : 1.75);
  });
  c.setLineDash([7, 4]);
  for (const line of s.data.lines) {
    c.beginPath();
    line.parts.forEach((part) => trace(s, c, part));
    stroked(s, c, 2.25);
  }
  c.setLineDash([]);
  s.data.lines.forEach((line) => line.parts.forEach((part) => drawArrow(s, c, part)));
  nameOutlines(s, c);
}

function stroked(s, c, width) {
  c.strokeStyle = s.inks.casing;
  c.lineWidth = width + 2.5;
  c.stroke();
  c.strokeStyle = s.inks.outline;
  c.lineWidth = width;
  c.stroke();
}

/** Give the middle of a polyline, on the way. */
function middleOf(part) {
  const lengths = part.slice(1).map(([x, y], i) => Math.hypot(x - part[i][0], y - part[i][1]));
  let rest = lengths.reduce((sum, length) => sum + length, 0) / 2;
  let i = 0;
  while (i < lengths.length - 1 && rest > lengths[i]) rest -= lengths[i++];
  const share = lengths[i] ? rest / lengths[i] : 0;
  const [[x0, y0], [x1, y1]] = [part[i], part[i + 1]];
  return { x: x0 + (x1 - x0) * share, y: y0 + (y1 - y0) * share, along: [x1 - x0, y1 - y0] };
}

/** Draw an arrow across a line, towards the side that counts as in. */
function drawArrow(s, c, part) {
  const { left, top, width, height } = s.view;
  const { x, y, along } = middleOf(part);
  const [dx, dy] = [along[0] * width, along[1] * height];
  const length = Math.hypot(dx, dy) || 1;
  const [ux, uy] = [-dy / length, dx / length];
  const [px, py] = [left + x * width, top + y * height];
  c.beginPath();
  c.moveTo(px, py);
  c.lineTo(px + 16 * ux, py + 16 * uy);
  c.moveTo(px + 16 * ux - 6 * ux + 5 * uy, py + 16 * uy - 6 * uy - 5 * ux);
  c.lineTo(px + 16 * ux, py + 16 * uy);
  c.lineTo(px + 16 * ux - 6 * ux - 5 * uy, py + 16 * uy - 6 * uy + 5 * ux);
  stroked(s, c, 2);
}

/** Shorten a name until it is no wider than its room. */
function shortened(c, name, room) {
  c.font = "12px system-ui, sans-serif";
  let letters = [...name];
  if (c.measureText(name).width <= room) return name;
  letters = letters.slice(0, 40);
  while (letters.length > 3 && c.measureText(`${letters.join("")}…`).width > room) letters.pop();
  return `${letters.join("")}…`;
}

function nameOutlines(s, c) {
  const { left, top, width, height } = s.view;
  s.data.zones.forEach((zone) => {
    if (!zone.parts.length) return;
    const xs = zone.parts[0].map(([x]) => x);
    const ys = zone.parts[0].map(([, y]) => y);
    const [x, y] = [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
    const room = Math.max(64, (Math.max(...xs) - Math.min(...xs)) * width - 14);
    pill(s, c, shortened(c, zone.name, room), left + x * width, top + y * height);
  });
  s.data.lines.forEach((line) => {
    if (!line.parts.length) return;
    const [x, y] = line.parts[0][0];
    pill(s, c, shortened(c, line.name, 180), left + x * width, top + y * height - 14);
  });
}

/** Write a few words on a soft ground, kept on the stage. */
function pill(s, c, text, x, y, colour = s.inks.pill, ink = s.inks.ink, bold = false) {
  const letters = s.size.width < 520 ? 10.5 : 12;
  c.font = `${bold ? "600 " : ""}${letters}px system-ui, sans-serif`;
  c.textAlign = "center";
  c.textBaseline = "middle";
  const half = c.measureText(text).width / 2 + letters / 2;
  const px = Math.min(Math.max(x, half + 2), s.size.width - half - 2);
  const py = Math.min(Math.max(y, 12), s.size.height - 12);
  c.fillStyle = colour;
  c.beginPath();
  c.roundRect(px - half, py - 0.8 * letters, 2 * half, 1.6 * letters, 0.8 * letters);
  c.fill();
  c.fillStyle = ink;
  c.fillText(text, px, py + 0.5);
}

// ---------------------------------------------------------------- one frame

/** Find who is shown at the moment, and where: fills s.here (persons), s.rowOf and s.px, s.py. */
function locate(s) {
  const { tracks, moment } = s;
  const reach = s.layers.t ? s.trail : 0;
  s.hereCount = s.trailCount = s.lostCount = 0;
  for (let p = 0; p < tracks.persons; p++) {
    if (!s.shown[p] || moment < tracks.first[p] || moment >= tracks.end[p] + reach) continue;
    const row = rowNear(s, p);
    s.rowOf[p] = row;
    s.trails[s.trailCount++] = p;
    if (moment >= tracks.time[row] + tracks.held[row]) continue;
    if (tracks.flags[row] & 3 & UNLOCATED) s.lost[s.lostCount++] = p;
    s.here[s.hereCount++] = p;
    put(s, p, row);
  }
}

/** Find the row of a person at the moment, from the one of the frame before. */
function rowNear(s, p) {
  const { time, start } = s.tracks;
  let row = s.rowOf[p];
  if (row >= 0 && time[row] <= s.moment) {
    const last = start[p + 1] - 1;
    for (let steps = 0; steps < 8; steps++) {
      if (row === last || time[row + 1] > s.moment) return row;
      row++;
    }
  }
  return rowAt(s.tracks, p, s.moment);
}

/** Give the share of the way to the next row that is over at the moment; 0 unless smooth is chosen. */
function shareOf(s, p, row) {
  const { tracks } = s;
  const next = row + 1;
  if (!s.layers.s || next >= tracks.start[p + 1] || tracks.flags[next] & RUN_BEGINS) return 0;
  if ((tracks.flags[row] | tracks.flags[next]) & UNLOCATED) return 0;
  return (s.moment - tracks.time[row]) / (tracks.time[next] - tracks.time[row]);
}

function put(s, p, row) {
  const { x, y } = s.tracks;
  const share = shareOf(s, p, row);
  s.px[p] = s.view.left + between(x, row, share) * s.view.width;
  s.py[p] = s.view.top + between(y, row, share) * s.view.height;
}

const faded = (s, p) => s.chosen.size > 0 && !s.chosen.has(p);

function drawFrame(s) {
  const began = performance.now();
  if (s.chosen.size && s.view.zoom > 1 && s.playing) keepInView(s);
  if (zonesTurned(s) || s.baseDirty) drawBase(s);
  const c = s.top;
  c.clearRect(0, 0, s.size.width, s.size.height);
  locate(s);
  if (s.layers.t) drawTrails(s, c);
  drawWays(s, c);
  if (s.layers.b) drawBoxes(s, c);
  drawPoints(s, c);
  drawNames(s, c);
  moveHead(s);
  s.draws++;
  s.drawTime += performance.now() - began;
}

function zonesTurned(s) {
  let turned = false;
  for (let number = 0; number < s.data.zones.length; number++) {
    const holds = inWindow(s.data.zones[number], s.moment) ? 1 : 0;
    turned ||= holds !== s.zoneHolds[number];
    s.zoneHolds[number] = holds;
  }
  return turned && s.layers.z;
}

/** Draw the ways of the last seconds, one stroke a colour; those of few persons fade with age. */
function drawTrails(s, c) {
  const crowded = s.trailCount > CROWD;
  c.lineJoin = crowded ? "bevel" : "round";
  c.lineCap = crowded ? "butt" : "round";
  s.grain = crowded ? 4 : 1.5;
  if (crowded) return drawTrailsSince(s, c, s.trail, 1, 0.7);
  drawTrailsSince(s, c, s.trail, 2, 0.5);
  return drawTrailsSince(s, c, s.trail / 3, 2.75, 0.9);
}

function drawTrailsSince(s, c, length, width, alpha) {
  c.lineWidth = width;
  for (let colour = 0; colour <= COLOURS.length; colour++) {
    const grey = colour === COLOURS.length;
    if (grey && !s.chosen.size) break;
    c.strokeStyle = grey ? s.inks.dim : COLOURS[colour];
    c.globalAlpha = grey ? 0.3 : alpha;
    c.beginPath();
    let any = false;
    for (let i = 0; i < s.trailCount; i++) {
      const p = s.trails[i];
      if (faded(s, p) ? !grey : grey || p % COLOURS.length !== colour) continue;
      traceTrail(s, c, p, s.rowOf[p], s.moment - length);
      any = true;
    }
    if (any) c.stroke();
  }
  c.globalAlpha = 1;
}

/** Trace a way backwards from a row to a moment; it breaks where a run begins and where nobody is located. */
function traceTrail(s, c, p, row, until) {
  const { time, flags, x, y, start } = s.tracks;
  const { left, top, width, height } = s.view;
  let px = 0;
  let py = 0;
  let pen = false;
  if (s.layers.s && s.moment < time[row] + s.tracks.held[row] && !(flags[row] & UNLOCATED)) {
    [px, py, pen] = [s.px[p], s.py[p], true];
    c.moveTo(px, py);
  }
  for (let i = row; i >= start[p] && time[i] >= until; i--) {
    if (flags[i] & UNLOCATED) pen = false;
    else {
      const nx = left + x[i] * width;
      const ny = top + y[i] * height;
      if (!pen) c.moveTo(nx, ny);
      else if (Math.abs(nx - px) + Math.abs(ny - py) < s.grain && !(flags[i] & RUN_BEGINS)) continue;
      else c.lineTo(nx, ny);
      px = nx;
      py = ny;
      pen = true;
    }
    if (flags[i] & RUN_BEGINS) pen = false;
  }
}

/** Draw the whole way of whom one follows, thin. */
function drawWays(s, c) {
  s.grain = 1.5;
  for (const p of s.chosen) {
    c.globalAlpha = 0.75;
    c.lineWidth = 3;
    c.strokeStyle = s.inks.casing;
    c.beginPath();
    traceTrail(s, c, p, s.tracks.start[p + 1] - 1, 0);
    c.stroke();
    c.lineWidth = 1.25;
    c.strokeStyle = COLOURS[p % COLOURS.length];
    c.stroke();
    c.globalAlpha = 1;
  }
}

function drawBoxes(s, c) {
  const { left, top, width, height } = s.view;
  const t = s.tracks;
  if (!t.left.length) return;
  for (let i = 0; i < s.hereCount; i++) {
    const p = s.here[i];
    const row = s.rowOf[p];
    const grey = faded(s, p);
    const face = t.flags[row] & HAS_FACE ? t.faceRow[row] : NOBODY;
    if (!(t.flags[row] & HAS_BOX) && face === NOBODY) continue;
    const share = t.flags[row] & HAS_BOX && t.flags[row + 1] & HAS_BOX ? shareOf(s, p, row) : 0;
    const whole = face === NOBODY;
    const x = left + width * (whole ? between(t.left, row, share) : t.face[0][face]);
    const y = top + height * (whole ? between(t.top, row, share) : t.face[1][face]);
    const w = width * (whole ? between(t.width, row, share) : t.face[2][face]);
    const h = height * (whole ? between(t.height, row, share) : t.face[3][face]);
    c.globalAlpha = grey ? 0.35 : 1;
    const bold = s.chosen.has(p) || s.hover === p;
    if (!whole) c.setLineDash(DASHED);
    frameBox(s, c, p, grey, bold ? 2.75 : s.hereCount > CROWD ? 1 : 1.75, x, y, w, h);
    if (!whole) c.setLineDash(SOLID);
  }
  c.globalAlpha = 1;
}

const DASHED = [3, 3];
const SOLID = [];
const between = (values, row, share) => (share ? values[row] + (values[row + 1] - values[row]) * share : values[row]);

function frameBox(s, c, p, grey, line, x, y, width, height) {
  if (!grey && s.hereCount <= CROWD) {
    c.strokeStyle = s.inks.casing;
    c.lineWidth = line + 2;
    c.strokeRect(x, y, width, height);
  }
  c.strokeStyle = grey ? s.inks.dim : COLOURS[p % COLOURS.length];
  c.lineWidth = line;
  c.strokeRect(x, y, width, height);
}

/** Draw where persons stand: full where a box says it, a ring where it is interpolated. */
function drawPoints(s, c) {
  const crowded = s.hereCount > CROWD;
  for (let i = 0; i < s.hereCount; i++) {
    const p = s.here[i];
    const kind = s.tracks.flags[s.rowOf[p]] & 3;
    if (kind === UNLOCATED) continue;
    const grey = faded(s, p);
    const size = s.chosen.has(p) || s.hover === p ? 2 : crowded ? 0 : 1;
    const dot = dotOf(s, grey ? COLOURS.length : p % COLOURS.length, kind === INTERPOLATED ? 1 : 0, size);
    c.globalAlpha = grey ? 0.5 : 1;
    c.drawImage(dot, s.px[p] - DOT / 2, s.py[p] - DOT / 2, DOT, DOT);
  }
  c.globalAlpha = 1;
}

const DOT = 20;

/** Give a dot ready to be put down, drawn once for each colour, kind and size. */
function dotOf(s, colour, ring, size) {
  const number = (colour * 2 + ring) * 3 + size;
  s.dots[number] ??= newDot(s, colour, ring, [3, 5, 7][size]);
  return s.dots[number];
}

function newDot(s, colour, ring, radius) {
  const canvas = make("canvas");
  fitCanvas(canvas, DOT, DOT, s.ratio);
  const c = canvas.getContext("2d");
  const ink = COLOURS[colour] ?? s.inks.dim;
  c.arc(DOT / 2, DOT / 2, radius, 0, 7);
  c.fillStyle = ring ? s.inks.paper : ink;
  c.fill();
  c.lineWidth = ring ? 2.5 : radius / 3;
  c.strokeStyle = ring ? ink : s.inks.casing;
  c.stroke();
  return canvas;
}

function drawNames(s, c) {
  for (let i = 0; i < s.hereCount; i++) {
    const p = s.here[i];
    const row = s.rowOf[p];
    const named = s.chosen.has(p) || s.hover === p || (s.hereCount <= CROWD / 2 && !faded(s, p));
    if (!named) continue;
    let [x, y] = [s.px[p], s.py[p] - 20];
    if (s.layers.b && s.tracks.left.length && s.tracks.flags[row] & HAS_BOX) {
      x = s.view.left + (s.tracks.left[row] + s.tracks.width[row] / 2) * s.view.width;
      y = s.view.top + s.tracks.top[row] * s.view.height - 13;
    } else if (s.layers.b && s.tracks.flags[row] & HAS_FACE) {
      const face = s.tracks.faceRow[row];
      x = s.view.left + (s.tracks.face[0][face] + s.tracks.face[2][face] / 2) * s.view.width;
      y = s.view.top + s.tracks.face[1][face] * s.view.height - 13;
    } else if (s.tracks.flags[row] & UNLOCATED) continue;
    const ring = s.chosen.has(p) || s.hover === p;
    pill(s, c, s.tracks.labels[p], x, y, ring ? s.inks.ink : s.inks.pill, ring ? s.inks.paper : s.inks.ink, true);
  }
}

/** Keep the last chosen person in the middle half of what is zoomed in on. */
function keepInView(s) {
  const p = [...s.chosen].at(-1);
  const row = rowAt(s.tracks, p, s.moment);
  if (row < s.tracks.start[p] || s.tracks.flags[row] & UNLOCATED) return;
  const [wide, high] = [s.size.width / s.view.width / 4, s.size.height / s.view.height / 4];
  const x = Math.min(s.tracks.x[row] + wide, Math.max(s.tracks.x[row] - wide, s.view.x));
  const y = Math.min(s.tracks.y[row] + high, Math.max(s.tracks.y[row] - high, s.view.y));
  if (x === s.view.x && y === s.view.y) return;
  Object.assign(s.view, { x, y });
  place(s);
  s.baseDirty = true;
}

// ---------------------------------------------------------------- the time line

/** Give the mean number of persons shown in each of the parts of the video. */
function curveOf(s, parts) {
  const sums = new Float32Array(parts);
  const part = s.duration / parts || 1;
  const { start, time, held } = s.tracks;
  for (let p = 0; p < s.tracks.persons; p++) {
    if (!s.shown[p]) continue;
    for (let i = start[p]; i < start[p + 1]; i++) {
      const to = time[i] + held[i];
      const last = Math.min(parts - 1, Math.floor(to / part));
      for (let number = Math.min(parts - 1, Math.floor(time[i] / part)); number <= last; number++) {
        const within = Math.min(to, (number + 1) * part) - Math.max(time[i], number * part);
        if (within > 0) sums[number] += within / part;
      }
    }
  }
  return sums;
}

function drawCurve(s) {
  const c = s.e.curve.getContext("2d");
  const [width, height] = [s.stripWidth, s.e.curve.height / s.ratio];
  const parts = Math.max(1, Math.min(600, Math.floor(width / 2)));
  s.curve ??= curveOf(s, parts);
  const most = Math.max(0.1, ...s.curve);
  c.clearRect(0, 0, width, height);
  c.fillStyle = s.inks.dim;
  c.globalAlpha = 0.45;
  c.beginPath();
  c.moveTo(0, height);
  s.curve.forEach((value, i) => {
    const y = height - (value / most) * (height - 12);
    c.lineTo((i / s.curve.length) * width, y);
    c.lineTo(((i + 1) / s.curve.length) * width, y);
  });
  c.lineTo(width, height);
  c.fill();
  c.globalAlpha = 1;
  c.font = "11px system-ui, sans-serif";
  c.fillStyle = s.inks.soft;
  c.textBaseline = "top";
  c.fillText(`max ${most < 10 ? most.toFixed(1) : Math.round(most)}`, 6, 3);
  [...s.chosen].slice(-3).forEach((p, level) => drawPresence(s, c, p, height - 7 - 7 * level));
  if (s.range) {
    const [from, to] = s.range.map((moment) => (moment / s.duration) * width);
    c.fillStyle = s.inks.accent;
    c.globalAlpha = 0.18;
    c.fillRect(from, 0, Math.max(1, to - from), height);
    c.globalAlpha = 1;
    c.fillRect(from - 1, 0, 2, height);
    c.fillRect(to - 1, 0, 2, height);
  }
}

/** Draw when a person was there, as bars, one a run. */
function drawPresence(s, c, p, y) {
  const { start, time, held, flags } = s.tracks;
  const scale = s.stripWidth / s.duration;
  let from = time[start[p]];
  for (let i = start[p]; i < start[p + 1]; i++) {
    const last = i + 1 === start[p + 1];
    if (!last && !(flags[i + 1] & RUN_BEGINS)) continue;
    const width = Math.max(2, (time[i] + held[i] - from) * scale);
    c.fillStyle = s.inks.paper;
    c.fillRect(from * scale - 1, y - 1, width + 2, 7);
    c.fillStyle = COLOURS[p % COLOURS.length];
    c.fillRect(from * scale, y, width, 5);
    if (!last) from = time[i + 1];
  }
}

function moveHead(s) {
  const x = s.duration ? (s.moment / s.duration) * s.stripWidth : 0;
  s.e.head.style.transform = `translateX(${Math.min(Math.max(x, 1), s.stripWidth - 1)}px)`;
  const now = performance.now();
  if (s.playing && now - s.told < 120) return;
  s.told = now;
  tellTime(s);
}

function tellTime(s) {
  s.e.nowText.nodeValue = clock(s.moment);
  s.e.present.textContent = counted(s.hereCount, "person", "persons");
  s.e.strip.setAttribute("aria-valuenow", Math.round(s.moment));
  s.e.strip.setAttribute("aria-valuetext", `${clock(s.moment)}, ${s.e.present.textContent}`);
  s.e.badge.hidden = !s.lostCount;
  if (s.lostCount) {
    const names = Array.from(s.lost.subarray(0, Math.min(6, s.lostCount)), (p) => s.tracks.labels[p]).join(", ");
    s.e.badge.textContent = `Not located now: ${names}${s.lostCount > 6 ? ` and ${s.lostCount - 6} more` : ""}`;
  }
  markRows(s);
  emit(s, "time", Math.round(s.moment));
}

// ---------------------------------------------------------------- the list

/** Choose who is shown and listed, and in which order. */
function filter(s) {
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
  if (by === "dwell") s.order.sort((a, b) => s.tracks.dwell[b] - s.tracks.dwell[a] || a - b);
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
function fillList(s) {
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
  row.node.style.setProperty("--mark", COLOURS[p % COLOURS.length]);
  row.node.setAttribute("aria-selected", s.chosen.has(p));
  row.node.setAttribute("aria-setsize", s.order.length);
  row.node.setAttribute("aria-posinset", position + 1);
  row.node.classList.toggle("active", position === s.active);
  row.name.textContent = `Person ${tracks.labels[p]}`;
  row.time.textContent = span(tracks.dwell[p]);
  row.time.title = "time in the scene";
  const scale = 100 / (s.duration || 1);
  row.bar.style.left = `${Math.min(tracks.first[p] * scale, 99)}%`;
  row.bar.style.width = `${(tracks.end[p] - tracks.first[p]) * scale}%`;
}

/** Mark in the list who is there at the moment, and whom the pointer is on. */
function markRows(s) {
  for (const row of s.rows) {
    const p = row.person;
    if (p === NOBODY) continue;
    const at = rowAt(s.tracks, p, s.moment);
    const there = at >= s.tracks.start[p] && s.moment < s.tracks.time[at] + s.tracks.held[at];
    row.node.classList.toggle("here", there);
    row.node.classList.toggle("hover", p === s.hover);
  }
}

function reveal(s, position) {
  const { list } = s.e;
  if (position < 0) return;
  if (position * ROW < list.scrollTop) list.scrollTop = position * ROW;
  else if ((position + 1) * ROW > list.scrollTop + list.clientHeight) list.scrollTop = (position + 1) * ROW - list.clientHeight;
  fillList(s);
}

// ---------------------------------------------------------------- choosing

function choose(s, person, more = false) {
  const alone = s.chosen.size === 1 && s.chosen.has(person);
  if (!more) {
    s.chosen.clear();
    if (!alone) s.chosen.add(person);
  } else if (!s.chosen.delete(person)) s.chosen.add(person);
  if (s.chosen.has(person)) follow(s, person);
  chosenChanged(s);
}

/** Go to where a person is first seen, unless the person is there now; what a zone filter hides is shown. */
function follow(s, person) {
  if (!s.shown[person]) {
    s.zoneOnly = NOBODY;
    s.e.zone.value = "";
    filter(s);
  }
  if (s.moment < s.tracks.first[person] || s.moment >= s.tracks.end[person]) seek(s, s.tracks.first[person]);
}

function chosenChanged(s) {
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
  swatch.style.setProperty("--mark", COLOURS[p % COLOURS.length]);
  swatch.style.background = COLOURS[p % COLOURS.length];
  const header = make("header", {}, swatch, make("h2", { text: `Person ${s.tracks.labels[p]}${others}` }), close);
  s.e.details.replaceChildren(header, factsOf(s, p), ...visitList(s, p));
  return undefined;
}

function factsOf(s, p) {
  const { tracks } = s;
  const facts = [
    ["Dwell in the scene", span(tracks.dwell[p])],
    ["Detections", (tracks.start[p + 1] - tracks.start[p]).toLocaleString("en")],
    ["First seen", clock(tracks.first[p])],
    ["Last seen", clock(tracks.last[p])],
  ];
  if (tracks.unlocated[p]) facts.push(["Not located", span(tracks.unlocated[p])]);
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
    { type: "button", title: cut ? "Began or ended unseen: the true stay may be longer" : "Go there" },
    make("b", { text: s.data.zones[visits.zone[v]].name }),
    make("span", { text: cut + span(visits.dwell[v]) }),
    make("small", { text: `${clock(visits.entered[v])} – ${clock(visits.exited[v])}` }),
  );
  item.addEventListener("click", () => seek(s, visits.entered[v]));
  return make("li", {}, item);
}

function clearChoice(s) {
  const inside = s.e.details.contains(s.root.activeElement);
  s.chosen.clear();
  Object.assign(s.view, { zoom: 1, x: 0.5, y: 0.5 });
  zoomed(s);
  chosenChanged(s);
  if (inside) s.e.list.focus();
}

function hover(s, person) {
  if (s.hover === person) return;
  s.hover = person;
  s.e.top.classList.toggle("over", person !== NOBODY);
  markRows(s);
  emit(s, "hover", person === NOBODY ? null : s.data.persons[person]);
  refresh(s);
}

/** Find whom the pointer is on: the smallest box around it, else the nearest footpoint within 16 px. */
function personAt(s, x, y) {
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

// ---------------------------------------------------------------- the clock

function seek(s, moment) {
  s.moment = Math.min(Math.max(0, Math.round(Number(moment) || 0)), s.duration);
  if (s.video) s.video.currentTime = s.moment / 1000;
  s.told = 0;
  refresh(s);
  rested(s);
}

/** Tell where the explorer stands, once it has stood there for a while. */
function rested(s) {
  clearTimeout(s.resting);
  s.resting = setTimeout(() => emit(s, "rest", Math.round(s.moment)), 200);
}

function play(s) {
  if (s.playing || !s.duration) return;
  const [from, to] = s.range ?? [0, s.duration];
  if (s.moment >= to || s.moment < from) seek(s, from);
  s.playing = true;
  s.before = null;
  if (s.video) s.video.play().catch(() => pause(s));
  playChanged(s, "play");
}

function pause(s) {
  if (!s.playing) return;
  s.playing = false;
  if (s.video) s.video.pause();
  s.moment = Math.round(s.moment);
  s.told = 0;
  playChanged(s, "pause");
  rested(s);
}

function playChanged(s, name) {
  const label = s.playing ? "Pause (Space)" : "Play (Space)";
  s.e.play.setAttribute("aria-label", label);
  s.e.play.title = label;
  s.e.play.replaceChildren(icon(s.playing ? ICONS.pause : ICONS.play));
  say(s, s.playing ? "Playing" : `Paused at ${clock(s.moment)}`);
  emit(s, name, Math.round(s.moment));
  refresh(s);
}

function setSpeed(s, speed) {
  s.speed = speed;
  s.e.speed.value = `${speed}`;
  if (s.video) s.video.playbackRate = speed;
}

/** Go to the next moment at which something was detected, or to the one before. */
function step(s, forward) {
  pause(s);
  s.moments ??= momentsOf(s.tracks.time);
  let [low, high] = [0, s.moments.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (forward ? s.moments[middle] <= s.moment : s.moments[middle] < s.moment) low = middle + 1;
    else high = middle;
  }
  const to = forward ? s.moments[low] : s.moments[low - 1];
  seek(s, to ?? (forward ? s.duration : 0));
}

function setRange(s, range) {
  const valid = Array.isArray(range) && range.length === 2;
  const sorted = valid ? range.map((moment) => Math.round(Math.min(Math.max(0, moment), s.duration))).sort((a, b) => a - b) : null;
  s.range = sorted && sorted[1] > sorted[0] ? sorted : null;
  s.heat = null;
  s.baseDirty ||= s.layers.h;
  say(s, s.range ? `Range ${clock(s.range[0])} to ${clock(s.range[1])}` : "Whole video");
  emit(s, "range", s.range && [...s.range]);
  refresh(s);
}

/** Go on by what has passed since the last frame; a video's own clock leads. */
function advance(s, now) {
  const passed = s.before === null ? 0 : Math.min(now - s.before, 250);
  s.before = now;
  s.moment = s.video ? s.video.currentTime * 1000 : s.moment + passed * s.speed;
  const end = s.range ? s.range[1] : s.duration;
  if (s.moment < end && !s.video?.ended) return;
  s.moment = Math.min(s.moment, end);
  pause(s);
}

/** Ask for one frame. */
function refresh(s) {
  s.stripDirty = true;
  if (!s.frame && s.ready && !s.gone) s.frame = requestAnimationFrame(s.tick);
}

function tick(s, now) {
  s.frame = 0;
  if (s.gone) return;
  if (s.playing) advance(s, now);
  drawFrame(s);
  if (s.stripDirty) drawCurve(s);
  s.stripDirty = false;
  if (s.playing) s.frame = s.frame || requestAnimationFrame(s.tick);
}

// ---------------------------------------------------------------- hands

function switchLayer(s, key) {
  s.layers[key] = !s.layers[key];
  const node = s.e[key];
  node.setAttribute("aria-pressed", s.layers[key]);
  s.e.legend.hidden = !s.layers.h;
  s.baseDirty = true;
  say(s, `${node.textContent} ${s.layers[key] ? "on" : "off"}`);
  refresh(s);
}

function zoomed(s) {
  place(s);
  s.e.top.classList.toggle("zoomed", s.view.zoom > 1);
  s.baseDirty = true;
  refresh(s);
}

/** Zoom so that the point of the picture under (x, y) stays there. */
function zoomAt(s, factor, x = s.size.width / 2, y = s.size.height / 2) {
  const { view } = s;
  const [fx, fy] = [(x - view.left) / view.width, (y - view.top) / view.height];
  const zoom = Math.min(12, Math.max(1, view.zoom * factor));
  const [width, height] = [(view.width * zoom) / view.zoom, (view.height * zoom) / view.zoom];
  view.zoom = zoom;
  view.x = fx + (s.size.width / 2 - x) / width;
  view.y = fy + (s.size.height / 2 - y) / height;
  zoomed(s);
}

function pan(s, dx, dy) {
  s.view.x -= dx / s.view.width;
  s.view.y -= dy / s.view.height;
  zoomed(s);
}

function listenToPicture(s) {
  const { top } = s.e;
  const fingers = new Map();
  let moved = 0;
  const at = (event) => {
    const box = top.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const apart = () => {
    const [a, b] = [...fingers.values()];
    return { length: Math.hypot(a.x - b.x, a.y - b.y) || 1, x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  };
  on(s, top, "pointerdown", (event) => {
    fingers.set(event.pointerId, at(event));
    if (fingers.size === 1) moved = 0;
    top.setPointerCapture(event.pointerId);
  });
  on(s, top, "pointermove", (event) => {
    const point = at(event);
    const before = fingers.get(event.pointerId);
    if (!before) return hover(s, personAt(s, point.x, point.y));
    moved += Math.abs(point.x - before.x) + Math.abs(point.y - before.y);
    if (fingers.size === 2) {
      const old = apart();
      fingers.set(event.pointerId, point);
      const now = apart();
      zoomAt(s, now.length / old.length, now.x, now.y);
      pan(s, now.x - old.x, now.y - old.y);
    } else if (s.view.zoom > 1) pan(s, point.x - before.x, point.y - before.y);
    return fingers.set(event.pointerId, point);
  });
  on(s, top, "pointerup", (event) => {
    const point = at(event);
    const pinched = fingers.size > 1;
    fingers.delete(event.pointerId);
    if (pinched || moved > 6) return;
    const person = personAt(s, point.x, point.y);
    if (person !== NOBODY) {
      choose(s, person, event.ctrlKey || event.metaKey || event.shiftKey);
      reveal(s, s.placeOf[person]);
    } else if (s.chosen.size) {
      s.chosen.clear();
      chosenChanged(s);
    }
  });
  on(s, top, "pointercancel", (event) => fingers.delete(event.pointerId));
  on(s, top, "pointerleave", () => hover(s, NOBODY));
  on(s, top, "wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && s.view.zoom === 1) return;
    event.preventDefault();
    const { x, y } = at(event);
    zoomAt(s, Math.exp(-event.deltaY / 300), x, y);
  }, { passive: false });
}

function listenToStrip(s) {
  const { strip } = s.e;
  let from = null;
  const momentAt = (event) => {
    const box = strip.getBoundingClientRect();
    return ((event.clientX - box.left) / box.width) * s.duration;
  };
  on(s, strip, "pointerdown", (event) => {
    strip.setPointerCapture(event.pointerId);
    from = momentAt(event);
    if (!event.shiftKey) seek(s, from);
  });
  on(s, strip, "pointermove", (event) => {
    if (from === null) return;
    if (event.shiftKey) setRange(s, [from, momentAt(event)]);
    else seek(s, momentAt(event));
  });
  for (const name of ["pointerup", "pointercancel"]) on(s, strip, name, () => (from = null));
}

function listenToControls(s) {
  const { e } = s;
  on(s, e.play, "click", () => (s.playing ? pause(s) : play(s)));
  on(s, e.back, "click", () => step(s, false));
  on(s, e.on, "click", () => step(s, true));
  on(s, e.speed, "change", () => setSpeed(s, Number(e.speed.value)));
  on(s, e.trail, "change", () => {
    s.trail = Number(e.trail.value) * 1000;
    refresh(s);
  });
  on(s, e.layers, "click", (event) => event.target.dataset.key && switchLayer(s, event.target.dataset.key));
  on(s, e.help, "click", () => e.dialog.showModal());
  on(s, e.range, "click", (event) => KEYS[event.target.dataset.key]?.(s));
  on(s, e.closeHelp, "click", () => e.dialog.close());
  on(s, e.search, "input", () => filter(s));
  on(s, e.sort, "change", () => filter(s));
  on(s, e.zone, "change", () => {
    s.zoneOnly = e.zone.value === "" ? NOBODY : Number(e.zone.value);
    for (const p of s.chosen) if (s.zoneOnly >= 0 && !visited(s, p)) s.chosen.delete(p);
    e.list.scrollTop = 0;
    filter(s);
    chosenChanged(s);
    say(s, s.e.found.textContent);
    emit(s, "filter", s.zoneOnly >= 0 ? s.data.zones[s.zoneOnly].name : null);
  });
  on(s, e.list, "scroll", () => fillList(s), { passive: true });
  on(s, e.list, "keydown", (event) => moveInList(s, event));
}

function visited(s, p) {
  for (let v = s.visits.start[p]; v < s.visits.start[p + 1]; v++) if (s.visits.zone[v] === s.zoneOnly) return true;
  return false;
}

function moveInList(s, event) {
  const page = Math.max(1, Math.floor(s.e.list.clientHeight / ROW) - 1);
  const last = s.order.length - 1;
  const to = { ArrowDown: s.active + 1, ArrowUp: s.active - 1, PageDown: s.active + page, PageUp: s.active - page, Home: 0, End: last }[event.key];
  if (to !== undefined) {
    s.active = Math.min(Math.max(0, to), last);
    reveal(s, s.active);
  } else if (event.key === "Enter" && s.order[s.active] !== undefined) choose(s, s.order[s.active], event.ctrlKey || event.metaKey);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** Choose the next or the previous person of the list. */
function neighbour(s, way) {
  if (!s.order.length) return;
  const at = s.placeOf[[...s.chosen].at(-1)] ?? NOBODY;
  s.active = (at < 0 ? (way > 0 ? 0 : s.order.length - 1) : at + way + s.order.length) % s.order.length;
  s.chosen.clear();
  choose(s, s.order[s.active]);
  reveal(s, s.active);
}

const KEYS = {
  " ": (s) => (s.playing ? pause(s) : play(s)),
  k: (s) => (s.playing ? pause(s) : play(s)),
  ArrowLeft: (s, event) => (event.shiftKey ? seek(s, s.moment - 5000) : step(s, false)),
  ArrowRight: (s, event) => (event.shiftKey ? seek(s, s.moment + 5000) : step(s, true)),
  Home: (s) => seek(s, 0),
  End: (s) => seek(s, s.duration),
  ",": (s) => setSpeed(s, SPEEDS[Math.max(0, SPEEDS.indexOf(s.speed) - 1)]),
  ".": (s) => setSpeed(s, SPEEDS[Math.min(SPEEDS.length - 1, SPEEDS.indexOf(s.speed) + 1)]),
  n: (s) => neighbour(s, 1),
  p: (s) => neighbour(s, -1),
  "/": (s) => s.e.search.focus(),
  b: (s) => switchLayer(s, "b"),
  t: (s) => switchLayer(s, "t"),
  z: (s) => switchLayer(s, "z"),
  h: (s) => switchLayer(s, "h"),
  s: (s) => switchLayer(s, "s"),
  "[": (s) => setRange(s, [s.moment, s.range?.[1] > s.moment ? s.range[1] : s.duration]),
  "]": (s) => setRange(s, [s.range?.[0] < s.moment ? s.range[0] : 0, s.moment]),
  "\\": (s) => setRange(s, null),
  "+": (s) => zoomAt(s, 1.5),
  "=": (s) => zoomAt(s, 1.5),
  "-": (s) => zoomAt(s, 1 / 1.5),
  "?": (s) => s.e.dialog.showModal(),
  Escape: (s) => clearChoice(s),
};

function pressed(s, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || s.e.dialog.open) return;
  const target = s.root.activeElement;
  if (target === s.e.search) {
    if (event.key !== "Escape") return;
    s.e.search.value = "";
    filter(s);
    s.e.list.focus();
  } else if (target?.tagName === "SELECT" && /^(Arrow|Home|End| |[a-z0-9]$)/i.test(event.key)) return;
  else if (event.key === " " && target?.tagName === "BUTTON") return;
  else {
    const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    act(s, event);
  }
  event.preventDefault();
  event.stopPropagation();
}

// ---------------------------------------------------------------- life

function on(s, target, name, call, options = {}) {
  target.addEventListener(name, call, { ...options, signal: s.ended.signal });
}

function emit(s, name, value) {
  s.listeners.get(name)?.forEach((call) => call(value));
}

function say(s, words) {
  if (s.ready) s.e.live.textContent = words;
}

function note(s, ...sentences) {
  s.e.notes.append(...sentences.map((text) => make("li", { text })));
  s.e.notes.hidden = !s.e.notes.childElementCount;
}

function themed(s) {
  s.inks = inks(s.host);
  s.dots = [];
  s.dark = s.options.theme === "dark" || (s.options.theme !== "light" && s.darkness.matches);
  const stops = MAGMA.map((rgb) => `rgb(${rgb})`);
  s.e.legend.style.setProperty("--heat", (s.dark ? stops.slice(0, -1).reverse() : stops.slice(1)).join());
  s.heat = null;
  s.baseDirty = true;
  refresh(s);
}

function addBackdrop(s) {
  if (!s.data.backdrop) return;
  const image = new Image();
  image.addEventListener("load", () => {
    s.backdrop = image;
    s.baseDirty = true;
    refresh(s);
  });
  image.addEventListener("error", () => note(s, "The backdrop cannot be shown: it is not a picture, or not a whole one."));
  image.src = s.data.backdrop;
}

/** Put a video below the drawing; its clock leads. Where it cannot be played, the explorer goes on alone. */
function addVideo(s) {
  if (!s.options.video) return;
  const video = make("video", { muted: true, playsinline: true, preload: "auto", "aria-hidden": "true" });
  video.muted = true;
  video.src = s.options.video;
  s.video = video;
  s.e.stage.prepend(video);
  on(s, video, "seeked", () => refresh(s));
  on(s, video, "error", () => {
    pause(s);
    video.remove();
    s.video = null;
    s.baseDirty = true;
    note(s, "The video cannot be played here: the persons are shown without it.");
    refresh(s);
  });
}

function begin(s, arrays) {
  s.arrays = arrays;
  s.tracks = tracksOf(s.data, arrays);
  s.visits = visitsOf(arrays, s.tracks.persons);
  s.duration = s.data.video.duration;
  const { persons } = s.tracks;
  s.shown = new Uint8Array(persons).fill(1);
  s.placeOf = new Int32Array(persons).fill(NOBODY);
  s.rowOf = new Int32Array(persons).fill(NOBODY);
  for (const name of ["here", "trails", "lost"]) s[name] = new Uint32Array(persons);
  s.px = new Float32Array(persons);
  s.py = new Float32Array(persons);
  s.zoneHolds = s.data.zones.map(() => 1);
  s.tick = (now) => tick(s, now);
  s.ready = true;
  s.e.nowText = document.createTextNode("0:00.0");
  s.e.now.append(s.e.nowText, make("small", { text: ` / ${clock(s.duration)}` }));
  s.e.strip.setAttribute("aria-valuemax", s.duration);
  s.data.zones.forEach((zone, i) => s.e.zone.append(make("option", { value: `${i}`, text: zone.name })));
  s.e.zone.hidden = !s.data.zones.length;
  s.e.z.hidden = !s.data.zones.length && !s.data.lines.length;
  s.e.b.hidden = !s.tracks.left.length;
  s.e.message.hidden = s.tracks.rows > 0;
  s.e.message.textContent = "Nobody was detected in this video.";
  note(s, ...(s.data.notes ?? []));
  const first = persons ? s.tracks.first.reduce((a, b) => Math.min(a, b)) : 0;
  s.moment = s.options.moment ?? first;
}

function stateOf(data, options) {
  return {
    data, options, e: elementsOf(data), listeners: new Map(), ended: new AbortController(), id: `p${Math.random().toString(36).slice(2, 8)}`,
    moment: 0, duration: 0, speed: 1, trail: 10000, playing: false, before: null, range: null, chosen: new Set(), hover: NOBODY,
    zoneOnly: NOBODY, active: 0, order: [], rows: [], layers: { b: true, t: true, z: true, h: false, s: false },
    view: { zoom: 1, x: 0.5, y: 0.5 }, size: { width: 1, height: 1 }, ratio: 1, stripWidth: 1,
    frame: 0, draws: 0, drawTime: 0, told: 0, ready: false, gone: false, baseDirty: true, stripDirty: true, curve: null, heat: null, dots: [], grain: 1.5,
  };
}

function build(s, element) {
  s.host = make("div");
  s.host.dataset.lmSuppressShortcuts = "true";
  s.host.dataset.theme = s.options.theme ?? "auto";
  s.host.style.height = s.options.fill ? "100%" : `${s.options.height ?? 640}px`;
  s.root = s.host.attachShadow({ mode: "open" });
  s.root.adoptedStyleSheets = [styles()];
  s.root.append(arrange(s.e));
  element.append(s.host);
  s.base = s.e.base.getContext("2d");
  s.top = s.e.top.getContext("2d");
  const ground = s.data.ground;
  if (ground) s.host.style.setProperty("--fit", `${(100 * ground.height) / ground.width}cqw`);
}

function listen(s) {
  listenToPicture(s);
  listenToStrip(s);
  listenToControls(s);
  on(s, s.options.keys === "page" ? document : s.root, "keydown", (event) => pressed(s, event));
  s.watcher = new ResizeObserver(() => {
    resize(s);
    place(s);
    fillList(s);
  });
  s.watcher.observe(s.e.stage);
  s.darkness = matchMedia("(prefers-color-scheme: dark)");
  on(s, s.darkness, "change", () => themed(s));
}

async function start(s) {
  try {
    begin(s, await arraysOf(s.data));
  } catch (error) {
    s.e.message.textContent = `The explorer cannot be shown: ${error.message}`;
    emit(s, "error", error);
    throw error;
  }
  if (s.gone) return;
  listen(s);
  addVideo(s);
  addBackdrop(s);
  resize(s);
  place(s);
  themed(s);
  filter(s);
  emit(s, "ready", null);
}

/** Do something while the picture is drawn in the light, as paper wants it. */
function inLight(s, act) {
  const theme = s.options.theme;
  const draw = (wanted) => {
    s.options.theme = wanted;
    s.host.dataset.theme = wanted ?? "auto";
    themed(s);
    drawFrame(s);
  };
  draw("light");
  act();
  draw(theme);
}

function destroy(s) {
  s.gone = true;
  s.ended.abort();
  s.watcher?.disconnect();
  clearTimeout(s.resting);
  cancelAnimationFrame(s.frame);
  s.video?.pause();
  s.host.remove();
  s.listeners.clear();
}

/** Choose persons by their person_index; whoever is not in the data is passed over. */
function select(s, persons) {
  const wanted = new Set([persons ?? []].flat().map(String));
  s.chosen.clear();
  s.tracks.labels.forEach((label, p) => wanted.has(label) && s.chosen.add(p));
  const last = [...s.chosen].at(-1);
  if (last !== undefined) {
    follow(s, last);
    reveal(s, s.placeOf[last]);
  }
  chosenChanged(s);
}

function stateForReaders(s) {
  return {
    moment: s.moment, playing: s.playing, speed: s.speed, range: s.range && [...s.range], zoom: s.view.zoom, layers: { ...s.layers },
    selected: [...s.chosen].map((p) => s.data.persons[p]), listed: s.order.length, shown: s.shownCount,
    here: Array.from(s.here.subarray(0, s.hereCount), (p) => s.data.persons[p]), unlocated: s.lostCount,
    positions: Array.from(s.here.subarray(0, s.hereCount), (p) => [s.px[p], s.py[p]]), draws: s.draws, drawTime: s.drawTime,
  };
}

/**
 * Show an explorer in an element.
 *
 * @param {HTMLElement} element where; its other children stay
 * @param {object} data what explorer_data gives
 * @param {{height?: number, fill?: boolean, theme?: "auto"|"light"|"dark", video?: string, moment?: number,
 *   keys?: "focus"|"page"}} [options] height in px (640), or fill the element; a video's address, whose clock then
 *   leads; the moment to begin at [ms]; whether keys count only where the focus is in the explorer, or anywhere
 * @returns {{ready: Promise<void>, destroy: () => void, seek: (moment: number) => void, play: () => void,
 *   pause: () => void, select: (persons: number[]) => void, setRange: (range: [number, number]|null) => void,
 *   setSpeed: (speed: number) => void, inLight: (act: () => void) => void, state: () => object, on: (name: string, call: Function) => () => void}}
 *   events: ready, error, time, rest, play, pause, select, hover, range, filter; `on` gives a function that ends it
 */
export function mount(element, data, options = {}) {
  const s = stateOf(data ?? {}, options);
  build(s, element);
  const ready = start(s);
  ready.catch(() => undefined);
  const once = (act) => (value) => s.ready && !s.gone && act(s, value);
  return {
    ready,
    destroy: () => destroy(s),
    seek: once(seek),
    play: once(play),
    pause: once(pause),
    select: once(select),
    setRange: once(setRange),
    setSpeed: once(setSpeed),
    inLight: (act) => s.ready && !s.gone && inLight(s, act),
    state: () => (s.ready ? stateForReaders(s) : null),
    on(name, call) {
      if (!s.listeners.has(name)) s.listeners.set(name, new Set());
      s.listeners.get(name).add(call);
      return () => s.listeners.get(name)?.delete(call);
    },
  };
}
