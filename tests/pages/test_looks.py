"""What a reader looks at stands in the link: picks, choices, switches, the moment; and what a link brings is shown."""

import contextlib
from types import SimpleNamespace

import pytest
from streamlit.errors import StreamlitAPIException

from engine.contracts.probe import probe_of
from engine.contracts.topic import catalogue
from engine.topics.gnn import explain
from engine.topics.gnn.card import Config
from engine.topics.gnn.run import Experiment
from pages.components.parts import view as looks
from pages.components.server import streamlit_inside
from tests.visitor import Visitor


def said_by(visitor) -> list[str]:
    """All texts of the page, in no order: a part that was drawn anew comes last."""
    return sorted(visitor.texts().split("\n"))


TOUCHES = [(slug, touch) for slug, topic in catalogue().items() for touch in probe_of(topic).touches]
MISTAKES = [(slug, mistake) for slug, topic in catalogue().items() for mistake in probe_of(topic).mistakes]


@pytest.mark.parametrize(("page", "touch"), TOUCHES, ids=[f"{one.place}-{one.event}-{one.leads}" for _, one in TOUCHES])
def test_every_pick_stands_in_the_link_and_a_fresh_visitor_sees_it(server, visitor, page, touch):
    visitor.open(page, touch.link)
    assert not visitor.touch(touch.place, touch.event, touch.value).errors
    assert touch.leads in visitor.query.replace("%2C", ",").split("&")
    friend = Visitor(server.address)
    try:
        assert not friend.open(page, visitor.query).errors
        assert said_by(friend) == said_by(visitor)
    finally:
        friend.close()


@pytest.mark.parametrize(
    ("old", "new"), [("view.layer-2=2", "view.layer=2"), ("view.channel-16=3&view.layer-2=1", "view.channel=3")]
)
def test_links_made_before_the_names_changed_are_read(server, visitor, old, new):
    visitor.open("gnn", old)
    assert visitor.alerts() == []
    assert new in visitor.query
    assert "-2" not in visitor.query
    assert "-16" not in visitor.query
    friend = Visitor(server.address)
    try:
        friend.open("gnn", new)
        assert said_by(friend) == said_by(visitor)
    finally:
        friend.close()


def test_a_link_brings_back_the_moment(visitor):
    """The run is trained as far as it was, the picture stands where the reader left it."""
    visitor.open("gnn", "steps=60&view.moment=20")
    for _ in range(400):
        visitor.tick()
        frames = visitor.data("gnn-bar")[0]["frames"]
        if not frames["live"] and frames["steps"][-1] == 60:
            break
    assert "step <b>20</b>" in visitor.texts()
    assert visitor.query == "steps=60&view.moment=20"
    moments = list(Experiment(Config()).train(20, 5))
    made = explain.explain_node(explain.inside(Config(), moments[-1]), 8, 0, 0)
    assert f"{made.output:.4g}".rstrip("0")[:4].replace("-", "−") in visitor.texts()
    assert frames["steps"][frames["indices"].index(frames["at"])] == 20


@pytest.mark.parametrize(("page", "mistake"), MISTAKES, ids=[f"{page}-{one.link}" for page, one in MISTAKES])
def test_what_a_link_asks_to_look_at_in_vain_is_told_of(visitor, page, mistake):
    answer = visitor.open(page, mistake.link)
    assert not answer.errors
    alerts = [element.body for kind, element, _ in visitor.elements.values() if kind == "alert"]
    assert mistake.said in "".join(alerts)
    assert bool(alerts) == bool(mistake.said)
    assert visitor.widget(f"{page}-presets")


def test_a_click_in_one_part_draws_another_anew_only_where_that_shows_it(visitor):
    """The ablation below chooses a head of the stage; another cell of the stage leaves the ablation alone."""
    visitor.open("attention", "view.every=yes")
    visitor.touch("attention-ablation", "cell", {"tile": 0, "row": 5, "column": 7})
    assert "L6H8 ·" in visitor.texts()
    before = visitor.widget("attention-ablation")
    visitor.touch("attention-head", "cell", {"tile": 0, "row": 1, "column": 1})
    assert visitor.widget("attention-ablation") is before


@pytest.mark.parametrize(
    ("link", "then"),
    [
        ("stride=24", "stride=24&view.method=occlusion"),
        ("cell=8", "cell=8&view.method=saliency"),
        ("cell=8&view.method=none", "cell=8&view.method=none"),  # what a link says itself goes before
        ("target=287", "target=287"),
    ],
)
def test_a_knob_that_one_view_shows_brings_it_up(visitor, link, then):
    visitor.open("image_classifier", link)
    assert visitor.alerts() == []
    assert visitor.query == then
    visitor.move("image_classifier.cell", 12)
    assert "view.method=saliency" in visitor.query
    visitor.touch("image-classifier-method", "pick", 0)
    assert "view." not in visitor.query
    visitor.move("image_classifier.cell", 4)  # as usual: nothing to look for
    assert "view." not in visitor.query


def test_a_column_drawn_by_itself_sends_nothing_else(visitor):
    """Another method colours the picture; the thousand names beside it and the maps below are not sent again."""
    visitor.open("image_classifier")
    beside, below = visitor.widget("image_classifier:target:en"), visitor.widget("image-classifier-channel")
    evidence = visitor.widget("image-classifier-evidence")
    visitor.touch("image-classifier-method", "pick", 1)
    assert visitor.widget("image-classifier-evidence") is not evidence
    assert visitor.widget("image_classifier:target:en") is beside
    assert visitor.widget("image-classifier-channel") is below


def test_a_link_that_says_only_what_to_look_at_is_followed_on_a_page_that_was_open_before(visitor):
    visitor.open("gnn", "view.node=3")
    visitor.open("")
    visitor.open("gnn", "view.node=30")
    assert visitor.query == "view.node=30"
    assert "Node **31**" in visitor.texts()


def test_what_was_picked_is_drawn_where_it_shows_and_nowhere_else(visitor):
    """The head picked beside the knobs is shown on the stage; neither the knobs nor what was clicked is sent again."""
    visitor.open("attention", "view.every=yes")
    stage, every, knobs = (visitor.widget(f"attention-{name}") for name in ("head", "ablation", "presets"))
    assert not visitor.touch("attention-ablation", "cell", {"tile": 0, "row": 2, "column": 3}).errors
    assert "L3H4 ·" in visitor.texts()
    assert visitor.widget("attention-head") is not stage
    assert visitor.widget("attention-ablation") is every
    assert visitor.widget("attention-presets") is knobs


@pytest.mark.parametrize(
    ("touched", "there", "asked"),
    [
        (["1"], {"stage": "1", "below": "2"}, ["gnn-part-stage", "gnn-part-below"]),
        (["1", "2"], {"stage": "1", "below": "2"}, None),  # both are drawn anyway
        (None, {"stage": "1", "below": "2"}, None),  # as is the whole page
        (["1"], {"stage": "1"}, "gnn-body"),  # one of them has gone with what it stood in
    ],
)
def test_what_is_behind_is_drawn_once_with_what_was_touched(monkeypatch, touched, there, asked):
    """A column is drawn with what it stands in."""
    parts = {
        "stage": ({"node": 8}, ()),
        "column": ({"node": 8}, ("stage",)),
        "below": ({"node": 8, "layer": 1}, ()),
        "panel": ({"layer": 1}, ()),
    }
    state, reruns = {"gnn:views": {"node": "3"}, "gnn:parts": parts}, []

    def resolve_target(names):
        if missing := [name for name in names if name.removeprefix("gnn-part-") not in there]:
            raise StreamlitAPIException(f"no fragment {missing}")
        return [there[name.removeprefix("gnn-part-")] for name in names]

    class Rerun(BaseException):
        """As Streamlit's: what calls it does not come back."""

    def rerun(scope):
        reruns.append(scope)
        raise Rerun

    storage = SimpleNamespace(resolve_target=resolve_target)
    context = SimpleNamespace(fragment_ids_this_run=touched, fragment_storage=storage)
    monkeypatch.setattr(looks, "st", SimpleNamespace(session_state=state, rerun=rerun))
    monkeypatch.setattr(streamlit_inside, "get_script_run_ctx", lambda: context)
    with contextlib.suppress(Rerun):
        looks.draw_behind(catalogue()["gnn"])
    assert reruns == ([] if asked is None else [asked])
