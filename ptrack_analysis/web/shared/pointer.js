/** Pointers on an element: hover, drag, pinch and tap, for mouse, pen and touch. */

import { readPosition } from "./dom.js";

const TAP = 6; // a pointer that moved less [px] is a tap

function measurePair(points) {
  const [[ax, ay], [bx, by]] = [...points.values()];
  return { length: Math.hypot(ax - bx, ay - by) || 1, center: [(ax + bx) / 2, (ay + by) / 2] };
}

/**
 * Watch the pointers of an element. `listen(target, name, call)` adds a listener. The handlers get positions in px:
 * `hover(position, event)`, `drag(dx, dy)`, `pinch(factor, position, dx, dy)`, `tap(position, event)`, `leave(event)`.
 */
export function watchPointers(element, listen, { hover, drag, pinch, tap, leave }) {
  const points = new Map();
  let moved = 0;
  listen(element, "pointerdown", (event) => {
    points.set(event.pointerId, readPosition(element, event));
    if (points.size === 1) moved = 0;
    element.setPointerCapture(event.pointerId);
  });
  listen(element, "pointermove", (event) => {
    const position = readPosition(element, event);
    const before = points.get(event.pointerId);
    if (!before) return hover(position, event);
    const [dx, dy] = [position[0] - before[0], position[1] - before[1]];
    moved += Math.abs(dx) + Math.abs(dy);
    const pair = points.size === 2 ? measurePair(points) : null;
    points.set(event.pointerId, position);
    if (!pair) return points.size === 1 && drag(dx, dy);
    const now = measurePair(points);
    return pinch(now.length / pair.length, now.center, now.center[0] - pair.center[0], now.center[1] - pair.center[1]);
  });
  listen(element, "pointerup", (event) => {
    const pinched = points.size > 1;
    points.delete(event.pointerId);
    if (!pinched && moved <= TAP) tap(readPosition(element, event), event);
  });
  listen(element, "pointercancel", (event) => points.delete(event.pointerId));
  listen(element, "pointerleave", (event) => leave(event));
}
