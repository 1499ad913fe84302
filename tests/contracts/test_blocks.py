"""What pages show, as values: every page that is a module can be made, translated and checked without Streamlit."""

import dataclasses
import math
import random
from functools import lru_cache
from pathlib import Path

import pytest

from engine.contracts.blocks import Box, Choose, Later, Pick, Press, Row, Say, Show, Table
from engine.contracts.film import Bar, Film, still_frames
from engine.contracts.formula import Formula
from engine.contracts.knob import knobs, random_value, to_query
from engine.contracts.topic import catalogue
from engine.contracts.words import Name, Number, Percent, Words
from engine.pictures.bars.values import Bars
from engine.pictures.kinds import kinds
from engine.pictures.plot.values import PlotPicture
from pages.components.parts.topics import page_module, view_type
from tests.strings import tables

PARTS = ("stage", "panel", "below")
PAGES = list(catalogue())


@lru_cache(maxsize=2)
def film_of(slug, config):
    """The moments that the page of a Config shows: of a training two, else its one Result."""
    topic = catalogue()[slug]
    if not topic.trains(config):
        path, looked = topic.first_look(config)
        return Film.of(topic.load(path)(looked))
    first = topic.load(topic.training.first)(topic.training.experiment(config))
    later = dataclasses.replace(first, step=1, values=dict(first.values))
    return Film((first, later), (0, 1), later, later, "run", topic.slug)


def blocks_of(slug, config, view):
    """All blocks that a page shows at once, those within others too."""
    module, film = page_module(slug), film_of(slug, config)
    parts = [getattr(module, name)(config, view, film) for name in PARTS if hasattr(module, name)]
    if hasattr(module, "head"):
        parts.append(module.head(config, view))
    if catalogue()[slug].trains(config):
        parts.append([module.status(config, film.now)])
    return [block for part in parts for block in flat(part, config, view, film)]


def flat(blocks, *given):
    """Blocks and those within them, one after the other. given: to the functions that are columns."""
    for block in blocks:
        yield block
        if isinstance(block, Row):
            for column in block.columns:
                yield from flat(column(*given) if callable(column) else column, *given)
        if isinstance(block, Box):
            yield from flat(block.blocks, *given)


def views(slug):
    """The usual View of a page, and one for every choice and every switch in it."""
    kind = view_type(catalogue()[slug])
    yield kind()
    for knob in knobs(kind):
        if knob.kind == "choice" and not knob.hidden:
            yield from (kind(**{knob.name: value}) for value in knob.choices if value != knob.default)
        elif knob.kind == "bool":
            yield kind(**{knob.name: not knob.default})


def texts_in(value):
    """Every English text that is to be translated in a block or picture."""
    if isinstance(value, Words):
        yield value.english
        yield from texts_in(value.values)
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from (*texts_in(name), *texts_in(part))
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from texts_in(part)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from texts_in([getattr(value, field.name) for field in dataclasses.fields(value)])


def own_texts(block):
    """Texts of the block itself, which are English words by contract."""
    match block:
        case Say():
            return [*block.parts, block.help]
        case Show():
            return [block.title]
        case Press():
            return [block.words, block.help]
    return []


@pytest.mark.parametrize("slug", PAGES)
def test_every_word_of_a_page_has_its_chinese(slug):
    table, topic = {**tables()["frame"], **tables().get(slug, {})}, catalogue()[slug]
    for config in topic.presets.values():
        for view in views(slug):
            for block in blocks_of(slug, config, view):
                plain = [text for text in own_texts(block) if text and not isinstance(text, Words)]
                missing = {text for text in (*plain, *texts_in(block)) if text and text not in table}
                assert not missing, (block, missing)


@pytest.mark.parametrize("slug", PAGES)
def test_every_place_has_one_name_and_every_picture_a_component(slug):
    topic = catalogue()[slug]
    for config in topic.presets.values():
        for view in views(slug):
            blocks = blocks_of(slug, config, view)
            names = [block.name for block in blocks if isinstance(block, (Show, Press, Box))]
            fields = [block.field for block in blocks if isinstance(block, Choose)]
            assert len({*names}) == len(names), sorted(names)
            assert len({*fields}) == len(fields)
            known = {knob.name for knob in (*knobs(topic.config), *knobs(view_type(topic)))}
            assert set(fields) <= known
            for block in blocks:
                if isinstance(block, Show):
                    assert isinstance(block.picture, Bar) or type(block.picture) in kinds()
                if isinstance(block, Press):
                    assert set(block.change) <= known


def events_of(picture):
    """One event of each kind that a plane may send: a click beside everything, on a dot of each group, a handle."""
    x_low, x_high, y_low, y_high = picture.domain
    place = {"x": (x_low + 2 * x_high) / 3, "y": (y_low + 2 * y_high) / 3}
    yield {"event": "spot", **place}
    yield from (
        {"event": "dot", "dots": at, "dot": dots.points.shape[-2] - 1}
        for at, dots in enumerate(picture.dots)
        if dots.points.shape[-2]
    )
    yield from ({"event": "handle", "key": handle.key, **place} for handle in picture.handles)


@pytest.mark.parametrize("slug", PAGES)
def test_a_click_anywhere_on_a_plane_changes_what_there_is_or_nothing(slug):
    """Also where no dot and no handle is."""
    topic = catalogue()[slug]
    fields = {knob.name: knob for knob in (*knobs(topic.config), *knobs(view_type(topic)))}
    for config in topic.presets.values():
        for view in views(slug):
            for block in blocks_of(slug, config, view):
                if isinstance(block, Show) and isinstance(block.picture, PlotPicture) and block.click is not None:
                    for event in events_of(block.picture):
                        changed = block.click({**event, "place": block.name, "run": ""}, config, view)
                        assert set(changed) <= set(fields), (block.name, event)
                        assert all(fields[name].accept(value) is not None for name, value in changed.items())


@pytest.mark.parametrize("slug", PAGES)
def test_any_link_draws(slug):
    """Any View and any Config within range, and what can be looked at there: nothing is out of reach."""
    topic, chance = catalogue()[slug], random.Random(5)
    for _ in range(12):
        config = topic.config(**{k.name: random_value(k, chance) for k in knobs(topic.config) if not k.run_only})
        kind = view_type(topic)
        view = kind(**{knob.name: random_value(knob, chance) for knob in knobs(kind) if knob.kind != "text"})
        assert blocks_of(slug, config, view), (to_query(config), to_query(view))


@pytest.mark.parametrize("slug", PAGES)
def test_a_page_is_a_module_of_plain_functions(slug):
    """At most 100 lines, nothing of Streamlit, and clicks that hold nothing."""
    text = Path(page_module(slug).__file__).read_text("utf-8")
    assert len(text.splitlines()) <= 100
    assert "streamlit" not in text
    assert "session_state" not in text
    for name, value in vars(page_module(slug)).items():
        assert not (hasattr(value, "quantities") or isinstance(value, Film)) or isinstance(value, type), name


def test_a_click_is_a_function_of_a_module():
    held = [1, 2, 3]

    def local(event, config, view):
        return {"node": held[0]}

    for wrong in (local, lambda event, config, view: {}, held.index):
        with pytest.raises(TypeError, match="function of a module"):
            Show("picture", None, wrong)
    assert Show("picture", None, flat).click is flat
    assert Pick("node", "node")({"node": 3}, None, None) == {"node": 3}
    assert Pick("cell", "row", "column")({"row": 1, "column": 20}, None, None) == {"cell": "1-20"}
    with pytest.raises(TypeError, match="function of a module"):
        Later("a:b", None, lambda value: [])


def test_blocks_say_what_they_expect():
    with pytest.raises(ValueError, match="cells in a row, got 1"):
        Table(("a", "b"), [("x",)])
    with pytest.raises(ValueError, match="expected a style"):
        Say("a", style="loud")
    with pytest.raises(ValueError, match="expected 2 widths"):
        Row([[], []], (1,))
    assert Say("Step {step}", step=Number(3)).parts == ("Step 3",)
    assert Formula("x") == Formula("x")


def test_words_are_english_until_they_are_translated():
    import copy
    import pickle

    words = Words("{name}: {share} of {count}", name=Words("Node"), share=Percent(0.5), count=Number(1234))
    assert words == "Node: 50.0\u202f% of 1,234"
    for again in (pickle.loads(pickle.dumps(words)), copy.deepcopy(words)):
        assert (again, again.english, again.values) == (words, words.english, words.values)
    assert Words("{brace}") == "{brace}"
    with pytest.raises(KeyError):
        Words("{a} {b}", a=1)
    assert Number(math.nan).text() == Percent(math.nan).text() == "–"


def test_a_name_brings_its_own_translations(monkeypatch):
    import copy
    import pickle

    from pages.components.parts import language

    name = Name("crane <b>", zh="鹤 <b>")
    for again in (name, pickle.loads(pickle.dumps(name)), copy.deepcopy(name)):
        assert (again, again.text("en"), again.text("zh")) == ("crane <b>", "crane <b>", "鹤 <b>")
    words = Words("after {layer}", layer=name)
    shown = Bars([name, "b"], [0.5, 0.5], Words("before the change"), hover=[name, words])
    for tongue, wanted, after in (("en", "crane <b>", "after crane <b>"), ("zh", "鹤 <b>", "鹤 <b>之后")):
        monkeypatch.setattr(language, "language", lambda tongue=tongue: tongue)
        assert (language.drawn(name), language.drawn(words)) == (wanted, after)
        assert language.t(name) == wanted.replace("<", "&#60;").replace(">", "&#62;")
        assert language.t(words) == after.replace("<", "&#60;").replace(">", "&#62;")
        assert language.drawn_all([name, words, "own"]) == [wanted, after, "own"]
        spoken = language.in_language(shown)
        assert (list(spoken.names), list(spoken.hover)) == ([wanted, "b"], [wanted, after])


def test_equal_content_has_an_equal_name_and_other_content_another():
    import numpy as np

    values = np.arange(6, dtype=np.float32).reshape(3, 2)
    names = {
        still_frames(one).run
        for one in (values, values.copy(), values + 1, values.astype(np.float64), values.reshape(3, 2, 1), values[::-1])
    }
    assert len(names) == 5
    assert still_frames(values, values).run != still_frames(values).run
    assert still_frames(values[:, ::-1]).run == still_frames(values[:, ::-1].copy()).run


def test_a_film_stacks_an_array_once_and_stands_where_it_was_left():
    import numpy as np

    topic = catalogue()["gnn"]
    first = topic.load(topic.training.first)(topic.config())
    later = dataclasses.replace(first, step=5)
    film = Film((first, later), (0, 3), first, later, "run", "gnn")
    assert film.stack("embedding") is film.stack("embedding")
    assert np.array_equal(film.stack("embedding")[1], later.values["embedding"])
    assert (film.frames.at, film.frames.steps, list(film.frames.indices)) == (0, [0, 5], [0, 3])
    assert Film((first, later), (0, 3), later, later, "run", "gnn").frames.at is None
