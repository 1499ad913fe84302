"""What a reader does on the page of neurons: drags the arrow, steps through the rule, draws points, sets numbers."""

import re

import pytest

from engine.data.points import encode_points
from engine.topics.perceptron.card import Config, parse_units
from engine.topics.perceptron.run import Experiment, run
from tests.visitor import Visitor, link

BY_HAND = "network=hand&w1=1&w2=1&theta=0.5"


@pytest.fixture
def friend(server):
    """Somebody else, to whom a link is sent."""
    one = Visitor(server.address)
    yield one
    one.close()


def stand_still(visitor) -> None:
    for _ in range(3000):
        if visitor.tick() is None:
            return
    raise AssertionError("the run goes on and on")


def numbers(visitor) -> list[int]:
    """Samples presented, corrections, wrong now."""
    return [int(number) for number in re.findall(r"<b>(\d+)</b>", visitor.status())]


def test_the_rule_step_by_step_and_to_its_end(visitor, friend):
    visitor.open("perceptron", "data=and")
    assert "No sample yet" in visitor.texts()
    visitor.press("perceptron:step")
    stand_still(visitor)
    assert numbers(visitor)[:2] == [1, 1]
    assert "(0, 0) shall give **0**, gives **1**: wrong" in visitor.texts()
    visitor.touch("perceptron-speed", "pick", 2)  # fast
    assert not visitor.press("perceptron:play").errors
    stand_still(visitor)
    assert numbers(visitor) == [24, 11, 0]
    assert link(visitor) == {"steps": "24"}
    meta, arrays = visitor.data("perceptron-plane")
    assert arrays["border1"][-1].tolist() == [2, 1, 3]
    assert meta["frames"]["steps"] == list(range(25)), "at Fast, too"
    friend.open("perceptron", f"{visitor.query}&view.moment=7")
    stand_still(friend)
    moments = list(Experiment(Config()).train(7, 1))
    assert f"corrected <b>{moments[-1].values['corrections']}</b> times" in friend.texts()
    assert "(1, 0) shall give **0**, gives **0**: right" in friend.texts()
    frames = friend.data("perceptron-bar")[0]["frames"]
    assert frames["steps"][frames["indices"].index(frames["at"])] == 7


def test_the_arrow_is_dragged_and_the_line_follows(visitor):
    visitor.open("perceptron", BY_HAND)
    meta, _ = visitor.data("perceptron-plane")
    handles = {key: (x, y) for key, x, y, *_ in meta["handles"]}
    assert handles["line"] == pytest.approx((0.25, 0.25))
    visitor.touch("perceptron-plane", "handle", {"key": "line", "x": 0.75, "y": 0.75})
    assert link(visitor) == {"network": "hand", "w1": "1", "w2": "1", "theta": "1.5"}
    assert "Right: **4** of 4" in visitor.texts()
    visitor.touch("perceptron-plane", "handle", {"key": "w", "x": 0.35, "y": 0.35})
    assert link(visitor) == {"network": "hand", "w1": "-1", "w2": "-1", "theta": "-1.5"}
    assert "Right: **0** of 4" in visitor.texts()
    visitor.touch("perceptron-plane", "spot", {"x": 0.5, "y": 1.25})
    assert link(visitor)["view.x2"] == "1.25"
    assert not visitor.press("perceptron:widest").errors
    found = run(Config(network="hand", w1=float(link(visitor)["w1"]), w2=float(link(visitor)["w2"]),
                       theta=float(link(visitor)["theta"])))  # fmt: skip
    assert found.wrong[-1] == 0


def test_own_points_are_drawn_and_learned(visitor, friend):
    visitor.open("perceptron", "data=own")
    assert "Click the plane to add points" in visitor.texts()
    points = [[-1.0, 1.0, 0], [1.0, -1.0, 1], [-1.2, 0.8, 0], [1.1, -0.7, 1]]
    revision = visitor.data("perceptron-editor")[0].get("revision")
    visitor.touch("perceptron-editor", "points", {"revision": revision, "points": points})
    assert link(visitor)["points"] == encode_points(points)
    visitor.touch("perceptron-speed", "pick", 2)
    visitor.press("perceptron:play")
    stand_still(visitor)
    assert numbers(visitor)[2] == 0
    friend.open("perceptron", f"data=own&points={encode_points([(0, 0, 3)])}")
    assert "Own points: expected class 0 or 1, got class 3" in "".join(
        element.body for kind, element, _ in friend.elements.values() if kind == "alert"
    )
    assert friend.find("perceptron-editor")


def test_one_of_nine_numbers_is_set_and_xor_is_lost(visitor):
    visitor.open("perceptron", "network=layers&data=xor")
    assert "Right: **4** of 4" in visitor.texts()
    visitor.touch("perceptron-units", "edit", {"matrix": 0, "row": 2, "column": 2, "value": 0.5})
    assert parse_units(link(visitor)["units"])[2] == (1, 1, 0.5)
    assert "Right: **2** of 4" in visitor.texts()
    assert run(Config(network="layers", data="xor", units=link(visitor)["units"])).answers.tolist() == [1, 1, 1, 1]


def test_what_cannot_be_parted_is_said_to_be_so_in_both_languages(server):
    for locale, words in (("en-US", "No straight line parts these points"), ("zh-CN", "没有直线能分开这些点")):
        visitor = Visitor(server.address, locale=locale)
        try:
            visitor.open("perceptron", "data=xor&steps=40")
            stand_still(visitor)
            assert words in visitor.texts()
            assert ("It has come round" if locale == "en-US" else "它绕回来了") in visitor.texts()
        finally:
            visitor.close()
