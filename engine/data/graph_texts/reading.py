"""From a file's bytes or a typed text to a graph: which reader it is for."""

from __future__ import annotations

import codecs

from engine.contracts.knob import KnobError
from engine.data.file_kinds import kind_of
from engine.data.graph_texts.content import MAXIMUM_TEXT, Choices, GivenGraph
from engine.data.graph_texts.literals import is_json_graph, is_printed, read_json, read_printed

from .by_networkx import is_gml, is_xml, read_gml, read_xml
from .dictionaries import is_dictionary, read_dictionary
from .matrix_market import is_matrix_market, read_matrix_market
from .pajek import is_pajek, read_pajek
from .tables import read_lines

ATTRIBUTED = ((is_xml, read_xml), (is_gml, read_gml), (is_json_graph, read_json))  # nodes have attributes there
READERS = (
    (is_matrix_market, read_matrix_market),
    (is_pajek, read_pajek),
    (is_dictionary, read_dictionary),
    (is_printed, read_printed),
)
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32",
         codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}  # fmt: skip
AUTOMATIC = Choices()


def read_graph(text: str, choices: Choices = AUTOMATIC) -> GivenGraph:
    """Read a graph of any kind; KnobError says what was expected and names the line.

    choices: what the reader of the page has said; any choice about lines makes it a text of lines.
    """
    if len(text) > MAXIMUM_TEXT:
        raise KnobError(
            "Own graph: expected at most {most} characters, got {count}", most=MAXIMUM_TEXT, count=len(text)
        )
    text = text.removeprefix("\ufeff")
    if not choices.of_lines:
        for is_of_its_kind, read in ATTRIBUTED:
            if is_of_its_kind(text):
                return read(text, choices.classes)
        for is_of_its_kind, read in READERS:
            if is_of_its_kind(text):
                return read(text)
    return read_lines(text, choices)


def decode_text(content: bytes) -> str:
    """A file's text: UTF-8, or what the mark at its beginning says. KnobError for any other file.

    Older encodings (GBK, Latin-1) cannot be told apart for sure, so they are not guessed.
    """
    if not content.strip():
        raise KnobError("Own graph: expected a text with edges, got an empty file")
    kind = kind_of(content)
    if kind != "a PDF document":  # which may be letters alone
        name = next((name for mark, name in MARKS.items() if content.startswith(mark)), "utf-8")
        try:
            if "\0" not in (text := content.decode(name)):
                return text
        except UnicodeDecodeError as error:
            unsure = kind in ("text", "something else")
            if unsure and name == "utf-8" and not set(content) & set(range(9)):
                line = content.count(b"\n", 0, error.start) + 1
                raise KnobError(
                    "Own graph: expected a text file in UTF-8, but line {line} is in another encoding. Save the file "
                    "as UTF-8 (in a spreadsheet: CSV UTF-8)", line=line,
                ) from None  # fmt: skip
    kind = "something else" if kind == "text" else kind  # no text has the signs that are in it
    raise KnobError("Own graph: expected a text file in UTF-8 with edges, got {label}", label=kind)
