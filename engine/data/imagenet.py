"""Names of the 1000 ImageNet classes, in English (Apache-2.0, see assets/weights) and in Chinese (ours)."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path

from engine.contracts.words import Name

ASSETS = Path(__file__).resolve().parent.parent.parent / "assets"

# The first synonym alone would be ambiguous or misleading for these.
_CLEARER = {
    134: "crane (bird)",
    517: "crane (machine)",
    264: "Cardigan (dog)",
    474: "cardigan (garment)",
    638: "maillot (tights)",
    639: "maillot (swimsuit)",
    542: "drumstick (of a drum)",
}


@cache
def full_names() -> tuple[str, ...]:
    """All synonyms of each class, comma-separated, 1000 of them, in the order of the network's outputs."""
    return tuple(json.loads((ASSETS / "weights" / "imagenet_classes.json").read_text(encoding="utf-8"))["classes"])


@cache
def english_names() -> tuple[str, ...]:
    """One short English name for each class; no two are equal."""
    short = [_CLEARER.get(index, name.split(",")[0]) for index, name in enumerate(full_names())]
    twice = {name for name, count in Counter(short).items() if count > 1}
    return tuple(f"{name} ({index})" if name in twice else name for index, name in enumerate(short))


@cache
def chinese_names() -> tuple[str, ...]:
    """One Chinese name for each class; no two are equal."""
    return tuple(json.loads((ASSETS / "language" / "imagenet_zh.json").read_text(encoding="utf-8")))


@cache
def class_names() -> tuple[Name, ...]:
    """Names as a page shows them: the English one, to a Chinese reader the Chinese with the English beside it."""
    both = zip(english_names(), chinese_names(), strict=True)
    return tuple(Name(english, zh=f"{chinese} {english}") for english, chinese in both)


@cache
def class_synonyms() -> tuple[Name, ...]:
    """All synonyms of each class, to a Chinese reader after its name."""
    both = zip(full_names(), class_names(), strict=True)
    return tuple(Name(synonyms, zh=f"{name.text('zh')}: {synonyms}") for synonyms, name in both)
