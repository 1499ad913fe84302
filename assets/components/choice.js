// One of several names: a row of joined buttons, or the browser's own list to open.
import { element, remember, report } from "./core.js";

const SMALLEST = 12; // px
const pen = document.createElement("canvas").getContext("2d");

export default function choice(component) {
  const { data, parentElement } = component;
  const kind = data.buttons ? "buttons" : "list";
  let root = parentElement.querySelector(".choice");
  if (root?.dataset.kind !== kind) {
    root?.remove();
    root = parentElement.appendChild(data.buttons ? row() : list());
    root.dataset.kind = kind;
  }
  root.component = component;
  (data.buttons ? fillRow : fillList)(root, data);
}

// ---------------------------------------------------------------- a row of buttons, one pressed

function row() {
  const root = element("div", { class: "nv choice", role: "radiogroup" });
  root.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const buttons = [...root.children], count = buttons.length;
    const next = buttons[(buttons.indexOf(event.target) + by + count) % count];
    next.focus();
    next.click();
  });
  return root;
}

function fillRow(root, { names, label, chosen, disabled }) {
  root.setAttribute("aria-label", label);
  while (root.childElementCount > names.length) root.lastChild.remove();
  names.forEach((name, index) => {
    // Kept and changed, not made anew: the one that was pressed keeps the focus.
    const button = root.children[index] ?? root.appendChild(element("button", { type: "button", role: "radio" }));
    if (button.textContent !== name) button.textContent = name;
    button.disabled = Boolean(disabled);
    button.onclick = () => {
      press(root, index);
      const cookie = root.component.data.cookies?.[index];
      if (cookie) remember(cookie);
      if (index !== root.component.data.chosen) report(root.component, "pick", index);
    };
  });
  press(root, chosen);
}

function press(root, chosen) {
  [...root.children].forEach((button, index) => {
    button.setAttribute("aria-checked", String(index === chosen));
    button.tabIndex = index === chosen ? 0 : -1;
  });
}

// ---------------------------------------------------------------- a list to open

function list() {
  const words = element("span", { class: "label" });
  const help = element("button", { class: "help", type: "button" }, "?");
  const tip = element("span", { class: "tip", "aria-hidden": "true" });
  const select = element("select");
  new ResizeObserver(() => fit(select)).observe(select);
  const root = element("div", { class: "nv choice" }, element("div", { class: "head" }, words, help, tip), select);
  root.parts = { words, help, tip, select };
  select.addEventListener("change", () => {
    fit(select);
    report(root.component, "pick", select.selectedIndex);
  });
  return root;
}

function fillList(root, { names, label, chosen, disabled, showLabel, help }) {
  const { words, select } = root.parts;
  words.parentElement.hidden = !showLabel;
  words.textContent = label;
  root.parts.help.hidden = !help;
  root.parts.help.setAttribute("aria-label", help);
  root.parts.tip.textContent = help;
  select.setAttribute("aria-label", label);
  select.disabled = Boolean(disabled);
  const signature = names.join("\n");
  if (root.names !== signature) {
    root.names = signature;
    select.replaceChildren(...names.map((name) => element("option", {}, name)));
  }
  if (select.selectedIndex !== chosen) select.selectedIndex = chosen;
  fit(select);
}

/** A name that has no room is written smaller, down to SMALLEST; what is cut even then can be read on it. */
function fit(select) {
  select.style.fontSize = "";
  const style = getComputedStyle(select), size = parseFloat(style.fontSize), name = select.selectedOptions[0]?.text ?? "";
  pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  const room = select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const wide = pen.measureText(name).width + 1;
  if (room > 0 && wide > room) select.style.fontSize = Math.max(SMALLEST, (size * room) / wide) + "px";
  select.title = room > 0 && wide * SMALLEST > room * size ? name : "";
}
