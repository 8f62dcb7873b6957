/** The people below the drawing, on a canvas: foot points, tracks, and starts and ends of tracks. */
import { make } from "../shared/dom.js";

export const LAYERS = [
  ["points", "Foot points"],
  ["tracks", "Tracks"],
  ["ends", "Starts and ends"],
];
const INK = [94, 21, 140];
const [START_COLOR, END_COLOR] = ["#0072B2", "#D55E00"];
const SHORTEST_STEP = 1.5;
const PAUSE = 90;
const NARROW_STAGE = 600;

/** Read the positions that the server encoded, as fractions of the background. */
export function decodeTracks(buffer) {
  const [points, tracklets, people] = new Uint32Array(buffer, 0, 3);
  const numbers = new Float32Array(buffer, 12, 2 * points);
  const at = 12 + 8 * points;
  return { count: points, points: numbers, tracklets: new Uint32Array(buffer, at, tracklets), people: new Uint32Array(buffer, at + 4 * tracklets, people) };
}

/** Create the canvas, and the function that synchronizes it with the view. */
export function makeTrackLayer(app) {
  const canvas = make("canvas", { className: "people" });
  let [shown, timer] = [null, null];
  const keyOf = ({ left, top, scale, width, height }) => ({ left, top, scale, width, height });
  const paint = () => {
    shown = keyOf(app.view);
    paintTracks(canvas, app);
    canvas.style.transform = "";
  };
  return {
    canvas,
    /** Paint again immediately. */
    paint,
    /** Follow the view: move the canvas, and paint it again when the view rests. */
    follow() {
      if (!app.tracks) return;
      const now = keyOf(app.view);
      if (!shown || shown.width !== now.width || shown.height !== now.height) return paint();
      if (JSON.stringify(now) === JSON.stringify(shown)) return;
      const ratio = now.scale / shown.scale;
      canvas.style.transform = `translate(${now.left - shown.left * ratio}px, ${now.top - shown.top * ratio}px) scale(${ratio})`;
      clearTimeout(timer);
      timer = setTimeout(paint, PAUSE);
    },
  };
}

function paintTracks(canvas, app) {
  const { view, tracks, layers } = app;
  const ratio = globalThis.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(view.width * ratio));
  canvas.height = Math.max(1, Math.round(view.height * ratio));
  Object.assign(canvas.style, { width: `${view.width}px`, height: `${view.height}px` });
  const context = canvas.getContext("2d");
  const [dx, dy] = [view.image.width * view.scale * ratio, view.image.height * view.scale * ratio];
  const positions = new Float32Array(2 * tracks.count);
  for (let i = 0; i < tracks.count; i++) {
    positions[2 * i] = view.left * ratio + tracks.points[2 * i] * dx;
    positions[2 * i + 1] = view.top * ratio + tracks.points[2 * i + 1] * dy;
  }
  if (layers.points) paintPoints(context, positions, ratio);
  if (layers.tracks) paintPaths(context, positions, tracks.tracklets, ratio);
  if (layers.ends) paintEnds(context, positions, tracks.people, ratio);
}

/** Paint the density of foot points per pixel; dark is dense. */
function paintPoints(context, positions, ratio) {
  const { width, height } = context.canvas;
  const counts = new Uint16Array(width * height);
  const size = Math.max(2, Math.round(2 * ratio));
  for (let i = 0; i < positions.length; i += 2) {
    const [left, top] = [Math.round(positions[i] - size / 2), Math.round(positions[i + 1] - size / 2)];
    for (let y = Math.max(0, top); y < Math.min(height, top + size); y++) {
      for (let x = Math.max(0, left); x < Math.min(width, left + size); x++) counts[y * width + x] += 1;
    }
  }
  const single = Math.max(0.12, Math.min(0.6, 4000 / positions.length));
  const image = context.createImageData(width, height);
  for (let i = 0; i < counts.length; i++) {
    if (!counts[i]) continue;
    [image.data[4 * i], image.data[4 * i + 1], image.data[4 * i + 2]] = INK;
    image.data[4 * i + 3] = 235 * (1 - (1 - single) ** counts[i]);
  }
  context.putImageData(image, 0, 0);
}

/** Paint each tracklet as a line; join steps that are too short to be visible. */
function paintPaths(context, positions, starts, ratio) {
  const least = (SHORTEST_STEP * ratio) ** 2;
  Object.assign(context, { strokeStyle: `rgba(${INK.join()}, ${starts.length > 80 ? 0.3 : 0.55})`, lineWidth: 1.2 * ratio, lineJoin: "bevel" });
  starts.forEach((first, index) => {
    const end = starts[index + 1] ?? positions.length / 2;
    let [x, y] = [positions[2 * first], positions[2 * first + 1]];
    context.beginPath();
    context.moveTo(x, y);
    for (let i = first + 1; i < end; i++) {
      const [nx, ny] = [positions[2 * i], positions[2 * i + 1]];
      if ((nx - x) ** 2 + (ny - y) ** 2 < least && i < end - 1) continue;
      context.lineTo(nx, ny);
      [x, y] = [nx, ny];
    }
    context.stroke();
  });
}

/** Paint a circle at the start and a square at the end of each track. */
function paintEnds(context, positions, people, ratio) {
  const size = (context.canvas.width / ratio < NARROW_STAGE ? 3 : 4.5) * ratio;
  Object.assign(context, { lineWidth: 0.45 * size, fillStyle: "rgba(255, 255, 255, 0.85)" });
  people.forEach((first, index) => {
    const last = (people[index + 1] ?? positions.length / 2) - 1;
    context.strokeStyle = END_COLOR;
    context.beginPath();
    context.rect(positions[2 * last] - size * 0.85, positions[2 * last + 1] - size * 0.85, 1.7 * size, 1.7 * size);
    context.fill();
    context.stroke();
    context.strokeStyle = START_COLOR;
    context.beginPath();
    context.arc(positions[2 * first], positions[2 * first + 1], size, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  });
}
