"""How well a straight line can part points: the widest margin, and the fewest mistakes. Both are found exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

TINY = 1e-12  # of the numbers at hand: what rounding leaves of a zero
NOTHING = 1e-7  # of the longest point: a hull that comes so near to the origin holds it
MOST_ROUNDS = 10_000


@dataclass(frozen=True, eq=False)
class Margin:
    """The best separation of two classes by w₁ x₁ + w₂ x₂ ≥ θ.

    line: (w₁, w₂, θ) of length 1, with the greatest smallest (w₁ x₁ + w₂ x₂ − θ) · ±1; None where no line has all
    points on their side. margin γ: that smallest; 0 without a line. radius R: of the longest (x₁, x₂, −1).
    holds: numbers of the points that hold the line where it is. shares: their weights in the nearest point of the hull.
    """

    line: tuple[float, float, float] | None
    margin: float
    radius: float
    holds: tuple[int, ...]
    shares: tuple[float, ...]

    @property
    def separable(self) -> bool:
        """Whether a line has all points on their side."""
        return self.line is not None


def widest_margin(points: np.ndarray, positive: np.ndarray) -> Margin:
    """The hard-margin solution for points (N, 2), positive (N,) bool.

    With a point as (x₁, x₂, −1), turned round for those that are not positive, a line is a direction on which all are
    positive; the best is that of the point of their convex hull that lies nearest to the origin (the dual of a support
    vector machine), and γ is its distance. If the hull holds the origin, there is none. R is 0 without points.
    """
    if not len(points):
        return Margin(None, 0.0, 0.0, (), ())
    turned = np.column_stack([points, -np.ones(len(points))]).astype(np.float64)
    turned[~np.asarray(positive, bool)] *= -1
    radius = float(np.linalg.norm(turned, axis=1).max())
    nearest, holds, shares = nearest_in_hull(turned)
    length = float(np.linalg.norm(nearest))
    if length > NOTHING * radius:
        line = nearest / length
        margin = float((turned @ line).min())
        if margin > 0:
            return Margin(tuple(line.tolist()), margin, radius, holds, shares)
    return Margin(None, 0.0, radius, holds, shares)


def nearest_in_hull(points: np.ndarray) -> tuple[np.ndarray, tuple[int, ...], tuple[float, ...]]:
    """The point of the convex hull of points (N, D) nearest to the origin, those that it is a mean of, their shares.

    Wolfe 1976, Finding the nearest point in a polytope: go to the nearest point of the flat through a few of them; drop
    those that it would give a share below 0; take up another that lies nearer to the origin, until there is none.
    """
    scale = float(np.square(points).sum(1).max())
    chosen = [int(np.square(points).sum(1).argmin())]
    shares, nearest = np.ones(1), points[chosen[0]]
    for _ in range(MOST_ROUNDS):
        heights = points @ nearest
        lowest = int(heights.argmin())
        if heights[lowest] >= nearest @ nearest - TINY * scale or lowest in chosen:
            break
        chosen.append(lowest)
        shares = np.append(shares, 0.0)
        while True:
            flat = _nearest_of_flat(points[chosen])
            if (flat > TINY).all():
                shares = flat
                break
            falling = flat <= TINY
            reach = np.min(shares[falling] / np.maximum(shares[falling] - flat[falling], TINY**2))
            shares = shares + min(1.0, reach) * (flat - shares)
            kept = shares > TINY
            kept &= ~(falling & (shares <= shares[falling].min()))  # at least one goes
            chosen = [one for one, keep in zip(chosen, kept, strict=True) if keep]
            shares = shares[kept] / shares[kept].sum()
        nearest = shares @ points[chosen]
    return nearest, tuple(chosen), tuple(shares.tolist())


def _nearest_of_flat(points: np.ndarray) -> np.ndarray:
    """Shares, 1 in sum, of the point nearest to the origin of the flat through some points."""
    count = len(points)
    system = np.ones((count + 1, count + 1))
    system[0, 0], system[1:, 1:] = 0.0, points @ points.T
    right = np.zeros(count + 1)
    right[0] = 1.0
    return np.linalg.lstsq(system, right, rcond=None)[0][1:]


def fewest_mistakes(points: np.ndarray, positive: np.ndarray) -> tuple[int, tuple[float, float, float]]:
    """How many points (N, 2) the best straight line has on the wrong side, and (w₁, w₂, θ) of such a line.

    Turning a line changes the order of the points across it only where it is parallel to a line through two of them. So
    one direction between each two of these, with every threshold between neighbours, is all there is: O(N³ log N).
    """
    positive = np.asarray(positive, bool)
    count, right = len(points), int(positive.sum())
    best, line = min((right, (0.0, 0.0, 1.0)), (count - right, (0.0, 0.0, -1.0)))  # it never fires, or always
    if not count:
        return best, line
    one, other = np.triu_indices(count, 1)
    across = points[other] - points[one]
    across = across[np.abs(across).max(1) > 0] if len(across) else across
    turns = np.unique(np.concatenate([(np.arctan2(across[:, 1], across[:, 0]) + math.pi / 2) % math.pi, [0.0]]))
    turns = np.append(turns, turns[0] + math.pi)
    wide = np.diff(turns) > TINY
    for angle in ((turns[:-1] + turns[1:]) / 2)[wide]:
        direction = np.array([math.cos(angle), math.sin(angle)])
        heights = points @ direction
        order = np.argsort(heights, kind="stable")
        heights, sides = heights[order], positive[order]
        below = np.cumsum(sides)[:-1]  # positive ones below each threshold
        wrong = below + (count - right) - np.cumsum(~sides)[:-1]  # if it fires above
        apart = np.diff(heights) > TINY * max(1.0, float(np.abs(heights).max()))
        for sign, mistakes in ((1, wrong), (-1, count - wrong)):
            found = np.where(apart, mistakes, count)
            if len(found) and found.min() < best:
                at = int(found.argmin())
                best, threshold = int(found[at]), float(heights[at] + heights[at + 1]) / 2
                line = (sign * float(direction[0]), sign * float(direction[1]), sign * threshold)
    return best, line
