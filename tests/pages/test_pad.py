"""What the browser sends from the drawing pad: whole drawings come through, anything else counts as none."""

import base64
from types import SimpleNamespace

import numpy as np
import pytest

from pages.components.pictures import canvas


@pytest.fixture
def sent(monkeypatch):
    """sent(what) puts what a browser may have sent into the session."""
    state = {}
    monkeypatch.setattr(canvas, "st", SimpleNamespace(session_state=state))

    def put(drawing):
        state["pad"] = {"drawing": drawing}

    return put


def encoded(pixels: np.ndarray) -> str:
    return base64.b64encode(pixels.tobytes()).decode()


def test_a_drawing_comes_through_byte_by_byte(sent):
    pixels = np.random.default_rng(0).integers(0, 256, (28, 28)).astype(np.uint8)
    sent({"revision": "3", "pixels": encoded(pixels)})
    assert np.array_equal(canvas.drawing_of("pad", (28, 28)), pixels)
    assert np.array_equal(canvas.drawing_of("pad", (28, 28), "3"), pixels)
    assert canvas.drawing_of("pad", (28, 28), "4") is None  # drawn on what lay there before
    assert canvas.drawing_of("other", (28, 28)) is None


@pytest.mark.parametrize(
    "drawing",
    [None, {}, {"revision": "0"}, {"pixels": None}, {"pixels": 7}, {"pixels": "%%%"}, {"pixels": "AAAA"},
     {"pixels": "é"}, {"pixels": encoded(np.zeros((28, 29), np.uint8))}],
)  # fmt: skip
def test_what_is_no_drawing_counts_as_none(sent, drawing):
    sent(drawing)
    assert canvas.drawing_of("pad", (28, 28)) is None
