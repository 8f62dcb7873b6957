/** The state of one explorer and its events; imported by the other modules. */
import { make } from "../shared/dom.js";

export const NONE = -1;
const ANNOUNCE_AFTER = 250;

export function createState(data, options) {
  return {
    data, options, listeners: new Map(), ended: new AbortController(), id: `p${Math.random().toString(36).slice(2, 8)}`,
    time: 0, duration: 0, speed: 1, trail: 10_000, playing: false, lastTick: null, range: null, rangeCount: 0,
    selected: new Set(), hover: NONE, zoneFilter: NONE, active: 0, order: [], rows: [], colorBy: "person",
    layers: { boxes: true, trails: true, zones: true, heatmap: false, smooth: false, dim: true },
    size: { width: 1, height: 1 }, ratio: 1, stripWidth: 1, frame: 0, draws: 0, drawTime: 0, told: 0, ready: false, gone: false,
    baseDirty: true, stripDirty: true, curve: null, heat: null, dots: [], palette: [], casings: [],
  };
}

/** Add a listener that is removed with the explorer. */
export function on(s, target, name, call, options = {}) {
  target.addEventListener(name, call, { ...options, signal: s.ended.signal });
}

/** Call a function at each event of the explorer; return a function that removes it. */
export function subscribe(s, name, call) {
  if (!s.listeners.has(name)) s.listeners.set(name, new Set());
  s.listeners.get(name).add(call);
  return () => s.listeners.get(name)?.delete(call);
}

export function emit(s, name, value) {
  s.listeners.get(name)?.forEach((call) => call(value));
}

/** Request one frame. */
export function requestFrame(s) {
  s.stripDirty = true;
  if (!s.frame && s.ready && !s.gone) s.frame = requestAnimationFrame(s.tick);
}

/** Request one frame with a new background. */
export function requestBackground(s) {
  s.baseDirty = true;
  requestFrame(s);
}

/** Announce a text to screen readers, after a pause so that a drag is announced once. */
export function announce(s, text) {
  if (!s.ready) return;
  clearTimeout(s.announcing);
  s.announcing = setTimeout(() => (s.e.live.textContent = text), ANNOUNCE_AFTER);
}

export function addNotes(s, ...sentences) {
  s.e.notes.append(...sentences.map((text) => make("li", { text })));
  s.e.notes.hidden = !s.e.notes.childElementCount;
}

export const isFaded = (s, p) => s.selected.size > 0 && !s.selected.has(p);

export const getLastSelected = (s) => [...s.selected].at(-1) ?? NONE;
