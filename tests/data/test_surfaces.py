"""Surfaces to go down on: their minima and saddles are where they are said to be."""

import pytest
import torch

from engine.contracts.expressions import parse
from engine.data.surfaces import OWN_DOMAIN, OWN_START, SURFACES
from engine.models.expressions import evaluate


def height(formula: str):
    read = parse(formula, ("x", "y"))
    return lambda place: evaluate(read, {"x": place[0], "y": place[1]})


@pytest.mark.parametrize("name", SURFACES)
def test_slopes_are_zero_where_a_surface_is_lowest_and_curvatures_above_it(name):
    surface = SURFACES[name]
    f = height(surface.formula)
    saddles = [surface.saddle] if surface.saddle else []
    for place, is_lowest in [*[(one, True) for one in surface.lowest], *[(one, False) for one in saddles]]:
        at = torch.tensor(place, dtype=torch.float64).requires_grad_()
        (slope,) = torch.autograd.grad(f(at), at)
        torch.testing.assert_close(slope, torch.zeros(2, dtype=torch.float64), rtol=0, atol=1e-12)
        curvatures = torch.linalg.eigvalsh(torch.autograd.functional.hessian(f, at.detach()))
        assert (curvatures > 0).all() == is_lowest
        assert is_lowest or (curvatures[0] < 0 < curvatures[1])
        x_low, x_high, y_low, y_high = surface.domain
        assert x_low < place[0] < x_high
        assert y_low < place[1] < y_high


@pytest.mark.parametrize("name", SURFACES)
def test_a_race_begins_inside_and_above_the_minimum(name):
    surface = SURFACES[name]
    f, (x_low, x_high, y_low, y_high) = height(surface.formula), surface.domain
    assert x_low < surface.start[0] < x_high
    assert y_low < surface.start[1] < y_high
    start, lowest = (f(torch.tensor(place, dtype=torch.float64)) for place in (surface.start, surface.lowest[0]))
    assert start > lowest
    assert OWN_DOMAIN[0] < OWN_START[0] < OWN_DOMAIN[1]
