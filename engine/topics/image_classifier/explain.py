"""Image classifier: what is said about the evidence and the maps, and the formulas with the numbers of a Result."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from engine.contracts.blocks import Block, Say
from engine.contracts.formula import Formula, written
from engine.contracts.words import Number, Percent, Words
from engine.data.imagenet import class_names
from engine.training.fit import Snapshot

from .card import Config
from .draw import LAYER_NAMES, PLAIN, channel_facts, channels_by_evidence, explained_name, grad_cam_at
from .run import LAYERS, NEAR, Result

AFTER = {layer: Words("after {layer}", layer=LAYER_NAMES[layer]) for layer in LAYERS[::-1]}
COUNTS = {count: str(count) for count in range(3, 11)}  # of answers shown
MEANINGS = {
    "grad_cam": "Colour: where the maps after this layer argue for **{name}** (score per position). No colour: nothing there does.",  # noqa: E501
    "saliency": "Colour: how much each spot counts for the score of **{name}**.",
    "occlusion": "Colour: how far the probability of **{name}** falls when this spot is covered. Grey: it does not fall, or was not tried yet.",  # noqa: E501
    "none": PLAIN,
}


@cache
def classes() -> Mapping[int, str]:
    """What can be explained: each class by its index, and -1 for the network's own answer."""
    return {-1: Words("its own answer"), **dict(enumerate(class_names()))}


def answer(result: Result) -> Say:
    """The most probable class."""
    best = int(result.probabilities.argmax())
    share = Percent(result.probabilities[best].item())
    return Say("The network says **{name}**, {share}", name=class_names()[best], share=share, style="status")


def meaning(result: Result, method: str) -> Say:
    """What the colours over the picture mean."""
    return Say(Words(MEANINGS[method], name=explained_name(result)), style="small")


def lacks_walk(config: Config, result: Result) -> bool:
    """Whether integrated gradients are asked for, and the Result has the gradient's saliency."""
    return config.saliency == "integrated" and result.saliency_steps == 1


def way(result: Result, snapshot: Snapshot | None = None) -> Say:
    """How far the walk of integrated gradients has come, and what its sum says; without a Snapshot that of a Result."""
    if snapshot is None:
        share, total, goal, steps = 1.0, result.saliency_sum, result.saliency_goal, result.saliency_steps
    else:
        share, total, goal, steps = (snapshot.values[name] for name in ("way", "sum", "goal", "steps"))
    said = [
        Words("{share} of the way walked: all pixels together {sum}, of {goal} for the whole way.",
              share=Percent(share), sum=Number(total), goal=Number(goal))
    ]  # fmt: skip
    if share == 1 and abs(total - goal) > NEAR * abs(goal):
        error = "What lies between the two is the error of {steps} steps; more would come closer."
        said.append(Words(error, steps=steps))
    return Say(*said, style="small")


def channel_counts(result: Result, layer: str, tiles: int) -> Say:
    """How many channels a layer has, and how many of them are in the picture."""
    total = len(getattr(result, layer))
    if tiles < total:
        words = "{shown} of {count} channels. Click one to see it large."
        return Say(words, shown=tiles, count=total, style="small")
    return Say("{count} channels. Click one to see it large.", count=total, style="small")


def picked_channel(result: Result, layer: str, picked: str) -> int:
    """The channel that "layer-channel" names, if it is of this layer; else the one that argues most for the class."""
    of, _, channel = picked.partition("-")
    if of == layer and int(channel) < len(getattr(result, layer)):
        return int(channel)
    return channels_by_evidence(result, layer)[0]


def one_channel(result: Result, layer: str, channel: int) -> Say:
    """The mean of a map, its weight, and what it adds to the score."""
    facts = {name: Number(value) for name, value in channel_facts(result, layer, channel).items()}
    return Say(
        "Channel **{channel}** after **{layer}**: mean **{mean}**, weight for *{name}* α = **{weight}** "
        "(Grad-CAM, eq. 1), together α · Σ = **{added}**. The score is {score}.",
        channel=channel, layer=LAYER_NAMES[layer], name=explained_name(result),
        score=Number(result.scores[result.explained].item()), **facts,
    )  # fmt: skip


def formulas(result: Result) -> list[Block]:
    """All formulas, with the numbers of this picture."""
    about = Say("For **{name}**, class {index}:", name=explained_name(result), index=result.explained)
    made = (softmax_formula(result), grad_cam_formula(result), completeness_formula(result))
    return [about, *(formula for formula in made if formula is not None)]


def softmax_formula(result: Result) -> Formula:
    """p of the explained class from its score and the logarithm of the sum of all exponentials."""
    k, p = result.explained, result.probabilities[result.explained].item()
    score, total = result.scores.double()[k].item(), result.scores.double().logsumexp(0).item()
    definition = rf"p_{{{k}}} = \frac{{e^{{s_{{{k}}}}}}}{{\sum_j e^{{s_j}}}}"
    return Formula(rf"{definition} = \frac{{e^{{{written(score, 6)}}}}}{{e^{{{written(total, 6)}}}}} = {written(p)}")


def grad_cam_formula(result: Result, layer: str = "head") -> Formula:
    """Grad-CAM (Selvaraju et al. 2017, eq. 1 and 2) with its value where it is largest, rows and columns from 0."""
    heat, last = grad_cam_at(result, layer), len(getattr(result, layer)) - 1
    rows, columns = heat.shape
    i, j = divmod(int(heat.argmax()), columns)
    return Formula(
        rf"\alpha_k = \frac{{1}}{{{rows} \cdot {columns}}} "
        rf"\sum_{{i,j}} \frac{{\partial s_{{{result.explained}}}}}{{\partial A^k_{{ij}}}}, \qquad "
        rf"L_{{{i},{j}}} = \operatorname{{ReLU}}\Big(\sum_{{k=0}}^{{{last}}} \alpha_k A^k_{{{i},{j}}}\Big) "
        rf"= {written(heat.max().item())}"
    )


def completeness_formula(result: Result) -> Formula | None:
    """Integrated gradients: the sum over all pixels beside what it should be; None for the plain gradient."""
    if not result.saliency_goal:
        return None
    total, goal = result.saliency_sum, result.saliency_goal
    return Formula(rf"\sum_{{\text{{px}}}} \mathrm{{IG}} = {written(total)}, \qquad s(x) - s(0) = {written(goal)}")
