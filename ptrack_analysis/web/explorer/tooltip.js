/** The tooltip of the person under the pointer or touch. */
import { describePerson } from "./figures.js";
import { findLabelPosition } from "./people.js";
import { NONE } from "./state.js";

const MARGIN = 6;

/** Show the tooltip above the person, within the stage. */
export function placeTooltip(s) {
  const { tooltip } = s.e;
  const p = s.hover;
  const row = p === NONE ? NONE : s.rowOf[p];
  const here = p !== NONE && s.here.subarray(0, s.hereCount).includes(p);
  const position = here ? findLabelPosition(s, p, row) : null;
  tooltip.hidden = !position;
  if (!position) return;
  const text = describePerson(s, p);
  if (tooltip.textContent !== text) tooltip.textContent = text;
  const [width, height] = [tooltip.offsetWidth, tooltip.offsetHeight];
  const x = Math.min(Math.max(position[0] - width / 2, MARGIN), s.size.width - width - MARGIN);
  const above = position[1] - height - 12;
  const y = above > MARGIN ? above : Math.min(position[1] + 14, s.size.height - height - MARGIN);
  tooltip.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
}
