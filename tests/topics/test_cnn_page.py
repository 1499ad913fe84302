"""What a reader does on the page of the CNN: trains from scratch, scrubs, clicks cells, opens what a link asks for."""

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import pages.cnn as page
from engine.contracts.blocks import Choose, Say
from engine.contracts.film import Film
from engine.contracts.knob import KnobError
from engine.contracts.words import number
from engine.data.digit_keys import DRAWN
from engine.data.digits import HELD_OUT_OF_EACH, encode_drawing
from engine.pictures.kinds import kind_of
from engine.topics.cnn import about, draw, explain, pipeline
from engine.topics.cnn.card import FIRST_CELL, Config, cell_named
from engine.topics.cnn.ranks import ranked
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


@cache
def names_of(before: bool) -> list[str]:
    """The layers of the pipeline, without and with the kernels of the start."""
    kernels = ["before", "kernels"] if before else ["kernels"]
    return ["input", *kernels, *LAYERS, "hidden.sum", "hidden.relu", "logits", "softmax"]


def maps_shown(visitor, layer: str) -> np.ndarray:
    meta, arrays = visitor.data("cnn-pipeline")
    names = names_of(len(meta["layers"]) == len(names_of(True)))
    return arrays[f"m{names.index(layer)}"]


def assert_shows(visitor, config: Config, step: int) -> None:
    """All that the page shows is of the network of one step."""
    result = result_of(replace(config, steps=step))
    for layer in (*LAYERS, *DENSE):
        values = getattr(result, layer.replace(".", "_")).numpy()
        shown = maps_shown(visitor, layer)
        assert shown.reshape(values.shape) == pytest.approx(values, abs=1e-4), layer
    assert maps_shown(visitor, "kernels") == pytest.approx(result.conv1_kernels.numpy(), abs=1e-5)
    assert maps_shown(visitor, "softmax").ravel() == pytest.approx(result.probabilities.numpy(), abs=1e-5)
    assert visitor.data("cnn-pipeline")[0]["marked"] == int(result.probabilities.argmax())
    cell = explain.cell_at(config, result, FIRST_CELL)
    assert f"**{number(cell.value, 4)[:5]}" in visitor.texts()


# ---------------------------------------------------------------- training


def test_train_from_scratch_begins_at_once_and_once(visitor):
    visitor.open("cnn")
    assert not visitor.timers
    assert not visitor.press("cnn:scratch").errors
    assert visitor.query == "start=fresh"
    assert len(visitor.timers) == 1  # the stage
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


def test_the_pipeline_follows_the_training_without_a_click_and_then_the_bar(server, visitor):
    visitor.open("cnn", "start=fresh")
    before = maps_shown(visitor, "conv1.relu").copy()
    visitor.press("cnn:play")
    for _ in range(100):
        visitor.follow(0.2)
        changed = not np.array_equal(maps_shown(visitor, "conv1.relu"), before)
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
    page.opened(Config(steps=20), page.View(cell="conv2-sum-3-4-5"), film)  # how far it went is noted in between
    list(page.looked_into(Config(steps=20), page.View(), film))
    assert len(passed) == 1
    page.opened(Config(digit="sample:4"), page.View(), film)
    list(page.stage(FRESH, page.View(), later))
    assert len(passed) == 3


# ---------------------------------------------------------------- cells


@pytest.mark.parametrize("layer", [*LAYERS, *DENSE])
def test_a_click_names_the_cell_that_is_then_explained_and_marked(layer):
    result = result_of(Config())
    values = getattr(result, layer.replace(".", "_"))
    for place in (tuple(length - 1 for length in values.shape), tuple(length // 3 for length in values.shape)):
        channel, row, column = (*place, 0, 0)[:3]
        key = layer.replace(".", "-")
        clicked = {"tile": names_of(False).index(layer), "channel": channel, "row": row, "column": column}
        picture = pipeline.draw_pipeline(result)
        assert picture.keys[clicked["tile"]] == key
        assert picture.layers[clicked["tile"]].maps[channel, row, column] == values[place].item()
        assert kind_of(picture).fits(picture)("cell", clicked)
        fields = page.open_cell({**clicked, "key": key, "place": "pipeline", "event": "cell"}, None, None)
        assert cell_named(fields["cell"]) == (layer, place)
        assert fields["probability"] == -1, "one is opened at a time"
        cell = explain.cell_at(Config(), result, page.View(**fields).cell)
        assert (cell.layer, cell.value) == (layer, values[place].item())
        assert pipeline.place(picture, cell) == clicked
        if layer in LAYERS:
            large = draw.draw_map(result, cell)
            assert np.array_equal(large.tiles[0].pixels, values[channel].numpy())
            event = {**draw.in_map(cell), "key": large.keys[0]}
            assert page.cell_of_map(event, None, None) == {"cell": fields["cell"]}


def test_a_probability_is_chosen_on_the_softmax_alone():
    tile = names_of(False).index("softmax")
    picture = pipeline.draw_pipeline(run(Config()))
    assert picture.keys[tile] == "softmax"
    for key, fields in (("logits", {"cell": "logits-7", "probability": -1}), ("softmax", {"probability": 7})):
        event = {"channel": 7, "row": 0, "column": 0, "key": key}
        assert page.open_cell(event, None, None) == fields


def test_what_can_not_be_opened_is_no_click():
    result = run(Config())
    fits = kind_of(pipeline.draw_pipeline(result)).fits
    cell = {"channel": 0, "row": 0, "column": 0}
    shown = fits(pipeline.draw_pipeline(result))
    assert not shown("cell", {**cell, "tile": 0}), "the input is made of nothing"
    assert not shown("cell", {**cell, "tile": 2, "channel": 8})
    assert not shown("cell", {**cell, "tile": 2, "row": 28})
    assert not shown("cell", {**cell, "tile": -1})
    assert not fits(pipeline.draw_pipeline(result, covered="maps"))("cell", {**cell, "tile": 2})


def test_the_order_is_chosen_and_stands_in_the_link(visitor):
    visitor.open("cnn")
    order = visitor.data("cnn-pipeline")[0]["layers"][2]["order"]
    assert order == list(ranked(run(Config()), "strength").orders["conv1"])
    visitor.touch("cnn-rank", "pick", 2)
    assert visitor.query == "view.rank=number"
    assert visitor.data("cnn-pipeline")[0]["layers"][2]["order"] == list(range(8))
    visitor.touch("cnn-rank", "pick", 1)
    assert visitor.query == "view.rank=share"
    assert "the logit of the answer falls furthest" in visitor.data("cnn-pipeline")[0]["note"]


def test_the_kernels_of_the_start_stand_beside_those_of_now(visitor):
    trained(visitor)
    before = maps_shown(visitor, "before")
    assert before == pytest.approx(result_of(FRESH).conv1_kernels.numpy())
    assert not np.allclose(maps_shown(visitor, "kernels"), before, atol=1e-3)


@pytest.mark.parametrize("covered", [name for name in pipeline.COVERS if name])
def test_what_a_lesson_covers_is_not_sent(visitor, covered):
    visitor.open("cnn", f"view.covered={covered}")
    for layer in names_of(False):
        assert maps_shown(visitor, layer).any() != layer.startswith(pipeline.COVERS[covered]), layer
    assert not any("p_{" in element.body for kind, element, _ in visitor.elements.values() if kind == "markdown")


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
    place = {"tile": names_of(False).index("conv2.sum"), "channel": 5, "row": 6, "column": 8}
    assert visitor.data("cnn-pipeline")[0]["picked"] == place
    products, arrays = visitor.data("cnn-products")
    assert [tile["caption"] for tile in products["tiles"][:2]] == ["w 0", "w 1"]
    kernels = run(Config()).conv2_kernels[5].numpy()
    assert np.stack([arrays[f"t{k}"] for k in range(8)]) == pytest.approx(kernels), "all kernels of the channel"
    assert visitor.find("cnn-occlusion")
    assert not visitor.find("cnn-channel")
    assert any("p_{7}" in element.body for kind, element, _ in visitor.elements.values() if kind == "markdown")


def test_what_the_switches_show_is_made_only_where_they_are_on(monkeypatch):
    made = []
    monkeypatch.setattr(explain, "explain_channel", lambda *_: made.append("channel"))
    monkeypatch.setattr(explain, "evidence", lambda *_: made.append("evidence") or np.zeros((28, 28)))
    film = Film.of(first(Config()))

    def below(view, film=film):
        return list(flat(page.opened(Config(), view, film), Config(), view, film))

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
    maps, number = visitor.widget("cnn-pipeline"), visitor.widget("cnn-products")
    assert not visitor.move("cnn:occlude", True).errors
    assert visitor.find("cnn-occlusion")
    assert visitor.widget("cnn-pipeline") is maps
    assert visitor.widget("cnn-products") is number
    tile = names_of(False).index("conv2.pool")
    visitor.touch("cnn-pipeline", "cell", {"tile": tile, "channel": 3, "row": 2, "column": 1})
    assert visitor.find("cnn-occlusion")
    tile = names_of(False).index("logits")
    visitor.touch("cnn-pipeline", "cell", {"tile": tile, "channel": 1, "row": 0, "column": 0})  # a logit has no map
    assert not visitor.find("cnn-occlusion")
    assert not visitor.find("cnn:excites")


def test_the_answer_is_shown_before_the_score_is_made(monkeypatch):
    made = []
    monkeypatch.setattr(about, "full_score", lambda *_: made.append("score") or 0.5)
    blocks = page.stage(Config(), page.View(), Film.of(first(Config())))
    assert "The network says" in next(blocks).parts[0]
    assert next(blocks).name == "pipeline"
    assert made == []
    assert any("50.00" in block.parts[0] for block in blocks if isinstance(block, Say))


# ---------------------------------------------------------------- the answer


def test_the_answer_says_what_is_true_of_it():
    right, wrong = run(Config()), run(Config(digit="sample:1457"))
    assert about.answer(right).parts[0].endswith("· right")
    assert "wrong: it is 7" in about.answer(wrong).parts[0]
    picture = pipeline.draw_pipeline(right)
    bars = picture.layers[-1]
    assert (picture.marked, bars.form, len(bars.maps), bars.places) == (3, "bars", 10, tuple(range(10)))
    assert bars.maps.ravel() == pytest.approx(right.probabilities.numpy(), abs=1e-6)
    stroke = np.zeros((28, 28), np.uint8)
    assert "empty" in about.answer(run(Config(digit=DRAWN + encode_drawing(stroke)))).parts[0]
    stroke[6:22, 14] = 255
    mine = run(Config(digit=DRAWN + encode_drawing(stroke)))  # nobody knows what it shall be
    assert about.answer(mine).parts[0].startswith(f"The network says **{int(mine.probabilities.argmax())}**, ")
    assert "·" not in about.answer(mine).parts[0]
