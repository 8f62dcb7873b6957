/** SVG elements, and numbers that are typed. */

const SVG = "http://www.w3.org/2000/svg";

/** Make an SVG element. */
export function shape(name, attributes, ...inner) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined && value !== null) node.setAttribute(key, value);
  node.append(...inner);
  return node;
}

/** Read a typed number with a point or a comma; null if it is not a number. */
export function numberOf(text) {
  const plain = text.trim().replace(",", ".").replace("−", "-");
  const value = Number(plain);
  return plain && Number.isFinite(value) ? value : null;
}
