/** Drawing of one frame: the static layer if it changed, the people, the timeline. */
import { drawBackground, placeView, updateActiveZones } from "./background.js";
import { UNLOCATED, findRow } from "./data.js";
import { drawPeople, locatePeople } from "./people.js";
import { advance } from "./playback.js";
import { getLastSelected } from "./state.js";
import { drawTimeline, moveHead } from "./timeline.js";
import { placeTooltip } from "./tooltip.js";

function drawFrame(s) {
  const began = performance.now();
  if (s.selected.size && s.view.zoom > 1 && s.playing) followSelected(s);
  if (updateActiveZones(s) || s.baseDirty) drawBackground(s);
  s.top.clearRect(0, 0, s.size.width, s.size.height);
  locatePeople(s);
  drawPeople(s, s.top);
  placeTooltip(s);
  moveHead(s);
  s.draws++;
  s.drawTime += performance.now() - began;
}

/** Keep the last selected person in the middle of a zoomed view. */
function followSelected(s) {
  const p = getLastSelected(s);
  const row = findRow(s.tracks, p, s.time);
  if (row < s.tracks.start[p] || s.tracks.flags[row] & UNLOCATED) return;
  if (s.view.follow([s.tracks.x[row], s.tracks.y[row]])) placeView(s);
}

export function tick(s, now) {
  s.frame = 0;
  if (s.gone) return;
  if (s.playing) advance(s, now);
  const stripDirty = s.stripDirty;
  drawFrame(s);
  if (stripDirty) drawTimeline(s);
  s.stripDirty = false;
  if (s.playing) s.frame ||= requestAnimationFrame(s.tick);
}
