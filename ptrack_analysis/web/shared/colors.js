/** Colors of people, zones and scales, as in the plots. */

const OKABE_ITO = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#f0e442"];
export const ZONE_COLORS = {
  light: ["#1f5fb0", "#b35a00", "#1c825d", "#6b1d4e", "#a3282d", "#686c00", "#5b3fb3", "#00727f"],
  dark: ["#7ea9f8", "#ea8a3c", "#5ee0ad", "#eeb0e4", "#ff9a94", "#d3d76a", "#bda9ff", "#58cfe0"],
};
// Every fifth of the 256 colors of each colormap of matplotlib.
const VIRIDIS = readStops("44015446085c471063481769481d6f482475472a7a46307e453781433d844142873f48893d4e8a3a538b38598c355e8d33638d31688e2e6d8e2c718e2a768e297b8e27808e25848e23898e218e8d20928c1f978b1e9c891fa18821a58524aa8328ae802eb37c35b7793dbc7446c06f50c46a5ac86465cb5e70cf577cd25089d54895d840a2da37b0dd2fbddf26cae11fd8e219e5e419f1e51dfde725");
export const MAGMA = readStops("000004" + "3b0f70" + "8c2981" + "de4968" + "fe9f6d" + "fcfdbf");
const GOLDEN = (Math.sqrt(5) - 1) / 2;
const BRIGHTEST = 0.82;
const DARKEST = 0.42; // on a dark page

function readStops(text) {
  return text.match(/.{6}/g).map((color) => [0, 2, 4].map((i) => parseInt(color.slice(i, i + 2), 16)));
}

/** Interpolate between evenly spaced colors: red, green and blue from 0 to 255. */
export function mixStops(stops, share) {
  const position = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const [low, high] = [stops[Math.floor(position)], stops[Math.ceil(position)]];
  return low.map((level, i) => level + (high[i] - level) * (position % 1));
}

const formatColor = (rgb) => `#${rgb.map((level) => Math.round(level).toString(16).padStart(2, "0")).join("")}`;

/** Look up one of the 256 colors of viridis. */
const readViridis = (share) => formatColor(mixStops(VIRIDIS, Math.min(255, Math.floor(share * 256)) / 255));

/** Return one color per person, as in the plots; brighter on a dark page. */
export function createPersonColors(count, dark) {
  if (count <= OKABE_ITO.length) return OKABE_ITO.slice(0, count).map((color) => (dark && color === "#000000" ? "#ffffff" : color));
  const shares = Array.from({ length: count }, (_, i) => BRIGHTEST * ((i * GOLDEN) % 1));
  return shares.map((share) => readViridis(dark ? 1 - (share * (1 - DARKEST)) / BRIGHTEST : share));
}

/** Return the colors of a scale from low to high, all visible on the page. */
export function createScale(steps, dark) {
  const [low, high] = dark ? [DARKEST, 1] : [0, 0.85];
  return Array.from({ length: steps }, (_, i) => readViridis(low + ((high - low) * i) / (steps - 1)));
}

/** Choose a casing that makes a color stand out from the image. */
export function chooseCasing(color, dark) {
  const [red, green, blue] = readStops(color.slice(1))[0];
  const luma = (0.299 * red + 0.587 * green + 0.114 * blue) / 255;
  return (dark ? luma < 0.3 : luma <= 0.7) ? "rgba(255,255,255,.9)" : "rgba(0,0,0,.7)";
}
