"""A displayed formula is never cut off where it looks whole: it is set smaller, else it fades where it goes on."""

LEAST = 0.72  # of its size, as in assets/components/formulas.js
FORMULAS = """() => [...document.querySelectorAll(".stMain .katex-display")].map((one) => ({
  size: Number(getComputedStyle(one).getPropertyValue("--fit") || 1),
  over: one.scrollWidth - one.clientWidth, fades: one.hasAttribute("data-goes-on") }))"""


def test_a_wide_formula_is_set_smaller_then_fades_until_it_is_scrolled_to_its_end(visit):
    visitor = visit("/training_dynamics?view.rule=adam&rules=adam", size=(300, 844), touch=True)

    def formulas() -> list[dict]:
        """Once each of them fades exactly where it goes on."""
        found = visitor.page.evaluate(FORMULAS)
        return found if found and all(one["fades"] == (one["over"] > 2) for one in found) else []

    visitor.until(lambda: any(one["size"] < 1 for one in formulas()), "set smaller")
    assert all(one["size"] >= LEAST and (one["over"] <= 2 or one["size"] == LEAST) for one in formulas())
    visitor.page.set_viewport_size({"width": 200, "height": 844})
    visitor.until(lambda: any(one["fades"] for one in formulas()), "not small enough")
    fading = visitor.page.locator(".katex-display[data-goes-on]").first.element_handle()
    fading.evaluate("one => one.scrollTo(one.scrollWidth, 0)")
    visitor.until(lambda: not fading.evaluate("one => one.hasAttribute('data-goes-on')"), "its end is seen")
    visitor.page.set_viewport_size({"width": 390, "height": 844})
    visitor.until(
        lambda: all(one["size"] == 1 and not one["fades"] for one in formulas()), "and large where there is room"
    )
