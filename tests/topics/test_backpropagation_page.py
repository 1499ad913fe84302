"""The page of backpropagation without a browser: nodes, passes, values, weights by hand, own formulas."""

from functools import partial

import numpy as np
import pytest

from engine.topics.backpropagation.card import XOR, Config
from engine.topics.backpropagation.passes import passes
from engine.topics.backpropagation.run import first, run
from tests.visitor import link

NETWORK = "data=network&learning_rate=0.2&until=20&seed=1"


@pytest.fixture
def reader(readers):
    """reader(query, locale) -> a visitor on the page."""
    return partial(readers, "backpropagation")


def test_the_picture_has_the_numbers_of_the_engine_and_a_node_opens_its_formula(reader):
    visitor = reader()
    meta, arrays = visitor.data("backpropagation-graph")
    made = passes(Config(), first(Config()), 0)
    assert meta["names"] == list(made.names)
    assert np.allclose(arrays["values"], made.values)
    assert np.allclose(arrays["gradients"][-1], made.gradients)
    visitor.touch("backpropagation-graph", "pick", {"node": 0})
    assert link(visitor)["view.node"] == "0"
    assert "**a**: value **2**, gradient **6**" in visitor.texts()
    visitor.touch("backpropagation-graph", "pick", {"node": 0})
    assert "view.node" not in link(visitor), "once more: the rule follows the passes again"


def test_where_the_bar_of_the_passes_stands_is_in_the_link_and_its_node_is_spoken_of(reader):
    visitor = reader("view.node=0")
    visitor.keep("backpropagation-passes", "frame", 5)
    assert link(visitor) == {"view.pass_moment": "5", "view.node": "-1"} or link(visitor) == {"view.pass_moment": "5"}
    assert "**L**: value **−8**" in visitor.texts()
    again = reader("view.pass_moment=5")
    assert again.data("backpropagation-graph")[0]["frames"]["at"] == 5


def test_a_changed_value_changes_values_and_gradients_at_once(reader):
    visitor = reader()
    visitor.touch("backpropagation-set-a", "edit", {"value": 4.5})
    assert link(visitor)["values"] == "a=4.5, b=-3, c=10, f=-2"
    _, arrays = visitor.data("backpropagation-graph")
    result = run(Config(values="a=4.5, b=-3, c=10, f=-2"))
    assert np.allclose(arrays["values"], result.value)
    assert np.allclose(arrays["gradients"][-1], result.gradient)
    visitor.touch("backpropagation-graph", "pick", {"node": 0})
    visitor.press("backpropagation:fix")
    assert link(visitor)["fixed"] == "a"
    assert visitor.widget("backpropagation:fix").label == "Let descent move a"


@pytest.mark.parametrize(
    ("locale", "formula", "said"),
    [("en-US", "a +", "it ends too early"), ("en-US", "a*q", "“q” is unknown"), ("zh-CN", "3*4", "公式：至少要用到")],
)
def test_a_formula_that_cannot_be_used_is_a_sentence_and_the_last_one_holds(reader, locale, formula, said):
    visitor = reader(locale=locale)
    before = visitor.query
    visitor.move("backpropagation.formula", formula)
    assert len(visitor.alerts()) == 1
    assert said in visitor.alerts()[0].replace("\u2060", "")
    assert visitor.query == before
    assert visitor.data("backpropagation-graph")[0]["names"][0] == "a"
    visitor.move("backpropagation.formula", "sin(x) * y")
    assert visitor.alerts() == []
    assert visitor.data("backpropagation-graph")[0]["names"] == ["x", "v₁", "y", "L"]
    assert visitor.find("backpropagation-set-y")


def test_a_weight_is_set_by_hand_before_the_first_step(reader):
    visitor = reader(NETWORK)
    names = visitor.data("backpropagation-graph")[0]["names"]
    visitor.touch("backpropagation-graph", "pick", {"node": names.index("w₁₁")})
    visitor.touch("backpropagation-weight", "edit", {"value": 0.25})
    assert link(visitor)["by_hand"] == "w11=0.25"
    assert visitor.data("backpropagation-graph")[1]["values"][names.index("w₁₁")] == 0.25


def test_a_training_goes_on_under_the_picture_and_every_sample_has_its_own_graph(reader):
    visitor = reader(NETWORK)
    visitor.touch("backpropagation-speed", "pick", 2)
    visitor.press("backpropagation:play")
    for _ in range(600):
        if visitor.tick() is None:
            break
    assert link(visitor)["steps"] == "20"
    result = run(Config(**{**XOR.__dict__, "until": 20, "steps": 20}))
    _, arrays = visitor.data("backpropagation-graph")
    other = passes(Config(**XOR.__dict__), moment_of(result), 1)
    assert np.allclose(arrays["values"], other.values, rtol=1e-5)
    visitor.touch("backpropagation-sample", "pick", 3)
    assert link(visitor)["view.sample"] == "3"
    _, arrays = visitor.data("backpropagation-graph")
    assert np.allclose(arrays["values"], passes(XOR, moment_of(result), 3).values, rtol=1e-5)
    for below in (1, 2):
        assert not visitor.touch("backpropagation-below", "pick", below).errors


def moment_of(result):
    """A Snapshot with the numbers of a Result."""
    from engine.training.fit import Snapshot

    return Snapshot(20, 0.0, 0.0, {"weights": result.weights, "left": np.zeros(9)})


def test_every_figure_to_take_away_has_a_name(reader):
    visitor = reader("")
    visitor.open_tab("backpropagation", "Download")
    names = visitor.data("backpropagation-download-figure")[0]["names"]
    assert len(names) > 1
    assert [name for name in names if not name.partition(":")[2].strip()] == []
