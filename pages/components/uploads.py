"""Pictures from a reader: samples to click, a file, or the camera."""

from __future__ import annotations

from typing import Any

import streamlit as st

from engine.core.topic import Topic
from engine.data.photos import PHOTOS, thumbnail
from engine.data.pictures import SAMPLE, UPLOAD, UPLOADS, Picture, PictureError, decode, find_picture
from engine.plots.pixels import PixelPicture, Tile
from pages.components.canvas import pixels
from pages.components.controls import change
from pages.components.errors import sentence
from pages.components.language import t
from pages.components.settings import settings

TYPES = ["png", "jpg", "jpeg", "webp", "gif"]


def choose_picture(topic: Topic, current: str, *, knob: str = "picture", **also: Any) -> str:
    """Let the reader choose a picture for a knob of `topic`; returns the key of the picture to use in this run.

    current: the knob's value. also: knobs to set along with a new picture (such as target=-1). What cannot be used is
    explained in one sentence and changes nothing. An upload that this server does not have is replaced, and the reader
    is told.
    """
    slug, state = topic.slug, st.session_state
    usable, missing = _usable(topic, current, knob)
    names = list(PHOTOS)
    shown = names.index(usable.removeprefix(SAMPLE)) if usable.startswith(SAMPLE) else None
    tiles = [Tile(thumbnail(name), t(PHOTOS[name].title), smooth=True) for name in names]
    own = find_picture(usable).name if usable.startswith(UPLOAD) else ""
    if usable.startswith(UPLOAD):
        tiles.append(Tile(thumbnail(usable), own or t("Own picture"), smooth=True))
        shown = len(names)
    picture = PixelPicture(tiles, alt=t("Sample pictures to choose from"), columns=4, legend=False)
    place = f"{slug}-samples"

    def choose() -> None:
        clicked = (state[place].get("cell") or {}).get("tile")
        if clicked is not None and clicked < len(names) and clicked != shown:
            _take(topic, knob, SAMPLE + names[clicked], also)

    pixels(picture, place, selected={"tile": shown}, height=190, whole=True, on_cell=choose)

    own_place = st.popover(
        t("Own picture"), icon=":material/add_photo_alternate:", width="stretch", key=f"{slug}-own", on_change="rerun"
    )
    if own_place.open:
        with own_place:
            _own_picture(topic, knob, also)
    if missing:
        st.error(sentence(missing), icon=":material/broken_image:")
    return usable


def decode_upload(file: Any) -> Picture:
    """The picture in a file that Streamlit received, within this server's limits. Raises PictureError."""
    limits = {"most_bytes": settings().upload_mb * 2**20, "most_pixels": settings().picture_megapixels * 1_000_000}
    return decode(file.getvalue(), file.name, **limits)


def _own_picture(topic: Topic, knob: str, also: dict[str, Any]) -> None:
    """What the popover holds: file, camera, and what happens to the picture."""
    slug, state = topic.slug, st.session_state
    source, most, pixels = f"{slug}:upload", settings().upload_mb, settings().picture_megapixels
    st.file_uploader(
        t("PNG, JPEG, WebP or GIF, at most {most} MB and {pixels} megapixels", most=most, pixels=pixels), TYPES,
        key=source, max_upload_size=most, on_change=_uploaded, args=(topic, knob, source, also),
    )  # fmt: skip
    if problem := state.get(f"{slug}:problem"):
        st.error(sentence(problem), icon=":material/broken_image:")
    if st.toggle(t("Use the camera"), key=f"{slug}:camera"):
        source = f"{slug}:photo"
        st.camera_input(t("Take a photo"), key=source, on_change=_uploaded, args=(topic, knob, source, also))
    st.caption(t("The picture stays in this server's memory for a while; its metadata is dropped at once."))


def _usable(topic: Topic, key: str, knob: str) -> tuple[str, PictureError | None]:
    """The key itself, or the knob's default and why."""
    try:
        find_picture(key)
    except PictureError as error:
        return getattr(topic.config(), knob), error
    return key, None


def _uploaded(topic: Topic, knob: str, source: str, also: dict[str, Any]) -> None:
    """Callback: a file or a photo has come, or was taken away."""
    file = st.session_state.get(source)
    if file is None:
        return
    try:
        key = UPLOADS.add(decode_upload(file))
    except PictureError as error:
        st.session_state[f"{topic.slug}:problem"] = error
    else:
        _take(topic, knob, key, also)


def _take(topic: Topic, knob: str, key: str, also: dict[str, Any]) -> None:
    st.session_state.pop(f"{topic.slug}:problem", None)
    change(topic, **{knob: key}, **also)
