/** Files: the image as PNG and the list as CSV. */
import { make, saveFile } from "../shared/dom.js";
import { formatPeople, formatShortTime, formatTime, isolateName } from "../shared/text.js";
import { drawBackground } from "./background.js";
import { describeColors } from "./coloring.js";
import { computeTimeInScene, computeTimeWithoutPosition, computeZoneDwell, findRows, getRange } from "./figures.js";
import { drawPeople } from "./people.js";
import { addNotes, announce, on } from "./state.js";

const FORMULA = /^[=+\-@\t\r]/;
const LONGEST_NAME = 80;
const LONGEST_TEXT = 40;
const [LEAST_WIDTH, MOST_PIXELS] = [1600, 8192]; // of an image [px]
const FONT = "12px system-ui, sans-serif";
const [FOOTER_ROW, FOOTER_MARGIN, SCALE] = [20, 10, 90]; // of the footer of an image [px]

/** Make a file name from the name of the video and times, with letters, digits and "._-" only. */
function nameFile(s, words, suffix) {
  const name = s.data.video.name.normalize("NFC").replace(/[^\p{L}\p{N}._-]+/gu, "_").replace(/^[._-]+/, "");
  const short = [...name].slice(0, LONGEST_NAME).join("") || "video";
  return `${[short, ...words].join("_")}.${suffix}`;
}

const nameTime = (time) => formatTime(time).replaceAll(":", "-");

/** Save the visible image at the resolution of the background; a footer has video, time, range and legends. */
export function saveImage(s) {
  const area = findImageArea(s);
  const { ratio: ratioOfScreen } = s;
  const ratio = chooseRatio(s, area);
  const canvas = make("canvas");
  const c = canvas.getContext("2d");
  const rows = arrangeFooter(c, listFooter(s), area.width);
  const total = area.height + rows.length * FOOTER_ROW + FOOTER_MARGIN;
  canvas.width = Math.round(area.width * ratio);
  canvas.height = Math.round(total * ratio);
  c.scale(ratio, ratio);
  c.fillStyle = s.inks.paper;
  c.fillRect(0, 0, area.width, total);
  c.save();
  c.beginPath();
  c.rect(0, 0, area.width, area.height);
  c.clip();
  c.translate(-area.left, -area.top);
  drawScene(s, c, ratio);
  c.restore();
  rows.forEach((row, i) => row.forEach((item) => drawItem(s, c, item, area.width, area.height + FOOTER_MARGIN / 2 + (i + 0.5) * FOOTER_ROW)));
  s.ratio = ratioOfScreen;
  canvas.toBlob((blob) => {
    if (!blob) return addNotes(s, "The browser could not make the image.");
    saveFile(nameFile(s, [nameTime(s.time)], "png"), blob);
    return announce(s, "Image saved");
  }, "image/png");
}

/** Find the part of the stage that the image covers. */
function findImageArea({ view, size }) {
  const [left, top] = [Math.max(0, view.left), Math.max(0, view.top)];
  const [right, bottom] = [Math.min(size.width, view.left + view.width), Math.min(size.height, view.top + view.height)];
  return { left, top, width: right - left, height: bottom - top };
}

/** Choose the pixels per CSS pixel from the resolution of the background and the minimum width. */
function chooseRatio(s, area) {
  const pixels = s.video?.videoWidth || s.background?.naturalWidth || 0;
  const wanted = Math.max(pixels / s.view.width, LEAST_WIDTH / area.width, s.ratio);
  return Math.min(wanted, MOST_PIXELS / Math.max(area.width, area.height));
}

/** Draw the image, the layers and the people again, at another resolution than the screen. */
function drawScene(s, c, ratio) {
  const { left, top, width, height } = s.view;
  if (s.video) c.drawImage(s.video, left, top, width, height);
  const [base, isDirty, dots] = [s.base, s.baseDirty, s.dots];
  Object.assign(s, { base: c, ratio, dots: [] });
  drawBackground(s, false);
  drawPeople(s, c);
  Object.assign(s, { base, baseDirty: isDirty, dots });
}

/** List the texts of the footer, each with its colors. */
function listFooter(s) {
  const name = [...s.data.video.name];
  const title = isolateName(name.length > LONGEST_TEXT ? `${name.slice(0, LONGEST_TEXT).join("")}…` : name.join(""));
  const range = s.range ? `, range ${s.range.map(formatShortTime).join(" to ")}` : "";
  const items = [{ text: `${title}, ${formatTime(s.time)}, ${formatPeople(s.hereCount)}${range}` }];
  const colors = describeColors(s);
  if (s.colorBy !== "person") {
    items.push({ text: colors.ends ? `${colors.title}, ${colors.ends.join(" to ")}` : colors.title, scale: colors.ends && s.palette });
    for (const [zone, color] of colors.named ?? []) items.push({ text: isolateName([...zone].slice(0, LONGEST_TEXT).join("")), color });
    if (colors.more) items.push({ text: colors.more });
    if (colors.missing) items.push({ text: colors.missing, color: s.inks.dim });
  }
  if (s.layers.heatmap && s.heat) items.push({ text: s.heat.text, scale: s.heat.gradient.length ? s.heat.gradient : null });
  return items;
}

/** Arrange the items of the footer in rows. */
function arrangeFooter(c, items, width) {
  c.font = FONT;
  const rows = [[]];
  let x = FOOTER_MARGIN;
  for (const item of items) {
    item.lead = item.scale ? SCALE + 6 : item.color ? 15 : 0;
    const room = item.lead + c.measureText(item.text).width;
    if (rows.at(-1).length && x + room > width - FOOTER_MARGIN) {
      rows.push([]);
      x = FOOTER_MARGIN;
    }
    rows.at(-1).push(item);
    item.x = x;
    x += room + 18;
  }
  return rows;
}

function drawItem(s, c, { text, color, scale, lead, x }, width, y) {
  if (color) {
    c.fillStyle = color;
    c.fillRect(x, y - 5, 10, 10);
  } else if (scale) {
    c.fillStyle = c.createLinearGradient(x, 0, x + SCALE, 0);
    scale.forEach((stop, i) => c.fillStyle.addColorStop(i / (scale.length - 1), stop));
    c.fillRect(x, y - 4, SCALE, 8);
  }
  c.font = FONT;
  c.textBaseline = "middle";
  c.fillStyle = s.inks.ink;
  c.fillText(text, x + lead, y, width - x - lead - FOOTER_MARGIN);
}

/** Format a cell for spreadsheets; an apostrophe escapes text that looks like a formula. */
function formatCell(value) {
  if (value === null) return "";
  if (typeof value === "number") return `${value}`;
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Create the table of the listed people: one row per person, times in seconds. */
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

/** Save the listed people with their figures within the range. */
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
