"""Pictures as files: PNG bytes for pixels and networks, and one stand-alone HTML page for everything. No torch.

The PNG has what the canvas shows: every pixel enlarged by a whole number, marks, captions, labels and the legend.
"""

from __future__ import annotations

import base64
import io
import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from html import escape
from typing import Any

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from engine.plots import theme
from engine.plots.diagrams import Bars, NetworkDiagram
from engine.plots.pixels import Over, PixelPicture, Tile, value_range

GAP, TEXT, BAR = 12, 13, (200, 12)  # pixels: between tiles; height of letters; a colour bar
INK, PAPER = "#1E2430", "#FFFFFF"
FONTS = ("NotoSansCJK-Regular.ttc", "DejaVuSans.ttf", "arial.ttf")  # the first that there is; else Pillow's own


def still(picture: PixelPicture, frame: int = -1) -> PixelPicture:
    """One moment of a picture with frames, marks of other moments left out; a picture without frames as it is.

    frame: position among its frames, the newest by default. IndexError if there is none.
    """
    if picture.frames is None:
        return picture
    at = range(len(picture.frames.indices))[frame]

    def then(marks: Sequence[Any]) -> list[Any]:
        return [replace(mark, frame=None) for mark in marks if mark.frame in (None, picture.frames.indices[at])]

    tiles = []
    for tile in picture.tiles:
        over = tile.over
        if over is not None and over.pixels.ndim == 3:
            over = replace(over, pixels=over.pixels[at])
        if _kind_of_still(tile, not tile.still) == "scale" and (tile.low is None or tile.high is None):
            low, high = value_range(tile)  # one range for all moments, as on the canvas
            tile = replace(tile, low=low, high=high)
        marks = {name: then(getattr(tile, name)) for name in ("points", "boxes", "lines", "texts")}
        tiles.append(replace(tile, pixels=tile.pixels if tile.still else tile.pixels[at], over=over, **marks))
    return replace(picture, tiles=tiles, frames=None)


def network_picture(diagram: NetworkDiagram, frame: int = -1) -> PixelPicture:
    """Every neuron's map of one moment as a tile named "layer: neuron", in the order of the layers."""
    names = [f"{layer.name}: {neuron}" for layer in diagram.layers for neuron in layer.neurons]
    tiles = []
    for name, pixels, reach in zip(names, diagram.maps[frame], diagram.ranges[frame], strict=True):
        values = ((pixels.astype(np.float32) - 127.5) / 127.5 * reach).astype(np.float32)
        tiles.append(Tile(values, name, "signed"))
    return PixelPicture(tiles, alt=diagram.alt, columns=max(len(layer.neurons) for layer in diagram.layers[:8]))


def tile_colours(tile: Tile) -> np.ndarray:
    """(H, W, 3) uint8 colours of a still tile, without marks and without the layer over it; as the canvas paints it."""
    match _kind_of_still(tile):
        case "rgb":
            return tile.pixels
        case "classes":
            return theme.class_mixture(tile.pixels / 255 if tile.pixels.dtype == np.uint8 else tile.pixels)
    if tile.pixels.dtype == np.uint8:  # 0 means low and 255 high, whatever these are
        return theme.table(tile.scale)[tile.pixels]
    return theme.colourise(tile.pixels, tile.scale, *value_range(tile))


def picture_png(picture: PixelPicture | NetworkDiagram, *, width: int = 1200, frame: int = -1) -> bytes:
    """A picture as PNG, about `width` pixels wide (wider where tiles would lose pixels); its alt text as Description.

    frame: which moment of a picture with frames. Tiles start at `tile_places`.
    """
    picture = network_picture(picture, frame) if isinstance(picture, NetworkDiagram) else still(picture, frame)
    places = tile_places(picture, width)
    legend = _legend(picture) if picture.legend else None
    right = max(place.x + place.width for place in places) + GAP
    bottom = max(place.y + place.height for place in places) + GAP
    size = (max(right, legend.width + 2 * GAP) if legend else right, bottom + (legend.height + GAP if legend else 0))
    page = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(page)
    for tile, place in zip(picture.tiles, places, strict=True):
        page.paste(_painted(tile, place), (place.x, place.y))
        _write(draw, (place.x, place.y - place.above - TEXT - 8), _fitted(tile.caption, place.width))
        _labels(page, draw, tile, place)
    if legend:
        page.paste(legend, (GAP, bottom))
    info, out = PngInfo(), io.BytesIO()
    info.add_itxt("Description", picture.alt)
    page.save(out, "PNG", pnginfo=info, optimize=True)
    return out.getvalue()


def cover_jpeg(picture: PixelPicture, *, width: int = 640, height: int = 300) -> bytes:
    """The middle of a picture's first tile as JPEG of exactly width x height pixels: the picture on a topic's card."""
    tile = still(picture).tiles[0]
    rows, columns = tile.pixels.shape[:2]
    zoom = math.ceil(width / columns)
    painted = _painted(tile, Place(0, 0, columns * zoom, rows * zoom, zoom, 0)).convert("RGB")
    painted = painted.resize((width, round(width * rows / columns)), Image.Resampling.LANCZOS)
    top = (painted.height - height) // 2
    out = io.BytesIO()
    painted.crop((0, top, width, top + height)).save(out, "JPEG", quality=86, optimize=True)
    return out.getvalue()


@dataclass(frozen=True)
class Place:
    """Where a tile lies in the PNG: corner of its first pixel, size, pixels a side of one value, height of labels."""

    x: int
    y: int
    width: int
    height: int
    zoom: int
    above: int


def tile_places(picture: PixelPicture, width: int = 1200) -> list[Place]:
    """Places of the tiles of a still picture, in rows of at most `columns`."""
    count = len(picture.tiles)
    columns = min(count, picture.columns or math.ceil(math.sqrt(count * 1.6)))
    left = max((_widest(tile.row_labels) for tile in picture.tiles), default=0)
    above = max((_widest(tile.column_labels) for tile in picture.tiles), default=0)
    room = min((width - GAP) // columns - GAP - left, 560)
    sizes = []
    for tile in picture.tiles:
        rows, across = tile.pixels.shape[:2]
        zoom = max(1, room // max(rows, across))
        sizes.append((across * zoom, rows * zoom, zoom))
    places, y = [], GAP
    widest = max(size[0] for size in sizes)
    for start in range(0, count, columns):
        row = sizes[start : start + columns]
        captions = TEXT + 8 if any(tile.caption for tile in picture.tiles) else 0
        y += captions + above
        for at, (across, down, zoom) in enumerate(row):
            places.append(Place(GAP + left + at * (widest + left + GAP), y, across, down, zoom, above))
        y += max(size[1] for size in row) + GAP
    return places


def _kind_of_still(tile: Tile, leading: int = 0) -> str:
    if tile.classes is not None:
        return "classes"
    return "rgb" if tile.pixels.ndim - leading == 3 else "scale"


def _painted(tile: Tile, place: Place) -> Image.Image:
    size = (place.width, place.height)
    way = Image.Resampling.BICUBIC if tile.smooth else Image.Resampling.NEAREST
    image = Image.fromarray(tile_colours(tile)).resize(size, way)
    if tile.over is not None:
        image.paste(*_layer(tile.over, size, way))
    draw = ImageDraw.Draw(image)

    def at(x: float, y: float) -> tuple[float, float]:
        return x * place.zoom, y * place.zoom

    for line in tile.lines:
        path = [at(x, y) for x, y in line.points]
        draw.line(path, _colour(line.colour), max(1, round(line.width)), joint="curve")
        if line.arrow and len(path) > 1:
            (x0, y0), (x1, y1) = path[-2:]
            angle, reach = math.atan2(y1 - y0, x1 - x0), 3 + 2 * line.width
            for side in (2.6, -2.6):
                end = (x1 + reach * math.cos(angle + side), y1 + reach * math.sin(angle + side))
                draw.line([(x1, y1), end], _colour(line.colour), max(1, round(line.width)))
    for box in tile.boxes:
        corners = [at(*box.xyxy[:2]), at(*box.xyxy[2:])]
        draw.rectangle(corners, outline=_colour(box.colour), width=2)
        _write(draw, (corners[0][0] + 3, corners[0][1] + 2), box.label, _colour(box.colour), halo=True)
    radius = min(5.0, max(2.6, place.width / 85))
    for point in tile.points:
        colour = _colour(point.class_index)
        fill, edge = (colour, PAPER) if point.filled else (PAPER, colour)
        draw.circle(at(point.x, point.y), radius, fill, edge, 1 if point.filled else 2)
    for text in tile.texts:
        _write(draw, at(text.x, text.y), text.text, _colour(text.colour), halo=True, anchor="mm")
    return image


def _layer(over: Over, size: tuple[int, int], way: Image.Resampling) -> tuple[Image.Image, None, Image.Image]:
    """Colours and opacity of a translucent layer, stretched over its tile; NaN stays clear."""
    values = over.pixels
    if values.dtype == np.uint8:
        index, known = values.astype(int), np.ones(values.shape, bool)
    else:
        known = np.isfinite(values)
        scaled = (np.nan_to_num(values) - over.low) / ((over.high - over.low) or 1) * 255
        index = np.floor(np.clip(scaled, 0, 255) + 0.5).astype(int)
    alpha = np.where(known, theme.opacity(over.scale)[index] * over.opacity, 0).astype(np.uint8)
    colours = Image.fromarray(theme.table(over.scale)[index])
    return colours.resize(size, way), None, Image.fromarray(alpha).resize(size, way)


def _labels(page: Image.Image, draw: ImageDraw.ImageDraw, tile: Tile, place: Place) -> None:
    for row, label in enumerate(tile.row_labels or ()):
        _write(draw, (place.x - 5, place.y + (row + 0.5) * place.zoom), label, anchor="rm")
    for column, label in enumerate(tile.column_labels or ()):
        strip = Image.new("L", (max(1, place.above), TEXT + 6), 0)  # turned, so that long words fit above thin columns
        _write(ImageDraw.Draw(strip), (2, strip.height / 2), label, 255, anchor="lm")
        strip = strip.rotate(90, expand=True)
        middle = place.x + round((column + 0.5) * place.zoom) - strip.width // 2
        page.paste(INK, (middle, place.y - strip.height), strip)


def _legend(picture: PixelPicture) -> Image.Image | None:
    """Colour bars with their ends, and class names, one below the other; None where colours have no meaning."""
    bars: dict[tuple, str] = {}
    for tile in picture.tiles:
        if _kind_of_still(tile) == "scale":
            bars[(tile.scale, *value_range(tile))] = tile.unit
        if tile.over is not None:
            bars[(tile.over.scale, tile.over.low, tile.over.high)] = f"{tile.over.name} {tile.over.unit}".strip()
    rows: list[tuple[np.ndarray, str]] = []
    if len(bars) > 3:  # every tile has a range of its own: say so once for each scale
        for scale in dict.fromkeys(scale for scale, *_ in bars):
            ends = "minus to plus its largest magnitude" if scale == "signed" else "its lowest to its highest value"
            rows.append((theme.table(scale), f"each tile from {ends}"))
    else:
        rows = [(theme.table(scale), f"{low:.4g} to {high:.4g} {unit}") for (scale, low, high), unit in bars.items()]
    classes = next((tile.classes for tile in picture.tiles if tile.classes is not None), ())
    for number, name in enumerate(classes):
        colour = theme.hex_to_rgb(theme.CLASS_COLOURS[number % len(theme.CLASS_COLOURS)])
        rows.append((np.array([colour], np.uint8), name))
    if not rows:
        return None
    height = TEXT + 9
    image = Image.new("RGB", (BAR[0] + 30 + max(_widest([text]) for _, text in rows), height * len(rows)), PAPER)
    draw = ImageDraw.Draw(image)
    for number, (colours, text) in enumerate(rows):
        size = BAR if len(colours) > 1 else (BAR[1], BAR[1])
        bar = Image.fromarray(colours[None]).resize(size, Image.Resampling.NEAREST)
        top = number * height + (height - BAR[1]) // 2
        image.paste(bar, (0, top))
        draw.rectangle((0, top, size[0] - 1, top + size[1] - 1), outline="#C8C4BA")
        _write(draw, (size[0] + 8, number * height + height / 2), text.strip(), anchor="lm")
    return image


@lru_cache
def _font() -> Any:
    for name in FONTS:
        try:
            return ImageFont.truetype(name, TEXT)
        except OSError:
            continue
    return ImageFont.load_default(TEXT)


def _plain(text: str) -> str:
    """Small raised and lowered digits as plain ones, which every font has."""
    return unicodedata.normalize("NFKC", text).replace("−", "-")


def _opposite(colour: str) -> str:
    """White around dark letters, black around bright ones, as on the canvas."""
    red, green, blue = ImageColor.getrgb(colour)[:3]
    return PAPER if 0.299 * red + 0.587 * green + 0.114 * blue < 150 else INK


def _write(draw: ImageDraw.ImageDraw, at: tuple, text: str, colour: Any = INK, *, halo: bool = False, **more) -> None:
    edge = {"stroke_width": 2, "stroke_fill": _opposite(colour)} if halo else {}
    draw.text(at, _plain(text), colour, _font(), **edge, **more)


def _widest(labels: Sequence[str] | None) -> int:
    return math.ceil(max((_font().getlength(_plain(label)) for label in labels), default=-8)) + 8 if labels else 0


def _fitted(text: str, width: int) -> str:
    """Cut to fit into `width` pixels."""
    text = _plain(text)
    while text and _font().getlength(text) > width:
        text = text[:-2] + "…" if len(text) > 2 else ""
    return text


def _colour(value: str | int | None) -> str:
    if isinstance(value, int):
        return theme.CLASS_COLOURS[value % len(theme.CLASS_COLOURS)]
    return value or INK


STYLE = """body{font:16px/1.5 system-ui,sans-serif;color:#1E2430;background:#FBFAF7;max-width:1240px;margin:2rem auto;
padding:0 1rem}figure{margin:1.5rem 0}img{max-width:100%;height:auto}figcaption{color:#6B7280}table{border-collapse:
collapse;margin:1rem 0}td,th{border-bottom:1px solid #DEDAD0;padding:.25rem .9rem .25rem 0;text-align:left}"""


def figure_html(figure: Any, name: str, *, with_script: bool = True) -> str:
    """One figure as HTML: a Plotly figure and bars stay alive, pixels and networks become a PNG with their alt text.

    with_script: put plotly.js (4.7 MB) in, which a page needs once. TypeError for anything else.
    """
    if isinstance(figure, (PixelPicture, NetworkDiagram)):
        data = base64.b64encode(picture_png(figure)).decode()
        body = f'<img alt="{escape(figure.alt)}" src="data:image/png;base64,{data}">'
        return f"<figure>{body}<figcaption>{escape(name)}: {escape(figure.alt)}</figcaption></figure>"
    if isinstance(figure, Bars):
        from engine.plots.figures import bars

        figure = bars(figure)
    if not hasattr(figure, "to_html"):
        known = "a Plotly figure, Bars, a PixelPicture or a NetworkDiagram"
        raise TypeError(f"expected {known}, got {type(figure).__name__}")
    body = figure.to_html(full_html=False, include_plotlyjs=with_script, config={"displaylogo": False})
    return f"<figure>{body}<figcaption>{escape(name)}</figcaption></figure>"


def page_html(title: str, lead: str, figures: Mapping[str, Any], tables: Mapping[str, Sequence[Sequence[str]]]) -> str:
    """A stand-alone page: figures, then tables (each a header row and its rows). Asks nothing of the network."""
    parts, script = [], True
    for name, figure in figures.items():
        parts.append(figure_html(figure, name, with_script=script))
        script = script and isinstance(figure, (PixelPicture, NetworkDiagram))
    for name, (header, *rows) in tables.items():
        head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        parts.append(f"<h2>{escape(name)}</h2><table><tr>{head}</tr>{body}</table>")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f"<p>{escape(lead)}</p>{''.join(parts)}</body></html>\n"
    )
