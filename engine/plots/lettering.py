"""Letters for pictures made without a browser: the font, and how wide a text is.

assets/fonts holds the characters of our own texts; words of a visitor may need more, which the system's fonts may have.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import ImageFont

OURS = Path(__file__).resolve().parents[2] / "assets" / "fonts" / "NotoSansSC-subset.otf"
OTHERS = (
    "NotoSansCJK-Regular.ttc", "msyh.ttc", "PingFang.ttc", "Hiragino Sans GB.ttc", "Arial Unicode.ttf",
    "DejaVuSans.ttf",
)  # fmt: skip
FAMILY = "'Source Sans 3','Source Sans','Noto Sans SC','PingFang SC','Microsoft YaHei',system-ui,sans-serif"
SIZES = 64  # kept for each font
NOWHERE = "\uffff"  # a character that no font has


@lru_cache
def _there(name: str) -> bool:
    try:
        ImageFont.truetype(name, 16)
    except OSError:
        return False
    return True


@lru_cache(maxsize=SIZES)
def _font(name: str, size: float) -> Any:
    return ImageFont.truetype(name, size)


@lru_cache(maxsize=8192)
def _has(name: str, letter: str) -> bool:
    """Whether a font has a character: what it has not looks like what no font has."""
    font = _font(name, 16)
    return letter.isspace() or bytes(font.getmask(letter)) != bytes(font.getmask(NOWHERE))


@lru_cache(maxsize=1024)
def _named(text: str) -> str:
    """The first font that has every character of a text; else ours."""
    for name in (str(OURS), *OTHERS):
        if all(_has(name, letter) for letter in text) if _there(name) else False:
            return name
    return str(OURS)


@lru_cache(maxsize=1024)
def plain(text: str) -> str:
    """The text with characters that are there: raised and lowered digits become plain ones where no font has them."""
    name = _named(text)
    return "".join(letter if _has(name, letter) else unicodedata.normalize("NFKC", letter) for letter in text)


def font_of(text: str, size: float) -> Any:
    """A font that has the characters of this text, letters `size` high."""
    return _font(_named(text), round(size * 2) / 2)


def width_of(text: str, size: float = 13, bold: bool = False) -> float:
    """How wide a text is; generous, since a reader's own fonts may be wider."""
    return font_of(text, size).getlength(plain(text)) * (1.08 if bold else 1.03)
