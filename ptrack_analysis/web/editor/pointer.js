/** Mouse, pen and touch on the stage. */
import { distance, middle } from "./geometry.js";
import { DRAWS, finish, moveCursor, putPoint } from "./drawing_tools.js";
import { dragCorner, dragItem, dragPair, dragRectangle, dragView } from "./dragging.js";
import { cornerAt, edgeMiddleAt, itemAt } from "./hit_testing.js";
import { NEAR } from "./view.js";
import { readPosition } from "../shared/dom.js";

const modifiersOf = (event) => ({ near: NEAR[event.pointerType] ?? 10, off: event.ctrlKey || event.metaKey, lock: event.shiftKey });

/** Listen to pointers on the stage. */
export function listenToPointers(app) {
  const { stage } = app;
  const pointers = new Map();
  let drag = null;
  let pinch = null;
  const at = (event) => readPosition(stage, event);
  stage.addEventListener("pointerdown", (event) => {
    if (event.button > 1) return;
    stage.focus({ preventScroll: true });
    stage.setPointerCapture(event.pointerId);
    const position = at(event);
    pointers.set(event.pointerId, position);
    app.keyed = false;
    app.showHint();
    if (pointers.size === 2) {
      drag?.cancel?.();
      drag = null;
      app.dragging = false;
      pinch = [...pointers.values()];
    } else if (pointers.size === 1) {
      drag = beginDrag(app, position, { ...modifiersOf(event), only: event.altKey, pan: event.button === 1 });
    }
    app.dragging = Boolean(drag);
    event.preventDefault();
  });
  stage.addEventListener("pointermove", (event) => {
    const position = at(event);
    if (app.keyed && (event.movementX || event.movementY)) {
      app.keyed = false;
      app.showHint();
    }
    if (pointers.has(event.pointerId)) pointers.set(event.pointerId, position);
    if (pinch && pointers.size === 2) pinch = moveBy(app, pinch, [...pointers.values()]);
    else if (drag) drag.move(position, modifiersOf(event));
    else moveCursor(app, position, modifiersOf(event));
  });
  const up = (event) => {
    pointers.delete(event.pointerId);
    if (pinch) pinch = pointers.size === 2 ? pinch : null;
    else if (drag) {
      const ended = drag;
      drag = null;
      app.dragging = false;
      if (event.type === "pointercancel") ended.cancel?.();
      else ended.end(at(event));
    }
  };
  stage.addEventListener("pointerup", up);
  stage.addEventListener("pointercancel", up);
  stage.addEventListener("pointerleave", () => {
    if (!app.keyed && !drag) Object.assign(app, { cursor: null, snap: null });
    app.redraw();
  });
  stage.addEventListener("dblclick", () => finish(app));
  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (event.ctrlKey || !event.shiftKey) app.view.zoom(Math.exp(-Math.max(-120, Math.min(120, event.deltaY)) / 400), at(event));
    else app.view.pan(-event.deltaY, 0);
    app.redraw();
  }, { passive: false });
}

function moveBy(app, before, now) {
  app.view.zoom(distance(now[0], now[1]) / Math.max(1, distance(before[0], before[1])), middle(before[0], before[1]));
  const [from, to] = [middle(before[0], before[1]), middle(now[0], now[1])];
  app.view.pan(to[0] - from[0], to[1] - from[1]);
  app.redraw();
  return now;
}

/** Start the drag or click of a press. */
function beginDrag(app, position, how) {
  if (how.pan) return dragView(app, position);
  if (app.mode === "floor") return dragPair(app, position, how);
  if (app.tool === "rectangle" && !app.draft.length) return dragRectangle(app, position, how);
  return DRAWS.includes(app.tool) ? placePoint(app, position, how) : pressItem(app, position, how);
}

/** During drawing, a press adds a point on release, and a drag pans. */
function placePoint(app, position, how) {
  moveCursor(app, position, how);
  return dragView(app, position, () => {
    moveCursor(app, position, how);
    putPoint(app, how.near);
  });
}

/** With the select tool: press a corner, the middle of an edge, a zone or line, or nothing. */
function pressItem(app, position, how) {
  const chosen = app.model.item(app.selected);
  const corner = chosen && cornerAt(app, chosen, position, how.near);
  if (corner) {
    app.corner = corner;
    app.refresh();
    return dragCorner(app, chosen, corner, how);
  }
  const between = chosen && edgeMiddleAt(app, chosen, position, how.near);
  if (between) return dragCorner(app, chosen, between, how, true);
  const item = itemAt(app, position, how.near);
  if (item && item === chosen) return dragItem(app, item, position, how);
  return dragView(app, position, () => app.select(item?.id ?? null));
}
