"""Contrast of what we draw ourselves, in both themes: words 4.5 : 1, lines and marks 3 : 1 (WCAG 2.2, AA).

The formula is checked against published ratios; the colours that the browser mixes out of the theme's are mixed here by
the same rule (color-mix in sRGB), read from the style sheets.
"""

import re
import tomllib
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from engine.pictures import theme

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))["theme"]
THEMES = list(theme.PAGES)


def primary(name: str) -> str:
    return SETTINGS[name].get("primaryColor", SETTINGS["primaryColor"])


def mixed(share: float, colour: str, other: str) -> str:
    """color-mix(in srgb, colour share, other)."""
    pairs = zip(theme.hex_to_rgb(colour), theme.hex_to_rgb(other), strict=True)
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02X}" for a, b in pairs)


def hexadecimal(colour) -> str:
    return "#{:02X}{:02X}{:02X}".format(*colour)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#FFFFFF", 21.0), ("#FFFFFF", "#FFFFFF", 1.0), ("#777777", "#FFFFFF", 4.48),
     ("#767676", "#FFFFFF", 4.54), ("#FF0000", "#FFFFFF", 4.0), ("#0000FF", "#FFFFFF", 8.59)],
)  # fmt: skip
def test_the_formula_gives_the_published_ratios(one, other, ratio):
    assert theme.contrast(one, other) == pytest.approx(ratio, abs=0.006)
    assert theme.contrast(other, one) == theme.contrast(one, other)


@pytest.mark.parametrize("name", THEMES)
def test_the_tables_speak_of_the_page_that_is_shown(name):
    page = theme.PAGES[name]
    assert page["background"] == SETTINGS[name]["backgroundColor"]
    assert page["panel"] == SETTINGS[name]["secondaryBackgroundColor"]
    assert page["text"] == SETTINGS[name]["textColor"]


@pytest.mark.parametrize("name", THEMES)
def test_words_can_be_read(name):
    page = theme.PAGES[name]
    for ground in ("background", "panel"):
        for words in (page["text"], page["faint"], primary(name)):
            assert theme.contrast(words, page[ground]) >= theme.LEAST_OF_WORDS, (words, ground)
    pressed = mixed(0.10, primary(name), page["background"])  # a button that is chosen
    assert theme.contrast(primary(name), pressed) >= theme.LEAST_OF_WORDS


@pytest.mark.parametrize("name", THEMES)
def test_words_that_the_style_sheets_mix_can_be_read(name):
    page = theme.PAGES[name]
    sheet = (ROOT / "assets" / "components" / "canvas.css").read_text("utf-8")
    shares = [int(share) / 100 for share in re.findall(
        r"[^-]color: color-mix\(in srgb, var\(--st-text-color\) (\d+)%, transparent\)", sheet)]  # fmt: skip
    assert len(shares) > 5
    for share in shares:
        assert theme.contrast(mixed(share, page["text"], page["background"]), page["background"]) >= 4.5, share
    style = (ROOT / "assets" / "style.css").read_text("utf-8")
    place = THEMES.index(name)
    colours = [pair[place] for pair in re.findall(r"(?<!background: )light-dark\((#\w{6}), (#\w{6})\)", style)]
    assert primary(name) in colours, "the outline of what has the focus is the theme's primary colour"
    on_button = "#FFFFFF" if name == "light" else page["background"]
    assert theme.contrast(on_button, primary(name)) >= 4.5
    for colour in set(colours) - {on_button}:
        assert min(theme.contrast(colour, page[on]) for on in ("background", "panel")) >= 4.5, colour
    for opacity in map(float, re.findall(r"(?:th|p\.question|span) \{[^}]*[^-]opacity: (0\.\d+)", style)):
        assert theme.contrast(mixed(opacity, page["text"], page["background"]), page["background"]) >= 4.5, opacity


@pytest.mark.parametrize("name", THEMES)
def test_lines_and_marks_are_seen(name):
    page, lines = theme.PAGES[name], theme.line_colours(name)
    assert len(lines) == len(theme.CLASS_COLOURS)
    for colour in (*lines, primary(name)):
        for ground in ("background", "panel"):
            assert theme.contrast(colour, page[ground]) >= theme.LEAST_OF_LINES, (colour, ground)


@pytest.mark.parametrize("name", THEMES)
def test_lines_keep_the_hue_of_their_class(name):
    for line, colour in zip(theme.line_colours(name), theme.CLASS_COLOURS, strict=True):
        a, b = (theme._rgb_to_oklab(np.array(theme.hex_to_rgb(hue)))[1:] for hue in (line, colour))
        if np.hypot(*b) > 0.04:  # grey has no hue
            apart = np.degrees(np.arccos(np.clip(a @ b / np.hypot(*a) / np.hypot(*b), -1, 1)))
            assert apart < 12, (line, colour)


# Viénot, Brettel and Mollon 1999: what is left of linear RGB to readers without one kind of cone.
BLINDNESS = {
    "full sight": np.eye(3),
    "protanopia": np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]]),
    "deuteranopia": np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]]),
}


def seen(colour: str, sight: np.ndarray) -> np.ndarray:
    s = np.array(theme.hex_to_rgb(colour)) / 255
    linear = np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)
    return theme._rgb_to_oklab(theme._to_uint8(sight @ linear))


@pytest.mark.parametrize("sight", BLINDNESS.values(), ids=BLINDNESS)
@pytest.mark.parametrize("name", THEMES)
def test_lines_stay_apart_for_colour_blind_readers(name, sight):
    """The first four, which a chart of ours uses, as far apart as a clear difference; no two of all eight the same."""

    def apart(colours):
        return min(np.linalg.norm(seen(a, sight) - seen(b, sight)) for a, b in combinations(colours, 2))

    assert apart(theme.line_colours(name)[:4]) > 0.055
    assert apart(theme.line_colours(name)) > 0.04


PLANES = {"light": ("#FFFFFF", theme.CLASS_STRENGTH), "dark": (theme.DARK_GROUND, theme.DARK_CLASS_STRENGTH)}


@pytest.mark.parametrize("name", THEMES)
def test_the_edge_of_a_point_is_seen_on_every_class_region(name):
    for kinds in (2, 3, 8):
        for sure in np.linspace(1 / kinds, 1, 9):
            for k in range(kinds):
                shares = np.full(kinds, (1 - sure) / (kinds - 1))
                shares[k] = sure
                ground = hexadecimal(theme.class_mixture(shares, *PLANES[name]))
                assert theme.contrast(theme.EDGES[name], ground) >= theme.LEAST_OF_LINES, (kinds, k, sure)


def test_on_a_dark_page_no_plane_glares():
    """What means nothing, zero and undecided, is about as dark as the page; the light tables would be 17 : 1."""
    page = theme.PAGES["dark"]["background"]
    nothing = [theme.dark_table("signed")[127], theme.dark_table("signed")[128], theme.dark_table("probability")[0],
               theme.class_mixture(np.full(4, 0.25), *PLANES["dark"])]  # fmt: skip
    for colour in nothing:
        assert 1.1 < theme.contrast(hexadecimal(colour), page) < 1.4


@pytest.mark.parametrize("name", THEMES)
def test_the_lines_of_a_network_are_seen_at_their_strongest(name):
    """They lie on the page in the colours near the ends of the signed table, as network_paint.js takes them."""
    table = theme.table("signed") if name == "light" else theme.dark_table("signed")
    script = (ROOT / "engine" / "pictures" / "network" / "network_paint.js").read_text("utf-8")
    for place in map(int, re.search(r"\[(\d+), (\d+)\]\.map", script).groups()):
        assert theme.contrast(hexadecimal(table[place]), theme.PAGES[name]["background"]) >= theme.LEAST_OF_LINES


@pytest.mark.parametrize("name", THEMES)
def test_numbers_in_the_fields_of_a_matrix_can_be_read(name):
    """matrices.js mixes at most 60 % of an end of the light signed table into the page, in both themes."""
    page = theme.PAGES[name]
    for end in (0, 255):
        ground = mixed(0.6, hexadecimal(theme.table("signed")[end]), page["background"])
        assert theme.contrast(page["text"], ground) >= theme.LEAST_OF_WORDS


def test_words_on_any_colour_of_the_data_can_be_read():
    """Labels of boxes, names in nodes: white or black, by the luminance at which colours.js changes."""
    script = (ROOT / "assets" / "components" / "colours.js").read_text("utf-8")
    middle = float(re.search(r"MIDDLE_LUMINANCE = (0\.\d+)", script).group(1))
    makers = (theme.table, theme.dark_table)
    tables = [colour for name in theme.SCALES for table in makers for colour in table(name).tolist()]
    shares = np.random.default_rng(0).dirichlet(np.full(4, 0.3), 500)
    mixed_classes = [colour for plane in PLANES.values() for colour in theme.class_mixture(shares, *plane).tolist()]
    for colour in [*map(theme.hex_to_rgb, theme.CLASS_COLOURS), *tables, *mixed_classes]:
        ground = hexadecimal(colour)
        words = "#FFFFFF" if theme.luminance(ground) < middle else "#000000"
        assert theme.contrast(words, ground) >= theme.LEAST_OF_WORDS, ground
