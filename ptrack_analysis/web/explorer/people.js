/** The people at the current time: boxes, trails, foot points and numbers. */
import { make, resizeCanvas } from "../shared/dom.js";
import { drawLabel } from "./background.js";
import { updatePersonColor } from "./coloring.js";
import { HAS_BOX, HAS_FACE, INTERPOLATED, RUN_BEGINS, UNLOCATED, findRow } from "./data.js";
import { NONE, isFaded } from "./state.js";

const CROWD = 40;
const DOT = 20;
const DASHED = [3, 3];
const SOLID = [];

/** Find the people shown at the time and their positions; sets s.here (people), s.rowOf, s.px and s.py. */
export function locatePeople(s) {
  const { tracks, time } = s;
  const reach = s.layers.trails ? s.trail : 0;
  s.hereCount = s.trailCount = s.lostCount = 0;
  for (let p = 0; p < tracks.people; p++) {
    if (!(s.shown[p] || s.selected.has(p)) || time < tracks.first[p] || time >= tracks.end[p] + reach) continue;
    const row = findRowNear(s, p);
    s.rowOf[p] = row;
    s.trails[s.trailCount++] = p;
    if (time >= tracks.time[row] + tracks.timePresent[row]) continue;
    if (tracks.flags[row] & 3 & UNLOCATED) s.lost[s.lostCount++] = p;
    s.here[s.hereCount++] = p;
    updatePersonColor(s, p, row);
    const share = getShare(s, p, row);
    s.px[p] = s.view.left + interpolate(tracks.x, row, share) * s.view.width;
    s.py[p] = s.view.top + interpolate(tracks.y, row, share) * s.view.height;
  }
}

/** Find the row of a person at the time, starting from the row of the previous frame. */
function findRowNear(s, p) {
  const { time, start } = s.tracks;
  let row = s.rowOf[p];
  if (row >= 0 && time[row] <= s.time) {
    const last = start[p + 1] - 1;
    for (let steps = 0; steps < 8; steps++) {
      if (row === last || time[row + 1] > s.time) return row;
      row++;
    }
  }
  return findRow(s.tracks, p, s.time);
}

/** Return the interpolation factor to the next row; 0 unless the layer is smooth. */
function getShare(s, p, row) {
  const { tracks } = s;
  const next = row + 1;
  if (!s.layers.smooth || next >= tracks.start[p + 1] || tracks.flags[next] & RUN_BEGINS) return 0;
  if ((tracks.flags[row] | tracks.flags[next]) & UNLOCATED) return 0;
  return (s.time - tracks.time[row]) / (tracks.time[next] - tracks.time[row]);
}

const interpolate = (values, row, share) => (share ? values[row] + (values[row + 1] - values[row]) * share : values[row]);

/** Draw all people, selected people on top. */
export function drawPeople(s, c) {
  if (s.layers.trails) drawTrails(s, c);
  drawPaths(s, c);
  for (const selected of s.selected.size ? [false, true] : [false]) {
    if (s.layers.boxes) drawBoxes(s, c, selected);
    drawPoints(s, c, selected);
    drawNumbers(s, c, selected);
  }
}

/** Draw the trails, one stroke per color. With few people, trails fade with age. */
function drawTrails(s, c) {
  const crowded = s.trailCount > CROWD;
  c.lineJoin = crowded ? "bevel" : "round";
  c.lineCap = crowded ? "butt" : "round";
  s.grain = crowded ? 4 : 1.5;
  const groups = groupTrails(s);
  if (crowded) return drawTrailsSince(s, c, groups, s.trail, 1, 0.7);
  drawTrailsSince(s, c, groups, s.trail, 2, 0.5);
  return drawTrailsSince(s, c, groups, s.trail / 3, 2.75, 0.9);
}

/** Group the people with trails by color, faded trails first. */
function groupTrails(s) {
  const groups = new Map([[s.palette.length, []]]);
  for (let i = 0; i < s.trailCount; i++) {
    const p = s.trails[i];
    const color = isFaded(s, p) ? s.palette.length : s.colorOf[p];
    if (!groups.has(color)) groups.set(color, []);
    groups.get(color).push(p);
  }
  return groups;
}

function drawTrailsSince(s, c, groups, length, width, alpha) {
  c.lineWidth = width;
  for (const [color, people] of groups) {
    c.strokeStyle = s.palette[color] ?? s.inks.dim;
    c.globalAlpha = color === s.palette.length && s.selected.size ? 0.3 : alpha;
    c.beginPath();
    for (const p of people) traceTrail(s, c, p, s.rowOf[p], s.time - length);
    c.stroke();
  }
  c.globalAlpha = 1;
}

/** Trace a path back from a row to a time, with breaks at gaps and missing positions. */
function traceTrail(s, c, p, row, until) {
  const { time, flags, x, y, start } = s.tracks;
  const { left, top, width, height } = s.view;
  let px = 0;
  let py = 0;
  let pen = false;
  if (s.layers.smooth && s.time < time[row] + s.tracks.timePresent[row] && !(flags[row] & UNLOCATED)) {
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

/** Draw the complete path of each selected person as a thin line. */
function drawPaths(s, c) {
  s.grain = 1.5;
  for (const p of s.selected) {
    c.globalAlpha = 0.75;
    c.lineWidth = 3;
    c.strokeStyle = s.casings[s.colorOf[p]];
    c.beginPath();
    traceTrail(s, c, p, s.tracks.start[p + 1] - 1, 0);
    c.stroke();
    c.lineWidth = 1.5;
    c.strokeStyle = s.palette[s.colorOf[p]] ?? s.inks.dim;
    c.stroke();
    c.globalAlpha = 1;
  }
}

const isEmphasized = (s, p) => s.selected.has(p) || s.hover === p;

function drawBoxes(s, c, selected) {
  if (!s.tracks.left.length) return;
  for (let i = 0; i < s.hereCount; i++) {
    const p = s.here[i];
    if (s.selected.has(p) === selected) drawBox(s, c, p, s.rowOf[p]);
  }
  c.globalAlpha = 1;
}

function drawBox(s, c, p, row) {
  const t = s.tracks;
  const { left, top, width, height } = s.view;
  const hasBox = t.flags[row] & HAS_BOX;
  const face = t.flags[row] & HAS_FACE ? t.faceRow[row] : NONE;
  if (!hasBox && face === NONE) return;
  const share = hasBox && t.flags[row + 1] & HAS_BOX ? getShare(s, p, row) : 0;
  const [x, y, w, h] = hasBox ? [t.left, t.top, t.width, t.height].map((values) => interpolate(values, row, share)) : t.face.map((values) => values[face]);
  const faded = isFaded(s, p);
  const crowded = s.hereCount > CROWD;
  const line = isEmphasized(s, p) ? 2.75 : crowded ? 1 : 1.75;
  const color = faded ? s.palette.length : s.colorOf[p];
  c.globalAlpha = faded ? 0.35 : 1;
  if (!hasBox) c.setLineDash(DASHED);
  if (!faded && (!crowded || isEmphasized(s, p))) {
    c.strokeStyle = s.casings[color];
    c.lineWidth = line + 2;
    c.strokeRect(left + width * x, top + height * y, width * w, height * h);
  }
  c.strokeStyle = s.palette[color] ?? s.inks.dim;
  c.lineWidth = line;
  c.strokeRect(left + width * x, top + height * y, width * w, height * h);
  if (!hasBox) c.setLineDash(SOLID);
}

/** Draw the foot points: a disk where detected, a ring where interpolated. */
function drawPoints(s, c, selected) {
  const crowded = s.hereCount > CROWD;
  for (let i = 0; i < s.hereCount; i++) {
    const p = s.here[i];
    const status = s.tracks.flags[s.rowOf[p]] & 3;
    if (status === UNLOCATED || s.selected.has(p) !== selected) continue;
    const faded = isFaded(s, p);
    const size = isEmphasized(s, p) ? 2 : crowded ? 0 : 1;
    const dot = getDot(s, faded ? s.palette.length : s.colorOf[p], status === INTERPOLATED ? 1 : 0, size);
    c.globalAlpha = faded ? 0.5 : 1;
    c.drawImage(dot, s.px[p] - DOT / 2, s.py[p] - DOT / 2, DOT, DOT);
  }
  c.globalAlpha = 1;
}

/** Return the image of a dot, drawn once per color, kind and size. */
function getDot(s, color, ring, size) {
  const number = (color * 2 + ring) * 3 + size;
  s.dots[number] ??= makeDot(s, color, ring, [3, 5, 7][size]);
  return s.dots[number];
}

function makeDot(s, color, ring, radius) {
  const canvas = make("canvas");
  resizeCanvas(canvas, DOT, DOT, s.ratio);
  const c = canvas.getContext("2d");
  const ink = s.palette[color] ?? s.inks.dim;
  c.arc(DOT / 2, DOT / 2, radius, 0, 7);
  c.fillStyle = ring ? s.inks.paper : ink;
  c.fill();
  c.lineWidth = ring ? 2.5 : radius / 3;
  c.strokeStyle = ring ? ink : s.casings[color];
  c.stroke();
  return canvas;
}

function drawNumbers(s, c, selected) {
  for (let i = 0; i < s.hereCount; i++) {
    const p = s.here[i];
    if (s.selected.has(p) !== selected) continue;
    const emphasized = isEmphasized(s, p);
    if (!emphasized && (s.hereCount > CROWD / 2 || isFaded(s, p))) continue;
    const position = findLabelPosition(s, p, s.rowOf[p]);
    if (!position) continue;
    const colors = emphasized ? [s.inks.ink, s.inks.paper] : [s.inks.pill, s.inks.ink];
    drawLabel(s, c, s.tracks.labels[p], ...position, ...colors, true);
  }
}

/** Find the position of a person's number: above the box, the face or the foot point. */
export function findLabelPosition(s, p, row) {
  const t = s.tracks;
  const boxed = s.layers.boxes && t.left.length;
  if (boxed && t.flags[row] & HAS_BOX) {
    const [x, y] = s.view.toScreen([t.left[row] + t.width[row] / 2, t.top[row]]);
    return [x, y - 13];
  }
  if (boxed && t.flags[row] & HAS_FACE) {
    const face = t.faceRow[row];
    const [x, y] = s.view.toScreen([t.face[0][face] + t.face[2][face] / 2, t.face[1][face]]);
    return [x, y - 13];
  }
  return t.flags[row] & UNLOCATED ? null : [s.px[p], s.py[p] - 20];
}
