"""Lessons: both languages tell the same one, each step's verdict is measured and is the one that the words explain; and
every text of the pages has its Chinese."""

import ast
import re
from collections import deque
from collections.abc import Iterator
from functools import cache

import pytest

from engine.contracts.knob import knobs, without_run
from engine.contracts.lesson import FIELD, FOLDER, RIGHT, lesson_steps, lesson_words, read_lesson
from engine.contracts.topic import catalogue
from engine.machinery.whole_run import LOOKS
from pages.components.parts.player import SPEEDS
from pages.components.parts.topics import view_type
from tests import strings

LANGUAGES = ("en", "zh")
STEPS = [(slug, at) for slug, topic in catalogue().items() for at in range(len(lesson_steps(topic)))]
NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("slug", catalogue())
def test_a_lesson_is_whole(slug, language):
    words = lesson_words(slug, language)
    assert words.introduction
    assert 3 <= len(words.steps) <= 10
    assert [step.name for step in words.steps] == [step.name for step in lesson_steps(catalogue()[slug])]
    for step in words.steps:
        assert step.title
        assert step.text, step.title
        assert step.question, step.title
        assert 2 <= len(step.choices) <= 4, step.title
        assert len(set(step.choices.values())) == len(step.choices), step.title
        assert step.right in step.choices, step.title
        assert step.answer, step.title
    raw = (FOLDER / language / f"{slug}.md").read_text("utf-8")
    assert not re.search("^(<<<<|====|>>>>)", raw, re.MULTILINE), "two versions of one text"
    assert raw.count(RIGHT) == len(words.steps), "exactly one right choice a step, marked (right)"
    assert len({step.title for step in words.steps}) == len(words.steps)


@pytest.mark.parametrize("line", ["<<<<<<< HEAD", "A sentence", "-half: no space"])
def test_what_stands_behind_a_question_and_is_no_answer_is_refused(line):
    """Two versions of an answer would both be shown."""
    whole = "Hello.\n## Title\nstep: one\nText.\n? What?\n- half: a half (right)\n{line}\n> A half."
    assert read_lesson(whole.format(line="")).steps[0].text == "Text."
    with pytest.raises(ValueError, match="behind a question"):
        read_lesson(whole.format(line=line))


@pytest.mark.parametrize("slug", catalogue())
def test_both_languages_tell_the_same_lesson(slug):
    english, chinese = (lesson_words(slug, language).steps for language in LANGUAGES)
    assert [step.name for step in english] == [step.name for step in chinese]
    assert [step.right for step in english] == [step.right for step in chinese]
    assert [list(step.choices) for step in english] == [list(step.choices) for step in chinese]
    for one, other in zip(english, chinese, strict=True):
        assert {field[0] for field in FIELD.findall(one.answer)} == {field[0] for field in FIELD.findall(other.answer)}
        assert any("一" <= letter <= "鿿" for letter in other.text), "the Chinese step is in Chinese"
        assert not any("一" <= letter <= "鿿" for letter in one.text)


@pytest.mark.parametrize("slug", catalogue())
def test_a_step_names_what_there_is(slug):
    topic = catalogue()[slug]
    there = {knob.name for knob in knobs(topic.config)}
    seen = {knob.name for knob in knobs(view_type(topic))}
    for step in lesson_steps(topic):
        assert step.preset in topic.presets, step.name
        assert {*step.ask, *step.show} <= there | seen, step.name
        assert set(step.knobs) <= there, step.name
        assert step.pace in ("", *SPEEDS), step.name
        for knob in knobs(view_type(topic)):
            for fields in (step.ask, step.show):
                if knob.name in fields:
                    assert knob.accept(fields[knob.name]) == fields[knob.name], step.name
        for answered in (False, True):
            config = step.config(topic, answered=answered)
            assert all(
                knob.accept(getattr(config, knob.name)) == getattr(config, knob.name) for knob in knobs(topic.config)
            )
        if step.until is not None:
            assert topic.trains(step.config(topic, answered=False)), f"{step.name}: trains, although nothing can be"


@cache
def result_of(slug, path, config):
    """What a verdict is read off, of a stream its last Snapshot; some steps share one."""
    topic = catalogue()[slug]
    if path == topic.run and topic.trains(config) and topic.steps_of(config):
        experiment = topic.training.at(topic.training.experiment(config), topic.steps_of(config))
        return topic.load(topic.training.result_of)(config, moments_of(slug, experiment))
    made = topic.load(path)(config)
    return deque(made, 1).pop() if isinstance(made, Iterator) else made


@cache
def moments_of(slug, config):
    """A whole run, as the page watches it; steps that look at it in other ways share one."""
    topic = catalogue()[slug]
    steps, stream = topic.steps_of(config), topic.load(topic.training.stream)(config)
    moments = [next(stream)]
    try:
        while moments[-1].step < steps:
            moments.append(stream.send(min(max(1, steps // LOOKS), steps - moments[-1].step)))
    except (StopIteration, ArithmeticError):  # it diverged: the last moment shows it
        pass
    return moments


@pytest.mark.parametrize(("slug", "at"), STEPS, ids=lambda value: str(value))
def test_what_comes_is_what_the_step_explains(slug, at):
    """The page sets itself up as the step says and runs; the verdict is the choice marked in both languages, and what
    usually comes, as the words have it, is what came, to 3 % or two of its last digits."""
    topic = catalogue()[slug]
    step = lesson_steps(topic)[at]
    if step.path is None:
        result = result_of(slug, topic.run, step.whole(topic))
    else:
        result = result_of(slug, step.path, without_run(step.config(topic, answered=True)))
    verdict = step.verdict(result)
    if step.sketch is not None:  # who draws what comes is right, and no distance from it
        drawn = step.sketch.truth(result)
        assert step.sketch.reads(drawn, result) == verdict.choice
        assert not FIELD.search(step.sketch.difference(drawn, result))
    for language in LANGUAGES:
        words = lesson_words(slug, language).steps[at]
        assert verdict.choice == words.right, f"{step.name}: came out as {verdict}"
        told = words.told(verdict.values, language)
        for name, usual in FIELD.findall(words.answer):
            spoken = _spoken(verdict, name, language)
            assert spoken in told
            assert _close(spoken, usual), f"{step.name}: {name} is {spoken}, the words say {usual}"


def _spoken(verdict, name, language):
    value = verdict.values[name]
    return value.text(language) if hasattr(value, "text") else str(value)


def _close(one, other):
    first, second = (
        NUMBER.findall(text.replace("\u202f", "").replace("−", "-").replace(",", "")) for text in (one, other)
    )
    if not first and not second:
        return one == other
    if len(first) != len(second):
        return False
    for a, b in zip(first, second, strict=True):
        last = 10.0 ** -len(b.partition(".")[2])
        if abs(float(a) - float(b)) > max(0.03 * abs(float(b)), 2 * last):
            return False
    return True


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
