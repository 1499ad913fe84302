"""Image classifier: the formulas with the numbers of a Result in them, as LaTeX."""

from __future__ import annotations

from .draw import grad_cam_at
from .run import Result


def softmax_formula(result: Result) -> str:
    """p of the explained class from its score and the logarithm of the sum of all exponentials."""
    k, p = result.explained, result.probabilities[result.explained].item()
    score, total = result.scores[k].item(), result.scores.logsumexp(0).item()
    definition = rf"p_{{{k}}} = \frac{{e^{{s_{{{k}}}}}}}{{\sum_j e^{{s_j}}}}"
    return rf"{definition} = \frac{{e^{{{score:.3f}}}}}{{e^{{{total:.3f}}}}} = {p:.4f}"


def grad_cam_formula(result: Result, layer: str = "head") -> str:
    """Grad-CAM (Selvaraju et al. 2017, eq. 1 and 2) with its value where it is largest, rows and columns from 0."""
    heat, last = grad_cam_at(result, layer), len(getattr(result, layer)) - 1
    rows, columns = heat.shape
    i, j = divmod(int(heat.argmax()), columns)
    return (
        rf"\alpha_k = \frac{{1}}{{{rows} \cdot {columns}}} "
        rf"\sum_{{i,j}} \frac{{\partial s_{{{result.explained}}}}}{{\partial A^k_{{ij}}}}, \qquad "
        rf"L_{{{i},{j}}} = \operatorname{{ReLU}}\Big(\sum_{{k=0}}^{{{last}}} \alpha_k A^k_{{{i},{j}}}\Big) "
        rf"= {heat.max().item():.4f}"
    )


def completeness_formula(result: Result) -> str:
    """Integrated gradients: the sum over all pixels beside what it should be; empty for the plain gradient."""
    if not result.saliency_goal:
        return ""
    total, goal = result.saliency_sum, result.saliency_goal
    return rf"\sum_{{\text{{px}}}} \mathrm{{IG}} = {total:.3f}, \qquad s(x) - s(\text{{grey}}) = {goal:.3f}"
