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
  if (data.bring && data.bring !== root.brought) bring(root);
  root.brought = data.bring || root.brought;
}

/** To the top of the window, below the head of the page; again while what the tab holds still comes and makes the page
 * longer, until the reader does something. */
function bring(root) {
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  const page = document.querySelector("[data-testid=stMainBlockContainer]");
  root.style.scrollMarginTop = "4rem";
  const go = () => root.scrollIntoView({ block: "start", behavior });
  go();
  root.querySelector("[aria-selected=true]")?.focus({ preventScroll: true });
  root.growing?.disconnect();
  root.growing = new ResizeObserver(go);
  if (page) root.growing.observe(page);
  for (const act of ["wheel", "pointerdown", "keydown", "touchmove"]) addEventListener(act, () => root.growing.disconnect(), { once: true, passive: true });
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
