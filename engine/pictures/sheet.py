"""A sheet of marks (pixels, lines, discs, words) that becomes an SVG or a PNG. No torch, no browser.

Everything that a page shows is laid out on such a sheet by `engine.pictures.files.sheet_of`; both files come from it
and so show the same. Lengths are in sheet units, which are pixels of the SVG; x to the right, y down.
"""

from __future__ import annotations

import base64
import io
import math
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from PIL import Image, ImageColor, ImageDraw
from PIL.PngImagePlugin import PngInfo

from engine.contracts.caption import Caption
from engine.pictures import theme
from engine.pictures.lettering import FAMILY, pieces_of, width_of

INK, FAINT, RULE, PAPER = "#1E2430", "#5B6372", "#DEDAD0", "#FFFFFF"
TEXT = 13  # height of letters
GAP = 12  # between things
MOST_PIXELS = 40_000_000  # painted for one PNG; larger sheets are painted less finely
Clip = tuple[float, float, float, float]  # x, y, width, height


@dataclass(frozen=True)
class Raster:
    """(H, W, 3) uint8 pixels stretched over a rectangle, as squares or smoothly."""

    pixels: np.ndarray
    x: float
    y: float
    width: float
    height: float
    smooth: bool = False
    clip: Clip | None = None

    def enlarged(self, scale: float = 1.0) -> Image.Image:
        """The pixels at their size on the sheet, times `scale`."""
        size = max(1, round(self.width * scale)), max(1, round(self.height * scale))
        way = Image.Resampling.BICUBIC if self.smooth else Image.Resampling.NEAREST
        if self.smooth and size[0] < self.pixels.shape[1]:
            way = Image.Resampling.LANCZOS
        return Image.fromarray(np.ascontiguousarray(self.pixels)).resize(size, way)


@dataclass(frozen=True)
class Shape:
    """A polyline, or a polygon where it is closed. dash: lengths of ink and gap."""

    points: tuple[tuple[float, float], ...]
    fill: str | None = None
    stroke: str | None = None
    width: float = 1.0
    closed: bool = False
    dash: tuple[float, float] | None = None
    opacity: float = 1.0
    clip: Clip | None = None


@dataclass(frozen=True)
class Disc:
    """A circle."""

    x: float
    y: float
    radius: float
    fill: str | None
    stroke: str | None = None
    width: float = 1.0
    opacity: float = 1.0
    clip: Clip | None = None


@dataclass(frozen=True)
class Words:
    """One line of text. anchor: l, m or r, then t, m or b: which part of it stands at (x, y). turned: reads upwards."""

    x: float
    y: float
    text: str
    size: float = TEXT
    colour: str = INK
    anchor: str = "lm"
    bold: bool = False
    halo: bool = False
    turned: bool = False
    clip: Clip | None = None

    @property
    def baseline(self) -> float:
        """How far below (turned: to the right of) y the letters stand."""
        return {"t": 0.82, "m": 0.36, "b": -0.2}[self.anchor[1]] * self.size


@dataclass
class Sheet:
    """Marks in the order in which they are painted. say: puts a text of ours into the reader's language. caption: what
    is written below, whole, for the file's own description."""

    width: float
    height: float
    alt: str
    say: Callable[[str], str] = str
    marks: list[Any] = field(default_factory=list)
    inside: Clip | None = None
    caption: Caption | None = None

    @contextmanager
    def clipped(self, x: float, y: float, width: float, height: float) -> Iterator[None]:
        """Of what is painted within this block only what lies in the rectangle is seen."""
        before, self.inside = self.inside, (x, y, width, height)
        yield
        self.inside = before

    def raster(self, pixels: np.ndarray, x: float, y: float, width: float, height: float, smooth: bool = False) -> None:
        """See Raster."""
        self.marks.append(Raster(pixels, x, y, width, height, smooth, self.inside))

    def line(self, points: Sequence[tuple[float, float]], colour: str = INK, width: float = 1.0, **more: Any) -> None:
        """A polyline; see Shape."""
        spots = tuple((float(x), float(y)) for x, y in points)
        if len(spots) > 1:
            self.marks.append(Shape(spots, stroke=colour, width=width, clip=self.inside, **more))

    def polygon(self, points: Sequence[tuple[float, float]], fill: str | None, **more: Any) -> None:
        """A closed shape; see Shape."""
        spots = tuple((float(x), float(y)) for x, y in points)
        self.marks.append(Shape(spots, fill, closed=True, clip=self.inside, **more))

    def box(self, x: float, y: float, w: float, h: float, fill: str | None = None, **more: Any) -> None:
        """A rectangle w wide and h high; see Shape."""
        self.polygon([(x, y), (x + w, y), (x + w, y + h), (x, y + h)], fill, **more)

    def disc(self, x: float, y: float, radius: float, fill: str | None, stroke: str | None = None, **more: Any) -> None:
        """See Disc."""
        self.marks.append(Disc(float(x), float(y), radius, fill, stroke, clip=self.inside, **more))

    def words(self, x: float, y: float, text: str, **more: Any) -> None:
        """See Words; an empty text is nothing."""
        if text.strip():
            self.marks.append(Words(float(x), float(y), text, clip=self.inside, **more))


def opposite(colour: str) -> str:
    """White around dark letters, black around bright ones, as on the canvas."""
    red, green, blue = ImageColor.getrgb(colour)[:3]
    return PAPER if 0.299 * red + 0.587 * green + 0.114 * blue < 150 else INK


def mixed(colour: str, share: float, paper: str = PAPER) -> str:
    """`colour` at this opacity on `paper`, as an opaque colour."""
    pairs = zip(ImageColor.getrgb(colour)[:3], ImageColor.getrgb(paper)[:3], strict=True)
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02X}" for a, b in pairs)


def fitted(text: str, width: float, size: float = TEXT, bold: bool = False) -> str:
    """Cut to fit into `width`."""
    if width_of(text, size, bold) <= width:
        return text
    while text and width_of(text + "…", size, bold) > width:
        text = text[:-1]
    return text.rstrip() + "…" if text else ""


def colour_of(value: str | int | None) -> str:
    """A class index, a colour, or None for that of text."""
    if isinstance(value, int):
        return theme.CLASS_COLOURS[value % len(theme.CLASS_COLOURS)]
    return value or INK


def arrow_head(sheet: Sheet, path: Sequence[tuple[float, float]], colour: str, width: float) -> None:
    """Two short strokes at the end of a path."""
    (x0, y0), (x1, y1) = path[-2:]
    angle, reach = math.atan2(y1 - y0, x1 - x0), 3 + 2 * width
    ends = [(x1 + reach * math.cos(angle + side), y1 + reach * math.sin(angle + side)) for side in (2.6, -2.6)]
    sheet.line([ends[0], (x1, y1), ends[1]], colour, max(1, width))


def bent(start: tuple[float, float], end: tuple[float, float], pieces: int = 14) -> list[tuple[float, float]]:
    """A line that leaves and arrives level: the Bézier curve of the canvas, as a polyline."""
    (x0, y0), (x1, y1) = start, end
    if abs(y1 - y0) < 0.5:
        return [start, end]
    middle, t = (x0 + x1) / 2, np.linspace(0, 1, pieces + 1)
    x = (1 - t) ** 3 * x0 + 3 * t * (1 - t) * middle + t**3 * x1
    y = (1 - t) ** 2 * (1 + 2 * t) * y0 + t**2 * (3 - 2 * t) * y1
    return list(zip(x.tolist(), y.tolist(), strict=True))


# ---------------------------------------------------------------- SVG


def svg(sheet: Sheet) -> str:
    """The sheet as a stand-alone SVG: text stays text, pixels are an embedded PNG; the alt text as title."""
    clips: dict[Clip, str] = {}
    body = []
    for clip, marks in groupby(sheet.marks, key=lambda mark: mark.clip):
        drawn = "".join(_svg_of(mark) for mark in marks)
        if clip is not None:
            name = clips.setdefault(clip, "clip" + "-".join(f"{end:g}" for end in clip))  # alike in one page: the same
            drawn = f'<g clip-path="url(#{name})">{drawn}</g>'
        body.append(drawn)
    size = f'width="{sheet.width:g}" height="{sheet.height:g}" viewBox="0 0 {sheet.width:g} {sheet.height:g}"'
    paths = "".join(
        f'<clipPath id="{name}"><rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}"/></clipPath>'
        for (x, y, w, h), name in clips.items()
    )
    about = f"<desc>{escape(_legal(sheet.caption.text))}</desc>" if sheet.caption is not None else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family={quoteattr(FAMILY)}>'
        f"<title>{escape(_legal(sheet.alt))}</title>{about}{'<defs>' + paths + '</defs>' if paths else ''}"
        f'<rect width="100%" height="100%" fill="{PAPER}"/>{"".join(body)}</svg>\n'
    )


def _svg_of(mark: Any) -> str:
    if isinstance(mark, Raster):
        out = io.BytesIO()
        mark.enlarged().save(out, "PNG")
        data = base64.b64encode(out.getvalue()).decode()
        place = f'x="{mark.x:g}" y="{mark.y:g}" width="{mark.width:g}" height="{mark.height:g}"'
        return f'<image {place} preserveAspectRatio="none" href="data:image/png;base64,{data}"/>'
    if isinstance(mark, Words):
        where = {"l": "start", "m": "middle", "r": "end"}[mark.anchor[0]]
        x, y = (mark.x + mark.baseline, mark.y) if mark.turned else (mark.x, mark.y + mark.baseline)
        turn = f' transform="rotate(-90 {x:.2f} {y:.2f})"' if mark.turned else ""
        halo = ' paint-order="stroke" stroke-linejoin="round" stroke-width="3" '
        edge = f'{halo}stroke="{opposite(mark.colour)}"' if mark.halo else ""
        weight = ' font-weight="600"' if mark.bold else ""
        style = f'font-size="{mark.size:g}" fill="{mark.colour}" text-anchor="{where}"{weight}{edge}{turn}'
        return f'<text x="{x:.2f}" y="{y:.2f}" xml:space="preserve" {style}>{escape(_legal(mark.text))}</text>'
    paint = f'fill="{mark.fill or "none"}"'
    if mark.stroke:
        paint += f' stroke="{mark.stroke}" stroke-width="{mark.width:g}"'
    if mark.opacity < 1:
        paint += f' opacity="{mark.opacity:.3g}"'
    if isinstance(mark, Disc):
        return f'<circle cx="{mark.x:.2f}" cy="{mark.y:.2f}" r="{mark.radius:g}" {paint}/>'
    if mark.dash:
        paint += f' stroke-dasharray="{mark.dash[0]:g} {mark.dash[1]:g}"'
    spots = " ".join(f"{x:.2f},{y:.2f}" for x, y in mark.points)
    return f'<{"polygon" if mark.closed else "polyline"} points="{spots}" stroke-linejoin="round" {paint}/>'


def _legal(text: str) -> str:
    """Without the control characters that XML does not allow."""
    return "".join(
        letter for letter in text if letter.isprintable() or unicodedata.category(letter) == "Zs" or letter in "\t\n"
    )


# ---------------------------------------------------------------- PNG


def png(sheet: Sheet, scale: float = 2.0) -> bytes:
    """The sheet as PNG, `scale` pixels a sheet unit, its alt text as Description, its caption as Comment."""
    info, out = PngInfo(), io.BytesIO()
    info.add_itxt("Description", sheet.alt)
    if sheet.caption is not None:
        info.add_itxt("Comment", sheet.caption.text)
    painted(sheet, scale).save(out, "PNG", pnginfo=info, dpi=(96 * scale, 96 * scale))
    return out.getvalue()


def painted(sheet: Sheet, scale: float = 1.0) -> Image.Image:
    """The sheet in pixels. It is painted twice as fine and then halved, for smooth edges."""
    size = math.ceil(sheet.width), math.ceil(sheet.height)
    scale = min(scale, math.sqrt(MOST_PIXELS / (size[0] * size[1])))
    fine = 2 if size[0] * size[1] * (2 * scale) ** 2 <= MOST_PIXELS else 1
    zoom = scale * fine
    page = Image.new("RGB", (round(size[0] * zoom), round(size[1] * zoom)), PAPER)
    for clip, marks in groupby(sheet.marks, key=lambda mark: mark.clip):
        if clip is None:
            target, left, top = page, 0, 0
        else:
            left, top = round(clip[0] * zoom), round(clip[1] * zoom)
            target = page.crop((left, top, left + round(clip[2] * zoom), top + round(clip[3] * zoom)))
        draw = ImageDraw.Draw(target, "RGBA")
        for mark in marks:
            _paint(target, draw, mark, zoom, left, top)
        if clip is not None:
            page.paste(target, (left, top))
    return page.reduce(fine) if fine > 1 else page


def _paint(image: Image.Image, draw: ImageDraw.ImageDraw, mark: Any, zoom: float, left: int, top: int) -> None:
    def at(x: float, y: float) -> tuple[float, float]:
        return x * zoom - left, y * zoom - top

    if isinstance(mark, Raster):
        x, y = at(mark.x, mark.y)
        image.paste(mark.enlarged(zoom), (round(x), round(y)))
    elif isinstance(mark, Words):
        _letters(image, draw, mark, at(mark.x, mark.y), zoom)
    elif isinstance(mark, Disc):
        edge = _ink(mark.stroke, mark.opacity)
        radius = mark.radius * zoom + (mark.width * zoom / 2 if edge else 0)
        draw.circle(at(mark.x, mark.y), radius, _ink(mark.fill, mark.opacity), edge, max(1, round(mark.width * zoom)))
    else:
        spots = [at(x, y) for x, y in mark.points]
        if mark.fill and len(spots) > 2:
            draw.polygon(spots, _ink(mark.fill, mark.opacity))
        if mark.stroke:
            path = [*spots, spots[0]] if mark.closed else spots
            parts = dashes(path, mark.dash[0] * zoom, mark.dash[1] * zoom) if mark.dash else [path]
            width, corners = max(1, round(mark.width * zoom)), "curve" if len(path) > 2 else None
            for part in parts:
                draw.line(part, _ink(mark.stroke, mark.opacity), width, joint=corners)
            if mark.closed and width > 1:  # Pillow leaves a notch where a closed line begins
                draw.circle(path[0], width / 2, _ink(mark.stroke, mark.opacity))


def _letters(image: Image.Image, draw: ImageDraw.ImageDraw, mark: Words, spot: tuple, zoom: float) -> None:
    pieces = pieces_of(mark.text, mark.size * zoom)
    wide, low = sum(width for *_, width in pieces), mark.baseline * zoom
    before = {"l": 0.0, "m": wide / 2, "r": wide}[mark.anchor[0]]
    if mark.turned:
        high = math.ceil(2 * mark.size * zoom)
        strip = Image.new("L", (math.ceil(wide) + 8, high), 0)
        _write(ImageDraw.Draw(strip), pieces, 4, high / 2, 255, 0)
        strip = strip.rotate(90, expand=True)
        corner = round(spot[0] + low - high / 2), round(spot[1] - strip.height + 4 + before)
        image.paste(Image.new("RGB", strip.size, mark.colour), corner, strip)
        return
    x, y = spot[0] - before, spot[1] + low
    if mark.halo:
        _write(draw, pieces, x, y, opposite(mark.colour), 1.5 * zoom)
    _write(draw, pieces, x, y, mark.colour, mark.size * zoom / 34 if mark.bold else 0)


def _write(draw: ImageDraw.ImageDraw, pieces: Sequence[tuple], x: float, y: float, colour: Any, thick: float) -> None:
    for font, piece, width in pieces:
        draw.text((x, y), piece, colour, font, "ls", stroke_width=thick, stroke_fill=colour)
        x += width


def _ink(colour: str | None, opacity: float) -> Any:
    if colour is None or opacity >= 1:
        return colour
    return (*ImageColor.getrgb(colour)[:3], round(255 * opacity))


def dashes(path: Sequence[tuple[float, float]], ink: float, gap: float) -> list[list[tuple[float, float]]]:
    """A polyline cut into its dashes, `ink` long with `gap` between them."""
    parts: list[list[tuple[float, float]]] = []
    current, left, inked = [path[0]], ink, True
    for (x0, y0), (x1, y1) in pairwise(path):
        length, done = math.hypot(x1 - x0, y1 - y0), 0.0
        while length - done > left:
            done += left
            spot = (x0 + (x1 - x0) * done / length, y0 + (y1 - y0) * done / length)
            if inked:
                parts.append([*current, spot])
            current, inked = [spot], not inked
            left = ink if inked else gap
        left -= length - done
        if inked:
            current.append((x1, y1))
    return [*parts, current] if inked and len(current) > 1 else parts
