/** The drawing tools: add points one by one, then finish the drawing. */
import { distance, inParts, same } from "./geometry.js";
import { snapped } from "./view.js";

export const DRAWS = ["zone", "rectangle", "line", "hole", "split"];
const FEWEST = { zone: 3, hole: 3, line: 2, rectangle: 2 };

/** Move the cursor and snap it. With `lock`, the next edge is horizontal or vertical. */
export function moveCursor(app, position, { near = 10, off = false, lock = false } = {}) {
  const last = app.draft.at(-1)?.point;
  const locks = lock && last && app.tool !== "rectangle" && app.tool !== "split";
  app.cursor = position;
  if (app.mode === "floor" || app.tool === "select") app.snap = null;
  else app.snap = locks ? lockedTo(app, last, position) : snapFor(app, position, near, off);
  app.redraw();
}

/** Find the point at a position, projected to the horizontal or vertical line through another point. */
export function lockedTo(app, from, position) {
  const start = app.view.position(from);
  const axis = Math.abs(position[0] - start[0]) < Math.abs(position[1] - start[1]) ? 0 : 1;
  const point = app.model.round(app.view.point(position));
  point[axis] = from[axis];
  return { point, kind: "axis", edge: null };
}

function snapFor(app, position, near, off) {
  const options = { near, off: off || !app.snapping };
  const own = app.tool === "split" ? app.model.item(app.selected) : null;
  if (own) {
    const border = snapped(app.model, app.view, position, { ...options, of: own, off: false });
    return border.kind || app.draft.length ? border : { ...border, kind: null };
  }
  return snapped(app.model, app.view, position, { ...options, extra: app.draft.map((one) => one.point) });
}

/** Add the next point at the snapped position. */
export function putPoint(app, near = 10) {
  if (!app.snap) return;
  const { draft, snap, tool } = app;
  const first = draft[0];
  if (tool === "split") return putCut(app);
  if (tool === "zone" || tool === "hole") {
    const isBack = first && distance(app.view.position(first.point), app.view.position(snap.point)) < near;
    if (draft.length > 2 && isBack) return finish(app);
  }
  if (draft.length && same(draft.at(-1).point, snap.point)) return draft.length >= FEWEST[tool] ? finish(app) : undefined;
  draft.push({ point: snap.point, edge: snap.edge });
  if (tool === "rectangle" && draft.length === 2) return finish(app);
  app.say(draft.length === 1 ? "First point placed." : `${draft.length} points placed.`);
  app.refresh();
}

function putCut(app) {
  const { draft, snap, model } = app;
  const item = model.item(app.selected);
  if (!item) return app.tell("Select a zone or line to split first.");
  if (!snap.kind && !draft.length) return app.tell(item.type === "zone" ? "Start on the outline of the zone." : "Click on the line.");
  draft.push({ point: snap.point, edge: snap.edge });
  if (item.type === "zone" && (draft.length < 2 || !snap.kind)) return app.refresh();
  const cut = draft.map((one) => one.point);
  const made = app.change(() => (item.type === "line" ? model.splitLine(item, cut[0], draft[0].edge) : model.splitZone(item, cut, [draft[0].edge, draft.at(-1).edge])));
  app.draft = [];
  if (made) app.setTool("select");
  else app.revert();
  if (made) app.tell(`Split into “${item.name}” and “${made.name}”.`, false);
  else app.tell("This cut does not make two pieces. Start and end it on the outline, and keep it inside.");
  app.refresh();
}

/** Return whether the drawing has enough points to be finished. */
export const canFinish = (app) => app.tool !== "split" && app.draft.length >= FEWEST[app.tool];

/** Finish the drawing if it has enough points; return whether it did. */
export function finish(app) {
  const { draft, tool, model } = app;
  if (!draft.length || tool === "split") return false;
  if (!canFinish(app)) {
    app.tell(tool === "rectangle" ? "A rectangle needs two opposite corners." : `A ${tool} needs at least ${FEWEST[tool]} points.`);
    return false;
  }
  const points = tool === "rectangle" ? rectangleOf(draft[0].point, draft[1].point) : draft.map((one) => one.point);
  const edges = draft.filter((one) => one.edge);
  app.draft = [];
  const item = app.change(() => {
    for (const { edge, point } of edges) model.insertOnEdge(edge[0], edge[1], point);
    return tool === "hole" ? addHole(app, points) : model.add(tool === "line" ? "line" : "zone", points);
  });
  if (item) app.select(item.id, tool !== "hole");
  else app.revert();
  app.setTool("select");
  if (item) app.say(`The ${tool} is finished.`);
  else app.tell("A hole must be inside the selected zone.");
  return Boolean(item);
}

/** Return the corners of the rectangle between two opposite corners. */
export const rectangleOf = ([x0, y0], [x1, y1]) => [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];

function addHole(app, points) {
  const item = app.model.item(app.selected);
  const part = item?.parts.find(([outer]) => inParts(points[0], [[outer]]));
  part?.push(points);
  return part ? item : null;
}
