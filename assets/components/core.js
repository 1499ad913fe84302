// What every canvas component shares: payload, theme, stage (canvas + tooltip + live region), numbers.
import { shades } from "./colours.js";
import { describing } from "./keys.js";
import { TEXTS } from "./texts.js";
import { reaches } from "./connection.js";

export * from "./colours.js";

// ---------------------------------------------------------------- payload

const READERS = { uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array, int32: Int32Array };

/** Bytes of engine.pictures.pixels.pack -> {meta, arrays: {name: {shape, data}}}. */
export function decode(bytes) {
  const payload = bytes.slice(); // own, aligned copy: typed arrays need it, and the message can be freed
  const length = new DataView(payload.buffer).getUint32(0, true);
  const meta = JSON.parse(new TextDecoder().decode(payload.subarray(4, 4 + length)));
  const start = Math.ceil((4 + length) / 8) * 8;
  const arrays = {};
  for (const [name, { dtype, shape, offset }] of Object.entries(meta.arrays)) {
    const count = shape.reduce((product, size) => product * size, 1);
    arrays[name] = { shape, data: new READERS[dtype](payload.buffer, start + offset, count) };
  }
  return { meta, arrays };
}

function sameBytes(a, b) {
  if (!a || !b || a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

// ---------------------------------------------------------------- numbers

/** Short, honest numbers: 4 significant digits, commas between thousands, exponents only where they help. */
export function format(value) {
  if (value === null || value === undefined) return "";
  if (Number.isNaN(value)) return "–"; // no number any more, or none yet; as the pages write it
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  let text;
  if (size === 0) text = "0";
  else if (size >= 1e6 || size < 1e-3) text = size.toExponential(2).replace(/\.?0+e/, "e").replace("e+", "e").replace("e-", "e−");
  else if (size >= 1000) text = String(Math.round(size)).replace(/\B(?=(\d{3})+$)/g, ",");
  else text = String(Number(size.toPrecision(4)));
  return (value < 0 && text !== "0" ? "−" : "") + text;
}

export const withUnit = (value, unit) => format(value) + (unit ? (unit === "%" ? "\u202f%" : " " + unit) : "");

/** "frame {k} / {n}" with {k: 3, n: 9} -> "frame 3 / 9". */
export const fill = (template, values) => template.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

// ---------------------------------------------------------------- elements

/** Tells the server what the reader did, where it can be reached. */
export function report(component, name, value) {
  if (reaches()) component.setTriggerValue(name, value);
}

/** Keeps "name=value" in the browser for a year; the server reads it at the next visit. */
export function remember(cookie) {
  document.cookie = `${cookie}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
}

/** element("button", {class: "x", onclick: f, aria-label: "y"}, "text" | child, …) */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const darkness = new Map(); // background colour -> whether it is dark

function isDark(background) {
  if (!darkness.has(background)) {
    const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    probe.fillStyle = background;
    probe.fillRect(0, 0, 1, 1);
    const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data;
    darkness.set(background, 0.299 * red + 0.587 * green + 0.114 * blue < 128);
  }
  return darkness.get(background);
}

const THEME = ["dark", "background", "text", "faint", "line", "panel", "primary", "family"];
let themeNow = null;

/** The page's theme. Read once for all components of one rerun: each reading makes the browser settle all styles. */
export function readTheme(host) {
  if (!themeNow) {
    themeNow = themeOf(host);
    setTimeout(() => (themeNow = null), 0);
  }
  return themeNow;
}

function themeOf(host) {
  const style = getComputedStyle(host instanceof ShadowRoot ? host.host : host);
  const read = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
  const background = read("--st-background-color", "#ffffff");
  const dark = isDark(background);
  return {
    dark, background,
    text: read("--st-text-color", "#222222"),
    ...shades(dark),
    line: read("--st-border-color", dark ? "#2A3550" : "#DEDAD0"),
    panel: read("--st-secondary-background-color", dark ? "#182033" : "#F1EFE9"),
    primary: read("--st-primary-color", "#2F6FED"),
    family: read("--st-font", "sans-serif"),
  };
}

/** Text cut to `width` pixels with an ellipsis. */
export function elide(context, text, width) {
  if (!text || context.measureText(text).width <= width) return text;
  const letters = [...text];
  let low = 0, high = letters.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (context.measureText(letters.slice(0, middle).join("") + "…").width <= width) low = middle;
    else high = middle - 1;
  }
  return low ? letters.slice(0, low).join("").trimEnd() + "…" : "";
}

// ---------------------------------------------------------------- mounting

const growth = () => Math.min(1.4, Math.max(1, Math.min(innerWidth / 1400, innerHeight / 820))); // on a large screen
const views = new WeakMap(); // parentElement -> View
const REST = 500; // ms
export const present = new Set(); // all Views there are: the list of keys asks them

/** The life of a component. Streamlit calls the module again with every new payload or theme; a View answers. */
export function mount(component, ViewClass) {
  const host = component.parentElement;
  let view = views.get(host);
  if (!view) views.set(host, (view = new ViewClass(host)));
  view.component = component;
  if (component.data) view.accept(component.data);
  // Streamlit also calls the clean-up of a call that a newer one overtook: only a detached host is really gone.
  return () => setTimeout(() => {
    if ((host.host ?? host).isConnected) return;
    view.destroy();
    views.delete(host);
  }, 0);
}

/** Base of all components: one canvas with tooltip, read-out for screen readers, theme, sizes, draws. */
export class View {
  constructor(host) {
    this.host = host;
    this.canvas = element("canvas", { class: "stage", tabindex: "0", role: "application" });
    this.tip = element("div", { class: "tip", "aria-hidden": "true" });
    this.spoken = element("div", { class: "spoken", "aria-live": "polite", role: "status" });
    this.scroll = element("div", { class: "scroll" }, this.canvas);
    this.plane = element("div", { class: "plane" }, this.scroll, this.tip);
    this.below = element("div", { class: "below" });
    this.title = element("div", { class: "title", hidden: true });
    this.hint = element("span", { class: "unseen", id: "keys" }); // of this shadow root alone
    this.canvas.setAttribute("aria-describedby", "keys");
    this.root = element("div", { class: "nv" }, this.title, this.plane, this.below, this.spoken, this.hint);
    host.append(this.root);
    present.add(this);
    this.context = this.canvas.getContext("2d", { willReadFrequently: false });
    this.gone = new AbortController(); // its signal takes listeners on the document away again
    this.drawn = 0;
    this.width = 0;
    this.observer = new ResizeObserver(() => this.#measure());
    this.observer.observe(this.plane);
  }

  accept(bytes) {
    const before = this.theme;
    this.theme = readTheme(this.host);
    const same = sameBytes(bytes, this.lastBytes);
    if (same && this.width && THEME.every((name) => before[name] === this.theme[name])) return; // nothing to draw anew
    if (!same) {
      this.lastBytes = bytes;
      const { meta, arrays } = decode(bytes);
      if (meta.height) meta.height = Math.round(meta.height * growth());
      this.meta = meta;
      this.arrays = arrays;
      const texts = TEXTS[meta.language] ?? TEXTS.en;
      this.text = { ...texts.shared, ...texts[meta.kind] };
      this.title.textContent = meta.title ?? "";
      this.title.hidden = !meta.title;
      this.receive(meta, arrays);
      const keys = describing(this.shortcuts(), meta.language);
      if (this.hint.textContent !== keys) this.hint.textContent = keys;
      if (!this.canvas.hasAttribute("aria-label")) this.canvas.setAttribute("aria-label", meta.alt ?? "");
      this.nameSoon();
    } else if (before.dark !== this.theme.dark) this.recolour?.();
    this.#measure(true);
  }

  /** The width is asked for once; after that the observer tells, for asking makes the browser lay out the page. */
  #measure(force = false) {
    const width = force && this.width ? this.width : Math.floor(this.plane.clientWidth);
    if (!this.meta || !width || (width === this.width && !force)) return;
    this.width = width;
    this.layout(width);
    this.invalidate();
  }

  /** Canvas of width x height CSS pixels, sharp on any screen. */
  size(width, height) {
    const ratio = Math.min(3, window.devicePixelRatio || 1);
    this.ratio = ratio;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width !== w || this.canvas.height !== h) {
      this.canvas.width = w;
      this.canvas.height = h;
      this.canvas.style.width = width + "px";
      this.canvas.style.height = height + "px";
    }
    this.canvasWidth = width;
    this.canvasHeight = height;
  }

  font(size = 12, weight = 400) {
    return `${weight} ${size}px ${this.theme.family}`;
  }

  invalidate() {
    this.pending ??= requestAnimationFrame(() => this.paint());
  }

  /** Draws now; called by the clock inside an animation frame, else through invalidate. */
  paint() {
    cancelAnimationFrame(this.pending);
    this.pending = undefined;
    if (!this.meta || !this.width) return;
    const { context } = this;
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.canvasWidth, this.canvasHeight);
    this.draw(context);
    this.canvas.dataset.ready = "true";
  }

  /** Builds the elements of a part of the page only when `facts` changed: a button must live through a rerun. */
  rebuild(part, facts, build) {
    const signature = JSON.stringify(facts);
    this.built ??= {};
    if (this.built[part] === signature) return;
    this.built[part] = signature;
    build();
  }

  /** A draw of a frame that was not shown before; data-drawn counts them, data-frame names the last. */
  countFrame(index) {
    if (this.shownFrame === index) return;
    this.shownFrame = index;
    this.canvas.dataset.drawn = ++this.drawn;
    this.canvas.dataset.frame = index;
  }

  /** The canvas's name says what it shows and the values that matter; made when nothing has moved for a moment. */
  nameSoon() {
    clearTimeout(this.naming);
    this.naming = setTimeout(() => {
      if (this.clock?.moving) return;
      const name = [this.meta.alt, this.summary()].filter(Boolean).join(": ");
      if (this.canvas.getAttribute("aria-label") !== name) this.canvas.setAttribute("aria-label", name);
    }, REST);
  }

  /** The important values of the picture in a few words, "" where the alt says all. */
  summary() {
    return "";
  }

  /** What keys do here: [keys, name of a word in words.js]. */
  shortcuts() {
    return [];
  }

  // ------------------------------------------------ read-out

  /** Tooltip at a canvas position; lines: strings, the first one strong. */
  showTip(lines, x, y) {
    this.tip.replaceChildren(...lines.filter(Boolean).map((line, at) => element("div", at ? {} : { class: "strong" }, line)));
    this.tip.classList.add("on");
    const left = x - this.scroll.scrollLeft;
    const { offsetWidth: w, offsetHeight: h } = this.tip;
    const over = y - h - 14;
    this.tip.style.left = Math.max(0, Math.min(this.width - w, left - w / 2)) + "px";
    this.tip.style.top = (over >= -h / 2 ? over : y + 18) + "px";
  }

  hideTip() {
    this.tip.classList.remove("on");
  }

  /** Says it to a screen reader; not what only time changed: a run would talk without end. */
  speak(text) {
    if (this.byTime) return;
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => (this.spoken.textContent = text), 120); // not every cell a held key runs over
  }

  send(name, value) {
    report(this.component, name, value);
  }

  keep(name, value) {
    this.component.setStateValue(name, value); // Streamlit sends it again with the rest when a lost line is back
  }

  destroy() {
    present.delete(this);
    this.gone.abort();
    this.observer.disconnect();
    cancelAnimationFrame(this.pending);
    clearTimeout(this.speaking);
    clearTimeout(this.naming);
    this.leave?.();
    this.root.remove();
  }
}
