/** The fit of the floor plan during editing, by the same least squares as in the file reader. */

/** Solve a linear system by elimination with pivots; null without a unique solution. */
export function solved(matrix, right) {
  const n = right.length;
  const rows = matrix.map((row, i) => [...row, right[i]]);
  for (let i = 0; i < n; i++) {
    let pivot = i;
    for (let j = i + 1; j < n; j++) if (Math.abs(rows[j][i]) > Math.abs(rows[pivot][i])) pivot = j;
    [rows[i], rows[pivot]] = [rows[pivot], rows[i]];
    if (!(Math.abs(rows[i][i]) > 1e-12)) return null;
    for (let j = 0; j < n; j++) {
      if (j === i) continue;
      const factor = rows[j][i] / rows[i][i];
      for (let k = i; k <= n; k++) rows[j][k] -= factor * rows[i][k];
    }
  }
  return rows.map((row, i) => row[n] / row[i]);
}

/** Solve an overdetermined system in the sense of least squares. */
function leastSquares(rows, right) {
  const n = rows[0].length;
  const normal = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => rows.reduce((sum, row) => sum + row[i] * row[j], 0)));
  return solved(normal, Array.from({ length: n }, (_, i) => rows.reduce((sum, row, k) => sum + row[i] * right[k], 0)));
}

/** Return center and scale that normalize points. */
function normalizing(points) {
  const mean = [0, 1].map((axis) => points.reduce((sum, p) => sum + p[axis], 0) / points.length);
  const away = points.reduce((sum, p) => sum + Math.hypot(p[0] - mean[0], p[1] - mean[1]), 0) / points.length;
  return { mean, scale: away > 0 ? Math.SQRT2 / away : 0 };
}

const normalized = (p, { mean, scale }) => [(p[0] - mean[0]) * scale, (p[1] - mean[1]) * scale];

/** Apply a matrix of nine numbers to a point; null at or beyond the horizon. */
function applied(h, [x, y]) {
  const depth = h[6] * x + h[7] * y + h[8];
  return depth > 1e-9 ? [(h[0] * x + h[1] * y + h[2]) / depth, (h[3] * x + h[4] * y + h[5]) / depth] : null;
}

/** Fit eight numbers to normalized pairs: the algebraic least squares, then Gauss-Newton steps on the floor. */
function fitted(seen, floor) {
  const rows = seen.flatMap(([x, y], i) => {
    const [u, v] = floor[i];
    return [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]];
  });
  const first = leastSquares(rows, floor.flat());
  if (!first) return null;
  let h = [...first, 1];
  if (seen.length === 4 || seen.some((p) => !applied(h, p))) return seen.some((p) => !applied(h, p)) ? null : h;
  for (let round = 0; round < 20; round++) {
    const step = gaussNewton(h, seen, floor);
    const next = step && h.map((value, i) => value + (step[i] ?? 0));
    if (!next || !(cost(next, seen, floor) < cost(h, seen, floor) * (1 - 1e-12))) break;
    h = next;
  }
  return h;
}

function gaussNewton(h, seen, floor) {
  const misses = [];
  const rows = seen.flatMap(([x, y], i) => {
    const depth = h[6] * x + h[7] * y + 1;
    const [u, v] = applied(h, [x, y]);
    misses.push(floor[i][0] - u, floor[i][1] - v);
    const [a, b, c] = [x / depth, y / depth, 1 / depth];
    return [[a, b, c, 0, 0, 0, -u * a, -u * b], [0, 0, 0, a, b, c, -v * a, -v * b]];
  });
  return leastSquares(rows, misses);
}

function cost(h, seen, floor) {
  let sum = 0;
  for (let i = 0; i < seen.length; i++) {
    const at = applied(h, seen[i]);
    if (!at) return Infinity;
    sum += (at[0] - floor[i][0]) ** 2 + (at[1] - floor[i][1]) ** 2;
  }
  return sum;
}

/** Undistort a point; null outside the valid range of the lens. */
export function straightened(p, lens) {
  if (!lens) return p;
  const ray = [0, 1].map((axis) => (p[axis] - lens.center[axis]) / lens.focal[axis]);
  const bent = Math.hypot(...ray);
  let r = bent;
  for (let round = 0; round < 60; round++) {
    const slope = 1 + 3 * lens.k1 * r * r + 5 * lens.k2 * r ** 4;
    if (!(slope > 1e-9)) return null;
    const step = (r * (1 + lens.k1 * r * r + lens.k2 * r ** 4) - bent) / slope;
    r -= step;
    if (Math.abs(step) < 1e-14) break;
  }
  const share = bent > 0 ? r / bent : 1;
  const legal = 1 + 3 * lens.k1 * r * r + 5 * lens.k2 * r ** 4 > 0 && r >= 0;
  return legal ? [0, 1].map((axis) => lens.center[axis] + ray[axis] * share * lens.focal[axis]) : null;
}

/** Distort a point by the lens; null beyond the fold. */
export function bentBy(p, lens) {
  if (!lens || !p) return p;
  const ray = [0, 1].map((axis) => (p[axis] - lens.center[axis]) / lens.focal[axis]);
  const squared = ray[0] ** 2 + ray[1] ** 2;
  if (1 + 3 * lens.k1 * squared + 5 * lens.k2 * squared ** 2 <= 0) return null;
  const share = 1 + lens.k1 * squared + lens.k2 * squared ** 2;
  return [0, 1].map((axis) => lens.center[axis] + ray[axis] * share * lens.focal[axis]);
}

function inverse([a, b, c, d, e, f, g, h, i]) {
  const made = [e * i - f * h, c * h - b * i, b * f - c * e, f * g - d * i, a * i - c * g, c * d - a * f, d * h - e * g, b * g - a * h, a * e - b * d];
  const determinant = a * made[0] + b * made[3] + c * made[6];
  return Math.abs(determinant) > 1e-12 ? made.map((value) => value / determinant) : null;
}

/**
 * Fit the floor to pairs of image points (fractions of the frame) and floor points (m).
 * Return {project, unproject, residuals, error}, or {problem}: a sentence.
 */
export function fitFloor(picture, floor, lens) {
  if (picture.length < 4) return { problem: `Four points with floor coordinates are needed; ${picture.length} ${picture.length === 1 ? "is" : "are"} there.` };
  const straight = picture.map((p) => straightened(p, lens));
  if (straight.includes(null)) return { problem: "A point is outside the valid range of the lens." };
  const [from, to] = [normalizing(straight), normalizing(floor)];
  const unfit = { problem: "These points do not determine a plane: three or more are on one line, or two are swapped." };
  if (!from.scale || !to.scale) return unfit;
  const h = fitted(straight.map((p) => normalized(p, from)), floor.map((p) => normalized(p, to)));
  const back = h && inverse(h);
  if (!back) return unfit;
  const project = (p) => {
    const bare = straightened(p, lens);
    const at = bare && applied(h, normalized(bare, from));
    return at && [at[0] / to.scale + to.mean[0], at[1] / to.scale + to.mean[1]];
  };
  const unproject = (p) => {
    const at = applied(back, normalized(p, to));
    return at && bentBy([at[0] / from.scale + from.mean[0], at[1] / from.scale + from.mean[1]], lens);
  };
  const residuals = picture.map((p, i) => {
    const at = project(p);
    return at ? Math.hypot(at[0] - floor[i][0], at[1] - floor[i][1]) : NaN;
  });
  const error = Math.sqrt(residuals.reduce((sum, r) => sum + r * r, 0) / residuals.length);
  return { project, unproject, residuals, error };
}
