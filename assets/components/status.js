// The live numbers of a run, of the moment that the clock of its pictures shows.
import { View, element, mount } from "./core.js";
import { follow, placeOf } from "./clock.js";
import { lag } from "./lag.js";

const MOST_LINES = 2000;
const BESIDE = 215; // px: a line that is longer stands below the buttons
const NUMBER = /[–∞]|[−-]?\d[\d.,]*(e[−-]?\d+)?(\s?%)?/g;

class Status extends View {
  constructor(host) {
    super(host);
    this.line = element("p", { class: "status" });
    this.root.replaceChildren(this.line);
    this.observer.disconnect();
    this.lines = new Map(); // frame index -> HTML
  }

  receive(meta, { text }) {
    const lines = new TextDecoder().decode(text.data).split("\n"), { run, indices } = meta.frames;
    if (this.run !== run || this.words !== meta.language || meta.veiled !== this.veiled || this.lines.size > MOST_LINES) this.lines.clear();
    Object.assign(this, { run, words: meta.language, veiled: meta.veiled });
    indices.forEach((index, at) => this.lines.set(index, lines[at]));
    this.indices = [...this.lines.keys()].sort((a, b) => a - b);
    follow(this, meta, {});
    this.onTime(this.clock);
  }

  /** Beside the buttons or below them: by how long the lines may become, not by the numbers of now, with which all that
   * stands below would go up and down. */
  #place() {
    const place = (this.root.getRootNode().host ?? this.root).closest(".stElementContainer");
    if (!place?.parentElement?.className.includes("-buttons")) return; // it stands elsewhere, in a place of its own
    const parts = this.line.innerHTML.split(/<br\s*\/?>/).map((part) => part.replace(/<[^>]*>/g, "").replace(this.meta.tail, "").replace(NUMBER, (one) => (/[%–]/.test(one) ? "100.0 %" : /[.e∞]/.test(one) ? "0.0000" : "000")));
    if (this.measured === parts.join()) return; // while it plays only the numbers change
    this.measured = parts.join();
    const pen = this.canvas.getContext("2d");
    pen.font = this.font(13.1);
    this.stacked ||= parts.some((part) => pen.measureText(part).width > BESIDE);
    place.style.flex = this.stacked ? "1 1 100%" : "1 1 11rem";
  }

  /** All that does not follow a run lags behind while it goes on. */
  #mark(clock) {
    const { live, at, indices } = this.meta.frames, spoken = at ?? indices[indices.length - 1];
    lag(this, live ? "run" : clock.index === spoken ? null : "moment");
  }

  destroy() {
    lag(this, null);
    super.destroy();
  }

  onTime(clock) {
    this.#mark(clock);
    const line = this.lines.get(this.indices[placeOf(this.indices, clock.index)]) + this.meta.tail;
    if (this.told === line) return;
    this.told = line;
    this.line.innerHTML = line; // our own words, made harmless by the server
    requestAnimationFrame(() => this.#place()); // it may not stand on the page yet
    this.line.dataset.step = clock.step;
  }
}

export default (component) => mount(component, Status);
