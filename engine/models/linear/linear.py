"""Two linear classifiers, trained side by side on the same points: one by the hinge loss, one by the softmax's."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class LinearClassifier(nn.Module):
    """Scores s = W x + b, one for each class. x (B, D) -> (B, K).

    All weights begin at zero: the losses are convex, so there is one lowest place and no symmetry to break.
    """

    def __init__(self, features: int, classes: int):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(classes, features))
        self.bias = nn.Parameter(torch.zeros(classes))

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight.T + self.bias


class TwoClassifiers(nn.Module):
    """A support vector machine and a softmax classifier. x (B, D) -> scores of both, (B, K) and (B, K).

    They share no weight, so training the sum of their losses trains each as if it were alone.
    """

    def __init__(self, features: int, classes: int):
        super().__init__()
        self.svm = LinearClassifier(features, classes)
        self.softmax = LinearClassifier(features, classes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.svm(x), self.softmax(x)


def hinge_terms(scores: Tensor, targets: Tensor, margin: float) -> Tensor:
    """max(0, s_j − s_y + Δ) of every class j, and 0 for the class y itself (Weston and Watkins 1999, with Δ for 2).

    scores (B, K), targets (B,) -> (B, K).
    """
    own = scores.gather(1, targets[:, None])
    return F.relu(scores - own + margin).scatter(1, targets[:, None], 0.0)


def hinge_loss(scores: Tensor, targets: Tensor, margin: float) -> Tensor:
    """Σ_{j≠y} max(0, s_j − s_y + Δ), the mean over the batch. scores (B, K), targets (B,) -> ()."""
    return hinge_terms(scores, targets, margin).sum(1).mean()


def hinge_gradient(scores: Tensor, targets: Tensor, margin: float) -> Tensor:
    """Of each point's hinge loss by its scores: 1 for every class whose term is above 0, and minus their number for the
    class of the point. (B, K), (B,) -> (B, K)."""
    above = (hinge_terms(scores, targets, margin) > 0).to(scores.dtype)
    return above.scatter(1, targets[:, None], -above.sum(1, keepdim=True))


def softmax_gradient(scores: Tensor, targets: Tensor) -> Tensor:
    """Of each point's cross-entropy by its scores: p_k − 1 for the class of the point, p_k for the others."""
    return scores.softmax(1) - F.one_hot(targets, scores.shape[1]).to(scores.dtype)
