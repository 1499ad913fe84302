"""What the links of the MLP playground say of a network: weights set by hand, what is picked, which activation where.

Light, for the card imports it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engine.contracts.knob import KnobError

ACTIVATION_NAMES = {
    "tanh": "tanh",
    "relu": "ReLU",
    "leaky_relu": "Leaky ReLU",
    "sigmoid": "sigmoid",
    "gelu": "GELU",
    "silu": "SiLU",
    "identity": "none (linear)",
}
MAXIMUM_STEPS = 20_000
MAXIMUM_EDITS = 50
LARGEST_EDIT = 100


def parse_edits(text: str) -> list[tuple[int, int, int, int, float]]:
    """Weights set by hand, "step:layer.to.from=value" joined by ";" -> (step, layer, to, from, value).

    from = -1 means the bias. Layers count from 0 (the first hidden layer). KnobError if malformed.
    """
    edits = []
    for part in filter(None, text.split(";")):
        try:
            place, value = part.split("=")
            step, address = place.split(":")
            layer, to, origin = (int(number) for number in address.replace("b", "-1").split("."))
            if min(layer, to, origin + 1) < 0:
                raise ValueError
            edits.append((int(step), layer, to, origin, float(value)))
        except ValueError:
            raise KnobError(
                "Weights set by hand: expected step:layer.to.from=value, got {value!r}", value=part[:40]
            ) from None
        if not (0 <= edits[-1][0] <= MAXIMUM_STEPS and abs(edits[-1][4]) <= LARGEST_EDIT):  # NaN is not either
            raise KnobError(
                "Weights set by hand: expected a step from 0 to {steps}, a value from -{most} to {most}, got {value!r}",
                steps=MAXIMUM_STEPS, most=LARGEST_EDIT, value=part[:40],
            )  # fmt: skip
    if len(edits) > MAXIMUM_EDITS:
        raise KnobError(
            "Weights set by hand: expected at most {most}, got {count}", most=MAXIMUM_EDITS, count=len(edits)
        )
    return edits


def with_edit(config: Any, place: str, value: float) -> Mapping[str, Any]:
    """The fields of a Config that set one weight by hand, in place of what was set there before.

    place: "step:layer.to.from"; the run goes back, or on, to that step.
    """
    others = [edit for edit in config.edits.split(";") if edit and not edit.startswith(f"{place}=")]
    return {"edits": ";".join([*others, f"{place}={round(float(value), 4)}"]), "steps": int(place.partition(":")[0])}


def check_picked(text: str) -> None:
    """KnobError unless the text is empty, a neuron "2-0" (layer, neuron) or a weight "2-0-3" (and where it is from)."""
    if text and not re.fullmatch(r"[1-9]-[0-9]{1,2}(-[0-9]{1,2})?", text):
        raise KnobError(
            "Neuron or weight: expected layer-neuron such as 2-0, or layer-neuron-from such as 2-0-3, got {text!r}",
            text=text[:40],
        )  # fmt: skip


def parse_activations(text: str) -> list[str]:
    """Activations of the hidden layers in order, as "relu tanh" or "relu-tanh". KnobError for what is none."""
    names = [name.lower() for name in re.split(r"[-,;.\s]+", text) if name]
    for name in names:
        if name not in ACTIVATION_NAMES:
            raise KnobError(
                "Activation by layer: expected {names}, got {name!r}", names=", ".join(ACTIVATION_NAMES), name=name[:40]
            )
    return names


def activations_of(config: Any) -> tuple[str, ...]:
    """The activation of each hidden layer: what is named layer by layer, then the one for all."""
    named = parse_activations(config.activations)[: len(config.layers)]
    return (*named, *[config.activation] * (len(config.layers) - len(named)))


def other_activations(config: Any, layer: int) -> dict[str, str]:
    """`Config.activations` for every activation that hidden layer `layer`, from 1, may have -> what that is called."""
    now, choices = list(activations_of(config)), {}
    for name, label in ACTIVATION_NAMES.items():
        wanted = [*now[: layer - 1], name, *now[layer:]]
        while wanted and wanted[-1] == config.activation:  # links stay short
            wanted.pop()
        choices[config.activations if name == now[layer - 1] else "-".join(wanted)] = label
    return choices
