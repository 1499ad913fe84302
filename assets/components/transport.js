// The transport bar alone: drives every component on the same clock.
import { View, mount } from "./core.js";
import { follow } from "./clock.js";
import { TransportBar } from "./bar.js";
import { lag } from "./lag.js";

const STATUS = "[data-testid=stMain] [class*='-status']"; // where there are live numbers of a run, they say what lags behind it

class Transport extends View {
  constructor(host) {
    super(host);
    this.bar = new TransportBar();
    this.root.replaceChildren(this.bar.root);
    this.observer.disconnect();
  }

  receive(meta) {
    follow(this, meta, {});
    const text = meta.moment ? { ...this.text, frameOf: meta.moment } : this.text;
    this.bar.attach(this.clock, text, meta.report ? (frame) => this.keep("frame", frame) : null, this.root);
    this.bar.hold(meta.hold);
    this.onTime(this.clock); // the page may speak of another moment now, and the clock stand still
  }

  onTime(clock) {
    const { at, first, start, indices } = this.meta.frames;
    const stands = at ?? (start === "first" ? first : null), spoken = stands ?? indices[indices.length - 1]; // null: at the newest
    const lags = this.meta.report && clock.index !== spoken;
    // Played to its end, where it stands now. Who follows the newest needs not say so: others may have had it before this bar.
    if (lags && stands !== null && this.played && !clock.moving && !clock.running && clock.position === clock.count - 1) this.bar.tell();
    this.played = clock.moving;
    lag(this, lags && !(this.meta.hold && document.querySelector(STATUS)) ? "moment" : null); // looked for only where it counts: this runs every frame
  }

  destroy() {
    lag(this, null);
    this.bar.destroy();
    super.destroy();
  }
}

export default (component) => mount(component, Transport);
