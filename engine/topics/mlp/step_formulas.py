"""MLP playground: the sums of one training step with their numbers: a sample's loss, the way back, a weight's update.

Layers count from 1 (the first hidden one); neurons, samples and columns of a weight matrix from 0; column -1 is a bias.
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F

from engine.contracts.formula import TERM_DIGITS, Formula, added, aligned, bracketed, exact, rest_of, written

from .step import OpenedStep

MOST_TERMS = 3  # written out of a sum
EXPONENT_DIGITS = 6  # a power needs more of them than a factor
FAR = 15.0  # a difference of outputs from which on the smaller power plays no part


def loss_formula(opened: OpenedStep, sample: int) -> Formula:
    """The loss of one sample from what the network says, and that of the batch."""
    outputs, target = opened.values[-1][sample].double(), opened.targets[sample]
    loss, whole = opened.losses[sample].item(), opened.loss
    batch = rf"L &= \frac{{1}}{{{len(opened.rows)}}}\sum_n \ell_n = {written(whole)}"
    if opened.regression:
        off = outputs[0].item() - float(target)
        rows = [
            rf"\hat y - y &= {written(outputs[0].item())} {added(-float(target))} = {written(off)}",
            rf"\ell &= (\hat y - y)^2 = ({written(off)})^2 = {written(loss)}",
        ]
        return aligned([*rows, batch])
    if len(outputs) == 1:
        sign = "-" if target == 0 else ""
        begins = rf"\ell &= -\ln p_y = \ln(1 + e^{{{sign}z}})"
        powers = [outputs[0].item() * (-1 if target == 0 else 1)]
    else:
        begins = r"\ell &= -\ln p_y = \ln\sum_k e^{z_k - z_y}"
        powers = [one - outputs[target].item() for at, one in enumerate(outputs.tolist()) if at != target]
    return aligned([begins, f"{_logarithm(powers)} = {written(loss)}", batch])


def _logarithm(powers: list[float]) -> str:
    """ln(1 + Σ e^power), without what plays no part in it."""
    if max(powers) > 2 * FAR:
        largest = max(powers)
        near = [one for one in powers if one > largest - 2 * FAR]
        if len(near) == 1:
            return rf"&\approx {written(largest, EXPONENT_DIGITS)}"
        inside = " + ".join(rf"e^{{{written(one - largest, EXPONENT_DIGITS)}}}" for one in near)
        return rf"&\approx {written(largest, EXPONENT_DIGITS)} + \ln({inside})"
    terms = " + ".join(rf"e^{{{written(one, EXPONENT_DIGITS)}}}" for one in powers)
    return rf"&\approx {terms}" if max(powers) < -FAR else rf"&= \ln(1 + {terms})"


def delta_formula(opened: OpenedStep, sample: int, layer: int, index: int) -> Formula | None:
    """δ of one neuron for one sample; None behind batch normalisation, where it hangs on all samples of the batch."""
    delta = opened.deltas[layer - 1][sample, index].item()
    if layer == len(opened.weights):
        return Formula(f"{_output_delta(opened, sample, index)} = {written(delta)}")
    if opened.slopes is None:
        return None
    weights, behind = opened.weights[layer][:, index], opened.deltas[layer][sample]
    products = (weights.double() * behind.double()).tolist()
    last, place = layer + 1 == len(opened.weights), f"{{{layer},{index + 1}}}"
    terms = sorted(sorted(range(len(products)), key=lambda at: -abs(products[at]))[:MOST_TERMS])
    names = [_delta_name(opened, layer + 1, at) for at in range(len(products))]
    inside = " + ".join(
        rf"{bracketed(weights[at].item())} \cdot {bracketed(behind[at].item())}" for at in terms
    )  # fmt: skip
    inside += rest_of([one for at, one in enumerate(products) if at not in terms], TERM_DIGITS)
    slope = rf"\frac{{\partial h_{place}}}{{\partial z_{place}}}"
    symbol = rf"w\,{names[0]}" if last and len(products) == 1 else r"\sum_k w_k\,\delta_k"
    return aligned([
        rf"\delta_{place} &= {slope}\,{symbol}",
        rf"&= {written(opened.slopes[layer - 1][sample, index].item())} \cdot \left({inside}\right)",
        f"&= {written(delta)}",
    ])  # fmt: skip


def _output_delta(opened: OpenedStep, sample: int, index: int) -> str:
    """δ of an output as what is asked for taken from what is said."""
    outputs, target = opened.values[-1][sample], opened.targets[sample]
    name = _delta_name(opened, len(opened.weights), index)
    if opened.regression:
        off = outputs[0].item() - float(target)
        return rf"{name} = 2\,(\hat y - y) = 2 \cdot {bracketed(off, 4)}"
    if len(outputs) == 1:
        return rf"{name} = p - y = {written(outputs.sigmoid()[0].item())} - {int(target == 0)}"
    share = outputs.softmax(0)[index].item()
    return rf"{name} = p_{{{index + 1}}} - y_{{{index + 1}}} = {written(share)} - {int(target == index)}"


def _delta_name(opened: OpenedStep, layer: int, index: int) -> str:
    if layer < len(opened.weights):
        return rf"\delta_{{{layer},{index + 1}}}"
    return r"\delta" if len(opened.biases[-1]) == 1 else rf"\delta_{{{index + 1}}}"


def gradient_formula(opened: OpenedStep, sample: int, layer: int, index: int, column: int) -> Formula:
    """The gradient of one weight or bias: what one sample says, and the mean over the batch."""
    delta = opened.deltas[layer - 1][:, index]
    carried = None if column < 0 else opened.values[layer - 1][:, column]
    said = delta.double() if carried is None else delta.double() * carried.double()
    name, factor = ("b", "") if carried is None else ("w", r"\,h" if layer > 1 else r"\,x")
    count, gradient = len(delta), gradient_of(opened, layer, index, column)

    def term(at: int) -> str:
        first = bracketed(delta[at].item())
        return first if carried is None else rf"{first} \cdot {bracketed(carried[at].item())}"

    strongest = sorted(range(count), key=lambda at: -abs(said[at].item()))
    terms = [sample, *(at for at in strongest if at != sample)][:MOST_TERMS]
    rest = [said[at].item() for at in range(count) if at not in terms]
    inside = " + ".join(map(term, terms)) + rest_of(rest, TERM_DIGITS)
    plain = "" if carried is None else rf"{term(sample)} = "
    return aligned([
        rf"\frac{{\partial \ell}}{{\partial {name}}} &= \delta{factor} = {plain}{written(said[sample].item())}",
        rf"\frac{{\partial L}}{{\partial {name}}} &= \frac{{1}}{{{count}}}\sum_n \delta_n{factor}{'_n' * bool(factor)}",
        rf"&= \frac{{1}}{{{count}}}\left({inside}\right)",
        f"&= {written(gradient)}",
    ])  # fmt: skip


def gradient_of(opened: OpenedStep, layer: int, index: int, column: int) -> float:
    """∂L/∂w of one weight, or ∂L/∂b."""
    if column < 0:
        return opened.bias_gradients[layer - 1][index].item()
    return opened.weight_gradients[layer - 1][index, column].item()


def update_formula(opened: OpenedStep, layer: int, index: int, column: int) -> Formula:
    """What the optimiser makes of one weight or bias, in the order in which it is done.

    Adam: Kingma and Ba 2015, algorithm 1. L1: the soft threshold, as `Experiment.after_step` does it.
    """
    config, t = opened.config, opened.number
    name, part = ("b", "bias") if column < 0 else ("w", "weight")
    place = (index,) if column < 0 else (index, column)
    before, after = (
        (old if column >= 0 else old_bias)[layer - 1][place].item()
        for old, old_bias in ((opened.weights, opened.biases), (opened.after_weights, opened.after_biases))
    )
    gradient, rate = gradient_of(opened, layer, index, column), exact(config.learning_rate)
    g, rows = gradient, [rf"g &= \frac{{\partial L}}{{\partial {name}}} = {written(gradient)}"]
    if config.regularisation == "l2" and column >= 0:
        g = gradient + config.strength * before
        shrunk = rf"{written(gradient)} + {exact(config.strength)} \cdot {bracketed(before, 4)}"
        rows = [rf"g &= \frac{{\partial L}}{{\partial {name}}} + \alpha\,{name} = {shrunk} = {written(g)}"]

    def kept(averages, which: str) -> float:
        return averages[f"{which} {part}"][layer - 1][place].item()

    moved, moving = before - config.learning_rate * g, bracketed(g, 4)
    if config.optimizer == "momentum":
        v, new = kept(opened.averages, "momentum_buffer"), kept(opened.after_averages, "momentum_buffer")
        told = rf"0{{.}}9 \cdot {bracketed(v, 4)} {added(g)} = {written(new)}"
        rows += [rf"v_{{{t}}} &= 0{{.}}9\,v_{{{t - 1}}} + g", f"&= {told}"]
        moved, moving = before - config.learning_rate * new, bracketed(new, 4)
    elif config.optimizer == "adam":
        m, v = kept(opened.averages, "exp_avg"), kept(opened.averages, "exp_avg_sq")
        new_m, new_v = kept(opened.after_averages, "exp_avg"), kept(opened.after_averages, "exp_avg_sq")
        of_m = rf"0{{.}}9 \cdot {bracketed(m, 4)} + 0{{.}}1 \cdot {bracketed(g, 4)} = {written(new_m)}"
        of_v = rf"0{{.}}999 \cdot {written(v)} + 0{{.}}001 \cdot ({written(g)})^2 = {written(new_v)}"
        rows += [
            rf"m_{{{t}}} &= 0{{.}}9\,m_{{{t - 1}}} + 0{{.}}1\,g",
            f"&= {of_m}",
            rf"v_{{{t}}} &= 0{{.}}999\,v_{{{t - 1}}} + 0{{.}}001\,g^2",
            f"&= {of_v}",
        ]
        hat_m, hat_v = new_m / (1 - 0.9**t), new_v / (1 - 0.999**t)
        moved = before - config.learning_rate * hat_m / (math.sqrt(hat_v) + 1e-8)
        of_hat = rf"{written(new_m)} / (1 - 0{{.}}9^{{{t}}})"
        root = rf"\sqrt{{{written(new_v)} / (1 - 0{{.}}999^{{{t}}})}} + 10^{{-8}}"
        moving = rf"\frac{{{of_hat}}}{{{root}}}"
    soft = config.regularisation == "l1" and column >= 0
    middle = rf"\tilde {name}" if soft else rf"{name}_{{{t}}}"
    rows += [rf"{middle} &= {written(before)} - {rate} \cdot {moving}", f"&= {written(moved if soft else after)}"]
    if soft:
        least = rf"\max(|{written(moved)}| - {rate} \cdot {exact(config.strength)}, 0)"
        rows += [rf"{name}_{{{t}}} &= \operatorname{{sign}}({written(moved)})\,{least}", f"&= {written(after)}"]
    return aligned(rows)


def told_of(opened: OpenedStep, sample: int) -> tuple[float, float]:
    """(loss of a sample, what the network gives its right answer: a probability, or for a value what it says)."""
    outputs, target = opened.values[-1][sample : sample + 1], opened.targets[sample]
    if opened.regression:
        return opened.losses[sample].item(), outputs[0, 0].item()
    if outputs.shape[1] == 1:
        outputs = torch.cat([outputs, torch.zeros_like(outputs)], dim=1)
    return opened.losses[sample].item(), F.softmax(outputs, dim=1)[0, int(target)].item()
