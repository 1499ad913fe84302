"""Image classifier: the formulas with the numbers of a Result in them, as LaTeX."""

from __future__ import annotations

from engine.core.formula import Formula, written

from .draw import grad_cam_at
from .run import Result


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
