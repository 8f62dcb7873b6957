/** The packed data: arrays, tracks of people, visits. */

const FORMAT = "ptrack-explorer/2";
const UNKNOWN = 65_535;
export const [INTERPOLATED, UNLOCATED, RUN_BEGINS, HAS_BOX, HAS_FACE] = [1, 2, 4, 8, 16];

function decodeBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const plain = atob(text);
  const bytes = new Uint8Array(plain.length);
  for (let i = 0; i < plain.length; i++) bytes[i] = plain.charCodeAt(i);
  return bytes;
}

async function unzip(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Restore the order of the bytes of one array, and sum its differences. */
function unpackArray(bytes, { type, length }) {
  const Kind = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f4: Float32Array }[type];
  if (!Kind) throw new Error(`no array of type ${type}`);
  const size = Kind.BYTES_PER_ELEMENT;
  const plain = new Uint8Array(length * size);
  for (let b = 0; b < size; b++) {
    for (let i = 0, at = b * length; i < length; i++) plain[i * size + b] = bytes[at + i];
  }
  const array = new Kind(plain.buffer);
  if (type !== "f4") for (let i = 1; i < length; i++) array[i] += array[i - 1];
  return array;
}

/** Read the packed arrays by name. */
export async function readArrays(data) {
  if (data?.format !== FORMAT) throw new Error(`the data does not have the format ${FORMAT}`);
  const bytes = await unzip(decodeBase64(data.data));
  const arrays = {};
  let at = 0;
  for (const array of data.arrays) {
    const size = array.length * Number(array.type[1]);
    arrays[array.name] = unpackArray(bytes.subarray(at, at + size), array);
    at += size;
  }
  return arrays;
}

/** Convert steps to fractions; unknown values become NaN. */
function readFractions(steps, precision, lowest) {
  const values = new Float32Array(steps.length);
  for (let i = 0; i < steps.length; i++) values[i] = steps[i] === UNKNOWN ? NaN : lowest + steps[i] * precision;
  return values;
}

/** Create the tracks: rows by person and time, and the figures of each person. */
export function createTracks(data, arrays) {
  const { precision, lowest } = data.coordinates;
  const tracks = {
    start: arrays.start,
    time: arrays.time,
    timePresent: arrays.time_present,
    flags: arrays.flags,
    speed: arrays.speed,
    x: readFractions(arrays.x, precision, lowest),
    y: readFractions(arrays.y, precision, lowest),
    rows: arrays.time.length,
    people: data.persons.length,
    labels: data.persons.map(String),
  };
  addBoxes(tracks, arrays, precision, lowest);
  addTimes(tracks);
  return tracks;
}

function addBoxes(tracks, arrays, precision, lowest) {
  const none = new Float32Array(0);
  Object.assign(tracks, { left: none, top: none, width: none, height: none, faceRow: new Uint32Array(0) });
  if (!arrays.box_x) return;
  const left = new Uint16Array(tracks.rows);
  const top = new Uint16Array(tracks.rows);
  for (let i = 0; i < tracks.rows; i++) {
    left[i] = arrays.x[i] + arrays.box_x[i] - (arrays.box_width[i] >> 1);
    top[i] = arrays.y[i] + arrays.box_y[i] - arrays.box_height[i];
  }
  tracks.left = readFractions(left, precision, lowest);
  tracks.top = readFractions(top, precision, lowest);
  tracks.width = readFractions(arrays.box_width, precision, 0);
  tracks.height = readFractions(arrays.box_height, precision, 0);
  tracks.face = ["left", "top", "width", "height"].map((name, i) => readFractions(arrays[`face_${name}`], precision, i < 2 ? lowest : 0));
  tracks.faceRow = new Uint32Array(tracks.rows);
  for (let i = 0, face = 0; i < tracks.rows; i++) if (tracks.flags[i] & HAS_FACE) tracks.faceRow[i] = face++;
}

/** Add the first and last time of each person, and the time present before each row. */
function addTimes(tracks) {
  const { start, time, timePresent, people, rows } = tracks;
  for (const name of ["first", "last", "end"]) tracks[name] = new Float64Array(people);
  for (let p = 0; p < people; p++) {
    tracks.first[p] = time[start[p]];
    tracks.last[p] = time[start[p + 1] - 1];
    tracks.end[p] = tracks.last[p] + timePresent[start[p + 1] - 1];
  }
  tracks.presentBefore = new Float64Array(rows + 1);
  for (let i = 0; i < rows; i++) tracks.presentBefore[i + 1] = tracks.presentBefore[i] + timePresent[i];
}

/** Create the visits by person, with the index of each person's first visit and each visit's first absence. */
export function createVisits(arrays, people) {
  const visits = {
    zone: arrays.visit_zone,
    entered: arrays.visit_entered,
    exited: arrays.visit_exited,
    dwell: arrays.visit_dwell,
    cut: arrays.visit_cut,
    person: arrays.visit_person,
    absenceStart: arrays.absence_start,
    absenceEnd: arrays.absence_end,
    start: indexGroups(arrays.visit_person, people),
  };
  visits.absences = indexGroups(arrays.absence_visit, visits.zone.length);
  return visits;
}

function indexGroups(group, groups) {
  const start = new Uint32Array(groups + 1);
  for (const number of group) start[number + 1]++;
  for (let i = 0; i < groups; i++) start[i + 1] += start[i];
  return start;
}

/** Find the last row of a person at or before a time, or the row before the person's first row. */
export function findRow(tracks, person, time) {
  let low = tracks.start[person];
  let high = tracks.start[person + 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tracks.time[middle] <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** List all distinct timestamps, sorted. */
export function listTimestamps(time) {
  const sorted = Uint32Array.from(time).sort();
  let count = 0;
  for (let i = 0; i < sorted.length; i++) if (!i || sorted[i] !== sorted[i - 1]) sorted[count++] = sorted[i];
  return sorted.slice(0, count);
}
