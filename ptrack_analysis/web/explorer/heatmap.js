/** The heatmap: seconds that people spent in each cell of a grid. */
import { make } from "../shared/dom.js";
import { MAGMA, mixStops } from "../shared/colors.js";
import { formatPeople } from "../shared/text.js";
import { getRange, isPresentBetween } from "./figures.js";

const COLUMNS = 96;
const CLIPPED = 0.995; // colors end at this quantile of the cells with people

/** Sum the time of the people shown per cell within the range, or read the heatmap in the data. */
function computeHeat(s) {
  const given = s.data.heatmap;
  if (given && !s.selected.size && !s.range && s.shownCount === s.tracks.people) {
    return { cells: s.arrays.heat, rows: given.rows, columns: given.columns, bounds: given.bounds };
  }
  const rows = Math.max(1, Math.round((COLUMNS * s.data.ground.height) / s.data.ground.width));
  const milliseconds = new Float64Array(rows * COLUMNS);
  const { start, time, timePresent, x, y } = s.tracks;
  const [from, to] = getRange(s);
  for (let p = 0; p < s.tracks.people; p++) {
    if (s.selected.size ? !s.selected.has(p) : !s.shown[p]) continue;
    for (let i = start[p]; i < start[p + 1]; i++) {
      const spent = Math.min(time[i] + timePresent[i], to) - Math.max(time[i], from);
      if (spent > 0 && x[i] >= 0 && x[i] < 1 && y[i] >= 0 && y[i] < 1) {
        milliseconds[Math.floor(y[i] * rows) * COLUMNS + Math.floor(x[i] * COLUMNS)] += spent;
      }
    }
  }
  return { cells: milliseconds.map((spent) => spent / 1000), rows, columns: COLUMNS, bounds: [0, 0, 1, 1] };
}

/** Return the true maximum, and a limit of the color scale that keeps one cell from hiding all others. */
function findLimits(cells) {
  const sorted = cells.filter((cell) => cell > 0).sort();
  if (!sorted.length) return { maximum: 0, limit: 0 };
  return { maximum: sorted[sorted.length - 1], limit: sorted[Math.floor(CLIPPED * (sorted.length - 1))] };
}

function drawCells({ cells, rows, columns }, limit, dark) {
  const canvas = make("canvas", { width: columns, height: rows });
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  for (let i = 0; i < cells.length; i++) {
    if (!(cells[i] > 0)) continue;
    const share = Math.min(1, cells[i] / limit);
    image.data.set(mixStops(MAGMA, dark ? 0.2 + 0.8 * share : 0.8 * (1 - share)), 4 * i);
    image.data[4 * i + 3] = 120 + 120 * Math.sqrt(share);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

const formatSeconds = (seconds) => (seconds < 10 ? seconds.toFixed(1) : `${Math.round(seconds)}`);

function describeScale(s, { maximum, limit }) {
  if (!maximum) return "No positions in the range";
  const range = getRange(s);
  const isCounted = (p) => (s.selected.size ? s.selected.has(p) : s.shown[p]) && (!s.range || isPresentBetween(s.tracks, p, range));
  let people = 0;
  for (let p = 0; p < s.tracks.people; p++) people += isCounted(p) ? 1 : 0;
  const whose = people === s.tracks.people ? "all people" : `${people.toLocaleString("en")} of ${formatPeople(s.tracks.people)}`;
  const end = maximum > limit ? `${formatSeconds(limit)} s or more per cell, maximum ${formatSeconds(maximum)} s` : `${formatSeconds(limit)} s per cell`;
  return `0 to ${end}, ${whose}`;
}

/** Draw the heatmap and its legend. */
export function drawHeat(s, c) {
  if (!s.heat) {
    const heat = computeHeat(s);
    const limits = findLimits(heat.cells);
    s.heat = { image: drawCells(heat, limits.limit, s.dark), bounds: heat.bounds, text: describeScale(s, limits) };
    const stops = (s.dark ? MAGMA.slice(1) : MAGMA.slice(0, -1).reverse()).map((rgb) => `rgb(${rgb})`);
    s.heat.gradient = limits.maximum ? stops : [];
    const scale = make("i", { class: "scale" });
    scale.style.background = `linear-gradient(90deg, ${stops.join()})`;
    s.e.heatLegend.replaceChildren(...(limits.maximum ? [scale] : []), make("span", { text: s.heat.text }));
  }
  const [x0, y0, x1, y1] = s.heat.bounds;
  const { left, top, width, height } = s.view;
  c.imageSmoothingEnabled = false; // a cell has one value and one color
  c.drawImage(s.heat.image, left + x0 * width, top + y0 * height, (x1 - x0) * width, (y1 - y0) * height);
  c.imageSmoothingEnabled = true;
}
