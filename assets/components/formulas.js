// A displayed formula that is wider than its place is set smaller, as far as it can still be read. One that is wider even
// so scrolls, and fades where it goes on: cut off hard, "−1.2" would read as "−1".
const LEAST = 0.72; // of its size
const DISPLAYS = ".stMain .katex-display";

let watching = false;
const widths = new WeakMap(); // display -> the width that it was fitted to
const resized = new ResizeObserver((entries) => {
  const changed = entries.filter(({ target }) => widths.get(target) !== target.clientWidth).map(({ target }) => target);
  if (changed.length) requestAnimationFrame(() => changed.forEach(fit)); // within the observer it would call itself
});

/** Sees to all formulas of the page from now on. */
export function fitFormulas() {
  if (watching) return;
  watching = true;
  new MutationObserver(find).observe(document.body, { childList: true, subtree: true });
  // One that was set smaller is no wider than that, and would not hear of more room; nor of its own letters, which come
  // after it.
  const again = () => requestAnimationFrame(() => document.querySelectorAll(DISPLAYS).forEach(fit));
  addEventListener("resize", again);
  document.fonts.addEventListener("loadingdone", again);
  find();
}

function find() {
  for (const display of document.querySelectorAll(DISPLAYS)) {
    if (widths.has(display)) continue;
    widths.set(display, NaN);
    resized.observe(display);
    display.addEventListener("scroll", () => tell(display), { passive: true });
    new MutationObserver(() => fit(display)).observe(display, { childList: true, subtree: true, characterData: true });
  }
}

function fit(display) {
  widths.set(display, display.clientWidth);
  display.style.removeProperty("--fit");
  const share = display.clientWidth / display.scrollWidth;
  if (share < 1) display.style.setProperty("--fit", Math.max(LEAST, 0.99 * share));
  tell(display);
}

function tell(display) {
  display.toggleAttribute("data-goes-on", display.scrollWidth - display.clientWidth - display.scrollLeft > 2);
}
