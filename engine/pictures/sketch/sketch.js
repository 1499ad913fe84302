// An empty picture with the axes of one that is still to come: a reader draws on it what they expect.
import { CLASS_COLOURS, View, element, fill, format, lineColourOf, mount } from "./core.js";
import { keyboard } from "./controls.js";
import { disc, ticks } from "./marks.js";

const BRUSH = 1.4; // cells
const ROW = 44; // CSS pixels of a bar, wide enough for a finger
const BY_KEY = 0.05; // of the axis

class Sketch extends View {
  constructor(host) {
    super(host);
    this.keys = element("div", { class: "keys", role: "group" });
    this.hinted = element("p", { class: "hinted" });
    this.below.append(this.hinted, this.keys);
    this.label = 1; // what a region is painted with
    this.at = 0; // the number that the keys change
    this.canvas.classList.add("drawing", "sketch");
    this.#listen();
    keyboard(this, {
      arrow: (dx, dy, event) => this.#byKey(dx, dy, event.shiftKey ? 4 : 1),
      enter: () => { if (this.meta.form === "region") this.#set(this.at, this.values[this.at] ? 0 : 1); },
      focus: () => { this.keyed = true; this.invalidate(); },
      blur: () => { this.keyed = false; this.invalidate(); },
    });
  }

  shortcuts() {
    const { form } = this.meta;
    if (form === "region") return [["← ↑ → ↓", "place"], ["Enter", "paintCell"]];
    return form === "bars" ? [["↑ ↓", "along"], ["← →", "share"]] : [["← →", "along"], ["↑ ↓", "height"]];
  }

  receive(meta) {
    if (this.revision !== meta.revision || this.values?.length !== meta.count) {
      this.values = new Array(meta.count).fill(meta.form === "region" ? 0 : null);
      this.revision = meta.revision;
      this.touched = false;
      this.at = 0;
    }
    this.rebuild("keys", [meta.form, meta.names, meta.revision, this.text], () => this.#buildKeys());
    this.#ready();
  }

  #buildKeys() {
    const { meta, text } = this, hints = { curve: text.hintCurve, bars: text.hintBars, region: fill(text.hintRegion, { name: meta.names[1] }) };
    this.hinted.textContent = hints[meta.form];
    this.run = element("button", { type: "button", class: "pill run", "data-act": "run", onclick: () => this.send("drawn", this.#whole()) }, text.run);
    const clear = element("button", { type: "button", class: "pill", "data-act": "clear", onclick: () => this.#clear() }, text.clear);
    const paints = meta.form !== "region" ? [] : meta.names.map((name, k) => {
      const dot = element("i", { class: "swatch" });
      dot.style.setProperty("--swatch", CLASS_COLOURS[k]);
      return element("button", { type: "button", class: "pill", "data-class": k, "aria-pressed": String(k === this.label), onclick: () => this.#choose(k) }, dot, fill(text.paint, { name }));
    });
    this.keys.replaceChildren(...paints, clear, this.run);
  }

  #choose(k) {
    this.label = k;
    for (const pill of this.keys.querySelectorAll("[data-class]")) pill.setAttribute("aria-pressed", String(Number(pill.dataset.class) === k));
  }

  #clear() {
    this.values.fill(this.meta.form === "region" ? 0 : null);
    this.touched = false;
    this.#ready();
    this.invalidate();
  }

  /** What is drawn can be run once it is whole: every bar has its length, a curve is drawn at both ends of it. */
  #ready() {
    const { form } = this.meta;
    this.run.disabled = !(form === "bars" ? this.values.every((one) => one !== null) : this.touched);
  }

  /** All numbers: a curve goes on level where it was not drawn. */
  #whole() {
    const { values, meta } = this;
    if (meta.form !== "curve") return values.map(Number);
    const drawn = values.map((value, at) => [value, at]).filter(([value]) => value !== null);
    return values.map((value, at) => value ?? drawn.reduce((best, one) => (Math.abs(one[1] - at) < Math.abs(best[1] - at) ? one : best))[0]);
  }

  // ------------------------------------------------ geometry and drawing

  layout(width) {
    const { meta } = this, { form } = meta;
    if (form === "region") {
      const side = Math.max(80, Math.floor(Math.min(width - 44, (meta.height ?? 340) - 40)));
      this.box = { left: 36, top: 6, right: 36 + side, bottom: 6 + side };
      this.size(Math.min(width, side + 44), side + 40);
    } else if (form === "bars") {
      this.box = { left: 2, top: 0, right: width - 2, bottom: ROW * meta.names.length };
      this.size(width, this.box.bottom);
    } else {
      const height = Math.max(190, meta.height ?? 0);
      this.box = { left: 44, top: meta.yLabel ? 24 : 12, right: width - 10, bottom: height - 34 };
      this.size(width, height);
    }
    this.canvas.neurarium = { box: this.box };
  }

  draw(context) {
    this.drawn += 1;
    if (this.meta.form === "bars") this.#drawBars(context);
    else {
      this.#drawAxes(context);
      if (this.meta.form === "curve") this.#drawCurve(context);
      else this.#drawRegion(context);
    }
  }

  #across(value) {
    const { box, meta } = this;
    return box.left + ((value - meta.x[0]) / (meta.x[1] - meta.x[0])) * (box.right - box.left);
  }

  #down(value) {
    const { box, meta } = this;
    return box.bottom - ((value - meta.y[0]) / (meta.y[1] - meta.y[0])) * (box.bottom - box.top);
  }

  #drawAxes(context) {
    const { meta, theme, box } = this;
    context.fillStyle = theme.panel;
    context.fillRect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    context.font = this.font(11);
    context.fillStyle = theme.faint;
    context.strokeStyle = theme.line;
    context.lineWidth = 1;
    context.textBaseline = "middle";
    context.beginPath();
    context.textAlign = "right";
    for (const value of ticks(...meta.y, Math.max(2, (box.bottom - box.top) / 42))) {
      const y = Math.round(this.#down(value)) + 0.5;
      context.moveTo(box.left, y);
      context.lineTo(box.right, y);
      context.fillText(format(value), box.left - 6, y);
    }
    context.textAlign = "center";
    for (const value of ticks(...meta.x, Math.max(2, (box.right - box.left) / 70))) {
      const words = format(value), half = context.measureText(words).width / 2;
      context.fillText(words, Math.min(this.canvasWidth - half, this.#across(value)), box.bottom + 11);
    }
    context.stroke();
    context.fillText(meta.xLabel, (box.left + box.right) / 2, box.bottom + 26);
    context.textAlign = "left";
    if (meta.form === "curve") return context.fillText(meta.yLabel, 0, 9);
    context.save(); // beside a plane its name is turned
    context.translate(8, (box.top + box.bottom) / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.fillText(meta.yLabel, 0, 0);
    context.restore();
  }

  #drawCurve(context) {
    const { values, box, theme, meta } = this, step = (box.right - box.left) / (values.length - 1);
    context.strokeStyle = lineColourOf(meta.colour, theme);
    context.lineWidth = 3;
    context.lineJoin = context.lineCap = "round";
    context.beginPath();
    let open = false;
    values.forEach((value, at) => {
      if (value !== null) context[open ? "lineTo" : "moveTo"](box.left + at * step, this.#down(value));
      open = value !== null;
    });
    context.stroke();
    if (meta.start !== null) this.#ring(context, box.left, this.#down(meta.start), false);
    if (!this.touched) this.#invite(context);
    if (this.keyed) this.#ring(context, box.left + this.at * step, this.#down(values[this.at] ?? (meta.y[0] + meta.y[1]) / 2));
  }

  #invite(context) {
    const { box, theme } = this;
    context.fillStyle = theme.faint;
    context.textAlign = "center";
    context.font = this.font(14);
    context.fillText("✎ " + this.hinted.textContent, (box.left + box.right) / 2, (box.top + box.bottom) / 2);
  }

  #drawRegion(context) {
    const { values, box, meta, theme } = this, cell = (box.right - box.left) / meta.side;
    for (const [at, value] of values.entries()) {
      context.fillStyle = CLASS_COLOURS[value] + "66";
      const x = at % meta.side, y = Math.floor(at / meta.side);
      context.fillRect(box.left + x * cell, box.top + y * cell, cell + 0.5, cell + 0.5);
    }
    for (const [x, y, label] of meta.points) disc(context, this.#across(x), this.#down(y), 4, CLASS_COLOURS[label % CLASS_COLOURS.length], true, theme);
    context.strokeStyle = theme.line;
    context.strokeRect(box.left + 0.5, box.top + 0.5, box.right - box.left - 1, box.bottom - box.top - 1);
    if (this.keyed) this.#ring(context, box.left + ((this.at % meta.side) + 0.5) * cell, box.top + (Math.floor(this.at / meta.side) + 0.5) * cell);
  }

  #drawBars(context) {
    const { values, box, theme, meta } = this;
    context.textBaseline = "middle";
    meta.names.forEach((name, at) => {
      const y = at * ROW, value = values[at], end = box.left + (value ?? 0) * (box.right - box.left);
      context.font = this.font(13);
      context.fillStyle = theme.text;
      context.textAlign = "left";
      context.fillText(name, box.left, y + 10);
      context.textAlign = "right";
      context.fillText(value === null ? "?" : Math.round(100 * value) + "\u202f%", box.right, y + 10);
      context.fillStyle = theme.line;
      context.fillRect(box.left, y + 20, box.right - box.left, 12);
      context.fillStyle = lineColourOf(meta.colour, theme);
      context.fillRect(box.left, y + 20, end - box.left, 12);
      if (meta.start !== null) {
        context.fillStyle = theme.text;
        context.fillRect(box.left + meta.start * (box.right - box.left) - 1, y + 17, 2, 18);
      }
      this.#ring(context, end, y + 26, this.keyed && at === this.at);
    });
  }

  #ring(context, x, y, strong = true) {
    context.beginPath();
    context.arc(x, y, strong ? 8 : 6, 0, 2 * Math.PI);
    context.fillStyle = this.theme.background;
    context.fill();
    context.strokeStyle = this.theme.primary;
    context.lineWidth = strong ? 3 : 2;
    context.stroke();
  }

  // ------------------------------------------------ pointer and keys

  #listen() {
    const on = (name, handler, options) => this.canvas.addEventListener(name, handler, options);
    on("touchstart", (event) => event.preventDefault(), { passive: false }); // draws instead of scrolling the page
    on("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.canvas.setPointerCapture(event.pointerId);
      this.drawing = event.pointerId;
      this.last = this.#place(event);
      this.#stroke(this.last, this.last);
    });
    on("pointermove", (event) => {
      if (event.pointerId !== this.drawing) return;
      const to = this.#place(event);
      this.#stroke(this.last, to);
      this.last = to;
    });
    const lift = (event) => { if (event.pointerId === this.drawing) this.drawing = undefined; };
    on("pointerup", lift);
    on("pointercancel", lift);
  }

  #place(event) {
    const box = this.canvas.getBoundingClientRect(), scale = this.canvasWidth / box.width;
    return { x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale };
  }

  #stroke(from, to) {
    const { box, meta, values } = this, { form } = meta, within = (value) => Math.max(0, Math.min(1, value));
    if (form === "bars") {
      const at = Math.floor(from.y / ROW);
      if (at >= 0 && at < values.length) values[at] = Math.round(100 * within((to.x - box.left) / (box.right - box.left))) / 100;
    } else if (form === "curve") {
      const last = values.length - 1, column = (x) => within((x - box.left) / (box.right - box.left)) * last;
      const level = (y) => meta.y[0] + within((box.bottom - y) / (box.bottom - box.top)) * (meta.y[1] - meta.y[0]);
      const [a, b] = from.x <= to.x ? [from, to] : [to, from], start = Math.round(column(a.x)), end = Math.round(column(b.x));
      for (let at = start; at <= end; at++) {
        const share = b.x > a.x ? within((box.left + (at / last) * (box.right - box.left) - a.x) / (b.x - a.x)) : 1;
        values[at] = level(end > start ? a.y + share * (b.y - a.y) : to.y);
      }
    } else {
      const cell = (box.right - box.left) / meta.side, steps = Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / (cell / 2)) || 1;
      for (let step = 0; step <= steps; step++) {
        const column = (from.x + ((to.x - from.x) * step) / steps - box.left) / cell, row = (from.y + ((to.y - from.y) * step) / steps - box.top) / cell;
        for (let y = Math.floor(row - BRUSH); y <= row + BRUSH; y++)
          for (let x = Math.floor(column - BRUSH); x <= column + BRUSH; x++)
            if (x >= 0 && y >= 0 && x < meta.side && y < meta.side && Math.hypot(x + 0.5 - column, y + 0.5 - row) <= BRUSH) values[y * meta.side + x] = this.label;
      }
    }
    this.#changed();
  }

  #byKey(dx, dy, far) {
    const { meta, values } = this, { form } = meta;
    if (form === "region") {
      const x = Math.max(0, Math.min(meta.side - 1, (this.at % meta.side) + dx * far)), y = Math.max(0, Math.min(meta.side - 1, Math.floor(this.at / meta.side) + dy * far));
      this.at = y * meta.side + x;
      this.invalidate();
      return this.speak(meta.names[values[this.at]]);
    }
    const [along, change] = form === "bars" ? [dy, dx] : [dx, -dy];
    if (along) {
      const last = this.at;
      this.at = Math.max(0, Math.min(values.length - 1, this.at + along * far));
      if (form === "curve" && values[last] !== null) for (let at = Math.min(last, this.at); at <= Math.max(last, this.at); at++) values[at] ??= values[last];
    }
    const [low, high] = form === "bars" ? [0, 1] : meta.y, value = values[this.at] ?? (form === "bars" ? 0 : (low + high) / 2);
    if (change) this.#set(this.at, Math.max(low, Math.min(high, value + change * far * BY_KEY * (high - low))));
    this.invalidate();
    this.speak(`${meta.names[this.at] ?? ""} ${format(values[this.at] ?? value)}`.trim());
  }

  #set(at, value) {
    this.values[at] = value;
    this.#changed();
  }

  #changed() {
    this.touched = true;
    this.#ready();
    this.invalidate();
  }
}

export default (component) => mount(component, Sketch);
