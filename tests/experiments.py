"""Experiments that tests export: every preset, and what no preset has; and how two Results are compared."""

import dataclasses
import io

import numpy as np
import torch
from PIL import Image

from engine.contracts.probe import Brought, probe_of
from engine.contracts.topic import catalogue
from engine.data.digits import SIDE, encode_drawing
from engine.data.pictures import decode
from engine.machinery.own import OWN

PRESETS = [(slug, name) for slug, topic in catalogue().items() for name in topic.presets]


def upload():
    """A picture that no sample is, as a visitor's."""
    rows, columns = np.mgrid[0:90, 0:120]
    rgb = np.stack([rows * 2, columns * 2, (rows * columns) % 256], -1).astype(np.uint8)
    rgb[30:60, 40:80] = (250, 200, 10)
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG")
    return OWN.add(decode(file.getvalue(), "mine.png"))


def own_cases():
    """What no preset has: training, and the reader's own points, graph, text, drawing and picture."""
    drawing = np.zeros((SIDE, SIDE), np.uint8)
    drawing[5:22, 12:16] = 255
    brought = Brought(picture=upload(), drawing=encode_drawing(drawing))
    return {
        f"{slug} {name}": (slug, values)
        for slug, topic in catalogue().items()
        for name, values in probe_of(topic).cases(brought).items()
    }


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
