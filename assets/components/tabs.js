// Tabs of which one or none is open: what is pressed again closes.
import { element, report } from "./core.js";

export default function tabs(component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector(".tabs") ?? parentElement.appendChild(row());
  root.component = component;
  root.setAttribute("aria-label", data.label);
  while (root.childElementCount > data.names.length) root.lastChild.remove();
  data.names.forEach((name, index) => {
    // Kept and changed, not made anew: the one that was pressed keeps the focus.
    const tab = root.children[index] ?? root.appendChild(element("button", { type: "button", role: "tab" }));
    if (tab.textContent !== name) tab.textContent = name;
    tab.setAttribute("aria-selected", String(index === data.chosen));
    tab.tabIndex = index === (data.chosen ?? 0) ? 0 : -1;
    tab.onclick = () => report(root.component, "pick", index);
  });
}

function row() {
  const root = element("div", { class: "nv tabs", role: "tablist" });
  root.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const tabs = [...root.children], count = tabs.length;
    tabs[(tabs.indexOf(event.target) + by + count) % count].focus();
  });
  return root;
}
