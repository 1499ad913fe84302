"""The pipeline of the CNN: lines and frames of an opened cell, the order of the maps, and its sheet for files."""

import numpy as np
import pytest

from engine.pictures.packing import pack
from engine.pictures.pipeline.sheet import pipeline_sheet
from engine.pictures.pipeline.values import Layer, PipelinePicture
from engine.pictures.sheet import Raster, Words
from engine.topics.cnn import explain, pipeline
from engine.topics.cnn.card import Config
from engine.topics.cnn.ranks import ranked
from engine.topics.cnn.run import DENSE, LAYERS, model_of, run


@pytest.mark.parametrize("layer", [*LAYERS, *DENSE])
def test_the_lines_of_an_opened_cell_are_what_its_number_is_made_of(layer):
    """They add up to it, without the bias; and the frames are where it reads."""
    result = run(Config())
    shape = getattr(result, layer.replace(".", "_")).shape
    for place in (tuple(0 for _ in shape), tuple(length // 2 for length in shape), tuple(n - 1 for n in shape)):
        cell = explain.explain_cell(Config(), result, layer, *place)
        given = pipeline.given(cell)
        assert given.sum() + cell.bias == pytest.approx(cell.value, abs=2e-5)
        picture = pipeline.draw_pipeline(result, cell)
        most = np.abs(given).max()
        for link in picture.links:
            assert picture.keys[link.end[0]] == layer.replace(".", "-")
            assert link.end[1] == cell.channel
            if cell.weights is not None:
                assert link.share == pytest.approx(given[link.start[1]] / most, abs=1e-6)
        if layer in LAYERS[1:]:
            window = picture.windows[1]
            source = picture.layers[window.layer].maps
            read = source if window.channel is None else source[window.channel : window.channel + 1]
            read = read[:, window.top : window.bottom, window.left : window.right]
            assert read.sum() == pytest.approx(cell.inputs.sum(), abs=1e-4), "beyond the border are zeros"
        if layer in LAYERS:
            frame = picture.windows[0]
            assert (frame.top, frame.left, frame.bottom, frame.right) == cell.field


# ---------------------------------------------------------------- the order of the maps


def test_maps_stand_in_the_order_of_their_strength_and_silent_ones_last():
    result = run(Config())
    ranks = ranked(result, "strength")
    for block, maps in (("conv1", result.conv1_relu), ("conv2", result.conv2_relu)):
        means = maps.double().mean((1, 2))[list(ranks.orders[block])]
        assert (means.diff() <= 1e-6).all(), block
        assert sorted(ranks.orders[block]) == list(range(len(maps)))
    silent = int((result.hidden_relu == 0).sum())
    last = ranks.orders["hidden"][-silent:]
    assert silent > 0
    assert not result.hidden_relu[list(last)].any()
    assert list(last) == sorted(last), "equal ones stand as they are counted"
    assert ranked(result, "number").orders["conv2"] == tuple(range(16))
    picture = pipeline.draw_pipeline(result)
    assert {layer.places for layer in picture.layers if layer.group == "Second convolution"} == {ranks.orders["conv2"]}


def test_the_share_of_a_map_is_what_the_logit_loses_without_it():
    """An oracle that switches one map off by hooks, one pass for each."""
    result = run(Config())
    model, best = model_of(Config(), result.weights), int(result.probabilities.argmax())
    ranks = ranked(result, "share", model)
    for block, tap in (("conv1", model.conv1), ("conv2", model.conv2), ("hidden", model.hidden_relu)):
        fall = []
        for channel in range(len(ranks.orders[block])):

            def silence(module, given, made, channel=channel):
                made = made.clone()
                made[:, channel] = 0
                return made

            hook = tap.register_forward_hook(silence)
            try:
                fall.append((result.logits[best] - model(result.pixels[None, None])[0, best]).item())
            finally:
                hook.remove()
        assert ranks.values[block].numpy() == pytest.approx(fall, abs=2e-4), block
        assert (np.diff(np.array(fall)[list(ranks.orders[block])]) <= 4e-4).all()


# ---------------------------------------------------------------- the picture itself


def test_a_sheet_shows_every_map_once_with_its_number_and_nothing_that_is_covered():
    result = run(Config())
    cell = explain.explain_cell(Config(), result, "conv2.sum", 5, 6, 8)
    for covered, fewer in (("", 0), ("maps", 3 * 8 + 3 * 16), ("answer", 10)):
        picture = pipeline.draw_pipeline(result, cell, covered=covered)
        sheet = pipeline_sheet(picture, picked=pipeline.place(picture, cell))
        rasters = [mark for mark in sheet.marks if isinstance(mark, Raster)]
        assert len(rasters) == 1 + 8 + 3 * 8 + 3 * 16 + 2 * 32 + 10 - fewer + 2, "and the colours of the legend"
        for mark in rasters:
            assert mark.x >= 0
            assert mark.x + mark.width <= sheet.width
            assert mark.y + mark.height <= sheet.height
        numbers = [mark.text for mark in sheet.marks if isinstance(mark, Words) and mark.text == "15"]
        assert len(numbers) == (3 if covered != "maps" else 0) + 2, "of the maps, and of the hidden layer"


@pytest.mark.parametrize("channels", [2, 8, 16])
def test_the_payload_stays_small(channels):
    config = Config(start="fresh", channels=channels)
    assert len(pack(*pipeline.draw_pipeline(run(config)).payload())) < 12_000 * (channels + 1)


def test_what_does_not_fit_together_is_refused():
    maps = np.zeros((2, 3, 3), np.float32)
    with pytest.raises(ValueError, match="name each of 2 maps once"):
        PipelinePicture([Layer(maps, "a", order=(0, 0))], "x")
    with pytest.raises(ValueError, match="single numbers"):
        PipelinePicture([Layer(maps, "a", form="bars")], "x")
    with pytest.raises(ValueError, match="float32"):
        PipelinePicture([Layer(maps.astype(np.float64), "a")], "x")
    with pytest.raises(ValueError, match="expected a form"):
        PipelinePicture([Layer(maps, "a", form="rows")], "x")
    with pytest.raises(ValueError, match="alt text"):
        PipelinePicture([Layer(maps, "a")], " ")
