/**
 * What makes a report's page live: tables that sort and can be saved, and the explorer.
 *
 * The page is whole without it; text from the data only ever becomes text.
 */

const FEW = 25;
const SHORT = 20;
const NONE = "\u2013";
const FORMULA = /^[=+\-@\t\r]/;

/** Read a value that the page holds as JSON; null if it does not. */
function held(name) {
  const element = document.getElementById(name);
  return element ? JSON.parse(element.textContent) : null;
}

function make(name, properties = {}, ...inner) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...inner);
  return element;
}

/** Write one cell as the page shows it. */
function shown(value, { digits, letters }) {
  if (value === null) return NONE;
  return digits === null || typeof value === "string" ? String(value).slice(0, letters ?? undefined) : Number(value).toFixed(digits);
}

/** Compare two cells: numbers by size, texts as people sort them; what is missing comes last either way. */
function compare(a, b, sign) {
  if (a === null || b === null) return (a === null) - (b === null);
  if (typeof a === "number" && typeof b === "number") return sign * (a - b);
  return sign * String(a).localeCompare(String(b), "en", { numeric: true });
}

/** Write one cell for a spreadsheet: a text that it would take for a formula gets an apostrophe in front. */
function csvCell(value) {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Write a table as CSV: RFC 4180, in the order on the page, all rows that the page holds. */
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
    if (name !== table.marks) return make("td", { className: digits !== null ? "n" : text.length <= SHORT ? "k" : "" }, make("bdi", { textContent: text }));
    return make("td", {}, make("span", { className: `verdict ${kindOf(text)}`, textContent: text }));
  }));
}

/** Make one table live. */
function enliven(box, table) {
  const state = { order: table.rows.map((_, i) => i), by: -1, sign: 1, all: false };
  const body = box.querySelector("tbody");
  const heads = [...box.querySelectorAll("thead th")];
  const draw = () => {
    if (!table.rows.length) return;
    const few = state.all ? state.order : state.order.slice(0, FEW);
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
  if (table.rows.length <= FEW) return tools;
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

/** Keep what the explorer shows as a picture, for paper. */
function keepStill(host, still, ground) {
  const layers = [...(host.firstElementChild?.shadowRoot?.querySelectorAll("canvas.layer") ?? [])];
  if (!layers.length || !layers[0].width) return;
  const [wide, high] = [layers[0].width, layers[0].height];
  const scale = Math.min(wide / ground.width, high / ground.height);
  const canvas = make("canvas", { width: Math.round(ground.width * scale), height: Math.round(ground.height * scale) });
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  for (const layer of layers) context.drawImage(layer, (canvas.width - wide) / 2, (canvas.height - high) / 2, wide, high);
  still.src = canvas.toDataURL("image/jpeg", 0.85);
}

function enlivenExplorer() {
  const data = held("explorer-data");
  const host = document.getElementById("explorer");
  if (!data || !host) return;
  const handle = globalThis.ptrackExplorer(host, data, held("explorer-options"));
  const still = make("img", { className: "still", alt: "One moment of the explorer: persons over the picture of the scene." });
  host.after(still);
  const keep = () => handle.state()?.zoom === 1 && handle.inLight(() => keepStill(host, still, data.ground));
  handle.ready.then(() => setTimeout(keep, 500), () => still.remove());
  addEventListener("beforeprint", keep);
  globalThis.explorer = handle;
}

/** Unfold the definitions for paper, and fold them again. */
function unfoldForPaper() {
  const folded = () => document.querySelectorAll("details.definition");
  let before = [];
  addEventListener("beforeprint", () => {
    before = [...folded()].filter((one) => !one.open);
    before.forEach((one) => (one.open = true));
  });
  addEventListener("afterprint", () => before.forEach((one) => (one.open = false)));
}

/** Open the fold that the address leads into. */
function openTarget() {
  const target = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
  const fold = target?.closest("details.fold");
  if (!fold || fold.open) return;
  fold.open = true;
  target.scrollIntoView();
}

const tables = new Map((held("tables") ?? []).map((table) => [table.name, table]));
for (const box of document.querySelectorAll("[data-table]")) {
  const table = tables.get(box.dataset.table);
  if (table) enliven(box, table);
}
unfoldForPaper();
addEventListener("hashchange", openTarget);
openTarget();
enlivenExplorer();
