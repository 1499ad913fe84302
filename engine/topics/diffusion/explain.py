"""Diffusion: one point's step back, and the formulas with the live numbers in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .card import Config
from .walks import Walk

Pair = tuple[float, float]


@dataclass(frozen=True)
class PointStep:
    """What happens to one point at one moment of a walk back, as the sampler computed it.

    time, to: t and s; alpha_bar, alpha_bar_to: ᾱ there. x, noise, x_0, mean, previous: x_t, ε̂, x̂_0, μ, x_s; sigma: σ,
    z: the noise that was drawn (0 where sigma is 0). latex: the formulas with these numbers.
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
    latex: str


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
    lines = [
        rf"\hat\varepsilon(x_t, t) &= \hat\varepsilon\bigl({_vector(x)},\ {t}\bigr) = {_vector(noise)}",
        r"\hat x_0 &= \frac{x_t - \sqrt{1-\bar\alpha_t}\,\hat\varepsilon}{\sqrt{\bar\alpha_t}}"
        rf" = \frac{{{_vector(x)} - \sqrt{{{1 - bar:.4f}}}\,{_vector(noise)}}}{{\sqrt{{{bar:.4f}}}}} = {_vector(x_0)}",
    ]
    if config.sampler == "ddim":
        direction = max(0.0, 1 - alpha_bar_to - sigma**2)
        lines += [
            r"\mu &= \sqrt{\bar\alpha_s}\,\hat x_0 + \sqrt{1-\bar\alpha_s-\sigma^2}\,\hat\varepsilon",
            rf"&= \sqrt{{{alpha_bar_to:.4f}}}\,{_vector(x_0)} + \sqrt{{{direction:.4f}}}\,{_vector(noise)}"
            rf" = {_vector(mean)}",
        ]
    else:
        from_x_0, from_x = posterior_weights(bar, alpha_bar_to)
        lines += [
            r"\mu &= \frac{\sqrt{\bar\alpha_s}\,\beta}{1-\bar\alpha_t}\,\hat x_0"
            r" + \frac{\sqrt{\alpha}\,(1-\bar\alpha_s)}{1-\bar\alpha_t}\,x_t",
            rf"&= {from_x_0:.4f}\,{_vector(x_0)} + {from_x:.4f}\,{_vector(x)} = {_vector(mean)}",
        ]
    if sigma > 0:
        lines.append(rf"x_s &= \mu + \sigma z = {_vector(mean)} + {sigma:.4f}\,{_vector(z)} = {_vector(previous)}")
    else:
        lines.append(rf"x_s &= \mu = {_vector(previous)}\qquad (\sigma = 0)")
    latex = r"\begin{aligned}" + r"\\[4pt]".join(lines) + r"\end{aligned}"
    return PointStep(t, s, bar, alpha_bar_to, x, noise, x_0, mean, previous, sigma, z, latex)


def guidance_formula(guidance: float) -> str:
    """Eq. 6 of Ho and Salimans 2022, in the form in which 1 is no guidance, with the w of the knob."""
    return (
        r"\tilde\varepsilon = \hat\varepsilon(x_t, t, \varnothing) + w\,\bigl(\hat\varepsilon(x_t, t, c)"
        rf" - \hat\varepsilon(x_t, t, \varnothing)\bigr),\qquad w = {guidance:g}"
    )


def posterior_weights(bar_t: float, bar_s: float) -> Pair:
    """Weights of x̂_0 and of x_t in the mean of q(x_s | x_t, x_0), eq. 7 of Ho et al. 2020."""
    alpha = bar_t / bar_s
    return bar_s**0.5 * (1 - alpha) / (1 - bar_t), alpha**0.5 * (1 - bar_s) / (1 - bar_t)


def noising_formula(there: Walk, moment: int, point: int) -> str:
    """Eq. 4 of Ho et al. 2020 with the numbers of a point of a walk forward; its noise is what eq. 4 leaves for it."""
    bar = float(there.alpha_bars[moment])
    start, x = _pair(there.x[0, point]), _pair(there.x[moment, point])
    symbols = r"x_t = \sqrt{\bar\alpha_t}\,x_0 + \sqrt{1-\bar\alpha_t}\,\varepsilon"
    if moment == 0:
        return symbols + rf",\qquad t = 0:\ \bar\alpha_0 = 1,\ x_0 = {_vector(start)}"
    noise = _pair((np.array(x) - bar**0.5 * np.array(start)) / (1 - bar) ** 0.5)
    numbers = rf"\sqrt{{{bar:.4f}}}\,{_vector(start)} + \sqrt{{{1 - bar:.4f}}}\,{_vector(noise)}"
    return f"{symbols} = {numbers} = {_vector(x)}"


def live_formulas(time: int, bar: float, steps: int, chain: int) -> list[str]:
    """The loss that is trained, and what the schedule says at one time."""
    return [
        r"L = \mathbb{E}_{x_0,\,\varepsilon,\,t}\,\bigl\lVert \varepsilon - \hat\varepsilon(x_t,\,t)\bigr\rVert^2,"
        r"\qquad x_t = \sqrt{\bar\alpha_t}\,x_0 + \sqrt{1-\bar\alpha_t}\,\varepsilon",
        rf"t = {time}:\quad \bar\alpha_t = {bar:.4f},\qquad \mathrm{{SNR}} = \frac{{\bar\alpha_t}}{{1-\bar\alpha_t}}"
        rf" = {bar / max(1 - bar, 1e-9):.4g},\qquad \text{{steps}}: {steps}\ /\ T = {chain}",
    ]


def _pair(values: np.ndarray) -> Pair:
    return float(values[0]), float(values[1])


def _vector(pair: Pair) -> str:
    return f"({pair[0]:.3f},\\,{pair[1]:.3f})"
