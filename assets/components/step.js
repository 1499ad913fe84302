// The card of a lesson: what there is to see, the question, the choices, and in the end what came. On a phone it is a
// sheet at the bottom of the screen that is drawn up and down.
import { element, remember, report } from "./core.js";
import { attendTerms, openTerm } from "./terms.js";

const HEIGHTS = ["low", "middle", "high"];
const HEAD = 72, BAR = 64; // px above and below what is brought into view: the head of the page, the bar under a picture

export default function step(component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector(".step") ?? parentElement.appendChild(element("section", { class: "nv step", "data-sheet": "middle" }));
  root.component = component;
  root.setAttribute("aria-label", data.lesson);
  if (data.cookie) remember(data.cookie);
  const content = JSON.stringify(data);
  if (root.content === content) return;
  const before = root.data, open = openTerm(root);
  root.content = content;
  root.data = data;
  const focused = root.getRootNode().activeElement?.dataset?.press;
  root.replaceChildren(...parts(root, data));
  attendTerms(root, data.terms, before?.at === data.at && open);
  root.classList.toggle("over", Boolean(data.told));
  root.classList.toggle("past", Boolean(data.told && data.waiting));
  if (focused) (root.querySelector(`[data-press="${focused}"]:not(:disabled)`) ?? root.querySelector("button.primary"))?.focus({ preventScroll: true });
  if (before && before.at !== data.at) columnOf(root)?.scrollTo({ top: 0 }); // with the names of its two faces
  if ((!before && (data.draw || isSheet(root))) || (before && (before.at !== data.at || !before.told !== !data.told))) show(root, data);
}

/** Whether the card is a sheet at the bottom of a phone. */
const isSheet = (root) => getComputedStyle(root).position === "fixed";

/** Brings into view what the step speaks of, the picture and in the card the question or what came; again when the page
 * grows, for the picture may come after the words, until the reader does something. */
function show(root, data) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches, behavior = calm ? "auto" : "smooth";
  const low = isSheet(root);
  root.querySelector(!data.told ? ".head" : low ? ".came" : ".question")?.scrollIntoView({ block: "nearest", behavior });
  if (!data.told) root.scrollTop = 0; // the head of a sheet is always in view
  const bring = () => {
    const picture = data.focus && (low || data.told || data.draw) && document.querySelector(`.st-key-${data.focus}`);
    if (picture) {
      picture.style.scrollMargin = `${HEAD}px 0 ${BAR}px`;
      const far = picture.getBoundingClientRect().bottom + BAR - innerHeight, most = low || !data.told ? Infinity : until(root);
      if (far > most) document.querySelector("[data-testid=stMain]").scrollBy({ top: most, behavior });
      else picture.scrollIntoView({ block: low ? "start" : "nearest", behavior }); // "start": above a sheet
    } else if (data.at >= 0) document.querySelector("[data-testid=stMain]")?.scrollTo({ top: 0, behavior });
  };
  bring();
  root.growing?.disconnect();
  const page = data.focus && document.querySelector("[data-testid=stMainBlockContainer]");
  if (!page) return;
  root.growing = new ResizeObserver(bring);
  root.growing.observe(page);
  for (const act of ["wheel", "pointerdown", "keydown", "touchmove"]) addEventListener(act, () => root.growing.disconnect(), { once: true, passive: true });
}

/** The column in which the card stands beside the picture. */
const columnOf = (root) => (root.getRootNode().host ?? root).closest(".stColumn");

/** How far the page can scroll before the beginning of what came goes under its head; the card stands still as long as
 * the row that it stands in reaches down. */
function until(root) {
  const column = columnOf(root), came = root.querySelector(".came");
  if (!column || !came) return Infinity;
  const below = column.getBoundingClientRect().bottom - came.getBoundingClientRect().top;
  return Math.max(0, column.parentElement.getBoundingClientRect().bottom - below - HEAD);
}

function parts(root, data) {
  const asks = data.choices.length > 0;
  return [
    head(root, data),
    element("h2", {}, data.title),
    data.text ? words("p", "text", data.text) : null,
    asks ? words("p", "question", data.question) : null,
    asks && data.draw ? words("p", "how", data.draw.how) : null,
    asks && data.draw ? element("details", { class: "instead" }, element("summary", {}, data.draw.instead), choices(root, data)) : asks ? choices(root, data) : null,
    element("div", { class: "came", role: "status" },
      data.waiting ? element("p", { class: "waiting" }, data.waiting) : null,
      data.mark ? words("p", data.chosen !== null && data.chosen === data.right ? "mark right" : "mark", data.mark) : null,
      data.told ? words("p", "told", data.told) : null),
    data.list.length ? list(root, data) : null,
    data.next ? element("a", { class: "next", href: data.next.path, onclick: (event) => leave(root, event) }, data.next.title) : null,
    element("div", { class: "foot" }, ...data.buttons.map(([event, value, name, primary]) => button(root, event, value, name, primary))),
  ].filter(Boolean);
}

/** To the next page without loading all anew, unless it is to open elsewhere. */
function leave(root, event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  report(root.component, "leave", 1);
}

function head(root, data) {
  const steps = data.at < 0 ? element("span", { class: "steps" }, data.lesson) : press(root, "go", -1, { class: "steps", title: data.steps, "aria-label": data.steps }, "☰ " + (data.at < data.count ? data.of : data.lesson));
  const dots = element("span", { class: "dots", "aria-hidden": "true" }, ...Array.from({ length: data.count }, (_, at) => element("i", { class: at < data.at ? "past" : at === data.at ? "now" : "" })));
  const drawn = (by) => () => {
    const at = HEIGHTS.indexOf(root.dataset.sheet) + by;
    if (HEIGHTS[at]) root.dataset.sheet = HEIGHTS[at];
    if (at === 0) root.scrollTop = 0; // its title is what is left
  };
  const draw = (name, by, sign) => element("button", { type: "button", class: "draw", "aria-label": name, onclick: drawn(by) }, sign);
  return element("div", { class: "head" }, steps, dots, draw(data.sheet.down, -1, "▾"), draw(data.sheet.up, 1, "▴"));
}

function choices(root, data) {
  return element("div", { class: "choices", role: "group" }, ...data.choices.map((choice, at) => {
    const chosen = at === data.chosen, right = at === data.right;
    const made = press(root, "choose", at, { class: ["choice", chosen && "chosen", right && "right", chosen && data.right !== null && !right && "wrong"].filter(Boolean).join(" "), "aria-pressed": String(chosen) });
    made.innerHTML = choice; // our own words
    made.disabled = Boolean(data.waiting || data.told);
    if (right) made.append(element("span", { class: "sign" }, "✓"));
    else if (chosen && data.right !== null) made.append(element("span", { class: "sign" }, "✗"));
    return made;
  }));
}

function list(root, data) {
  return element("ol", { class: "contents" }, ...data.list.map(({ title, done, right }, at) =>
    element("li", {}, press(root, "go", at, { class: right ? "link done right" : done ? "link done" : "link" }, title))));
}

const button = (root, event, value, name, primary) => press(root, event, value, { class: primary ? "primary" : "quiet" }, name);

function press(root, event, value, attributes, ...content) {
  return element("button", { type: "button", "data-press": `${event} ${value}`, onclick: () => report(root.component, event, value), ...attributes }, ...content);
}

function words(tag, name, text) {
  const made = element(tag, { class: name });
  made.innerHTML = text; // our own words, made harmless by the server
  return made;
}
