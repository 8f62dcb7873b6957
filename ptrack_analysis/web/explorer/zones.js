/** The current number of people in each zone. */
import { make } from "../shared/dom.js";
import { getZoneColor } from "./coloring.js";
import { countZones, describeChecks, markZone } from "./figures.js";
import { setZoneFilter } from "./list.js";
import { NONE, subscribe } from "./state.js";

const IN_ORDER = 8; // with more zones, those with people come first

/** Make one button per zone with color, name and count; a click lists only its visitors. */
export function createZoneCounts(s) {
  s.zoneItems = s.data.zones.map((zone, number) => {
    const [dot, count] = [make("i", { class: "dot" }), make("b", { text: "0" })];
    const title = ["List only the people who visited this zone", ...describeChecks(zone)].join(". ");
    const node = make("button", { type: "button", class: "zone", title, "aria-pressed": "false" }, dot, make("bdi", { text: markZone(zone) }), count);
    node.addEventListener("click", () => setZoneFilter(s, s.zoneFilter === number ? NONE : number));
    return { node, dot, count, number, shown: 0 };
  });
  s.e.zones.replaceChildren(...s.zoneItems.map((item) => item.node));
  s.e.zones.hidden = !s.zoneItems.length;
  subscribe(s, "time", () => updateCounts(s));
  subscribe(s, "filter", () => s.zoneItems.forEach(({ node, number }) => node.setAttribute("aria-pressed", `${number === s.zoneFilter}`)));
}

export function colorZoneCounts(s) {
  s.zoneItems.forEach(({ dot, number }) => (dot.style.background = getZoneColor(s, number) ?? s.inks.outline));
}

function updateCounts(s) {
  const counts = countZones(s, s.time);
  let changed = false;
  for (const item of s.zoneItems) {
    const count = counts[item.number];
    changed ||= Boolean(count) !== Boolean(item.shown);
    if (count !== item.shown) item.count.textContent = count;
    item.node.classList.toggle("empty", !count);
    item.shown = count;
  }
  if (!changed || s.zoneItems.length <= IN_ORDER || s.e.zones.contains(s.root.activeElement)) return;
  s.zoneItems.sort((a, b) => Boolean(b.shown) - Boolean(a.shown) || a.number - b.number);
  s.e.zones.append(...s.zoneItems.map((item) => item.node));
}
