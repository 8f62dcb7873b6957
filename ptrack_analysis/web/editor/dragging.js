/** Dragging of the view, rectangles, corners, zones, lines, and points of the floor plan. */
import { distance, middle, same } from "./geometry.js";
import { cornerAt } from "./hit_testing.js";
import { lockedTo, moveCursor, putPoint } from "./drawing_tools.js";
import { snapped } from "./view.js";

/** Pan the view; a press without movement is a click. */
export function dragView(app, from, clicked = () => {}) {
  let [last, moved] = [from, false];
  return {
    move(position) {
      if (!moved && distance(position, from) < 4) return;
      moved = true;
      app.view.pan(position[0] - last[0], position[1] - last[1]);
      last = position;
      app.redraw();
    },
    end() {
      if (!moved) clicked();
      app.redraw();
    },
  };
}

/** Draw a rectangle between the start and the end of a drag. */
export function dragRectangle(app, from, how) {
  let moved = false;
  return {
    move(position, { off }) {
      if (!moved && distance(position, from) < 4) return;
      if (!moved) {
        moveCursor(app, from, how);
        putPoint(app, how.near);
      }
      moved = true;
      moveCursor(app, position, { near: how.near, off });
    },
    end() {
      if (!moved) moveCursor(app, from, how);
      putPoint(app, how.near);
    },
    cancel() {
      app.draft = [];
      app.refresh();
    },
  };
}

/** Drag a corner and all corners at the same point; add a corner first in the middle of an edge. */
export function dragCorner(app, item, corner, how, isNew = false) {
  const { model } = app;
  let [group, edge, origin, from] = [null, null, null, null];
  const start = () => {
    model.keep();
    if (isNew) insertBetween(app, item, corner);
    from = [...item.parts[corner.part][corner.ring][corner.index]];
    group = how.only ? [{ item, ...corner }] : model.cornersAt(from);
  };
  const moved = (one, p) => group.some((g) => g.item === one && g.item.parts[g.part][g.ring][g.index] === p);
  return {
    move(position, { off, lock }) {
      origin ??= position;
      if (!group && distance(position, origin) < 3) return;
      if (!group) start();
      const snap = lock ? lockedTo(app, from, position) : snapped(model, app.view, position, { near: how.near, off: off || !app.snapping, free: moved });
      ({ edge } = snap);
      for (const g of group) g.item.parts[g.part][g.ring][g.index] = [...snap.point];
      Object.assign(app, { cursor: position, snap });
      app.changed();
    },
    end() {
      if (!group) return isNew ? app.change(() => insertBetween(app, item, corner)) : undefined;
      const point = item.parts[corner.part][corner.ring][corner.index];
      if (edge) model.insertOnEdge(edge[0], edge[1], point);
      model.tidy();
      app.corner = cornerAt(app, item, app.view.position(point), 1);
      app.changed();
      app.refresh();
    },
    cancel: () => group && app.undo(),
  };
}

/** Add a corner in the middle of an edge. */
export function insertBetween(app, item, corner) {
  const [a, b] = corner.ends;
  const at = app.model.round(middle(a, b));
  app.model.insertOnEdge(a, b, at);
  corner.index = item.parts[corner.part][corner.ring].findIndex((p) => same(p, at));
  app.corner = { part: corner.part, ring: corner.ring, index: corner.index };
}

/** Drag a zone or line, with its corners snapping to other corners. */
export function dragItem(app, item, from, how) {
  const { model, view } = app;
  const before = structuredClone(item.parts);
  let moved = false;
  return {
    move(position, { off, lock }) {
      if (!moved && distance(position, from) < 4) return;
      if (!moved) model.keep();
      moved = true;
      const [start, now] = [view.point(from), view.point(position)];
      let shift = [now[0] - start[0], now[1] - start[1]];
      if (lock) shift[Math.abs(position[0] - from[0]) < Math.abs(position[1] - from[1]) ? 0 : 1] = 0;
      else if (!off && app.snapping) shift = snapShift(app, item, before, shift, how.near);
      item.parts = shiftParts(app, before, shift);
      app.changed();
    },
    end() {
      if (!moved) app.corner = null;
      app.changed();
      app.refresh();
    },
    cancel: () => moved && app.undo(),
  };
}

/** Return parts moved by a distance in the coordinates of the file. */
export const shiftParts = (app, parts, [dx, dy]) => parts.map((rings) => rings.map((points) => points.map(([x, y]) => app.model.round([x + dx, y + dy]))));

function snapShift(app, item, before, shift, near) {
  const others = app.model.rings().filter((one) => one.item !== item).flatMap(({ points }) => points);
  let [best, least] = [shift, near];
  for (const [x, y] of before.flat(2)) {
    const position = app.view.position([x + shift[0], y + shift[1]]);
    for (const other of others) {
      const away = distance(app.view.position(other), position);
      if (away < least) [best, least] = [[other[0] - x, other[1] - y], away];
    }
  }
  return best;
}

/** Move the pressed point of the floor plan, or add one. */
export function dragPair(app, position, how) {
  const { pairs } = app.model.doc;
  const index = pairs.findIndex((pair) => distance(app.view.ofFraction(pair.image), position) < how.near + 2);
  if (index < 0) return dragView(app, position, () => putPair(app, position));
  app.pair = index;
  app.refresh();
  let moved = false;
  return {
    move(now) {
      if (!moved && distance(now, position) < 3) return;
      if (!moved) app.model.keep();
      moved = true;
      app.model.doc.pairs[index].image = roundFraction(app.view.toFraction(now));
      app.changed();
    },
    end: () => app.refresh(),
    cancel: () => moved && app.undo(),
  };
}

/** Round fractions of the image. */
export const roundFraction = (p) => p.map((value) => Math.round(value * 1e6) / 1e6);

/** Add a point of the floor plan at a position of the screen. */
export function putPair(app, position) {
  app.change(() => app.model.doc.pairs.push({ source: null, image: roundFraction(app.view.toFraction(position)), floor: [null, null] }));
  app.pair = app.model.doc.pairs.length - 1;
  app.refresh({ focusPair: true });
}
