// Two columns of tokens and a line for every weight between them.
import { View, elide, element, format, lineColourOf, mount } from "./core.js";
import { keyboard, pointer } from "./controls.js";

const HEAD = 20, TALLEST = 26, LOWEST = 15, FAINTEST = 0.02; // weights below FAINTEST are not drawn

class Links extends View {
  constructor(host) {
    super(host);
    this.hot = null; // {side: 0 query | 1 key, index}
    pointer(this, {
      move: (x, y) => this.#hover(this.#hit(x, y)),
      out: () => this.#hover(null),
      click: (x, y) => this.#choose(this.#hit(x, y)),
    });
    keyboard(this, {
      arrow: (dx, dy) => this.#step(dx, dy),
      enter: () => this.#choose(this.hot),
      focus: () => this.#hover(this.hot ?? { side: 0, index: this.meta.selected?.[0] ?? 0 }),
      blur: () => this.#hover(null),
    });
  }

  shortcuts() {
    return [["↑ ↓", "token"], ["← →", "otherSide"], ["Enter", "choose"]];
  }

  receive(meta, arrays) {
    this.weights = arrays.weights.data;
    this.count = meta.tokens.length;
    if (this.hot && this.hot.index >= this.count) this.hot = null;
    this.canvas.classList.add("clickable");
    this.rebuild("legend", [this.text.width], () => this.below.replaceChildren(element("div", { class: "swatches" }, this.text.width)));
  }

  layout(width) {
    const { meta, count, context } = this;
    const room = ((meta.height ?? 360) - HEAD) / count;
    this.row = Math.max(LOWEST, Math.min(TALLEST, room));
    context.font = this.font(12);
    const widest = Math.max(...meta.tokens.map((token) => context.measureText(token).width));
    const used = Math.min(width, 460);
    this.label = Math.min(widest + 12, used * 0.3);
    this.size(used, Math.ceil(HEAD + count * this.row + 2));
    this.canvas.neurarium = { label: this.label, head: HEAD, row: this.row, width: used };
  }

  #y(index) {
    return HEAD + (index + 0.5) * this.row;
  }

  draw(context) {
    const { meta, theme, count, weights } = this;
    const [from, to] = [this.label, this.canvasWidth - this.label];
    const picked = this.hot ?? (meta.selected && { side: 0, index: meta.selected[0] });
    const shows = (query, key) => !this.hot || (this.hot.side ? key : query) === this.hot.index;
    context.lineCap = "round";
    for (let query = 0; query < count; query++)
      for (let key = 0; key < count; key++) {
        const weight = weights[query * count + key];
        if (weight < FAINTEST || !shows(query, key)) continue;
        const strong = picked && (picked.side ? key : query) === picked.index;
        context.strokeStyle = lineColourOf(strong ? 5 : 0, theme);
        context.globalAlpha = Math.min(1, (strong ? 0.25 : 0.06) + 0.75 * weight);
        context.lineWidth = 0.6 + 5 * weight;
        const [a, b] = [this.#y(query), this.#y(key)], middle = (from + to) / 2;
        context.beginPath();
        context.moveTo(from, a);
        context.bezierCurveTo(middle, a, middle, b, to, b);
        context.stroke();
      }
    context.globalAlpha = 1;
    context.textBaseline = "middle";
    const chosen = [meta.selected?.[0], meta.selected?.[1]];
    for (const side of [0, 1]) {
      context.textAlign = side ? "left" : "right";
      const x = side ? to + 6 : from - 6;
      context.font = this.font(11);
      context.fillStyle = theme.faint;
      context.fillText(elide(context, meta.headings[side], this.canvasWidth / 2 - 8), side ? this.canvasWidth - 2 - context.measureText(meta.headings[side]).width : context.measureText(meta.headings[side]).width + 1, 8);
      for (let index = 0; index < count; index++) {
        const hot = this.hot?.side === side && this.hot.index === index;
        context.font = this.font(12, hot || chosen[side] === index ? 700 : 400);
        context.fillStyle = hot ? theme.primary : theme.text;
        context.fillText(elide(context, meta.tokens[index], this.label - 8), x, this.#y(index));
      }
    }
  }

  #hit(x, y) {
    const index = Math.floor((y - HEAD) / this.row);
    if (index < 0 || index >= this.count) return null;
    if (x < this.label + 8) return { side: 0, index };
    return x > this.canvasWidth - this.label - 8 ? { side: 1, index } : null;
  }

  #step(dx, dy) {
    const hot = this.hot ?? { side: 0, index: 0 };
    const side = dx ? (dx > 0 ? 1 : 0) : hot.side;
    this.#hover({ side, index: Math.max(0, Math.min(this.count - 1, hot.index + dy)) });
  }

  #hover(hot) {
    if (hot?.side === this.hot?.side && hot?.index === this.hot?.index) return;
    this.hot = hot;
    this.invalidate();
    if (!hot) return this.hideTip();
    const { meta, count, weights } = this;
    const shares = meta.tokens.map((token, other) => [hot.side ? weights[other * count + hot.index] : weights[hot.index * count + other], token, other]);
    const top = shares.sort((a, b) => b[0] - a[0]).slice(0, 4).map(([weight, token]) => `${token} ${format(Number(weight.toFixed(4)))}`);
    const lines = [meta.tokens[hot.index], meta.names[hot.side], ...top];
    this.showTip(lines, hot.side ? this.canvasWidth - this.label * 1.6 : this.label * 1.6, this.#y(hot.index) - this.row / 2);
    this.speak(lines.join(" · "));
  }

  #choose(hot) {
    if (!hot) return;
    const { count, weights, meta } = this;
    let query = meta.selected?.[0] ?? 0, key = hot.index;
    if (!hot.side) {
      query = hot.index;
      const row = weights.subarray(query * count, (query + 1) * count);
      key = row.indexOf(Math.max(...row));
    }
    if (meta.selected && query === meta.selected[0] && key === meta.selected[1]) return;
    meta.selected = [query, key];
    this.invalidate();
    this.send("pick", { query, key });
  }
}

export default (component) => mount(component, Links);
