"""Surfaces of two variables to go down on, each a formula as a reader could type it. No torch: cards may ask."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Surface:
    """formula: in x and y. domain: (x low, x high, y low, y high), what is shown. start: where one begins. lowest: the
    places of the minima, where they are known. saddle: the place of a saddle point, if it has one."""

    formula: str
    domain: tuple[float, float, float, float]
    start: tuple[float, float]
    lowest: tuple[tuple[float, float], ...] = ()
    saddle: tuple[float, float] | None = None


# The last two are divided by a number, which changes neither a contour nor the place of the minimum: so one learning
# rate suits all of them.
SURFACES = {
    "bowl": Surface("(x^2 + y^2)/2", (-3, 3, -2, 2), (-2.4, 1.5), ((0, 0),)),
    "ravine": Surface("x^2/20 + 4 y^2", (-6, 6, -4, 4), (-5, 1.2), ((0, 0),)),
    "saddle": Surface("x^2/2 - y^2/2 + y^4/4", (-2.4, 2.4, -1.6, 1.6), (-2, 0.01), ((0, 1), (0, -1)), (0, 0)),
    # Rosenbrock 1960
    "rosenbrock": Surface("((1 - x)^2 + 100 (y - x^2)^2)/200", (-3, 3, -1, 3), (-1.4, 2.2), ((1, 1),)),
    # Beale 1958
    "beale": Surface(
        "((1.5 - x + x y)^2 + (2.25 - x + x y^2)^2 + (2.625 - x + x y^3)^2)/40", (-1, 4.5, -2, 2), (0.8, 1.6),
        ((3, 0.5),),
    ),
}  # fmt: skip
OWN_DOMAIN = (-3.0, 3.0, -2.0, 2.0)
OWN_START = (-2.0, 1.5)
