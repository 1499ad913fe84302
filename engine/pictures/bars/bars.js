// Horizontal bars of shares: plain elements, so that they are read aloud, selected and focused like any list.
import { View, colourOf, element, mount } from "./core.js";

const percent = (share) => (100 * share).toFixed(1) + "\u202f%";

class Bars extends View {
  constructor(host) {
    super(host);
    this.list = element("div", { class: "shares" });
    this.root.replaceChildren(this.list, this.below);
    this.observer.disconnect();
    this.rows = [];
  }

  shortcuts() {
    return this.meta.click ? [["Enter", "choose"]] : [];
  }

  receive(meta) {
    this.list.setAttribute("role", meta.click ? "group" : "list");
    this.list.setAttribute("aria-label", meta.alt);
    this.list.dataset.drawn = ++this.drawn;
    // Rows are kept and changed, not made anew: a bar that was clicked keeps the focus, and widths move.
    while (this.rows.length > meta.names.length) this.rows.pop().row.remove();
    while (this.rows.length < meta.names.length) this.#add(this.rows.length);
    this.rows.forEach((row, index) => this.#fill(row, index));
    this.rebuild("legend", [meta.markedName, meta.ticksName, meta.ticks !== null, meta.marked !== null, meta.expected !== null, this.text], () => {
      const entries = [];
      if (meta.marked !== null && meta.markedName) entries.push(["mark", meta.markedName]);
      if (meta.ticks !== null && meta.ticksName) entries.push(["tick", meta.ticksName]);
      if (meta.expected !== null) entries.push(["tick guess", this.text.expected]);
      const swatches = entries.map(([kind, name]) => element("span", {}, element("i", { class: "key " + kind, style: `--swatch: ${colourOf(1)}` }), name));
      this.below.replaceChildren(...(swatches.length ? [element("div", { class: "swatches" }, ...swatches)] : []));
    });
  }

  #add(index) {
    const { click } = this.meta;
    const made = { name: element("span", { class: "name" }), share: element("span", { class: "share" }), length: element("i"), tick: element("b"), guess: element("b", { class: "guess" }) };
    const track = element("span", { class: "track" }, made.length, made.tick, made.guess);
    made.row = element(click ? "button" : "div", { class: "share-row", ...(click ? { type: "button" } : { role: "listitem" }) }, made.name, made.share, track);
    if (click) made.row.addEventListener("click", () => this.send("pick", index));
    this.list.append(made.row);
    this.rows.push(made);
  }

  #fill(made, index) {
    const { names, shares, hover, marked, ticks, click, colours, expected } = this.meta;
    made.name.textContent = names[index];
    made.share.textContent = percent(shares[index]);
    made.row.title = hover[index];
    made.row.classList.toggle("marked", index === marked);
    if (click) made.row.setAttribute("aria-pressed", String(index === marked));
    made.length.style.width = 100 * shares[index] + "%";
    made.length.style.background = colourOf(colours ? colours[index] : index === marked ? 1 : 0);
    made.guess.hidden = expected?.[0] !== index;
    if (!made.guess.hidden) made.guess.style.left = 100 * expected[1] + "%";
    made.tick.hidden = ticks === null;
    if (ticks !== null) made.tick.style.left = 100 * ticks[index] + "%";
  }
}

export default (component) => mount(component, Bars);
