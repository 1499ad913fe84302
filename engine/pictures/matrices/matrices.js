// Matrices as fields of numbers: typed, stepped with the arrow keys, or with the browser's own buttons.
import { View, element, mount, tableOf } from "./core.js";

const show = (value) => String(Number(value.toFixed(2)));

class Matrices extends View {
  constructor(host) {
    super(host);
    this.list = element("div", { class: "matrices" });
    this.root.replaceChildren(this.list);
    this.observer.disconnect();
  }

  shortcuts() {
    return [["↑ ↓", "stepNumber"], ["Tab", "nextNumber"]];
  }

  receive(meta) {
    this.list.setAttribute("role", "group");
    this.list.setAttribute("aria-label", meta.alt);
    const shapes = meta.matrices.map(({ name, note, values }) => [name, note, values[0].length]);
    this.rebuild("tables", [shapes, meta.rows, meta.columns, meta.low, meta.high, meta.step], () => this.#build());
    meta.matrices.forEach(({ values }, at) => values.forEach((row, r) => row.forEach((value, c) => this.#fill(this.fields[at][r][c], value))));
    this.list.dataset.drawn = ++this.drawn;
  }

  #build() {
    const { meta } = this, { columns } = meta;
    const heads = () => (columns.length ? [element("thead", {}, element("tr", {}, element("td"), ...columns.map((head) => element("th", { scope: "col" }, head))))] : []);
    this.fields = meta.matrices.map(() => meta.rows.map(() => []));
    this.list.replaceChildren(...meta.matrices.map(({ name, note, values }, at) => {
      const rows = meta.rows.map((token, row) => element("tr", {}, element("th", { scope: "row" }, token),
        ...values[row].map((_, column) => element("td", {}, this.#field(at, row, column, `${name} ${token} ${columns[column] ?? column + 1}`)))));
      return element("table", {}, element("caption", {}, element("b", {}, name), " " + note), ...heads(), element("tbody", {}, ...rows));
    }));
  }

  #field(matrix, row, column, label) {
    const { low, high, step } = this.meta;
    const field = element("input", { type: "number", min: low, max: high, step, "aria-label": label, inputmode: "decimal" });
    field.addEventListener("change", () => {
      const value = Math.max(low, Math.min(high, Number(field.value)));
      if (field.value === "" || Number.isNaN(value)) return this.#fill(field, Number(field.dataset.value), true);
      this.#fill(field, value, true);
      this.send("edit", { matrix, row, column, value });
    });
    this.fields[matrix][row][column] = field;
    return field;
  }

  #fill(field, value, always = false) {
    const busy = (this.host instanceof ShadowRoot ? this.host.activeElement : document.activeElement) === field && !always;
    if (!busy || Number(field.value) === Number(field.dataset.value)) field.value = show(value); // never while one types
    field.dataset.value = value;
    const end = value < 0 ? 0 : 255 * 4; // zero has the colour of the page; the ends of the light table, on which the numbers are read in both themes
    field.style.setProperty("--tint", `rgb(${tableOf("signed").bytes.slice(end, end + 3).join(" ")})`);
    field.style.setProperty("--strength", Math.min(60, 14 * Math.abs(value)) + "%");
  }
}

export default (component) => mount(component, Matrices);
