"""The pictures of the topics on the home page, whole for a card and small for a tile: files that the browser keeps.

Streamlit's own image would bring a button with each, for the keyboard to pass, and be read anew in every run.
"""

from __future__ import annotations

import hashlib
import io
from functools import cache
from pathlib import Path

import streamlit as st
from PIL import Image
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.contracts.topic import Topic, catalogue

COVERS = Path(__file__).parents[3] / "assets" / "pictures" / "cards"
SMALL = (360, 169)  # pixels of the picture of a tile, twice what a phone shows of it


def cover_html(topic: Topic, *, small: bool) -> str:
    """The picture that the topic's own model made; an empty one where nobody has drawn it yet."""
    made = cover(topic.slug, small)
    if made is None:
        return '<div class="cover"></div>'
    width, height, version, _ = made
    address = f"{_base()}/covers/{version}/{'small' if small else 'whole'}/{topic.slug}.jpg"
    return f'<img class="cover" src="{address}" width="{width}" height="{height}" alt="" loading="lazy">'


@cache
def cover(slug: str, small: bool) -> tuple[int, int, str, bytes] | None:
    """(width, height, hash, JPEG file); None where there is none. Kept: two for each topic at most."""
    file = COVERS / f"{slug}.jpg"
    if slug not in catalogue() or not file.is_file():
        return None
    content = file.read_bytes()
    with Image.open(io.BytesIO(content)) as picture, io.BytesIO() as reduced:
        size = picture.size
        if small and picture.width > SMALL[0]:
            size = SMALL
            picture.convert("RGB").resize(SMALL, Image.Resampling.LANCZOS).save(reduced, "JPEG", quality=82)
            content = reduced.getvalue()
    return *size, hashlib.sha256(content).hexdigest()[:12], content


def cover_routes() -> list[Route]:
    """/covers/<hash>/<size>/<slug>.jpg, cached for a year: another picture has another hash. Else 404, not cached."""

    async def serve(request: Request) -> Response:
        asked = request.path_params
        known = asked["slug"] in catalogue() and asked["size"] in ("whole", "small")
        made = cover(asked["slug"], asked["size"] == "small") if known else None
        if made is None or asked["version"] != made[2]:
            return Response("not found", 404, headers={"Cache-Control": "no-store"}, media_type="text/plain")
        return Response(
            made[3], headers={"Cache-Control": "public, max-age=31536000, immutable"}, media_type="image/jpeg"
        )

    path = "/covers/{version}/{size}/{slug}.jpg"
    return [Route(f"{base}{path}", serve, methods=["GET", "HEAD"]) for base in dict.fromkeys(("", _base()))]


def _base() -> str:
    """The path the app is served under, "" or "/name"."""
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""
