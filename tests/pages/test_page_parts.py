"""What a change sends again: the page script's part alone, and the whole page where an open tab speaks of the run."""

import dataclasses
import time
from urllib.parse import urlencode

import pytest

from engine.contracts.knob import knobs, without_run
from engine.contracts.topic import catalogue
from engine.data.points import encode_points
from engine.topics.attention.card import Config as AttentionConfig
from pages.components.parts.controls import at_its_run
from pages.components.parts.pins import knob_values
from tests.visitor import Visitor, link, user_key

AROUND = ("title-row", "share", "pin", "language-switch")  # and the tabs


class Witness(Visitor):
    """A visitor who keeps the elements that the last answer brought."""

    def ask(self, *states, **how):
        self.brought = []
        return super().ask(*states, **how)

    def _take(self, kind, message, touched, answer):
        before = set(touched)
        super()._take(kind, message, touched, answer)
        self.brought += [self.elements[path] for path in touched - before if path in self.elements]

    @property
    def keys(self) -> set[str]:
        """Keys of what was brought."""
        return {user_key(element) for _, element, _ in self.brought} - {""}


@pytest.fixture
def visitor(server):
    visitor = Witness(server.address)
    yield visitor
    visitor.close()


@pytest.mark.parametrize("slug", list(catalogue()))
def test_a_change_brings_neither_title_nor_tabs_again(visitor, slug):
    visitor.open(slug)
    assert {"share", "pin", f"{slug}-presets", f"{slug}-tabs"} <= visitor.keys
    answer = visitor.touch(f"{slug}-presets", "pick", 1)
    assert not answer.errors
    assert f"{slug}-presets" in visitor.keys
    assert not visitor.keys & {*AROUND, f"{slug}-tabs"}
    assert visitor.data(f"{slug}-presets")[0]["pressed"] == 1


@pytest.mark.parametrize(
    ("link", "touch", "brought", "not_brought"),
    [
        (
            "view.every=yes",
            ("attention-ablation", "cell", {"tile": 0, "row": 5, "column": 7}),
            "attention-heads",
            "attention-ablation",
        ),
        (
            "view.every=yes",
            ("attention-heads", "pick", {"row": 5, "column": 7}),
            "attention-heads",
            "attention-ablation",
        ),
        ("view.vector=yes", ("attention-habit", "pick", 1), "attention-heads", "attention-vector"),
    ],
)
def test_a_click_brings_the_parts_that_show_what_it_changes_and_no_other(visitor, link, touch, brought, not_brought):
    """Also where the part that shows it is another than the one that was clicked."""
    visitor.open("attention", link)
    assert {brought, not_brought} <= visitor.keys
    answer = visitor.touch(*touch)
    assert not answer.errors
    assert brought in visitor.keys
    assert not_brought not in visitor.keys
    assert "attention-presets" not in visitor.keys


def test_the_numbers_follow_a_change_while_they_are_open(visitor):
    visitor.open("mlp")
    visitor.open_tab("mlp", "Numbers")
    before = _tables(visitor)
    assert before
    answer = visitor.move("mlp.noise", 0.3)
    assert not answer.errors
    assert _tables(visitor) != before
    visitor.open_tab("mlp", "Numbers")
    assert not _tables(visitor), "pressed again, a tab closes"


def _tables(visitor) -> list[str]:
    return [str(element) for kind, element, _ in visitor.elements.values() if kind == "table"]


def test_the_last_of_several_choices_stays_lit_and_says_so(visitor):
    visitor.open("mlp")
    visitor.move("mlp.features", ["x₁"])
    assert visitor.query == "features=x1"
    answer = visitor.move("mlp.features", [])
    assert not answer.errors
    assert visitor.query == "features=x1"
    pills = visitor.widget("mlp.features")
    assert pills.set_value
    assert list(pills.raw_values) == ["x₁"]
    assert "At least 1 of them stays chosen." in visitor.texts()
    visitor.move("mlp.features", ["x₁", "x₂"])
    assert "stays chosen" not in visitor.texts()


def _compared(visitor, slug, query):
    visitor.open(slug, query)
    visitor.open_tab(slug, "Compare")
    for _ in range(100):
        if 'class="words"' in visitor.texts():
            break
        time.sleep(0.2)
        visitor.tick()
    return visitor.texts()


def test_compare_calls_samples_and_figures_as_the_page_does(visitor):
    said = _compared(visitor, "one_stage", "picture=sample%3Achina&pin=one_stage~arrange~alone&arrange=alone")
    assert ">A temple</span>" in said
    assert ">A cat</span>" in said
    assert "kept_count" in said
    assert "best_score" in said
    assert "scene." not in said
    assert visitor.data("one_stage-compare")[0]["names"][:2] == ["Boxes found", "Scores by level"]


def test_compare_shows_where_two_texts_differ(visitor):
    said = _compared(
        visitor, "attention", "text=The+animal+didn%27t+cross+the+street+because+it+was+too+wide.&pin=attention"
    )
    assert "it was too wide.</span>" in said
    assert "it was too tired.</span>" in said


def test_of_long_texts_the_place_where_they_differ_is_shown():
    text, hidden = (next(k for k in knobs(AttentionConfig) if k.name == name) for name in ("text", "queries"))
    long = "word " * 60
    assert knob_values(text, [long + "one", None, long + "two"]) == [
        "… word word word one",
        "has no effect",
        "… word word word two",
    ]
    first, second = knob_values(text, ["b" + long, long])
    assert (first[:6], second[:6], len(first)) == ("bword ", "word w", 121)
    assert first.endswith("…")
    assert knob_values(text, [long, long + "more"]) == ["… word word word ", "… word word word more"]
    assert knob_values(hidden, ["1_" * 20 + "3", "1_" * 20 + "4"]) == ["…" + "1_" * 8 + "3", "…" + "1_" * 8 + "4"]
    assert knob_values(text, ["a", ""]) == ["a", "–"]


@pytest.mark.parametrize("slug", list(catalogue()))
def test_every_preset_stands_beside_a_pinned_run(visitor, slug):
    visitor.open(slug)
    visitor.press("pin")
    visitor.open_tab(slug, "Compare")
    for at, name in enumerate(catalogue()[slug].presets):
        assert not visitor.touch(f"{slug}-presets", "pick", at).errors, name


@pytest.mark.parametrize("slug", ["mlp", "perceptron", "linear_classifiers"])
def test_own_points_come_back_after_a_preset(visitor, slug):
    points = encode_points([(-1.0, 1.0, 0), (1.0, -1.0, 1), (0.5, 0.25, 1)])
    visitor.open(slug, urlencode({"data": "own", "points": points}))
    visitor.touch(f"{slug}-presets", "pick", 0)
    assert "points" not in link(visitor)
    data = next(knob for knob in knobs(catalogue()[slug].config) if knob.name == "data")
    assert not visitor.touch(f"{slug}-data", "pick", data.choices.index("own")).errors
    assert link(visitor)["points"] == points


@pytest.mark.parametrize("slug", [slug for slug, topic in catalogue().items() if topic.training])
def test_a_run_goes_on_where_its_end_is_put_later_and_begins_anew_where_it_is_put_before(slug):
    topic = catalogue()[slug]
    low, high = next((knob.low, knob.high) for knob in knobs(topic.config) if knob.name == topic.training.until)
    begun = {topic.training.begins: "fresh"} if topic.training.begins else {}
    known = topic.config(**begun)
    middle = int((low + high) // 2)
    known = dataclasses.replace(known, **{topic.training.until: middle, topic.training.steps: middle})
    later, before = (dataclasses.replace(known, **{topic.training.until: int(end)}) for end in (high, low))
    assert topic.training.goes_on(known, without_run(later))
    assert not topic.training.goes_on(known, without_run(before))
    other = dataclasses.replace(later, **{topic.training.seed: 7})
    assert not topic.training.goes_on(known, without_run(other))
    assert at_its_run(topic, known, later) == later
    assert getattr(at_its_run(topic, known, before), topic.training.steps) == 0
