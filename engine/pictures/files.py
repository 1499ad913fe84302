"""Everything that can be shown as a file: SVG, PNG, and a stand-alone HTML page. No torch, no browser.

`sheet_of` lays a figure out; sheet.py makes the files of it. What the canvas shows is there: every pixel enlarged by a
whole number, marks, captions, labels and the legend.
"""

from __future__ import annotations

import inspect
import io
import math
from collections.abc import Callable
from html import escape
from typing import Any

from PIL import Image

from engine.contracts.caption import Caption
from engine.contracts.topic import load
from engine.pictures import sheet as sheets
from engine.pictures.captions import caption_html, captioned
from engine.pictures.kinds import kind_of, kinds
from engine.pictures.pixels.sheet import Place, paint_tile, still
from engine.pictures.plotly_sheet import plotly_sheet
from engine.pictures.sheet import Sheet

FORMATS = {"png": "image/png", "svg": "image/svg+xml", "html": "text/html"}


def sheet_of(figure: Any, *, alt: str = "", say: Callable[[str], str] = str, **view: Any) -> Sheet:
    """A figure laid out for SVG and PNG.

    figure: a picture of a kind that has a sheet, or a Plotly figure, whose alt text must be given. say: puts our own
    words into the reader's language. view: how it is looked at, such as frame (position of the moment) and picked; what
    its kind does not know is left out. TypeError for anything else.
    """
    if has_sheet(figure):
        make = load(kind_of(figure).sheet)
        known = inspect.signature(make).parameters
        return make(figure, say, **{name: value for name, value in view.items() if name in known})
    if not hasattr(figure, "to_html"):
        named = ", ".join(kind.value.__name__ for kind in kinds().values() if kind.sheet)
        raise TypeError(f"expected a Plotly figure, {named}, got {type(figure).__name__}")
    return plotly_sheet(figure, alt, say)


def has_sheet(picture: Any) -> bool:
    """Whether it can be laid out on a sheet of ours."""
    kind = kind_of(picture)
    return kind is not None and bool(kind.sheet)


def figure_file(
    figure: Any,
    kind: str,
    *,
    alt: str = "",
    say: Callable[[str], str] = str,
    caption: Caption | None = None,
    **view: Any,
) -> bytes:
    """A figure as the bytes of a file: kind is png, svg or html. caption: what stands below it."""
    if kind == "html":
        return figure_page(figure, alt=alt, say=say, caption=caption, **view).encode()
    made = sheet_of(figure, alt=alt, say=say, **view)
    made = captioned(made, caption) if caption is not None else made
    return sheets.png(made) if kind == "png" else sheets.svg(made).encode()


def picture_png(figure: Any, *, width: int = 1200, frame: int = -1) -> bytes:
    """A picture as PNG, one pixel a sheet unit; its alt text as Description.

    width: about so wide, for tiles of pixels. frame: which moment of a picture with frames.
    """
    return sheets.png(sheet_of(figure, width=width, frame=frame), 1)


def cover_jpeg(picture: Any, *, width: int = 640, height: int = 300) -> bytes:
    """The picture on a topic's card, as JPEG of exactly width x height pixels: the middle of its first tile; of what
    has no tiles its whole sheet."""
    if not hasattr(picture, "tiles"):
        page, drawn = Image.new("RGB", (width, height), sheets.PAPER), sheets.painted(sheet_of(picture), 2.0)
        drawn.thumbnail((width - 16, height - 16), Image.Resampling.LANCZOS)
        page.paste(drawn, ((width - drawn.width) // 2, (height - drawn.height) // 2))
        return _jpeg(page)
    tile = still(picture).tiles[0]
    rows, columns = tile.pixels.shape[:2]
    zoom = math.ceil(width / columns)
    page = Sheet(columns * zoom, rows * zoom, picture.alt)
    paint_tile(page, tile, Place(0, 0, columns * zoom, rows * zoom, zoom, 0))
    painted = sheets.painted(page).resize((width, round(width * rows / columns)), Image.Resampling.LANCZOS)
    top = (painted.height - height) // 2
    return _jpeg(painted.crop((0, top, width, top + height)))


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=86, optimize=True)
    return out.getvalue()


STYLE = """body{font:16px/1.5 system-ui,sans-serif;color:#1E2430;background:#FBFAF7;max-width:1240px;margin:2rem auto;
padding:0 1rem}figure{margin:1.5rem 0}svg{max-width:100%;height:auto}figcaption{color:#6B7280}table{border-collapse:
collapse;margin:1rem 0}td,th{border-bottom:1px solid #DEDAD0;padding:.25rem .9rem .25rem 0;text-align:left}
.made{font-size:.8rem;overflow-wrap:anywhere}a{color:inherit}"""


def figure_html(figure: Any, name: str, *, with_script: bool = True, alt: str = "", below: str = "", **how: Any) -> str:
    """One figure as HTML: a Plotly figure and bars stay alive, everything else becomes an SVG.

    with_script: put plotly.js (4.7 MB) in, which a page needs once. below: HTML that ends the caption. alt, how: see
    sheet_of. TypeError for all else.
    """
    if is_alive(figure):
        figure, alt = load(kind_of(figure).figure)(figure), alt or figure.alt
    if has_sheet(figure):
        drawn = sheets.svg(sheet_of(figure, **how))
        body = drawn[drawn.index("<svg") :].replace("<svg", f'<svg aria-label="{escape(figure.alt)}"', 1)
        return f"<figure>{body}<figcaption>{escape(name)}: {escape(figure.alt)}{below}</figcaption></figure>"
    if not hasattr(figure, "to_html"):
        sheet_of(figure)  # says what was expected
    body = figure.to_html(full_html=False, include_plotlyjs=with_script, config={"displaylogo": False})
    return f"<figure>{body}<figcaption>{escape(f'{name}: {alt}' if alt else name)}{below}</figcaption></figure>"


def is_alive(picture: Any) -> bool:
    """Whether it becomes a Plotly figure in a page that is taken away."""
    kind = kind_of(picture)
    return kind is not None and bool(kind.figure)


def figure_page(
    figure: Any, *, alt: str = "", say: Callable[[str], str] = str, caption: Caption | None = None, **view: Any
) -> str:
    """One figure as a page that stands alone."""
    words = getattr(figure, "alt", "") or alt
    below = caption_html(caption) if caption is not None else ""
    body = figure_html(figure, "", alt=alt, say=say, below=below, **view).replace("<figcaption>: ", "<figcaption>")
    return _page(words, "", body, caption.language if caption is not None else "en")


def _page(title: str, lead: str, body: str, language: str = "en") -> str:
    tongue = {"zh": "zh-CN"}.get(language, language)
    return (
        f'<!doctype html><html lang="{tongue}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f"<p>{escape(lead)}</p>{body}</body></html>\n"
    )
