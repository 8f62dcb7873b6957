/** The pointer, the controls and the keys. */
import { NOBODY } from "./data.js";
import { SPEEDS } from "./elements.js";
import { ROW } from "./looks.js";
import { place } from "./picture.js";
import { fillList, filter, reveal } from "./list.js";
import { choose, chosenChanged, clearChoice, hover, personAt } from "./choosing.js";
import { pause, play, refresh, seek, setRange, setSpeed, step } from "./playing.js";
import { emit, on, say } from "./events.js";

function switchLayer(s, key) {
  s.layers[key] = !s.layers[key];
  const node = s.e[key];
  node.setAttribute("aria-pressed", s.layers[key]);
  s.e.legend.hidden = !s.layers.h;
  s.baseDirty = true;
  say(s, `${node.textContent} ${s.layers[key] ? "on" : "off"}`);
  refresh(s);
}

export function zoomed(s) {
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

export function listenToPicture(s) {
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

export function listenToStrip(s) {
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

export function listenToControls(s) {
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
function neighbor(s, way) {
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
  n: (s) => neighbor(s, 1),
  p: (s) => neighbor(s, -1),
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

export function pressed(s, event) {
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
