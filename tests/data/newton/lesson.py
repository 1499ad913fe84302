"""What the steps of the lesson on Newton's method set up, and how the answer is read off the guesses."""

from __future__ import annotations

from engine.contracts.lesson import Step, Verdict, closest
from engine.contracts.words import Number

from .run import Result


def six_digits(result: Result) -> Verdict:
    """After how many steps the guess is right to six digits."""
    steps = int((result.error > 5e-6).sum())
    return Verdict(closest(steps, few=5, many=13), {"steps": Number(steps)})


def first_steps(result: Result) -> Verdict:
    """Whether the first guesses are halved, or lose one each time."""
    ratio = (result.guess[1] / result.guess[0]).item()
    return Verdict(closest(ratio, halved=0.5, less=49 / 50))


def says_three(result: Result) -> Verdict:
    """Whether the last guess is three to all digits shown."""
    return Verdict("exact" if f"{result.guess[-1].item():.6f}" == "3.000000" else "above")


LESSON = (
    Step("near", "Two", six_digits, veil=("guesses",), knobs=("start",)),
    Step("far", "Far away", first_steps, veil=("guesses",)),
    Step("whole", "Nine", says_three, veil=("guesses",), knobs=("number",)),
)
