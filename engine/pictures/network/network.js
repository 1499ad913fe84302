// A network as columns of neuron maps joined by weights: still or on a clock.
import { View, elide, fill, format, mount, tableOf } from "./core.js";
import { TIME_KEYS, colourBar, keyboard, pointer } from "./controls.js";
import { follow } from "./clock.js";
import { BUCKETS, OWN, signedColour, strokeEdges, strokeEmpty, writeNames, writeNumber } from "./network_paint.js";
import { placeSizers } from "./network_sizers.js";

const MOST_EDGES = 1500, LARGEST = 46, LEAST = 11, HEAD = 46, PAD = 8;
const NAME = 64, NAMED = 18; // px: the widest name beside a neuron of the first or last layer; the smallest maps beside names
const CURVE = Array.from({ length: 65 }, (_, at) => at / 64).map((t) => [1.5 * t * (1 - t) + t ** 3, 3 * t * t - 2 * t ** 3]);
const CROWD = 120; // neurons, from which on maps are plain squares, many of which cost little

class Network extends View {
  constructor(host) {
    super(host);
    this.atlas = document.createElement("canvas");
    this.hot = null; // {kind: "neuron", layer, index} or {kind: "edge", layer, to, from} under pointer or keyboard
    pointer(this, {
      move: (x, y, event) => this.#hover(this.#hit(x, y, event.pointerType === "touch"), x, y),
      out: () => this.#hover(null),
      click: (x, y, event) => this.#choose(this.#hit(x, y, event.pointerType === "touch")),
    });
    keyboard(this, {
      arrow: (dx, dy) => this.#step(dx, dy),
      enter: () => this.#choose(this.hot),
      other: (key) => (key === "w" || key === "W") && this.#alongWeights(key === "w" ? 1 : -1),
      focus: () => this.#toNeuron(this.hot?.kind === "neuron" ? this.hot : { layer: 0, index: 0 }),
      blur: () => this.#hover(null),
    });
  }

  summary() {
    return this.layers.map((layer) => layer.neurons.length - layer.off.length).join(" – ");
  }

  shortcuts() {
    return [["← ↑ → ↓", "neuron"], ["W", "weight"], ...(this.meta.click ? [["Enter", this.meta.toggle ? "chooseNeuron" : "choose"]] : []), ...(this.layers.some((layer) => layer.resizable) ? [["Tab", "resize"]] : []), TIME_KEYS];
  }

  receive(meta, arrays) {
    this.layers = meta.layers;
    this.starts = this.layers.map((_, l) => this.layers.slice(0, l).reduce((sum, layer) => sum + layer.neurons.length, 0));
    this.total = this.starts.at(-1) + this.layers.at(-1).neurons.length;
    this.side = arrays.maps.shape[2];
    this.edgeCount = this.layers.slice(1).reduce((sum, layer, at) => sum + layer.neurons.length * (this.layers[at].neurons.length - this.layers[at].off.length), 0);
    if (this.hot && !this.layers[this.hot.layer]?.neurons[this.hot.index ?? this.hot.to]) this.hot = null;
    this.frameIndex = this.frame = undefined;
    follow(this, meta, arrays);
    this.#takeFrame();
    this.#legend();
  }

  onTime() {
    if (!this.total || !this.#takeFrame() || this.nodes?.length !== this.total) return; // just received: not laid out yet
    this.paint();
    if (this.hot && this.tip.classList.contains("on")) this.#readOut();
  }

  #takeFrame() {
    const frame = this.store.at(this.clock.index);
    if (!frame || frame === this.frame || frame.slices.maps.length !== this.total * this.side ** 2) return false;
    this.frame = frame;
    this.frameIndex = frame.index;
    this.#fillAtlas();
    this.#measureWeights();
    return true;
  }

  #fillAtlas() {
    const { side, total } = this;
    const across = Math.ceil(Math.sqrt(total));
    const [w, h] = [across * (side + 1), Math.ceil(total / across) * (side + 1)];
    if (this.atlas.width !== w || this.atlas.height !== h || !this.picture) {
      this.atlas.width = w;
      this.atlas.height = h;
      this.picture = new ImageData(w, h);
    }
    const words = new Uint32Array(this.picture.data.buffer), table = tableOf("signed", this.theme.dark).words, { maps } = this.frame.slices;
    for (let n = 0; n < total; n++) {
      const corner = Math.floor(n / across) * (side + 1) * w + (n % across) * (side + 1);
      for (let row = 0, from = n * side * side; row < side; row++)
        for (let column = 0, to = corner + row * w; column < side; column++) words[to++] = table[maps[from++]];
    }
    this.atlas.getContext("2d").putImageData(this.picture, 0, 0);
    this.atlasColumns = across;
  }

  recolour() {
    if (this.frame) this.#fillAtlas();
    this.#legend();
  }

  /** Strength of an edge: |weight| over the greatest of its layer. Keeps the strongest where there are too many. */
  #measureWeights() {
    const { slices } = this.frame;
    const strengths = new Float32Array(this.edgeCount);
    this.greatest = [];
    let at = 0, bias = 1e-12;
    for (let l = 1; l < this.layers.length; l++) {
      const weights = slices["w" + (l - 1)], inputs = this.layers[l - 1].neurons.length, off = l === 1 ? this.layers[0].off : [];
      let most = 1e-12;
      for (const w of weights) if (Math.abs(w) > most) most = Math.abs(w);
      this.greatest.push(most);
      weights.forEach((w, n) => off.includes(n % inputs) || (strengths[at++] = Math.abs(w) / most || 0)); // NaN: there is no line
      for (const b of slices["b" + (l - 1)] ?? []) if (Math.abs(b) > bias) bias = Math.abs(b);
    }
    this.greatestBias = bias;
    this.least = this.edgeCount > MOST_EDGES ? strengths.sort()[this.edgeCount - MOST_EDGES] : 0;
  }

  // ------------------------------------------------ layout

  layout(width) {
    const { layers, meta, context } = this;
    const biggest = Math.max(...layers.map((layer) => layer.neurons.length));
    const height = meta.height ?? Math.max(220, Math.min(440, HEAD + biggest * 56));
    const room = height - HEAD - PAD;
    const gapOf = (size) => Math.max(3, size * 0.24);
    const plan = (size) => {
      const rows = Math.max(1, Math.floor((room + gapOf(size)) / (size + gapOf(size))));
      const shapes = layers.map((layer) => {
        const across = Math.ceil(layer.neurons.length / rows);
        return { across, rows: Math.ceil(layer.neurons.length / across) };
      });
      const maps = shapes.reduce((sum, shape) => sum + shape.across * (size + gapOf(size)) - gapOf(size), 0);
      return { size, shapes, maps, least: maps + (layers.length - 1) * Math.max(16, size * 0.8) + 2 * PAD };
    };
    const sizes = Array.from({ length: LARGEST - LEAST + 1 }, (_, at) => plan(LARGEST - at)); // the largest first
    const within = (most) => {
      const fits = sizes.filter((one) => one.least <= most);
      const straight = fits.find((one) => one.size >= 26 && one.shapes.every((shape) => shape.across === 1));
      return straight ?? fits[0] ?? sizes.at(-1); // one column a layer is easiest to read, if not too small
    };
    context.font = this.font(11);
    const ends = [layers[0], layers.at(-1)].map((layer) => 5 + Math.min(NAME, Math.max(...layer.neurons.map((name) => context.measureText(name).width))));
    let best = within(width - ends[0] - ends[1]);
    this.named = best.size >= NAMED && best.shapes[0].across === 1;
    if (!this.named) best = within(width);
    const [before, after] = this.named ? ends : [0, 0];
    const used = Math.max(width, Math.ceil(best.least + before + after)); // wider than the box only if the maps cannot shrink further
    const { size } = best, gap = gapOf(size), free = used - 2 * PAD - before - after - best.maps;
    const between = Math.min(170, free / (layers.length - 1));
    let x = PAD + before + Math.max(0, (free - between * (layers.length - 1)) / 2);
    this.nodes = [];
    this.columns = layers.map((layer, l) => {
      const { across, rows } = best.shapes[l];
      const step = Math.min(size + 16, rows > 1 ? Math.max(size + gap, (room - size) / (rows - 1)) : size);
      const top = HEAD + (room - (step * (rows - 1) + size)) / 2;
      layer.neurons.forEach((name, index) => {
        const [column, row] = [Math.floor(index / rows), index % rows];
        this.nodes.push({ layer: l, index, name, x: Math.round(x + column * (size + gap)), y: Math.round(top + row * step), s: size });
      });
      const wide = across * (size + gap) - gap;
      const placed = { x, wide, rows, middle: x + wide / 2 };
      x += wide + between;
      return placed;
    });
    this.pitch = Math.min(...this.columns.slice(1).map((column, at) => column.middle - this.columns[at].middle));
    this.size(used, height);
    const facts = this.layers.map((layer, l) => [layer.name, layer.resizable, layer.neurons.length, layer.minimum, layer.maximum, this.columns[l].middle]);
    this.rebuild("sizers", [facts, used, this.text], () => placeSizers(this, used));
    this.canvas.neurarium = {
      named: this.named, nodes: this.nodes.map(({ layer, index, x: left, y, s }) => ({ layer, index, x: left, y, s })),
      edge: (layer, to, from) => { const [a, b] = this.#ends(layer, to, from); return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]; },
    };
  }

  #ends(layer, to, from) {
    const a = this.nodes[this.starts[layer - 1] + from], b = this.nodes[this.starts[layer] + to];
    return [[a.x + a.s, a.y + a.s / 2], [b.x, b.y + b.s / 2]];
  }

  // ------------------------------------------------ drawing

  draw(context) {
    if (!this.frame) return;
    this.countFrame(this.frameIndex);
    const focus = this.hot ?? this.meta.picked;
    const paths = this.#edgePaths(focus), crowded = this.nodes.length > CROWD;
    const quiet = [...paths].filter(([key]) => key < OWN), own = [...paths].filter(([key]) => key >= OWN);
    if (this.frame.slices.values) strokeEmpty(context, this, (...at) => this.#ends(...at));
    strokeEdges(context, crowded ? quiet : [...quiet, ...own], Boolean(focus), this);
    this.#nodes(context, crowded);
    if (crowded) strokeEdges(context, own, true, this); // else they would hide behind other maps
    this.#heads(context);
    if (this.named) writeNames(context, this, NAME);
  }

  /** f(layer, to, from, weight, strength) for every edge that is shown. */
  #eachEdge(visit) {
    for (let l = 1; l < this.layers.length; l++) {
      const weights = this.frame.slices["w" + (l - 1)], inputs = this.layers[l - 1].neurons.length;
      const off = l === 1 ? this.layers[0].off : [];
      for (let at = 0; at < weights.length; at++) {
        const strength = Math.abs(weights[at]) / this.greatest[l - 1];
        if (strength >= this.least && !off.includes(at % inputs)) visit(l, Math.floor(at / inputs), at % inputs, weights[at], strength);
      }
    }
  }

  /** Edges of like sign and strength as one path: key -> Path2D. Keys from OWN on are the edges of the focus. */
  #edgePaths(focus) {
    const belongs = (l, to, from) => focus.kind === "neuron"
      ? (l === focus.layer && to === focus.index) || (l - 1 === focus.layer && from === focus.index)
      : l === focus.layer && to === focus.to && from === focus.from;
    const paths = new Map();
    this.#eachEdge((l, to, from, weight, strength) => {
      const own = focus ? belongs(l, to, from) : false;
      const key = (own ? OWN : 0) + (weight > 0 ? 50 : 0) + Math.min(BUCKETS - 1, Math.floor(strength * BUCKETS));
      let path = paths.get(key);
      if (!path) paths.set(key, (path = new Path2D()));
      const [[x0, y0], [x1, y1]] = this.#ends(l, to, from), middle = (x0 + x1) / 2;
      path.moveTo(x0, y0);
      path.bezierCurveTo(middle, y0, middle, y1, x1, y1);
    });
    return new Map([...paths].sort((a, b) => a[0] - b[0]));
  }

  #nodes(context, crowded) {
    const { theme, side, meta } = this;
    const same = (a, b) => a && b && a.kind === "neuron" && a.layer === b.layer && a.index === b.index;
    const outline = (x, y, s) => {
      context.beginPath();
      if (crowded) context.rect(x, y, s, s);
      else context.roundRect(x, y, s, s, Math.min(5, s / 7));
    };
    context.imageSmoothingEnabled = side > 1; // one pixel would fade at its edges
    for (let n = 0; n < this.nodes.length; n++) {
      const node = this.nodes[n], { x, y, s } = node;
      const off = this.layers[node.layer].off.includes(node.index);
      const source = [(n % this.atlasColumns) * (side + 1), Math.floor(n / this.atlasColumns) * (side + 1), side, side];
      if (crowded && !off) context.drawImage(this.atlas, ...source, x, y, s, s);
      else {
        outline(x, y, s);
        context.fillStyle = theme.background;
        context.fill();
        context.save();
        context.clip();
        if (off) context.globalAlpha = 0.22;
        context.drawImage(this.atlas, ...source, x, y, s, s);
        context.restore();
      }
      const mark = { kind: "neuron", layer: node.layer, index: node.index };
      const picked = same(meta.picked, mark), hot = same(this.hot, mark);
      context.lineWidth = picked ? 3 : hot ? 2 : 1;
      context.strokeStyle = picked ? theme.primary : hot ? theme.text : theme.dark ? "#8893AA88" : "#66708577";
      if (off) context.setLineDash([3, 3]);
      outline(x, y, s);
      context.stroke();
      if (off) context.setLineDash([]);
      const bias = this.#bias(node), { values, maps } = this.frame.slices;
      if (values && !off) writeNumber(context, node, values[n], maps[n], this);
      if (!(bias <= Infinity) || s < (crowded ? 24 : 14)) continue;
      const size = Math.max(2.2, s / 13);
      context.beginPath();
      context.arc(x, y + s, size, 0, 2 * Math.PI);
      context.fillStyle = signedColour(Math.round(127.5 + 127.4 * (bias / this.greatestBias)), theme.dark);
      context.strokeStyle = theme.dark ? "#98A2B8" : "#475067";
      context.lineWidth = 1;
      context.fill();
      context.stroke();
    }
  }

  #bias(node) {
    return node.layer ? this.frame.slices["b" + (node.layer - 1)]?.[node.index] : undefined;
  }

  #heads(context) {
    const { theme } = this;
    context.textAlign = "center";
    context.textBaseline = "middle";
    this.layers.forEach((layer, l) => {
      const { middle } = this.columns[l];
      context.font = this.font(12, 600);
      context.fillStyle = theme.text;
      const words = elide(context, layer.name, Math.max(30, this.pitch - 6));
      const half = context.measureText(words).width / 2;
      context.fillText(words, Math.max(half + 1, Math.min(this.canvasWidth - half - 1, middle)), 9);
      context.font = this.font(12);
      context.fillStyle = theme.faint;
      const place = layer.resizable ? Math.max(34, Math.min(this.canvasWidth - 34, middle)) : middle;
      context.fillText(this.#sign(0, l) ?? String(layer.neurons.length - layer.off.length), place, 31);
    });
  }

  /** What squares (0), lines (1) or discs (2) of a layer are at this moment, where they are not as usual. */
  #sign(part, at) {
    return this.meta.signs?.[this.frameIndex]?.[part][at];
  }

  // ------------------------------------------------ touching and reading

  #hit(x, y, finger) {
    if (!this.nodes || !this.frame) return null;
    let target = null, nearest = finger ? 10 : 2; // to a neuron's edge, then 5 to a line
    for (const { layer, index, x: left, y: top, s } of this.nodes) {
      const away = Math.max(left - x, x - left - s, top - y, y - top - s);
      if (away <= nearest) { nearest = away; target = { kind: "neuron", layer, index }; }
    }
    if (target) return target;
    nearest = 5;
    this.#eachEdge((l, to, from) => {
      const [[x0, y0], [x1, y1]] = this.#ends(l, to, from), u = (x - x0) / (x1 - x0);
      if (u <= 0 || u >= 1) return;
      const at = CURVE.findIndex(([place]) => place >= u), [u0, v0] = CURVE[at - 1], [u1, v1] = CURVE[at];
      const distance = Math.abs(y0 + (y1 - y0) * (v0 + ((v1 - v0) * (u - u0)) / (u1 - u0)) - y);
      if (distance < nearest) { nearest = distance; target = { kind: "edge", layer: l, to, from }; }
    });
    return target;
  }

  #hover(target, x, y) {
    if (JSON.stringify(target) !== JSON.stringify(this.hot)) {
      this.hot = target;
      this.invalidate();
    }
    this.canvas.classList.toggle("clickable", Boolean(target));
    if (!target) return this.hideTip();
    this.place = x === undefined ? null : [x, y];
    this.#readOut();
  }

  #readOut() {
    const lines = this.describe(this.hot);
    let [x, y] = this.place ?? [];
    if (this.hot.kind === "neuron") {
      const node = this.nodes[this.starts[this.hot.layer] + this.hot.index];
      [x, y] = [node.x + node.s / 2, node.y];
    }
    this.showTip(lines, x, y);
    this.speak(lines.filter(Boolean).join(" · "));
  }

  describe(target) {
    const { text, layers, frame } = this;
    if (target.kind === "edge") {
      const { layer, to, from } = target;
      const weight = frame.slices["w" + (layer - 1)][to * layers[layer - 1].neurons.length + from];
      return [`${this.#sign(1, layer - 1) ?? text.weight} ${format(weight)}`, `${layers[layer - 1].neurons[from]} → ${layers[layer].neurons[to]}`];
    }
    const { layer, index } = target, n = this.starts[layer] + index, { ranges, values } = frame.slices, range = ranges[n];
    const bias = this.#bias(this.nodes[n]), off = layers[layer].off.includes(index);
    const colours = values ? `${this.#sign(0, layer)} ${format(values[n])}` : fill(text.range, { low: format(-range), high: format(range) });
    return [
      `${layers[layer].name} · ${layers[layer].neurons[index]}`,
      bias === undefined ? "" : `${this.#sign(2, layer - 1) ?? text.bias} ${format(bias)}`,
      off ? text.off : colours,
    ];
  }

  #choose(target) {
    if (!target || !this.meta.click) return;
    if (this.meta.toggle && target.kind === "neuron" && target.layer === 0) this.send("toggle", { index: target.index });
    else this.send("pick", target);
  }

  #toNeuron({ layer, index }) {
    this.#hover({ kind: "neuron", layer, index });
    const node = this.nodes[this.starts[layer] + index];
    if (this.scroll.scrollWidth > this.width) this.scroll.scrollTo({ left: node.x - this.width / 2, behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  }

  /** To the next of the weights into a neuron, or out of an input, the strongest first. */
  #alongWeights(by) {
    const walk = this.hot?.kind === "edge" && this.walk ? this.walk : { from: this.hot ?? { layer: 0, index: 0 }, at: by > 0 ? -1 : 0 };
    const { layer, index } = walk.from, l = layer || 1, inputs = this.layers[l - 1].neurons.length, edges = [];
    this.frame.slices["w" + (l - 1)].forEach((weight, at) => {
      const edge = { kind: "edge", layer: l, to: Math.floor(at / inputs), from: at % inputs };
      const off = l === 1 && this.layers[0].off.includes(edge.from);
      if ((layer ? edge.to : edge.from) === index && !off) edges.push([Math.abs(weight), edge]);
    });
    if (!edges.length) return true;
    edges.sort((a, b) => b[0] - a[0]);
    walk.at = (walk.at + by + edges.length) % edges.length;
    this.walk = walk;
    const [, edge] = edges[walk.at], [a, b] = this.#ends(edge.layer, edge.to, edge.from);
    this.#hover(edge, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2);
    return true;
  }

  #step(dx, dy) {
    if (this.hot?.kind !== "neuron") return this.#toNeuron(this.hot && this.walk ? this.walk.from : { layer: 0, index: 0 });
    const here = this.nodes[this.starts[this.hot.layer] + this.hot.index];
    const ahead = this.nodes.filter((node) => (dx ? Math.sign(node.x - here.x) === dx : node.x === here.x && Math.sign(node.y - here.y) === dy));
    if (!ahead.length) return;
    const far = (node) => (dx ? Math.abs(node.x - here.x) * 1000 + Math.abs(node.y - here.y) : Math.abs(node.y - here.y));
    this.#toNeuron(ahead.reduce((a, b) => (far(b) < far(a) ? b : a)));
  }

  #legend() {
    const { text } = this;
    const cut = this.edgeCount > MOST_EDGES ? " · " + fill(text.strongest, { count: format(MOST_EDGES), total: format(this.edgeCount) }) : "";
    const bar = colourBar({ scale: "signed", note: text.weightLegend + cut, dark: this.theme.dark });
    bar.classList.add("wide");
    this.below.replaceChildren(bar);
  }
}

export default (component) => mount(component, Network);
