"""all-MiniLM-L6-v2: a small encoder of BERT's kind (Devlin et al. 2019). Wang et al. 2020 ("MiniLM") distilled twelve
layers from a UniLM v2 of BERT-base size; every second of them was kept, and the six trained on pairs of sentences
(Reimers and Gurevych 2019, "Sentence-BERT") so that like meanings get like vectors.

6 layers, 12 heads of 32 numbers, 384 wide; 22,565,376 parameters. Attention is written out, not fused, to be looked at.
"""

from __future__ import annotations

import math
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine import weights
from engine.instrument.trace import Tap
from engine.machinery.device import current_device

LAYERS, HEADS, WIDTH, HEAD_WIDTH = 6, 12, 384, 32
VOCABULARY, POSITIONS, HIDDEN = 30_522, 512, 1536
EPSILON = 1e-12  # of every layer normalisation, as published


class Attention(nn.Module):
    """Multi-head self-attention (Vaswani et al. 2017, eq. 1). x (B, T, 384) -> (B, T, 384).

    allowed (B, T): False for tokens that only fill up a batch; no query may look there.
    """

    def __init__(self):
        super().__init__()
        self.to_query, self.to_key, self.to_value, self.to_output = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.query = Tap("batch head token dimension")
        self.key = Tap("batch head token dimension")
        self.value = Tap("batch head token dimension")
        self.scores = Tap("batch head query key")  # q · k / √32, before mask and softmax
        self.pattern = Tap("batch head query key")  # rows add up to 1
        self.outputs = Tap("batch head token dimension")  # what each head hands on

    def forward(self, x: Tensor, allowed: Tensor) -> Tensor:
        q = self.query(split_heads(self.to_query(x)))  # (B, H, T, 32)
        k = self.key(split_heads(self.to_key(x)))
        v = self.value(split_heads(self.to_value(x)))
        scores = self.scores(q @ k.transpose(-1, -2) / math.sqrt(HEAD_WIDTH))  # (B, H, T, T)
        scores = scores.masked_fill(~allowed[:, None, None, :], -math.inf)
        heads = self.outputs(self.pattern(scores.softmax(-1)) @ v)  # (B, H, T, 32)
        return self.to_output(heads.transpose(1, 2).flatten(2))  # (B, T, 384)


def split_heads(x: Tensor) -> Tensor:
    """(B, T, 384) -> (B, 12, T, 32): the heads are slices of one projection."""
    return x.unflatten(-1, (HEADS, HEAD_WIDTH)).transpose(1, 2)


class Block(nn.Module):
    """One encoder layer, post-norm: attention, add and normalise, feed forward, add and normalise."""

    def __init__(self):
        super().__init__()
        self.inputs = Tap("batch token feature")
        self.attention = Attention()
        self.attention_norm = nn.LayerNorm(WIDTH, eps=EPSILON)
        self.widen, self.narrow = nn.Linear(WIDTH, HIDDEN), nn.Linear(HIDDEN, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=EPSILON)

    def forward(self, x: Tensor, allowed: Tensor) -> Tensor:
        x = self.inputs(x)  # (B, T, 384)
        x = self.attention_norm(x + self.attention(x, allowed))
        return self.norm(x + self.narrow(F.gelu(self.widen(x))))


class MiniLM(nn.Module):
    """Token numbers (B, T) -> sentence vectors (B, 384): the mean over the last layer's tokens, scaled to length 1."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, WIDTH)
        self.places = nn.Embedding(POSITIONS, WIDTH)
        self.segments = nn.Embedding(2, WIDTH)  # first or second text of a pair; here always the first
        self.norm = nn.LayerNorm(WIDTH, eps=EPSILON)
        self.positions = Tap("token feature")
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))

    def forward(self, ids: Tensor, allowed: Tensor | None = None) -> Tensor:
        """allowed (B, T): False where a shorter text was filled up. None: every token counts."""
        if allowed is None:
            allowed = torch.ones_like(ids, dtype=torch.bool)
        return self.encode(self.embed(ids), allowed)

    def embed(self, ids: Tensor) -> Tensor:
        """(B, T) -> (B, T, 384): word + position + segment, normalised."""
        places = self.positions(self.places.weight[: ids.shape[1]])  # (T, 384)
        return self.norm(self.words(ids) + places + self.segments.weight[0])

    def encode(self, x: Tensor, allowed: Tensor, first: int = 0) -> Tensor:
        """The blocks from `first` on, then the sentence vectors. x (B, T, 384) -> (B, 384)."""
        for block in self.blocks[first:]:
            x = block(x, allowed)
        counts = allowed.unsqueeze(-1).to(x.dtype)  # (B, T, 1)
        return F.normalize((x * counts).sum(1) / counts.sum(1), dim=-1)


def load_minilm() -> MiniLM:
    """The trained encoder on the current device, frozen; one for the whole process.

    Source: see `engine.weights.card("minilm")`. Raises WeightsError if the file is missing or does not fit.
    """
    return _load(current_device())


@cache
def _load(device: str) -> MiniLM:
    with torch.inference_mode(False):  # weights born in inference mode could never take part in a gradient
        with torch.device("meta"):  # no first weights: they would be drawn from the generator all visitors share
            model = MiniLM()
        model.to_empty(device="cpu")
        weights.fill(model, "minilm")
        return model.eval().requires_grad_(False).to(device)
