// How a graph view is drawn: edges, nodes, rings, names, the coefficients on the picked node's edges, axes.
import { CLASS_COLOURS, format } from "./core.js";
import { BOTH_RINGS, KNOWN_RING, PICKED_RING } from "./graph_names.js";
import { haloText, ticks } from "./marks.js";

const EVERY_EDGE = 1500; // edges, up to which they are drawn between moving nodes
const REDRAWN = 600; // edges, up to which they are drawn anew each time; more are drawn once and then copied
const MOST_WORDS = 14, WRITABLE = 300; // coefficients written on edges; nodes up to which there is room for them

/** Everything of `view` (see graph.js), edges below, words on top. */
export function paintGraph(view, context) {
  const { meta, theme, count, xs, ys, radius } = view;
  if (!xs) return;
  if (meta.plane) axes(view, context);
  edges(view, context);
  const reaching = reachingOf(view);
  strongEdges(view, context, reaching);
  discs(view, context);
  const written = names(view, context);
  for (const i of [view.picked, view.hot])
    if (i !== null && i < count) ring(context, xs[i], ys[i], radius + (view.known?.[i] ? BOTH_RINGS : PICKED_RING), theme.text, i === view.picked ? 2.5 : 1.5);
  coefficients(view, context, reaching, written);
  const mark = meta.marks[Math.max(0, meta.frames ? meta.frames.indices.indexOf(view.frameIndex) : 0)];
  if (!mark) return;
  context.font = view.font(12, 600);
  context.textAlign = "left";
  context.textBaseline = "top";
  haloText(context, mark, 4, 4, theme.text, theme.background);
}

function ring(context, x, y, radius, colour, width) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}

function line(context, view, a, b) {
  context.moveTo(view.xs[a], view.ys[a]);
  context.lineTo(view.xs[b], view.ys[b]);
}

/** All edges in one stroke; many of them, between nodes that stay where they are, from a sheet kept for that. */
function edges(view, context) {
  const { meta, theme } = view, pairs = view.edges;
  if (!pairs.length || (meta.plane && pairs.length > EVERY_EDGE)) return;
  const stroke = (target) => {
    target.beginPath();
    for (const pair of pairs) line(target, view, pair >>> 16, pair & 0xffff);
    target.strokeStyle = theme.faint;
    target.globalAlpha = Math.max(0.12, Math.min(0.45, 260 / pairs.length)) * (meta.plane ? 0.5 : 1);
    target.lineWidth = pairs.length > REDRAWN ? 0.6 : 1;
    target.stroke();
    target.globalAlpha = 1;
  };
  if (meta.plane || pairs.length < REDRAWN) return stroke(context);
  const facts = `${view.canvas.width} ${view.canvas.height} ${theme.faint}`;
  if (view.sheet?.facts !== facts) {
    const canvas = view.sheet?.canvas ?? document.createElement("canvas");
    canvas.width = view.canvas.width;
    canvas.height = view.canvas.height;
    const own = canvas.getContext("2d");
    own.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    stroke(own);
    view.sheet = { canvas, facts };
  }
  context.drawImage(view.sheet.canvas, 0, 0, view.canvasWidth, view.canvasHeight);
}

/** [node, coefficient] of what reaches the picked node: as told from Python, its bare edges until that is known. */
function reachingOf({ picked, meta, edges: pairs }) {
  if (picked === null) return [];
  if (picked === meta.picked && meta.messages.length) return meta.messages.filter(([node]) => node !== picked);
  const neighbours = [];
  for (const pair of pairs) {
    const a = pair >>> 16, b = pair & 0xffff;
    if (a === picked || b === picked) neighbours.push([a === picked ? b : a, null]);
  }
  return neighbours;
}

function strongEdges(view, context, reaching) {
  const most = Math.max(1e-12, ...reaching.map(([, value]) => value ?? 0));
  context.strokeStyle = view.theme.primary;
  context.globalAlpha = view.meta.plane ? 0.45 : 0.9;
  for (const [node, value] of reaching) {
    context.lineWidth = value === null ? 2 : 1 + (3 * value) / most;
    context.beginPath();
    line(context, view, view.picked, node);
    context.stroke();
  }
  context.globalAlpha = 1;
}

function discs(view, context) {
  const { theme, count, xs, ys, radius, truth, known } = view, plain = theme.dark ? "#FFFFFF70" : "#1E243070";
  const trueColour = (i) => CLASS_COLOURS[truth[i] % CLASS_COLOURS.length];
  for (let i = 0; i < count; i++) {
    const told = truth && truth[i] >= 0;
    context.beginPath();
    context.arc(xs[i], ys[i], radius, 0, 2 * Math.PI);
    context.fillStyle = view.colours[i];
    context.fill();
    context.strokeStyle = told ? trueColour(i) : plain;
    context.lineWidth = told ? Math.min(2, radius / 2.5) : 0.75;
    context.stroke();
  }
  if (!known || !truth) return;
  for (let i = 0; i < count; i++) if (known[i]) ring(context, xs[i], ys[i], radius + KNOWN_RING, trueColour(i), 2);
}

/** Short names inside the discs, longer ones beside them; returns the latter. */
function names(view, context) {
  const { count, xs, ys, theme, letters } = view;
  if (!letters) return [];
  const written = view.names();
  context.font = view.font(11, 600);
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let i = 0; i < count; i++) {
    if (!letters.inside[i]) continue;
    context.fillStyle = view.inks[i];
    context.fillText(view.name(i), xs[i], ys[i] + 0.5);
  }
  for (const { text, x, y } of written) haloText(context, text, x, y, theme.text, theme.background);
  return written;
}

function coefficients(view, context, reaching, written) {
  const { meta, picked, count, xs, ys, radius, theme } = view;
  if (meta.plane || picked !== meta.picked || count > WRITABLE) return;
  context.font = view.font(11, 600);
  context.textAlign = "center";
  context.textBaseline = "middle";
  const taken = Array.from({ length: count }, (_, node) => [xs[node], ys[node], radius, radius]);
  for (const { x, y, half } of written) taken.push([x, y, half, 7]);
  for (const [node, value] of reaching.slice(0, MOST_WORDS)) {
    if (value === null) continue;
    const words = format(Number(value.toFixed(2))), wide = context.measureText(words).width / 2 + 1;
    const free = (x, y) => taken.every(([u, v, w, h]) => Math.abs(x - u) >= wide + w || Math.abs(y - v) >= 7 + h);
    for (const far of [0.6, 0.5, 0.7, 0.4, 0.8]) { // neighbours may lie close together; the table below has them all
      const x = xs[picked] + far * (xs[node] - xs[picked]), y = ys[picked] + far * (ys[node] - ys[picked]);
      if (!free(x, y)) continue;
      taken.push([x, y, wide, 7]);
      haloText(context, words, x, y, theme.text, theme.background);
      break;
    }
  }
}

/** The numbers of a plane's axes, as [text, place on the canvas, "x" or "y"]; both directions have one scale. */
export function axisMarks({ canvasWidth: w, canvasHeight: h, zoom, middle, extent }) {
  const half = [w / 2 / zoom, h / 2 / zoom];
  const across = ticks(extent.x - 0.85 * half[0], extent.x + 0.9 * half[0], 4);
  const down = ticks(extent.y - 0.8 * half[1], extent.y + 0.9 * half[1], 4);
  return [
    ...across.map((value) => [format(value), middle[0] + (value - extent.x) * zoom, "x"]),
    ...down.map((value) => [format(value), middle[1] - (value - extent.y) * zoom, "y"]),
  ];
}

/** The frame of a plane with its numbers. */
function axes(view, context) {
  const { theme, canvasWidth: w, canvasHeight: h } = view;
  context.font = view.font(10);
  context.fillStyle = theme.faint;
  context.strokeStyle = theme.line;
  context.lineWidth = 1;
  context.strokeRect(0.5, 0.5, w - 1, h - 1);
  context.beginPath();
  for (const [text, place, axis] of axisMarks(view)) {
    const at = Math.round(place) + 0.5;
    context.textAlign = axis === "x" ? "center" : "left";
    context.textBaseline = axis === "x" ? "bottom" : "middle";
    context.moveTo(axis === "x" ? at : 0, axis === "x" ? 0 : at);
    context.lineTo(axis === "x" ? at : w, axis === "x" ? h : at);
    context.fillText(text, axis === "x" ? at : 4, axis === "x" ? h - 3 : at - 7);
  }
  context.globalAlpha = 0.6;
  context.stroke();
  context.globalAlpha = 1;
}
