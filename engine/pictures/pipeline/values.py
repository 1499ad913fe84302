"""All layers of a convolutional network in one row, from the input to the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.pictures import theme

FORMS = ("maps", "kernels", "neurons", "bars")


@dataclass(frozen=True)
class Layer:
    """One column.

    maps: (C, h, w) float32. title: above it; group: over it and its neighbours of the same group. form: "maps";
    "kernels", smaller; "neurons" (C, 1, 1), a cell each with its number in it; "bars" (C, 1, 1), shares with their
    percentages. scale, low, high: the colours of all of them. key: what a click stands for, "" where there is nothing
    to open. opens: index of the layer that a click is of instead, such as the maps of kernels. order: which of the C
    stands where, row by row from the top; () for as they are counted. strength: (C,) what that order follows, for the
    read-out; None for nothing. covered: what it holds is not shown.
    """

    maps: np.ndarray
    title: str
    group: str = ""
    form: str = "maps"
    scale: str = "magnitude"
    low: float = 0.0
    high: float = 1.0
    key: str = ""
    opens: int | None = None
    order: tuple[int, ...] = ()
    strength: np.ndarray | None = None
    covered: bool = False

    @property
    def places(self) -> tuple[int, ...]:
        """Which of the maps stands where."""
        return tuple(self.order) or tuple(range(len(self.maps)))


@dataclass(frozen=True)
class Link:
    """A line from a map to one of a later layer: (layer, map) each. share: -1 to 1, of the strongest of its kind."""

    start: tuple[int, int]
    end: tuple[int, int]
    share: float


@dataclass(frozen=True)
class Window:
    """A frame on maps of a layer, of one of them or (None) of all: cells from (top, left) to before (bottom, right)."""

    layer: int
    channel: int | None
    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True)
class PipelinePicture:
    """Layers side by side, the first at the left; where there is no room for all they scroll in their own frame.

    measure: what the maps are in the order of; note: the same in a sentence, for the legend. links, windows: what the
    picked cell is made of. marked: the bar of the answer, index in the last layer. ValueError for what does not fit
    together.
    """

    layers: Sequence[Layer]
    alt: str
    measure: str = ""
    note: str = ""
    links: Sequence[Link] = ()
    windows: Sequence[Window] = ()
    marked: int = -1

    def __post_init__(self) -> None:
        if not self.layers or not self.alt.strip():
            raise ValueError("a PipelinePicture needs layers, and an alt text that says what it shows")
        for layer in self.layers:
            theme.table(layer.scale)
            if layer.form not in FORMS:
                raise ValueError(f"{layer.title}: expected a form among {', '.join(FORMS)}, got {layer.form!r}")
            if layer.maps.ndim != 3 or layer.maps.dtype != np.float32 or 0 in layer.maps.shape:
                raise ValueError(f"{layer.title}: expected (C, h, w) float32, got {layer.maps.shape}")
            if sorted(layer.places) != list(range(len(layer.maps))):
                raise ValueError(f"{layer.title}: the order must name each of {len(layer.maps)} maps once")
            if layer.form in ("neurons", "bars") and layer.maps.shape[1:] != (1, 1):
                raise ValueError(f"{layer.title}: {layer.form} are single numbers, got {layer.maps.shape}")

    @property
    def keys(self) -> tuple[str, ...]:
        """What a click on each layer stands for."""
        return tuple(layer.key for layer in self.layers)

    def payload(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What pipeline.js draws: arrays m<k> are the maps of layer k as float32, s<k> their strengths."""
        layers, arrays = [], {}
        for number, layer in enumerate(self.layers):
            arrays[f"m{number}"] = np.zeros_like(layer.maps) if layer.covered else layer.maps
            if layer.strength is not None:
                arrays[f"s{number}"] = np.asarray(layer.strength, np.float32)
            layers.append({
                "title": layer.title, "group": layer.group, "form": layer.form, "scale": layer.scale,
                "low": float(layer.low), "high": float(layer.high), "order": list(layer.places),
                "covered": layer.covered, "opens": number if layer.opens is None and layer.key else layer.opens,
            })  # fmt: skip
        meta = {
            "alt": self.alt, "layers": layers, "measure": self.measure, "note": self.note, "marked": self.marked,
            "links": [[*link.start, *link.end, round(float(link.share), 4)] for link in self.links],
            "windows": [[w.layer, w.channel, w.top, w.left, w.bottom, w.right] for w in self.windows],
        }  # fmt: skip
        return meta, arrays
