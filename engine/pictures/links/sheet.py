"""Lines between tokens on a sheet."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.pictures.lettering import width_of
from engine.pictures.links.values import Links
from engine.pictures.sheet import FAINT, GAP, Sheet, bent, colour_of, mixed


def links_sheet(links: Links, say: Callable[[str], str] = str) -> Sheet:
    """Queries at the left, keys at the right, a line from each to each, wide where the weight is large."""
    count, row, head = len(links.tokens), 24, 30
    label = max(map(width_of, links.tokens)) + 14
    width = max(460.0, 2 * label + 240)
    sheet = Sheet(width, head + count * row + GAP, links.alt, say)
    picked = links.selected[0] if links.selected else None
    order = sorted(np.ndindex(count, count), key=lambda pair: (pair[0] == picked, float(links.weights[pair])))
    for query, key in order:
        weight = float(links.weights[query, key])
        if weight < 0.02:  # fainter than anybody could see
            continue
        strong = query == picked
        colour = mixed(colour_of(5 if strong else 0), min(1.0, (0.25 if strong else 0.06) + 0.75 * weight))
        ends = (label, head + (query + 0.5) * row), (width - label, head + (key + 0.5) * row)
        sheet.line(bent(*ends), colour, 0.6 + 5 * weight)
    for side, heading in enumerate(links.headings):
        x, anchor = (width - label + 6, "lm") if side else (label - 6, "rm")
        sheet.words(width - 4 if side else 4, 14, heading, anchor="rm" if side else "lm", colour=FAINT, size=12)
        for index, token in enumerate(links.tokens):
            chosen = links.selected is not None and links.selected[side] == index
            sheet.words(x, head + (index + 0.5) * row, token, anchor=anchor, bold=chosen)
    return sheet
