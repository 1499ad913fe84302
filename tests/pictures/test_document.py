"""What a page shows as a file: every page's blocks and formulas, in both languages; a reader's words are letters."""

import re
from html import unescape

import numpy as np
import pytest

from engine.contracts.blocks import Amount, Box, Choose, Press, Row, Say, Show, Table, with_columns
from engine.contracts.film import Film
from engine.contracts.formula import ABOUT_REST, Formula, rest_of
from engine.contracts.knob import KnobError
from engine.contracts.languages import chinese
from engine.contracts.topic import catalogue
from engine.contracts.words import Number, Percent, Words
from engine.pictures.document import Writer, markdown, page_html
from engine.pictures.pixels.values import PixelPicture, Tile
from pages.components.parts.topics import page_module, topics_with_pages

PAGES = [topic.slug for topic in topics_with_pages()]
HOSTILE = "**x** <img src=x onerror=1> `y` $z$"


def test_words_are_marked_up_and_a_readers_own_are_letters():
    made = Writer().blocks([Say("Node **{name}**: {value}", name=HOSTILE, value=Number(0.25))])
    assert "<img" not in made
    assert made.count("<b>") == 1
    assert HOSTILE in unescape(made).replace("\u2060", "")
    assert "0.25" in made


def test_every_kind_of_block_is_written_or_left_out():
    picture = PixelPicture([Tile(np.array([[0.0, 1.0]], np.float32), "A tile")], alt="Two pixels")
    blocks = [
        Row([[Say(Words("## Title"))], [Show("one", picture, title="Words **above**")]]),
        Box("box", [Table(["A", "B"], [[Amount(0.5, 0.1), Percent(0.25)]], total=["=", "all"])]),
        Choose("field"),
        Press("press", "Press me", {}),
        Formula("x = 1" + rest_of([1.0, 2.0])),
        Formula("y < 2"),
    ]
    made = Writer().blocks(blocks)
    for part in ("<h2>Title</h2>", "<svg", "Words above: Two pixels", "<td>0.5</td>", "y &lt; 2", ABOUT_REST):
        assert part in made, part
    assert made.count(ABOUT_REST) == 1, "below the last of formulas that follow each other"
    assert made.index("y &lt; 2") < made.index(ABOUT_REST)
    assert "Press me" not in made
    assert markdown(blocks).split("\n\n") == ["## Title", f"$${blocks[4].latex}$$", "$$y < 2$$"]


def test_a_caption_says_nothing_twice():
    picture = PixelPicture([Tile(np.zeros((1, 2), np.float32))], alt="Two pixels")
    made = Writer().blocks([Show("one", picture, title="Two pixels"), Show("two", picture, title="**Both**")])
    assert re.findall("<figcaption>(.*?)</figcaption>", made) == ["Two pixels", "Both: Two pixels"]


def test_katex_comes_only_with_formulas_and_nothing_is_asked_of_the_network():
    without, having = page_html("T", "Q", {}, {}), page_html("T", "Q", {}, {}, [Formula("x")])
    assert "katex" not in without
    assert "katex.render" in having
    tags = re.sub(r"(<script[^>]*>).*?</script>", r"\1", having, flags=re.S)
    assert not re.search(r"(src|href)=", tags)


@pytest.mark.parametrize("slug", PAGES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_every_page_shows_can_be_written(slug, language):
    topic, module = catalogue()[slug], page_module(slug)
    for config in list(topic.presets.values())[:2]:
        try:
            result = topic.load(topic.run)(config)
        except KnobError:
            continue
        path, looked = topic.first_look(config)
        given = (config, module.View(), Film.of(topic.load(path)(looked)))
        parts = [getattr(module, name) for name in ("stage", "below") if hasattr(module, name)]
        shown = [block for part in parts for block in with_columns(part(*given), *given)]
        writer = Writer(language)
        body = writer.blocks([*shown, *topic.formulas_of(result)])
        assert body.count("<figure>") >= 1
        words = unescape(re.sub(r"<svg.*?</svg>|<script.*?</script>|<style.*?</style>|<[^>]+>", " ", body, flags=re.S))
        if language == "zh":
            assert re.search(r"[\u4e00-\u9fff]", words)
            assert [text for text in told_in_english(shown) if text in words] == []


def told_in_english(blocks) -> list[str]:
    """Sentences of ours that have a Chinese form and no fields."""
    found = []
    for block in blocks:
        if isinstance(block, Say):
            found += [part for part in block.parts if not (isinstance(part, Words) and part.values)]
        elif isinstance(block, Row):
            found += [text for column in block.columns for text in told_in_english(column)]
        elif isinstance(block, Box):
            found += told_in_english(block.blocks)
    return [text for text in found if chinese().get(text, text) != text and len(text) > 12]
