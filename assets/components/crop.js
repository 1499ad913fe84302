// A picture with a frame that is moved and resized by mouse, finger or keys; reports it when it is let go.
import { View, fill, format, mount, paintRgb } from "./core.js";

const REACH = 14, TOUCH_REACH = 24; // CSS pixels around an edge or a corner where it is taken hold of
const LEAST = matchMedia("(pointer: coarse)").matches ? 44 : 24; // CSS pixels a side of the frame: it must be taken hold of
const SEND_AFTER = 350; // ms after the last key: a held key is one report
const HANDLE = 5; // half of the side of a corner's mark
const CURSORS = { "-1-1": "nwse-resize", 11: "nwse-resize", "1-1": "nesw-resize", "-11": "nesw-resize", "-10": "ew-resize", 10: "ew-resize", "0-1": "ns-resize", "01": "ns-resize" };

class Crop extends View {
  constructor(host) {
    super(host);
    this.picture = document.createElement("canvas");
    this.canvas.classList.add("pad");
    this.#listen();
  }

  shortcuts() {
    return [["← ↑ → ↓", "moveFrame"], ["Shift + ←", "sizeFrame"]];
  }

  summary() {
    return this.#words();
  }

  receive(meta, arrays) {
    const [rows, columns] = arrays.picture.shape;
    this.picture.width = columns;
    this.picture.height = rows;
    const image = new ImageData(columns, rows);
    paintRgb(arrays.picture.data, image.data);
    this.picture.getContext("2d").putImageData(image, 0, 0);
    if (this.revision === meta.revision || this.held) return;
    this.revision = meta.revision;
    this.frame = [...meta.frame]; // left, top, right, bottom as shares of the picture's sides
    clearTimeout(this.sending);
  }

  layout(width) {
    const { width: columns, height: rows } = this.picture;
    const zoom = Math.min((width - 2) / columns, (this.meta.height ?? 260) / rows);
    this.wide = columns * zoom;
    this.high = rows * zoom;
    this.frame = this.#graspable(this.frame);
    this.size(this.wide + 2, this.high + 2);
    this.canvas.neurarium = { width: this.wide, height: this.high };
  }

  draw(context) {
    const { wide, high, theme } = this;
    const [x, y, right, bottom] = this.#box();
    context.imageSmoothingQuality = "high";
    context.drawImage(this.picture, 1, 1, wide, high);
    context.fillStyle = "rgb(0 0 0 / 45%)"; // what is left out is darker
    context.beginPath();
    context.rect(1, 1, wide, high);
    context.rect(x, y, right - x, bottom - y);
    context.fill("evenodd");
    for (const [style, thickness] of [["#FFFFFF", 4], [theme.primary, 2]]) {
      context.strokeStyle = style;
      context.lineWidth = thickness;
      context.strokeRect(x, y, right - x, bottom - y);
    }
    for (const px of [x, right])
      for (const py of [y, bottom]) {
        context.fillStyle = theme.primary;
        context.strokeStyle = "#FFFFFF";
        context.lineWidth = 1.5;
        context.beginPath();
        context.rect(px - HANDLE, py - HANDLE, 2 * HANDLE, 2 * HANDLE);
        context.fill();
        context.stroke();
      }
    this.canvas.neurarium.frame = [...this.frame];
  }

  /** A frame about the same middle, of LEAST a side where it was less and as far as the picture reaches. */
  #graspable(frame) {
    const next = [...frame];
    [this.wide, this.high].forEach((long, axis) => {
      const least = Math.min(1, LEAST / long), low = next[axis], high = next[axis + 2];
      if (high - low >= least) return;
      next[axis] = Math.max(0, Math.min(1 - least, (low + high - least) / 2));
      next[axis + 2] = next[axis] + least;
    });
    return next;
  }

  /** The frame in CSS pixels of the canvas. */
  #box() {
    const [left, top, right, bottom] = this.frame;
    return [1 + left * this.wide, 1 + top * this.high, 1 + right * this.wide, 1 + bottom * this.high];
  }

  #words() {
    const [left, top, right, bottom] = this.frame.map((share) => format(Math.round(100 * share)));
    return fill(this.text.frameAt, { left, top, right, bottom });
  }

  // ------------------------------------------------ moving and resizing

  /** What lies under a place: [-1, 0 or 1 across, the same down] of the edge or corner, [0, 0] inside, null outside. */
  #grip(x, y, reach) {
    const [left, top, right, bottom] = this.#box();
    if (x < left - reach || x > right + reach || y < top - reach || y > bottom + reach) return null;
    const side = (at, low, high) => {
      const inner = Math.min(reach, (high - low) / 3);
      return at < low + inner ? -1 : at > high - inner ? 1 : 0;
    };
    return [side(x, left, right), side(y, top, bottom)];
  }

  /** The frame with its edges moved by shares of the sides; grip [0, 0] moves all of it. It stays on the picture. */
  #moved([across, down], from, dx, dy) {
    const least = [LEAST / this.wide, LEAST / this.high];
    const next = [...from];
    [[across, dx, 0], [down, dy, 1]].forEach(([edge, by, axis]) => {
      const low = from[axis], high = from[axis + 2], short = Math.min(least[axis], high - low);
      if (across === 0 && down === 0) {
        const shift = Math.max(-low, Math.min(1 - high, by));
        next[axis] = low + shift;
        next[axis + 2] = high + shift;
      } else if (edge < 0) next[axis] = Math.max(0, Math.min(high - short, low + by));
      else if (edge > 0) next[axis + 2] = Math.min(1, Math.max(low + short, high + by));
    });
    return next;
  }

  #show(frame) {
    this.frame = frame;
    this.invalidate();
  }

  #send() {
    clearTimeout(this.sending);
    this.keep("frame", { revision: this.revision, frame: this.frame.map((share) => Math.round(share * 1e4) / 1e4) });
    this.nameSoon();
  }

  // ------------------------------------------------ pointer and keys

  #place(event) {
    const box = this.canvas.getBoundingClientRect(), scale = this.canvasWidth / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  }

  #listen() {
    const on = (name, handler, options) => this.canvas.addEventListener(name, handler, options);
    on("touchstart", (event) => { // beside the frame a finger scrolls the page
      const [x, y] = this.#place(event.touches[0]);
      if (this.#grip(x, y, TOUCH_REACH)) event.preventDefault();
    }, { passive: false });
    on("pointerdown", (event) => {
      if (event.button !== 0) return;
      const [x, y] = this.#place(event);
      const grip = this.#grip(x, y, event.pointerType === "touch" ? TOUCH_REACH : REACH);
      if (!grip) return;
      this.canvas.setPointerCapture(event.pointerId);
      clearTimeout(this.sending);
      this.held = { pointer: event.pointerId, grip, x, y, from: this.frame };
    });
    on("pointermove", (event) => {
      const [x, y] = this.#place(event), { held } = this;
      if (held?.pointer === event.pointerId)
        this.#show(this.#moved(held.grip, held.from, (x - held.x) / this.wide, (y - held.y) / this.high));
      else if (!held) {
        const grip = this.#grip(x, y, REACH);
        this.canvas.style.cursor = grip ? CURSORS[grip.join("")] ?? "move" : "default";
      }
    });
    const lift = (event) => {
      if (this.held?.pointer !== event.pointerId) return;
      const before = this.held.from;
      this.held = null;
      if (before.some((share, at) => share !== this.frame[at])) this.#send();
    };
    on("pointerup", lift);
    on("pointercancel", lift);
    on("keydown", (event) => this.#key(event));
  }

  #key(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!moves || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const step = 0.02, [dx, dy] = moves;
    this.#show(this.#moved(event.shiftKey ? [Math.abs(dx), Math.abs(dy)] : [0, 0], this.frame, step * dx, step * dy));
    this.speak(this.#words());
    clearTimeout(this.sending);
    this.sending = setTimeout(() => this.#send(), SEND_AFTER);
  }

  destroy() {
    clearTimeout(this.sending);
    super.destroy();
  }
}

export default (component) => mount(component, Crop);
