"""Attention: the experiment with the trained encoder."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from engine.contracts.axes import axes, note, result
from engine.instrument.trace import Edit, record
from engine.machinery.device import current_device
from engine.models.transformer.minilm import HEAD_WIDTH, load_minilm
from engine.models.transformer.wordpiece import tokenise

from .card import HEAD_NAMES, HEADS, LAYERS, Config
from .mechanism import Mechanism, by_hand, later, sinusoids

HABITS = ("previous", "next", "itself", "first", "last", "same", "spread")


@result
class Result:
    """A text in the encoder: what every head asks, offers, hands on and looks at; the sentence vectors; and the
    mechanism by hand."""

    query: Tensor = axes("layer head token dimension", "query of every token")
    key: Tensor = axes("layer head token dimension", "key of every token")
    value: Tensor = axes("layer head token dimension", "value of every token")
    pattern: Tensor = axes(
        "layer head query key", "attention: share of its look that a token gives to each", unit="probability"
    )
    outputs: Tensor = axes("layer head token dimension", "weighted sum of values that a head hands on")
    habits: Tensor = axes("habit layer head", "mean attention to certain tokens", unit="probability", gaps=True)
    vector: Tensor = axes("feature", "sentence vector of the text, of length 1")
    vector_intact: Tensor = axes("feature", "sentence vector of the text with nothing changed in the encoder")
    second_vector: Tensor = axes("feature", "sentence vector of the second sentence")
    second_intact: Tensor = axes("feature", "sentence vector of the second sentence with nothing changed")
    similarity: float = axes("", "cosine of the two sentence vectors, as the encoder is now", unit="cosine")
    similarity_intact: float = axes("", "cosine of the two sentence vectors with nothing changed", unit="cosine")
    tokens: tuple[str, ...] = note("the tokens as the encoder sees them")
    cut: int = note("tokens left out because the text is too long")
    off: tuple[str, ...] = note("heads switched off")
    divisor: float = note("what q · k was divided by")
    causal: bool = note("whether later tokens were hidden")
    mechanism: Mechanism = note("attention by hand")


def run(config: Config) -> Result:
    """Both texts through the encoder, changed as the Config asks and intact; and the mechanism by hand."""
    tokens, model, edits = tokenise(config.text), load_minilm(), changes(config)
    ids = torch.tensor([tokens.ids], device=current_device())
    with torch.inference_mode(), record(model, "blocks.*", edits=edits) as trace:
        vector = model(ids)[0].cpu()
    taken = {
        name: torch.cat([trace[f"blocks.{layer}.attention.{name}"] for layer in range(LAYERS)]).cpu().clone()
        for name in ("query", "key", "value", "pattern", "outputs")
    }  # (6, 12, T, …)
    vector, second = vector.clone(), sentence_vector(config.second, edits)
    vector_intact, second_intact = (
        (sentence_vector(config.text), sentence_vector(config.second)) if edits else (vector, second)
    )
    return Result(
        **taken,
        habits=habits_of(taken["pattern"], tokens.ids, causal=config.causal),
        vector=vector,
        vector_intact=vector_intact,
        second_vector=second,
        second_intact=second_intact,
        similarity=float(vector @ second),
        similarity_intact=float(vector_intact @ second_intact),
        tokens=tokens.names,
        cut=tokens.cut,
        off=config.off,
        divisor=(math.sqrt(HEAD_WIDTH) if config.scaling else 1.0) * config.temperature,
        causal=config.causal,
        mechanism=by_hand(config),
    )


def changes(config: Config) -> dict[str, Edit]:
    """What a Config changes inside the shared encoder, as edits of its taps for one forward pass."""
    edits: dict[str, Edit] = {}
    if not config.positions:
        edits["positions"] = torch.zeros_like
    factor = (1.0 if config.scaling else math.sqrt(HEAD_WIDTH)) / config.temperature
    for layer in range(LAYERS):
        if factor != 1 or config.causal:
            edits[f"blocks.{layer}.attention.scores"] = lambda scores: _rescored(scores, factor, config.causal)
        silent = [head for head in range(HEADS) if f"L{layer + 1}H{head + 1}" in config.off]
        if silent:
            edits[f"blocks.{layer}.attention.outputs"] = lambda heads, silent=silent: _silenced(heads, silent)
    return edits


def _rescored(scores: Tensor, factor: float, causal: bool) -> Tensor:
    scores = scores * factor  # (B, H, T, T)
    return scores.masked_fill(later(scores.shape[-1]).to(scores.device), -math.inf) if causal else scores


def _silenced(heads: Tensor, silent: list[int]) -> Tensor:
    keep = torch.ones(HEADS, device=heads.device)
    keep[silent] = 0.0
    return heads * keep[:, None, None]  # (B, H, T, 32)


def sentence_vector(text: str, edits: Mapping[str, Edit] | None = None) -> Tensor:
    """(384,) the sentence vector of a text, with these edits of the encoder."""
    model, ids = load_minilm(), torch.tensor([tokenise(text).ids], device=current_device())
    with torch.inference_mode(), record(model, "none", edits=edits):
        return model(ids)[0].cpu().clone()


def habits_of(pattern: Tensor, ids: tuple[int, ...], *, causal: bool = False) -> Tensor:
    """(habit, layer, head): how much of its look a head gives, on average over the tokens that can, to the token
    before, the token after, the token itself, the first ([CLS]), the last ([SEP]), and other places of the same token
    (NaN where no token comes twice). The last habit, spread, is the entropy of the look over that of an even look at
    all keys that the mask leaves, on average over the tokens that are left more than one: one alone cannot be spread.
    """
    count, numbers = len(ids), torch.tensor(ids)
    at = torch.arange(count)
    same = (numbers[:, None] == numbers[None]) & (at[:, None] != at[None])
    twice = same.any(1)
    elsewhere = (pattern * same).sum(-1)[..., twice].mean(-1)  # the mean of nothing is NaN
    visible = at + 1 if causal else torch.full((count,), count)
    most = visible[visible > 1].log()  # of the entropy
    entropy = (-torch.special.xlogy(pattern, pattern).sum(-1)[..., visible > 1] / most).mean(-1)
    return torch.stack([
        pattern[..., at[1:], at[:-1]].mean(-1), pattern[..., at[:-1], at[1:]].mean(-1), pattern[..., at, at].mean(-1),
        pattern[..., 1:, 0].mean(-1), pattern[..., :-1, -1].mean(-1), elsewhere, entropy,
    ])  # fmt: skip


def ablation(config: Config) -> np.ndarray:
    """(6, 12) float32: how the cosine of the two sentence vectors changes when one more head is switched off.

    72 experiments, in six batches: what lies before the layer of the head is not computed again.
    """
    first, second = (_without_each(config, text) for text in (config.text, config.second))  # (73, 384)
    cosines = (first * second).sum(1)
    return (cosines[1:] - cosines[0]).reshape(LAYERS, HEADS).numpy()


def _without_each(config: Config, text: str) -> Tensor:
    """(73, 384): the sentence vector of a text as it is, then without each head."""
    model, edits = load_minilm(), changes(config)
    ids = torch.tensor([tokenise(text).ids], device=current_device())
    alone = torch.ones(HEADS, HEADS, 1, 1, device=ids.device)  # one copy of the text without each of the twelve heads
    alone[torch.arange(HEADS), torch.arange(HEADS)] = 0.0
    with torch.inference_mode():
        with record(model, "blocks.*.inputs", edits=edits) as trace:
            vectors = [model(ids)]
        for layer in range(LAYERS):
            x = trace[f"blocks.{layer}.inputs"].expand(HEADS, -1, -1)
            name = f"blocks.{layer}.attention.outputs"
            before = edits.get(name, lambda heads: heads)
            with record(model, "none", edits=edits | {name: lambda heads, before=before: before(heads) * alone}):
                vectors.append(model.encode(x, torch.ones(x.shape[:2], dtype=torch.bool, device=x.device), layer))
    return torch.cat(vectors).cpu().clone()


def strongest(result: Result, habit: str, most: int = 6) -> list[tuple[str, float]]:
    """The heads with most of a habit, as (name, measured value); empty where the text cannot show it."""
    values = result.habits[HABITS.index(habit)].flatten()
    if values.isnan().any():
        return []
    top = values.topk(most)
    return [(HEAD_NAMES[at], value) for at, value in zip(top.indices.tolist(), top.values.tolist(), strict=True)]


def position_similarity(count: int, width: int) -> dict[str, np.ndarray]:
    """Mean similarity of two positions against their distance, (count,) each: "sinusoid", the dot product over that of
    an encoding with itself; "learned", the cosine of the encoder's own embeddings of its first positions."""
    waves = torch.from_numpy(sinusoids(count, width)) / math.sqrt(width / 2)
    learned = torch.nn.functional.normalize(load_minilm().places.weight[:count].cpu(), dim=-1)
    curves = {}
    for name, places in (("sinusoid", waves), ("learned", learned)):
        similarity = places @ places.T
        curves[name] = torch.stack([similarity.diagonal(distance).mean() for distance in range(count)]).numpy()
    return curves
