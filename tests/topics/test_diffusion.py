"""The page Diffusion: training in the plane, walks, one point's step, digits and their judge, the moving points."""

import dataclasses
import re
from itertools import pairwise
from random import Random

import numpy as np
import pytest
import torch

from engine import weights
from engine.contracts.film import Film, Frames
from engine.contracts.formula import written
from engine.data.digits import CLASSES, decode_drawing, encode_drawing, load_digits, quantised
from engine.models.diffusion.samplers import walk
from engine.models.diffusion.schedule import make_schedule
from engine.pictures.cloud.values import SENT, Cloud, Plane, cloud_payload, quantise_positions
from engine.pictures.packing import pack, unpack
from engine.topics.diffusion import digits, draw, explain, walks
from engine.topics.diffusion.card import ONLY_DIGITS, ONLY_POINTS, ONLY_SAMPLING, TOPIC, Config, before_sampling
from engine.topics.diffusion.predictor import denoiser_of, predictor
from engine.topics.diffusion.probe import formulas_at
from engine.topics.diffusion.run import Experiment, first, result_of, run, stream
from engine.topics.diffusion.walks import COUNT
from engine.training.fit import seeded
from tests.formulas import check

SHORT = Config(hidden=32, batch_size=128, until=60)


@pytest.fixture(scope="module")
def trained():
    """The last snapshot of the default training, about 9 CPU seconds."""
    *_, last = Experiment(Config()).train(Config().until, Config().until)
    return last


@pytest.fixture(scope="module")
def short():
    *_, last = Experiment(SHORT).train(SHORT.until, 20)
    return last


# ---------------------------------------------------------------- training and walking in the plane


def test_the_default_training_ends_near_the_data(trained):
    """What the page promises: at least 0.95 of the samples near the data, and all of the data covered."""
    back = walks.backward(Config(), trained)
    assert back.data_near >= 0.98
    assert back.near >= 0.95
    assert back.covered >= 0.97
    noisy = walks.backward(Config(sampler="ddpm"), trained)
    assert noisy.near >= 0.95
    few = walks.backward(Config(walk_steps=3), trained)
    assert few.near < 0.6  # the preset "Three steps"
    assert first(Config()).values["near"] < 0.1
    assert trained.values["held_out_loss"] < 0.5


def test_a_walk_is_the_sampler_s_own(short):
    config = dataclasses.replace(SHORT, sampler="ddpm", walk_steps=30, chain=200, sample_seed=5)
    back, schedule = walks.backward(config, short), make_schedule("cosine", 200)
    predict = predictor(denoiser_of(config, short.values["weights"]), schedule)
    with seeded(5) as generator, torch.no_grad():
        start = torch.randn(COUNT, 2, generator=generator)
        steps = list(walk(predict, start, schedule, 30, generator, sampler="ddpm"))
    assert back.times == [step.time for step in steps] + [0]
    np.testing.assert_array_equal(back.x[0], start.numpy())
    np.testing.assert_array_equal(back.x[-1], steps[-1].previous.numpy())
    for at, step in enumerate(steps):
        np.testing.assert_array_equal(back.x_0[at], step.x_0.numpy())
        np.testing.assert_allclose(back.alpha_bars[at], schedule.alpha_bar(step.time))


def test_long_walks_keep_some_moments_and_end_at_the_same_place(short):
    config = dataclasses.replace(SHORT, walk_steps=150)
    back = walks.backward(config, short)
    assert len(back.times) == walks.MOST_FRAMES + 1
    assert back.times[0] == 200
    assert back.times[-1] == 0
    assert (np.diff(back.times) < 0).all()
    assert walks.steps_back(dataclasses.replace(SHORT, chain=20)) == 20


def test_the_way_forward_is_a_chain_with_the_moments_of_eq_4(short):
    there = walks.forward(SHORT, short)
    assert (there.times[0], there.times[-1]) == (0, 200)
    assert there.x.shape == (len(there.times), COUNT, 2)
    start = there.x[0]
    for at in range(1, len(there.times)):
        bar = float(there.alpha_bars[at])
        noise = (there.x[at] - np.sqrt(bar) * start) / np.sqrt(1 - bar)
        assert abs(noise.mean()) < 0.15
        assert noise.std() == pytest.approx(1, abs=0.12)
    np.testing.assert_array_equal(there.x_0[0], start)
    schedule = make_schedule("cosine", 200)
    predict = predictor(denoiser_of(SHORT, short.values["weights"]), schedule)
    with torch.no_grad():
        guess = predict(torch.from_numpy(there.x[20]), there.times[20]).numpy()
    bar = there.alpha_bars[20]
    np.testing.assert_allclose(there.x_0[20], (there.x[20] - np.sqrt(1 - bar) * guess) / np.sqrt(bar), atol=1e-4)


def test_arrows_are_what_the_network_says_there(short):
    found = walks.arrows(SHORT, short, (200, 100, 0))
    predict = predictor(denoiser_of(SHORT, short.values["weights"]), make_schedule("cosine", 200))
    with torch.no_grad():
        for at, time in enumerate((200, 100, 1)):
            expected = -predict(torch.from_numpy(walks.lattice()), time).numpy()
            np.testing.assert_allclose(found[at], expected, atol=1e-6)


@pytest.mark.parametrize("changes", [
    {}, {"eta": 0.7}, {"sampler": "ddpm"}, {"sampler": "ddpm_large"}, {"walk_steps": 200},
])  # fmt: skip
def test_the_numbers_of_a_point_are_the_sampler_s(short, changes):
    config = dataclasses.replace(SHORT, **changes)
    back = walks.backward(config, short)
    for moment in (0, len(back.to) // 2, len(back.to) - 1):
        bar_s = draw.alpha_bar_at(config, back.to[moment])
        step = explain.explain_step(config, back, moment, 17, bar_s)
        x, noise, x_0 = (np.array(part) for part in (step.x, step.noise, step.x_0))
        bar = step.alpha_bar
        np.testing.assert_allclose(x_0, (x - np.sqrt(1 - bar) * noise) / np.sqrt(bar), atol=1e-3)
        if config.sampler == "ddim":
            mean = np.sqrt(bar_s) * x_0 + np.sqrt(max(0.0, 1 - bar_s - step.sigma**2)) * noise
        else:
            from_x_0, from_x = explain.posterior_weights(bar, bar_s)
            mean = from_x_0 * x_0 + from_x * x
        np.testing.assert_allclose(step.mean, mean, atol=2e-3)
        np.testing.assert_allclose(step.previous, mean + step.sigma * np.array(step.z), atol=2e-3)
        if len(back.times) <= walks.MOST_FRAMES:  # no moment is left out: the step leads to the next one
            np.testing.assert_array_equal(back.x[moment + 1][17], np.array(step.previous, np.float32))
        for value in (*step.x, *step.noise, *step.x_0, *step.mean, *step.previous):
            assert written(value) in step.formula.latex
    with pytest.raises(ValueError, match="leads on"):
        explain.explain_step(config, back, len(back.to), 0, 1.0)
    with pytest.raises(ValueError, match="leads on"):
        explain.explain_step(config, walks.forward(SHORT, short), 0, 0, 1.0)


@pytest.mark.parametrize("schedule", ["linear", "quadratic", "cosine"])
def test_the_numbers_at_the_noisy_end_keep_their_digits(short, schedule):
    """At t = 196 and 200 of 200 the linear schedule has ᾱ = 4e-5: nothing is divided by 0.0000."""
    config = dataclasses.replace(SHORT, schedule=schedule)
    back = walks.backward(config, short)
    for moment in (0, 1):
        bar_s = draw.alpha_bar_at(config, back.to[moment])
        latex = explain.explain_step(config, back, moment, 3, bar_s).formula.latex
        assert written(float(back.alpha_bars[moment])) in latex
        assert not re.search(r"(?<!\d)0\.0+(?!\d)", latex)
    for shown in formulas_at(config, Random(schedule)):
        check(shown.latex, shown.values, shown.where)


def test_the_loss_is_written_as_the_mean_that_it_is(short):
    """L is a mean over both coordinates: half the squared length of what ε̂ misses."""
    experiment = Experiment(SHORT)
    (x, time), noise = experiment.held_out
    with torch.no_grad():
        guess = denoiser_of(SHORT, short.values["weights"])(x, time)
    half = (noise - guess).square().sum(1).mean().item() / 2
    result = result_of(
        dataclasses.replace(SHORT, average=False),
        [dataclasses.replace(short, values={**short.values, "held_out_loss": half})],
    )
    latex = explain.live_formulas(SHORT, result)[0].latex
    assert r"\frac{1}{2}\, \bigl\lVert" in latex
    assert f"= {written(half)}," in latex
    assert r"\frac{1}{256}" in explain.live_formulas(Config(view="digits"), digits.run(Config(view="digits")))[0].latex


def test_the_formula_of_noising_ends_where_the_point_is(short):
    there = walks.forward(SHORT, short)
    latex = explain.noising_formula(there, 10, 3).latex
    x = there.x[10, 3]
    assert latex.endswith(f"({written(x[0])},\\,{written(x[1])})")
    assert r"t = 0" in explain.noising_formula(there, 0, 3).latex
    assert "w = 2{.}5" in explain.guidance_formula(2.5).latex


def test_looking_changes_nothing_and_a_seed_repeats(short):
    config = dataclasses.replace(SHORT, steps=40)
    one, other = list(Experiment(SHORT).train(40, 1)), list(Experiment(SHORT).train(40, 40))
    assert len(one) == 41
    for first_weight, second_weight in zip(one[-1].values["weights"], other[-1].values["weights"], strict=True):
        np.testing.assert_array_equal(first_weight, second_weight)
    np.testing.assert_array_equal(one[-1].values["samples"], other[-1].values["samples"])
    result = run(config)
    np.testing.assert_array_equal(result.x[-1].numpy(), walks.backward(config, other[-1]).x[-1])
    further = dataclasses.replace(config, steps=config.steps + 1)  # the picture and the numbers are of one walk
    assert walks.backward(further, other[-1]) is walks.backward(config, other[-1])
    assert result_of(config, other).near == result.near


def test_the_learning_rate_falls_from_half_way_on():
    """At the end the weights hardly move any more."""
    experiment = Experiment(dataclasses.replace(SHORT, average=False))
    fixed = [snapshot.values["weights"][0] for snapshot in experiment.train(60, 10)]
    moved = [float(np.abs(b - a).max()) for a, b in pairwise(fixed)]
    assert moved[-1] < 0.5 * moved[2]


def test_training_does_not_know_the_way_back():
    changed = Config(sampler="ddpm", walk_steps=7, sample_seed=3, eta=0.5, view="digits", guidance=1.0, steps=9)
    assert before_sampling(changed) == before_sampling(Config())
    assert before_sampling(Config(hidden=64)) != before_sampling(Config())
    names = {field.name for field in dataclasses.fields(Config)}
    assert set(ONLY_POINTS) | set(ONLY_DIGITS) | set(ONLY_SAMPLING) <= names
    assert not set(ONLY_POINTS) & set(ONLY_DIGITS)


def test_a_rate_that_is_too_high_still_gives_a_result():
    result = run(dataclasses.replace(SHORT, learning_rate=1.0, hidden=8, steps=30))
    assert 0 <= float(result.near) <= 1


# ---------------------------------------------------------------- digits


def test_digits_are_shrunk_and_the_judge_knows_real_ones():
    held_out = load_digits()
    pictures = digits.shrunk(held_out.held_out_images)
    assert pictures.shape == (2000, 1, 16, 16)
    assert (pictures.min(), pictures.max()) >= (-1, 0.9)
    right = (digits.judged(pictures).argmax(1) == torch.tensor(held_out.held_out_labels)).float().mean().item()
    assert right == pytest.approx(digits.judge_accuracy(), abs=0.002)
    assert right > 0.97


def test_the_judge_agrees_with_guided_samples():
    """What the card says, on a hundred new samples: the digit asked for is the digit seen, in at least 0.95."""
    agreement = [digits.run(Config(view="digits", sample_seed=seed)).agreement.item() for seed in range(10)]
    assert np.mean(agreement) >= 0.95
    assert max(value for name, value in weights.card(digits.NAME).score.items() if "guided" in name) >= 0.95


def test_guidance_trades_variety_for_agreement():
    config = Config(view="digits", digit="7")
    free, plain, strong = (digits.run(dataclasses.replace(config, guidance=w)) for w in (0.0, 1.0, 8.0))
    assert free.agreement < 0.6  # no class is asked for: any digit comes
    assert strong.agreement >= 0.9
    assert strong.variety < plain.variety
    assert digits.variety(digits.shrunk(load_digits().held_out_images[1400:1600])[:, 0], 7) == pytest.approx(
        1, abs=0.01
    )


def test_a_walk_to_digits_streams_and_repeats():
    config = Config(view="digits", digit="4", digit_steps=6, guidance=1.0, sampler="ddpm", sample_seed=2)
    snapshots = list(stream(config))
    assert [snapshot.step for snapshot in snapshots] == list(range(7))
    assert {snapshot.total for snapshot in snapshots} == {6}
    result, streamed = run(config), digits.result_of(config, snapshots[-1].values["moments"])
    assert torch.equal(result.x, streamed.x)
    assert result.time.tolist() == [400, 333, 267, 200, 133, 67, 0]
    assert result.x_0.abs().max() <= 1
    assert torch.equal(result.x[-1], result.x_0[-1])
    assert (result.label == 4).all()
    torch.testing.assert_close(result.judgement, digits.judged(result.x_0.reshape(-1, 1, 16, 16)).reshape(7, 10, 10))
    agreed = draw.agreement_values(result)
    torch.testing.assert_close(torch.from_numpy(agreed[:, 0]), result.judgement[:, :, 4].mean(1))
    assert digits.labels_of(Config()) == list(range(CLASSES))


def test_without_its_skips_the_unet_makes_no_digits():
    whole, cut = (digits.run(Config(view="digits", skips=skips)) for skips in ("on", "none"))
    assert cut.agreement < 0.6 < whole.agreement
    assert digits.only_digits(Config(hidden=64, data="moons")) == Config(view="digits")


@pytest.mark.parametrize("known", ["left", "top"])
def test_a_known_half_stays_and_the_rest_is_filled_in(known):
    config = Config(view="digits", known=known, digit_steps=10, sample_seed=3)
    pictures, mask = digits.known_part(config)
    assert mask.sum() == 128
    result = digits.run(config)
    torch.testing.assert_close(result.x[-1][:, mask], pictures[:, 0][:, mask], atol=1e-5, rtol=0)
    assert (result.x[-1][:, ~mask] - pictures[:, 0][:, ~mask]).abs().mean() > 0.05  # it is no copy
    assert result.agreement >= 0.8
    bar, noised = float(result.alpha_bar[5]), result.x[5][:, mask]
    noise = (noised - bar**0.5 * pictures[:, 0][:, mask]) / (1 - bar) ** 0.5
    assert noise.std() == pytest.approx(1, abs=0.1)  # in between, the known part is as noisy as the rest
    assert digits.known_part(Config(view="digits")) is None


def test_copies_are_found_out():
    real = load_digits()
    assert digits.novelty(digits.shrunk(real.train_images[:50])[:, 0]) < 0.01
    assert digits.novelty(digits.shrunk(real.held_out_images[5::10])[:, 0]) == pytest.approx(1, abs=0.1)
    assert digits.run(Config(view="digits")).novelty > 0.6


# ---------------------------------------------------------------- pictures


def test_moving_points_travel_as_16_bits():
    rng = np.random.default_rng(0)
    positions = rng.normal(size=(3, 7, 2)).astype(np.float32)
    sent = quantise_positions(positions, 3.0)
    back = (sent.astype(float) / 65535 * 2 - 1) * SENT * 3.0
    assert np.abs(back - positions).max() <= SENT * 3.0 / 65535
    far = quantise_positions(np.array([np.nan, np.inf, -np.inf, 1e9]), 3.0)
    assert far.tolist() == [32768, 65535, 0, 65535]
    frames = Frames("run", [0, 1, 2], [5, 3, 0])
    shown = Cloud([Plane("a {step}", positions)], frames, 3.0, np.arange(7), [], "Seven points", traced=[2],
                  arrows=rng.normal(size=(3, 4, 2)), lattice=rng.normal(size=(4, 2)))  # fmt: skip
    meta, arrays = unpack(pack(*cloud_payload(shown)))
    assert meta["titles"] == ["a {step}"]
    np.testing.assert_array_equal(arrays["p0"], sent)
    assert arrays["arrows"].shape == (3, 4, 2)
    with pytest.raises(ValueError, match="alt"):
        dataclasses.replace(shown, alt=" ")
    with pytest.raises(ValueError, match="positions must be"):
        dataclasses.replace(shown, classes=np.arange(6))
    with pytest.raises(ValueError, match="traced"):
        dataclasses.replace(shown, traced=[7])
    with pytest.raises(ValueError, match="come together"):
        dataclasses.replace(shown, lattice=None)
    with pytest.raises(ValueError, match="reach"):
        dataclasses.replace(shown, reach=0.0)


def test_a_walk_is_small_enough_to_be_sent(short):
    config = dataclasses.replace(SHORT, walk_steps=200)
    back = walks.backward(config, short)
    frames = draw.walk_frames(config, short, back, "")
    shown = draw.walk(config, Film.of(short), back, frames, with_arrows=True)
    assert len(pack(*cloud_payload(shown))) < 500_000
    assert set(draw.sectors(np.array([[1.0, 0.1], [-1.0, 0.0], [0.1, -1.0]]))) == {0, 3, 4}
    assert draw.ratio_values(np.array([0.5, 1.0])).tolist() == [[1.0], [np.inf]]


def test_a_cleared_pad_is_refused_in_one_sentence():
    empty = encode_drawing(quantised(np.zeros((28, 28), np.uint8)))
    with pytest.raises(Exception, match="The pad is empty"):
        first(Config(data="drawn", drawing=empty))
    assert encode_drawing(quantised(decode_drawing(Config().drawing))) == Config().drawing
    assert TOPIC.presets["Own drawing"].data == "drawn"
