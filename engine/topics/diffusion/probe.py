"""Diffusion: formulas at random places, for the check of all formulas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import torch

from engine.contracts.formula import FormulaValues
from engine.contracts.probe import Change, Mistake, Probe, Touch
from engine.models.diffusion.schedule import make_schedule

from . import digits, explain, walks
from .card import Config, of_points
from .picks import marked, walk_mark
from .run import Experiment, result_of

MOST_STEPS, WALK = 12, 6  # of a training, and of a walk to digits


def formulas_at(config: Config, random: Random) -> Iterator[FormulaValues]:
    """Steps of some points forward and back, or the guidance of digits; and the loss and the schedule."""
    if not of_points(config):
        config = replace(digits.only_digits(config), digit_steps=WALK)
        yield FormulaValues(explain.guidance_formula(config.guidance).latex, (config.guidance,))
        yield from _live(config, digits.run(config), None, digits.CHAIN, WALK)
        return
    config = replace(config, steps=random.randint(0, MOST_STEPS))
    experiment = Experiment(config)
    moments = list(experiment.train(config.steps, max(1, config.steps)))
    back, there = walks.backward(config, moments[-1]), walks.forward(config, moments[-1])
    bars = make_schedule(config.schedule, config.chain)
    for moment in {0, len(back.to) - 1, random.randrange(len(back.to))}:
        yield _step(config, back, moment, random.randrange(back.x.shape[1]), float(bars.alpha_bar(back.to[moment])))
    for moment in {0, 1, len(there.times) - 1, random.randrange(len(there.times))}:
        yield _noising(there, moment, random.randrange(there.x.shape[1]))
    (x, time), noise = experiment.held_out
    with torch.no_grad():
        guess = experiment.told.denoiser(x, time)
    loss = (noise - guess).square().sum(1).div(2).mean().item()
    yield from _live(config, result_of(config, moments), loss, config.chain, walks.steps_back(config))


def _step(config: Config, back: walks.Walk, moment: int, point: int, bar_s: float) -> FormulaValues:
    step = explain.explain_step(config, back, moment, point, bar_s)
    x, noise, x_0, mean, after = (
        tuple(part[moment, point].tolist()) for part in (back.x, back.noise, back.x_0, back.mean, back.previous)
    )
    bar, sigma = float(back.alpha_bars[moment]), back.sigma[moment]
    z = tuple((b - a) / sigma for a, b in zip(mean, after, strict=True)) if sigma else (0.0, 0.0)
    where = {
        "x_t": x, r"\hat\varepsilon": noise, r"\hat x_0": x_0, r"\mu": mean, "x_s": after, "z": z, r"\sigma": sigma,
        r"\bar\alpha_t": bar, r"\bar\alpha_s": bar_s, r"\alpha": bar / bar_s, r"\beta": 1 - bar / bar_s,
    }  # fmt: skip
    values = (x, back.times[moment], bar, noise, x_0, back.to[moment], bar_s, sigma, mean, after)
    return FormulaValues(step.formula.latex, values, where)


def _noising(there: walks.Walk, moment: int, point: int) -> FormulaValues:
    bar = float(there.alpha_bars[moment])
    start, x = (tuple(there.x[at, point].tolist()) for at in (0, moment))
    latex = explain.noising_formula(there, moment, point).latex
    if moment == 0:
        return FormulaValues(latex, (0, 1, start))
    noise = tuple((b - bar**0.5 * a) / (1 - bar) ** 0.5 for a, b in zip(start, x, strict=True))
    return FormulaValues(latex, (x,), {"x_0": start, r"\varepsilon": noise, r"\bar\alpha_t": bar})


def _live(config: Config, result, loss: float | None, chain: int, steps: int) -> Iterator[FormulaValues]:
    of_loss, of_schedule = explain.live_formulas(config, result)
    yield FormulaValues(of_loss.latex, () if loss is None else (loss,))
    at = (len(result.time) - 1) // 2
    bar = float(result.alpha_bar[at])
    values = (int(result.time[at]), bar, bar / (1 - bar), steps, chain)
    yield FormulaValues(of_schedule.latex, values, {r"\bar\alpha_t": bar})


PROBE = Probe(
    picture="walk",
    changes=(Change("sampling steps", "walk", knob="walk_steps", link="steps=400"),),
    touches=(
        Touch("diffusion-walk", "pick", {"point": 17, "frame": 20}, "view.point=17"),
        Touch(
            "diffusion-walk",
            "pick",
            {"point": 17, "frame": 20},
            f"view.at={marked(walk_mark(Config(), 'forward', 0), 20)}",
        ),
        Touch("diffusion-direction", "pick", 1, "view.direction=backward"),
    ),
    mistakes=(
        Mistake("view.direction=sideways", "Direction: expected one of usual, forward, backward"),
        Mistake("view.point=500", "Point: expected -1 to 499, got 500"),
        Mistake("view.at=20", "Moment of the walk: expected a number and a mark such as 12-0f3c9a2b"),
        Mistake("view.at=20-0f3c9a2b&view.point=499"),
    ),
    cases=lambda brought: {
        "trained": {"steps": 25, "hidden": 32, "walk_steps": 7},
        "completed": {"view": "digits", "known": "left", "digit_steps": 4, "skips": "8"},
    },
)
