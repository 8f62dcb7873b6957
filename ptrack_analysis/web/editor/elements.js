/** Elements of the page and of its drawing; texts become text, never markup. */

const SVG = "http://www.w3.org/2000/svg";

/** Make an HTML element. */
export function make(name, properties = {}, ...inner) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key in node && key !== "list") node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...inner.filter((one) => one !== null && one !== undefined));
  return node;
}

/** Make an SVG element. */
export function shape(name, attributes, ...inner) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined && value !== null) node.setAttribute(key, value);
  node.append(...inner);
  return node;
}

/** Make an icon from the path of its strokes. */
export const icon = (d) => shape("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, shape("path", { d }));

/** Make a button that shows only an icon. */
export const iconButton = (d, label, onclick) => make("button", { type: "button", className: "icon", title: label, "aria-label": label, onclick }, icon(d));

/** Read a typed number with a point or a comma; null if it is not a number. */
export function numberOf(text) {
  const plain = text.trim().replace(",", ".").replace("−", "-");
  const value = Number(plain);
  return plain && Number.isFinite(value) ? value : null;
}
