"""The attention page's engine: changes inside the encoder, what heads look at, one number, and attention by hand."""

import dataclasses
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from engine.contracts.formula import written
from engine.contracts.knob import KnobError, from_query, to_query
from engine.models.transformer import tokenise
from engine.pictures.links.values import Links
from engine.pictures.matrices.values import Matrices
from engine.pictures.mosaic.values import Mosaic, shrunk
from engine.pictures.packing import pack
from engine.pictures.pixels.values import picture_payload
from engine.topics.attention import draw, explain
from engine.topics.attention.card import HEAD_NAMES, TOPIC, Config, matrix_text, only, parse_matrix
from engine.topics.attention.mechanism import (
    by_hand,
    divisor,
    matrix_of,
    random_numbers,
    sinusoids,
    spread_of_scores,
    with_number,
)
from engine.topics.attention.run import (
    HABITS,
    ablation,
    habits_of,
    position_similarity,
    run,
    sentence_vector,
    strongest,
)

DOG = TOPIC.presets["Dog bites man"]


@pytest.fixture(scope="module")
def animal():
    return run(Config())


def habit(result, name):
    return result.habits[HABITS.index(name)]


# ---------------------------------------------------------------- changes inside the encoder


def test_nothing_changed_is_the_intact_encoder(animal):
    assert torch.equal(animal.vector, animal.vector_intact)
    assert animal.similarity == animal.similarity_intact
    torch.testing.assert_close(animal.vector, sentence_vector(Config().text))
    torch.testing.assert_close(animal.pattern.sum(-1), torch.ones(animal.pattern.shape[:-1]), rtol=0, atol=1e-5)


def test_scaling_mask_and_temperature_are_pytorch_s(animal):
    """In the first layer q, k and v are not touched by the changes: the fused operation must give the new outputs."""
    for config in (Config(scaling=False), Config(temperature=2.5), Config(causal=True, temperature=0.3)):
        result = run(config)
        q, k, v = (getattr(result, name)[0] for name in ("query", "key", "value"))
        torch.testing.assert_close(q, animal.query[0])
        scale = (1 / math.sqrt(32) if config.scaling else 1.0) / config.temperature
        expected = F.scaled_dot_product_attention(q, k, v, scale=scale, is_causal=config.causal)
        torch.testing.assert_close(result.outputs[0], expected, rtol=1e-4, atol=1e-5)
        assert result.vector_intact.equal(animal.vector)
        if config.causal:
            assert result.pattern.triu(1).abs().max() == 0


def test_a_head_switched_off_hands_on_nothing_and_leaves_no_trace(animal):
    result = run(Config(off=("L1H3", "L4H12")))
    assert result.outputs[0, 2].abs().max() == 0
    assert result.outputs[3, 11].abs().max() == 0
    torch.testing.assert_close(result.pattern[0], animal.pattern[0])  # in its own layer the others look as before
    assert not torch.allclose(result.pattern[1], animal.pattern[1])
    assert torch.equal(run(Config()).vector, animal.vector)  # the shared model is as it was
    for name in ("query", "key", "value"):  # what the head would have handed on is still there to be read
        assert getattr(result, name)[0, 2].abs().max() > 0


def test_visitors_do_not_see_each_other_s_changes(animal):
    configs = [Config(), Config(off=("L1H1", "L2H2")), Config(causal=True), Config(positions=False)]
    alone = [run(config) for config in configs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(run, configs * 4))
    for at, result in enumerate(together):
        torch.testing.assert_close(result.pattern, alone[at % 4].pattern)
        torch.testing.assert_close(result.vector, alone[at % 4].vector)


def test_72_ablations_at_once_are_72_runs(animal):
    config = Config(temperature=1.5, off=("L2H2",))
    falls, before = ablation(config), run(config).similarity
    assert falls[1, 1] == pytest.approx(0, abs=1e-6)  # off already
    for name in ("L1H3", "L3H7", "L6H8"):
        one = run(dataclasses.replace(config, off=(*config.off, name))).similarity
        layer, head = draw.place_of(name)
        assert falls[layer, head] == pytest.approx(one - before, abs=2e-6)
    assert np.abs(falls).max() > 0.005


def test_without_positions_the_order_of_words_does_not_matter():
    assert run(DOG).similarity == pytest.approx(0.973, abs=0.002)
    result = run(TOPIC.presets["Without positions"])
    assert result.similarity == pytest.approx(1, abs=1e-5)
    assert result.similarity_intact == pytest.approx(run(DOG).similarity, abs=1e-6)
    turned = run(dataclasses.replace(TOPIC.presets["Without positions"], text="The man bites the dog."))
    swap = [0, 1, 5, 3, 4, 2, 6, 7]  # [CLS] the dog bites the man . [SEP]
    torch.testing.assert_close(turned.pattern, result.pattern[:, :, swap][..., swap], rtol=1e-3, atol=1e-4)


# ---------------------------------------------------------------- what heads look at


def test_habits_are_means_over_tokens():
    ids = (101, 5, 7, 5, 102)
    pattern = torch.rand(6, 12, 5, 5, generator=torch.Generator().manual_seed(0)).softmax(-1)
    found = dict(zip(HABITS, habits_of(pattern, ids), strict=True))
    one = pattern[2, 3].numpy()
    expected = {
        "previous": np.mean([one[i, i - 1] for i in range(1, 5)]),
        "next": np.mean([one[i, i + 1] for i in range(4)]),
        "itself": np.mean([one[i, i] for i in range(5)]),
        "first": np.mean([one[i, 0] for i in range(1, 5)]),
        "last": np.mean([one[i, 4] for i in range(4)]),
        "same": np.mean([one[1, 3], one[3, 1]]),
        "spread": np.mean([-(row * np.log(row)).sum() for row in one]) / np.log(5),
    }
    for name, value in expected.items():
        assert found[name][2, 3].item() == pytest.approx(value, abs=1e-6), name
    assert habits_of(pattern, (1, 2, 3, 4, 5))[HABITS.index("same")].isnan().all()


def test_an_even_look_is_spread_to_the_full_also_under_a_mask():
    """Each row over the logarithm of the keys it may see; the first one, with a single key, has no spread."""
    count, pattern = 6, torch.zeros(1, 1, 6, 6)
    for row in range(count):
        pattern[0, 0, row, : row + 1] = 1 / (row + 1)
    ids = tuple(range(count))
    assert habits_of(pattern, ids, causal=True)[HABITS.index("spread")].item() == pytest.approx(1)
    assert habits_of(torch.full((1, 1, 6, 6), 1 / 6), ids)[HABITS.index("spread")].item() == pytest.approx(1)
    assert habits_of(torch.eye(6)[None, None], ids, causal=True)[HABITS.index("spread")].item() == 0
    rows = run(Config(causal=True)).pattern[2, 3, 1:].double()
    expected = [-(row[row > 0] * row[row > 0].log()).sum() / np.log(at + 2) for at, row in enumerate(rows)]
    assert habit(run(Config(causal=True)), "spread")[2, 3].item() == pytest.approx(np.mean(expected), abs=1e-6)


def test_a_head_that_is_off_hands_on_nothing_and_says_so():
    result = run(Config(off=("L4H2",)))
    cell = explain.explain_cell(result, 3, 1, 9, 2)
    assert cell.off
    assert (cell.output == 0).all()
    assert not result.outputs[3, 1].any()
    assert r"= 0 \cdot \bigl(" in explain.output_formula(cell).latex
    assert not explain.explain_cell(result, 3, 2, 9, 2).off


def test_the_heads_of_the_lesson_do_what_it_says(animal):
    assert strongest(animal, "previous")[0][0] == "L1H3"
    assert habit(animal, "previous")[0, 2] > 0.999
    assert habit(run(TOPIC.presets["Without positions"]), "previous")[0, 2].item() == pytest.approx(0.18, abs=0.01)
    sinks = (habit(animal, "first") > 0.5).sum(1).tolist()
    assert (sum(sinks), sinks[0], sinks[4]) == (27, 0, 9)
    it, beast, street = (animal.tokens.index(word) for word in ("it", "animal", "street"))
    wide = run(TOPIC.presets["Too wide"]).pattern[3, 1, it]
    tired = animal.pattern[3, 1, it]
    shares = [tired[beast], tired[street], wide[beast], wide[street], wide[0]]
    assert [round(share.item(), 2) for share in shares] == [0.68, 0.05, 0.28, 0.12, 0.33]
    other = run(Config(text="The street was not crossed by the animal because it was too tired."))
    it, street = other.tokens.index("it"), other.tokens.index("street")
    assert other.pattern[3, 1, it, street].item() == pytest.approx(0.65, abs=0.01)
    hard = run(TOPIC.presets["Not divided by √32"])
    assert [round(one.pattern.amax(-1).mean().item(), 2) for one in (animal, hard)] == [0.53, 0.91]
    falls = ablation(Config())
    assert HEAD_NAMES[falls.argmax()] == "L6H8"
    assert HEAD_NAMES[falls.argmin()] == "L5H3"
    assert [round(float(x), 3) for x in (falls.max(), falls.min(), np.abs(falls).mean())] == [0.03, -0.026, 0.006]
    assert strongest(run(Config(text="One two three.")), "same") == []


# ---------------------------------------------------------------- one number


@pytest.mark.parametrize(
    "config", [Config(), Config(causal=True, temperature=0.5), Config(scaling=False, positions=False)]
)
def test_the_arithmetic_of_a_cell_is_the_encoder_s(config):
    result = run(config)
    count = len(result.tokens)
    for layer, head, query, key in [(0, 2, 8, 7), (3, 1, 10, 2), (5, 11, 0, count - 1), (4, 5, count - 1, 0)]:
        cell = explain.explain_cell(result, layer, head, query, key)
        assert cell.value == result.pattern[layer, head, query, key].item()
        assert cell.shares[key] == pytest.approx(cell.value, abs=1e-5)
        assert cell.shares == pytest.approx(result.pattern[layer, head, query].numpy(), abs=1e-5)
        assert cell.output == pytest.approx(result.outputs[layer, head, query].numpy(), abs=1e-4)
        assert cell.products.sum() == pytest.approx(cell.product)
        assert cell.hidden == (config.causal and key > query)
        if not cell.hidden:
            assert cell.scores[key] == pytest.approx(cell.product / result.divisor, rel=1e-9)
        said = explain.score_formulas(cell, scaling=config.scaling, temperature=config.temperature).latex
        assert f"= {written(cell.product)}" in said
        assert (r"\infty" in said) == cell.hidden
        assert explain.softmax_formula(cell).latex.endswith(f"= {written(cell.shares[key])}")
        assert explain.output_formula(cell).latex.endswith(f"= {written(cell.output[0])}")


def test_the_cell_shown_first_stands_out(animal):
    assert explain.telling_cell(animal, 3, 1) == (animal.tokens.index("it"), animal.tokens.index("animal"))
    query, key = explain.telling_cell(animal, 0, 2)
    assert query == key + 1
    assert explain.telling_cell(run(Config(text="")), 0, 2)[0] == 0


def test_cells_that_are_not_there_are_refused(animal):
    for place in [(6, 0, 0, 0), (0, 12, 0, 0), (0, 0, 16, 0), (0, 0, 0, -1)]:
        with pytest.raises(ValueError, match="there is no cell"):
            explain.explain_cell(animal, *place)
    with pytest.raises(ValueError, match="there is no cell"):
        explain.explain_by_hand(animal.mechanism, 4, 0, divisor=1.0, causal=False)


@pytest.mark.parametrize("text", ["", "   ", "🙂🙃", "你好，世界。", "cat " * 240, "x" * 1000])
def test_any_text_is_read(text):
    result = run(Config(text=text, second=text))
    assert len(result.tokens) == len(tokenise(text).ids) <= 128
    assert result.similarity == pytest.approx(1, abs=1e-5)
    assert result.cut == (114 if text.startswith("cat") else 0)
    for picture in (draw.draw_head(result, 0, 2), draw.draw_heads(result)):
        assert len(pack(*picture_payload(picture))) < 1_000_000
    shown = draw.draw_mosaic(result, 0, 2, habit="same")
    assert len(pack(*shown.payload())) < 1_000_000
    assert all(note == "" or note.startswith("the same token elsewhere 0.") for row in shown.notes for note in row)


# ---------------------------------------------------------------- by hand


@pytest.mark.parametrize("name", ["By hand", "By hand, causal"])
def test_attention_by_hand_is_pytorch_s(name):
    for change in ({}, {"scaling": False}, {"temperature": 3.0}, {"width": 2}, {"tokens": "a b c d e f"}):
        config = dataclasses.replace(TOPIC.presets[name], **change)
        made = by_hand(config)
        expected = F.scaled_dot_product_attention(
            made.query[None], made.key[None], made.value[None], is_causal=config.causal,
            scale=1 / divisor(config, config.width),
        )[0]  # fmt: skip
        torch.testing.assert_close(made.output, expected)
        torch.testing.assert_close(made.pattern.sum(-1), torch.ones(len(made.tokens)))
        cell = explain.explain_by_hand(made, 1, 0, divisor=divisor(config, config.width), causal=config.causal)
        assert cell.shares == pytest.approx(made.pattern[1].numpy(), abs=1e-6)
        assert cell.output == pytest.approx(made.output[1].numpy(), abs=1e-6)


def test_equal_words_get_equal_outputs_until_they_have_positions():
    made = by_hand(Config())
    assert torch.equal(made.output[1], made.output[3])
    made = by_hand(Config(sinusoid=True))
    assert not torch.allclose(made.output[1], made.output[3], atol=0.05)
    assert [round(made.pattern[row, 0].item(), 2) for row in (1, 3)] == [0.83, 0.77]


def test_sinusoids_are_those_of_the_paper():
    encoding = sinusoids(50, 8)
    for position, i in [(0, 0), (3, 1), (49, 3)]:
        angle = position / 10_000 ** (2 * i / 8)
        assert encoding[position, 2 * i] == pytest.approx(math.sin(angle), abs=1e-6)
        assert encoding[position, 2 * i + 1] == pytest.approx(math.cos(angle), abs=1e-6)
    similarity = position_similarity(64, 32)
    expected = [np.mean([math.cos(distance / 10_000 ** (i / 16)) for i in range(16)]) for distance in range(64)]
    assert similarity["sinusoid"] == pytest.approx(expected, abs=1e-5)  # depends on the distance alone
    assert similarity["learned"][0] == pytest.approx(1, abs=1e-5)
    assert similarity["learned"][1] < 0.99


def test_the_deviation_of_products_grows_like_the_root_of_d():
    found = spread_of_scores()
    assert found["deviation"] == pytest.approx(np.sqrt(found["width"]), rel=0.05)
    assert found["largest"][-1] > 0.9 > 0.3 > found["largest_scaled"][-1]
    assert found["slope"][-1] < 0.1 < 0.8 < found["slope_scaled"][-1]
    first = torch.randn(16, generator=torch.Generator().manual_seed(0)).requires_grad_()
    jacobian = torch.autograd.functional.jacobian(lambda x: x.softmax(0), first)
    p = first.softmax(0)
    assert jacobian.trace().item() == pytest.approx((p * (1 - p)).sum().item(), abs=1e-6)


def test_matrices_travel_in_the_link():
    numbers = np.array([[1, -0.5, 0.25], [0, 9.5, -9.5]])
    assert parse_matrix(matrix_text(numbers)) == numbers.tolist()
    config = dataclasses.replace(Config(view="toy"), **with_number(Config(), 0, 1, 2, 100.0))
    assert matrix_of(config.queries, 4, 4)[1].tolist() == [0, 2, 9.5, 1]
    config = dataclasses.replace(config, **random_numbers(config))
    again, rejected = from_query(Config, to_query(config))
    assert (again, rejected) == (config, [])
    assert only(dataclasses.replace(config, text="x"), "toy") == config
    assert only(config, "text") == Config()


@pytest.mark.parametrize(
    ("name", "text"),
    [("queries", "1_x"), ("keys", "1_2_3_4_5"), ("values", "nan"), ("values", "10"), ("queries", "~".join("1234567")),
     ("tokens", "one"), ("tokens", "a b c d e f g"), ("tokens", "a " + "b" * 13)],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_a_sentence(name, text):
    with pytest.raises(KnobError, match="expected"):
        Config(**{name: text})


# ---------------------------------------------------------------- pictures


def test_small_matrices_keep_the_largest_of_each_block():
    values = np.random.default_rng(0).random((2, 130, 130))
    small = shrunk(values)
    assert small.shape == (2, 44, 44)
    assert small[1, 3, 43] == values[1, 9:12, 129:].max()
    assert shrunk(values[:, :48, :48]).shape == (2, 48, 48)


def test_pictures_made_wrong_are_refused():
    patterns = np.ones((1, 2, 3, 3))
    with pytest.raises(ValueError, match="alt text"):
        Mosaic(patterns, ["a"], ["b", "c"], [["", ""]], "")
    with pytest.raises(ValueError, match="patterns must be"):
        Mosaic(patterns, ["a"], ["b"], [[""]], "x")
    with pytest.raises(ValueError, match="one note"):
        Mosaic(patterns, ["a"], ["b", "c"], [[""]], "x")
    with pytest.raises(ValueError, match="expected weights"):
        Links(np.ones((2, 3)), ["a", "b"], "x")
    with pytest.raises(ValueError, match="columns"):
        Matrices({"Q": np.ones((2, 2))}, ["a"], "x", -1, 1)


def test_a_head_off_is_marked_at_a_glance():
    result = run(Config(off=("L2H12",)))
    meta, arrays = draw.draw_mosaic(result, 0, 2, habit="previous").payload()
    assert meta["off"] == [23]
    assert meta["selected"] == 2
    assert arrays["patterns"].shape == (72, 16, 16)
    assert (arrays["patterns"].max((1, 2)) == 255).all()
    assert meta["notes"][0][2] == "the token before 1.00"
