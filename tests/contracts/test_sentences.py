"""What readers write stays letters: in Markdown, in HTML, in messages, in both languages."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contracts.knob import KnobError
from engine.contracts.sentences import MOST_QUOTED, WORD_JOINER, Marked, filled, harmless, quoted, visible
from pages.components.parts import language
from pages.components.parts.errors import sentence
from tests.hostile import HOSTILE, letters_of

TEMPLATE = "Nothing is called “{text}” here. Try a shorter word."


@pytest.fixture(params=["en", "zh"])
def spoken(request, monkeypatch):
    monkeypatch.setattr(language, "language", lambda: request.param)
    return request.param


@given(st.text())
def test_harmless_text_is_the_same_letters_in_html_and_begins_nothing(text):
    made = harmless(text)
    assert letters_of(made) == re.sub(WORD_JOINER, "", text)
    left = re.sub(r"&#\d+;", "", made)
    assert not set(left) & set('\\`*_[]<>&$:~|^"\n\r\t')
    assert harmless(made) is made  # once is enough


@pytest.mark.parametrize("text", HOSTILE)
def test_a_value_is_made_harmless_and_its_template_is_not(text, spoken):
    said = language.t(TEMPLATE, text=text)
    assert said == language.drawn(TEMPLATE, text=harmless(text))
    assert letters_of(said) == language.drawn(TEMPLATE, text=text)
    assert language.drawn(TEMPLATE, text=text).count(text) == 1
    bold = language.t(
        "**{name}** is **{value}** at x₁ = {x}, x₂ = {y}, step {step}",
        name=text,
        value="4",
        x="1",
        y="2",
        step="3",
    )
    assert bold.count("**") == 4


@pytest.mark.parametrize("text", HOSTILE)
def test_a_readers_text_is_no_template_either(text, spoken):
    assert letters_of(language.t(text)) == text.replace(WORD_JOINER, "")
    assert language.t(text) == harmless(text)
    assert language.drawn(text) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_a_message_quotes_what_was_typed(text, spoken):
    error = KnobError("{label}: expected a number, got {value!r}", label=text, value=text)
    assert str(error) == f"{text}: expected a number, got “{text}”"
    said = letters_of(sentence(error))
    assert said.count(text) == 2
    assert f"“{text}”" in said
    assert not set("*_[<$|`") & set(re.sub(r"&#\d+;", "", sentence(error)))


def test_what_is_said_already_is_not_escaped_again(spoken):
    once = language.t(TEMPLATE, text="<b>")
    assert "&#60;b&#62;" in once
    assert once in language.t("{problem} The page starts from its own first weights.", problem=once)
    assert language.t("; ").join([once, "<i>"]) == f"{once}{language.t('; ')}&#60;i&#62;"
    assert isinstance(language.t("; ").join([once]), Marked)


def test_quoted_words_come_back_as_typed_and_what_cannot_be_seen_has_a_sign():
    assert quoted("a\\b \"c\" 'd' 艾é") == "“a\\b \"c\" 'd' 艾é”"
    assert quoted("a\nb\tc\0\x7f") == "“a␊b␉c␀␡”"
    assert visible("a\u200bb\u202ec\ufeff") == "a⟨U+200B⟩b⟨U+202E⟩c⟨U+FEFF⟩"
    assert visible("👩\u200d🔬 a\u00a0b") == "👩\u200d🔬 a\u00a0b"
    assert quoted("x" * MOST_QUOTED) == f"“{'x' * MOST_QUOTED}”"
    assert quoted("x" * 61) == f"“{'x' * (MOST_QUOTED - 1)}…”"
    assert filled("got {value!r}", {"value": 2.5}) == "got 2.5"
    assert filled("got {value!r}", {"value": None}) == "got None"


def test_numbers_and_names_without_marks_stay_as_they_are():
    for text in ("1.5", "−3", "+0.12", "1,234", "L4H2", "chelsea", "jack-o'-lantern", "97.8 %", "{k}", "a (b)", "x!"):
        assert harmless(text) == text
