"""Graph neural networks: what the page asks and what can be set."""

import re
from dataclasses import replace

from engine.contracts.knob import KnobError, configuration, knob, without_run
from engine.contracts.topic import Source, Topic, Training
from engine.data.graph_texts.keys import LONGEST_KEY, check_key
from engine.machinery.own import check_upload_key

DATA = {
    "karate": "Karate, 2 sides",
    "communities": "Karate, 4 groups",
    "blocks": "Block model",
    "own": "Own graph",
}
COEFFICIENTS = {
    "gcn": "GCN: 1/√(d̃ᵢ d̃ⱼ)",
    "gat": "GAT: learned αᵢⱼ",
    "mean": "mean: 1/d̃ᵢ",
    "sum": "sum: 1",
    "none": "none (MLP)",
}
MAXIMUM_STEPS = 5000
MOST_BY_HAND = 60


def by_hand(text: str) -> tuple[str, tuple[int, ...]]:
    """Labels given or taken away by hand, "data.node.node", -> (data, nodes). KnobError if malformed."""
    data, *nodes = text.split(".")
    if text and data not in DATA:
        raise KnobError(
            "Labels by hand: expected data.node.node with one of {choices} as data, got {value!r}",
            choices=", ".join(DATA), value=data[:40],
        )  # fmt: skip
    for node in nodes:
        if not re.fullmatch(r"[0-9]{1,4}", node):
            raise KnobError(
                "Labels by hand: expected data.node.node with numbers of nodes, got {value!r}", value=node[:40]
            )
    if len(nodes) > MOST_BY_HAND:
        raise KnobError("Labels by hand: expected at most {most}, got {count}", most=MOST_BY_HAND, count=len(nodes))
    return data, tuple(int(node) for node in nodes)


def _blocks(config) -> bool:
    return config.data == "blocks"


@configuration
class Config:
    """A graph, a network on it and how it is trained. Equal Configs give equal runs."""

    data: str = knob(
        "karate",
        "Graph",
        "Whose edges: real friendships, a random block model, or your own.",
        choices=DATA,
        data=True,
    )
    coefficients: str = knob(
        "gcn", "Neighbours",
        "What a node takes of each neighbour and of itself; d̃ is the number of neighbours plus one. None: the edges "
        "play no part, only a node's own features do.", choices=COEFFICIENTS,
    )  # fmt: skip
    known: int = knob(
        1, "Labels given per class",
        "Nodes of each class whose label the network is told: the best connected, in the block model random ones.",
        low=1, high=20,
    )  # fmt: skip
    depth: int = knob(
        2, "Layers", "Graph convolutions one after the other; each reaches one step further.", low=1, high=16
    )
    width: int = knob(
        16, "Channels", "Numbers for each node in every hidden layer.", low=2, high=64,
        counts=lambda config: config.depth > 1,
    )  # fmt: skip
    learning_rate: float = knob(
        0.02, "Learning rate", "Length of each step against the gradient (Adam).", low=0.001, high=1.0, log=True
    )
    nodes: int = knob(300, "Nodes", "Of the block model.", low=50, high=2000, step=50, counts=_blocks, data=True)
    within: float = knob(
        0.8, "Edges within a class",
        "Share of a node's edges that lead to its own class, on average. With K classes, 1/K means that edges say "
        "nothing; below it, neighbours are mostly of other classes.", low=0.0, high=1.0, step=0.05, counts=_blocks,
        data=True,
    )  # fmt: skip
    noise: float = knob(
        1.0, "Feature noise",
        "Standard deviation of the noise on the 16 features of a block model's node; its class speaks with size 1.",
        low=0.0, high=3.0, step=0.1, counts=_blocks, data=True,
    )  # fmt: skip
    shortcut: bool = knob(
        False, "Shortcut", "Adds a hidden layer's input to its output, H + σ(Â H W), as in the paper's appendix.",
        counts=lambda config: config.depth > 2,
    )  # fmt: skip
    classes: int = knob(4, "Classes", "Of the block model.", low=2, high=6, advanced=True, counts=_blocks, data=True)
    degree: float = knob(
        6.0, "Mean degree", "Neighbours of a node of the block model, on average.", low=1.0, high=20.0, step=0.5,
        advanced=True, counts=_blocks, data=True,
    )  # fmt: skip
    activation: str = knob(
        "relu", "Activation", "What every hidden channel does to its sum.",
        choices={"relu": "ReLU", "tanh": "tanh", "identity": "none (linear)"}, advanced=True,
        counts=lambda config: config.depth > 1,
    )  # fmt: skip
    weight_decay: float = knob(
        0.0005, "Weight decay", "Weight α of the penalty α/2 Σw² on all weights.", low=0.00001, high=0.1, log=True,
        advanced=True,
    )  # fmt: skip
    until: int = knob(
        200, "Stop at step", "Training ends by itself here.", low=50, high=MAXIMUM_STEPS, step=50, advanced=True
    )
    seed: int = knob(
        0, "Seed", "Start of all randomness: block model, labels given, first weights.", low=0, high=9999, advanced=True
    )
    steps: int = knob(
        0, "Steps trained", "How far this run has been trained; a link brings it back.", low=0, high=MAXIMUM_STEPS,
        hidden=True, run_only=True,
    )  # fmt: skip
    weights: str = knob(
        "", "Own weights", "What the network starts from, if a reader brought it.", hidden=True, check=check_upload_key
    )
    graph: str = knob(
        "", "Own graph", "The reader's edges.", hidden=True, most=LONGEST_KEY, check=check_key,
        counts=lambda config: config.data == "own", data=True,
    )  # fmt: skip
    labels: str = knob("", "Labels by hand", "Given or taken away by a click.", hidden=True, most=400, check=by_hand)


TOPIC = Topic(
    slug="gnn",
    title="Graph neural networks",
    group="Graphs",
    question="Two labels and a list of friendships: how can a network know which side everybody took?",
    icon=":material/hub:",
    config=Config,
    order=20,
    run="engine.topics.gnn.run:run",
    formulas="engine.topics.gnn.explain:formulas",
    lesson="engine.topics.gnn.lesson:LESSON",
    training=Training(
        stream="engine.topics.gnn.run:stream",
        first="engine.topics.gnn.run:first",
        result_of="engine.topics.gnn.run:result_of",
        network="engine.topics.gnn.run:network",
        experiment=without_run,
    ),
    fallback=lambda config: replace(without_run(config), graph="", data="karate"),
    own=("graph",),
    figures={
        "graph": "engine.topics.gnn.draw:draw_graph",
        "embedding": "engine.topics.gnn.draw:draw_embedding",
        "curves": "engine.topics.gnn.draw:draw_curves",
        "smoothing": "engine.topics.gnn.draw:draw_smoothing",
    },
    called={"embedding": "Places of the nodes"},
    presets={
        "Two labels": Config(),
        "Four communities": Config(data="communities", seed=1),
        "Block model": Config(data="blocks", known=5),
        "Without the edges": Config(data="blocks", known=5, coefficients="none"),
        "Twelve layers": Config(data="blocks", known=5, depth=12),
        "Twelve with shortcuts": Config(data="blocks", known=5, depth=12, shortcut=True),
        "Unlike neighbours": Config(data="blocks", known=5, within=0.05, noise=0.3),
    },
    opening=Config(data="communities", seed=1, steps=100),
    cover=("graph", Config(data="blocks", known=5, steps=200)),
    sources=(
        Source("Kipf, Welling 2017: Semi-supervised classification with graph convolutional networks", "https://arxiv.org/abs/1609.02907"),
        Source("Zachary 1977: An information flow model for conflict and fission in small groups", "https://doi.org/10.1086/jar.33.4.3629752"),
        Source("Brandes et al. 2008: On modularity clustering", "https://doi.org/10.1109/TKDE.2007.190689"),
        Source("Li, Han, Wu 2018: Deeper insights into graph convolutional networks", "https://arxiv.org/abs/1801.07606"),
        Source("Chen et al. 2020: Measuring and relieving the over-smoothing problem", "https://arxiv.org/abs/1909.03211"),
        Source("Veličković et al. 2018: Graph attention networks", "https://arxiv.org/abs/1710.10903"),
        Source("Hamilton, Ying, Leskovec 2017: Inductive representation learning on large graphs (GraphSAGE)", "https://arxiv.org/abs/1706.02216"),
        Source("Xu et al. 2019: How powerful are graph neural networks? (GIN)", "https://arxiv.org/abs/1810.00826"),
    ),
    code=(
        "engine.models.graph.gcn:propagation_matrix",
        "engine.models.graph.gcn:GraphConvolution",
        "engine.models.graph.gcn:GCN",
        "engine.models.graph.gat:GraphAttention",
        "engine.topics.gnn.run:Experiment",
        "engine.instrument.smoothing:mean_cosine_distance",
        "engine.data.graphs:block_model",
    ),
    keywords=(
        "graph", "GCN", "GNN", "graph convolution", "karate club", "message passing", "node classification",
        "semi-supervised", "over-smoothing", "stochastic block model", "homophily", "heterophily", "GraphSAGE", "GIN",
        "GAT", "attention", "network science", "community", "edge list", "adjacency matrix",
    ),
)  # fmt: skip
