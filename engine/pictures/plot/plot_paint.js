// What stands in a plane with axes, painted.
import { lineColourOf } from "./core.js";
import { strokeSeamed } from "./borders.js";
import { disc, haloText } from "./marks.js";

const FAR = 1e5; // CSS pixels: what lies beyond is as good as there

/** Ranges of x that have a name; across(x): its place. */
export function paintBands(context, { theme, box }, bands, across) {
  for (const [low, high, , colour] of bands) {
    const left = across(low), right = across(high);
    if (right <= left) continue;
    context.save();
    context.globalAlpha = 0.16;
    context.fillStyle = lineColourOf(colour, theme);
    context.fillRect(left, box.y, right - left, box.h);
    context.restore();
  }
}

/** Their names, over lines and curves, where they have room. */
export function paintBandNames(context, { theme, box }, bands, across) {
  context.font = `11px ${theme.family}`;
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const [low, high, name] of bands) {
    const left = across(low), right = across(high), fits = context.measureText(name).width < right - left - 6;
    if (fits) haloText(context, name, (left + right) / 2, box.y + 5, theme.faint, theme.panel);
  }
}

/** A path through places on the canvas; what is no number breaks it. seam: colour of a seam around it, null for none. */
export function paintPath(context, path, places, theme, seam) {
  const colour = path.colour === null && seam ? theme.edge : lineColourOf(path.colour, theme), line = new Path2D();
  const near = (place) => Math.max(-FAR, Math.min(FAR, place));
  let open = false, last = null;
  for (const [x, y] of places) {
    if (Number.isNaN(x + y)) { open = false; continue; }
    last = [near(x), near(y)];
    if (open) line.lineTo(...last);
    else line.moveTo(...last);
    open = true;
  }
  if (!last) return;
  if (path.closed) line.closePath();
  if (path.filled) {
    context.save();
    context.globalAlpha = 0.15;
    context.fillStyle = colour;
    context.fill(line);
    context.restore();
  }
  context.lineJoin = "round";
  context.setLineDash(path.dashed ? [6, 4] : []);
  strokeSeamed(context, line, colour, path.width, seam);
  context.setLineDash([]);
  if (path.grows) disc(context, ...last, 5, lineColourOf(path.colour, theme), true, theme);
}

/** A ring to be dragged, with its name beside it. */
export function paintHandle(context, view, [x, y], name, colour, held) {
  const { theme, box } = view, paint = lineColourOf(colour, theme);
  context.beginPath();
  context.arc(x, y, held ? 11 : 9, 0, 2 * Math.PI);
  context.fillStyle = theme.background;
  context.fill();
  context.lineWidth = 3;
  context.strokeStyle = paint;
  context.stroke();
  context.beginPath();
  context.arc(x, y, 3, 0, 2 * Math.PI);
  context.fillStyle = paint;
  context.fill();
  if (!name) return;
  context.font = view.font(12, 600);
  const right = x + 15 + context.measureText(name).width < box.x + box.w;
  context.textAlign = right ? "left" : "right";
  context.textBaseline = "middle";
  haloText(context, name, right ? x + 14 : x - 14, Math.max(box.y + 8, y - 10), theme.text, theme.background);
}
