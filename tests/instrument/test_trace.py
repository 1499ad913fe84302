"""Looking inside: only one's own forward pass, edits that flow on, gradients that are right, no cost outside."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from engine.instrument.trace import Tap, count_parameters, record, tap_names


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.first, self.second = nn.Linear(3, 4), nn.Linear(4, 2)
        for parameter in self.parameters():
            parameter.data = torch.randn(parameter.shape, generator=generator)
        self.seen = Tap("batch feature")
        self.inner = nn.ModuleDict({"hidden": Tap("batch neuron")})

    def forward(self, x):
        return self.second(torch.tanh(self.inner["hidden"](self.first(self.seen(x)))))


@pytest.fixture
def model():
    return Model()


@pytest.fixture
def x():
    return torch.randn(5, 3, generator=torch.Generator().manual_seed(1))


def test_recorded_values_are_those_computed_by_hand(model, x):
    with record(model) as trace:
        model(x)
    assert list(trace) == ["seen", "inner.hidden"] == tap_names(model)
    assert torch.equal(trace["seen"], x)
    assert torch.equal(trace["inner.hidden"], model.first(x))
    assert not trace["inner.hidden"].requires_grad
    assert trace.axes("inner.hidden") == ("batch", "neuron")
    assert len(trace) == 2


def test_taps_cost_nothing_outside(model, x):
    assert Tap("a b")(x) is x  # the very object
    with record(model) as trace:
        pass
    model(x)
    assert len(trace) == 0
    assert Tap("a b c")(x) is x  # axes are not even looked at
    with record(model):
        other = Model()
        assert other.seen(x) is x  # a tap of another model


def test_only_chooses_by_name_and_a_missing_name_says_what_there_is(model, x):
    with record(model, "inner.*") as trace:
        model(x)
    assert list(trace) == ["inner.hidden"]
    with pytest.raises(KeyError, match=r"nothing recorded at 'seen'.*inner\.hidden"):
        trace["seen"]
    assert "seen" not in trace
    assert trace.get("seen") is None


def test_threads_on_one_model_see_only_their_own(model):
    threads, rounds = 4, 30
    together = threading.Barrier(threads)

    def look(number):
        generator, wrong = torch.Generator().manual_seed(number), 0
        for _ in range(rounds):
            x = torch.randn(2 + number, 3, generator=generator)
            with record(model, edits={"inner.hidden": lambda h: h * number}) as trace:
                together.wait(20)
                output = model(x)
                together.wait(20)
            hidden = model.first(x) * number
            wrong += not torch.equal(trace["seen"], x)
            wrong += not torch.equal(trace["inner.hidden"], hidden)
            wrong += not torch.equal(output, model.second(torch.tanh(hidden)))
        return wrong

    with ThreadPoolExecutor(threads) as pool:
        assert list(pool.map(look, range(threads))) == [0] * threads


def test_nested_records_see_what_the_outer_lets_through(model, x):
    with record(model, edits={"inner.hidden": lambda h: h + 1}) as outer:
        with record(model, edits={"inner.hidden": lambda h: h * 2}) as inner:
            output = model(x)
        again = model(x)
    assert torch.equal(inner["inner.hidden"], (model.first(x) + 1) * 2)
    assert torch.equal(output, model.second(torch.tanh((model.first(x) + 1) * 2)))
    assert torch.equal(outer["inner.hidden"], model.first(x) + 1)
    assert torch.equal(again, model.second(torch.tanh(model.first(x) + 1)))
    assert torch.equal(model(x), model.second(torch.tanh(model.first(x))))  # all is as before


def test_edits_flow_on(model, x):
    def silence(h):
        h = h.clone()
        h[:, 2] = 0
        return h

    with record(model, "nothing*", edits={"inner.hidden": silence}) as trace:
        output = model(x)
    hidden = x @ model.first.weight.T + model.first.bias
    hidden[:, 2] = 0
    torch.testing.assert_close(output, torch.tanh(hidden) @ model.second.weight.T + model.second.bias)
    torch.testing.assert_close(trace["inner.hidden"], hidden)


def test_wrong_edits_are_refused(model, x):
    with (
        pytest.raises(ValueError, match=r"edit of 'seen' changed the shape \(5, 3\) to \(5, 2\)"),
        record(model, edits={"seen": lambda h: h[:, :2]}),
    ):
        model(x)
    with (
        pytest.raises(KeyError, match=r"no tap named \['nowhere'\]; there are \['inner\.hidden', 'seen'\]"),
        record(model, edits={"nowhere": lambda h: h}),
    ):
        pass
    assert model.seen(x) is x  # a failure inside leaves nothing behind


def test_wrong_axes_are_refused_while_recording(model, x):
    with record(model), pytest.raises(ValueError, match=r"'seen' expects axes \(batch, feature\), got shape \(3,\)"):
        model(x[0])
    assert model(x[0]).shape == (2,)


@pytest.mark.parametrize("frozen", [False, True])
def test_gradients_equal_autograd_and_a_finite_difference(model, x, frozen):
    model.double().requires_grad_(not frozen)
    x = x.double()
    with record(model, gradients=True) as trace:
        output = model(x)
        output[:, 0].square().sum().backward()
    hidden = model.first(x).detach().requires_grad_()
    score = model.second(torch.tanh(hidden))[:, 0].square().sum()
    (expected,) = torch.autograd.grad(score, hidden)
    torch.testing.assert_close(trace.gradient("inner.hidden"), expected)
    if frozen:  # the first tap starts the graph, so its gradient is there as well
        assert trace.gradient("seen").shape == x.shape

    def score_with(h):
        with torch.no_grad(), record(model, edits={"inner.hidden": lambda _: h}):
            return model(x)[:, 0].square().sum().item()

    for row, column in ((0, 0), (3, 2)):
        nudge = torch.zeros_like(hidden)
        nudge[row, column] = 1e-5
        difference = (score_with(hidden.detach() + nudge) - score_with(hidden.detach() - nudge)) / 2e-5
        assert trace.gradient("inner.hidden")[row, column].item() == pytest.approx(difference, rel=1e-6, abs=1e-8)


def test_gradients_that_are_not_there_are_refused(model, x):
    with record(model) as trace:
        model(x)
    with pytest.raises(ValueError, match="gradients=True"):
        trace.gradient("seen")
    with record(model, gradients=True) as trace:
        model(x)
    with pytest.raises(ValueError, match=r"no gradient reached 'inner\.hidden'"):
        trace.gradient("inner.hidden")
    with pytest.raises(KeyError, match="nothing recorded at 'nowhere'"):
        trace.gradient("nowhere")


def test_parameters_are_counted():
    assert count_parameters(Model().requires_grad_(False)) == 3 * 4 + 4 + 4 * 2 + 2
