/** Points, segments and rings; x to the right, y downwards. A ring is open: its first point is not repeated. */

/** @typedef {[number, number]} Point */

export const same = (a, b) => a[0] === b[0] && a[1] === b[1];

export const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);

export const middle = (a, b) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];

/** Return the point of the segment a-b that is nearest to p. */
export function nearestOn(p, a, b) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const squared = dx * dx + dy * dy;
  if (!squared) return a;
  const share = Math.min(1, Math.max(0, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / squared));
  return [a[0] + share * dx, a[1] + share * dy];
}

/** Return twice the signed area of the triangle a, b, c. */
export const turn = (a, b, c) => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);

/** Return the signed area of a ring. */
export function area(ring) {
  let sum = 0;
  for (let i = 0; i < ring.length; i++) {
    const [a, b] = [ring[i], ring[(i + 1) % ring.length]];
    sum += (a[0] - ring[0][0]) * (b[1] - ring[0][1]) - (b[0] - ring[0][0]) * (a[1] - ring[0][1]);
  }
  return sum / 2;
}

/** Return whether a ring contains a point, by the half-open crossing rule. */
export function inRing(p, ring) {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [a, b] = [ring[i], ring[j]];
    if (a[1] > p[1] !== b[1] > p[1]) {
      const [low, high] = a[1] < b[1] ? [a, b] : [b, a];
      if (turn(low, high, p) > 0) inside = !inside;
    }
  }
  return inside;
}

/** Return whether a zone contains a point: in one of its parts, but not in a hole of that part. */
export const inParts = (p, parts) =>
  parts.some(([outer, ...holes]) => inRing(p, outer) && !holes.some((hole) => inRing(p, hole)));

/** List the pairs of consecutive points, closed for a ring. */
export function segments(points, closed) {
  const found = [];
  for (let i = 0; i + 1 < points.length; i++) found.push([points[i], points[i + 1], i]);
  if (closed && points.length > 1) found.push([points.at(-1), points[0], points.length - 1]);
  return found;
}

const onSegment = (p, a, b) =>
  turn(a, b, p) === 0 &&
  Math.min(a[0], b[0]) <= p[0] && p[0] <= Math.max(a[0], b[0]) &&
  Math.min(a[1], b[1]) <= p[1] && p[1] <= Math.max(a[1], b[1]);

/** Return whether two segments cross at a point inside both. */
export function cross(a, b, c, d) {
  const [one, two] = [turn(a, b, c), turn(a, b, d)];
  const [three, four] = [turn(c, d, a), turn(c, d, b)];
  return one * two < 0 && three * four < 0;
}

/** Return whether two segments have any point in common. */
export const touch = (a, b, c, d) =>
  cross(a, b, c, d) || onSegment(a, c, d) || onSegment(b, c, d) || onSegment(c, a, b) || onSegment(d, a, b);

/** Return whether two segments run along each other for a length. */
export function alongEach(a, b, c, d) {
  if (turn(a, b, c) !== 0 || turn(a, b, d) !== 0) return false;
  const axis = Math.abs(b[0] - a[0]) > Math.abs(b[1] - a[1]) ? 0 : 1;
  const [low, high] = [Math.min(a[axis], b[axis]), Math.max(a[axis], b[axis])];
  return Math.min(high, Math.max(c[axis], d[axis])) > Math.max(low, Math.min(c[axis], d[axis]));
}

/** Remove points that repeat the previous point. */
export function tidied(points, closed) {
  const kept = points.filter((p, i) => i === 0 || !same(p, points[i - 1]));
  if (closed) while (kept.length > 1 && same(kept[0], kept.at(-1))) kept.pop();
  return kept;
}

/** Find a point well inside a zone's largest part, for its name. */
export function insidePoint(parts) {
  const largest = parts.toSorted((a, b) => Math.abs(area(b[0])) - Math.abs(area(a[0])))[0];
  const ys = largest[0].map((p) => p[1]);
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  let [best, widest] = [largest[0][0], -1];
  for (let step = 1; step < 12; step++) {
    const y = low + ((high - low) * step) / 12;
    const cuts = largest.flatMap((ring) => cutsAt(ring, y)).sort((a, b) => a - b);
    for (let i = 0; i + 1 < cuts.length; i += 2) {
      const central = 1 - Math.abs(step - 6) / 12;
      const width = (cuts[i + 1] - cuts[i]) * central;
      if (width > widest) [best, widest] = [[(cuts[i] + cuts[i + 1]) / 2, y], width];
    }
  }
  return best;
}

const cutsAt = (ring, y) =>
  segments(ring, true).filter(([a, b]) => a[1] > y !== b[1] > y)
    .map(([a, b]) => a[0] + ((y - a[1]) / (b[1] - a[1])) * (b[0] - a[0]));
