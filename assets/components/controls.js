// Pointer and keyboard on a canvas, colour bars and swatches, small buttons.
import { CLASS_COLOURS, element, format, tableOf, withUnit } from "./core.js";

const DRAG = 4; // CSS pixels before a press becomes a drag
const LONG_PRESS = 550; // ms

/**
 * Pointer events of a view's canvas in CSS pixels of the canvas.
 * on: {move(x, y, event), out(), click(x, y, event), press(x, y, event) -> true to grab, drag(x, y), drop(x, y), alternate(x, y)}
 * `alternate` is the right button or a long press. A touch tap is a move (shows the read-out) and then a click.
 */
export function pointer(view, on) {
  const { canvas } = view;
  let start = null, timer = 0;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * (view.canvasWidth / box.width), (event.clientY - box.top) * (view.canvasHeight / box.height)];
  };
  const listen = (name, handler, options) => canvas.addEventListener(name, handler, options);
  listen("pointerdown", (event) => {
    if (event.button !== 0) return;
    const [x, y] = place(event);
    start = { x, y, moved: false, grabbed: on.press?.(x, y, event) === true, touch: event.pointerType === "touch" };
    if (start.grabbed) canvas.setPointerCapture(event.pointerId);
    on.move?.(x, y, event);
    if (on.alternate && start.touch)
      timer = setTimeout(() => { start = null; on.alternate(x, y); navigator.vibrate?.(10); }, LONG_PRESS);
  });
  listen("pointermove", (event) => {
    const [x, y] = place(event);
    if (start && Math.hypot(x - start.x, y - start.y) > DRAG) { start.moved = true; clearTimeout(timer); }
    if (start?.grabbed && start.moved) on.drag?.(x, y, event);
    else on.move?.(x, y, event);
  });
  listen("pointerup", (event) => {
    clearTimeout(timer);
    if (!start) return;
    const [x, y] = place(event);
    const { moved, grabbed } = start;
    start = null;
    if (!moved) on.click?.(x, y, event);
    else if (grabbed) on.drop?.(x, y, event);
  });
  listen("pointercancel", () => { clearTimeout(timer); start = null; on.out?.(); });
  listen("pointerleave", (event) => { if (!start?.grabbed && event.pointerType !== "touch") on.out?.(); });
  listen("contextmenu", (event) => {
    if (!on.alternate) return;
    event.preventDefault();
    if (event.pointerType !== "touch") on.alternate(...place(event));
  });
  canvas.ownerDocument.addEventListener("pointerdown", (event) => { // a tap elsewhere closes a touch read-out
    if (event.composedPath()[0] !== canvas && event.pointerType === "touch") on.out?.();
  }, { signal: view.gone.signal });
}

export const TIME_KEYS = [", .", "moment"];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * on: {arrow(dx, dy, event), enter(), remove(), escape(), other(key) -> true if used, focus(), blur()}. On a canvas that
 * has a clock, comma and full stop are a step back and forward. What the keys do is told by View.shortcuts().
 */
export function keyboard(view, on) {
  view.canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    let used = true;
    if (ARROWS[event.key]) on.arrow?.(...ARROWS[event.key], event);
    else if (event.key === "Enter" || event.key === " ") on.enter?.();
    else if ((event.key === "Delete" || event.key === "Backspace") && on.remove) on.remove();
    else if (event.key === "Escape" && (on.escape ?? on.blur)) (on.escape ?? on.blur)();
    else if ((event.key === "," || event.key === ".") && view.clock) view.clock.seek(view.clock.position + (event.key === "," ? -1 : 1));
    else used = on.other?.(event.key) === true;
    if (!used) return;
    event.preventDefault();
    event.stopPropagation(); // Space would also press the page's Play
  });
  view.canvas.addEventListener("focus", () => view.canvas.matches(":focus-visible") && on.focus?.());
  view.canvas.addEventListener("blur", () => on.blur?.());
}

/** Colour bar with its low, middle and high number. */
export function colourBar({ scale, low, high, unit, name, note, dark }) {
  const bar = element("canvas", { class: "bar", width: "256", height: "1", "aria-hidden": "true" });
  const context = bar.getContext("2d");
  context.putImageData(new ImageData(new Uint8ClampedArray(tableOf(scale, dark).bytes), 256, 1), 0, 0);
  const numbers = note
    ? [element("span", {}, note)]
    : [low, (low + high) / 2, high].map((value, at) => element("span", {}, at === 2 ? withUnit(value, unit) : format(value)));
  return element("div", { class: "scale" }, name ? element("span", { class: "name" }, name) : null,
    element("div", { class: "ruler" }, bar, element("div", { class: "numbers" }, ...numbers)));
}

/** Named swatches: items [{name, colour, ring}] or class names. */
export function swatches(items) {
  return element("div", { class: "swatches" }, ...items.map((item, at) => {
    const { name, colour, shape } = typeof item === "string" ? { name: item } : item;
    const dot = element("i", { class: "swatch " + (shape ?? "") });
    dot.style.setProperty("--swatch", colour ?? CLASS_COLOURS[at % CLASS_COLOURS.length]);
    return element("span", {}, dot, name);
  }));
}

const ICONS = {
  play: "M5 3.2v9.6l8-4.8z",
  pause: "M4.5 3h2.6v10H4.5zM8.9 3h2.6v10H8.9z",
  back: "M3.4 3h1.9v10H3.4zM12.8 3v10L5.9 8z",
  forward: "M10.7 3h1.9v10h-1.9zM3.2 3v10l6.9-5z",
};

export function icon(name) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  made.setAttribute("viewBox", "0 0 16 16");
  made.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  made.append(path);
  return made;
}
