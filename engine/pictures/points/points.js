// Points of classes in a square plane over a field of class probabilities: to edit, or to look at.
import { CLASS_COLOURS, View, element, fill, format, mount, paintClasses, paintScale, tableOf } from "./core.js";
import { TIME_KEYS, colourBar, keyboard, pointer, swatches } from "./controls.js";
import { follow, unfollow } from "./clock.js";
import { cross, drawAxes } from "./axes.js";
import { drawBorders } from "./borders.js";
import { disc, edge } from "./marks.js";

const REACH = 11; // CSS pixels around a point that belong to it
const SEND_AFTER = 150; // ms: a row of quick clicks is one report
const MANY = 8; // marked points
const round = (value) => Math.round(value * 1000) / 1000;

class Points extends View {
  constructor(host) {
    super(host);
    this.field = document.createElement("canvas");
    this.points = [];
    this.current = 0; // class of new points
    this.cursor = null; // data coordinates of pointer or keyboard
    this.carried = -1; // point that the arrow keys take along
    this.keys = element("div", { class: "keys", role: "group" });
    this.ring = element("div");
    this.below.append(this.keys, this.ring);
    pointer(this, {
      press: (x, y) => { this.grabbed = this.meta.editable ? this.#near(x, y) : -1; return this.grabbed >= 0; },
      drag: (x, y) => this.#drag(x, y),
      drop: () => this.#changed(0),
      move: (x, y) => this.#hover(this.#inside(x, y) ? this.#data(x, y) : null),
      out: () => this.#hover(null),
      click: (x, y) => { if (this.#inside(x, y) && this.#near(x, y) < 0) this.#act(this.#data(x, y)); else if (!this.meta.editable && this.#inside(x, y)) this.#act(this.#data(x, y)); },
      alternate: (x, y) => { if (this.meta.editable) this.#remove(this.#near(x, y, REACH * 1.5)); },
    });
    keyboard(this, {
      arrow: (dx, dy, event) => this.#step(dx, dy, event.shiftKey ? 5 : 1),
      enter: () => (this.carried >= 0 ? this.#putDown() : this.cursor && this.#act(this.cursor)),
      remove: () => this.meta.editable && this.cursor && this.#remove(this.#nearest(this.cursor)),
      escape: () => (this.carried >= 0 ? this.#putDown(this.origin) : this.#hover(null)),
      other: (key) => this.#key(key),
      focus: () => this.#hover(this.cursor ?? this.#middle()),
      blur: () => { this.#putDown(); this.#hover(null); },
    });
    // A finger on a point drags it; anywhere else it scrolls the page.
    this.canvas.addEventListener("touchstart", (event) => {
      const box = this.canvas.getBoundingClientRect(), touch = event.touches[0];
      if (this.meta?.editable && this.#near(touch.clientX - box.left, touch.clientY - box.top) >= 0) event.preventDefault();
    }, { passive: false });
  }

  summary() {
    const { meta, points } = this;
    return meta.values ? "" : meta.classes.map((name, k) => `${name} ${points.filter((point) => point[2] === k).length}`).join(", ");
  }

  shortcuts() {
    const { editable, click, classes, frames } = this.meta, many = Math.min(9, classes.length);
    return [["← ↑ → ↓", "place"], ["Shift + ←", "far"], ["N", "nextPoint"], ...(editable || click ? [["Enter", editable ? "addPoint" : "chooseSpot"]] : []),
      ...(editable ? [["M", "carryPoint"], ["Delete", "removePoint"], ...(many > 1 ? [["1 – " + many, "pointClass"]] : [])] : []), ...(frames ? [TIME_KEYS] : [])];
  }

  receive(meta, arrays) {
    if (this.revision !== meta.revision || !meta.editable || !this.wasEditable) {
      this.points = meta.points.map((point) => [...point]);
      this.carried = -1;
      this.train = meta.train;
    } else if (meta.train?.length === this.points.length) this.train = meta.train; // drawn since: who is trained on is dealt anew
    this.revision = meta.revision;
    this.wasEditable = meta.editable;
    this.current = Math.min(this.current, meta.classes.length - 1);
    const { background } = arrays;
    this.still = arrays;
    this.fieldShape = background ? background.shape.slice(-3) : null;
    if (meta.frames) {
      this.frameIndex = undefined;
      follow(this, meta, Object.fromEntries(Object.entries(arrays).filter(([name]) => name === "background" || meta.borders[name.slice(6)].moves)));
      this.#takeFrame();
    } else {
      unfollow(this);
      if (background) this.#fillField(background.data);
    }
    this.canvas.classList.toggle("drawing", meta.editable);
    this.canvas.classList.toggle("clickable", !meta.editable);
    this.#controls();
  }

  onTime() {
    if (this.#takeFrame()) {
      this.paint();
      if (this.cursor && this.tip.classList.contains("on")) this.#readOut();
    }
  }

  #takeFrame() {
    const frame = this.store.at(this.clock.index);
    if (!frame || frame.index === this.frameIndex) return false;
    this.frameIndex = frame.index;
    if (this.fieldShape) this.#fillField(frame.slices.background);
    return true;
  }

  #fillField(values) {
    const [rows, columns, classes] = this.fieldShape;
    this.values = values;
    this.field.width = columns;
    this.field.height = rows;
    const picture = new ImageData(columns, rows);
    const range = this.meta.values, { dark } = this.theme;
    if (range) paintScale(values, "signed", range.low, range.high, new Uint32Array(picture.data.buffer), dark);
    else paintClasses(values, classes, picture.data, dark);
    this.field.getContext("2d").putImageData(picture, 0, 0);
  }

  recolour() {
    if (this.fieldShape && this.values) this.#fillField(this.values);
    this.#controls();
  }

  // ------------------------------------------------ geometry

  layout(width) {
    const side = Math.min(width - 44, this.meta.height ? this.meta.height - 40 : 440);
    this.box = { x: 36, y: 6, s: Math.max(80, Math.floor(side)) };
    this.size(Math.min(width, this.box.x + this.box.s + 8), this.box.y + this.box.s + 34);
    this.below.style.maxWidth = this.canvasWidth + "px";
    this.canvas.neurarium = { box: this.box };
  }

  #screen([x, y]) {
    const [x0, x1, y0, y1] = this.meta.domain, { box } = this;
    return [box.x + ((x - x0) / (x1 - x0)) * box.s, box.y + ((y1 - y) / (y1 - y0)) * box.s];
  }

  #data(x, y) {
    const [x0, x1, y0, y1] = this.meta.domain, { box } = this;
    const clamp = (value) => Math.max(0, Math.min(1, value));
    return [round(x0 + clamp((x - box.x) / box.s) * (x1 - x0)), round(y1 - clamp((y - box.y) / box.s) * (y1 - y0))];
  }

  /** The colour of a point: its class's, or its value's in the signed table. */
  #colour([, , label]) {
    const range = this.meta.values;
    if (!range) return CLASS_COLOURS[label % CLASS_COLOURS.length];
    const at = Math.round(Math.max(0, Math.min(1, (label - range.low) / (range.high - range.low))) * 255);
    return `rgb(${tableOf("signed", this.theme.dark).bytes.slice(4 * at, 4 * at + 3).join(" ")})`;
  }

  #inside(x, y) {
    const { box } = this;
    return box && x >= box.x && y >= box.y && x <= box.x + box.s && y <= box.y + box.s;
  }

  #middle() {
    const [x0, x1, y0, y1] = this.meta.domain;
    return [round((x0 + x1) / 2), round((y0 + y1) / 2)];
  }

  /** Place of the nearest point within reach of a canvas position, else -1. */
  #near(x, y, reach = REACH) {
    let best = -1;
    this.points.forEach((point, at) => {
      const [px, py] = this.#screen(point), away = Math.hypot(px - x, py - y);
      if (away <= reach) { reach = away; best = at; }
    });
    return best;
  }

  #nearest(place) {
    return this.#near(...this.#screen(place), Infinity);
  }

  // ------------------------------------------------ drawing

  draw(context) {
    const { meta, theme, box } = this;
    if (meta.frames) this.countFrame(this.frameIndex);
    context.fillStyle = theme.panel;
    context.fillRect(box.x, box.y, box.s, box.s);
    if (this.fieldShape) {
      context.imageSmoothingEnabled = true;
      context.imageSmoothingQuality = "high";
      context.drawImage(this.field, box.x, box.y, box.s, box.s);
    }
    drawAxes(context, this, { ...box, w: box.s, h: box.s }, { domain: meta.domain, labels: meta.axisLabels, quiet: Boolean(this.fieldShape) });
    context.save();
    context.beginPath();
    context.rect(box.x, box.y, box.s, box.s);
    context.clip();
    const now = (k) => (meta.borders[k].moves ? this.store.at(this.clock.index)?.slices["border" + k] : this.still["border" + k].data);
    drawBorders(context, meta.borders, now, meta.domain, (place) => this.#screen(place), theme, this.fieldShape ? theme.background : null);
    context.restore();
    edge(context, meta.expected, box, theme.edge);
    context.strokeStyle = theme.edge;
    const many = meta.marked.length > MANY; // quieter, or they hide what they are to show
    context.lineWidth = many ? 0.7 : 1.4;
    context.beginPath();
    for (const [x0, y0, x1, y1] of meta.segments) {
      context.moveTo(...this.#screen([x0, y0]));
      context.lineTo(...this.#screen([x1, y1]));
    }
    context.stroke();
    const radius = Math.max(3, Math.min(5, box.s / 80)), marked = new Set(meta.marked);
    this.points.forEach((point, at) => {
      const [x, y] = this.#screen(point);
      if (marked.has(at)) {
        context.beginPath();
        context.arc(x, y, radius + (many ? 3 : 5), 0, 2 * Math.PI);
        context.lineWidth = many ? 1.2 : 2;
        context.strokeStyle = theme.edge;
        context.stroke();
      }
      disc(context, x, y, at === this.grabbed || at === this.carried ? radius + 2 : radius, this.#colour(point), this.train?.[at] !== false, theme);
    });
    for (const place of [meta.picked, this.cursor]) if (place) cross(context, this.#screen(place), this.fieldShape ? theme.edge : theme.text);
  }

  #controls() {
    const { meta, text } = this;
    const ringed = Boolean(this.train?.includes(false));
    this.rebuild("controls", [meta.classes, meta.values, meta.editable, ringed, meta.ringed, text, this.theme.dark], () => this.#buildControls(ringed));
    this.#count();
  }

  #buildControls(ringed) {
    const { meta, text } = this;
    const bar = meta.values ? colourBar({ scale: "signed", ...meta.values, unit: "", name: meta.classes[0], dark: this.theme.dark }) : null;
    const kinds = bar ? [] : meta.classes;
    const legend = bar && !ringed ? bar : swatches(ringed ? [...kinds, { name: text.train, colour: this.theme.faint }, { name: this.meta.ringed || text.test, colour: this.theme.faint, shape: "ring" }] : meta.classes);
    this.ring.replaceChildren(...(meta.editable && !ringed ? [] : bar && ringed ? [bar, legend] : [legend]));
    this.keys.hidden = !meta.editable;
    this.counter = element("span", { class: "count" });
    if (!meta.editable) return this.keys.replaceChildren();
    const pills = meta.classes.map((name, k) => {
      const dot = element("i", { class: "swatch" });
      dot.style.setProperty("--swatch", CLASS_COLOURS[k % CLASS_COLOURS.length]);
      return element("button", { type: "button", class: "pill", "data-class": k, title: `${name} (${k + 1})`, "aria-pressed": String(k === this.current), onclick: () => this.#choose(k) }, dot, name);
    });
    const clear = element("button", { type: "button", class: "pill", "data-act": "clear", onclick: () => { this.points = []; this.train = null; this.#changed(0); } }, text.clear);
    this.removing = element("span", { class: "removing" }, text.removing);
    this.keys.replaceChildren(...pills, clear, this.counter, this.removing);
  }

  #count() {
    this.counter.textContent = fill(this.text.points, { count: this.points.length, most: this.meta.most });
    if (this.removing) this.removing.hidden = !this.points.length;
  }

  // ------------------------------------------------ editing

  #choose(k) {
    this.current = k;
    for (const pill of this.keys.querySelectorAll("[data-class]")) pill.setAttribute("aria-pressed", String(Number(pill.dataset.class) === k));
    this.speak(this.meta.classes[k]);
  }

  #act([x, y]) {
    if (!this.meta.editable) return this.meta.click && this.send("spot", { x, y });
    if (this.points.length >= this.meta.most) return this.speak((this.counter.textContent = fill(this.text.full, { most: this.meta.most })));
    this.points.push([x, y, this.current]);
    this.train?.push(true);
    this.#changed();
  }

  #key(key) {
    const k = Number(key) - 1;
    if (k >= 0 && k < Math.min(9, this.meta.classes.length)) this.#choose(k);
    else if (key === "n" || key === "N") this.#leap(key === "n" ? 1 : -1);
    else if ((key === "m" || key === "M") && this.meta.editable) this.carried >= 0 ? this.#putDown() : this.#takeUp();
    else return false;
    return true;
  }

  /** To the next point, in their order. */
  #leap(by) {
    const count = this.points.length;
    if (!count || this.carried >= 0) return;
    const here = this.cursor ? this.#near(...this.#screen(this.cursor), 1) : -1;
    const from = here >= 0 && this.points[this.visited]?.join() === this.points[here].join() ? this.visited : here;
    this.visited = from < 0 ? (by > 0 ? 0 : count - 1) : (from + by + count) % count;
    this.#hover(this.points[this.visited].slice(0, 2));
  }

  #takeUp() {
    const at = this.cursor ? this.#nearest(this.cursor) : -1;
    if (at < 0) return;
    this.carried = at;
    this.origin = this.points[at].slice(0, 2);
    this.#hover(this.origin);
  }

  /** The carried point stays where it is, or goes to a place. */
  #putDown(place) {
    const point = this.points[this.carried];
    this.carried = -1;
    if (!point) return;
    if (place) [point[0], point[1]] = place;
    this.#hover(point.slice(0, 2));
    this.#changed(0);
  }

  #remove(at) {
    if (at < 0) return;
    this.carried = -1;
    this.points.splice(at, 1);
    this.train?.splice(at, 1);
    this.#changed();
  }

  #drag(x, y) {
    const point = this.points[this.grabbed];
    if (!point) return;
    [point[0], point[1]] = this.#data(x, y);
    this.#hover([point[0], point[1]]);
    this.invalidate();
  }

  #changed(after = SEND_AFTER) {
    this.grabbed = -1;
    this.invalidate();
    this.#count();
    clearTimeout(this.sending);
    this.sending = setTimeout(() => this.keep("points", { revision: this.revision, points: this.points.map((point) => [...point]) }), after);
  }

  // ------------------------------------------------ reading

  #step(dx, dy, far) {
    const [x0, x1, y0, y1] = this.meta.domain, [x, y] = this.cursor ?? this.#middle();
    const move = (value, by, low, high) => round(Math.max(low, Math.min(high, value + (by * far * (high - low)) / 40)));
    const to = [move(x, dx, x0, x1), move(y, -dy, y0, y1)], point = this.points[this.carried];
    if (point) [point[0], point[1]] = to;
    this.#hover(to);
  }

  #hover(place) {
    if (!place && !this.cursor) return;
    this.cursor = place;
    this.invalidate();
    if (place) this.#readOut();
    else this.hideTip();
  }

  #readOut() {
    const lines = this.describe(this.cursor);
    const [x, y] = this.#screen(this.cursor);
    this.showTip(lines, x, y - 4);
    this.speak(lines.filter(Boolean).join(" · "));
  }

  describe(place) {
    const { meta, text } = this;
    const at = this.#near(...this.#screen(place));
    const [x, y] = at >= 0 ? this.points[at] : place;
    const kind = at >= 0 && this.train ? ` · ${this.train[at] ? text.train : this.meta.ringed || text.test}` : "";
    const lines = [`${meta.axisLabels[0]} ${format(x)}, ${meta.axisLabels[1]} ${format(y)}`];
    if (at >= 0) lines.unshift((meta.values ? `${meta.classes[0]} ${format(this.points[at][2])}` : meta.classes[this.points[at][2]]) + kind);
    if (this.fieldShape) {
      const [rows, columns, classes] = this.fieldShape, [x0, x1, y0, y1] = meta.domain;
      const column = Math.min(columns - 1, Math.floor(((x - x0) / (x1 - x0)) * columns)), row = Math.min(rows - 1, Math.floor(((y1 - y) / (y1 - y0)) * rows));
      const from = (row * columns + column) * classes;
      if (meta.values) lines.push(`${text.value} ${format(this.values[from])}`);
      else lines.push(Array.from({ length: Math.min(4, classes) }, (_, k) => `${meta.classes[k] ?? k} ${format(Number((this.values[from + k] / 255).toFixed(2)))}`).join(" · "));
    }
    return lines;
  }

  destroy() {
    clearTimeout(this.sending);
    super.destroy();
  }
}

export default (component) => mount(component, Points);
