"""Scenes: repeatable, boxes that fit what is drawn, shapes of the right area, collisions where they are asked for."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data import scenes
from engine.data.photos import PHOTOS
from engine.data.scenes import CLASSES, SIDE, Shape, make_scene, paint, random_shapes

BLACK = np.zeros((SIDE, SIDE, 3), np.uint8)
some_shape = st.builds(
    Shape,
    label=st.integers(0, len(CLASSES) - 1),
    x=st.floats(45, 83), y=st.floats(45, 83), size=st.floats(16, 64), angle=st.floats(0, 6.3),
    stretch=st.floats(0.7, 1.4), colour=st.just((200, 200, 200)),
)  # fmt: skip


def covered(shape):
    """How much of each pixel the shape covers (H, W), read from where it takes the place of white and of black."""
    black, white = paint(BLACK, [shape]).pixels, paint(BLACK + 255, [shape]).pixels
    return 1 - (white.astype(float) - black)[..., 0] / 255


@given(some_shape)
def test_the_box_is_the_smallest_around_what_is_drawn(shape):
    rows, columns = np.nonzero(covered(shape) > 0.02)
    drawn = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert np.abs(np.array(drawn) - shape.box()).max() <= 1.3  # a pointed corner may fill too little of its pixel
    left, top, right, bottom = shape.box()
    assert max(right - left, bottom - top) == pytest.approx(shape.size)
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((shape.x, shape.y))


def area_of(shape):
    x, y = shape.outline().T
    return abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2  # the shoelace formula


@given(some_shape)
def test_edges_are_smooth_and_the_area_is_right(shape):
    expected = area_of(shape) * (1 - scenes.HOLE**2 if CLASSES[shape.label] == "ring" else 1)
    assert covered(shape).sum() == pytest.approx(expected, rel=0.03, abs=5)


@pytest.mark.parametrize(
    ("name", "area"),
    [("circle", math.pi / 4), ("square", 1), ("triangle", math.sqrt(3) / 4), ("cross", 1 - (1 - 0.36) ** 2)],
)
def test_known_areas(name, area):
    assert area_of(Shape(CLASSES.index(name), 64, 64, 1)) == pytest.approx(area, rel=0.003)


def same(a, b):
    return a.shapes == b.shapes and np.array_equal(a.pixels, b.pixels) and np.array_equal(a.boxes, b.boxes)


def test_a_seed_gives_one_scene():
    assert same(make_scene(3), make_scene(3))
    assert not same(make_scene(3), make_scene(4))
    scene = make_scene(3, 4)
    assert same(scene, paint(scene.background, scene.shapes))
    assert scene.pixels.shape == (SIDE, SIDE, 3)
    assert scene.nbytes > scene.pixels.nbytes
    with pytest.raises(ValueError, match="read-only"):
        scene.pixels[0, 0] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        scene.labels = None


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**9), st.integers(0, scenes.MOST_OBJECTS))
def test_objects_lie_inside_and_hide_each_other_little(seed, objects):
    scene = make_scene(seed, objects)
    assert scene.boxes.shape == (len(scene.labels), 4) == (len(scene.shapes), 4)
    assert len(scene.labels) <= objects
    assert scene.boxes.dtype == np.float64
    assert scene.labels.dtype == np.int64
    assert ((scene.boxes >= -1e-9) & (scene.boxes <= SIDE + 1e-9)).all()
    assert set(scene.labels) <= set(range(len(CLASSES)))
    for index, a in enumerate(scene.boxes):
        for b in scene.boxes[:index]:
            low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
            smaller = min((box[2:] - box[:2]).prod() for box in (a, b))
            assert (high - low).clip(0).prod() / smaller <= scenes.MOST_HIDDEN + 1e-9


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**9), st.sampled_from([4, 7, 8, 13]))
def test_two_middles_in_one_cell(seed, cells):
    scene = make_scene(seed, collide=True, cells=cells)
    middles = (scene.boxes[:, :2] + scene.boxes[:, 2:]) / 2
    assert (np.floor(middles[0] / SIDE * cells) == np.floor(middles[1] / SIDE * cells)).all()
    sizes = (scene.boxes[:2, 2:] - scene.boxes[:2, :2]).max(1)
    assert sizes[1] < 0.6 * sizes[0]  # the small one lies on the large one: both are to be seen


def test_every_photograph_and_every_class_comes_up():
    many = [make_scene(seed) for seed in range(150)]
    assert {label for scene in many for label in scene.labels.tolist()} == set(range(len(CLASSES)))
    assert {len(scene.labels) for scene in many} >= {1, 2, 3, 4, 5}
    empty = [make_scene(seed, 0) for seed in range(60)]
    shown = [
        [name for name in PHOTOS if np.array_equal(scene.pixels, make_scene(seed, 0, background=name).pixels)]
        for seed, scene in enumerate(empty)
    ]
    assert all(len(names) == 1 for names in shown)
    assert {names[0] for names in shown} == set(PHOTOS)


def test_shapes_stand_out_from_the_background():
    random, contrasts = np.random.default_rng(0), []
    for grey in range(0, 256, 5):
        background = np.full((SIDE, SIDE, 3), grey, np.uint8)
        contrasts += [math.dist(shape.colour, (grey,) * 3) for shape in random_shapes(random, background, 3)]
    assert np.mean(np.array(contrasts) >= scenes.LEAST_CONTRAST) > 0.99


@pytest.mark.parametrize(("objects", "collide"), [(9, False), (-1, False), (1, True)])
def test_impossible_numbers_of_objects(objects, collide):
    with pytest.raises(ValueError, match=rf"to 8 objects, got {objects}"):
        make_scene(0, objects, collide=collide)
    with pytest.raises(KeyError):
        make_scene(0, background="nowhere")
