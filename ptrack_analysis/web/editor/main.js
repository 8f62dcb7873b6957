/** The editor's life: it begins with what the server gave, saves to it, and ends. */
import { draw } from "./drawing.js";
import { refit } from "./calibration.js";
import { finish, listen } from "./hands.js";
import { Model, editOf, itemOf } from "./model.js";
import { build, kindList, show } from "./panel.js";
import { problemsOf } from "./validity.js";
import { View } from "./view.js";

const DRAFT = "ptrack-editor";

class App {
  constructor(opening) {
    this.opening = opening;
    this.model = new Model(opening.unit);
    this.view = new View(opening.picture, opening.bounds);
    Object.assign(this, { mode: "zones", tool: "select", selected: null, corner: null, pair: null, draft: [], cursor: null, snap: null, keyed: false, snapping: true, saving: false, queued: false, ended: false });
    this.problems = new Map();
    this.told = { zones: [...opening.zones.defects], floor: [] };
    this.disk = { zones: opening.zones.disk, floor: opening.floor?.disk };
    this.load();
    refit(this);
  }

  /** Take what was opened as the document. */
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

  content(mode) {
    const { items, pairs, bounds } = this.model.doc;
    return JSON.stringify(mode === "zones" ? items : [pairs, bounds]);
  }

  isDirty(mode) {
    return this.content(mode) !== this.saved[mode];
  }

  /** Say that what is being drawn is not finished; nothing if nothing is being drawn. */
  unfinished() {
    if (!this.draft.length) return "";
    const [what, how] = this.tool === "split" ? ["cut", "Complete it"] : [this.tool, "Finish it (F)"];
    return `The ${what} is not finished. ${how} or discard it (Esc).`;
  }

  /** Change the document so that it can be undone; equal keys in a row are one step. */
  change(action, key = null) {
    this.model.keep(key);
    const result = action();
    this.changed();
    this.refresh();
    return result;
  }

  /** Look again at what is wrong, and draw. */
  changed() {
    this.problems = problemsOf(this.model.doc.items);
    refit(this);
    if (this.told.saved) this.tell("", false);
    this.redraw();
  }

  redraw() {
    if (this.queued) return;
    this.queued = true;
    requestAnimationFrame(() => {
      this.queued = false;
      draw(this);
    });
  }

  refresh(focus) {
    show(this, focus);
    this.redraw();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keepDraft(), 300);
  }

  /** Tell those who do not see the picture what happened. */
  say(text) {
    this.e.live.textContent = text;
    this.redraw();
  }

  tell(text, bad = true, ...more) {
    this.told.saved = false;
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

  setTool(tool) {
    if (this.mode === "floor") return;
    if (this.draft.length) return this.tell(this.unfinished());
    if ((tool === "split" && !this.model.item(this.selected)) || (tool === "hole" && this.model.item(this.selected)?.type !== "zone")) return this.tell("Choose a zone first.");
    Object.assign(this, { tool, draft: [], snap: null });
    this.tell("", false);
    this.stage.dataset.tool = tool;
    this.refresh();
  }

  setMode(mode) {
    if (this.draft.length) return this.tell(this.unfinished());
    Object.assign(this, { mode, draft: [], tool: "select", pair: null, snap: null });
    this.stage.dataset.tool = mode === "floor" ? "pair" : "select";
    this.tell("", false);
    this.refresh();
  }

  toggleSnap() {
    this.snapping = !this.snapping;
    this.refresh();
  }

  zoom(factor) {
    this.view.zoom(factor);
    this.redraw();
  }

  fit_() {
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

  /** Undo a change that led to nothing, as if it had not been tried. */
  revert() {
    this.model.undo();
    this.model.future.pop();
    this.restored();
    this.refresh();
  }

  turnRound() {
    const item = this.model.item(this.selected);
    this.change(() => item.parts[0][0].reverse());
  }

  /** Delete the corner that is chosen, else the thing. */
  removeChosen(whole = false) {
    const item = this.model.item(this.selected);
    if (!item) return;
    if (this.corner && !whole) {
      const { corner } = this;
      this.corner = null;
      const fine = this.change(() => this.model.removeCorner(item, corner, false));
      if (!fine) {
        this.revert();
        this.tell(`A ${item.type} keeps at least ${item.type === "zone" ? "three corners" : "two points"}.`);
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

  /** Ask the server; its answer is [status, what it says]. */
  async ask(path, method, body) {
    try {
      const answer = await fetch(path, { method, headers: { "X-Ptrack-Session": this.opening.secret, "Content-Type": "application/json" }, body: JSON.stringify(body) });
      const text = await answer.text();
      const said = answer.headers.get("Content-Type")?.startsWith("application/json") ? JSON.parse(text) : { error: text };
      return [answer.status, said];
    } catch {
      return [0, { error: "The editor no longer runs: start it again. What you drew is kept in this tab." }];
    }
  }

  async save(replace = false) {
    const { mode, opening } = this;
    if (this.saving || !opening[mode]) return;
    if (this.draft.length) return this.tell(this.unfinished());
    if (mode === "zones" && this.problems.size) return this.tellProblem();
    if (mode === "floor" && this.model.doc.pairs.some((pair) => !pair.floor.every(Number.isFinite))) return this.tell("A point has no floor coordinates yet: type them, or delete the point.");
    this.saving = true;
    this.refresh();
    const content = this.content(mode);
    const [status, said] = await this.ask(`/${mode}`, "PUT", { ...this.edits(mode), base: opening[mode].base, disk: this.disk[mode], replace });
    this.saving = false;
    if (said.changed !== undefined) this.askReplace(said);
    else if (status === 200 && !said.error) this.wasSaved(mode, content, said);
    else this.tell(said.error);
    this.refresh();
  }

  edits(mode) {
    const { items, pairs, bounds } = this.model.doc;
    if (mode === "zones") return { features: items.map((item) => editOf(item, this.originals)) };
    const before = this.opening.floor.bounds ?? null;
    return { pairs, ...(JSON.stringify(bounds) === JSON.stringify(before) ? {} : { bounds }) };
  }

  wasSaved(mode, content, said) {
    this.saved[mode] = content;
    this.disk[mode] = said.disk;
    this.told[mode] = said.notes;
    this.tell(`Saved ${this.opening[mode].file}: ${said.said}.`, false);
    this.e.status.classList.add("good");
    this.told.saved = true;
    this.keepDraft();
  }

  askReplace(said) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Replace it";
    button.addEventListener("click", () => {
      this.disk[this.mode] = said.changed;
      this.save(true);
    });
    this.tell(`${said.error}. `, true, button);
  }

  tellProblem() {
    const [id, said] = [...this.problems][0];
    this.select(id);
    this.tell(`“${this.model.item(id).name || "no name"}” cannot be saved. ${said[0]}`);
  }

  /** End the editor; what is not saved or not finished needs a second word. */
  async done(sure = false) {
    const dirty = ["zones", "floor"].filter((mode) => this.opening[mode] && this.isDirty(mode));
    if ((dirty.length || this.draft.length) && !sure) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Discard and end";
      button.addEventListener("click", () => this.done(true));
      const unsaved = dirty.length ? `Not saved yet: ${dirty.map((mode) => this.opening[mode].file).join(" and ")}.` : "";
      return this.tell(`${this.unfinished()} ${unsaved} `.trimStart(), true, button);
    }
    const [status, said] = await this.ask("/done", "POST", {});
    if (status !== 200 && status !== 0) return this.tell(said.error);
    this.ended = true;
    kept(null);
    const end = document.createElement("p");
    end.className = "end";
    end.textContent = "The editor has ended. You can close this tab.";
    document.getElementById("editor").replaceChildren(end);
  }

  /** Keep what is not saved in this tab, in case it is loaded again. */
  keepDraft() {
    const dirty = this.isDirty("zones") || this.isDirty("floor");
    kept(!dirty || this.ended ? null : JSON.stringify({ bases: this.bases(), doc: this.model.doc, nextId: this.model.nextId }));
  }

  bases() {
    return [this.opening.zones.file, this.opening.zones.base, this.opening.floor?.base ?? null].join();
  }

  restoreDraft() {
    const draft = JSON.parse(kept() ?? "null");
    if (draft?.bases !== this.bases()) return;
    this.model.keep();
    Object.assign(this.model, { doc: draft.doc, nextId: draft.nextId });
    this.tell("What was not saved is back.", false);
  }
}

/** Read what the tab keeps; write it, or with null forget it. A frame that may keep nothing does without. */
function kept(text) {
  try {
    if (text === undefined) return sessionStorage.getItem(DRAFT);
    return text === null ? sessionStorage.removeItem(DRAFT) : sessionStorage.setItem(DRAFT, text);
  } catch {
    return null;
  }
}

const KEYS = { v: "select", z: "zone", l: "line", c: "split", h: "hole" };

/** Keys that hold wherever the focus is, but not while somebody types. */
function pageKey(app, event) {
  if (app.ended || app.dragging) return;
  const key = event.key.toLowerCase();
  const types = event.target.matches?.("input, textarea");
  if (event.ctrlKey || event.metaKey) {
    if (key === "s") app.save();
    else if (types) return;
    else if (key === "z") event.shiftKey ? app.redo() : app.undo();
    else if (key === "y") app.redo();
    else return;
    return event.preventDefault();
  }
  if (key === "escape") escape_(app, types);
  if (types || event.altKey || app.e.help.open) return;
  if (KEYS[key]) app.setTool(KEYS[key]);
  else if (key === "delete" || key === "backspace") back(app);
  else if (key === "n" || key === "p") nextThing(app, key === "n" ? 1 : -1);
  else if (key === "+" || key === "=") app.zoom(1.4);
  else if (key === "-") app.zoom(1 / 1.4);
  else if (key === "0") app.fit_();
  else if (key === "f" && app.draft.length) finish(app);
  else if (key === "?") app.e.help.showModal();
  else return;
  event.preventDefault();
}

function escape_(app, types) {
  if (types) return app.stage.focus();
  if (app.draft.length) {
    app.draft = [];
    app.tell("", false);
  } else if (app.tool !== "select") app.setTool("select");
  else if (app.corner) app.corner = null;
  else Object.assign(app, { selected: null, pair: null });
  app.refresh();
}

function back(app) {
  if (app.draft.length) app.draft.pop();
  else if (app.mode === "floor") app.pair !== null && app.removePair(app.pair);
  else app.removeChosen();
  app.refresh();
}

function nextThing(app, step) {
  const { items } = app.model.doc;
  if (!items.length || app.mode === "floor") return;
  const now = items.findIndex((item) => item.id === app.selected);
  app.select(items.at((now + step + (now < 0 && step < 0 ? 1 : 0)) % items.length).id);
}

async function start() {
  const opening = JSON.parse(document.getElementById("opening").textContent);
  history.replaceState(null, "", opening.next);
  const app = new App(opening);
  app.next = (step) => nextThing(app, step);
  const root = document.getElementById("editor");
  app.e = build(app, root);
  root.append(kindList());
  app.restoreDraft();
  listen(app);
  app.setMode("zones");
  app.changed();
  addEventListener("keydown", (event) => pageKey(app, event));
  addEventListener("beforeunload", (event) => {
    if (!app.ended && !opening.embedded && (app.draft.length || app.isDirty("zones") || app.isDirty("floor"))) event.preventDefault();
  });
  new ResizeObserver(() => {
    app.view.resize(app.stage.clientWidth, app.stage.clientHeight);
    app.redraw();
  }).observe(app.stage);
  const answer = await fetch("/background", { headers: { "X-Ptrack-Session": opening.secret } });
  app.image.src = URL.createObjectURL(await answer.blob());
  await app.image.decode();
  app.stage.dataset.ready = "yes";
}

start();
