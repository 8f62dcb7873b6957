/** The packed data: arrays, tracks of persons, visits. */

const FORMAT = "ptrack-explorer/1";
const UNKNOWN = 65535;
export const [INTERPOLATED, UNLOCATED, RUN_BEGINS, HAS_BOX, HAS_FACE] = [1, 2, 4, 8, 16];
export const NOBODY = -1;

/** Turn base64 into bytes. */
function bytesOf(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const plain = atob(text);
  const bytes = new Uint8Array(plain.length);
  for (let i = 0; i < plain.length; i++) bytes[i] = plain.charCodeAt(i);
  return bytes;
}

async function gunzip(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Put the bytes of one array back in order, and sum up its differences. */
function unpacked(bytes, { type, length }) {
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

/** Read the packed arrays of the data, by name. */
export async function arraysOf(data) {
  if (data?.format !== FORMAT) throw new Error(`the data are not of the form ${FORMAT}`);
  const bytes = await gunzip(bytesOf(data.data));
  const arrays = {};
  let at = 0;
  for (const array of data.arrays) {
    const size = array.length * Number(array.type[1]);
    arrays[array.name] = unpacked(bytes.subarray(at, at + size), array);
    at += size;
  }
  return arrays;
}

/** Turn whole steps into fractions; what is unknown becomes NaN. */
function fractionsOf(steps, precision, lowest) {
  const values = new Float32Array(steps.length);
  for (let i = 0; i < steps.length; i++) values[i] = steps[i] === UNKNOWN ? NaN : lowest + steps[i] * precision;
  return values;
}

/** Make the tracks: rows by person and time, and what is known of each person. */
export function tracksOf(data, arrays) {
  const { precision, lowest } = data.coordinates;
  const tracks = {
    start: arrays.start,
    time: arrays.time,
    timePresent: arrays.time_present,
    flags: arrays.flags,
    x: fractionsOf(arrays.x, precision, lowest),
    y: fractionsOf(arrays.y, precision, lowest),
    rows: arrays.time.length,
    persons: data.persons.length,
    labels: data.persons.map(String),
  };
  addBoxes(tracks, arrays, precision, lowest);
  addPersons(tracks);
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
  tracks.left = fractionsOf(left, precision, lowest);
  tracks.top = fractionsOf(top, precision, lowest);
  tracks.width = fractionsOf(arrays.box_width, precision, 0);
  tracks.height = fractionsOf(arrays.box_height, precision, 0);
  tracks.face = ["left", "top", "width", "height"].map((name, i) =>
    fractionsOf(arrays[`face_${name}`], precision, i < 2 ? lowest : 0),
  );
  tracks.faceRow = new Uint32Array(tracks.rows);
  for (let i = 0, face = 0; i < tracks.rows; i++) if (tracks.flags[i] & HAS_FACE) tracks.faceRow[i] = face++;
}

function addPersons(tracks) {
  const { start, time, timePresent, flags, persons } = tracks;
  for (const name of ["first", "last", "end", "timeInScene", "withoutPosition"]) tracks[name] = new Float64Array(persons);
  for (let p = 0; p < persons; p++) {
    tracks.first[p] = time[start[p]];
    tracks.last[p] = time[start[p + 1] - 1];
    tracks.end[p] = tracks.last[p] + timePresent[start[p + 1] - 1];
    for (let i = start[p]; i < start[p + 1]; i++) {
      tracks.timeInScene[p] += timePresent[i];
      if ((flags[i] & 3) === UNLOCATED) tracks.withoutPosition[p] += timePresent[i];
    }
  }
}

/** Make the visits: by person, with the place where each person's begin. */
export function visitsOf(arrays, persons) {
  const visits = {
    zone: arrays.visit_zone,
    entered: arrays.visit_entered,
    exited: arrays.visit_exited,
    dwell: arrays.visit_dwell,
    cut: arrays.visit_cut,
    person: arrays.visit_person,
    start: new Uint32Array(persons + 1),
  };
  for (const person of visits.person) visits.start[person + 1]++;
  for (let p = 0; p < persons; p++) visits.start[p + 1] += visits.start[p];
  return visits;
}

/** Find the last row of a person that is not after a moment; one before the first if there is none. */
export function rowAt(tracks, person, moment) {
  let low = tracks.start[person];
  let high = tracks.start[person + 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tracks.time[middle] <= moment) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** List all distinct moments, sorted. */
export function momentsOf(time) {
  const sorted = Uint32Array.from(time).sort();
  let count = 0;
  for (let i = 0; i < sorted.length; i++) if (!i || sorted[i] !== sorted[i - 1]) sorted[count++] = sorted[i];
  return sorted.slice(0, count);
}
