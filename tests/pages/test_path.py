"""Paths in cookies and links: what fits is taken, what does not is told of in one sentence."""

import pytest

from engine.contracts.topic import catalogue
from pages.components.parts.path import MOST_CHARACTERS, path_text, read_path
from tests.visitor import Visitor

SLUGS = list(catalogue())


def test_a_path_is_read_back_as_it_was_written():
    for path in ([], SLUGS[:1], SLUGS, SLUGS[::-1]):
        assert read_path(path_text(path)) == (path, [])


def test_of_a_path_stays_what_there_is_each_once_and_it_is_bounded():
    one, other = SLUGS[:2]
    assert read_path(f"{one}.{one}.zzz.{other}.") == ([one, other], [one, "zzz", ""])
    path, wrong = read_path(".".join(SLUGS * 5000))
    assert path == SLUGS
    assert len(wrong) < MOST_CHARACTERS


@pytest.mark.parametrize(
    ("given", "shown", "told"),
    [
        (f"{SLUGS[2]}.{SLUGS[0]}", [SLUGS[2], SLUGS[0]], []),
        ("", [], []),
        (f"{SLUGS[0]}.nonsense.{SLUGS[1]}", SLUGS[:2], ["nonsense"]),
        (f"{SLUGS[0]}.{SLUGS[0]}", SLUGS[:1], [SLUGS[0]]),
        ("<script>.a.b.c.d", [], ["script", "a", "b", "…"]),
        ("....", [], ["''"]),
        ("x" * 9000, [], ["x" * 20]),
    ],
)
@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_a_link_shows_its_path_and_one_sentence_about_nonsense(server, given, shown, told, locale):
    visitor = Visitor(server.address, locale=locale)
    answer = visitor.open(query=f"path={given}")
    assert answer.errors == []
    assert visitor.data("path")[0]["order"] == shown
    alerts = [element.body for kind, element, _ in visitor.elements.values() if kind == "alert"]
    assert len(alerts) == bool(told), alerts
    for word in told:
        assert word in alerts[0].replace("\u2060", ""), alerts
    if told:
        assert ("path of this link" if locale == "en-US" else "学习路线") in alerts[0]
        assert len(alerts[0]) < 320
    visitor.close()
