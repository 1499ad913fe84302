"""A digit from a reader: drawn on the pad, taken from the held-out digits, or photographed."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from engine.contracts.topic import Topic
from engine.data.digit_keys import DRAWN, SAMPLE
from engine.data.digit_photos import PhotoDigit, find_digit
from engine.data.digits import (
    CLASSES,
    HELD_OUT_OF_EACH,
    digit_of,
    encode_drawing,
    load_digits,
)
from engine.data.pictures import Picture
from engine.machinery.own import OWN
from engine.pictures.pixels.values import PixelPicture, Tile
from pages.components.own.crop import crop_frame, frame_of
from pages.components.own.drawings import pad
from pages.components.own.uploads import decode_upload, own_picture
from pages.components.parts.controls import change
from pages.components.parts.errors import sentence
from pages.components.parts.language import t
from pages.components.pictures.mount import put


def choose_digit(topic: Topic, key: str, *, knob: str = "digit", height: int = 280) -> None:
    """The pad with the digit `key` on it, held-out digits to click, and own pictures; a choice changes the knob.

    A drawing and a picture travel in the link as 28 × 28 pixels of four grey levels. How far a training went stays
    as it is where another digit is no other training.
    """
    slug, state = topic.slug, st.session_state
    alt = t("Pad to draw a digit on: arrows move the pen, Space draws, Delete clears")
    pad(topic, knob, key, digit_of(key), alt=alt, height=height, before=DRAWN)
    page = state.setdefault(f"{slug}:samples", 4)
    images = load_digits().held_out_images[page::HELD_OUT_OF_EACH]
    tiles = [Tile(image, "", "grey", cell_names=(f"{t('digit')} {k}", "", "")) for k, image in enumerate(images)]
    picture = PixelPicture(
        tiles, alt=t("Held-out digits to choose from"), columns=CLASSES // 2, legend=False, whole=True
    )
    number = int(key.removeprefix(SAMPLE)) if key.startswith(SAMPLE) else -1
    selection = {"tile": number // HELD_OUT_OF_EACH} if number % HELD_OUT_OF_EACH == page and number >= 0 else None
    chosen = partial(_sampled, topic, knob, page)
    put(picture, f"{slug}-samples", picked=selection, height=96, noted=False, hear=chosen)
    with st.container(horizontal=True, gap="small", key=f"{slug}-sources"):
        st.button(t("Other digits"), key=f"{slug}:others", icon=":material/casino:", on_click=_turn, args=(slug,))
        own_picture(
            topic, t("One digit on paper"), lambda file: _uploaded(topic, knob, file),
            t("Ink is what is darker than the paper around it, or lighter, such as chalk on a board; the link carries "
              "only 28 × 28 pixels of it."),
        )  # fmt: skip
    _photo(topic, knob, key)


def _sampled(topic: Topic, knob: str, page: int) -> None:
    """Callback: a held-out digit was clicked."""
    clicked = (st.session_state[f"{topic.slug}-samples"].get("cell") or {}).get("tile")
    if clicked is not None and 0 <= clicked < CLASSES:
        change(topic, **{knob: f"{SAMPLE}{clicked * HELD_OUT_OF_EACH + page}"})


def _turn(slug: str) -> None:
    """The next ten held-out digits; 37 is prime to 200, so that all come up before one comes back."""
    st.session_state[f"{slug}:samples"] = (st.session_state[f"{slug}:samples"] + 37) % HELD_OUT_OF_EACH


def _uploaded(topic: Topic, knob: str, file: Any) -> None:
    """A file or a photo has come. PictureError if it is no picture; of one without a digit the frame says so."""
    picture = decode_upload(file, contrasting=True)
    _take_digit(topic, knob, OWN.add(picture), find_digit(picture.rgb), moved=False)


def _take_digit(topic: Topic, knob: str, picture: str, photo_digit: PhotoDigit, *, moved: bool) -> None:
    """Take the digit and remember where it came from. Where there is none, the one that is there stays."""
    state, slug = st.session_state, topic.slug
    digit = getattr(state[f"{slug}:config"], knob)
    if photo_digit.drawing.any():
        digit = DRAWN + encode_drawing(photo_digit.drawing)
        change(topic, **{knob: digit})
    number = state[f"{slug}:photos"] = state.get(f"{slug}:photos", 0) + (not moved)
    state[f"{slug}:photo"] = {"picture": picture, "photo_digit": photo_digit, "moved": moved, "digit": digit,
                              "revision": f"{picture} {number}"}  # fmt: skip


def _photo(topic: Topic, knob: str, key: str) -> None:
    """The reader's own picture with the frame the digit was taken from, as long as that digit is the one in use."""
    slug, state = topic.slug, st.session_state
    photo = state.get(f"{slug}:photo")
    if photo is None:
        return
    picture = OWN.get(photo["picture"], Picture)
    if photo["digit"] != key or picture is None:  # another digit was chosen, or memory ran short
        del state[f"{slug}:photo"]
        return
    photo_digit, moved = photo["photo_digit"], photo["moved"]
    if refusal := photo_digit.refusal(framed=moved):
        st.caption(f":material/search_off: {sentence(refusal)} {t('The digit shown is still the one before.')}")
    elif photo_digit.things > 1 and not moved:
        st.caption(t("{count} things were found; the largest was taken. Move the frame to take another.",
                     count=photo_digit.things))  # fmt: skip
    else:
        st.caption(t("The digit was taken from this frame. Move or resize it to take another part."))
    crop_frame(
        picture.rgb, f"{slug}-frame", frame=photo_digit.frame, revision=photo["revision"], height=240,
        on_frame=lambda: _framed(topic, knob), alt=t("Your picture with the frame that the digit is taken from"),
    )  # fmt: skip


def _framed(topic: Topic, knob: str) -> None:
    """Callback: the frame was let go."""
    slug = topic.slug
    photo = st.session_state.get(f"{slug}:photo")
    picture = OWN.get(photo["picture"], Picture) if photo else None
    if picture is None:
        return
    frame = frame_of(f"{slug}-frame", picture.rgb.shape, photo["revision"])
    if frame is not None:
        _take_digit(topic, knob, photo["picture"], find_digit(picture.rgb, frame), moved=True)
