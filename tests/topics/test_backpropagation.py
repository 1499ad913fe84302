"""Backpropagation: what the page shows is what the engine did, and what it claims is so."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from engine.contracts.film import Film
from engine.contracts.knob import KnobError
from engine.models.mlp.mlp import MultiLayerPerceptron
from engine.pictures.computation.values import PARTIAL, VALUE, WHOLE
from engine.topics.backpropagation import checks, draw, explain
from engine.topics.backpropagation.card import (
    TOPIC,
    XOR,
    Config,
    check_formula,
    numbers_text,
    read_names,
    read_values,
    values_of,
)
from engine.topics.backpropagation.graphs import SAMPLES, TARGETS
from engine.topics.backpropagation.passes import passes
from engine.topics.backpropagation.rules import RULES, latex_of
from engine.topics.backpropagation.run import (
    DescentDiverged,
    Experiment,
    answers_right,
    first,
    graph_of,
    guessing,
    network,
    result_of,
    run,
    stream,
)

NETWORKS = [
    Config(data="network", hidden=hidden, activation=activation, loss=loss, task=task, seed=hidden, learning_rate=0.3)
    for hidden, activation, loss, task in (
        (1, "tanh", "squared", "xor"), (2, "relu", "cross_entropy", "or"), (3, "sigmoid", "squared", "and"),
        (4, "tanh", "cross_entropy", "xor"),
    )
]  # fmt: skip


def torch_loss(config: Config, model: torch.nn.Module) -> torch.Tensor:
    z = model(torch.tensor(SAMPLES, dtype=torch.float64))[:, 0]
    y = torch.tensor(TARGETS[config.task], dtype=torch.float64)
    return F.mse_loss(z, y) if config.loss == "squared" else F.binary_cross_entropy_with_logits(z, y)


@pytest.mark.parametrize("config", NETWORKS, ids=lambda config: f"{config.hidden} {config.activation} {config.loss}")
def test_the_network_descends_as_pytorchs_own_does(config):
    """The same losses and weights as nn.Linear, autograd and torch.optim.SGD, step by step."""
    model = network(config).double()
    assert isinstance(model, MultiLayerPerceptron)
    optimizer = torch.optim.SGD(model.parameters(), lr=config.learning_rate)
    for moment in Experiment(config).train(12, 1):
        loss = torch_loss(config, model)
        assert moment.values["loss"] == pytest.approx(loss.item(), rel=1e-9)
        for ours, theirs in zip(moment.values["weights"], model.parameters(), strict=True):
            assert np.allclose(ours, theirs.detach().numpy(), rtol=1e-9, atol=1e-12)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def test_without_zeroing_it_descends_as_pytorch_does_without_zero_grad():
    config = replace(NETWORKS[3], zero=False, learning_rate=0.02)
    model = network(config).double()
    optimizer = torch.optim.SGD(model.parameters(), lr=config.learning_rate)
    for moment in Experiment(config).train(8, 1):
        left = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
        if left:
            assert np.allclose(moment.values["left"], torch.cat([one.flatten() for one in left]).numpy(), rtol=1e-9)
        loss = torch_loss(config, model)
        assert moment.values["loss"] == pytest.approx(loss.item(), rel=1e-9)
        loss.backward()
        optimizer.step()


@pytest.mark.parametrize("name", TOPIC.presets)
def test_every_gradient_agrees_three_ways_but_at_a_kink(name):
    result = run(TOPIC.presets[name])
    assert result.backpropagated.tolist() == pytest.approx(result.autograd.tolist(), rel=1e-9, abs=1e-12)
    if name == "At the kink":
        assert result.backpropagated.tolist() == [0, 0, 0.5, 0.5]
        assert result.finite.tolist() == pytest.approx([0.5, 0, 0.5, 0.5])
    else:
        assert result.finite.tolist() == pytest.approx(result.backpropagated.tolist(), rel=1e-5, abs=1e-8)


def test_the_error_of_finite_differences_is_a_v():
    result = run(TOPIC.presets["One neuron"])
    width, error = result.width.numpy(), result.error.max(1).values.numpy()
    low = int(error.argmin())
    assert 1e-7 < width[low] < 1e-3
    wide = (width >= 1e-3) & (width <= 1e-1)
    slope = np.polyfit(np.log10(width[wide]), np.log10(error[wide]), 1)[0]
    assert slope == pytest.approx(2, abs=0.1), "truncation: h²"
    narrow = (width >= 1e-13) & (width <= 1e-8)
    slope = np.polyfit(np.log10(width[narrow]), np.log10(error[narrow]), 1)[0]
    assert slope == pytest.approx(-1, abs=0.35), "rounding: 1/h"


def test_one_step_is_gradient_descent_and_what_is_kept_stays():
    config = Config(formula="(w*x - y)^2", values="w=2, x=2, y=1", fixed="x.y", learning_rate=0.1)
    found = run(replace(config, steps=3))
    w, losses = 2.0, []
    for _ in range(4):
        losses.append((2 * w - 1) ** 2)
        w -= 0.1 * 4 * (2 * w - 1)
    assert found.loss.tolist() == pytest.approx(losses)
    assert found.parameters[:, 1].tolist() == [2] * 4
    assert run(replace(config, fixed="w.x.y", steps=3)).loss.tolist() == [9] * 4


def test_a_computation_without_a_lowest_value_runs_away_and_says_so():
    moments = []
    with pytest.raises(DescentDiverged, match="the loss became"):
        moments += stream(Config(learning_rate=1.0))
    result = run(Config(learning_rate=1.0, steps=50))
    assert result.diverged_at is not None
    assert "no lowest value" in DescentDiverged.template
    assert draw.draw_graph(result)


# ---------------------------------------------------------------- both passes


def test_the_passes_go_node_by_node_and_gradients_add_up_on_the_way():
    made = passes(Config(formula="x*x + x", values="x=3"), first(Config(formula="x*x + x", values="x=3")), 0)
    assert list(made.names) == ["x", "v₁", "L"]
    assert made.work.tolist() == [-1, 1, 2, 2, 2, 1]
    assert made.turned == 2
    assert made.partial[:, 0].tolist() == [0, 0, 0, 0, 1, 7]
    assert [int(state) for state in made.states[:, 0]] == [
        VALUE, VALUE, VALUE, VALUE, VALUE | PARTIAL, VALUE | PARTIAL | WHOLE,
    ]  # fmt: skip
    assert made.flows.tolist() == [3, 3, 1, 1]
    assert made.passed.tolist()[-2:] == [[0, 0, 1, 1], [1, 1, 1, 1]]
    assert made.marks[1] == ("Forward", "v₁ = x × x = 9")
    assert made.marks[5][1:] == ("∂L/∂x += ∂L/∂v₁ · ∂v₁/∂x = 1 · 3 = 3",) * 2


@pytest.mark.parametrize("name", TOPIC.presets)
def test_a_node_passes_on_only_what_is_complete(name):
    """At every moment of every preset: known values are all there for what is computed of them; a gradient is the sum
    of what has come back; and a node is at work backward only once its own gradient is whole."""
    config = TOPIC.presets[name]
    made = passes(config, first(config), 2)
    edges = np.array(made.graph.edges)
    for moment in range(made.last + 1):
        states, passed = made.states[moment], made.passed[moment]
        assert all(states[start] & VALUE for start, end in edges if states[end] & VALUE)
        assert all(states[end] & WHOLE for (_, end), gone in zip(edges, passed, strict=True) if gone)
        if moment > made.turned:
            for node, value in enumerate(made.graph.order):
                if value.wanted and value is not made.graph.end:
                    uses = [at for at, (start, _) in enumerate(edges) if start == node and passed[at]]
                    assert made.partial[moment, node] == pytest.approx(sum(made.flows[uses]), abs=1e-12)
    assert made.work[-1] >= 0
    assert (made.states[-1][[value.wanted for value in made.graph.order]] & WHOLE).all()


def test_names_in_a_graph_are_its_own():
    for config in (*TOPIC.presets.values(), *NETWORKS):
        made = passes(config, first(config), 0)
        named = [
            name for name, value in zip(made.names, made.graph.order, strict=True) if value.parents or value.wanted
        ]
        assert len(set(named)) == len(named)
    assert [latex_of(name) for name in ("w₁₂", "a", "π", "−0.5")] == ["w_{12}", "a", r"\pi", "-0{.}5"]


def test_every_function_of_a_formula_has_a_rule():
    from engine.contracts.expressions import FUNCTIONS as READ
    from engine.models.scalar_engine import PRIMITIVES

    assert RULES.keys() == PRIMITIVES.keys()
    assert READ.keys() <= PRIMITIVES.keys()


def test_the_picture_stands_where_it_is_told_and_forward_alone_has_no_gradient():
    config = Config()
    made = passes(config, first(config), 0)
    whole, half = draw.graph(made, -1, True), draw.graph(made, -1, False)
    assert whole.frames.run == half.frames.run, "what comes later is more of the same film, and is played"
    assert (whole.frames.at, half.frames.at) == (made.last, made.turned)
    assert not (half.states & WHOLE).any()
    assert draw.graph(made, 2, True).frames.at == 2
    assert made.node(-1, 1) == made.work[1]
    assert made.node(99, -1) == len(made.names) - 1
    assert made.node(-1, 0) == len(made.names) - 1, "at first nothing is at work: L"


# ---------------------------------------------------------------- tables


def test_the_tables_say_what_they_measure():
    config = replace(XOR, steps=5)
    moment = list(Experiment(config).train(5, 5))[-1]
    table = checks.check_table(config, moment, 1, -5)
    graph = graph_of(config, moment.values["weights"], 1)
    graph.end.backward()
    for row, value in zip(table.rows, graph.inputs.values(), strict=True):
        assert row[0] == value.name
        assert row[2].value == pytest.approx(float(value.grad)) == pytest.approx(row[5].value)
        assert row[4].value < 1e-8
    after = list(Experiment(config).train(6, 6))[-1]
    steps = checks.step_table(config, moment, 1)
    flat = np.concatenate([part.ravel() for part in after.values["weights"]])
    assert [row[-1].value for row in steps[1].rows] == pytest.approx(flat.tolist())
    assert steps[0].parts[0].values["after"].value == pytest.approx(after.values["loss"])
    left = checks.left_table(config, moment, 1)
    for row in left.rows:
        one, two, three, zeroed = (cell.value for cell in row[1:])
        assert (two, three, zeroed) == pytest.approx((2 * one, 3 * one, one))


def test_a_kink_is_said():
    config = TOPIC.presets["At the kink"]
    said = [block.parts[0] for block in checks.kinks(passes(config, first(config), 0))]
    assert len(said) == 3
    assert "ReLU(x)" in said[0]
    assert checks.kinks(passes(Config(), first(Config()), 0)) == []


def test_guessing_is_the_best_that_one_answer_can_do():
    for config in NETWORKS:
        targets = torch.tensor(TARGETS[config.task], dtype=torch.float64)
        answers = torch.linspace(-6, 6, 2401, dtype=torch.float64)
        z = answers[:, None].expand(-1, 4)
        if config.loss == "squared":
            losses = (z - targets).square().mean(1)
        else:
            losses = F.binary_cross_entropy_with_logits(z, targets.expand_as(z), reduction="none").mean(1)
        assert guessing(config) == pytest.approx(losses.min().item(), abs=1e-4)
    assert answers_right(XOR, np.array([0.1, 0.9, 0.6, 0.7])) == 3


def test_the_network_learns_and_the_weights_come_back():
    result = run(replace(XOR, steps=200))
    assert result.loss[-1] < 1e-3
    model = network(XOR, result)
    z = model(torch.tensor(SAMPLES))[:, 0]
    assert ((z > 0.5) == torch.tensor(TARGETS["xor"]).bool()).all()
    inputs = network(Config(), run(replace(Config(), steps=2)))
    assert [name for name, _ in inputs.named_parameters()] == ["a", "b", "c", "f"]
    assert inputs.a.item() == pytest.approx(run(replace(Config(), steps=2)).parameters[-1, 0].item())


def test_weights_by_hand_are_first_weights():
    config = replace(XOR, by_hand="w12=0.5, c=-1, u4=3")  # this network has no u4
    weights = first(config).values["weights"]
    assert (weights[0][0, 1], weights[3][0]) == (0.5, -1)
    plain = first(XOR).values["weights"]
    assert np.array_equal(weights[1], plain[1])
    event = {"key": "b1", "value": 0.25, "event": "edit"}
    assert explain.set_value(event, config, None) == {"by_hand": "w12=0.5, c=-1, b1=0.25"}
    assert explain.set_value(event | {"key": "a"}, Config(), None) == {"values": "a=0.25, b=-3, c=10, f=-2"}


def test_the_curve_breaks_where_there_is_no_number():
    config = Config(learning_rate=1.0)
    moments = []
    with pytest.raises(DescentDiverged):
        moments += stream(config)
    try:
        for moment in stream(config):
            moments.append(moment)
    except DescentDiverged:
        pass
    film = Film(tuple(moments), tuple(range(len(moments))), moments[-1], moments[-1], "run", "backpropagation")
    assert np.isnan(draw.curves(config, film).values[-1, 0])
    assert math.isinf(result_of(config, moments).loss[-1]) or math.isnan(result_of(config, moments).loss[-1])


# ---------------------------------------------------------------- what a reader types


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "expected one"), ("a*", "ends too early"), ("3*4", "at least one of the names"),
     ("a", "at least one operation"), ("q + a", "“q” is unknown"),
     ("+".join(["a*b"] * 30), "at most 60 nodes"), ("a$b", "has no meaning"),
     ("__import__('os')", "Formula")],
)  # fmt: skip
def test_a_formula_that_cannot_be_used_is_one_sentence(text, said):
    with pytest.raises(KnobError, match=said.replace("$", r"\$")):
        check_formula(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [("a", "expected names and numbers"), ("a=", "expected names"), ("q=1", "there is no “q”"), ("a=1e9", "from -1000"),
     ("a=nan", "expected names"), ("a=1,,b=2", "expected names"), ("a=1 b=2", "expected names"),
     ("a=1,b=2,a=3", "expected one number for a")],
)  # fmt: skip
def test_values_that_cannot_be_used_are_one_sentence(text, said):
    with pytest.raises(KnobError, match=said):
        read_values(text)


def test_values_are_read_and_written():
    assert read_values("a=2, b = −3;c=1e-2，x1=.5") == {"a": 2, "b": -3, "c": 0.01, "x1": 0.5}
    assert read_values("  ") == {}
    assert read_values(numbers_text({"a": 0.1, "b": -123.456})) == {"a": 0.1, "b": -123.456}
    assert values_of(Config(formula="z*a + z", values="a=4, b=9")) == {"z": 1.0, "a": 4.0}
    assert read_names("a.x1") == ("a", "x1")
    with pytest.raises(KnobError, match="Kept fixed"):
        read_names("a.nobody")


@pytest.mark.parametrize(
    ("formula", "values", "said"),
    [
        ("log(a)*b", "a=-1, b=2", ["v₁ = ln(a) is not defined"]), ("log(a)*b", "a=2, b=2", []),
        ("a/b + c", "a=1, b=0, c=1", ["v₁ = a ÷ b is infinite"]), ("a^0.5", "a=-4", ["L = a ^ 0.5 is not defined"]),
    ],
)  # fmt: skip
def test_what_is_no_number_is_told_where_it_begins(formula, values, said):
    config = Config(formula=formula, values=values)
    found = [str(one.parts[0]) for one in checks.no_number(passes(config, first(config), 0))]
    assert len(found) == len(said)
    assert all(told.startswith(start) for told, start in zip(found, said, strict=True))
