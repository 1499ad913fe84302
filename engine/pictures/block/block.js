// A block of numbers: samples side by side as slabs, channels into the depth, places down; what is averaged in one colour.
import { View, fill, format, lineColourOf, mount } from "./core.js";
import { keyboard, pointer, swatches } from "./controls.js";

class Block extends View {
  constructor(host) {
    super(host);
    this.cursor = this.picked = this.told = null; // [sample, channel, place]
    pointer(this, {
      move: (x, y) => this.#hover(this.#at(x, y)),
      out: () => this.#hover(null),
      click: (x, y) => this.#choose(this.#at(x, y)),
    });
    keyboard(this, {
      arrow: (dx, dy, event) => this.#step(event.shiftKey ? dx : 0, event.shiftKey ? 0 : dx, dy),
      enter: () => this.#choose(this.cursor),
      focus: () => this.#hover(this.cursor ?? this.picked ?? [0, 0, 0]),
      blur: () => this.#hover(null),
    });
  }

  shortcuts() {
    return [["← →", "blockChannel"], ["↑ ↓", "blockPlace"], ...(this.meta.click ? [["Enter", "chooseCell"]] : [])];
  }

  receive(meta) {
    const told = JSON.stringify(meta.picked);
    if (told !== this.told) [this.picked, this.told] = [meta.picked, told]; // else the reader's newest click stands
    if (this.picked && this.picked.some((number, axis) => number >= meta.shape[axis])) this.picked = meta.picked;
    if (this.cursor?.some((number, axis) => number >= meta.shape[axis])) this.cursor = null;
    this.canvas.classList.toggle("clickable", meta.click);
    this.canvas.dataset.drawn = ++this.drawn;
    this.rebuild("legend", [meta.together, this.text, this.theme.dark], () => {
      const items = [...(meta.together ? [{ name: meta.together, colour: lineColourOf(0, this.theme) }] : []), { name: this.text.cell, colour: lineColourOf(5, this.theme), shape: "ring" }];
      this.below.replaceChildren(swatches(items));
    });
  }

  summary() {
    return this.picked ? this.#lines(this.picked).join(", ") : "";
  }

  layout(width) {
    this.size(width, this.meta.height ?? 300);
    // As `layout` of values.py.
    const [samples, channels, places] = this.meta.shape, height = this.canvasHeight;
    const left = 40, right = 8, top = 8, bottom = 40;
    let pitch = (width - left - right) / samples;
    const thick = Math.min(10, pitch * 0.1), across = Math.min(34, (pitch - thick - Math.min(22, pitch * 0.2)) / channels);
    const up = Math.min(across * 0.42, ((height - top - bottom) * 0.4) / channels);
    const down = Math.min(34, (height - top - bottom - channels * up - thick * 0.5) / places);
    pitch = Math.min(pitch, thick + channels * across + 46);
    this.plan = { x: left, y: top + channels * up, pitch, thick, across, up, down };
    this.canvas.neurarium = {
      place: (sample, channel, place) => {
        const [x, y] = this.#corner(sample, channel, place);
        return [x + across / 2, y - up / 2 + down / 2];
      },
      picked: () => this.picked,
    };
  }

  #corner(sample, channel, place) {
    const { x, y, pitch, thick, across, up, down } = this.plan;
    return [x + sample * pitch + thick + channel * across, y - channel * up + place * down];
  }

  #index([sample, channel, place]) {
    const [, channels, places] = this.meta.shape;
    return (sample * channels + channel) * places + place;
  }

  #face(context, points, colour) {
    context.beginPath();
    points.forEach(([x, y], at) => (at ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.closePath();
    if (colour) {
      context.fillStyle = colour;
      context.fill();
    }
    context.stroke();
  }

  #front(cell) {
    const [x, y] = this.#corner(...cell), { across, up, down } = this.plan;
    return [[x, y], [x + across, y - up], [x + across, y - up + down], [x, y + down]];
  }

  draw(context) {
    const { meta, theme, plan } = this, [samples, channels, places] = meta.shape;
    const groups = this.arrays.groups.data, group = this.picked ? groups[this.#index(this.picked)] : -1;
    const together = lineColourOf(0, theme);
    context.lineJoin = "round";
    for (let sample = 0; sample < samples; sample++)
      for (let channel = channels - 1; channel >= 0; channel--)
        for (let place = 0; place < places; place++) {
          const cell = [sample, channel, place], chosen = group >= 0 && groups[this.#index(cell)] === group;
          const [x, y] = this.#corner(...cell), { thick, across, up, down } = plan;
          context.lineWidth = 1;
          context.strokeStyle = theme.background;
          const colour = chosen ? together : theme.dark ? "#3A4560" : "#D3CEC2";
          this.#face(context, this.#front(cell), colour);
          context.globalAlpha = 0.78;
          if (channel === 0) this.#face(context, [[x - thick, y], [x, y], [x, y + down], [x - thick, y + down]], colour);
          context.globalAlpha = 0.9;
          if (place === 0) this.#face(context, [[x, y], [x + across, y - up], [x + across - thick, y - up], [x - thick, y]], colour);
          context.globalAlpha = 1;
        }
    if (this.picked) {
      context.strokeStyle = theme.background;
      context.lineWidth = 5;
      this.#face(context, this.#front(this.picked));
      context.strokeStyle = lineColourOf(5, theme);
      context.lineWidth = 3;
      this.#face(context, this.#front(this.picked));
    }
    if (this.cursor) {
      context.strokeStyle = theme.text;
      context.lineWidth = 1.5;
      this.#face(context, this.#front(this.cursor));
    }
    this.#axes(context);
  }

  #axes(context) {
    const { theme, plan, text } = this, [samples, channels, places] = this.meta.shape;
    const bottom = plan.y + places * plan.down;
    context.font = this.font(11);
    context.fillStyle = theme.faint;
    context.textBaseline = "middle";
    context.textAlign = "center";
    for (let sample = 0; sample < samples; sample++) context.fillText(String(sample + 1), plan.x + sample * plan.pitch + plan.thick, bottom + 12);
    context.textAlign = "left";
    context.fillText(`${text.samples} →`, plan.x, Math.min(bottom + 28, this.canvasHeight - 8));
    const [x, y] = [plan.x + plan.thick + plan.across * 0.6, bottom + 4];
    const label = `${text.channels} ↗`, wide = context.measureText(label).width;
    if (wide < plan.pitch || samples === 1) {
      context.save();
      context.translate(x + 4, y + 2);
      context.rotate(-Math.atan2(plan.up, plan.across));
      context.fillText(label, 4, 8);
      context.restore();
    }
    context.save();
    context.translate(14, plan.y + (places * plan.down) / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.fillText(`← ${text.places}`, 0, 0);
    context.restore();
  }

  // ------------------------------------------------ touching and reading

  #at(x, y) {
    if (!this.plan) return null;
    const { x: left, y: top, pitch, thick, across, up, down } = this.plan, [samples, channels, places] = this.meta.shape;
    const sample = Math.floor((x - left) / pitch);
    if (sample < 0 || sample >= samples) return null;
    const along = (x - left - sample * pitch - thick) / across; // in channels; below 0 on the narrow front
    if (along >= channels || along < -thick / across) return null;
    const channel = Math.max(0, Math.floor(along)), place = Math.floor((y - top + Math.max(0, along) * up) / down);
    if (place < 0 || place >= places) return null;
    return [sample, channel, place];
  }

  #lines([sample, channel, place]) {
    const { text, meta } = this, { columns } = meta;
    return [
      `${fill(text.sample, { number: sample + 1 })}, ${fill(text.channel, { number: channel + 1 })}`,
      fill(text.place, { row: Math.floor(place / columns) + 1, column: (place % columns) + 1 }),
      format(this.arrays.values.data[this.#index([sample, channel, place])]),
    ];
  }

  #hover(cursor) {
    if (cursor?.join() === this.cursor?.join()) return;
    this.cursor = cursor;
    this.invalidate();
    if (!cursor) return this.hideTip();
    const lines = this.#lines(cursor), [x, y] = this.canvas.neurarium.place(...cursor);
    this.showTip(lines, x, y);
    this.speak(lines.join(" · "));
  }

  #step(...by) {
    const from = this.cursor ?? this.picked ?? [0, 0, 0];
    this.#hover(from.map((number, axis) => Math.max(0, Math.min(this.meta.shape[axis] - 1, number + by[axis]))));
  }

  #choose(cell) {
    if (!cell || !this.meta.click || cell.join() === this.picked?.join()) return;
    this.picked = cell; // seen at once; the page follows
    this.invalidate();
    const [sample, channel, position] = cell;
    this.send("pick", { sample, channel, position });
  }
}

export default (component) => mount(component, Block);
