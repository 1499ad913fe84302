// A pad of pixels to draw on with mouse, finger or keys. Ink is bright, as in the digits it is compared with.
import { View, element, format, mount, paintScale } from "./core.js";

const LEVELS = 3; // steps of grey between paper and ink: as many as travel in a link
const SEND_AFTER = 60; // ms after the last mark, when another was sent shortly before: a held key is few reports
const SIZES = [0.7, 1.1, 1.6]; // radii of the pen, in pixels of the pad

class Pad extends View {
  constructor(host) {
    super(host);
    this.picture = document.createElement("canvas");
    this.pen = null; // {x, y} in pixels of the pad, under the pointer or moved by keys
    this.held = false; // Space keeps the pen down
    this.radius = SIZES[1];
    this.keys = element("div", { class: "keys", role: "group" });
    this.below.append(this.keys);
    this.#listen();
  }

  shortcuts() {
    return [["← ↑ → ↓", "pen"], ["Shift + ←", "far"], ["Space + ←", "draw"], ["Delete", "clearPad"]];
  }

  receive(meta, arrays) {
    const [rows, columns] = arrays.pixels.shape;
    if (this.revision !== meta.revision && !this.drawing) {
      this.pixels = Float32Array.from(arrays.pixels.data);
      this.revision = meta.revision;
    }
    this.rows = rows;
    this.columns = columns;
    this.canvas.classList.add("drawing", "pad");
    this.rebuild("keys", [this.text, this.theme.faint], () => this.#buildKeys());
  }

  layout(width) {
    const most = this.meta.height ?? 300;
    this.zoom = Math.max(4, Math.floor(Math.min(width - 2, most) / this.columns));
    this.size(this.zoom * this.columns + 2, this.zoom * this.rows + 2);
    this.canvas.neurarium = { zoom: this.zoom };
  }

  draw(context) {
    const { rows, columns, zoom, theme } = this;
    if (this.picture.width !== columns || this.picture.height !== rows) {
      this.picture.width = columns;
      this.picture.height = rows;
    }
    const image = new ImageData(columns, rows);
    paintScale(this.pixels, "grey", 0, 255, new Uint32Array(image.data.buffer));
    this.picture.getContext("2d").putImageData(image, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.picture, 1, 1, columns * zoom, rows * zoom);
    context.strokeStyle = theme.line;
    context.lineWidth = 1;
    context.strokeRect(0.5, 0.5, columns * zoom + 1, rows * zoom + 1);
    if (!this.pen) return;
    context.strokeStyle = this.held ? theme.primary : "#E69F00";
    context.lineWidth = 2;
    context.beginPath();
    context.arc(1 + this.pen.x * zoom, 1 + this.pen.y * zoom, this.radius * zoom, 0, 2 * Math.PI);
    context.stroke();
  }

  // ------------------------------------------------ ink

  /** A stroke from one place to another: a pixel's ink is how deep its centre lies within the pen's round tip. */
  #stroke(from, to) {
    const dx = to.x - from.x, dy = to.y - from.y, squared = dx * dx + dy * dy;
    for (let row = 0; row < this.rows; row++)
      for (let column = 0; column < this.columns; column++) {
        const px = column + 0.5 - from.x, py = row + 0.5 - from.y;
        const along = squared ? Math.max(0, Math.min(1, (px * dx + py * dy) / squared)) : 0;
        const away = Math.hypot(px - along * dx, py - along * dy);
        const ink = Math.max(0, Math.min(1, this.radius + 0.5 - away));
        const at = row * this.columns + column;
        this.pixels[at] = Math.max(this.pixels[at], (Math.round(ink * LEVELS) / LEVELS) * 255);
      }
    this.invalidate();
  }

  #clear() {
    this.pixels.fill(0);
    this.invalidate();
    this.#changed(0);
  }

  #changed(after = performance.now() - (this.sentAt ?? -Infinity) > 5 * SEND_AFTER ? 0 : SEND_AFTER) {
    clearTimeout(this.sending);
    this.sending = setTimeout(() => this.#send(), after);
  }

  #send() {
    this.sentAt = performance.now();
    const bytes = Uint8Array.from(this.pixels, Math.round);
    this.keep("drawing", { revision: this.revision, pixels: btoa(String.fromCharCode(...bytes)) });
  }

  // ------------------------------------------------ pointer and keys

  #place(event) {
    const box = this.canvas.getBoundingClientRect(), scale = this.canvasWidth / box.width / this.zoom;
    return { x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale };
  }

  #listen() {
    const on = (name, handler, options) => this.canvas.addEventListener(name, handler, options);
    on("touchstart", (event) => event.preventDefault(), { passive: false }); // draws instead of scrolling the page
    on("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.canvas.setPointerCapture(event.pointerId);
      clearTimeout(this.sending);
      this.drawing = event.pointerId;
      this.pen = this.#place(event);
      this.#stroke(this.pen, this.pen);
    });
    on("pointermove", (event) => {
      if (this.drawing !== undefined && event.pointerId !== this.drawing) return;
      const from = this.pen;
      const steps = event.getCoalescedEvents?.() ?? [];
      let last = from ?? this.#place(event);
      for (const step of steps.length ? steps : [event]) {
        const to = this.#place(step);
        if (this.drawing !== undefined) this.#stroke(last, to);
        last = to;
      }
      this.pen = last;
      this.invalidate();
    });
    const lift = (event) => {
      if (event.pointerId !== this.drawing) return;
      this.drawing = undefined;
      if (event.pointerType === "touch") this.pen = null;
      this.invalidate();
      this.#changed(0);
    };
    on("pointerup", lift);
    on("pointercancel", lift);
    on("pointerleave", () => { if (this.drawing === undefined) { this.pen = null; this.invalidate(); } });
    on("keydown", (event) => this.#key(event));
    on("keyup", (event) => { if (event.key === " ") this.#hold(false); });
    on("focus", () => { if (this.canvas.matches(":focus-visible")) this.#move(0, 0); });
    on("blur", () => { this.held = false; this.pen = null; this.invalidate(); });
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const far = event.shiftKey ? 4 : 1;
    const moves = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, -far], ArrowDown: [0, far] };
    if (moves[event.key]) this.#move(...moves[event.key]);
    else if (event.key === " ") { if (!event.repeat) this.#hold(true); }
    else if (event.key === "Delete" || event.key === "Backspace") this.#clear();
    else return;
    event.preventDefault();
    event.stopPropagation(); // Space would also press the page's Play
  }

  /** Space down: the pen marks its place, and draws while the arrows move it. */
  #hold(down) {
    this.held = down;
    if (down) {
      this.pen ??= this.#middle();
      this.#stroke(this.pen, this.pen);
      this.#changed();
    }
    this.invalidate();
  }

  #middle() {
    return { x: this.columns / 2, y: this.rows / 2 };
  }

  #move(dx, dy) {
    const from = this.pen ?? this.#middle();
    const within = (value, most) => Math.max(0.5, Math.min(most - 0.5, value));
    this.pen = { x: within(from.x + dx, this.columns), y: within(from.y + dy, this.rows) };
    if (this.held) {
      this.#stroke(from, this.pen);
      this.#changed();
    }
    this.invalidate();
    this.speak(`${this.text.row} ${format(Math.floor(this.pen.y))}, ${this.text.column} ${format(Math.floor(this.pen.x))}`);
  }

  #buildKeys() {
    const { text } = this;
    const pens = SIZES.map((radius, at) => {
      const dot = element("i", { class: "swatch" });
      dot.style.setProperty("--swatch", this.theme.text);
      dot.style.width = dot.style.height = `${6 + 4 * at}px`;
      const name = `${text.pen} ${at + 1}`;
      return element("button", { type: "button", class: "pill", "data-pen": at, title: name, "aria-label": name, "aria-pressed": String(radius === this.radius), onclick: () => this.#choosePen(radius) }, dot);
    });
    const clear = element("button", { type: "button", class: "pill", "data-act": "clear", onclick: () => this.#clear() }, text.clear);
    this.keys.replaceChildren(clear, ...pens);
  }

  #choosePen(radius) {
    this.radius = radius;
    for (const pill of this.keys.querySelectorAll("[data-pen]")) pill.setAttribute("aria-pressed", String(SIZES[pill.dataset.pen] === radius));
  }

  destroy() {
    clearTimeout(this.sending);
    super.destroy();
  }
}

export default (component) => mount(component, Pad);
