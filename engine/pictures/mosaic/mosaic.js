// A grid of small square matrices, all in one canvas: picked as wholes, by pointer or arrow key.
import { View, mount, paintScale } from "./core.js";
import { colourBar, keyboard, pointer } from "./controls.js";

const GAP = 3, TOP = 17, LARGEST = 60, LEAST = 17, WAIT = 160; // WAIT: ms before an arrow key's choice is sent

class Mosaic extends View {
  constructor(host) {
    super(host);
    this.atlas = document.createElement("canvas");
    this.cursor = null; // index under the pointer or the keyboard
    pointer(this, {
      move: (x, y) => this.#hover(this.#hit(x, y)),
      out: () => this.#hover(null),
      click: (x, y) => this.#choose(this.#hit(x, y)),
    });
    keyboard(this, {
      arrow: (dx, dy) => this.#step(dx, dy),
      enter: () => this.#choose(this.cursor),
      focus: () => this.#hover(this.cursor ?? this.meta.selected ?? 0),
      blur: () => this.#hover(null),
    });
  }

  shortcuts() {
    return [["← ↑ → ↓", "choosePicture"]];
  }

  receive(meta, arrays) {
    this.off = new Set(meta.off);
    this.canvas.classList.add("clickable");
    this.recolour();
  }

  /** All patterns in one picture, in the colours of the page. */
  recolour() {
    const { meta, theme: { dark }, text } = this, { shape: [count, side], data } = this.arrays.patterns;
    const columns = meta.columns.length;
    [this.count, this.side] = [count, side];
    const wide = columns * side;
    this.atlas.width = wide;
    this.atlas.height = meta.rows.length * side;
    const picture = new ImageData(wide, this.atlas.height), all = new Uint32Array(picture.data.buffer);
    const words = new Uint32Array(data.length);
    paintScale(data, "probability", 0, 1, words, dark);
    for (let k = 0, from = 0; k < count; k++)
      for (let row = 0; row < side; row++, from += side)
        all.set(words.subarray(from, from + side), (Math.floor(k / columns) * side + row) * wide + (k % columns) * side);
    this.atlas.getContext("2d").putImageData(picture, 0, 0);
    this.rebuild("legend", [text.scale, dark], () => this.below.replaceChildren(colourBar({ scale: "probability", low: 0, high: 1, note: text.scale, dark })));
  }

  layout(width) {
    const { rows, columns } = this.meta;
    this.context.font = this.font(11);
    this.left = Math.ceil(Math.max(...rows.map((name) => this.context.measureText(name).width))) + 6;
    const size = Math.floor((width - 2 - this.left - GAP * (columns.length - 1)) / columns.length);
    this.tile = Math.max(LEAST, Math.min(LARGEST, size));
    const pitch = (this.pitch = this.tile + GAP);
    this.size(Math.min(width, this.left + columns.length * pitch), TOP + rows.length * pitch);
    this.canvas.neurarium = { left: this.left, top: TOP, tile: this.tile, pitch };
  }

  #place(index) {
    const columns = this.meta.columns.length;
    return [this.left + (index % columns) * this.pitch, TOP + Math.floor(index / columns) * this.pitch];
  }

  draw(context) {
    const { meta, theme, side, tile } = this;
    context.font = this.font(11);
    context.fillStyle = theme.faint;
    context.textBaseline = "middle";
    context.textAlign = "right";
    meta.rows.forEach((name, row) => context.fillText(name, this.left - 5, TOP + row * this.pitch + tile / 2));
    context.textAlign = "center";
    const every = Math.ceil((context.measureText(meta.columns.at(-1)).width + 3) / this.pitch);
    meta.columns.forEach((name, column) => column % every || context.fillText(name, this.left + column * this.pitch + tile / 2, 8));
    context.imageSmoothingEnabled = side > tile * this.ratio;
    context.imageSmoothingQuality = "high";
    for (let k = 0; k < this.count; k++) {
      const [x, y] = this.#place(k), columns = meta.columns.length;
      context.globalAlpha = this.off.has(k) ? 0.25 : 1;
      context.drawImage(this.atlas, (k % columns) * side, Math.floor(k / columns) * side, side, side, x, y, tile, tile);
      context.globalAlpha = 1;
      if (this.off.has(k)) this.#cross(context, x, y, tile);
    }
    this.#frame(context, meta.selected, theme.primary, 2.5);
    if (this.cursor !== meta.selected) this.#frame(context, this.cursor, theme.text, 1.5);
  }

  #cross(context, x, y, tile) {
    context.strokeStyle = this.theme.text;
    context.lineWidth = 1.5;
    context.beginPath();
    for (const [a, b] of [[0.2, 0.8], [0.8, 0.2]]) {
      context.moveTo(x + a * tile, y + 0.2 * tile);
      context.lineTo(x + b * tile, y + 0.8 * tile);
    }
    context.stroke();
  }

  #frame(context, index, colour, thickness) {
    if (index == null) return;
    const [x, y] = this.#place(index);
    for (const [style, width] of [[this.theme.background, thickness + 1.5], [colour, thickness]]) {
      context.strokeStyle = style;
      context.lineWidth = width;
      context.strokeRect(x - 0.5, y - 0.5, this.tile + 1, this.tile + 1);
    }
  }

  #hit(x, y) {
    const column = Math.floor((x - this.left) / this.pitch), row = Math.floor((y - TOP) / this.pitch);
    const inside = column >= 0 && row >= 0 && column < this.meta.columns.length && row < this.meta.rows.length;
    return inside ? row * this.meta.columns.length + column : null;
  }

  #step(dx, dy) {
    const columns = this.meta.columns.length, at = this.cursor ?? this.meta.selected ?? 0;
    const column = Math.max(0, Math.min(columns - 1, (at % columns) + dx));
    const row = Math.max(0, Math.min(this.meta.rows.length - 1, Math.floor(at / columns) + dy));
    this.#hover(row * columns + column);
    clearTimeout(this.waiting); // a held key runs over many: only where it stops is chosen
    this.waiting = setTimeout(() => this.#choose(this.cursor), WAIT);
  }

  #hover(index) {
    if (index === this.cursor) return;
    this.cursor = index;
    this.invalidate();
    if (index === null) return this.hideTip();
    const { meta } = this, columns = meta.columns.length, row = Math.floor(index / columns), column = index % columns;
    const lines = [meta.rows[row] + meta.columns[column], meta.notes[row][column], this.off.has(index) && this.text.off];
    const [x, y] = this.#place(index);
    this.showTip(lines, x + this.tile / 2, y);
    this.speak(lines.filter(Boolean).join(" · "));
  }

  #choose(index) {
    if (index === null || index === this.meta.selected) return;
    const columns = this.meta.columns.length;
    this.meta.selected = index; // seen at once; the page follows
    this.invalidate();
    this.send("pick", { row: Math.floor(index / columns), column: index % columns });
  }

  destroy() {
    clearTimeout(this.waiting);
    super.destroy();
  }
}

export default (component) => mount(component, Mosaic);
