/** What pointers and keys do on the picture. */
import { distance, inParts, area, middle, nearestOn, same, segments } from "./geometry.js";
import { NEAR, snapped } from "./view.js";

const DRAWS = ["zone", "line", "hole", "split"];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Listen to the stage. */
export function listen(app) {
  const { stage } = app;
  const pointers = new Map();
  let drag = null;
  let pinch = null;
  const at = (event) => {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  stage.addEventListener("pointerdown", (event) => {
    if (event.button > 1) return;
    stage.focus({ preventScroll: true });
    stage.setPointerCapture(event.pointerId);
    const place = at(event);
    pointers.set(event.pointerId, place);
    app.keyed = false;
    if (pointers.size === 2) {
      drag?.cancel?.();
      drag = null;
      app.dragging = false;
      pinch = [...pointers.values()];
    } else if (pointers.size === 1) {
      drag = begin(app, place, { near: NEAR[event.pointerType] ?? 10, only: event.altKey, off: event.ctrlKey || event.metaKey, pan: event.button === 1 });
    }
    app.dragging = Boolean(drag);
    event.preventDefault();
  });
  stage.addEventListener("pointermove", (event) => {
    const place = at(event);
    if (pointers.has(event.pointerId)) pointers.set(event.pointerId, place);
    if (pinch && pointers.size === 2) pinch = pinched(app, pinch, [...pointers.values()]);
    else if (drag) drag.move(place, { off: event.ctrlKey || event.metaKey });
    else point(app, place, { near: NEAR[event.pointerType] ?? 10, off: event.ctrlKey || event.metaKey });
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
  stage.addEventListener("keydown", (event) => stageKey(app, event));
}

function pinched(app, before, now) {
  app.view.zoom(distance(now[0], now[1]) / Math.max(1, distance(before[0], before[1])), middle(before[0], before[1]));
  const [from, to] = [middle(before[0], before[1]), middle(now[0], now[1])];
  app.view.pan(to[0] - from[0], to[1] - from[1]);
  app.redraw();
  return now;
}

/** Note where the pointer is, and what it would snap to. */
export function point(app, place, { near = 10, off = false } = {}) {
  app.cursor = place;
  app.snap = app.mode === "floor" || app.tool === "select" ? null : snapFor(app, place, near, off);
  app.redraw();
}

function snapFor(app, place, near, off) {
  const options = { near, off: off || !app.snapping };
  const own = app.tool === "split" ? app.model.item(app.selected) : null;
  if (own) {
    const border = snapped(app.model, app.view, place, { ...options, of: own, off: false });
    return border.kind || app.draft.length ? border : { ...border, kind: null };
  }
  return snapped(app.model, app.view, place, { ...options, extra: app.draft.map((one) => one.point) });
}

/** Begin what a press begins: a drag or a click. */
function begin(app, place, how) {
  if (how.pan) return panning(app, place);
  if (app.mode === "floor") return onPairs(app, place, how);
  return DRAWS.includes(app.tool) ? placing(app, place, how) : onThings(app, place, how);
}

function panning(app, from, clicked = () => {}) {
  let [last, moved] = [from, false];
  return {
    move(place) {
      if (!moved && distance(place, from) < 4) return;
      moved = true;
      app.view.pan(place[0] - last[0], place[1] - last[1]);
      last = place;
      app.redraw();
    },
    end() {
      if (!moved) clicked();
      app.redraw();
    },
  };
}

/** While drawing, a press places a point when it ends, and pans if it is dragged far. */
function placing(app, place, how) {
  point(app, place, how);
  return panning(app, place, () => {
    point(app, place, how);
    putPoint(app, how.near);
  });
}

/** Put the next point of what is drawn where the cursor snaps. */
export function putPoint(app, near = 10) {
  if (!app.snap) return;
  const { draft, snap, tool } = app;
  const first = draft[0];
  if (tool === "split") return putCut(app);
  if (first && draft.length > 2 && distance(app.view.place(first.point), app.cursor) < near && tool !== "line") return finish(app);
  const last = draft.at(-1);
  if (last && same(last.point, snap.point)) return tool === "line" && draft.length > 1 ? finish(app) : undefined;
  draft.push({ point: snap.point, edge: snap.edge });
  app.say(draft.length === 1 ? "First point placed." : `${draft.length} points.`);
  app.refresh();
}

function putCut(app) {
  const { draft, snap, model } = app;
  const item = model.item(app.selected);
  if (!item) return app.tell("Choose a zone or line to split first.");
  if (!snap.kind && !draft.length) return app.tell(item.type === "zone" ? "Begin on the outline of the zone." : "Click on the line.");
  draft.push({ point: snap.point, edge: snap.edge });
  if (item.type === "zone" && (draft.length < 2 || !snap.kind)) return app.refresh();
  const cut = draft.map((one) => one.point);
  const made = app.change(() => (item.type === "line" ? model.splitLine(item, cut[0], draft[0].edge) : model.splitZone(item, cut, [draft[0].edge, draft.at(-1).edge])));
  app.draft = [];
  if (made) app.setTool("select");
  else app.revert();
  if (made) app.tell(`Split: “${item.name}” and “${made.name}”.`, false);
  else app.tell("That cut does not make two pieces: begin and end on the outline, and stay inside.");
  app.refresh();
}

/** End what is being drawn, if it is enough. */
export function finish(app) {
  const { draft, tool, model } = app;
  if (!draft.length || tool === "split") return;
  const least = tool === "line" ? 2 : 3;
  if (draft.length < least) return app.tell(`A ${tool} needs at least ${least} points.`);
  const points = draft.map((one) => one.point);
  const edges = draft.filter((one) => one.edge);
  app.draft = [];
  const item = app.change(() => {
    for (const { edge, point: corner } of edges) model.insertOnEdge(edge[0], edge[1], corner);
    return tool === "hole" ? addHole(app, points) : model.add(tool, points);
  });
  if (item) app.select(item.id, tool !== "hole");
  else app.revert();
  app.setTool("select");
  if (item) app.say(`${tool} drawn.`);
  else app.tell("A hole belongs into the zone chosen.");
}

function addHole(app, points) {
  const item = app.model.item(app.selected);
  const part = item?.parts.find(([outer]) => inParts(points[0], [[outer]]));
  part?.push(points);
  return part ? item : null;
}

/** In the select tool: a corner, an edge's middle, a thing, or nothing is pressed. */
function onThings(app, place, how) {
  const { model, view } = app;
  const chosen = model.item(app.selected);
  const corner = chosen && cornerAt(app, chosen, place, how.near);
  if (corner) {
    app.corner = corner;
    app.refresh();
    return draggingCorner(app, chosen, corner, how);
  }
  const between = chosen && betweenAt(app, chosen, place, how.near);
  if (between) return draggingCorner(app, chosen, between, how, true);
  const item = thingAt(app, place, how.near);
  if (item && item === chosen) return draggingThing(app, item, place, how);
  return panning(app, place, () => app.select(item?.id ?? null));
}

function cornerAt(app, item, place, near) {
  let [found, least] = [null, near];
  item.parts.forEach((rings, part) => rings.forEach((points, ring) => points.forEach((p, index) => {
    const away = distance(app.view.place(p), place);
    if (away < least) [found, least] = [{ part, ring, index }, away];
  })));
  return found;
}

function betweenAt(app, item, place, near) {
  for (const [part, rings] of item.parts.entries()) {
    for (const [ring, points] of rings.entries()) {
      for (const [a, b, index] of segments(points, item.type === "zone")) {
        const [from, to] = [app.view.place(a), app.view.place(b)];
        if (distance(from, to) >= 44 && distance(middle(from, to), place) < near) return { part, ring, index, ends: [a, b] };
      }
    }
  }
  return null;
}

/** Find the thing at a place: a line near it, else the smallest zone around it. */
export function thingAt(app, place, near = 10) {
  const { items } = app.model.doc;
  const near_ = (a, b) => distance(nearestOn(place, app.view.place(a), app.view.place(b)), place) < near;
  const line = items.findLast((item) => item.type === "line" && segments(item.parts[0][0], false).some(([a, b]) => near_(a, b)));
  if (line) return line;
  const around = items.filter((item) => item.type === "zone" && inParts(app.view.point(place), item.parts));
  const size = (item) => Math.abs(item.parts.reduce((sum, [outer]) => sum + area(outer), 0));
  return around.sort((one, other) => size(one) - size(other))[0] ?? null;
}

/** Drag a corner, and those of others at the same place with it; one between two corners is made first. */
function draggingCorner(app, item, corner, how, isNew = false) {
  const { model } = app;
  let [group, edge] = [null, null];
  const start = () => {
    model.keep();
    if (isNew) insertBetween(app, item, corner);
    const from = item.parts[corner.part][corner.ring][corner.index];
    group = how.only ? [{ item, ...corner }] : model.cornersAt(from);
  };
  const moved = (one, p) => group.some((g) => g.item === one && g.item.parts[g.part][g.ring][g.index] === p);
  let origin = null;
  return {
    move(place, { off }) {
      origin ??= place;
      if (!group && distance(place, origin) < 3) return;
      if (!group) start();
      const snap = snapped(model, app.view, place, { near: how.near, off: off || !app.snapping, free: moved });
      ({ edge } = snap);
      for (const g of group) g.item.parts[g.part][g.ring][g.index] = [...snap.point];
      Object.assign(app, { cursor: place, snap });
      app.changed();
    },
    end() {
      if (!group) return isNew ? app.change(() => insertBetween(app, item, corner)) : undefined;
      const point_ = item.parts[corner.part][corner.ring][corner.index];
      if (edge) model.insertOnEdge(edge[0], edge[1], point_);
      model.tidy();
      app.corner = cornerAt(app, item, app.view.place(point_), 1);
      app.changed();
      app.refresh();
    },
    cancel: () => group && app.undo(),
  };
}

function insertBetween(app, item, corner) {
  const [a, b] = corner.ends;
  const at = app.model.round(middle(a, b));
  app.model.insertOnEdge(a, b, at);
  corner.index = item.parts[corner.part][corner.ring].findIndex((p) => same(p, at));
  app.corner = { part: corner.part, ring: corner.ring, index: corner.index };
}

/** Drag a whole thing; its corner that comes near one of another snaps to it. */
function draggingThing(app, item, from, how) {
  const { model, view } = app;
  const before = structuredClone(item.parts);
  let moved = false;
  return {
    move(place, { off }) {
      if (!moved && distance(place, from) < 4) return;
      if (!moved) model.keep();
      moved = true;
      const [start, now] = [view.point(from), view.point(place)];
      let shift = [now[0] - start[0], now[1] - start[1]];
      if (!off && app.snapping) shift = snappedShift(app, item, before, shift, how.near);
      item.parts = shifted(app, before, shift);
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

const shifted = (app, parts, [dx, dy]) => parts.map((rings) => rings.map((points) => points.map(([x, y]) => app.model.round([x + dx, y + dy]))));

function snappedShift(app, item, before, shift, near) {
  const others = app.model.rings().filter((one) => one.item !== item).flatMap(({ points }) => points);
  let [best, least] = [shift, near];
  for (const [x, y] of before.flat(2)) {
    const place = app.view.place([x + shift[0], y + shift[1]]);
    for (const other of others) {
      const away = distance(app.view.place(other), place);
      if (away < least) [best, least] = [[other[0] - x, other[1] - y], away];
    }
  }
  return best;
}

/** On the floor plan's tab: press on a point to move it, elsewhere to make one. */
function onPairs(app, place, how) {
  const { pairs } = app.model.doc;
  const index = pairs.findIndex((pair) => distance(app.view.ofFraction(pair.image), place) < how.near + 2);
  if (index < 0) return panning(app, place, () => putPair(app, place));
  app.pair = index;
  app.refresh();
  let moved = false;
  return {
    move(now) {
      if (!moved && distance(now, place) < 3) return;
      if (!moved) app.model.keep();
      moved = true;
      app.model.doc.pairs[index].image = fine(app.view.toFraction(now));
      app.changed();
    },
    end: () => app.refresh(),
    cancel: () => moved && app.undo(),
  };
}

const fine = (p) => p.map((value) => Math.round(value * 1e6) / 1e6);

/** Make a pair at a place of the screen. */
export function putPair(app, place) {
  app.change(() => app.model.doc.pairs.push({ source: null, image: fine(app.view.toFraction(place)), floor: [null, null] }));
  app.pair = app.model.doc.pairs.length - 1;
  app.refresh({ focusPair: true });
}

/** Keys while the picture has the focus. */
function stageKey(app, event) {
  const arrow = ARROWS[event.key];
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const drawing = DRAWS.includes(app.tool) || (app.mode === "floor" && app.pair === null);
  if (arrow) {
    const step = event.shiftKey ? 1 : 10;
    if (drawing) steer(app, arrow, step);
    else nudge(app, arrow, event.shiftKey ? 0.25 : 1);
  } else if (event.key === "Enter") enter(app);
  else if ((event.key === "." || event.key === ",") && app.mode === "zones") nextCorner(app, event.key === "." ? 1 : -1);
  else return;
  event.preventDefault();
}

/** Lead the cross over the picture. */
function steer(app, [dx, dy], step) {
  const from = app.cursor ?? [app.view.width / 2, app.view.height / 2];
  app.keyed = true;
  const clamp = (value, most) => Math.min(Math.max(value, 0), most);
  point(app, [clamp(from[0] + dx * step, app.view.width), clamp(from[1] + dy * step, app.view.height)], { near: 6 });
}

function enter(app) {
  if (app.mode === "floor") return app.pair === null ? putPair(app, app.cursor ?? [app.view.width / 2, app.view.height / 2]) : app.refresh({ focusPair: true });
  if (!DRAWS.includes(app.tool)) return app.selected === null ? undefined : insertAfter(app);
  if (!app.keyed && app.draft.length) return finish(app);
  if (!app.keyed) steer(app, [0, 0], 0);
  putPoint(app, 6);
}

/** Put a corner in the middle of the edge after the chosen corner. */
function insertAfter(app) {
  const item = app.model.item(app.selected);
  const { part, ring, index } = app.corner ?? { part: 0, ring: 0, index: 0 };
  const points = item.parts[part][ring];
  if (item.type === "line" && index === points.length - 1) return;
  const ends = [points[index], points[(index + 1) % points.length]];
  app.change(() => insertBetween(app, item, { part, ring, index, ends }));
  app.refresh();
}

/** Move what is chosen by a pixel of the screen. */
function nudge(app, [dx, dy], step) {
  const { model, view } = app;
  const item = model.item(app.selected);
  const moved = (p) => {
    const [x, y] = view.place(p);
    return model.round(view.point([x + dx * step, y + dy * step]));
  };
  if (app.mode === "floor") {
    const pair = model.doc.pairs[app.pair];
    const [x, y] = view.ofFraction(pair.image);
    app.change(() => (pair.image = fine(view.toFraction([x + dx * step, y + dy * step]))), `pair ${app.pair}`);
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

function nextCorner(app, step) {
  const item = app.model.item(app.selected);
  if (!item) return;
  const all = item.parts.flatMap((rings, part) => rings.flatMap((points, ring) => points.map((_, index) => ({ part, ring, index }))));
  const now = all.findIndex((one) => JSON.stringify(one) === JSON.stringify(app.corner));
  app.corner = all.at((now + step + (now < 0 && step < 0 ? 1 : 0)) % all.length);
  app.say(`Corner ${all.indexOf(app.corner) + 1} of ${all.length}.`);
  app.refresh();
}
