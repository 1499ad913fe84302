"""Diffusion: schedules and samplers against closed forms, the networks, and what counts as near the data."""

import math
from itertools import pairwise

import pytest
import torch

from engine.contracts.knob import KnobError
from engine.data.clouds import CLOUDS, FRESH, REFERENCE, cloud_of
from engine.data.digits import encode_drawing
from engine.instrument.trace import count_parameters, record, tap_names
from engine.models.diffusion.denoiser import PointDenoiser
from engine.models.diffusion.samplers import ddim_step, ddpm_step, posterior_variance, walk, walk_times
from engine.models.diffusion.schedule import (
    COSINE_END,
    SCHEDULES,
    make_schedule,
    noise_of,
    predict_x_0,
    q_sample,
    sinusoids,
)
from engine.models.diffusion.unet import CLASSES, NO_CLASS, SmallUNet, guided_noise
from engine.topics.diffusion.card import DATA, DRAWING, Config
from engine.topics.diffusion.digits import digit_schedule
from engine.training.average import Average
from engine.training.fit import seeded

ODD = torch.tensor([[1.0, 0.6], [0.6, 0.8]])  # a covariance
MIDDLE = torch.tensor([0.5, -1.0])


# ---------------------------------------------------------------- schedules


@pytest.mark.parametrize("steps", [10, 200, 1000])
@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_drowns_the_data(name, steps):
    schedule = make_schedule(name, steps)
    bars = schedule.alphas_cumprod.double()
    assert schedule.steps == len(bars) == steps
    torch.testing.assert_close(bars, torch.cumprod(1 - schedule.betas.double(), 0), rtol=1e-4, atol=1e-7)
    assert (schedule.betas > 0).all()
    assert (schedule.betas < 1).all()
    assert (bars.diff() < 0).all()
    assert 0 < bars[-1] < 0.002
    torch.testing.assert_close(schedule.signal_to_noise().double(), bars / (1 - bars), rtol=1e-3, atol=1e-9)
    assert schedule.alpha_bar(0) == 1
    assert schedule.alpha_bar(steps) == schedule.alphas_cumprod[-1]


def test_the_published_schedules():
    linear = make_schedule("linear", 1000).betas  # Ho et al. 2020, section 4
    torch.testing.assert_close(linear, torch.linspace(1e-4, 0.02, 1000))
    cosine = make_schedule("cosine", 1000).alphas_cumprod
    t = torch.arange(1, 1001) / 1000
    f = torch.cos((t + 0.008) / 1.008 * math.pi / 2).square() / math.cos(0.008 / 1.008 * math.pi / 2) ** 2
    assert (cosine - f).abs().max() < 0.04  # eq. 17 of Nichol and Dhariwal, stretched to end at ᾱ = 0.001
    assert cosine[-1].item() == pytest.approx(COSINE_END, rel=1e-4)
    with pytest.raises(ValueError, match="linear, cosine, quadratic"):
        make_schedule("square", 10)


@pytest.mark.parametrize("steps", [10, 30, 50, 200, 400, 1000])
@pytest.mark.parametrize(("name", "end"), [("linear", 4.0358e-5), ("quadratic", 7.3341e-4), ("cosine", COSINE_END)])
def test_as_much_is_left_at_the_same_share_of_every_chain(name, end, steps):
    """ᾱ of T steps is that of the 1000 published ones at 1000 t / T, at its end and everywhere."""
    schedule = make_schedule(name, steps)
    assert schedule.alphas_cumprod[-1].item() == pytest.approx(end, rel=1e-4)
    if name == "cosine":
        return
    betas = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)
    if name == "quadratic":
        betas = torch.linspace(0.01, 0.02**0.5, 1000, dtype=torch.float64).square()
    bars = torch.cumprod(1 - betas, 0)
    for t in range(1, steps + 1):
        at = 1000 * t / steps
        near, far = bars[math.floor(at + 1e-9) - 1].item(), bars[math.ceil(at - 1e-9) - 1].item()
        assert near * (1 + 1e-6) >= schedule.alpha_bar(t).item() >= far * (1 - 1e-6)
        if at % 1 == 0:
            assert schedule.alpha_bar(t).item() == pytest.approx(near, rel=1e-5)


def test_the_schedule_of_the_shipped_network_is_what_it_was_trained_with():
    """ᾱ of the cosine schedule of 400 steps, as its closed form; no other schedule touches it."""
    assert digit_schedule().name == "cosine"
    assert digit_schedule().steps == 400
    middle = 0.008 / 1.008 * math.pi / 2
    last = math.acos(math.sqrt(COSINE_END) * math.cos(middle))
    for t in (1, 100, 240, 399, 400):
        angle = middle + (last - middle) * t / 400
        expected = (math.cos(angle) / math.cos(middle)) ** 2
        assert digit_schedule().alpha_bar(t).item() == pytest.approx(expected, rel=1e-5)


def test_the_forward_process_has_the_moments_of_eq_4():
    """The chain of eq. 2, step by step, ends where the one step of eq. 4 does."""
    schedule, x_0 = make_schedule("cosine", 40), torch.tensor([1.5, -0.5])
    with seeded(0) as generator:
        x = x_0.expand(20_000, 2)
        for beta in schedule.betas[:20].tolist():
            x = (1 - beta) ** 0.5 * x + beta**0.5 * torch.randn(20_000, 2, generator=generator)
        at_once = q_sample(x_0, torch.randn(20_000, 2, generator=generator), schedule.alpha_bar(20))
    bar = schedule.alpha_bar(20).item()
    for sample in (x, at_once):
        torch.testing.assert_close(sample.mean(0), bar**0.5 * x_0, atol=0.03, rtol=0)
        torch.testing.assert_close(sample.var(0), torch.full((2,), 1 - bar), atol=0.03, rtol=0)


@pytest.mark.parametrize("bar", [0.999, 0.5, 0.001])
def test_x_0_and_noise_say_the_same(bar):
    with seeded(1) as generator:
        x_0, noise = torch.randn(2, 50, 2, generator=generator, dtype=torch.float64)
    x_t = q_sample(x_0, noise, bar)
    torch.testing.assert_close(predict_x_0(x_t, noise, bar), x_0)
    torch.testing.assert_close(noise_of(x_t, x_0, bar), noise)


def test_times_are_told_apart():
    read = sinusoids(torch.tensor([0.0, 1.0, 999.0]), 8)
    assert read.shape == (3, 8)
    assert torch.equal(read[0], torch.tensor([0.0, 0, 0, 0, 1, 1, 1, 1]))
    torch.testing.assert_close(read[:, :4].square() + read[:, 4:].square(), torch.ones(3, 4))
    assert (read[1] - read[2]).abs().max() > 0.1


# ---------------------------------------------------------------- samplers


def exact(schedule):
    """The best noise predictor there is for Gaussian data: ε̂ = √(1 - ᾱ) (ᾱ C + (1 - ᾱ) I)⁻¹ (x - √ᾱ m)."""

    def predict(x, t):
        bar = schedule.alpha_bar(t).double()
        total = bar * ODD.double() + (1 - bar) * torch.eye(2, dtype=torch.float64)
        return (1 - bar).sqrt() * torch.linalg.solve(total, (x - bar.sqrt() * MIDDLE).T).T

    return predict


def walked(sampler, eta, steps, total=200, count=20_000, seed=0):
    schedule = make_schedule("cosine", total)
    with seeded(seed) as generator:
        start = torch.randn(count, 2, generator=generator).double()
        return list(walk(exact(schedule), start, schedule, steps, generator, sampler=sampler, eta=eta))


@pytest.mark.parametrize(("sampler", "eta", "steps"), [
    ("ddim", 0.0, 200), ("ddim", 0.0, 50), ("ddim", 0.5, 200), ("ddim", 1.0, 200), ("ddpm", 0.0, 200),
    ("ddpm_large", 0.0, 200),
])  # fmt: skip
def test_with_the_exact_noise_gaussian_data_come_out(sampler, eta, steps):
    end = walked(sampler, eta, steps)[-1].previous
    torch.testing.assert_close(end.mean(0), MIDDLE.double(), atol=0.06, rtol=0)
    torch.testing.assert_close(end.T.cov(), ODD.double(), atol=0.06, rtol=0)


def test_few_steps_of_ddpm_cost_more_than_few_of_ddim():
    """How far the covariance is off: with 8 steps more for DDPM than for DDIM, with 64 little for both."""

    def off(sampler, steps):
        return (walked(sampler, 0.0, steps)[-1].previous.T.cov() - ODD).abs().max().item()

    assert off("ddpm", 8) > 1.2 * off("ddim", 8)
    assert off("ddpm", 64) < 0.1
    assert off("ddim", 64) < 0.1


@pytest.mark.parametrize(("bar_t", "bar_s"), [(0.2, 0.3), (0.001, 0.5), (0.98, 0.999)])
def test_ddim_with_eta_one_is_ddpm(bar_t, bar_s):
    with seeded(2) as generator:
        x, noise, z = torch.randn(3, 100, 2, generator=generator, dtype=torch.float64)
    for clip in (None, 0.7):
        one, other = (
            ddpm_step(x, noise, bar_t, bar_s, z, clip=clip),
            ddim_step(x, noise, bar_t, bar_s, z, eta=1.0, clip=clip),
        )
        for first, second in zip(one, other, strict=True):
            torch.testing.assert_close(torch.as_tensor(first), torch.as_tensor(second), rtol=1e-9, atol=1e-9)


def test_eq_7_is_eq_11():
    """The mean of the posterior with x̂_0 put in is (x_t - β / √(1 - ᾱ_t) ε̂) / √α, and its variance β̃."""
    schedule = make_schedule("linear", 100)
    with seeded(3) as generator:
        x, noise, z = torch.randn(3, 100, 2, generator=generator, dtype=torch.float64)
    for t in (2, 50, 100):
        bar_t, bar_s = float(schedule.alpha_bar(t)), float(schedule.alpha_bar(t - 1))
        alpha = bar_t / bar_s
        assert 1 - alpha == pytest.approx(schedule.betas[t - 1].item(), rel=2e-3)
        expected = (x - (1 - alpha) / math.sqrt(1 - bar_t) * noise) / math.sqrt(alpha)
        _, _, mean, sigma, after = ddpm_step(x, noise, bar_t, bar_s, z)
        torch.testing.assert_close(mean, expected)
        torch.testing.assert_close(after, mean + sigma * z)
        # Bayes: precisions of q(x_t | x_s) and q(x_s | x_0) add up
        assert 1 / sigma**2 == pytest.approx(alpha / (1 - alpha) + 1 / (1 - bar_s), rel=1e-6)
        assert sigma**2 == pytest.approx(posterior_variance(bar_t, bar_s))
        large = ddpm_step(x, noise, bar_t, bar_s, z, large=True)[3]
        assert large**2 == pytest.approx(1 - alpha)
        assert large > sigma


def test_the_last_step_is_the_expected_data():
    for sampler, eta in (("ddim", 0.0), ("ddim", 1.0), ("ddpm", 0.0), ("ddpm_large", 0.0)):
        last = walked(sampler, eta, 20, count=50)[-1]
        assert last.to == 0
        assert last.sigma == 0
        torch.testing.assert_close(last.previous, last.x_0)


def test_ddim_without_noise_depends_on_the_start_alone_and_can_be_walked_back():
    schedule = make_schedule("cosine", 200)
    predict = exact(schedule)
    with seeded(0) as generator:
        start = torch.randn(100, 2, generator=generator).double()
    ends = []
    for seed in (1, 2):
        with seeded(seed) as generator:
            *_, last = walk(predict, start, schedule, 200, generator)
        ends.append(last.previous)
    assert torch.equal(*ends)
    x = ends[0]
    for t in range(1, 201):  # the same rule, upwards
        noise, bar_s = predict(x, max(1, t - 1)), float(schedule.alpha_bar(t - 1))
        x_0 = predict_x_0(x, noise, bar_s)
        x = q_sample(x_0, noise, float(schedule.alpha_bar(t)))
    assert (x - start).abs().mean() < 0.05


def test_a_walk_visits_the_times_it_says():
    assert walk_times(200, 200) == list(range(200, -1, -1))
    assert walk_times(10, 3) == [10, 7, 3, 0]
    for total, steps in ((1000, 7), (30, 29), (10, 1)):
        times = walk_times(total, steps)
        assert (times[0], times[-1], len(times)) == (total, 0, steps + 1)
        assert all(t > s for t, s in pairwise(times))
    with pytest.raises(ValueError, match="1 to 10"):
        walk_times(10, 11)
    with pytest.raises(ValueError, match="ddim, ddpm"):
        walked("euler", 0.0, 5)
    steps = walked("ddpm", 0.0, 5, count=3)
    for one, following in pairwise(steps):
        assert one.to == following.time
        assert torch.equal(one.previous, following.x_t)


def test_clipping_keeps_noise_and_data_in_step():
    with seeded(4) as generator:
        x, noise, z = torch.randn(3, 100, 2, generator=generator, dtype=torch.float64)
    used, x_0, *_ = ddim_step(x, noise, 0.01, 0.1, z, clip=1.0)
    assert x_0.abs().max() == 1
    torch.testing.assert_close(q_sample(x_0, used, 0.01), x)


# ---------------------------------------------------------------- networks


def test_the_denoiser_is_seeded_and_starts_at_zero():
    with seeded(0) as one, seeded(0) as same, seeded(1) as other:
        models = [PointDenoiser(32, 3, True, generator) for generator in (one, same, other)]
    x, time = torch.randn(5, 2), torch.rand(5)
    assert torch.equal(models[0](x, time), torch.zeros(5, 2))
    for first, second, third in zip(*(model.blocks.parameters() for model in models), strict=True):
        assert torch.equal(first, second)
        assert first.dim() == 1 or not torch.equal(first, third)
    with seeded(0) as generator:
        assert count_parameters(PointDenoiser(32, 3, False, generator)) == 32 * 35 + 2 * 32 * 33 + 2 * 33


def small_unet(seed=0):
    with seeded(seed) as generator:
        model = SmallUNet(generator, channels=8, condition=16).eval()
        for parameter in model.parameters():  # zeros would hide mistakes
            parameter.data.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return model.requires_grad_(False)


def test_the_unet_keeps_shapes_and_its_skips_can_be_cut():
    model = small_unet()
    x, time, label = torch.randn(3, 1, 16, 16), torch.rand(3), torch.tensor([0, 9, NO_CLASS])
    with record(model) as trace:
        plain = model(x, time, label)
    assert set(trace) == set(tap_names(model)) == {"condition_tap", "skip16", "skip8", "bottom"}
    assert (plain.shape, trace["skip16"].shape) == ((3, 1, 16, 16), (3, 8, 16, 16))
    assert (trace["skip8"].shape, trace["bottom"].shape) == ((3, 16, 8, 8), (3, 16, 4, 4))
    with record(model, edits={"skip16": torch.zeros_like}):
        assert not torch.allclose(model(x, time, label), plain)
    alone = model(x[1:2], time[1:2], label[1:2])
    torch.testing.assert_close(alone, plain[1:2], rtol=1e-4, atol=1e-5)  # pictures of a batch do not meet


def test_guidance_is_a_line_through_both_predictions():
    model = small_unet()
    x, time, label = torch.randn(4, 1, 16, 16), torch.rand(4), torch.arange(4) % CLASSES
    without, told = model(x, time, torch.full((4,), NO_CLASS)), model(x, time, label)
    assert (without - told).abs().max() > 1e-3
    torch.testing.assert_close(guided_noise(model, x, time, label, 0.0), without)
    torch.testing.assert_close(guided_noise(model, x, time, label, 1.0), told)
    expected = without + 3.5 * (told - without)
    torch.testing.assert_close(guided_noise(model, x, time, label, 3.5), expected, rtol=1e-3, atol=1e-4)


def test_the_average_of_weights_by_hand():
    model = torch.nn.Linear(1, 1, bias=False)
    model.weight.data.fill_(0.0)
    average, expected = Average(model, 0.9), 0.0
    for update in range(1, 200):
        model.weight.data.fill_(float(update))
        average.update(model)
        decay = min(0.9, (1 + update) / (10 + update))
        expected = decay * expected + (1 - decay) * update
    assert average.model.weight.item() == pytest.approx(expected, rel=1e-5)
    assert model.weight.item() == 199


# ---------------------------------------------------------------- near the data


def test_the_card_names_the_clouds():
    assert tuple(DATA) == CLOUDS


@pytest.mark.parametrize("name", CLOUDS)
def test_fresh_data_are_near_and_noise_and_collapse_are_not_good(name):
    cloud = cloud_of(name, DRAWING if name == "drawn" else "")
    assert (len(cloud.reference), len(cloud.fresh)) == (REFERENCE, FRESH)
    with seeded(5) as generator:
        fresh = cloud.sample(4000, generator)
        noise = torch.randn(500, 2, generator=generator)
    torch.testing.assert_close(fresh.mean(0), torch.zeros(2), atol=0.06, rtol=0)
    assert fresh.square().mean().item() == pytest.approx(1, abs=0.06)
    assert cloud.near(fresh) >= 0.98
    assert cloud.covered(fresh[:500]) >= 0.98
    assert cloud.near(noise) < 0.45
    assert cloud.near(fresh[:500] + torch.tensor([6.0, 0.0])) == 0
    one = cloud.reference[:1].expand(500, 2)  # all samples the same: near, but nothing is covered
    assert cloud.near(one) == 1
    assert cloud.covered(one) < 0.1
    half = fresh[fresh[:, 0] < 0][:500]
    assert cloud.covered(half) < 0.75
    assert cloud.near(torch.full((3, 2), math.nan)) == 0


def test_drawn_points_lie_on_the_ink():
    pixels = torch.zeros(28, 28, dtype=torch.uint8).numpy()
    pixels[4:24, 3:5] = 255  # a bar at the left, a dot at the right
    pixels[20:24, 20:24] = 255
    cloud = cloud_of("drawn", encode_drawing(pixels))
    with seeded(0) as generator:
        points = cloud.sample(2000, generator) * cloud.scale + cloud.mean
    left = points[:, 0] < 12
    assert left.float().mean().item() == pytest.approx(40 / 56, abs=0.04)
    assert points[left, 0].median().item() == pytest.approx(4.0, abs=0.2)
    assert points[~left, 1].median().item() == pytest.approx(-21.0, abs=0.3)  # rows go down
    with pytest.raises(KnobError, match="empty"):
        cloud_of("drawn", encode_drawing(pixels * 0))
    with pytest.raises(ValueError, match="spiral"):
        cloud_of("star")
    assert Config().drawing == DRAWING
