/** The scale bar of a plane in meters, and the coordinates of the cursor. */
import { shape } from "./elements.js";

const BAR_LENGTHS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
const [LONGEST_BAR, BAR_INSET] = [160, 16]; // [px]
const CURSOR_DIGITS = { px: 0, m: 2 };

/** Draw the longest scale bar of a round length that fits, if the plane is in meters. */
export function scaleBar({ opening, view }) {
  if (opening.unit !== "m") return [];
  const [x0, , x1] = view.bounds;
  const perMeter = (view.image.width * view.scale) / Math.abs(x1 - x0);
  const length = BAR_LENGTHS.findLast((step) => step * perMeter <= LONGEST_BAR) ?? BAR_LENGTHS[0];
  const [left, right, y] = [BAR_INSET, BAR_INSET + length * perMeter, view.height - BAR_INSET];
  const d = `M${left} ${y - 6}V${y}H${right.toFixed(1)}V${y - 6}`;
  return [shape("path", { class: "casing", d }), shape("path", { class: "scalebar", d }), shape("text", { class: "label scale", x: (left + right) / 2, y: y - 12 }, `${length} m`)];
}

/** Show the position of the cursor in the unit of the file, unless the unit is fractions of the image. */
export function cursorText({ opening, view, cursor, snap }) {
  const digits = CURSOR_DIGITS[opening.unit];
  if (!cursor || digits === undefined) return [];
  const [x, y] = snap?.point ?? view.point(cursor);
  const text = `x ${x.toFixed(digits)}, y ${y.toFixed(digits)} ${opening.unit}`;
  return [shape("text", { class: "label position", x: view.width - BAR_INSET, y: view.height - BAR_INSET }, text)];
}
