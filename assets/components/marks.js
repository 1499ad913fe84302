// Points, boxes, lines and words over a tile, in the tile's own pixel coordinates.
import { colourOf, elide, lettersOn, rgb } from "./core.js";

/** A point: full, or a ring. Its edge is seen on every class region of the page, also on that of its own class. */
export function disc(context, x, y, radius, colour, filled, { dark, edge }) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = filled ? colour : dark ? "#0F1420" : "#FFFFFF";
  context.fill();
  context.strokeStyle = edge;
  context.lineWidth = filled ? 1.1 : 3.4;
  context.stroke();
  if (filled) return;
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.stroke();
}

/** The edge of a region that a reader painted: cells of 0 and 1, row by row, over a square of side s. */
export function edge(context, cells, { x, y, s }, colour) {
  const side = Math.round(Math.sqrt(cells.length)), cell = s / side;
  context.save();
  context.setLineDash([2, 5]);
  context.lineCap = "round";
  context.lineWidth = 3;
  context.strokeStyle = colour;
  context.beginPath();
  cells.forEach((value, at) => {
    const column = at % side, row = Math.floor(at / side), left = x + column * cell, top = y + row * cell;
    if (column && value !== cells[at - 1]) { context.moveTo(left, top); context.lineTo(left, top + cell); }
    if (row && value !== cells[at - side]) { context.moveTo(left, top); context.lineTo(left + cell, top); }
  });
  context.stroke();
  context.restore();
}

/** The names of a tile's rows, `left` pixels beside it, and of its columns above it. */
export function drawLabels(context, tile, theme, font, left) {
  const { rowLabels, columnLabels, zoom } = tile;
  context.font = font;
  context.fillStyle = theme.faint;
  context.textBaseline = "middle";
  if (rowLabels) {
    context.textAlign = "right";
    for (let row = 0; row < tile.rows; row += Math.ceil(11 / zoom))
      context.fillText(elide(context, rowLabels[row], left - 6), tile.x - 5, tile.y + (row + 0.5) * zoom);
  }
  if (!columnLabels) return;
  const flat = Math.max(...columnLabels.map((label) => context.measureText(label).width)) < zoom - 3;
  for (let column = 0; column < tile.columns; column += flat ? 1 : Math.ceil(12 / zoom)) {
    context.save();
    context.translate(tile.x + (column + 0.5) * zoom, tile.y - (flat ? 9 : 5));
    if (!flat) context.rotate(-0.95);
    context.textAlign = flat ? "center" : "left";
    context.fillText(elide(context, columnLabels[column], flat ? zoom : 88), 0, 0);
    context.restore();
  }
}

/** Words with a thin edge in the opposite colour, to be read on any picture. */
export function haloText(context, words, x, y, colour, halo) {
  context.lineJoin = "round";
  context.lineWidth = 3;
  context.strokeStyle = halo;
  context.strokeText(words, x, y);
  context.fillStyle = colour;
  context.fillText(words, x, y);
}

/**
 * frame: index shown now; marks that belong to another frame stay away. ground(x, y): colour [red, green, blue] of the tile
 * at a place. Returns where the names of boxes stand.
 */
export function drawMarks(context, tile, theme, font, frame, ground) {
  const { points = [], boxes = [], lines = [], texts = [] } = tile;
  if (!(points.length + boxes.length + lines.length + texts.length)) return [];
  const now = (only) => only === null || only === undefined || only === frame;
  const across = (x) => tile.x + x * tile.zoom, down = (y) => tile.y + y * tile.zoom;
  context.save();
  context.beginPath();
  context.rect(tile.x - 1, tile.y - 1, tile.w + 2, tile.h + 2);
  context.clip();
  context.lineJoin = context.lineCap = "round";
  for (const [path, colour, width, arrow, only] of lines) {
    if (!now(only) || path.length < 2) continue;
    context.strokeStyle = colourOf(colour, theme);
    context.lineWidth = width;
    context.beginPath();
    path.forEach(([x, y], at) => (at ? context.lineTo(across(x), down(y)) : context.moveTo(across(x), down(y))));
    if (arrow) {
      const [[x0, y0], [x1, y1]] = path.slice(-2);
      const angle = Math.atan2(y1 - y0, x1 - x0), size = 3 + 2 * width;
      for (const side of [2.6, -2.6]) {
        context.moveTo(across(x1), down(y1));
        context.lineTo(across(x1) + size * Math.cos(angle + side), down(y1) + size * Math.sin(angle + side));
      }
    }
    context.stroke();
  }
  const named = [];
  for (const [x0, y0, x1, y1, label, colour, only] of boxes) {
    if (!now(only)) continue;
    const paint = colourOf(colour, theme);
    const [x, y, w, h] = [across(x0), down(y0), (x1 - x0) * tile.zoom, (y1 - y0) * tile.zoom];
    if (label) named.push({ x, y, w, h, label, paint });
    context.lineWidth = 4;
    context.strokeStyle = "#FFFFFFB0";
    context.strokeRect(x, y, w, h);
    context.lineWidth = 2;
    context.strokeStyle = paint;
    context.strokeRect(x, y, w, h);
  }
  const places = boxLabels(context, tile, named, font);
  const radius = Math.min(5, Math.max(2.6, tile.w / 85));
  for (const [x, y, classIndex, filled, , only] of points)
    if (now(only)) disc(context, across(x), down(y), radius, colourOf(classIndex, theme), filled, theme);
  context.textAlign = "center";
  context.textBaseline = "middle";
  const fits = (size) => {
    context.font = font(size, 600);
    return texts.every(([, , words, , , within]) => !within || context.measureText(words).width <= within * tile.zoom);
  };
  const size = [12, 10, 9].find(fits); // numbers in cells: all of them in one size, or none
  context.font = font(size ?? 12, 600);
  for (const [x, y, words, colour, only, within] of texts)
    if (now(only) && (size || !within)) {
      const paint = colour === null ? lettersOn(...ground(x, y)) : colourOf(colour, theme);
      haloText(context, words, across(x), down(y), paint, lettersOn(...rgb(paint)) === "#FFFFFF" ? "#FFFFFFD0" : "#000000B0");
    }
  context.restore();
  return places;
}

/** A name at each box, at the first of its corners where it covers no other name; the last box chooses first. */
function boxLabels(context, tile, named, font) {
  const taken = [], high = 18;
  context.font = font(12, 600);
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (const { x, y, w, h, label, paint } of named.reverse()) {
    const wide = context.measureText(label).width + 10;
    const places = [[x - 1, y - high], [x - 1, y], [x + w - wide + 1, y - high], [x + w - wide + 1, y], [x - 1, y + h - high], [x - 1, y + h], [x + w - wide + 1, y + h - high]]
      .filter(([, top]) => top >= tile.y - 1 && top + high <= tile.y + tile.h + 1)
      .map(([left, top]) => [Math.max(tile.x, Math.min(left, tile.x + tile.w - wide)), top]);
    const free = ([left, top]) => taken.every((other) => left >= other[0] + other[2] || left + wide <= other[0] || top >= other[1] + high || top + high <= other[1]);
    const [left, top] = places.find(free) ?? places[0] ?? [x, y];
    taken.push([left, top, wide, high]);
    context.fillStyle = paint;
    context.fillRect(left, top, wide, high);
    context.fillStyle = lettersOn(...rgb(paint));
    context.fillText(label, left + 5, top + 9.5);
  }
  return taken;
}

const MOST_PARTS = 16;

/** Round numbers that divide low..high into about `count` parts; two at least, for one says nothing of a size. */
export function ticks(low, high, count) {
  const rough = (high - low) / Math.max(1, count) || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) * power;
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at++) found.push(Number((at * step).toPrecision(12)));
  return found.length < 2 && high > low && count < MOST_PARTS ? ticks(low, high, 2 * count) : found;
}

/** 1, 2 and 5 times the powers of ten between low and high; only the powers where that would be many, and of them at most `most`. */
export function logTicks(low, high, most = 9) {
  const decades = Math.log10(high / low), every = Math.max(1, Math.ceil(decades / most));
  const at = (...factors) => {
    const values = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
      for (const factor of factors) {
        const value = Number((factor * 10 ** power).toPrecision(6));
        if (power % every === 0 && value >= low * 0.999 && value <= high * 1.001) values.push(value);
      }
    return values;
  };
  const powers = at(1), values = decades > 2.2 || (most < 4 && powers.length > 1) ? powers : at(1, 2, 5);
  if (!values.length) return [low, high].map((value) => Number(value.toPrecision(3)));
  return most < 4 && values.length > most ? [values[0], values.at(-1)] : values;
}
