"""A plane with axes: what fits together, where borders and contours run, what goes to the browser and into files."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contracts.film import Frames
from engine.pictures.borders import Border, ends, half_plane
from engine.pictures.files import sheet_of
from engine.pictures.packing import pack, unpack
from engine.pictures.plot.contours import contours
from engine.pictures.plot.kind import fits
from engine.pictures.plot.values import Band, Dots, Field, Handle, Path, PlotPicture, plot_payload
from engine.pictures.points.values import PointsPicture, points_payload
from engine.pictures.sheet import png, svg

DOMAIN = (-3.0, 3.0, -2.0, 2.0)
FRAMES = Frames("run", range(3), range(3))
number = st.floats(-5, 5, allow_nan=False, width=32)


@given(number, number, number)
def test_a_border_runs_where_its_equation_says(a, b, c):
    """Both ends lie on the line and on the edge of the domain; no corner of the half plane lies on the other side."""
    line, corners = ends(a, b, c, DOMAIN), half_plane(a, b, c, DOMAIN)
    scale = 1e-6 * (1 + abs(a) + abs(b) + abs(c))
    for x, y in line:
        assert abs(a * x + b * y - c) <= scale
        assert min(abs(abs(x) - 3), abs(abs(y) - 2)) < 1e-6
        assert abs(x) < 3 + 1e-6
        assert abs(y) < 2 + 1e-6
    assert all(a * x + b * y - c >= -scale for x, y in corners)


@given(number, number, number)
def test_the_half_plane_is_as_large_as_it_should_be(a, b, c):
    """Its area is the share of a fine grid on which a x + b y > c."""
    corners = np.array(half_plane(a, b, c, DOMAIN)).reshape(-1, 2)
    x, y = corners.T
    area = abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2
    grid_x, grid_y = np.meshgrid((np.arange(240) + 0.5) / 40 - 3, (np.arange(160) + 0.5) / 40 - 2)
    assert area == pytest.approx((a * grid_x + b * grid_y > c).mean() * 24, abs=0.2)


@pytest.mark.parametrize("values", [(0, 0, 1), (1, 0, 9), (float("nan"), 1, 0), (0, 1, float("inf"))])
def test_a_border_that_is_nowhere_has_no_ends(values):
    """No direction, beyond the domain, no number."""
    assert ends(*values, DOMAIN) == []


def test_contours_lie_at_their_height():
    """On a circle x² + (y - ½)² = 1, to the square of the grid's step; a level that the field never has gives none."""
    x, y = np.meshgrid(np.linspace(-3, 3, 121), np.linspace(2, -2, 81))
    found = contours(x**2 + (y - 0.5) ** 2, [1.0, 1e6], DOMAIN)
    assert len(found) == 1
    points = found[0].points[np.isfinite(found[0].points[:, 0])]
    assert len(points) > 100
    assert np.abs(np.hypot(points[:, 0], points[:, 1] - 0.5) - 1).max() < 1e-3


def picture(**changes):
    """One of everything, three frames."""
    rng = np.random.default_rng(0)
    parts = {
        "domain": DOMAIN, "alt": "x", "field": Field(rng.random((3, 4, 6)), "loss"), "bands": [Band(-9, -1, "low")],
        "borders": [Border(np.array([[1, 0, t] for t in range(3)]), "line", 1, arrow=True, shaded=True)],
        "paths": [Path(rng.random((3, 2)), "way", 5, grows=True), Path(np.array([[0, 0], [np.nan, 0], [1, 1]]))],
        "dots": [Dots(rng.random((3, 4, 2)), "dots", [0, 1, 2, None], labels="abcd", rings=[True, False] * 2)],
        "handles": [Handle("one", 0, 0, "here")], "frames": FRAMES,
    }  # fmt: skip
    return PlotPicture(**parts | changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"domain": (0, 0, 1, 2)}, "domain"), ({"domain": (0, float("nan"), 1, 2)}, "domain"),
        ({"log_x": True}, "above zero"), ({"domain": (1, 2, 1, 2), "log_y": True}, "linear axes"),
        ({"handles": [Handle("a", 0, 0, ""), Handle("a", 1, 1, "")]}, "keys"), ({"frames": None}, "0 frames"),
        ({"field": Field(np.zeros((2, 4, 6)), "loss")}, "3 frames"),
        ({"paths": [Path(np.zeros(3))]}, "expected 2 axes"),
        ({"paths": [Path(np.zeros((5, 2)), grows=True)]}, "a point a frame"),
        ({"dots": [Dots(np.zeros((4, 2)), colours=[1])]}, "4 points, but 1 colours"),
        ({"field": Field(np.zeros((3, 1000, 1000)), "loss")}, "at most"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(changes, said):
    """With a sentence of what was expected."""
    with pytest.raises(ValueError, match=said):
        picture(**changes)


def test_it_goes_to_the_browser_whole():
    """Every array under the name that the JavaScript looks for, and what moves is said to."""
    meta, arrays = unpack(pack(*plot_payload(picture())))
    assert set(arrays) == {"field", "border0", "path0", "path1", "dots0"}
    assert arrays["field"].shape == (3, 4, 6)
    assert [meta["field"]["moves"], meta["borders"][0]["moves"], meta["dots"][0]["moves"]] == [True] * 3
    assert [path["grows"] for path in meta["paths"]] == [True, False]
    assert meta["bands"][0][:2] == [-3.0, -1.0]


def test_what_a_reader_does_must_mean_something():
    """Places within, handles and points that there are."""
    fit = fits(picture())
    assert fit("handle", {"key": "one", "x": 1, "y": 1})
    assert not fit("handle", {"key": "two", "x": 1, "y": 1})
    assert not fit("handle", {"key": "one", "x": 4, "y": 1})
    assert fit("spot", {"x": -3, "y": 2})
    assert fit("dot", {"dots": 0, "dot": 3})
    assert not fit("dot", {"dots": 0, "dot": 4})


def test_a_sheet_shows_the_frame_that_is_asked_for():
    """The growing way has one disc more to go at every frame; the words are there."""
    texts = [svg(sheet_of(picture(), frame=frame)) for frame in (0, 1, 2)]
    assert len(set(texts)) == 3
    for word in ("here", "way", "line", "dots", "low"):
        assert f">{word}<" in texts[0]
    assert png(sheet_of(picture(square=False)))[:4] == b"\x89PNG"
    axes = PlotPicture(
        (0.01, 10, 0.1, 1e4), "x", paths=[Path(np.array([[0.1, 1], [1, 0], [1, 100]]))], log_x=True, log_y=True
    )
    assert ">1,000<" in svg(sheet_of(axes)) or ">1000<" in svg(sheet_of(axes))


def test_a_legend_looks_like_what_it_names():
    way = Path(np.array([[0.0, 0], [1, 1]]), "way", dashed=True)
    drawn = svg(
        sheet_of(PlotPicture(DOMAIN, "x", paths=[way], dots=[Dots(np.zeros((2, 2)), "here", rings=[True] * 2)]))
    )
    assert drawn.count("<circle") == 3
    assert len(set(re.findall(r'<circle[^>]*fill="([^"]+)"', drawn))) == 1, "rings, all of them"
    assert drawn.count("stroke-dasharray") == 2


def test_points_take_borders_marks_and_segments():
    """And refuse marks of points that are not there."""
    plain = {"points": [[0, 0, 0], [1, 1, 1]], "domain": DOMAIN, "classes": ["a", "b"], "alt": "x"}
    made = PointsPicture(**plain, borders=[Border(np.array([1.0, 1, 1]))], marked=[1], segments=[(0, 0, 1, 1)])
    meta, arrays = points_payload(made)
    assert meta["marked"] == [1]
    assert meta["segments"] == [[0, 0, 1, 1]]
    assert arrays["border0"].tolist() == [1, 1, 1]
    assert svg(sheet_of(made)) != svg(sheet_of(PointsPicture(**plain)))
    with pytest.raises(ValueError, match="marked"):
        PointsPicture(**plain, marked=[2])
    with pytest.raises(ValueError, match="a line a frame"):
        PointsPicture(**plain, borders=[Border(np.ones((3, 3)))])


def test_it_is_a_plotly_figure_too():
    """For scripts and files: every part of it at its last moment, axes as they are."""
    from engine.pictures.plot.figure import plot

    made = plot(picture())
    assert [trace.type for trace in made.data] == ["heatmap"] + ["scatter"] * 6
    assert made.data[0].z.shape == (4, 6)
    assert made.data[0].y[0] > made.data[0].y[-1]  # row 0 at the top
    assert [trace.name for trace in made.data if trace.showlegend] == ["line", "way", "dots"]
    assert list(made.layout.xaxis.range) == [-3, 3]
    axes = PlotPicture((0.01, 10, 0.1, 1e4), "x", log_x=True, log_y=True)
    assert list(plot(axes).layout.xaxis.range) == [-2, 1]
    classes = Field(np.zeros((4, 6, 2), np.uint8), "class", classes=["a", "b"])
    assert [trace.name for trace in plot(picture(field=classes)).data[:2]] == ["a", "b"]
