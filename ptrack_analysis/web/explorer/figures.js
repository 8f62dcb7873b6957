/** Figures of people and zones at a time or within the range, in integer milliseconds. */
import { formatShortTime, isolateName } from "../shared/text.js";
import { RUN_BEGINS, UNLOCATED, findRow } from "./data.js";

/** Return the range, or the complete video. */
export const getRange = (s) => s.range ?? [0, Infinity];

/** Find the row of a person who is present at a time; -1 otherwise. */
export function findPresentRow(tracks, p, time) {
  const row = findRow(tracks, p, time);
  return row >= tracks.start[p] && time < tracks.time[row] + tracks.timePresent[row] ? row : -1;
}

/** Return the time present of a person before a time. */
function sumPresence(tracks, p, until) {
  if (until >= tracks.end[p]) return tracks.presentBefore[tracks.start[p + 1]];
  const row = findRow(tracks, p, until);
  if (row < tracks.start[p]) return tracks.presentBefore[tracks.start[p]];
  return tracks.presentBefore[row] + Math.min(tracks.timePresent[row], until - tracks.time[row]);
}

/** Compute the time in the scene of a person between two times, the second excluded. */
export const computeTimeInScene = (tracks, p, [from, to]) => sumPresence(tracks, p, to) - sumPresence(tracks, p, from);

/** Return whether a person is in the scene between two times, the second excluded. */
export function isPresentBetween(tracks, p, [from, to]) {
  const row = to === Infinity ? tracks.start[p + 1] - 1 : findRow(tracks, p, to - 1);
  if (row < tracks.start[p]) return false;
  return tracks.time[row] >= from || tracks.time[row] + tracks.timePresent[row] > from;
}

/** Return the first and last row of a person that overlap a range. */
export function findRows(tracks, p, [from, to]) {
  const first = Math.max(findRow(tracks, p, from), tracks.start[p]);
  const ended = tracks.time[first] < from && tracks.time[first] + tracks.timePresent[first] <= from;
  const last = to === Infinity ? tracks.start[p + 1] - 1 : findRow(tracks, p, to - 1);
  return [ended ? first + 1 : first, last];
}

/** Compute the time of a person without a position within a range. */
export function computeTimeWithoutPosition(tracks, p, range) {
  const [first, last] = findRows(tracks, p, range);
  let sum = 0;
  for (let i = first; i <= last; i++) {
    if ((tracks.flags[i] & 3) === UNLOCATED) sum += overlap(tracks.time[i], tracks.time[i] + tracks.timePresent[i], range);
  }
  return sum;
}

const overlap = (since, until, [from, to]) => Math.max(0, Math.min(until, to) - Math.max(since, from));

/** Return whether a visit overlaps a range; a visit without a duration counts at its time. */
export function isVisitBetween(visits, v, [from, to]) {
  const [entered, exited] = [visits.entered[v], visits.exited[v]];
  return entered < to && (exited > from || (entered === exited && entered >= from));
}

/** Compute the dwell time of a visit within a range, excluding absences that were merged into the visit. */
export function computeVisitDwell(visits, v, range) {
  const [entered, exited] = [visits.entered[v], visits.exited[v]];
  if (range[0] <= entered && range[1] >= exited) return visits.dwell[v];
  let [dwell, listed] = [overlap(entered, exited, range), exited - entered];
  for (let a = visits.absences[v]; a < visits.absences[v + 1]; a++) {
    dwell -= overlap(visits.absenceStart[a], visits.absenceEnd[a], range);
    listed -= visits.absenceEnd[a] - visits.absenceStart[a];
  }
  return listed === visits.dwell[v] ? dwell : Math.round((dwell * visits.dwell[v]) / (listed || 1));
}

/** Compute the dwell time and the number of visits of a person per zone within a range. */
export function computeZoneDwell(s, p, range) {
  const dwell = new Float64Array(s.data.zones.length);
  const count = new Uint32Array(s.data.zones.length);
  for (let v = s.visits.start[p]; v < s.visits.start[p + 1]; v++) {
    if (!isVisitBetween(s.visits, v, range)) continue;
    dwell[s.visits.zone[v]] += computeVisitDwell(s.visits, v, range);
    count[s.visits.zone[v]]++;
  }
  return { dwell, count };
}

function isInside(visits, v, time) {
  if (time < visits.entered[v] || time >= visits.exited[v]) return false;
  for (let a = visits.absences[v]; a < visits.absences[v + 1]; a++) {
    if (time >= visits.absenceStart[a] && time < visits.absenceEnd[a]) return false;
  }
  return true;
}

/** Find the first zone that contains a person, in the order of the zones; -1 outside all zones. */
export function findZone({ visits }, p, time) {
  let found = -1;
  for (let v = visits.start[p]; v < visits.start[p + 1] && visits.entered[v] <= time; v++) {
    if (isInside(visits, v, time) && (found < 0 || visits.zone[v] < found)) found = visits.zone[v];
  }
  return found;
}

/** Count the people in each zone at a time. */
export function countZones({ visits, data }, time) {
  const counts = new Uint32Array(data.zones.length);
  for (let v = 0; v < visits.zone.length; v++) if (isInside(visits, v, time)) counts[visits.zone[v]]++;
  return counts;
}

/** Return the speed at a row in the unit of the tracks per second; NaN if it is unknown. */
export function getSpeed(s, row) {
  const level = s.tracks.speed?.[row] ?? 255;
  return level === 255 ? NaN : level * s.data.speed.step;
}

/** Describe a person: index, start of the presence, and current zones. */
export function describePerson(s, p) {
  const { tracks, visits } = s;
  const name = `Person ${tracks.labels[p]}`;
  let row = findPresentRow(tracks, p, s.time);
  if (row < 0) return `${name}, not present`;
  const parts = [name];
  const speed = s.colorBy === "speed" ? getSpeed(s, row) : NaN;
  if ((tracks.flags[row] & 3) === UNLOCATED) parts.push("without position");
  while (row > tracks.start[p] && !(tracks.flags[row] & RUN_BEGINS)) row--;
  parts.push(`present since ${formatShortTime(tracks.time[row])}`);
  for (let v = visits.start[p]; v < visits.start[p + 1] && visits.entered[v] <= s.time; v++) {
    if (isInside(visits, v, s.time)) parts.push(`in ${isolateName(s.data.zones[visits.zone[v]].name)} since ${formatShortTime(visits.entered[v])}`);
  }
  if (!Number.isNaN(speed)) parts.push(formatSpeed(s, speed));
  return parts.join(", ");
}

export const formatSpeed = (s, speed) => `${speed < 10 ? speed.toFixed(1) : Math.round(speed)} ${s.data.ground.unit}/s`;

/** Mark the name of a zone with an asterisk if quality checks of the zone are not good. */
export const markZone = (zone) => (zone.checks?.length ? `${zone.name} *` : zone.name);

/** List the quality checks of a zone that are not good. */
export const describeChecks = (zone) => (zone.checks?.length ? [`* Quality checks: ${zone.checks.join(", ")}`] : []);
