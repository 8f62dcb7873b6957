/** Colors of people by person, zone, dwell time or speed, and their legend. */
import { make } from "../shared/dom.js";
import { chooseCasing, createPersonColors, createScale, ZONE_COLORS } from "../shared/colors.js";
import { formatDuration } from "../shared/text.js";
import { computeTimeInScene, findPresentRow, findZone, formatSpeed, getRange, getSpeed, isPresentBetween } from "./figures.js";
import { emit, on, requestFrame } from "./state.js";

const LEVELS = 16;
const LISTED = 8;

/** Return the color of a zone on the page, or undefined if the zone has no color of its own. */
export function getZoneColor(s, number) {
  const { color } = s.data.zones[number];
  return color === null || color === undefined ? null : ZONE_COLORS[s.dark ? "dark" : "light"][color];
}

/** Set the palette for the chosen coloring; its last color is for people without a value. */
export function updateColors(s) {
  const { people } = s.tracks;
  s.colorOf = new Uint16Array(people);
  if (s.colorBy === "person") {
    const colors = createPersonColors(people, s.dark);
    s.palette = [...new Set(colors)];
    const numbers = new Map(s.palette.map((color, i) => [color, i]));
    colors.forEach((color, p) => (s.colorOf[p] = numbers.get(color)));
  } else if (s.colorBy === "zone") s.palette = s.data.zones.map((_, number) => getZoneColor(s, number) ?? s.inks.outline);
  else s.palette = createScale(LEVELS, s.dark);
  if (s.colorBy === "dwell") setDwellColors(s);
  s.casings = [...s.palette, s.inks.dim].map((color) => chooseCasing(color, s.dark));
  s.dots = [];
  showLegend(s);
  requestFrame(s);
}

function setDwellColors(s) {
  const range = getRange(s);
  const times = Float64Array.from({ length: s.tracks.people }, (_, p) => computeTimeInScene(s.tracks, p, range));
  s.longest = times.reduce((a, b) => Math.max(a, b), 0);
  times.forEach((time, p) => {
    const isMissing = s.range && !isPresentBetween(s.tracks, p, range);
    s.colorOf[p] = isMissing ? s.palette.length : Math.round((time / (s.longest || 1)) * (LEVELS - 1));
  });
}

/** Update the color of a person present at a row, if it depends on the time. */
export function updatePersonColor(s, p, row) {
  if (s.colorBy === "zone") {
    const zone = findZone(s, p, s.time);
    s.colorOf[p] = zone < 0 ? s.palette.length : zone;
  } else if (s.colorBy === "speed") {
    const speed = getSpeed(s, row);
    s.colorOf[p] = Number.isNaN(speed) ? s.palette.length : Math.min(LEVELS - 1, Math.floor((speed / s.data.speed.highest) * LEVELS));
  }
}

/** Return the current color of a person; gray for people without a value. */
export function getPersonColor(s, p) {
  if (s.colorBy === "zone" || s.colorBy === "speed") {
    const row = findPresentRow(s.tracks, p, s.time);
    if (row < 0) return s.inks.dim;
    updatePersonColor(s, p, row);
  }
  return s.palette[s.colorOf[p]] ?? s.inks.dim;
}

/** Describe the colors: a title, and either the ends of a scale or names with colors. */
export function describeColors(s) {
  if (s.colorBy === "dwell") {
    const missing = s.range && s.rangeCount < s.tracks.people ? "not in the range" : null;
    return { title: `Dwell time in the scene${s.range ? " in the range" : ""}`, ends: ["0 s", formatDuration(s.longest)], missing };
  }
  if (s.colorBy === "speed") {
    const { highest, clipped } = s.data.speed;
    return { title: "Speed", ends: ["0", `${formatSpeed(s, highest)}${clipped ? " or more" : ""}`], missing: "unknown" };
  }
  if (s.colorBy === "person") return { title: "One color per person" };
  const named = s.data.zones.slice(0, LISTED).map((zone, number) => [zone.name, s.palette[number]]);
  const more = s.data.zones.length > LISTED ? `and ${s.data.zones.length - LISTED} more` : null;
  return { title: "Zone", named, more, missing: "none" };
}

function showLegend(s) {
  const { title, ends, named = [], more, missing } = describeColors(s);
  s.e.colorLegend.hidden = !s.tracks.people || s.colorBy === "person";
  const swatch = (color) => {
    const node = make("i", { class: "dot" });
    node.style.background = color;
    return node;
  };
  const scale = make("i", { class: "scale" });
  scale.style.background = `linear-gradient(90deg, ${s.palette.join()})`;
  s.e.colorLegend.replaceChildren(
    make("b", { text: title }),
    ...(ends ? [make("span", { text: ends[0] }), scale, make("span", { text: ends[1] })] : []),
    ...named.map(([name, color]) => make("span", { class: "key" }, swatch(color), make("bdi", { text: name }))),
    ...(more ? [make("span", { text: more })] : []),
    ...(missing ? [make("span", { class: "key" }, swatch(s.inks.dim), missing)] : []),
  );
}

function setColorBy(s, value) {
  s.colorBy = value;
  s.e.color.value = value;
  updateColors(s);
  emit(s, "color", value);
}

/** Choose the next coloring that is possible with the data. */
export function cycleColorBy(s) {
  const values = [...s.e.color.options].map((option) => option.value);
  setColorBy(s, values[(values.indexOf(s.colorBy) + 1) % values.length]);
}

export function listenToColors(s) {
  on(s, s.e.color, "change", () => setColorBy(s, s.e.color.value));
}
