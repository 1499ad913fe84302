"""The page of training dynamics without a browser: looks, dragging, cells, formulas of one's own, trainings."""

from functools import partial

import pytest

from engine.topics.training_dynamics.block import block
from engine.topics.training_dynamics.card import Config
from engine.topics.training_dynamics.race import race
from tests.visitor import link


@pytest.fixture
def reader(readers):
    """reader(query, locale) -> a visitor on the page."""
    return partial(readers, "training_dynamics")


def told(visitor) -> str:
    """What the page says of a link that it could not use."""
    return " ".join(element.body for kind, element, _ in visitor.elements.values() if kind == "alert")


def until_done(visitor) -> None:
    for _ in range(3000):
        if visitor.tick() is None:
            return
    raise AssertionError("the training goes on and on")


def test_the_start_is_dragged_and_all_ways_begin_there(reader):
    visitor = reader("seed=0")
    meta, arrays = visitor.data("training-dynamics-plane")
    assert [path["name"] for path in meta["paths"] if path["grows"]] == ["SGD", "Momentum", "AdaGrad", "Adam"]
    visitor.touch("training-dynamics-plane", "handle", {"key": "start", "x": 3.0, "y": -1.0})
    assert link(visitor)["start"] == "3_-1"
    meta, arrays = visitor.data("training-dynamics-plane")
    ways = [arrays[f"path{k}"] for k, path in enumerate(meta["paths"]) if path["grows"]]
    made = race(Config(start="3_-1"))
    for at, way in enumerate(ways):
        assert way[0].tolist() == [3, -1]
        assert way[-1].tolist() == pytest.approx(made.position[at, -1].tolist(), rel=1e-5, abs=1e-6)
    visitor.touch("training-dynamics-race-bar", "frame", 6)
    assert link(visitor)["view.step"] == "6"
    assert "Step <b>6</b>" in visitor.texts() or "Step **6**" in visitor.texts()


def test_a_formula_of_ones_own_is_run_and_a_wrong_one_becomes_a_sentence(reader):
    visitor = reader("surface=own&formula=(x-1)%5E2%2By%5E2")
    assert visitor.alerts() == []
    meta, arrays = visitor.data("training-dynamics-plane")
    ways = [arrays[f"path{k}"] for k, path in enumerate(meta["paths"]) if path["grows"]]
    assert ways[1][-1].tolist() == pytest.approx([1, 0], abs=0.05), "momentum gets to its minimum"
    visitor = reader("surface=own&formula=x%5E%5E2")
    assert "Formula: expected a number, a name or a bracket" in told(visitor)
    visitor = reader("surface=own&formula=x%2Bz", locale="zh-CN")
    assert "z" in told(visitor)


def test_a_cell_is_picked_and_worked_out(reader):
    visitor = reader("look=norm")
    visitor.touch("training-dynamics-block", "pick", {"sample": 2, "channel": 1, "position": 7})
    assert link(visitor)["view.cell"] == "2-1-7"
    made = block(Config(look="norm"))
    assert f"{made.output[2, 1, 7].item():.4g}" in visitor.texts()
    meta, arrays = visitor.data("training-dynamics-block")
    assert meta["picked"] == [2, 1, 7]
    assert arrays["groups"].shape == (4, 4, 9)
    visitor = reader("look=norm&batch=1&side=1", locale="zh-CN")
    assert "只剩下 β" in visitor.texts()
    assert "PyTorch" in visitor.texts()


def test_optimisers_are_trained_on_a_network(reader):
    visitor = reader("view.where=network&rules=sgd.adam")
    until_done(visitor)
    meta, arrays = visitor.data("training-dynamics-rules-held-out")
    assert [line["name"] for line in meta["lines"]] == ["SGD", "Adam"]
    assert arrays["values"][0].max() < 30
    assert arrays["values"][-1].min() > 70
    assert meta["levels"][0][0] == 10


def test_the_grid_is_trained_and_a_pair_is_picked(reader):
    visitor = reader("look=grid&epochs=1")
    until_done(visitor)
    visitor.touch("training-dynamics-heat", "cell", {"tile": 0, "row": 5, "column": 5})
    assert link(visitor)["view.pair"] == "5-5"
    assert "Batch <b>256</b>" in visitor.texts() or "Batch 256, rate 1" in visitor.texts()
    assert visitor.find("training-dynamics-one-network")
