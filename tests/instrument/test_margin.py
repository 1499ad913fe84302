"""The widest margin and the fewest mistakes: beside scikit-learn's SVC, all faces of the hull, and all ways to part."""

import itertools
import math

import numpy as np
import pytest
from sklearn.svm import SVC

from engine.instrument.margin import fewest_mistakes, nearest_in_hull, widest_margin

CORNERS = np.array([(0.0, 0), (0, 1), (1, 0), (1, 1)])


def two_sides(seed, count=30, gap=0.4):
    random = np.random.default_rng(seed)
    points = random.uniform(-3, 3, (4 * count, 2))
    angle = random.uniform(0, 2 * math.pi)
    heights = points @ [math.cos(angle), math.sin(angle)] - random.uniform(-1, 1)
    points, heights = points[np.abs(heights) > gap / 2][:count], heights[np.abs(heights) > gap / 2][:count]
    return points, heights > 0


def turned(points, positive):
    lifted = np.column_stack([points, -np.ones(len(points))])
    return np.where(positive[:, None], lifted, -lifted)


@pytest.mark.parametrize("seed", range(6))
def test_the_margin_is_that_of_a_hard_support_vector_machine(seed):
    """Points and their mirror images: then the machine's own bias is 0, and its plane goes through the origin of
    (x₁, x₂, −1), as w₁ x₁ + w₂ x₂ − θ does."""
    points, positive = two_sides(seed)
    found = widest_margin(points, positive)
    signed = turned(points, positive)
    machine = SVC(C=1e9, kernel="linear", tol=1e-10)
    machine.fit(np.vstack([signed, -signed]), np.repeat([1, 0], len(signed)))
    weights = machine.coef_[0]
    assert found.margin == pytest.approx(1 / np.linalg.norm(weights), rel=1e-4)
    np.testing.assert_allclose(found.line, weights / np.linalg.norm(weights), atol=1e-3)
    assert found.radius == pytest.approx(np.sqrt(np.square(points).sum(1) + 1).max())
    assert np.linalg.norm(found.line) == pytest.approx(1)
    assert (signed @ found.line).min() == pytest.approx(found.margin, rel=1e-9)
    np.testing.assert_allclose((signed @ found.line)[list(found.holds)], found.margin, rtol=1e-9)


def nearest_by_faces(points):
    """The smallest norm over all points, edges and triangles."""
    best = np.linalg.norm(points, axis=1).min()
    for size in (2, 3, 4):
        for face in itertools.combinations(range(len(points)), size):
            corners = points[list(face)]
            system = np.block([[np.zeros((1, 1)), np.ones((1, size))], [np.ones((size, 1)), corners @ corners.T]])
            shares = np.linalg.lstsq(system, np.eye(size + 1)[0], rcond=None)[0][1:]
            if (shares >= -1e-12).all():
                best = min(best, np.linalg.norm(shares @ corners))
    return best


@pytest.mark.parametrize("seed", range(8))
def test_the_nearest_point_of_a_hull_is_the_best_of_all_faces(seed):
    random = np.random.default_rng(seed)
    points = random.normal(size=(8, 3)) + np.array([0, 0, 0.3 * seed])
    nearest, chosen, shares = nearest_in_hull(points)
    np.testing.assert_allclose(np.array(shares) @ points[list(chosen)], nearest, atol=1e-12)
    assert min(shares) >= 0
    assert sum(shares) == pytest.approx(1)
    assert np.linalg.norm(nearest) == pytest.approx(nearest_by_faces(points), abs=1e-9)


def test_gates_in_closed_form():
    """AND is best parted by w = (2, 2), θ = 3: the three nearest rows are 1 away, √17 long. OR by (2, 2) and θ = 1."""
    found = widest_margin(CORNERS, np.array([0, 0, 0, 1], bool))
    np.testing.assert_allclose(found.line, np.array([2, 2, 3]) / math.sqrt(17), atol=1e-9)
    assert found.margin == pytest.approx(1 / math.sqrt(17))
    assert found.radius**2 / found.margin**2 == pytest.approx(51)
    found = widest_margin(CORNERS, np.array([0, 1, 1, 1], bool))
    np.testing.assert_allclose(found.line, np.array([2, 2, 1]) / 3, atol=1e-9)
    assert found.radius**2 / found.margin**2 == pytest.approx(27)


def test_where_no_line_parts_the_points_their_weighted_sum_is_zero():
    positive = np.array([0, 1, 1, 0], bool)
    found = widest_margin(CORNERS, positive)
    assert not found.separable
    assert (found.margin, found.line) == (0, None)
    assert found.shares == pytest.approx([0.25] * 4)
    np.testing.assert_allclose(np.array(found.shares) @ turned(CORNERS, positive)[list(found.holds)], 0, atol=1e-12)
    twice = widest_margin(np.array([(1.0, 2), (1, 2)]), np.array([True, False]))
    assert not twice.separable, "one place for both classes"
    assert not widest_margin(np.zeros((0, 2)), np.zeros(0, bool)).separable


def fewest_by_trying(points, positive):
    """Over all ways that a machine with a hard margin can part the points."""
    best = len(points)
    for sides in itertools.product([False, True], repeat=len(points)):
        sides = np.array(sides)
        wrong = int((sides != positive).sum())
        if wrong < best and (len({*sides.tolist()}) == 1 or widest_margin(points, sides).separable):
            best = wrong
    return best


@pytest.mark.parametrize("seed", range(5))
def test_the_fewest_mistakes_are_those_of_all_ways_to_part(seed):
    random = np.random.default_rng(seed)
    points, positive = random.integers(-2, 3, (8, 2)).astype(float), random.random(8) < 0.5  # in rows, some twice
    best, (w1, w2, theta) = fewest_mistakes(points, positive)
    assert best == fewest_by_trying(points, positive)
    assert ((w1 * points[:, 0] + w2 * points[:, 1] - theta >= 0) != positive).sum() == best


def test_mistakes_of_gates_and_of_nothing():
    assert fewest_mistakes(CORNERS, np.array([0, 1, 1, 0], bool))[0] == 1
    assert fewest_mistakes(CORNERS, np.array([0, 0, 0, 1], bool))[0] == 0
    assert fewest_mistakes(np.zeros((0, 2)), np.zeros(0, bool))[0] == 0
    assert fewest_mistakes(np.array([(1.0, 2), (1, 2), (1, 2)]), np.array([1, 0, 1], bool))[0] == 1
