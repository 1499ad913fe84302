// How a computation is drawn: edges, what has gone back along them, boxes with value and gradient, the words above.
import { elide, format } from "./core.js";

export const BOX_HEIGHT = 40, LINE = 17;
const VALUE = 1, PARTIAL = 2, WHOLE = 4;
const APART = 14; // between two edges that join the same nodes
const LONG = 56; // CSS pixels of a name: a longer one is written smaller
const CURVE = 14; // pieces of an edge, for where a number can stand on it

/** A number in three digits that count; in four where three would make a whole number of it, for 0.9999 is not 1. */
export function short(value) {
  if (!Number.isFinite(value)) return format(value);
  const three = Number(value.toPrecision(3));
  return format(Number.isInteger(three) && three !== value ? Number(value.toPrecision(4)) : three);
}

const label = (meta, i) => (meta.symbols[i] ? `${meta.symbols[i]}  ${meta.names[i]}` : meta.names[i]);

/** Width of a box: that of the widest words in any, within reason. */
export function boxWidth(view) {
  const { context, meta, values } = view;
  let most = 34;
  meta.names.forEach((_, i) => {
    context.font = view.font(12, 600);
    most = Math.max(most, Math.min(LONG, context.measureText(label(meta, i)).width));
    context.font = view.font(12);
    most = Math.max(most, context.measureText(short(values[i])).width);
  });
  for (const { slices } of view.store.frames.values())
    for (const gradient of slices.gradients) most = Math.max(most, context.measureText(short(gradient)).width);
  return Math.min(92, Math.ceil(most) + 14);
}

/** The words of a moment, in lines that fit. */
export function markLines(view, mark, width) {
  const { context } = view, lines = [];
  context.font = view.font(12.5, 600);
  for (const words of mark) {
    const joined = lines.length ? `${lines[lines.length - 1]}    ${words}` : words;
    if (lines.length && context.measureText(joined).width <= width - 8) lines[lines.length - 1] = joined;
    else lines.push(words);
  }
  return lines;
}

export function paintComputation(view, context) {
  const { meta, theme, frame } = view, { states, passed, work } = frame.slices;
  context.font = view.font(12.5, 600);
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  context.fillStyle = theme.text;
  markLines(view, view.marks, view.canvasWidth).forEach((line, at) => context.fillText(elide(context, line, view.canvasWidth - 4), 2, LINE * (at + 1) - 3));
  const paths = meta.edges.map((edge, at) => pathOf(view, edge, at)), inks = view.inks;
  const back = meta.edges.some(([, to], at) => to === work[0] && passed[at]);
  meta.edges.forEach(([from, to], at) => {
    const known = states[from] & VALUE, atWork = to === work[0];
    const flow = view.flows[at], isZero = passed[at] && flow === 0; // dots on a line would not be seen
    if (!isZero) stroke(context, paths[at], theme.faint, atWork && !back ? 2.2 : 1.1, known ? 0.75 : 0.35, atWork && !back ? inks.value : null);
    if (!passed[at]) return;
    const share = Math.min(1, Math.abs(flow) / view.most);
    context.setLineDash(isZero ? [2, 4] : []);
    stroke(context, paths[at], inks.gradient, atWork ? 2 + 3 * share : 1 + 3 * share, atWork || isZero ? 1 : 0.6);
    context.setLineDash([]);
    if (atWork) arrow(context, paths[at], inks.gradient);
  });
  meta.names.forEach((_, i) => box(view, context, i, inks));
  numbers(view, context, paths, inks, back);
}

function stroke(context, path, colour, width, alpha, instead = null) {
  context.beginPath();
  path.forEach(([x, y], at) => (at ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.strokeStyle = instead ?? colour;
  context.globalAlpha = instead ? 1 : alpha;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.stroke();
  context.globalAlpha = 1;
}

/** A head at the beginning of an edge: the gradient arrives there. */
function arrow(context, path, colour) {
  const [[x, y], [u, v]] = [path[0], path[Math.min(2, path.length - 1)]], angle = Math.atan2(y - v, x - u);
  context.beginPath();
  context.moveTo(x, y);
  for (const side of [2.65, -2.65]) context.lineTo(x + 9 * Math.cos(angle + side), y + 9 * Math.sin(angle + side));
  context.closePath();
  context.fillStyle = colour;
  context.fill();
}

/** An edge as a polyline: out of one box, through its places, into the other; level where it meets them. */
function pathOf(view, [from, to], at) {
  const { meta, nodes, upright, box } = view, half = upright ? BOX_HEIGHT / 2 : box / 2;
  const twins = meta.edges.flatMap(([a, b], k) => (a === from && b === to ? [k] : [])), shift = (twins.indexOf(at) - (twins.length - 1) / 2) * APART;
  const bow = (x, y) => (upright ? [x + shift, y] : [x, y + shift]);
  const [x0, y0] = bow(...nodes[from]), [x1, y1] = bow(...nodes[to]);
  const [start, end] = upright ? [[x0, y0 + half], [x1, y1 - half]] : [[x0 + half, y0], [x1 - half, y1]];
  const knots = [start, ...meta.routes[at].map(([layer, row]) => bow(...view.at(layer, row))), end], path = [start];
  for (let k = 1; k < knots.length; k++) {
    const [a, b] = [knots[k - 1], knots[k]];
    for (let piece = 1; piece <= CURVE; piece++) {
      const t = piece / CURVE, run = 1.5 * t * (1 - t) + t ** 3, rise = t * t * (3 - 2 * t);
      path.push(upright ? [a[0] + (b[0] - a[0]) * rise, a[1] + (b[1] - a[1]) * run] : [a[0] + (b[0] - a[0]) * run, a[1] + (b[1] - a[1]) * rise]);
    }
  }
  return path;
}

function box(view, context, i, inks) {
  const { meta, theme, nodes, values, frame } = view, { states, gradients, work } = frame.slices;
  const [x, y] = nodes[i], [w, h] = [view.box, BOX_HEIGHT], state = states[i], role = meta.roles[i], atWork = i === work[0];
  context.beginPath();
  context.roundRect(x - w / 2, y - h / 2, w, h, role === "made" || role === "end" ? 12 : 4);
  context.fillStyle = role === "input" ? theme.panel : theme.background;
  context.fill();
  context.setLineDash(role === "fixed" ? [4, 3] : []);
  context.strokeStyle = atWork ? theme.primary : i === view.picked || i === view.hot ? theme.text : theme.faint;
  context.lineWidth = atWork ? 3.2 : i === view.picked ? 2.4 : i === view.hot || role === "end" ? 1.8 : 1;
  context.globalAlpha = state & VALUE || atWork || i === view.picked ? 1 : 0.55;
  context.stroke();
  context.setLineDash([]);
  if (atWork && i === view.picked) {
    context.beginPath();
    context.roundRect(x - w / 2 + 3, y - h / 2 + 3, w - 6, h - 6, 8);
    context.strokeStyle = theme.text;
    context.lineWidth = 1;
    context.stroke();
  }
  context.globalAlpha = 1;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const line = (words, row, colour, weight) => {
    for (const size of [12, 11, 10, 9]) {
      context.font = view.font(size, weight);
      if (context.measureText(words).width <= w - 5 || size === 9) break;
    }
    context.fillStyle = colour;
    context.fillText(elide(context, words, w - 2), x, y + (row - 1) * 12.4);
  };
  line(label(meta, i), 0, state & VALUE ? theme.text : theme.faint, 600);
  if (state & VALUE) line(short(values[i]), 1, inks.value, 400);
  if (state & (PARTIAL | WHOLE) && role !== "fixed") line(short(gradients[i]) + (state & WHOLE ? "" : " …"), 2, inks.gradient, 400);
}

/** What goes back along the edges, where that covers no box and no other number, and no other edge if there is such a
 * place: first those of the node at work, then those of nodes that are used several times, then the others. */
function numbers(view, context, paths, inks, back) {
  const { meta, nodes, frame, theme } = view, { passed, work } = frame.slices;
  const uses = new Map();
  for (const [from] of meta.edges) uses.set(from, (uses.get(from) ?? 0) + 1);
  const rank = ([from, to]) => (to === work[0] && back ? 0 : from === view.picked || to === view.picked ? 1 : uses.get(from) > 1 ? 2 : 3);
  const taken = nodes.map(([x, y]) => [x, y, view.box / 2, BOX_HEIGHT / 2]);
  context.font = view.font(11, 600);
  context.textAlign = "center";
  context.textBaseline = "middle";
  const order = meta.edges.map((edge, at) => [rank(edge), at]).filter(([, at]) => passed[at]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  for (const [, at] of order) {
    const words = short(view.flows[at]), wide = context.measureText(words).width / 2 + 2, path = paths[at];
    const free = ([x, y]) => x - wide >= 0 && x + wide <= view.canvasWidth && !taken.some(([u, v, w, h]) => Math.abs(x - u) < wide + w && Math.abs(y - v) < 7 + h);
    const lonely = ([x, y]) => !paths.some((other, k) => k !== at && other.some(([u, v]) => Math.abs(x - u) < wide && Math.abs(y - v) < 7));
    const places = [0.5, 0.35, 0.65, 0.25, 0.75].map((share) => path[Math.round(share * (path.length - 1))]).filter(free);
    if (!places.length) continue;
    const [x, y] = places.find(lonely) ?? places[0];
    taken.push([x, y, wide, 7]);
    context.fillStyle = theme.background;
    context.globalAlpha = 0.85;
    context.beginPath();
    context.roundRect(x - wide, y - 7, 2 * wide, 14, 4);
    context.fill();
    context.globalAlpha = 1;
    context.fillStyle = inks.gradient;
    context.fillText(words, x, y + 0.5);
  }
}
