"""A reader's own picture with a frame on it, to be moved and resized."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from pages.components.pictures.mount import mount

LONGER_SIDE = 400  # pixels of the longer side that go to the browser
Frame = tuple[int, int, int, int]  # left, top, right, bottom in pixels of the picture, the last two exclusive


def crop_frame(
    rgb: np.ndarray, key: str, *, frame: Frame, alt: str, revision: str, height: int = 260,
    on_frame: Callable[[], None] | None = None,
) -> None:  # fmt: skip
    """The picture (H, W, 3) uint8 and the frame, which counts whenever `revision` is new; then the reader's own does.

    Mouse or finger move it inside and resize it at its edges and corners; arrow keys move it, with Shift they resize
    it. height: most CSS pixels. on_frame runs when it is let go, and finds it with `frame_of`.
    """
    rows, columns = rgb.shape[:2]
    small = Image.fromarray(rgb)
    small.thumbnail((LONGER_SIDE, LONGER_SIDE), Image.Resampling.BOX)
    shares = [frame[0] / columns, frame[1] / rows, frame[2] / columns, frame[3] / rows]
    meta = {"alt": alt, "revision": revision, "height": height, "frame": shares}
    fits = lambda _, value: _shares(value, revision) is not None  # noqa: E731 - must not hold on to the picture
    mount("crop", key, meta, {"picture": np.asarray(small)}, {"frame": on_frame}, fits=fits)


def frame_of(key: str, shape: tuple[int, ...], revision: str) -> Frame | None:
    """Where the reader has put the frame on a picture of this shape, in its pixels; None if nowhere."""
    shares = _shares((st.session_state.get(key) or {}).get("frame"), revision)
    if shares is None:
        return None
    rows, columns = shape[:2]
    left, top, right, bottom = shares
    return round(left * columns), round(top * rows), round(right * columns), round(bottom * rows)


def _shares(value: Any, revision: str) -> list[float] | None:
    """What the browser sent, if it is a frame: it may send anything."""
    if not isinstance(value, dict) or value.get("revision") != revision:
        return None
    shares = value.get("frame")
    if not isinstance(shares, list) or len(shares) != 4:
        return None
    if not all(isinstance(share, (int, float)) and math.isfinite(share) and 0 <= share <= 1 for share in shares):
        return None
    return shares if shares[0] < shares[2] and shares[1] < shares[3] else None
