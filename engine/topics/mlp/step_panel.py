"""MLP playground: one training step opened, as it stands below the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.contracts.blocks import Box, Choose, Press, Row, Say, Show
from engine.contracts.film import Bar, Film
from engine.contracts.words import Number, Words
from engine.training.fit import Snapshot

from .card import FEATURES, Config
from .draw import class_names
from .experiment import points_of
from .explain import column_of, name_of, neuron_name, neuron_of, picked_in
from .step import OpenedStep, nearest, open_step
from .step_draw import Stage, stages_of, step_network
from .step_formulas import delta_formula, gradient_formula, gradient_of, loss_formula, told_of, update_formula
from .texts import ACTIVATION_NAMES, activations_of

LAST_STAGE = 40  # more than there are: the last
SCOPES = {"sample": "one point", "batch": "the whole batch"}
NO_STEP = "There is no step to open: no points to train on, or numbers that are none any more."
LIVE = "While it trains, steps follow each other too quickly to be read: press Pause, and the next one is opened here."
ABOUT_IN = "The point of the batch next to the spot in the plane goes in: x₁ = {x}, x₂ = {y}, {target}."
ABOUT_BATCH_IN = "All {count} points of the batch go in; squares and discs are means over them."
ABOUT_HIDDEN = (
    "Forward, {layer}: each neuron weighs what comes along its lines, adds its bias b and bends the sum ({activation})."
)
ABOUT_NORM = "On the way the sums are brought to mean 0 and spread 1 over the batch."
ABOUT_OUTPUT = "Forward, output: one more weighted sum z, not bent."
ABOUT_LOSS = (
    "Loss: the right class was given **{share}**. That costs ℓ = −ln p = **{loss}**; the mean over the batch is L."
)
ABOUT_VALUE_LOSS = (
    "Loss: the answer is **{share}**. Its squared distance from the target is ℓ = **{loss}**; the mean is L."
)
ABOUT_BATCH_LOSS = "Loss: the mean over the {count} points of the batch is L = **{loss}**."
ABOUT_BACK = (
    "Backward, output: δ says how ℓ would grow with the sum of a neuron. The gradient of a line is that δ times what "
    "the line carried, δ · h; that of a bias is δ."
)
ABOUT_BACK_HIDDEN = (
    "Backward, {layer}: a neuron's δ is what comes back along its lines out, Σ w δ, times the slope of its activation."
)
ABOUT_BACK_NORM = "Batch normalisation joins the points of the batch, so each δ hangs on all of them."
ABOUT_UPDATE = (
    "Update: every weight takes its step against the mean gradient of the batch. Lines: by how much each changes."
)
ABOUT_PICKED = "**{name}** in step {step}: {before} → **{after}**"
STRONGEST = "(the weight with the strongest gradient; click another line, or a neuron for its bias)"


def opened_at(moment: Snapshot, config: Config) -> OpenedStep | None:
    """See `open_step`; for the film."""
    return open_step(config, moment)


def one_step(config: Config, view: Any, film: Film) -> list[Any]:
    """The step that follows on the moment: its film, what happens at the stage where the bar stands, one weight."""
    if film.live:
        return [Say(LIVE, style="note")]
    opened = film.once(opened_at, config)
    if opened is None:
        return [Say(NO_STEP, style="note")]
    inputs, _ = points_of(config)
    sample = nearest(opened, inputs.inputs, (view.x1, view.x2))
    stages = stages_of(opened)
    at = min(view.stage, len(stages) - 1)
    shown = sample if view.scope == "sample" else None
    picture = step_network(opened, shown, at)
    picked = picked_in(film.now, view.picked) or strongest(opened)
    point = inputs.inputs[opened.rows[(sample + 1) % len(opened.rows)]].tolist()
    spot = {"x1": round(point[0], 4), "x2": round(point[1], 4)}
    following = Press("next-sample", "Next point of the batch", spot, icon="arrow_forward")
    head = [[Choose("scope", SCOPES, as_buttons=True)], [following] if view.scope == "sample" else []]
    return [
        Row(head, (1.7, 1), "center"),
        Row([
            [
                Show("step-network", picture, pick, picked=picked, height=300),
                Show("step-bar", Bar(picture.frames, Words("stage {frame} of {count}")), stand),
            ],
            about_stage(opened, stages[at], shown, inputs, film),
        ], (1.7, 1)),
        *about_weight(opened, film, picked, sample, chosen=picked_in(film.now, view.picked) is not None),
    ]  # fmt: skip


def strongest(opened: OpenedStep) -> Mapping[str, Any]:
    """The weight with the strongest gradient, as the network's picture marks it."""
    _, layer = max((float(one.abs().max()), -at) for at, one in enumerate(opened.weight_gradients))
    gradients = opened.weight_gradients[-layer].abs()
    to, column = divmod(int(gradients.argmax()), gradients.shape[1])
    if layer == 0:
        column = list(FEATURES).index(opened.config.features[column])
    return {"kind": "edge", "layer": 1 - layer, "to": to, "from": column}


def about_stage(
    opened: OpenedStep, stage: Stage, sample: int | None, points: Any, film: Film
) -> list[Any]:  # fmt: skip
    """What happens at a stage, in words."""
    config, count = opened.config, Number(len(opened.rows))
    last = len(opened.weights)
    layer = Words("hidden layer {number}", number=stage.layer)
    match stage.kind:
        case "in" if sample is None:
            return [Say(ABOUT_BATCH_IN, count=count)]
        case "in":
            row = int(opened.rows[sample])
            x, y = (Number(one) for one in points.inputs[row].tolist())
            return [Say(ABOUT_IN, x=x, y=y, target=target_words(opened, sample))]
        case "forward" if stage.layer == last:
            return [Say(ABOUT_OUTPUT)]
        case "forward":
            activation = Words(ACTIVATION_NAMES[activations_of(config)[stage.layer - 1]])
            said = [Say(ABOUT_HIDDEN, layer=layer, activation=activation)]
            return [*said, Say(ABOUT_NORM, style="small")] if config.batch_norm else said
        case "loss" if sample is None:
            return [Say(ABOUT_BATCH_LOSS, count=count, loss=Number(opened.loss))]
        case "loss":
            loss, share = map(Number, told_of(opened, sample))
            words = ABOUT_VALUE_LOSS if opened.regression else ABOUT_LOSS
            return [Say(words, share=share, loss=loss), loss_formula(opened, sample)]
        case "backward" if stage.layer == last:
            return [Say(ABOUT_BACK)]
        case "backward":
            said = [Say(ABOUT_BACK_HIDDEN, layer=layer)]
            return [*said, Say(ABOUT_BACK_NORM, style="small")] if config.batch_norm else said
    return [Say(ABOUT_UPDATE)]


def target_words(opened: OpenedStep, sample: int) -> Words:
    """The class of a point, or its value."""
    target = opened.targets[sample]
    if opened.regression:
        return Words("target {value}", value=Number(float(target)))
    return Words("class **{name}**", name=class_names(opened.config, 8)[int(target)])


def about_weight(
    opened: OpenedStep, film: Film, picked: Mapping[str, Any], sample: int, *, chosen: bool
) -> list[Any]:  # fmt: skip
    """One weight or bias: its gradient for the point, for the batch, and what the optimiser makes of it."""
    config, (layer, index) = opened.config, neuron_of(picked)
    column = column_of(config, layer, picked.get("from"))
    if column is None or column >= opened.weights[layer - 1].shape[1]:
        return []
    place = (index,) if column < 0 else (index, column)
    before, after = (
        (weights if column >= 0 else biases)[layer - 1][place].item()
        for weights, biases in ((opened.weights, opened.biases), (opened.after_weights, opened.after_biases))
    )
    to = neuron_name(config, layer, index)
    name = Words("Bias of {to}", to=to)
    if column >= 0:
        name = Words("Weight {origin} → {to}", origin=neuron_name(config, layer - 1, picked["from"]), to=to)
    about = Say(
        ABOUT_PICKED, name=name, step=Number(opened.number), before=Number(before, 4), after=Number(after, 4)
    )  # fmt: skip
    hint = [] if chosen else [Say(STRONGEST, style="small")]
    delta = delta_formula(opened, sample, layer, index)
    back = [*([delta] if delta else []), gradient_formula(opened, sample, layer, index, column)]
    way = which_way(gradient_of(opened, layer, index, column), after - before)
    return [
        Box("step-weight", [about, *hint, Row([back, [update_formula(opened, layer, index, column), way]], (1.15, 1))])
    ]


def which_way(gradient: float, change: float) -> Say:
    """In words: up or down, and why."""
    if gradient == 0:
        return Say("The gradient is 0: the loss does not ask for a change.", style="small")
    if np.sign(change) == -np.sign(gradient):
        up = "The gradient is negative: more of it would lower the loss, so it goes up."
        down = "The gradient is positive: more of it would raise the loss, so it goes down."
        return Say(down if gradient > 0 else up, style="small")
    return Say("What earlier gradients left, or the penalty, outweighs the gradient of this batch.", style="small")


def pick(event: Mapping[str, Any], config: Config, view: Any) -> Mapping[str, Any]:
    """Look at a weight, or at the bias of a neuron; an input has none."""
    return {"picked": name_of(event)} if event.get("layer") else {}


def stand(event: Mapping[str, Any], config: Config, view: Any) -> Mapping[str, Any]:
    """Where the bar of the step was let go."""
    return {"stage": max(0, event["key"]) if event["key"] != -1 else LAST_STAGE}
