// Where the nodes of a graph and their names stand, so that nothing is cut and nothing hides another.
// names.py does the same for files, with the same numbers in the same order.
import { elide } from "./core.js";

export const NAMED = 60; // nodes, up to which each shows its name
const LETTERS = 11, LINE = 13; // height of a name's letters, and of its line
export const KNOWN_RING = 3.5, PICKED_RING = 3.5, BOTH_RINGS = 7; // from the edge of a disc to the middle of a ring
const SHORTER = [Infinity, 88, 52]; // widths to which a name may be cut where there is no room for more
const ROOM = 2; // between anything and the edge of the picture
const ONE_POINT = 1e-6; // a smaller extent is float32 rounding: the nodes lie in one point

/** Middle and sides of places, given as arrays of x, y, x, y, …; one point gets a unit square around it. */
export function extentOf(arrays) {
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const places of arrays)
    for (let i = 0; i < places.length; i += 2) {
      if (places[i] < left) left = places[i];
      if (places[i] > right) right = places[i];
      if (places[i + 1] < bottom) bottom = places[i + 1];
      if (places[i + 1] > top) top = places[i + 1];
    }
  let [w, h] = [right - left, top - bottom];
  if (Math.max(w, h) < ONE_POINT) w = h = 1;
  return { x: (left + right) / 2, y: (bottom + top) / 2, w, h };
}

export function radiusOf(count, width, height, plane) {
  const share = Math.sqrt(Math.max(0, (width - 44) * (height - 28)) / count);
  return Math.max(2.4, Math.min(plane ? 6 : 11, share / (plane ? 9 : 6)));
}

/** How far the rings of a picked node reach from its middle. */
export const reachOf = (radius, known) => radius + (known ? BOTH_RINGS : PICKED_RING) + 1.5;

/** How far from its middle a node's name begins: outside every ring that it has or may get. */
const belowOf = (radius, known) => radius + (known ? BOTH_RINGS : PICKED_RING) + 2;

/** The names of a view (see graph.js): whether each stands inside its disc, and how wide those are that do not. */
export function lettersOf(view) {
  const { context, count, radius, meta } = view;
  if (count > NAMED || radius < 7 || meta.plane) return null;
  context.font = view.font(LETTERS, 600);
  const inside = [], widths = [];
  for (let i = 0; i < count; i++) {
    const name = view.name(i), wide = context.measureText(name).width;
    inside.push([...name].length <= 3 && wide <= 2 * radius - 3);
    widths.push(wide);
  }
  return { inside, widths, widest: Math.max(0, ...widths.filter((_, i) => !inside[i])) };
}

/** Margins: room for rings, for names below the lowest nodes and, where that takes not too much, beside the outermost. */
export function marginsOf(view) {
  const { meta, canvasWidth: width, radius, known, letters } = view;
  const ringed = Boolean(known?.some(Boolean)), reach = reachOf(radius, ringed) + ROOM;
  if (meta.plane) return { side: Math.max(34, reach), top: Math.max(22, reach), foot: Math.max(22, reach) };
  const widest = letters?.widest ?? 0;
  const side = Math.max(reach, Math.min(widest / 2 + ROOM, 0.2 * width));
  return { side, top: reach, foot: widest ? Math.max(reach, belowOf(radius, ringed) + LINE + ROOM) : reach };
}

/** Names outside their discs, as {node, text, x, y, half}: below, above, right or left, where they cover no disc and no
 * other name; else cut; else left out. That of the picked node chooses its place before all others. */
export function placeNames(view) {
  const { context, count, picked, xs, ys, radius, known, letters, canvasWidth: width, canvasHeight: height } = view;
  if (!letters) return [];
  context.font = view.font(LETTERS, 600);
  const placed = [];
  const rings = Array.from({ length: count }, (_, i) => (i === picked ? reachOf(radius, known?.[i]) : radius + (known?.[i] ? KNOWN_RING + 1 : 1)));
  const free = (x, y, half) => {
    if (Math.abs(x - width / 2) > width / 2 - half - ROOM + 1e-6 || Math.abs(y - height / 2) > (height - LINE) / 2) return false;
    for (let i = 0; i < count; i++) {
      const across = Math.max(0, Math.abs(x - xs[i]) - half), down = Math.max(0, Math.abs(y - ys[i]) - LINE / 2);
      if (across ** 2 + down ** 2 < rings[i] ** 2) return false;
    }
    return placed.every((other) => Math.abs(x - other.x) >= half + other.half + 3 || Math.abs(y - other.y) >= LINE);
  };
  const within = (x, half) => Math.max(half + ROOM, Math.min(width - half - ROOM, x));
  const place = (node) => {
    const [x, y] = [xs[node], ys[node]], away = belowOf(radius, known?.[node]);
    for (const most of SHORTER) {
      if (most < Infinity && letters.widths[node] <= most) continue;
      const text = elide(context, view.name(node), Math.min(most, width - 2 * ROOM)), half = context.measureText(text).width / 2;
      const spots = [[within(x, half), y + away + LINE / 2], [within(x, half), y - away - LINE / 2], [x + away + half, y], [x - away - half, y]];
      const spot = text && spots.find(([u, v]) => free(u, v, half));
      if (spot) return placed.push({ node, text, x: spot[0], y: spot[1], half });
    }
  };
  const order = [...Array(count).keys()].sort((a, b) => (b === picked) - (a === picked));
  for (const node of order) if (!letters.inside[node]) place(node);
  return placed;
}
