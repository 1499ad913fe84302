// Nodes and edges: a graph to look at, pick from and pull about, or its nodes as points of a plane; still or on a clock.
import { CLASS_COLOURS, TABLES, View, element, fill, format, mount, paintClasses } from "./core.js";
import { colourBar, keyboard, pointer, swatches } from "./controls.js";
import { follow, unfollow } from "./clock.js";
import { haloText } from "./marks.js";
import { ticks } from "./curves.js";

const REACH = 12; // CSS pixels around a node that belong to it
const NAMED = 60; // nodes, up to which each shows its name
const EVERY_EDGE = 1500; // edges, up to which they are drawn between moving nodes
const TOUCHABLE = 80; // nodes, up to which a finger drags them; on larger graphs it scrolls the page
const MOST_WORDS = 14; // coefficients written on edges
const groups = new Map(); // name -> views that show the same nodes
const dragged = new Map(); // name of a layout -> Map(node -> [x, y]): survives reruns and a component taken away

function draggedOf(name) {
  const kept = dragged.get(name) ?? new Map();
  dragged.delete(name);
  dragged.set(name, kept);
  if (dragged.size > 12) dragged.delete(dragged.keys().next().value);
  return kept;
}

class Graph extends View {
  constructor(host) {
    super(host);
    this.picked = this.hot = this.told = null;
    this.legend = element("div");
    this.below.append(this.legend);
    pointer(this, {
      press: (x, y) => { this.held = this.meta.plane ? -1 : this.#near(x, y); return this.held >= 0; },
      drag: (x, y) => this.#drag(x, y),
      drop: () => { this.held = -1; },
      move: (x, y) => this.#hover(this.#near(x, y)),
      out: () => this.#hover(-1),
      click: (x, y) => this.#pick(this.#near(x, y)),
    });
    keyboard(this, {
      arrow: (dx, dy) => this.#step(dx, dy),
      enter: () => this.#pick(this.hot ?? -1),
      focus: () => this.#hover(this.hot ?? this.picked ?? 0),
      blur: () => this.#hover(-1),
    });
    this.canvas.addEventListener("touchstart", (event) => {
      const box = this.canvas.getBoundingClientRect(), touch = event.touches[0];
      if (this.meta && !this.meta.plane && this.count <= TOUCHABLE && this.#near(touch.clientX - box.left, touch.clientY - box.top) >= 0) event.preventDefault();
    }, { passive: false });
  }

  receive(meta, arrays) {
    if (this.group !== meta.group) {
      groups.get(this.group)?.delete(this);
      this.group = meta.group;
      if (!groups.has(meta.group)) groups.set(meta.group, new Set());
      groups.get(meta.group).add(this);
    }
    if (meta.picked !== this.told) this.picked = this.told = meta.picked; // else the reader's newest click stands
    if (this.count !== meta.count) this.hot = null;
    this.count = meta.count;
    if (this.picked >= this.count) this.picked = null;
    const { edges, positions, values, known, truth } = arrays;
    this.edges = edges.data;
    this.known = known?.data;
    this.truth = truth?.data;
    this.moved = draggedOf(meta.layout);
    this.places = meta.moving ? null : positions.data;
    this.extent = this.edgesDrawn = null;
    if (meta.frames) {
      this.shown = undefined;
      follow(this, meta, meta.moving ? { positions, values } : { values });
      this.#takeFrame();
    } else {
      unfollow(this);
      this.#take(values.data, positions.data);
    }
    this.canvas.classList.toggle("clickable", meta.click);
    const facts = [meta.classes, meta.scale, meta.low, meta.high, meta.valueName, Boolean(known), this.text, this.theme.dark];
    this.rebuild("legend", facts, () => this.legend.replaceChildren(this.#buildLegend()));
  }

  onTime() {
    if (!this.count || !this.#takeFrame()) return;
    this.paint();
    if (this.hot !== null && this.tip.classList.contains("on")) this.#readOut();
  }

  #takeFrame() {
    const frame = this.store.at(this.clock.index);
    if (!frame || frame.index === this.shown) return false;
    this.shown = frame.index;
    this.#take(frame.slices.values, frame.slices.positions ?? this.places);
    return true;
  }

  /** Values and places of a moment -> colours and, where nodes move, places on the canvas. */
  #take(values, places) {
    const { meta, count } = this;
    this.values = values;
    this.now = places;
    this.colours = new Array(count);
    this.light = new Uint8Array(count); // whether dark letters can be read on a node
    let bytes = null;
    if (meta.classes) {
      bytes = new Uint8ClampedArray(4 * count);
      paintClasses(values, meta.classes.length, bytes);
    } else {
      let most = 1e-12;
      for (const value of values) if (Math.abs(value) > most) most = Math.abs(value);
      this.low = meta.low ?? (meta.scale === "signed" ? -most : 0);
      this.high = meta.high ?? most;
    }
    for (let i = 0; i < count; i++) {
      let table = bytes, at = 4 * i;
      if (!bytes) {
        table = TABLES[meta.scale].bytes;
        at = 4 * Math.round(Math.max(0, Math.min(1, (values[i] - this.low) / (this.high - this.low))) * 255);
      }
      this.colours[i] = `rgb(${table[at]} ${table[at + 1]} ${table[at + 2]})`;
      this.light[i] = 0.299 * table[at] + 0.587 * table[at + 1] + 0.114 * table[at + 2] > 120 ? 1 : 0;
    }
    this.#place();
  }

  // ------------------------------------------------ geometry

  layout(width) {
    this.size(width, this.meta.height ?? Math.min(440, Math.round(width * 0.85)));
    this.edgesDrawn = null;
    this.#place();
    this.canvas.neurarium = { place: (i) => [this.xs[i], this.ys[i]], picked: () => this.picked, radius: this.radius };
  }

  /** Half sides of what is shown: of a plane, all moments that the browser has; of a graph, the layout. */
  #extentOf() {
    const frames = this.meta.moving ? [...this.store.frames.values()] : [null];
    let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const frame of frames) {
      const places = frame ? frame.slices.positions : this.now;
      for (let i = 0; i < places.length; i += 2) {
        if (places[i] < left) left = places[i];
        if (places[i] > right) right = places[i];
        if (places[i + 1] < bottom) bottom = places[i + 1];
        if (places[i + 1] > top) top = places[i + 1];
      }
    }
    return { x: (left + right) / 2, y: (bottom + top) / 2, w: Math.max(right - left, 1e-9), h: Math.max(top - bottom, 1e-9) };
  }

  #place() {
    if (!this.now || !this.canvasWidth || !this.width) return;
    const { count, meta } = this, room = meta.plane ? 34 : 22, foot = meta.plane ? 22 : 14;
    const extent = (this.extent ??= this.#extentOf());
    const [w, h] = [this.canvasWidth - 2 * room, this.canvasHeight - 2 * foot];
    this.zoom = Math.min(w / extent.w, h / extent.h);
    this.middle = [this.canvasWidth / 2, this.canvasHeight / 2];
    this.radius = Math.max(2.6, Math.min(9, Math.sqrt((w * h) / count) / (meta.plane ? 9 : 6)));
    this.xs = new Float32Array(count);
    this.ys = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      const own = meta.plane ? null : this.moved.get(i);
      this.xs[i] = this.middle[0] + ((own ? own[0] : this.now[2 * i]) - extent.x) * this.zoom;
      this.ys[i] = this.middle[1] - ((own ? own[1] : this.now[2 * i + 1]) - extent.y) * this.zoom;
    }
    if (!meta.plane) this.edgesDrawn = this.edgesDrawn && this.edgesDrawn.of === this.moved.size ? this.edgesDrawn : null;
  }

  #near(x, y) {
    let best = -1, reach = Math.max(REACH, this.radius) ** 2;
    for (let i = 0; i < this.count; i++) {
      const away = (this.xs[i] - x) ** 2 + (this.ys[i] - y) ** 2;
      if (away <= reach) { reach = away; best = i; }
    }
    return best;
  }

  // ------------------------------------------------ drawing

  draw(context) {
    const { meta, theme, count, xs, ys, radius } = this;
    if (meta.frames) this.countFrame(this.shown);
    if (meta.plane) this.#axes(context);
    this.#drawEdges(context);
    this.#drawPicked(context);
    const named = count <= NAMED && radius >= 7 && !meta.plane;
    const edge = theme.dark ? "#FFFFFF70" : "#1E243070";
    for (let i = 0; i < count; i++) {
      context.beginPath();
      context.arc(xs[i], ys[i], radius, 0, 2 * Math.PI);
      context.fillStyle = this.colours[i];
      context.fill();
      const truth = this.truth ? this.truth[i] : -1;
      context.strokeStyle = truth >= 0 ? CLASS_COLOURS[truth % CLASS_COLOURS.length] : edge;
      context.lineWidth = truth >= 0 ? Math.min(2, radius / 2.5) : 0.75;
      context.stroke();
    }
    if (this.known) for (let i = 0; i < count; i++) if (this.known[i]) this.#ring(context, i, radius + 3.5, CLASS_COLOURS[(this.truth?.[i] ?? 0) % CLASS_COLOURS.length], 2);
    if (named) {
      context.font = this.font(Math.min(11, radius + 2), 600);
      context.textAlign = "center";
      context.textBaseline = "middle";
      for (let i = 0; i < count; i++) {
        const name = this.#name(i);
        if (name.length > 3) continue;
        context.fillStyle = this.light[i] ? "#1E2430" : "#FFFFFF";
        context.fillText(name, xs[i], ys[i] + 0.5);
      }
      context.textBaseline = "top";
      for (let i = 0; i < count; i++) if (this.#name(i).length > 3) haloText(context, this.#name(i), xs[i], ys[i] + radius + 2, theme.text, theme.background);
    }
    for (const i of [this.picked, this.hot]) if (i !== null && i < count) this.#ring(context, i, radius + (this.known?.[i] ? 7 : 3.5), theme.text, i === this.picked ? 2.5 : 1.5);
    this.#drawWords(context);
    const mark = meta.marks[Math.max(0, meta.frames ? meta.frames.indices.indexOf(this.shown) : 0)];
    if (mark) {
      context.font = this.font(12, 600);
      context.textAlign = "left";
      context.textBaseline = "top";
      haloText(context, mark, 4, 4, theme.text, theme.background);
    }
  }

  #ring(context, i, radius, colour, width) {
    context.beginPath();
    context.arc(this.xs[i], this.ys[i], radius, 0, 2 * Math.PI);
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }

  /** All edges in one stroke; between nodes that stay where they are they are drawn once and then copied. */
  #drawEdges(context) {
    const { meta, edges, theme } = this;
    if (!edges.length || (meta.plane && edges.length > EVERY_EDGE)) return;
    const path = (target) => {
      target.beginPath();
      for (const pair of edges) {
        const a = pair >>> 16, b = pair & 0xffff;
        target.moveTo(this.xs[a], this.ys[a]);
        target.lineTo(this.xs[b], this.ys[b]);
      }
      target.strokeStyle = theme.faint;
      target.globalAlpha = Math.max(0.12, Math.min(0.45, 260 / edges.length)) * (meta.plane ? 0.5 : 1);
      target.lineWidth = edges.length > 600 ? 0.6 : 1;
      target.stroke();
      target.globalAlpha = 1;
    };
    if (meta.plane || edges.length < 600 || this.held >= 0) return path(context);
    const signature = `${this.canvas.width} ${theme.faint} ${this.moved.size}`;
    if (this.edgesDrawn?.signature !== signature) {
      const sheet = this.edgesDrawn?.sheet ?? document.createElement("canvas");
      sheet.width = this.canvas.width;
      sheet.height = this.canvas.height;
      const own = sheet.getContext("2d");
      own.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
      path(own);
      this.edgesDrawn = { sheet, signature, of: this.moved.size };
    }
    context.drawImage(this.edgesDrawn.sheet, 0, 0, this.canvasWidth, this.canvasHeight);
  }

  /** What reaches the picked node: by the messages told, or its edges until they are. */
  #reaching() {
    const { picked, meta } = this;
    if (picked === null) return [];
    if (picked === meta.picked && meta.messages.length) return meta.messages.filter(([node]) => node !== picked);
    const found = [];
    for (const pair of this.edges) {
      const a = pair >>> 16, b = pair & 0xffff;
      if (a === picked) found.push([b, null]);
      else if (b === picked) found.push([a, null]);
    }
    return found;
  }

  #drawPicked(context) {
    const reaching = this.#reaching(), most = Math.max(1e-12, ...reaching.map(([, value]) => value ?? 0));
    context.strokeStyle = this.theme.primary;
    for (const [node, value] of reaching) {
      context.lineWidth = value === null ? 2 : 1 + (3 * value) / most;
      context.globalAlpha = this.meta.plane ? 0.45 : 0.9;
      context.beginPath();
      context.moveTo(this.xs[this.picked], this.ys[this.picked]);
      context.lineTo(this.xs[node], this.ys[node]);
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  #drawWords(context) {
    if (this.meta.plane || this.picked !== this.meta.picked) return;
    context.font = this.font(11, 600);
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (const [node, value] of this.#reaching().slice(0, MOST_WORDS)) {
      const [x, y, far] = [this.xs[node] - this.xs[this.picked], this.ys[node] - this.ys[this.picked], 0.62];
      if (value === null || Math.hypot(x, y) < 3 * this.radius + 12) continue;
      haloText(context, format(Number(value.toFixed(2))), this.xs[this.picked] + far * x, this.ys[this.picked] + far * y, this.theme.text, this.theme.background);
    }
  }

  #axes(context) {
    const { theme, canvasWidth: w, canvasHeight: h, zoom, middle, extent } = this;
    const half = [w / 2 / zoom, h / 2 / zoom];
    context.font = this.font(10);
    context.fillStyle = theme.faint;
    context.strokeStyle = theme.line;
    context.lineWidth = 1;
    context.strokeRect(0.5, 0.5, w - 1, h - 1);
    context.beginPath();
    context.textAlign = "center";
    context.textBaseline = "bottom";
    for (const value of ticks(extent.x - 0.9 * half[0], extent.x + 0.9 * half[0], 4)) {
      const x = Math.round(middle[0] + (value - extent.x) * zoom) + 0.5;
      context.moveTo(x, 0);
      context.lineTo(x, h);
      context.fillText(format(value), x, h - 3);
    }
    context.textAlign = "left";
    context.textBaseline = "middle";
    for (const value of ticks(extent.y - 0.85 * half[1], extent.y + 0.85 * half[1], 4)) {
      const y = Math.round(middle[1] - (value - extent.y) * zoom) + 0.5;
      context.moveTo(0, y);
      context.lineTo(w, y);
      context.fillText(format(value), 4, y - 7);
    }
    context.globalAlpha = 0.6;
    context.stroke();
    context.globalAlpha = 1;
  }

  #buildLegend() {
    const { meta, text } = this;
    if (!meta.classes) {
      const own = meta.low === null && meta.high === null;
      const note = own ? (meta.scale === "signed" ? text.ownSigned : text.ownRange) : null;
      return colourBar({ scale: meta.scale, low: meta.low ?? 0, high: meta.high ?? 1, unit: "", name: meta.valueName, note });
    }
    const items = meta.classes.map((name, at) => ({ name, colour: CLASS_COLOURS[at % CLASS_COLOURS.length] }));
    const made = swatches(items);
    made.append(element("span", {}, this.known ? text.graphLegend : text.graphTruth));
    return made;
  }

  // ------------------------------------------------ reading and touching

  #name(i) {
    return this.meta.names ? this.meta.names[i] : String(i + 1);
  }

  #hover(i) {
    const hot = i >= 0 ? i : null;
    if (hot === null) this.hideTip();
    if (hot !== this.hot) this.#together((view) => { view.hot = hot; });
    if (hot !== null) this.#readOut();
  }

  /** Does something in all views of these nodes. */
  #together(act) {
    for (const view of groups.get(this.group) ?? [this])
      if (view.count === this.count) {
        act(view);
        view.invalidate();
      }
  }

  #readOut() {
    const lines = this.describe(this.hot);
    this.showTip(lines, this.xs[this.hot], this.ys[this.hot] - this.radius);
    this.speak(lines.filter(Boolean).join(" · "));
  }

  describe(i) {
    const { meta, text, values } = this;
    const lines = [fill(text.node, { name: this.#name(i) })];
    if (meta.classes) {
      const kinds = meta.classes.length;
      const shares = meta.classes.map((name, k) => [name, values[i * kinds + k] / 255]).sort((a, b) => b[1] - a[1]);
      lines.push(`${text.answer}: ` + shares.slice(0, 3).map(([name, share]) => `${name} ${format(Number(share.toFixed(2)))}`).join(" · "));
    } else lines.push(`${meta.valueName} ${format(values[i])}`);
    if (this.truth?.[i] >= 0 && meta.classes) lines.push(`${text.truth}: ${meta.classes[this.truth[i]]}` + (this.known?.[i] ? ` · ${text.given}` : ""));
    return lines;
  }

  #pick(i) {
    if (i < 0 || !this.meta.click) return;
    this.#together((view) => { view.picked = i; });
    this.send("pick", { node: i });
  }

  #drag(x, y) {
    if (this.held < 0) return;
    const { extent, zoom, middle } = this;
    this.moved.set(this.held, [extent.x + (x - middle[0]) / zoom, extent.y - (y - middle[1]) / zoom]);
    this.hideTip();
    this.edgesDrawn = null;
    this.#place();
    this.#together((view) => { if (view !== this && !view.meta.plane) { view.edgesDrawn = null; view.#place(); } });
  }

  /** To the nearest node in the direction of an arrow key; what lies askew counts as farther. */
  #step(dx, dy) {
    const from = this.hot ?? this.picked ?? 0;
    let best = -1, least = Infinity;
    for (let i = 0; i < this.count; i++) {
      const x = this.xs[i] - this.xs[from], y = this.ys[i] - this.ys[from], ahead = x * dx + y * dy, away = Math.hypot(x, y);
      if (i === from || ahead <= 0.5 * away) continue;
      if (away * (2 - ahead / away) < least) { least = away * (2 - ahead / away); best = i; }
    }
    if (best >= 0) this.#hover(best);
  }

  destroy() {
    groups.get(this.group)?.delete(this);
    super.destroy();
  }
}

export default (component) => mount(component, Graph);
