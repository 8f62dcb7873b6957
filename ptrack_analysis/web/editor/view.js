/** The view: converts coordinates of the file to positions on the screen and back. */
import { distance, nearestOn, segments } from "./geometry.js";

export const NEAR = { mouse: 10, pen: 12, touch: 18 };

export class View {
  /** @param {{width: number, height: number}} image  @param {number[]} bounds x0, y0, x1, y1 of the image */
  constructor(image, bounds) {
    Object.assign(this, { image, bounds, scale: 1, left: 0, top: 0, width: 1, height: 1, fitted: true });
  }

  resize(width, height) {
    Object.assign(this, { width, height });
    if (this.fitted) this.fit();
  }

  /** Fit the image to the stage. */
  fit() {
    const room = Math.min(24, this.width / 30);
    this.scale = Math.min((this.width - 2 * room) / this.image.width, (this.height - 2 * room) / this.image.height);
    this.left = (this.width - this.image.width * this.scale) / 2;
    this.top = (this.height - this.image.height * this.scale) / 2;
    this.fitted = true;
  }

  zoom(factor, [x, y] = [this.width / 2, this.height / 2]) {
    const fitting = Math.min(this.width / this.image.width, this.height / this.image.height);
    const scale = Math.min(Math.max(this.scale * factor, fitting * 0.4), fitting * 60);
    this.left = x - ((x - this.left) * scale) / this.scale;
    this.top = y - ((y - this.top) * scale) / this.scale;
    this.scale = scale;
    this.fitted = false;
  }

  pan(dx, dy) {
    this.left = Math.min(Math.max(this.left + dx, 60 - this.image.width * this.scale), this.width - 60);
    this.top = Math.min(Math.max(this.top + dy, 60 - this.image.height * this.scale), this.height - 60);
    this.fitted = false;
  }

  /** Return the screen position of a point in fractions of the image. */
  ofFraction([x, y]) {
    return [this.left + x * this.image.width * this.scale, this.top + y * this.image.height * this.scale];
  }

  toFraction([x, y]) {
    return [(x - this.left) / (this.image.width * this.scale), (y - this.top) / (this.image.height * this.scale)];
  }

  /** Return the screen position of a point of the file. */
  position([x, y]) {
    const [x0, y0, x1, y1] = this.bounds;
    return this.ofFraction([(x - x0) / (x1 - x0), (y - y0) / (y1 - y0)]);
  }

  /** Return the point of the file at a screen position. */
  point(position) {
    const [x0, y0, x1, y1] = this.bounds;
    const [x, y] = this.toFraction(position);
    return [x0 + x * (x1 - x0), y0 + y * (y1 - y0)];
  }
}

/**
 * Snap a screen position to a corner, otherwise to an edge, otherwise to the border of the image.
 * Return {point, kind, edge}; at a corner, the point is exactly the corner.
 */
export function snapped(model, view, position, { near, off = false, free = () => false, of = null, extra = [] }) {
  const plain = { point: model.round(view.point(position)), kind: null, edge: null };
  if (off) return plain;
  const rings = model.rings().filter(({ item }) => !of || item === of);
  const corners = rings.flatMap(({ item, points }) => points.filter((p) => !free(item, p)));
  let best = nearestCorner([...corners, ...extra], view, position, near);
  if (best) return { point: [...best], kind: "corner", edge: null };
  const edge = nearestEdge(rings, view, position, near, free);
  if (edge) return { point: model.round(view.point(edge.position)), kind: "edge", edge: edge.ends };
  return of ? plain : borderSnap(model, view, position, near, plain);
}

function nearestCorner(corners, view, position, near) {
  let [found, least] = [null, near];
  for (const corner of corners) {
    const away = distance(view.position(corner), position);
    if (away < least) [found, least] = [corner, away];
  }
  return found;
}

function nearestEdge(rings, view, position, near, free) {
  let [found, least] = [null, near];
  for (const { item, points, closed } of rings) {
    for (const [a, b] of segments(points, closed)) {
      if (free(item, a) || free(item, b)) continue;
      const at = nearestOn(position, view.position(a), view.position(b));
      const away = distance(at, position);
      if (away < least) [found, least] = [{ position: at, ends: [a, b] }, away];
    }
  }
  return found;
}

function borderSnap(model, view, position, near, plain) {
  const [x0, y0, x1, y1] = view.bounds;
  const [low, high] = [view.position([x0, y0]), view.position([x1, y1])];
  const point = [...plain.point];
  let kind = null;
  [[x0, x1], [y0, y1]].forEach((ends, axis) => {
    [low, high].forEach((border, side) => {
      if (Math.abs(position[axis] - border[axis]) < near) [point[axis], kind] = [ends[side], "border"];
    });
  });
  return { point, kind, edge: null };
}
