/** What lies still: the picture, the heatmap, zones and lines. */
import { counted } from "./words.js";
import { make } from "./elements.js";
import { refresh } from "./playing.js";

/** Fit the ground into the stage, and keep what is zoomed in on over it. */
export function place(s) {
  const { width, height } = s.size;
  const aspect = s.data.ground.width / s.data.ground.height;
  s.view.width = Math.min(width, height * aspect) * s.view.zoom;
  s.view.height = s.view.width / aspect;
  for (const [center, shown, whole] of [["x", width, s.view.width], ["y", height, s.view.height]]) {
    const half = Math.min(0.5, shown / whole / 2);
    s.view[center] = Math.min(1 - half, Math.max(half, s.view[center]));
  }
  s.view.left = width / 2 - s.view.x * s.view.width;
  s.view.top = height / 2 - s.view.y * s.view.height;
  if (s.video) {
    const { left, top } = s.view;
    Object.assign(s.video.style, { width: `${s.view.width}px`, height: `${s.view.height}px`, transform: `translate(${left}px, ${top}px)` });
  }
}

export function resize(s) {
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

export function fitCanvas(canvas, width, height, ratio) {
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
}

export function drawBase(s) {
  s.baseDirty = false;
  const c = s.base;
  const { left, top, width, height } = s.view;
  c.clearRect(0, 0, s.size.width, s.size.height);
  if (!s.video) {
    c.fillStyle = s.inks.paper;
    c.fillRect(left, top, width, height);
  }
  c.imageSmoothingQuality = "high";
  if (s.background && !s.video) c.drawImage(s.background, left, top, width, height);
  if (s.background || s.video) {
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
    return { cells: s.arrays.heat, rows: given.rows, columns: given.columns, bounds: given.bounds };
  }
  const columns = 96;
  const rows = Math.max(1, Math.round((columns * s.data.ground.height) / s.data.ground.width));
  const cells = new Float32Array(rows * columns);
  const { start, time, timePresent, x, y } = s.tracks;
  const [from, to] = s.range ?? [0, Infinity];
  for (let p = 0; p < s.tracks.persons; p++) {
    if (!s.shown[p] || (s.chosen.size && !s.chosen.has(p))) continue;
    for (let i = start[p]; i < start[p + 1]; i++) {
      const seconds = (Math.min(time[i] + timePresent[i], to) - Math.max(time[i], from)) / 1000;
      if (seconds > 0 && x[i] >= 0 && x[i] < 1 && y[i] >= 0 && y[i] < 1) {
        cells[Math.floor(y[i] * rows) * columns + Math.floor(x[i] * columns)] += seconds;
      }
    }
  }
  return { cells, rows, columns, bounds: [0, 0, 1, 1] };
}

export const MAGMA = [[252, 253, 191], [254, 159, 109], [222, 73, 104], [140, 41, 129], [59, 15, 112], [0, 0, 4]];

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
    s.heat = { image: heatImage(heat, most, s.dark), bounds: heat.bounds, most };
    const whose = s.chosen.size ? counted(s.chosen.size, "person", "persons") : "all shown";
    const highest = most < 10 ? most.toFixed(1) : Math.round(most);
    const clipped = heat.cells.some((cell) => cell > most);
    const text = most ? `0 to ${highest} s${clipped ? " or more" : ""} per cell, ${whose}` : "nobody was located";
    s.e.legend.replaceChildren(...(most ? [make("i")] : []), make("span", { text }));
  }
  const [x0, y0, x1, y1] = s.heat.bounds;
  const { left, top, width, height } = s.view;
  c.drawImage(s.heat.image, left + x0 * width, top + y0 * height, (x1 - x0) * width, (y1 - y0) * height);
}

export const inWindow = (zone, moment) => !zone.window.length || (moment >= zone.window[0] && moment < zone.window[1]);

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
    stroked(s, c, s.zoneOnly === number ? 3 : 1.75, zone.color);
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

function stroked(s, c, width, color) {
  c.strokeStyle = s.inks.casing;
  c.lineWidth = width + 2.5;
  c.stroke();
  c.strokeStyle = color ?? s.inks.outline;
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
export function pill(s, c, text, x, y, color = s.inks.pill, ink = s.inks.ink, bold = false) {
  const letters = s.size.width < 520 ? 10.5 : 12;
  c.font = `${bold ? "600 " : ""}${letters}px system-ui, sans-serif`;
  c.textAlign = "center";
  c.textBaseline = "middle";
  const half = c.measureText(text).width / 2 + letters / 2;
  const px = Math.min(Math.max(x, half + 2), s.size.width - half - 2);
  const py = Math.min(Math.max(y, 12), s.size.height - 12);
  c.fillStyle = color;
  c.beginPath();
  c.roundRect(px - half, py - 0.8 * letters, 2 * half, 1.6 * letters, 0.8 * letters);
  c.fill();
  c.fillStyle = ink;
  c.fillText(text, px, py + 0.5);
}
