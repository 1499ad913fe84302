// The list of keys that "?" opens: those of the page, and those of every canvas on it. It costs nothing while closed.
import { element, present } from "./core.js";
import { fitFormulas } from "./formulas.js";
import { wordsIn } from "./keys.js";

const GENERAL = [["Tab", "nextControl"], ["Shift + Tab", "lastControl"], ["Enter", "press"], ["← →", "within"], ["Esc", "close"], ["?", "thisList"]];
const SCROLLERS = ".stMain :is(.katex-display, pre, .stTable, .stTable > div, [data-testid=stTableStyledTable])";

const help = { dialog: null, language: "en" };
let listening = false;

/** Makes the page answer to "?", and tells in which language; `root` is where the list will be shown. */
export function attend(root, language) {
  help.language = language;
  help.root = root;
  if (listening) return;
  listening = true;
  fitFormulas();
  document.addEventListener("keydown", (event) => {
    if (event.key === "Tab") reachScrollers();
    if (event.key !== "?" || event.ctrlKey || event.metaKey || event.altKey || typing(event.composedPath()[0])) return;
    event.preventDefault();
    help.dialog?.open ? help.dialog.close() : showKeys();
  }, true);
}

const typing = (at) => at?.isContentEditable || at?.tagName === "TEXTAREA" || at?.tagName === "SELECT"
  || (at?.tagName === "INPUT" && !["radio", "checkbox", "range", "button"].includes(at.type));

/** What scrolls by itself must be reached by key; only some browsers see to that. Asked when somebody presses Tab. */
function reachScrollers() {
  for (const part of document.querySelectorAll(SCROLLERS)) {
    const scrolls = part.scrollWidth > part.clientWidth + 1 || part.scrollHeight > part.clientHeight + 1;
    if (scrolls && !part.hasAttribute("tabindex")) part.tabIndex = 0;
  }
}

export function showKeys() {
  const words = wordsIn(help.language), came = focused();
  help.dialog?.remove();
  const close = element("button", { type: "button", class: "close", "aria-label": words.closeList, onclick: () => help.dialog.close() }, "×");
  const title = element("h2", { id: "keys-title" }, words.title);
  help.dialog = element("dialog", { class: "keys-list", "aria-labelledby": "keys-title" },
    element("div", { class: "head" }, title, ...jumps(words), close), section(words.everywhere, [...GENERAL, ...pageKeys()], words), ...canvasKeys(words));
  help.dialog.addEventListener("click", (event) => event.target === help.dialog && help.dialog.close()); // beside the list
  help.dialog.addEventListener("keydown", (event) => event.stopPropagation()); // Space must not press the page's Play
  help.dialog.addEventListener("close", () => {
    help.dialog.remove();
    help.dialog = null;
    came?.focus({ preventScroll: true });
  });
  help.root.append(help.dialog);
  help.dialog.showModal();
}

const PARTS = { toPictures: "[class*='-stage']", toKnobs: "[class*='-panel']", toTabs: "[class*='-tabs ']" };
const STOPS = "a[href], button:not(:disabled), select:not(:disabled), input:not(:disabled), [role=tab][aria-selected=true], canvas[tabindex='0']";

/** Buttons that lead to the parts of a page: Tab alone would be a long way. */
function jumps(words) {
  const parts = Object.entries(PARTS).map(([name, where]) => [name, document.querySelector(".stMain " + where)]).filter(([, part]) => part);
  return parts.map(([name, part]) => element("button", { type: "button", class: "jump", onclick: () => {
    help.dialog.close();
    setTimeout(() => firstStop(part)?.focus(), 0); // after the focus went back to where it was
  } }, words[name]));
}

/** The first thing within a part of the page, shadow roots included, that can have the focus. */
function firstStop(part) {
  for (const at of [part, ...part.querySelectorAll("*")]) {
    if (at.matches(STOPS) && at.tabIndex >= 0 && at.checkVisibility()) return at;
    for (const inner of at.shadowRoot?.children ?? []) {
      const found = firstStop(inner);
      if (found) return found;
    }
  }
  return null;
}

function focused() {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at;
}

function section(name, shortcuts, words) {
  const rows = shortcuts.map(([keys, word]) => element("div", {}, element("dt", {}, ...caps(keys)), element("dd", {}, words[word] ?? word)));
  return element("section", {}, element("h3", {}, name), element("dl", {}, ...rows));
}

const caps = (keys) => keys.split(" ").map((key) => (key === "+" || key === "–" ? ` ${key} ` : element("kbd", {}, key)));

/** Buttons of the page that have a key of their own: Streamlit writes it into them. */
function pageKeys() {
  return [...document.querySelectorAll(".stMain kbd")].map((key) => {
    const name = key.closest("button")?.querySelector("[data-testid=stMarkdownContainer]")?.innerText;
    return [key.innerText, name ?? ""];
  }).filter(([, name]) => name);
}

/** One section for all canvases with the same keys, in the order of the page. */
function canvasKeys(words) {
  const groups = new Map();
  const place = (view) => (view.host.host ?? view.host).compareDocumentPosition.bind(view.host.host ?? view.host);
  const views = [...present].filter((view) => view.meta && view.root.isConnected && view.shortcuts().length)
    .sort((a, b) => (place(a)(b.host.host ?? b.host) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
  for (const view of views) {
    const shortcuts = view.shortcuts(), same = JSON.stringify(shortcuts);
    if (!groups.has(same)) groups.set(same, { shortcuts, names: new Set() });
    groups.get(same).names.add(shorten(view.meta.title || view.meta.alt || ""));
  }
  return [...groups.values()].map(({ shortcuts, names }) => section([...names].filter(Boolean).join(" · "), shortcuts, words));
}

const shorten = (text) => {
  const [first] = text.split(/[.:;。：；]/);
  return first.length > 70 ? first.slice(0, 69).trimEnd() + "…" : first;
};
