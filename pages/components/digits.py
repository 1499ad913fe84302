"""A digit from a reader: drawn on the pad, taken from the held-out digits, or photographed."""

from __future__ import annotations

from typing import Any

import streamlit as st

from engine.core.topic import Topic
from engine.data.digit_keys import DRAWN, SAMPLE
from engine.data.digits import (
    CLASSES,
    HELD_OUT_OF_EACH,
    SIDE,
    digit_of,
    encode_drawing,
    from_picture,
    load_digits,
    quantised,
)
from engine.data.pictures import PictureError
from engine.plots.pixels import PixelPicture, Tile
from pages.components.canvas import drawing_of, drawing_pad, pixels
from pages.components.controls import change
from pages.components.errors import sentence
from pages.components.language import t
from pages.components.settings import settings
from pages.components.uploads import TYPES, decode_upload


def choose_digit(topic: Topic, key: str, *, knob: str = "digit", height: int = 280) -> None:
    """The pad with the digit `key` on it, held-out digits to click, and own pictures; a choice changes the knob.

    A drawing and a picture travel in the link as 28 × 28 pixels of four grey levels. The knob `steps` of a topic that
    trains stays as it is: another digit is no other training.
    """
    slug, state = topic.slug, st.session_state
    if state.get(f"{slug}:drawn") != key:  # it came from anywhere but the reader's hand: the pad must show it
        state[f"{slug}:drawn"], state[f"{slug}:revision"] = key, state.get(f"{slug}:revision", 0) + 1
    drawing_pad(
        digit_of(key), f"{slug}-pad", revision=str(state[f"{slug}:revision"]), height=height,
        on_drawing=lambda: _drawn(topic, knob),
        alt=t("Pad to draw a digit on: arrows move the pen, Space draws, Delete clears"),
    )  # fmt: skip
    page = state.setdefault(f"{slug}:samples", 4)
    images = load_digits().held_out_images[page::HELD_OUT_OF_EACH]
    tiles = [Tile(image, "", "grey", cell_names=(f"{t('digit')} {k}", "", "")) for k, image in enumerate(images)]
    picture = PixelPicture(tiles, alt=t("Held-out digits to choose from"), columns=CLASSES // 2, legend=False)
    number = int(key.removeprefix(SAMPLE)) if key.startswith(SAMPLE) else -1
    shown = {"tile": number // HELD_OUT_OF_EACH} if number % HELD_OUT_OF_EACH == page and number >= 0 else None
    clicked = pixels(picture, f"{slug}-samples", selected=shown, height=96, whole=True)
    if clicked:
        wanted = f"{SAMPLE}{clicked['tile'] * HELD_OUT_OF_EACH + page}"
        if wanted != key:
            _take(topic, knob, wanted)
            st.rerun()
    with st.container(horizontal=True, gap="small", key=f"{slug}-sources"):
        st.button(t("Other digits"), key=f"{slug}:others", icon=":material/casino:", on_click=_turn, args=(slug,))
        _own_picture(topic, knob)


def _turn(slug: str) -> None:
    """The next ten held-out digits; 37 is prime to 200, so that all come up before one comes back."""
    st.session_state[f"{slug}:samples"] = (st.session_state[f"{slug}:samples"] + 37) % HELD_OUT_OF_EACH


def _own_picture(topic: Topic, knob: str) -> None:
    slug = topic.slug
    place = st.popover(t("Own picture"), icon=":material/add_photo_alternate:", key=f"{slug}-own", on_change="rerun")
    if not place.open:
        return
    with place:
        source, most = f"{slug}:upload", settings().upload_mb
        st.file_uploader(
            t("One digit: PNG, JPEG, WebP or GIF, at most {most} MB", most=most), TYPES, key=source,
            max_upload_size=most, on_change=_uploaded, args=(topic, knob, source),
        )  # fmt: skip
        if problem := st.session_state.get(f"{slug}:problem"):
            st.error(sentence(problem), icon=":material/broken_image:")
        if st.toggle(t("Use the camera"), key=f"{slug}:camera"):
            source = f"{slug}:photo"
            st.camera_input(t("Take a photo"), key=source, on_change=_uploaded, args=(topic, knob, source))
        st.caption(t("The edge counts as paper, what differs from it as ink; only 28 × 28 pixels remain."))


def _uploaded(topic: Topic, knob: str, source: str) -> None:
    """Callback: a file or a photo has come, or was taken away."""
    file = st.session_state.get(source)
    if file is None:
        return
    try:
        picture = decode_upload(file)
    except PictureError as error:
        st.session_state[f"{topic.slug}:problem"] = error
        return
    drawing = from_picture(picture.rgb)
    if not drawing.any():  # the digit that is there stays
        st.session_state[f"{topic.slug}:problem"] = PictureError(
            "No ink was found in this picture: expected one digit, clearly darker or lighter than the edge around it."
        )
        return
    _take(topic, knob, DRAWN + encode_drawing(drawing))


def _drawn(topic: Topic, knob: str) -> None:
    """Callback: a stroke has ended."""
    slug = topic.slug
    drawing = drawing_of(f"{slug}-pad", (SIDE, SIDE))
    if drawing is not None:
        key = DRAWN + encode_drawing(quantised(drawing))
        st.session_state[f"{slug}:drawn"] = key
        _take(topic, knob, key)


def _take(topic: Topic, knob: str, key: str) -> None:
    state = st.session_state
    state.pop(f"{topic.slug}:problem", None)
    known = state[f"{topic.slug}:config"]
    kept: dict[str, Any] = {"steps": known.steps} if hasattr(known, "steps") else {}
    change(topic, **{knob: key}, **kept)
