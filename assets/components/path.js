// The reader's path: pages in an order of their own, one beside the other, to follow, to change and to share. The stars
// on the tiles and cards of the home page belong to it. The browser keeps it; the server is told.
import { element, fill, remember, report } from "./core.js";

const STAR = "button.star[data-slug]";

export default function path(component) {
  const { data, parentElement } = component;
  let root = parentElement.querySelector(".path");
  if (!root) {
    root = element("div", { class: "nv path", role: "group" });
    parentElement.append(root);
    root.gone = new AbortController();
    document.addEventListener("click", (event) => {
      const star = event.target.closest?.(STAR);
      if (star) toggle(root, star.dataset.slug);
    }, { signal: root.gone.signal });
  }
  root.component = component;
  root.setAttribute("aria-label", data.words.path);
  // Until the server knows of the last change, what it says is older than what is shown.
  if (root.told === undefined || root.told === data.order.join(".")) {
    root.told = undefined;
    root.order = data.order;
  }
  if (data.kept) keep(root);
  draw(root);
  return () => setTimeout(() => { if (!root.isConnected) root.gone.abort(); }, 0);
}

function keep({ component, order }) {
  const text = `${component.data.cookie}=${order.join(".")}`;
  if (!document.cookie.split("; ").includes(text)) remember(text);
}

function toggle(root, slug) {
  const { words, titles } = root.component.data, has = root.order.includes(slug);
  change(root, has ? root.order.filter((one) => one !== slug) : [...root.order, slug]);
  root.spoken.textContent = fill(has ? words.removed : words.put, { page: titles[slug], place: root.order.length });
}

function change(root, order) {
  root.order = order;
  root.told = order.join(".");
  if (!order.length) root.editing = false;
  keep(root);
  draw(root);
  report(root.component, "order", order);
}

function draw(root) {
  const { component: { data }, order } = root, { words, titles } = data;
  for (const star of document.querySelectorAll(STAR)) star.setAttribute("aria-pressed", String(order.includes(star.dataset.slug)));
  const next = order.find((slug) => !data.done.includes(slug));
  const held = root.getRootNode().activeElement?.dataset.act; // a button must keep the focus through its own press
  const button = (act, label, onclick, more = {}) => element("button", { type: "button", class: "pill", "data-act": act, onclick, ...more }, label);
  const items = order.map((slug, at) => {
    const page = titles[slug], numbered = `${at + 1} · ${page}${data.done.includes(slug) ? " ✓" : ""}`;
    const move = (by) => change(root, order.with(at, order[at + by]).with(at + by, slug));
    const edit = (act, sign, onclick, disabled) => button(`${act} ${slug}`, sign, onclick, { "aria-label": fill(words[act], { page }), title: fill(words[act], { page }), disabled });
    return element("li", { class: slug === next ? "next" : "" },
      element("a", { href: slug, onclick: (event) => go(event, slug) }, slug === next ? fill(words.next, { page: numbered }) : numbered),
      ...(root.editing ? [
        edit("earlier", "‹", () => move(-1), at === 0),
        edit("later", "›", () => move(1), at === order.length - 1),
        edit("remove", "×", (event) => event.detail < 2 && toggle(root, slug), false),
      ] : []));
  });
  const acts = [
    order.length ? button("change", root.editing ? words.done : words.change, () => { root.editing = !root.editing; draw(root); }, { "aria-expanded": String(Boolean(root.editing)) }) : null,
    order.length ? button("copy", words.copy, (event) => copy(root, event.currentTarget)) : button("course", words.course, () => change(root, data.course)),
    data.back.length && data.back.join(".") !== order.join(".") ? button("back", words.back, () => change(root, data.back)) : null,
  ];
  root.spoken ??= element("span", { class: "unseen", role: "status", "aria-live": "polite" });
  const list = root.querySelector("ol"), left = list?.scrollLeft ?? 0;
  root.replaceChildren(...[
    element("b", { class: "name" }, words.path),
    order.length ? element("ol", { tabindex: "-1" }, ...items) : element("span", { class: "hint" }, words.empty),
    element("span", { class: "acts" }, ...acts.filter(Boolean)), root.spoken,
  ]);
  const made = root.querySelector("ol");
  if (made) made.scrollLeft = left;
  if (held) (root.querySelector(`[data-act="${held}"]:not(:disabled)`) ?? root.querySelector("[data-act=change], [data-act=course]"))?.focus();
}

/** As the link of its tile or card, which changes the page without loading it anew; where it is not shown, as any link. */
function go(event, slug) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = document.querySelector(`:is(.st-key-card-${slug}, .st-key-tile-${slug}) > .stElementContainer .stPageLink a`);
  if (!link) return;
  event.preventDefault();
  link.click();
}

async function copy({ order, component }, button) {
  const { words } = component.data;
  try {
    await navigator.clipboard.writeText(`${new URL(".", location.href).href}?path=${order.join(".")}`);
    button.textContent = words.copied;
  } catch {
    button.textContent = words.failed; // no permission, or a page that is not served securely
  }
  setTimeout(() => { if (button.isConnected) button.textContent = words.copy; }, 2000);
}
