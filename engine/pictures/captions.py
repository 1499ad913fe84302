"""Captions painted below a sheet, and as HTML: small and quiet, wrapped to the figure's width."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import replace
from html import escape

from engine.contracts.caption import Caption
from engine.pictures.lettering import width_of
from engine.pictures.sheet import FAINT, GAP, INK, RULE, Sheet, Words

SIZE, LEADING = 11, 16  # height of letters, and from line to line
NARROWEST = 240  # a figure may be a few pixels wide; words may not
MOST_OF_LINK = 3  # lines; whoever wants to follow a longer one finds it whole in the file's description
ADDRESS = re.compile(r"https?://[^\s/]")
# What is not torn apart: a Chinese letter with what may not begin a line, a part of an address, a word.
CHINESE = "\u2e80-\uffef"
END = r"[，。；：、！？）》”]*(?:\s+·)?\s*"
UNIT = re.compile(rf"[{CHINESE}]{END}|[^\s{CHINESE}&]*&|[^\s{CHINESE}&]+{END}|\s+")


def captioned(sheet: Sheet, caption: Caption) -> Sheet:
    """The sheet with its caption below: what was on it stays where and as large as it was."""
    width = max(sheet.width, NARROWEST)
    made = replace(sheet, width=width, marks=list(sheet.marks), caption=caption)
    room, y = width - 2 * GAP, sheet.height + GAP
    made.line([(GAP, sheet.height + 2), (width - GAP, sheet.height + 2)], RULE, 1)
    for number, text in enumerate((*caption.lines, caption.link)):
        is_link = number == len(caption.lines)
        for line in wrapped(text, room, most=MOST_OF_LINK if is_link else None):
            colour = INK if number == 0 else FAINT
            made.marks.append(Words(GAP, y + LEADING / 2, line, SIZE, colour, bold=number == 0))
            y += LEADING
    made.height = y + GAP / 2
    return made


def wrapped(text: str, room: float, *, most: int | None = None) -> list[str]:
    """A text in lines no wider than `room`; what is longer than a line is torn. most: lines; the last then ends in …"""
    lines, line = [], ""
    units = [unit for unit in UNIT.findall(text) if unit]
    while units:
        unit = units.pop(0)
        if width_of(line + unit.rstrip(), SIZE, bold=True) <= room:
            line += unit
        elif line.strip():
            lines.append(line.rstrip())
            line, units = "", [unit, *units]
        else:  # one unit that no line holds
            most_letters = range(2, min(len(unit), int(room)) + 1)
            fits = 1 + bisect_right(most_letters, room, key=lambda n: width_of(unit[:n], SIZE, bold=True))
            lines.append(unit[:fits])
            units = [unit[fits:], *units] if unit[fits:].strip() else units
        if most is not None and len(lines) == most:
            break
    if line.strip():
        lines.append(line.rstrip())
    elif units:
        lines[-1] = lines[-1][:-1] + "…"
    return lines


def caption_html(caption: Caption) -> str:
    """The caption for the end of a figure's `figcaption`."""
    first, *others = (escape(line) for line in caption.lines)
    link = escape(caption.link)
    link = f'<a href="{link}">{link}</a>' if ADDRESS.match(caption.link) else link
    return f'<p class="made"><b>{first}</b><br>{"<br>".join([*others, link])}</p>'
