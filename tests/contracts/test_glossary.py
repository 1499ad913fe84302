"""The glossary: both languages have the same terms, every mark names one, every term is met, and no mark leaks."""

import json
import re

import pytest

from engine.contracts import glossary
from engine.contracts.glossary import marks_in, term_called, terms, without_marks
from engine.contracts.lesson import lesson_steps, lesson_with_terms, lesson_words, marked
from engine.contracts.topic import catalogue
from engine.pictures.worksheet import worksheet_html
from engine.script.notebook import notebook_for
from pages.components.parts.glossary import places_of

LANGUAGES = ("en", "zh")
SLUGS = tuple(catalogue())


def test_marks_are_read_and_taken_off():
    text = "A [[softmax]] of [[logit|logits]] takes {share|3 %} of [[x̂₀]], list[[0]]."
    assert marks_in(text) == ["softmax", "logit", "x̂₀", "0"]
    assert without_marks("A [[softmax]] of **[[logit|logits]]** {share|3 %}") == "A softmax of **logits** {share|3 %}"
    button = '<span role="button" tabindex="0" class="term" data-term="logit">logits</span>'
    assert marked("**[[logit|logits]]** < 1") == f"<b>{button}</b> &lt; 1"
    assert marked("[[a & b|c]]", lambda mark: f"<{mark[2]}>") == "<c>"


@pytest.mark.parametrize(
    "text", ["no head", "## a: b\none\n## a: c\ntwo", "# a: b", "## A: b", "## a b"], ids=lambda text: repr(text)
)
def test_a_file_that_is_none_is_refused(text, tmp_path, monkeypatch):
    (tmp_path / "xx").mkdir()
    (tmp_path / "xx" / "any.md").write_text(text, "utf-8")
    monkeypatch.setattr(glossary, "TERMS", tmp_path)
    with pytest.raises(ValueError, match=r"any\.md: expected"):
        glossary._read("xx")


def test_terms_of_any_file_are_found(tmp_path, monkeypatch):
    (tmp_path / "xx").mkdir()
    (tmp_path / "xx" / "new_topic.md").write_text("## a_b: A b; other\n\nOne.\nTwo `x`.\n", "utf-8")
    monkeypatch.setattr(glossary, "TERMS", tmp_path)
    assert glossary._read("xx") == [("a_b", ["A b", "other"], "One. Two `x`.")]


def test_both_languages_have_the_same_terms_and_mark_the_same_in_them():
    english, chinese = (terms(language) for language in LANGUAGES)
    assert list(english) == list(chinese), "the same, in the order of their English names"
    for key, term in english.items():
        other = chinese[key]
        assert term.name == term.english == other.english
        assert re.search("[一-鿿]", other.text), key
        assert not re.search("[一-鿿]", term.text), key
        marks = [[term_called(name, language).key for name in marks_in(one.text)]
                 for language, one in (("en", term), ("zh", other))]  # fmt: skip
        assert sorted(marks[0]) == sorted(marks[1]), key
        assert key not in marks[0], f"{key} is explained by itself"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_name_is_that_of_one_term(language):
    names = [name.lower() for term in terms(language).values() for name in (term.name, *term.others)]
    assert sorted(names) == sorted(set(names))
    for term in terms(language).values():
        assert term_called(term.key, language) == term
        assert all(term_called(name.upper(), language) == term for name in (term.name, *term.others))
        assert 20 <= len(term.text) <= 400, f"{term.key}: one to three sentences"
        assert not set(term.name) & set('[]|"<>&*_`'), "it stands in HTML, Markdown and links as it is"


@pytest.mark.parametrize("slug", SLUGS)
def test_every_mark_of_a_lesson_names_a_term_once_and_the_same_in_both_languages(slug):
    found = {}
    for language in LANGUAGES:
        lesson = lesson_with_terms(slug, language)
        steps = {step.name: f"{step.text}{step.question}{step.answer}" for step in lesson.steps}
        parts = {"": lesson.introduction, **steps, "=": lesson.end}
        called = {
            place: [(name, term_called(name, language)) for name in marks_in(text)] for place, text in parts.items()
        }
        assert [name for names in called.values() for name, term in names if term is None] == []
        found[language] = {place: {term.key for _, term in names} for place, names in called.items()}
        keys = [term.key for names in called.values() for _, term in names]
        assert len(keys) == len(set(keys)), f"{language}: marked where it comes first, and only there: {sorted(keys)}"
        for step in lesson.steps:
            assert not marks_in(step.title + "".join(step.choices.values())), "titles and choices stay plain"
    assert found["en"] == found["zh"]


def test_every_term_is_met():
    """In a lesson, as a knob or one of its choices, or in the words of another term."""
    inside = {term_called(name, "en").key for term in terms("en").values() for name in marks_in(term.text)}
    assert [key for key in terms("en") if not places_of(key) and key not in inside] == []


@pytest.mark.parametrize("key", terms("en"))
def test_places_of_a_term_are_steps_that_there_are(key):
    for topic, step in places_of(key):
        assert step in {None, "end", *(one.name for one in lesson_steps(topic))}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("slug", SLUGS)
def test_no_mark_leaks(slug, language):
    """Who asks for the words of a lesson gets none, nor do worksheet and notebook."""
    topic, lesson = catalogue()[slug], lesson_words(slug, language)
    parts = [lesson.introduction, lesson.end]
    for step in lesson.steps:
        parts += [step.title, step.text, step.question, step.answer, step.usual, *step.choices.values()]
    assert not [part for part in parts if "[[" in part or "]]" in part]
    assert all(
        "[[" not in marked(part) for part in vars(lesson_with_terms(slug, language)).values() if type(part) is str
    )
    page = worksheet_html(topic.title, topic.question, lesson, (), "", language)
    assert "[[" not in page
    assert 'class="term"' not in page
    if language == "en":
        cells = json.loads(notebook_for(topic, topic.config(), lesson))["cells"]
        assert not [cell for cell in cells if cell["cell_type"] == "markdown" and "[[" in cell["source"]]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("slug", SLUGS)
def test_a_worksheet_explains_its_terms_and_those_of_an_answer_in_the_key(slug, language):
    topic, lesson = catalogue()[slug], lesson_words(slug, language)
    asked, key = worksheet_html(topic.title, topic.question, lesson, (), "", language).split('<div class="key">')
    for names, there, elsewhere in ((lesson.terms, asked, key), (lesson.told_terms, key, asked)):
        for name in names:
            term = term_called(name, language)
            assert f"<dt>{term.title}</dt><dd>{marked(without_marks(term.text))}</dd>" in there
            assert f"<dt>{term.title}</dt>" not in elsewhere


ANSWERS = {  # terms whose meaning answers the question of a step: marked with its answer, or later, or not there
    ("cnn", "one_number"): {"convolution", "kernel", "feature_map"},
    ("cnn", "field"): {"receptive_field"},
    ("cnn", "too_fast"): {"learning_rate", "divergence"},
    ("cnn", "dead"): {"relu"},
    ("diffusion", "fresh_noise"): {"ddim"},
    ("diffusion", "expect"): {"squared_error"},
    ("gnn", "twelve"): {"over_smoothing"},
    ("gnn", "shortcuts"): {"residual_connection"},
    ("gnn", "unlike"): {"homophily"},
    ("image_classifier", "sum"): {"integrated_gradients"},
    ("image_classifier", "astronaut"): {"softmax"},
    ("mlp", "line"): {"decision_boundary"},
    ("mlp", "by_heart"): {"overfitting"},
    ("mlp", "too_fast"): {"learning_rate", "divergence"},
    ("one_stage", "flower"): {"sigmoid"},
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("slug", "name"), ANSWERS)
def test_no_term_marked_before_a_question_answers_it(slug, name, language):
    step = next(step for step in lesson_with_terms(slug, language).steps if step.name == name)
    marked_before = {term_called(one, language).key for one in marks_in(step.text + step.question)}
    assert not marked_before & ANSWERS[slug, name]


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("semi_supervised", ("enough", "够")),  # 31 of 32 by two labels
        ("confidence", ("fit", "合适")),  # what it should come to
        ("over_smoothing", ("hortcut", "捷径")),  # the next step asks whether they help
    ],
)
def test_what_a_term_means_does_not_answer_the_question_that_it_is_marked_in(key, told):
    for language, words in zip(LANGUAGES, told, strict=True):
        assert words not in terms(language)[key].text
