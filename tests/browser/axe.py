"""axe-core on a page, and the way of the Tab key through it."""

import re
from functools import cache
from pathlib import Path

BAD = ("serious", "critical")
# What Streamlit's own front end does and nothing here can mend: (rule, selector that must match, reason).
STREAMLIT = [
    ("list", r"stSidebarNavItems|^ul$", "the menu of a phone puts the sections' boxes straight into its ul"),
    ("listitem", r"\bli\b", "and the links of a section into such a box, which is no list (nothing else here is a li)"),
]


@cache
def axe() -> str:
    """The source of axe-core, as the Python package brings it."""
    import axe_playwright_python

    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")


def violations(visitor, within: str = "html", *, known: bool = False) -> list[str]:
    """Serious and critical ones within a part of the page, shadow roots included, as "rule: selector: message".

    Tab is pressed before: what scrolls by itself takes the focus from then on (assets/components/help.js). The size of
    targets belongs to WCAG 2.2 AA, but axe leaves it out unless asked. known: with those of STREAMLIT.
    """
    page = visitor.page
    if not page.evaluate("typeof axe == 'object'"):
        page.evaluate(axe())
    page.keyboard.press("Tab")
    options = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
    result = page.evaluate("([within, options]) => axe.run(within, options)", [within, options])
    found = []
    for violation in result["violations"]:
        for node in violation["nodes"] if violation["impact"] in BAD else ():
            selector = " >>> ".join(" >>> ".join(part) if isinstance(part, list) else part for part in node["target"])
            ours = known or not any(rule == violation["id"] and re.search(at, selector) for rule, at, _ in STREAMLIT)
            why = "; ".join(check["message"] for kind in ("any", "all", "none") for check in node[kind])
            if ours:
                found.append(f"{violation['id']}: {selector}: {node['html'][:120]}: {why}")
    return found


def lasting_violations(visitor, within: str = "html") -> list[str]:
    """What is still there a moment later: while a page is being redrawn, parts fade in and names are on their way; and
    what speaks of another moment than a film that plays is dimmed on purpose."""
    visitor.until(lambda: visitor.page.evaluate("!document.documentElement.dataset.lags"), "the films stand still")
    found = violations(visitor, within)
    for _ in range(2):
        if found:
            visitor.page.wait_for_timeout(1500)
            found = sorted(set(found) & set(violations(visitor, within)))
    return found


# ---------------------------------------------------------------- keys

# What has the focus. The outline may be that of a label or slider around an input.
FOCUS = """() => {
    let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    if (!at || at === document.body) return null;
    const paint = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const light = colour => {
        paint.clearRect(0, 0, 1, 1); paint.fillStyle = colour; paint.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...paint.getImageData(0, 0, 1, 1).data].map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const page = light(getComputedStyle(document.querySelector('.stApp')).backgroundColor);
    let seen = false;
    for (let part = at, up = 0; part && up < 4 && !seen; part = part.parentElement, up++) {
        const style = getComputedStyle(part), line = light(style.outlineColor);
        const ratio = (Math.max(line, page) + 0.05) / (Math.min(line, page) + 0.05);
        seen = style.outlineStyle === 'solid' && parseFloat(style.outlineWidth) >= 2 && ratio >= 3;
    }
    const box = at.getBoundingClientRect(), scrolled = document.querySelector('[data-testid=stMain]').scrollTop;
    const name = at.ariaLabel || at.innerText || at.title || at.labels?.[0]?.innerText || at.placeholder || '';
    const inside = Boolean(document.querySelector('[data-testid=stMain]').contains(document.activeElement));
    return {name: name.trim().slice(0, 40), tag: at.tagName, seen, inside, top: box.top + scrolled, left: box.left};
}"""  # noqa: E501 - JavaScript


def walk(visitor, most: int = 150) -> list[dict]:
    """Everything Tab comes to, from the start of the page until it is through."""
    stops = []
    for _ in range(most):
        visitor.page.keyboard.press("Tab")
        at = visitor.page.evaluate(FOCUS)
        if at is None:
            return stops
        stops.append(at)
    raise AssertionError(f"after {most} presses of Tab still at {stops[-1]}")
