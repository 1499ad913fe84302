"""Points in the plane: every set is what its description says, comes back under its seed, and survives the link."""

import math
import random

import pytest
import torch

from engine.contracts.knob import KnobError
from engine.data.point_codes import MAXIMUM_POINTS
from engine.data.points import (
    CLASSIFICATION_SETS,
    DOMAIN,
    REGRESSION_SETS,
    SPIRAL_TURNS,
    decode_points,
    encode_points,
    grid,
    hills,
    make_points,
    own_points,
    plane,
    split,
)

HALF_LEVEL = DOMAIN / 4095
ROUNDING = 0.0005  # decoded coordinates have three decimals


def points(name, count=400, classes=2, noise=0.0, seed=0):
    return make_points(name, count, classes, noise, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("classes", [2, 3, 4])
@pytest.mark.parametrize("name", CLASSIFICATION_SETS)
def test_classes_are_balanced_and_inside_the_plane(name, classes):
    for noise in (0.0, 1.0):
        made = points(name, 401, classes, noise)
        counts = torch.bincount(made.targets, minlength=classes)
        assert len(made) == 401 == counts.sum()
        assert counts.max() - counts.min() <= 1
        assert made.inputs.abs().max() <= DOMAIN
        assert (made.inputs.dtype, made.targets.dtype) == (torch.float32, torch.int64)
        assert made.inputs.std(0).min() > 0.5  # spread over the plane


def polar(inputs):
    return inputs.norm(dim=1), torch.atan2(inputs[:, 1], inputs[:, 0]) % (2 * math.pi)


@pytest.mark.parametrize("classes", [2, 3, 4])
def test_circles_are_told_apart_by_the_radius(classes):
    made, width = points("circles", classes=classes), DOMAIN / (classes - 0.35)
    radius, _ = polar(made.inputs)
    assert torch.equal((radius / width).floor().long(), made.targets)
    assert ((radius / width) % 1).max() < 0.601  # the rest is a gap


@pytest.mark.parametrize("classes", [2, 3, 4])
def test_xor_is_told_apart_by_the_sector(classes):
    made = points("xor", classes=classes)
    _, angle = polar(made.inputs)
    sector = (angle / (math.pi / classes)).floor().long()
    assert torch.equal(sector % classes, made.targets)
    assert set(sector.tolist()) == set(range(2 * classes))
    if classes == 2:  # the quadrants, coloured in turn
        assert torch.equal((made.inputs.prod(1) < 0).long(), made.targets)


@pytest.mark.parametrize("classes", [2, 3, 4])
def test_the_spiral_is_told_apart_by_the_angle_unwound(classes):
    made = points("spiral", classes=classes)
    radius, angle = polar(made.inputs)
    turn = radius / (0.95 * DOMAIN)
    arm = (angle / (2 * math.pi) - SPIRAL_TURNS * turn) * classes
    distance = (arm - made.targets + classes / 2) % classes - classes / 2
    assert distance.abs().max() < 1e-3
    assert turn.min() >= 0.119
    assert turn.max() <= 1.001


@pytest.mark.parametrize("classes", [2, 3, 4])
def test_moons_are_half_circles_alternately_open_below_and_above(classes):
    made = points("moons", classes=classes)
    wide = 1 + (classes - 1) / 2
    x = made.inputs[:, 0] / 2.6 * wide - (made.targets - (classes - 1) / 2)
    side = 1 - 2 * (made.targets % 2)
    y = made.inputs[:, 1] / 2.6 * side + 0.3
    torch.testing.assert_close(x**2 + y**2, torch.ones(400), atol=1e-4, rtol=0)
    assert y.min() > -1e-4


@pytest.mark.parametrize("classes", [2, 3, 4])
def test_gaussians_have_their_centres_and_width(classes):
    made = points("gaussians", 4000, classes)
    for label in range(classes):
        angle = 2 * math.pi * label / classes + math.pi / 4
        cloud = made.inputs[made.targets == label]
        centre = torch.tensor([1.6 * math.cos(angle), 1.6 * math.sin(angle)])
        torch.testing.assert_close(cloud.mean(0), centre, atol=5 * 0.45 / math.sqrt(len(cloud)), rtol=0)
        torch.testing.assert_close(cloud.std(0), torch.full((2,), 0.45), atol=0.05, rtol=0)


@pytest.mark.parametrize("name", ["spiral", "gaussians", "xor"])
def test_noise_has_the_standard_deviation_it_says(name):
    clean, noisy = points(name, 4000, noise=0.0), points(name, 4000, noise=0.1)
    inside = (clean.inputs.abs() < 2.4).all(1)  # at the edge it is cut off
    difference = (noisy.inputs - clean.inputs)[inside]
    torch.testing.assert_close(difference.std(0), torch.full((2,), 0.1), atol=0.006, rtol=0)
    torch.testing.assert_close(difference.mean(0), torch.zeros(2), atol=0.008, rtol=0)


@pytest.mark.parametrize("name", REGRESSION_SETS)
def test_regression_targets_are_the_closed_form_plus_noise(name):
    clean, noisy = points(name, 4000), points(name, 4000, noise=0.2)
    assert clean.targets.dtype == torch.float32
    assert torch.equal(clean.inputs, noisy.inputs)
    assert (noisy.targets - clean.targets).std().item() == pytest.approx(0.2, abs=0.01)
    assert clean.inputs.abs().max() <= DOMAIN
    for (x, y), value in zip(clean.inputs[:200].double().tolist(), clean.targets.tolist(), strict=False):
        if name == "plane":
            expected = (x + y) / 6
        else:
            expected = sum(
                (-1) ** k
                * math.exp(
                    -((x - 1.8 * math.cos(k * math.pi / 3)) ** 2 + (y - 1.8 * math.sin(k * math.pi / 3)) ** 2) / 1.28
                )
                for k in range(6)
            )
        assert value == pytest.approx(expected, abs=2e-5)


def test_hills_and_plane_have_their_symmetries():
    x = torch.rand(50, 2, generator=torch.Generator().manual_seed(0)) * 6 - 3
    torch.testing.assert_close(hills(-x), -hills(x), atol=1e-5, rtol=0)  # a hill opposite every hollow
    torch.testing.assert_close(plane(x.flip(1)), plane(x))
    assert plane(torch.tensor([[3.0, 3.0], [-3.0, -3.0]])).tolist() == [1.0, -1.0]


@pytest.mark.parametrize("name", CLASSIFICATION_SETS + REGRESSION_SETS)
def test_a_seed_brings_the_same_points(name):
    first, again, other = points(name, noise=0.1), points(name, noise=0.1), points(name, noise=0.1, seed=1)
    assert torch.equal(first.inputs, again.inputs)
    assert torch.equal(first.targets, again.targets)
    assert not torch.equal(first.inputs, other.inputs)


def test_an_unknown_set_is_named():
    with pytest.raises(ValueError, match=r"expected one of circles, .*hills, got 'cubes'"):
        points("cubes")


@pytest.mark.parametrize(("count", "share", "expected"), [
    (400, 0.7, 280), (11, 0.7, 8),
    (10, 0.1, 1), (10, 0.01, 1), (10, 0.99, 9), (2, 0.9, 1), (2, 0.1, 1), (1, 0.5, 1), (0, 0.5, 0),
])  # fmt: skip
def test_the_split_has_its_size_and_leaves_one_on_each_side(count, share, expected):
    mask = split(count, share, torch.Generator().manual_seed(0))
    assert (mask.shape, mask.dtype, int(mask.sum())) == ((count,), torch.bool, expected)


def test_the_split_is_drawn_at_random_under_its_seed():
    masks = [split(100, 0.5, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)]
    assert torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[0], masks[2])


def test_own_points_survive_to_half_a_level():
    source = random.Random(0)
    drawn = [(source.uniform(-3, 3), source.uniform(-3, 3), source.randrange(4)) for _ in range(MAXIMUM_POINTS)]
    drawn += [(-3.0, 3.0, 0)]
    text = encode_points(drawn[1:])
    decoded = decode_points(text)
    assert len(text) == 5 * MAXIMUM_POINTS
    for (x, y, label), (x_again, y_again, label_again) in zip(drawn[1:], decoded, strict=True):
        assert abs(x - x_again) <= HALF_LEVEL + ROUNDING
        assert abs(y - y_again) <= HALF_LEVEL + ROUNDING
        assert label == label_again
    assert decoded[-1] == (-3.0, 3.0, 0)
    assert encode_points(decoded) == text  # so that a link stays the same however often it is opened
    made = own_points(text)
    assert made.targets.tolist() == [label for *_, label in decoded]
    torch.testing.assert_close(made.inputs, torch.tensor([[x, y] for x, y, _ in decoded]))


def test_no_own_points_and_points_outside():
    assert decode_points("") == []
    assert own_points("").inputs.shape == (0, 2)
    assert decode_points(encode_points([(9.0, -9.0, 3)])) == [(3.0, -3.0, 3)]
    with pytest.raises(ValueError, match="class 0 to 3, got 4"):
        encode_points([(0.0, 0.0, 4)])


@pytest.mark.parametrize(
    ("text", "message"),
    [("abcd", "5 characters"), ("ab cd", "letters, digits, - and _ alone, got “ ”"), ("abcdé", "alone, got “é”"),
     ("abcde", "classes 1 to 4"),
     ("aaaaa" * (MAXIMUM_POINTS + 1), "at most 400")],
)  # fmt: skip
def test_malformed_own_points_are_refused(text, message):
    with pytest.raises(KnobError, match=message):
        decode_points(text)


def test_the_grid_starts_at_the_top_left_and_goes_row_by_row():
    size = 8
    x = grid(size).reshape(size, size, 2)
    half = DOMAIN / size
    torch.testing.assert_close(x[0, 0], torch.tensor([-DOMAIN + half, DOMAIN - half]))
    torch.testing.assert_close(x[-1, -1], torch.tensor([DOMAIN - half, -DOMAIN + half]))
    torch.testing.assert_close(x[0, 1] - x[0, 0], torch.tensor([2 * half, 0.0]))
    torch.testing.assert_close(x[1, 0] - x[0, 0], torch.tensor([0.0, -2 * half]))
    torch.testing.assert_close(grid(size).mean(0), torch.zeros(2), atol=1e-6, rtol=0)
