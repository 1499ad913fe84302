"""Words: both languages tell the same lesson with the same presets, and every text of the pages has its Chinese."""

import ast

import pytest

from engine.contracts.topic import catalogue
from pages.components.parts.lesson import FOLDER, read_lesson
from tests import strings

LANGUAGES = ("en", "zh")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("slug", catalogue())
def test_a_lesson_is_whole(slug, language):
    introduction, steps = read_lesson(slug, language)
    assert introduction
    assert 3 <= len(steps) <= 7
    for step in steps:
        assert step.preset in catalogue()[slug].presets, step.title
        assert step.title
        assert step.text.strip(), step.title
        assert step.question, step.title
        assert 2 <= len(step.choices) <= 4, step.title
        assert len(set(step.choices)) == len(step.choices), step.title
        assert 0 <= step.right < len(step.choices), step.title
        assert step.answer.strip(), step.title
    raw = (FOLDER / language / f"{slug}.md").read_text("utf-8")
    assert raw.count("(right)") == len(steps), "exactly one right choice a step, marked (right)"
    assert len({step.title for step in steps}) == len(steps)


@pytest.mark.parametrize("slug", catalogue())
def test_both_languages_tell_the_same_lesson(slug):
    english, chinese = (read_lesson(slug, language)[1] for language in LANGUAGES)
    assert [step.preset for step in english] == [step.preset for step in chinese]
    assert [step.right for step in english] == [step.right for step in chinese]
    assert [len(step.choices) for step in english] == [len(step.choices) for step in chinese]
    for one, other in zip(english, chinese, strict=True):
        assert any("一" <= letter <= "鿿" for letter in other.text), "the Chinese step is in Chinese"
        assert not any("一" <= letter <= "鿿" for letter in one.text)


def test_every_lesson_belongs_to_a_topic():
    for language in LANGUAGES:
        assert {path.stem for path in (FOLDER / language).glob("*.md")} == set(catalogue())


def test_every_text_has_its_chinese():
    assert strings.missing() == {}


def test_no_translation_is_left_over():
    assert strings.unused() == []


def test_fields_are_the_same_in_both_languages():
    assert strings.wrong_fields() == []
    for text, chinese in strings.table().items():
        assert chinese.strip(), text


def test_the_reader_of_texts_sees_them():
    tree = ast.parse(
        'WORDS = {"a": "one", "b": "two"}\nLOOSE = ("never",)\n'
        't("three")\nt("fo" "ur", count=1)\nt("five" if x else "six")\nt(WORDS[key])\nother("no")\nst.t("no")\n'
    )
    assert {text for _, text in strings._translated(tree, strings.SAYS)} == {
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
    }
    assert strings.fields("{a} of {b:.2f} and {c!r} {{d}}") == {"a", "b", "c"}
    used = strings.used_strings()
    assert "{label}: expected one of {choices}, got {value!r}" in used
    assert {topic.title for topic in catalogue().values()} <= used.keys()
