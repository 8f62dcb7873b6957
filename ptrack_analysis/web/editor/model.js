/** The document: zones, lines and points of the floor plan. Every change can be undone. */
import { area, inRing, same, segments, tidied } from "./geometry.js";
import { crossesItself } from "./validity.js";

const STEPS = { fraction: 1e6, px: 100, m: 1000 };
const KEPT = 200;

/** Make an item from a feature of the file. */
export function itemOf(feature, source, id) {
  const { type, coordinates } = feature;
  const opened = (rings) => rings.map((ring) => (ring.length > 1 && same(ring[0], ring.at(-1)) ? ring.slice(0, -1) : ring));
  const parts = { LineString: () => [[coordinates]], Polygon: () => [opened(coordinates)], MultiPolygon: () => coordinates.map(opened) }[type]();
  return {
    id, source, type: type === "LineString" ? "line" : "zone", multi: type === "MultiPolygon", parts,
    name: feature.name ?? "", kind: feature.kind ?? "", from: feature.from ?? "", to: feature.to ?? "", videos: feature.videos ?? [],
  };
}

/** Describe how the feature of an item changes. */
export function editOf(item, originals) {
  const before = item.source === null ? null : originals[item.source];
  const properties = {};
  for (const key of ["name", "kind", "from", "to"]) {
    if (item[key] !== (before?.[key] ?? "")) properties[key] = item[key] || null;
  }
  const edit = { source: item.source, properties };
  if (!before || JSON.stringify(before.parts) !== JSON.stringify(item.parts)) edit.geometry = geometryOf(item);
  return edit;
}

function geometryOf({ type, multi, parts }) {
  if (type === "line") return { type: "LineString", coordinates: parts[0][0] };
  const closed = parts.map((rings) => rings.map((ring) => [...ring, ring[0]]));
  return multi || closed.length > 1 ? { type: "MultiPolygon", coordinates: closed } : { type: "Polygon", coordinates: closed[0] };
}

/** The document with its history. */
export class Model {
  constructor(unit) {
    this.steps = STEPS[unit];
    this.doc = { items: [], pairs: [], bounds: null };
    this.past = [];
    this.future = [];
    this.lastKey = null;
    this.nextId = 1;
  }

  /** Round coordinates to the precision of the file. */
  round(p) {
    return p.map((value) => Math.round(value * this.steps) / this.steps);
  }

  /** Keep the document for undo; successive changes with the same key are undone together. */
  keep(key = null) {
    if (key !== null && key === this.lastKey) return;
    this.past.push(structuredClone(this.doc));
    if (this.past.length > KEPT) this.past.shift();
    this.future = [];
    this.lastKey = key;
  }

  undo() {
    return this.#step(this.past, this.future);
  }

  redo() {
    return this.#step(this.future, this.past);
  }

  #step(from, to) {
    if (!from.length) return false;
    to.push(this.doc);
    this.doc = from.pop();
    this.lastKey = null;
    return true;
  }

  item(id) {
    return this.doc.items.find((item) => item.id === id) ?? null;
  }

  /** Return a name that no other item of the type has. */
  freeName(type, stem = type) {
    const names = new Set(this.doc.items.filter((item) => item.type === type).map((item) => item.name));
    const base = stem.replace(/ \d+$/, "");
    for (let number = base === type ? 1 : 2; ; number++) {
      if (!names.has(`${base} ${number}`)) return `${base} ${number}`;
    }
  }

  add(type, points) {
    const item = { id: this.nextId++, source: null, type, multi: false, parts: [[points]], name: this.freeName(type), kind: "", from: "", to: "", videos: [] };
    this.doc.items.push(item);
    return item;
  }

  copy(item, changes) {
    const made = { ...structuredClone(item), id: this.nextId++, ...changes };
    this.doc.items.splice(this.doc.items.indexOf(item) + 1, 0, made);
    return made;
  }

  remove(id) {
    this.doc.items = this.doc.items.filter((item) => item.id !== id);
  }

  /** List all rings with their items. */
  rings() {
    return this.doc.items.flatMap((item) => item.parts.flatMap((rings, part) => rings.map((points, ring) => ({ item, part, ring, points, closed: item.type === "zone" }))));
  }

  /** List the corners of all items that are exactly at a point. */
  cornersAt(point) {
    return this.rings().flatMap(({ item, part, ring, points }) => points.flatMap((p, index) => (same(p, point) ? [{ item, part, ring, index }] : [])));
  }

  /** Add a corner on an edge, in every outline that has this edge. */
  insertOnEdge(a, b, point) {
    if (same(a, point) || same(b, point)) return;
    for (const { points, closed } of this.rings()) {
      const edge = segments(points, closed).find(([c, d]) => (same(a, c) && same(b, d)) || (same(a, d) && same(b, c)));
      if (edge) points.splice(edge[2] + 1, 0, [...point]);
    }
  }

  /**
   * Remove a corner, and the same corner of a neighbor if both edges are shared. Return false, without a
   * change, if the ring has too few corners.
   */
  removeCorner(item, { part, ring, index }, only) {
    const points = item.parts[part][ring];
    const closed = item.type === "zone";
    if (points.length <= (closed ? 3 : 2)) return false;
    const point = points[index];
    const beside = [points.at(index - 1), points[(index + 1) % points.length]];
    const twins = only ? [] : this.cornersAt(point).filter((corner) => corner.item !== item && closed && corner.item.type === "zone");
    points.splice(index, 1);
    for (const twin of twins) {
      const others = twin.item.parts[twin.part][twin.ring];
      const around = [others.at(twin.index - 1), others[(twin.index + 1) % others.length]];
      const shared = around.every((p) => beside.some((q) => same(p, q)));
      if (shared && others.length > 3) others.splice(twin.index, 1);
    }
    return true;
  }

  /** Remove corners that repeat their neighbor, if enough remain. */
  tidy() {
    for (const { item, part, ring, points, closed } of this.rings()) {
      const kept = tidied(points, closed);
      if (kept.length >= (closed ? 3 : 2)) item.parts[part][ring] = kept;
    }
  }

  /** Split a zone along points from outline to outline of one part; null without two pieces. */
  splitZone(item, cut, edges) {
    const [first, last] = [cut[0], cut.at(-1)];
    [first, last].forEach((point, i) => edges[i] && this.insertOnEdge(edges[i][0], edges[i][1], point));
    const part = item.parts.findIndex(([outer]) => [first, last].every((point) => outer.some((p) => same(p, point))));
    if (part < 0 || same(first, last)) return null;
    const [outer, ...holes] = item.parts[part];
    const pieces = this.#pieces(outer, cut);
    if (!pieces) return null;
    const parts = pieces.map((ring) => [ring, ...holes.filter((hole) => hole.every((p) => inRing(p, ring)))]);
    if (parts[0].length + parts[1].length !== holes.length + 2) return null;
    item.parts.splice(part, 1, parts[0]);
    return this.copy(item, { parts: [parts[1]], multi: false, name: this.freeName("zone", item.name) });
  }

  #pieces(outer, cut) {
    const at = (point) => outer.findIndex((p) => same(p, point));
    const walk = (from, to) => {
      const found = [];
      for (let i = from; ; i = (i + 1) % outer.length) {
        found.push(outer[i]);
        if (i === to) return found;
      }
    };
    const inner = cut.slice(1, -1);
    const [i, j] = [at(cut[0]), at(cut.at(-1))];
    const pieces = [[...walk(i, j), ...inner.toReversed()], [...walk(j, i), ...inner]];
    const expected = Math.abs(area(outer));
    const sum = pieces.reduce((total, ring) => total + Math.abs(area(ring)), 0);
    const fine = pieces.every((ring) => ring.length > 2 && Math.abs(area(ring)) > 1e-9 * expected && !crossesItself(ring));
    return fine && Math.abs(sum - expected) < 1e-6 * expected ? structuredClone(pieces) : null;
  }

  /** Split a line at one of its points; null at its ends. */
  splitLine(item, point, edge) {
    if (edge) this.insertOnEdge(edge[0], edge[1], point);
    const points = item.parts[0][0];
    const at = points.findIndex((p) => same(p, point));
    if (at <= 0 || at === points.length - 1) return null;
    item.parts = [[points.slice(0, at + 1)]];
    return this.copy(item, { parts: [[structuredClone(points.slice(at))]], name: this.freeName("line", item.name) });
  }
}
