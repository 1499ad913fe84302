"""Pictures as files: the PNG has the very colours of the canvas at every pixel, and the page stands alone."""

import io
import re
from html.parser import HTMLParser

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

from engine.contracts.film import Frames
from engine.pictures import theme
from engine.pictures.bars.figure import bars
from engine.pictures.bars.values import Bars
from engine.pictures.curves.values import Curve, CurvesPicture
from engine.pictures.document import page_html
from engine.pictures.files import figure_html, picture_png, sheet_of
from engine.pictures.pixels.sheet import still, tile_colours, tile_places
from engine.pictures.pixels.values import Box, Line, Over, PixelPicture, Point, Text, Tile
from engine.pictures.sheet import svg

SOURCE = np.random.default_rng(0)


def opened(picture, **options):
    image = Image.open(io.BytesIO(picture_png(picture, **options)))
    return image, np.asarray(image.convert("RGB"))


def pixels_of(picture, page, number):
    """The middle of every enlarged pixel of a tile, as (H, W, 3)."""
    place = tile_places(picture)[number]
    rows, columns = picture.tiles[number].pixels.shape[:2]
    y = place.y + np.arange(rows) * place.zoom + place.zoom // 2
    x = place.x + np.arange(columns) * place.zoom + place.zoom // 2
    return page[np.ix_(y, x)]


def test_every_pixel_has_the_colour_of_the_canvas():
    values = SOURCE.normal(size=(5, 9)).astype(np.float32)
    values[1, 2] = np.nan
    probabilities = SOURCE.dirichlet([1, 1, 1], size=(6, 4)).astype(np.float32)
    picture = PixelPicture(
        [
            Tile(values, "signed values", "signed"),
            Tile(SOURCE.integers(0, 256, (3, 4), np.uint8), "bytes", "grey", 2.0, 3.0),
            Tile(SOURCE.integers(0, 256, (7, 7, 3), np.uint8), "colours"),
            Tile(probabilities, "classes", classes=("A", "B", "C"), row_labels=list("abcdef")),
            Tile(
                (probabilities * 255).astype(np.uint8), "classes", classes=("A", "B", "C"), column_labels=list("wxyz")
            ),
        ],
        alt="A test of everything",
        columns=3,
    )
    image, page = opened(picture)
    assert image.text["Description"] == "A test of everything"
    largest = np.nanmax(np.abs(values))
    expected = [
        theme.colourise(values, "signed", -largest, largest),
        theme.table("grey")[picture.tiles[1].pixels],
        picture.tiles[2].pixels,
        theme.class_mixture(probabilities),
        theme.class_mixture(picture.tiles[4].pixels / 255),
    ]
    for number, colours in enumerate(expected):
        assert np.array_equal(tile_colours(picture.tiles[number]), colours)
        assert np.array_equal(pixels_of(picture, page, number), colours), number


@pytest.mark.parametrize("count", [1, 2, 7, 50])
def test_tiles_do_not_overlap_and_lie_inside(count):
    tiles = [Tile(SOURCE.random((3 + n % 5, 4 + n % 3), np.float32), f"tile {n}") for n in range(count)]
    picture = PixelPicture(tiles, alt="many")
    image, _ = opened(picture)
    taken = np.zeros((image.height, image.width), int)
    for place in tile_places(picture):
        taken[place.y : place.y + place.height, place.x : place.x + place.width] += 1
        assert place.x + place.width < image.width
        assert place.y + place.height < image.height
    assert taken.max() == 1
    assert image.width <= 1212


def test_captions_and_legend_are_written():
    tile = Tile(np.zeros((4, 4), np.float32), scale="probability", low=0.0, high=1.0)
    bare, _ = opened(PixelPicture([tile], alt="x", legend=False))
    _, page = opened(PixelPicture([tile], alt="x"))
    assert page.shape[0] > bare.height
    bar = page[bare.height :].reshape(-1, 3)
    for entry in (0, 128, 255):  # the colour bar holds the table's colours
        assert (np.abs(bar.astype(int) - theme.table("probability")[entry]).max(1) <= 2).any()
    named = Tile(tile.pixels, "a caption", "probability", 0.0, 1.0)
    place = tile_places(PixelPicture([named], alt="x"))[0]
    _, page = opened(PixelPicture([named], alt="x"))
    assert (page[: place.y] < 128).any(), "dark letters above the tile"
    _, page = opened(PixelPicture([tile], alt="x"))
    assert (page[: tile_places(PixelPicture([tile], alt="x"))[0].y] == 255).all()


def test_marks_lie_where_they_should():
    tile = Tile(
        np.zeros((10, 10), np.float32), scale="grey", low=0.0, high=1.0,
        points=[Point(2.5, 7.5, 0, True), Point(7.5, 2.5, 1, False)], boxes=[Box((1, 1, 4, 4), "", "#00FF00")],
        lines=[Line([(5, 5), (9, 5)], "#FF0000", 3)], texts=[Text(8, 8, "T", "#FFFFFF")],
    )  # fmt: skip
    picture = PixelPicture([tile], alt="marks", legend=False)
    _, page = opened(picture)
    place = tile_places(picture)[0]

    def at(x, y):
        return tuple(page[place.y + round(y * place.zoom), place.x + round(x * place.zoom)])

    assert at(2.5, 7.5) == theme.hex_to_rgb(theme.CLASS_COLOURS[0])
    assert at(7.5, 2.5) == (255, 255, 255)  # a ring
    assert at(7, 5) == (255, 0, 0)
    assert at(1, 2.5) == (0, 255, 0)
    assert at(5, 8.5) == (0, 0, 0)


def test_a_layer_over_a_tile_is_translucent_and_clear_where_unknown():
    over = np.array([[1.0, np.nan], [0.0, 1.0]], np.float32)
    picture = PixelPicture(
        [Tile(np.full((4, 4, 3), 200, np.uint8), over=Over(over, "heat", 0.0, 1.0, 0.5, name="heat"))], alt="over"
    )
    _, page = opened(picture)
    seen = pixels_of(picture, page, 0).astype(int)
    hot = (theme.table("heat")[255].astype(int) + 200) / 2
    assert np.abs(seen[0, 0] - hot).max() <= 2
    assert np.abs(seen[3, 3] - hot).max() <= 2
    assert (seen[0, 3] == 200).all()  # NaN
    assert (seen[3, 0] == 200).all()  # no heat at all


def test_the_newest_frame_is_drawn_unless_another_is_asked_for():
    values = SOURCE.random((3, 4, 4), np.float32)
    frames = Frames("run", [0, 5, 9], [0, 50, 90])
    tile = Tile(values, "t", "magnitude", points=[Point(1, 1, 0, True, frame=5), Point(2, 2, 0, True)])
    picture = PixelPicture([tile], alt="frames", frames=frames)
    for asked, number in ((-1, 2), (0, 0), (1, 1)):
        moment = still(picture, asked)
        assert moment.frames is None
        assert np.array_equal(moment.tiles[0].pixels, values[number])
        assert len(moment.tiles[0].points) == (2 if number == 1 else 1)
        expected = theme.colourise(values[number], "magnitude", values.min(), values.max())  # one range for all moments
        assert np.array_equal(tile_colours(moment.tiles[0]), expected)
    with pytest.raises(IndexError):
        still(picture, 3)


@pytest.mark.parametrize(("colour", "edge"), [("#FFFFFF", "dark"), ("#111111", "bright")])
def test_bright_words_have_a_dark_edge_and_dark_ones_a_bright_edge(colour, edge):
    tile = Tile(np.full((40, 200, 3), 128, np.uint8), texts=[Text(100, 20, "WORDS", colour)])
    picture = PixelPicture([tile], alt="words", legend=False)
    _, pixels = opened(picture)
    place = tile_places(picture)[0]
    inside = pixels[place.y : place.y + place.height, place.x : place.x + place.width].astype(int).mean(-1)
    assert inside.min() < 60  # the letters, or their edge
    assert inside.max() > 240
    changed = inside[inside != 128]
    assert (
        (changed < 128).mean() > 0.5 if edge == "dark" else (changed > 128).mean() > 0.5
    )  # the edge is the larger part


def test_of_a_still_tile_only_the_marks_change():
    photo = SOURCE.integers(0, 255, (4, 4, 3), np.uint8)
    tile = Tile(photo, still=True, points=[Point(1, 1, frame=0), Point(2, 2, frame=1)])
    picture = PixelPicture([tile], alt="frames", frames=Frames("run", [0, 1], [0, 1]))
    for at in (0, 1):
        moment = still(picture, at).tiles[0]
        assert np.array_equal(moment.pixels, photo)
        assert [point.x for point in moment.points] == [at + 1]
    assert picture_png(picture)[:4] == b"\x89PNG"


class Reader(HTMLParser):
    """Collects pictures, scripts, links and text of a page, and checks that elements are closed in order."""

    VOID = ("meta", "img", "br", "hr", "input", "link")

    def __init__(self, page):
        super().__init__()
        self.images, self.addresses, self.open, self.scripts, self.text = [], [], [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "img":
            self.images.append(given)
        if tag == "svg":
            self.images.append({"alt": given["aria-label"]})
        found = [given[name] for name in ("src", "href", "xlink:href") if name in given]
        self.addresses += [address for address in found if not address.startswith("data:image/png;base64,")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        (self.scripts if self.open and self.open[-1] == "script" else self.text).append(data)


def test_a_page_stands_alone_and_escapes_what_it_is_told():
    picture = PixelPicture([Tile(np.zeros((2, 2), np.float32))], alt='an "odd" <alt> & more')
    figures = {"one": picture, "two": go.Figure(go.Bar(y=[1, 2])), "three": go.Figure(go.Bar(y=[3]))}
    page = page_html("A <title>", "Why?", figures, {"Numbers": [("name", "value"), ("<b>", "1 & 2")]})
    read = Reader(page)
    assert read.open == []
    assert [image["alt"] for image in read.images] == ['an "odd" <alt> & more']
    assert read.addresses == []  # nothing is fetched
    assert sum(len(script) > 1_000_000 for script in read.scripts) == 1  # plotly.js once
    assert sum("Plotly.newPlot" in script and len(script) < 100_000 for script in read.scripts) == 2
    assert {"A <title>", "Why?", "Numbers", "<b>", "1 & 2"} <= set(read.text)


def test_bars_show_names_shares_and_ticks():
    shown = Bars(["cat", "dog", "fox"], [0.7, 0.2, 0.1], alt="three", hover=["a cat", "a dog", "a fox"], marked=1,
                 ticks=[0.1, 0.8, 0.1], ticks_name="before")  # fmt: skip
    track, bar, tick = bars(shown).data
    assert (list(track.x), list(bar.x), list(tick.x)) == ([1, 1, 1], [0.7, 0.2, 0.1], [0.1, 0.8, 0.1])
    assert list(bar.customdata) == ["a cat", "a dog", "a fox"]
    assert bar.marker.color[0] == bar.marker.color[2] != bar.marker.color[1]
    assert "before" in tick.hovertemplate
    assert "a dog" in figure_html(shown, "three")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shares": [0.5]}, "expected 2 shares, one for each name, got 1"),
        ({"shares": [0.5, 1.5]}, "a share is 0 to 1, got 1.5"),
        ({"ticks": [0.5, -0.1]}, "a share is 0 to 1, got -0.1"),
        ({"marked": 2}, "marked must be 0-1, got 2"),
        ({"alt": " "}, "alt text"),
    ],
)
def test_bars_that_do_not_fit_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Bars(**{"names": ["a", "b"], "shares": [0.5, 0.5], "alt": "two", **change})


def test_what_is_no_figure_is_refused():
    with pytest.raises(TypeError, match="got dict"):
        figure_html({}, "one")


def test_time_that_runs_down_runs_to_the_right():
    """As on the page: noise at the left, data at the right."""
    for steps in ([400, 200, 0], [0, 200, 400]):
        frames = Frames("r", range(3), steps)
        made = svg(sheet_of(CurvesPicture(np.array([[0.0], [0.5], [1.0]]), [Curve("a")], frames, "A line")))
        places = {text: float(x) for x, text in re.findall(r'<text x="([\d.]+)"[^>]*>(\d+)</text>', made)}
        assert (places["400"] < places["0"]) == (steps[0] == 400)
