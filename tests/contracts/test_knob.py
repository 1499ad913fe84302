"""Knobs: text, links and the command line read back exactly what was written; bad values fall back and are reported."""

import dataclasses
import math
import random
import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.command_line import read_config
from engine.contracts.knob import (
    Knob,
    KnobError,
    Rejected,
    check_signs,
    configuration,
    differences,
    from_query,
    knob,
    knobs,
    random_value,
    shortest,
    to_query,
    without_run,
)
from engine.contracts.sentences import filled
from engine.contracts.signs import left_out, one_line, shows_nothing
from engine.contracts.topic import catalogue
from engine.data.rows import config_rows


def no_spaces(text):
    if " " in text:
        raise KnobError("Word: expected no space in {text!r}", text=text)


@configuration
class Example:
    switch: bool = knob(True, "Switch")
    count: int = knob(3, "Count", low=-5, high=40)
    rate: float = knob(0.01, "Rate", low=1e-6, high=10.0, log=True)
    share: float = knob(0.5, "Share", low=-1.0, high=1.0)
    colour: str = knob("red", "Colour", choices={"red": "Red", "green": "Green"})
    parts: tuple = knob(("c", "a"), "Parts", choices=("a", "b", "c"), low=1)
    any_parts: tuple = knob((), "Any parts", choices=("a", "b", "c"))
    sizes: tuple = knob((4, 5), "Sizes", low=1, high=9, most=3)
    word: str = knob("hello", "Word", most=8, check=no_spaces)
    steps: int = knob(0, "Steps", low=0, high=99, run_only=True)


def random_config(config_type, seed):
    source = random.Random(seed)
    return config_type(**{item.name: random_value(item, source) for item in knobs(config_type)})


@pytest.mark.parametrize("slug", [None, *catalogue()])
def test_random_configs_survive_text_link_and_command_line(slug):
    config_type = Example if slug is None else catalogue()[slug].config
    seen = set()
    for seed in range(200):
        config = random_config(config_type, seed)
        seen.add(config)  # hashable, and the draws differ
        for item in knobs(config_type):
            value = getattr(config, item.name)
            assert item.from_text(item.to_text(value)) == value, (item.name, value)
            assert type(item.from_text(item.to_text(value))) is type(value)
            assert item.accept(value) == value
        query = to_query(config)
        assert from_query(config_type, query) == (config, [])
        if slug is not None:
            assert read_config(catalogue()[slug], None, [f"{name}={text}" for name, text in query.items()]) == config
            table = {row[0]: row[1] for row in config_rows(config)[1:]}
            assert from_query(config_type, table) == (config, [])
    assert len(seen) > 190


@pytest.mark.parametrize(
    ("slug", "preset"), [(slug, name) for slug, topic in catalogue().items() for name in topic.presets]
)
def test_presets_survive_the_link(slug, preset):
    topic = catalogue()[slug]
    assert from_query(topic.config, to_query(topic.presets[preset])) == (topic.presets[preset], [])


@given(st.floats(1e-6, 10.0), st.floats(-1.0, 1.0), st.text("abc def", max_size=8).filter(lambda text: " " not in text))
def test_floats_and_texts_survive_to_the_last_bit(rate, share, word):
    config = Example(rate=rate, share=share, word=word)
    again, rejected = from_query(Example, to_query(config))
    assert rejected == []
    assert (again.rate, again.share, again.word) == (rate, share, word)


def test_defaults_stay_out_of_the_link():
    assert to_query(Example()) == {}
    assert to_query(Example(count=4, parts=("c", "b"))) == {"count": "4", "parts": "b.c"}
    assert to_query(Example(parts=("a", "c"))) == {}  # the default was declared in another order
    for topic in catalogue().values():
        assert to_query(topic.config()) == {}


def test_choices_have_one_canonical_order():
    assert Example(parts=("c", "a")) == Example(parts=("a", "c")) == Example(parts=["a", "c"])
    assert hash(Example(parts=("c", "a"))) == hash(Example(parts=("a", "c")))
    assert Example(parts=("b", "b", "a")).parts == ("a", "b")


def test_a_message_names_the_first_and_last_of_many_choices():
    few, many = (Knob("", "choices", (), "Parts", "", choices=tuple(map(str, range(n)))) for n in (12, 40))
    with pytest.raises(KnobError, match=r"some of 0, 1, .*, 11, got"):
        few.accept(("x",))
    with pytest.raises(KnobError, match="some of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …, 39, got"):
        many.accept(("x",))


def test_values_take_their_canonical_type():
    config = Example(count=7.0, rate=1, sizes=(2.0, 3))
    assert (config.count, type(config.count)) == (7, int)
    assert (config.rate, type(config.rate)) == (1.0, float)
    assert [type(size) for size in config.sizes] == [int, int]


def test_configs_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Example().count = 4
    with pytest.raises(KnobError):
        dataclasses.replace(Example(), count=41)


BAD_TEXTS = [
    ("switch", "maybe", "Switch", "yes or no"),
    ("count", "41", "Count", "-5 to 40"),
    ("count", "3.5", "Count", "whole number"),
    ("count", "many", "Count", "a number"),
    ("count", "nan", "Count", "whole number"),
    ("count", "1e99", "Count", "-5 to 40"),
    ("count", "9" * 400, "Count", "-5 to 40, got 1e+400"),
    ("count", "9" * 5000, "Count", "-5 to 40, got 99999999999…"),
    ("count", "40.00000000001", "Count", "whole number, got 40.00000000001"),
    ("rate", "1e400", "Rate", "1e-06 to 10, got 1e400"),
    ("rate", "1e-320", "Rate", "1e-06 to 10, got 1e-320"),
    ("rate", "10.000000000000002", "Rate", "1e-06 to 10, got 10.000000000000002"),
    ("parts", "a.b.c.a.b.c.a.b.c.a.b.c.a.b.c.a.b.c.a.b.c.d", "Parts", "some of a, b, c, got “d”"),
    ("rate", "0", "Rate", "1e-06 to 10"),
    ("rate", "nan", "Rate", "a number"),
    ("rate", "inf", "Rate", "a number"),
    ("share", "1.0001", "Share", "-1 to 1"),
    ("colour", "blue", "Colour", "red, green"),
    ("parts", "", "Parts", "at least 1"),
    ("parts", "a.d", "Parts", "some of a, b, c"),
    ("parts", "a..b", "Parts", "some of a, b, c"),
    ("sizes", "1-2-3-4", "Sizes", "at most 3"),
    ("sizes", "0", "Sizes", "1 to 9"),
    ("sizes", "2-x", "Sizes", "whole numbers"),
    ("sizes", "-", "Sizes", "whole numbers"),
    ("sizes", "9" * 400, "Sizes", "1 to 9"),
    ("sizes", "9" * 5000, "Sizes", "1 to 9, got 99999999999…"),
    ("word", "far too long", "Word", "at most 8"),
    ("word", "a b", "Word", "no space"),
]


@pytest.mark.parametrize(("name", "text", "label", "expected"), BAD_TEXTS)
def test_bad_texts_fall_back_and_are_reported(name, text, label, expected):
    config, rejected = from_query(
        Example, {name: text, "count": text} if name == "count" else {name: text, "count": "9"}
    )
    assert config == (Example() if name == "count" else Example(count=9))  # the good part of the link stands
    assert [type(item) for item in rejected] == [Rejected]
    assert (rejected[0].name, rejected[0].text) == (name, text[:80])
    message = str(rejected[0].reason)
    assert message.startswith(label + ":")
    assert expected in message
    assert len(message) < 160  # absurdly long links make no absurdly long messages
    assert filled(rejected[0].reason.template, rejected[0].reason.values) == message


@given(st.data())
def test_what_was_expected_and_what_came_read_differently(data):
    """However near a number is to its bound; read back, what is shown lies outside what is shown to be allowed."""
    item = data.draw(st.sampled_from([item for item in knobs(Example) if item.kind in ("int", "float", "sizes")]))
    near = st.sampled_from([math.nextafter(item.low, -math.inf), math.nextafter(item.high, math.inf)])
    scaled = st.floats(1e-16, 1e-3).flatmap(lambda more: st.sampled_from([item.high + more, item.low - more]))
    numbers = st.integers() | st.integers(-(10**400), 10**400)
    if item.kind == "float":
        numbers |= near | scaled | st.floats(allow_nan=False, allow_infinity=False)
    value = data.draw(numbers.filter(lambda value: not item.low <= value <= item.high))
    with pytest.raises(KnobError) as caught:
        item.accept((value,) if item.kind == "sizes" else value)
    shown = caught.value.values
    low, high, came = (Decimal(shown[name]) for name in ("low", "high", "value"))
    assert (low, high) == (Decimal(repr(item.low)), Decimal(repr(item.high)))
    assert came < low or came > high
    assert len(str(caught.value)) < 120


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**29), 10**29))
def test_numbers_are_shown_so_that_no_other_is(value):
    assert type(value)(float(shortest(value)) if isinstance(value, float) else shortest(value)) == value


SHOWN = [item for topic in catalogue().values() for item in knobs(topic.config) if item.kind == "text"]


@pytest.mark.parametrize("item", SHOWN, ids=lambda item: item.name)
def test_what_is_computed_with_is_what_a_box_shows(item):
    """A line of signs that can be seen; in a code, which no box shows, others are an error."""
    for code in (*range(32), *range(0x7F, 0xA0), 0x2028, 0x2029, 0xD800, 0xDFFF):
        text = f"one{chr(code)}two"
        if item.hidden:
            with pytest.raises(KnobError, match=f"expected visible signs alone, got U\\+{code:04X}"):
                item.from_text(text)
        else:
            blank = " " if code in (9, 10, 11, 12, 13, 0x85, 0x2028, 0x2029) else ""
            between = "\ufffd" if code >= 0xD800 else blank
            unchecked = dataclasses.replace(item, check=None)  # what it means is another question
            assert unchecked.from_text(text) == f"one{between}two"


@given(st.text(st.characters() | st.sampled_from("\n\r\t\0\x85\u2028a "), max_size=30))
def test_a_line_stays_what_it_is(text):
    line = one_line(text)
    assert one_line(line) == line
    assert line.encode().decode() == line  # nothing that cannot be written
    assert len(line.splitlines()) <= 1
    assert not [sign for sign in line if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp")]


def test_ends_of_lines_are_one_blank():
    assert one_line("a\r\nb\nc\rd\te") == "a b c d e"
    assert one_line("nul\0l") == "null"


@given(st.text(st.characters() | st.sampled_from("\n\r\t\0\x85\u2028\ud800a "), max_size=30))
def test_what_is_left_out_is_what_a_line_lacks(text):
    line, lost = one_line(text), left_out(text)
    assert not set(lost) & set(line)
    assert bool(lost) == (
        len(line) < len(text.replace("\r\n", "\n")) or any(sign >= "\ud800" and sign <= "\udfff" for sign in text)
    )


@pytest.mark.parametrize(
    "text",
    ["\0", "\0\x07\x7f", "\0 \n", "\u200b", "\ufeff\u2060\u200d", "\u3000\xa0", "\ufffd", "\ufe0f", "\u3164",
     "\U000e0041"],
    ids=ascii,
)  # fmt: skip
def test_a_text_of_nothing_to_be_seen_is_told_of(text):
    """Not computed as an empty one without a word; what reads the same with one sign more is a text."""
    declared = next(item for item in knobs(catalogue()["attention"].config) if item.name == "text")
    assert shows_nothing(text)
    with pytest.raises(KnobError, match="Text: expected signs that can be seen, got “"):
        declared.from_text(text)
    for sign in "a中🫨.":
        assert not shows_nothing(text + sign)
        assert sign in declared.from_text(text + sign)
    for blank in ("", " ", "   ", "\t\n "):  # is what it looks like
        assert not shows_nothing(blank)
        assert declared.from_text(blank) == " " * len(blank)


def test_half_of_a_pair_alone_is_nothing_to_be_seen():
    assert shows_nothing("\ud800\udc01 ")
    assert left_out("a\ud800\0") == ["\ud800", "\0"]


def test_signs_that_a_link_loses_are_named():
    config = catalogue()["attention"].config
    check_signs(config, {"text": "two\nlines\tand one \u200b", "second": "\0", "queries": "\0"})  # or an error says it
    with pytest.raises(KnobError, match=r"they were left out: U\+0000, U\+0007\.$"):
        check_signs(config, {"text": "a\0b\0c", "second": "\x07d"})
    every = "".join(map(chr, (*range(9), *range(14, 32), *range(127, 0x85))))
    with pytest.raises(KnobError, match=r"U\+0000, U\+0001, …, U\+0084\.$"):
        check_signs(config, {"text": f"a{every}"})


@pytest.mark.parametrize("text", ["41", "3.5", "many"])
def test_messages_say_what_came(text):
    assert text in str(from_query(Example, {"count": text})[1][0].reason)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("switch", 1), ("switch", "yes"), ("count", True), ("count", "3"), ("count", 10**400), ("count", None),
        ("rate", True), ("rate", "1"), ("rate", 10**400), ("rate", float("nan")), ("colour", None), ("colour", ["red"]),
        ("parts", "a"), ("parts", None), ("parts", 3), ("sizes", 3), ("sizes", "45"), ("sizes", (True,)),
        ("sizes", (float("nan"),)), ("sizes", (10**400,)), ("word", 3), ("word", None),
    ],
)  # fmt: skip
def test_bad_values_raise_one_kind_of_error(name, value):
    with pytest.raises(KnobError):
        Example(**{name: value})


def test_other_parameters_of_a_link_are_left_alone():
    assert from_query(Example, {"lang": "zh", "utm": "x", "count": "5"}) == (Example(count=5), [])


def test_declarations_are_checked():
    with pytest.raises(TypeError, match="low > 0"):
        knob(0.5, "Rate", low=0.0, high=1.0, log=True)
    with pytest.raises(TypeError, match="low and high"):
        knob(0.5, "Rate", low=0.0)
    with pytest.raises(KnobError, match="0 to 1"):
        knob(2.0, "Rate", low=0.0, high=1.0)
    with pytest.raises(TypeError, match="made by knob"):

        @configuration
        class Wrong:
            count: int = 3


def test_random_values_cover_the_range():
    declared = {item.name: item for item in knobs(Example)}
    source = random.Random(0)
    counts = {random_value(declared["count"], source) for _ in range(2000)}
    assert counts == set(range(-5, 41))
    rates = [random_value(declared["rate"], source) for _ in range(2000)]
    assert sum(rate < 1e-4 for rate in rates) > 400  # two of seven decades: a logarithmic knob is drawn by decades
    assert {len(random_value(declared["sizes"], source)) for _ in range(200)} == {0, 1, 2, 3}


def test_run_only_knobs_go_back_and_differences_are_named():
    config = Example(count=4, steps=50)
    assert without_run(config) == Example(count=4)
    assert [(item.name, old, new) for item, old, new in differences(config, Example())] == [
        ("count", 4, 3), ("steps", 50, 0),
    ]  # fmt: skip
