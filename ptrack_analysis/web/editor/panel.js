/** The page around the stage: tools, the list of zones and lines, notes, and the buttons that save. */
import { colorOf } from "./drawing.js";
import { finish } from "./drawing_tools.js";
import { showDetails, showFiguresOf } from "./details.js";
import { describeFigures, warningsOf } from "./figures.js";
import { showFloor } from "./floor_panel.js";
import { listUnsaved } from "./saving.js";
import { LAYERS } from "./tracks.js";
import { overlapNotes } from "./validity.js";
import { make, makeIcon, makeIconButton } from "../shared/dom.js";

const TOOLS = [
  ["select", "Select", "V", "M5 3l13 9-6 1.2L9.5 19z"],
  ["zone", "Zone", "Z", "M4 8l8-5 8 6-3 11H7z"],
  ["rectangle", "Rectangle", "R", "M4 6h16v12H4z"],
  ["line", "Line", "L", "M4 19L20 5M4 19m-2 0a2 2 0 104 0 2 2 0 10-4 0M20 5m-2 0a2 2 0 104 0 2 2 0 10-4 0"],
  ["split", "Split", "C", "M4 4h16v16H4zM14 2L10 22"],
  ["hole", "Hole", "H", "M3 3h18v18H3zM9 9h6v6H9z"],
];
const ICONS = { undo: "M9 5L4 10l5 5M4 10h10a6 6 0 010 12h-3", redo: "M15 5l5 5-5 5M20 10H10a6 6 0 000 12h3", fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5", plus: "M12 5v14M5 12h14", minus: "M5 12h14", help: "M9 9a3 3 0 116 0c0 2-3 2.5-3 5M12 18v.5" };
const LAYER_TITLES = {
  points: "Show where people stood: the bottom center of each box",
  positions: "Show where people stood: the positions in the data",
  tracks: "Show the track of each person",
  ends: "Show where tracks start (circle) and end (square)",
};
const HELP = [
  ["V Z R L C H", "select, zone, rectangle, line, split, hole"],
  ["F, Enter twice, double click", "finish the drawing"],
  ["Enter in a field", "go back to the image"],
  ["Esc", "discard the drawing, or select nothing"],
  ["Backspace", "remove the last point, or delete the selection"],
  ["Ctrl Z, Ctrl Y", "undo, redo"],
  ["Ctrl D", "duplicate"],
  ["Ctrl S", "finish the drawing and save"],
  ["N P", "next or previous zone or line"],
  ["+ − 0", "zoom in, zoom out, fit"],
  ["Shift + mouse", "move horizontally or vertically only"],
  ["Alt + drag", "move only this corner, not others at the same point"],
  ["Ctrl + drag", "do not snap"],
  ["On the image", "arrow keys move a cross (Shift: one pixel), Enter adds a point"],
  [", .", "previous or next corner; arrow keys move it, Enter adds one after it"],
];

/** Make the elements of the page, once. */
export function build(app, root) {
  const e = {};
  e.tools = TOOLS.map(([tool, name, key, d]) => make("button", { type: "button", className: "tool", title: `${name} (${key})`, "aria-keyshortcuts": key, onclick: () => app.setTool(tool) }, makeIcon(d), make("span", {}, name)));
  e.undo = makeIconButton("Undo (Ctrl Z)", ICONS.undo, { onclick: () => app.undo() });
  e.redo = makeIconButton("Redo (Ctrl Y)", ICONS.redo, { onclick: () => app.redo() });
  e.snap = make("button", { type: "button", className: "tool snapping", title: "Snap to corners, edges and the border of the image", onclick: () => app.toggleSnap() }, make("span", {}, "Snap"));
  e.layers = LAYERS.map(([name, text]) => make("button", { type: "button", className: `tool layer ${name}`, title: LAYER_TITLES[name === "points" && app.opening.on_points ? "positions" : name], onclick: () => app.toggleLayer(name) }, make("i", { className: "sign" }), make("span", {}, name === "points" && app.opening.on_points ? "Positions" : text)));
  e.finish = make("button", { type: "button", className: "go", onclick: () => finish(app) }, "Finish");
  e.help = makeHelp();
  e.drawing = make("div", { className: "group drawing" }, ...e.tools);
  e.people = make("div", { className: "group people-layers", role: "group", "aria-label": "People" }, ...e.layers);
  const zooms = make("div", { className: "group zooms" }, makeIconButton("Zoom in (+)", ICONS.plus, { onclick: () => app.zoom(1.4) }), makeIconButton("Zoom out (−)", ICONS.minus, { onclick: () => app.zoom(1 / 1.4) }), makeIconButton("Fit the image (0)", ICONS.fit, { onclick: () => app.fitView() }));
  const bar = make("div", { className: "bar", role: "toolbar", "aria-label": "Tools" },
    e.drawing, make("div", { className: "group" }, e.undo, e.redo, e.snap), e.people, zooms,
    make("div", { className: "group last" }, makeIconButton("Keys (?)", ICONS.help, { onclick: () => e.help.showModal() })));
  e.hint = make("span", { id: "hint" });
  e.tabs = [["zones", "Zones"], ["floor", "Floor plan"]].map(([mode, name]) => make("button", { type: "button", role: "tab", id: `tab-${mode}`, "aria-controls": "panel", onclick: () => app.setMode(mode), onkeydown: (event) => switchTab(app, event) }, name));
  e.list = make("div", { className: "list", role: "listbox", "aria-label": "Zones and lines", tabIndex: 0, onkeydown: (event) => selectInList(app, event) });
  e.empty = make("p", { className: "empty" }, "There are no zones or lines yet.");
  e.details = make("div", { className: "details" });
  e.notes = make("div", { className: "notes", role: "status" });
  e.floor = make("div", { className: "floorpanel" });
  e.save = make("button", { type: "button", className: "save", onclick: () => app.save() });
  e.done = make("button", { type: "button", className: "done", onclick: () => app.done() }, "Done");
  e.status = make("p", { className: "status", role: "alert" });
  e.live = make("div", { className: "quiet", "aria-live": "polite" });
  e.panel = make("div", { className: "scroll", id: "panel", role: "tabpanel", tabIndex: 0 }, e.list, e.empty, e.details, e.floor, e.notes);
  const side = make("aside", { className: "side", "aria-label": "Zones and lines" }, make("div", { className: "tabs", role: "tablist" }, ...e.tabs),
    e.panel, make("div", { className: "foot" }, e.status, make("div", { className: "buttons" }, e.save, e.done)));
  const heading = make("h1", { className: "quiet" }, "Zone editor");
  root.append(make("main", { className: "editor" }, heading, bar, make("div", { className: "canvas" }, make("div", { className: "hint" }, e.hint, e.finish), app.stage), side), e.live, e.help);
  return e;
}

function selectInList(app, event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  app.selectNext(step);
  event.preventDefault();
}

function switchTab(app, event) {
  if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
  app.setMode(app.mode === "zones" ? "floor" : "zones");
  app.e.tabs.find((tab) => tab.getAttribute("aria-selected") === "true").focus();
  event.preventDefault();
}

function makeHelp() {
  const rows = HELP.flatMap(([keys, text]) => [make("dt", {}, make("kbd", {}, keys)), make("dd", {}, text)]);
  const dialog = make("dialog", { "aria-label": "Keys" }, make("h2", {}, "Keys"), make("dl", {}, ...rows));
  dialog.append(make("button", { type: "button", className: "save", onclick: () => dialog.close() }, "Close"));
  return dialog;
}

/** Update the page. */
export function show(app, { focusName = false, focusPair = false } = {}) {
  const { e, model, mode, opening } = app;
  e.tools.forEach((button, i) => {
    button.setAttribute("aria-pressed", String(TOOLS[i][0] === app.tool));
    button.disabled = mode === "floor" || (TOOLS[i][0] === "split" && app.selected === null) || (TOOLS[i][0] === "hole" && model.item(app.selected)?.type !== "zone");
  });
  e.drawing.hidden = mode === "floor";
  e.snap.hidden = mode === "floor";
  e.people.hidden = !opening.has_tracks;
  e.layers.forEach((button, i) => button.setAttribute("aria-pressed", String(app.layers[LAYERS[i][0]])));
  e.undo.disabled = !model.past.length;
  e.redo.disabled = !model.future.length;
  e.snap.setAttribute("aria-pressed", String(app.snapping));
  e.finish.hidden = !app.draft.length || app.tool === "split";
  e.tabs.forEach((tab, i) => {
    const isChosen = (i === 1) === (mode === "floor");
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
  });
  e.panel.setAttribute("aria-labelledby", `tab-${mode}`);
  const isEmpty = !model.doc.items.length;
  e.list.hidden = mode === "floor" || isEmpty;
  e.empty.hidden = mode === "floor" || !isEmpty;
  e.details.hidden = mode === "floor";
  e.floor.hidden = mode !== "floor";
  if (mode === "floor") showFloor(app, focusPair);
  else {
    e.list.replaceChildren(...model.doc.items.map((item) => makeRow(app, item)));
    showDetails(app, focusName);
  }
  showHint(app);
  showNotes(app);
  showSaving(app, listUnsaved(app));
}

/** Name the files on the button that saves. */
function showSaving({ e, opening, mode, saving }, unsaved) {
  const named = unsaved.length ? unsaved : [opening[mode] ? mode : "zones"];
  e.save.replaceChildren("Save ", ...named.flatMap((one, i) => [i ? " and " : "", make("bdi", {}, opening[one].file)]));
  e.save.disabled = saving || !unsaved.length;
}

/** Show the next step. */
export function showHint(app) {
  app.e.hint.textContent = hint(app);
}

const ENDING = "press Finish (F)";

function hint(app) {
  const { tool, mode, draft, keyed, model } = app;
  if (mode === "floor") return app.opening.floor ? "Click a point whose location on the floor you know, then type its coordinates in meters." : "";
  if (document.activeElement?.dataset.field === "name") return "Type the name, then press Enter to go back to the image.";
  const instruct = (what) => (keyed ? `Move the cross with the arrow keys and press Enter at ${what}.` : `Click ${what}.`);
  const end = keyed ? "or press F, or Enter twice, to finish." : `or ${ENDING}.`;
  if (tool === "zone" || tool === "hole") return draft.length > 2 ? `${instruct("the first point").slice(0, -1)}, ${end}` : instruct(draft.length ? "the next corner" : `the first corner of the ${tool}`);
  if (tool === "rectangle") return keyed ? instruct(draft.length ? "the opposite corner" : "the first corner") : draft.length ? "Click the opposite corner." : "Drag from one corner to the opposite one.";
  if (tool === "line") return draft.length > 1 ? (keyed ? "Press F, or Enter again, to finish." : `Click the last point again, ${end}`) : draft.length ? `${instruct("the next point")} Left to right, looking along the line, is in.` : instruct("the start of the line");
  if (tool === "split") return instruct(model.item(app.selected)?.type === "line" ? "the point of the line where it should be split" : draft.length ? "the next point of the cut, up to the outline" : "the point of the outline where the cut starts");
  if (!model.doc.items.length) return "Choose a tool above and draw on the image.";
  return app.selected === null ? "Click a zone or line to edit it." : "Drag corners, the small points between them, or the entire shape.";
}

function makeRow(app, item) {
  const problems = app.problems.get(item.id);
  const swatch = make("i", { className: `swatch ${item.type}` });
  swatch.style.setProperty("--mark", colorOf(app, item));
  const badge = item.kind && item.kind !== item.type ? `${item.type}, ${item.kind}` : item.type;
  const row = make("div", { className: `row${problems ? " bad" : ""}`, role: "option", onclick: () => app.select(item.id) },
    swatch, make("bdi", { className: "name" }, item.name || "no name"), make("small", {}, badge), problems ? make("b", { title: problems.join(" ") }, "!") : null);
  row.setAttribute("aria-selected", String(item.id === app.selected));
  row.dataset.id = item.id;
  showRowFigures(app, row, item);
  return row;
}

function showRowFigures(app, row, item) {
  const text = describeFigures(app, item);
  const warnings = app.problems.has(item.id) ? [] : warningsOf(app, item);
  let figures = row.querySelector(".counts");
  if (text && !figures) row.append((figures = make("span", { className: "counts" })));
  if (figures) figures.textContent = text;
  row.querySelector("b.warns")?.remove();
  if (warnings.length) row.querySelector("small").after(make("b", { className: "warns", title: warnings.join("\n"), "aria-label": `${warnings.length} warnings`, role: "img" }, "!"));
}

/** Show new figures in the list and the details without rebuilding the list. */
export function showFigures(app) {
  if (app.mode === "floor") return;
  for (const row of app.e.list.querySelectorAll(".row")) {
    const item = app.model.item(Number(row.dataset.id));
    if (item) showRowFigures(app, row, item);
  }
  showFiguresOf(app);
}

function showNotes(app) {
  const size = Math.abs(app.opening.bounds[2] - app.opening.bounds[0]);
  const live = app.mode === "floor" ? [] : overlapNotes(app.model.doc.items, app.problems, size).map((note) => note.text);
  const notes = [...app.opening.notes, ...(app.mode === "floor" ? app.told.floor : live.length ? live : app.told.zones)];
  app.e.notes.replaceChildren(...notes.map((text) => make("p", {}, text)));
}
