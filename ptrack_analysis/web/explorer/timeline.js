/** The timeline: number of people over time, the current time, and the range. */
import { formatLength, formatPeople, formatShortTime, formatTime } from "../shared/text.js";
import { getPersonColor } from "./coloring.js";
import { RUN_BEGINS } from "./data.js";
import { endRangeHere, seek, setRange, startRangeHere } from "./playback.js";
import { emit, on, subscribe } from "./state.js";
import { readPosition } from "../shared/dom.js";

const TICKS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];
const MOST_BINS = 600;
const LABEL = 104; // room for the maximum [px]

/** List the changes of the number of people shown: time and change, sorted by time. */
function listChanges(s) {
  const changes = new Map();
  const add = (time, by) => changes.set(time, (changes.get(time) ?? 0) + by);
  const { start, time, timePresent } = s.tracks;
  for (let p = 0; p < s.tracks.people; p++) {
    if (!s.shown[p]) continue;
    let until = -1;
    for (let i = start[p]; i < start[p + 1]; i++) {
      if (time[i] > until) {
        if (until >= 0) add(until, -1);
        add(time[i], 1);
      }
      until = Math.max(until, time[i] + timePresent[i]);
    }
    if (until >= 0) add(until, -1);
  }
  return [...changes].sort((a, b) => a[0] - b[0]);
}

/** Compute the maximum number of people shown at once in each bin. */
function computeMaxima(s, bins) {
  const maxima = new Float32Array(bins);
  const bin = s.duration / bins || 1;
  const changes = listChanges(s);
  let present = 0;
  changes.forEach(([time, by], i) => {
    present += by;
    if (!present) return;
    const until = changes[i + 1][0];
    for (let number = Math.floor(time / bin); number < bins && number * bin < until; number++) {
      maxima[number] = Math.max(maxima[number], present);
    }
  });
  return maxima;
}

export function drawTimeline(s) {
  const c = s.e.curve.getContext("2d");
  const [width, height] = [s.stripWidth, s.e.curve.height / s.ratio];
  s.curve ??= computeMaxima(s, Math.max(1, Math.min(MOST_BINS, Math.floor(width / 2))));
  const maximum = s.curve.reduce((a, b) => Math.max(a, b), 0);
  c.clearRect(0, 0, width, height);
  c.fillStyle = s.inks.dim;
  c.globalAlpha = 0.45;
  c.beginPath();
  c.moveTo(0, height);
  s.curve.forEach((value, i) => {
    const y = height - (value / (maximum || 1)) * (height - 12);
    c.lineTo((i / s.curve.length) * width, y);
    c.lineTo(((i + 1) / s.curve.length) * width, y);
  });
  c.lineTo(width, height);
  c.fill();
  c.globalAlpha = 1;
  if (s.range) drawRange(s, c, width, height);
  [...s.selected].slice(-3).forEach((p, level) => drawPresence(s, c, p, height - 7 - 7 * level));
  drawLabels(s, c, width, maximum);
}

function drawRange(s, c, width, height) {
  const [from, to] = s.range.map((time) => (time / s.duration) * width);
  c.fillStyle = s.inks.accent;
  c.globalAlpha = 0.18;
  c.fillRect(from, 0, Math.max(1, to - from), height);
  c.globalAlpha = 1;
  c.fillRect(from - 1, 0, 2, height);
  c.fillRect(to - 1, 0, 2, height);
}

/** Draw the presence of a person: one bar per tracklet. */
function drawPresence(s, c, p, y) {
  const { start, time, timePresent, flags } = s.tracks;
  const scale = s.stripWidth / s.duration;
  const color = getPersonColor(s, p);
  let from = time[start[p]];
  for (let i = start[p]; i < start[p + 1]; i++) {
    const last = i + 1 === start[p + 1];
    if (!last && !(flags[i + 1] & RUN_BEGINS)) continue;
    const width = Math.max(2, (time[i] + timePresent[i] - from) * scale);
    c.fillStyle = s.inks.paper;
    c.fillRect(from * scale - 1, y - 1, width + 2, 7);
    c.fillStyle = color;
    c.fillRect(from * scale, y, width, 5);
    if (!last) from = time[i + 1];
  }
}

function drawLabels(s, c, width, maximum) {
  c.font = "11px system-ui, sans-serif";
  c.fillStyle = s.inks.soft;
  c.textBaseline = "top";
  c.textAlign = "center";
  const seconds = s.duration / 1000;
  const every = TICKS.find((tick) => (tick / seconds) * width >= 80) ?? seconds;
  for (let tick = every; tick < seconds; tick += every) {
    const x = (tick / seconds) * width;
    if (x < LABEL + 24 || x > width - 24) continue;
    c.fillText(formatShortTime(tick * 1000), x, 3);
    c.globalAlpha = 0.5;
    c.fillRect(x - 0.5, 15, 1, 4);
    c.globalAlpha = 1;
  }
  c.textAlign = "left";
  c.fillText(`max ${formatPeople(maximum)}`, 2, 3);
}

/** Move the line of the current time; texts are updated at most eight times per second during playback. */
export function moveHead(s) {
  const x = s.duration ? (s.time / s.duration) * s.stripWidth : 0;
  s.e.head.style.transform = `translateX(${Math.min(Math.max(x, 1), s.stripWidth - 1)}px)`;
  const now = performance.now();
  if (s.playing && now - s.told < 120) return;
  s.told = now;
  showTime(s);
}

function showTime(s) {
  const people = formatPeople(s.hereCount);
  s.e.nowText.nodeValue = formatTime(s.time);
  s.e.present.textContent = people;
  s.e.strip.setAttribute("aria-valuenow", Math.round(s.time));
  s.e.strip.setAttribute("aria-valuetext", `${formatTime(s.time)}, ${people}`);
  s.e.badge.hidden = !s.lostCount;
  if (s.lostCount) {
    const names = Array.from(s.lost.subarray(0, Math.min(6, s.lostCount)), (p) => s.tracks.labels[p]).join(", ");
    s.e.badge.textContent = `Without position now: ${names}${s.lostCount > 6 ? ` and ${s.lostCount - 6} more` : ""}`;
  }
  emit(s, "time", Math.round(s.time));
}

function showRange(s) {
  const [from, to] = s.range ?? [0, s.duration];
  const [left, right] = [from, to].map((time) => (s.duration ? (100 * time) / s.duration : 0));
  Object.assign(s.e.fill.style, { left: `${left}%`, width: `${right - left}%` });
  s.e.fill.classList.toggle("set", Boolean(s.range));
  [[s.e.rangeStart, from, left], [s.e.rangeEnd, to, right]].forEach(([handle, time, position]) => {
    handle.style.left = `${position}%`;
    handle.setAttribute("aria-valuemax", s.duration);
    handle.setAttribute("aria-valuenow", time);
    handle.setAttribute("aria-valuetext", formatTime(time));
  });
  const times = s.range ? `${formatShortTime(from)} to ${formatShortTime(to)}` : "Whole video";
  s.e.rangeText.textContent = `${times}, ${formatLength(to - from)}, ${formatPeople(s.rangeCount)}`;
  s.e.rangeButtons.lastChild.disabled = !s.range;
}

function listenToStrip(s) {
  const { strip } = s.e;
  let from = null;
  const readTime = (event) => (readPosition(strip, event)[0] / s.stripWidth) * s.duration;
  on(s, strip, "pointerdown", (event) => {
    strip.setPointerCapture(event.pointerId);
    from = readTime(event);
    if (!event.shiftKey) seek(s, from);
  });
  on(s, strip, "pointermove", (event) => {
    if (from === null) return;
    if (event.shiftKey) setRange(s, [from, readTime(event)]);
    else seek(s, readTime(event));
  });
  for (const name of ["pointerup", "pointercancel"]) on(s, strip, name, () => (from = null));
}

/** Drag a handle, move the range, or draw a new one. */
function listenToRangeBar(s) {
  const { rangeBar, rangeStart, rangeEnd, fill } = s.e;
  const readTime = (event) => (readPosition(rangeBar, event)[0] / rangeBar.clientWidth) * s.duration;
  let drag = null;
  on(s, rangeBar, "pointerdown", (event) => {
    rangeBar.setPointerCapture(event.pointerId);
    const time = readTime(event);
    const [from, to] = s.range ?? [0, s.duration];
    if (event.target === rangeStart) drag = (now) => setRange(s, [Math.min(now, to - 1), to]);
    else if (event.target === rangeEnd) drag = (now) => setRange(s, [from, Math.max(now, from + 1)]);
    else if (event.target === fill && s.range) drag = (now) => moveRange(s, [from, to], now - time);
    else drag = (now) => setRange(s, [time, now]);
  });
  on(s, rangeBar, "pointermove", (event) => drag?.(readTime(event)));
  for (const name of ["pointerup", "pointercancel"]) on(s, rangeBar, name, () => (drag = null));
}

function moveRange(s, [from, to], by) {
  const shift = Math.min(Math.max(by, -from), s.duration - to);
  setRange(s, [from + shift, to + shift]);
}

/** Move the end of the range that has the focus: by a second, with Shift by ten. */
function moveHandle(s, event) {
  const isStart = event.currentTarget === s.e.rangeStart;
  const [from, to] = s.range ?? [0, s.duration];
  const step = (s.duration < 20_000 ? 100 : 1000) * (event.shiftKey ? 10 : 1);
  const time = isStart ? from : to;
  const moved = { ArrowLeft: time - step, ArrowDown: time - step, ArrowRight: time + step, ArrowUp: time + step, Home: 0, End: s.duration }[event.key];
  if (moved === undefined) return;
  setRange(s, isStart ? [Math.min(moved, to - 1), to] : [from, Math.max(moved, from + 1)]);
  event.preventDefault();
  event.stopPropagation();
}

export function listenToTimeline(s) {
  listenToStrip(s);
  listenToRangeBar(s);
  const buttons = { "[": startRangeHere, "]": endRangeHere, "\\": () => setRange(s, null) };
  on(s, s.e.rangeButtons, "click", (event) => buttons[event.target.dataset.key]?.(s));
  for (const handle of [s.e.rangeStart, s.e.rangeEnd]) on(s, handle, "keydown", (event) => moveHandle(s, event));
  subscribe(s, "list", () => showRange(s));
}
