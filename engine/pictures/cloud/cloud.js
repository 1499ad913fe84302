// Points that move with the clock, the same ones in several planes side by side; data and arrows behind them.
import { View, element, fill, format, lineColourOf, mount } from "./core.js";
import { TIME_KEYS, keyboard, pointer, swatches } from "./controls.js";
import { follow, placeOf } from "./clock.js";
import { ticks } from "./marks.js";

const SENT = 4, LEVELS = 65535; // as engine/pictures/cloud.py
const REACH = 12; // CSS pixels around a point that belong to it
const TITLE = 20, GAP = 14, LEFT = 26, BOTTOM = 32;

class Cloud extends View {
  constructor(host) {
    super(host);
    this.under = -1; // point under pointer or keyboard
    this.plane0 = 0; // plane in which it was touched
    pointer(this, {
      move: (x, y) => this.#hover(...this.#near(x, y)),
      out: () => this.#hover(-1, 0),
      click: (x, y) => { const [point] = this.#near(x, y); if (point >= 0) this.#pick(point); },
    });
    keyboard(this, {
      arrow: (dx, dy, event) => this.#step((dx || -dy) * (event.shiftKey ? 10 : 1)),
      enter: () => this.under >= 0 && this.#pick(this.under),
      focus: () => this.#hover(this.meta.picked ?? 0, 0),
      blur: () => this.#hover(-1, 0),
    });
  }

  shortcuts() {
    return [["← →", "point"], ["Shift + ←", "far"], ...(this.meta.click ? [["Enter", "choose"]] : []), TIME_KEYS];
  }

  receive(meta, arrays) {
    const moving = Object.fromEntries(Object.entries(arrays).filter(([name]) => /^(p\d+|arrows)$/.test(name)));
    follow(this, meta, moving);
    this.canvas.classList.toggle("clickable", meta.click);
    this.rebuild("legend", [meta.names, meta.dataName, meta.tracedName, meta.arrowsName, meta.note, this.theme.faint, this.theme.text, this.theme.dark], () => {
      const items = meta.names.map((name, k) => ({ name, colour: lineColourOf(k, this.theme) }));
      if (meta.dataName) items.push({ name: meta.dataName, colour: this.theme.faint });
      if (meta.tracedName) items.push({ name: meta.tracedName, colour: lineColourOf(0, this.theme), shape: "line" });
      if (meta.arrowsName) items.push({ name: meta.arrowsName, colour: this.theme.text, shape: "line" });
      const legend = swatches(items);
      if (meta.note) legend.append(element("span", {}, meta.note));
      this.below.replaceChildren(legend);
    });
  }

  onTime() {
    if (!this.store?.indices.length || this.store.at(this.clock.index).index === this.shownFrame) return;
    this.paint();
    if (this.tip.classList.contains("on") && this.under >= 0) this.#readOut();
  }

  // ------------------------------------------------ geometry

  layout(width) {
    const count = this.meta.titles.length;
    const side = Math.floor(Math.min((width - LEFT - 4 - GAP * (count - 1)) / count, this.meta.height ?? 320));
    this.side = Math.max(90, side);
    this.boxes = Array.from({ length: count }, (_, k) => ({ x: LEFT + k * (this.side + GAP), y: TITLE }));
    this.size(LEFT + count * this.side + GAP * (count - 1) + 4, TITLE + this.side + BOTTOM);
    this.canvas.neurarium = { boxes: this.boxes, side: this.side };
  }

  /** 16-bit position -> canvas pixels within a box. */
  #x(level, box) {
    return box.x + ((level / LEVELS - 0.5) * SENT + 0.5) * this.side;
  }

  #y(level, box) {
    return box.y + (0.5 - (level / LEVELS - 0.5) * SENT) * this.side;
  }

  #value(level) {
    return (level / LEVELS * 2 - 1) * SENT * this.meta.reach;
  }

  #slices(index = this.clock.index) {
    return this.store.at(index).slices;
  }

  /** [nearest point within reach, its plane], else [-1, 0]. */
  #near(x, y) {
    if (!this.boxes || !this.store?.indices.length) return [-1, 0];
    const plane = this.boxes.findIndex((box) => x >= box.x && x <= box.x + this.side && y >= box.y && y <= box.y + this.side);
    if (plane < 0) return [-1, 0];
    const positions = this.#slices()["p" + plane], box = this.boxes[plane];
    let best = -1, reach = REACH;
    for (let n = 0; n < positions.length / 2; n++) {
      const away = Math.hypot(this.#x(positions[2 * n], box) - x, this.#y(positions[2 * n + 1], box) - y);
      if (away < reach) { reach = away; best = n; }
    }
    return [best, plane];
  }

  // ------------------------------------------------ drawing

  draw(context) {
    const { meta, theme, store, clock } = this;
    if (!store.indices.length) return;
    const frame = store.at(clock.index);
    this.countFrame(frame.index);
    context.lineJoin = context.lineCap = "round";
    this.boxes.forEach((box, k) => {
      this.#plane(context, box, fill(meta.titles[k], { step: format(frame.step) }), k === 0);
      context.save();
      context.beginPath();
      context.rect(box.x, box.y, this.side, this.side);
      context.clip();
      if (this.arrays.data) this.#dots(context, this.arrays.data.data, box, theme.faint, Math.max(0.8, this.side / 320), 0.45);
      if (k === 0 && frame.slices.arrows) this.#arrows(context, frame.slices.arrows, box);
      if (k === 0) for (const point of meta.traced) this.#way(context, point, k, box, 1, false);
      this.#points(context, frame.slices["p" + k], box);
      for (const [point, colour] of [[meta.picked ?? -1, theme.text], [this.under, theme.text]]) {
        if (point < 0) continue;
        this.#way(context, point, k, box, 1.8, true);
        const positions = frame.slices["p" + k];
        context.beginPath();
        context.arc(this.#x(positions[2 * point], box), this.#y(positions[2 * point + 1], box), 6, 0, 2 * Math.PI);
        context.strokeStyle = colour;
        context.lineWidth = 2;
        context.stroke();
      }
      context.restore();
    });
  }

  #plane(context, box, title, first) {
    const { meta, theme, side } = this;
    context.fillStyle = theme.panel;
    context.fillRect(box.x, box.y, side, side);
    context.strokeStyle = theme.line;
    context.lineWidth = 1;
    context.strokeRect(box.x + 0.5, box.y + 0.5, side - 1, side - 1);
    context.font = this.font(11);
    context.fillStyle = theme.faint;
    context.textBaseline = "middle";
    for (const value of ticks(-meta.reach, meta.reach, side < 200 ? 2 : 4)) {
      const share = (value / meta.reach + 1) / 2;
      context.textAlign = "center";
      context.fillText(format(value), box.x + share * side, box.y + side + 10);
      context.textAlign = "right";
      if (first) context.fillText(format(value), box.x - 5, box.y + (1 - share) * side);
    }
    context.textAlign = "center";
    context.fillText(meta.axisLabels[0], box.x + side / 2, box.y + side + 24);
    context.textAlign = "right";
    if (first) context.fillText(meta.axisLabels[1], box.x - 5, box.y + side * 0.36);
    context.textAlign = "left";
    context.font = this.font(side < 220 ? 11 : 13, 600);
    context.fillStyle = theme.text;
    context.fillText(title, box.x, 9, side);
  }

  #dots(context, positions, box, colour, radius, alpha) {
    context.globalAlpha = alpha;
    context.fillStyle = colour;
    context.beginPath();
    for (let n = 0; n < positions.length; n += 2) {
      const x = this.#x(positions[n], box), y = this.#y(positions[n + 1], box);
      context.rect(x - radius, y - radius, 2 * radius, 2 * radius);
    }
    context.fill();
    context.globalAlpha = 1;
  }

  #points(context, positions, box) {
    const { classes } = this.arrays, radius = Math.max(1.5, Math.min(2.6, this.side / 130));
    for (let k = 0; k < this.theme.lines.length; k++) {
      context.beginPath();
      for (let n = 0; n < classes.data.length; n++) {
        if (classes.data[n] % this.theme.lines.length !== k) continue;
        const x = this.#x(positions[2 * n], box), y = this.#y(positions[2 * n + 1], box);
        context.moveTo(x + radius, y);
        context.arc(x, y, radius, 0, 2 * Math.PI);
      }
      context.fillStyle = this.theme.lines[k];
      context.fill();
    }
  }

  /** The way of a point up to now, and faintly what is still to come where that is asked for. */
  #way(context, point, k, box, width, future) {
    const { indices } = this.store, now = placeOf(indices, this.clock.index);
    context.strokeStyle = lineColourOf(this.arrays.classes.data[point], this.theme);
    context.lineWidth = width;
    for (const [from, to, alpha] of [[0, now, 0.75], [now, future ? indices.length - 1 : now, 0.22]]) {
      context.globalAlpha = alpha;
      context.beginPath();
      for (let at = from; at <= to; at++) {
        const positions = this.#slices(indices[at])["p" + k];
        context[at === from ? "moveTo" : "lineTo"](this.#x(positions[2 * point], box), this.#y(positions[2 * point + 1], box));
      }
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  #arrows(context, arrows, box) {
    const places = this.arrays.lattice.data, cell = this.side / Math.sqrt(places.length / 2);
    context.strokeStyle = this.theme.text;
    context.globalAlpha = 0.5;
    context.lineWidth = 1;
    context.beginPath();
    for (let n = 0; n < places.length; n += 2) {
      const dx = ((arrows[n] - 127) / 127) * cell * 0.85, dy = (-(arrows[n + 1] - 127) / 127) * cell * 0.85;
      const x = this.#x(places[n], box) + dx / 2, y = this.#y(places[n + 1], box) + dy / 2;
      context.moveTo(x - dx, y - dy);
      context.lineTo(x, y);
      if (Math.hypot(dx, dy) < 2) continue;
      const angle = Math.atan2(dy, dx);
      for (const side of [2.6, -2.6]) {
        context.moveTo(x, y);
        context.lineTo(x + 3.5 * Math.cos(angle + side), y + 3.5 * Math.sin(angle + side));
      }
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  // ------------------------------------------------ touching and reading

  #step(by) {
    const count = this.arrays.classes.data.length;
    this.#hover((Math.max(0, this.under) + by + count) % count, 0);
  }

  #pick(point) {
    if (this.meta.click) this.send("pick", { point, frame: this.store.at(this.clock.index).index });
  }

  #hover(point, plane) {
    this.plane0 = plane;
    if (point !== this.under) {
      this.under = point;
      this.invalidate();
    }
    if (point >= 0) this.#readOut();
    else this.hideTip();
  }

  #readOut() {
    const lines = this.describe(this.under);
    const positions = this.#slices()["p" + this.plane0], box = this.boxes[this.plane0];
    this.showTip(lines, this.#x(positions[2 * this.under], box), this.#y(positions[2 * this.under + 1], box));
    this.speak(lines.join(" · "));
  }

  describe(point) {
    const { meta } = this, slices = this.#slices(), { step } = this.store.at(this.clock.index);
    const places = meta.titles.map((title, k) => {
      const [x, y] = [slices["p" + k][2 * point], slices["p" + k][2 * point + 1]].map((level) => format(Number(this.#value(level).toFixed(3))));
      return `${fill(title, { step: format(step) })}: (${x}, ${y})`;
    });
    return [`${this.text.point} ${point}`, ...places];
  }
}

export default (component) => mount(component, Cloud);
