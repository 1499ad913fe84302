"""What assets/components/connection.js says of the line to the server. Light: its words go out with the code."""

from __future__ import annotations

from pages.components.parts.language import LANGUAGES, in_every_language

CONNECTION_WORDS = {
    "lost": "The connection is lost. It is being restored; your settings are kept.",
    "refused": "Not connected just now, so this did not count. The page says when it is back.",
    "slow": "The server has not answered yet. It is asked again by itself.",
    "back": "Connected again.",
    "backUnheard": "Connected again. If the page does not show what you did last, do it once more.",
    "reloading": "The connection broke off. This page loads again, with your settings.",
    "over": "The connection keeps breaking off. Your settings are in this page's address.",
    "reload": "Load again",
}


def connection_words() -> dict[str, dict[str, str]]:
    """{"en": {"lost": "The connection is lost. …", …}, "zh": …}."""
    return {
        language: {name: in_every_language(text)[place] for name, text in CONNECTION_WORDS.items()}
        for place, language in enumerate(LANGUAGES)
    }
