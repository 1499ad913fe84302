"""The widest margin beside a support vector machine, and a run that is watched beside the bare rule."""

from __future__ import annotations

import numpy as np
import torch

from engine.bench.comparison import Comparison, Prepared
from engine.data.half_planes import parted
from engine.instrument.margin import widest_margin
from engine.models.perceptron.rule import corrected
from engine.training.fit import seeded

from .card import Config
from .run import Experiment, start_of

SAMPLES = 400  # of XOR, which never comes to an end


def margin() -> Prepared:
    """γ of 100 points with a gap of 0.2, by the nearest point of their hull; against scikit-learn's SVC on the points
    and their mirror images, which makes its bias 0."""
    from sklearn.svm import SVC

    with seeded(0) as generator:
        points = parted(100, 0.2, generator)
    inputs, positive = points.inputs.double().numpy(), points.targets.numpy() == 1
    lifted = np.column_stack([inputs, -np.ones(len(inputs))])
    signed = np.where(positive[:, None], lifted, -lifted)
    both, sides = np.vstack([signed, -signed]), np.repeat([1, 0], len(signed))

    def machine() -> float:
        return 1 / float(np.linalg.norm(SVC(C=1e9, kernel="linear", tol=1e-6).fit(both, sides).coef_))

    return Prepared(lambda: widest_margin(inputs, positive).margin, machine, lambda a, b: abs(a - b) < 1e-3 * b)


def rule() -> Prepared:
    """400 samples of XOR with all that the page shows of each; against the bare rule."""
    config = Config(data="xor")
    samples = Experiment(config).samples

    def watched() -> torch.Tensor:
        *_, last = Experiment(config).train(SAMPLES, 1)
        return torch.from_numpy(last.values["line"])

    def bare() -> torch.Tensor:
        line = start_of(config)
        for number in range(SAMPLES):
            line = corrected(line, *samples[number % len(samples)], config.rate)
        return torch.tensor(line.parts, dtype=torch.float64)

    return Prepared(watched, bare, torch.equal, SAMPLES)


COMPARISONS = {
    "margin": Comparison("widest margin by the hull", "scikit-learn's SVC", "margin", margin),
    "rule": Comparison("perceptron rule, watched", "the bare rule", "sample", rule),
}
