"""Colour tables, payloads and the checks of pictures: against closed forms and round trips."""

import json
import struct
from functools import partial

import numpy as np
import pytest

from engine.contracts.film import Frames
from engine.pictures import theme
from engine.pictures.curves.values import Curve, CurvesPicture, curves_payload
from engine.pictures.network.values import NetworkDiagram, NetworkLayer, network_payload, quantise_maps
from engine.pictures.packing import pack, unpack
from engine.pictures.pixels.values import Box, Over, PixelPicture, Point, Tile, picture_payload, value_range
from engine.pictures.points.values import PointsPicture, points_payload


def lightness(name: str, table=theme.table) -> np.ndarray:
    """CIE L* of every entry, from the sRGB definition and not from the OKLab code that made the tables."""
    s = table(name) / 255
    linear = np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)
    y = linear @ np.array([0.2126, 0.7152, 0.0722])
    return np.where(y > (6 / 29) ** 3, 116 * np.cbrt(y) - 16, y * (29 / 3) ** 3)


@pytest.mark.parametrize(("name", "direction"), [("magnitude", 1), ("heat", 1), ("grey", 1), ("probability", -1)])
def test_sequential_tables_are_monotone_in_lightness(name, direction):
    steps = direction * np.diff(lightness(name)[::4])
    assert steps.min() > 0
    assert direction * (lightness(name)[-1] - lightness(name)[0]) > 40


def test_signed_zero_is_white_and_the_arms_differ():
    assert theme.table("signed")[[127, 128]].tolist() == [[255] * 3] * 2
    assert theme.colourise(np.array([0.0]), "signed", -3, 3).tolist() == [[255] * 3]
    negative, positive = theme.colourise(np.array([-1.0, 1.0]), "signed", -1, 1).astype(int)
    assert negative[0] > negative[2] + 80  # orange: red over blue
    assert positive[2] > positive[0] + 80  # blue
    assert (np.diff(lightness("signed")[:128:4]) > 0).all()
    assert (np.diff(lightness("signed")[128::4]) < 0).all()


def test_on_a_dark_page_signed_zero_is_dark_and_the_arms_rise_from_it():
    values, levels = theme.dark_table("signed").astype(int), lightness("signed", theme.dark_table)
    assert levels[[127, 128]].max() < 20
    assert (np.diff(levels[:128:4]) < 0).all()
    assert (np.diff(levels[128::4]) > 0).all()
    assert levels[[0, 255]].min() > 65
    assert values[0, 0] > values[0, 2] + 80  # orange
    assert values[255, 2] > values[255, 0] + 80  # blue


def test_on_a_dark_page_probability_rises_from_the_dark():
    levels = lightness("probability", theme.dark_table)
    assert levels[0] < 20
    assert (np.diff(levels[::4]) > 0).all()
    assert levels[255] > 85
    assert theme.dark_table("probability")[200, 2] > theme.dark_table("probability")[200, 0] + 80  # blue in both themes


@pytest.mark.parametrize("name", theme.SCALES)
def test_the_canvas_gets_the_same_dark_table(name):
    sent = theme.palette()["darkTables"]
    if name not in sent:
        assert theme.dark_table(name) is theme.table(name)
        return
    flat = np.array(sent[name]).reshape(256, 4)
    assert flat[:, :3].tolist() == theme.dark_table(name).tolist()
    assert flat[:, 3].tolist() == theme.opacity(name).tolist()


@pytest.mark.parametrize("name", theme.SCALES)
def test_the_canvas_gets_the_same_table(name):
    flat = np.array(json.loads(json.dumps(theme.palette()))["tables"][name]).reshape(256, 4)
    assert flat[:, :3].tolist() == theme.table(name).tolist()
    assert flat[:, 3].tolist() == theme.opacity(name).tolist()


def test_class_colours_are_told_apart_by_the_colour_blind():
    """Machado et al. 2009, severity 1: deuteranopia and protanopia on linear RGB, distance in OKLab."""
    rgb = np.array([theme.hex_to_rgb(c) for c in theme.CLASS_COLOURS]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    deuteranopia = np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                             [-0.011820, 0.042940, 0.968881]])  # fmt: skip
    protanopia = np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                           [-0.003882, -0.048116, 1.051998]])  # fmt: skip
    for matrix in (np.eye(3), deuteranopia, protanopia):
        lab = theme._rgb_to_oklab(theme._to_uint8(linear @ matrix.T))
        distance = np.linalg.norm(lab[:, None] - lab[None], axis=-1) + np.eye(len(lab))
        assert distance.min() > 0.05


def test_class_mixture_closed_form():
    assert theme.class_mixture([0.5, 0.5]).tolist() == [255, 255, 255]
    assert theme.class_mixture([1 / 3] * 3).tolist() == [255, 255, 255]
    for k in range(3):
        colour = np.array(theme.hex_to_rgb(theme.CLASS_COLOURS[k]))
        sure = theme.class_mixture(np.eye(3)[k])
        assert np.abs(sure - (255 + theme.CLASS_STRENGTH * (colour - 255))).max() <= 0.5
        ground = np.array(theme.hex_to_rgb(theme.DARK_GROUND))
        dark = theme.class_mixture(np.eye(3)[k], theme.DARK_GROUND, theme.DARK_CLASS_STRENGTH)
        assert np.abs(dark - (ground + theme.DARK_CLASS_STRENGTH * (colour - ground))).max() <= 0.5
    undecided = theme.class_mixture([0.5, 0.5], theme.DARK_GROUND, theme.DARK_CLASS_STRENGTH)
    assert undecided.tolist() == list(theme.hex_to_rgb(theme.DARK_GROUND))
    with pytest.raises(ValueError, match="at least 2 classes"):
        theme.class_mixture([1.0])


def test_colourise_ends_nan_and_unknown_scale():
    shown = theme.colourise(np.array([-5.0, 0.0, 1.0, 9.0, np.nan]), "magnitude", 0, 1)
    table = theme.table("magnitude")
    assert shown.tolist() == [table[0].tolist(), table[0].tolist(), table[255].tolist(), table[255].tolist(), [128] * 3]
    with pytest.raises(ValueError, match=r"unknown colour scale 'jet'.*magnitude"):
        theme.table("jet")


def test_plotly_template_is_valid_for_plotly():
    go = pytest.importorskip("plotly.graph_objects")
    for dark in (True, False):
        layout = go.Layout(theme.plotly_template(dark))
        assert layout.colorway == theme.line_colours("dark" if dark else "light")
        assert layout.paper_bgcolor == "rgba(0,0,0,0)"


def test_pack_round_trip_and_layout():
    rng = np.random.default_rng(0)
    arrays = {
        "a": rng.integers(0, 256, (3, 5, 7)).astype(np.uint8),
        "b": rng.normal(size=(2, 3)).astype(np.float32),
        "c": np.arange(-4, 5, dtype=np.int32)[::2],  # not contiguous
        "empty": np.zeros((0, 4), np.float32),
    }
    payload = pack({"text": "漢字 · ü", "n": [1, 2.5, None]}, arrays)
    meta, back = unpack(payload)
    assert meta == {"text": "漢字 · ü", "n": [1, 2.5, None]}
    assert list(back) == list(arrays)
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        np.testing.assert_array_equal(back[name], array)
    (length,) = struct.unpack_from("<I", payload)
    start = -(-(4 + length) // 8) * 8
    listing = json.loads(payload[4 : 4 + length])["arrays"]
    assert all(entry["offset"] % 8 == 0 for entry in listing.values())
    raw = payload[start + listing["b"]["offset"] :][: arrays["b"].nbytes]
    assert raw == arrays["b"].astype("<f4").tobytes()
    with pytest.raises(TypeError, match="'x' has dtype float64"):
        pack({}, {"x": np.zeros(2)})
    with pytest.raises(ValueError, match="JSON"):
        pack({"bad": float("nan")}, {})


GOOD = np.zeros((4, 6), np.float32)


@pytest.mark.parametrize(
    ("tile", "error", "message"),
    [
        (Tile(np.zeros((4, 6))), TypeError, "float64"),
        (Tile(np.zeros(4, np.float32)), ValueError, r"got shape \(4,\)"),
        (Tile(np.zeros((0, 4), np.float32)), ValueError, "shape"),
        (Tile(np.zeros((4, 6, 3), np.float32)), TypeError, "RGB"),
        (Tile(np.zeros((4, 6, 4), np.uint8)), TypeError, "RGB"),
        (Tile(np.zeros((4, 6, 3), np.uint8), classes=["a", "b"]), ValueError, "2 class names for 3"),
        (Tile(GOOD, scale="jet"), ValueError, "unknown colour scale"),
        (Tile(GOOD, low=2, high=1), ValueError, "low must be below high"),
        (Tile(GOOD, row_labels=["a"]), ValueError, "1 row labels for 4 rows"),
        (Tile(GOOD, column_labels=["a"] * 4), ValueError, "4 column labels for 6 columns"),
        (Tile(GOOD, over=Over(np.zeros((2, 2)))), TypeError, "layer over it"),
        (Tile(GOOD, over=Over(np.zeros((1, 2, 2), np.float32))), ValueError, "layer over it"),
    ],
)
def test_wrong_tiles_say_what_was_expected(tile, error, message):
    with pytest.raises(error, match=message) as raised:
        PixelPicture([Tile(GOOD, "fine"), tile], alt="x")
    assert "tile 1" in str(raised.value) or "scale" in message


def test_pictures_need_tiles_alt_and_matching_frames():
    with pytest.raises(ValueError, match="at least one tile"):
        PixelPicture([], alt="x")
    with pytest.raises(ValueError, match="alt text"):
        PixelPicture([Tile(GOOD)])
    frames = Frames("r", [0, 1, 2], [0, 5, 10])
    with pytest.raises(ValueError, match="2 frames of pixels for 3"):
        PixelPicture([Tile(np.zeros((2, 4, 4), np.float32))], alt="x", frames=frames)
    with pytest.raises(ValueError, match="increasing"):
        Frames("r", [0, 2, 2], [0, 1, 2])
    with pytest.raises(ValueError, match="one step an index"):
        Frames("r", [0, 1], [0])


def test_a_still_tile_keeps_its_pixels_while_its_marks_move():
    frames, photo = Frames("r", [0, 1], [0, 1]), np.zeros((4, 6, 3), np.uint8)
    boxes = [Box((0, 0, 2, 2), "first", frame=0), Box((1, 1, 3, 3), "second", frame=1)]
    picture = PixelPicture([Tile(photo, still=True, boxes=boxes)], alt="x", frames=frames)
    meta, arrays = picture_payload(picture)
    assert arrays["t0"].shape == (4, 6, 3)
    assert (meta["tiles"][0]["kind"], meta["tiles"][0]["still"]) == ("rgb", True)
    assert [box[-1] for box in meta["tiles"][0]["boxes"]] == [0, 1]
    alone = picture_payload(PixelPicture([Tile(photo, still=True)], alt="x"))[0]["tiles"][0]
    assert "still" not in alone  # without frames every tile is
    with pytest.raises(ValueError, match="expected"):
        PixelPicture([Tile(photo[None], still=True)], alt="x", frames=frames)


def test_frames_tell_values_from_rgb():
    frames = Frames("r", [0, 1], [0, 1])
    values = PixelPicture([Tile(np.zeros((2, 5, 3), np.uint8))], alt="x", frames=frames)
    colours = PixelPicture([Tile(np.zeros((2, 5, 4, 3), np.uint8))], alt="x", frames=frames)
    assert picture_payload(values)[0]["tiles"][0]["kind"] == "scale"
    assert picture_payload(colours)[0]["tiles"][0]["kind"] == "rgb"


def test_value_range_and_payload_of_a_tile():
    assert value_range(Tile(np.array([[-1, 4]], np.float32), scale="signed")) == (-4, 4)
    assert value_range(Tile(np.array([[np.nan, 4, 2]], np.float32))) == (2, 4)
    assert value_range(Tile(np.zeros((2, 2), np.uint8), low=0, high=1)) == (0, 1)
    low, high = value_range(Tile(np.full((2, 2), 3, np.float32)))
    assert low < high
    meta, arrays = picture_payload(PixelPicture([Tile(GOOD, "c", points=[Point(1, 2, 3, False, "p", 7)])], alt="x"))
    assert meta["tiles"][0]["points"] == [[1, 2, 3, False, "p", 7]]
    assert unpack(pack(meta, arrays))[1]["t0"].shape == (4, 6)


def test_quantised_maps_come_back_within_half_a_step():
    values = np.random.default_rng(1).normal(size=(3, 4, 5, 5)).astype(np.float32)
    values[1, 2] = 0
    codes, ranges = quantise_maps(values)
    back = (codes - 127.5) / 127.5 * ranges[..., None, None]
    assert (np.abs(back - values) <= ranges[..., None, None] / 127 + 1e-7).all()
    assert ranges[1, 2] == 0
    assert (codes[1, 2] == 128).all()


def network(weights=None, biases=None, maps=None):
    layers = [NetworkLayer("in", ["x", "y"]), NetworkLayer("hidden", ["a", "b", "c"]), NetworkLayer("out", ["p"])]
    weights = [np.zeros((1, 3, 2), np.float32), np.zeros((1, 1, 3), np.float32)] if weights is None else weights
    maps = np.zeros((1, 6, 4, 4), np.uint8) if maps is None else maps
    return NetworkDiagram(layers, maps, np.ones((1, 6), np.float32), weights, biases or (), alt="net")


def test_network_diagram_checks_and_flattens():
    weight = np.arange(6, dtype=np.float32).reshape(1, 3, 2)
    meta, arrays = network_payload(network([weight, np.zeros((1, 1, 3), np.float32)]))
    assert arrays["w0"].tolist() == [[0, 1, 2, 3, 4, 5]]  # row-major (out, in): edge (to, from) at to * inputs + from
    assert meta["static"] is True
    assert meta["frames"]["indices"] == [0]
    with pytest.raises(ValueError, match=r"weights\[0\] must be \(1, 3, 2\)"):
        network([np.zeros((1, 2, 3), np.float32)] * 2)
    with pytest.raises(ValueError, match="expected 2 biases"):
        network(biases=[np.zeros((1, 3), np.float32)])
    with pytest.raises(ValueError, match="maps must be"):
        network(maps=np.zeros((1, 5, 4, 4), np.uint8))


def test_curves_and_points_checks():
    frames = Frames("r", [0, 1], [0, 10])
    lines = [Curve("a"), Curve("b", dashed=True)]
    meta, arrays = curves_payload(CurvesPicture(np.array([[1, np.nan], [2, 3]]), lines, frames, "Curves"))
    assert arrays["values"].dtype == np.float32
    assert np.isnan(arrays["values"][0, 1])
    with pytest.raises(ValueError, match=r"values must be \(2, 2\)"):
        CurvesPicture(np.zeros((2, 3)), lines, frames, "Curves")
    plane = partial(PointsPicture, domain=(-1, 1, -1, 1), classes=["a", "b"], alt="Points")
    meta, _ = points_payload(plane([[0.12349, -1, 1]], train_mask=[True]))
    assert meta["points"] == [[0.123, -1.0, 1]]
    with pytest.raises(ValueError, match="class 0-1"):
        plane([[0, 0, 2]])
    with pytest.raises(ValueError, match="domain"):
        plane([], domain=(1, -1, -1, 1))
    with pytest.raises(ValueError, match="background"):
        plane([], background=np.zeros((4, 4, 2), np.float32))
    with pytest.raises(ValueError, match="entries for 1 points"):
        plane([[0, 0, 1]], train_mask=[True, False])
