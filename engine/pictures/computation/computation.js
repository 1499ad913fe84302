// A computation as a graph in layers: what flows forward on its nodes, what flows back on its edges, moment by moment.
import { View, element, fill, format, mount, tableOf } from "./core.js";
import { TIME_KEYS, keyboard, pointer } from "./controls.js";
import { follow } from "./clock.js";
import { BOX_HEIGHT, LINE, boxWidth, markLines, paintComputation, short } from "./computation_paint.js";

const UPRIGHT = 520; // CSS pixels: narrower pictures run from top to bottom
const ROW = 52, ROW_LEAST = 44, LAYER_LEAST = 68, LAYER_MOST = 190, LAYER_DOWN = 74;
const REACH = 4; // CSS pixels around a box that belong to it
export const VALUE = 1, PARTIAL = 2, WHOLE = 4;

class Computation extends View {
  constructor(host) {
    super(host);
    this.hot = null; // node under pointer or keyboard
    pointer(this, {
      move: (x, y) => this.#hover(this.#hit(x, y)),
      out: () => this.#hover(null),
      click: (x, y) => this.#choose(this.#hit(x, y)),
    });
    keyboard(this, {
      arrow: (dx, dy) => this.#step(dx, dy),
      enter: () => this.#choose(this.hot),
      other: (key) => (key === "n" || key === "N") && this.#next(key === "n" ? 1 : -1),
      focus: () => this.#show(this.hot ?? this.picked ?? this.count - 1),
      blur: () => this.#hover(null),
    });
  }

  /** What came out, and the gradients of what went in. */
  summary() {
    if (!this.frame) return "";
    const { names, roles, end } = this.meta, last = this.count - 1, { states, gradients } = this.frame.slices;
    const parts = states[last] & VALUE ? [`${end} = ${format(this.values[last])}`] : [];
    roles.forEach((role, i) => { if (role === "input" && states[i] & WHOLE && parts.length < 9) parts.push(`∂${end}/∂${names[i]} = ${format(gradients[i])}`); });
    return parts.join(", ");
  }

  shortcuts() {
    return [["← ↑ → ↓", "node"], ["N", "nextNode"], ...(this.meta.click ? [["Enter", "choose"]] : []), TIME_KEYS];
  }

  receive(meta, arrays) {
    const { places, values, flows, gradients, states, passed, work } = arrays;
    this.count = meta.names.length;
    this.places = places.data;
    this.values = values.data;
    this.flows = flows.data;
    if (meta.picked !== this.told) this.picked = this.told = meta.picked; // else the reader's newest click stands
    if (this.hot >= this.count) this.hot = null;
    if (this.picked >= this.count) this.picked = null;
    this.most = Math.max(1e-300, ...this.flows.filter(Number.isFinite).map(Math.abs));
    this.frame = this.frameIndex = this.nodes = undefined; // placed anew before anything is drawn
    follow(this, meta, { gradients, states, passed, work });
    this.#takeFrame();
    this.canvas.classList.toggle("clickable", meta.click);
    this.#legend();
  }

  recolour() {
    this.#legend();
  }

  onTime() {
    if (!this.count || !this.#takeFrame()) return;
    if (!this.nodes) return;
    this.paint();
    if (this.hot !== null && this.tip.classList.contains("on")) this.#readOut();
  }

  #takeFrame() {
    const frame = this.store.at(this.clock.index);
    if (!frame || frame === this.frame || frame.slices.states.length !== this.count) return false;
    this.frame = frame;
    this.frameIndex = frame.index;
    return true;
  }

  get marks() {
    return this.meta.marks[Math.max(0, this.meta.frames.indices.indexOf(this.frameIndex))] ?? [];
  }

  /** Colours of values and gradients, as words: the ends of the signed scale. */
  get inks() {
    const { bytes } = tableOf("signed", this.theme.dark), colour = (at) => `rgb(${bytes.slice(4 * at, 4 * at + 3).join(" ")})`;
    return { value: colour(255), gradient: colour(0) };
  }

  // ------------------------------------------------ geometry

  layout(width) {
    const { meta } = this, upright = (this.upright = width < UPRIGHT);
    this.context.font = this.font(12);
    const wide = boxWidth(this);
    let pitch = (width - wide - 8) / Math.max(1, meta.layers - 1), used = width;
    if (upright) {
      this.box = Math.max(34, Math.min(wide, width / meta.rows - 5));
      used = Math.max(width, meta.rows * 40);
    } else {
      pitch = Math.min(LAYER_MOST, Math.max(LAYER_LEAST, pitch));
      this.box = Math.min(wide, pitch - 18);
      used = Math.max(width, (meta.layers - 1) * pitch + this.box + 8);
    }
    this.top = Math.max(...meta.marks.map((mark) => markLines(this, mark, used).length), 1) * LINE + 8;
    const rows = upright ? LAYER_DOWN : Math.min(ROW * 1.5, Math.max(ROW_LEAST, ((meta.height ?? 0) - this.top - 4) / meta.rows));
    const deep = upright ? (meta.layers - 1) * rows + BOX_HEIGHT + 6 : Math.max(meta.rows * rows, BOX_HEIGHT + 8);
    this.size(used, this.top + deep);
    const left = (used - (upright ? 0 : (meta.layers - 1) * pitch + this.box)) / 2;
    const across = (used - 8) / meta.rows;
    this.at = (layer, row) => (upright
      ? [4 + (row + 0.5) * Math.min(across, this.box + 34) + (used - 8 - meta.rows * Math.min(across, this.box + 34)) / 2, this.top + layer * rows + BOX_HEIGHT / 2]
      : [left + layer * pitch + this.box / 2, this.top + (row + 0.5) * rows]);
    this.nodes = Array.from({ length: this.count }, (_, i) => this.at(this.places[2 * i], this.places[2 * i + 1]));
    this.canvas.neurarium = { place: (i) => this.nodes[i], picked: () => this.picked, upright, marks: () => this.marks, text: (i) => this.describe(i) };
  }

  #hit(x, y) {
    const w = this.box / 2 + REACH, h = BOX_HEIGHT / 2 + REACH;
    const at = this.nodes?.findIndex(([u, v]) => Math.abs(x - u) <= w && Math.abs(y - v) <= h) ?? -1;
    return at < 0 ? null : at;
  }

  draw(context) {
    if (!this.frame || !this.nodes) return;
    this.countFrame(this.frameIndex);
    paintComputation(this, context);
  }

  #legend() {
    const { text, meta, theme } = this;
    this.rebuild("legend", [theme.dark, theme.primary, meta.end, meta.roles.includes("fixed"), text], () => {
      const items = [[text.valueMark, this.inks.value, ""], [fill(text.gradientMark, { end: meta.end }), this.inks.gradient, ""], [text.workMark, theme.primary, ""]];
      if (meta.roles.includes("fixed")) items.push([text.fixedMark, theme.faint, "dashed"]);
      const made = items.map(([name, colour, style]) => {
        const key = element("i", { class: "swatch line" });
        key.style.setProperty("--swatch", colour);
        if (style) Object.assign(key.style, { background: "none", height: "0", borderTop: `2px dashed ${colour}`, borderRadius: "0" });
        return element("span", {}, key, name);
      });
      this.below.replaceChildren(element("div", { class: "swatches" }, ...made));
    });
  }

  // ------------------------------------------------ reading and touching

  /** What a node gets from each that it flows into, where that has come back. */
  #parts(i) {
    const { passed } = this.frame.slices;
    return this.meta.edges.flatMap(([from], at) => (from === i && passed[at] ? [this.flows[at]] : []));
  }

  describe(i) {
    const { meta, text, values } = this, { states, gradients } = this.frame.slices, state = states[i];
    const lines = [meta.recipes[i] ? `${meta.names[i]} = ${meta.recipes[i]}` : meta.names[i]];
    lines.push(`${text.valueOf} ${state & VALUE ? format(values[i]) : text.notYet}`);
    if (meta.roles[i] === "fixed") return [...lines, text.notAsked];
    const parts = this.#parts(i);
    let gradient = state & (WHOLE | PARTIAL) ? format(gradients[i]) : text.notYet;
    if (state & PARTIAL && !(state & WHOLE)) gradient += ` (${text.soFar})`;
    lines.push(`${text.gradientOf} ∂${meta.end}/∂${meta.names[i]} ${gradient}`);
    if (parts.length > 1) lines.push(fill(text.addedUp, { parts: parts.map((part, at) => (at ? (part < 0 ? " − " + short(-part) : " + " + short(part)) : short(part))).join("") }));
    return lines;
  }

  #hover(i) {
    if (i !== this.hot) {
      this.hot = i;
      this.invalidate();
    }
    if (i === null) return this.hideTip();
    this.#readOut();
  }

  #readOut() {
    const lines = this.describe(this.hot), [x, y] = this.nodes[this.hot];
    this.showTip(lines, x, y - BOX_HEIGHT / 2);
    this.speak(lines.join(" · "));
  }

  #choose(i) {
    if (i === null || !this.meta.click) return;
    this.picked = i;
    this.invalidate();
    this.send("pick", { node: i });
  }

  #show(i) {
    this.#hover(i);
    if (this.scroll.scrollWidth > this.width + 10) this.scroll.scrollTo({ left: this.nodes[i][0] - this.width / 2 });
  }

  #next(by) {
    this.#show(((this.hot ?? -1) + by + this.count) % this.count);
    return true;
  }

  /** To the nearest node in the direction of an arrow key; what lies askew counts as farther. */
  #step(dx, dy) {
    const [u, v] = this.nodes[this.hot ?? this.picked ?? this.count - 1];
    let best = -1, least = Infinity;
    this.nodes.forEach(([x, y], i) => {
      const ahead = (x - u) * dx + (y - v) * dy, away = Math.hypot(x - u, y - v);
      if (ahead < 0.4 * away || away < 1) return;
      if (away ** 3 < least * ahead ** 2) { least = away ** 3 / ahead ** 2; best = i; }
    });
    if (best >= 0) this.#show(best);
  }
}

export default (component) => mount(component, Computation);
