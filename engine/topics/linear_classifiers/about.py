"""kNN, SVM, softmax: the words beside the pictures, and which blocks stand together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.contracts.blocks import Amount, Block, Box, Choose, Press, Row, Say, Show, Table
from engine.contracts.film import Film
from engine.contracts.words import Number, Percent, Words, listed
from engine.training.fit import Snapshot

from . import draw, draw_digits, explain, explain_kernel, explain_neighbours, kernel, neighbours
from .card import MAXIMUM_STEPS, MODELS, Config
from .explain import PointTerms
from .methods import NAMES, Methods
from .plane import class_names
from .samples import samples_of

LOOKS = {"point": "One point", "rows": "Weight rows", "set": "All points"}
PARTS = {"one": "One digit", "wrong": "Wrong answers", "methods": "All methods"}
BESIDE = {"votes": "Who is asked", "curve": "Which k?", "other": "Another k"}
DRAW = "Click the plane to add points; choose their class below it."
DRAWN = "Switch **Click adds points** on to draw more."
DRAWING = "Switch **Click adds points** off to see the support vectors, the margin, and how f adds up at a spot."
CLICK = "Click a point: the losses of the nearest one stand below, term by term."
LINES = (
    "Each line is where one class's own score is 0, its arrow points to where that score is greater. With two classes: "
    "where both scores are equal, and dashed where they differ by Δ."
)
TITLES = {
    "svm": Words("**SVM** · full colour: ahead by Δ or more"),
    "softmax": Words("**Softmax** · colour: probability"),
}
RULES = (
    "Of equally distant points the earlier is asked; a tied vote goes to the class that comes first. "
    "Distances are measured in the plane as it is drawn, both axes equally long; in the columns' own units other "
    "points would be near."
)
FOUR = "All four lengths are used; the plane is cut where the other two are at their mean, so points off it can differ."
NOT_FINISHED = "The solver was stopped before its end: with this C and γ it would take long. Its f is not exact."
NOTHING = "There is nothing to tell apart yet: two classes at least are needed."
ABOUT_ROWS = (
    "Each row of W is a point here. Drag it, and both losses of the whole set move. The arrows show where a step "
    "on the chosen point alone would send each row, the longest drawn at a fixed length."
)
TRAINS_NOW = "While it trains, the rows move by themselves: press **Pause** to drag them."
NOT_NEWEST = "A moment that is past stays as it was: put the bar at its right end to drag the rows."
MORE_STEPS = 300
ABOUT_SET = (
    "Each W measured by both losses. Longer rows stretch every lead: the losses of points that are right shrink, "
    "those of wrong ones grow. What holds the rows back is also the penalty λ/2 Σw²."
)
TEMPLATES = {"svm": Words("**SVM**, one weight row a class"), "softmax": Words("**Softmax**, one weight row a class")}
ABOUT_TEMPLATES = (
    "A score is the sum of pixel times weight: ink on blue adds to the class, ink on orange takes away from it."
)
ABOUT_CURVE = "Each of 5 folds of the training points is named by the other four. The held-out points play no part."


def status(config: Config, moment: Snapshot) -> Say:
    """The live numbers of a run."""
    values = moment.values

    def told(name: str, model: str) -> Words:
        return Words("{name} **{train}** / **{held_out}**", name=name, train=Percent(values[f"{model}_accuracy"]),
                     held_out=Percent(values[f"{model}_held_out_accuracy"]))  # fmt: skip

    step = Words("step **{step}** · right: train / held out", step=Number(moment.step))
    return Say(step, listed([told("SVM", "svm"), told("softmax", "softmax")]), style="status")


def notes(config: Config, drawing: bool) -> list[Block]:
    """What a reader should know before: how points are drawn, a plane that is a cut. With own points there is always a
    line, so that the plane stays where it is when the first is drawn."""
    if config.data == "own":
        return [Say(DRAW if drawing or not config.points else DRAWN, style="note")]
    if config.data == "table" and not config.table:
        return [Say("Give a table with the button beside the knobs.", style="note")]
    if config.data == "iris" and config.all_features:
        return [Say(FOUR, style="small")]
    return []


# ---------------------------------------------------------------- the two linear classifiers


def point_blocks(config: Config, made: PointTerms, model: str) -> list[Block]:
    """What one classifier's loss makes of the chosen point: a table, and the formulas with its numbers."""
    names = class_names(config, samples_of(config))
    formula = explain.hinge_formulas(config, made, names) if model == "svm" else explain.softmax_formulas(made, names)
    return [explain.terms_table(config, made, model, names), formula]


def about_point(config: Config, made: PointTerms) -> Say:
    """Which point it is, and what both losses are."""
    samples = samples_of(config)
    which = Words("training") if samples.is_train[made.number] else Words("held-out")
    name = class_names(config, samples)[made.target]
    return Say(
        "Point {number} ({which}) of class **{name}**: hinge loss **{hinge}**, cross-entropy **{entropy}**",
        number=made.number + 1, which=which, name=name, hinge=Number(made.hinge), entropy=Number(made.cross_entropy),
        help=CLICK,
    )  # fmt: skip


def one_point(config: Config, moment: Snapshot, made: PointTerms | None) -> list[Block]:
    """Both losses of the chosen point, side by side."""
    if made is None:
        return []
    names = class_names(config, samples_of(config))
    columns = [point_blocks(config, made, model) for model in MODELS]
    return [about_point(config, made), Row(columns), explain.score_formulas(config, made, moment, "svm", names)]


def dragging(config: Config, film: Film) -> list[Block]:
    """Why the rows cannot be dragged now; of a run at its end, a way to train on from where they are dragged to."""
    if film.live:
        return [Say(TRAINS_NOW, style="note")]
    if film.now is not film.newest:
        return [Say(NOT_NEWEST, style="note")]
    if config.steps < config.until or config.until + MORE_STEPS > MAXIMUM_STEPS:
        return []
    words, later = Words("Stop {count} steps later", count=MORE_STEPS), {"until": config.until + MORE_STEPS}
    return [Press("more-steps", words, later, icon="more_time",
                  help="The run has come to its end. Train then goes on from these rows.")]  # fmt: skip


def gradient(config: Config, made: PointTerms, model: str) -> list[Block]:
    """What a step on the chosen point alone would do to each weight row."""
    samples = samples_of(config)
    names = class_names(config, samples)
    return [
        explain.gradient_table(config, made, model, names),
        explain.gradient_formula(made, model, made.target, names, samples.shown),
    ]


def set_blocks(config: Config, film: Film) -> list[Block]:
    """Both losses of both weights over the whole set, how many points no longer count, and the trade of Δ and λ."""
    hinge, entropy, count = explain.zero_terms(config, film.now)
    said = Say(
        "Hinge loss exactly 0: **{hinge}** of {count} training points; they pull at no weight any more. Cross-entropy "
        "exactly 0: **{entropy}**.",
        hinge=Number(hinge), count=Number(count), entropy=Number(entropy),
    )  # fmt: skip
    larger = {"margin": min(10 * config.margin, 100.0), "strength": max(config.strength / 10, 1e-5),
              "learning_rate": min(10 * config.learning_rate, 10.0)}  # fmt: skip
    exact = larger == {"margin": 10 * config.margin, "strength": config.strength / 10,
                       "learning_rate": 10 * config.learning_rate}  # fmt: skip
    trade = Press(
        "trade", "Δ × 10, λ ÷ 10, rate × 10", larger, icon="compare_arrows", enabled=exact,
        help="The SVM then has ten times the weights and gives the same answers.",
    )  # fmt: skip
    return [Row([[*explain.both_losses(config, film), Say(ABOUT_SET, style="small")], [said, trade]])]


# ---------------------------------------------------------------- neighbours and kernels


def votes(config: Config, asked: explain_neighbours.Asked) -> list[Block]:
    """Who is asked about the spot, how far they are, and what they vote for."""
    if asked.answer is None:
        return [explain_neighbours.answer(config, asked)]
    return [
        explain_neighbours.answer(config, asked), explain_neighbours.neighbour_table(config, asked),
        *sums(config, asked), Say(RULES, style="small"),
    ]  # fmt: skip


def curve(found: neighbours.CrossValidation) -> list[Block]:
    """The accuracy of every k."""
    picture = draw.accuracy_by_k(found)
    if picture is None:
        return [Say(NOTHING, style="note")]
    best = int(found.accuracy.mean(1).argmax())
    said = Say("Best by cross-validation: **k = {k}**, {share} right.", k=int(found.k[best]),
               share=Percent(float(found.accuracy[best].mean())))  # fmt: skip
    return [
        Show("accuracy", picture, height=150 if samples_of(found.config).side else 230),
        Box("best", [said]),
        Say(ABOUT_CURVE, style="small"),
    ]


def other(config: Config, result: neighbours.Result, k: int) -> list[Block]:
    """The same plane with another k beside it, and how much of it changes."""
    second = neighbours.run(replace(config, k=k))
    said = Say("In **{share}** of the plane k = {k} names another class than k = {now}.", k=k, now=config.k,
               share=Percent(explain_neighbours.differing(result, second)))  # fmt: skip
    return [Show("other", draw.other_vote(config, second), height=300), Choose("other_k"), said]


def kernel_blocks(config: Config, result: kernel.Result, spot: tuple[float, float], pair: int) -> list[Block]:
    """f at the spot, as a sum over support vectors."""
    if not len(result.support):
        return [Say(NOTHING, style="note")]
    names = class_names(config, samples_of(config))
    made = explain_kernel.at_spot(config, result, spot, pair)
    every = kernel.pairs(len(names))
    choose = [Choose("pair", {at: Words("{first} or {second}", first=names[one], second=names[two])
                              for at, (one, two) in enumerate(every)})] if len(every) > 1 else []  # fmt: skip
    unfinished = [] if result.finished else [Say(NOT_FINISHED, style="note")]
    made_of = [
        explain_kernel.about(config, result, made), explain_kernel.sum_table(config, result, made),
        *explain_kernel.sum_formulas(config, result, made),
    ]  # fmt: skip
    return [*choose, Box("sum", made_of), *unfinished]


# ---------------------------------------------------------------- digits


def digit_chosen(config: Config, number: int) -> list[Block]:
    """The digit that is asked about, and a slider to another one."""
    samples = samples_of(config)
    at = explain.held_out_digit(samples, number)
    picture = Show("digit", draw_digits.one(config, at), height=150)
    return [picture, Choose("digit", range(len(samples.held_out_rows)))]


def wrong(config: Config, said: Sequence[int], name: str, pick: object, place: str = "wrong") -> list[Block]:
    """The wrong answers as pictures, to look into one; how many there are."""
    samples = samples_of(config)
    picture = draw_digits.wrong(config, said)
    targets = samples.targets[samples.held_out_rows].tolist()
    count = sum(one != other for one, other in zip(said, targets, strict=True))
    words = Say("{name}: **{count}** of {all} held-out digits are named wrongly: what they show → what is said.",
                name=name, count=Number(count), all=Number(len(targets)))  # fmt: skip
    some = Say("{count} of them, evenly chosen:", count=draw_digits.MOST_WRONG, style="small")
    cut = [some] if count > draw_digits.MOST_WRONG else []
    return [words, *cut, *([Show(place, picture, pick, height=250)] if picture else [])]


def wrong_of_both(config: Config, film: Film, pick: object) -> list[Block]:
    """What each of the two linear classifiers names wrongly."""
    samples, found = samples_of(config), []
    for model in MODELS:
        rows, biases = explain.rows_at(film.now, model)
        said = (samples.inputs[samples.held_out_rows].double() @ rows.T + biases).argmax(1).tolist()
        found += wrong(config, said, draw.MODEL_NAMES[model], pick, f"{model}-wrong")
    return found


def sums(config: Config, asked: explain_neighbours.Asked) -> list[Block]:
    """The distance to the nearest neighbour, and the share of the vote."""
    shown = [explain_neighbours.distance_formula(config, asked), explain_neighbours.vote_formula(config, asked)]
    return [one for one in shown if one]


def digit_bent(config: Config, result: kernel.Result, number: int) -> list[Block]:
    """A digit: the pair of classes about which the kernel SVM is least sure, and the support vectors that decide."""
    samples = samples_of(config)
    if not len(result.support):
        return [Say(NOTHING, style="note")]
    at = explain.held_out_digit(samples, number)
    _, f = kernel.f_at(result, samples, samples.inputs[at])
    said = int(kernel.voted(f[None], len(samples.classes))[0])
    mine = [pair for pair, both in enumerate(kernel.pairs(len(samples.classes))) if said in both]
    closest = min(mine, key=lambda pair: abs(float(f[pair])))
    made = explain_kernel.explain_sum(config, result, samples.inputs[at], closest)
    vectors = [int(result.support[place]) for place in made.order[:8]]
    captions = [Words("{name} · {value}", name=samples.classes[int(samples.targets[vector])], value=Number(product))
                for vector, product in zip(vectors, made.products, strict=False)]  # fmt: skip
    near = draw_digits.digits(config, vectors, captions, Words("The support vectors that say most"), 8)
    right = [
        explain_kernel.about(config, result, made), Show("vectors", near, height=110),
        *explain_kernel.sum_formulas(config, result, made),
    ]  # fmt: skip
    return [Row([digit_chosen(config, number), right], (1, 2.4))]


def methods(found: Methods) -> list[Block]:
    """All methods on the same held-out points."""
    names = {"kNN": Words("kNN, k = {k}", k=found.config.k), "SVM": Words("SVM, linear"),
             "softmax": Words("softmax, linear"), "kernel SVM": Words("kernel SVM")}  # fmt: skip
    rows = [(names[name], Amount(100 * float(share), float(share)))
            for name, share in zip(NAMES, found.accuracy, strict=True)]  # fmt: skip
    about = Say("Each with its knobs as they are now, from the same training digits, on the same held-out ones.",
                style="small")  # fmt: skip
    return [Table((Words("method"), Words("held-out, % right")), rows), about]
