/** Starts the editor with the data that the server wrote into the page. */
import { App } from "./app.js";
import { makeKindList } from "./details.js";
import { listenToKeys } from "./keyboard.js";
import { build } from "./panel.js";
import { listenToPointers } from "./pointer.js";
import { holdConnection, restoreChanges } from "./saving.js";
import { decodeTracks } from "./tracks.js";

/** Store the next address, because each address opens one page; a reloaded frame uses it. */
function useNextAddress(opening) {
  if (opening.embedded) globalThis.name = opening.next; // frames of another site have no other storage
  history.replaceState(null, "", opening.next);
}

async function load(app, path) {
  const answer = await fetch(path, { headers: { "X-Ptrack-Session": app.opening.secret } });
  return answer.ok ? answer : null;
}

async function start() {
  const opening = JSON.parse(document.getElementById("opening").textContent);
  useNextAddress(opening);
  const app = new App(opening);
  app.makeStage();
  const root = document.getElementById("editor");
  app.e = build(app, root);
  root.append(makeKindList());
  holdConnection(app);
  app.setMode("zones");
  restoreChanges(app);
  app.stage.dataset.tool = app.tool;
  listenToPointers(app);
  listenToKeys(app);
  app.changed();
  app.refresh();
  addEventListener("beforeunload", (event) => {
    if (!app.ended && !opening.embedded && (app.draft.length || app.isDirty("zones") || app.isDirty("floor"))) event.preventDefault();
  });
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  new ResizeObserver(() => {
    app.view.resize(app.stage.clientWidth, app.stage.clientHeight);
    app.redraw();
  }).observe(app.stage);
  if (!opening.picture.is_blank) {
    app.image.src = URL.createObjectURL(await (await load(app, "/background")).blob());
    await app.image.decode();
  }
  if (opening.has_tracks) {
    app.tracks = decodeTracks(await (await load(app, "/tracks")).arrayBuffer());
    app.trackLayer.follow();
  }
  app.stage.dataset.ready = "yes";
}

start();
