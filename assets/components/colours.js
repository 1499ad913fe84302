// The colours of pictures: tables of values, classes and their mixtures, what is read on what. The numbers are theme.py's.
import { PALETTE } from "./palette.js";

export const CLASS_COLOURS = PALETTE.classColours;
const readTables = (tables) => Object.fromEntries(
  Object.entries(tables).map(([name, rgba]) => {
    const bytes = Uint8Array.from(rgba);
    return [name, { bytes, words: new Uint32Array(bytes.buffer) }];
  }),
);
const TABLES = readTables(PALETTE.tables);
const DARK_TABLES = { ...TABLES, ...readTables(PALETTE.darkTables) };

/** {bytes, words} of a scale: on a dark page "signed" and "probability" begin dark, where white planes would glare. */
export const tableOf = (scale, dark) => (dark ? DARK_TABLES : TABLES)[scale];
export const MISSING = new Uint32Array(Uint8Array.of(128, 128, 128, 255).buffer)[0]; // NaN, as theme.colourise

export const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const CLASS_RGB = CLASS_COLOURS.map(rgb);

/** Relative luminance, 0 to 1 (WCAG 2.2). At MIDDLE_LUMINANCE white and black are read equally well, 4.58 : 1. */
export const luminance = (red, green, blue) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
const MIDDLE_LUMINANCE = 0.179;
const linear = (level) => (level <= 10 ? level / 3294.6 : ((level / 255 + 0.055) / 1.055) ** 2.4);

/** Black or white: whichever is read better on a colour. */
export const lettersOn = (red, green, blue) => (luminance(red, green, blue) > MIDDLE_LUMINANCE ? "#000000" : "#FFFFFF");

/** A class index, "#RRGGBB" or null (the text colour) -> CSS colour. */
export function colourOf(value, theme) {
  if (typeof value === "number") return CLASS_COLOURS[value % CLASS_COLOURS.length];
  return value || theme.text;
}

/** The same for a line or a mark on the page itself, where some class colours are too light or too dark. */
export function lineColourOf(value, theme) {
  return typeof value === "number" ? theme.lines[value % theme.lines.length] : value || theme.text;
}

/** What a theme has besides the page's own colours. */
export const shades = (dark) => Object.fromEntries(["faint", "lines", "edge"].map((name) => [name, PALETTE[name][dark ? "dark" : "light"]]));

/** Writes values as colours into `words` (one uint32 a pixel, RGBA in memory order). NaN becomes grey. */
export function paintScale(values, scale, low, high, words, dark) {
  const table = tableOf(scale, dark).words;
  const bytes = values instanceof Uint8Array;
  if (bytes) {
    for (let i = 0; i < values.length; i++) words[i] = table[values[i]];
    return;
  }
  const factor = 255 / (high - low || 1);
  for (let i = 0; i < values.length; i++) {
    const at = (values[i] - low) * factor;
    words[i] = at !== at ? MISSING : table[at <= 0 ? 0 : at >= 255 ? 255 : Math.floor(at + 0.5)];
  }
}

/** Class probabilities (pixels x classes) -> colours; the formula is theme.class_mixture. */
export function paintClasses(values, classes, out, dark) {
  const { ground, strength } = PALETTE.classes[dark ? "dark" : "light"];
  const one = values instanceof Uint8Array ? 1 / 255 : 1;
  for (let i = 0, at = 0; i < out.length / 4; i++, at += classes) {
    let highest = 0, squares = 0, red = 0, green = 0, blue = 0;
    for (let k = 0; k < classes; k++) {
      const p = values[at + k] * one, weight = p * p, colour = CLASS_RGB[k % CLASS_RGB.length];
      if (p > highest) highest = p;
      squares += weight;
      red += weight * colour[0]; green += weight * colour[1]; blue += weight * colour[2];
    }
    squares = Math.max(squares, 1e-12);
    const decided = Math.min(1, Math.max(0, (highest - 1 / classes) / (1 - 1 / classes))) * strength;
    out[4 * i] = Math.floor(ground[0] + 0.5 + decided * (red / squares - ground[0]));
    out[4 * i + 1] = Math.floor(ground[1] + 0.5 + decided * (green / squares - ground[1]));
    out[4 * i + 2] = Math.floor(ground[2] + 0.5 + decided * (blue / squares - ground[2]));
    out[4 * i + 3] = 255;
  }
}

export function paintRgb(values, out) {
  for (let i = 0, at = 0; i < out.length; i += 4, at += 3) {
    out[i] = values[at]; out[i + 1] = values[at + 1]; out[i + 2] = values[at + 2]; out[i + 3] = 255;
  }
}
