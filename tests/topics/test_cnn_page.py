"""What a reader does on the page of the CNN: trains from scratch, scrubs, clicks cells, opens what a link asks for."""

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import pages.cnn as page
from engine.contracts.blocks import Choose
from engine.contracts.film import Film
from engine.contracts.knob import KnobError
from engine.contracts.words import number
from engine.data.digit_keys import DRAWN
from engine.data.digits import HELD_OUT_OF_EACH, encode_drawing
from engine.pictures.bars.values import Bars
from engine.pictures.pixels.values import picture_payload
from engine.topics.cnn import about, draw, explain
from engine.topics.cnn.card import FIRST_CELL, Config, cell_named
from engine.topics.cnn.run import DENSE, LAYERS, first, look, run
from tests.contracts.test_blocks import flat
from tests.visitor import Visitor

STEPS = 40
FRESH = Config(start="fresh")


@cache
def result_of(config: Config):
    """A training is made once for all that looks at its Result."""
    return run(config)


def trained(visitor, link: str = f"start=fresh&steps={STEPS}") -> None:
    """Open the page with a run, and wait until it stands still at its step."""
    visitor.open("cnn", link)
    for _ in range(2000):
        if visitor.tick() is None:
            return
    raise AssertionError("the run goes on and on")


def frames(visitor):
    return visitor.data("cnn-bar")[0]["frames"]


def maps_shown(visitor, layer: str) -> list[np.ndarray]:
    return list(visitor.data("cnn-" + layer.replace(".", "-"))[1].values())


def assert_shows(visitor, config: Config, step: int) -> None:
    """All that the page shows is of the network of one step."""
    result = result_of(replace(config, steps=step))
    for layer in LAYERS:
        for one, other in zip(
            maps_shown(visitor, layer), picture_payload(draw.draw_maps(result, layer))[1].values(), strict=True
        ):
            assert one == pytest.approx(other, abs=1e-4), layer
    assert visitor.data("cnn-answers")[0]["shares"] == pytest.approx(result.probabilities.tolist(), abs=1e-5)
    cell = explain.cell_at(config, result, FIRST_CELL)
    assert f"**{number(cell.value, 4)[:5]}" in visitor.texts()


# ---------------------------------------------------------------- training


def test_train_from_scratch_begins_at_once_and_once(visitor):
    visitor.open("cnn")
    assert not visitor.timers
    assert not visitor.press("cnn:scratch").errors
    assert visitor.query == "start=fresh"
    assert len(visitor.timers) == 2  # the stage, and what is below it
    for _ in range(100):
        visitor.follow(0.2)
        if frames(visitor)["steps"][-1] > 0:
            break
    assert frames(visitor)["steps"][-1] > 0
    assert not visitor.find("cnn:scratch")
    visitor.press("cnn:reset")
    visitor.tick()
    assert not visitor.timers
    visitor.touch("cnn-presets", "pick", 0)
    assert visitor.query == ""
    visitor.move("cnn.learning_rate", 3)  # nothing else begins by itself
    assert not visitor.timers
    assert visitor.find("cnn:scratch")


def test_what_is_below_follows_the_training_without_a_click_and_then_the_bar(server, visitor):
    visitor.open("cnn", "start=fresh")
    before = maps_shown(visitor, "conv1.relu")[0].copy()
    visitor.press("cnn:play")
    for _ in range(100):
        visitor.follow(0.2)
        changed = not np.array_equal(maps_shown(visitor, "conv1.relu")[0], before)
        if changed and len(frames(visitor)["steps"]) > 3:
            break
    assert changed
    visitor.press("cnn:play")
    for _ in range(200):
        if visitor.tick() is None:
            break
    assert not visitor.timers
    steps = frames(visitor)["steps"]
    assert_shows(visitor, FRESH, steps[-1])
    knobs, pad = visitor.widget("cnn-presets"), visitor.widget("cnn-pad")
    for index in (2, 1):
        assert not visitor.touch("cnn-bar", "frame", frames(visitor)["indices"][index]).errors
        assert_shows(visitor, FRESH, steps[index])
        assert f"step <b>{steps[index]}</b>" in visitor.texts()
        assert f"view.moment={steps[index]}" in visitor.query
    assert visitor.widget("cnn-presets") is knobs  # the parts that show the moment, and nothing else
    assert visitor.widget("cnn-pad") is pad
    friend = Visitor(server.address)
    try:
        trained(friend, visitor.query)
        step = int(re.search(r"step <b>(\d+)</b>", friend.texts())[1])
        assert step == max(one for one in frames(friend)["steps"] if one <= steps[1])  # it may have looked at others
        assert_shows(friend, FRESH, step)
    finally:
        friend.close()
    visitor.touch("cnn-bar", "frame", frames(visitor)["indices"][-1])
    assert_shows(visitor, FRESH, steps[-1])


def test_every_moment_of_a_long_run_is_on_the_bar(visitor):
    """Its weights stay on the server, so there is room for all."""
    trained(visitor, "start=fresh&steps=150&channels=2&kernel=3")
    sent = frames(visitor)
    assert len(sent["steps"]) > 10
    assert sent["indices"] == list(range(len(sent["steps"])))


def test_another_digit_leaves_the_run_where_it_is(visitor):
    trained(visitor)
    before = frames(visitor)["run"]
    visitor.touch("cnn-samples", "cell", {"tile": 7, "row": 0, "column": 0})
    assert frames(visitor)["run"] == before
    assert f"steps={STEPS}" in visitor.query
    assert not visitor.timers
    assert_shows(visitor, Config(start="fresh", digit=f"sample:{7 * HELD_OUT_OF_EACH + 4}"), STEPS)


def test_a_digit_passes_through_the_network_once_for_all_parts_of_the_page(monkeypatch):
    passed = []
    monkeypatch.setattr(explain, "look", lambda config, *more: passed.append(config) or look(config, *more))
    film, later = Film.of(first(Config())), Film.of(first(FRESH))
    list(page.stage(Config(), page.View(), film))
    page.below(Config(steps=20), page.View(cell="conv2-sum-3-4-5"), film)  # how far it went is noted in between
    list(page.looked_into(Config(steps=20), page.View(), film))
    assert len(passed) == 1
    page.below(Config(digit="sample:4"), page.View(), film)
    list(page.stage(FRESH, page.View(), later))
    assert len(passed) == 3


# ---------------------------------------------------------------- cells


@pytest.mark.parametrize("layer", [*LAYERS, *DENSE])
def test_a_click_names_the_cell_that_is_then_explained_and_marked(layer):
    result = result_of(Config())
    values = getattr(result, layer.replace(".", "_"))
    for place in (tuple(length - 1 for length in values.shape), tuple(length // 3 for length in values.shape)):
        if layer in LAYERS:
            name = layer.replace(".", "-")
            clicked = dict(zip(("tile", "row", "column"), place, strict=True))
            fields = page.CELL({**clicked, "place": name, "event": "cell"}, None, None)
            marked_in = layer
        else:
            picture = draw.draw_outputs(result) if layer == "logits" else draw.draw_dense(result)
            tile = list(picture.keys).index(layer.replace(".", "-"))
            row, column = divmod(place[0], draw.DENSE_COLUMNS)
            clicked = {"tile": tile, "row": row, "column": column}
            assert picture.tiles[tile].pixels[row, column] == values[place].item()
            fields = page.pick_neuron({**clicked, "key": picture.keys[tile]}, None, None)
            marked_in = "outputs" if layer == "logits" else "hidden"
        assert cell_named(fields["cell"]) == (layer, place)
        cell = explain.cell_at(Config(), result, page.View(**fields).cell)
        assert (cell.layer, cell.value) == (layer, values[place].item())
        for where in (*LAYERS, "hidden", "outputs"):
            assert draw.mark(cell, where) == (clicked if where == marked_in else None)


def test_a_probability_is_chosen_on_the_softmax_alone():
    picture = draw.draw_outputs(run(Config()))
    for tile, digit in ((0, 7), (1, 7)):
        fields = page.pick_neuron({"tile": tile, "row": 0, "column": digit, "key": picture.keys[tile]}, None, None)
        assert fields == ({"cell": "logits-7"}, {"probability": 7})[tile]


@pytest.mark.parametrize(
    "text",
    ["", "conv1", "conv1-sum-0-12", "conv3-sum-0-1-2", "conv1-sum-0-1-2-3", "conv1-sum--1-2-3", "conv1-sum-100-1-2",
     "conv1-sum-٣-1-2", "hidden-sum-1-2-3", "logits", "logits-1 ", "softmax-3", "conv1.sum-0-1-2", "<b>", "A" * 5000],
)  # fmt: skip
def test_what_is_no_cell_is_told_so(text):
    with pytest.raises(KnobError, match=r"^Cell: expected layer-channel-row-column .*, got “.{0,40}”$"):
        cell_named(text)


def test_a_cell_that_the_network_does_not_have_falls_back_to_the_first_map():
    small = Config(start="fresh", channels=2, kernel="3")
    result = run(small)
    for text in ("conv1-sum-7-12-13", "conv1-sum-0-28-0", "conv2-pool-3-7-0", "conv2-pool-99-99-99", "hidden-sum-32",
                 "logits-10"):  # fmt: skip
        cell = explain.cell_at(small, result, text)
        assert (cell.layer, cell.channel, cell.row, cell.column) == ("conv1.sum", 0, 12, 13)
    assert explain.cell_at(small, result, "conv2-pool-3-6-6").layer == "conv2.pool"


def test_a_link_with_a_cell_and_the_switches_shows_them(visitor):
    visitor.open("cnn", "view.cell=conv2-sum-5-6-8&view.occlude=yes&view.probability=7")
    assert visitor.alerts() == []
    assert "channel 5, row 6, column 8" in visitor.texts()
    assert visitor.data("cnn-conv2-sum")[0]["picked"] == {"tile": 5, "row": 6, "column": 8}
    assert visitor.data("cnn-conv1-sum")[0]["picked"] is None
    assert visitor.data("cnn-kernels-conv2")[0]["tiles"][0]["caption"] == "0 → 5"
    assert visitor.find("cnn-occlusion")
    assert not visitor.find("cnn-channel")
    assert any("p_{7}" in element.body for kind, element, _ in visitor.elements.values() if kind == "markdown")


def test_what_the_switches_show_is_made_only_where_they_are_on(monkeypatch):
    made = []
    monkeypatch.setattr(explain, "explain_channel", lambda *_: made.append("channel"))
    monkeypatch.setattr(explain, "evidence", lambda *_: made.append("evidence") or np.zeros((28, 28)))
    film = Film.of(first(Config()))

    def below(view, film=film):
        return list(flat(page.below(Config(), view, film), Config(), view, film))

    asked = [block.field for block in below(page.View()) if isinstance(block, Choose)]
    assert asked == ["excites", "occlude"]
    for view, at in (
        (page.View(occlude=True, excites=True, cell="hidden-sum-3"), film),  # no map
        (page.View(occlude=True, excites=True), Film(film.moments, (0,), film.now, film.now, "run", "cnn", True)),
    ):
        assert not any(isinstance(block, Choose) for block in below(view, at))
    assert made == []
    below(page.View(occlude=True))
    assert made == ["evidence"]


def test_a_switch_sends_what_it_shows_and_no_map(visitor):
    visitor.open("cnn")
    maps, number = visitor.widget("cnn-conv1-sum"), visitor.widget("cnn-products")
    assert not visitor.move("cnn:occlude", True).errors
    assert visitor.find("cnn-occlusion")
    assert visitor.widget("cnn-conv1-sum") is maps
    assert visitor.widget("cnn-products") is number
    visitor.touch("cnn-conv2-pool", "cell", {"tile": 3, "row": 2, "column": 1})
    assert visitor.find("cnn-occlusion")
    visitor.touch("cnn-outputs", "cell", {"tile": 0, "row": 0, "column": 1})  # a logit has no map
    assert not visitor.find("cnn-occlusion")
    assert not visitor.find("cnn:excites")


def test_the_answer_is_shown_before_the_score_is_made(monkeypatch):
    made = []
    monkeypatch.setattr(about, "full_score", lambda *_: made.append("score") or 0.5)
    blocks = page.stage(Config(), page.View(), Film.of(first(Config())))
    assert "The network says" in next(blocks).parts[0]
    assert next(blocks).name == "answers"
    assert made == []
    assert "50.00" in next(blocks).parts[0]


# ---------------------------------------------------------------- the answer


def test_the_answer_says_what_is_true_of_it():
    right, wrong = run(Config()), run(Config(digit="sample:1457"))
    assert about.answer(right).parts[0].endswith("· right")
    assert "wrong: it is 7" in about.answer(wrong).parts[0]
    bars = draw.answers(right)
    assert isinstance(bars, Bars)
    assert (bars.marked, bars.names[bars.marked], len(bars.names)) == (3, "3", 10)
    assert bars.shares == pytest.approx(right.probabilities.tolist(), abs=1e-6)
    stroke = np.zeros((28, 28), np.uint8)
    assert "empty" in about.answer(run(Config(digit=DRAWN + encode_drawing(stroke)))).parts[0]
    stroke[6:22, 14] = 255
    mine = run(Config(digit=DRAWN + encode_drawing(stroke)))  # nobody knows what it shall be
    assert about.answer(mine).parts[0].startswith(f"The network says **{int(mine.probabilities.argmax())}**, ")
    assert "·" not in about.answer(mine).parts[0]
