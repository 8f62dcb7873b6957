/** Figures of zones and lines during drawing, computed by the server for the newest drawing. */
import { editOf } from "./model.js";
import { outlineProblems } from "./validity.js";
import { formatCount, formatDuration, formatPeople } from "../shared/text.js";

const BATCH = 8;

/** Request figures of all changed items, one request at a time, the selected item first. */
export async function updateFigures(app) {
  if (app.asksFigures || app.ended) return;
  app.asksFigures = true;
  try {
    for (;;) {
      const stale = findStale(app);
      if (!stale.length) break;
      const batch = stale.slice(0, BATCH);
      const [status, answer] = await app.ask("/figures", "POST", { base: app.opening.zones.base, features: batch.map(({ edit }) => edit) });
      if (status !== 200 || answer.error) return showFailure(app, batch, answer.error);
      batch.forEach(({ item, key }, i) => app.figures.set(item.id, { key, ...answer.figures[i] }));
      app.showFigures();
    }
  } finally {
    app.asksFigures = false;
  }
}

/** Remove outdated figures and show the reason if the server does not respond. */
function showFailure(app, batch, error) {
  batch.forEach(({ item }) => app.figures.delete(item.id));
  app.showFigures();
  app.tell(error);
}

/** List the items with outdated figures; delete the figures of invalid items. */
function findStale(app) {
  const { items } = app.model.doc;
  const found = [];
  for (const item of items) {
    if (app.problems.has(item.id) && outlineProblems(item).length) {
      if (app.figures.delete(item.id)) app.showFigures();
      continue;
    }
    const key = JSON.stringify([item.parts, item.kind, item.from, item.to]);
    if (app.figures.get(item.id)?.key !== key) found.push({ item, key, edit: { source: item.source, ...editOf(item, app.originals) } });
  }
  return found.sort((one, other) => Number(other.item.id === app.selected) - Number(one.item.id === app.selected));
}

/** Format figures as text. */
export function describeFigures(app, item) {
  const figures = app.figures.get(item.id);
  if (!figures || !app.opening.has_tracks) return "";
  if (figures.error) return "no figures";
  if (figures.elsewhere) return "in other videos only";
  if (item.type === "line") return `${figures.in} in, ${figures.out} out`;
  if (!figures.visits) return "no visits";
  const median = figures.median === null ? "median unknown" : `median ${formatDuration(figures.median * 1000)}`;
  return `${formatCount(figures.visits, "visit", "visits")}, ${formatPeople(figures.people)}, ${median}`;
}

/** List the warnings of the server. */
export function warningsOf(app, item) {
  const figures = app.figures.get(item.id);
  return figures ? [...(figures.error ? [figures.error] : []), ...(figures.warnings ?? [])] : [];
}
