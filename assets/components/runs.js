// The pinned runs, one a row: label in its colour, name, a button to go back to it and one to drop it.
import { element, report } from "./core.js";

export default function runs(component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector(".runs") ?? element("ul", { class: "nv runs" });
  if (!root.isConnected) parentElement.append(root);
  root.setAttribute("aria-label", data.label);
  while (root.childElementCount > data.rows.length) root.lastChild.remove();
  data.rows.forEach((row, index) => {
    // Kept and changed, not made anew: the button that was pressed keeps the focus.
    const item = root.children[index] ?? root.appendChild(newRow());
    const [label, name, buttons] = item.children;
    label.textContent = row.label;
    label.style.setProperty("--swatch", row.colour);
    name.textContent = row.name;
    name.classList.toggle("now", !row.pinned);
    const [back, drop] = buttons.children;
    back.textContent = data.back;
    back.hidden = !row.here;
    back.setAttribute("aria-label", `${data.back}: ${row.label}`);
    back.onclick = () => report(component, "back", index);
    drop.textContent = data.drop;
    drop.hidden = !row.pinned;
    drop.setAttribute("aria-label", `${data.drop}: ${row.label}`);
    drop.onclick = () => report(component, "drop", index);
  });
}

function newRow() {
  const buttons = element("span", { class: "buttons" },
    element("button", { class: "pill", type: "button" }), element("button", { class: "pill", type: "button" }));
  return element("li", {}, element("b", { class: "label" }), element("span", { class: "name" }), buttons);
}
