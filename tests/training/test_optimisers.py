"""The optimisers, schedules and clipping that are written out, beside PyTorch's own."""

import math

import pytest
import torch

from engine.training.clipping import clip
from engine.training.optimisers import RULES, Optimiser, Settings, nothing_yet, take_step
from engine.training.schedules import SCHEDULES, share_of_peak

SETTINGS = Settings(0.03, momentum=0.85, forgets=0.95, beta_1=0.8, beta_2=0.98, epsilon=1e-8, decay=0.1)


def theirs(rule: str, parameters) -> torch.optim.Optimizer:
    s = SETTINGS
    match rule:
        case "sgd":
            return torch.optim.SGD(parameters, s.rate)
        case "momentum":
            return torch.optim.SGD(parameters, s.rate, momentum=s.momentum)
        case "nesterov":
            return torch.optim.SGD(parameters, s.rate, momentum=s.momentum, nesterov=True)
        case "adagrad":
            return torch.optim.Adagrad(parameters, s.rate, eps=s.epsilon)
        case "rmsprop":
            return torch.optim.RMSprop(parameters, s.rate, alpha=s.forgets, eps=s.epsilon)
        case "adam":
            return torch.optim.Adam(parameters, s.rate, (s.beta_1, s.beta_2), s.epsilon)
    return torch.optim.AdamW(parameters, s.rate, (s.beta_1, s.beta_2), s.epsilon, weight_decay=s.decay)


def loss_of(weights: torch.Tensor) -> torch.Tensor:
    """Steep one way, flat another, with a bend."""
    return (weights**2 * torch.tensor([5.0, 0.1, 1.0], dtype=weights.dtype)).sum() + (weights[0] * weights[2]).sin()


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_steps_as_the_optimiser_of_pytorch(rule):
    """100 steps in float64, all numbers within 1e-12."""
    start = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    ours, memory = start.clone(), nothing_yet(start)
    parameter = start.clone().requires_grad_()
    optimiser = theirs(rule, [parameter])
    for count in range(1, 101):
        optimiser.zero_grad()
        loss_of(parameter).backward()
        gradient = parameter.grad.clone()
        optimiser.step()
        before = ours
        made = take_step(rule, ours, gradient, memory, SETTINGS)
        ours, memory = made.position, made.memory
        torch.testing.assert_close(ours, parameter.detach(), rtol=0, atol=1e-12)
        torch.testing.assert_close(made.shrunk - made.change, ours, rtol=0, atol=0)
        assert memory.count == count
        assert (made.shrunk is before) == (rule != "adamw")


def test_what_adam_remembers_is_what_pytorch_remembers():
    parameter = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64).requires_grad_()
    optimiser, memory = theirs("adam", [parameter]), nothing_yet(parameter.detach())
    for _ in range(7):
        optimiser.zero_grad()
        loss_of(parameter).backward()
        made = take_step("adam", parameter.detach().clone(), parameter.grad.clone(), memory, SETTINGS)
        memory = made.memory
        optimiser.step()
    state = optimiser.state[parameter]
    torch.testing.assert_close(memory.first, state["exp_avg"], rtol=0, atol=1e-14)
    torch.testing.assert_close(memory.second, state["exp_avg_sq"], rtol=0, atol=1e-14)
    torch.testing.assert_close(made.first_hat, memory.first / (1 - SETTINGS.beta_1**7))


@pytest.mark.parametrize("rule", RULES)
def test_a_network_is_moved_as_by_pytorch(rule):
    generator = torch.Generator().manual_seed(0)
    inputs, targets = torch.randn(16, 5, generator=generator).double(), torch.arange(16) % 3
    networks = []
    for make in (lambda p: Optimiser(p, rule, SETTINGS), lambda p: theirs(rule, p)):
        network = torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.Tanh(), torch.nn.Linear(7, 3)).double()
        with torch.no_grad():
            for number, parameter in enumerate(network.parameters()):
                parameter.copy_(
                    torch.linspace(-1, 1, parameter.numel()).reshape(parameter.shape).double() / (number + 1)
                )
        optimiser = make(network.parameters())
        for _ in range(20):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(network(inputs), targets).backward()
            optimiser.step()
        networks.append(network)
    for one, other in zip(*(network.parameters() for network in networks), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-11)


def test_another_rule_is_refused():
    with pytest.raises(ValueError, match="expected one of sgd"):
        take_step("adadelta", torch.zeros(1), torch.zeros(1), nothing_yet(torch.zeros(1)), SETTINGS)
    with pytest.raises(ValueError, match="expected one of constant"):
        share_of_peak("zigzag", 0, 10)


@pytest.mark.parametrize("steps", [160, 300])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_schedule_is_that_of_pytorch(schedule, steps):
    warm_up, peak = 30, 0.5
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], peak)
    lr = torch.optim.lr_scheduler
    match schedule:
        case "constant":
            scheduler = lr.ConstantLR(optimiser, 1.0)
        case "step":
            scheduler = lr.MultiStepLR(optimiser, [math.ceil(steps / 3), math.ceil(2 * steps / 3)], 0.3)
        case "cosine":
            scheduler = lr.CosineAnnealingLR(optimiser, steps)
        case "warm_cosine":
            rising = lr.LinearLR(optimiser, 1 / (warm_up + 1), 1.0, warm_up)
            scheduler = lr.SequentialLR(
                optimiser, [rising, lr.CosineAnnealingLR(optimiser, steps - warm_up)], [warm_up]
            )
        case _:
            scheduler = lr.OneCycleLR(optimiser, peak, total_steps=steps)
    for step_ in range(steps):
        want = optimiser.param_groups[0]["lr"]
        assert peak * share_of_peak(schedule, step_, steps, warm_up) == pytest.approx(want, rel=1e-9, abs=1e-12), step_
        optimiser.step()
        scheduler.step()


@pytest.mark.parametrize("longest", [0.1, 1e3])
def test_clipping_is_that_of_pytorch(longest):
    ours, others = ([torch.zeros(4, 3, requires_grad=True), torch.zeros(5, requires_grad=True)] for _ in range(2))
    for k, (one, other) in enumerate(zip(ours, others, strict=True)):
        one.grad = torch.linspace(-2, 3 + k, one.numel()).reshape(one.shape)
        other.grad = one.grad.clone()
    norm, factor = clip(ours, longest)
    want = torch.nn.utils.clip_grad_norm_(others, longest).item()
    assert norm == pytest.approx(want)
    assert factor == pytest.approx(min(1.0, longest / norm))
    for one, other in zip(ours, others, strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=2e-5, atol=1e-7)


def test_what_is_no_gradient_is_no_step():
    weight = torch.zeros(2, requires_grad=True)
    weight.grad = torch.tensor([math.inf, 1.0])
    assert clip([weight], 1.0) == (math.inf, 0.0)
    assert weight.grad.tolist() == [0.0, 0.0]
    weight.grad = torch.zeros(2)
    assert clip([weight], 1.0) == (0.0, 1.0)
