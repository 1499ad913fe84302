"""The words for keys: those that the components ask for are there, in both languages, and no others."""

import json
import re
from pathlib import Path

import pytest

from pages.components.parts.keyboard import SPOKEN_KEYS, key_words, words_by_language
from pages.components.pictures.mount import _assets
from tests import strings

ROOT = Path(__file__).parents[2]
FILES = [*ROOT.glob("assets/components/*.js"), *ROOT.glob("engine/pictures/*/*.js")]
SCRIPTS = {path.name: path.read_text("utf-8") for path in FILES}
# ["← →", "moment"] or ["Enter", editable ? "addPoint" : "chooseSpot"]
PAIR = re.compile(r'\["([^"\]]+)"(?: \+ many)?, (?:[\w.]+ \? "(\w+)" : )?"(\w+)"\]')


def pairs() -> list[tuple[str, str]]:
    """(keys, name of a word) of every shortcuts() and of the page's own list."""
    found = []
    for name, script in SCRIPTS.items():
        bodies = re.findall(r"shortcuts\(\) \{\n(.*?)\n  \}", script, re.S)
        bodies += re.findall(r"(?:TIME_KEYS|GENERAL) = (.*?);\n", script, re.S)
        for keys, one, other in PAIR.findall("\n".join(bodies)):
            found += [(keys, word) for word in (one, other) if word]
        assert name != "points.js" or len(PAIR.findall(bodies[0])) >= 6
    return found


def test_every_canvas_that_can_have_the_focus_tells_its_keys():
    for name, script in SCRIPTS.items():
        if "keyboard(this, {" in script or name == "pad.js":
            assert "shortcuts() {" in script, name


def test_components_ask_for_words_that_there_are_and_all_are_asked_for():
    asked = {word for _, word in pairs()}
    assert asked <= key_words().keys()
    named = {
        word
        for word in key_words()
        if any(f"words.{word}" in script or f"{word}:" in script for script in SCRIPTS.values())
    }
    assert key_words().keys() == asked | named


def test_keys_that_are_signs_are_spoken_as_words():
    signs = {keys for keys, _ in pairs() if re.search(r"[←↑→↓,]", keys)}
    assert signs - {"Page ↑"} <= SPOKEN_KEYS.keys() | {"← →"}


@pytest.mark.parametrize("text", [*key_words().values(), *SPOKEN_KEYS.values()])
def test_every_word_has_a_translation(text):
    assert text in strings.table()


def test_the_browser_gets_both_languages_with_the_code():
    script = _assets()[1]["words.js"].decode()
    sent = json.loads(script[script.index("{") : script.rindex("}") + 1])
    assert sent == words_by_language()
    assert sent.keys() == {"en", "zh"}
    assert sent["en"].keys() == sent["zh"].keys()
    assert sent["en"]["spoken"].keys() == sent["zh"]["spoken"].keys() == SPOKEN_KEYS.keys()
    assert sent["zh"]["cell"] != sent["en"]["cell"]
