"""What a page shows, as HTML that stands alone: its pictures, words, tables and formulas, in the reader's language.

Blocks come as `stage` and `formulas` return them; what only a live page can do (buttons, choices, work that is begun
when asked) is left out. Formulas are set by KaTeX, as on the page, into MathML, which needs no fonts of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from engine.contracts.blocks import Amount, Block, Box, Row, Say, Show, Table
from engine.contracts.caption import Caption
from engine.contracts.formula import ABOUT_REST, Formula, has_rest
from engine.contracts.languages import drawn_in, told, translated
from engine.contracts.words import Number, Percent, number
from engine.pictures.captions import caption_html
from engine.pictures.files import figure_html, has_sheet, is_alive

KATEX = Path(__file__).parents[2] / "assets" / "katex" / "katex.min.js"
SET = """for (const place of document.querySelectorAll(".formula"))
  katex.render(place.textContent, place, { output: "mathml", displayMode: true, throwOnError: false });"""
STYLE = """body{font:16px/1.5 system-ui,sans-serif;color:#1E2430;background:#FBFAF7;max-width:1240px;margin:2rem auto;
padding:0 1rem}figure{margin:1.5rem 0}svg{max-width:100%;height:auto}figcaption,.small{color:#6B7280}
table{border-collapse:collapse;margin:1rem 0}
td,th{border-bottom:1px solid #DEDAD0;padding:.25rem .9rem .25rem 0;text-align:left}
.row{display:flex;flex-wrap:wrap;gap:0 1.5rem}.row>*{flex:1 1 20rem;min-width:0}
.box{border:1px solid #DEDAD0;border-radius:.6rem;padding:0 1rem;margin:1rem 0}
.formula{overflow-x:auto;margin:.8rem 0;font-size:1.1em}
.made{color:#6B7280;font-size:.8rem;overflow-wrap:anywhere}.made a{color:inherit}"""
BOLD, CODE = re.compile(r"\*\*(.+?)\*\*"), re.compile(r"`([^`]+)`")
ICON = re.compile(r":material/\w+:\s*")


class Writer:
    """Writes blocks as HTML; knows what the document needs by then: plotly.js, KaTeX."""

    def __init__(self, language: str = "en"):
        self.language = language
        self.has_plotly = self.has_formulas = False

    def blocks(self, blocks: Sequence[Block | Formula]) -> str:
        """Blocks one below the other."""
        return "".join(self._written(blocks))

    def _written(self, blocks: Sequence[Block | Formula]) -> Iterator[str]:
        for together, group in groupby(blocks, lambda block: isinstance(block, Formula)):
            if together:
                yield self.formulas(list(group))
                continue
            for block in group:
                match block:
                    case Say():
                        yield self.words(block)
                    case Table():
                        yield self.table(block)
                    case Show():
                        yield self.picture(block)
                    case Row():
                        columns = [self.blocks(column) for column in block.columns if not callable(column)]
                        yield f'<div class="row">{"".join(f"<div>{column}</div>" for column in columns)}</div>'
                    case Box():
                        yield f'<div class="box">{self.blocks(block.blocks)}</div>'

    def formulas(self, formulas: Sequence[Formula]) -> str:
        """LaTeX, for KaTeX to set when the document is opened; how a rest is written is said below."""
        self.has_formulas = True
        rest = f'<p class="small">{told(ABOUT_REST, {}, self.language)}</p>' if any(map(has_rest, formulas)) else ""
        return "".join(f'<div class="formula">{escape(formula.latex)}</div>' for formula in formulas) + rest

    def words(self, block: Say) -> str:
        """Words of ours with marks of Markdown, and a reader's own letter by letter."""
        text = ICON.sub("", " ".join(told(part, {}, self.language) for part in block.parts))
        if text.startswith("## "):
            return f"<h2>{text[3:]}</h2>"
        text = CODE.sub(r"<code>\1</code>", BOLD.sub(r"<b>\1</b>", text))
        return f'<p class="small">{text}</p>' if block.style in ("small", "note") else f"<p>{text}</p>"

    def table(self, block: Table) -> str:
        """Cells as on the page, without the bars behind them."""
        head = "".join(f"<th>{told(word, {}, self.language)}</th>" for word in block.head)
        rows = [*block.rows, *([block.total] if block.total else [])]
        body = "".join(f"<tr>{''.join(f'<td>{self._cell(cell)}</td>' for cell in row)}</tr>" for row in rows)
        return f"<table><tr>{head}</tr>{body}</table>"

    def _cell(self, cell: Any) -> str:
        match cell:
            case Amount():
                return number(cell.value, cell.digits)
            case Number() | Percent():
                return cell.text(self.language)
        return escape(drawn_in(cell, {}, self.language))

    def picture(self, block: Show) -> str:
        """A picture as it would be downloaded; "" for bars of films and fields, which only a live page needs."""
        picture = translated(block.picture, self.language)
        if not (has_sheet(picture) or is_alive(picture)):
            return ""
        return self.figure(picture, BOLD.sub(r"\1", drawn_in(block.title, {}, self.language)))

    def figure(self, figure: Any, name: str, *, alt: str = "") -> str:
        """A figure with its caption, which says nothing twice; plotly.js comes with the first that needs it."""
        name = "" if name == (alt or getattr(figure, "alt", "")) else name
        live = is_alive(figure) or not has_sheet(figure)
        say = partial(drawn_in, values={}, language=self.language)
        how = {} if live else {"say": say}
        made = figure_html(figure, name, with_script=not self.has_plotly, alt=alt, **how)
        self.has_plotly |= live
        return made if name else made.replace("<figcaption>: ", "<figcaption>")

    def page(self, title: str, lead: str, body: str) -> str:
        """The document around what was written."""
        tongue = {"zh": "zh-CN"}.get(self.language, self.language)
        formulas = f"<script>{KATEX.read_text('utf-8')}</script><script>{SET}</script>" if self.has_formulas else ""
        return (
            f'<!doctype html><html lang="{tongue}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width">'
            f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><h1>{escape(title)}</h1>"
            f"<p>{escape(lead)}</p>{body}{formulas}</body></html>\n"
        )


def page_html(
    title: str,
    lead: str,
    figures: Mapping[str, Any],
    tables: Mapping[str, Sequence[Sequence[str]]],
    blocks: Sequence[Block | Formula] = (),
    language: str = "en",
    caption: Caption | None = None,
) -> str:
    """A stand-alone page: blocks, figures, tables (each a header row and its rows). Asks nothing of the network.

    Names and what figures say are put into the language; tables come in it. caption: of which run they all are.
    """
    writer, say = Writer(language), partial(drawn_in, values={}, language=language)
    parts = [caption_html(caption) if caption is not None else "", writer.blocks(blocks)]
    parts += [writer.figure(translated(figure, language), say(name)) for name, figure in figures.items()]
    for name, (header, *rows) in tables.items():
        head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        parts.append(f"<h2>{escape(say(name))}</h2><table><tr>{head}</tr>{body}</table>")
    return writer.page(say(title), say(lead), "".join(parts))


def markdown(blocks: Sequence[Block | Formula], language: str = "en") -> str:
    """Words and formulas as Markdown, for a notebook; pictures and tables have cells of their own there."""
    parts = []
    for block in blocks:
        match block:
            case Formula():
                parts.append(f"$${block.latex}$$")
            case Say():
                parts.append(ICON.sub("", " ".join(told(part, {}, language) for part in block.parts)))
            case Row():
                parts += [markdown(column, language) for column in block.columns if not callable(column)]
            case Box():
                parts.append(markdown(block.blocks, language))
    return "\n\n".join(filter(None, parts))
