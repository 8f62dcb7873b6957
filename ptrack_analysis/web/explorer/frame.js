/** One frame: who is where, boxes, trails, dots and names. */
import { HAS_BOX, HAS_FACE, INTERPOLATED, NOBODY, RUN_BEGINS, UNLOCATED, rowAt } from "./data.js";
import { make } from "./elements.js";
import { COLORS } from "./looks.js";
import { drawBase, fitCanvas, inWindow, pill, place } from "./picture.js";
import { moveHead } from "./timeline.js";

const CROWD = 40;

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
    if (moment >= tracks.time[row] + tracks.timePresent[row]) continue;
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

export function drawFrame(s) {
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

/** Draw the ways of the last seconds, one stroke a color; those of few persons fade with age. */
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
  for (let color = 0; color <= COLORS.length; color++) {
    const gray = color === COLORS.length;
    if (gray && !s.chosen.size) break;
    c.strokeStyle = gray ? s.inks.dim : COLORS[color];
    c.globalAlpha = gray ? 0.3 : alpha;
    c.beginPath();
    let any = false;
    for (let i = 0; i < s.trailCount; i++) {
      const p = s.trails[i];
      if (faded(s, p) ? !gray : gray || p % COLORS.length !== color) continue;
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
  if (s.layers.s && s.moment < time[row] + s.tracks.timePresent[row] && !(flags[row] & UNLOCATED)) {
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
    c.strokeStyle = COLORS[p % COLORS.length];
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
    const gray = faded(s, p);
    const face = t.flags[row] & HAS_FACE ? t.faceRow[row] : NOBODY;
    if (!(t.flags[row] & HAS_BOX) && face === NOBODY) continue;
    const share = t.flags[row] & HAS_BOX && t.flags[row + 1] & HAS_BOX ? shareOf(s, p, row) : 0;
    const whole = face === NOBODY;
    const x = left + width * (whole ? between(t.left, row, share) : t.face[0][face]);
    const y = top + height * (whole ? between(t.top, row, share) : t.face[1][face]);
    const w = width * (whole ? between(t.width, row, share) : t.face[2][face]);
    const h = height * (whole ? between(t.height, row, share) : t.face[3][face]);
    c.globalAlpha = gray ? 0.35 : 1;
    const bold = s.chosen.has(p) || s.hover === p;
    if (!whole) c.setLineDash(DASHED);
    frameBox(s, c, p, gray, bold ? 2.75 : s.hereCount > CROWD ? 1 : 1.75, x, y, w, h);
    if (!whole) c.setLineDash(SOLID);
  }
  c.globalAlpha = 1;
}

const DASHED = [3, 3];
const SOLID = [];
const between = (values, row, share) => (share ? values[row] + (values[row + 1] - values[row]) * share : values[row]);

function frameBox(s, c, p, gray, line, x, y, width, height) {
  if (!gray && s.hereCount <= CROWD) {
    c.strokeStyle = s.inks.casing;
    c.lineWidth = line + 2;
    c.strokeRect(x, y, width, height);
  }
  c.strokeStyle = gray ? s.inks.dim : COLORS[p % COLORS.length];
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
    const gray = faded(s, p);
    const size = s.chosen.has(p) || s.hover === p ? 2 : crowded ? 0 : 1;
    const dot = dotOf(s, gray ? COLORS.length : p % COLORS.length, kind === INTERPOLATED ? 1 : 0, size);
    c.globalAlpha = gray ? 0.5 : 1;
    c.drawImage(dot, s.px[p] - DOT / 2, s.py[p] - DOT / 2, DOT, DOT);
  }
  c.globalAlpha = 1;
}

const DOT = 20;

/** Give a dot ready to be put down, drawn once for each color, kind and size. */
function dotOf(s, color, ring, size) {
  const number = (color * 2 + ring) * 3 + size;
  s.dots[number] ??= newDot(s, color, ring, [3, 5, 7][size]);
  return s.dots[number];
}

function newDot(s, color, ring, radius) {
  const canvas = make("canvas");
  fitCanvas(canvas, DOT, DOT, s.ratio);
  const c = canvas.getContext("2d");
  const ink = COLORS[color] ?? s.inks.dim;
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
