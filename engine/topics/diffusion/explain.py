"""Diffusion: one point's step back, and the formulas with the live numbers in them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.contracts.formula import Formula, aligned, exact, written

from . import digits
from .card import Config
from .run import Result
from .walks import Walk, steps_back

Pair = tuple[float, float]


@dataclass(frozen=True)
class PointStep:
    """What happens to one point at one moment of a walk back, as the sampler computed it.

    time, to: t and s; alpha_bar, alpha_bar_to: ᾱ there. x, noise, x_0, mean, previous: x_t, ε̂, x̂_0, μ, x_s; sigma: σ,
    z: the noise that was drawn (0 where sigma is 0). formula: the equations with these numbers.
    """

    time: int
    to: int
    alpha_bar: float
    alpha_bar_to: float
    x: Pair
    noise: Pair
    x_0: Pair
    mean: Pair
    previous: Pair
    sigma: float
    z: Pair
    formula: Formula


def explain_step(config: Config, back: Walk, moment: int, point: int, alpha_bar_to: float) -> PointStep:
    """The step that leads on from a moment of a walk back. alpha_bar_to: ᾱ at its time s.

    Raises ValueError for the last moment, from which no step leads on, for a walk forward, and for no such point.
    """
    if not back.backward or not 0 <= moment < len(back.to) or not 0 <= point < back.x.shape[1]:
        raise ValueError(f"no step of point {point} leads on from moment {moment}")
    t, s, bar = back.times[moment], back.to[moment], float(back.alpha_bars[moment])
    x, noise, x_0 = (_pair(part[moment, point]) for part in (back.x, back.noise, back.x_0))
    mean, previous, sigma = _pair(back.mean[moment, point]), _pair(back.previous[moment, point]), back.sigma[moment]
    z = _pair((np.array(previous) - np.array(mean)) / sigma) if sigma > 0 else (0.0, 0.0)
    x_in, noise_in, x_0_in, mean_in = map(_vector, (x, noise, x_0, mean))
    data, drowned = (rf"\sqrt{{{written(part)}}}" for part in (bar, 1 - bar))
    bar_s = written(alpha_bar_to) if s else "1"
    rows = [
        rf"x_t &= {x_in},\qquad t = {t},\qquad \bar\alpha_t = {written(bar)}",
        rf"\hat\varepsilon(x_t, t) &= {noise_in}",
        r"\hat x_0 &= \frac{x_t - \sqrt{1-\bar\alpha_t}\,\hat\varepsilon}{\sqrt{\bar\alpha_t}}",
        rf"&= \frac{{{x_in} - {drowned}\,{noise_in}}}{{{data}}} = {x_0_in}",
    ]  # fmt: skip
    rows.append(rf"s &= {s},\qquad \bar\alpha_s = {bar_s},\qquad \sigma = {written(sigma)}")
    if config.sampler == "ddim":
        direction = max(0.0, 1 - alpha_bar_to - sigma**2)
        rows += [
            r"\mu &= \sqrt{\bar\alpha_s}\,\hat x_0 + \sqrt{1-\bar\alpha_s-\sigma^2}\,\hat\varepsilon",
            rf"&= \sqrt{{{bar_s}}}\,{x_0_in} + \sqrt{{{written(direction)}}}\,{noise_in}"
            rf" = {mean_in}",
        ]
    else:
        from_x_0, from_x = posterior_weights(bar, alpha_bar_to)
        rows += [
            r"\mu &= \frac{\sqrt{\bar\alpha_s}\,\beta}{1-\bar\alpha_t}\,\hat x_0"
            r" + \frac{\sqrt{\alpha}\,(1-\bar\alpha_s)}{1-\bar\alpha_t}\,x_t",
            rf"&= {written(from_x_0)}\,{x_0_in} + {written(from_x)}\,{x_in} = {mean_in}",
        ]
    if sigma > 0:
        rows.append(rf"x_s &= \mu + \sigma z = {mean_in} + {written(sigma)}\,{_vector(z)} = {_vector(previous)}")
    else:
        rows.append(rf"x_s &= \mu = {_vector(previous)}")
    return PointStep(t, s, bar, alpha_bar_to, x, noise, x_0, mean, previous, sigma, z, aligned(rows))


def guidance_formula(guidance: float) -> Formula:
    """Eq. 6 of Ho and Salimans 2022, in the form in which 1 is no guidance, with the w of the knob."""
    return Formula(
        r"\tilde\varepsilon = \hat\varepsilon(x_t, t, \varnothing) + w\,\bigl(\hat\varepsilon(x_t, t, c)"
        rf" - \hat\varepsilon(x_t, t, \varnothing)\bigr),\qquad w = {exact(guidance)}"
    )


def posterior_weights(bar_t: float, bar_s: float) -> Pair:
    """Weights of x̂_0 and of x_t in the mean of q(x_s | x_t, x_0), eq. 7 of Ho et al. 2020."""
    alpha = bar_t / bar_s
    return bar_s**0.5 * (1 - alpha) / (1 - bar_t), alpha**0.5 * (1 - bar_s) / (1 - bar_t)


def noising_formula(there: Walk, moment: int, point: int) -> Formula:
    """Eq. 4 of Ho et al. 2020 with the numbers of a point of a walk forward; its noise is what eq. 4 leaves for it."""
    bar = float(there.alpha_bars[moment])
    start, x = _pair(there.x[0, point]), _pair(there.x[moment, point])
    symbols = r"x_t = \sqrt{\bar\alpha_t}\,x_0 + \sqrt{1-\bar\alpha_t}\,\varepsilon"
    if moment == 0:
        return Formula(symbols + rf",\qquad t = 0:\quad \bar\alpha_0 = 1,\quad x_0 = {_vector(start)}")
    noise = _pair((np.array(x) - bar**0.5 * np.array(start)) / (1 - bar) ** 0.5)
    numbers = rf"\sqrt{{{written(bar)}}}\,{_vector(start)} + \sqrt{{{written(1 - bar)}}}\,{_vector(noise)}"
    return Formula(f"{symbols} = {numbers} = {_vector(x)}")


def live_formulas(config: Config, result: Result | digits.Result) -> list[Formula]:
    """The loss that is trained, and what the schedule says half way through the walk."""
    at, numbers = (len(result.time) - 1) // 2, 2
    time, bar = int(result.time[at]), float(result.alpha_bar[at])
    loss, chain, steps = "", config.chain, steps_back(config)
    if isinstance(result, digits.Result):
        numbers, chain, steps = digits.SIDE**2, digits.CHAIN, len(result.time) - 1
    elif math.isfinite(held_out := float(result.held_out_loss[-1])):
        loss = rf" = {written(held_out)}"
    return [
        Formula(
            rf"L = \mathbb{{E}}_{{x_0,\,\varepsilon,\,t}}\, \frac{{1}}{{{numbers}}}\, "
            rf"\bigl\lVert \varepsilon - \hat\varepsilon(x_t,\,t)\bigr\rVert^2{loss},"
            r"\qquad x_t = \sqrt{\bar\alpha_t}\,x_0 + \sqrt{1-\bar\alpha_t}\,\varepsilon"
        ),
        Formula(
            rf"t = {time}:\quad \bar\alpha_t = {written(bar)},\qquad \mathrm{{SNR}} = "
            rf"\frac{{\bar\alpha_t}}{{1-\bar\alpha_t}} = \frac{{{written(bar)}}}{{{written(1 - bar)}}} = "
            rf"{written(bar / (1 - bar))},\qquad \text{{steps}} = {steps},\qquad T = {chain}"
        ),
    ]


def _pair(values: np.ndarray) -> Pair:
    return float(values[0]), float(values[1])


def _vector(pair: Pair) -> str:
    return f"({written(pair[0])},\\,{written(pair[1])})"


def formulas(result: Result | digits.Result) -> list[Formula]:
    """The loss and the schedule with their numbers."""
    return live_formulas(result.config, result)
