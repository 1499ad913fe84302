// A displayed formula that is wider than its place is set smaller, as far as it can still be read. One that is wider even
// so scrolls, and fades where it goes on: cut off hard, "−1.2" would read as "−1".
const LEAST = 0.72; // of its size
const DISPLAYS = ".stMain .katex-display";

let watching = false;
const widths = new WeakMap(); // display -> the width that it was fitted to
const waiting = new Set(); // displays to be fitted before the next picture of the page
const resized = new ResizeObserver((entries) => {
  later(entries.filter(({ target }) => widths.get(target) !== target.clientWidth).map(({ target }) => target));
});

/** Sees to all formulas of the page from now on. */
export function fitFormulas() {
  if (watching) return;
  watching = true;
  new MutationObserver(find).observe(document.body, { childList: true, subtree: true });
  // One that was set smaller is no wider than that, and would not hear of more room; nor of its own letters, which come
  // after it.
  const again = () => later(document.querySelectorAll(DISPLAYS));
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
    new MutationObserver(() => later([display])).observe(display, { childList: true, subtree: true, characterData: true });
  }
}

function later(displays) {
  if (!waiting.size && displays.length) requestAnimationFrame(fit);
  for (const display of displays) waiting.add(display);
}

/** All that wait: every change of style before the first width is asked for, or each would lay the page out again. */
function fit() {
  const displays = [...waiting].filter((display) => display.isConnected);
  waiting.clear();
  for (const display of displays) display.style.removeProperty("--fit");
  const shares = displays.map((display) => {
    widths.set(display, display.clientWidth);
    return display.clientWidth / display.scrollWidth;
  });
  displays.forEach((display, i) => shares[i] < 1 && display.style.setProperty("--fit", Math.max(LEAST, 0.99 * shares[i])));
  displays.forEach(tell);
}

function tell(display) {
  display.toggleAttribute("data-goes-on", display.scrollWidth - display.clientWidth - display.scrollLeft > 2);
}
