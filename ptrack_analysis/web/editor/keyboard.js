/** Keyboard control of all actions of the pointer. */
import { DRAWS, finish, moveCursor, putPoint } from "./drawing_tools.js";
import { insertBetween, putPair, roundFraction } from "./dragging.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const TOOL_KEYS = { v: "select", z: "zone", r: "rectangle", l: "line", c: "split", h: "hole" };

/** Listen to keys of the page and of the stage. */
export function listenToKeys(app) {
  addEventListener("keydown", (event) => pageKey(app, event));
  app.stage.addEventListener("keydown", (event) => stageKey(app, event));
}

/** Handle keys that work anywhere, except while the user types a text. */
function pageKey(app, event) {
  if (app.ended || app.dragging) return;
  const key = event.key.toLowerCase();
  const types = event.target.matches?.("input, textarea");
  if (event.ctrlKey || event.metaKey) {
    if (key === "s") app.save();
    else if (types) return;
    else if (key === "z") event.shiftKey ? app.redo() : app.undo();
    else if (key === "y") app.redo();
    else if (key === "d") app.duplicate();
    else return;
    return event.preventDefault();
  }
  if (app.e.help.open) return;
  if (key === "enter" && types && app.e.details.contains(event.target)) return leaveField(app);
  if (key === "escape") cancel(app, types);
  if (types || event.altKey) return;
  if (TOOL_KEYS[key]) startTool(app, TOOL_KEYS[key]);
  else if (key === "delete" || key === "backspace") stepBack(app);
  else if (key === "n" || key === "p") app.selectNext(key === "n" ? 1 : -1);
  else if (key === "+" || key === "=") app.zoom(1.4);
  else if (key === "-") app.zoom(1 / 1.4);
  else if (key === "0") app.fitView();
  else if (key === "f" && app.draft.length) finish(app);
  else if (key === "?") app.e.help.showModal();
  else return;
  event.preventDefault();
}

/** Return from a field to the image, where keys choose tools, after Enter has chosen a kind. */
function leaveField(app) {
  setTimeout(() => app.stage.focus({ preventScroll: true }));
}

/** Choose a tool, and put the cross into the middle of the stage if there is no pointer. */
function startTool(app, tool) {
  app.setTool(tool);
  if (app.tool !== tool || tool === "select" || app.mode === "floor") return;
  app.stage.focus({ preventScroll: true });
  if (app.cursor) moveCursor(app, app.cursor, { near: 6 });
  else steer(app, [0, 0], 0);
}

function cancel(app, types) {
  if (types) return app.stage.focus();
  if (app.draft.length) {
    app.draft = [];
    app.tell("", false);
    app.say("The drawing is discarded.");
  } else if (app.tool !== "select") app.setTool("select");
  else if (app.corner) app.corner = null;
  else Object.assign(app, { selected: null, pair: null });
  app.refresh();
}

function stepBack(app) {
  if (app.draft.length) app.draft.pop();
  else if (app.mode === "floor") app.pair !== null && app.removePair(app.pair);
  else app.removeChosen();
  app.refresh();
}

/** Handle keys while the stage has the focus. */
function stageKey(app, event) {
  const arrow = ARROWS[event.key];
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const draws = DRAWS.includes(app.tool) || (app.mode === "floor" && app.pair === null);
  if (arrow) {
    if (draws) steer(app, arrow, event.shiftKey ? 1 : 10);
    else nudge(app, arrow, event.shiftKey ? 0.25 : 1);
  } else if (event.key === "Enter") enter(app);
  else if ((event.key === "." || event.key === ",") && app.mode === "zones") selectCorner(app, event.key === "." ? 1 : -1);
  else return;
  event.preventDefault();
}

/** Move the cross over the stage. */
function steer(app, [dx, dy], step) {
  const from = app.cursor ?? [app.view.width / 2, app.view.height / 2];
  app.keyed = true;
  app.showHint();
  const clamp = (value, most) => Math.min(Math.max(value, 0), most);
  moveCursor(app, [clamp(from[0] + dx * step, app.view.width), clamp(from[1] + dy * step, app.view.height)], { near: 6 });
  if (app.snap) app.say(app.snap.point.map((value) => value.toPrecision(3)).join(", "));
}

function enter(app) {
  if (app.mode === "floor") return app.pair === null ? putPair(app, app.cursor ?? [app.view.width / 2, app.view.height / 2]) : app.refresh({ focusPair: true });
  if (!DRAWS.includes(app.tool)) return app.selected === null ? undefined : insertAfter(app);
  if (!app.keyed && app.draft.length) return finish(app);
  if (!app.keyed) steer(app, [0, 0], 0);
  putPoint(app, 6);
}

/** Add a corner in the middle of the edge after the selected corner. */
function insertAfter(app) {
  const item = app.model.item(app.selected);
  const { part, ring, index } = app.corner ?? { part: 0, ring: 0, index: 0 };
  const points = item.parts[part][ring];
  if (item.type === "line" && index === points.length - 1) return;
  const ends = [points[index], points[(index + 1) % points.length]];
  app.change(() => insertBetween(app, item, { part, ring, index, ends }));
  app.refresh();
}

/** Move the selected corner or item by one screen pixel. */
function nudge(app, [dx, dy], step) {
  const { model, view } = app;
  const item = model.item(app.selected);
  const moved = (p) => {
    const [x, y] = view.position(p);
    return model.round(view.point([x + dx * step, y + dy * step]));
  };
  if (app.mode === "floor") {
    const pair = model.doc.pairs[app.pair];
    const [x, y] = view.ofFraction(pair.image);
    app.change(() => (pair.image = roundFraction(view.toFraction([x + dx * step, y + dy * step]))), `pair ${app.pair}`);
  } else if (!item) {
    view.pan(-dx * 40, -dy * 40);
    app.redraw();
  } else if (app.corner) {
    const { part, ring, index } = app.corner;
    const from = item.parts[part][ring][index];
    const to = moved(from);
    app.change(() => model.cornersAt(from).forEach((g) => (g.item.parts[g.part][g.ring][g.index] = [...to])), `corner ${item.id} ${part} ${ring} ${index}`);
  } else {
    app.change(() => (item.parts = item.parts.map((rings) => rings.map((points) => points.map(moved)))), `move ${item.id}`);
  }
}

function selectCorner(app, step) {
  const item = app.model.item(app.selected);
  if (!item) return;
  const all = item.parts.flatMap((rings, part) => rings.flatMap((points, ring) => points.map((_, index) => ({ part, ring, index }))));
  const now = all.findIndex((one) => JSON.stringify(one) === JSON.stringify(app.corner));
  app.corner = all.at((now + step + (now < 0 && step < 0 ? 1 : 0)) % all.length);
  app.say(`Corner ${all.indexOf(app.corner) + 1} of ${all.length}.`);
  app.refresh();
}
