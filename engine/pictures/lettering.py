"""Letters for pictures made without a browser: which font has which character, and how wide a text is.

assets/fonts holds the characters of our own texts, of GB 2312 level 1 and of mathematics; words of a visitor may need
more, which the system's fonts may have.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import ImageFont

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "fonts"
OURS = tuple(str(FOLDER / name) for name in ("NotoSansSC-subset.otf", "DejaVuSans-subset.ttf"))
OTHERS = ("NotoSansCJK-Regular.ttc", "msyh.ttc", "PingFang.ttc", "Hiragino Sans GB.ttc", "Arial Unicode.ttf",
          "DejaVuSans.ttf")  # fmt: skip
FAMILY = "'Source Sans 3','Source Sans','Noto Sans SC','PingFang SC','Microsoft YaHei',system-ui,sans-serif"
NOWHERE = "\uffff"  # a character that no font has


@lru_cache
def _fonts() -> tuple[str, ...]:
    """Ours, and those of the system that there are."""
    fonts = list(OURS)
    for name in OTHERS:
        try:
            ImageFont.truetype(name, 16)
        except OSError:
            continue
        fonts.append(name)
    return tuple(fonts)


@lru_cache(maxsize=128)
def _font(name: str, size: float) -> Any:
    return ImageFont.truetype(name, size)


@lru_cache(maxsize=8192)
def _has(name: str, letter: str) -> bool:
    """Whether a font has a character: what it has not looks like what no font has."""
    font = _font(name, 16)
    return letter.isspace() or bytes(font.getmask(letter)) != bytes(font.getmask(NOWHERE))


@lru_cache(maxsize=2048)
def runs(text: str) -> tuple[tuple[str, str], ...]:
    """The text cut into (font, piece): every character with the first font that has it, a mark with its letter.

    What no font has is taken apart (NFKC), if that helps.
    """
    pieces: list[list[str]] = []
    for letter in _clusters(unicodedata.normalize("NFC", text)):
        name = _first(letter)
        if name is None:
            letter = unicodedata.normalize("NFKC", letter)
            name = _first(letter) or OURS[0]
        if pieces and (pieces[-1][0] == name or letter.isspace()):
            pieces[-1][1] += letter
        else:
            pieces.append([name, letter])
    return tuple((name, piece) for name, piece in pieces)


def _clusters(text: str) -> list[str]:
    """Letters, each with the combining marks that follow it."""
    clusters: list[str] = []
    for letter in text:
        if clusters and unicodedata.combining(letter):
            clusters[-1] += letter
        else:
            clusters.append(letter)
    return clusters


def _first(cluster: str) -> str | None:
    return next((name for name in _fonts() if all(_has(name, letter) for letter in cluster)), None)


def pieces_of(text: str, size: float) -> list[tuple[Any, str, float]]:
    """(font, piece, how wide it is) for letters `size` high."""
    fonts = [(_font(name, round(size * 2) / 2), piece) for name, piece in runs(text)]
    return [(font, piece, font.getlength(piece)) for font, piece in fonts]


def width_of(text: str, size: float = 13, bold: bool = False) -> float:
    """How wide a text is; generous, since a reader's own fonts may be wider."""
    return sum(wide for *_, wide in pieces_of(text, size)) * (1.08 if bold else 1.03)
