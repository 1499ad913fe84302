"""Diffusion: what is said of walks, points and digits, as blocks."""

from __future__ import annotations

from engine.contracts.blocks import Block, Box, Row, Say
from engine.contracts.film import Film, Frames
from engine.contracts.words import Number, Percent, Words
from engine.training.fit import Snapshot

from . import digits, draw, explain
from .card import Config
from .predictor import cloud_for
from .walks import Walk, direction_of, steps_back

KINDS = {"points": "Points, trained here", "digits": "Digits"}
DIRECTIONS = {"forward": "Forward: data to noise", "backward": "Back: noise to data"}
MOMENT = Words("moment {frame} of {count} · time {step}")
CLICK_A_POINT = "Click a point: its step appears here with all its numbers."
WALKING = Say("Walking from noise to digits …", style="small")
EXPECTED = "x̂₀: the digits it expects, as the judge reads them"


def status(moment: Snapshot) -> Say:
    """Two lines of live numbers."""
    step, loss, near = Number(moment.step), Number(moment.values["held_out_loss"]), Percent(moment.values["near"])
    told = Words("step **{step}** · loss **{loss}**", step=step, loss=loss)
    return Say(told, Words("near the data (8 steps): **{near}**", near=near), style="status")


def directions(chosen: str, newest: Snapshot) -> dict[str, str]:
    """What can be chosen in a View where this is chosen; the usual direction is called so, which no link need name."""
    usual = direction_of("usual", newest)
    return {"usual" if name == usual != chosen else name: words for name, words in DIRECTIONS.items()}


def verdict(config: Config, moment: Snapshot, walked: Walk) -> list[Block]:
    """How near the samples are, and whether all of the data is there; of a walk forward nothing."""
    if not walked.backward:
        return []
    if not moment.step:
        return [Say("**This network is untrained**: its guesses of the noise are random, and so is its way back. "
                    "Press Train first.", style="small")]  # fmt: skip
    said = Words(
        "Of this walk of {steps} steps near the data: **{near}** (fresh data {data_near}) · data with a sample near: "
        "**{covered}** (fresh data {data_covered})",
        steps=steps_back(config), near=Percent(walked.near), data_near=Percent(walked.data_near),
        covered=Percent(walked.covered), data_covered=Percent(walked.data_covered),
    )  # fmt: skip
    near = Words(
        "Near is within {radius} of one of 2,000 points of the data: 99 % of fresh data are. Data have a sample near "
        "with one of the {count} samples within twice as far.",
        radius=Number(cloud_for(config).radius, 2), count=walked.x.shape[1],
    )  # fmt: skip
    return [Say(said, style="small", help=near)]


def back_in_training(film: Film) -> list[Block]:
    """The bar of the training, where it has more than one moment: each has a walk of its own."""
    if len(film.moments) == 1:
        return []
    return [Row([[Say("Back in the training:", style="small")], [film.bar()]], (1, 3.4), "center")]


def picked(number: int) -> int | None:
    """The point that a number of a View means; None for none."""
    return number if number >= 0 else None


def point(config: Config, walked: Walk, frames: Frames, number: int) -> Block:
    """Where a point goes from the moment at which the walk stands, with every number of the step; -1: no point."""
    if picked(number) is None:
        return Say(CLICK_A_POINT, style="small")
    at = frames.standing
    if not walked.backward:
        chain = "The chain adds its noise in small steps; together they are the one ε of this formula."
        where = Say("Point **{point}** at t = {time}", point=number, time=walked.times[at])
        return Box("point", [where, explain.noising_formula(walked, at, number), Say(chain, style="small")])
    at = min(at, len(walked.to) - 1)
    step = explain.explain_step(config, walked, at, number, draw.alpha_bar_at(config, walked.to[at]))
    words = "Point **{point}**, the step from t = {time} to s = {to}"
    return Box("point", [Say(words, point=number, time=step.time, to=step.to), step.formula])


def pictures(config: Config) -> str:
    """The words above the pictures x_t of digits."""
    return "xₜ: the pictures" if config.known == "nothing" else "xₜ: the pictures; framed: what is given"


def judgement(result: digits.Result) -> Box:
    """What the judge sees in the ten digits, how much they vary, and that they are no copies."""
    right = int((result.judgement[-1].argmax(1) == result.label).sum())
    said = [Words(
        "The judge, a classifier that is right on {accuracy} of real digits of this size, sees the digit asked for in "
        "**{right} of {count}**.",
        accuracy=Percent(digits.judge_accuracy()), right=right, count=len(result.label),
    )]  # fmt: skip
    if result.variety == result.variety:
        variety = Percent(result.variety.item(), 0)
        said.append(Words("Variety: **{variety}** of that among real digits.", variety=variety))
    said.append(Words("Nearest training digit: **{novelty}** as far as from new real digits (a copy: 0).",
                      novelty=Percent(result.novelty.item(), 0)))  # fmt: skip
    return Box("judgement", [Say(*said)])
