// A plane with axes: a field, bands, borders, paths, points, and handles that can be dragged.
import { View, colourOf, element, format, lineColourOf, mount, paintClasses, paintScale } from "./core.js";
import { TIME_KEYS, colourBar, keyboard, pointer, swatches } from "./controls.js";
import { cross, drawAxes, shareOf, valueAt } from "./axes.js";
import { drawBorders } from "./borders.js";
import { follow, placeOf, unfollow } from "./clock.js";
import { disc, edge } from "./marks.js";
import { paintBandNames, paintBands, paintHandle, paintPath } from "./plot_paint.js";

const REACH = 12, HANDLE_REACH = 22; // CSS pixels around a mark that belong to it
const TELL_AFTER = 120; // ms between two reports of what is carried
const round = (value) => Number(value.toPrecision(6));

class Plot extends View {
  constructor(host) {
    super(host);
    this.field = document.createElement("canvas");
    this.cursor = null; // data coordinates of pointer or keyboard
    this.moved = new Map(); // key of a handle -> where it is dragged to, until the server has heard
    this.held = null; // key of the handle that pointer or arrows take along
    this.ring = element("div");
    this.below.append(this.ring);
    pointer(this, {
      press: (x, y) => { this.held = this.#handleNear(x, y)?.key ?? null; return this.held !== null; },
      drag: (x, y) => this.#carry(this.#data(x, y)),
      drop: () => this.#putDown(),
      move: (x, y) => this.#hover(this.#inside(x, y) ? this.#data(x, y) : null),
      out: () => this.#hover(null),
      click: (x, y) => { this.held = null; if (this.#inside(x, y)) this.#choose(this.#data(x, y)); },
    });
    keyboard(this, {
      arrow: (dx, dy, event) => this.#step(dx, dy, event.shiftKey ? 5 : 1),
      enter: () => (this.held !== null ? this.#putDown() : this.cursor && this.#choose(this.cursor)),
      escape: () => this.#takeBack(),
      other: (key) => this.#key(key),
      focus: () => this.#hover(this.cursor ?? this.#middle()),
      blur: () => { if (this.held !== null) this.#putDown(); this.#hover(null); },
    });
    this.canvas.addEventListener("touchstart", (event) => { // a finger on a handle drags it; elsewhere it scrolls
      const box = this.canvas.getBoundingClientRect(), touch = event.touches[0];
      if (this.meta && this.#handleNear(touch.clientX - box.left, touch.clientY - box.top)) event.preventDefault();
    }, { passive: false });
  }

  shortcuts() {
    const { handles, dots, click, frames } = this.meta, marks = handles.length + dots.length;
    return [["← ↑ → ↓", "place"], ["Shift + ←", "far"], ...(marks ? [["N", "nextMark"]] : []), ...(click ? [["Enter", "chooseMark"]] : []),
      ...(handles.length ? [["M", "carryMark"]] : []), ...(frames ? [TIME_KEYS] : [])];
  }

  summary() {
    return this.meta.handles.map(([key, , , name]) => `${name} ${this.#told(this.#handle(key))}`).join(", ");
  }

  receive(meta, arrays) {
    this.still = arrays;
    // What is in the reader's hand stays there while the page follows it.
    if (!meta.carries || !meta.handles.some(([key]) => key === this.held)) {
      this.moved.clear();
      this.held = null;
    }
    const moving = {};
    if (meta.field?.moves) moving.field = arrays.field;
    for (const kind of ["border", "path", "dots"])
      (meta[kind === "dots" ? kind : kind + "s"]).forEach((one, k) => { if (one.moves || one.grows) moving[kind + k] = arrays[kind + k]; });
    this.moving = meta.frames ? moving : {};
    if (meta.frames) {
      this.frameIndex = undefined;
      follow(this, meta, moving);
      this.#takeFrame();
    } else unfollow(this);
    if (meta.field && !meta.field.moves) this.#fillField(arrays.field.data);
    this.canvas.classList.toggle("clickable", Boolean(meta.click));
    this.#legend();
  }

  onTime() {
    if (this.#takeFrame()) {
      this.paint();
      if (this.cursor && this.tip.classList.contains("on")) this.#readOut();
    }
  }

  #takeFrame() {
    const frame = this.store?.at(this.clock.index);
    if (!frame || frame.index === this.frameIndex) return false;
    this.frameIndex = frame.index;
    if (frame.slices.field) this.#fillField(frame.slices.field);
    return true;
  }

  /** The numbers of a part now: those of the frame shown where it moves. */
  #now(name) {
    return name in this.moving ? this.store.at(this.clock.index)?.slices[name] : this.still[name]?.data;
  }

  /** [[x, y], …] of a part now. */
  #points(name) {
    const flat = this.#now(name) ?? [];
    return Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at], flat[2 * at + 1]]);
  }

  /** The points of a path now: of one that grows, those up to the frame that is shown. */
  #course(path, k) {
    const name = "path" + k;
    if (!path.grows) return this.#points(name);
    const { store, clock } = this, last = placeOf(store.indices, clock.index);
    return store.indices.slice(0, last + 1).map((index) => [...store.frames.get(index).slices[name]]);
  }

  #fillField(values) {
    const { field } = this.meta, shape = this.still.field.shape.slice(field.moves ? 1 : 0);
    const [rows, columns] = shape, picture = new ImageData(columns, rows), { dark } = this.theme;
    this.values = values;
    this.field.width = columns;
    this.field.height = rows;
    if (field.classes.length) paintClasses(values, field.classes.length, picture.data, dark);
    else paintScale(values, field.scale, field.low, field.high, new Uint32Array(picture.data.buffer), dark);
    this.field.getContext("2d").putImageData(picture, 0, 0);
  }

  recolour() {
    if (this.meta.field && this.values) this.#fillField(this.values);
    this.#legend();
  }

  #legend() {
    const { meta, theme } = this;
    const lines = (list) => list.filter((one) => one.name).map((one) => ({ name: one.name, colour: lineColourOf(one.colour, theme), shape: one.filled ? "area" : one.dashed ? "line dashed" : "line" }));
    const dots = meta.dots.filter((one) => one.name).map((one) => ({ name: one.name, colour: colourOf(Array.isArray(one.colours) ? null : one.colours, theme), shape: one.rings?.length && one.rings.every(Boolean) ? "ring" : one.small ? "small" : "" }));
    const items = [...(meta.field?.classes ?? []), ...lines(meta.borders), ...lines(meta.paths), ...dots];
    this.rebuild("legend", [meta.field && { ...meta.field, moves: 0 }, items, theme.dark], () => {
      const bar = meta.field && !meta.field.classes.length ? colourBar({ ...meta.field, unit: "", dark: theme.dark }) : null;
      this.ring.replaceChildren(...(bar ? [bar] : []), ...(items.length ? [swatches(items.map((item, k) => (typeof item === "string" ? { name: item, colour: colourOf(k, theme) } : item)))] : []));
    });
  }

  // ------------------------------------------------ geometry

  layout(width) {
    const { meta } = this, [x0, x1, y0, y1] = meta.domain, left = 46, under = 34, top = 8, right = 10;
    let across = width - left - right, up = meta.height ? meta.height - top - under : 300;
    if (meta.square) {
      const unit = Math.min(across / (x1 - x0), (meta.height ? up : 440) / (y1 - y0));
      [across, up] = [unit * (x1 - x0), unit * (y1 - y0)];
    }
    this.box = { x: left, y: top, w: Math.max(60, Math.floor(across)), h: Math.max(60, Math.floor(up)) };
    this.size(Math.min(width, left + this.box.w + right), top + this.box.h + under);
    this.below.style.maxWidth = Math.max(220, this.canvasWidth) + "px";
    this.canvas.neurarium = { box: this.box };
  }

  #screen([x, y]) {
    const { domain: [x0, x1, y0, y1], logX, logY } = this.meta, { box } = this;
    return [box.x + shareOf(x, x0, x1, logX) * box.w, box.y + (1 - shareOf(y, y0, y1, logY)) * box.h];
  }

  #data(px, py) {
    const { domain: [x0, x1, y0, y1], logX, logY } = this.meta, { box } = this;
    const at = (share, low, high, log) => round(valueAt(Math.max(0, Math.min(1, share)), low, high, log));
    return [at((px - box.x) / box.w, x0, x1, logX), at(1 - (py - box.y) / box.h, y0, y1, logY)];
  }

  #inside(x, y) {
    const { box } = this;
    return box && x >= box.x && y >= box.y && x <= box.x + box.w && y <= box.y + box.h;
  }

  #middle() {
    const { box } = this;
    return this.#data(box.x + box.w / 2, box.y + box.h / 2);
  }

  #handle(key) {
    const [, x, y] = this.meta.handles.find((handle) => handle[0] === key);
    return this.moved.get(key) ?? [x, y];
  }

  #handleNear(px, py) {
    let best = null, reach = HANDLE_REACH;
    for (const [key] of this.meta?.handles ?? []) {
      const [x, y] = this.#screen(this.#handle(key)), away = Math.hypot(x - px, y - py);
      if (away <= reach) { reach = away; best = { key }; }
    }
    return best;
  }

  /** The point within reach of a place: {dots, dot}, or null. */
  #dotNear(place) {
    const [px, py] = this.#screen(place);
    let best = null, reach = REACH;
    this.meta.dots.forEach((_, k) => this.#points("dots" + k).forEach((point, at) => {
      const [x, y] = this.#screen(point), away = Math.hypot(x - px, y - py);
      if (away <= reach) { reach = away; best = { dots: k, dot: at }; }
    }));
    return best;
  }

  // ------------------------------------------------ drawing

  draw(context) {
    const { meta, theme, box } = this, { domain } = meta;
    if (meta.frames) this.countFrame(this.frameIndex);
    context.fillStyle = theme.panel;
    context.fillRect(box.x, box.y, box.w, box.h);
    const seam = meta.field ? theme.background : null;
    context.save();
    context.beginPath();
    context.rect(box.x, box.y, box.w, box.h);
    context.clip();
    if (meta.field) {
      context.imageSmoothingEnabled = true;
      context.imageSmoothingQuality = "high";
      context.drawImage(this.field, box.x, box.y, box.w, box.h);
    }
    paintBands(context, this, meta.bands, (x) => this.#screen([x, domain[2]])[0]);
    context.restore();
    drawAxes(context, this, box, {
      domain, labels: meta.axisLabels, logX: meta.logX, logY: meta.logY, across: Math.max(2, box.w / 70), up: Math.max(2, box.h / 45),
      quiet: Boolean(meta.field), zero: true,
    });
    context.save();
    context.beginPath();
    context.rect(box.x, box.y, box.w, box.h);
    context.clip();
    drawBorders(context, meta.borders, (k) => this.#now("border" + k), domain, (place) => this.#screen(place), theme, seam);
    meta.paths.forEach((path, k) => paintPath(context, path, this.#course(path, k).map((point) => this.#screen(point)), theme, seam));
    context.restore();
    paintBandNames(context, this, meta.bands, (x) => this.#screen([x, domain[2]])[0]);
    edge(context, meta.expected, { x: box.x, y: box.y, s: box.w }, meta.field ? theme.edge : theme.text);
    meta.dots.forEach((dots, k) => this.#points("dots" + k).forEach((point, at) => {
      const [x, y] = this.#screen(point);
      if (!this.#inside(x, y)) return;
      const colour = Array.isArray(dots.colours) ? dots.colours[at] : dots.colours;
      disc(context, x, y, dots.radius, colourOf(colour, theme), !dots.rings?.[at], theme);
    }));
    for (const [key, , , name, colour] of meta.handles) paintHandle(context, this, this.#screen(this.#handle(key)), name, colour, this.held === key);
    for (const place of [meta.picked, this.held === null ? this.cursor : null]) if (place) cross(context, this.#screen(place), meta.field ? theme.edge : theme.text);
  }

  // ------------------------------------------------ touching

  #carry(place) {
    if (this.held === null) return;
    this.moved.set(this.held, place);
    this.#hover(place);
    this.invalidate();
    if (this.meta.carries) this.carrying ??= setTimeout(() => this.#tellCarried(), TELL_AFTER);
  }

  #tellCarried() {
    this.carrying = undefined;
    const place = this.moved.get(this.held);
    if (place) this.send("carry", { key: this.held, x: place[0], y: place[1] });
  }

  /** What is in the hand goes back to where it was. */
  #takeBack() {
    if (this.held !== null) {
      this.moved.delete(this.held);
      clearTimeout(this.carrying);
      this.carrying = undefined;
      const [x, y] = this.#handle(this.held);
      if (this.meta.carries) this.send("carry", { key: this.held, x, y });
    }
    this.held = null;
    this.#hover(null);
  }

  #putDown() {
    const key = this.held, place = this.moved.get(key);
    clearTimeout(this.carrying);
    this.carrying = undefined;
    this.held = null;
    this.invalidate();
    if (place) this.send("handle", { key, x: place[0], y: place[1] });
  }

  #choose([x, y]) {
    if (!this.meta.click) return;
    const dot = this.#dotNear([x, y]);
    if (dot) this.send("dot", dot);
    else this.send("spot", { x, y });
  }

  #key(key) {
    if (key === "n" || key === "N") this.#leap(key === "n" ? 1 : -1);
    else if ((key === "m" || key === "M") && this.meta.handles.length) this.held !== null ? this.#putDown() : this.#takeUp();
    else return false;
    return true;
  }

  /** To the next handle or point, in their order. */
  #leap(by) {
    const marks = [...this.meta.handles.map(([key]) => this.#handle(key)), ...this.meta.dots.flatMap((_, k) => this.#points("dots" + k))];
    if (!marks.length || this.held !== null) return;
    this.visited = this.visited === undefined || this.visited >= marks.length ? (by > 0 ? 0 : marks.length - 1) : (this.visited + by + marks.length) % marks.length;
    this.#hover([...marks[this.visited]]);
  }

  #takeUp() {
    const [px, py] = this.#screen(this.cursor ?? this.#middle());
    let best = Infinity;
    for (const [key] of this.meta.handles) {
      const [x, y] = this.#screen(this.#handle(key)), away = Math.hypot(x - px, y - py);
      if (away < best) { best = away; this.held = key; }
    }
    this.#hover(this.#handle(this.held));
  }

  #step(dx, dy, far) {
    const { box } = this, [px, py] = this.#screen(this.held !== null ? this.#handle(this.held) : (this.cursor ?? this.#middle()));
    const place = this.#data(px + (dx * far * box.w) / 40, py + (dy * far * box.h) / 40);
    if (this.held !== null) this.#carry(place);
    else this.#hover(place);
  }

  #hover(place) {
    if (!place && !this.cursor) return;
    this.cursor = place;
    this.invalidate();
    if (place) this.#readOut();
    else this.hideTip();
  }

  #readOut() {
    const lines = this.describe(this.cursor), [x, y] = this.#screen(this.cursor);
    this.showTip(lines, x, y - 4);
    this.speak(lines.filter(Boolean).join(" · "));
  }

  #told([x, y]) {
    const { axisLabels } = this.meta;
    return `${axisLabels[0]} ${format(Number(x.toPrecision(4)))}, ${axisLabels[1]} ${format(Number(y.toPrecision(4)))}`;
  }

  describe(place) {
    const { meta } = this, { domain: [x0, x1, y0, y1] } = meta, dot = this.#dotNear(place);
    if (dot) {
      const { labels, name } = meta.dots[dot.dots];
      return [labels[dot.dot] || name, this.#told(this.#points("dots" + dot.dots)[dot.dot])];
    }
    const lines = [this.#told(place)], handle = this.#handleNear(...this.#screen(place));
    if (handle) lines.unshift(meta.handles.find(([key]) => key === handle.key)[3]);
    if (meta.field && this.values) {
      const [rows, columns] = this.still.field.shape.slice(meta.field.moves ? 1 : 0);
      const column = Math.min(columns - 1, Math.floor(((place[0] - x0) / (x1 - x0)) * columns)), row = Math.min(rows - 1, Math.floor(((y1 - place[1]) / (y1 - y0)) * rows));
      const { classes, name } = meta.field, from = (row * columns + column) * (classes.length || 1);
      if (classes.length) lines.push(classes.slice(0, 4).map((one, k) => `${one} ${format(Number((this.values[from + k] / 255).toFixed(2)))}`).join(" · "));
      else lines.push(`${name} ${format(this.values[from])}`);
    } else if (!meta.square) lines.push(...this.#crossed(place[0]));
    return lines;
  }

  /** What the named curves come to at an x. */
  #crossed(x) {
    const lines = [];
    this.meta.paths.forEach((path, k) => {
      if (!path.name || path.closed) return;
      const points = this.#course(path, k);
      for (let at = 1; at < points.length; at++) {
        const [[a, b], [c, d]] = [points[at - 1], points[at]];
        if ((a <= x && x <= c) || (c <= x && x < a)) {
          const value = a === c ? b : b + ((x - a) / (c - a)) * (d - b);
          if (Number.isFinite(value)) lines.push(`${path.name} ${format(Number(value.toPrecision(4)))}`);
          return;
        }
      }
    });
    return lines.slice(0, 6);
  }
}

export default (component) => mount(component, Plot);
