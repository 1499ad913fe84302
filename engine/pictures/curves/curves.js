// A small line chart that grows with the frames of its clock.
import { View, format, lineColourOf, mount } from "./core.js";
import { haloText, logTicks, ticks } from "./marks.js";
import { TIME_KEYS, keyboard, pointer } from "./controls.js";
import { follow, placeOf } from "./clock.js";

class Curves extends View {
  constructor(host) {
    super(host);
    this.under = null; // frame index under pointer or keyboard
    this.spots = new Map(); // level -> where its name stands
    pointer(this, {
      move: (x) => this.#hover(this.#frameAt(x)),
      out: () => this.#hover(null),
      click: (x) => this.#seek(this.#frameAt(x)),
    });
    keyboard(this, {
      arrow: (dx, dy, event) => this.#step((dx || -dy) * (event.shiftKey ? 10 : 1)),
      enter: () => this.#seek(this.under),
      focus: () => this.#hover(this.clock.index),
      blur: () => this.#hover(null),
    });
  }

  summary() {
    const { meta, store, clock } = this, frame = store.at(clock.index);
    return frame ? `${meta.xLabel} ${format(frame.step)}, ` + meta.lines.map((line, l) => `${line.name} ${format(frame.slices.values[l])}`).join(", ") : "";
  }

  shortcuts() {
    return [["← →", "moment"], ["Shift + ←", "far"], ["Enter", "goThere"], TIME_KEYS];
  }

  receive(meta, arrays) {
    meta.xLabel ||= this.text.step;
    follow(this, meta, { values: arrays.values });
  }

  onTime() {
    if (this.store?.indices.length) this.paint();
  }

  layout(width) {
    this.size(width, this.meta.height ?? 220);
  }

  #values(index) {
    return this.store.frames.get(index).slices.values;
  }

  #usable(value) {
    return Number.isFinite(value) && (!this.meta.log || value > 0);
  }

  draw(context) {
    const { meta, theme, store, clock } = this;
    const { indices } = store;
    if (!indices.length) return;
    const now = store.at(clock.index).index;
    this.countFrame(now);
    const last = clock.live ? placeOf(indices, now) : indices.length - 1; // what is still to be played stays unseen
    const shownAt = this.under ?? now;

    // ranges
    let low = Infinity, high = -Infinity;
    for (let at = 0; at <= last; at++)
      for (const value of this.#values(indices[at]))
        if (this.#usable(value)) { low = Math.min(low, value); high = Math.max(high, value); }
    for (const [, y] of meta.expected) [low, high] = [Math.min(low, y), Math.max(high, y)];
    for (const [value] of meta.levels) [low, high] = [Math.min(low, value), Math.max(high, value)];
    if (low > high) [low, high] = meta.log ? [0.1, 1] : [0, 1];
    if (meta.log) [low, high] = [low / 1.15, high * 1.15];
    else {
      if (low > 0 && low < 0.5 * high) low = 0; // a chart that nearly reaches zero shows it
      const air = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
      [low, high] = [low === 0 ? 0 : low - air, high + air];
    }
    low = meta.low ?? low;
    high = meta.high ?? high;
    if (!(high > low)) high = low + 1;
    const step = (index) => store.frames.get(index).step;
    const first = step(indices[0]), reach = meta.expected.at(-1)?.[0] ?? first; // steps may fall: a walk back
    const ran = step(indices[last]) - first || 1, end = first + (Math.abs(reach - first) > Math.abs(ran) ? reach - first : ran);

    // frame of the plot
    const legendHeight = this.#legend(context, shownAt);
    const top = legendHeight + (meta.yLabel ? 20 : 8), bottom = this.canvasHeight - 34;
    const yTicks = meta.log ? logTicks(low, high, Math.max(2, (bottom - top) / 18)) : ticks(low, high, Math.max(2, (bottom - top) / 42));
    context.font = this.font(11);
    const left = Math.max(22, ...yTicks.map((value) => context.measureText(format(value)).width)) + 8;
    const right = this.canvasWidth - 10;
    const project = meta.log ? Math.log : (value) => value;
    const x = (value) => left + ((value - first) / (end - first)) * (right - left);
    const y = (value) => bottom - ((project(value) - project(low)) / (project(high) - project(low))) * (bottom - top);
    this.plot = { left, right, first, end, x, y, last };
    this.canvas.neurarium = { left, right, top, bottom, first, end, low, high };

    // axes
    context.textBaseline = "middle";
    context.textAlign = "right";
    context.lineWidth = 1;
    context.strokeStyle = theme.line;
    context.fillStyle = theme.faint;
    context.beginPath();
    for (const value of yTicks) {
      const at = Math.round(y(value)) + 0.5;
      context.moveTo(left, at);
      context.lineTo(right, at);
      context.fillText(format(value), left - 6, at);
    }
    context.stroke();
    context.textAlign = "center";
    for (const value of ticks(Math.min(first, end), Math.max(first, end), Math.max(2, (right - left) / 70))) {
      const words = format(value), half = context.measureText(words).width / 2;
      context.fillText(words, Math.min(this.canvasWidth - half, x(value)), bottom + 11);
    }
    context.fillText(meta.xLabel, (left + right) / 2, bottom + 26);
    context.textAlign = "left";
    if (meta.yLabel) context.fillText(meta.yLabel, 0, legendHeight + 8);

    this.#levels(context, y, left, right);

    // lines: what lies after the cursor is faint, unless frames are no moments
    const ahead = meta.whole ? 1 : theme.dark ? 0.5 : 0.28;
    context.save();
    context.beginPath();
    context.rect(left - 1, top - 4, right - left + 6, bottom - top + 8);
    context.clip();
    const nowPlace = placeOf(indices, now);
    meta.lines.forEach((line, l) => {
      context.strokeStyle = lineColourOf(line.colour, theme);
      context.lineJoin = "round";
      context.lineWidth = 2;
      context.setLineDash(line.dashed ? [6, 4] : []);
      for (const [from, to, alpha] of [[0, nowPlace, 1], [nowPlace, last, ahead]]) {
        context.globalAlpha = alpha;
        context.beginPath();
        let open = false;
        for (let at = from; at <= to; at++) {
          const value = this.#values(indices[at])[l];
          if (this.#usable(value)) context[open ? "lineTo" : "moveTo"](x(step(indices[at])), y(value));
          open = this.#usable(value);
        }
        context.stroke();
      }
    });
    context.globalAlpha = 1;
    context.setLineDash([]);
    context.restore();

    this.#drawExpected(context, x, y);
    this.#levelNames(context, x, y, left, right, bottom);

    // cursor
    const hair = (index, colour) => {
      const at = Math.round(x(step(index))) + 0.5;
      context.strokeStyle = colour;
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(at, top - 2);
      context.lineTo(at, bottom);
      context.stroke();
      meta.lines.forEach((line, l) => {
        const value = this.#values(index)[l];
        if (!this.#usable(value)) return;
        context.beginPath();
        context.arc(at, y(value), 3.2, 0, 2 * Math.PI);
        context.fillStyle = lineColourOf(line.colour, theme);
        context.fill();
      });
    };
    hair(now, theme.faint);
    if (this.under !== null && this.store.frames.has(this.under)) hair(this.under, theme.text);
  }

  /** What the reader drew before there was a run. */
  #drawExpected(context, x, y, path = this.meta.expected) {
    const { theme } = this;
    if (!path.length) return;
    context.save();
    context.strokeStyle = theme.text;
    context.globalAlpha = 0.55;
    context.lineWidth = 2.5;
    context.setLineDash([2, 5]);
    context.lineCap = "round";
    context.beginPath();
    for (const [step, value] of path) context.lineTo(x(step), y(value));
    context.stroke();
    context.restore();
  }

  /** Heights to compare with. */
  #levels(context, y, left, right) {
    context.strokeStyle = this.theme.text;
    context.setLineDash([2, 4]);
    context.beginPath();
    for (const [value] of this.meta.levels) {
      const at = Math.round(y(value)) + 0.5;
      context.moveTo(left, at);
      context.lineTo(right, at);
    }
    context.stroke();
    context.setLineDash([]);
  }

  /** Their names, over or under them at either end, where no curve runs; each stays as long as none comes there. */
  #levelNames(context, x, y, left, right, bottom) {
    const { meta, theme } = this, spots = [[right, -8], [right, 9], [left + 4, -8], [left + 4, 9]];
    context.font = this.font(11);
    const trace = meta.levels.length ? this.#trace(x, y) : [];
    const taken = []; // by names that stand already: [left end, right end, height]
    this.canvas.neurarium.names = taken;
    for (const [value, name] of meta.levels) {
      const wide = context.measureText(name).width;
      const room = ([end, by]) => [end === right ? right - wide : end, end === right ? right : end + wide, y(value) + by];
      const crossings = (spot) => {
        const [from, to, middle] = room(spot);
        const runs = trace.filter(([at, height]) => at >= from && at <= to && Math.abs(height - middle) < 8).length;
        const levels = meta.levels.filter(([other]) => other !== value && Math.abs(y(other) - middle) < 7).length;
        const names = taken.filter(([start, stop, height]) => start < to && stop > from && Math.abs(height - middle) < 13).length;
        return runs + 4 * levels + 1000 * (names + (middle > bottom - 6)); // below are the numbers of the axis
      };
      let chosen = this.spots.get(name) ?? 0;
      if (crossings(spots[chosen])) { // only then are the others looked at
        const counts = spots.map(crossings);
        chosen = counts.indexOf(Math.min(...counts));
      }
      this.spots.set(name, chosen);
      taken.push(room(spots[chosen]));
      const [end, by] = spots[chosen], at = Math.round(y(value)) + 0.5 + by;
      context.textAlign = end === right ? "right" : "left";
      haloText(context, name, end, at, theme.text, theme.background);
    }
  }

  /** Places on all lines, four to a piece between two moments. */
  #trace(x, y) {
    const { store, plot } = this, places = [];
    for (let at = 0; at <= plot.last; at++) {
      const before = this.#values(store.indices[Math.max(0, at - 1)]), after = this.#values(store.indices[at]);
      const [start, end] = [Math.max(0, at - 1), at].map((place) => x(store.frames.get(store.indices[place]).step));
      after.forEach((value, l) => {
        if (!this.#usable(value) || !this.#usable(before[l])) return;
        for (const part of [0.25, 0.5, 0.75, 1]) places.push([start + part * (end - start), y(before[l]) + part * (y(value) - y(before[l]))]);
      });
    }
    return places;
  }

  /** Names and the values at a frame; returns the height used. */
  #legend(context, index) {
    const { meta, theme } = this;
    const values = this.store.frames.has(index) ? this.#values(index) : [];
    let x = 0, y = 9;
    context.textAlign = "left";
    context.textBaseline = "middle";
    meta.lines.forEach((line, l) => {
      context.font = this.font(12);
      const name = line.name + " ", wide = context.measureText(name).width;
      const value = format(values[l]);
      const whole = 22 + wide + 62;
      if (x && x + whole > this.canvasWidth) { x = 0; y += 17; }
      context.strokeStyle = lineColourOf(line.colour, theme);
      context.lineWidth = 2.5;
      context.setLineDash(line.dashed ? [5, 3] : []);
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(x + 16, y);
      context.stroke();
      context.setLineDash([]);
      context.fillStyle = theme.faint;
      context.fillText(name, x + 22, y);
      context.font = this.font(12, 600);
      context.fillStyle = theme.text;
      context.fillText(value, x + 22 + wide, y);
      x += whole;
    });
    if (meta.expected.length) {
      const words = this.text.expected;
      context.font = this.font(12);
      if (x && x + 22 + context.measureText(words).width > this.canvasWidth) { x = 0; y += 17; }
      this.#drawExpected(context, (at) => x + 16 * at, () => y, [[0, 0], [1, 0]]);
      context.fillStyle = theme.faint;
      context.fillText(words, x + 22, y);
    }
    return y + 12;
  }

  // ------------------------------------------------ touching and reading

  #frameAt(x) {
    if (!this.plot) return null;
    const { left, right, first, end, last } = this.plot;
    const wanted = first + ((Math.max(left, Math.min(right, x)) - left) / (right - left)) * (end - first);
    let best = null, distance = Infinity;
    for (let at = 0; at <= last; at++) {
      const index = this.store.indices[at], away = Math.abs(this.store.frames.get(index).step - wanted);
      if (away < distance) { distance = away; best = index; }
    }
    return best;
  }

  #hover(index) {
    if (index !== this.under) {
      this.under = index;
      this.invalidate();
    }
    const frame = index === null ? undefined : this.store.frames.get(index);
    if (!frame || !this.plot) return this.hideTip();
    const { meta } = this;
    const lines = [`${meta.xLabel} ${format(frame.step)}`, ...meta.lines.map((line, l) => `${line.name} ${format(frame.slices.values[l])}`)];
    const highest = Math.min(...[...frame.slices.values].filter((value) => this.#usable(value)).map(this.plot.y), this.canvasHeight / 2);
    this.showTip(lines, this.plot.x(frame.step), highest);
    this.speak(lines.join(" · "));
  }

  #step(by) {
    const { indices } = this.store;
    const place = placeOf(indices, this.under ?? this.clock.index) + by;
    this.#hover(indices[Math.max(0, Math.min(this.plot.last, place))]);
  }

  #seek(index) {
    if (index !== null) this.clock.seek(placeOf(this.clock.indices, index));
  }
}

export default (component) => mount(component, Curves);
