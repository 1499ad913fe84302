"""MLP playground: arrays to pictures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from engine.data.points import DOMAIN, decode_points, encode_points
from engine.plots.diagrams import Curve, NetworkDiagram, NetworkLayer
from engine.plots.pixels import Frames, PixelPicture, Point, Tile
from engine.training.fit import Snapshot

from .card import FEATURES, REGRESSION, Config
from .run import BOUNDARY_SIZE, Result

__all__ = ["DOMAIN", "decode_points", "encode_points"]  # what the page needs of the data, through its topic
CLASS_NAMES = ("A", "B", "C", "D")
Pairs = Sequence[tuple[int, Snapshot]]


def frames_of(pairs: Pairs, run: str, live: bool, clock: str = "mlp") -> Frames:
    """The moments of a run that are sent together."""
    return Frames(run, [index for index, _ in pairs], [snapshot.step for _, snapshot in pairs], live=live, clock=clock)


def diagram(
    config: Config, pairs: Pairs, frames: Frames | None, *, words: tuple[str, str, str], alt: str
) -> NetworkDiagram:
    """The network with every neuron's own map of the plane, its weights and biases, at each moment.

    words: what input, hidden and output layers are called; alt: what the picture shows.
    """
    outputs = pairs[0][1].seen["biases"][-1].shape[0]
    names = ["ŷ"] if outputs == 1 else list(CLASS_NAMES[:outputs])
    layers = [NetworkLayer(words[0], [FEATURES[name] for name in FEATURES], off=frozenset(
        number for number, name in enumerate(FEATURES) if name not in config.features))]  # fmt: skip
    layers += [
        NetworkLayer(f"{words[1]} {number}", [f"h{number},{i + 1}" for i in range(size)], resizable=True)
        for number, size in enumerate(config.layers, 1)
    ]
    layers.append(NetworkLayer(words[2], names))
    chosen = [list(FEATURES).index(name) for name in config.features]
    moments = [snapshot.seen for _, snapshot in pairs]
    side = moments[0]["maps"].shape[-1]
    off = _feature_maps(side)
    maps, ranges = [], []
    for seen in moments:  # inputs that are switched off show what they would give
        full, full_ranges = off[0].copy(), off[1].copy()
        full[chosen], full_ranges[chosen] = seen["maps"][: len(chosen)], seen["ranges"][: len(chosen)]
        maps.append(np.concatenate([full, seen["maps"][len(chosen) :]]))
        ranges.append(np.concatenate([full_ranges, seen["ranges"][len(chosen) :]]))
    weights = []
    for number in range(len(config.layers) + 1):
        stacked = np.stack([seen["weights"][number] for seen in moments])
        if number == 0:
            wide = np.zeros((*stacked.shape[:2], len(FEATURES)), np.float32)
            wide[:, :, chosen] = stacked
            stacked = wide
        weights.append(stacked)
    return NetworkDiagram(
        layers, np.stack(maps), np.stack(ranges).astype(np.float32), [_finite(array) for array in weights],
        [_finite(np.stack([seen["biases"][n] for seen in moments])) for n in range(len(weights))],
        frames=frames, toggle_inputs=True,
        alt=alt,
    )  # fmt: skip


def planes(pairs: Pairs) -> np.ndarray:
    """(T, S, S, K) uint8 class probabilities, or (T, S, S, 1) float32 values for regression."""
    return np.stack([snapshot.seen["plane"] for _, snapshot in pairs])


def curve_values(pairs: Pairs) -> np.ndarray:
    """(T, 2) train and test loss."""
    return np.array([[s.seen["train_loss"], s.seen["test_loss"]] for _, s in pairs], np.float32)


def curve_lines(train: str, test: str) -> list[Curve]:
    """The two lines of `curve_values`, under the names given."""
    return [Curve(train, 0), Curve(test, 1, dashed=True)]


def draw_boundary(result: Result) -> PixelPicture:
    """The plane coloured by the network's answer, with the points: filled where trained on, rings where tested."""
    scale = (BOUNDARY_SIZE / 2) / DOMAIN
    plane = result.plane.numpy()
    values = result.targets.numpy()
    regression = plane.shape[2] == 1
    points = []
    for (x, y), value, train in zip(result.inputs.numpy(), values, result.is_train.numpy(), strict=True):
        label = int(value < 0) if regression else int(value)
        points.append(Point(float(x + DOMAIN) * scale, float(DOMAIN - y) * scale, label, bool(train)))
    if regression:
        tile = Tile(plane[..., 0].astype(np.float32), "answer", scale="signed", points=points, smooth=True)
    else:
        tile = Tile(
            plane.astype(np.float32), "answer", classes=CLASS_NAMES[: plane.shape[2]], points=points, smooth=True
        )
    return PixelPicture([tile], alt="The plane coloured by the network's answer, with the points it was given")


def draw_network(result: Result) -> PixelPicture:
    """Every neuron's own map of the plane, layer by layer, as tiles."""
    seen = result.snapshot.seen
    tiles = [
        Tile(_dequantise(pixels, reach), f"neuron {number + 1}", scale="signed")
        for number, (pixels, reach) in enumerate(zip(seen["maps"], seen["ranges"], strict=True))
    ]
    return PixelPicture(tiles, alt="Every neuron's value over the plane, inputs first, output last")


def draw_curves(result: Result):
    """Train and test loss over the steps."""
    from engine.plots.figures import lines

    steps = result.step.tolist()
    return lines(
        {"train": (steps, result.train_loss.tolist()), "test": (steps, result.test_loss.tolist())},
        x_title="step", y_title="loss",
    )  # fmt: skip


def draw_hidden_space(result: Result, axis_name: str = "direction"):
    """The points where the output layer sees them, in up to three principal components of the last hidden layer.

    With one output the border is a plane there: h = mean + P u turns border · h + offset = 0 into a plane in u.
    """
    from engine.plots.figures import scatter_3d

    hidden = result.hidden.numpy().astype(np.float64)
    if len(hidden) == 0:
        return scatter_3d({}, axis_titles=("1", "2", "3"))
    mean = hidden.mean(0)
    _, singular, directions = np.linalg.svd(hidden - mean, full_matrices=False)
    directions = directions[:3]
    positions = (hidden - mean) @ directions.T
    positions = np.pad(positions, ((0, 0), (0, 3 - positions.shape[1])))
    share = (singular**2 / max((singular**2).sum(), 1e-12))[:3]
    targets = result.targets.numpy()
    labels = targets if result.plane.shape[2] > 1 else (targets < 0).astype(int)
    names = CLASS_NAMES if result.plane.shape[2] > 1 else ("> 0", "< 0")
    groups = {names[k]: positions[labels == k] for k in sorted(set(labels.tolist()))}
    plane = None
    if result.plane.shape[2] <= 2 and len(directions):
        normal = np.pad(directions @ result.border.numpy(), (0, 3 - len(directions)))
        plane = (normal, float(result.offset) + float(result.border.numpy() @ mean))
    titles = [f"{axis_name} {i + 1} ({share[i]:.0%})" if i < len(share) else "–" for i in range(3)]
    return scatter_3d(groups, axis_titles=tuple(titles), plane=plane)


def _dequantise(pixels: np.ndarray, reach: float) -> np.ndarray:
    return ((pixels.astype(np.float32) - 127.5) / 127.5 * reach).astype(np.float32)


def _finite(array: np.ndarray) -> np.ndarray:
    return np.nan_to_num(array, nan=0.0, posinf=0.0, neginf=0.0).astype(np.float32)


@cache
def _feature_maps(side: int) -> tuple[np.ndarray, np.ndarray]:
    import torch

    from engine.plots.diagrams import quantise_maps

    from .run import FEATURE_FUNCTIONS, grid

    x = grid(side)
    values = torch.stack([FEATURE_FUNCTIONS[name](x) for name in FEATURES]).reshape(1, len(FEATURES), side, side)
    pixels, ranges = quantise_maps(values.numpy())
    return pixels[0], ranges[0]


def classes_of(snapshot: Snapshot) -> int:
    """How many classes the plane shows; 2 for regression (below and above zero)."""
    return max(2, snapshot.seen["plane"].shape[-1])


def is_regression(config: Config) -> bool:
    """Whether the data set asks for values instead of classes."""
    return config.data in REGRESSION
