"""Graph neural networks: formulas at random places, for the check of all formulas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from engine.contracts.formula import FormulaValues
from engine.contracts.probe import Change, Mistake, Probe, Touch
from engine.data.graph_texts.content import Choices
from engine.data.graph_texts.keys import key_of

from . import explain
from .card import Config
from .run import Experiment, result_of

MOST_STEPS, PLACES = 8, 4  # of a training, and cells looked at


def formulas_at(config: Config, random: Random) -> Iterator[FormulaValues]:
    """Where some numbers of nodes come from, and the loss."""
    config = replace(config, steps=random.randint(0, MOST_STEPS), nodes=min(config.nodes, 300))
    moments = list(Experiment(config).train(config.steps, max(1, config.steps)))
    activations, result = explain.inside(config, moments[-1]), result_of(config, moments)
    for _ in range(PLACES):
        node, layer = random.randrange(len(result.labels)), random.randrange(config.depth)
        made = explain.explain_node(
            activations, node, layer, random.randrange(activations.tap(layer, "output").shape[1])
        )
        to, source, values = activations.coefficients(layer)
        flows = {s: c for t, s, c in zip(to.tolist(), source.tolist(), values.tolist(), strict=True) if t == node}
        first = max(flows, key=lambda s: abs(flows[s] * activations.tap(layer, "projected")[s, made.channel].item()))
        largest = flows[first] * activations.tap(layer, "projected")[first, made.channel].item()
        equation, sums = explain.node_formulas(config, made, result.graph.names[first])
        told = (largest, activations.tap(layer, "summed")[node, made.channel].item())
        if (config.activation != "identity" and layer < config.depth - 1) or made.shortcut is not None:
            told += (activations.tap(layer, "output")[node, made.channel].item(),)
        yield FormulaValues(equation.latex)
        yield FormulaValues(sums.latex, told)
    known = result.known.nonzero().flatten()
    logs = activations.tap(config.depth - 1, "output").double().log_softmax(1)
    loss = -logs[known, result.labels[known]].mean().item()
    latex = explain.update_formula(len(known), float(result.loss[-1])).latex
    yield FormulaValues(latex, (loss,))


OWN_GRAPH = "Who;Whom\nZoë;Bob, B.\nBob, B.;陈\n陈;Zoë\nZoë: x\n陈: [y](//z)"


def cases(brought):
    """A training, and a reader's own graph with names that are hard to print."""
    return {
        "trained": {"data": "blocks", "nodes": 60, "steps": 20, "coefficients": "gat", "depth": 3},
        "own": {"data": "own", "graph": key_of(OWN_GRAPH, Choices(first="header")), "steps": 5},
    }


PROBE = Probe(
    picture="graph",
    changes=(Change("layers slider", "plane", knob="depth"),),
    touches=(
        Touch("gnn-graph", "pick", {"node": 30}, "view.node=30"),
        Touch("gnn-plane", "pick", {"node": 3}, "view.node=3"),
        Touch("gnn-below", "pick", 2, "view.below=depth"),
        Touch("gnn-layer", "pick", 1, "view.layer=2"),
        Touch("gnn-channel", "pick", 5, "view.channel=5"),
        Touch("gnn-flow", "pick", {"node": 16}, "view.node=16", "view.below=steps"),
    ),
    mistakes=(
        Mistake("view.node=-3", "Node: expected 0 to 9999, got -3"),
        Mistake("view.below=nowhere", "Look into: expected one of node, steps, depth"),
        Mistake("view.layer=9", "Layer: expected one of 1, 2, got"),
        Mistake("view.nod=3", "does not know"),
        Mistake("view.node=5000"),
    ),
    cases=cases,
)
