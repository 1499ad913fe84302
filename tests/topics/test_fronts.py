"""What the home page plays is the training that its link leads to, and the pictures of the page show it."""

import dataclasses

import numpy as np
import pytest
import torch

from engine.contracts.film import Film
from engine.contracts.topic import CatalogueError, Front, catalogue
from pages.components.parts.front import front_of
from pages.components.parts.topics import page_module

TOPIC = front_of(catalogue().values())
CONFIGS = TOPIC.front.configs


@pytest.mark.parametrize("name", CONFIGS)
def test_its_last_moment_is_the_result_of_its_config_and_all_are_shown(name):
    config = CONFIGS[name]
    moments = TOPIC.load(TOPIC.front.moments)(config)
    assert [moments[0].step, moments[-1].step] == [0, TOPIC.steps_of(config)]
    assert 20 < len(moments) < 60, "it looks like motion, and is soon sent"
    result, last = TOPIC.load(TOPIC.run)(config), moments[-1].values
    pairs = zip(last["weights"], last["biases"], strict=True)
    weights = torch.cat([torch.from_numpy(part).flatten() for pair in pairs for part in pair])
    assert torch.equal(weights, result.parameters), "how often one looks changes nothing"
    assert last["test_accuracy"] == pytest.approx(result.test_accuracy[-1].item())
    assert last["test_accuracy"] > 0.9, "it learns what it is shown with"
    film = Film(moments, range(len(moments)), moments[-1], moments[-1], "front", "front", start="play")
    plane, network = (block.picture for block in page_module(TOPIC.slug).front(config, film))
    assert len(plane.background) == len(network.maps) == len(moments)
    assert [len(layer.neurons) for layer in network.layers] == [len(config.features), *config.layers, 1]
    assert np.array_equal(network.weights[0][-1], last["weights"][0])
    sent = plane.background.nbytes + network.maps.nbytes + sum(one.nbytes for one in network.weights)
    assert sent < 250_000


def test_a_front_that_trains_nothing_is_refused():
    with pytest.raises(CatalogueError, match="trains nothing"):
        dataclasses.replace(TOPIC, front=Front({"Nothing": TOPIC.config()}, TOPIC.front.moments))
