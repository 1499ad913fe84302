"""Graph neural networks: what the page shows is what the network did, and what it claims is so."""

import math
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
import torch
from torch.nn import functional as F

from engine.contracts.film import Film, Frames
from engine.contracts.formula import written
from engine.contracts.knob import KnobError
from engine.data.graph_texts.keys import key_of
from engine.instrument.smoothing import dirichlet_energy, mean_cosine_distance
from engine.models.graph.gcn import GCN
from engine.pictures import theme
from engine.pictures.graph.values import GraphPicture, graph_payload, graph_still
from engine.pictures.packing import pack, unpack
from engine.topics.gnn import depths, draw, explain
from engine.topics.gnn.card import TOPIC, Config, by_hand
from engine.topics.gnn.run import (
    Experiment,
    first,
    graph_of,
    known_nodes,
    network,
    plane_of,
    result_of,
    run,
    stream,
)

BLOCKS = Config(data="blocks", nodes=100, known=3)


def moment(config, steps=5):
    """The snapshot after some steps."""
    training = stream(config)
    next(training)
    return training.send(steps)


# ---------------------------------------------------------------- one node


@pytest.mark.parametrize("coefficients", ["gcn", "gat", "mean", "sum", "none"])
@pytest.mark.parametrize("shortcut", [False, True])
def test_the_products_of_a_node_sum_to_what_flows_through_the_network(coefficients, shortcut):
    config = replace(BLOCKS, coefficients=coefficients, shortcut=shortcut, depth=3)
    seen = explain.inside(config, moment(config))
    graph = graph_of(config)
    neighbours = {node: set() for node in range(len(graph))}
    for one, other in graph.edges.tolist():
        neighbours[one].add(other)
        neighbours[other].add(one)
    for node in (0, 17, 60):
        for layer, channel in ((0, 3), (1, 9), (2, 1)):
            made = explain.explain_node(seen, node, layer, channel)
            assert sum(message.product for message in made.messages) == pytest.approx(made.total, rel=1e-5, abs=1e-5)
            assert all(m.product == m.coefficient * m.value for m in made.messages)
            heard = {message.node for message in made.messages}
            assert heard == ({node} if coefficients == "none" else neighbours[node] | {node})
            assert made.degree == len(neighbours[node]) + 1
            after = made.total if layer == 2 else max(0.0, made.total)
            assert (made.shortcut is not None) == (
                shortcut and layer == 1
            )  # not around the first, though 16 in, 16 out
            assert made.output == pytest.approx(after + (made.shortcut or 0.0), rel=1e-6, abs=1e-6)
            sizes = [abs(message.product) for message in made.messages]
            assert sizes == sorted(sizes, reverse=True)
    with pytest.raises(IndexError, match="no node 100"):
        explain.explain_node(seen, 100, 0, 0)


def test_the_sum_of_a_node_is_that_of_dense_matrices_on_the_karate_club():
    config = Config()
    snapshot = moment(config, 20)
    seen, club = explain.inside(config, snapshot), nx.karate_club_graph()
    with_loops = torch.tensor(nx.to_numpy_array(club, weight=None), dtype=torch.float32) + torch.eye(34)
    root = with_loops.sum(1).rsqrt()
    a_hat = root[:, None] * with_loops * root
    one, two = map(torch.from_numpy, snapshot.values["weights"])
    expected = a_hat @ torch.relu(a_hat @ one) @ two  # X is the identity
    made = explain.explain_node(seen, 8, 1, 1)
    assert made.total == pytest.approx(expected[8, 1].item(), rel=1e-4)
    shares = expected.softmax(1).numpy()
    assert np.abs(snapshot.values["probabilities"] / 255 - shares).max() <= 0.5 / 255 + 1e-5


def test_the_formulas_hold_the_numbers():
    seen = explain.inside(Config(), moment(Config(), 20))
    made = explain.explain_node(seen, 8, 0, 0)
    equation, sums = (formula.latex for formula in explain.node_formulas(Config(), made, "a{b}$"))
    first_one = made.messages[0]
    assert equation == r"H^{(1)} = \operatorname{ReLU}\left(\hat A\, X\, W^{(1)}\right)"
    assert rf"\sqrt{{{made.degree} \cdot {first_one.degree}}}" in sums
    assert f"= {written(first_one.product)}" in sums
    assert r"\text{a\{b\}\$}" in sums
    assert f"= {written(made.total)}" in sums


# ---------------------------------------------------------------- step by step


def test_a_signal_spreads_by_powers_of_the_matrix_to_those_within_reach():
    config = Config()
    seen = explain.inside(config, first(config))
    matrix = Experiment(config).model.matrix.to_dense().double()
    far = nx.single_source_shortest_path_length(nx.karate_club_graph(), 16)
    for k, values in enumerate(explain.signal(seen, 16)):
        expected = torch.linalg.matrix_power(matrix, k)[:, 16]
        torch.testing.assert_close(torch.from_numpy(values).double(), expected, atol=1e-6, rtol=1e-5)
        assert ((values != 0) == [far[node] <= k for node in range(34)]).all()
    long = torch.from_numpy(explain.signal(seen, 16, 400)[-1])
    root = (graph_of(config).degrees + 1).float().sqrt()
    torch.testing.assert_close(long, root * root[16] / root.square().sum(), atol=1e-5, rtol=1e-3)  # where it all ends


def test_the_stages_of_a_channel_are_the_layers_of_the_network():
    config = replace(BLOCKS, depth=2)
    seen = explain.inside(config, moment(config))
    model = network(config, result_of(config, [moment(config)]))
    found = explain.stages(seen, 15)
    assert [(what, layer) for what, layer, _ in found] == [
        (what, layer) for layer in (0, 1) for what in ("projected", "summed", "output")
    ]
    values = {(what, layer): torch.from_numpy(array) for what, layer, array in found}
    matrix, (one, two) = model.matrix, model.layers
    torch.testing.assert_close(values["projected", 0], seen.graph.features @ one.weight[:, 15].detach())
    for layer in (0, 1):
        spread = torch.sparse.mm(matrix, values["projected", layer][:, None])[:, 0]
        torch.testing.assert_close(values["summed", layer], spread)
    assert torch.equal(values["output", 0], values["summed", 0].relu())
    hidden = seen.tap(0, "output")
    torch.testing.assert_close(values["projected", 1], hidden @ two.weight[:, 3].detach())  # the last of four logits


def test_the_formulas_and_the_numbers_of_a_moment_are_of_one_forward_pass(monkeypatch):
    config = replace(BLOCKS, depth=3, shortcut=True, seed=5)
    snapshot, passes = moment(config), []
    forward = GCN.forward
    monkeypatch.setattr(GCN, "forward", lambda self, x: passes.append(len(x)) or forward(self, x))
    seen = explain.inside(config, snapshot)
    result = result_of(config, [snapshot])
    assert explain.inside(replace(config, steps=5), snapshot) is seen
    assert passes == [len(result.labels)]
    model, x = network(config, result), result.features
    for layer, values in enumerate(torch_layers(model, x)):
        torch.testing.assert_close(seen.tap(layer, "output"), values, rtol=0, atol=0)
    assert seen.shortcuts == (False, True, False)
    other = next(Experiment(config).train(0))  # another moment of this Config has another inside
    assert not torch.equal(explain.inside(config, other).tap(0, "output"), seen.tap(0, "output"))


@torch.no_grad()
def torch_layers(model, x):
    """What each layer of a GCN gives, one after the other."""
    for layer in model.layers:
        x = layer(x, model.matrix)
        yield x


# ---------------------------------------------------------------- labels and scores


def test_the_best_connected_are_known_in_the_club_and_random_ones_in_the_block_model():
    assert known_nodes(Config(), graph_of(Config())).nonzero().flatten().tolist() == [0, 33]
    graph = graph_of(BLOCKS)
    known = known_nodes(BLOCKS, graph)
    assert torch.bincount(graph.labels[known]).tolist() == [3, 3, 3, 3]
    others = known_nodes(replace(BLOCKS, seed=1), graph_of(replace(BLOCKS, seed=1)))
    assert not torch.equal(known, others)


def test_labels_by_hand_count_for_their_own_data_alone():
    graph = graph_of(Config())
    toggled = known_nodes(Config(labels="karate.0.8.1999"), graph)
    assert toggled.nonzero().flatten().tolist() == [8, 33]
    assert known_nodes(Config(labels="blocks.8"), graph).nonzero().flatten().tolist() == [0, 33]
    assert by_hand("karate.3.17") == ("karate", (3, 17))
    for text in ("moon.3", "karate.x", "karate.12345", "karate." + ".".join(["1"] * 61)):
        with pytest.raises(KnobError):
            Config(labels=text)


def test_only_given_labels_are_trained_on_and_only_the_others_are_scored():
    experiment = Experiment(BLOCKS)
    graph, known = experiment.graph, experiment.known
    logits = torch.randn(100, 4, generator=torch.Generator().manual_seed(1))
    expected = F.cross_entropy(logits[known], graph.labels[known])
    assert experiment.loss(logits, experiment.targets).item() == pytest.approx(expected.item(), rel=1e-6)
    right = F.one_hot(graph.labels, 4).float()
    assert experiment.accuracy(right, experiment.others) == 1
    spoiled = right.clone()
    spoiled[known] = spoiled[known].roll(1, 1)  # wrong wherever the label was given
    assert experiment.accuracy(spoiled, experiment.others) == 1
    assert experiment.accuracy(spoiled, known) == 0
    assert not (experiment.known & experiment.others).any()


def test_a_graph_with_few_classes_given_has_nobody_to_score_and_still_trains():
    config = Config(data="own", graph=key_of("a b\nb c\nc d\na: left\nd: right"), steps=30)
    result = run(config)
    assert result.other_accuracy.isnan().all()
    assert result.known_accuracy[-1] == 1
    assert result.probabilities[1].argmax() == 0
    assert result.probabilities[2].argmax() == 1


# ---------------------------------------------------------------- what the lesson says


def trained(name, **changes):
    result = run(replace(TOPIC.presets[name], steps=200, **changes))
    return result, result.other_accuracy[-1].item()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_two_labels_name_all_but_member_nine(seed):
    result, _ = trained("Two labels", seed=seed)
    wrong = (result.probabilities.argmax(1) != result.labels).nonzero().flatten() + 1
    assert wrong.tolist() == [9]


def test_the_edges_are_worth_much_where_neighbours_are_alike_and_hurt_where_they_are_not():
    assert trained("Block model")[1] > 0.78
    assert trained("Without the edges")[1] < 0.42
    assert trained("Unlike neighbours")[1] < 0.6
    assert trained("Unlike neighbours", coefficients="none")[1] > 0.82


def test_twelve_layers_say_the_same_of_all_nodes_and_shortcuts_help():
    deep, accuracy = trained("Twelve layers")
    assert accuracy == pytest.approx(0.25, abs=0.02)
    assert deep.cosine_distance[7] < 0.01 < 0.5 < deep.cosine_distance[0]
    assert deep.energy[12] < 1e-3
    helped, accuracy = trained("Twelve with shortcuts")
    assert accuracy > 0.85
    assert helped.cosine_distance[7] > 0.1


def test_energy_is_nothing_for_what_propagation_leaves_alone_and_not_for_equal_nodes():
    graph = graph_of(Config())
    size = (graph.degrees + 1).double().sqrt()
    assert dirichlet_energy(torch.ones(34, 3), graph.edges) == pytest.approx(0.097, abs=5e-4)
    assert dirichlet_energy(size[:, None] * torch.tensor([[1.0, -2.0]]), graph.edges) == pytest.approx(0, abs=1e-12)
    matrix = Experiment(Config()).model.matrix.to_dense().double()
    torch.testing.assert_close(matrix @ size, size, atol=1e-6, rtol=1e-6)
    assert mean_cosine_distance(torch.ones(34, 3)) == pytest.approx(0, abs=1e-12)


def test_without_neighbours_nothing_spreads():
    config = Config(coefficients="none")
    assert (explain.signal(explain.inside(config, first(config)), 16) != 0).sum(1).tolist() == [1] * 13


def test_other_depths_are_trained_as_the_page_would_train_them(monkeypatch):
    monkeypatch.setattr(depths, "DEPTHS", (1, 3))
    monkeypatch.setattr(depths, "SEEDS", 2)
    config = Config(until=50)
    *parts, last = depths.stream_depths(config)
    assert [part.step for part in (*parts, last)] == [0, 1, 2, 3, 4]
    assert np.isnan(parts[0].values["accuracy"]).all()
    assert np.isfinite(last.values["accuracy"]).all()
    for at, depth in enumerate((1, 3)):
        result = run(replace(config, depth=depth, steps=50))
        assert last.values["accuracy"][at, 0] == pytest.approx(result.other_accuracy[-1].item())
        layer = max(1, depth - 1)
        assert last.values["distance"][at, 0] == pytest.approx(result.cosine_distance[layer].item())
    assert (last.values["distance"][:, 0] != last.values["distance"][:, 1]).all()  # other first weights
    shown = draw.depths(last)
    assert shown.values[:, 0] == pytest.approx(last.values["accuracy"].mean(1))
    assert shown.frames.steps == [1, 3]
    assert draw.depths(parts[0]) is draw.depths(None) is None


# ---------------------------------------------------------------- the plane


def test_the_plane_shows_principal_components_turned_towards_the_drawing():
    hidden = torch.randn(40, 7, generator=torch.Generator().manual_seed(0)) * torch.tensor([5.0, 3, 1, 1, 1, 1, 1])
    positions = torch.rand(40, 2, generator=torch.Generator().manual_seed(1))
    places, share = plane_of(hidden, positions)
    centred = (hidden - hidden.mean(0)).numpy()
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    expected = left[:, :2] * singular[:2]
    distances = np.linalg.norm(expected[:, None] - expected[None], axis=-1)
    np.testing.assert_allclose(torch.cdist(places, places).numpy(), distances, atol=1e-3)
    assert share == pytest.approx((singular[:2] ** 2).sum() / (singular**2).sum())
    drawn = positions.double() - positions.double().mean(0)
    best = (places * drawn).sum()
    for angle in np.linspace(0, 2 * math.pi, 25):  # no other turn or mirror image lies nearer
        turn = torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]).double()
        for mirror in (1, -1):
            turned = places @ turn * torch.tensor([1.0, mirror])
            assert (turned * drawn).sum() <= best + 1e-6


def test_the_plane_of_one_channel_or_of_equal_nodes_is_a_line_or_a_point():
    positions = torch.rand(6, 2)
    places, share = plane_of(torch.arange(6.0)[:, None], positions)
    assert places.shape == (6, 2)
    assert torch.linalg.matrix_rank(places, atol=1e-6) == 1
    assert share == 1
    places, share = plane_of(torch.ones(6, 3), positions)
    assert places.abs().max() < 1e-9
    assert share == 1


# ---------------------------------------------------------------- pictures


def picture(**changes):
    values = np.array([[255, 0], [0, 255], [128, 127]], np.uint8)
    given = {
        "positions": np.array([[0, 0], [1, 0], [0, 1]], np.float32), "edges": np.array([[0, 1], [1, 2]]),
        "values": values, "names": ["1", "2", "3"], "alt": "Three nodes", "classes": ["A", "B"],
    }  # fmt: skip
    return GraphPicture(**{**given, **changes})


def test_a_graph_is_sent_and_comes_back_whole():
    shown = picture(known=np.array([True, False, False]), truth=np.array([0, 0, -1]), messages=[(1, 0.5)])
    meta, arrays = unpack(pack(*graph_payload(shown)))
    assert [(pair >> 16, pair & 0xFFFF) for pair in arrays["edges"].tolist()] == [(0, 1), (1, 2)]
    assert meta["names"] is None  # plain numbers need not be sent
    assert meta["messages"] == [[1, 0.5]]
    assert arrays["known"].tolist() == [1, 0, 0]
    assert arrays["truth"].tolist() == [0, 0, -1]
    far = picture(
        positions=np.zeros((65_535, 2), np.float32), edges=np.array([[65_533, 65_534]]),
        values=np.zeros((65_535, 2), np.uint8), names=["x"] * 65_535,
    )  # fmt: skip
    (packed,) = graph_payload(far)[1]["edges"].view(np.uint32).tolist()
    assert divmod(packed, 65_536) == (65_533, 65_534)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"alt": " "}, "alt text"),
        ({"positions": np.zeros((3, 2))}, "positions must be"),
        ({"positions": np.zeros((2, 2), np.float32)}, "positions must be"),
        ({"values": np.zeros((3, 3), np.uint8)}, "values must be"),
        ({"classes": None}, "values must be"),
        ({"edges": np.array([[0, 3]])}, "indices below 3"),
        ({"messages": [(3, 1.0)]}, "nodes 0 to 2"),
        ({"known": np.array([True])}, "3 entries of known"),
        ({"marks": ["one", "two"]}, "one mark a moment"),
        ({"scale": "rainbow"}, "unknown colour scale"),
        ({"frames": Frames("run", [0, 1], [0, 1])}, "values must be"),
    ],
)
def test_a_wrong_graph_picture_says_what_is_wrong(changes, says):
    with pytest.raises(ValueError, match=says):
        picture(**changes)


def test_a_still_graph_colours_answers_and_rings_mistakes():
    still = graph_still(picture(truth=np.array([0, 0, -1])))
    (tile,) = still.tiles
    assert [(point.colour, point.filled) for point in tile.points] == [(0, True), (0, False), (0, True)]
    assert len(tile.lines) == 2
    (x0, y0), (x1, y1), (_, y2) = [(point.x, point.y) for point in tile.points]
    assert x0 < x1
    assert y0 == y1
    assert y2 < y0  # y upwards
    with pytest.raises(ValueError, match="with classes"):
        graph_still(picture(classes=None, values=np.zeros(3, np.float32)))


def test_frames_of_a_run_carry_answers_and_places():
    config = Config()
    training = stream(config)
    pairs = [(0, next(training)), (1, training.send(3))]
    film = Film([moment for _, moment in pairs], [0, 1], pairs[1][1], pairs[1][1], "run")
    for embedding in (False, True):
        meta, arrays = graph_payload((draw.plane if embedding else draw.graph)(config, film))
        assert meta["moving"] == embedding == meta["plane"]
        assert arrays["values"].shape == (2, 34, 2)
        assert arrays["positions"].shape == ((2, 34, 2) if embedding else (34, 2))
    assert len(theme.CLASS_COLOURS) >= 8  # as many classes as an own graph may have
