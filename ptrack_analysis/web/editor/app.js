/** The state of the editor, and the actions of its tools, keys and buttons. */
import { refit } from "./calibration.js";
import { draw } from "./drawing.js";
import { DRAWS } from "./drawing_tools.js";
import { shiftParts } from "./dragging.js";
import { shape } from "./elements.js";
import { updateFigures } from "./figures.js";
import { Model, itemOf } from "./model.js";
import { show, showFigures, showHint } from "./panel.js";
import { ask, describeUnfinished, done, keepChanges, save } from "./saving.js";
import { makeTrackLayer } from "./tracks.js";
import { problemsOf } from "./validity.js";
import { View } from "./view.js";
import { make } from "../shared/dom.js";

const COPY_OFFSET = 24;

export class App {
  constructor(opening) {
    this.opening = opening;
    this.model = new Model(opening.unit);
    this.view = new View(opening.picture, opening.bounds);
    Object.assign(this, { mode: "zones", tool: "select", selected: null, edited: null, corner: null, pair: null, draft: [], cursor: null, snap: null, keyed: false, snapping: true, saving: false, queued: false, ended: false, closing: false, asksFigures: false, tracks: null });
    this.layers = { points: true, tracks: false, ends: false };
    this.problems = new Map();
    this.figures = new Map();
    this.told = { zones: [...opening.zones.defects], floor: [] };
    this.disk = { zones: opening.zones.disk, floor: opening.floor?.disk };
    this.load();
    refit(this);
  }

  /** Load the opened files as the document. */
  load() {
    const { zones, floor } = this.opening;
    this.originals = zones.features.map((feature, i) => itemOf(feature, i, i + 1));
    this.model.nextId = this.originals.length + 1;
    this.model.doc = {
      items: structuredClone(this.originals),
      pairs: (floor?.pairs ?? []).map((pair, source) => ({ source, ...structuredClone(pair) })),
      bounds: floor?.bounds ?? null,
    };
    this.saved = { zones: zones.saved || !zones.features.length ? this.content("zones") : "", floor: this.content("floor") };
  }

  /** Make the stage: the background, the people, and the drawing. */
  makeStage() {
    this.svg = shape("svg", {});
    this.image = make("img", { alt: "", draggable: false });
    this.trackLayer = makeTrackLayer(this);
    this.paper = make("div", { className: "paper" }, this.opening.picture.is_blank ? null : this.image);
    const label = "Image to draw on: choose a tool, then use the mouse, or the arrow keys and Enter";
    this.stage = make("div", { className: "stage", tabIndex: 0, role: "application", "aria-label": label, "aria-describedby": "hint" }, this.paper, this.trackLayer.canvas, this.svg);
  }

  content(mode) {
    const { items, pairs, bounds } = this.model.doc;
    return JSON.stringify(mode === "zones" ? items : [pairs, bounds]);
  }

  isDirty(mode) {
    return this.content(mode) !== this.saved[mode];
  }

  /** Change the document so that it can be undone; equal keys in a row are one step. */
  change(action, key = null) {
    this.model.keep(key);
    const result = action();
    this.edited = this.selected ?? this.edited;
    this.changed();
    this.refresh();
    return result;
  }

  /** Validate the document, request figures, and draw. */
  changed() {
    this.problems = problemsOf(this.model.doc.items);
    refit(this);
    const { saved, failed, problem } = this.told;
    if (saved || failed || (problem && !this.problems.has(problem))) this.tell("", false);
    this.redraw();
    updateFigures(this);
  }

  redraw() {
    if (this.queued) return;
    this.queued = true;
    requestAnimationFrame(() => {
      this.queued = false;
      draw(this);
      this.trackLayer.follow();
    });
  }

  refresh(focus) {
    show(this, focus);
    this.redraw();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => keepChanges(this), 300);
  }

  /** Show the next step. */
  showHint() {
    showHint(this);
  }

  /** Show new figures. */
  showFigures() {
    showFigures(this);
    if (this.opening.has_tracks) this.redraw();
  }

  /** Announce an event to screen readers. */
  say(text) {
    this.e.live.textContent = text;
    this.redraw();
  }

  tell(text, bad = true, ...more) {
    Object.assign(this.told, { saved: false, failed: false, problem: null });
    this.e.status.replaceChildren(text, ...more);
    this.e.status.classList.toggle("bad", bad);
    this.e.status.classList.remove("good");
  }

  select(id, focusName = false) {
    Object.assign(this, { selected: id, corner: null });
    this.model.lastKey = null;
    this.refresh({ focusName });
    this.e.list.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }

  selectNext(step) {
    const { items } = this.model.doc;
    if (!items.length || this.mode === "floor") return;
    const now = items.findIndex((item) => item.id === this.selected);
    this.select(items.at((now + step + (now < 0 && step < 0 ? 1 : 0)) % items.length).id);
  }

  setTool(tool) {
    if (this.mode === "floor") return;
    if (this.draft.length) return this.tell(describeUnfinished(this));
    if ((tool === "split" && !this.model.item(this.selected)) || (tool === "hole" && this.model.item(this.selected)?.type !== "zone")) return this.tell("Select a zone first.");
    Object.assign(this, { tool, draft: [], snap: null });
    this.tell("", false);
    this.stage.dataset.tool = tool;
    if (DRAWS.includes(tool)) this.stage.focus({ preventScroll: true });
    this.refresh();
  }

  setMode(mode) {
    if (this.draft.length) return this.tell(describeUnfinished(this));
    Object.assign(this, { mode, draft: [], tool: "select", pair: null, snap: null });
    this.stage.dataset.tool = mode === "floor" ? "pair" : "select";
    this.tell("", false);
    this.refresh();
  }

  toggleSnap() {
    this.snapping = !this.snapping;
    this.refresh();
  }

  toggleLayer(name) {
    this.layers[name] = !this.layers[name];
    if (this.tracks) this.trackLayer.paint();
    this.refresh();
  }

  zoom(factor) {
    this.view.zoom(factor);
    this.redraw();
  }

  fitView() {
    this.view.fit();
    this.redraw();
  }

  undo() {
    if (this.draft.length) this.draft.pop();
    else if (this.model.undo()) this.restored();
    this.refresh();
  }

  redo() {
    if (this.model.redo()) this.restored();
    this.refresh();
  }

  restored() {
    if (!this.model.item(this.selected)) this.selected = null;
    Object.assign(this, { corner: null, pair: null, fields: null, pairFields: null });
    this.changed();
  }

  /** Undo a change that had no effect, and remove it from the history. */
  revert() {
    this.model.undo();
    this.model.future.pop();
    this.restored();
    this.refresh();
  }

  /** Reverse a line, so that in becomes out. */
  reverse() {
    const item = this.model.item(this.selected);
    this.change(() => item.parts[0][0].reverse());
  }

  /** Duplicate the selected item, a little to the right and below. */
  duplicate() {
    const item = this.model.item(this.selected);
    if (!item || this.mode === "floor" || this.draft.length) return;
    const [from, to] = [this.view.point([0, 0]), this.view.point([COPY_OFFSET, COPY_OFFSET])];
    const parts = shiftParts(this, item.parts, [to[0] - from[0], to[1] - from[1]]);
    const made = this.change(() => this.model.copy(item, { parts, name: this.model.freeName(item.type, item.name) }));
    this.select(made.id);
    this.say(`Duplicated as “${made.name}”.`);
  }

  /** Delete the selected corner, otherwise the selected item. */
  removeChosen(entire = false) {
    const item = this.model.item(this.selected);
    if (!item) return;
    if (this.corner && !entire) {
      const { corner } = this;
      this.corner = null;
      const isRemoved = this.change(() => this.model.removeCorner(item, corner, false));
      if (!isRemoved) {
        this.revert();
        this.tell(`A ${item.type} has at least ${item.type === "zone" ? "three corners" : "two points"}.`);
      }
    } else {
      this.selected = null;
      this.change(() => this.model.remove(item.id));
      this.say(`Deleted “${item.name}”.`);
    }
  }

  removePair(i) {
    this.pair = null;
    this.pairFields = null;
    this.change(() => this.model.doc.pairs.splice(i, 1));
  }

  ask(path, method, body) {
    return ask(this, path, method, body);
  }

  save(options) {
    return save(this, options);
  }

  done() {
    return done(this);
  }
}
