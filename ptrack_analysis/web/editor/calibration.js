/** The floor plan: points of the image with known floor coordinates, their fit, and its grid. */
import { shape } from "./elements.js";
import { fitFloor } from "./homography.js";

const MOST_LINES = 60;

const isComplete = (pair) => pair.floor.every(Number.isFinite);

/** Fit the floor to the pairs with floor coordinates; the residual of other pairs is null. */
export function refit(app) {
  const { pairs } = app.model.doc;
  const used = pairs.filter(isComplete);
  const fit = fitFloor(used.map((pair) => pair.image), used.map((pair) => pair.floor), app.opening.floor?.lens);
  let at = 0;
  const residuals = pairs.map((pair) => (isComplete(pair) ? (fit.residuals?.[at++] ?? null) : null));
  app.fit = { ...fit, residuals };
}

/** Return the bounds to draw: from the file, otherwise around the points. */
export function drawnBounds(app) {
  const { bounds, pairs } = app.model.doc;
  if (bounds && bounds.every(Number.isFinite) && bounds[2] > bounds[0] && bounds[3] > bounds[1]) return bounds;
  const floor = pairs.filter(isComplete).map((pair) => pair.floor);
  if (floor.length < 2) return null;
  const ends = (axis, choose) => choose(...floor.map((p) => p[axis]));
  return [ends(0, Math.min), ends(1, Math.min), ends(0, Math.max), ends(1, Math.max)];
}

/** Choose the spacing of grid lines [m]. */
export function gridStep([x0, y0, x1, y1]) {
  const longest = Math.max(x1 - x0, y1 - y0);
  return [0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 50, 100, 500, 1000].find((step) => longest / step <= 24) ?? longest / 20;
}

/** Draw the grid of the floor over the image, cut at the horizon. */
export function floorGrid(app) {
  const bounds = drawnBounds(app);
  if (!app.fit.unproject || !bounds) return [];
  const step = gridStep(bounds);
  const made = [];
  for (const axis of [0, 1]) {
    for (const value of stops(bounds[axis], bounds[axis + 2], step)) {
      const points = Array.from({ length: 41 }, (_, i) => {
        const along = bounds[1 - axis] + ((bounds[3 - axis] - bounds[1 - axis]) * i) / 40;
        return axis ? [along, value] : [value, along];
      });
      const d = cutPath(points.map((p) => app.fit.unproject(p)).map((p) => p && app.view.ofFraction(p)), app.view);
      const main = Math.abs(value) < 1e-9 ? " axis" : "";
      if (d) made.push(shape("path", { class: "grid casing", d }), shape("path", { class: `grid${main}`, d }));
    }
  }
  return [...made, ...labelCorners(app, bounds)];
}

function stops(low, high, step) {
  const found = new Set([low, high]);
  for (let k = Math.ceil(low / step); k * step <= high && found.size < MOST_LINES; k++) found.add(k * step);
  return found;
}

/** Label the corners of the grid with their floor coordinates. */
function labelCorners(app, [x0, y0, x1, y1]) {
  if (!app.model.doc.bounds) return [];
  return [[x0, y0, -14], [x1, y0, -14], [x0, y1, 18], [x1, y1, 18]].flatMap(([x, y, off]) => {
    const at = app.fit.unproject([x, y]);
    if (!at) return [];
    const [left, top] = app.view.ofFraction(at);
    return [shape("text", { class: "label gridlabel", x: left, y: top + off }, `${format(x)}, ${format(y)}`)];
  });
}

const format = (value) => String(Math.round(value * 100) / 100);

function cutPath(positions, view) {
  let [d, drawing] = ["", false];
  const far = 20 * Math.max(view.width, view.height);
  for (const position of positions) {
    const fine = position && Math.abs(position[0]) < far && Math.abs(position[1]) < far;
    if (fine) d += `${drawing ? "L" : "M"}${position[0].toFixed(1)} ${position[1].toFixed(1)}`;
    drawing = Boolean(fine);
  }
  return d;
}
