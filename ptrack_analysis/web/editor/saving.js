/** Saving and ending, and the changes that a tab keeps for a reload. */
import { canFinish, finish } from "./drawing_tools.js";
import { editOf } from "./model.js";
import { make } from "../shared/dom.js";

const DRAFT = "ptrack-editor";
const STOPPED = "The editor has stopped. Start it again. Your changes are kept in this tab.";

/** Send a request; return its status and its answer. */
export async function ask(app, path, method, body) {
  try {
    const answer = await fetch(path, { method, headers: { "X-Ptrack-Session": app.opening.secret, "Content-Type": "application/json" }, body: JSON.stringify(body) });
    const text = await answer.text();
    return [answer.status, answer.headers.get("Content-Type")?.startsWith("application/json") ? JSON.parse(text) : { error: text }];
  } catch {
    return [0, { error: STOPPED }];
  }
}

/** Keep a connection open, so that the server and the page notice when the other ends. */
export async function holdConnection(app) {
  const headers = { "X-Ptrack-Session": app.opening.secret };
  const page = crypto.randomUUID();
  addEventListener("pagehide", () => {
    app.closing = true;
    if (!app.ended) fetch(`/leave?page=${page}`, { method: "POST", headers, keepalive: true }).catch(() => {});
  });
  try {
    const answer = await fetch(`/alive?page=${page}`, { headers });
    const reader = answer.body.getReader();
    while (!(await reader.read()).done);
  } catch {
    // the server has ended, or the page is closing
  }
  if (!app.ended && !app.closing) app.tell(STOPPED);
}

/** Describe an unfinished drawing; empty without one. */
export function describeUnfinished(app) {
  if (!app.draft.length) return "";
  const [what, how] = app.tool === "split" ? ["cut", "Complete it"] : [app.tool, "Finish it (F)"];
  return `The ${what} is not finished. ${how} or discard it (Esc).`;
}

/** Finish the drawing if it has enough points; return whether no drawing is left. */
function finishDrawing(app) {
  if (!app.draft.length) return true;
  return canFinish(app) && finish(app);
}

/** List the files with unsaved changes, the open tab first; a drawing belongs to the zones. */
export function listUnsaved(app) {
  const modes = app.mode === "floor" ? ["floor", "zones"] : ["zones", "floor"];
  return modes.filter((mode) => app.opening[mode] && (app.isDirty(mode) || (mode === "zones" && app.draft.length)));
}

/** Save changed zones and a changed floor plan; a drawing with enough points is finished first. */
export async function save(app, { replace = false, andEnd = false, modes = null } = {}) {
  if (app.saving) return;
  if (!finishDrawing(app)) return app.draft.length ? app.tell(describeUnfinished(app)) : undefined;
  const unsaved = modes ?? listUnsaved(app);
  const said = [];
  for (const [at, mode] of (unsaved.length ? unsaved : [app.opening[app.mode] ? app.mode : "zones"]).entries()) {
    if (tellProblem(app, mode, said)) return;
    app.saving = true;
    app.refresh();
    const content = app.content(mode);
    const [status, answer] = await ask(app, `/${mode}`, "PUT", { ...editsOf(app, mode), base: app.opening[mode].base, disk: app.disk[mode], replace });
    app.saving = false;
    if (answer.changed !== undefined) askReplace(app, answer, { andEnd, modes: unsaved.slice(at) }, mode);
    else if (status === 200 && !answer.error) said.push(noteSaved(app, mode, content, answer));
    else {
      app.tell([...said, answer.error].join(" "));
      app.told.failed = true;
    }
    app.refresh();
    if (!app.told.saved) return;
  }
  app.tell(said.join(" "), false);
  app.e.status.classList.add("good");
  app.told.saved = true;
  if (andEnd) done(app);
}

function editsOf(app, mode) {
  const { items, pairs, bounds } = app.model.doc;
  if (mode === "zones") return { features: items.map((item) => editOf(item, app.originals)) };
  const before = app.opening.floor.bounds ?? null;
  return { pairs, ...(JSON.stringify(bounds) === JSON.stringify(before) ? {} : { bounds }) };
}

function noteSaved(app, mode, content, answer) {
  app.saved[mode] = content;
  app.disk[mode] = answer.disk;
  app.told[mode] = answer.notes;
  app.told.saved = true;
  keepChanges(app);
  return `Saved ${app.opening[mode].file}: ${answer.said}.`;
}

const button = (text, onclick) => make("button", { type: "button", onclick }, text);

function askReplace(app, answer, options, mode) {
  const replace = () => {
    app.disk[mode] = answer.changed;
    app.save({ ...options, replace: true });
  };
  app.tell(`${answer.error}. `, true, button("Replace it", replace));
}

/** Show the first problem that prevents saving, of the zone edited last; return whether there is one. */
function tellProblem(app, mode, said) {
  const { pairs } = app.model.doc;
  if (mode === "floor") {
    if (pairs.every((pair) => pair.floor.every(Number.isFinite))) return false;
    if (app.mode !== mode) app.setMode(mode);
    app.tell([...said, "A point has no floor coordinates yet. Type them, or delete the point."].join(" "));
    return true;
  }
  if (!app.problems.size) return false;
  const id = [app.selected, app.edited].find((one) => app.problems.has(one)) ?? [...app.problems.keys()][0];
  if (app.mode !== mode) app.setMode(mode);
  if (id !== app.selected) app.select(id);
  app.tell([...said, `“${app.model.item(id).name || "no name"}” cannot be saved. ${app.problems.get(id)[0]}`].join(" "));
  app.told.problem = id;
  return true;
}

/** End the editor. Ask about unsaved changes and about a drawing that cannot be finished. */
export async function done(app, isSure = false) {
  if (!isSure) {
    const isFinished = finishDrawing(app);
    const dirty = listUnsaved(app).filter((mode) => app.isDirty(mode));
    if (dirty.length || !isFinished) return askAboutChanges(app, dirty);
  }
  const [status, answer] = await ask(app, "/done", "POST", {});
  if (status !== 200 && status !== 0) return app.tell(answer.error);
  app.ended = true;
  readOrKeep(null);
  document.getElementById("editor").replaceChildren(make("p", { className: "end" }, "The editor has ended. You can close this tab."));
}

function askAboutChanges(app, dirty) {
  const discard = button("Discard and end", () => done(app, true));
  const files = dirty.map((mode) => app.opening[mode].file).join(" and ");
  const text = [describeUnfinished(app), dirty.length ? `Not saved yet: ${files}.` : ""].filter(Boolean).join(" ");
  if (app.draft.length) return app.tell(`${text} `, true, discard);
  app.tell(`${text} `, true, button("Save and end", () => app.save({ andEnd: true })), discard);
}

/** Keep unsaved changes in this tab for a reload. */
export function keepChanges(app) {
  const dirty = app.isDirty("zones") || app.isDirty("floor") || app.draft.length;
  const { draft, tool, selected } = app;
  readOrKeep(!dirty || app.ended ? null : JSON.stringify({ bases: basesOf(app), doc: app.model.doc, nextId: app.model.nextId, draft, tool, selected }));
}

const basesOf = ({ opening }) => [opening.zones.file, opening.zones.base, opening.floor?.base ?? null].join();

/** Restore the changes that this tab has kept. */
export function restoreChanges(app) {
  const kept = JSON.parse(readOrKeep() ?? "null");
  if (kept?.bases !== basesOf(app)) return;
  app.model.keep();
  Object.assign(app.model, { doc: kept.doc, nextId: kept.nextId });
  Object.assign(app, { tool: kept.tool, draft: kept.draft, selected: kept.selected });
  app.tell("Unsaved changes were restored.", false);
}

/** Read or write the stored text of the tab; null removes it. Frames may have no storage. */
function readOrKeep(text) {
  try {
    if (text === undefined) return sessionStorage.getItem(DRAFT);
    return text === null ? sessionStorage.removeItem(DRAFT) : sessionStorage.setItem(DRAFT, text);
  } catch {
    return null;
  }
}
