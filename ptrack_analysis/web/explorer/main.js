/**
 * The explorer: people of a video on its image, with a timeline, a list and visits.
 *
 * Bundled with the other modules, it has no dependencies. `mount(element, data, options)` draws the data of
 * `explorer_data` of ptrack-analysis and returns a handle. It loads nothing from the network and has its own styles.
 */
import { make } from "../shared/dom.js";
import { formatTime } from "../shared/text.js";
import { View } from "../shared/view.js";
import { placeView, resize } from "./background.js";
import { listenToColors, updateColors } from "./coloring.js";
import { createTracks, createVisits, readArrays } from "./data.js";
import { listenToDetails } from "./details.js";
import { tick } from "./draw.js";
import { arrangeElements, createElements } from "./elements.js";
import { listenToExport } from "./export.js";
import { describeChecks, markZone } from "./figures.js";
import { fillHelp, handleKey, listenToControls, listenToImage } from "./input.js";
import { applyFilters, fillList, listenToList } from "./list.js";
import { pause, play, seek, setRange, setSpeed } from "./playback.js";
import { selectPeople } from "./selection.js";
import { NONE, addNotes, createState, emit, on, requestBackground, requestFrame, subscribe } from "./state.js";
import { getStyles, readInks } from "./styles.js";
import { listenToTimeline } from "./timeline.js";
import { colorZoneCounts, createZoneCounts } from "./zones.js";

function applyTheme(s) {
  s.inks = readInks(s.host);
  s.dark = s.options.theme === "dark" || (s.options.theme !== "light" && s.darkness.matches);
  s.heat = null;
  updateColors(s);
  colorZoneCounts(s);
  emit(s, "color", s.colorBy);
  requestBackground(s);
}

function addBackground(s) {
  if (!s.data.background) return;
  const image = new Image();
  image.addEventListener("load", () => {
    s.background = image;
    requestBackground(s);
  });
  image.addEventListener("error", () => addNotes(s, "The background cannot be shown: the image is not complete or not an image."));
  image.src = s.data.background;
}

/** Put a video under the drawing and follow its clock. The explorer also works if the video cannot be played. */
function addVideo(s) {
  if (!s.options.video) return;
  const video = make("video", { muted: true, playsinline: true, preload: "auto", "aria-hidden": "true" });
  video.muted = true;
  video.src = s.options.video;
  s.video = video;
  s.e.stage.prepend(video);
  on(s, video, "seeked", () => requestFrame(s));
  on(s, video, "error", () => {
    pause(s);
    video.remove();
    s.video = null;
    addNotes(s, "The video cannot be played in this browser. People are shown without it.");
    requestBackground(s);
  });
}

/** Store the data in the state. */
function loadData(s, arrays) {
  s.arrays = arrays;
  s.tracks = createTracks(s.data, arrays);
  s.visits = createVisits(arrays, s.tracks.people);
  s.duration = s.data.video.duration;
  const { people } = s.tracks;
  s.view = new View(s.data.ground.width / s.data.ground.height);
  s.shown = new Uint8Array(people).fill(1);
  s.positionInList = new Int32Array(people).fill(NONE);
  s.rowOf = new Int32Array(people).fill(NONE);
  for (const name of ["here", "trails", "lost"]) s[name] = new Uint32Array(people);
  for (const name of ["px", "py"]) s[name] = new Float32Array(people);
  s.bars = [];
  s.activeZones = s.data.zones.map(() => 1);
  s.tick = (now) => tick(s, now);
  s.ready = true;
  const first = people ? s.tracks.first.reduce((a, b) => Math.min(a, b)) : 0;
  s.time = s.options.moment ?? first;
}

/** Show the available data, and hide controls without data. */
function showData(s) {
  const { e, data } = s;
  e.nowText = document.createTextNode("0:00.0");
  e.now.append(e.nowText, make("small", { text: ` / ${formatTime(s.duration)}` }));
  e.strip.setAttribute("aria-valuemax", s.duration);
  data.zones.forEach((zone, i) => e.zone.append(make("option", { value: `${i}`, text: markZone(zone), title: describeChecks(zone).join(". ") })));
  e.zone.hidden = !data.zones.length;
  e.toggles.zones.hidden = !data.zones.length && !data.lines.length;
  e.toggles.boxes.hidden = !s.tracks.left.length;
  e.toggles.dim.hidden = !data.background && !s.options.video;
  const missing = { zone: !data.zones.length, speed: !data.speed };
  [...e.color.options].filter((option) => missing[option.value]).forEach((option) => option.remove());
  e.message.hidden = s.tracks.rows > 0;
  e.message.textContent = "No people were detected in this video.";
  addNotes(s, ...(data.notes ?? []));
}

function build(s, element) {
  s.e = createElements(s.data);
  s.host = make("div");
  s.host.dataset.lmSuppressShortcuts = "true";
  s.host.dataset.theme = s.options.theme ?? "auto";
  s.host.style.height = s.options.fill ? "100%" : `${s.options.height ?? 640}px`;
  s.root = s.host.attachShadow({ mode: "open" });
  s.root.adoptedStyleSheets = [getStyles()];
  s.root.append(arrangeElements(s.e));
  fillHelp(s);
  element.append(s.host);
  s.base = s.e.base.getContext("2d");
  s.top = s.e.top.getContext("2d");
  const { ground } = s.data;
  if (ground) s.host.style.setProperty("--fit", `${(100 * ground.height) / ground.width}cqw`);
}

function listen(s) {
  listenToDetails(s); // before the list, which scrolls to the person when the details have their height
  listenToList(s);
  listenToTimeline(s);
  subscribe(s, "range", () => s.colorBy === "dwell" && updateColors(s));
  listenToColors(s);
  listenToImage(s);
  listenToControls(s);
  listenToExport(s);
  on(s, s.options.keys === "page" ? document : s.root, "keydown", (event) => handleKey(s, event));
  s.watcher = new ResizeObserver(() => {
    resize(s);
    fillList(s);
  });
  s.watcher.observe(s.e.stage);
  s.darkness = matchMedia("(prefers-color-scheme: dark)");
  on(s, s.darkness, "change", () => applyTheme(s));
}

async function start(s) {
  try {
    loadData(s, await readArrays(s.data));
  } catch (error) {
    s.e.message.textContent = `The explorer cannot be shown: ${error.message}`;
    emit(s, "error", error);
    throw error;
  }
  if (s.gone) return;
  showData(s);
  createZoneCounts(s);
  listen(s);
  addVideo(s);
  addBackground(s);
  resize(s);
  applyTheme(s);
  applyFilters(s);
  placeView(s);
  emit(s, "ready", null);
}

function destroy(s) {
  s.gone = true;
  s.ended.abort();
  s.watcher?.disconnect();
  clearTimeout(s.resting);
  clearTimeout(s.announcing);
  cancelAnimationFrame(s.frame);
  s.video?.pause();
  s.host.remove();
  s.listeners.clear();
}

/** Return the state that callers may read. */
function readState(s) {
  const here = s.here.subarray(0, s.hereCount);
  return {
    moment: s.time, playing: s.playing, speed: s.speed, range: s.range && [...s.range], zoom: s.view.zoom, layers: { ...s.layers },
    colorBy: s.colorBy, selected: [...s.selected].map((p) => s.data.persons[p]), listed: s.order.length, shown: s.shownCount,
    here: Array.from(here, (p) => s.data.persons[p]), unlocated: s.lostCount, positions: Array.from(here, (p) => [s.px[p], s.py[p]]),
    draws: s.draws, drawTime: s.drawTime,
  };
}

/**
 * Show an explorer in an element.
 *
 * @param {HTMLElement} element parent of the explorer; its other children stay
 * @param {object} data result of explorer_data
 * @param {{height?: number, fill?: boolean, theme?: "auto"|"light"|"dark", video?: string, moment?: number,
 *   keys?: "focus"|"page"}} [options] height in px (640), or whether to fill the element; address of a video, whose
 *   clock leads; initial time [ms]; whether keys work with the focus in the explorer, or on the complete page
 * @returns {{ready: Promise<void>, destroy: () => void, seek: (moment: number) => void, play: () => void,
 *   pause: () => void, select: (persons: number[]) => void, setRange: (range: [number, number]|null) => void,
 *   setSpeed: (speed: number) => void, state: () => object, on: (name: string, call: Function) => () => void}}
 *   events: ready, error, time, rest, play, pause, select, hover, range, filter, color; `on` returns a function that
 *   removes the listener
 */
export function mount(element, data, options = {}) {
  const s = createState(data ?? {}, options);
  build(s, element);
  const ready = start(s);
  ready.catch(() => undefined);
  const whenReady = (act) => (value) => s.ready && !s.gone && act(s, value);
  return {
    ready,
    destroy: () => destroy(s),
    seek: whenReady(seek),
    play: whenReady(play),
    pause: whenReady(pause),
    select: whenReady(selectPeople),
    setRange: whenReady(setRange),
    setSpeed: whenReady(setSpeed),
    state: () => (s.ready ? readState(s) : null),
    on: (name, call) => subscribe(s, name, call),
  };
}
