"""Inside a CNN: formulas at random places, for the check of all formulas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from engine.contracts.formula import FormulaValues
from engine.contracts.probe import Change, Mistake, Probe, Touch

from . import explain
from .card import Config
from .run import DENSE, LAYERS, model_of, run

MOST_STEPS = 6  # of a training, that a look may come after


def formulas_at(config: Config, random: Random) -> Iterator[FormulaValues]:
    """A cell of every layer, and the softmax of a digit."""
    config = replace(config, steps=random.randint(0, min(MOST_STEPS, config.steps or MOST_STEPS)))
    result = run(config)
    model = model_of(config, result.weights)
    for layer in (*LAYERS, *DENSE):
        values = getattr(result, layer.replace(".", "_"))
        place = tuple(random.randrange(length) for length in values.shape)
        cell, value = explain.explain_cell(config, result, layer, *place), values[place].item()
        name = layer.partition(".")[0]
        linear = {"hidden": model.hidden, "logits": model.output}.get(name) or getattr(model, name).conv
        told = (value,) if cell.weights is None else (value - linear.bias[place[0]].item(), value)
        yield FormulaValues(explain.cell_formulas(cell).latex, told)
    digit = random.randrange(len(result.probabilities))
    yield FormulaValues(explain.softmax_formula(result, digit).latex, (result.probabilities[digit].item(),))
    yield FormulaValues(explain.softmax_formula(result).latex, (result.probabilities.max().item(),))


PROBE = Probe(
    picture="pad",
    changes=(Change("ink to the maps", "pipeline", place="pad", keys=("Delete", "Space")),),
    touches=(
        Touch("cnn-pipeline", "cell", {"tile": 5, "channel": 5, "row": 6, "column": 8}, "view.cell=conv2-sum-5-6-8"),
        Touch("cnn-pipeline", "cell", {"tile": 9, "channel": 19, "row": 0, "column": 0}, "view.cell=hidden-relu-19"),
        Touch("cnn-pipeline", "cell", {"tile": 11, "channel": 8, "row": 0, "column": 0}, "view.probability=8"),
        Touch("cnn-map", "cell", {"tile": 0, "row": 3, "column": 4}, "view.cell=conv1-sum-0-3-4"),
    ),
    mistakes=(
        Mistake("view.cell=conv1-sum-0-12", "Cell: expected layer-channel-row-column such as conv1-sum-0-12-13"),
        Mistake("view.cell=conv2-pool-99-99-99"),
        Mistake("start=fresh&channels=2&view.cell=conv1-sum-7-0-0"),
        Mistake("view.rank=size", "Maps in the order of: expected one of strength, share, number"),
        Mistake("view.probability=10", "Probability: expected -1 to 9, got 10"),
    ),
    cases=lambda brought: {
        "trained": {"start": "fresh", "steps": 8, "shift": 2, "channels": 4, "kernel": "3"},
        "drawn": {"digit": f"drawn:{brought.drawing}"},
    },
    training="start=fresh",
)
