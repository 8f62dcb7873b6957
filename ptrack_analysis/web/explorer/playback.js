/** The clock: play, seek, speed and range. */
import { makeIcon } from "../shared/dom.js";
import { formatShortTime, formatTime } from "../shared/text.js";
import { listTimestamps } from "./data.js";
import { ICONS, SPEEDS } from "./elements.js";
import { announce, emit, requestBackground, requestFrame } from "./state.js";

const LONGEST_TICK = 250;

export function seek(s, time) {
  s.time = Math.min(Math.max(0, Math.round(Number(time) || 0)), s.duration);
  if (s.video) s.video.currentTime = s.time / 1000;
  s.told = 0;
  requestFrame(s);
  emitRest(s);
}

/** Emit the time once it has not changed for a while. */
function emitRest(s) {
  clearTimeout(s.resting);
  s.resting = setTimeout(() => emit(s, "rest", Math.round(s.time)), 200);
}

export function play(s) {
  if (s.playing || !s.duration) return;
  const [from, to] = s.range ?? [0, s.duration];
  if (s.time >= to || s.time < from) seek(s, from);
  s.playing = true;
  s.lastTick = null;
  if (s.video) s.video.play().catch(() => pause(s));
  showPlaying(s, "play");
}

export function pause(s) {
  if (!s.playing) return;
  s.playing = false;
  if (s.video) s.video.pause();
  s.time = Math.round(s.time);
  s.told = 0;
  showPlaying(s, "pause");
  emitRest(s);
}

export const togglePlaying = (s) => (s.playing ? pause(s) : play(s));

function showPlaying(s, name) {
  const label = s.playing ? "Pause (Space)" : "Play (Space)";
  s.e.play.setAttribute("aria-label", label);
  s.e.play.title = label;
  s.e.play.replaceChildren(makeIcon(s.playing ? ICONS.pause : ICONS.play));
  announce(s, s.playing ? "Playing" : `Paused at ${formatTime(s.time)}`);
  emit(s, name, Math.round(s.time));
  requestFrame(s);
}

export function setSpeed(s, speed) {
  s.speed = speed;
  s.e.speed.value = `${speed}`;
  if (s.video) s.video.playbackRate = speed;
}

/** Choose the next faster or slower speed. */
export function changeSpeed(s, way) {
  setSpeed(s, SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, SPEEDS.indexOf(s.speed) + way))]);
}

/** Go to the next or the previous timestamp with a detection. */
export function step(s, forward) {
  pause(s);
  s.timestamps ??= listTimestamps(s.tracks.time);
  let [low, high] = [0, s.timestamps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (forward ? s.timestamps[middle] <= s.time : s.timestamps[middle] < s.time) low = middle + 1;
    else high = middle;
  }
  seek(s, (forward ? s.timestamps[low] : s.timestamps[low - 1]) ?? (forward ? s.duration : 0));
}

/** Set the range in milliseconds, or clear it with null; a time outside the range moves to its start. */
export function setRange(s, range) {
  const valid = Array.isArray(range) && range.length === 2 && range.every(Number.isFinite);
  const sorted = valid ? range.map((time) => Math.round(Math.min(Math.max(0, time), s.duration))).sort((a, b) => a - b) : null;
  s.range = sorted && sorted[1] > sorted[0] ? sorted : null;
  s.heat = null;
  if (s.range && (s.time < s.range[0] || s.time > s.range[1])) seek(s, s.range[0]);
  emit(s, "range", s.range && [...s.range]);
  announce(s, s.range ? `Range ${formatShortTime(s.range[0])} to ${formatShortTime(s.range[1])}` : "Whole video");
  if (s.layers.heatmap) requestBackground(s);
  else requestFrame(s);
}

export const startRangeHere = (s) => setRange(s, [s.time, s.range?.[1] > s.time ? s.range[1] : s.duration]);

export const endRangeHere = (s) => setRange(s, [s.range?.[0] < s.time ? s.range[0] : 0, s.time]);

/** Advance by the time since the last frame, or follow the clock of a video. */
export function advance(s, now) {
  const passed = s.lastTick === null ? 0 : Math.min(now - s.lastTick, LONGEST_TICK);
  s.lastTick = now;
  s.time = s.video ? s.video.currentTime * 1000 : s.time + passed * s.speed;
  const end = s.range ? s.range[1] : s.duration;
  if (s.time < end && !s.video?.ended) return;
  s.time = Math.min(s.time, end);
  pause(s);
}
