/** The drawing over the image, as SVG. */
import { insidePoint, middle, segments } from "./geometry.js";
import { floorGrid } from "./calibration.js";
import { rectangleOf } from "./drawing_tools.js";
import { shape } from "./elements.js";
import { describeFigures } from "./figures.js";
import { SHORTEST_EDGE } from "./hit_testing.js";
import { cursorText, scaleBar } from "./scale.js";
import { ZONE_COLORS } from "../shared/colors.js";
import { compareCodes } from "../shared/text.js";

const LINE = "#5a6370";
const [SHORTEST_LABEL, LONGEST_LABEL, LETTER] = [10, 40, 7];
const [NARROW, NARROW_ZONE] = [600, 44];

/** Return the color of a zone as in the plots: by the alphabetical index of its name. */
export function colorOf(app, item) {
  if (item.type === "line") return LINE;
  const names = [...new Set(app.model.doc.items.filter(({ type }) => type === "zone").map(({ name }) => name))].sort(compareCodes);
  return ZONE_COLORS.light[names.indexOf(item.name) % ZONE_COLORS.light.length];
}

const path = (positions, closed) => `M${positions.map(([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`).join("L")}${closed ? "Z" : ""}`;

/** Draw everything again. */
export function draw(app) {
  const { svg, view, model, mode } = app;
  const made = [];
  const floor = mode === "floor";
  for (const item of model.doc.items) made.push(outline(app, item, floor));
  if (floor) made.push(frame(app), shape("g", { "clip-path": "url(#frame)" }, ...floorGrid(app)), ...pairMarks(app));
  else {
    for (const item of model.doc.items) made.push(label(app, item));
    const chosen = model.item(app.selected);
    if (chosen && app.tool === "select") made.push(...handles(app, chosen));
    made.push(...draft(app));
  }
  made.push(...pointing(app), ...scaleBar(app), ...cursorText(app));
  svg.replaceChildren(...made);
  Object.assign(app.paper.style, { width: `${view.image.width * view.scale}px`, height: `${view.image.height * view.scale}px`, transform: `translate(${view.left}px, ${view.top}px)` });
}

function outline(app, item, faint) {
  const chosen = item.id === app.selected && !faint;
  const bad = app.problems.has(item.id);
  const group = shape("g", { class: `item ${item.type}${chosen ? " chosen" : ""}${bad ? " bad" : ""}${faint ? " faint" : ""}` });
  group.style.setProperty("--mark", colorOf(app, item));
  const closed = item.type === "zone";
  const d = item.parts.flat().filter((ring) => ring.length).map((ring) => path(ring.map((p) => app.view.position(p)), closed)).join("");
  group.append(shape("path", { class: "casing", d }), shape("path", { class: "edge", d, "fill-rule": "evenodd" }));
  if (!closed && !faint) group.append(...arrow(app, item.parts[0][0]));
  return group;
}

/** Draw the direction in: from left to right, looking along the line. */
function arrow(app, points) {
  const positions = points.map((p) => app.view.position(p));
  const [a, b] = longest(positions);
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
  if (!(length > 1)) return [];
  const [dx, dy] = [(b[0] - a[0]) / length, (b[1] - a[1]) / length];
  const [x, y] = middle(a, b);
  const at = (along, across) => [x + dx * along - dy * across, y + dy * along + dx * across];
  const shaft = path([at(0, 0), at(0, 26)], false) + path([at(-6, 19), at(0, 27), at(6, 19)], false);
  const [tx, ty] = at(15, 14);
  return [
    shape("path", { class: "casing", d: shaft }), shape("path", { class: "edge", d: shaft }),
    shape("text", { class: "in", x: tx, y: ty }, "in"),
    shape("circle", { class: "first", cx: positions[0][0], cy: positions[0][1], r: 5 }),
  ];
}

function longest(positions) {
  const lengths = segments(positions, false).map(([a, b]) => [Math.hypot(b[0] - a[0], b[1] - a[1]), a, b]);
  const [, a, b] = lengths.sort((one, other) => other[0] - one[0])[0] ?? [0, positions[0], positions[0]];
  return [a, b];
}

/** Clip a drawing at the border of the image. */
function frame({ view }) {
  const [[x, y], [right, bottom]] = [view.ofFraction([0, 0]), view.ofFraction([1, 1])];
  return shape("clipPath", { id: "frame" }, shape("rect", { x, y, width: right - x, height: bottom - y }));
}

function label(app, item) {
  const position = labelPlace(app, item);
  const text = shape("text", { class: `label${item.id === app.selected ? " chosen" : ""}`, x: position[0], y: position[1] });
  const most = longestLabel(app, item);
  if (!most) return text;
  const letters = [...item.name];
  text.append(letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : item.name);
  const figures = item.id === app.selected && app.view.width > NARROW ? describeFigures(app, item) : "";
  if (!figures) return text;
  const side = item.type === "line" ? -18 : 18;
  return shape("g", {}, text, shape("text", { class: "label figures", x: position[0], y: position[1] + side }, figures));
}

/** Return the number of letters of a name that fit; 0 in a very narrow zone. */
function longestLabel(app, item) {
  if (item.type === "line") return LONGEST_LABEL;
  const positions = item.parts.flat(2).map((p) => app.view.position(p)[0]);
  const width = positions.reduce((a, b) => Math.max(a, b)) - positions.reduce((a, b) => Math.min(a, b));
  if (width < NARROW_ZONE && item.id !== app.selected) return 0;
  return Math.round(Math.min(LONGEST_LABEL, Math.max(SHORTEST_LABEL, width / LETTER)));
}

function labelPlace(app, item) {
  if (item.type === "zone") return app.view.position(insidePoint(item.parts));
  const [a, b] = longest(item.parts[0][0].map((p) => app.view.position(p)));
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
  const [x, y] = middle(a, b);
  return [x + ((b[1] - a[1]) / length) * 18, y - ((b[0] - a[0]) / length) * 18];
}

function handles(app, item) {
  const made = [];
  item.parts.forEach((rings, part) => rings.forEach((points, ring) => {
    const positions = points.map((p) => app.view.position(p));
    for (const [a, b] of segments(positions, item.type === "zone")) {
      if (Math.hypot(b[0] - a[0], b[1] - a[1]) < SHORTEST_EDGE) continue;
      const [x, y] = middle(a, b);
      made.push(shape("circle", { class: "between", cx: x, cy: y, r: 4 }));
    }
    positions.forEach(([x, y], index) => {
      const { corner } = app;
      const chosen = corner && corner.part === part && corner.ring === ring && corner.index === index;
      made.push(shape("circle", { class: `corner${chosen ? " chosen" : ""}`, cx: x, cy: y, r: chosen ? 7 : 5.5 }));
    });
  }));
  return made;
}

function draft(app) {
  if (!app.draft.length) return [];
  const positions = app.draft.map(({ point }) => app.view.position(point));
  const next = app.cursor && app.snap ? [app.view.position(app.snap.point)] : [];
  if (app.tool === "rectangle") {
    const d = next.length ? path(rectangleOf(positions[0], next[0]), true) : path(positions, false);
    return [shape("path", { class: "casing draft", d }), shape("path", { class: "edge draft", d }), shape("circle", { class: "corner first", cx: positions[0][0], cy: positions[0][1], r: 7 })];
  }
  const d = path([...positions, ...next], false);
  const made = [shape("path", { class: "casing draft", d }), shape("path", { class: "edge draft", d })];
  const closes = ["zone", "hole"].includes(app.tool);
  if (closes && positions.length > 1 && next.length) made.push(shape("path", { class: "edge draft open", d: path([next[0], positions[0]], false) }));
  positions.forEach(([x, y], i) => made.push(shape("circle", { class: `corner${i === 0 ? " first" : ""}`, cx: x, cy: y, r: i === 0 ? 7 : 5 })));
  return made;
}

/** Draw the position of the next point: a ring if it snaps, a cross if keys move it. */
function pointing(app) {
  const made = [];
  if (app.snap?.kind && app.snap.kind !== "axis" && app.tool !== "select") {
    const [x, y] = app.view.position(app.snap.point);
    made.push(shape("circle", { class: `snap ${app.snap.kind}`, cx: x, cy: y, r: 10 }));
  }
  if (app.keyed && app.cursor && (app.tool !== "select" || app.mode === "floor")) {
    const [x, y] = app.cursor;
    const d = path([[x - 14, y], [x + 14, y]], false) + path([[x, y - 14], [x, y + 14]], false);
    made.push(shape("path", { class: "casing cross", d }), shape("path", { class: "cross", d }));
  }
  return made;
}

function pairMarks(app) {
  const made = [];
  app.model.doc.pairs.forEach((pair, i) => {
    const [x, y] = app.view.ofFraction(pair.image);
    const back = app.fit.unproject && pair.floor.every(Number.isFinite) ? app.fit.unproject(pair.floor) : null;
    if (back) {
      const d = path([[x, y], app.view.ofFraction(back)], false);
      made.push(shape("path", { class: "miss", d }));
    }
    const complete = pair.floor.every(Number.isFinite);
    made.push(
      shape("circle", { class: `pair${i === app.pair ? " chosen" : ""}${complete ? "" : " open"}`, cx: x, cy: y, r: i === app.pair ? 9 : 7 }),
      shape("circle", { class: "dot", cx: x, cy: y, r: 1.5 }),
      shape("text", { class: "label pairlabel", x: x + 13, y: y - 11 }, String(i + 1)),
    );
  });
  return made;
}
