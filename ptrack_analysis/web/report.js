/**
 * Scripts of a report: sorting and saving of tables, the time cursor of the charts, the explorer.
 *
 * The page is complete without them. Text from the data is never parsed as HTML.
 */

const FEW = 25;
const ALL = 30; // tables with at most this many rows are shown completely
const SHORT = 20;
const NONE = "\u2013";
const FORMULA = /^[=+\-@\t\r]/;

/** Read a JSON value of the page; null if it does not exist. */
function held(name) {
  const element = document.getElementById(name);
  return element ? JSON.parse(element.textContent) : null;
}

function make(name, properties = {}, ...inner) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...inner);
  return element;
}

/** Format one cell for the page. */
function shown(value, { digits, letters }) {
  if (value === null) return NONE;
  return digits === null || typeof value === "string" ? String(value).slice(0, letters ?? undefined) : Number(value).toFixed(digits);
}

/** Compare two cells: numbers by size, texts in natural order; missing values come last. */
function compare(a, b, sign) {
  if (a === null || b === null) return (a === null) - (b === null);
  if (typeof a === "number" && typeof b === "number") return sign * (a - b);
  return sign * String(a).localeCompare(String(b), "en", { numeric: true });
}

/** Format one cell for a spreadsheet; an apostrophe escapes text that looks like a formula. */
function csvCell(value) {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Format a table as CSV (RFC 4180), with all rows of the page in their current order. */
function csvOf(table, order) {
  const head = table.headings.map((one) => csvCell(one.name));
  const rows = order.map((i) => table.rows[i].map(csvCell));
  return [head, ...rows].map((row) => row.join(",")).join("\r\n") + "\r\n";
}

function save(name, text) {
  const address = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
  const link = make("a", { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

function kindOf(verdict) {
  if (verdict.startsWith("not usable")) return "bad";
  return verdict === "usable with care" ? "doubtful" : verdict;
}

function rowOf(table, row) {
  return make("tr", {}, ...row.map((value, c) => {
    const { name, digits } = table.headings[c];
    const text = shown(value, table.headings[c]);
    const inner = make("bdi", { textContent: text });
    const link = c === 0 && Object.hasOwn(table.links, value) ? table.links[value] : undefined;
    if (name !== table.marks) return make("td", { className: digits !== null ? "n" : text.length <= SHORT ? "k" : "" }, link ? make("a", { href: link }, inner) : inner);
    return make("td", { className: text.length <= SHORT ? "k" : "" }, make("span", { className: `verdict ${kindOf(text)}`, textContent: text }));
  }));
}

/** Make one table interactive. */
function enliven(box, table) {
  const state = { order: table.rows.map((_, i) => i), by: -1, sign: 1, all: false };
  const body = box.querySelector("tbody");
  const heads = [...box.querySelectorAll("thead th")];
  const draw = () => {
    if (!table.rows.length) return;
    const few = state.all || table.rows.length <= ALL ? state.order : state.order.slice(0, FEW);
    body.replaceChildren(...few.map((i) => rowOf(table, table.rows[i])));
  };
  const sort = (c) => {
    state.sign = state.by === c ? -state.sign : 1;
    state.by = c;
    state.order.sort((a, b) => compare(table.rows[a][c], table.rows[b][c], state.sign) || a - b);
    heads.forEach((head, i) => (i === c ? head.setAttribute("aria-sort", state.sign > 0 ? "ascending" : "descending") : head.removeAttribute("aria-sort")));
    draw();
  };
  heads.forEach((head, c) => {
    const button = make("button", { type: "button", textContent: head.textContent, title: "sort by this" });
    button.addEventListener("click", () => sort(c));
    head.replaceChildren(button);
  });
  box.querySelector(".scroll").after(toolsOf(box, table, state, draw));
}

function toolsOf(box, table, state, draw) {
  const tools = make("div", { className: "tools" });
  const caption = box.querySelector("caption").textContent;
  const saving = make("button", { type: "button", textContent: "Download CSV" });
  saving.setAttribute("aria-label", `Download CSV: ${caption}`);
  saving.addEventListener("click", () => save(`${table.name}.csv`, csvOf(table, state.order)));
  tools.append(saving);
  if (table.rows.length <= ALL) return tools;
  const all = make("button", { type: "button", textContent: `Show all ${table.rows.length} rows` });
  all.addEventListener("click", () => {
    state.all = !state.all;
    all.textContent = state.all ? `Show the first ${FEW} rows` : `Show all ${table.rows.length} rows`;
    box.querySelector(".more").hidden = state.all;
    draw();
  });
  tools.append(all);
  return tools;
}

/** Format a time in the video, or local time: 1:22, 14:03:21. */
function clockTime(seconds, clock) {
  const two = (number) => `${number}`.padStart(2, "0");
  if (!clock.length) {
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    return hours ? `${hours}:${two(minutes)}:${two(Math.floor(seconds) % 60)}` : `${minutes}:${two(Math.floor(seconds) % 60)}`;
  }
  const shift = clock.findLast(([from]) => from <= 1000 * seconds)[1];
  const time = Math.floor(seconds + shift / 1000);
  return `${two(Math.floor(time / 3600) % 24)}:${two(Math.floor(time / 60) % 60)}:${two(time % 60)}`;
}

/** Return the count at a time: the count of the last change until then. */
function personsAt({ times, persons }, milliseconds) {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= milliseconds) low = middle + 1;
    else high = middle;
  }
  return low ? persons[low - 1] : 0;
}

/** Add the time cursor to the charts; return a function that sets its time [s]. */
function enlivenTimeline(told) {
  const data = held("timeline-data");
  const slider = document.getElementById("cursor");
  if (!data || !slider) return () => undefined;
  const charts = [...document.querySelectorAll("svg.timeline")].map((svg) => {
    const head = document.createElementNS(svg.namespaceURI, "line");
    head.setAttribute("class", "head");
    head.setAttribute("y1", 22);
    head.setAttribute("y2", svg.dataset.bottom);
    svg.append(head);
    return { svg, head, left: Number(svg.dataset.left), right: Number(svg.dataset.right) };
  });
  const span = data.end - data.start || 1;
  const set = (seconds) => {
    const time = Math.min(Math.max(data.start, seconds), data.end);
    for (const { head, left, right } of charts) {
      const x = left + ((time - data.start) / span) * (right - left);
      head.setAttribute("x1", x);
      head.setAttribute("x2", x);
    }
    const words = clockTime(time, data.clock);
    const counts = data.curves.map((curve) => personsAt(curve, Math.min(1000 * time, 1000 * data.end - 1)));
    slider.value = time;
    slider.setAttribute("aria-valuetext", `${words}, ${counts[0]} in view`);
    document.getElementById("cursor-time").textContent = words;
    const item = ({ name, color }, count) => make("span", {}, make("i", { className: color }), make("bdi", { textContent: name }), " ", make("b", { textContent: count }));
    document.getElementById("now").replaceChildren(...data.curves.flatMap((curve, i) => [item(curve, counts[i]), " "]));
  };
  const choose = (seconds) => {
    set(seconds);
    told(Math.min(Math.max(data.start, seconds), data.end));
  };
  slider.addEventListener("input", () => choose(Number(slider.value)));
  for (const { svg, left, right } of charts) {
    const point = (event) => {
      const box = svg.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
      choose(data.start + ((x - left) / (right - left)) * span);
    };
    svg.addEventListener("pointermove", point);
    svg.addEventListener("pointerdown", point);
  }
  set(Number(slider.getAttribute("value")));
  return set;
}

/** Show the title of a mark while it is touched or under the pointer. */
function enlivenMarks() {
  const tip = make("div", { className: "tip", hidden: true });
  document.body.append(tip);
  for (const title of document.querySelectorAll(".chart svg title")) {
    title.parentElement.dataset.says = title.textContent;
    title.remove();
  }
  const show = (event) => {
    const mark = event.target.closest?.("[data-says]");
    tip.hidden = !mark;
    if (!mark) return;
    tip.textContent = mark.dataset.says;
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = `${Math.min(Math.max(4, event.clientX + 12), innerWidth - width - 4)}px`;
    tip.style.top = `${event.clientY - height - 10 > 0 ? event.clientY - height - 10 : event.clientY + 18}px`;
  };
  document.addEventListener("pointermove", show);
  document.addEventListener("pointerdown", show);
  addEventListener("scroll", () => (tip.hidden = true), { passive: true });
}

/** Mount the explorer; return a function that sets its time [s]. */
function enlivenExplorer(moved) {
  const data = held("explorer-data");
  const host = document.getElementById("explorer");
  if (!data || !host) return () => undefined;
  data.background = document.getElementById("scene-image")?.getAttribute("href") ?? null;
  const handle = globalThis.ptrackExplorer(host, data, held("explorer-options"));
  handle.on("time", (milliseconds) => moved(milliseconds / 1000));
  globalThis.explorer = handle;
  return (seconds) => handle.seek(1000 * seconds);
}

/** Open the fold that contains the target of the address. */
function openTarget() {
  const target = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
  const fold = target?.closest("details.fold");
  if (!fold || fold.open) return;
  fold.open = true;
  target.scrollIntoView();
}

/** Go to the time and the person in the address: #t=92.4&person=7. */
function openTime() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const seconds = Number.parseFloat(wanted.get("t"));
  if (Number.isFinite(seconds)) setCursor(seconds);
  globalThis.explorer?.ready.then(() => {
    if (Number.isFinite(seconds)) seek(seconds);
    if (wanted.has("person")) globalThis.explorer.select(wanted.getAll("person"));
  });
}

const tables = new Map((held("tables-data") ?? []).map((table) => [table.name, table]));
for (const box of document.querySelectorAll("[data-table]")) {
  const table = tables.get(box.dataset.table);
  if (table) enliven(box, table);
}
addEventListener("hashchange", openTarget);
openTarget();
document.documentElement.classList.add("scripted");
let seek = () => undefined;
const setCursor = enlivenTimeline((seconds) => seek(seconds));
seek = enlivenExplorer(setCursor);
addEventListener("hashchange", openTime);
openTime();
enlivenMarks();
