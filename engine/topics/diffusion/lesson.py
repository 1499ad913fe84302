"""What the steps of the lesson on diffusion set up, and how the answer is read off."""

from __future__ import annotations

import numpy as np

from engine.contracts.lesson import Step, Verdict, closest
from engine.contracts.words import Number, Percent

from . import digits
from .card import Config
from .picks import digits_mark, marked, walk_mark
from .predictor import cloud_for
from .run import Result, first
from .walks import Walk, forward

STEPS = 2000
LAST = 9999  # moment of a walk: it stands at its last
EARLY = 5  # the moment of the way back in 50 steps at which time is 180
HALF_WAY, SURE = 8, 3  # moments of the walk to digits: times 240 and 340
DATA, NOISE = (marked(walk_mark(Config(), "forward", 0), moment) for moment in (0, LAST))
START, END = (marked(walk_mark(Config(), "backward", STEPS), moment) for moment in (EARLY, LAST))
HALF, DIGITS = (marked(digits_mark(Config(view="digits")), moment) for moment in (HALF_WAY, LAST))
TRAINED = {"steps": STEPS, "at": END}  # at the end of the way back in 50 steps


def drowned(config: Config) -> Walk:
    """The way of the data into noise."""
    return forward(config, first(config))


def what_is_left(walked: Walk) -> Verdict:
    """How wide the cloud of points is at the last time, and whether it has forgotten where the points came from: the
    spiral is as wide as the cloud."""
    begin, end = walked.x[0], walked.x[-1]
    spread = end.std(0).mean().item()
    recalled = max(abs(np.corrcoef(begin[:, axis], end[:, axis])[0, 1]) for axis in (0, 1))
    choice = closest(spread, wide=3.0, round=1.0, point=0.0) if recalled < 0.5 else "spiral"
    return Verdict(choice, {"spread": Number(spread, 2), "noise": Percent(1 - float(walked.alpha_bars[-1]))})


def near_so_soon(result: Result) -> Verdict:
    """Which share of the samples lies near the data."""
    near, loss = result.near.item(), result.held_out_loss[-1].item()
    choice = closest(near, hardly=0.02, half=0.4, most=0.9)
    return Verdict(choice, {"near": Percent(near, 0), "loss": Number(loss, 1)})


def expected_early(result: Result) -> Verdict:
    """How the points that the network expects lie when there is nearly nothing but noise."""
    expected = result.x_0[EARLY]
    share = (expected.std(0).mean() / result.data.std(0).mean()).item()
    spread_out = "spiral" if cloud_for(result.config).near(expected) > 0.7 else "cloud"
    return Verdict("heap" if share < 0.6 else spread_out, {"share": Percent(share, 0)})


def near_in_strides(result: Result) -> Verdict:
    """Which share of the samples is near the data after few long steps."""
    near = result.near.item()
    return Verdict(closest(near, same=0.99, half=0.5, none=0.0), {"near": Percent(near, 0)})


def near_with_fresh_noise(result: Result) -> Verdict:
    """The same with new noise in every step, beside what comes without."""
    near = result.near.item()
    return Verdict(closest(near, more=0.92, same=0.81, fewer=0.7), {"near": Percent(near, 0)})


def expected_digits(result: digits.Result) -> Verdict:
    """How many of the digits that the network expects half way the judge names as they were asked for."""
    said = result.judgement.argmax(2) == result.label
    right, count = int(said[HALF_WAY].sum()), len(result.label)
    asked = result.judgement[SURE].gather(1, result.label[:, None])
    choice = closest(right / count, noise=0.1, blob=0.5, digits=1.0)
    values = {"right": Number(right), "noise": Percent(1 - result.alpha_bar[HALF_WAY].item(), 0)}
    return Verdict(choice, values | {"sure": Percent(asked.mean().item())})


def as_asked(result: digits.Result) -> Verdict:
    """In how many of the ten the judge sees the digit asked for."""
    count = len(result.label)
    right = round(count * result.agreement.item())
    return Verdict(closest(right / count, all=1.0, half=0.5, one=0.1), {"right": Number(right)})


LESSON = (
    Step(
        "drown", "Spiral", what_is_left, ask={"direction": "forward", "at": DATA}, until=0, show={"at": NOISE},
        veil=("shares", "ratio", "walk-bar"), focus="walk", path="engine.topics.diffusion.lesson:drowned",
    ),
    Step("learn", "Spiral", near_so_soon, ask={"at": DATA}, until=200, pace="normal", focus="walk"),
    Step("expect", "Spiral", expected_early, ask=TRAINED, show={"at": START}, focus="walk"),
    Step(
        "strides", "Three steps", near_in_strides, ask=TRAINED | {"walk_steps": 50}, show={"walk_steps": 3},
        focus="walk", knobs=("walk_steps",),
    ),
    Step(
        "fresh_noise", "Noise in every step", near_with_fresh_noise, ask={"steps": STEPS}, show={"walk_steps": 5},
        focus="walk", knobs=("walk_steps", "sampler", "eta"),
    ),
    Step(
        "digits", "Digits", expected_digits, ask={"at": HALF}, veil=("digits-x0", "judgement", "agreement"),
        focus="digits-x0",
    ),
    Step(
        "cut", "Digits", as_asked, ask={"at": DIGITS}, show={"skips": "16"}, focus="digits-x", knobs=("skips",),
    ),
    Step(
        "push", "Sevens, strongly guided", as_asked, show={"guidance": 0.0}, focus="digits-x",
        knobs=("guidance", "sample_seed", "known"),
    ),
)  # fmt: skip
