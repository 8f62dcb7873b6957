/** The explorer's clock: playing, seeking, the range. */
import { momentsOf } from "./data.js";
import { clock } from "./words.js";
import { ICONS, icon } from "./elements.js";
import { drawFrame } from "./frame.js";
import { drawCurve } from "./timeline.js";
import { emit, say } from "./events.js";

export function seek(s, moment) {
  s.moment = Math.min(Math.max(0, Math.round(Number(moment) || 0)), s.duration);
  if (s.video) s.video.currentTime = s.moment / 1000;
  s.told = 0;
  refresh(s);
  rested(s);
}

/** Tell where the explorer stands, once it has stood there for a while. */
function rested(s) {
  clearTimeout(s.resting);
  s.resting = setTimeout(() => emit(s, "rest", Math.round(s.moment)), 200);
}

export function play(s) {
  if (s.playing || !s.duration) return;
  const [from, to] = s.range ?? [0, s.duration];
  if (s.moment >= to || s.moment < from) seek(s, from);
  s.playing = true;
  s.before = null;
  if (s.video) s.video.play().catch(() => pause(s));
  playChanged(s, "play");
}

export function pause(s) {
  if (!s.playing) return;
  s.playing = false;
  if (s.video) s.video.pause();
  s.moment = Math.round(s.moment);
  s.told = 0;
  playChanged(s, "pause");
  rested(s);
}

function playChanged(s, name) {
  const label = s.playing ? "Pause (Space)" : "Play (Space)";
  s.e.play.setAttribute("aria-label", label);
  s.e.play.title = label;
  s.e.play.replaceChildren(icon(s.playing ? ICONS.pause : ICONS.play));
  say(s, s.playing ? "Playing" : `Paused at ${clock(s.moment)}`);
  emit(s, name, Math.round(s.moment));
  refresh(s);
}

export function setSpeed(s, speed) {
  s.speed = speed;
  s.e.speed.value = `${speed}`;
  if (s.video) s.video.playbackRate = speed;
}

/** Go to the next moment at which something was detected, or to the one before. */
export function step(s, forward) {
  pause(s);
  s.moments ??= momentsOf(s.tracks.time);
  let [low, high] = [0, s.moments.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (forward ? s.moments[middle] <= s.moment : s.moments[middle] < s.moment) low = middle + 1;
    else high = middle;
  }
  const to = forward ? s.moments[low] : s.moments[low - 1];
  seek(s, to ?? (forward ? s.duration : 0));
}

export function setRange(s, range) {
  const valid = Array.isArray(range) && range.length === 2;
  const sorted = valid ? range.map((moment) => Math.round(Math.min(Math.max(0, moment), s.duration))).sort((a, b) => a - b) : null;
  s.range = sorted && sorted[1] > sorted[0] ? sorted : null;
  s.heat = null;
  s.baseDirty ||= s.layers.h;
  say(s, s.range ? `Range ${clock(s.range[0])} to ${clock(s.range[1])}` : "Whole video");
  emit(s, "range", s.range && [...s.range]);
  refresh(s);
}

/** Go on by what has passed since the last frame; a video's own clock leads. */
function advance(s, now) {
  const passed = s.before === null ? 0 : Math.min(now - s.before, 250);
  s.before = now;
  s.moment = s.video ? s.video.currentTime * 1000 : s.moment + passed * s.speed;
  const end = s.range ? s.range[1] : s.duration;
  if (s.moment < end && !s.video?.ended) return;
  s.moment = Math.min(s.moment, end);
  pause(s);
}

/** Ask for one frame. */
export function refresh(s) {
  s.stripDirty = true;
  if (!s.frame && s.ready && !s.gone) s.frame = requestAnimationFrame(s.tick);
}

export function tick(s, now) {
  s.frame = 0;
  if (s.gone) return;
  if (s.playing) advance(s, now);
  drawFrame(s);
  if (s.stripDirty) drawCurve(s);
  s.stripDirty = false;
  if (s.playing) s.frame = s.frame || requestAnimationFrame(s.tick);
}
