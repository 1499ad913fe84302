// One number: typed, stepped with the arrow keys, or with the browser's own buttons.
import { View, element, mount } from "./core.js";

class NumberField extends View {
  constructor(host) {
    super(host);
    this.name = element("span", {});
    this.field = element("input", { type: "number", inputmode: "decimal" });
    this.field.addEventListener("change", () => this.#tell());
    this.label = element("label", { class: "number" }, this.name, this.field);
    this.root.replaceChildren(this.label);
    this.observer.disconnect();
  }

  shortcuts() {
    return [["↑ ↓", "stepNumber"]];
  }

  receive({ label, low, high, step, click, value }) {
    this.name.textContent = label;
    Object.assign(this.field, { min: low, max: high, step, disabled: !click });
    const typing = (this.host instanceof ShadowRoot ? this.host.activeElement : document.activeElement) === this.field;
    if (!typing || value !== this.sent) this.#fill(value); // what was typed stays as typed where it is what holds
    this.label.dataset.drawn = ++this.drawn;
  }

  #tell() {
    const { low, high, value } = this.meta, typed = Number(this.field.value);
    if (this.field.value === "" || Number.isNaN(typed)) return this.#fill(value);
    const within = Math.max(low, Math.min(high, typed));
    if (within !== typed) this.#fill(within);
    this.sent = within;
    this.send("edit", { value: within });
  }

  #fill(value) {
    this.field.value = value.toFixed(this.meta.digits);
  }
}

export default (component) => mount(component, NumberField);
