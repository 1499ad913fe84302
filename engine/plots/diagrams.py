"""Networks, curves and points -> (meta, arrays) for the canvas components; `pixels.pack` makes the bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.plots.pixels import Frames


def quantise_maps(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(T, N, S, S) real maps -> ((T, N, S, S) uint8, (T, N) float32 ranges), each map symmetrical around zero.

    value = (uint8 - 127.5) / 127.5 * range, wrong by at most range / 255. Non-finite values become zero.
    """
    values = np.nan_to_num(np.asarray(values, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    if values.ndim != 4:
        raise ValueError(f"maps must be (T, N, S, S), got shape {values.shape}")
    ranges = np.abs(values).max((2, 3))
    scaled = values / np.maximum(ranges, 1e-12)[..., None, None]
    return np.floor(scaled * 127.5 + 128).clip(0, 255).astype(np.uint8), ranges.astype(np.float32)


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
    """

    layers: Sequence[NetworkLayer]
    maps: np.ndarray
    ranges: np.ndarray
    weights: Sequence[np.ndarray]
    biases: Sequence[np.ndarray] = ()
    frames: Frames | None = None
    alt: str = ""
    toggle_inputs: bool = False

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
            "toggle": diagram.toggle_inputs}  # fmt: skip
    return meta, arrays


@dataclass(frozen=True)
class Bars:
    """Horizontal bars of shares (0 to 1), the first on top, each with its name and its percentage above it.

    hover: what the read-out says, by default the names. marked: index of the bar in the second class colour, which
    means `marked_name`. ticks: a second share per bar, drawn as a vertical mark that means `ticks_name`. colours:
    index of each bar's class colour, instead of one colour for all. keys: what a click on each bar stands for. compact:
    names of a letter or two stand before their bars, in two columns.
    """

    names: Sequence[str]
    shares: Sequence[float]
    alt: str
    hover: Sequence[str] | None = None
    marked: int | None = None
    marked_name: str = ""
    ticks: Sequence[float] | None = None
    ticks_name: str = ""
    colours: Sequence[int] | None = None
    keys: Sequence[str] = ()
    compact: bool = False

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise ValueError("Bars need an alt text that says what they show")
        for what in ("shares", "hover", "ticks", "colours"):
            values = getattr(self, what)
            if values is not None and len(values) != len(self.names):
                raise ValueError(f"expected {len(self.names)} {what}, one for each name, got {len(values)}")
        outside = [share for share in [*self.shares, *(self.ticks or ())] if not 0 <= share <= 1]
        if outside:
            raise ValueError(f"a share is 0 to 1, got {outside[0]}")
        if self.marked is not None and not 0 <= self.marked < len(self.names):
            raise ValueError(f"marked must be 0-{len(self.names) - 1}, got {self.marked}")

    def payload(self) -> dict[str, Any]:
        """What the canvas component `bars` draws."""
        return {
            "alt": self.alt, "names": list(self.names), "shares": [round(float(share), 6) for share in self.shares],
            "hover": list(self.hover or self.names), "marked": self.marked, "markedName": self.marked_name,
            "ticks": None if self.ticks is None else [round(float(tick), 6) for tick in self.ticks],
            "ticksName": self.ticks_name, "colours": None if self.colours is None else list(self.colours),
            "compact": self.compact,
        }  # fmt: skip


@dataclass(frozen=True)
class Curve:
    """One line of a chart: name, colour ('#RRGGBB' or a class index), dashed for what was not trained on."""

    name: str
    colour: str | int = 0
    dashed: bool = False


def curves_payload(values: np.ndarray, curves: Sequence[Curve], frames: Frames) -> tuple[dict[str, Any], dict]:
    """(T, L) float32 values of L lines at T frames -> (meta, arrays); NaN breaks a line."""
    values = np.asarray(values, np.float32)
    if values.shape != (len(frames.indices), len(curves)):
        raise ValueError(f"values must be {(len(frames.indices), len(curves))} (frames, lines), got {values.shape}")
    lines = [{"name": c.name, "colour": c.colour, "dashed": c.dashed} for c in curves]
    return {"lines": lines, "frames": frames.meta()}, {"values": values}


def points_payload(
    points: Sequence[Sequence[float]],
    domain: tuple[float, float, float, float],
    classes: Sequence[str],
    background: np.ndarray | None,
    frames: Frames | None,
    train_mask: Sequence[bool] | None,
    value_range: tuple[float, float] | None = None,
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Points in the plane -> (meta, arrays).

    points: [x, y, class] in data units. domain: (x low, x high, y low, y high), shown whatever the points are.
    background: (H, W, K) uint8 class probabilities (255 means 1), row 0 at y high, with frames (T, H, W, K).
    train_mask: True where a point is trained on (drawn filled), False for test points (rings).
    value_range: (low, high) for points that carry a value instead of a class; then `classes` is the value's name alone
    and the background is (H, W, 1) float32 (with frames (T, H, W, 1)), both in the signed colours.
    """
    x_low, x_high, y_low, y_high = map(float, domain)
    if not (x_low < x_high and y_low < y_high):
        raise ValueError(f"domain must be (x low, x high, y low, y high), got {domain}")
    if len(classes) < 1:
        raise ValueError("points need at least one class name")
    points = points.tolist() if isinstance(points, np.ndarray) else points
    for point in points:
        if value_range is not None:
            continue
        if len(point) != 3 or not 0 <= int(point[2]) < len(classes):
            raise ValueError(f"a point is [x, y, class] with class 0-{len(classes) - 1}, got {list(point)}")
    if train_mask is not None and len(train_mask) != len(points):
        raise ValueError(f"train_mask has {len(train_mask)} entries for {len(points)} points")
    arrays = {}
    if background is not None:
        dtype, depth = ("uint8", "K >= 2") if value_range is None else ("float32", "K = 1")
        fits = background.shape[-1] >= 2 if value_range is None else background.shape[-1] == 1
        if background.dtype.name != dtype or background.ndim != (4 if frames else 3) or not fits:
            form = "(T, H, W, K)" if frames else "(H, W, K)"
            got = f"{background.shape} {background.dtype}"
            raise ValueError(f"background must be {form} {dtype}, {depth}, got {got}")
        if frames and len(background) != len(frames.indices):
            raise ValueError(f"{len(background)} backgrounds for {len(frames.indices)} frame indices")
        arrays["background"] = background
    meta = {
        "points": [
            [round(float(x), 3), round(float(y), 3), int(k) if value_range is None else round(float(k), 4)]
            for x, y, k in points
        ],
        "values": None if value_range is None else {"low": float(value_range[0]), "high": float(value_range[1])},
        "domain": [x_low, x_high, y_low, y_high],
        "classes": list(classes),
        "train": None if train_mask is None else [bool(m) for m in train_mask],
        "frames": frames.meta() if frames and background is not None else None,
    }
    return meta, arrays


@dataclass(frozen=True)
class CurvesPicture:
    """A line chart as the component `curves` shows it, for files; values (T, L) at the frames' steps."""

    values: np.ndarray
    lines: Sequence[Curve]
    frames: Frames
    alt: str
    x_label: str = ""
    y_label: str = ""
    log: bool = False
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Chart:
    """A line chart that does not move, with axes to read exactly and to zoom; Plotly draws it, see figures.chart.

    curves: name -> (x values, y values). log, log_x: logarithmic axes. Titles carry the units.
    """

    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]]
    x_title: str
    y_title: str
    alt: str
    log: bool = False
    log_x: bool = False


@dataclass(frozen=True)
class PointsInSpace:
    """Named groups of points (N, 3) in space, to turn with the mouse, and a plane {u: normal · u + offset = 0} or None.

    The plane is drawn where it passes through the box of the points; one that misses the box is left out.
    """

    groups: Mapping[str, np.ndarray]
    axis_titles: tuple[str, str, str]
    alt: str
    plane: tuple[np.ndarray, float] | None = None


@dataclass(frozen=True)
class PointsPicture:
    """Points in the plane as the component `points` shows them; see points_payload.

    editable: a reader adds, moves and removes points ("points"); else a click chooses a spot ("spot").
    """

    points: Sequence[Sequence[float]]
    domain: tuple[float, float, float, float]
    classes: Sequence[str]
    alt: str
    background: np.ndarray | None = None
    frames: Frames | None = None
    train_mask: Sequence[bool] | None = None
    value_range: tuple[float, float] | None = None
    axis_labels: tuple[str, str] = ("x₁", "x₂")
    editable: bool = False
