"""The encoder: written-out parts against PyTorch's own, known answers, padding, half precision."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from engine import weights
from engine.instrument.trace import count_parameters, record, tap_names
from engine.models.transformer import load_minilm, tokenise
from engine.models.transformer.minilm import HEADS, LAYERS, WIDTH, MiniLM
from engine.recipes.minilm import SENTENCES, renamed, similarities


@pytest.fixture(scope="module")
def model():
    return load_minilm()


@pytest.fixture(scope="module")
def trace(model):
    """Two texts of one length, so that a mistake in the batch axis shows."""
    ids = torch.tensor([tokenise("The cat sat on the mat.").ids, tokenise("A dog ran to his house.").ids])
    with torch.no_grad(), record(model) as trace:
        vectors = model(ids)
    return ids, vectors, trace


# ---------------------------------------------------------------- the parts


def test_attention_is_pytorch_s_fused_one(trace):
    for layer in range(LAYERS):
        taken = {name: trace[2][f"blocks.{layer}.attention.{name}"] for name in ("query", "key", "value", "outputs")}
        expected = F.scaled_dot_product_attention(taken["query"], taken["key"], taken["value"])
        torch.testing.assert_close(taken["outputs"], expected, rtol=1e-5, atol=1e-5)
        pattern = trace[2][f"blocks.{layer}.attention.pattern"]
        torch.testing.assert_close(pattern.sum(-1), torch.ones(pattern.shape[:-1]), rtol=0, atol=1e-5)
        scores = trace[2][f"blocks.{layer}.attention.scores"]
        torch.testing.assert_close(scores.softmax(-1), pattern)


def test_the_whole_encoder_is_pytorch_s_own(model, trace):
    """torch.nn.TransformerEncoderLayer with our weights, post-norm and GELU, layer after layer."""
    ids, vectors, _ = trace
    with torch.no_grad():
        x = model.embed(ids)
        expected = F.layer_norm(
            model.words.weight[ids] + model.places.weight[: ids.shape[1]] + model.segments.weight[0], (WIDTH,),
            model.norm.weight, model.norm.bias, 1e-12,
        )  # fmt: skip
        torch.testing.assert_close(x, expected)
        for block in model.blocks:
            oracle = nn.TransformerEncoderLayer(
                WIDTH, HEADS, 1536, dropout=0.0, activation=F.gelu, layer_norm_eps=1e-12, batch_first=True
            ).eval()
            attention = block.attention
            projections = (attention.to_query, attention.to_key, attention.to_value)
            oracle.load_state_dict({
                "self_attn.in_proj_weight": torch.cat([one.weight for one in projections]),
                "self_attn.in_proj_bias": torch.cat([one.bias for one in projections]),
                "self_attn.out_proj.weight": attention.to_output.weight,
                "self_attn.out_proj.bias": attention.to_output.bias,
                "linear1.weight": block.widen.weight, "linear1.bias": block.widen.bias,
                "linear2.weight": block.narrow.weight, "linear2.bias": block.narrow.bias,
                "norm1.weight": block.attention_norm.weight, "norm1.bias": block.attention_norm.bias,
                "norm2.weight": block.norm.weight, "norm2.bias": block.norm.bias,
            })  # fmt: skip
            x = oracle(x)
        torch.testing.assert_close(F.normalize(x.mean(1), dim=-1), vectors, rtol=1e-4, atol=1e-5)


def test_a_text_filled_up_in_a_batch_gets_the_vector_it_has_alone(model):
    texts = ("A bank lends money.", "We sat on the bank of the river.")
    ids = [tokenise(text).ids for text in texts]
    longest = max(map(len, ids))
    batch = torch.tensor([[*one, *[0] * (longest - len(one))] for one in ids])
    allowed = torch.tensor([[at < len(one) for at in range(longest)] for one in ids])
    with torch.no_grad(), record(model, "*.pattern") as trace:
        together = model(batch, allowed)
    alone = torch.cat([model(torch.tensor([one])) for one in ids])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)
    assert trace["blocks.3.attention.pattern"][0, :, :, len(ids[0]) :].abs().max() == 0


def test_shapes_at_every_tap(trace, model):
    ids, vectors, taken = trace
    count = ids.shape[1]
    assert set(taken) == set(tap_names(model))
    for name, value in taken.items():
        part = name.rpartition(".")[2]
        wide = {"scores": (HEADS, count, count), "pattern": (HEADS, count, count), "inputs": (count, WIDTH)}
        expected = (count, WIDTH) if part == "positions" else (2, *wide.get(part, (HEADS, count, 32)))
        assert value.shape == expected, name
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(2))


# ---------------------------------------------------------------- the weights


def test_the_known_similarities_are_what_the_card_says(model):
    cosines, score = similarities(model), weights.card("minilm").score
    cat, kitten, market = SENTENCES[:3]
    assert cosines[0, 1].item() == pytest.approx(score[f"cosine of {cat!r} and {kitten!r}"], abs=1e-3)
    assert cosines[0, 2].item() == pytest.approx(score[f"cosine of {cat!r} and {market!r}"], abs=1e-3)
    assert score[f"cosine of {cat!r} and {market!r}"] == 0.0814  # of the weights as shipped, in half precision
    assert cosines[0, 2].item() == pytest.approx(0.0814, abs=1e-4)
    assert 0.66 < cosines[0, 1] < 0.68  # as the published weights give it in float32
    assert 0.07 < cosines[0, 2] < 0.09
    for first, second in ((0, 1), (2, 3), (4, 5)):  # each with its like rather than with any other
        others = [at for at in range(len(SENTENCES)) if at not in (first, second)]
        assert cosines[first, second] > cosines[first, others].max()
    assert score["largest change of a cosine by half precision, 12 sentences"] < 1e-3


def test_one_frozen_model_for_the_whole_process(model):
    assert load_minilm() is model
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert count_parameters(model) == weights.card("minilm").parameters == 22_565_376
    assert weights.load_weights("minilm").keys() == model.state_dict().keys()


def test_the_conversion_names_every_tensor_and_drops_the_pooler():
    theirs = {"pooler.dense.weight": torch.zeros(1), "embeddings.position_ids": torch.zeros(1)}
    with torch.device("meta"):
        wanted = MiniLM().state_dict()
    back = {
        "words": "embeddings.word_embeddings", "places": "embeddings.position_embeddings",
        "segments": "embeddings.token_type_embeddings", "norm": "embeddings.LayerNorm",
    }  # fmt: skip
    inner = {
        "attention.to_query": "attention.self.query", "attention.to_key": "attention.self.key",
        "attention.to_value": "attention.self.value", "attention.to_output": "attention.output.dense",
        "attention_norm": "attention.output.LayerNorm", "widen": "intermediate.dense", "narrow": "output.dense",
        "norm": "output.LayerNorm",
    }  # fmt: skip
    for key, value in wanted.items():
        module, _, kind = key.rpartition(".")
        if module.startswith("blocks."):
            _, layer, part = module.split(".", 2)
            theirs[f"encoder.layer.{layer}.{inner[part]}.{kind}"] = value
        else:
            theirs[f"{back[module]}.{kind}"] = value
    ours = renamed(theirs)
    assert ours.keys() == wanted.keys()
    assert all(ours[key] is wanted[key] for key in wanted)


def test_scores_are_divided_by_the_root_of_the_head_s_width(trace):
    taken = trace[2]
    q, k = taken["blocks.2.attention.query"], taken["blocks.2.attention.key"]
    by_hand = torch.einsum("bhqd,bhkd->bhqk", q, k) / math.sqrt(32)
    torch.testing.assert_close(taken["blocks.2.attention.scores"], by_hand, rtol=1e-5, atol=1e-4)
