/** Files: the image as PNG and the list as CSV. */
import { make, saveFile } from "../shared/dom.js";
import { formatPeople, formatTime } from "../shared/text.js";
import { describeColors } from "./coloring.js";
import { computeTimeInScene, computeTimeWithoutPosition, computeZoneDwell, findRows, getRange } from "./figures.js";
import { addNotes, announce, on } from "./state.js";

const FORMULA = /^[=+\-@\t\r]/;
const LONGEST_NAME = 80;
const FOOTER = 30;

/** Make a file name from the name of the video and times: letters, digits and "._-" only. */
function nameFile(s, words, suffix) {
  const name = s.data.video.name.normalize("NFC").replace(/[^\p{L}\p{N}._-]+/gu, "_").replace(/^[._-]+/, "");
  const short = [...name].slice(0, LONGEST_NAME).join("") || "video";
  return `${[short, ...words].join("_")}.${suffix}`;
}

const nameTime = (time) => formatTime(time).replaceAll(":", "-");

/** Save the stage as it is seen, with a footer: video, time, people and legends. */
export function saveImage(s) {
  const { width, height } = s.size;
  const canvas = make("canvas");
  canvas.width = Math.round(width * s.ratio);
  canvas.height = Math.round((height + FOOTER) * s.ratio);
  const c = canvas.getContext("2d");
  c.scale(s.ratio, s.ratio);
  c.fillStyle = s.inks.stage;
  c.fillRect(0, 0, width, height);
  const { left, top } = s.view;
  if (s.video) c.drawImage(s.video, left, top, s.view.width, s.view.height);
  c.drawImage(s.e.base, 0, 0, width, height);
  c.drawImage(s.e.top, 0, 0, width, height);
  drawFooter(s, c, width, height);
  canvas.toBlob((blob) => {
    if (!blob) return addNotes(s, "The browser could not make the image.");
    saveFile(nameFile(s, [nameTime(s.time)], "png"), blob);
    return announce(s, "Image saved");
  }, "image/png");
}

function drawFooter(s, c, width, height) {
  c.fillStyle = s.inks.paper;
  c.fillRect(0, height, width, FOOTER);
  c.font = "12px system-ui, sans-serif";
  c.textBaseline = "middle";
  c.textAlign = "left";
  const y = height + FOOTER / 2;
  const name = [...s.data.video.name];
  const title = name.length > 40 ? `${name.slice(0, 40).join("")}…` : name.join("");
  let x = drawText(s, c, `\u2068${title}\u2069, ${formatTime(s.time)}, ${formatPeople(s.hereCount)}`, 10, y) + 24;
  const colors = describeColors(s);
  if (s.colorBy !== "person") x = drawText(s, c, colors.title, x, y) + 8;
  if (colors.ends) {
    x = drawText(s, c, colors.ends[0], x, y) + 6;
    x = drawScale(c, s.palette, x, y) + 6;
    x = drawText(s, c, colors.ends[1], x, y) + 24;
  }
  for (const [zone, color] of colors.named ?? []) {
    c.fillStyle = color;
    c.fillRect(x, y - 5, 10, 10);
    x = drawText(s, c, [...zone].slice(0, 20).join(""), x + 15, y) + 12;
  }
  if (!s.layers.heatmap || !s.heat) return;
  if (s.heat.gradient.length) x = drawScale(c, s.heat.gradient, x, y) + 6;
  drawText(s, c, s.heat.text, x, y);
}

function drawText(s, c, text, x, y) {
  c.fillStyle = s.inks.ink;
  c.fillText(text, x, y);
  return x + c.measureText(text).width;
}

function drawScale(c, colors, x, y) {
  const gradient = c.createLinearGradient(x, 0, x + 90, 0);
  colors.forEach((color, i) => gradient.addColorStop(i / (colors.length - 1), color));
  c.fillStyle = gradient;
  c.fillRect(x, y - 4, 90, 8);
  return x + 90;
}

/** Format a cell for spreadsheets: a text that they would read as a formula gets an apostrophe. */
function formatCell(value) {
  if (value === null) return "";
  if (typeof value === "number") return `${value}`;
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Create the table of the people listed: one row per person, times in seconds. */
function createTable(s) {
  const range = getRange(s);
  const [from, to] = s.range ?? [0, s.duration];
  const { tracks } = s;
  const zones = s.data.zones.map((zone) => zone.name);
  const names = ["video", "person_index", "range_start_s", "range_end_s", "first_seen_s", "last_seen_s", "time_in_scene_s", "without_position_s", "visits"];
  const rows = s.order.map((p) => {
    const [first, last] = findRows(tracks, p, range);
    const { dwell, count } = computeZoneDwell(s, p, range);
    const times = [from, to, Math.max(from, tracks.time[first]), Math.max(from, tracks.time[last]), computeTimeInScene(tracks, p, range), computeTimeWithoutPosition(tracks, p, range)];
    const visits = count.reduce((a, b) => a + b, 0);
    return [s.data.video.name, s.data.persons[p], ...times.map((time) => time / 1000), visits, ...Array.from(dwell, (time) => time / 1000)];
  });
  return [[...names, ...zones.map((zone) => `dwell_${zone}_s`)], ...rows];
}

/** Save the people listed, with their figures within the range. */
export function saveTable(s) {
  const text = createTable(s).map((row) => `${row.map(formatCell).join(",")}\r\n`).join("");
  const times = s.range ? s.range.map(nameTime) : [nameTime(0), nameTime(s.duration)];
  saveFile(nameFile(s, ["people", ...times], "csv"), new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
  announce(s, `List of ${formatPeople(s.order.length)} saved`);
}

export function listenToExport(s) {
  on(s, s.e.image, "click", () => saveImage(s));
  on(s, s.e.table, "click", () => saveTable(s));
}
