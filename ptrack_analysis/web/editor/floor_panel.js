/** The panel of the floor plan: its points with their errors, and the drawn bounds. */
import { numberOf } from "./elements.js";
import { make } from "../shared/dom.js";

/** Show the pairs of the floor plan with their errors, and the drawn bounds. */
export function showFloor(app, focusPair) {
  const { e, model } = app;
  if (!app.opening.floor) {
    e.floor.replaceChildren(make("p", { className: "empty" }, app.opening.unit === "m" ? "The background is already in meters, so there is nothing to calibrate." : "To calibrate, start the editor with a floor plan file: --floor floor.json, in a notebook floor=\"floor.json\"."));
    return;
  }
  if (app.pairFields?.length !== model.doc.pairs.length) buildFloor(app);
  model.doc.pairs.forEach((pair, i) => {
    const { row, inputs, miss } = app.pairFields[i];
    inputs.forEach((input, axis) => {
      if (document.activeElement !== input) input.value = pair.floor[axis] ?? "";
    });
    const off = app.fit.residuals[i];
    miss.textContent = off === null ? "" : Number.isFinite(off) ? meters(off) : "beyond";
    row.classList.toggle("chosen", i === app.pair);
  });
  app.extentFields.forEach((input, i) => {
    if (document.activeElement !== input) input.value = model.doc.bounds?.[i] ?? "";
  });
  const { error, problem } = app.fit;
  const four = app.fit.residuals.filter((off) => off !== null).length === 4;
  e.fit.textContent = problem ?? `Reprojection error ${meters(error)}${four ? ". Every fit meets four points; a fifth shows how good it is" : " (root mean square)"}.`;
  e.fit.className = `fit${problem ? " bad" : ""}`;
  if (focusPair && app.pair !== null) app.pairFields[app.pair]?.inputs[0].focus();
}

const meters = (value) => `${value.toFixed(value < 10 ? 3 : 1)} m`;

function buildFloor(app) {
  const { e } = app;
  e.fit = make("p", { className: "fit", role: "status" });
  app.pairFields = app.model.doc.pairs.map((_, i) => pairRow(app, i));
  const head = ["", "x (m)", "y (m)", "off by", ""].map((text) => make("span", { className: "head" }, text));
  const table = make("div", { className: "pairs" }, ...(app.pairFields.length ? head : []), ...app.pairFields.map((one) => one.row));
  app.extentFields = ["left x", "top y", "right x", "bottom y"].map((name, i) => make("input", { type: "text", inputMode: "decimal", "aria-label": name, placeholder: name, onchange: (event) => {
    const { doc } = app.model;
    const value = numberOf(event.target.value);
    app.change(() => {
      const next = [...(doc.bounds ?? [null, null, null, null])];
      next[i] = value;
      doc.bounds = next.every((one) => one === null) ? null : next;
    });
    app.refresh();
  } }));
  e.floor.replaceChildren(e.fit, table, make("fieldset", { className: "bounds" }, make("legend", {}, "Bounds [m] (default: around the points)"), ...app.extentFields),
    make("p", { className: "advice" }, "Use at least six points, near and far, and no three of four on a line. y grows downwards, as in the image."));
}

function pairRow(app, i) {
  const inputs = [0, 1].map((axis) => make("input", { type: "text", inputMode: "decimal", "aria-label": `${"xy"[axis]} of point ${i + 1} on the floor, in meters`,
    onfocus: () => { app.pair = i; app.refresh(); },
    oninput: (event) => app.change(() => (app.model.doc.pairs[i].floor[axis] = numberOf(event.target.value)), `pair ${i} ${axis}`) }));
  const miss = make("span", { className: "miss" });
  const remove = make("button", { type: "button", className: "icon", title: "Delete this point", "aria-label": `Delete point ${i + 1}`, onclick: () => app.removePair(i) }, "×");
  const row = make("div", { className: "pairrow", role: "group", "aria-label": `Point ${i + 1}` }, make("b", {}, String(i + 1)), ...inputs, miss, remove);
  return { row, inputs, miss };
}
