// Straight borders a x + b y = c over a plane, each with the side on which a x + b y is greater; borders.py says the same.
import { lineColourOf } from "./core.js";

/** Where the line enters and leaves a domain [x low, x high, y low, y high]; [] where it does not. */
export function borderEnds([a, b, c], [x0, x1, y0, y1]) {
  const length = a * a + b * b;
  if (!(length > 0) || !Number.isFinite(length + c)) return [];
  const x = (a * c) / length, y = (b * c) / length;
  let low = -Infinity, high = Infinity;
  for (const [at, step, first, last] of [[x, -b, x0, x1], [y, a, y0, y1]]) {
    if (step === 0) {
      if (at < first || at > last) return [];
      continue;
    }
    const [one, other] = [(first - at) / step, (last - at) / step].sort((p, q) => p - q);
    [low, high] = [Math.max(low, one), Math.min(high, other)];
  }
  return low < high ? [low, high].map((t) => [x - b * t, y + a * t]) : [];
}

/** Corners of the part of a domain in which a x + b y > c. */
export function halfPlane([a, b, c], [x0, x1, y0, y1]) {
  const corners = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]], kept = [];
  corners.forEach(([px, py], at) => {
    const [qx, qy] = corners[(at + 1) % 4], before = a * px + b * py - c, after = a * qx + b * qy - c;
    if (before > 0) kept.push([px, py]);
    if (before > 0 !== after > 0) {
      const share = before / (before - after);
      kept.push([px + share * (qx - px), py + share * (qy - py)]);
    }
  });
  return kept.length > 2 ? kept : [];
}

/** A line of a colour; over a field with a seam, for it must be seen on every region. */
export function strokeSeamed(context, path, colour, width, seam) {
  if (seam) {
    context.save();
    context.setLineDash([]);
    context.globalAlpha = 0.65;
    context.strokeStyle = seam;
    context.lineWidth = width + (width > 1.5 ? 2 : 1.2);
    context.stroke(path);
    context.restore();
  }
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke(path);
}

/**
 * borders: as they are told of in a payload; valuesOf(k): [a, b, c] now; place([x, y]) -> screen; seam: colour of a seam
 * around lines, null for none. Clipped by who calls.
 */
export function drawBorders(context, borders, valuesOf, domain, place, theme, seam) {
  borders.forEach((border, k) => {
    const values = valuesOf(k), ends = values ? borderEnds(values, domain) : [];
    const colour = border.colour === null && seam ? theme.edge : lineColourOf(border.colour, theme);
    if (values && border.shaded) {
      const corners = halfPlane(values, domain).map(place);
      if (corners.length) {
        const wash = new Path2D();
        corners.forEach(([x, y], at) => (at ? wash.lineTo(x, y) : wash.moveTo(x, y)));
        context.save();
        context.globalAlpha = 0.13;
        context.fillStyle = colour;
        context.fill(wash);
        context.restore();
      }
    }
    if (!ends.length) return;
    const [[sx, sy], [tx, ty]] = ends.map(place), line = new Path2D();
    line.moveTo(sx, sy);
    line.lineTo(tx, ty);
    context.setLineDash(border.dashed ? [6, 4] : []);
    strokeSeamed(context, line, colour, border.dashed ? 1.6 : 2.2, seam);
    context.setLineDash([]);
    if (!border.arrow) return;
    // At a right angle to the line on the screen, towards the greater side.
    const [mx, my] = [(sx + tx) / 2, (sy + ty) / 2], size = Math.hypot(tx - sx, ty - sy) || 1;
    let [nx, ny] = [-(ty - sy) / size, (tx - sx) / size];
    const [ax, ay] = place([(ends[0][0] + ends[1][0]) / 2 + values[0] * 1e-3, (ends[0][1] + ends[1][1]) / 2 + values[1] * 1e-3]);
    if ((ax - mx) * nx + (ay - my) * ny < 0) [nx, ny] = [-nx, -ny];
    const long = 30, [ex, ey] = [mx + nx * long, my + ny * long], head = new Path2D();
    head.moveTo(mx, my);
    head.lineTo(ex, ey);
    for (const side of [1, -1]) {
      head.moveTo(ex, ey);
      head.lineTo(ex - 9 * nx + side * 5 * ny, ey - 9 * ny - side * 5 * nx);
    }
    strokeSeamed(context, head, colour, 2.2, seam);
  });
}
