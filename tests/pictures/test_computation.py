"""Computations as a kind of picture: layers, rows, what is checked, what travels, and files."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contracts.film import still_frames
from engine.pictures.computation.kind import KIND
from engine.pictures.computation.layout import THIN, layered
from engine.pictures.computation.sheet import computation_sheet
from engine.pictures.computation.values import (
    PARTIAL,
    VALUE,
    WHOLE,
    ComputationPicture,
    computation_payload,
    digits_of,
)
from engine.pictures.packing import pack, unpack
from engine.pictures.sheet import Words


def picture(**changes) -> ComputationPicture:
    """x · x + 2 at x = 3: given, computed, gradients."""
    whole = VALUE | PARTIAL | WHOLE
    values = {
        "names": ["x", "v₁", "2", "L"], "symbols": ["", "×", "", "+"], "recipes": ["", "x × x", "", "v₁ + 2"],
        "roles": ["input", "made", "fixed", "end"], "edges": np.array([[0, 1], [0, 1], [1, 3], [2, 3]]),
        "values": np.array([3.0, 9, 2, 11]), "gradients": np.array([[0, 0, 0, 0], [0, 0, 0, 1], [6, 1, 0, 1.0]]),
        "flows": np.array([3, 3, 1, np.nan]),
        "states": np.array(
            [[VALUE, 0, VALUE, 0], [VALUE, VALUE, VALUE, whole], [whole, whole, VALUE, whole]], np.uint8
        ),
        "passed": np.array([[0, 0, 0, 0], [0, 0, 0, 0], [1, 1, 1, 0]], np.uint8), "work": np.array([-1, 3, 1]),
        "marks": [("given",), ("begins", "∂L/∂L = 1"), ("back", "∂L/∂x += 3", "∂L/∂x += 3")],
        "frames": still_frames(np.arange(3)), "alt": "x squared plus two",
    } | changes  # fmt: skip
    return ComputationPicture(**values)


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_nodes_stand_in_layers_and_never_on_one_another(seed):
    chance = random.Random(seed)
    count = chance.randint(1, 40)
    edges = tuple(
        (chance.randrange(node), node) for node in range(1, count) for _ in range(chance.choice((0, 1, 2, 2, 3)))
    )
    made = layered(count, edges)
    for (start, end), route in zip(edges, made.routes, strict=True):
        assert made.places[start][0] < made.places[end][0], "everything flows to the right"
        layers = [made.places[start][0], *(place[0] for place in route), made.places[end][0]]
        assert layers == list(range(int(layers[0]), int(layers[-1]) + 1)), "one place in each layer on the way"
    taken = [(place, 1.0) for place in made.places] + [(place, THIN) for route in made.routes for place in route]
    for at, ((layer, row), size) in enumerate(taken):
        for (other, there), wide in taken[:at]:
            assert layer != other or abs(row - there) >= (size + wide) / 2 - 1e-6
        assert -1e-9 <= row <= made.rows - 1 + 1e-9
    assert made == layered.__wrapped__(count, edges), "the same every time"


def test_what_is_given_stands_right_before_the_first_that_uses_it_and_nothing_crosses_that_need_not():
    made = layered(7, ((0, 2), (1, 2), (2, 4), (3, 4), (4, 6), (5, 6)))
    assert [layer for layer, _ in made.places] == [0, 0, 1, 1, 2, 2, 3]
    assert made.layers == 4
    tangled = layered(8, ((0, 4), (1, 5), (2, 4), (3, 5), (4, 6), (5, 7)))
    rows = [row for _, row in tangled.places]
    assert sorted(rows[:4]) in ([rows[0], rows[2], rows[1], rows[3]], sorted(rows[:4]))
    assert {rows.index(row) for row in sorted(rows[:4])[:2]} in ({0, 2}, {1, 3}), "those of one node side by side"


def test_an_edge_leads_to_what_is_computed_later():
    for wrong in (((1, 0),), ((0, 0),), ((0, 9),)):
        with pytest.raises(ValueError, match="expected edges from lower to higher numbers"):
            layered(3, wrong)


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"alt": " "}, "alt text"), ({"symbols": ["×"]}, "symbols must be"), ({"roles": ["input"] * 3 + ["boss"]}, "boss"),
     ({"gradients": np.zeros((2, 4))}, "gradients must be"), ({"marks": [()]}, "marks must be"),
     ({"edges": np.array([1, 2])}, "edges must be"), ({"edges": np.array([[1, 0]] * 4)}, "lower to higher"),
     ({"work": np.zeros(4, int)}, "work must be"), ({"names": []}, "1 to 120 nodes")],
)  # fmt: skip
def test_what_does_not_fit_together_is_said(changes, said):
    with pytest.raises(ValueError, match=said):
        picture(**changes)


def test_what_travels_is_what_was_given():
    made = picture()
    meta, arrays = unpack(pack(*computation_payload(made)))
    assert (meta["names"], meta["symbols"], meta["edges"]) == (
        list(made.names),
        list(made.symbols),
        made.edges.tolist(),
    )
    assert meta["marks"][2] == ["back", "∂L/∂x += 3", "∂L/∂x += 3"]
    assert meta["layers"] == 3
    for name in ("values", "gradients", "flows", "states", "passed"):
        assert np.array_equal(arrays[name], getattr(made, name), equal_nan=arrays[name].dtype.kind == "f"), name
    assert arrays["work"].ravel().tolist() == [-1, 3, 1]
    fits = KIND.fits(made)
    assert [fits("pick", {"node": node}) for node in (-1, 0, 3, 4)] == [False, True, True, False]


def test_a_sheet_says_value_and_gradient_of_the_moment_and_nothing_that_is_not_known_yet():
    def words(frame):
        return [mark.text for mark in computation_sheet(picture(), frame=frame).marks if isinstance(mark, Words)]

    assert words(0).count("3") == 1
    assert "9" not in words(0)
    assert "∂L/∂L = 1" in words(1)
    assert {"×  v₁", "9", "6", "11"} <= set(words(2))
    assert words(2).count("3") == 3, "the value of x, and what comes back along both edges"
    long = replace(picture(), symbols=["", "softplus", "", "+"])
    assert any(
        text.startswith("softplus") for text in (m.text for m in computation_sheet(long).marks if isinstance(m, Words))
    )


@pytest.mark.parametrize(("value", "digits"), [(0.9999, 4), (1.0, 3), (0.5, 3), (1234.5, 4), (-2.9999, 4), (1e-9, 3)])
def test_what_is_nearly_whole_is_not_written_as_whole(value, digits):
    assert digits_of(value) == digits


def test_a_film_may_say_how_fast_it_plays():
    frames = still_frames(np.arange(3))
    assert "pace" not in frames.meta()
    assert replace(frames, pace=1.5).meta()["pace"] == 1.5
