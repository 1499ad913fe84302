"""A network as columns of neuron maps, joined by weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.contracts.film import Frames

ZERO = 128  # what a value of 0 is as a byte


def quantise_maps(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(T, N, S, S) real maps -> ((T, N, S, S) uint8, (T, N) float32 ranges), each map symmetrical around zero.

    value = (uint8 - 127.5) / 127.5 * range, wrong by at most range / 255. Non-finite values become zero.
    """
    values = np.nan_to_num(np.asarray(values, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    if values.ndim != 4:
        raise ValueError(f"maps must be (T, N, S, S), got shape {values.shape}")
    ranges = np.abs(values).max((2, 3))
    scaled = values / np.maximum(ranges, 1e-12)[..., None, None]
    return np.floor(scaled * 127.5 + ZERO).clip(0, 255).astype(np.uint8), ranges.astype(np.float32)


@dataclass(frozen=True)
class NetworkLayer:
    """One column: its name and its neurons' names. resizable shows the - and + buttons, between minimum and maximum.

    off: indices of neurons that are drawn dimmed (inputs a reader has switched off)."""

    name: str
    neurons: Sequence[str]
    resizable: bool = False
    minimum: int = 1
    maximum: int = 64
    off: frozenset[int] = frozenset()


@dataclass(frozen=True)
class NetworkDiagram:
    """A network as columns of neuron maps joined by weights; T moments, or T = 1 with frames None.

    layers: inputs first, outputs last; N is the number of all their neurons, in that order.
    maps: (T, N, S, S) uint8 with ranges (T, N) float32 (see quantise_maps). weights[l]: (T, out, in) float32 from
    layer l to layer l + 1, laid out as torch.nn.Linear.weight. biases[l]: (T, out) float32 of layer l + 1, or empty.
    toggle_inputs: a click on an input switches it instead of picking it.
    values: (T, N) float32: each square is one number, read out and written into it where there is room; its map is one
    pixel of that colour. signs: for each moment what the squares of each layer, the lines into each layer behind the
    first, and their discs are, as symbols: (("x", "h", …), ("w", …), ("b", …)). Where a value, a weight or a bias is
    NaN, nothing is drawn.
    """

    layers: Sequence[NetworkLayer]
    maps: np.ndarray
    ranges: np.ndarray
    weights: Sequence[np.ndarray]
    biases: Sequence[np.ndarray] = ()
    frames: Frames | None = None
    alt: str = ""
    toggle_inputs: bool = False
    values: np.ndarray | None = None
    signs: Sequence[Sequence[Sequence[str]]] = ()

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise ValueError("a NetworkDiagram needs an alt text that says what it shows")
        sizes = [len(layer.neurons) for layer in self.layers]
        if len(sizes) < 2 or min(sizes) < 1:
            raise ValueError(f"a network needs at least inputs and outputs, each with a neuron; got sizes {sizes}")
        times = len(self.frames.indices) if self.frames else 1
        square = self.maps.ndim == 4 and self.maps.shape[2] == self.maps.shape[3]
        if not square or self.maps.shape[:2] != (times, sum(sizes)) or self.maps.dtype != np.uint8:
            want = f"({times}, {sum(sizes)}, S, S) uint8"
            raise ValueError(f"maps must be {want}, got {self.maps.shape} {self.maps.dtype}")
        if self.ranges.shape != (times, sum(sizes)):
            raise ValueError(f"ranges must be {(times, sum(sizes))}, got {self.ranges.shape}")
        for arrays, what in ((self.weights, "weights"), (self.biases, "biases")):
            if len(arrays) != len(sizes) - 1 and (arrays or what == "weights"):
                raise ValueError(f"expected {len(sizes) - 1} {what} arrays, one between neighbours, got {len(arrays)}")
            for number, array in enumerate(arrays):
                want = (times, sizes[number + 1]) + ((sizes[number],) if what == "weights" else ())
                if array.shape != want:
                    raise ValueError(f"{what}[{number}] must be {want}, got {array.shape}")
        if self.values is not None and self.values.shape != (times, sum(sizes)):
            raise ValueError(f"values must be {(times, sum(sizes))}, got {self.values.shape}")
        counts = [len(sizes), len(sizes) - 1, len(sizes) - 1]
        if self.signs and (len(self.signs) != times or any(list(map(len, one)) != counts for one in self.signs)):
            raise ValueError(f"expected {times} signs of {counts} symbols")


def network_payload(diagram: NetworkDiagram) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A diagram as (meta, arrays) for `pack`; every array has the leading T axis."""
    frames = diagram.frames or Frames("static", [0], [0])
    layers = [{"name": layer.name, "neurons": list(layer.neurons), "resizable": layer.resizable,
               "minimum": layer.minimum, "maximum": layer.maximum, "off": sorted(layer.off)}
              for layer in diagram.layers]  # fmt: skip
    arrays = {"maps": diagram.maps, "ranges": diagram.ranges.astype(np.float32)}
    for name, group in (("w", diagram.weights), ("b", diagram.biases)):
        arrays |= {f"{name}{n}": np.asarray(a, np.float32).reshape(len(a), -1) for n, a in enumerate(group)}
    meta = {"alt": diagram.alt, "layers": layers, "frames": frames.meta(), "static": diagram.frames is None,
            "toggle": diagram.toggle_inputs,
            "signs": [[list(part) for part in one] for one in diagram.signs]}  # fmt: skip
    if diagram.values is not None:
        arrays["values"] = np.asarray(diagram.values, np.float32)
    return meta, arrays
