"""Pictures from a reader: samples to click, a file, or the camera."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from engine.contracts.topic import Topic
from engine.data.photos import PHOTOS, find_picture, thumbnail
from engine.data.pictures import SAMPLE, Picture, PictureError, decode
from engine.machinery.own import OWN, UPLOAD
from engine.pictures.pixels.values import PixelPicture, Tile
from pages.components.own.framed import files_can_come
from pages.components.parts.controls import change
from pages.components.parts.errors import sentence
from pages.components.parts.language import t
from pages.components.pictures.mount import put
from pages.components.server.settings import settings


def choose_picture(topic: Topic, current: str, *, knob: str = "picture", **also: Any) -> str:
    """Let the reader choose a picture for a knob of `topic`; returns the key of the picture to use in this run.

    current: the knob's value. also: knobs to set along with a new picture (such as target=-1). What cannot be used is
    explained in one sentence and changes nothing. An upload that this server does not have is replaced, and the reader
    is told.
    """
    slug, state = topic.slug, st.session_state
    usable, missing = usable_picture(topic, current, knob)
    names = list(PHOTOS)
    selection = names.index(usable.removeprefix(SAMPLE)) if usable.startswith(SAMPLE) else None
    tiles = [Tile(thumbnail(name), t(PHOTOS[name].title), smooth=True) for name in names]
    own = find_picture(usable).name if usable.startswith(UPLOAD) else ""
    if usable.startswith(UPLOAD):
        tiles.append(Tile(thumbnail(usable), own or t("Own picture"), smooth=True))
        selection = len(names)
    picture = PixelPicture(tiles, alt=t("Sample pictures to choose from"), columns=4, legend=False)
    place = f"{slug}-samples"

    def choose() -> None:
        clicked = (state[place].get("cell") or {}).get("tile")
        if clicked is not None and clicked < len(names) and clicked != selection:
            _take(topic, knob, SAMPLE + names[clicked], also)

    put(picture, place, picked={"tile": selection}, height=190, noted=False, hear=choose)

    own_picture(
        topic, "", lambda file: _take(topic, knob, OWN.add(decode_upload(file)), also),
        t("The picture stays in this server's memory for a while; its metadata is dropped at once."), width="stretch",
    )  # fmt: skip
    if missing:
        st.error(sentence(missing), icon=":material/broken_image:")
    return usable


def decode_upload(file: Any, *, contrasting: bool = False) -> Picture:
    """The picture in a file that Streamlit received, within this server's limits (see decode). Raises PictureError."""
    limits = {"most_bytes": settings().upload_mb * 2**20, "most_pixels": settings().picture_megapixels * 1_000_000}
    return decode(file.getvalue(), file.name, contrasting=contrasting, **limits)


def own_picture(topic: Topic, what: str, take: Callable[[Any], None], note: str, *, width: str = "content") -> None:
    """A button that opens a field for a file and a camera, with why the last file was not taken. Each new file calls
    take(file) and closes what was opened, which would else cover the picture; one that is not taken leaves it open.

    what: what is asked for, note: what happens to it, in the reader's language. What take raises as PictureError is
    told until another file has come, or the file is taken away. Any file may come: its content decides, not its name.
    Streamlit itself refuses only what is too large (assets/style.css says so in words).
    """
    opened = f"{topic.slug}-own"
    place = st.popover(
        t("Own picture"), icon=":material/add_photo_alternate:", width=width, key=opened, on_change="rerun"
    )
    if place.open:
        with place:
            _file_and_camera(topic, what, take, opened)
            st.caption(note)


def _file_and_camera(topic: Topic, what: str, take: Callable[[Any], None], opened: str) -> None:
    slug, state = topic.slug, st.session_state
    source, problem, most = f"{slug}:upload", f"{slug}:problem", settings().upload_mb

    def come(source: str) -> None:
        state.pop(problem, None)
        file = state.get(source)
        if file is None:  # taken away
            return
        try:
            take(file)
            state[opened] = False
        except PictureError as error:
            state[problem] = error

    if not files_can_come():
        return
    if problem in state:
        st.error(sentence(state[problem]), icon=":material/broken_image:")
    limits = t("PNG, JPEG, WebP or GIF, at most {most} MB and {pixels} megapixels",
               most=most, pixels=settings().picture_megapixels)  # fmt: skip
    st.file_uploader(f"{what}: {limits}" if what else limits, key=source, max_upload_size=most, on_change=come,
                     args=(source,))  # fmt: skip
    if st.toggle(t("Use the camera"), key=f"{slug}:camera"):
        st.camera_input(t("Take a photo"), key=f"{slug}:photograph", on_change=come, args=(f"{slug}:photograph",))


def usable_picture(topic: Topic, key: str, knob: str = "picture") -> tuple[str, PictureError | None]:
    """(the key itself, None), or (the knob's default, why) where this server does not have it."""
    try:
        find_picture(key)
    except PictureError as error:
        return getattr(topic.config(), knob), error
    return key, None


def _take(topic: Topic, knob: str, key: str, also: dict[str, Any]) -> None:
    change(topic, **{knob: key}, **also)
