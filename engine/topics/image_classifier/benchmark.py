"""Grad-CAM beside what it needs at the least."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.bench.comparison import Comparison, Prepared, close
from engine.data.photos import photo
from engine.instrument.attribution import grad_cam
from engine.models.efficientnet.lite0 import load_lite0, middle_square, normalised


def gradient_maps() -> Prepared:
    """Grad-CAM of the shipped classifier, against a bare forward pass and a backward pass down to the pixels.

    At the last maps Grad-CAM must be ReLU(Σ w A) / positions, with the weights w of the class (Zhou et al. 2016).
    """
    model, x, label = load_lite0(), normalised(middle_square(photo("chelsea").rgb)), 281

    def bare() -> Tensor:
        picture = x.detach().requires_grad_()
        h = F.relu6(model.stem(picture))
        for stage in model.stages:
            h = stage(h)
        maps = F.relu6(model.head(h))
        model.classifier(maps.mean((2, 3)))[0, label].backward()
        weights = model.classifier.weight[label]
        return torch.einsum("k,kij->ij", weights, maps[0].detach()).relu() / maps[0, 0].numel()

    return Prepared(lambda: grad_cam(model, x, label, "taps.head").heat, bare, lambda a, b: close(a, b, 1e-4))


COMPARISONS = {
    "grad_cam": Comparison("Grad-CAM", "forward, and backward to the pixels", "map", gradient_maps),
}
