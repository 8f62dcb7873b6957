/** The panel beside the picture: tools, the list of things, what is chosen, what is wrong. */
import { colorOf } from "./drawing.js";
import { finish } from "./hands.js";
import { overlapNotes } from "./validity.js";

const KINDS = ["zone", "queue", "service", "shelf", "entrance", "waiting", "staff", "exclude"];
const TOOLS = [
  ["select", "Select", "V", "M5 3l13 9-6 1.2L9.5 19z"],
  ["zone", "Zone", "Z", "M4 8l8-5 8 6-3 11H7z"],
  ["line", "Line", "L", "M4 19L20 5M4 19m-2 0a2 2 0 104 0 2 2 0 10-4 0M20 5m-2 0a2 2 0 104 0 2 2 0 10-4 0"],
  ["split", "Split", "C", "M4 4h16v16H4zM14 2L10 22"],
  ["hole", "Hole", "H", "M3 3h18v18H3zM9 9h6v6H9z"],
];
const ICONS = { undo: "M9 5L4 10l5 5M4 10h10a6 6 0 010 12h-3", redo: "M15 5l5 5-5 5M20 10H10a6 6 0 000 12h3", fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5", plus: "M12 5v14M5 12h14", minus: "M5 12h14", help: "M9 9a3 3 0 116 0c0 2-3 2.5-3 5M12 18v.5" };
const HELP = [
  ["V Z L C H", "select, zone, line, split, hole"],
  ["F, Enter, double click", "finish what is drawn"],
  ["Esc", "drop what is drawn; choose nothing"],
  ["Backspace", "take back the last point; delete what is chosen"],
  ["Ctrl Z, Ctrl Y", "undo, redo"],
  ["Ctrl S", "save"],
  ["N P", "next, previous zone or line"],
  ["+ − 0", "zoom in, out, whole picture"],
  ["Alt + drag", "move this corner only, not those at the same place"],
  ["Ctrl + drag", "do not snap"],
  ["On the picture", "arrows lead a cross (Shift: finely), Enter places a point"],
  [", .", "previous, next corner; arrows move it, Enter adds one after it"],
];

/** Make an element; texts become text. */
export function make(name, properties = {}, ...inner) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key in node && key !== "list") node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...inner.filter((one) => one !== null && one !== undefined));
  return node;
}

function icon(d) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", d);
  svg.append(path);
  return svg;
}

const iconButton = (name, label, onclick) => make("button", { type: "button", className: "icon", title: label, "aria-label": label, onclick }, icon(ICONS[name]));

/** Make the page's elements, once. */
export function build(app, root) {
  const e = {};
  e.tools = TOOLS.map(([tool, name, key, d]) => make("button", { type: "button", className: "tool", title: `${name} (${key})`, "aria-keyshortcuts": key, onclick: () => app.setTool(tool) }, icon(d), make("span", {}, name)));
  e.undo = iconButton("undo", "Undo (Ctrl Z)", () => app.undo());
  e.redo = iconButton("redo", "Redo (Ctrl Y)", () => app.redo());
  e.snap = make("button", { type: "button", className: "tool snapping", title: "Snap to corners, edges and the picture's border", onclick: () => app.toggleSnap() }, make("span", {}, "Snap"));
  e.finish = make("button", { type: "button", className: "go", onclick: () => finish(app) }, "Finish");
  const zooms = make("div", { className: "group zooms" }, iconButton("plus", "Zoom in (+)", () => app.zoom(1.4)), iconButton("minus", "Zoom out (−)", () => app.zoom(1 / 1.4)), iconButton("fit", "Whole picture (0)", () => app.fit_()));
  e.help = helpDialog();
  e.drawing = make("div", { className: "group drawing" }, ...e.tools);
  const bar = make("div", { className: "bar", role: "toolbar", "aria-label": "Tools" },
    e.drawing, make("div", { className: "group" }, e.undo, e.redo, e.snap), zooms,
    make("div", { className: "group last" }, iconButton("help", "Keys (?)", () => e.help.showModal())));
  app.svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  app.image = make("img", { alt: "", draggable: false });
  app.stage = make("div", { className: "stage", tabIndex: 0, role: "application", "aria-label": "Picture: draw with a tool; arrows and Enter work too", "aria-describedby": "hint" }, app.image, app.svg);
  e.hint = make("span", { id: "hint" });
  e.tabs = [["zones", "Zones"], ["floor", "Floor plan"]].map(([mode, name]) => make("button", { type: "button", role: "tab", onclick: () => app.setMode(mode) }, name));
  e.list = make("div", { className: "list", role: "listbox", "aria-label": "Zones and lines", tabIndex: 0, onkeydown: (event) => listKey(app, event) });
  e.details = make("div", { className: "details" });
  e.notes = make("div", { className: "notes", role: "status" });
  e.floor = make("div", { className: "floorpanel" });
  e.save = make("button", { type: "button", className: "save", onclick: () => app.save() });
  e.done = make("button", { type: "button", className: "done", onclick: () => app.done() }, "Done");
  e.status = make("p", { className: "status", role: "alert" });
  e.live = make("div", { className: "quiet", "aria-live": "polite" });
  const side = make("aside", { className: "side" }, make("div", { className: "tabs", role: "tablist" }, ...e.tabs),
    make("div", { className: "scroll" }, e.list, e.details, e.floor, e.notes), make("div", { className: "foot" }, e.status, make("div", { className: "buttons" }, e.save, e.done)));
  root.append(make("main", { className: "editor" }, bar, make("div", { className: "canvas" }, make("div", { className: "hint" }, e.hint, e.finish), app.stage), side), e.live, e.help);
  return e;
}

function listKey(app, event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  app.next(step);
  event.preventDefault();
}

function helpDialog() {
  const rows = HELP.flatMap(([keys, text]) => [make("dt", {}, make("kbd", {}, keys)), make("dd", {}, text)]);
  const dialog = make("dialog", { "aria-label": "Keys" }, make("h2", {}, "Keys"), make("dl", {}, ...rows));
  dialog.append(make("button", { type: "button", className: "save", onclick: () => dialog.close() }, "Close"));
  return dialog;
}

/** Bring the panel up to date. */
export function show(app, { focusName = false, focusPair = false } = {}) {
  const { e, model, mode, opening } = app;
  e.tools.forEach((button, i) => {
    button.setAttribute("aria-pressed", String(TOOLS[i][0] === app.tool));
    button.disabled = mode === "floor" || (TOOLS[i][0] === "split" && app.selected === null) || (TOOLS[i][0] === "hole" && model.item(app.selected)?.type !== "zone");
  });
  e.drawing.hidden = mode === "floor";
  e.snap.hidden = mode === "floor";
  e.undo.disabled = !model.past.length;
  e.redo.disabled = !model.future.length;
  e.snap.setAttribute("aria-pressed", String(app.snapping));
  e.finish.hidden = !app.draft.length || app.tool === "split";
  e.tabs.forEach((tab, i) => tab.setAttribute("aria-selected", String((i === 1) === (mode === "floor"))));
  for (const node of [e.list, e.details]) node.hidden = mode === "floor";
  e.floor.hidden = mode !== "floor";
  e.hint.textContent = hint(app);
  if (mode === "floor") showFloor(app, focusPair);
  else {
    showList(app);
    showDetails(app, focusName);
  }
  showNotes(app);
  const file = mode === "floor" ? opening.floor?.file : opening.zones.file;
  e.save.replaceChildren("Save ", make("bdi", {}, file ?? ""));
  e.save.disabled = !file || app.saving || !(app.draft.length || app.isDirty(mode));
  e.save.hidden = !file;
}

function hint(app) {
  const { tool, mode, draft, model } = app;
  if (mode === "floor") return app.opening.floor ? "Click a point that you can find on the floor, then type where it is, in meters." : "";
  if (tool === "zone" || tool === "hole") return draft.length > 2 ? "Click the first point, or press Finish." : draft.length ? "Click the next corner." : `Click the first corner of the ${tool}.`;
  if (tool === "line") return draft.length > 1 ? "Click the last point again, or press Finish." : draft.length ? "Click the next point. Left to right along the line is in." : "Click where the line begins.";
  if (tool === "split") return model.item(app.selected)?.type === "line" ? "Click on the line where it should part." : draft.length ? "Click through the zone to another place on its outline." : "Click on the outline where the cut begins.";
  if (!model.doc.items.length) return "Choose Zone or Line above and draw on the picture.";
  return app.selected === null ? "Click a zone or line to change it." : "Drag corners, the small points between them, or all of it.";
}

function showList(app) {
  const rows = app.model.doc.items.map((item) => row(app, item));
  if (!rows.length) rows.push(make("p", { className: "empty" }, "Nothing is drawn yet."));
  app.e.list.replaceChildren(...rows);
}

function row(app, item) {
  const problems = app.problems.get(item.id);
  const swatch = make("i", { className: `swatch ${item.type}` });
  swatch.style.setProperty("--mark", colorOf(app, item));
  const badge = item.kind && item.kind !== item.type ? `${item.type}, ${item.kind}` : item.type;
  const node = make("div", { className: `row${problems ? " bad" : ""}`, role: "option", onclick: () => app.select(item.id) },
    swatch, make("bdi", { className: "name" }, item.name || "no name"), make("small", {}, badge), problems ? make("b", { title: problems.join(" ") }, "!") : null);
  node.setAttribute("aria-selected", String(item.id === app.selected));
  return node;
}

/** Show what can be said of the thing that is chosen; its fields are made once for each. */
function showDetails(app, focusName) {
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
  if (focusName) {
    inputs.name.focus();
    inputs.name.select();
  }
}

function buildDetails(app, item, corners) {
  const keep = app.fields?.id === item.id ? app.fields.open : false;
  const field = (key, label, more = {}) => {
    const input = make("input", { type: "text", autocomplete: "off", spellcheck: false, dir: "auto", "data-field": key, oninput: () => edit(input.value), ...more });
    const edit = (value) => app.change(() => (app.model.item(item.id)[key] = value), `${key} ${item.id}`);
    return input;
  };
  const inputs = { name: field("name"), kind: field("kind", "", { placeholder: item.type }) };
  inputs.kind.setAttribute("list", "kinds");
  if (item.type === "zone") Object.assign(inputs, { from: field("from", "", { placeholder: "start, or 10min" }), to: field("to", "", { placeholder: "end, or 1h" }) });
  const names = { name: "Name", kind: "Kind", from: "Holds from", to: "until" };
  const fields = Object.entries(inputs).map(([key, input]) => make("label", { className: key }, make("span", {}, names[key]), input));
  const problems = make("ul", { className: "problems" });
  const points = item.parts.flatMap((rings, part) => rings.flatMap((ring_, ring) => ring_.map((_, index) => cornerFields(app, item.id, part, ring, index))));
  const table = make("details", { open: keep, ontoggle: () => (app.fields.open = table.open) }, make("summary", {}, `${corners} ${item.type === "zone" ? "corners" : "points"}, in ${app.opening.unit === "fraction" ? "fractions of the frame" : app.opening.unit}`),
    make("div", { className: "corners" }, ...points.flatMap(([x, y], i) => [make("span", {}, String(i + 1)), x, y])));
  const buttons = make("div", { className: "actions" }, item.type === "line" ? make("button", { type: "button", onclick: () => app.turnRound() }, "Turn round") : null, make("button", { type: "button", className: "danger", onclick: () => app.removeChosen(true) }, "Delete"));
  const bound = item.videos.length ? make("p", { className: "bound" }, "Only in ", make("bdi", {}, item.videos.join(", "))) : null;
  app.fields = { id: item.id, corners, inputs, points, problems, open: keep };
  app.e.details.replaceChildren(...[problems, make("div", { className: "fields" }, ...fields), bound, table, buttons].filter(Boolean));
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

/** Read a number as people type it, with a point or a comma; null where it is none. */
export function numberOf(text) {
  const plain = text.trim().replace(",", ".").replace("−", "-");
  const value = Number(plain);
  return plain && Number.isFinite(value) ? value : null;
}

function showNotes(app) {
  const size = Math.abs(app.opening.bounds[2] - app.opening.bounds[0]);
  const live = app.mode === "floor" ? [] : overlapNotes(app.model.doc.items, app.problems, size).map((note) => note.text);
  const said = [...app.opening.notes, ...(app.mode === "floor" ? app.told.floor : live.length ? live : app.told.zones)];
  app.e.notes.replaceChildren(...said.map((text) => make("p", {}, text)));
}

/** Show the pairs of the floor plan, how far each is off, and the part that is drawn. */
function showFloor(app, focusPair) {
  const { e, model } = app;
  if (!app.opening.floor) {
    e.floor.replaceChildren(make("p", { className: "empty" }, app.opening.unit === "m" ? "The picture is a floor plan already: nothing is left to calibrate." : "To calibrate, start the editor with a file for the floor plan: --floor floor.json, in a notebook floor=\"floor.json\"."));
    return;
  }
  if (app.pairFields?.length !== model.doc.pairs.length) buildFloor(app);
  model.doc.pairs.forEach((pair, i) => {
    const { row, inputs, miss } = app.pairFields[i];
    inputs.forEach((input, axis) => {
      if (document.activeElement !== input) input.value = pair.floor[axis] ?? "";
    });
    const off = app.fit.residuals[i];
    miss.textContent = off === null ? "" : Number.isFinite(off) ? meters(off) : "beyond";
    row.classList.toggle("chosen", i === app.pair);
  });
  app.extentFields.forEach((input, i) => {
    if (document.activeElement !== input) input.value = model.doc.bounds?.[i] ?? "";
  });
  const { error, problem } = app.fit;
  const four = app.fit.residuals.filter((off) => off !== null).length === 4;
  e.fit.textContent = problem ?? `Reprojection error ${meters(error)}${four ? ": four points are always met, a fifth shows how good they are" : " (root mean square)"}.`;
  e.fit.className = `fit${problem ? " bad" : ""}`;
  if (focusPair && app.pair !== null) app.pairFields[app.pair]?.inputs[0].focus();
}

const meters = (value) => `${value.toFixed(value < 10 ? 3 : 1)} m`;

function buildFloor(app) {
  const { e } = app;
  e.fit = make("p", { className: "fit", role: "status" });
  app.pairFields = app.model.doc.pairs.map((_, i) => pairRow(app, i));
  const head = ["", "x (m)", "y (m)", "off by", ""].map((text) => make("span", { className: "head" }, text));
  const table = make("div", { className: "pairs" }, ...(app.pairFields.length ? head : []), ...app.pairFields.map((one) => one.row));
  app.extentFields = ["left x", "top y", "right x", "bottom y"].map((name, i) => make("input", { type: "text", inputMode: "decimal", "aria-label": name, placeholder: name, onchange: (event) => {
    const { doc } = app.model;
    const value = numberOf(event.target.value);
    app.change(() => {
      const next = [...(doc.bounds ?? [null, null, null, null])];
      next[i] = value;
      doc.bounds = next.every((one) => one === null) ? null : next;
    });
    app.refresh();
  } }));
  e.floor.replaceChildren(e.fit, table, make("fieldset", { className: "bounds" }, make("legend", {}, "Part that is drawn (m); empty: around the points"), ...app.extentFields),
    make("p", { className: "advice" }, "Take at least six points, near and far, never three of four on a line; y grows downwards, as in the picture."));
}

function pairRow(app, i) {
  const inputs = [0, 1].map((axis) => make("input", { type: "text", inputMode: "decimal", "aria-label": `${"xy"[axis]} of point ${i + 1} on the floor, in meters`,
    onfocus: () => { app.pair = i; app.refresh(); },
    oninput: (event) => app.change(() => (app.model.doc.pairs[i].floor[axis] = numberOf(event.target.value)), `pair ${i} ${axis}`) }));
  const miss = make("span", { className: "miss" });
  const remove = make("button", { type: "button", className: "icon", title: "Delete this point", "aria-label": `Delete point ${i + 1}`, onclick: () => app.removePair(i) }, "×");
  const row = make("div", { className: "pairrow", role: "group", "aria-label": `Point ${i + 1}` }, make("b", {}, String(i + 1)), ...inputs, miss, remove);
  return { row, inputs, miss };
}

/** Make the list of kinds that fields offer. */
export const kindList = () => make("datalist", { id: "kinds" }, ...KINDS.map((value) => make("option", { value })));
