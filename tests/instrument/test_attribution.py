"""Attribution methods against closed forms, sum rules and finite differences."""

import pytest
import torch
from torch import nn

from engine.instrument.attribution import (
    drop_per_pixel,
    grad_cam,
    input_gradient,
    integrated_gradients,
    occlusion,
    walk,
)
from engine.instrument.trace import Tap


class AveragePoolNetwork(nn.Module):
    """Convolution, ReLU, average over all positions, one linear layer: Zhou et al.'s CAM is exact for it."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.convolution = nn.Conv2d(3, 5, 3, padding=1)
        self.tap = Tap("batch channel row column")
        self.linear = nn.Linear(5, 4)
        for parameter in self.parameters():
            parameter.data = torch.randn(parameter.shape, generator=generator)

    def forward(self, x):
        return self.linear(self.tap(self.convolution(x).relu()).mean((2, 3)))


def picture(seed=1, size=8):
    return torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("class_index", range(4))
@pytest.mark.parametrize("frozen", [False, True])
def test_grad_cam_of_average_pooling_is_cam(class_index, frozen):
    model, x = AveragePoolNetwork().requires_grad_(not frozen), picture()
    found = grad_cam(model, x, class_index, "tap")
    maps, weights = model.convolution(x).relu()[0].detach(), model.linear.weight[class_index].detach()
    assert torch.allclose(found.channel_weights, weights / 64, atol=1e-6)  # 8 x 8 positions
    assert torch.allclose(found.heat, torch.einsum("k,kij->ij", weights, maps).relu() / 64, atol=1e-6)
    assert not found.heat.requires_grad


def test_grad_cam_names_what_is_wrong():
    with pytest.raises(KeyError, match="no tap 'tip'"):
        grad_cam(AveragePoolNetwork(), picture(), 0, "tip")
    with pytest.raises(ValueError, match="one picture"):
        grad_cam(AveragePoolNetwork(), picture().repeat(2, 1, 1, 1), 0, "tap")


def test_input_gradient_agrees_with_finite_differences():
    model, x = AveragePoolNetwork().double(), picture().double()
    found = input_gradient(model, x, 2)
    assert found.shape == (3, 8, 8)
    for place in [(0, 0, 0), (1, 3, 4), (2, 7, 7)]:
        step = torch.zeros_like(x)
        step[(0, *place)] = 1e-5
        with torch.no_grad():
            difference = (model(x + step) - model(x - step))[0, 2] / 2e-5
        assert found[place].item() == pytest.approx(difference.item(), abs=1e-6)
    assert not x.requires_grad


@pytest.mark.parametrize("baseline", [None, 0.5])
def test_integrated_gradients_add_up_to_the_score(baseline):
    model, x = AveragePoolNetwork().double(), picture().double()
    start = None if baseline is None else torch.full_like(x, baseline)
    found = integrated_gradients(model, x, 1, baseline=start, steps=400)
    with torch.no_grad():
        rise = (model(x) - model(torch.zeros_like(x) if start is None else start))[0, 1].item()
    assert found.sum().item() == pytest.approx(rise, rel=2e-3)


def bent(x):
    """Scores whose slope changes abruptly all along the way, as those of a network with many ReLUs do."""
    s = x.mean((1, 2, 3))
    return (torch.sin(90 * s.sqrt()) * s + 4 * (s - 0.31).relu() * 8 + s)[:, None]


def test_a_walk_takes_shorter_steps_where_the_sum_would_miss():
    x = torch.ones(1, 3, 4, 4)
    rise = (bent(x) - bent(torch.zeros_like(x) + 1e-12)).item()
    coarse = integrated_gradients(bent, x, 0, steps=6, baseline=torch.zeros_like(x) + 1e-12).sum().item()
    assert abs(coarse - rise) > 0.05 * abs(rise)
    *parts, whole = walk(bent, x, 0, steps=6, baseline=torch.zeros_like(x) + 1e-12, within=0.05)
    assert whole.attribution.sum().item() == pytest.approx(rise, rel=0.05)
    assert 6 < whole.looks <= 128
    assert (whole.done, whole.total) == (6, 6)
    done = [part.done for part in (*parts, whole)]
    assert done == sorted(set(done))
    for part in parts:  # and on the way the sum is the score reached so far
        u = part.done / part.total
        reached = (bent(torch.full_like(x, u**2) + 1e-12) - bent(torch.zeros_like(x) + 1e-12)).item()
        assert part.attribution.sum().item() == pytest.approx(reached, abs=0.05 * abs(rise))


def test_a_walk_that_cannot_come_near_ends_all_the_same():
    """Noise instead of a score: nothing adds up, the number of looks is bounded."""
    x, seen = torch.ones(1, 1, 4, 4), []

    def noise(z):
        seen.append(1)
        return torch.sin(1e5 * z.sum((1, 2, 3)))[:, None]

    *_, whole = walk(noise, x, 0, within=0.001, most=60)
    assert 60 < whole.looks <= 60 + 32 + 4
    assert whole.done == whole.total


def test_integrated_gradients_of_a_quadratic_are_exact():
    """y = sum a x^2: the integral of 2 a s x ds times x is a x^2 for every pixel; u^3 in the midpoint rule errs by
    1 / (2 n^2)."""
    x, a = picture(), picture(2)
    found = integrated_gradients(lambda z: (a * z**2).sum((1, 2, 3))[:, None], x, 0, steps=50)
    assert torch.allclose(found, (a * x**2)[0], rtol=1 / (2 * 50**2) + 1e-4, atol=1e-6)


def linear_scores(weights):
    return lambda z: torch.einsum("bcij,kcij->bk", z, weights)


@pytest.mark.parametrize(("window", "stride"), [(4, 2), (3, 1), (3, 4), (8, 8)])
def test_occlusion_of_a_linear_model_is_the_sum_under_the_window(window, stride):
    """y = sum w x, so covering with c lowers y by the sum of w (x - c) under the window."""
    x, weights, cover = picture(), torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(3)), 0.25
    *_, last = occlusion(linear_scores(weights), x, 1, window, stride, cover, batch_size=3)
    contribution = (weights[1] * (x[0] - cover)).sum(0)
    assert last.done == last.total == last.drops.numel()
    for i, top in enumerate(last.tops):
        for j, left in enumerate(last.lefts):
            expected = contribution[top : top + window, left : left + window].sum()
            assert last.drops[i, j].item() == pytest.approx(expected.item(), abs=1e-4)
    assert last.tops[-1] == 8 - window  # nothing is left out at the far edge


def test_occlusion_fills_up_and_never_changes_what_is_there():
    x, weights = picture(), picture(4)
    before, done = None, 0
    for step in occlusion(linear_scores(weights), x, 0, 2, 1, 0.0, batch_size=5):
        known = ~step.drops.isnan()
        assert int(known.sum()) == step.done > done
        if before is not None:
            old = ~before.isnan()
            assert torch.equal(step.drops[old], before[old])
        before, done = step.drops, step.done
    assert done == 49


def test_occlusion_covers_each_channel_with_its_own_value():
    x, weights = picture(), torch.ones(1, 3, 8, 8)
    cover = torch.tensor([1.0, 2.0, 3.0])
    *_, last = occlusion(linear_scores(weights), x, 0, 8, 1, cover)
    assert last.drops.item() == pytest.approx(x.sum().item() - 64 * 6, abs=1e-3)


@pytest.mark.parametrize(("window", "stride"), [(0, 1), (9, 1), (3, 0)])
def test_occlusion_rejects_windows_that_do_not_fit(window, stride):
    with pytest.raises(ValueError, match="window of 1 to 8"):
        next(occlusion(linear_scores(picture()), picture(), 0, window, stride, 0.0))


def test_drop_per_pixel_is_the_mean_of_the_windows_over_it():
    x, weights = picture(), picture(5)
    *_, last = occlusion(linear_scores(weights), x, 0, 3, 2, 0.0)
    found = drop_per_pixel(last, 3, 8, 8)
    for row, column in [(0, 0), (2, 2), (3, 5), (7, 7)]:
        over = [
            last.drops[i, j]
            for i, top in enumerate(last.tops)
            for j, left in enumerate(last.lefts)
            if top <= row < top + 3 and left <= column < left + 3
        ]
        assert found[row, column].item() == pytest.approx(torch.stack(over).mean().item(), abs=1e-5)
    first = next(occlusion(linear_scores(weights), x, 0, 3, 2, 0.0, batch_size=1))
    assert drop_per_pixel(first, 3, 8, 8).isnan().sum() == 64 - 9
