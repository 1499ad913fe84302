// The transport bar alone: drives every component on the same clock.
import { View, mount } from "./core.js";
import { follow } from "./clock.js";
import { TransportBar } from "./bar.js";

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
  }

  onTime() {}

  destroy() {
    this.bar.destroy();
    super.destroy();
  }
}

export default (component) => mount(component, Transport);
