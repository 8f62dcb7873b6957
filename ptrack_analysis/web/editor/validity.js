/** Validation of outlines while they are drawn. On saving, the file reader decides. */
import { alongEach, area, cross, distance, inParts, inRing, middle, same, segments, touch } from "./geometry.js";

/** Describe the problems of all items: a map from id to sentences. */
export function problemsOf(items) {
  const found = new Map();
  for (const item of items) {
    const said = [...nameProblems(item, items), ...outlineProblems(item)];
    if (said.length) found.set(item.id, said);
  }
  return found;
}

/** Describe the problems of the outline of an item. */
export const outlineProblems = (item) => (item.type === "line" ? lineProblems(item) : zoneProblems(item));

const inOneVideo = (one, other) => !one.videos.length || !other.videos.length || one.videos.some((name) => other.videos.includes(name));

function nameProblems(item, items) {
  if (!item.name.trim()) return ["It has no name."];
  const twin = items.some((other) => other !== item && other.type === item.type && other.name === item.name && inOneVideo(item, other));
  return twin ? [`The name occurs twice. Names of ${item.type}s must differ.`] : [];
}

function lineProblems({ parts }) {
  const points = parts[0][0];
  return points.some((p) => !same(p, points[0])) ? [] : ["It has no length."];
}

function zoneProblems({ parts }) {
  const rings = parts.flat();
  if (rings.some((ring) => distinct(ring) < 3)) return ["It has fewer than three corners."];
  if (rings.some((ring) => flat(ring))) return ["It has no area, because its corners are on one line."];
  if (rings.some(crossesItself)) return ["Its outline crosses or touches itself."];
  if (parts.some(badHoles)) return ["A hole crosses the outline or is outside it."];
  if (parts.some((part, i) => parts.slice(i + 1).some((other) => partsMeet(part, other)))) return ["Its parts overlap."];
  return [];
}

const distinct = (ring) => new Set(ring.map(String)).size;

function flat(ring) {
  const longest = Math.max(...segments(ring, true).map(([a, b]) => distance(a, b)));
  return !(Math.abs(area(ring)) > 1e-12 * longest * longest) && !crossesItself(ring);
}

/** Return whether edges of a ring that are not neighbors meet, or neighbors overlap. */
export function crossesItself(ring) {
  const edges = segments(ring, true).filter(([a, b]) => !same(a, b));
  for (let i = 0; i < edges.length; i++) {
    for (let j = i + 1; j < edges.length; j++) {
      const [a, b] = edges[i];
      const [c, d] = edges[j];
      const neighbors = j === i + 1 || (i === 0 && j === edges.length - 1);
      if (neighbors ? alongEach(a, b, c, d) && edges.length > 2 : touch(a, b, c, d)) return true;
    }
  }
  return false;
}

const ringsCross = (one, other) =>
  segments(one, true).some(([a, b]) => segments(other, true).some(([c, d]) => cross(a, b, c, d) || alongEach(a, b, c, d)));

const liesIn = (ring, outer) => ring.every((p) => inRing(p, outer) || onRing(p, outer)) && ring.some((p) => inRing(p, outer));

const onRing = (p, ring) => segments(ring, true).some(([a, b]) => touch(p, p, a, b));

function badHoles([outer, ...holes]) {
  return holes.some((hole, i) =>
    ringsCross(hole, outer) || !liesIn(hole, outer) ||
    holes.slice(i + 1).some((other) => ringsCross(hole, other) || liesIn(hole, other) || liesIn(other, hole)));
}

const partsMeet = ([one, ...holes], [other]) =>
  ringsCross(one, other) || (liesIn(other, one) && !holes.some((hole) => liesIn(other, hole)));

/** Describe zones that overlap, unless one contains the other. People in the overlap count in both. */
export function overlapNotes(items, problems, size) {
  const zones = items.filter((item) => item.type === "zone" && !problems.has(item.id));
  const said = [];
  for (let i = 0; i < zones.length; i++) {
    for (let j = i + 1; j < zones.length; j++) {
      const [one, other] = [zones[i], zones[j]];
      const apart = !inOneVideo(one, other) || one.from || one.to || other.from || other.to;
      if (!apart && overlap(one.parts, other.parts, size)) said.push({ ids: [one.id, other.id], text: `“${one.name}” and “${other.name}” overlap. People there count in both.` });
    }
  }
  return said;
}

/** Return whether two zones overlap partly, by more than rounding. */
function overlap(one, other, size) {
  if (!boxesMeet(one, other)) return false;
  const slack = 1e-5 * size;
  const probes = (parts, others) => parts.flat().flatMap((ring) => segments(ring, true).flatMap(([a, b]) => [a, middle(a, b)]))
    .map((p) => (nearBorder(p, others, slack) ? 0 : inParts(p, others) ? 1 : -1));
  const [first, second] = [probes(one, other), probes(other, one)];
  const crossing = one.flat().some((r) => other.flat().some((s) => segments(r, true).some(([a, b]) => segments(s, true).some(([c, d]) => deepCross(a, b, c, d, slack)))));
  const nested = (p, q) => p.every((side) => side >= 0) && q.every((side) => side <= 0);
  if (crossing) return true;
  const inside = first.includes(1) || second.includes(1);
  return inside && !nested(first, second) && !nested(second, first);
}

function boxesMeet(one, other) {
  const ends = [one, other].map((parts) => [0, 1].map((axis) => {
    const values = parts.flat(2).map((p) => p[axis]);
    return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  }));
  return [0, 1].every((axis) => ends[0][axis][0] < ends[1][axis][1] && ends[1][axis][0] < ends[0][axis][1]);
}

const nearBorder = (p, parts, slack) => parts.flat().some((ring) => segments(ring, true).some(([a, b]) => apart(p, a, b) < slack));

const deepCross = (a, b, c, d, slack) => cross(a, b, c, d) && Math.min(apart(a, c, d), apart(b, c, d), apart(c, a, b), apart(d, a, b)) > slack;

function apart(p, a, b) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const squared = dx * dx + dy * dy || 1;
  const share = Math.min(1, Math.max(0, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / squared));
  return distance(p, [a[0] + share * dx, a[1] + share * dy]);
}
