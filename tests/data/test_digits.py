"""Handwritten digits: the file, the split, drawings in a link, and the step that centres them."""

import base64
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engine.contracts.knob import KnobError
from engine.data.digit_keys import MOST_TEXT, check_digit
from engine.data.digits import (
    BOX,
    FILE,
    centred,
    decode_drawing,
    digit_of,
    encode_drawing,
    load_digits,
    quantised,
    true_label,
)

LEVELS = arrays.arrays(np.uint8, (28, 28), elements=st.sampled_from([0, 85, 170, 255]))


def test_the_split_is_whole_balanced_and_without_overlap():
    digits = load_digits()
    assert digits.train_images.shape == (8000, 28, 28)
    assert digits.held_out_images.shape == (2000, 28, 28)
    assert digits.train_images.dtype == np.uint8
    assert np.bincount(digits.held_out_labels).tolist() == [200] * 10
    assert (np.diff(digits.held_out_labels) >= 0).all()
    assert np.bincount(digits.train_labels).min() > 600
    trained_on = {image.tobytes() for image in digits.train_images}
    assert not any(image.tobytes() in trained_on for image in digits.held_out_images)
    assert not digits.train_images.flags.writeable
    assert FILE.stat().st_size < 1_800_000
    assert "MIT" in FILE.with_suffix(".LICENSE").read_text("utf-8")


def test_digits_are_ink_on_paper_in_mnist_s_box():
    images = load_digits().train_images
    assert images[:, [0, -1]].mean() < 1
    assert images.max() == 255
    assert 25 < images.mean() < 45  # MNIST's mean is 33.3


@given(LEVELS)
def test_a_drawing_comes_back_from_its_text(drawing):
    text = encode_drawing(drawing)
    assert len(text) <= MOST_TEXT
    assert text.isascii()
    assert all(letter.isalnum() or letter in "-_" for letter in text)
    assert np.array_equal(decode_drawing(text), drawing)
    check_digit("drawn:" + text)


@given(arrays.arrays(np.uint8, (28, 28)))
def test_quantising_moves_no_value_by_more_than_half_a_level(pixels):
    levels = quantised(pixels)
    assert set(np.unique(levels)) <= {0, 85, 170, 255}
    assert np.abs(levels.astype(int) - pixels).max() <= 43
    assert np.array_equal(decode_drawing(encode_drawing(levels)), levels)


def packed(content: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(content)).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    ["", "abc", "ä" * 20, "a" * 5000, packed(b""), packed(bytes(195)), packed(bytes(197)), packed(bytes(100_000)),
     packed(bytes(196))[:-3], packed(bytes(196)) + "AAAA"],
)  # fmt: skip
def test_other_texts_are_refused(text):
    with pytest.raises(KnobError, match="no drawing"):
        decode_drawing(text)


@pytest.mark.parametrize("key", ["sample:2000", "sample:-1", "sample:", "sample:1e3", "upload:1", "", "sample:٣"])
def test_other_keys_are_refused(key):
    with pytest.raises(KnobError):
        check_digit(key)
    with pytest.raises(KnobError):
        digit_of(key)


def test_samples_are_the_held_out_digits():
    digits = load_digits()
    for number in (0, 199, 200, 1999):
        assert np.array_equal(digit_of(f"sample:{number}"), digits.held_out_images[number])
        assert true_label(f"sample:{number}") == digits.held_out_labels[number]
    assert true_label("drawn:x") is None


def centre_of_mass(pixels):
    weights = pixels.astype(float)
    return (np.indices(pixels.shape) + 0.5).reshape(2, -1) @ weights.ravel() / weights.sum()


@pytest.mark.parametrize(
    ("top", "left", "height", "width"), [(0, 0, 5, 3), (20, 18, 8, 10), (2, 3, 24, 9), (9, 1, 4, 26)]
)
def test_centring_scales_into_the_box_and_moves_the_centre_of_mass(top, left, height, width):
    drawing = np.zeros((28, 28), np.uint8)
    drawing[top : top + height, left : left + width] = 255
    result = centred(drawing)
    rows, columns = np.flatnonzero(result.max(1)), np.flatnonzero(result.max(0))
    sides = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    assert max(sides) == BOX
    assert sides[0] / sides[1] == pytest.approx(height / width, rel=0.2)  # proportions, to within a pixel
    assert np.abs(centre_of_mass(result) - 14).max() <= 0.5


def test_centring_leaves_mnist_nearly_where_it_is_and_an_empty_pad_alone():
    assert not centred(np.zeros((28, 28), np.uint8)).any()
    moved = [centre_of_mass(image) - centre_of_mass(centred(image)) for image in load_digits().held_out_images[::20]]
    assert np.abs(moved).max() < 1.6
    assert np.abs(moved).mean() < 0.6
