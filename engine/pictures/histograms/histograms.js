// Many distributions side by side: a column each, bars as wide as the root of their share, the fullest bin the widest.
import { View, fill, format, lineColourOf, mount } from "./core.js";
import { ticks } from "./marks.js";
import { TIME_KEYS, keyboard, pointer } from "./controls.js";
import { follow, unfollow } from "./clock.js";

const END = 7, WHOLE = 65535; // height of what lies beyond the axis; the level that means 1

const percent = (share) => (100 * share).toFixed(share > 0 && share < 0.001 ? 3 : 1) + "\u202f%";

class Histograms extends View {
  constructor(host) {
    super(host);
    this.cursor = null; // [column, bin], bin 0 below the axis and bins + 1 above it
    this.picked = this.told = null;
    pointer(this, {
      move: (x, y) => this.#hover(this.#at(x, y)),
      out: () => this.#hover(null),
      click: (x, y) => this.#choose(this.#at(x, y)),
    });
    keyboard(this, {
      arrow: (dx, dy, event) => this.#step(dx * (event.shiftKey ? 5 : 1), -dy * (event.shiftKey ? 5 : 1)),
      enter: () => this.#choose(this.cursor),
      focus: () => this.#hover(this.cursor ?? [this.picked ?? 0, this.#fullest(this.picked ?? 0)]),
      blur: () => this.#hover(null),
    });
  }

  shortcuts() {
    const pick = this.meta.click ? [["Enter", "chooseColumn"]] : [];
    return [["← →", "column"], ["↑ ↓", "bin"], ...pick, ...(this.meta.frames ? [TIME_KEYS] : [])];
  }

  receive(meta, arrays) {
    if (meta.picked !== this.told) this.picked = this.told = meta.picked; // else the reader's newest click stands
    if (this.picked >= meta.count) this.picked = meta.picked;
    if (this.cursor && (this.cursor[0] >= meta.count || this.cursor[1] > meta.bins + 1)) this.cursor = null;
    this.canvas.classList.toggle("clickable", meta.click);
    if (meta.frames) follow(this, meta, { shares: arrays.shares });
    else {
      unfollow(this);
      this.clock = this.store = undefined;
    }
  }

  summary() {
    const row = this.#row(this.picked ?? 0), at = this.#fullest(this.picked ?? 0);
    return row ? this.#lines([this.picked ?? 0, at]).filter(Boolean).join(", ") : "";
  }

  onTime() {
    if (!this.store?.indices.length) return;
    this.paint();
    if (this.cursor) this.#tell();
  }

  layout(width) {
    this.size(width, this.meta.height ?? 260);
  }

  /** The frame shown, and its place among the notes that came with it. */
  get #frame() {
    return this.store?.at(this.clock.index);
  }

  #row(column) {
    const { meta } = this, all = meta.frames ? this.#frame?.slices.shares : this.arrays.shares.data;
    const wide = meta.bins + 2;
    return all?.subarray(column * wide, (column + 1) * wide);
  }

  #fullest(column) {
    const row = this.#row(column) ?? [];
    let best = 0;
    for (let at = 0; at < row.length; at++) if (row[at] > row[best]) best = at;
    return best;
  }

  draw(context) {
    const { meta, theme } = this;
    if (meta.frames) {
      if (!this.#frame) return;
      this.countFrame(this.#frame.index);
    }
    const { low, high, bins, count } = meta;
    const top = 20 + END + 4, bottom = this.canvasHeight - 34 - END;
    const marks = ticks(low, high, Math.max(2, (bottom - top) / 34)).filter((value) => value >= low - 1e-9 && value <= high + 1e-9);
    context.font = this.font(11);
    const left = Math.max(18, ...marks.map((value) => context.measureText(format(value)).width)) + 8, right = this.canvasWidth - 2;
    const pitch = (right - left) / count, tall = (bottom - top) / bins;
    const y = (value) => bottom - ((value - low) / (high - low)) * (bottom - top);
    this.plot = { left, right, top, bottom, pitch, tall };
    const middle = (at) => at === 0 ? bottom + 2 + END / 2 : at > bins ? top - 2 - END / 2 : bottom - (at - 0.5) * tall;
    this.middle = middle;
    this.canvas.neurarium = { place: (column, at) => [left + (column + 0.5) * pitch, middle(at)], picked: () => this.picked, shares: (column) => [...this.#row(column)].map((level) => level / WHOLE) };

    // axes
    context.textBaseline = "middle";
    context.fillStyle = theme.faint;
    context.textAlign = "left";
    context.fillText(meta.axis, 0, 8);
    context.textAlign = "right";
    const about = context.measureText(meta.axis).width;
    if (about + context.measureText(this.text.width).width + 20 < this.canvasWidth) context.fillText(this.text.width, right, 8);
    context.strokeStyle = theme.line;
    context.lineWidth = 1;
    context.beginPath();
    for (const value of marks) {
      const at = Math.round(y(value)) + 0.5;
      context.moveTo(left, at);
      context.lineTo(right, at);
      context.fillText(format(value), left - 6, at);
    }
    context.stroke();
    context.textAlign = "center";
    const widest = Math.max(...meta.names.map((name) => context.measureText(name).width));
    const every = Math.max(1, Math.ceil((widest + 6) / pitch));
    meta.names.forEach((name, column) => column % every || context.fillText(name, left + (column + 0.5) * pitch, bottom + END + 10));
    const beyond = meta.names.some((_, column) => this.#row(column)[0] || this.#row(column)[bins + 1]);
    const below = beyond ? `${meta.column} · ${this.text.beyond}` : meta.column;
    context.fillText(context.measureText(below).width < this.canvasWidth ? below : meta.column, (left + right) / 2, this.canvasHeight - 8);

    // columns
    this.#wash(context, this.picked, 0.1);
    this.#wash(context, this.cursor?.[0], 0.06);
    context.fillStyle = lineColourOf(meta.colour, theme);
    const room = pitch - Math.min(3, pitch / 4);
    for (let column = 0; column < count; column++) {
      const row = this.#row(column), most = Math.max(...row);
      if (!most) continue;
      const centre = left + (column + 0.5) * pitch;
      for (let at = 0; at < bins + 2; at++) {
        if (!row[at]) continue;
        const wide = Math.max(Math.min(1, room), Math.sqrt(row[at] / most) * room);
        if (at === 0) context.fillRect(centre - wide / 2, bottom + 2, wide, END);
        else if (at > bins) context.fillRect(centre - wide / 2, top - 2 - END, wide, END);
        else context.fillRect(centre - wide / 2, bottom - at * tall, wide, tall + 0.4);
      }
    }
    context.globalAlpha = 1;
    this.#box(context, this.picked, theme.primary, 2);

    if (this.cursor) {
      const [column, at] = this.cursor, height = at === 0 || at > bins ? END : tall;
      context.strokeStyle = theme.text;
      context.lineWidth = 1.5;
      context.strokeRect(left + column * pitch + 0.5, middle(at) - height / 2 - 0.5, pitch - 1, height + 1);
    }
  }

  #wash(context, column, strength) {
    if (column == null) return;
    const { left, top, bottom, pitch } = this.plot;
    context.globalAlpha = strength;
    context.fillStyle = this.theme.text;
    context.fillRect(left + column * pitch, top - END - 4, pitch, bottom - top + 2 * END + 8);
    context.globalAlpha = 1;
  }

  #box(context, column, colour, thickness) {
    if (column == null) return;
    const { left, top, bottom, pitch } = this.plot;
    context.strokeStyle = colour;
    context.lineWidth = thickness;
    context.strokeRect(left + column * pitch, top - END - 4, pitch, bottom - top + 2 * END + 8);
  }

  // ------------------------------------------------ touching and reading

  #at(x, y) {
    if (!this.plot) return null;
    const { left, top, bottom, pitch, tall } = this.plot, { count, bins } = this.meta;
    const column = Math.floor((x - left) / pitch);
    if (column < 0 || column >= count || y < top - END - 6 || y > bottom + END + 18) return null;
    const at = y > bottom ? 0 : y < top ? bins + 1 : Math.min(bins, Math.max(1, Math.ceil((bottom - y) / tall)));
    return [column, at];
  }

  #lines([column, at]) {
    const { meta, text } = this, { low, high, bins } = meta, row = this.#row(column);
    const edge = (k) => Number((low + ((high - low) * k) / bins).toPrecision(4));
    const where = at === 0 ? fill(text.below, { value: format(low) }) : at > bins ? fill(text.above, { value: format(high) })
      : fill(text.between, { low: format(edge(at - 1)), high: format(edge(at)) });
    const missing = 1 - row.reduce((sum, level) => sum + level, 0) / WHOLE;
    const notes = meta.notesMove ? meta.notes[meta.frames.indices.indexOf(this.#frame.index)] : meta.notes;
    return [
      `${meta.column} ${meta.names[column]}`, `${where}: ${text.share} ${percent(row[at] / WHOLE)}`, notes?.[column],
      missing > 0.002 && `${text.none}: ${percent(missing)}`,
    ];
  }

  #hover(cursor) {
    if (cursor?.join() === this.cursor?.join()) return;
    this.cursor = cursor;
    this.invalidate();
    this.#tell();
  }

  #tell() {
    if (!this.cursor || !this.plot) return this.hideTip();
    const lines = this.#lines(this.cursor), { left, pitch } = this.plot;
    this.showTip(lines, left + (this.cursor[0] + 0.5) * pitch, this.middle(this.cursor[1]));
    this.speak(lines.filter(Boolean).join(" · "));
  }

  #step(dx, dy) {
    const { count, bins } = this.meta, [column, at] = this.cursor ?? [this.picked ?? 0, this.#fullest(this.picked ?? 0)];
    this.#hover([Math.max(0, Math.min(count - 1, column + dx)), Math.max(0, Math.min(bins + 1, at + dy))]);
  }

  #choose(cursor) {
    if (!cursor || !this.meta.click || cursor[0] === this.picked) return;
    this.picked = cursor[0]; // seen at once; the page follows
    this.invalidate();
    this.send("pick", cursor[0]);
  }
}

export default (component) => mount(component, Histograms);
