"""Texts that would do something if a page took them for Markdown, for HTML, or for one of Streamlit's own marks."""

import html

from engine.contracts.sentences import WORD_JOINER

HOSTILE = (
    "[x](//y)", "<b>x</b>", "*y*", "__y__", "$5 - $10", "{z}", "`c`", ":material/skull:", ":red[x]", ":streamlit:",
    "http://a.io", "www.ex.org", "a@b.org", "![i](//y)", "~~s~~", "&lt;b&gt;", "<a href=//y>x", "a -> b", "# h", "- a",
    "1. a", "a\\*b", '" onclick="x', "|a|b|",
)  # fmt: skip


def letters_of(marked: str) -> str:
    """The letters that a reader sees of text that is fit for Markdown and HTML."""
    return html.unescape(marked).replace(WORD_JOINER, "")
