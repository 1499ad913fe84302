// A row of named choices as small round buttons; one of them may be the present one.
import { element, report } from "./core.js";

export default function chips(component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector(".chips") ?? element("div", { class: "nv chips", role: "group" });
  if (!root.isConnected) parentElement.append(root);
  root.setAttribute("aria-label", data.label);
  while (root.childElementCount > data.names.length) root.lastChild.remove();
  data.names.forEach((name, index) => {
    // Kept and changed, not made anew: the one that was pressed keeps the focus.
    const chip = root.children[index] ?? root.appendChild(element("button", { class: "pill", type: "button" }));
    if (chip.textContent !== name) chip.textContent = name;
    chip.setAttribute("aria-pressed", String(index === data.pressed));
    chip.onclick = () => report(component, "pick", index);
  });
}
