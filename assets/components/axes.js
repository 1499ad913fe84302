// The axes of a plane: grid, numbers and names, and how places in it stand on the canvas.
import { format } from "./core.js";
import { logTicks, ticks } from "./marks.js";

/** How far along an axis a value stands, 0 to 1. */
export const shareOf = (value, low, high, log) => (log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low));

/** The value that stands so far along. */
export const valueAt = (share, low, high, log) => (log ? low * (high / low) ** share : low + share * (high - low));

/**
 * view: with font() and theme; box: {x, y, w, h} in CSS pixels. domain: [x low, x high, y low, y high]. across, up: about
 * how many numbers stand beside each axis. quiet: there is a field below, and the grid gives way to it. zero: the lines x = 0 and y = 0 are
 * marked.
 */
export function drawAxes(context, view, box, { domain, labels, logX = false, logY = false, across = 4, up = 4, quiet = false, zero = false }) {
  const { theme } = view, [x0, x1, y0, y1] = domain;
  const placeX = (value) => box.x + shareOf(value, x0, x1, logX) * box.w, placeY = (value) => box.y + (1 - shareOf(value, y0, y1, logY)) * box.h;
  const crisp = (place) => Math.round(place) + 0.5;
  context.font = view.font(11);
  context.strokeStyle = quiet ? theme.edge + "18" : theme.line;
  context.fillStyle = theme.faint;
  context.lineWidth = 1;
  context.textBaseline = "middle";
  context.textAlign = "center";
  context.beginPath();
  let taken = -Infinity;
  for (const value of logX ? logTicks(x0, x1) : ticks(x0, x1, across)) {
    const x = placeX(value), label = format(value), half = context.measureText(label).width / 2;
    context.moveTo(crisp(x), box.y);
    context.lineTo(crisp(x), box.y + box.h);
    if (x - half < taken + 4) continue;
    context.fillText(label, x, box.y + box.h + 11);
    taken = x + half;
  }
  context.textAlign = "right";
  let above = Infinity;
  for (const value of logY ? logTicks(y0, y1) : ticks(y0, y1, up)) {
    const y = placeY(value);
    context.moveTo(box.x, crisp(y));
    context.lineTo(box.x + box.w, crisp(y));
    if (y > above - 13) continue;
    context.fillText(format(value), box.x - 6, Math.max(box.y + 6, y));
    above = y;
  }
  context.stroke();
  if (zero) {
    context.strokeStyle = theme.faint + "99";
    context.beginPath();
    if (!logX && x0 < 0 && x1 > 0) {
      context.moveTo(crisp(placeX(0)), box.y);
      context.lineTo(crisp(placeX(0)), box.y + box.h);
    }
    if (!logY && y0 < 0 && y1 > 0) {
      context.moveTo(box.x, crisp(placeY(0)));
      context.lineTo(box.x + box.w, crisp(placeY(0)));
    }
    context.stroke();
  }
  context.strokeStyle = theme.line;
  context.strokeRect(box.x + 0.5, box.y + 0.5, box.w - 1, box.h - 1);
  context.textAlign = "center";
  context.fillText(labels[0], box.x + box.w / 2, box.y + box.h + 26);
  context.save();
  context.translate(8, box.y + box.h / 2);
  context.rotate(-Math.PI / 2);
  context.fillText(labels[1], 0, 0);
  context.restore();
}

/** Four short strokes around a place. */
export function cross(context, [x, y], colour) {
  context.lineWidth = 1;
  context.strokeStyle = colour;
  context.beginPath();
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    context.moveTo(x + 4 * dx, y + 4 * dy);
    context.lineTo(x + 10 * dx, y + 10 * dy);
  }
  context.stroke();
}
