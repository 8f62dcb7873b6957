/** Elements, icons, canvases and files. */

/** Make an element from properties, attributes and listeners (`onclick`). Text is never parsed as HTML. */
export function make(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "text") node.textContent = value;
    else if (name in node && name !== "list") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Make an icon from an SVG path in a square of 24 units. */
export function makeIcon(path) {
  const [svg, shape] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

export function makeIconButton(label, path, attributes = {}) {
  return make("button", { type: "button", "aria-label": label, title: label, class: "icon", ...attributes }, makeIcon(path));
}

/** Make a select element from pairs of value and text. */
export function makeSelect(label, choices, chosen) {
  const node = make("select", { "aria-label": label, title: label });
  choices.forEach(([value, text]) => node.append(make("option", { value, text, selected: value === chosen })));
  return node;
}

/** Set the size of a canvas in CSS pixels, sharp at the pixel ratio of the screen. */
export function resizeCanvas(canvas, width, height, ratio) {
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
}

/** Let the browser save a file. */
export function saveFile(name, blob) {
  const address = URL.createObjectURL(blob);
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Return the position of a pointer in an element [px]. */
export function readPosition(element, event) {
  const box = element.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}
