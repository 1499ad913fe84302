"""Drawing what one expects: the axes are those of the picture, and the difference is measured."""

from types import SimpleNamespace

import numpy as np
import pytest

from engine.contracts.film import Frames
from engine.pictures.bars.values import Bars
from engine.pictures.curves.values import Curve, CurvesPicture
from engine.pictures.points.values import PointsPicture
from engine.pictures.sketch.sketches import BarsSketch, CurveSketch, RegionSketch
from engine.pictures.sketch.values import HEIGHTS, SIDE, Board, fits

RUN = SimpleNamespace(step=[0, 50, 100], loss=[1.0, float("nan"), 3.0])


def last_of(drawn) -> str:
    return "high" if drawn[-1] > 2 else "low"


@pytest.fixture
def curve():
    return CurveSketch("curves", 100, (0, 4), lambda run: (run.step, run.loss), last_of, line=1)


def test_a_curve_is_drawn_on_the_axes_up_to_the_end_of_the_run(curve):
    frames = Frames("run", [0], [0])
    chart = CurvesPicture(np.array([[0.5, 0.7]], np.float32), [Curve("a"), Curve("b", 3)], frames, "x")
    board = curve.board(chart)
    assert (board.form, board.x, board.y, board.y_label, board.colour, board.count) == (
        "curve",
        (0, 100),
        (0, 4),
        "b",
        3,
        HEIGHTS,
    )
    assert board.start == pytest.approx(0.7)
    drawn = [2.0] * HEIGHTS
    assert curve.over(chart, drawn).expected[0] == (0, 2.0)
    assert curve.over(chart, drawn).expected[-1] == (100, 2.0)


def test_the_distance_of_two_curves_is_their_mean_one(curve):
    """Between 1 and 3 the run is a straight line, also over what is no number; a level 2 is half of one
    away from it."""
    truth = curve.truth(RUN)
    assert truth == pytest.approx(np.linspace(1, 3, HEIGHTS))
    said = curve.difference([2.0] * HEIGHTS, RUN)
    assert said == "Your curve lies 0.52 from the run's on average. At the end you drew 2; it came to 3."
    assert np.abs(np.linspace(1, 3, HEIGHTS) - 2).mean() == pytest.approx(0.515, abs=0.001)
    assert curve.difference(truth, RUN).values["gap"].value == pytest.approx(0, abs=1e-9)
    assert (curve.reads([2.0] * HEIGHTS, RUN), curve.reads(truth, RUN)) == ("low", "high")


def test_a_region_is_read_by_the_points_on_its_right_side():
    """Painted: the right half. The network's: the upper half. They agree in half of the plane; of the four points, one
    a quarter, the painted half has three right."""
    x, y = np.array([-0.5, 0.5, 0.5, -0.5]), np.array([0.5, 0.5, -0.5, -0.5])
    label = np.array([0, 1, 1, 1])
    upper = np.zeros((SIDE, SIDE), int)
    upper[: SIDE // 2] = 1
    region = RegionSketch("points", lambda _: upper, lambda _: (x, y, label), str)
    drawn = np.zeros((SIDE, SIDE))
    drawn[:, SIDE // 2 :] = 1
    assert region.reads(drawn.ravel().tolist(), None) == "0.75"
    assert region.difference(drawn.ravel().tolist(), None).values["share"].share == 0.5
    assert region.difference(region.truth(None), None).values["share"].share == 1
    plane = PointsPicture([[0, 1, 1]], (-3, 3, -2, 2), ["A", "B"], "x")
    board = region.board(plane)
    assert (board.x, board.y, board.names, board.count) == ((-3, 3), (-2, 2), ("A", "B"), SIDE * SIDE)
    assert region.over(plane, drawn.ravel().tolist()).expected[SIDE - 1] == 1


def test_a_bar_is_drawn_alone_and_marked_where_it_stands_then():
    sketch = BarsSketch("answers", "b", lambda run: 0.8, lambda one: f"{one:.0%}")
    board = sketch.board(Bars(["a", "b"], [0.7, 0.2], "x"))
    assert (board.names, board.count, board.start) == (("b",), 1, 0.2)
    assert sketch.over(Bars(["b", "a"], [0.8, 0.2], "x"), [0.5]).expected == (0, 0.5)
    assert sketch.over(Bars(["a"], [1], "x"), [0.5]).expected is None, "it is not among those shown"
    assert sketch.difference([0.5], None) == "You drew 50 %; it is 80.0 %.".replace(" %", "\u202f%")
    assert sketch.reads(sketch.truth(None), None) == "80%"


@pytest.mark.parametrize("sent", [[], [0.5], [0.5, 2], [0.5, None], ["0.5", 0.5], [float("nan"), 0.5], 7, {"a": 1}])
def test_a_browser_may_send_anything(sent):
    board = Board("bars", "x", names=["a", "b"])
    with pytest.raises(TypeError) if sent == 7 else np.errstate():
        assert not fits(board)("drawn", sent)
    assert fits(board)("drawn", [0, 1.0])


def test_a_board_says_what_is_wrong():
    with pytest.raises(ValueError, match="one of curve, bars, region"):
        Board("circle", "x")
    with pytest.raises(ValueError, match="low to high"):
        Board("curve", "x", y=(1, 1))
