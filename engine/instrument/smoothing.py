"""How alike the nodes of a graph have become: two measures of over-smoothing. No training, no model."""

from __future__ import annotations

import torch
from torch import Tensor


def mean_cosine_distance(h: Tensor) -> float:
    """Mean of 1 - cos(h_i, h_j) over all pairs i ≠ j: 0 where all rows point the same way (Chen et al. 2020, "MAD").

    h (N, C). Rows of zeros have no direction and are left out; 0 where fewer than two are left. In O(N C), for the sum
    of all cosines is |Σ h_i / |h_i||².
    """
    length = h.double().norm(dim=1)
    unit = h.double()[length > 0] / length[length > 0, None]
    count = len(unit)
    if count < 2:
        return 0.0
    total = unit.sum(0).square().sum() - count  # Σ over i ≠ j of cos
    return max(0.0, 1 - (total / (count * (count - 1))).item())


def dirichlet_energy(h: Tensor, edges: Tensor) -> float:
    """Σ over edges of |h_i / √d̃_i - h_j / √d̃_j|², over |h|²: how far neighbours differ (Cai and Wang 2020).

    This is tr(Hᵀ (I - Â) H) / tr(Hᵀ H), with Â that of the GCN: 0 where Â H = H, at most 2. h (N, C), edges (E, 2) each
    once. 0 for h = 0.
    """
    h = h.double()
    degree = torch.bincount(edges.flatten(), minlength=len(h)).to(h) + 1
    scaled = h / degree.sqrt()[:, None]
    total = h.square().sum().item()
    return (scaled[edges[:, 0]] - scaled[edges[:, 1]]).square().sum().item() / total if total > 0 else 0.0
