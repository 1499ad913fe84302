"""Written-out attention and recording beside the same without."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.bench.comparison import Comparison, Prepared, close
from engine.instrument.trace import record
from engine.models.transformer.minilm import load_minilm, split_heads
from engine.training.fit import seeded


def attention() -> Prepared:
    """One layer of the shipped encoder, 128 tokens; the baseline uses the same projections and PyTorch's fused op."""
    layer = load_minilm().blocks[0].attention
    with seeded(0) as generator:
        x = torch.randn(1, 128, layer.to_query.in_features, generator=generator)
    allowed = torch.ones(1, 128, dtype=torch.bool)

    @torch.no_grad()
    def ours() -> Tensor:
        return layer(x, allowed)

    @torch.no_grad()
    def fused() -> Tensor:
        q, k, v = (split_heads(part(x)) for part in (layer.to_query, layer.to_key, layer.to_value))
        heads = F.scaled_dot_product_attention(q, k, v, allowed[:, None, None, :])
        return layer.to_output(heads.transpose(1, 2).flatten(2))

    return Prepared(ours, fused, close)


def recording() -> Prepared:
    """The whole encoder with every tap recorded, against the same forward pass unobserved."""
    model = load_minilm()
    with seeded(0) as generator:
        ids = torch.randint(1000, 20000, (1, 64), generator=generator)

    @torch.no_grad()
    def ours() -> Tensor:
        with record(model) as trace:
            vector = model(ids)
        assert trace["blocks.5.attention.pattern"].shape == (1, 12, 64, 64)
        return vector

    @torch.no_grad()
    def unobserved() -> Tensor:
        return model(ids)

    return Prepared(ours, unobserved, close)


COMPARISONS = {
    "attention": Comparison("written-out attention, 128 tokens", "PyTorch's fused attention", "layer", attention),
    "recording": Comparison("encoder with every tap recorded", "the encoder unobserved", "forward", recording),
}
