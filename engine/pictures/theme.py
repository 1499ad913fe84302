"""The one colour language of Neurarium: canvas and Plotly, dark and light read the same tables.

Tables are (256, 3) uint8. The sequential ones are computed in OKLCH (Ottosson 2020, "A perceptual color space for
image processing"), so that lightness rises or falls in equal steps and order survives every kind of colour blindness.

Meaning, said in every legend:
    signed       orange below zero, white at zero, blue above zero; on a dark page dark at zero
    magnitude    dark violet = low, yellow = high
    probability  near white = 0, deep blue = 1; on a dark page near black = 0, pale blue = 1
    heat         translucent overlay: invisible = none, dark red to pale yellow = strong
    grey         black = low, white = high
    CLASS_COLOURS[k]  class k (Okabe and Ito 2008, safe for colour-blind readers); class 0 blue, class 1 orange
    line_colours(theme)[k]  the same for thin lines on the page itself, lighter or darker where the page asks for it

Words have a contrast of at least 4.5 : 1 with what they stand on, lines and marks 3 : 1 (WCAG 2.2, AA).
"""

from __future__ import annotations

from functools import cache

import numpy as np

CLASS_COLOURS: tuple[str, ...] = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#4A4A55",
)  # fmt: skip
INK = "#1E2430"
EDGES = {"light": INK, "dark": "#FFFFFF"}  # of a point: seen on every class region of a page, and on photos
# The page in its two themes, as .streamlit/config.toml has it, and the quieter text of axes and captions.
PAGES: dict[str, dict[str, str]] = {
    "light": {"background": "#FBFAF7", "panel": "#F1EFE9", "text": INK, "faint": "#626A7C", "grid": "#E4E0D7"},
    "dark": {"background": "#0F1420", "panel": "#182033", "text": "#E6E9F2", "faint": "#98A2B8", "grid": "#2A3550"},
}
LEAST_OF_WORDS, LEAST_OF_LINES = 4.5, 3.0
# Where all must be dark, orange, vermilion and yellow would look alike to who cannot tell red from green: these two go
# further, each to a darkness of its own.
_DARKER_LINES = {"light": {5: 6.0, 6: 4.3}, "dark": {}}
CLASS_STRENGTH = 0.66  # a region never reaches the full class colour: the class's own points stay visible on it
DARK_GROUND = "#1B2232"  # zero and undecided on a dark page, where white planes would glare
DARK_CLASS_STRENGTH = 0.58
SCALES: tuple[str, ...] = ("signed", "magnitude", "probability", "heat", "grey")

_NEGATIVE, _POSITIVE = "#B84A00", "#005A9C"  # darker than class orange and blue: a strong weight carries weight
_DARK_ARMS = "#FFA45C", DARK_GROUND, "#63B4FF"  # below, at and above zero on a dark page


def hex_to_rgb(colour: str) -> tuple[int, int, int]:
    """'#RRGGBB' -> three integers 0-255. ValueError for any other spelling."""
    if len(colour) != 7 or colour[0] != "#":
        raise ValueError(f"colour must look like '#1A2B3C', got {colour!r}")
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def luminance(colour: str) -> float:
    """Relative luminance of '#RRGGBB', 0 to 1 (WCAG 2.2)."""
    s = np.array(hex_to_rgb(colour)) / 255
    linear = np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours '#RRGGBB', 1 to 21 (WCAG 2.2)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@cache
def line_colours(theme: str) -> tuple[str, ...]:
    """CLASS_COLOURS for lines and small marks on the page of a theme ("light", "dark").

    Lightness alone moves, in OKLab, as little as a contrast of 3 : 1 with background and panel asks; hue stays.
    """
    page, made = PAGES[theme], []
    for k, colour in enumerate(CLASS_COLOURS):
        least = _DARKER_LINES[theme].get(k, LEAST_OF_LINES)
        lab = _rgb_to_oklab(np.array(hex_to_rgb(colour)))
        while min(contrast(colour, page[on]) for on in ("background", "panel")) < least:
            lab = lab + np.array([0.005 if theme == "dark" else -0.005, 0, 0])
            colour = "#{:02X}{:02X}{:02X}".format(*_to_uint8(_oklab_to_linear(lab)))
        made.append(colour)
    return tuple(made)


def _rgb_to_oklab(rgb: np.ndarray) -> np.ndarray:
    """(..., 3) sRGB 0-255 -> (..., 3) OKLab."""
    s = np.asarray(rgb, np.float64) / 255
    linear = np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)
    to_lms = np.array([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
                       [0.0883024619, 0.2817188376, 0.6299787005]])  # fmt: skip
    to_lab = np.array([[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
                       [0.0259040371, 0.7827717662, -0.8086757660]])  # fmt: skip
    return np.cbrt(linear @ to_lms.T) @ to_lab.T


def _oklab_to_linear(lab: np.ndarray) -> np.ndarray:
    """(..., 3) OKLab -> (..., 3) linear sRGB, which lies outside 0-1 where the colour cannot be shown."""
    to_lms = np.array([[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728],
                       [1, -0.0894841775, -1.2914855480]])  # fmt: skip
    to_rgb = np.array([[4.0767416621, -3.3077115913, 0.2309699292], [-1.2684380046, 2.6097574011, -0.3413193965],
                       [-0.0041960863, -0.7034186147, 1.7076147010]])  # fmt: skip
    return (lab @ to_lms.T) ** 3 @ to_rgb.T


def _to_uint8(linear: np.ndarray) -> np.ndarray:
    linear = np.clip(linear, 0, 1)
    s = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(s * 255).astype(np.uint8)


def _ramp(lightness: tuple[float, float], hues: tuple[float, ...], chromas: tuple[float, ...]) -> np.ndarray:
    """(256, 3) uint8: lightness in equal steps, hue in degrees and chroma interpolated between evenly spaced stops."""
    t = np.linspace(0, 1, 256)
    light = lightness[0] + (lightness[1] - lightness[0]) * t
    hue = np.deg2rad(np.interp(t, np.linspace(0, 1, len(hues)), hues))
    chroma = np.interp(t, np.linspace(0, 1, len(chromas)), chromas)
    for _ in range(500):  # give up chroma, never lightness, where the screen has no such colour
        linear = _oklab_to_linear(np.stack([light, chroma * np.cos(hue), chroma * np.sin(hue)], -1))
        outside = ((linear < -1e-4) | (linear > 1 + 1e-4)).any(-1)
        if not outside.any():
            break
        chroma = np.where(outside, chroma * 0.997, chroma)
    return _to_uint8(linear)


def _signed(below: str, zero: str, above: str) -> np.ndarray:
    """(256, 3): both middle entries exactly those of zero, so that a zero has its colour however it is rounded."""
    middle = _rgb_to_oklab(np.array(hex_to_rgb(zero)))
    arms = []
    for end in (below, above):
        t = np.linspace(0, 1, 128)[:, None]
        arms.append(_to_uint8(_oklab_to_linear(middle + (_rgb_to_oklab(np.array(hex_to_rgb(end))) - middle) * t)))
    return np.concatenate([arms[0][::-1], arms[1]])


@cache
def _tables() -> dict[str, np.ndarray]:
    grey = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, 1)
    tables = {
        "signed": _signed(_NEGATIVE, "#FFFFFF", _POSITIVE),
        "magnitude": _ramp((0.24, 0.94), (312, 285, 240, 185, 150, 110), (0.09, 0.125, 0.10, 0.105, 0.15, 0.18)),
        "probability": _ramp((0.985, 0.31), (240, 242, 250, 258, 264), (0.006, 0.06, 0.13, 0.16, 0.13)),
        "heat": _ramp((0.42, 0.96), (22, 32, 55, 85, 102), (0.15, 0.19, 0.165, 0.16, 0.10)),
        "grey": grey,
    }
    for values in tables.values():
        values.setflags(write=False)
    return tables


def table(name: str) -> np.ndarray:
    """Colour table, (256, 3) uint8, read-only. Entry round(255 * (value - low) / (high - low)) colours a value.

    Raises ValueError naming the known scales if there is no such table.
    """
    if name not in SCALES:
        raise ValueError(f"unknown colour scale {name!r}; there are {', '.join(SCALES)}")
    return _tables()[name]


DARK_SCALES = ("signed", "probability")


@cache
def dark_table(name: str) -> np.ndarray:
    """The same on a dark page: of DARK_SCALES what is bright there is dark and the other way round; the rest stays."""
    if name not in DARK_SCALES:
        return table(name)
    if name == "signed":
        values = _signed(*_DARK_ARMS)
    else:
        values = _ramp((0.27, 0.92), (266, 258, 250, 242, 232), (0.035, 0.11, 0.14, 0.12, 0.05))
    values.setflags(write=False)
    return values


def opacity(name: str) -> np.ndarray:
    """(256,) uint8 opacity that belongs to a table: 'heat' fades out towards its low end, the others are opaque."""
    table(name)
    if name != "heat":
        return np.full(256, 255, np.uint8)
    return np.rint(255 * np.clip(np.linspace(0, 1, 256) * 1.5, 0, 1)).astype(np.uint8)


def colourise(values: np.ndarray, scale: str, low: float, high: float) -> np.ndarray:
    """(...) values -> (..., 3) uint8 with `scale`; the canvas does the same arithmetic. NaN becomes mid grey."""
    values = np.asarray(values, np.float64)
    position = np.clip((values - low) / ((high - low) or 1) * 255, 0, 255)
    index = np.floor(np.nan_to_num(position) + 0.5).astype(int)  # halves up, as Math.round does
    return np.where(np.isnan(values)[..., None], np.uint8(128), table(scale)[index])


def class_mixture(probabilities: np.ndarray, ground: str = "#FFFFFF", strength: float = CLASS_STRENGTH) -> np.ndarray:
    """(..., K) class probabilities -> (..., 3) uint8: the class colours mixed by probability, `ground` where undecided.

    With p the probabilities, w = p^2 / sum p^2 (squared, for blue with a little orange would turn to mud), c the
    colours and d = (max p - 1/K) / (1 - 1/K) the decidedness, the colour is
    ground + strength * d * (sum_k w_k c_k - ground). Classes beyond the eighth take the colours again. A dark page
    has DARK_GROUND and DARK_CLASS_STRENGTH.
    """
    p = np.asarray(probabilities, np.float64)
    classes = p.shape[-1]
    if classes < 2:
        raise ValueError(f"class probabilities need a last axis of at least 2 classes, got shape {p.shape}")
    colours = np.array([hex_to_rgb(CLASS_COLOURS[k % len(CLASS_COLOURS)]) for k in range(classes)], np.float64)
    decided = np.clip((p.max(-1, keepdims=True) - 1 / classes) / (1 - 1 / classes), 0, 1)
    weight = p**2 / np.maximum((p**2).sum(-1, keepdims=True), 1e-12)
    paper = np.array(hex_to_rgb(ground), np.float64)
    return np.floor(paper + strength * decided * (weight @ colours - paper) + 0.5).clip(0, 255).astype(np.uint8)


def palette() -> dict[str, object]:
    """Everything the browser needs, as plain JSON values: tables as flat RGBA lists, the other colours by name."""

    def flat(name: str, values: np.ndarray) -> list[int]:
        return np.concatenate([values, opacity(name)[:, None]], 1).ravel().tolist()

    return {
        "tables": {name: flat(name, table(name)) for name in SCALES},
        "darkTables": {name: flat(name, dark_table(name)) for name in DARK_SCALES},
        "classColours": list(CLASS_COLOURS),
        "classes": {
            "light": {"ground": [255, 255, 255], "strength": CLASS_STRENGTH},
            "dark": {"ground": hex_to_rgb(DARK_GROUND), "strength": DARK_CLASS_STRENGTH},
        },
        "lines": {theme: list(line_colours(theme)) for theme in PAGES},
        "edge": EDGES,
        "faint": {theme: page["faint"] for theme, page in PAGES.items()},
    }


def plotly_template(dark: bool) -> dict:
    """Plotly layout for a figure in the dark or light theme: transparent, quiet grid, small margins, our colours.

    Without colour scales: Plotly would check each of their 256 colours for every figure, and pixels are the canvas's.
    """
    page = PAGES["dark" if dark else "light"]
    text, faint, grid = page["text"], page["faint"], page["grid"]
    axis = {
        "gridcolor": grid, "linecolor": grid, "zerolinecolor": grid, "zerolinewidth": 1, "ticks": "",
        "tickfont": {"color": faint, "size": 12}, "title": {"font": {"color": faint, "size": 13}, "standoff": 8},
        "automargin": True,
    }  # fmt: skip
    scene_axis = {"gridcolor": grid, "color": faint, "showbackground": False, "zerolinecolor": grid}
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": '"Source Sans", "Noto Sans SC", sans-serif', "size": 13, "color": text},
        "margin": {"l": 48, "r": 12, "t": 28, "b": 40},
        "xaxis": dict(axis),
        "yaxis": dict(axis),
        "scene": {name: dict(scene_axis) for name in ("xaxis", "yaxis", "zaxis")},
        "colorway": list(line_colours("dark" if dark else "light")),
        "hoverlabel": {"bgcolor": "#182033" if dark else "#FFFFFF", "bordercolor": grid, "font": {"color": text}},
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.0, "xanchor": "left", "x": 0, "title": {"text": ""}},
        "hovermode": "closest",
    }  # fmt: skip
