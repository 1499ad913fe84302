// The live numbers of a run, of the moment that the clock of its pictures shows.
import { View, element, mount } from "./core.js";
import { follow, placeOf } from "./clock.js";

const MOST_LINES = 2000;

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

  /** What speaks of an earlier moment than the pictures is dimmed, see style.css: all that does not follow a run while
   * it goes on; and the formulas and tables of the moment at which the bar was let go, while it is moved elsewhere. */
  #mark(clock) {
    const { live, at, indices } = this.meta.frames, spoken = at ?? indices[indices.length - 1];
    const lags = live ? "run" : clock.index === spoken ? null : "moment", root = document.documentElement;
    if (lags === this.lags) return;
    this.lags = lags;
    if (lags) root.dataset.lags = lags;
    else delete root.dataset.lags;
  }

  leave() {
    delete document.documentElement.dataset.lags;
  }

  onTime(clock) {
    this.#mark(clock);
    const line = this.lines.get(this.indices[placeOf(this.indices, clock.index)]) + this.meta.tail;
    if (this.told === line) return;
    this.told = line;
    this.line.innerHTML = line; // our own words, made harmless by the server
    this.line.dataset.step = clock.step;
  }
}

export default (component) => mount(component, Status);
