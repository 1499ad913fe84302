"""A lesson as a worksheet to print: what there is to see, questions with room to answer, and the key on a page of its
own. HTML that stands alone; the browser prints it or makes a PDF of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape
from itertools import islice
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from engine.contracts.blocks import Block, pictures_in
from engine.contracts.glossary import term_called, without_marks
from engine.contracts.languages import drawn_in, translated
from engine.contracts.lesson import LessonWords, StepWords, marked
from engine.pictures import sheet as sheets
from engine.pictures.document import Writer
from engine.pictures.files import has_sheet, sheet_of

MOST_PICTURES = 2  # of the page, so that they and the first question share a sheet of paper
STYLE = """<style>.who{display:flex;gap:2rem;margin:1rem 0}.who span{flex:1;border-bottom:1px solid #6B7280}
.pictures{display:flex;flex-wrap:wrap;gap:0 1.5rem}.pictures>*{flex:1 1 18rem;min-width:0}
.step{break-inside:avoid;margin:1.4rem 0}.step h2{font-size:1.1rem;margin:.2rem 0}.step p{margin:.3rem 0}
.choices{list-style:none;padding:0;margin:.4rem 0}.choices li::before{content:"☐ ";font-size:1.15em}
.line{border-bottom:1px solid #B9B4A8;height:1.9rem}.link{color:#6B7280;font-size:.8rem;overflow-wrap:anywhere}
.terms{columns:2;font-size:.9em}
.terms dt{font-weight:600;break-after:avoid}.terms dd{margin:0 0 .5rem;break-inside:avoid}
.key{break-before:page}@media print{body{background:#fff;margin:0;font-size:11.5pt}}</style>"""


def worksheet_html(
    title: str,
    question: str,
    lesson: LessonWords,
    blocks: Sequence[Block] = (),
    address: str = "",
    language: str = "en",
    *,
    asked: Mapping[str, str] = MappingProxyType({}),
    key: bool = True,
) -> str:
    """The worksheet of a lesson. title, question: of the page, in English; lesson: in the reader's language; blocks:
    what the page shows now, of which the first pictures are taken; address: of the page, for the links to the steps;
    asked: what else stands in these links; key: whether the answers come, on a page of their own."""
    writer, say = Writer(language), partial(drawn_in, values={}, language=language)
    drawable = (picture for picture in pictures_in(blocks) if has_sheet(picture))
    pictures = [_printed(translated(picture, language), say) for picture in islice(drawable, MOST_PICTURES)]
    parts = [
        STYLE,
        f'<p class="who">{escape(say("Your name"))} <span></span> {escape(say("Date"))} <span></span></p>',
        f"<p>{marked(lesson.introduction)}</p>",
        f'<div class="pictures">{"".join(pictures)}</div>',
        *(_step(number, step, address, asked, say) for number, step in enumerate(lesson.steps, 1)),
    ]
    if lesson.end:
        parts.append(f'<div class="step"><h2>{escape(say(question))}</h2>{_lines(4)}</div>')
    parts.append(_terms(lesson.terms, "The words of this lesson", language, say))
    if not key:
        return writer.page(say(title), say(question), "".join(parts))
    parts.append(f'<div class="key"><h1>{escape(say("Key to the questions"))}</h1>')
    for number, step in enumerate(lesson.steps, 1):
        right = marked(step.choices[step.right])
        parts.append(f"<div class='step'><h2>{number} · {escape(step.title)}</h2><p>✓ <b>{right}</b></p>")
        parts.append(f"<p>{marked(step.usual)}</p></div>")
    parts.append(f"<p>{marked(lesson.end)}</p>")
    parts.append(_terms(lesson.told_terms, "More words", language, say) + "</div>")
    return writer.page(say(title), say(question), "".join(parts))


def _step(number: int, step: StepWords, address: str, asked: Mapping[str, str], say: Callable[[str], str]) -> str:
    query = urlencode({**asked, "view.lesson": step.name})
    link = f'<p class="link">{escape(f"{address}?{query}")}</p>' if address else ""
    choices = "".join(f"<li>{marked(choice)}</li>" for choice in step.choices.values())
    return (
        f'<div class="step"><h2>{number} · {escape(step.title)}</h2>{link}<p>{marked(step.text)}</p>'
        f'<p><b>{marked(step.question)}</b></p><ul class="choices">{choices}</ul>'
        f"<p>{escape(say('My reason:'))}</p>{_lines(2)}<p>{escape(say('What came, and why:'))}</p>{_lines(2)}</div>"
    )


def _terms(names: Sequence[str], title: str, language: str, say: Callable[[str], str]) -> str:
    """What the terms mean; those that come with an answer stand in the key, for they may tell it."""
    found = {term.key: term for name in names if (term := term_called(name, language)) is not None}
    if not found:
        return ""
    rows = (
        f"<dt>{escape(term.title)}</dt><dd>{marked(without_marks(term.text))}</dd>"
        for term in sorted(found.values(), key=lambda term: term.english.lower())
    )
    return f'<h2>{escape(say(title))}</h2><dl class="terms">{"".join(rows)}</dl>'


def _printed(picture: Any, say: Callable[[str], str]) -> str:
    """A picture as it stands on paper, where nothing is alive."""
    drawing = sheets.svg(sheet_of(picture, say=say))
    return f"<figure>{drawing[drawing.index('<svg') :]}<figcaption>{escape(say(picture.alt))}</figcaption></figure>"


def _lines(count: int) -> str:
    return '<div class="line"></div>' * count
