"""Points that move with time, in one or more planes side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.contracts.film import Frames

LEVELS = 65_535  # positions travel as 16-bit numbers


SENT = 4.0  # from -SENT·reach to SENT·reach; what lies farther out is moved to that border


@dataclass(frozen=True)
class Plane:
    """One square plane. title: may contain {step}, the step of the frame shown. positions: (T, N, 2) at the frames."""

    title: str
    positions: np.ndarray


@dataclass(frozen=True)
class Cloud:
    """The same N points in one or more planes, with what lies behind them.

    reach: the planes show -reach to reach both ways. classes: (N,) index of each point's colour; names: what the
    colours mean. data: (M, 2) still points behind, called data_name. traced: points whose way in the first plane is
    drawn. arrows: (T, G, 2), of length 1 at most one cell long, at the places lattice (G, 2), in the first plane,
    called arrows_name. note: words that end the legend. alt: what the picture shows (required).
    """

    planes: Sequence[Plane]
    frames: Frames
    reach: float
    classes: np.ndarray
    names: Sequence[str]
    alt: str
    data: np.ndarray | None = None
    data_name: str = ""
    traced: Sequence[int] = ()
    traced_name: str = ""
    arrows: np.ndarray | None = None
    lattice: np.ndarray | None = None
    arrows_name: str = ""
    note: str = ""
    axis_labels: tuple[str, str] = ("x₁", "x₂")

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise ValueError("a Cloud needs an alt text that says what it shows")
        if not self.planes:
            raise ValueError("a Cloud needs at least one plane")
        want = (len(self.frames.indices), len(self.classes), 2)
        for number, plane in enumerate(self.planes):
            if plane.positions.shape != want:
                raise ValueError(f"plane {number}: positions must be {want}, got {plane.positions.shape}")
        if not 0 < self.reach < np.inf:
            raise ValueError(f"reach must be a positive number, got {self.reach}")
        if (self.arrows is None) != (self.lattice is None):
            raise ValueError("arrows and their lattice come together")
        if self.arrows is not None and self.arrows.shape != (want[0], len(self.lattice), 2):
            raise ValueError(f"arrows must be {(want[0], len(self.lattice), 2)}, got {self.arrows.shape}")
        outside = [point for point in self.traced if not 0 <= point < want[1]]
        if outside:
            raise ValueError(f"traced points must be 0-{want[1] - 1}, got {outside[0]}")


def quantise_positions(positions: np.ndarray, reach: float) -> np.ndarray:
    """Positions -> uint16; x = (uint16 / 65535 · 2 - 1) · 4 reach, NaN: 0. Wrong by at most 4 reach / 65535."""
    with np.errstate(over="ignore"):  # what is too far out for a float lies at the border like all that is far out
        levels = np.asarray(positions, np.float32) * np.float32(LEVELS / (2 * SENT * reach))
    levels += np.float32(LEVELS / 2)
    np.copyto(levels, np.float32(LEVELS / 2), where=np.isnan(levels))
    np.clip(levels, 0, LEVELS, out=levels)  # in place: a walk is sent anew with every click on it
    return np.rint(levels, out=levels).astype(np.uint16)


def cloud_payload(cloud: Cloud) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A cloud as (meta, arrays) for `pack`: p<k> and arrows have the leading T axis, the others are still."""
    arrays = {f"p{k}": quantise_positions(plane.positions, cloud.reach) for k, plane in enumerate(cloud.planes)}
    arrays["classes"] = np.asarray(cloud.classes, np.uint8)
    if cloud.data is not None:
        arrays["data"] = quantise_positions(cloud.data, cloud.reach)
    if cloud.arrows is not None:
        length = np.linalg.norm(cloud.arrows, axis=-1, keepdims=True)
        arrows = np.nan_to_num(cloud.arrows / np.maximum(length, 1))
        arrays["arrows"] = np.rint(arrows * 127 + 127).astype(np.uint8)
        arrays["lattice"] = quantise_positions(cloud.lattice, cloud.reach)
    meta = {
        "alt": cloud.alt, "titles": [plane.title for plane in cloud.planes], "reach": cloud.reach,
        "names": list(cloud.names), "dataName": cloud.data_name, "traced": [int(point) for point in cloud.traced],
        "tracedName": cloud.traced_name, "arrowsName": cloud.arrows_name, "note": cloud.note,
        "axisLabels": list(cloud.axis_labels), "frames": cloud.frames.meta(),
    }  # fmt: skip
    return meta, arrays
