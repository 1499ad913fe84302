"""Texts that would do something if a page took them for Markdown, for HTML, or for one of Streamlit's own marks."""

import html
from urllib.parse import quote

from engine.contracts.sentences import WORD_JOINER

HOSTILE = (
    "[x](//y)", "<b>x</b>", "*y*", "__y__", "$5 - $10", "{z}", "`c`", ":material/skull:", ":red[x]", ":streamlit:",
    "http://a.io", "www.ex.org", "a@b.org", "![i](//y)", "~~s~~", "&lt;b&gt;", "<a href=//y>x", "a -> b", "# h", "- a",
    "1. a", "a\\*b", '" onclick="x', "|a|b|",
)  # fmt: skip


def letters_of(marked: str) -> str:
    """The letters that a reader sees of text that is fit for Markdown and HTML."""
    return html.unescape(marked).replace(WORD_JOINER, "")


# Queries of the MLP playground, each with something that cannot be used as it is.
ABSURD = {
    "overflow": "steps=1e99",
    "not a number": "seed=nan&noise=inf&learning_rate=-inf",
    "negative": "seed=-1&steps=-5",
    "a long list": "layers=" + "-".join(["9999"] * 500),
    "very long": "points=" + "a" * 9000,
    "unicode": "data=" + quote("☃ 螺旋 \u202e\U0001f9e0"),
    "markup": "data=" + quote("<img src=x onerror=alert(1)>[a](javascript:alert(1)) $x$ `y`"),
    "braces": "data=" + quote("{label} {0} {__class__}"),
    "broken edits": "edits=" + quote(";;7:1.1.1;=9"),
    "edits of a network that is not": "layers=2&steps=10&edits=" + quote("5:7.60.60=1"),
    "nothing": "features=&layers=&seed=",
}
