/** Hit testing: the corner, the middle of an edge, or the zone or line at a screen position. */
import { area, distance, inParts, middle, nearestOn, segments } from "./geometry.js";

/** Shortest edge that has a handle in its middle [px]. */
export const SHORTEST_EDGE = 44;

/** Find the corner of an item that is nearest to a position. */
export function cornerAt(app, item, position, near) {
  let [found, least] = [null, near];
  item.parts.forEach((rings, part) => rings.forEach((points, ring) => points.forEach((p, index) => {
    const away = distance(app.view.position(p), position);
    if (away < least) [found, least] = [{ part, ring, index }, away];
  })));
  return found;
}

/** Find the edge of an item whose middle is near a position. */
export function edgeMiddleAt(app, item, position, near) {
  for (const [part, rings] of item.parts.entries()) {
    for (const [ring, points] of rings.entries()) {
      for (const [a, b, index] of segments(points, item.type === "zone")) {
        const [from, to] = [app.view.position(a), app.view.position(b)];
        if (distance(from, to) >= SHORTEST_EDGE && distance(middle(from, to), position) < near) return { part, ring, index, ends: [a, b] };
      }
    }
  }
  return null;
}

/** Find the item at a position: a line near it, otherwise the smallest zone around it. */
export function itemAt(app, position, near = 10) {
  const { items } = app.model.doc;
  const isNear = (a, b) => distance(nearestOn(position, app.view.position(a), app.view.position(b)), position) < near;
  const line = items.findLast((item) => item.type === "line" && segments(item.parts[0][0], false).some(([a, b]) => isNear(a, b)));
  if (line) return line;
  const around = items.filter((item) => item.type === "zone" && inParts(app.view.point(position), item.parts));
  const size = (item) => Math.abs(item.parts.reduce((sum, [outer]) => sum + area(outer), 0));
  return around.sort((one, other) => size(one) - size(other))[0] ?? null;
}
