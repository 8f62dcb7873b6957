/** The view: converts coordinates of the file to positions on the screen and back. */
import { distance, nearestOn, segments } from "./geometry.js";

export const NEAR = { mouse: 10, pen: 12, touch: 18 };

export class View {
  /** @param {{width: number, height: number}} picture  @param {number[]} bounds x0, y0, x1, y1 of the image
  */
  constructor(picture, bounds) {
    Object.assign(this, { picture, bounds, scale: 1, left: 0, top: 0, width: 1, height: 1, fitted: true });
  }

  resize(width, height) {
    Object.assign(this, { width, height });
    if (this.fitted) this.fit();
  }

  /** Fit the image to the stage. */
  fit() {
    const room = Math.min(24, this.width / 30);
    this.scale = Math.min((this.width - 2 * room) / this.picture.width, (this.height - 2 * room) / this.picture.height);
    this.left = (this.width - this.picture.width * this.scale) / 2;
    this.top = (this.height - this.picture.height * this.scale) / 2;
    this.fitted = true;
  }

  zoom(factor, [x, y] = [this.width / 2, this.height / 2]) {
    const whole = Math.min(this.width / this.picture.width, this.height / this.picture.height);
    const scale = Math.min(Math.max(this.scale * factor, whole * 0.4), whole * 60);
    this.left = x - ((x - this.left) * scale) / this.scale;
    this.top = y - ((y - this.top) * scale) / this.scale;
    this.scale = scale;
    this.fitted = false;
  }

  pan(dx, dy) {
    this.left = Math.min(Math.max(this.left + dx, 60 - this.picture.width * this.scale), this.width - 60);
    this.top = Math.min(Math.max(this.top + dy, 60 - this.picture.height * this.scale), this.height - 60);
    this.fitted = false;
  }

  /** Return the screen position of a point in fractions of the image. */
  ofFraction([x, y]) {
    return [this.left + x * this.picture.width * this.scale, this.top + y * this.picture.height * this.scale];
  }

  toFraction([x, y]) {
    return [(x - this.left) / (this.picture.width * this.scale), (y - this.top) / (this.picture.height * this.scale)];
  }

  /** Return the screen position of a point of the file. */
  place([x, y]) {
    const [x0, y0, x1, y1] = this.bounds;
    return this.ofFraction([(x - x0) / (x1 - x0), (y - y0) / (y1 - y0)]);
  }

  /** Return the point of the file at a screen position. */
  point(place) {
    const [x0, y0, x1, y1] = this.bounds;
    const [x, y] = this.toFraction(place);
    return [x0 + x * (x1 - x0), y0 + y * (y1 - y0)];
  }
}

/**
 * Snap a screen position to a corner, otherwise to an edge, otherwise to the border of the image.
 * Return {point, kind, edge}; at a corner, the point is exactly the corner.
 */
export function snapped(model, view, place, { near, off = false, free = () => false, of = null, extra = [] }) {
  const plain = { point: model.round(view.point(place)), kind: null, edge: null };
  if (off) return plain;
  const rings = model.rings().filter(({ item }) => !of || item === of);
  const corners = rings.flatMap(({ item, points }) => points.filter((p) => !free(item, p)));
  let best = nearestCorner([...corners, ...extra], view, place, near);
  if (best) return { point: [...best], kind: "corner", edge: null };
  const edge = nearestEdge(rings, view, place, near, free);
  if (edge) return { point: model.round(view.point(edge.place)), kind: "edge", edge: edge.ends };
  return of ? plain : borderSnap(model, view, place, near, plain);
}

function nearestCorner(corners, view, place, near) {
  let [found, least] = [null, near];
  for (const corner of corners) {
    const away = distance(view.place(corner), place);
    if (away < least) [found, least] = [corner, away];
  }
  return found;
}

function nearestEdge(rings, view, place, near, free) {
  let [found, least] = [null, near];
  for (const { item, points, closed } of rings) {
    for (const [a, b] of segments(points, closed)) {
      if (free(item, a) || free(item, b)) continue;
      const at = nearestOn(place, view.place(a), view.place(b));
      const away = distance(at, place);
      if (away < least) [found, least] = [{ place: at, ends: [a, b] }, away];
    }
  }
  return found;
}

function borderSnap(model, view, place, near, plain) {
  const [x0, y0, x1, y1] = view.bounds;
  const [low, high] = [view.place([x0, y0]), view.place([x1, y1])];
  const point = [...plain.point];
  let kind = null;
  [[x0, x1], [y0, y1]].forEach((ends, axis) => {
    [low, high].forEach((border, side) => {
      if (Math.abs(place[axis] - border[axis]) < near) [point[axis], kind] = [ends[side], "border"];
    });
  });
  return { point, kind, edge: null };
}
