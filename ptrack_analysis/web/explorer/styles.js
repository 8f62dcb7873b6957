/** The style sheet, light and dark. */

const DARK = `
  --paper:#16191d; --raised:#1e2227; --ink:#e8eaed; --soft:#a5adb8; --line:#343a43; --stage:#0e1012;
  --accent:#7cb8ff; --on-accent:#0b1520; --chosen:#22344a; --veil:rgba(14,16,18,.45); --outline:#f3f4f6; --casing:rgba(0,0,0,.75);
  --dim:#c3cad4; --pill:rgba(22,25,29,.86); --off:#8b94a0;`;
const STYLE = `
:host { all: initial; display: block; height: 100%; container-type: size; color-scheme: light dark;
  --paper:#fff; --raised:#f6f7f9; --ink:#1d2127; --soft:#5a6370; --line:#d9dde3; --stage:#eceef1;
  --accent:#0b5cad; --on-accent:#fff; --chosen:#e3effc; --veil:rgba(255,255,255,.34); --outline:#22262b; --casing:rgba(255,255,255,.9);
  --dim:#727b87; --pill:rgba(255,255,255,.9); --off:#767f8b;
  font: 14px/1.4 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; color: var(--ink); }
:host([data-theme=light]) { color-scheme: light; }
:host([data-theme=dark]) { color-scheme: dark; ${DARK} }
@media (prefers-color-scheme: dark) { :host(:not([data-theme=light])) { ${DARK} } }
*, *::before { box-sizing: border-box; margin: 0; }
[hidden] { display: none !important; }
.root { display: grid; grid-template-columns: minmax(0, 1fr) 284px; height: 100%; background: var(--paper); color: var(--ink); overflow: hidden; }
.screen { display: flex; flex-direction: column; min-width: 0; min-height: 0; overflow: hidden auto; }
.scene { position: relative; flex: 1 1 auto; display: flex; flex-direction: column; min-height: 0; }
.stage { position: relative; flex: 1 1 auto; min-height: 160px; overflow: hidden; background: var(--stage); }
.layer, video { position: absolute; inset: 0; width: 100%; height: 100%; display: block; }
video { inset: auto; object-fit: fill; transform-origin: 0 0; }
.top { touch-action: pan-y; cursor: default; outline-offset: -3px; }
.top.zoomed { touch-action: none; cursor: grab; }
.top.over { cursor: pointer; }
.chip { position: absolute; padding: 4px 10px; border-radius: 999px; background: var(--pill); color: var(--ink); font-size: 12.5px; pointer-events: none; max-width: calc(100% - 20px); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.badge { left: 10px; top: 10px; }
.legends { position: absolute; inset: auto 10px 10px; display: flex; flex-wrap: wrap; gap: 6px; justify-content: flex-end; pointer-events: none; }
.legend, .colors { position: static; display: flex; flex-wrap: wrap; gap: 2px 10px; align-items: center; border-radius: 14px; max-width: 100%; white-space: normal; }
.scale { width: 90px; height: 8px; border-radius: 4px; }
.dot { flex: none; display: inline-block; width: 10px; height: 10px; border-radius: 50%; }
.key { display: inline-flex; gap: 5px; align-items: center; min-width: 0; max-width: 180px; }
bdi { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0; }
.tooltip { position: absolute; left: 0; top: 0; z-index: 1; max-width: min(300px, 90%); padding: 5px 10px; border-radius: 6px; background: var(--ink); color: var(--paper); font-size: 12.5px; pointer-events: none; overflow-wrap: anywhere; }
.message { position: absolute; inset: 0; display: grid; place-content: center; padding: 24px; text-align: center; color: var(--soft); font-size: 15px; pointer-events: none; }
.notes { padding: 6px 14px 6px 30px; font-size: 12.5px; color: var(--soft); background: var(--raised); border-top: 1px solid var(--line); }
.zones { flex: none; display: flex; gap: 6px; padding: 6px 12px; overflow-x: auto; border-top: 1px solid var(--line); scrollbar-width: thin; }
.zone { flex: none; display: flex; gap: 6px; align-items: center; height: 28px; max-width: 220px; padding: 0 10px; border: 1px solid var(--line); border-radius: 999px; background: var(--paper); font-size: 13px; }
.zone:hover { background: var(--chosen); }
.zone b { font-variant-numeric: tabular-nums; min-width: 1ch; }
.zone.empty { color: var(--soft); } .zone.empty b { font-weight: 400; }
.zone[aria-pressed=true] { background: var(--chosen); border-color: var(--accent); color: var(--ink); }
.strip { position: relative; flex: none; height: 48px; padding: 0; margin: 0; cursor: pointer; touch-action: none; background: var(--raised); border-top: 1px solid var(--line); overflow: hidden; }
.strip, .range-bar { margin: 0 12px; }
.range-bar { position: relative; flex: none; height: 24px; touch-action: none; cursor: crosshair; }
.range-bar::before { content: ""; position: absolute; inset: 10px 0; border-radius: 2px; background: var(--line); }
.fill { position: absolute; top: 7px; bottom: 7px; border-radius: 3px; }
.fill.set { background: var(--accent); opacity: .55; cursor: grab; }
.handle { position: absolute; top: 0; width: 24px; height: 24px; margin-left: -12px; cursor: ew-resize; border-radius: 6px; }
.handle::before { content: ""; position: absolute; inset: 3px 8px; border-radius: 3px; background: var(--accent); box-shadow: 0 0 0 2px var(--paper); }
.strip canvas { position: absolute; inset: 0; width: 100%; height: 100%; }
.head { position: absolute; top: 0; bottom: 0; left: -1px; width: 2px; background: var(--ink); pointer-events: none; }
.head::before { content: ""; position: absolute; top: 0; left: -4px; border: 5px solid transparent; border-top-color: var(--ink); border-bottom: 0; }
.controls { flex: none; display: flex; flex-wrap: wrap; gap: 6px 16px; align-items: center; justify-content: space-between; padding: 4px 12px 10px; }
.transport, .settings, .toggles { display: flex; align-items: center; gap: 6px; }
.settings { flex-wrap: wrap; gap: 8px 10px; }
.toggles { gap: 0; border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
.range-text { font-size: 13px; font-variant-numeric: tabular-nums; white-space: nowrap; }
.tools { display: flex; gap: 2px; }
.now { font-variant-numeric: tabular-nums; font-weight: 600; margin-left: 6px; white-space: nowrap; }
.now small { font: inherit; font-weight: 400; color: var(--soft); }
.present { color: var(--soft); white-space: nowrap; font-variant-numeric: tabular-nums; min-width: 76px; margin-left: 6px; }
label { color: var(--soft); font-size: 13px; white-space: nowrap; }
button, select, input { font: inherit; color: inherit; }
button { cursor: pointer; }
.icon { width: 36px; height: 36px; padding: 7px; border: 0; border-radius: 50%; background: none; display: grid; place-content: center; }
.icon svg { width: 22px; height: 22px; fill: currentColor; }
.icon:hover, .toggle:hover { background: var(--chosen); }
.main { background: var(--accent); color: var(--on-accent); }
.main:hover { background: var(--accent); filter: brightness(1.1); }
select, input { min-width: 0; height: 34px; padding: 0 8px; border: 1px solid var(--line); border-radius: 8px; background: var(--paper); color: var(--ink); }
.toggle { height: 32px; padding: 0 8px; border: 0; border-left: 1px solid var(--line); margin-left: -1px; background: var(--paper); font-size: 13px; color: var(--soft); }
.toggle:disabled { color: var(--off); cursor: default; background: var(--paper); }
.toggle[aria-pressed=true] { background: var(--chosen); color: var(--ink); font-weight: 600; box-shadow: inset 0 -2px var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.toggle:focus-visible { outline-offset: -3px; }
.strip:focus-visible, .list:focus-visible { outline-offset: -2px; }
.side { display: flex; flex-direction: column; min-height: 0; border-left: 1px solid var(--line); }
.filters { display: grid; grid-template-columns: 1fr 1fr; gap: 8px; padding: 10px 12px 4px; }
.filters input, .filters [hidden] + select { grid-column: 1 / -1; }
.found { padding: 4px 12px 6px; font-size: 12.5px; color: var(--soft); }
.list { position: relative; flex: 1 1 120px; min-height: 92px; overflow-y: auto; border-top: 1px solid var(--line); overscroll-behavior: contain; }
.runway { position: relative; }
.row { position: absolute; left: 0; right: 0; height: 46px; padding: 4px 12px; display: grid; grid-template-columns: 14px 1fr auto; gap: 0 8px; align-items: center; cursor: pointer; border-bottom: 1px solid var(--line); }
.row:hover, .row.hover { background: var(--raised); }
.row[aria-selected=true] { background: var(--chosen); }
.list:focus-visible .row.active { box-shadow: inset 3px 0 var(--accent); }
.swatch { flex: none; width: 12px; height: 12px; border-radius: 50%; border: 2px solid var(--mark, var(--dim)); }
.details .swatch { border: 0; }
.here .swatch { background: var(--mark); }
.name { font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.time { font-size: 12.5px; color: var(--soft); font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar { grid-column: 2 / -1; position: relative; height: 5px; border-radius: 2px; background: var(--line); }
.bar i { position: absolute; inset: 0; background: var(--mark); }
.bar::after { content: ""; position: absolute; inset: -6px 0; }
.details { flex: 0 1 auto; max-height: 46%; overflow-y: auto; border-top: 1px solid var(--line); padding: 10px 12px 12px; background: var(--raised); }
.details header { display: flex; align-items: center; gap: 8px; }
.details h2 { font-size: 15px; flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.details .icon { width: 30px; height: 30px; padding: 4px; }
.details .icon svg { width: 18px; height: 18px; }
dl { display: grid; grid-template-columns: 1fr 1fr; gap: 4px 12px; margin: 4px 0 8px; }
.state { font-size: 13px; }
.hint { font-size: 13px; margin-top: 4px; padding-left: 8px; border-left: 3px solid var(--accent); }
dl > div { min-width: 0; } dt { display: flex; gap: 5px; align-items: center; font-size: 12px; color: var(--soft); } dd { font-variant-numeric: tabular-nums; }
h3 { font-size: 12px; font-weight: 600; color: var(--soft); margin: 4px 0; }
.visits { list-style: none; padding: 0; display: grid; gap: 4px; }
.visits button { display: grid; grid-template-columns: 1fr auto; gap: 0 8px; width: 100%; text-align: left; padding: 5px 10px; border: 1px solid var(--line); border-radius: 8px; background: var(--paper); }
.visits button:hover { border-color: var(--accent); }
.visits b, .state, .hint { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; overflow-wrap: anywhere; unicode-bidi: plaintext; }
.visits b { font-weight: 600; }
.visits small { font-size: 12.5px; color: var(--soft); font-variant-numeric: tabular-nums; grid-column: 1 / -1; }
.visits span { font-variant-numeric: tabular-nums; }
dialog { border: 1px solid var(--line); border-radius: 12px; padding: 16px 20px 20px; background: var(--paper); color: var(--ink); max-width: min(92%, 440px); margin: auto; }
dialog::backdrop { background: rgba(0, 0, 0, .4); }
dialog header { display: flex; justify-content: space-between; align-items: center; }
dialog h2 { font-size: 16px; }
dialog th { text-align: left; padding: 3px 16px 3px 0; white-space: nowrap; font-weight: 400; }
dialog td { padding: 3px 0; }
dialog p { margin-top: 10px; font-size: 13px; color: var(--soft); }
kbd { font: 12.5px ui-monospace, Menlo, Consolas, monospace; padding: 1px 6px; border: 1px solid var(--line); border-radius: 5px; background: var(--raised); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@container (max-width: 760px) {
  .root { grid-template-columns: minmax(0, 1fr); grid-template-rows: auto auto; overflow-y: auto; }
  .scene { flex: none; } .stage { flex: none; height: min(var(--fit, 56cqw), 60cqh); }
  .legends { position: static; padding: 0 12px; justify-content: flex-start; } .legend, .colors { padding: 4px 0 0; border-radius: 0; background: none; }
  .screen, .side { min-height: auto; overflow: visible; }
  .side { border-left: 0; border-top: 1px solid var(--line); }
  .list { flex: none; height: 276px; }
  .details { order: -1; flex: none; max-height: none; border-top: 0; border-bottom: 1px solid var(--line); }
  .controls { justify-content: flex-start; }
  .icon { width: 44px; height: 44px; padding: 11px; }
  select, input, .toggle { height: 40px; }
  .toggles { width: 100%; flex-wrap: wrap; row-gap: 6px; }
  .transport { width: 100%; gap: 2px; } .present { margin-left: auto; min-width: 0; }
  .toggle { flex: 1 1 auto; padding: 0 3px; }
  .settings { width: 100%; }
  .range-row { display: contents; } .range-text { order: 1; flex: 1; } .tools { order: 2; } .tools .icon { width: 40px; padding: 9px; }
  .toggles.range { order: 3; } .controls > .settings, .controls > .toggles { order: 4; } .settings label { flex: 1; display: grid; } .settings select { width: 100%; }
}
@container (max-width: 420px) { .now small { display: none; } }
@container (max-width: 370px) { .toggle { font-size: 12px; padding: 0 2px; } .range-text { font-size: 12px; } .controls .tools .icon { width: 32px; padding: 5px; } }
@container (min-width: 761px) and (max-width: 1080px) { .now small { display: none; } .controls { gap: 6px 12px; } }
@media (forced-colors: active) { .toggle[aria-pressed=true], .row[aria-selected=true] { outline: 2px solid Highlight; outline-offset: -2px; } }
`;

let sheet = null;

/** Return the style sheet, shared by all explorers of a page; a policy against inline styles allows it. */
export function getStyles() {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
  }
  return sheet;
}

/** Read the colors of the current theme. */
export function readInks(host) {
  const style = getComputedStyle(host);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  return Object.fromEntries(
    ["paper", "ink", "soft", "stage", "accent", "veil", "outline", "casing", "dim", "pill"].map((name) => [name, read(name)]),
  );
}
