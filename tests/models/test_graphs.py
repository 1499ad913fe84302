"""Graphs and networks on them, against networkx, dense matrices and sums over pairs."""

import math

import networkx as nx
import numpy as np
import pytest
import torch
from torch.nn import functional as F

from engine.data.graph_texts.reading import read_graph
from engine.data.graphs import (
    RANDOM_FEATURES,
    _grid_repulsion,
    _repulsion,
    block_model,
    karate_club,
    layout,
    own_graph,
)
from engine.instrument.smoothing import dirichlet_energy, mean_cosine_distance
from engine.instrument.trace import record
from engine.models.graph.gat import GAT, SLOPE, neighbourhoods, softmax_over_neighbours
from engine.models.graph.gcn import COEFFICIENTS, GCN, propagation_matrix

CLUB = karate_club()


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def dense_adjacency(edges, count):
    matrix = torch.zeros(count, count)
    for one, other in edges.tolist():
        matrix[one, other] = matrix[other, one] = 1
    return matrix


def dense_a_hat():
    """D̃^-½ (A + I) D̃^-½ of the karate club, written out."""
    with_loops = dense_adjacency(CLUB.edges, 34) + torch.eye(34)
    root = torch.diag(with_loops.sum(1) ** -0.5)
    return root @ with_loops @ root


# ---------------------------------------------------------------- graphs


def test_the_karate_club_is_that_of_networkx():
    club = nx.karate_club_graph()
    assert (len(CLUB), len(CLUB.edges)) == (34, 78)
    assert CLUB.degrees.tolist() == [club.degree[node] for node in range(34)]
    assert [CLUB.classes[label] for label in CLUB.labels] == [
        {"Mr. Hi": "Mr. Hi", "Officer": "John A"}[club.nodes[node]["club"]] for node in range(34)
    ]


def test_the_four_communities_have_the_greatest_modularity_there_is():
    four = karate_club(communities=True)
    parts = [set((four.labels == label).nonzero().flatten().tolist()) for label in range(4)]
    modularity = nx.community.modularity(nx.karate_club_graph(), parts, weight=None)
    assert modularity == pytest.approx(0.41979, abs=1e-5)  # the optimum, by Brandes et al. 2008
    assert len(four.classes) == 4


@pytest.mark.parametrize("within", [0.1, 0.5, 0.9])
def test_a_block_model_keeps_its_shares(within):
    graph = block_model(600, 3, 8.0, within, 0.5, generator(3))
    inside = (graph.labels[graph.edges[:, 0]] == graph.labels[graph.edges[:, 1]]).float()
    count = len(graph.edges)
    assert count == pytest.approx(600 * 8 / 2, abs=4 * math.sqrt(600 * 8 / 2))  # Poisson, four deviations
    assert inside.mean().item() == pytest.approx(within, abs=4 * math.sqrt(within * (1 - within) / count))
    assert (graph.edges[:, 0] < graph.edges[:, 1]).all()
    assert len({tuple(edge) for edge in graph.edges.tolist()}) == count
    centred = graph.features.clone()
    centred[torch.arange(600), graph.labels] -= 1
    assert centred.std().item() == pytest.approx(0.5, rel=0.05)
    assert centred.mean().item() == pytest.approx(0.0, abs=0.03)
    again = block_model(600, 3, 8.0, within, 0.5, generator(3))
    assert torch.equal(graph.edges, again.edges)
    assert torch.equal(graph.positions, again.positions)


def test_the_layout_brings_neighbours_together():
    for graph in (CLUB, block_model(800, 4, 8.0, 0.8, 1.0, generator(1))):
        places = graph.positions
        assert places.abs().max() <= 1
        assert torch.equal(places, layout(graph.edges, len(graph)))
        away = torch.cdist(places, places)
        along_edges = away[graph.edges[:, 0], graph.edges[:, 1]].mean()
        assert along_edges < 0.65 * away.sum() / (len(graph) * (len(graph) - 1))
        nearest = (away + 9 * torch.eye(len(graph))).amin(1)
        assert nearest.min() > 0  # no two nodes in one place


def test_the_quick_repulsion_is_the_exact_one_roughly():
    places = torch.rand(1500, 2, generator=generator(5)) * 2 - 1
    exact, quick = _repulsion(places), _grid_repulsion(places)
    inner = places.abs().amax(1) > 0.2  # near the middle everything cancels
    error = (exact - quick).norm(dim=1) / exact.norm(dim=1)
    assert error[inner].median() < 0.05
    assert F.cosine_similarity(exact, quick).median() > 0.99


# ---------------------------------------------------------------- propagation


@pytest.mark.parametrize("kind", COEFFICIENTS)
def test_the_propagation_matrix_is_the_formula_in_dense_numbers(kind):
    with_loops = dense_adjacency(CLUB.edges, 34) + torch.eye(34)
    expected = {
        "gcn": dense_a_hat(),
        "mean": with_loops / with_loops.sum(1, keepdim=True),
        "sum": with_loops,
        "none": torch.eye(34),
    }[kind]
    torch.testing.assert_close(propagation_matrix(CLUB.edges, 34, kind).to_dense(), expected)


def test_the_gcn_matrix_is_one_minus_the_laplacian_of_networkx():
    club = nx.karate_club_graph()
    for *_, data in club.edges(data=True):
        data.clear()  # Zachary's counts of contacts
    club.add_edges_from((node, node) for node in range(34))
    laplacian = torch.tensor(nx.normalized_laplacian_matrix(club, nodelist=range(34)).toarray(), dtype=torch.float32)
    matrix = propagation_matrix(CLUB.edges, 34, "gcn").to_dense()
    torch.testing.assert_close(matrix, torch.eye(34) - laplacian)
    values, vectors = torch.linalg.eigh(matrix.double())
    assert values[-1].item() == pytest.approx(1.0, abs=1e-6)  # its largest, with the vector √d̃
    root = (CLUB.degrees + 1).double().sqrt()
    assert (vectors[:, -1].abs() - root / root.norm()).abs().max() < 1e-6
    assert values[0] > -1


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="expected one of gcn"):
        propagation_matrix(CLUB.edges, 34, "max")


def small_gcn(activation="relu", shortcut=False, sizes=(34, 8, 8, 4)):
    return GCN(propagation_matrix(CLUB.edges, 34), sizes, activation, shortcut, generator(2))


@pytest.mark.parametrize("activation", ["relu", "tanh", "identity"])
@pytest.mark.parametrize("shortcut", [False, True])
def test_the_gcn_and_its_gradients_are_those_of_dense_matrices(activation, shortcut):
    model, a_hat = small_gcn(activation, shortcut), dense_a_hat()
    weights = [layer.weight.detach().clone().requires_grad_() for layer in model.layers]
    function = {"relu": torch.relu, "tanh": torch.tanh, "identity": lambda x: x}[activation]
    x = torch.randn(34, 34, generator=generator(4))
    one = function(a_hat @ x @ weights[0])
    two = function(a_hat @ one @ weights[1])
    if shortcut:
        two = two + one
    expected = a_hat @ two @ weights[2]
    out = model(x)
    torch.testing.assert_close(out, expected)
    target = CLUB.labels
    F.cross_entropy(out, target).backward()
    F.cross_entropy(expected, target).backward()
    for layer, weight in zip(model.layers, weights, strict=True):
        torch.testing.assert_close(layer.weight.grad, weight.grad)


def small_gat(sizes=(34, 8, 4)):
    return GAT(CLUB.edges, 34, sizes, "relu", False, generator(2))


def test_graph_attention_and_its_gradients_are_those_of_a_masked_softmax():
    model = small_gat()
    mask = (dense_adjacency(CLUB.edges, 34) + torch.eye(34)) == 0
    parameters = [parameter.detach().clone().requires_grad_() for parameter in model.parameters()]
    x = torch.randn(34, 34, generator=generator(4))
    h = x
    for at, (weight, attention) in enumerate(zip(parameters[::2], parameters[1::2], strict=True)):
        projected = h @ weight
        scores = F.leaky_relu((projected @ attention[:, :1]) + (projected @ attention[:, 1:]).T, SLOPE)
        alpha = scores.masked_fill(mask, -torch.inf).softmax(1)
        h = alpha @ projected
        h = torch.relu(h) if at == 0 else h
    with record(model) as trace:
        out = model(x)
    torch.testing.assert_close(out, h)
    F.cross_entropy(out, CLUB.labels).backward()
    F.cross_entropy(h, CLUB.labels).backward()
    for parameter, other in zip(model.parameters(), parameters, strict=True):
        torch.testing.assert_close(parameter.grad, other.grad)
    to, source = neighbourhoods(CLUB.edges, 34)
    torch.testing.assert_close(trace["layers.1.coefficients"], alpha.detach()[to, source])


def test_attention_weights_sum_to_one_and_stand_large_scores():
    to, _ = neighbourhoods(CLUB.edges, 34)
    scores = 200 * torch.randn(len(to), generator=generator(6))
    alpha = softmax_over_neighbours(scores, to, 34)
    torch.testing.assert_close(torch.zeros(34).index_add(0, to, alpha), torch.ones(34))
    equal = softmax_over_neighbours(torch.zeros(len(to)), to, 34)
    torch.testing.assert_close(equal, 1 / (CLUB.degrees + 1)[to])  # then it is the mean


@pytest.mark.parametrize("kind", ["gcn", "gat"])
def test_another_order_of_the_nodes_only_reorders_the_answers(kind):
    order = torch.randperm(34, generator=generator(8))
    place = order.argsort()
    edges, x = place[CLUB.edges], torch.randn(34, 6, generator=generator(9))
    sizes = (6, 8, 8, 3)
    if kind == "gcn":
        models = [GCN(propagation_matrix(e, 34), sizes, "relu", False, generator(2)) for e in (CLUB.edges, edges)]
    else:
        models = [GAT(e, 34, sizes, "relu", False, generator(2)) for e in (CLUB.edges, edges)]
    torch.testing.assert_close(models[1](x[order]), models[0](x)[order])


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_node_hears_exactly_those_at_most_as_many_edges_away_as_there_are_layers(depth):
    sizes = (34, *[16] * (depth - 1), 4)
    model = GCN(propagation_matrix(CLUB.edges, 34), sizes, "identity", False, generator(2))
    x = torch.eye(34, requires_grad=True)
    far = nx.single_source_shortest_path_length(nx.karate_club_graph(), 16)
    model(x)[16].sum().backward()
    heard = x.grad.abs().sum(1) > 0
    assert heard.tolist() == [far[node] <= depth for node in range(34)]


# ---------------------------------------------------------------- smoothing


def test_mean_cosine_distance_is_the_mean_over_all_pairs():
    h = torch.randn(20, 5, generator=generator(1))
    h[7] = 0
    pairs = [1 - F.cosine_similarity(h[i], h[j], dim=0).item() for i in range(20) for j in range(20)
             if i != j and 7 not in (i, j)]  # fmt: skip
    assert mean_cosine_distance(h) == pytest.approx(np.mean(pairs), rel=1e-5)
    assert mean_cosine_distance(torch.ones(9, 3)) == pytest.approx(0, abs=1e-12)
    assert mean_cosine_distance(torch.zeros(9, 3)) == 0
    assert mean_cosine_distance(torch.eye(6)) == pytest.approx(1)


def test_dirichlet_energy_is_the_form_of_the_laplacian_and_falls_with_every_propagation():
    a_hat = dense_a_hat().double()
    h = torch.randn(34, 5, generator=generator(1)).double()
    before = math.inf
    for _ in range(30):
        form = torch.trace(h.T @ (torch.eye(34, dtype=torch.float64) - a_hat) @ h) / h.square().sum()
        energy = dirichlet_energy(h, CLUB.edges)
        assert energy == pytest.approx(form.item(), abs=1e-6)
        assert energy < before
        before, h = energy, a_hat @ (a_hat @ h)
    assert before < 1e-4
    assert dirichlet_energy(torch.zeros(34, 2), CLUB.edges) == 0


# ---------------------------------------------------------------- own graphs


def read(text):
    given = read_graph(text)
    return own_graph(given.names, np.array(given.edges), np.array(given.labels), given.classes)


def test_own_graphs_take_the_classes_given_or_find_communities():
    given = read("a b\nb c\nc d\na: left\nd: right")
    assert given.classes == ("left", "right")
    assert given.labels.tolist() == [0, -1, -1, 1]
    assert not given.communities
    two_triangles = read("a b\nb c\nc a\nc d\nd e\ne f\nf d")
    assert two_triangles.communities
    assert two_triangles.labels.tolist() in ([0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0])
    assert torch.equal(two_triangles.features, torch.eye(6))
    long = read("\n".join(f"{k} {k + 1}" for k in range(700)))
    assert long.features.shape == (701, RANDOM_FEATURES)
    assert len(long.classes) <= 8
