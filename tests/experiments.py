"""Experiments that tests export: every preset, and what no preset has; and how two Results are compared."""

import dataclasses
import io

import numpy as np
import torch
from PIL import Image

from engine.core.topic import catalogue
from engine.data.graph_texts.given import Choices
from engine.data.graph_texts.keys import key_of
from engine.data.own_weights import WEIGHTS, read_weights, write_weights
from engine.data.pictures import UPLOADS, decode
from engine.data.points import encode_points

PRESETS = [(slug, name) for slug, topic in catalogue().items() for name in topic.presets]


def upload():
    """A picture that no sample is, as a visitor's."""
    rows, columns = np.mgrid[0:90, 0:120]
    rgb = np.stack([rows * 2, columns * 2, (rows * columns) % 256], -1).astype(np.uint8)
    rgb[30:60, 40:80] = (250, 200, 10)
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG")
    return UPLOADS.add(decode(file.getvalue(), "mine.png"))


def own_weights():
    """Weights that no seed gives, as a visitor's file."""
    topic = catalogue()["mlp"]
    state = topic.load(topic.network)(topic.config(seed=7)).state_dict()
    return WEIGHTS.add(read_weights(write_weights({name: 2 * value for name, value in state.items()}, "mlp", {}, None)))


OWN_GRAPH = "Who;Whom\nZoë;Bob, B.\nBob, B.;陈\n陈;Zoë\nZoë: x\n陈: [y](//z)"


def own_cases():
    """What no preset has: training, and the reader's own points, graph, text, drawing and picture."""
    key = upload()
    points = encode_points([(-1.0, 1.0, 0), (1.0, -1.0, 1), (-1.2, 0.8, 0), (1.1, -0.7, 1), (0.2, 0.1, 2), (0, 2, 2)])
    drawn = "drawn:" + catalogue()["diffusion"].config().drawing
    return {
        "mlp trained": ("mlp", {"steps": 60, "regularisation": "l1", "dropout": 0.2, "batch_size": 16}),
        "mlp own": ("mlp", {"data": "own", "points": points, "steps": 5, "edits": "0:0.1.0=2.5;3:1.0.b=-1"}),
        "mlp own weights": ("mlp", {"weights": own_weights(), "steps": 3}),
        "mlp diverged": ("mlp", {"data": "hills", "optimizer": "sgd", "learning_rate": 5.0, "steps": 50}),
        "cnn trained": ("cnn", {"start": "fresh", "steps": 8, "shift": 2, "channels": 4, "kernel": "3"}),
        "cnn drawn": ("cnn", {"digit": drawn}),
        "gnn trained": ("gnn", {"data": "blocks", "nodes": 60, "steps": 20, "coefficients": "gat", "depth": 3}),
        "gnn own": ("gnn", {"data": "own", "graph": key_of(OWN_GRAPH, Choices(first="header")), "steps": 5}),
        "attention own": ("attention", {"text": 'She said: "naïve \'quotes\' \\ and 汉字".', "off": ("L3H10", "L1H1"),
                                        "temperature": 2.0, "causal": True, "positions": False}),
        "diffusion trained": ("diffusion", {"steps": 25, "hidden": 32, "walk_steps": 7}),
        "diffusion completed": ("diffusion", {"view": "digits", "known": "left", "digit_steps": 4, "skips": "8"}),
        "image_classifier upload": ("image_classifier", {"picture": key, "crop": 0.8, "flip": True, "cell": 7}),
        "one_stage upload": ("one_stage", {"picture": key, "detector": "grid", "scene": "picture", "size": 0.6}),
    }  # fmt: skip


def cases():
    found = {f"{slug}: {name}": (catalogue()[slug], catalogue()[slug].presets[name]) for slug, name in PRESETS}
    for name, (slug, values) in own_cases().items():
        found[name] = (catalogue()[slug], dataclasses.replace(catalogue()[slug].config(), **values))
    return found


CASES = cases()
# The first preset of each topic, and what the reader made.
WHOLE = [f"{slug}: {next(iter(topic.presets))}" for slug, topic in catalogue().items()] + list(own_cases())


# Source of a function that scripts and notebooks run when they are done: a Result without classes of its own.
PLAIN = """\
def plain(value):
    if isinstance(value, torch.Tensor):
        return value.numpy()
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, str):  # Words, too
        return str(value)
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value
"""


def compare(ours, theirs, where):
    """Equal, all the way down; arrays value for value, NaN where NaN is."""
    if isinstance(ours, torch.Tensor):
        ours = ours.numpy()
    if dataclasses.is_dataclass(ours):
        ours = {field.name: getattr(ours, field.name) for field in dataclasses.fields(ours)}
    if isinstance(ours, np.ndarray):
        assert ours.shape == theirs.shape, where
        assert ours.dtype == theirs.dtype, where
        np.testing.assert_array_equal(ours, theirs, where)
    elif hasattr(ours, "items"):
        assert list(ours) == list(theirs), where
        for key in ours:
            compare(ours[key], theirs[key], f"{where}.{key}")
    elif isinstance(ours, (list, tuple)):
        assert len(ours) == len(theirs), where
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            compare(one, other, f"{where}[{number}]")
    else:
        assert ours == theirs or (ours != ours and theirs != theirs), where
