"""The page of activations without a browser: own formulas, picks, every look, a training."""

import re
from functools import partial

import numpy as np
import pytest

from engine.topics.activations.card import Config
from engine.topics.activations.run import first, run
from tests.visitor import link


@pytest.fixture
def reader(readers):
    """reader(query, locale) -> a visitor on the page."""
    return partial(readers, "activations")


def test_histograms_are_those_of_the_network_and_a_click_picks_a_layer(reader):
    visitor = reader("depth=6&seed=1")
    moment = first(Config(depth=6, seed=1))
    for number, key in enumerate(("activations-histograms", "activations-other-histograms")):
        meta, arrays = visitor.data(key)
        assert meta["names"] == [str(k) for k in range(1, 7)]
        np.testing.assert_allclose(arrays["shares"][-1] / 65535, moment.values["outputs"][number], atol=2e-5)
    visitor.touch("activations-other-histograms", "pick", 3)
    assert link(visitor)["view.layer"] == "3"
    assert "layer 4" in visitor.texts()
    visitor.touch("activations-function", "handle", {"key": "x", "x": -2.0, "y": 0.1})
    assert link(visitor)["view.x"] == "-2"


def test_an_own_formula_is_taken_and_a_bad_one_explained_without_losing_anything(reader):
    visitor = reader("activation=own&formula=sin(x)&depth=3&view.look=function")
    assert "sin(x)" in visitor.texts()
    visitor.move("activations.formula", "x +")
    assert any("ends too early" in alert for alert in visitor.alerts())
    assert link(visitor)["formula"] == "sin(x)", "what was there stays"
    visitor.move("activations.formula", "log(x)")
    assert visitor.alerts() == []
    assert link(visitor)["formula"] == "log(x)"
    assert "no finite value below 0" in visitor.texts()
    visitor.move("activations.formula", "<b>x</b>")
    (said,) = visitor.alerts()
    assert "has no meaning here (character 1)" in said
    assert "<b>" not in said
    assert link(visitor)["formula"] == "log(x)"


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
@pytest.mark.parametrize("look", ["layers", "training", "function", "matrix"])
def test_every_look_draws_for_every_kind_of_batch(reader, look, locale):
    for data in ("spiral", "normal", "digits"):
        visitor = reader(f"depth=3&width=8&samples=32&data={data}&view.look={look}", locale)
        assert visitor.alerts() == []
        assert visitor.find("activations-function")


def test_both_networks_are_trained_and_the_status_says_what_they_reach(reader):
    config = Config(activation="relu", second="tanh", depth=2, width=16, samples=64, until=50, steps=50)
    visitor = reader("activation=relu&second=tanh&depth=2&width=16&samples=64&until=50&view.look=training")
    visitor.touch("activations-speed", "pick", 2)
    assert not visitor.press("activations:play").errors
    for _ in range(3000):
        if visitor.tick() is None:
            break
    told = [float(one) for one in re.findall(r"<b>([\d.]+)\W*?%?</b>", visitor.status())]
    wanted = 100 * run(config).accuracy[:, -1]
    assert told == pytest.approx([50, *wanted.tolist()], abs=0.06)
    assert visitor.find("activations-curves")
    assert visitor.find("activations-plane1")
