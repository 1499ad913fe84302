"""Digits out of photos: how many are read rightly of each kind of photo, and what is no digit."""

import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from engine.data.digit_photos import LEAST_FRAME, clipped, find_digit, ink_of
from engine.data.digits import centred, load_digits
from engine.data.photos import photo
from engine.data.pictures import decode
from engine.data.regions import filled, regions_of, widest
from engine.topics.cnn.card import Config
from engine.topics.cnn.run import inputs_of, new_model
from pages.components.own.crop import frame_of
from tests.photographed import HANDS, HEIGHT, KINDS, WIDTH, photograph, shadow, transparent, two_digits


@pytest.fixture(scope="module")
def read():
    """read(drawings) -> the digits that the shipped network says, drawings centred as on the page."""
    model = new_model(Config())

    def says(drawings: list[np.ndarray]) -> list[int]:
        with torch.no_grad():
            return model(inputs_of(np.stack([centred(drawing) for drawing in drawings]))).argmax(1).tolist()

    return says


def right_of_each_hand(says: list[int]) -> list[int]:
    return [sum(said == digit for digit, said in enumerate(says[10 * hand : 10 * hand + 10])) for hand in HANDS]


@pytest.mark.parametrize("kind", KINDS)
def test_nine_of_ten_photographed_digits_are_read_rightly(kind, read):
    drawings = [find_digit(photograph(kind, digit, hand)).drawing for hand in HANDS for digit in range(10)]
    right = right_of_each_hand(read(drawings))
    assert min(right) >= 9, right
    if kind in ("black", "thin", "thick", "coloured", "inverted", "small", "pencil"):
        assert right == [10] * len(HANDS)  # as it has been before shadows were read


@pytest.mark.parametrize(
    ("side", "negative"),
    [
        pytest.param(side, negative, marks=() if negative == bool(at % 2) else pytest.mark.everything)
        for at, side in enumerate([28, 56, 280, 560])
        for negative in (False, True)
    ],
)
def test_mnist_s_own_digits_are_read_as_well_as_from_the_file(side, negative, read):
    """As pictures of any size, sharp or blurred by enlarging them: right as often as without the detour, less 1 %."""
    digits = load_digits()
    images, labels = digits.held_out_images[::20], digits.held_out_labels[::20]
    drawings = []
    for image in images:
        large = np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC))
        drawings.append(find_digit(np.repeat((255 - large if negative else large)[..., None], 3, 2)).drawing)
    direct, detour = ((np.array(read(list(found))) == labels).mean() for found in (images, drawings))
    assert detour >= direct - 0.01


@pytest.mark.parametrize("grey", [255, 160, 100, 0])
def test_ink_on_nothing_is_read_whatever_its_colour(grey, read):
    drawings = [
        find_digit(decode(transparent(digit, hand, grey), contrasting=True).rgb).drawing
        for hand in HANDS for digit in range(10)
    ]  # fmt: skip
    assert right_of_each_hand(read(drawings)) == [10] * len(HANDS)


@pytest.mark.parametrize("pair", [(4, 2), (1, 7), (0, 0), (5, 1), (3, 8), (6, 9)])
@pytest.mark.parametrize("hand", HANDS)
def test_of_two_digits_one_is_taken_and_the_frame_takes_the_other(pair, hand, read):
    rgb = two_digits(*pair, hand)
    found = find_digit(rgb)
    assert found.things == 2
    assert found.refusal() is None
    first = read([found.drawing])[0]
    assert first in pair
    left, _, right, _ = found.frame
    taken_left = (left + right) / 2 < rgb.shape[1] / 2
    assert first == pair[0 if taken_left else 1]
    other = (right, 0, rgb.shape[1], rgb.shape[0]) if taken_left else (0, 0, left, rgb.shape[0])
    again = find_digit(rgb, other)
    assert again.frame == other
    assert read([again.drawing])[0] == pair[1 if taken_left else 0]


def test_the_frame_lies_round_the_digit():
    for kind, box in (("black", (60, 90, 340, 390)), ("box", (70, 90, 330, 390)), ("shadow", (60, 90, 340, 390))):
        left, top, right, bottom = find_digit(photograph(kind, 4, 0)).frame
        assert box[0] <= left < 150
        assert 250 < right <= box[2]
        assert box[1] - 30 <= top < 130
        assert 340 < bottom <= box[3] + 30


def test_the_frame_found_takes_the_same_digit_again():
    for kind in ("black", "shadow", "dark table", "squared paper", "inverted"):
        rgb = photograph(kind, 3, 1)
        found = find_digit(rgb)
        again = find_digit(rgb, found.frame)
        assert np.abs(found.drawing.astype(int) - again.drawing).mean() < 6, kind


def text_page() -> np.ndarray:
    page = Image.new("RGB", (700, 900), "white")
    for line in range(30):
        ImageDraw.Draw(page).text((40, 30 + 28 * line), "The quick brown fox jumps over the lazy dog",
                                  fill="black", font=ImageFont.load_default(20))  # fmt: skip
    return np.asarray(page)


def empty(kind: str) -> np.ndarray:
    """A sheet without a digit, (H, W, 3) uint8."""
    sheet = np.full((HEIGHT, WIDTH, 3), 230.0)
    noise = np.random.default_rng(0).normal(0, 1, sheet.shape)
    if kind in ("squared", "ruled"):
        sheet[10::24] = (165, 185, 215)
        if kind == "squared":
            sheet[:, 12::24] = (165, 185, 215)
    made = {"noise": sheet - 30 + 20 * noise, "shadow": shadow(sheet) + 4 * noise}.get(kind, sheet)
    return np.clip(made, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("kind", ["plain", "noise", "shadow", "squared", "ruled"])
def test_on_an_empty_sheet_there_is_no_ink(kind):
    found = find_digit(empty(kind))
    assert not found.drawing.any()
    assert "No ink was found in this picture" in str(found.refusal())
    framed = find_digit(np.full((50, 60, 3), 77, np.uint8), (10, 10, 40, 40))
    assert "No ink was found in this frame" in str(framed.refusal(framed=True))


@pytest.mark.parametrize("name", ["chelsea", "coffee", "rocket", "china"])
def test_photos_of_other_things_are_no_digit(name):
    found = find_digit(photo(name).rgb)
    assert not found.drawing.any()
    assert "Expected one digit on paper, found" in str(found.refusal())
    assert clipped(found.frame, photo(name).rgb.shape[:2]) == found.frame  # a place to begin with


def test_a_page_of_text_is_many_things():
    found = find_digit(text_page())
    assert found.things > 20
    assert f"found {found.things} things, none clearly a digit" in str(found.refusal())


def test_a_reader_s_frame_decides_even_in_a_photo_of_many_things(read):
    page = np.array(text_page())
    page[600:900] = 255
    page[640:860, 200:440] = np.asarray(Image.fromarray(photograph("black", 7, 0)).resize((240, 220)))
    assert read([find_digit(page, (190, 630, 450, 870)).drawing]) == [7]


@pytest.mark.parametrize(("paper", "ink"), [(250, 20), (10, 230), (200, 90)])
def test_a_bar_becomes_twenty_pixels_high_in_the_middle(paper, ink):
    image = Image.new("RGB", (300, 400), (paper,) * 3)
    ImageDraw.Draw(image).rectangle((120, 100, 150, 300), fill=(ink,) * 3)
    result = find_digit(np.asarray(image)).drawing
    rows, columns = np.flatnonzero(result.max(1)), np.flatnonzero(result.max(0))
    assert len(rows) == 20
    assert len(columns) in (3, 4)
    assert result[14, 14] == 255
    assert set(np.unique(result)) <= {0, 85, 170, 255}


@pytest.mark.parametrize("kind", ["perspective", "noisy", "squared paper", "large"])
def test_a_picture_as_large_as_they_are_kept_takes_little_time(kind):
    rgb = np.asarray(Image.fromarray(photograph(kind, 5, 1)).resize((1024, 768), Image.Resampling.BICUBIC))
    find_digit(rgb)
    times = []
    for _ in range(3):
        start = time.process_time()
        find_digit(rgb)
        times.append(time.process_time() - start)
    assert min(times) < 0.15


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1),
       st.tuples(*[st.integers(-50, 90)] * 4) | st.none())  # fmt: skip
def test_any_picture_and_any_frame_give_a_drawing(rows, columns, seed, frame):
    rgb = np.random.default_rng(seed).integers(0, 256, (rows, columns, 3), np.uint8)
    before = rgb.copy()
    found = find_digit(rgb, frame)
    assert found.drawing.shape == (28, 28)
    left, top, right, bottom = found.frame
    assert 0 <= left < right <= columns
    assert 0 <= top < bottom <= rows
    assert min(right - left, columns) >= min(LEAST_FRAME, columns)
    assert np.array_equal(rgb, before)


def test_ink_is_a_share_of_the_paper_around_it():
    """Half as bright as its paper, in the light and in the shadow."""
    rgb = np.full((200, 300, 3), 200, np.uint8)
    rgb[:, :150] = 100
    rgb[80:120, 40:60], rgb[80:120, 240:260] = 50, 100
    ink, noise = ink_of(rgb)
    assert ink[100, 50] == pytest.approx(0.5, abs=0.01)
    assert ink[100, 250] == pytest.approx(0.5, abs=0.01)
    assert ink[20, 20] == ink[20, 280] == noise == 0


# Regions, and what lies around each pixel


@settings(max_examples=80, deadline=None)
@given(arrays.arrays(bool, st.tuples(st.integers(1, 20), st.integers(1, 20))))
def test_regions_are_those_of_scipy(mask):
    regions = regions_of(mask)
    expected, count = ndimage.label(mask, np.ones((3, 3)))
    assert len(regions) == count
    labels = regions.labels()
    assert np.array_equal(labels >= 0, mask)
    pairs = {(int(a), int(b)) for a, b in zip(labels[mask], expected[mask], strict=True)}
    assert len(pairs) == count  # one of ours for each of theirs
    for number, (rows, columns) in enumerate(ndimage.find_objects(expected)):
        ours = {b: a for a, b in pairs}[number + 1]
        assert regions.boxes[ours].tolist() == [columns.start, rows.start, columns.stop, rows.stop]
        assert regions.areas[ours] == (expected == number + 1).sum()


def test_labels_of_a_box_are_a_cut_of_all_labels():
    mask = np.random.default_rng(3).random((40, 50)) > 0.6
    regions = regions_of(mask)
    assert np.array_equal(regions.labels((7, 5, 33, 38)), regions.labels()[5:38, 7:33])
    assert len(regions_of(np.zeros((4, 5), bool))) == 0


@settings(max_examples=60, deadline=None)
@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 15), st.integers(1, 15))), st.integers(0, 9))
def test_widest_and_filled_are_those_of_scipy(values, reach):
    side = 2 * reach + 1
    dilated = ndimage.maximum_filter(values, side, mode="constant", cval=0)
    assert np.array_equal(widest(values, reach), dilated)
    assert np.array_equal(filled(values, reach), ndimage.minimum_filter(dilated, side, mode="constant", cval=255))


# What the browser sends from the frame


@pytest.mark.parametrize(
    "value",
    [None, 7, {}, {"revision": "1"}, {"revision": "1", "frame": [0, 0, 1]}, {"revision": "1", "frame": [0, 0, 2, 1]},
     {"revision": "1", "frame": [0.5, 0, 0.5, 1]}, {"revision": "1", "frame": [0, float("nan"), 1, 1]},
     {"revision": "1", "frame": ["0", 0, 1, 1]}, {"revision": "0", "frame": [0, 0, 1, 1]}],
)  # fmt: skip
def test_what_is_no_frame_counts_as_none(value, monkeypatch):
    monkeypatch.setattr("pages.components.own.crop.st.session_state", {"f": {"frame": value}})
    assert frame_of("f", (100, 200, 3), "1") is None
    assert frame_of("g", (100, 200, 3), "1") is None


def test_a_frame_comes_in_pixels_of_the_picture(monkeypatch):
    sent = {"revision": "1", "frame": [0.25, 0.1, 0.5, 1]}
    monkeypatch.setattr("pages.components.own.crop.st.session_state", {"f": {"frame": sent}})
    assert frame_of("f", (100, 200, 3), "1") == (50, 10, 100, 100)
