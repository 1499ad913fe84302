// Tiles of pixels in one canvas, still or on a clock, with read-out, markers and a transport bar if asked for.
import { MISSING, View, elide, fill, format, mount, paintClasses, paintRgb, paintScale, withUnit } from "./core.js";
import { TIME_KEYS, colourBar, keyboard, pointer, swatches } from "./controls.js";
import { follow, unfollow } from "./clock.js";
import { drawLabels, drawMarks } from "./marks.js";

const GAP = 10, CAPTION = 19, LEAST_TILE = 30, ATLAS = 2048, EDGE = 2; // EDGE: rim of repeated pixels, so that smoothing mixes nothing else in
const SHORT = 46, NAMED = 150, FEW = 8; // CSS pixels of a caption that is given its room, and of one of a few pictures

class Pixels extends View {
  constructor(host) {
    super(host);
    this.atlas = document.createElement("canvas");
    this.cursor = null; // {tile, row, column} under the pointer or the keyboard
    pointer(this, {
      move: (x, y) => this.#hover(this.#hit(x, y)),
      out: () => this.#hover(null),
      click: (x, y) => this.#choose(this.#hit(x, y)),
    });
    keyboard(this, {
      arrow: (dx, dy, event) => this.#step(dx, dy, event.shiftKey ? 10 : 1),
      enter: () => this.#choose(this.cursor),
      other: (key) => this.#leap({ PageDown: 1, PageUp: -1 }[key]),
      focus: () => this.#hover(this.cursor ?? this.#start()),
      blur: () => this.#hover(null),
    });
  }

  /** The labels of boxes and rings; without them the highest cell of each picture, where these are few. */
  summary() {
    const { tiles, meta } = this;
    const boxes = tiles.flatMap((tile) => tile.boxes ?? []).filter((box) => box[6] == null || box[6] === this.frameIndex);
    const labels = boxes.map((box) => box[4]).filter(Boolean);
    if (labels.length || meta.whole || tiles.length > 3) return labels.slice(0, 8).join(", ");
    const highest = (tile) => tile.data.reduce((best, value, at) => (value > tile.data[best] ? at : best), 0);
    const told = (tile, at) => this.describe(tile, Math.floor(at / tile.columns), at % tile.columns).filter(Boolean).join(" · ");
    return tiles.filter((tile) => tile.kind === "scale").map((tile) => this.text.highest + " " + told(tile, highest(tile))).join("; ");
  }

  shortcuts() {
    const { whole, click, frames } = this.meta;
    return [["← ↑ → ↓", whole ? "picture" : "cell"], ...(whole ? [] : [["Shift + ←", "far"]]), ...(this.tiles.length > 1 && !whole ? [["Page ↓", "nextPicture"]] : []),
      ...(click ? [["Enter", "choose"]] : []), ...(frames ? [TIME_KEYS] : [])];
  }

  receive(meta, arrays) {
    const moving = meta.frames !== null;
    this.tiles = meta.tiles.map((tile, at) => {
      const shape = arrays["t" + at].shape.slice(moving && !tile.still ? 1 : 0);
      const over = arrays["o" + at];
      return { ...tile, at, rows: shape[0], columns: shape[1], depth: shape[2] ?? 1, data: arrays["t" + at].data,
        layer: over && { ...tile.over, data: over.data, rows: over.shape.at(-2), columns: over.shape.at(-1) } };
    });
    if (this.cursor && !this.tiles[this.cursor.tile]) this.cursor = null;
    this.#pack();
    if (moving) {
      const timed = Object.fromEntries(Object.entries(arrays).filter(([name]) => { const tile = this.tiles[name.slice(1)]; return name[0] === "t" ? !tile.still : tile.over.moves; }));
      follow(this, meta, timed);
    } else unfollow(this);
    this.canvas.classList.toggle("clickable", meta.click);
    if (moving) this.#showFrame();
    else this.#fillAtlas();
    this.#legend();
  }

  onTime() {
    if (!this.store.at(this.clock.index) || !this.tiles) return;
    const before = this.frameIndex;
    this.#showFrame();
    if (this.frameIndex !== before) this.paint();
    if (this.cursor && this.tip.classList.contains("on")) this.#readOut();
  }

  /** Takes the clock's frame into the tiles. */
  #showFrame() {
    const frame = this.store.at(this.clock.index);
    if (!frame || (this.frameIndex === frame.index && this.filled === this.lastBytes)) return;
    this.frameIndex = frame.index;
    for (const tile of this.tiles) {
      tile.data = frame.slices["t" + tile.at] ?? tile.data;
      if (tile.layer?.moves) tile.layer.data = frame.slices["o" + tile.at];
    }
    this.#fillAtlas();
  }

  // ------------------------------------------------ pixels -> atlas: all tiles in one picture, painted once

  #pack() {
    let x = 0, y = 0, shelf = 0;
    const width = Math.max(ATLAS, ...this.tiles.map((tile) => tile.columns + 2 * EDGE));
    for (const item of this.tiles.flatMap((tile) => (tile.layer ? [tile, tile.layer] : [tile]))) {
      const wide = item.columns + 2 * EDGE;
      if (x + wide > width) { x = 0; y += shelf; shelf = 0; }
      item.atlas = [x + EDGE, y + EDGE];
      x += wide;
      shelf = Math.max(shelf, item.rows + 2 * EDGE);
    }
    const used = y > 0 ? width : x;
    if (this.atlas.width !== used || this.atlas.height !== y + shelf) {
      this.atlas.width = used;
      this.atlas.height = y + shelf;
      this.picture = new ImageData(used, y + shelf);
    }
  }

  #fillAtlas() {
    this.filled = this.lastBytes;
    const all = new Uint32Array(this.picture.data.buffer), stride = this.atlas.width;
    const copy = (item, words) => {
      for (let row = -EDGE; row < item.rows + EDGE; row++) {
        const from = Math.max(0, Math.min(item.rows - 1, row)) * item.columns, line = words.subarray(from, from + item.columns);
        const at = (item.atlas[1] + row) * stride + item.atlas[0];
        all.fill(line[0], at - EDGE, at).fill(line.at(-1), at + item.columns, at + item.columns + EDGE).set(line, at);
      }
    };
    for (const tile of this.tiles) {
      const words = new Uint32Array(tile.rows * tile.columns), bytes = new Uint8ClampedArray(words.buffer);
      if (tile.kind === "scale") paintScale(tile.data, tile.scale, tile.low, tile.high, words, this.theme.dark);
      else if (tile.kind === "rgb") paintRgb(tile.data, bytes);
      else paintClasses(tile.data, tile.depth, bytes, this.theme.dark);
      copy(tile, words);
      if (tile.layer) copy(tile.layer, this.#layerColours(tile.layer));
    }
    this.atlas.getContext("2d").putImageData(this.picture, 0, 0);
  }

  recolour() {
    this.#fillAtlas();
    this.#legend();
  }

  /** The colour of a tile at a place in its own pixels, without what lies over it. */
  #ground(tile, x, y) {
    const column = Math.max(0, Math.min(tile.columns - 1, Math.floor(x))), row = Math.max(0, Math.min(tile.rows - 1, Math.floor(y)));
    const at = 4 * ((tile.atlas[1] + row) * this.atlas.width + tile.atlas[0] + column);
    return this.picture.data.subarray(at, at + 3);
  }

  #layerColours(layer) {
    const words = new Uint32Array(layer.rows * layer.columns), bytes = new Uint8ClampedArray(words.buffer);
    paintScale(layer.data, layer.scale, layer.low, layer.high, words);
    for (let i = 0; i < words.length; i++) {
      if (words[i] === MISSING) words[i] = 0;
      else bytes[4 * i + 3] *= layer.opacity;
    }
    return words;
  }

  // ------------------------------------------------ layout

  layout(width, turned = false) {
    const { tiles, meta, context } = this;
    const count = tiles.length;
    const aspects = tiles.map((tile) => tile.columns / tile.rows).sort((a, b) => a - b);
    const aspect = Math.min(12, Math.max(1 / 12, aspects[count >> 1]));
    context.font = this.font(11);
    const widest = (labels) => Math.max(0, ...labels.map((label) => context.measureText(label).width));
    const left = Math.min(90, Math.ceil(Math.max(...tiles.map((tile) => (tile.rowLabels ? widest(tile.rowLabels) + 6 : 0)))));
    const label = Math.ceil(Math.max(...tiles.map((tile) => (tile.columnLabels ? widest(tile.columnLabels) : 0))));
    const above = label && (turned ? Math.min(84, label * 0.8 + 16) : 17); // column labels lie flat where they fit
    const beyond = turned ? Math.min(51, Math.ceil(label * 0.58)) : 0; // slanted labels reach over the last column
    const extra = (tiles.some((tile) => tile.caption) ? CAPTION : 2) + above;
    const written = width < 500 && count > 1 && tiles.some((tile) => tile.texts?.length); // numbers in cells ask for width
    const tallest = written ? width * 2.4 : meta.height ?? (width < 500 ? width * 1.6 : Math.min(560, width * (count > 1 ? 1.1 : 0.9)));
    const boxAt = (columns) => (width - 2 - beyond - GAP * (columns - 1)) / columns - left;
    const tall = (columns, box) => Math.ceil(count / columns) * (box / aspect + extra + GAP);
    // Captions want to be read: all of a short one, and of a few pictures of one as long as NAMED.
    context.font = this.font(12);
    const captions = count > 1 ? widest(tiles.map((tile) => tile.caption ?? "")) : 0;
    const needed = Math.ceil(count <= FEW && captions <= NAMED ? captions : Math.min(captions, SHORT));
    let columns = Math.max(1, Math.min(meta.columns ?? count, Math.floor((width + GAP) / (Math.max(LEAST_TILE, needed) + left + GAP)), count));
    let box = boxAt(columns);
    if (!meta.columns) { // the number of columns that makes the tiles largest and still fits the height
      let best = 0;
      for (let c = 1; c <= columns; c++) {
        const room = (tallest / Math.ceil(count / c) - extra - GAP) * aspect;
        const size = Math.min(boxAt(c), room);
        if (size > best * 1.02) { best = size; box = size; this.perRow = c; }
      }
      columns = best > 0 ? this.perRow : columns;
      if (box < LEAST_TILE * 1.4) { // too many for one screen: rather taller than unreadable
        box = Math.min(boxAt(1), Math.max(LEAST_TILE * 1.4, Math.min(64, aspects[0] * 28)));
        columns = Math.max(1, Math.floor((width + GAP) / (box + left + GAP)));
      }
    } else if (tall(columns, box) > tallest) {
      const room = (tallest / Math.ceil(count / columns) - extra - GAP) * aspect;
      box = Math.min(box, Math.max(room, meta.height ? 24 : 84));
    }
    this.ratio = Math.min(3, window.devicePixelRatio || 1);
    for (const tile of tiles) tile.zoom = this.#zoom(tile, Math.min(box / tile.columns, box / aspect / tile.rows));
    if (label && !turned && tiles.some((tile) => tile.columnLabels && label >= tile.zoom - 3)) return this.layout(width, true);
    const across = Math.max(...tiles.map((tile) => tile.zoom * tile.columns));
    const down = Math.max(...tiles.map((tile) => tile.zoom * tile.rows));
    const snap = (value) => Math.round(value * this.ratio) / this.ratio;
    const pitch = Math.max(across, Math.min(box, needed)) + left + GAP;
    tiles.forEach((tile, at) => {
      tile.x = snap(1 + left + (at % columns) * pitch);
      tile.y = snap(extra + Math.floor(at / columns) * (down + extra + GAP));
      tile.w = snap(tile.zoom * tile.columns);
      tile.h = snap(tile.zoom * tile.rows);
    });
    this.perRow = columns;
    this.extra = { left, above, caption: extra - above, pitch };
    const used = Math.min(width, Math.ceil(Math.min(columns, count) * pitch - GAP + 2 + beyond));
    this.size(used, Math.ceil(Math.ceil(count / columns) * (down + extra + GAP) - GAP + 3));
    this.below.style.maxWidth = Math.max(used, Math.min(width, 260)) + "px";
    this.canvas.neurarium = { tiles: tiles.map(({ x, y, w, h }) => ({ x, y, w, h })) };
  }

  /** Whole device pixels a cell where that costs little: cells of one size look like a grid, not like a moiré. */
  #zoom(tile, zoom) {
    const device = zoom * this.ratio;
    const whole = Math.floor(device);
    return !tile.smooth && whole >= 2 && whole / device > 0.8 ? whole / this.ratio : zoom;
  }

  // ------------------------------------------------ drawing

  draw(context) {
    const { theme, meta } = this;
    if (meta.frames) this.countFrame(this.frameIndex);
    for (const tile of this.tiles) {
      const { x, y, w, h } = tile;
      context.fillStyle = theme.dark ? "#98A2B844" : "#66708533";
      context.fillRect(x - 1, y - 1, w + 2, h + 2);
      context.imageSmoothingEnabled = Boolean(tile.smooth) || tile.zoom * this.ratio < 1;
      context.imageSmoothingQuality = "high";
      context.drawImage(this.atlas, ...tile.atlas, tile.columns, tile.rows, x, y, w, h);
      if (tile.layer) {
        context.imageSmoothingEnabled = true;
        context.drawImage(this.atlas, ...tile.layer.atlas, tile.layer.columns, tile.layer.rows, x, y, w, h);
      }
      if (tile.caption) {
        context.font = this.font(12);
        context.fillStyle = theme.faint;
        context.textAlign = "left";
        context.textBaseline = "alphabetic";
        context.fillText(elide(context, tile.caption, this.extra.pitch - GAP - this.extra.left), x, y - this.extra.above - 6);
      }
      drawLabels(context, tile, theme, this.font(11), this.extra.left);
      this.canvas.neurarium.tiles[tile.at].labels = drawMarks(context, tile, theme, (size, weight) => this.font(size, weight), this.frameIndex, (x, y) => this.#ground(tile, x, y));
    }
    this.#frame(context, meta.picked, theme.primary, 2.5);
    if (this.cursor) this.#frame(context, this.cursor, theme.text, 1.5);
  }

  /** A frame around a cell, a row, a column or a whole tile: {tile, row?, column?}. */
  #frame(context, place, colour, thickness) {
    const tile = place && this.tiles[place.tile];
    if (!tile) return;
    const [row, rows] = place.row == null ? [0, tile.rows] : [place.row, 1];
    const [column, columns] = place.column == null ? [0, tile.columns] : [place.column, 1];
    const least = 5, w = Math.max(least, columns * tile.zoom), h = Math.max(least, rows * tile.zoom);
    const x = tile.x + (column + columns / 2) * tile.zoom - w / 2, y = tile.y + (row + rows / 2) * tile.zoom - h / 2;
    context.lineJoin = "round";
    for (const [style, width] of [[this.theme.background, thickness + 2], [colour, thickness]]) {
      context.strokeStyle = style;
      context.lineWidth = width;
      context.strokeRect(x, y, w, h);
    }
  }

  // ------------------------------------------------ touching and reading

  #hit(x, y) {
    for (const tile of this.tiles ?? []) {
      const column = Math.floor((x - tile.x) / tile.zoom), row = Math.floor((y - tile.y) / tile.zoom);
      if (row >= 0 && column >= 0 && row < tile.rows && column < tile.columns) return { tile: tile.at, row, column };
    }
    return null;
  }

  #start() {
    const { picked } = this.meta;
    const tile = this.tiles[picked?.tile ?? 0] ?? this.tiles[0];
    return { tile: tile.at, row: picked?.row ?? tile.rows >> 1, column: picked?.column ?? tile.columns >> 1 };
  }

  #leap(by) {
    if (!by || this.tiles.length < 2) return false;
    const { tile: at, row, column } = this.cursor ?? this.#start();
    const next = this.tiles[(at + by + this.tiles.length) % this.tiles.length];
    this.#hover({ tile: next.at, row: Math.min(row, next.rows - 1), column: Math.min(column, next.columns - 1) });
    return true;
  }

  #step(dx, dy, far) {
    if (!this.cursor) return this.#hover(this.#start());
    let { tile: at, row, column } = this.cursor;
    const tile = this.tiles[at];
    if (this.meta.whole) return this.#hover({ tile: (this.tiles[at + dx + dy * this.perRow] ?? tile).at });
    row += dy * far;
    column += dx * far;
    const outside = row < 0 || column < 0 || row >= tile.rows || column >= tile.columns;
    const next = outside && this.tiles[at + dx + dy * this.perRow];
    if (next) { // over the edge into the neighbouring tile, entering at the side that faces this one
      at = next.at;
      row = dy ? (dy > 0 ? 0 : next.rows - 1) : Math.min(row, next.rows - 1);
      column = dx ? (dx > 0 ? 0 : next.columns - 1) : Math.min(column, next.columns - 1);
    }
    const here = this.tiles[at];
    this.#hover({ tile: at, row: Math.max(0, Math.min(here.rows - 1, row)), column: Math.max(0, Math.min(here.columns - 1, column)) });
  }

  #hover(cell) {
    if (cell && this.meta.whole) cell = { tile: cell.tile };
    const same = cell && this.cursor && cell.tile === this.cursor.tile && cell.row === this.cursor.row && cell.column === this.cursor.column;
    if (same && this.tip.classList.contains("on")) return;
    if (cell || this.cursor) this.invalidate();
    this.cursor = cell;
    if (cell) this.#readOut();
    else this.hideTip();
  }

  #readOut() {
    const { tile: at, row, column } = this.cursor;
    const tile = this.tiles[at];
    const lines = this.meta.whole ? [[tile.names?.[0], tile.caption].filter(Boolean).join(" ")] : this.describe(tile, row, column);
    this.showTip(lines, tile.x + ((column ?? tile.columns / 2) + 0.5) * tile.zoom, tile.y + (row ?? 0) * tile.zoom);
    this.speak(lines.filter(Boolean).join(" · "));
  }

  /** [value, caption, place, …]: what is at a cell. */
  describe(tile, row, column) {
    const { text } = this;
    const at = row * tile.columns + column;
    let value;
    if (tile.kind === "scale") {
      const raw = tile.data[at];
      value = withUnit(tile.data instanceof Uint8Array ? tile.low + (raw / 255) * (tile.high - tile.low) : raw, tile.unit);
    } else if (tile.kind === "rgb") value = "RGB " + Array.from(tile.data.subarray(3 * at, 3 * at + 3)).join(" ");
    else {
      const scale = tile.data instanceof Uint8Array ? 255 : 1;
      const chances = tile.classes.map((name, k) => [tile.data[at * tile.depth + k] / scale, name]);
      value = chances.sort((a, b) => b[0] - a[0]).slice(0, 3).map(([p, name]) => `${name} ${format(Number(p.toFixed(3)))}`).join(" · ");
    }
    const [tileName, rowName, columnName] = tile.names ?? ["", text.row, text.column];
    const place = `${rowName} ${tile.rowLabels?.[row] ?? row}, ${columnName} ${tile.columnLabels?.[column] ?? column}`;
    const lines = [value, [tileName, tile.caption].filter(Boolean).join(" "), place];
    if (tile.layer) {
      const { layer } = tile;
      const raw = layer.data[Math.floor(((row + 0.5) / tile.rows) * layer.rows) * layer.columns + Math.floor(((column + 0.5) / tile.columns) * layer.columns)];
      const heat = layer.data instanceof Uint8Array ? layer.low + (raw / 255) * (layer.high - layer.low) : raw;
      lines.unshift(`${layer.name || text.layer} ${withUnit(heat, layer.unit)}`);
    }
    const near = (tile.points ?? []).find(([px, py, , , label]) => label && Math.hypot(px - column - 0.5, py - row - 0.5) * tile.zoom < 8);
    if (near) lines.splice(1, 0, near[4]);
    return lines;
  }

  #choose(cell) {
    if (cell && this.meta.click) this.send("cell", cell);
  }

  // ------------------------------------------------ legend

  #legend() {
    const { meta, text } = this;
    const facts = this.tiles.map(({ scale, low, high, unit, classes, layer }) => [scale, low, high, unit, classes, layer && [layer.scale, layer.low, layer.high, layer.name]]);
    this.rebuild("legend", [meta.legend, meta.colours, text, facts, this.theme.dark], () => this.#buildLegend());
  }

  #buildLegend() {
    const { meta, text, theme: { dark } } = this;
    const parts = [];
    if (meta.legend) {
      const groups = new Map(), scales = new Map();
      for (const tile of this.tiles)
        for (const item of [tile.kind === "scale" && { ...tile, name: "" }, tile.layer])
          if (item) {
            groups.set([item.scale, item.low, item.high, item.unit, item.name].join("|"), item);
            scales.set([item.scale, item.unit, item.name].join("|"), item);
          }
      if (groups.size <= 3) parts.push(...[...groups.values()].map((item) => colourBar({ ...item, dark })));
      else parts.push(...[...scales.values()].map((item) => colourBar({ ...item, dark, note: fill(item.scale === "signed" ? text.ownSigned : text.ownRange, { unit: item.unit ?? "" }) })));
      const marks = meta.colours?.map(([colour, name]) => ({ colour, name, shape: "line" }));
      for (const items of [this.tiles.find((tile) => tile.classes)?.classes, marks]) if (items) parts.push(swatches(items));
    }
    this.below.replaceChildren(...parts);
  }
}

export default (component) => mount(component, Pixels);
