"""A computation as a graph: what every node makes of its parents, and what goes back to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.contracts.film import Frames
from engine.pictures.computation.layout import Layout, layered

MOST_NODES = 120
ROLES = ("input", "fixed", "made", "end")  # adjustable; given, no gradient asked for; computed; computed last
VALUE, PARTIAL, WHOLE = 1, 2, 4  # what is known of a node at a moment: its value, a part of its gradient, all of it


def digits_of(value: float) -> int:
    """Significant digits that a number is shown with: three, and four where three would make a whole number of it, for
    0.9999 is not 1."""
    three = float(f"{value:.3g}")
    return 4 if three.is_integer() and three != value else 3


@dataclass(frozen=True)
class ComputationPicture:
    """Numbers that are made of one another, from left to right, at T moments of the forward and the backward pass.

    names: what each number is called. symbols: what its node does to its parents ("×"), "" for what is given. recipes:
    the same written out ("a × b"). roles: each one of ROLES. edges (E, 2) int: (from, to), in the order of computation,
    to a higher number. values (N,). gradients (T, N): of the end by each number, as far as they are known. flows (E,):
    what an edge adds to the gradient of the node it comes from; NaN where none is asked for. states (T, N) uint8:
    VALUE, PARTIAL and WHOLE together. passed (T, E) uint8: whether the gradient has gone back along the edge. work (T,)
    int: the node at work, -1 for none. marks: of each moment some short texts, what it does first. end: what the last
    number is called in "∂end/∂name".
    """

    names: Sequence[str]
    symbols: Sequence[str]
    recipes: Sequence[str]
    roles: Sequence[str]
    edges: np.ndarray
    values: np.ndarray
    gradients: np.ndarray
    flows: np.ndarray
    states: np.ndarray
    passed: np.ndarray
    work: np.ndarray
    marks: Sequence[Sequence[str]]
    frames: Frames
    alt: str
    end: str = "L"

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise ValueError("a ComputationPicture needs an alt text that says what it shows")
        count, times = len(self.names), len(self.frames.indices)
        if not 0 < count <= MOST_NODES:
            raise ValueError(f"a computation has 1 to {MOST_NODES} nodes, got {count}")
        if self.edges.ndim != 2 or self.edges.shape[1] != 2:
            raise ValueError(f"edges must be (E, 2), got {self.edges.shape}")
        many = len(self.edges)
        for what, want in {
            "symbols": (count,), "recipes": (count,), "roles": (count,), "values": (count,), "flows": (many,),
            "gradients": (times, count), "states": (times, count), "passed": (times, many), "work": (times,),
            "marks": (times,),
        }.items():  # fmt: skip
            got = getattr(self, what)
            shape = got.shape if isinstance(got, np.ndarray) else (len(got),)
            if shape != want:
                raise ValueError(f"{what} must be {want}, got {shape}")
        if wrong := set(self.roles) - set(ROLES):
            raise ValueError(f"expected roles among {', '.join(ROLES)}, got {', '.join(sorted(wrong))}")
        assert self.layout.layers  # an edge that leads back is an error here and not in the browser

    @property
    def layout(self) -> Layout:
        """Where everything stands."""
        return layered(len(self.names), tuple((int(start), int(end)) for start, end in self.edges))


@np.errstate(over="ignore")  # what float32 cannot hold is infinite in the browser
def computation_payload(picture: ComputationPicture) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A picture as (meta, arrays) for `pack`; what moves with the frames has the leading axis T."""
    layout = picture.layout
    meta = {
        "alt": picture.alt, "names": list(picture.names), "symbols": list(picture.symbols),
        "recipes": list(picture.recipes), "roles": list(picture.roles), "edges": picture.edges.tolist(),
        "layers": layout.layers, "rows": layout.rows, "routes": [[list(at) for at in route] for route in layout.routes],
        "marks": [list(mark) for mark in picture.marks], "end": picture.end, "frames": picture.frames.meta(),
    }  # fmt: skip
    arrays = {
        "places": np.array(layout.places, np.float32), "values": np.asarray(picture.values, np.float32),
        "flows": np.asarray(picture.flows, np.float32), "gradients": np.asarray(picture.gradients, np.float32),
        "states": np.asarray(picture.states, np.uint8), "passed": np.asarray(picture.passed, np.uint8),
        "work": np.asarray(picture.work, np.int32).reshape(-1, 1),
    }  # fmt: skip
    return meta, arrays
