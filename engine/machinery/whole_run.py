"""A whole run, bit by bit: with the same Result as `topic.run`, but it says how far it is and can be stopped."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from engine.contracts.topic import Topic

LOOKS = 100  # moments kept of a training run, as many as `run` keeps


@dataclasses.dataclass(frozen=True)
class Progress:
    """How far a run is: `step` of `total`; the last one brings the Result."""

    step: int
    total: int
    result: Any = None


def in_steps(topic: Topic, config: Any) -> Iterator[Progress]:
    """Compute what `topic.run(config)` computes; the last Progress holds the Result.

    A training run goes from look to look, so that whoever iterates can stop it in between. What trains nothing, and a
    run before its first step, is computed in one go.
    """
    training, steps = topic.training, topic.steps_of(config)
    if training is None or not steps:
        yield Progress(0, 1)
        yield Progress(1, 1, topic.load(topic.run)(config))
        return
    stride = 1 if training.every_step else max(1, steps // LOOKS)
    stream, moments = topic.load(training.stream)(config), []
    try:
        moments.append(next(stream))
        while moments[-1].step < steps:
            yield Progress(moments[-1].step, steps)
            moments.append(stream.send(min(stride, steps - moments[-1].step)))
    except (StopIteration, ArithmeticError):  # it ended by itself, or diverged: the last snapshot shows it
        if not moments:
            raise
    finally:
        stream.close()
    yield Progress(steps, steps, topic.load(training.result_of)(config, moments))
