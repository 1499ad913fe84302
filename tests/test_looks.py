"""What a reader looks at stands in the link: picks, choices, switches, the moment; and what a link brings is shown."""

import pytest

from engine.topics.diffusion.card import Config as Diffusion
from engine.topics.diffusion.picks import walk_mark
from engine.topics.gnn import explain
from engine.topics.gnn.card import Config
from engine.topics.gnn.run import Experiment
from engine.topics.one_stage.card import Config as Detection
from engine.topics.one_stage.picks import marked, picture_mark
from tests.visitor import Visitor


def said_by(visitor) -> list[str]:
    """All texts of the page, in no order: a part that was drawn anew comes last."""
    return sorted(visitor.texts().split("\n"))


# (page, link) -> what was touched -> how the link ends
PICKS = [
    ("gnn", "", ("gnn-graph", "pick", {"node": 30}), "view.node=30"),
    ("gnn", "", ("gnn-plane", "pick", {"node": 3}), "view.node=3"),
    ("gnn", "", ("gnn-below", "pick", 2), "view.below=depth"),
    ("gnn", "", ("gnn-layer", "pick", 1), "view.layer=2"),
    ("gnn", "", ("gnn-channel", "pick", 5), "view.channel=5"),
    ("gnn", "view.below=steps", ("gnn-flow", "pick", {"node": 16}), "view.node=16"),
    ("attention", "", ("attention-heads", "pick", {"row": 5, "column": 11}), "view.head=L6H12"),
    ("attention", "", ("attention-best", "pick", 1), "view.head=L2H10"),
    ("attention", "", ("attention-head", "cell", {"tile": 0, "row": 4, "column": 7}), "view.cell=4-7"),
    ("attention", "view.shape=lines", ("attention-lines", "pick", {"query": 4, "key": 9}), "view.cell=4-9"),
    ("attention", "view.every=yes", ("attention-every", "cell", {"tile": 0, "row": 0, "column": 3}), "view.head=L1H4"),
    ("mlp", "", ("mlp-network", "pick", {"kind": "neuron", "layer": 2, "index": 3}), "view.picked=2-3"),
    ("mlp", "", ("mlp-network", "pick", {"kind": "edge", "layer": 1, "to": 4, "from": 0}), "view.picked=1-4-0"),
    ("mlp", "view.picked=2-3", ("mlp-points", "spot", {"x": -1.25, "y": 2.5}), "view.x1=-1.25"),
    ("attention", "view=toy", ("attention-chain", "cell", {"tile": 2, "row": 3, "column": 1}), "view.pair=3-1"),
    ("one_stage", "", ("one-stage-found", "pick", 1), f"view.cell={marked(picture_mark(Detection()), 2877)}"),
    ("one_stage", "", ("one-stage-levels", "cell", {"tile": 0, "row": 3, "column": 5}),
     f"view.cell={marked(picture_mark(Detection()), 3 * 52 + 5)}"),
    ("one_stage", "detector=grid", ("one-stage-grid", "cell", {"tile": 1, "row": 3, "column": 5}),
     f"view.cell={marked(picture_mark(Detection(detector='grid')), 3 * 8 + 5)}"),
    ("image_classifier", "", ("image-classifier-method", "pick", 3), "view.method=none"),
    ("image_classifier", "", ("image-classifier-layer", "pick", 2), "view.layer=stage6"),
    ("image_classifier", "", ("image-classifier-answers", "pick", 0), "view.answers=3"),
    ("image_classifier", "", ("image-classifier-classes", "pick", 2), "target=281"),
    ("image_classifier", "", ("image-classifier-maps", "pick", 8), "view.maps=head"),
    ("image_classifier", "view.maps=stem", ("image-classifier-scale", "pick", 1), "view.scale=common"),
    (
        "image_classifier",
        "view.order=evidence&view.maps=stem",
        ("image-classifier-maps-stem", "cell", {"tile": 31, "row": 0, "column": 0}),
        "view.channel=stem-8",
    ),
    ("diffusion", "", ("diffusion-walk", "pick", {"point": 17, "frame": 20}), "view.point=17"),
    ("diffusion", "", ("diffusion-walk", "pick", {"point": 17, "frame": 20}),
     f"view.at={marked(walk_mark(Diffusion(), 'forward', 0), 20)}"),
    ("diffusion", "", ("diffusion-direction", "pick", 1), "view.direction=backward"),
]  # fmt: skip


@pytest.mark.parametrize(("page", "link", "touch", "wanted"), PICKS, ids=[f"{p[2][0]}-{p[2][1]}" for p in PICKS])
def test_every_pick_stands_in_the_link_and_a_fresh_visitor_sees_it(server, visitor, page, link, touch, wanted):
    visitor.open(page, link)
    assert not visitor.touch(*touch).errors
    assert wanted in visitor.query.replace("%2C", ",").split("&")
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


@pytest.mark.parametrize(
    ("page", "link", "said"),
    [
        ("gnn", "view.node=-3", "Node: expected 0 to 9999, got -3"),
        ("gnn", "view.below=nowhere", "Look into: expected one of node, steps, depth"),
        ("gnn", "view.layer=9", "Layer: expected one of 1, 2, got"),
        ("gnn", "view.nod=3", "does not know"),
        ("mlp", "view.picked=2-x", "Neuron or weight: expected layer-neuron such as 2-0"),
        ("mlp", "view.x1=7", "x₁: expected -3 to 3, got 7"),
        ("mlp", "view.picked=9-63-63", ""),
        ("attention", "view.cell=one", "Cell: expected two positions such as 10-2"),
        ("attention", "view.head=L9H9", "Head: expected one of L1H1"),
        ("attention", "view.cell=99-99", ""),
        ("image_classifier", "view.channel=stem", "Channel: expected a layer and a number such as stage2-5"),
        ("image_classifier", "view.answers=11", "Answers: expected 3 to 10, got 11"),
        ("image_classifier", "view.maps=stem&view.channel=stem-999", ""),
        ("image_classifier", "view.maps=stem&view.channel=head-999", ""),
        ("gnn", "view.node=5000", ""),
        ("one_stage", "view.cell=12", "Cell: expected a number and a mark such as 12-0f3c9a2b"),
        ("one_stage", "view.step=2-0f3c9a2b", ""),
        ("diffusion", "view.direction=sideways", "Direction: expected one of usual, forward, backward"),
        ("diffusion", "view.point=500", "Point: expected -1 to 499, got 500"),
        ("diffusion", "view.at=20", "Moment of the walk: expected a number and a mark such as 12-0f3c9a2b"),
        ("diffusion", "view.at=20-0f3c9a2b&view.point=499", ""),
    ],
)
def test_what_a_link_asks_to_look_at_in_vain_is_told_of(visitor, page, link, said):
    answer = visitor.open(page, link)
    assert not answer.errors
    alerts = [element.body for kind, element, _ in visitor.elements.values() if kind == "alert"]
    assert said in "".join(alerts)
    assert bool(alerts) == bool(said)
    assert visitor.widget(f"{page}-presets")


def test_a_click_in_one_part_draws_another_anew_only_where_that_shows_it(visitor):
    """The ablation beside the knobs chooses a head of the stage; another cell of the stage leaves the panel alone."""
    visitor.open("attention", "view.every=yes")
    visitor.touch("attention-every", "cell", {"tile": 0, "row": 5, "column": 7})
    assert "L6H8 ·" in visitor.texts()
    before = visitor.widget("attention-every")
    visitor.touch("attention-head", "cell", {"tile": 0, "row": 1, "column": 1})
    assert visitor.widget("attention-every") is before


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
