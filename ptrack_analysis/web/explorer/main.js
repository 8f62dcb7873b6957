/**
 * The explorer: persons of a video moving over its picture, with a time line, a list and their stays.
 *
 * Joined with its other parts it is one module without dependencies. `mount(element, data, options)` draws into `element` what
 * `explorer_data` of ptrack-analysis made, and gives a handle. Everything is drawn from typed arrays; text
 * from the data only ever becomes text. Needs no network, and no styles but its own.
 */
import { NOBODY, arraysOf, tracksOf, visitsOf } from "./data.js";
import { checks, clock, marked } from "./words.js";
import { arrange, elementsOf, make } from "./elements.js";
import { inks, styles } from "./looks.js";
import { MAGMA, place, resize } from "./picture.js";
import { fillList, filter, reveal } from "./list.js";
import { chosenChanged, follow } from "./choosing.js";
import { pause, play, refresh, seek, setRange, setSpeed, tick } from "./playing.js";
import { listenToControls, listenToPicture, listenToStrip, pressed } from "./hands.js";
import { emit, note, on } from "./events.js";

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

function addBackground(s) {
  if (!s.data.background) return;
  const image = new Image();
  image.addEventListener("load", () => {
    s.background = image;
    s.baseDirty = true;
    refresh(s);
  });
  image.addEventListener("error", () => note(s, "The background cannot be shown: it is not a picture, or not a whole one."));
  image.src = s.data.background;
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
  s.data.zones.forEach((zone, i) => s.e.zone.append(make("option", { value: `${i}`, text: marked(zone), title: checks(zone).join(". ") })));
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
  addBackground(s);
  resize(s);
  place(s);
  themed(s);
  filter(s);
  emit(s, "ready", null);
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
 *   setSpeed: (speed: number) => void, state: () => object, on: (name: string, call: Function) => () => void}}
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
    state: () => (s.ready ? stateForReaders(s) : null),
    on(name, call) {
      if (!s.listeners.has(name)) s.listeners.set(name, new Set());
      s.listeners.get(name).add(call);
      return () => s.listeners.get(name)?.delete(call);
    },
  };
}
