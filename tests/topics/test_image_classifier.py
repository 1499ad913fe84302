"""The image classifier's experiment: one pass must agree with each method done by itself."""

import dataclasses
from functools import lru_cache

import numpy as np
import pytest
import torch

from engine.contracts.formula import written
from engine.contracts.knob import KnobError, from_query, to_query
from engine.data.imagenet import chinese_names, class_names, full_names
from engine.data.pictures import PictureError
from engine.instrument.attribution import grad_cam, input_gradient, integrated_gradients
from engine.models.efficientnet import load_lite0
from engine.pictures.pixels.values import picture_payload
from engine.topics.image_classifier import draw, explain
from engine.topics.image_classifier.card import TOPIC, Config
from engine.topics.image_classifier.run import LAYERS, NEAR, run, see, stream, walk_from_grey, with_walk


@pytest.fixture(scope="module")
def result():
    return run(Config(target=287))


def test_one_pass_gives_what_each_method_gives_alone(result):
    model = load_lite0()
    x, square, _ = see(Config(target=287))
    assert np.array_equal(result.square.numpy(), square)
    with torch.no_grad():
        assert torch.allclose(model(x)[0], result.scores, atol=1e-4)
    for layer in ("head", "stage7", "stage3", "stem"):
        alone = grad_cam(model, x, 287, f"taps.{layer}")
        assert torch.allclose(getattr(result, f"{layer}_weights"), alone.channel_weights, atol=1e-6)
        assert torch.allclose(draw.grad_cam_at(result, layer), alone.heat, atol=1e-5)
    assert torch.allclose(result.grad_cam, draw.grad_cam_at(result), atol=1e-6)
    gradient = input_gradient(model, x, 287).abs().amax(0)
    assert torch.allclose(result.saliency, gradient.reshape(56, 4, 56, 4).mean((1, 3)), atol=1e-5)


def test_probabilities_and_what_the_channels_add_to_the_score(result):
    assert result.probabilities.sum().item() == pytest.approx(1, abs=1e-5)
    added = sum(draw.channel_facts(result, "head", channel)["added"] for channel in range(1280))
    bias = load_lite0().classifier.bias[287].item()
    assert added + bias == pytest.approx(result.scores[287].item(), abs=1e-3)
    strongest = draw.channels_by_evidence(result, "head")
    facts = [draw.channel_facts(result, "head", channel)["added"] for channel in strongest[:20]]
    assert facts == sorted(facts, reverse=True)


def test_the_target_changes_the_evidence_and_not_the_answer(result):
    own = run(Config())
    assert own.explained == 282
    assert torch.allclose(own.probabilities, result.probabilities, atol=1e-6)
    assert not torch.allclose(own.head_weights, result.head_weights, atol=1e-4)


@lru_cache(maxsize=2)
def walked(config: Config):
    """A run of integrated gradients: seconds, so each is made once."""
    return run(config)


COFFEE, LYNX = TOPIC.presets["Coffee, integrated"], Config(target=287, saliency="integrated")


def test_integrated_gradients_add_up_to_the_score():
    for config in (COFFEE, LYNX):
        found = walked(config)
        assert found.saliency_sum == pytest.approx(found.saliency_goal, rel=NEAR)
        assert (found.saliency >= 0).all()
        assert 32 <= found.saliency_steps < 128


def test_thirty_two_steps_alone_miss_the_score_of_the_lynx_by_a_quarter():
    """Why the walk takes shorter steps where the score changes abruptly."""
    model, (x, _, _) = load_lite0(), see(Config())
    with torch.no_grad():
        goal = (model(x) - model(torch.zeros_like(x)))[0, 287].item()
    assert integrated_gradients(model, x, 287, steps=32).sum().item() == pytest.approx(1.26 * goal, rel=0.02)
    assert walked(LYNX).saliency_goal == pytest.approx(goal, rel=1e-4)
    assert walked(LYNX).saliency_sum == pytest.approx(goal, rel=NEAR)


def test_the_walk_shows_on_its_way_what_the_whole_run_has_at_its_end():
    """Each part's sum is the score where the walk has come to, less that of grey; the last part is the Result's."""
    config = COFFEE
    whole, looked = walked(config), run(dataclasses.replace(config, saliency="gradient"))
    snapshots = list(walk_from_grey(config))
    steps, ways = [one.step for one in snapshots], [one.values["way"] for one in snapshots]
    assert ways == sorted(set(ways))
    assert steps == [int(32 * way**0.5) for way in ways]  # what a reader is told: steps, not their shortest parts
    assert (steps[-1], ways[-1], {one.total for one in snapshots}) == (32, 1.0, {32})
    assert len(steps) > 32
    there = with_walk(looked, snapshots[-1])
    assert [explain.way(whole, one).parts[0].values["share"].share for one in snapshots[::8]] == [
        one.values["way"] for one in snapshots[::8]
    ]
    assert explain.way(whole, snapshots[-1]).parts == explain.way(whole).parts
    assert (explain.lacks_walk(config, looked), explain.lacks_walk(config, whole)) == (True, False)
    for field in dataclasses.fields(whole):
        ours, theirs = getattr(there, field.name), getattr(whole, field.name)
        assert torch.equal(ours, theirs) if isinstance(ours, torch.Tensor) else ours == theirs, field.name
    model, (x, _, _) = load_lite0(), see(config)
    with torch.no_grad():
        grey = model(torch.zeros_like(x))[0, whole.explained].item()
        for one in snapshots[7::8]:
            here = model(one.values["way"] * x)[0, whole.explained].item()
            assert one.values["sum"] == pytest.approx(here - grey, abs=0.05 * abs(whole.saliency_goal))


def test_a_walk_that_misses_says_of_how_many_steps_the_error_is(result):
    near = dataclasses.replace(result, saliency_sum=2.0, saliency_goal=2.0 + 1.9 * NEAR, saliency_steps=131)
    assert len(explain.way(near).parts) == 1
    missed = dataclasses.replace(near, saliency_goal=3.0)
    assert "is the error of 131 steps" in explain.way(missed).parts[1]


@pytest.mark.parametrize("cell", [1, 5, 16])
def test_saliency_cells_cover_the_picture(cell):
    assert run(Config(cell=cell)).saliency.shape == (-(-224 // cell),) * 2


def test_occlusion_ends_where_a_direct_measurement_is():
    """One window over the whole of a corner: the fall of the probability, computed here by hand."""
    config = Config(window=112, stride=56, cover="black")
    *_, last = stream(config)
    assert last.step == last.total == 9
    model = load_lite0()
    x, _, _ = see(config)
    covered = x.clone()
    covered[..., :112, :112] = -127 / 128
    with torch.no_grad():
        fall = (model(x).softmax(1) - model(covered).softmax(1))[0, 282].item()
    assert last.values["heat"][0, 0].item() == pytest.approx(fall, abs=1e-5)  # only this window covers the corner
    assert last.values["probability"] == pytest.approx(run(Config()).probabilities[282].item(), abs=1e-6)


def test_occlusion_fills_up():
    known = [
        1 - snapshot.values["heat"].isnan().float().mean().item() for snapshot in stream(Config(window=56, stride=56))
    ]
    assert known[0] == 0
    assert known[-1] == 1
    assert known == sorted(known)


def test_augmentation_shows_both_answers():
    changed, plain = run(Config(colour=0.0, flip=True)), run(Config())
    assert changed.changed
    assert not plain.changed
    assert torch.allclose(changed.untouched, plain.probabilities, atol=1e-5)
    assert torch.equal(plain.untouched, plain.probabilities)
    assert changed.explained == 285


@pytest.mark.parametrize(
    "text", ["chelsea", "sample:", "upload:xyz", "upload:" + "g" * 16, "sample:../secret", "x" * 41]
)
def test_bad_picture_keys_in_a_link_fall_back_and_are_reported(text):
    config, rejected = from_query(Config, {"picture": text})
    assert config == Config()
    assert [item.name for item in rejected] == ["picture"]
    with pytest.raises(KnobError):
        Config(picture=text)


def test_a_link_to_an_upload_survives_but_the_picture_is_asked_for():
    config = Config(picture="upload:0123456789abcdef")
    assert from_query(Config, to_query(config)) == (config, [])
    with pytest.raises(PictureError, match="not on this server"):
        run(config)


def test_evidence_pictures(result):
    values = draw.draw_evidence(result, "grad_cam", layer="stage7").tiles[0]
    assert np.array_equal(values.over.pixels, draw.grad_cam_at(result, "stage7").numpy())
    assert values.over.high == pytest.approx(values.over.pixels.max())
    assert (values.pixels[..., 0] == values.pixels[..., 2]).all()  # grey below the colours
    plain = draw.draw_evidence(result, "none").tiles[0]
    assert plain.over is None
    assert np.array_equal(plain.pixels, result.square.numpy())
    unknown = torch.full((56, 56), torch.nan)
    assert draw.draw_evidence(result, "occlusion", heat=unknown).tiles[0].over.high == 1.0
    with pytest.raises(ValueError, match="expected one of grad_cam"):
        draw.draw_evidence(result, "magic")
    with pytest.raises(ValueError, match="expected one of stem"):
        draw.draw_evidence(result, layer="stage8")


def test_answers_figure(result):
    shown = draw.draw_answers(result, 3)
    shares, order = result.probabilities[[282, 285, 281, 287]], draw.top_classes(result, 3)
    assert order == [282, 285, 281, 287]  # lynx is not among the three best, but it is the one explained
    assert shown.shares == pytest.approx(shares.tolist())
    assert shown.names == [class_names()[index] for index in order] == ["tiger cat", "Egyptian cat", "tabby", "lynx"]
    assert [name.text("zh") for name in shown.names] == [f"{chinese_names()[at]} {class_names()[at]}" for at in order]
    assert shown.hover[3].text("zh") == f"{chinese_names()[287]} lynx: {full_names()[287]}"
    assert (shown.hover[3], shown.keys, shown.marked) == (full_names()[287], order, 3)
    assert shown.ticks is None
    changed = dataclasses.replace(result, changed=True)
    assert draw.draw_answers(changed, 3).ticks == pytest.approx(shares.tolist())


@pytest.mark.parametrize("layer", LAYERS)
def test_feature_pictures_show_the_maps(result, layer):
    maps = getattr(result, layer)
    own = draw.draw_features(result, layer)
    assert len(own.tiles) == min(len(maps), 320)
    tile = own.tiles[5]
    shown = tile.pixels.astype(np.float64)
    if tile.pixels.dtype == np.uint8:
        shown = tile.low + shown / 255 * (tile.high - tile.low)
    assert np.abs(shown - maps[5].numpy()).max() <= (tile.high - tile.low) / 255 / 2 + 1e-6
    common = draw.draw_features(result, layer, scale="common")
    assert len({(tile.low, tile.high) for tile in common.tiles}) == 1
    ranked = draw.draw_features(result, layer, order="evidence")
    best = draw.channels_by_evidence(result, layer)
    assert [int(tile.caption) for tile in ranked.tiles] == best[:320]
    assert list(ranked.keys) == [f"{layer}-{tile.caption}" for tile in ranked.tiles]
    assert [explain.picked_channel(result, layer, key) for key in ("", f"{layer}-3", f"{layer}-9999", "none-3")] == [
        best[0], 3, best[0], best[0],
    ]  # fmt: skip
    _, arrays = picture_payload(own)
    assert sum(array.nbytes for array in arrays.values()) <= 1_000_000
    one = draw.draw_channel(result, layer, 3)
    zoom = 224 // maps.shape[1]
    assert np.array_equal(one.tiles[0].pixels[::zoom, zoom - 1 :: zoom], maps[3].numpy())
    weight = getattr(result, f"{layer}_weights")[3].item()
    assert one.tiles[1].over.pixels == pytest.approx(maps[3].numpy() * weight)


def test_formulas_carry_the_numbers(result):
    score, total = result.scores[287].item(), result.scores.double().logsumexp(0).item()
    text = explain.softmax_formula(result).latex
    assert f"e^{{{written(score, 6)}}}" in text
    assert f"e^{{{written(total, 6)}}}" in text
    assert text.endswith(f"= {written(result.probabilities[287].item())}")
    assert explain.grad_cam_formula(result).latex.endswith(f"= {written(result.grad_cam.max().item())}")
    assert explain.completeness_formula(result) is None


@pytest.mark.parametrize("name", TOPIC.presets)
def test_every_preset_runs_and_draws(name):
    config = TOPIC.presets[name]
    found = (walked if config.saliency == "integrated" else run)(config)
    draw.draw_evidence(found)
    draw.draw_answers(found)
    assert found.probabilities[found.explained] > 0


def test_equal_configs_give_equal_results():
    config = Config(crop=0.6, cutout=64, seed=7)
    first, second = run(config), run(config)
    assert torch.equal(first.probabilities, second.probabilities)
    assert torch.equal(first.head_weights, second.head_weights)
    assert not torch.equal(first.square, run(Config(crop=0.6, cutout=64, seed=8)).square)
