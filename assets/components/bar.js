// The transport bar: play, steps, scrub, speed, "frame k / n · step s", live.
import { element, fill, format } from "./core.js";
import { icon } from "./controls.js";

const SPEEDS = [0.5, 1, 2, 4];
const FOLLOWS = -1; // instead of a frame: the newest, whichever that is by then
const REPORT_AFTER = 250; // ms after the last touch: a held key or a row of clicks is one report

export class TransportBar {
  constructor() {
    this.gone = new AbortController();
    const button = (name, act) => element("button", { type: "button", class: "round", "data-act": name, onclick: act }, icon(name));
    this.back = button("back", () => this.#go(this.clock.position - 1));
    this.play = button("play", () => (this.clock.moving ? this.#pause() : this.clock.play()));
    this.forward = button("forward", () => this.#go(this.clock.position + 1));
    this.range = element("input", { type: "range", min: "0", step: "1", value: "0" });
    this.range.addEventListener("input", () => this.clock.seek(Number(this.range.value)));
    this.range.addEventListener("change", () => this.tell());
    this.speed = element("select", { class: "speed" }, ...SPEEDS.map((speed) => element("option", { value: speed, selected: speed === 1 }, "×" + speed)));
    this.speed.addEventListener("change", () => { this.clock.speed = Number(this.speed.value); });
    this.live = element("button", { type: "button", class: "live", "data-act": "live", onclick: () => this.clock.follow() });
    this.label = element("span", { class: "moment" });
    this.spoken = element("span", { class: "unseen", role: "status", "aria-live": "polite" }); // start and end of a run
    this.root = element("div", { class: "transport", role: "group" },
      element("div", { class: "buttons" }, this.back, this.play, this.forward), this.range,
      element("div", { class: "side" }, this.label, this.live, this.speed), this.spoken);
  }

  /** Whoever presses Pause means the moment that they see: it stays, and is reported, whatever is still to be played.
      button: what is pressed, as a CSS selector; Space does the same. Beside it stands the button for one step. */
  hold(button) {
    if (!button || this.holding === button) return;
    this.holding = button;
    const stay = () => { if (this.owner.isConnected && this.clock.live && this.clock.running) this.#pause(); };
    // Behind the newest moment a step is the next of those that are there, not one that nobody sees far ahead.
    document.addEventListener("click", (event) => {
      const { clock } = this, pressed = event.composedPath()[0].closest?.(button.replace(/-play$/, "-step"));
      if (this.holding !== button || !pressed || !this.owner.isConnected || clock.running || clock.position >= clock.count - 1) return;
      event.stopPropagation();
      this.#go(clock.position + 1);
    }, { capture: true, signal: this.gone.signal });
    const listen = (name, when) => document.addEventListener(name, (event) => { if (this.holding === button && when(event)) stay(); }, { capture: true, signal: this.gone.signal });
    for (const name of ["pointerdown", "click"]) listen(name, (event) => event.composedPath()[0].closest?.(button));
    listen("keydown", (event) => {
      const at = event.composedPath()[0];
      return event.key === " " && (at.closest?.(button) || !at.closest?.("input, textarea, select, button, canvas, [contenteditable]"));
    });
  }

  /** report(frame index) is called after the reader lets go. */
  attach(clock, text, report, owner) { // text.frameOf says what its steps are: of a training, or moments of a walk
    this.text = text;
    this.report = report;
    this.owner = owner;
    if (this.clock !== clock) {
      this.leave?.();
      this.clock = clock;
      this.leave = clock.subscribe(() => this.update());
    }
    for (const [part, words] of [[this.back, text.back], [this.forward, text.forward], [this.range, text.moment], [this.speed, text.speed]]) {
      part.setAttribute("aria-label", words);
      part.title = words;
    }
    this.root.setAttribute("aria-label", text.moment);
    this.live.textContent = text.live;
    this.speed.value = clock.speed;
    this.update();
  }

  update() {
    const { clock, text } = this;
    const { moving } = clock;
    if (this.moving !== moving) {
      this.moving = moving;
      this.play.replaceChildren(icon(moving ? "pause" : "play"));
    }
    const words = moving ? text.pause : text.play;
    this.play.setAttribute("aria-label", words);
    this.play.title = words;
    this.range.max = Math.max(0, clock.count - 1);
    this.range.value = clock.position;
    this.range.disabled = clock.count < 2;
    this.range.style.setProperty("--done", clock.count > 1 ? clock.position / (clock.count - 1) : 0);
    const values = { frame: clock.position + 1, count: clock.count, step: format(clock.step) };
    const moment = fill(text.frameOf, values);
    if (this.label.textContent !== moment) this.label.textContent = moment;
    this.range.setAttribute("aria-valuetext", moment);
    this.live.classList.toggle("on", clock.live && clock.running);
    this.live.hidden = !clock.running;
    this.live.setAttribute("aria-pressed", String(clock.live));
    if (this.ran !== undefined && this.ran !== clock.running) this.unsaid = clock.running ? "start" : "end";
    this.ran = clock.running;
    if (this.unsaid === "start" || (this.unsaid && !moving)) { // where it ends is known once the last frames have come and gone by
      this.spoken.textContent = this.unsaid === "start" ? text.running : fill(text.paused, { moment });
      this.unsaid = null;
    }
  }

  #go(position) {
    this.clock.seek(position);
    this.tell();
  }

  #pause() {
    this.clock.pause();
    this.tell();
  }

  /** Says where the bar stands, once it has stood there for a moment. */
  tell() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { if (this.owner.isConnected) this.report?.(this.clock.live && this.clock.running ? FOLLOWS : this.clock.index); }, REPORT_AFTER);
  }

  destroy() {
    clearTimeout(this.timer);
    this.gone.abort();
    this.leave?.();
  }
}
