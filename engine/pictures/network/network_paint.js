// The lines and the signed colours of a network's picture.
import { elide, lettersOn, tableOf } from "./core.js";

export const BUCKETS = 7; // edges of like strength are stroked together
export const OWN = 100; // keys of the paths that stand out

export const signedColour = (place, dark) => `rgb(${tableOf("signed", dark).bytes.slice(4 * place, 4 * place + 3).join(" ")})`;

/** paths: Map(key -> Path2D), a key being 50 for positive weights + the bucket of their strength (+ OWN). */
export function strokeEdges(context, paths, focused, { theme, edgeCount }) {
  const colours = [14, 241].map((place) => signedColour(place, theme.dark));
  const crowd = 1 / Math.max(1, Math.sqrt(edgeCount / 60)); // many edges are drawn more quietly
  for (const [key, path] of paths) {
    const own = key >= OWN, strength = ((key % 50) + 0.5) / BUCKETS;
    context.strokeStyle = colours[key % OWN >= 50 ? 1 : 0];
    context.lineWidth = (0.5 + 3.6 * strength) * (own ? 1.25 : Math.max(0.55, crowd));
    context.globalAlpha = own ? 0.95 : (0.1 + 0.75 * strength) * (focused ? 0.25 : 1) * Math.max(0.5, Math.sqrt(crowd));
    context.stroke(path);
  }
  context.globalAlpha = 1;
}

/** A number in a neuron's square, in letters that can be read on its colour. */
export function writeNumber(context, { x, y, s }, value, place, view) {
  if (s < 22 || Number.isNaN(value)) return;
  const size = Math.abs(value), digits = size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
  const text = size > 0 && size < 0.005 ? "≈0" : (value < 0 ? "−" : "") + size.toFixed(size < 99999 ? digits : 0);
  context.font = view.font(s < 30 ? 9 : 11);
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = lettersOn(...tableOf("signed", view.theme.dark).bytes.slice(4 * place, 4 * place + 3));
  context.fillText(text, x + s / 2, y + s / 2, s - 2);
}

/** What the neurons of the first and of the last layer are called, beside them; the widest name has `most` px. */
export function writeNames(context, view, most) {
  const { layers, nodes, columns, theme } = view;
  context.font = view.font(11);
  context.textBaseline = "middle";
  for (const { layer, index, name, x, y, s } of nodes) {
    const first = layer === 0;
    if (!first && (layer < layers.length - 1 || columns[layer].rows < layers[layer].neurons.length)) continue;
    context.textAlign = first ? "right" : "left";
    context.fillStyle = layers[layer].off.includes(index) ? theme.faint : theme.text;
    context.fillText(elide(context, name, most), first ? x - 5 : x + s + 5, y + s / 2);
  }
}

/** Lines that carry nothing yet, so that the network is seen. ends(layer, to, from) -> two points. */
export function strokeEmpty(context, { layers, frame, theme, edgeCount }, ends) {
  if (edgeCount > 600) return;
  context.strokeStyle = theme.faint;
  context.globalAlpha = 0.22;
  context.lineWidth = 0.6;
  context.beginPath();
  for (let l = 1; l < layers.length; l++) {
    const inputs = layers[l - 1].neurons.length, off = layers[l - 1].off;
    frame.slices["w" + (l - 1)].forEach((weight, at) => {
      if (!Number.isNaN(weight) || off.includes(at % inputs)) return;
      const [[x0, y0], [x1, y1]] = ends(l, Math.floor(at / inputs), at % inputs), middle = (x0 + x1) / 2;
      context.moveTo(x0, y0);
      context.bezierCurveTo(middle, y0, middle, y1, x1, y1);
    });
  }
  context.stroke();
  context.globalAlpha = 1;
}
