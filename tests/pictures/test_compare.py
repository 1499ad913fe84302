"""Runs side by side: one scale, curves in one chart, differences of numbers; and whole runs made bit by bit."""

import dataclasses
import re

import numpy as np
import plotly.graph_objects as go
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.contracts.axes import axes, note, result
from engine.contracts.film import Frames
from engine.contracts.languages import translated
from engine.contracts.pins import differing
from engine.contracts.topic import catalogue, topic_of
from engine.machinery.whole_run import in_steps
from engine.pictures import theme
from engine.pictures.chart.figure import lines
from engine.pictures.comparison import (
    compare_numbers,
    curves_together,
    is_chart,
    is_curves,
    last_step,
    on_one_scale,
    one_colour_range,
)
from engine.pictures.pixels.sheet import tile_colours
from engine.pictures.pixels.values import Over, PixelPicture, Tile, value_range
from engine.topics.attention.card import Config as AttentionConfig
from engine.topics.cnn.card import Config as CnnConfig
from engine.topics.diffusion.card import Config as DiffusionConfig
from engine.topics.mlp.card import Config as MlpConfig
from pages.components.parts import compare, language

TOPICS = catalogue()
STEPS = 6
arrays = st.lists(st.floats(-5, 5, width=32), min_size=6, max_size=6).map(
    lambda v: np.array(v, np.float32).reshape(2, 3)
)


def picture(*tiles, frames=None):
    return PixelPicture(tiles, alt="a test", frames=frames)


# ---------------------------------------------------------------- one colour range


@given(st.lists(arrays, min_size=2, max_size=5), st.sampled_from(["magnitude", "signed"]))
def test_equal_values_have_equal_colours_in_all_pictures(runs, scale):
    found = one_colour_range([picture(Tile(values, scale=scale)) for values in runs])
    every = np.stack(runs)
    low, high = float(every.min()), float(every.max())
    if scale == "signed":
        low, high = -max(abs(low), abs(high)), max(abs(low), abs(high))
    assert {value_range(one.tiles[0]) for one in found} == {(low, high if high > low else low + 1)}
    colours = np.concatenate([tile_colours(one.tiles[0]).reshape(-1, 3) for one in found])
    low, high = value_range(found[0].tiles[0])
    assert np.array_equal(colours, theme.colourise(every.reshape(-1), scale, low, high))


def test_bytes_keep_their_values_when_their_range_grows():
    half = np.array([[0, 51, 255]], np.uint8)  # of 0 to 1: 0, 0.2 and 1
    one, other = one_colour_range([picture(Tile(half, low=0.0, high=1.0)), picture(Tile(half, low=-4.0, high=4.0))])
    assert value_range(one.tiles[0]) == value_range(other.tiles[0]) == (-4.0, 4.0)
    np.testing.assert_allclose(one.tiles[0].pixels, [[0, 0.2, 1]], atol=1e-6)
    assert other.tiles[0].pixels is half  # its range is the common one


def test_tiles_of_one_name_share_a_range_and_leave_the_others_alone():
    def run(first, second):
        return picture(Tile(np.full((1, 2), first, np.float32), "a"), Tile(np.full((1, 2), second, np.float32), "b"))

    one, other = one_colour_range([run(1, 100), run(3, 300)])
    assert [value_range(tile) for tile in one.tiles] == [value_range(tile) for tile in other.tiles]
    assert [value_range(tile) for tile in one.tiles] == [(1, 3), (100, 300)]


def test_pictures_of_other_tiles_share_one_range_throughout():
    few = picture(Tile(np.array([[0, 2]], np.float32), "a"))
    many = picture(Tile(np.array([[-1, 0]], np.float32), "a"), Tile(np.array([[5, 6]], np.float32), "b"))
    found = one_colour_range([few, many])
    assert {value_range(tile) for one in found for tile in one.tiles} == {(-1, 6)}


def test_classes_and_colours_have_no_range_and_layers_over_them_share_theirs():
    photo = np.zeros((2, 2, 3), np.uint8)
    heat = np.array([[0, 1]], np.float32)
    classes = Tile(np.full((2, 2, 2), 0.5, np.float32), classes=("a", "b"))
    first = picture(Tile(photo, over=Over(heat, high=0.2)), classes)
    second = picture(Tile(photo, over=Over(heat, high=0.7)), classes)
    for one in one_colour_range([first, second]):
        assert (one.tiles[0].over.low, one.tiles[0].over.high) == (0.0, 0.7)
        assert one.tiles[0].pixels is photo
        assert one.tiles[1].pixels is classes.pixels


def test_of_pictures_with_frames_the_last_moment_is_compared():
    frames = Frames("r", [0, 1], [0, 1])
    moving = picture(Tile(np.array([[[0, 1]], [[2, 3]]], np.float32)), frames=frames)
    one, other = on_one_scale([moving, picture(Tile(np.array([[5, 9]], np.float32)))])
    assert one.frames is None
    assert one.tiles[0].pixels.tolist() == [[2, 3]]
    assert value_range(one.tiles[0]) == value_range(other.tiles[0]) == (0, 9)


# ---------------------------------------------------------------- charts


def test_charts_get_axes_that_hold_all_data():
    first = lines({"a": ([0, 10], [1.0, 2.0])}, x_title="x", y_title="y")
    second = lines({"a": ([5, 40], [-3.0, float("nan")])}, x_title="x", y_title="y")
    one, other = on_one_scale([first, second])
    assert one.layout.xaxis.range == other.layout.xaxis.range == pytest.approx((0 - 1.6, 40 + 1.6))
    assert one.layout.yaxis.range == other.layout.yaxis.range == pytest.approx((-3 - 0.2, 2 + 0.2))
    assert first.layout.xaxis.range is None, "the figure given was changed"


def test_a_logarithmic_axis_is_measured_in_powers():
    figures = [lines({"a": ([0, 1], [low, 1000.0])}, x_title="", y_title="", log=True) for low in (0.0, 10.0)]
    for one in on_one_scale(figures):
        assert one.layout.yaxis.range == pytest.approx((1 - 0.08, 3 + 0.08))


def test_points_in_space_get_one_room():
    figures = [go.Figure(go.Scatter3d(x=[0, 1], y=[0, 1], z=[0, top])) for top in (1, 5)]
    for one in on_one_scale(figures):
        assert one.layout.scene.zaxis.range == pytest.approx((-0.2, 5.2))


def test_the_curves_of_all_runs_lie_in_one_chart():
    first = lines({"loss": ([0, 1], [3.0, 2.0]), "accuracy": ([0, 1], [0.1, 0.2])}, x_title="step", y_title="nat")
    second = lines({"loss": ([0], [4.0]), "accuracy": ([0], [0.3])}, x_title="step", y_title="nat")
    chart = curves_together([first, second], ["one", "two"], ["#111111", "#222222"], str.upper)
    assert [trace.name for trace in chart.data] == ["one · LOSS", "one · ACCURACY", "two · LOSS", "two · ACCURACY"]
    assert [list(trace.y) for trace in chart.data] == [[3, 2], [0.1, 0.2], [4], [0.3]]
    assert [trace.line.color for trace in chart.data] == ["#111111"] * 2 + ["#222222"] * 2
    assert chart.data[0].line.dash == chart.data[2].line.dash != chart.data[1].line.dash == chart.data[3].line.dash
    assert [trace.mode for trace in chart.data] == ["lines", "lines", "markers", "markers"]  # one point is no line
    assert (chart.layout.xaxis.title.text, chart.layout.yaxis.title.text) == ("STEP", "NAT")


# ---------------------------------------------------------------- numbers


@result
class Made:
    """A Result with one of everything."""

    score: float = axes("", "a number", unit="nat")
    sure: bool = axes("", "yes or no")
    step: torch.Tensor = axes("moment", "steps", unit="step")
    loss: torch.Tensor = axes("moment", "a series", unit="nat", gaps=True)
    maps: torch.Tensor = axes("row column", "an array", unit="volt", gaps=True)
    labels: torch.Tensor = axes("point", "whole numbers")
    about: str = note("no number")


def made(score=1.0, sure=True, losses=(2.0, 1.0), maps=((0.0, 1.0), (2.0, 3.0)), labels=(0, 1, 2)):
    steps = torch.arange(len(losses)) * 10
    return Made(score, sure, steps, torch.tensor(losses), torch.tensor(maps), torch.tensor(labels), "")


def test_numbers_come_with_signed_differences_from_the_reference():
    rows = {row.name: row for row in compare_numbers([made(score=0.25), made(score=1.0, losses=(2.0, 1.0, 0.5))], 1)}
    assert (rows["score"].kind, rows["score"].unit) == ("number", "nat")
    assert rows["score"].values == (0.25, 1.0)
    assert rows["score"].differences == (0.75, 0.0)  # the reference minus the run
    assert (rows["loss"].kind, rows["loss"].values, rows["loss"].differences) == ("last", (1.0, 0.5), (-0.5, 0.0))
    assert rows["sure"].values == (True, True)
    assert "step" not in rows
    assert list(rows) == ["score", "sure", "loss", "maps", "labels"]


def test_of_arrays_the_largest_difference_and_its_place_are_said():
    other = made(maps=((0.0, 1.5), (2.0, 1.0)), labels=(0, 2, 1))
    rows = {row.name: row for row in compare_numbers([other, made()], 1)}
    assert rows["maps"].differences == (2.0, 0.0)
    assert rows["maps"].places == ((("row", 1), ("column", 1)), ())
    assert rows["maps"].values == ((0.0, 2.0), (0.0, 3.0))
    assert rows["labels"].counted
    assert (rows["labels"].differences, rows["labels"].entries) == ((2.0, 0.0), 3)  # how many of them differ


def test_what_cannot_be_compared_is_not():
    gap = float("nan")
    other = made(losses=(2.0, gap), maps=((gap, 1.0), (2.0, 3.0)), labels=(0, 1))
    rows = {row.name: row for row in compare_numbers([other, made(maps=((gap, 1.0), (2.0, 2.5)))], 1)}
    assert rows["labels"].differences == (None, 0.0)
    assert rows["labels"].shapes == ((2,), (3,))
    assert rows["maps"].differences == (0.5, 0.0)  # a gap in both is no difference
    assert np.isnan(rows["loss"].differences[0])
    assert last_step(other) == 10


# ---------------------------------------------------------------- every topic


def preset_pair(slug):
    """Two presets of a topic, trained a little where it trains."""
    configs = list(TOPICS[slug].presets.values())
    pair = [configs[0], configs[1]]
    return [dataclasses.replace(one, steps=STEPS) if hasattr(one, "steps") else one for one in pair]


ALIKE = re.compile(  # in both languages
    r"SVM|softmax|AdaGrad|AdamW?|Nesterov|RMSprop|SGD|(Leaky )?ReLU|[GS]ELU|SiLU|ELU|tanh|sigmoid|Xavier|PCA|log|sin"
)


def in_english_alone(topic, results) -> list[str]:
    """What a figure of the Compare tab says to a Chinese reader without a Chinese word, names apart."""
    drawn = [(topic.load(topic.figures[name]), view) for name, view in topic.compared.items()]
    figures = [draw(result, **view) for draw, view in drawn for result in results]
    said = [compare.in_words(text) for figure in figures for text in texts_of(figure)]
    english = re.compile("^[^\u4e00-\u9fff]*[A-Za-z]{3}[^\u4e00-\u9fff]*$")
    return [text for text in said if english.match(ALIKE.sub("", text))]


def texts_of(figure) -> list[str]:
    """Every text of a figure that the tab translates."""
    if is_chart(figure):
        axes_ = [axis.title.text for axis in (figure.layout.xaxis, figure.layout.yaxis)]
        return [text for text in [*(trace.name for trace in figure.data), *axes_] if text]
    figure = translated(figure, "zh")
    tiles = figure.tiles if isinstance(figure, PixelPicture) else ()
    return [
        figure.alt,
        *(text for tile in tiles for text in (tile.caption, tile.unit, *(tile.cell_names or ())) if text),
    ]


@pytest.mark.parametrize("slug", TOPICS)
def test_two_presets_of_a_topic_can_be_compared(slug, monkeypatch):
    for module in (compare, language):
        monkeypatch.setattr(module, "language", lambda: "zh")
    topic, configs = TOPICS[slug], preset_pair(slug)
    results = [topic.load(topic.run)(config) for config in configs]
    assert differing(configs)
    assert not in_english_alone(topic, results)
    for name, view in topic.compared.items():
        figures = on_one_scale([topic.load(topic.figures[name])(one, **view) for one in results])
        assert type(figures[0]) is type(figures[1])
        if is_curves(figures[0]):
            chart = curves_together(figures, ["one", "two"], theme.CLASS_COLOURS[:2])
            assert len(chart.data) == sum(len(one.data) for one in figures)
        elif is_chart(figures[0]):
            assert figures[0].layout.xaxis.range == figures[1].layout.xaxis.range
        elif isinstance(figures[0], PixelPicture):
            ranges = [
                {(tile.caption, tile.scale): value_range(tile) for tile in one.tiles if tile.pixels.ndim == 2}
                for one in figures
            ]
            for key in ranges[0].keys() & ranges[1].keys():
                assert ranges[0][key] == ranges[1][key], key
    for row in compare_numbers(results, 1):
        one, other = (next(q for q in r.quantities() if q.name == row.name).values for r in results)
        one, other = np.asarray(one), np.asarray(other)
        if row.kind == "array" and one.shape == other.shape and not row.counted:
            apart = np.abs(one.astype(np.float64) - other)
            assert row.differences[0] == (np.nanmax(apart) if np.isfinite(apart).any() else None)
        elif row.kind != "array":
            assert row.differences[0] == pytest.approx(float(other.flat[-1]) - float(one.flat[-1]), nan_ok=True)


def test_a_figure_that_places_things_takes_one_scale_for_all():
    topic, configs = TOPICS["gnn"], preset_pair("gnn")
    results = [topic.load(topic.run)(config) for config in configs]
    draw = topic.load(topic.figures["embedding"])
    apart = [np.ptp(one.embedding.numpy()[:, 0]) for one in results]
    wide = [np.ptp([point.x for point in draw(one, beside=results).tiles[0].points]) for one in results]
    assert wide[0] / wide[1] == pytest.approx(apart[0] / apart[1], rel=1e-4)


# ---------------------------------------------------------------- whole runs, bit by bit


@pytest.mark.parametrize("slug", [slug for slug, topic in TOPICS.items() if topic.result_of])
@pytest.mark.parametrize("steps", [1, 7])
def test_a_run_made_bit_by_bit_is_the_run(slug, steps):
    topic = TOPICS[slug]
    config = dataclasses.replace(next(iter(topic.presets.values())), steps=steps)
    seen = list(in_steps(topic, config))
    assert [one.step for one in seen] == list(range(steps + 1))
    assert {one.total for one in seen} == {steps}
    assert all(one.result is None for one in seen[:-1])
    whole = topic.load(topic.run)(config)
    for one, other in zip(seen[-1].result.quantities(), whole.quantities(), strict=True):
        torch.testing.assert_close(one.values, other.values, rtol=0, atol=0, equal_nan=True, msg=one.name)


def test_a_run_of_many_steps_is_looked_at_as_often_as_by_run():
    topic, config = TOPICS["mlp"], MlpConfig(layers=(2,), steps=250)
    *_, last = in_steps(topic, config)
    assert last.result.step.tolist() == topic.load(topic.run)(config).step.tolist()
    assert len(last.result.step) == 126


def test_a_run_that_diverges_ends_where_it_did():
    topic, config = (
        TOPICS["mlp"],
        MlpConfig(data="hills", layers=(24, 24), optimizer="sgd", learning_rate=10.0, steps=200),
    )
    *_, last = in_steps(topic, config)
    whole = topic.load(topic.run)(config)
    assert last.result.diverged_at == whole.diverged_at
    assert 0 < last.result.diverged_at < 200
    assert last.result.step.tolist() == whole.step.tolist()


@pytest.mark.parametrize(
    ("config", "steps"),
    [
        (MlpConfig(steps=9), 9),
        (DiffusionConfig(steps=9), 9),
        (DiffusionConfig(view="digits", steps=9), 0),
        (AttentionConfig(), 0),
    ],
)
def test_steps_count_where_they_do_something(config, steps):
    topic = topic_of(config)
    assert topic.config is type(config)
    assert topic.steps_of(config) == steps
    assert topic.trains(config) == (steps > 0)


def test_what_does_not_train_is_made_in_one_go():
    first, last = in_steps(TOPICS["cnn"], CnnConfig())
    assert (first.step, first.result) == (0, None)
    assert last.step == last.total == 1
    assert last.result.logits.argmax() == 3


def test_a_run_can_be_stopped_on_its_way():
    closed = []
    training = dataclasses.replace(TOPICS["mlp"].training, stream=f"{__name__}:closing_stream")
    topic = dataclasses.replace(TOPICS["mlp"], training=training)
    closing_stream.closed = closed
    work = in_steps(topic, MlpConfig(steps=1000))
    next(work)
    next(work)
    work.close()
    assert closed == [10]


def closing_stream(config):
    """A stream that says at which step it was closed."""
    step = 0
    try:
        while True:
            snapshot = type("Snapshot", (), {"step": step})
            step += (yield snapshot) or 1
    finally:
        closing_stream.closed.append(step)
