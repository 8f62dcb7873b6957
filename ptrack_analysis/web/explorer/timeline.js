/** The time line below the picture. */
import { RUN_BEGINS } from "./data.js";
import { clock, counted } from "./words.js";
import { COLORS } from "./looks.js";
import { markRows } from "./list.js";
import { emit } from "./events.js";

/** Count the changes of the number of persons shown: moments, sorted, and how many came or left. */
function changesOf(s) {
  const changes = new Map();
  const add = (moment, by) => changes.set(moment, (changes.get(moment) ?? 0) + by);
  const { start, time, timePresent } = s.tracks;
  for (let p = 0; p < s.tracks.persons; p++) {
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
  return [...changes].sort((one, other) => one[0] - other[0]);
}

/** Compute the maximum number of persons shown at once in each of the parts of the video. */
function curveOf(s, parts) {
  const most = new Float32Array(parts);
  const part = s.duration / parts || 1;
  const changes = changesOf(s);
  let present = 0;
  changes.forEach(([moment, by], i) => {
    present += by;
    if (!present) return;
    const until = changes[i + 1][0];
    for (let number = Math.floor(moment / part); number < parts && number * part < until; number++) {
      most[number] = Math.max(most[number], present);
    }
  });
  return most;
}

export function drawCurve(s) {
  const c = s.e.curve.getContext("2d");
  const [width, height] = [s.stripWidth, s.e.curve.height / s.ratio];
  const parts = Math.max(1, Math.min(600, Math.floor(width / 2)));
  s.curve ??= curveOf(s, parts);
  const most = Math.max(0, ...s.curve);
  c.clearRect(0, 0, width, height);
  c.fillStyle = s.inks.dim;
  c.globalAlpha = 0.45;
  c.beginPath();
  c.moveTo(0, height);
  s.curve.forEach((value, i) => {
    const y = height - (value / (most || 1)) * (height - 12);
    c.lineTo((i / s.curve.length) * width, y);
    c.lineTo(((i + 1) / s.curve.length) * width, y);
  });
  c.lineTo(width, height);
  c.fill();
  c.globalAlpha = 1;
  c.font = "11px system-ui, sans-serif";
  c.fillStyle = s.inks.soft;
  c.textBaseline = "top";
  c.fillText(`max ${counted(most, "person", "persons")}`, 6, 3);
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
  const { start, time, timePresent, flags } = s.tracks;
  const scale = s.stripWidth / s.duration;
  let from = time[start[p]];
  for (let i = start[p]; i < start[p + 1]; i++) {
    const last = i + 1 === start[p + 1];
    if (!last && !(flags[i + 1] & RUN_BEGINS)) continue;
    const width = Math.max(2, (time[i] + timePresent[i] - from) * scale);
    c.fillStyle = s.inks.paper;
    c.fillRect(from * scale - 1, y - 1, width + 2, 7);
    c.fillStyle = COLORS[p % COLORS.length];
    c.fillRect(from * scale, y, width, 5);
    if (!last) from = time[i + 1];
  }
}

export function moveHead(s) {
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
