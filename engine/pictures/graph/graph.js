// Nodes and edges: a graph to look at, pick from and pull about, or its nodes as points of a plane; still or on a clock.
import { CLASS_COLOURS, View, element, fill, format, lettersOn, mount, paintClasses, tableOf } from "./core.js";
import { TIME_KEYS, colourBar, keyboard, pointer, swatches } from "./controls.js";
import { follow, unfollow } from "./clock.js";
import { extentOf, lettersOf, marginsOf, placeNames, radiusOf, reachOf } from "./graph_names.js";
import { axisMarks, paintGraph } from "./graph_paint.js";

const REACH = 12; // CSS pixels around a node that belong to it
const TOUCHABLE = 80; // nodes, up to which a finger drags them; on larger graphs it scrolls the page
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
      arrow: (dx, dy, event) => (this.carried ? this.#carry(dx, dy, event.shiftKey ? 40 : 8) : this.#step(dx, dy)),
      enter: () => (this.carried ? this.#putDown() : this.#pick(this.hot ?? -1)),
      escape: () => (this.carried ? this.#putDown() : this.#hover(-1)),
      other: (key) => this.#key(key),
      focus: () => this.#hover(this.hot ?? this.picked ?? 0),
      blur: () => { this.#putDown(); this.#hover(-1); },
    });
    this.canvas.addEventListener("touchstart", (event) => {
      const box = this.canvas.getBoundingClientRect(), touch = event.touches[0];
      if (this.meta && !this.meta.plane && this.count <= TOUCHABLE && this.#near(touch.clientX - box.left, touch.clientY - box.top) >= 0) event.preventDefault();
    }, { passive: false });
  }

  /** How many nodes get each answer. */
  summary() {
    const { meta, values, count } = this;
    if (!meta.classes) return "";
    const kinds = meta.classes.length, counts = new Array(kinds).fill(0);
    for (let i = 0; i < count; i++) {
      const shares = values.subarray(i * kinds, (i + 1) * kinds);
      counts[shares.indexOf(Math.max(...shares))]++;
    }
    return meta.classes.map((name, k) => `${name} ${counts[k]}`).join(", ");
  }

  shortcuts() {
    const { click, plane, frames } = this.meta;
    return [["← ↑ → ↓", "node"], ["N", "nextNode"], ...(click ? [["Enter", "choose"]] : []), ...(plane ? [] : [["M", "carryNode"]]), ...(frames ? [TIME_KEYS] : [])];
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
    this.extent = this.sheet = null;
    if (meta.frames) {
      this.frameIndex = undefined;
      follow(this, meta, meta.moving ? { positions, values } : { values });
      this.#takeFrame();
    } else {
      unfollow(this);
      this.#take(values.data, positions.data);
    }
    this.canvas.classList.toggle("clickable", meta.click);
    this.#legend();
  }

  recolour() {
    if (this.values) this.#take(this.values, this.now);
    this.#legend();
  }

  #legend() {
    const { meta } = this, facts = [meta.legend, meta.classes, meta.scale, meta.low, meta.high, meta.valueName, Boolean(this.known), this.text, this.theme.dark];
    this.rebuild("legend", facts, () => this.legend.replaceChildren(...(meta.legend ? [this.#buildLegend()] : [])));
  }

  onTime() {
    if (!this.count || !this.#takeFrame()) return;
    this.paint();
    if (this.hot !== null && this.tip.classList.contains("on")) this.#readOut();
  }

  #takeFrame() {
    const frame = this.store.at(this.clock.index);
    if (!frame || frame.index === this.frameIndex) return false;
    this.frameIndex = frame.index;
    this.#take(frame.slices.values, frame.slices.positions ?? this.places);
    return true;
  }

  /** Values and places of a moment -> colours and, where nodes move, places on the canvas. */
  #take(values, places) {
    const { meta, count } = this;
    this.values = values;
    this.now = places;
    this.colours = new Array(count);
    this.inks = new Array(count); // letters that can be read on a node
    let bytes = null;
    if (meta.classes) {
      bytes = new Uint8ClampedArray(4 * count);
      paintClasses(values, meta.classes.length, bytes, this.theme.dark);
    } else {
      let most = 1e-12;
      for (const value of values) if (Math.abs(value) > most) most = Math.abs(value);
      this.low = meta.low ?? (meta.scale === "signed" ? -most : 0);
      this.high = meta.high ?? most;
    }
    for (let i = 0; i < count; i++) {
      let table = bytes, at = 4 * i;
      if (!bytes) {
        table = tableOf(meta.scale, this.theme.dark).bytes;
        at = 4 * Math.round(Math.max(0, Math.min(1, (values[i] - this.low) / (this.high - this.low))) * 255);
      }
      this.colours[i] = `rgb(${table[at]} ${table[at + 1]} ${table[at + 2]})`;
      this.inks[i] = lettersOn(table[at], table[at + 1], table[at + 2]);
    }
    this.#place();
  }

  // ------------------------------------------------ geometry

  layout(width) {
    this.size(width, this.meta.height ?? Math.min(440, Math.round(width * 0.85)));
    this.sheet = null;
    this.#place();
    this.canvas.neurarium = { place: (i) => [this.xs[i], this.ys[i]], picked: () => this.picked, radius: this.radius, names: () => this.names(), marks: () => axisMarks(this) };
  }

  /** Of a plane, all moments that the browser has; of a graph, the layout. */
  #extentOf() {
    return extentOf(this.meta.moving ? [...this.store.frames.values()].map((frame) => frame.slices.positions) : [this.now]);
  }

  #place() {
    if (!this.now || !this.canvasWidth || !this.width) return;
    const { count, meta, canvasWidth: width, canvasHeight: height } = this;
    const extent = (this.extent ??= this.#extentOf());
    this.radius = radiusOf(count, width, height, meta.plane);
    this.letters = lettersOf(this);
    this.written = null;
    const { side, top, foot } = marginsOf(this);
    this.zoom = Math.min(Math.max(1, width - 2 * side) / Math.max(extent.w, 1e-9), Math.max(1, height - top - foot) / Math.max(extent.h, 1e-9));
    this.middle = [width / 2, (height + top - foot) / 2];
    this.xs = new Float32Array(count);
    this.ys = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      const own = meta.plane ? null : this.moved.get(i);
      this.xs[i] = this.middle[0] + ((own ? own[0] : this.now[2 * i]) - extent.x) * this.zoom;
      this.ys[i] = this.middle[1] - ((own ? own[1] : this.now[2 * i + 1]) - extent.y) * this.zoom;
      if (own) [this.xs[i], this.ys[i]] = this.#within(this.xs[i], this.ys[i]);
    }
  }

  /** The spot nearest to (x, y) where a node with its rings is seen whole. */
  #within(x, y) {
    const reach = reachOf(this.radius, true);
    return [Math.max(reach, Math.min(this.canvasWidth - reach, x)), Math.max(reach, Math.min(this.canvasHeight - reach, y))];
  }

  /** Names outside their discs and where they stand. */
  names() {
    if (this.written?.picked !== this.picked) this.written = { picked: this.picked, names: placeNames(this) };
    return this.written.names;
  }

  #near(x, y) {
    let best = -1, reach = Math.max(REACH, this.radius) ** 2;
    for (let i = 0; i < this.count; i++) {
      const away = (this.xs[i] - x) ** 2 + (this.ys[i] - y) ** 2;
      if (away <= reach) { reach = away; best = i; }
    }
    return best;
  }

  draw(context) {
    if (this.meta.frames) this.countFrame(this.frameIndex);
    paintGraph(this, context);
  }

  #buildLegend() {
    const { meta, text } = this;
    if (!meta.classes) {
      const own = meta.low === null && meta.high === null;
      const note = own ? (meta.scale === "signed" ? text.ownSigned : text.ownRange) : null;
      return colourBar({ scale: meta.scale, low: meta.low ?? 0, high: meta.high ?? 1, unit: "", name: meta.valueName, note, dark: this.theme.dark });
    }
    const items = meta.classes.map((name, at) => ({ name, colour: CLASS_COLOURS[at % CLASS_COLOURS.length] }));
    const made = swatches(items);
    made.append(element("span", {}, this.known ? text.graphLegend : text.graphTruth));
    return made;
  }

  // ------------------------------------------------ reading and touching

  name(i) {
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
    const lines = [fill(text.node, { name: this.name(i) })];
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
    [x, y] = this.#within(x, y);
    const { extent, zoom, middle } = this;
    this.moved.set(this.held, [extent.x + (x - middle[0]) / zoom, extent.y - (y - middle[1]) / zoom]);
    this.hideTip();
    this.sheet = null;
    this.#place();
    this.#together((view) => { if (view !== this && !view.meta.plane) { view.sheet = null; view.#place(); } });
  }

  #key(key) {
    if (key === "n" || key === "N") { // in their order: some nodes lie where no arrow leads
      if (!this.carried) this.#hover(((this.hot ?? this.picked ?? -1) + (key === "n" ? 1 : -1) + this.count) % this.count);
    } else if ((key === "m" || key === "M") && !this.meta.plane && this.hot !== null) {
      if (this.carried) this.#putDown();
      else { this.held = this.hot; this.carried = true; }
    } else return false;
    return true;
  }

  /** The keyboard's way of dragging a node. */
  #carry(dx, dy, far) {
    this.#drag(this.xs[this.held] + dx * far, this.ys[this.held] + dy * far);
    this.invalidate();
  }

  #putDown() {
    if (!this.carried) return;
    this.carried = false;
    this.held = -1;
  }

  /** To the nearest node in the direction of an arrow key; what lies askew counts as farther. */
  #step(dx, dy) {
    const from = this.hot ?? this.picked ?? 0;
    let best = -1, least = Infinity;
    for (let i = 0; i < this.count; i++) {
      const x = this.xs[i] - this.xs[from], y = this.ys[i] - this.ys[from], ahead = x * dx + y * dy, away = Math.hypot(x, y);
      if (i === from || ahead < 0.5 * away) continue;
      if (away ** 3 < least * ahead ** 2) { least = away ** 3 / ahead ** 2; best = i; }
    }
    if (best >= 0) this.#hover(best);
  }

  destroy() {
    groups.get(this.group)?.delete(this);
    super.destroy();
  }
}

export default (component) => mount(component, Graph);
