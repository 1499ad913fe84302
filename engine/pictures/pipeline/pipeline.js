// All layers of a network side by side: maps, kernels, neurons, bars; one of them opened, with lines from what it is made of.
import { View, elide, element, fill, format, lettersOn, lineColourOf, mount, paintScale, tableOf } from "./core.js";
import { colourBar, keyboard, pointer } from "./controls.js";

const HEAD = 36, FOOT = 16, GAP = 2, TALL = 280, BETWEEN = 7, GROUPS = 12; // CSS pixels
const ROWS = [5, 8], FINGER = 44, FINGER_ROWS = 10;
const LEAST = 28, SMALLER = 0.66, KERNEL = 26, NEURON = 17, NUMBER = 34, BAR = 72, SHARE = 37; // what stands in several columns is smaller

class Pipeline extends View {
  constructor(host) {
    super(host);
    this.cursor = null; // {layer, at (its place in the order), row, column}
    pointer(this, {
      move: (x, y) => this.#hover(this.#hit(x, y)),
      out: () => this.#hover(null),
      click: (x, y) => this.#open(this.#hit(x, y)),
    });
    keyboard(this, {
      arrow: (dx, dy) => this.#step(dx, dy),
      enter: () => this.#open(this.cursor),
      focus: () => this.#hover(this.cursor ?? this.#start()),
      blur: () => this.#hover(null),
    });
  }

  shortcuts() {
    return [["← ↑ → ↓", "choosePlace"], ["Enter", "openMap"]];
  }

  /** The bars are the answer. */
  summary() {
    const last = this.layers.at(-1);
    if (last.form !== "bars" || last.covered) return "";
    const [best] = [...last.data.keys()].sort((a, b) => last.data[b] - last.data[a]);
    return `${last.title} ${best}: ${percent(last.data[best])}`;
  }

  receive(meta, arrays) {
    this.layers = meta.layers.map((layer, number) => {
      const { shape: [count, rows, columns], data } = arrays["m" + number];
      return { ...layer, number, count, rows, columns, data, strength: arrays["s" + number]?.data };
    });
    if (this.cursor && !(this.cursor.at < this.layers[this.cursor.layer]?.count)) this.cursor = null;
    this.canvas.classList.add("clickable");
    this.painted = null; // to be painted anew
  }

  /** All maps of a layer below each other in one picture. */
  #paint() {
    this.painted = this.theme.dark;
    this.atlases ??= [];
    for (const layer of this.layers) {
      const atlas = (this.atlases[layer.number] ??= document.createElement("canvas"));
      atlas.width = layer.columns;
      atlas.height = layer.rows * layer.count;
      const picture = new ImageData(atlas.width, atlas.height);
      paintScale(layer.data, layer.scale, layer.low, layer.high, new Uint32Array(picture.data.buffer), this.theme.dark);
      atlas.getContext("2d").putImageData(picture, 0, 0);
    }
    this.#legend();
  }

  #legend() {
    const { text, meta, theme: { dark } } = this;
    this.rebuild("legend", [text, dark, meta.note], () => {
      const bars = [["signed", text.below], ["magnitude", text.upward]].map(([scale, note]) => colourBar({ scale, note, dark }));
      for (const bar of bars) bar.lastChild.style.flexBasis = "130px";
      this.below.replaceChildren(element("div", { class: "swatches" }, ...bars, element("span", {}, text.given), element("span", {}, meta.note)));
    });
  }

  // ------------------------------------------------ layout

  layout(width) {
    if (this.painted !== this.theme.dark) this.#paint();
    const { layers, context } = this;
    const finger = matchMedia("(pointer: coarse)").matches;
    const fewest = Math.min(...layers.filter((layer) => layer.form === "maps" && layer.count > 1).map((layer) => layer.count));
    const rows = finger ? FINGER_ROWS : Math.max(ROWS[0], Math.min(ROWS[1], fewest));
    const tall = finger ? rows * (FINGER + GAP) : (this.meta.height ?? TALL);
    const pitch = tall / rows;
    const across = (layer) => (layer.form === "bars" ? 1 : Math.ceil(layer.count / this.#rowsOf(layer, rows, finger)));
    const size = (layer, scale) => {
      if (layer.form === "bars") return BAR;
      if (layer.form === "neurons") return finger ? FINGER : layer.count > 16 ? NEURON : NUMBER;
      if (layer.form === "kernels") return finger ? FINGER : Math.min(KERNEL, pitch - GAP);
      return finger ? FINGER : Math.min(pitch - GAP, scale * (across(layer) > 1 ? SMALLER : 1));
    };
    context.font = this.font(11);
    const named = (layer) => Math.ceil(context.measureText(layer.title).width) - 8; // it may reach into the gaps
    const gap = (layer, at) => (at === 0 ? 0 : layer.group !== layers[at - 1].group ? GROUPS : BETWEEN);
    const wide = (scale) => layers.reduce((sum, layer, at) =>
      sum + gap(layer, at) + Math.max(across(layer) * (size(layer, scale) + GAP) - GAP, named(layer)), 0) + 4;
    let scale = LEAST;
    while (scale < pitch && wide(scale + 0.5) <= width) scale += 0.5;
    let x = 2;
    layers.forEach((layer, at) => {
      const n = this.#rowsOf(layer, rows, finger), columns = across(layer), step = tall / n, side = size(layer, scale);
      const used = Math.max(columns * (side + GAP) - GAP, named(layer));
      x += gap(layer, at);
      const left = x + (used - (columns * (side + GAP) - GAP)) / 2;
      const flat = layer.form === "neurons" || layer.form === "bars";
      const middle = layer.count === 1 ? (tall - side) / 2 : flat ? 0 : (step - side) / 2;
      Object.assign(layer, { x, used, side, inset: finger && layer.form === "kernels" ? 5 : 0, perRow: columns, tileHeight: flat ? step - GAP : side, place: layer.order.map((_, k) =>
        [left + (k % columns) * (side + GAP), HEAD + middle + Math.floor(k / columns) * step]) });
      layer.at = new Map(layer.order.map((channel, k) => [channel, k]));
      x += used;
    });
    this.size(Math.ceil(x + 2), HEAD + tall + FOOT);
    this.#follow(width);
    this.canvas.neurarium = { layers: layers.map((layer) => ({ order: layer.order, w: layer.side, h: layer.tileHeight, places: layer.place })) };
  }

  /** Where not all can be seen, what has just been opened is, with its neighbours. */
  #follow(width) {
    const { picked } = this.meta, layer = picked && this.layers[picked.tile];
    const now = JSON.stringify(picked), before = this.followed;
    this.followed = now;
    if (!layer || now === before || this.canvasWidth <= width) return;
    const { scrollLeft } = this.scroll;
    if (layer.x < scrollLeft || layer.x + layer.used > scrollLeft + width) this.scroll.scrollLeft = layer.x + (layer.used - width) / 2;
  }

  #rowsOf(layer, rows, finger) {
    if (layer.form === "bars" || (layer.form === "neurons" && layer.count <= 16)) return layer.count;
    return layer.form === "neurons" && !finger ? 16 : rows;
  }

  // ------------------------------------------------ drawing

  draw(context) {
    const { layers, meta, theme } = this, { picked } = meta;
    this.#heads(context);
    this.#links(context);
    for (const layer of layers) layer.order.forEach((channel, k) => this.#tile(context, layer, channel, k));
    for (const [number, channel, ...window] of meta.windows) {
      const layer = layers[number];
      layer.order.forEach((one, k) => (channel === null || channel === one) && !layer.covered && this.#frame(context, layer, k, window, theme.primary, 1.5));
    }
    if (picked) {
      const layer = layers[picked.tile], k = layer?.at.get(picked.channel);
      if (k !== undefined) {
        this.#frame(context, layer, k, null, theme.primary, 2.5);
        if (layer.rows > 1) this.#frame(context, layer, k, [picked.row, picked.column, picked.row + 1, picked.column + 1], theme.primary, 2);
      }
    }
    if (this.cursor) this.#frame(context, layers[this.cursor.layer], this.cursor.at, null, theme.text, 1.5);
  }

  #heads(context) {
    const { layers, theme } = this;
    context.textBaseline = "middle";
    for (let from = 0; from < layers.length; ) {
      let to = from;
      while (layers[to + 1]?.group && layers[to + 1].group === layers[from].group) to++;
      const left = layers[from].x, right = layers[to].x + layers[to].used;
      if (layers[from].group) {
        context.font = this.font(12, 600);
        context.fillStyle = theme.text;
        context.textAlign = "left";
        context.fillText(elide(context, layers[from].group, right - left + 12), left, 8);
      }
      from = to + 1;
    }
    context.font = this.font(11);
    layers.forEach((layer, at) => {
      context.fillStyle = theme.faint;
      context.textAlign = "center";
      context.fillText(layer.title, layer.x + layer.used / 2, 25);
      if (layer.rows > 1) {
        context.font = this.font(10);
        context.fillText(`${layer.rows}×${layer.columns}`, layer.x + layer.used / 2, this.canvasHeight - 7);
        context.font = this.font(11);
      }
      const next = layers[at + 1];
      if (!next) return;
      const [end, begin] = [layer, next].map((one, side) => one.x + one.used / 2 + (0.5 - side) * context.measureText(one.title).width);
      const x = (end + begin) / 2; // which way it goes, where there is room
      if (begin - end < 7) return;
      context.beginPath();
      context.moveTo(x - 2, 22);
      context.lineTo(x + 2, 25);
      context.lineTo(x - 2, 28);
      context.fill();
    });
  }

  #links(context) {
    const { layers, theme } = this;
    for (const [from, channel, to, other, share] of this.meta.links) {
      const [a, b] = [layers[from], layers[to]];
      const [start, end] = [a.place[a.at.get(channel)], b.place[b.at.get(other)]];
      if (!start || !end || a.covered || b.covered) continue;
      const x0 = start[0] + a.side, y0 = start[1] + a.tileHeight / 2, x1 = end[0], y1 = end[1] + b.tileHeight / 2, half = (x0 + x1) / 2;
      context.strokeStyle = lineColourOf(share < 0 ? 5 : 0, theme);
      context.globalAlpha = 0.25 + 0.7 * Math.abs(share);
      context.lineWidth = 0.6 + 4 * Math.abs(share);
      context.beginPath();
      context.moveTo(x0, y0);
      context.bezierCurveTo(half, y0, half, y1, x1, y1);
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  #tile(context, layer, channel, k) {
    const { theme } = this, { inset } = layer, [x, y] = layer.place[k].map((at) => at + inset);
    const side = layer.side - 2 * inset, tileHeight = layer.tileHeight - 2 * inset; // a finger takes hold of more than is drawn
    if (layer.covered) return this.#cover(context, x, y, side, tileHeight);
    if (layer.form === "bars") return this.#bar(context, layer, channel, x, y);
    context.fillStyle = theme.dark ? "#98A2B844" : "#66708533";
    context.fillRect(x - 0.5, y - 0.5, side + 1, tileHeight + 1);
    const zoom = (side / layer.columns) * this.ratio;
    context.imageSmoothingEnabled = layer.form === "maps" && zoom < 3 && zoom % 1 > 0.02;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.atlases[layer.number], 0, channel * layer.rows, layer.columns, layer.rows, x, y, side, tileHeight);
    if (layer.count === 1) return;
    if (layer.form === "neurons") {
      const value = layer.data[channel], place = Math.max(0, Math.min(255, Math.round((255 * (value - layer.low)) / (layer.high - layer.low || 1))));
      const [red, green, blue] = tableOf(layer.scale, theme.dark).bytes.slice(4 * place);
      context.fillStyle = lettersOn(red, green, blue);
      context.font = this.font(10);
      context.textAlign = "center";
      context.fillText(layer.count > 16 ? channel : short(value), x + side / 2, y + tileHeight / 2 + 0.5);
      return;
    }
    if (layer.form === "kernels") return;
    context.font = this.font(9, 700);
    context.textAlign = "left";
    context.lineJoin = "round";
    context.lineWidth = 2.5;
    context.strokeStyle = theme.background;
    context.strokeText(channel, x + 1.5, y + 6);
    context.fillStyle = theme.text;
    context.fillText(channel, x + 1.5, y + 6);
  }

  #cover(context, x, y, wide, high) {
    context.save();
    context.beginPath();
    context.rect(x, y, wide, high);
    context.clip();
    context.strokeStyle = this.theme.dark ? "#98A2B866" : "#66708555";
    context.lineWidth = 3;
    context.beginPath();
    for (let at = -high; at < wide; at += 10) {
      context.moveTo(x + at, y + high);
      context.lineTo(x + at + high, y);
    }
    context.stroke();
    context.strokeRect(x, y, wide, high);
    context.restore();
  }

  #bar(context, layer, channel, x, y) {
    const { theme } = this, share = layer.data[channel], middle = y + layer.tileHeight / 2, best = channel === this.meta.marked;
    context.font = this.font(12, best ? 700 : 400);
    context.fillStyle = theme.text;
    context.textAlign = "left";
    context.fillText(channel, x, middle);
    context.fillStyle = theme.dark ? "#98A2B833" : "#66708526";
    context.fillRect(x + 11, middle - 5, BAR - SHARE - 13, 10);
    context.fillStyle = lineColourOf(best ? 1 : 0, theme);
    context.fillRect(x + 11, middle - 5, (BAR - SHARE - 13) * Math.max(0, Math.min(1, share)), 10);
    context.font = this.font(10.5, best ? 700 : 400);
    context.fillStyle = best ? theme.text : theme.faint;
    context.textAlign = "right";
    context.fillText(percent(share), x + BAR, middle);
  }

  /** Around a map, or around cells (top, left, bottom, right) of it. */
  #frame(context, layer, k, window, colour, thickness) {
    const [x, y] = layer.place[k], { side, tileHeight } = layer;
    const [top, left, bottom, right] = window ?? [0, 0, layer.rows, layer.columns];
    const across = side / layer.columns, down = tileHeight / layer.rows, least = window ? 4 : 0;
    const w = Math.max(least, (right - left) * across), h = Math.max(least, (bottom - top) * down);
    const [cx, cy] = [x + ((left + right) / 2) * across, y + ((top + bottom) / 2) * down], rim = window ? 0 : 1;
    for (const [style, width] of [[this.theme.background, thickness + 1.5], [colour, thickness]]) {
      context.strokeStyle = style;
      context.lineWidth = width;
      context.strokeRect(cx - w / 2 - rim, cy - h / 2 - rim, w + 2 * rim, h + 2 * rim);
    }
  }

  // ------------------------------------------------ touching and reading

  #hit(x, y) {
    for (const layer of this.layers ?? []) {
      if (x < layer.x - 4 || x > layer.x + layer.used + 4) continue;
      for (const [k, [left, top]] of layer.place.entries()) {
        const [u, v] = [(x - left) / layer.side, (y - top) / layer.tileHeight], rim = GAP / 2 / layer.side;
        if (u < -rim || v < -rim || u > 1 + rim || v > 1 + rim) continue;
        const cell = (share, count) => Math.max(0, Math.min(count - 1, Math.floor(share * count)));
        return { layer: layer.number, at: k, row: cell(v, layer.rows), column: cell(u, layer.columns) };
      }
    }
    return null;
  }

  #start() {
    const { picked } = this.meta, layer = this.layers[picked?.tile ?? 0];
    return this.#same(layer.number, layer.at.get(picked?.channel) ?? 0);
  }

  /** A map of a layer, at the place of the cell that is open. */
  #same(number, at) {
    const { picked } = this.meta, layer = this.layers[number], from = picked && this.layers[picked.tile];
    const scaled = (value, count, length) => Math.min(length - 1, Math.floor(((value + 0.5) / count) * length));
    return { layer: number, at, row: from ? scaled(picked.row ?? 0, from.rows, layer.rows) : layer.rows >> 1,
      column: from ? scaled(picked.column ?? 0, from.columns, layer.columns) : layer.columns >> 1 };
  }

  #step(dx, dy) {
    const here = this.cursor ?? this.#start(), layer = this.layers[here.layer];
    const { perRow } = layer, column = here.at % perRow, sideways = column + dx;
    if (dy || (sideways >= 0 && sideways < perRow && here.at + dx < layer.count)) { // within a layer of several columns first
      const at = here.at + dx + dy * perRow;
      return at >= 0 && at < layer.count && this.#hover(this.#same(here.layer, at));
    }
    const next = this.layers[here.layer + dx];
    if (!next) return;
    const [, y] = layer.place[here.at], wanted = dx > 0 ? 0 : next.perRow - 1;
    const away = next.place.map(([, top], k) => (k % next.perRow === wanted ? Math.abs(top - y) : Infinity));
    const nearest = away.indexOf(Math.min(...away));
    this.#hover(this.#same(next.number, nearest));
  }

  #hover(cursor) {
    const before = this.cursor;
    if (cursor?.layer === before?.layer && cursor?.at === before?.at && cursor?.row === before?.row && cursor?.column === before?.column) return;
    this.cursor = cursor;
    this.invalidate();
    if (!cursor || this.layers[cursor.layer].covered) return this.hideTip();
    const { text, meta } = this, layer = this.layers[cursor.layer], channel = layer.order[cursor.at];
    const value = layer.data[(channel * layer.rows + cursor.row) * layer.columns + cursor.column];
    const lines = [
      layer.form === "bars" ? percent(value, 4) : format(value),
      [layer.group, layer.title, layer.count > 1 ? fill(text.number, { k: channel }) : ""].filter(Boolean).join(" · "),
      layer.rows > 1 && `${text.row} ${cursor.row}, ${text.column} ${cursor.column}`,
      layer.strength && meta.measure && `${meta.measure} ${format(layer.strength[channel])}`,
    ];
    const [x, y] = layer.place[cursor.at];
    this.showTip(lines, x + layer.side / 2, y);
    this.speak(lines.filter(Boolean).join(" · "));
    if (document.activeElement && this.canvas.matches(":focus-visible")) this.#reveal(x, layer.side);
  }

  /** Keeps what the keyboard is on within the frame that scrolls. */
  #reveal(x, side) {
    const { scroll } = this;
    if (x < scroll.scrollLeft) scroll.scrollLeft = x - 8;
    else if (x + side > scroll.scrollLeft + scroll.clientWidth) scroll.scrollLeft = x + side + 8 - scroll.clientWidth;
  }

  #open(cursor) {
    if (!cursor || !this.meta.click) return;
    const layer = this.layers[cursor.layer];
    if (layer.opens === null || layer.covered || this.layers[layer.opens].covered) return;
    const channel = layer.order[cursor.at];
    const target = layer.opens === layer.number ? cursor : this.#same(layer.opens, this.layers[layer.opens].at.get(channel));
    this.send("cell", { tile: layer.opens, channel, row: target.row, column: target.column });
  }
}

const percent = (share, digits = 0) => {
  const shown = 100 * share;
  return Number.isNaN(share) ? "–" : (digits ? String(Number(shown.toPrecision(digits))) : shown.toFixed(shown > 99.95 || shown < 0.05 ? 0 : 1)) + "\u202f%";
};
const short = (value) => (Number.isNaN(value) ? "–" : (value < -0.05 ? "−" : "") + Math.abs(value).toFixed(1));

export default (component) => mount(component, Pipeline);
