"""Regularisation: the words, tables and buttons beside the pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.contracts.blocks import Box, Choose, Later, Press, Row, Say, Show, Table
from engine.contracts.film import Film
from engine.contracts.words import Number, Percent, Words
from engine.training.fit import Snapshot

from . import descent, draw, draw_parts, explain, folds, geometry, masks, pixel
from .card import METHODS, MOST_BAD, SIDE, Config, bad_pixels, of_training

HELD_BACK = {
    "none": "Nothing holds the network back.",
    "l1": "L1 takes the same amount off every weight in every step.",
    "l2": "L2 takes the same share off every weight in every step.",
    "elastic": "Both prices at once: the same amount and the same share off every weight.",
    "dropout": "Each step leaves out other neurons and divides the rest by 1 − p; what is shown is the whole network.",
    "early": "Training stops once the validation loss has not improved for so long, and goes back to the best weights.",
}
BESIDE = "All six ways with the same network, points and first weights; each is really trained now."
CORNERS = (
    "The solution lies where the smallest contour that meets the outline touches it. Drag the optimum, and α below."
)
WALKS = "Two ways to the solution of L1 with steps of equal length. A line that ends means: exactly 0 from there on."
PIXELS = "Click a pixel in any of the three pictures to spoil it: little ink becomes full, much becomes none."
UNSPOILT = "No pixel is bad yet."
EXAMPLE = Words("Four inputs, all 1: two sets of weights with the same score. Which input goes bad?")
MASK = (
    "Every press draws a new mask, as every training step does. In use nothing is left out and nothing divided: "
    "dropout is a thing of training alone."
)
MEANS = (
    "Divided by 1 − p the mean over the masks lies near the diagonal, not on it: a mean of bent answers is not the "
    "bent answer of the mean."
)
CHOSEN = "Click a blue dot of the mean to see the networks of that strength."
DESCENT = (
    "The features are random and only the read-out is fitted, by least squares; where several "
    "weights fit equally well, the smallest are taken."
)
PRICED = "The features are random and only the read-out is fitted, by least squares with a price on its weights (L2)."
INPUTS = {-1: "none of them", 0: "the first", 1: "the second", 2: "the third", 3: "the fourth"}


def status(config: Config, moment: Snapshot) -> Say:
    """The live numbers of a run."""
    values = moment.values
    total = int(values["histogram"].sum())
    step = Words(
        "step **{step}** · right: train **{train}** · test **{test}**", step=Number(moment.step),
        train=Percent(values["train_accuracy"], 0), test=Percent(values["test_accuracy"]),
    )  # fmt: skip
    loss = Words(
        "test loss **{loss}** · exactly 0: **{zeros}** of {total} weights", loss=Number(values["test_loss"]),
        zeros=Number(values["zeros"]), total=Number(total),
    )  # fmt: skip
    return Say(step, loss, style="status")


def held_back(config: Config, film: Film) -> list[Any]:
    """What the chosen way does; of early stopping, whether it has stopped."""
    newest = film.newest
    if config.method == "early" and newest.total and not film.live and 0 < newest.step < newest.total:
        words = "Stopped at step {step}: no better validation loss for {patience} steps. These are the best weights."
        return [Say(words, style="small", step=Number(newest.step), patience=Number(config.patience))]
    return [Say(HELD_BACK[config.method], style="small")]


def next_step(config: Config, film: Film) -> list[Any]:
    """The next step of one weight in numbers; dropout has a view of its own."""
    if config.method == "dropout":
        return []
    one = film.once(_one_weight, config)
    return [] if one is None else [Say(explain.NEXT_STEP), explain.step_formula(config, one)]


def _one_weight(moment: Snapshot, config: Config) -> explain.OneWeight | None:
    return explain.one_weight(config, moment)


def compared(snapshot: Snapshot) -> Table:
    """Losses, accuracies and zeros of all six ways, as far as they are trained."""
    rows = []
    for at, name in enumerate(METHODS.values()):
        train, test, train_right, test_right, zeros = snapshot.values["numbers"][at]
        if np.isfinite(train):
            rows.append([
                Words(name), Number(int(snapshot.values["steps"][at])), Number(float(train)), Number(float(test)),
                Percent(float(train_right), 0), Percent(float(test_right)), Number(int(zeros)),
            ])  # fmt: skip
    head = (Words("held back by"), Words("steps"), Words("train loss"), Words("test loss"), Words("train right"),
            Words("test right"), Words("exactly 0"))  # fmt: skip
    return Table(head, rows)


def side_by_side(config: Config) -> list[Any]:
    """All six ways, each really trained."""
    later = Later("engine.topics.regularisation.task:stream_all", of_training(config), shown_beside)
    return [Say(BESIDE, style="small"), later]


def shown_beside(config: Config, view: Any, film: Film, snapshot: Snapshot | None) -> list[Any]:
    """The six planes and their numbers, as far as they are trained."""
    return [Show("six", draw.six(config, snapshot), height=420), compared(snapshot)] if snapshot else []


def touching(result: geometry.Result, which: int) -> Words:
    """The solution, and which of its weights are exactly 0."""
    solution, mix = result.solution[which], geometry.mixes(result.config)[which]
    name = Words("L1") if mix == 1 else Words("L2") if mix == 0 else Words("mixture, ρ = {mix}", mix=Number(mix))
    first, second = (solution == 0).int().tolist()
    said = (Words("none is 0"), Words("w₁ is exactly 0"), Words("w₂ is exactly 0"), Words("both are exactly 0"))
    return Words("{name} · w = ({first}, {second}): {said}", name=name, first=Number(float(solution[0])),
                 second=Number(float(solution[1])), said=said[first + 2 * second])  # fmt: skip


def walked(result: geometry.Result) -> Say:
    """How often the weight that vanishes was exactly 0 on both ways."""
    at = geometry.vanishing(result)
    zeros = [int((walk[1:, at] == 0).sum()) for walk in (result.thresholded, result.stepped)]
    words = (
        "Of {count} steps by the soft threshold **{first}** ended with {weight} at exactly 0, of as many by the "
        "subgradient **{second}**."
    )
    values = {"first": Number(zeros[0]), "second": Number(zeros[1]), "count": Number(geometry.WALK)}
    return Say(words, weight=draw_parts.NAMES[at], **values)


def scores(result: pixel.Result, config: Config, digit: int, bad: Sequence[int]) -> Table:
    """The scores of both classifiers for one digit, before and after its pixels went bad."""
    names = config.pair.split("-")
    before = pixel.scores_of(result, pixel.spoiled(result, digit, ())).tolist()
    after = pixel.scores_of(result, pixel.spoiled(result, digit, bad)).tolist()
    rows = [
        [name, Number(one), Number(other), Number(other - one), names[0 if other > 0 else 1]]
        for name, one, other in zip(("L1", "L2"), before, after, strict=True)
    ]
    head = (Words("classifier"), Words("score before"), Words("after"), Words("change"), Words("says"))
    return Table(head, rows)


def true_digit(result: pixel.Result, config: Config, digit: int) -> Say:
    """What a digit is, and how many of all of them both classifiers get right."""
    names = config.pair.split("-")
    words = (
        "This is a **{name}**. Of {count} held-out digits right: L1 **{first}**, L2 **{second}**. A weight is blue "
        "where ink speaks for {one}, orange for {other}."
    )
    name = names[0 if result.sign[digit] > 0 else 1]
    return Say(words, one=names[0], other=names[1], name=name, count=len(result.sign),
               first=Percent(float(result.worst[0, 0])), second=Percent(float(result.worst[1, 0])))  # fmt: skip


def spoil(result: pixel.Result, digit: int, text: str) -> Row:
    """Buttons: the worst pixel for each classifier that is not bad yet, no bad pixel, another digit."""
    bad, presses = bad_pixels(text), []
    for at, name in enumerate(("L1", "L2")):
        worst = pixel.worst_pixels(result, digit, at, len(bad) + 1)
        chosen = next(one for one in worst if one not in bad)
        words = Words("Worst pixel for {name}", name=name)
        presses.append([Press(f"worst{at + 1}", words, {"bad": with_bad(text, chosen)}, "dangerous")])
    presses.append([Press("clean", "Repair all", {"bad": ""}, "healing", enabled=bool(bad))])
    other = (digit + 37) % len(result.sign)
    presses.append([Press("another", "Another digit", {"digit": other, "bad": ""}, "skip_next")])
    return Row(presses)


def with_bad(text: str, number: int) -> str:
    """The bad pixels with one more, or without it where it was bad; as many as a link may name."""
    bad = list(bad_pixels(text))
    bad = [one for one in bad if one != number] if number in bad else [*bad, number][-MOST_BAD:]
    return ".".join(map(str, bad))


def pixel_change(result: pixel.Result, digit: int, text: str) -> list[Any]:
    """What the last bad pixel alone does to both scores."""
    bad, digit = bad_pixels(text), min(digit, len(result.sign) - 1)
    if not bad:
        return [Say(UNSPOILT, style="small")]
    row, column = divmod(bad[-1], SIDE)
    words = Say(
        "The last bad pixel, row {row}, column {column}, alone: L1 left, L2 right", row=row + 1, column=column + 1
    )
    made = [[explain.pixel_formula(result, digit, bad[-1], which)] for which in (0, 1)]
    return [words, Row(made)]


def small_example(bad: int) -> list[Any]:
    """Both sets of weights of the small example, and which of its inputs is bad."""
    made = Row([[explain.small_formula(0, bad)], [explain.small_formula(1, bad)]])
    return [
        Row([[Say(EXAMPLE)], [Choose("small", INPUTS, as_buttons=True)]]),
        made,
    ]


def walks(result: geometry.Result) -> list[Any]:
    """Two ways to walk to the solution of L1; why a weight there is exactly 0."""
    return [
        Say(WALKS), Show("walk", draw_parts.steps(result), height=170), walked(result),
        Say(explain.SLOPES), explain.slopes_formula(result), Say(explain.FIRST), explain.threshold_formula(result),
    ]  # fmt: skip


def numbers(config: Config, result: Any) -> list[Any]:
    """The arithmetic of the views of two weights, of masks and of folds."""
    if config.view == "geometry":
        return walks(result)
    if config.view == "masks":
        formula = explain.mask_formula(result, 0, explain.liveliest(result, 0))
        return [apart(result), Say(MEANS, style="small"), Say(explain.NEURON), formula, Say(MASK, style="small")]
    return [Say(explain.FOLDS), explain.fold_formula(result, int(result.chosen))] if config.view == "folds" else []


def measured(result: masks.Result, number: int) -> Box:
    """Accuracy on the test points of one mask, of the mean over all, and of the whole network."""
    accuracy = result.accuracy
    rows = [
        [Words("mask {number} alone", number=number + 1), Percent(float(accuracy[number]))],
        [Words("one mask, on average"), Percent(float(accuracy.mean()))],
        [Words("mean over 1,000 masks"), Percent(float(result.mean_accuracy))],
        [Words("whole network, in use"), Percent(float(result.whole_accuracy))],
    ]
    return Box("measured", [Table([Words("who answers"), Words("test points right")], rows)])


def apart(result: masks.Result) -> Say:
    """How far the mean over the masks lies from the whole network, and one mask alone."""
    words = (
        "Distance to the whole network's answer, on average: the mean over 1,000 masks **{mean}**, without the "
        "division by 1 − p **{unscaled}**, one mask alone about **{spread}**."
    )
    return Say(words, mean=Number(float((result.mean - result.whole).abs().mean()), 2),
               unscaled=Number(float((result.unscaled - result.whole).abs().mean()), 2),
               spread=Number(float(result.spread.mean()), 2))  # fmt: skip


def mask_button(number: int) -> Press:
    """Draws the next mask."""
    return Press("mask", "New mask", {"mask": (number + 1) % masks.MASKS}, "casino", primary=True)


def fold_words(result: folds.Result, alpha: int) -> Box:
    """What was chosen, and what the strength that is shown comes to."""
    words = (
        "Lowest mean over {count} folds: α = **{best}**. Shown: α = {alpha}, held-out loss **{mean} ± {spread}**, test "
        "loss **{test}**."
    )
    said = Say(words, count=len(result.loss), best=Number(float(result.strength[result.chosen])),
               alpha=Number(float(result.strength[alpha])), mean=Number(float(result.mean[alpha])),
               spread=Number(float(result.spread[alpha]), 2), test=Number(float(result.test[alpha])))  # fmt: skip
    return Box("chosen", [said])


def about_fit(config: Config) -> Say:
    """How the read-out is fitted."""
    return Say(PRICED if config.ridge else DESCENT, style="small")


def descent_words(result: descent.Result) -> Box:
    """The errors that count: the first valley, the peak, and the end; the beginning where there is no valley."""
    error, counts = result.test_error.mean(0), result.features.tolist()
    n = result.config.examples
    before = [at for at, count in enumerate(counts) if count < 0.8 * n]
    valley, peak = min(before, key=lambda at: float(error[at])), counts.index(n)
    valley = valley if error[valley] < error[peak] else 0
    words = (
        "Wrong test digits: **{valley}** with {few} features, **{peak}** with {n}, as many as training digits, and "
        "**{end}** with {many}; the mean of {seeds} draws."
    )
    said = Say(words, valley=Percent(float(error[valley]), 0), few=counts[valley], peak=Percent(float(error[peak]), 0),
               n=n, end=Percent(float(error[-1]), 0), many=counts[-1], seeds=len(result.test_error))  # fmt: skip
    return Box("errors", [said])


def corner(result: geometry.Result, which: int) -> list[Any]:
    """One of the two planes of weights, and the weights over the strength below it."""
    return [
        Show(
            f"corner{which}",
            draw_parts.corner(result, which),
            on_handle,
            touching(result, which),
            height=320,
            covered=lambda _: draw_parts.corner_asked(result, which),
        ),
        Show(f"coefficients{which}", draw_parts.coefficients(result, which), on_handle, height=150),
    ]


def on_handle(event: Mapping[str, Any], config: Config, view: Any) -> Mapping[str, float]:
    """A handle was dragged: the strength, or the optimum."""
    if event["event"] != "handle":
        return {}
    if event["key"] == "alpha":
        return {"alpha": round(50 * event["x"]) / 50}
    return {"optimum_x": round(event["x"], 2), "optimum_y": round(event["y"], 2)}


def on_pixel(event: Mapping[str, Any], config: Config, view: Any) -> Mapping[str, str]:
    """A pixel was spoiled, or repaired."""
    return {"bad": with_bad(view.bad, event["row"] * SIDE + event["column"])}


def on_strength(event: Mapping[str, Any], config: Config, view: Any) -> Mapping[str, int]:
    """The mean of a strength was clicked, or one of its folds; the last dot is that of the strength that is shown."""
    count = len(folds.STRENGTHS)
    there = event["event"] == "dot" and event["dot"] < count * (config.folds + 1)
    return {"alpha_shown": event["dot"] % count} if there else {}
