"""What an exported script has in place of the engine's contracts: the same results in a few lines.

Every definition here takes the place of one or more of the engine (`INSTEAD`) and must give the same answers; the tests
compare them. It may use nothing but the standard library, NumPy, PyTorch and Plotly.
"""

from __future__ import annotations

import ast
import base64
import dataclasses
import json
import lzma
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.data.imagenet import english_names, full_names

from .sources import ROOT, Place, read

ASSETS = ROOT / "assets"  # in a script: the folder that its reader names


# A result of an experiment: its fields say what they hold.
result = dataclasses.dataclass(frozen=True, eq=False)


def axes(names: str, meaning: str, *, unit: str = "", gaps: bool = False) -> Any:
    """A field with an array (or, without axes, a number): its axes, what it means, its unit; gaps: NaN may be in it."""
    return dataclasses.field(metadata={"axes": names.split(), "meaning": meaning, "unit": unit})


def note(meaning: str) -> Any:
    """A field with something else than an array."""
    return dataclasses.field(metadata={"meaning": meaning})


def number_rows(result: Any, prefix: str = "") -> Iterator[tuple[str, ...]]:
    """For every array of a result: name, axes, shape, lowest and highest value, unit, meaning."""
    for one in dataclasses.fields(result):
        value, about = getattr(result, one.name), one.metadata
        if "axes" in about:
            shape, values = np.shape(value), np.asarray(value)
            values = values[values == values]  # only NaN differs from itself
            ends = [values.min().item(), values.max().item()] if values.size else ["–", "–"]
            ends = [{True: "yes", False: "no"}[end] if isinstance(end, bool) else end for end in ends]
            low, high = (end if isinstance(end, str) else f"{end:.6g}" for end in ends)
            yield (
                prefix + one.name, " × ".join(about["axes"]), " × ".join(map(str, shape)) or "1", low, high,
                about["unit"], about["meaning"],
            )  # fmt: skip
        elif dataclasses.is_dataclass(value) and any("axes" in inner.metadata for inner in dataclasses.fields(value)):
            yield from number_rows(value, f"{prefix}{one.name}.")


def print_numbers(result: Any) -> None:
    """A table of every array of a result."""
    rows = [("Name", "Axes", "Shape", "Lowest", "Highest", "Unit", "Meaning"), *number_rows(result)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


@cache
def current_device() -> str:
    """The best device there is."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def load_weights(name: str) -> dict[str, Tensor]:
    """The tensors of assets/weights/<name>.safetensors, floating ones as float32.

    Such a file is the length of a JSON text, the text, which says type, shape and place of every tensor, and the bytes.
    """
    content = (ASSETS / "weights" / f"{name}.safetensors").read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    types = {"F32": np.float32, "F16": np.float16, "I64": np.int64, "U8": np.uint8}
    tensors = {}
    for key, entry in json.loads(content[8:start]).items():
        if key != "__metadata__":
            first, last = entry["data_offsets"]
            values = np.frombuffer(content[start + first : start + last], types[entry["dtype"]])
            tensor = torch.from_numpy(values.reshape(entry["shape"]).copy())
            tensors[key] = tensor.float() if tensor.is_floating_point() else tensor
    return tensors


def fill(model: nn.Module, name: str) -> None:
    """Copy the weights `name` into a model. ValueError if they are those of another model."""
    missing, unknown = model.load_state_dict(load_weights(name), strict=False)
    missing = [key for key in missing if not key.endswith("num_batches_tracked")]  # a counter of the training
    if missing or unknown:
        raise ValueError(f"{name} does not fit {type(model).__name__}: missing {missing}, unknown {unknown}")


def class_names() -> tuple[str, ...]:
    """The English names of the classes of ImageNet."""
    return english_names()


def class_synonyms() -> tuple[str, ...]:
    """All synonyms of the classes of ImageNet."""
    return full_names()


def unpacked(text: str, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """An array from its text: LZMA in base 85. Of pictures (uint8, H × W × 3) the differences of neighbours are packed,
    to the left and above, red and blue less green."""
    values = np.frombuffer(lzma.decompress(base64.b85decode("".join(text.split()))), dtype).reshape(shape)
    if dtype == "uint8" and len(shape) > 2 and shape[-1] == 3:
        values = values.cumsum(-2, dtype=np.uint8).cumsum(-3, dtype=np.uint8)
        values[..., [0, 2]] += values[..., [1]]
    return values.copy()


def packed(values: np.ndarray) -> str:
    """The inverse of `unpacked`."""
    if values.dtype == np.uint8 and values.ndim > 2 and values.shape[-1] == 3:
        values = values.copy()
        values[..., [0, 2]] -= values[..., [1]]
        values = np.diff(np.diff(values, axis=-3, prepend=np.uint8(0)), axis=-2, prepend=np.uint8(0))
    return base64.b85encode(lzma.compress(np.ascontiguousarray(values).tobytes(), preset=9)).decode()


INSTEAD = {
    Place.of(path): Place(__name__, name)
    for path, name in {
        "engine.contracts.axes:result": "result",
        "engine.contracts.axes:axes": "axes",
        "engine.contracts.axes:note": "note",
        "engine.machinery.device:current_device": "current_device",
        "engine.data.imagenet:class_names": "class_names",
        "engine.data.imagenet:class_synonyms": "class_synonyms",
        "engine.weights:load_weights": "load_weights",
        "engine.weights:fill": "fill",
    }.items()
} | {
    Place(module, name): Place("engine.script.pictures", name)
    for module, names in {
        "engine.pictures.pixels.values": ("Point", "Box", "Line", "Text", "Over", "Tile", "PixelPicture"),
        "engine.contracts.film": ("Frames",),
        "engine.pictures.theme": ("plotly_template",),
    }.items()
    for name in names
}

SECTIONS = {other: place.module for place, other in INSTEAD.items() if other.module == __name__}  # what they belong to


def instead(place: Place) -> Place:
    """What stands in a script for a definition of the engine, by default itself. All that means the folder of assets
    is ASSETS."""
    module = read(place.module)
    if isinstance(getattr(module.blocks.get(place.name), "node", None), ast.Assign):
        value = module.namespace[place.name]
        if isinstance(value, Path) and value == ASSETS:
            return Place(__name__, "ASSETS")
    return INSTEAD.get(place, place)
