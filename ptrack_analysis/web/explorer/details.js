/** The details of the selected person: figures and visits within the range. */
import { make, makeIconButton } from "../shared/dom.js";
import { formatCount, formatDuration, formatShortTime, formatTime, isolateName } from "../shared/text.js";
import { getPersonColor, getZoneColor } from "./coloring.js";
import { ICONS } from "./elements.js";
import { computeTimeInScene, computeTimeWithoutPosition, computeVisitDwell, computeZoneDwell, describeChecks, describePerson, findRows, getRange, isPresentBetween, isVisitBetween, markZone } from "./figures.js";
import { NONE, getLastSelected, subscribe } from "./state.js";
import { seek } from "./playback.js";
import { clearSelection } from "./selection.js";

const MOST_VISITS = 200;

function showDetails(s) {
  const p = getLastSelected(s);
  s.e.details.hidden = p === NONE;
  if (p === NONE) return s.e.details.replaceChildren();
  const close = makeIconButton("Clear the selection (Esc)", ICONS.close);
  close.addEventListener("click", () => {
    clearSelection(s);
    s.e.list.focus();
  });
  const others = s.selected.size > 1 ? ` and ${s.selected.size - 1} more` : "";
  const title = make("h2", { text: `Person ${s.tracks.labels[p]}${others}` });
  s.e.state = make("p", { class: "state" });
  s.e.swatch = make("span", { class: "swatch" });
  const parts = [make("header", {}, s.e.swatch, title, close), s.e.state, ...listHints(s, p), listFigures(s, p), ...listZones(s, p), ...listVisits(s, p)];
  s.e.details.replaceChildren(...parts);
  return updateState(s);
}

/** Show the current state of the person. */
function updateState(s) {
  const p = getLastSelected(s);
  if (p === NONE || !s.e.state) return;
  const [, ...words] = describePerson(s, p).split(", ");
  const text = words.join(", ");
  s.e.state.textContent = `${text[0].toUpperCase()}${text.slice(1)}`;
  s.e.swatch.style.background = getPersonColor(s, p);
}

/** Explain why the list does not contain the person. */
function listHints(s, p) {
  const hints = [];
  if (s.range && !isPresentBetween(s.tracks, p, s.range)) hints.push("Not present in the range");
  else if (!s.shown[p]) hints.push(`No visit to ${isolateName(s.data.zones[s.zoneFilter].name)}${s.range ? " in the range" : ""}`);
  return hints.map((text) => make("p", { class: "hint", text: `${text}: not in the list.` }));
}

function listFigures(s, p) {
  const { tracks } = s;
  const range = getRange(s);
  const facts = [[`Time in the scene${inRange(s)}`, formatDuration(computeTimeInScene(tracks, p, range))]];
  const without = computeTimeWithoutPosition(tracks, p, range);
  if (without) facts.push([`Without position${inRange(s)}`, formatDuration(without)]);
  if (!s.range || isPresentBetween(tracks, p, range)) {
    const [first, last] = findRows(tracks, p, range).map((row) => formatTime(Math.max(tracks.time[row], range[0])));
    facts.push([`First detection${inRange(s)}`, first], [`Last detection${inRange(s)}`, last]);
  }
  return makeFacts(facts.map(([name, value]) => [make("dt", { text: name }), value]));
}

const makeFacts = (facts) => make("dl", {}, ...facts.map(([name, value]) => make("div", {}, name, make("dd", { text: value }))));

const inRange = (s) => (s.range ? " in the range" : "");

function listZones(s, p) {
  const { dwell, count } = computeZoneDwell(s, p, getRange(s));
  const facts = [];
  s.data.zones.forEach((zone, number) => {
    if (!count[number]) return;
    const dot = make("i", { class: "dot" });
    dot.style.background = getZoneColor(s, number) ?? s.inks.outline;
    facts.push([make("dt", {}, dot, make("bdi", { text: zone.name })), formatDuration(dwell[number])]);
  });
  return facts.length > 1 ? [make("h3", { text: `Dwell time per zone${inRange(s)}` }), makeFacts(facts)] : [];
}

function listVisits(s, p) {
  const { visits } = s;
  if (!s.data.zones.length) return [];
  const range = getRange(s);
  const numbers = [];
  for (let v = visits.start[p]; v < visits.start[p + 1]; v++) if (isVisitBetween(visits, v, range)) numbers.push(v);
  const title = numbers.length ? formatCount(numbers.length, "visit", "visits") : "No visits to zones";
  const more = numbers.length > MOST_VISITS ? `, the first ${MOST_VISITS} are listed` : "";
  const list = make("ol", { class: "visits" }, ...numbers.slice(0, MOST_VISITS).map((v) => makeVisit(s, v, range)));
  return [make("h3", { text: title + inRange(s) + more }), list];
}

function makeVisit(s, v, range) {
  const { visits } = s;
  const zone = s.data.zones[visits.zone[v]];
  const dwell = computeVisitDwell(visits, v, range);
  const [entered, exited] = [visits.entered[v], visits.exited[v]];
  const [from, to] = [Math.max(entered, range[0]), Math.min(exited, range[1])];
  const isCutByRange = from > entered || to < exited;
  const cut = visits.cut[v] && !isCutByRange;
  const length = isCutByRange ? ` of ${visits.cut[v] ? "at least " : ""}${formatDuration(visits.dwell[v])}` : "";
  const complete = `Complete visit: ${formatShortTime(entered)} – ${formatShortTime(exited)}`;
  const title = [cut ? "Start or end not observed: the visit may be longer" : "Go to the visit", ...(isCutByRange ? [complete] : []), ...describeChecks(zone)].join(". ");
  const item = make(
    "button",
    { type: "button", title },
    make("b", { text: markZone(zone) }),
    make("span", { text: `${cut ? "at least " : ""}${formatDuration(dwell)}${length}` }),
    make("small", { text: `${formatShortTime(from)} – ${formatShortTime(to)}` }),
  );
  item.addEventListener("click", () => seek(s, from));
  return make("li", {}, item);
}

export function listenToDetails(s) {
  for (const name of ["select", "list", "color"]) subscribe(s, name, () => showDetails(s));
  subscribe(s, "time", () => updateState(s));
}
