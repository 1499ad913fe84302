"""What can be read on a page."""

import re

from tests import strings
from tests.browser.expectations import CHINESE


def contrast(visitor, selector: str) -> float:
    """Contrast ratio (WCAG 2) of an element's text against the page."""
    return visitor.page.locator(selector).first.evaluate(
        """element => {
            const paint = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
            const rgb = colour => { paint.fillStyle = colour; paint.fillRect(0, 0, 1, 1); return paint.getImageData(0, 0, 1, 1).data; };
            const linear = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
            const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
            const style = getComputedStyle(element), page = rgb(getComputedStyle(document.querySelector('.stApp')).backgroundColor);
            const behind = [...page], front = rgb(style.color), opacity = Number(style.opacity);
            const seen = behind.slice(0, 3).map((b, at) => opacity * front[at] + (1 - opacity) * b);
            const [high, low] = [light(seen), light(behind)].sort((a, b) => b - a);
            return (high + 0.05) / (low + 0.05);
        }"""  # noqa: E501 - JavaScript
    )


def assert_readable(visitor, theme: str, panel: bool) -> None:
    """The page is light or dark as the theme says, and what is read most stands out of it."""
    background = visitor.page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    brightness = sum(map(int, re.findall(r"\d+", background)[:3])) / 3
    assert brightness > 230 if theme == "light" else brightness < 40, f"the page is {background}"
    for selector, least in {".stMainBlockContainer h1": 7, "p.question": 4.5, "[class*=-panel] label p": 4.5}.items():
        if panel or "panel" not in selector:
            assert (ratio := contrast(visitor, selector)) > least, f"{selector}: contrast {ratio:.2f}"


def english_left(visitor) -> set[str]:
    """Buttons, labels, headings and tabs without Chinese on a Chinese page; names that are the same in both (XOR,
    ReLU) stand in the tables too."""
    same = {english for english, chinese in strings.table().items() if english == chinese}
    kinds = "h1, h2, h3, button, label, [role=tab], p.question, [data-testid=stCaptionContainer]"
    parts = visitor.page.locator(f".stMainBlockContainer :is({kinds})").filter(visible=True).all_inner_texts()
    lines = {re.sub(r"^[a-z_]+\n+|\n+[a-z_]+$", "", part).strip() for part in parts}  # names of icons come along
    left = {line for line in lines if re.search(r"[A-Za-z]{4,}", line) and not CHINESE.search(line)}
    return left - same - {"Neurarium", "Space", "Grad-CAM"}
