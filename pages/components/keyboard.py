"""The words for keys: what the list that `?` opens says, and what a screen reader says of a canvas.

They reach the browser once, with the code (words.js, made in pages/components/mount.py), and not with every change.
"""

from __future__ import annotations

from pages.components.language import LANGUAGES, in_every_language

# name in assets/components/*.js -> what it says
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
    "cell": "from cell to cell, the value is read out",
    "picture": "from picture to picture",
    "nextPicture": "the same place in the next picture (Page ↑: the one before)",
    "far": "farther at once, in every direction",
    "choose": "choose what is under the cursor",
    "moment": "one moment back or forward",
    "place": "move the cursor over the plane",
    "nextPoint": "to the next point (Shift + N: the one before)",
    "addPoint": "add a point",
    "chooseSpot": "compute at this place",
    "carryPoint": "take up the nearest point, move it with the arrows, put it down with M or Enter",
    "removePoint": "delete the nearest point",
    "pointClass": "class of new points",
    "neuron": "from neuron to neuron, layer to layer",
    "weight": "along the weights into a neuron, the strongest first (Shift + W: back)",
    "chooseNeuron": "choose a neuron or weight, switch an input on or off",
    "resize": "to the buttons that add and remove neurons",
    "node": "to the nearest node in that direction",
    "nextNode": "to the next node in order (Shift + N: the one before)",
    "carryNode": "take up the node, move it with the arrows, put it down with M or Enter",
    "point": "from point to point",
    "goThere": "show this moment everywhere",
    "token": "from token to token",
    "otherSide": "to the other column",
    "choosePicture": "choose the next picture in that direction",
    "pen": "move the pen",
    "draw": "hold Space down and move: draw",
    "clearPad": "wipe the pad clean",
    "moveFrame": "move the frame",
    "sizeFrame": "resize the frame",
    "stepNumber": "one step more or less",
    "nextNumber": "to the next number",
}
# keys whose sign a voice would not read out
SPOKEN_KEYS = {
    "← ↑ → ↓": "arrow keys", "← →": "left and right arrow", "↑ ↓": "up and down arrow",
    "Shift + ←": "Shift and arrow keys", "Space + ←": "Space and arrow keys", ", .": "comma and full stop",
    "Page ↓": "Page Down",
}  # fmt: skip


def words_by_language() -> dict[str, dict[str, object]]:
    """{"en": {"cell": "from cell to cell …", …, "spoken": {"← →": "left and right arrow", …}}, "zh": …}."""
    made: dict[str, dict[str, object]] = {}
    for place, language in enumerate(LANGUAGES):
        made[language] = {name: in_every_language(text)[place] for name, text in KEY_WORDS.items()}
        made[language]["spoken"] = {keys: in_every_language(text)[place] for keys, text in SPOKEN_KEYS.items()}
    return made
