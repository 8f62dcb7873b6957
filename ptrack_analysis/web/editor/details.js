/** The details of the selected zone or line: its figures, warnings, fields and corners. */
import { numberOf } from "./elements.js";
import { describeFigures, warningsOf } from "./figures.js";
import { make } from "../shared/dom.js";

const KINDS = ["entrance", "queue", "checkout", "goal"];

/** Find the known kind that matches a text, ignoring case. */
const findKind = (text) => [...KINDS, "zone", "line"].find((kind) => kind === text.trim().toLowerCase());

/** Show the selected item; create its fields once per item. */
export function showDetails(app, focusName) {
  const { e, model } = app;
  const item = model.item(app.selected);
  if (!item) {
    e.details.replaceChildren();
    app.fields = null;
    return;
  }
  const corners = item.parts.flat(2).length;
  if (app.fields?.id !== item.id || app.fields.corners !== corners) buildDetails(app, item, corners);
  const { inputs, points, problems } = app.fields;
  for (const [key, input] of Object.entries(inputs)) if (document.activeElement !== input) input.value = item[key];
  item.parts.flat(2).forEach((p, i) => [0, 1].forEach((axis) => {
    if (document.activeElement !== points[i][axis]) points[i][axis].value = String(p[axis]);
  }));
  problems.replaceChildren(...(app.problems.get(item.id) ?? []).map((text) => make("li", {}, text)));
  showFiguresOf(app);
  if (focusName) {
    inputs.name.focus();
    inputs.name.select();
  }
}

/** Show the figures and warnings of the selected item. */
export function showFiguresOf(app) {
  const item = app.model.item(app.selected);
  if (!item || app.fields?.id !== item.id) return;
  const { figures, warnings } = app.fields;
  figures.textContent = describeFigures(app, item);
  warnings.replaceChildren(...warningsOf(app, item).map((text) => make("li", {}, text)));
}

function buildDetails(app, item, corners) {
  const keep = app.fields?.id === item.id ? app.fields.open : false;
  const field = (key, label, more = {}) => {
    const input = make("input", { type: "text", autocomplete: "off", spellcheck: false, dir: "auto", "data-field": key, oninput: () => edit(input.value), ...more });
    const edit = (value) => app.change(() => (app.model.item(item.id)[key] = value), `${key} ${item.id}`);
    return input;
  };
  const showHint = () => app.showHint();
  const spellKind = (event) => {
    const known = findKind(event.target.value);
    if (known && known !== event.target.value) {
      app.change(() => (app.model.item(item.id).kind = known), `kind ${item.id}`);
      event.target.value = known;
    }
  };
  const inputs = { name: field("name", "", { onfocus: showHint, onblur: showHint }), kind: field("kind", "", { placeholder: item.type, onchange: spellKind }) };
  inputs.kind.setAttribute("list", "kinds");
  if (item.type === "zone") Object.assign(inputs, { from: field("from", "", { placeholder: "start, or 1:30" }), to: field("to", "", { placeholder: "end, or 10min" }) });
  const names = { name: "Name", kind: "Kind", from: "Active from", to: "Active until" };
  const fields = Object.entries(inputs).map(([key, input]) => make("label", { className: key }, make("span", {}, names[key]), input));
  const problems = make("ul", { className: "problems" });
  const warnings = make("ul", { className: "warnings" });
  const figures = make("p", { className: "figures" });
  const points = item.parts.flatMap((rings, part) => rings.flatMap((ring_, ring) => ring_.map((_, index) => cornerFields(app, item.id, part, ring, index))));
  const table = make("details", { open: keep, ontoggle: () => (app.fields.open = table.open) }, make("summary", {}, `${corners} ${item.type === "zone" ? "corners" : "points"} [${app.opening.unit === "fraction" ? "fractions of the frame" : app.opening.unit}]`),
    make("div", { className: "corners" }, ...points.flatMap(([x, y], i) => [make("span", {}, String(i + 1)), x, y])));
  const buttons = make("div", { className: "actions" }, item.type === "line" ? make("button", { type: "button", title: "Swap in and out", onclick: () => app.reverse() }, "Reverse") : null, make("button", { type: "button", title: "Duplicate (Ctrl D)", onclick: () => app.duplicate() }, "Duplicate"), make("button", { type: "button", className: "danger", onclick: () => app.removeChosen(true) }, "Delete"));
  const bound = item.videos.length ? make("p", { className: "bound" }, "Only in ", make("bdi", {}, item.videos.join(", "))) : null;
  app.fields = { id: item.id, corners, inputs, points, problems, warnings, figures, open: keep };
  app.e.details.replaceChildren(...[figures, problems, warnings, make("div", { className: "fields" }, ...fields), bound, table, buttons].filter(Boolean));
}

function cornerFields(app, id, part, ring, index) {
  return [0, 1].map((axis) => make("input", {
    type: "text", inputMode: "decimal", "aria-label": `${"xy"[axis]} of corner ${index + 1}`,
    onchange: (event) => {
      const value = numberOf(event.target.value);
      const from = app.model.item(id).parts[part][ring][index];
      if (value === null) event.target.value = String(from[axis]);
      else app.change(() => app.model.cornersAt([...from]).forEach((g) => (g.item.parts[g.part][g.ring][g.index][axis] = value)));
    },
  }));
}

/** Make the list of kinds for the fields. */
export const makeKindList = () => make("datalist", { id: "kinds" }, ...KINDS.map((value) => make("option", { value })));
