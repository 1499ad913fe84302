"""Every topic with every preset, through the catalogue alone: runs, repeats, draws, and agrees between devices."""

import dataclasses
import json
from random import Random

import numpy as np
import pytest
import torch
from plotly.graph_objects import Figure

from engine.contracts.axes import bytes_of
from engine.contracts.knob import knobs, random_value
from engine.contracts.topic import catalogue
from engine.machinery.device import TOLERANCE, available_devices, using_device
from engine.pictures.files import picture_png
from engine.pictures.kinds import kinds
from engine.pictures.packing import pack, unpack

STEPS = 6  # of training, for topics that train
PRESETS = [(slug, name) for slug, topic in catalogue().items() for name in topic.presets]
OTHERS = [device for device in available_devices() if device != "cpu"]


def preset_of(slug, name):
    """A preset, trained a little where the topic trains."""
    topic = catalogue()[slug]
    config = topic.presets[name]
    return topic.training.at(config, STEPS) if topic.trains(config) and not topic.steps_of(config) else config


def compute(slug, name, device="cpu"):
    topic = catalogue()[slug]
    with using_device(device):
        return topic.load(topic.run)(preset_of(slug, name))


@pytest.mark.parametrize(("slug", "name"), PRESETS)
def test_a_preset_runs_repeats_and_draws(slug, name):
    topic, state = catalogue()[slug], torch.get_rng_state()
    result, again = compute(slug, name), compute(slug, name)
    assert torch.equal(torch.get_rng_state(), state), "the process-wide generator was used"
    assert result.quantities()
    assert result.nbytes >= sum(bytes_of(quantity.values) for quantity in result.quantities())
    for first, second in zip(result.quantities(), again.quantities(), strict=True):
        torch.testing.assert_close(second.values, first.values, rtol=0, atol=0, equal_nan=True, msg=first.name)
    before = [torch.as_tensor(quantity.values).clone() for quantity in result.quantities()]
    for path in topic.figures.values():
        check_figure(topic.load(path)(result))
    for quantity, values in zip(result.quantities(), before, strict=True):
        drawn = torch.as_tensor(quantity.values)  # results are shared between visitors: drawing must not change them
        torch.testing.assert_close(
            drawn, values, rtol=0, atol=0, equal_nan=True, msg=f"drawing changed {quantity.name}"
        )


def check_figure(figure):
    """It is a picture of a known kind, and it can be sent."""
    if isinstance(figure, Figure):
        drawn = json.loads(figure.to_json())
        assert drawn["data"], "a figure without any mark"
        return
    meta, arrays = kinds()[type(figure)].payload(figure)
    sent, arrays_again = unpack(pack(meta, arrays))
    assert sent["alt"] == figure.alt
    assert all(
        np.array_equal(arrays_again[key], array, equal_nan=array.dtype.kind == "f") for key, array in arrays.items()
    )
    assert picture_png(figure)[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("slug", [slug for slug, topic in catalogue().items() if topic.stream])
def test_a_stream_begins_with_what_is_there_before_the_first_step(slug):
    topic = catalogue()[slug]
    stream = topic.load(topic.stream)(topic.config())
    first, second = next(stream), stream.send(1)
    assert first.step == 0
    if topic.training is not None:  # training moves by exactly as many steps as it is asked to
        assert second.step == 1
        assert stream.send(3).step == 4
    else:
        assert 0 < second.step <= second.total
    assert first.values.keys() == second.values.keys()
    assert second.total is not None
    assert first.nbytes > 0
    stream.close()


TRAINING = [slug for slug, topic in catalogue().items() if topic.training]


def same(first, second) -> bool:
    """Whether two values that a Snapshot has seen are the same, numbers that are none included."""
    if isinstance(first, (list, tuple)):
        return len(first) == len(second) and all(map(same, first, second))
    return np.array_equal(first, second, equal_nan=True)


@pytest.mark.parametrize("slug", TRAINING)
def test_the_first_moment_is_that_of_the_stream(slug):
    topic = catalogue()[slug]
    for name, preset in topic.presets.items():
        if topic.trains(preset):
            config = topic.training.experiment(preset)
            streamed, alone = (
                next(topic.load(topic.training.stream)(config)),
                topic.load(topic.training.first)(config),
            )
            assert alone.step == streamed.step == 0, name
            assert alone.values.keys() == streamed.values.keys(), name
            assert all(same(alone.values[key], streamed.values[key]) for key in alone.values), name


def other_values(topic, knob):
    """Values of a knob other than its default: those of the presets, and one at random."""
    found = [getattr(preset, knob.name) for preset in topic.presets.values()]
    return [value for value in [*found, random_value(knob, Random(knob.name))] if value != knob.default]


@pytest.mark.parametrize("slug", TRAINING)
def test_a_training_depends_on_nothing_but_its_experiment(slug):
    topic = catalogue()[slug]
    training = topic.training
    experiment = training.experiment(topic.config())
    assert training.experiment(experiment) == experiment
    assert training.goes(experiment) == 0
    assert training.goes(training.at(experiment, 7)) == 7
    turned = experiment
    for knob in knobs(topic.config):  # every knob that `experiment` takes back is turned
        for value in other_values(topic, knob):
            changed = dataclasses.replace(turned, **{knob.name: value})
            if training.applies(changed) and training.experiment(changed) == experiment:
                turned = changed
    assert training.goes(turned) > 0
    takes_back = (
        "cnn",
        "diffusion",
        "linear_classifiers",
        "regularisation",
    )  # where the training is one of several looks
    assert (turned != training.at(experiment, training.goes(turned))) == (slug in takes_back)
    weights = []
    for config in (experiment, turned):
        stream = topic.load(training.stream)(config)
        next(stream)
        weights.append(stream.send(2).values["weights"])
        stream.close()
    assert same(*weights)


@pytest.mark.gpu
@pytest.mark.parametrize("device", OTHERS or ["cuda"])
@pytest.mark.parametrize(("slug", "name"), PRESETS)
def test_devices_agree(slug, name, device):
    expected, found = compute(slug, name), compute(slug, name, device)
    for first, second in zip(expected.quantities(), found.quantities(), strict=True):
        one, other = torch.as_tensor(first.values).double(), torch.as_tensor(second.values).double()
        assert one.shape == other.shape
        assert torch.equal(one.isnan(), other.isnan()), first.name
        one, other = one.nan_to_num(), other.nan_to_num()
        largest = one.abs().max().item() if one.numel() else 0.0
        assert (one - other).abs().max().item() <= TOLERANCE * max(largest, 1e-9), first.name
