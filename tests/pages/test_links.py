"""What a page says of a link that it cannot use as it is: one clear sentence in the reader's language, and no error."""

import json
from urllib.parse import parse_qs, parse_qsl, urlencode

import pytest
from streamlit.proto.Alert_pb2 import Alert

from engine.contracts.knob import knobs, to_query
from engine.contracts.sentences import quoted
from engine.contracts.topic import catalogue
from tests.hostile import ABSURD
from tests.visitor import Visitor


def opened(server, slug, query, language, locale="en-US"):
    """(visitor, the warnings on the page); everything else went well."""
    visitor = Visitor(server.address, locale=locale)
    if language == "zh":
        query = query | {"lang": [*query["lang"][:-1], "zh"] if "lang" in query else "zh"}
    answer = visitor.open(slug, urlencode(query, doseq=True))
    assert answer.errors == []
    alerts = [element for kind, element, _ in visitor.elements.values() if kind == "alert"]
    visitor.close()
    return visitor, [alert.body for alert in alerts if alert.format == Alert.WARNING]


SAID = [
    ("mlp", {"nois": "0.2"}, "so they change nothing: “nois” (noise?).", "它们不起任何作用：“nois” (noise?)。"),
    ("gnn", {"view.belo": "depth"}, "nothing: “view.belo” (view.below?).", "任何作用：“view.belo” (view.below?)。"),
    ("mlp", {f"n{i}": "1" for i in range(500)}, "“n3”, and 496 more.", "“n3”，另外还有 496 个。"),
    ("mlp", {"dropout": "0.8000000001"}, "Dropout: expected 0 to 0.8, got 0.8000000001.", "收到的是 0.8000000001。"),
    ("mlp", {"points": "\0\0\0\0a"}, "Own points: expected visible signs alone, got U+0000.", "收到的是 U+0000。"),
    ("mlp", {"points": "aaaaaa"}, "a multiple of 5 characters, 5 a point, got 6.", "5 的倍数，收到了 6 个。"),
    ("attention", {"tokens": "one"}, "Tokens: expected 2 to 6 words, got 1.", "应为 2 到 6 个词，收到了 1 个。"),
    ("attention", {"text": "\0"}, "Text: expected signs that can be seen, got “␀”.", "看得见的字符，收到的是 “␀”。"),
    ("attention", {"second": "\u200b \u2060"}, "can be seen, got “⟨U+200B⟩ ⟨U+2060⟩”.", "是 “⟨U+200B⟩ ⟨U+2060⟩”。"),
    ("attention", {"text": "a\0b"}, "cannot be shown; they were left out: U+0000.", "已经去掉：U+0000。"),
    ("mlp", {"seed": ["-1", "2"]}, "the last of each holds: seed = “2”.", "以最后一次为准：seed = “2”。"),
    ("mlp", {"seed": ["1", "2", "3"], "view.compare": ["a", "loss"]}, "“3”, view.compare = “loss”", "seed = “3”,"),
    ("mlp", {"lang": ["klingon", "en"]}, "holds: lang = “en”.", "为准：lang = “zh”。"),
    ("", {"seed": "1"}, "so they change nothing: “seed”.", "它们不起任何作用：“seed”。"),
]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("slug", "query", "english", "chinese"), SAID, ids=lambda value: str(value)[:24])
def test_a_page_says_what_is_wrong_with_a_link(server, slug, query, english, chinese, language):
    _, warnings = opened(server, slug, query, language)
    assert len(warnings) == 1
    assert {"en": english, "zh": chinese}[language] in warnings[0]
    assert len(warnings[0]) < 400


@pytest.mark.parametrize("query", [query for query in ABSURD.values() if "edits=5" not in query])
def test_absurd_links_open_the_page_and_explain_themselves(server, query):
    visitor, warnings = opened(server, "mlp", parse_qs(query, keep_blank_values=True), "en")
    assert len(warnings) == 1
    assert len(warnings[0]) < 1500
    assert "Something went wrong" not in visitor.texts()
    assert visitor.find("mlp:play")


@pytest.mark.parametrize("slug", catalogue())
def test_every_preset_opens_from_its_link(server, slug):
    topic = catalogue()[slug]
    for preset in topic.presets.values():
        visitor, warnings = opened(server, slug, to_query(preset), "en")
        assert warnings == []
        written = dict(parse_qsl(visitor.query, keep_blank_values=True))
        assert {name: value for name, value in written.items() if not name.startswith("view.")} == to_query(preset)
        found = [(knob, visitor.find(f"{slug}.{knob.name}")) for knob in knobs(topic.config)]
        sliders = [(knob, it[1]) for knob, it in found if it and it[0] == "slider" and not it[1].options]
        for knob, slider in sliders:
            assert slider.default == [pytest.approx(getattr(preset, knob.name))], knob.name


TEXTS = [(slug, knob) for slug, topic in catalogue().items() for knob in knobs(topic.config) if knob.kind == "text"]


@pytest.mark.parametrize(("slug", "knob"), TEXTS, ids=lambda value: getattr(value, "name", value))
def test_a_text_over_its_limit_is_told_of(server, slug, knob):
    """Both languages in turn: the label, the limit, and how much came."""
    for language, words in (
        ("en", "expected at most {} characters, got {}."),
        ("zh", "最多 {} 个字符，收到了 {} 个。"),
    ):
        _, warnings = opened(server, slug, {knob.name: "a" * (knob.most + 7)}, language)
        assert len(warnings) == 1
        assert words.format(knob.most, knob.most + 7) in warnings[0]


def test_marks_of_others_go_unsaid(server):
    _, warnings = opened(
        server, "mlp", {"utm_source": "x", "fbclid": "y", "embed": "true", "view.compare": "loss"}, "en"
    )
    assert warnings == []


@pytest.mark.parametrize("slug", ["", "gnn"])
@pytest.mark.parametrize("asked", ["xx", "", "zh-", "\0"])
def test_a_language_that_there_is_not_is_told_of(server, slug, asked):
    visitor, (warning,) = opened(server, slug, {"lang": asked}, "en")
    assert f"Language: expected one of en, zh, got {quoted(asked)}." in warning
    assert "the default stands instead" in warning
    assert "Neurarium" in visitor.texts() or catalogue()["gnn"].question in visitor.texts()
    visitor, (warning,) = opened(server, slug, {"lang": asked}, "en", locale="zh-CN")
    assert f"语言：应为 en, zh 之一，收到的是 {quoted(asked)}。" in warning


def test_a_name_said_twice_alike_is_said_once(server):
    visitor, warnings = opened(server, "mlp", {"seed": ["2", "2"], "pin": ["mlp~seed~3", "mlp~seed~4"]}, "en")
    assert warnings == []
    assert "seed=2" in visitor.query.split("&")
    assert visitor.query.count("pin=") == 2


def test_what_is_wrong_with_the_value_that_holds_is_said_too(server):
    _, warnings = opened(server, "mlp", {"seed": ["2", "-1"], "nois": "1"}, "en")
    assert len(warnings) == 2
    assert (
        "“nois” (noise?). The link says some names more than once; the last of each holds: seed = “-1”." in warnings[0]
    )
    assert "Seed: expected 0 to" in warnings[1]


def test_a_box_shows_what_is_computed_with(server):
    """Ends of lines become blanks, NUL goes and is told of; the link says the same from then on."""
    visitor, (warning,) = opened(server, "attention", {"text": "two\nlines\tand\0 🫨"}, "en")
    assert "they were left out: U+0000." in warning
    assert visitor.widget("attention.text").default == "two lines and 🫨"
    assert "text=two+lines+and+%F0%9F%AB%A8" in visitor.query
    assert '"[CLS]", "two", "lines", "and", "[UNK:🫨]"' in json.dumps(
        visitor.data("attention-head")[0], ensure_ascii=False
    )
