"""Graphs on a sheet, and where names stand in them: nothing is cut, nothing hides another, no axis shows rounding."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data.graphs import layout
from engine.pictures.graph.names import (
    BOTH_RINGS,
    KNOWN_RING,
    LETTERS,
    LINE,
    extent_of,
    frame_of,
    place_names,
    radius_of,
    reach_of,
    stands_inside,
)
from engine.pictures.graph.sheet import graph_sheet
from engine.pictures.graph.values import GraphPicture
from engine.pictures.lettering import width_of
from engine.pictures.sheet import Disc, Shape, Words
from engine.topics.gnn.run import plane_of

HAN = "欧阳修司马光诸葛亮上官婉儿东方朔西门豹公孙胜慕"


def names_of(count, kind):
    return {
        "numbers": [str(k + 1) for k in range(count)],
        "letters": [f"{'Alexandria Bartholomew C'[:22]}{k:02d}" for k in range(count)],
        "han": [f"{HAN[:22]}{k:02d}" for k in range(count)],
        "wide": [f"{'W' * 22}{k:02d}" for k in range(count)],
    }[kind]


def picture(count, kind, plane=False, places=None):
    """A ring with chords of `count` nodes, laid out as own graphs are; every third label is given."""
    edges = torch.tensor(
        [[k, (k + 1) % count] for k in range(count)] + [[k, (k * 3 + 1) % count] for k in range(count)]
    )
    edges = torch.unique(edges[edges[:, 0] != edges[:, 1]].sort(1).values, dim=0)
    found = layout(edges, count).numpy().astype(np.float32) if places is None else places
    share = np.linspace(0, 255, count).astype(np.uint8)
    return GraphPicture(
        found, edges.numpy(), np.stack([share, 255 - share], -1), names_of(count, kind), "Nodes", classes=["A", "B"],
        known=np.arange(count) % 3 == 0, truth=np.arange(count) % 2, plane=plane,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["numbers", "letters", "han", "wide"])
@pytest.mark.parametrize("count", [2, 3, 10, 40, 60])
@pytest.mark.parametrize("plane", [False, True])
def test_nothing_of_a_graph_is_cut_at_the_edge(count, kind, plane):
    for picked in (None, 0, count - 1):
        sheet = graph_sheet(picture(count, kind, plane), picked=picked)
        height = 460 if plane else 400
        discs = [mark for mark in sheet.marks if isinstance(mark, Disc)]
        known = (count + 2) // 3
        assert len([disc for disc in discs if disc.fill is None]) == known + (picked is not None)
        for disc in discs:
            reach = disc.radius + disc.width / 2
            assert reach <= disc.x <= 760 - reach
            assert reach <= disc.y <= height - reach
        for words in [mark for mark in sheet.marks if isinstance(mark, Words) and mark.y < height]:
            before = {"l": 0, "m": 0.5, "r": 1}[words.anchor[0]] * width_of(words.text, words.size)
            assert words.x - before >= 0
            assert words.x - before + width_of(words.text, words.size) <= 760


@pytest.mark.parametrize("kind", ["letters", "han", "wide"])
@given(st.integers(2, 60), st.integers(0, 2**32 - 1), st.sampled_from([(760, 400), (350, 320), (500, 300)]))
@settings(max_examples=25, deadline=None)
def test_a_name_covers_no_disc_no_ring_and_no_other_name(kind, count, seed, size):
    random = np.random.default_rng(seed)
    places, known = random.normal(size=(count, 2)), (random.random(count) < 0.5).tolist()
    names, radius = names_of(count, kind), radius_of(count, *size, plane=False)
    widest = max(width_of(name, LETTERS) for name in names)
    frame = frame_of(places, size, plane=False, radius=radius, known=any(known), widest=widest)
    spots, first = frame.spots(places), int(random.integers(count))
    placed = place_names(names, spots, radius, known, size, first)
    for name in placed:
        assert name.half <= name.x <= size[0] - name.half
        assert LINE / 2 <= name.y <= size[1] - LINE / 2
        assert name.half == pytest.approx(width_of(name.text, LETTERS) / 2)
        assert name.text == names[name.node] or names[name.node].startswith(name.text.removesuffix("…"))
        for node, (x, y) in enumerate(spots):
            across, down = max(0, abs(name.x - x) - name.half), max(0, abs(name.y - y) - LINE / 2)
            ring = KNOWN_RING + 1 if known[node] else 1
            assert np.hypot(across, down) >= radius + ring - 1e-9
            if node == name.node:  # nor the ring that it gets when it is picked
                assert np.hypot(across, down) >= radius + (BOTH_RINGS if known[node] else KNOWN_RING) + 1
    for one, other in itertools.combinations(placed, 2):
        assert abs(one.x - other.x) >= one.half + other.half or abs(one.y - other.y) >= LINE
    assert len({name.node for name in placed}) == len(placed)


def test_where_there_is_room_every_name_stands_whole_and_below():
    places, names = np.array([[0.0, 0], [1, 0], [0.5, 0.8]]), names_of(3, "letters")
    widest = max(width_of(name, LETTERS) for name in names)
    frame = frame_of(places, (760, 400), plane=False, radius=11, known=True, widest=widest)
    spots = frame.spots(places)
    placed = place_names(names, spots, 11, [True, False, True], (760, 400))
    assert [name.text for name in placed] == names
    for name, (x, y) in zip(placed, spots, strict=True):
        assert name.x == pytest.approx(x)
        assert name.y - LINE / 2 > y + 11


def test_short_names_stand_inside_their_discs():
    assert stands_inside("34", 11)
    assert not stands_inside("Ferdinand", 11)
    sheet = graph_sheet(picture(10, "numbers"))
    discs = [(mark.x, mark.y) for mark in sheet.marks if isinstance(mark, Disc) and mark.fill]
    assert [(mark.x, mark.y) for mark in sheet.marks if isinstance(mark, Words) and mark.text.isdecimal()] == discs


@pytest.mark.parametrize("spread", [0.0, 1e-17, 3e-8, 5e-7])
def test_nodes_in_one_point_get_axes_of_a_unit(spread):
    places = np.array([[0, 0], [spread, 0], [0, spread]], np.float32)
    extent = extent_of(places)
    assert (extent.width, extent.height) == (1, 1)
    sheet = graph_sheet(picture(3, "numbers", True, places))
    numbers = [mark.text for mark in sheet.marks if isinstance(mark, Words) and mark.y < 460]
    assert set(numbers) == {"−0.5", "0", "0.5"}
    for disc in [mark for mark in sheet.marks if isinstance(mark, Disc)]:
        assert (disc.x, disc.y) == pytest.approx((380, 230), abs=0.01)


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e5])
def test_the_axes_of_a_plane_are_true(scale):
    places = np.array([[-1, 0], [2, 1], [0, -1]], np.float32) * np.float32(scale)
    sheet = graph_sheet(picture(3, "numbers", True, places))
    discs = [(mark.x, mark.y) for mark in sheet.marks if isinstance(mark, Disc) and mark.fill]
    zoom = (discs[1][0] - discs[0][0]) / (3 * scale)
    assert discs[0][1] - discs[1][1] == pytest.approx(scale * zoom, rel=1e-4)  # one scale, y upwards
    labels = [mark for mark in sheet.marks if isinstance(mark, Words) and mark.y < 460]
    across = [mark for mark in labels if mark.anchor == "mb"]
    down = [mark for mark in labels if mark.anchor == "lm"]
    assert len(across) > 1 < len(down)
    for mark in across:
        value = float(mark.text.replace("−", "-"))
        assert mark.x == pytest.approx(discs[0][0] + (value + scale) * zoom, abs=0.5)
    for mark in down:
        value = float(mark.text.replace("−", "-"))
        assert mark.y + 7 == pytest.approx(discs[0][1] - value * zoom, abs=0.5)
    lines = [mark for mark in sheet.marks if isinstance(mark, Shape) and len(mark.points) == 2]
    assert len(lines) >= len(across) + len(down)


def test_a_plane_keeps_its_scale_over_all_moments():
    from engine.contracts.film import Frames

    moments = np.stack([np.array([[-1, 0], [1, 0.5], [0, 0]], np.float32) * k for k in (1, 4)])
    base = picture(3, "numbers", True, moments[0])
    moving = GraphPicture(
        moments, base.edges, np.stack([base.values] * 2), base.names, "Nodes", classes=["A", "B"], plane=True,
        frames=Frames("run", [0, 1], [0, 1]),
    )  # fmt: skip
    xs = [[mark.x for mark in graph_sheet(moving, frame=k).marks if isinstance(mark, Disc)] for k in (0, 1)]
    assert (xs[1][1] - xs[1][0]) == pytest.approx(4 * (xs[0][1] - xs[0][0]))


def test_equal_rows_of_a_network_lie_in_one_point_whatever_their_size():
    for size in (1.0, 1e4):
        hidden = torch.full((3, 8), size) * (1 + 1e-7 * torch.randn(3, 8, generator=torch.Generator().manual_seed(0)))
        places, share = plane_of(hidden, torch.rand(3, 2, generator=torch.Generator().manual_seed(1)))
        assert places.abs().max() == 0
        assert share == 1
    near = torch.tensor([[1.0, 0], [1, 1e-3], [1, 0]])
    places = plane_of(near, torch.rand(3, 2, generator=torch.Generator().manual_seed(1)))[0]
    assert torch.linalg.vector_norm(places[1] - places[0]) == pytest.approx(1e-3, rel=1e-3)


def test_rings_reach_as_far_as_the_margins_say():
    for known in (False, True):
        drawn = (BOTH_RINGS if known else KNOWN_RING) + 2.5 / 2  # half of the ring's width
        assert reach_of(11, known) >= 11 + drawn
