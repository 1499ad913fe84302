// The small buttons above a layer that add and remove neurons.
import { element } from "./core.js";

export function placeSizers(view, used) {
  const held = view.scroll.querySelector(".sizer:focus")?.dataset; // keep the focus where the reader has it
  for (const button of view.scroll.querySelectorAll(".sizer")) button.remove();
  const touch = matchMedia("(pointer: coarse)").matches;
  view.layers.forEach((layer, l) => {
    if (!layer.resizable) return;
    const aside = view.pitch < 62 ? 9 : 12; // room for the number between the buttons
    const size = Math.max(16, Math.min(touch ? 28 : 22, view.pitch / 2 - aside));
    const count = layer.neurons.length;
    for (const [delta, sign, words, stop] of [[-1, "−", view.text.fewer, count <= layer.minimum], [1, "+", view.text.more, count >= layer.maximum]]) {
      const button = element("button", { type: "button", class: "sizer", "aria-label": `${layer.name}: ${words}`, title: words, disabled: stop,
        "data-layer": l, "data-delta": delta, onclick: () => view.send("resize", { layer: l, delta }) }, sign);
      const middle = Math.max(size + aside, Math.min(used - size - aside, view.columns[l].middle));
      Object.assign(button.style, { width: size + "px", height: size + "px", top: view.canvas.offsetTop + 31 - size / 2 + "px",
        left: view.canvas.offsetLeft + middle + (delta > 0 ? aside : -aside - size) + "px" });
      view.scroll.append(button);
      if (held && Number(held.layer) === l && Number(held.delta) === delta) button.focus();
    }
  });
}
