"""The words for keys: what the list that `?` opens says, and what a screen reader says of a canvas.

They reach the browser once, with the code (words.js, made in pages/components/pictures/mount.py), and not with every
change.
"""

from __future__ import annotations

from engine.pictures.kinds import kinds
from pages.components.parts.language import LANGUAGES, in_every_language

# name in assets/components/*.js -> what it says; a kind of picture has its own beside it
KEY_WORDS = {
    "title": "Keys",
    "everywhere": "Everywhere",
    "closeList": "Close",
    "toPictures": "To the pictures",
    "toKnobs": "To the knobs",
    "toTabs": "To the tabs",
    "nextControl": "to the next control or picture",
    "lastControl": "to the one before",
    "press": "press a button, follow a link, choose",
    "within": "move within a slider, a row of buttons, a list, the tabs",
    "close": "close what is open, let go",
    "thisList": "open or close this list",
    "far": "farther at once, in every direction",
    "choose": "choose what is under the cursor",
    "moment": "one moment back or forward",
    "pen": "move the pen",
    "draw": "hold Space down and move: draw",
    "clearPad": "wipe the pad clean",
    "moveFrame": "move the frame",
    "sizeFrame": "resize the frame",
}
# keys whose sign a voice would not read out
SPOKEN_KEYS = {
    "← ↑ → ↓": "arrow keys", "← →": "left and right arrow", "↑ ↓": "up and down arrow",
    "Shift + ←": "Shift and arrow keys", "Space + ←": "Space and arrow keys", ", .": "comma and full stop",
    "Page ↓": "Page Down",
}  # fmt: skip


def key_words() -> dict[str, str]:
    """Those of the page, and of all kinds of pictures."""
    return KEY_WORDS | {name: text for kind in kinds().values() for name, text in kind.keys.items()}


def words_by_language() -> dict[str, dict[str, object]]:
    """{"en": {"cell": "from cell to cell …", …, "spoken": {"← →": "left and right arrow", …}}, "zh": …}."""
    made: dict[str, dict[str, object]] = {}
    for place, language in enumerate(LANGUAGES):
        made[language] = {name: in_every_language(text)[place] for name, text in key_words().items()}
        made[language]["spoken"] = {keys: in_every_language(text)[place] for keys, text in SPOKEN_KEYS.items()}
    return made
