/** The static layer: image, heatmap, zones and lines. */
import { resizeCanvas } from "../shared/dom.js";
import { chooseCasing } from "../shared/colors.js";
import { getZoneColor } from "./coloring.js";
import { drawHeat } from "./heatmap.js";
import { requestBackground } from "./state.js";

/** Fit the image into the stage, and the video under it. */
export function placeView(s) {
  s.view.place(s.size);
  s.e.top.classList.toggle("zoomed", s.view.zoom > 1);
  if (s.video) {
    const { left, top, width, height } = s.view;
    Object.assign(s.video.style, { width: `${width}px`, height: `${height}px`, transform: `translate(${left}px, ${top}px)` });
  }
  requestBackground(s);
}

export function resize(s) {
  const box = s.e.stage.getBoundingClientRect();
  s.ratio = Math.min(globalThis.devicePixelRatio || 1, 3);
  s.size = { width: Math.max(box.width, 1), height: Math.max(box.height, 1) };
  for (const canvas of [s.e.base, s.e.top]) resizeCanvas(canvas, s.size.width, s.size.height, s.ratio);
  const strip = s.e.strip.getBoundingClientRect();
  s.stripWidth = Math.max(strip.width, 1);
  resizeCanvas(s.e.curve, s.stripWidth, Math.max(strip.height, 1), s.ratio);
  s.curve = null;
  s.dots = [];
  placeView(s);
}

/** Draw the static layer; with `clears`, on an empty canvas. */
export function drawBackground(s, clears = true) {
  s.baseDirty = false;
  const c = s.base;
  const { left, top, width, height } = s.view;
  if (clears) c.clearRect(0, 0, s.size.width, s.size.height);
  if (!s.video) {
    c.fillStyle = s.inks.paper;
    c.fillRect(left, top, width, height);
  }
  c.imageSmoothingQuality = "high";
  if (s.background && !s.video) c.drawImage(s.background, left, top, width, height);
  if (s.layers.dim && (s.background || s.video)) {
    c.fillStyle = s.inks.veil;
    c.fillRect(left, top, width, height);
  }
  if (s.layers.heatmap) drawHeat(s, c);
  if (s.layers.zones) drawOutlines(s, c);
}

const isActive = (zone, time) => !zone.window.length || (time >= zone.window[0] && time < zone.window[1]);

/** Update the zones that are active now; return whether the outlines change. */
export function updateActiveZones(s) {
  let changed = false;
  s.data.zones.forEach((zone, number) => {
    const active = isActive(zone, s.time) ? 1 : 0;
    changed ||= active !== s.activeZones[number];
    s.activeZones[number] = active;
  });
  return changed && s.layers.zones;
}

function trace(s, c, points) {
  points.forEach((point, i) => (i ? c.lineTo(...s.view.toScreen(point)) : c.moveTo(...s.view.toScreen(point))));
}

function drawOutlines(s, c) {
  c.lineJoin = "round";
  s.data.zones.forEach((zone, number) => {
    c.beginPath();
    zone.parts.forEach((ring) => trace(s, c, ring));
    c.setLineDash(s.activeZones[number] ? [] : [3, 5]);
    stroke(s, c, s.zoneFilter === number ? 3.5 : 2, getZoneColor(s, number));
  });
  c.setLineDash([7, 4]);
  for (const line of s.data.lines) {
    c.beginPath();
    line.parts.forEach((part) => trace(s, c, part));
    stroke(s, c, 2.25, null);
  }
  c.setLineDash([]);
  s.data.lines.forEach((line) => line.parts.forEach((part) => drawArrow(s, c, part)));
  drawNames(s, c);
}

/** Stroke a path with a casing, in a color or in the color of outlines. */
function stroke(s, c, width, color) {
  c.strokeStyle = color ? chooseCasing(color, s.dark) : s.inks.casing;
  c.lineWidth = width + 2.5;
  c.stroke();
  c.strokeStyle = color ?? s.inks.outline;
  c.lineWidth = width;
  c.stroke();
}

/** Find the middle of a polyline along its length, and its direction there. */
function findMiddle(part) {
  const lengths = part.slice(1).map(([x, y], i) => Math.hypot(x - part[i][0], y - part[i][1]));
  let rest = lengths.reduce((sum, length) => sum + length, 0) / 2;
  let i = 0;
  while (i < lengths.length - 1 && rest > lengths[i]) rest -= lengths[i++];
  const share = lengths[i] ? rest / lengths[i] : 0;
  const [[x0, y0], [x1, y1]] = [part[i], part[i + 1]];
  return { position: [x0 + (x1 - x0) * share, y0 + (y1 - y0) * share], direction: [x1 - x0, y1 - y0] };
}

/** Draw an arrow across a line, toward its in side. */
function drawArrow(s, c, part) {
  const { position, direction } = findMiddle(part);
  const [dx, dy] = [direction[0] * s.view.width, direction[1] * s.view.height];
  const length = Math.hypot(dx, dy) || 1;
  const [ux, uy] = [-dy / length, dx / length];
  const [px, py] = s.view.toScreen(position);
  c.beginPath();
  c.moveTo(px, py);
  c.lineTo(px + 16 * ux, py + 16 * uy);
  c.moveTo(px + 10 * ux + 5 * uy, py + 10 * uy - 5 * ux);
  c.lineTo(px + 16 * ux, py + 16 * uy);
  c.lineTo(px + 10 * ux - 5 * uy, py + 10 * uy + 5 * ux);
  stroke(s, c, 2, null);
}

/** Shorten a name to a width. */
function shortenName(c, name, width) {
  c.font = "12px system-ui, sans-serif";
  if (name.length <= 200 && c.measureText(name).width <= width) return name;
  const letters = [...name].slice(0, 40);
  while (letters.length > 3 && c.measureText(`${letters.join("")}…`).width > width) letters.pop();
  return `${letters.join("")}…`;
}

/** Draw the names of zones and lines, except names that would overlap another name. */
function drawNames(s, c) {
  const drawn = [];
  const draw = (name, x, y) => {
    const half = c.measureText(name).width / 2 + 6;
    if (drawn.some(([ox, oy, other]) => Math.abs(ox - x) < half + other && Math.abs(oy - y) < 19)) return;
    drawn.push([x, y, half]);
    drawLabel(s, c, name, x, y);
  };
  s.data.zones.forEach((zone) => {
    if (!zone.parts.length) return;
    const [xs, ys] = [0, 1].map((axis) => zone.parts[0].map((point) => point[axis]));
    const [x0, x1] = [Math.min(...xs), Math.max(...xs)];
    const center = [(x0 + x1) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
    const width = Math.max(64, (x1 - x0) * s.view.width - 14);
    draw(shortenName(c, zone.name, width), ...s.view.toScreen(center));
  });
  s.data.lines.forEach((line) => {
    if (!line.parts.length) return;
    const [x, y] = s.view.toScreen(line.parts[0][0]);
    draw(shortenName(c, line.name, 180), x, y - 14);
  });
}

/** Draw a text on a rounded ground, within the stage. */
export function drawLabel(s, c, text, x, y, color = s.inks.pill, ink = s.inks.ink, bold = false) {
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
