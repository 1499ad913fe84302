"""Newton's method."""

from engine.contracts.blocks import Choose, Say, Show
from engine.contracts.knob import configuration, knob
from engine.contracts.words import Number
from engine.topics.newton import draw, explain


@configuration
class View:
    """What to look at: one of the steps."""

    step: int = knob(0, "Step", low=0, high=11)


def stage(config, view, film):
    """The guesses, and where one of them comes from."""
    return [
        Show("guesses", draw.guesses(film.now), height=200),
        Say("After twelve steps: **{guess}**", guess=Number(film.now.guess[-1].item(), 6)),
        Choose("step", {step: str(step + 1) for step in range(12)}),
        explain.step_formula(config, film.now, view.step),
    ]
