// Terms in the words of a card: touched, each shows beside it what it means. One is open at a time; the browser's own
// popover lies above everything, is closed by Escape and by a touch elsewhere, and gives the focus back.
import { element } from "./core.js";

const GAP = 6, EDGE = 8; // CSS pixels between word and box, and between box and window

/** Makes the terms in the words of a card open; `open` is the name of one that was open before the card was drawn anew. */
export function attendTerms(root, data, open) {
  for (const word of root.querySelectorAll(".term")) {
    if (!data?.of[word.dataset.term]) {
      word.replaceWith(...word.childNodes);
      continue;
    }
    word.setAttribute("aria-expanded", "false");
    word.setAttribute("aria-haspopup", "dialog");
    word.addEventListener("pointerdown", () => (root.closing = openTerm(root))); // the browser closes it before the click
    word.addEventListener("click", (event) => {
      const meant = nearest(root, event);
      if (!event.detail || meant.dataset.term !== root.closing) show(meant, data);
    });
    word.addEventListener("keydown", (event) => {
      if (!["Enter", " "].includes(event.key)) return;
      event.preventDefault();
      event.stopPropagation(); // Space must not press the page's Play
      word.click();
    });
  }
  const again = open && root.querySelector(`.term[data-term="${open}"]`);
  if (again) show(again, data);
}

/** The name of the term that is open. */
export const openTerm = (root) => root.querySelector(".term[aria-expanded=true]")?.dataset.term;

/** The word that was meant: what reacts to a finger is taller than a line, so those of two lines overlap. */
function nearest(root, event) {
  const far = (word) => Math.min(...[...word.getClientRects()].map((box) =>
    Math.hypot(Math.max(box.left - event.clientX, 0, event.clientX - box.right), Math.max(box.top - event.clientY, 0, event.clientY - box.bottom))));
  const hit = event.currentTarget;
  if (!event.detail) return hit; // by key
  return [...root.querySelectorAll(".term")].reduce((best, word) => (far(word) < far(best) ? word : best), hit);
}

function show(word, data) {
  const { name, text, seen, all } = data.of[word.dataset.term];
  const means = element("p", { id: "term-means" });
  means.innerHTML = text; // our own words, made harmless by the server
  for (const link of means.querySelectorAll("a")) Object.assign(link, { target: "_blank", rel: "noopener" });
  const away = (href, title) => element("a", { href, target: "_blank", rel: "noopener" }, title); // the lesson stays as it is
  const others = seen.flatMap(([title, href], at) => [at ? " · " : " ", away(href, title)]);
  const close = element("button", { type: "button", class: "close", "aria-label": data.close, onclick: () => box.hidePopover() }, "×");
  const box = element("div", { class: "term-box", popover: "auto", role: "dialog", tabindex: "-1", "aria-labelledby": "term-name", "aria-describedby": "term-means" },
    element("div", { class: "term-head" }, element("b", { id: "term-name" }, name), close), means,
    seen.length ? element("p", { class: "seen" }, data.seen, ...others) : null,
    element("p", { class: "seen" }, away(all, data.all)));
  word.closest("p").classList.add("opened"); // it stays whole: a word that moves while it is pressed is missed
  word.after(box); // next to the word, so that Tab goes on from there
  word.term = box;
  const place = () => put(box, word);
  box.addEventListener("keydown", (event) => event.key !== "Escape" && event.stopPropagation());
  box.addEventListener("toggle", (event) => {
    const isOpen = event.newState === "open";
    word.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) return;
    removeEventListener("scroll", place, true);
    removeEventListener("resize", place);
    const left = box.matches(":focus-within");
    box.remove();
    if (left) word.focus({ preventScroll: true });
  });
  box.showPopover();
  word.setAttribute("aria-expanded", "true");
  place();
  addEventListener("scroll", place, true);
  addEventListener("resize", place);
  box.focus({ preventScroll: true });
}

/** Below the word, or above it where there is more room; never over the edge of the window. */
function put(box, word) {
  const at = word.getBoundingClientRect(), { innerWidth: width, innerHeight: height } = window;
  const below = height - at.bottom - GAP - EDGE, above = at.top - GAP - EDGE;
  box.style.maxHeight = "";
  const isBelow = box.offsetHeight <= below || below >= above;
  box.style.maxHeight = `${Math.max(120, isBelow ? below : above)}px`;
  box.style.left = `${Math.max(EDGE, Math.min(at.left, width - EDGE - box.offsetWidth))}px`;
  box.style.top = `${Math.max(EDGE, isBelow ? Math.min(at.bottom + GAP, height - EDGE - box.offsetHeight) : at.top - GAP - box.offsetHeight)}px`;
}
