"""What the engine does beside a baseline that does the same, or that says what it could cost at the least.

Each comparison prepares two functions without arguments, ours and the baseline's, and says what their answers must have
in common: a ratio means something only where both have done the work.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.training.fit import batches_of, fit, seeded

Work = Callable[[], Any]


@dataclass(frozen=True)
class Prepared:
    """Two ways to the same; agree(ours, baseline) is whether their answers fit each other. units: of work in one call,
    so that a call can be turned into units a second."""

    ours: Work
    baseline: Work
    agree: Callable[[Any, Any], bool]
    units: int = 1


@dataclass(frozen=True)
class Comparison:
    """ours and baseline in words, the unit of work, and what makes the two functions."""

    ours: str
    baseline: str
    unit: str
    prepare: Callable[[], Prepared]


def close(a: Tensor, b: Tensor, tolerance: float = 1e-5) -> bool:
    """Equal within a tolerance relative to the largest magnitude."""
    return bool((a - b).abs().max() <= tolerance * max(1.0, b.abs().max().item()))


# ---------------------------------------------------------------- attention


def attention() -> Prepared:
    """One layer of the shipped encoder, 128 tokens; the baseline uses the same projections and PyTorch's fused op."""
    from engine.models.transformer.minilm import load_minilm, split_heads

    layer = load_minilm().blocks[0].attention
    with seeded(0) as generator:
        x = torch.randn(1, 128, layer.to_query.in_features, generator=generator)
    allowed = torch.ones(1, 128, dtype=torch.bool)

    @torch.no_grad()
    def ours() -> Tensor:
        return layer(x, allowed)

    @torch.no_grad()
    def fused() -> Tensor:
        q, k, v = (split_heads(part(x)) for part in (layer.to_query, layer.to_key, layer.to_value))
        heads = F.scaled_dot_product_attention(q, k, v, allowed[:, None, None, :])
        return layer.to_output(heads.transpose(1, 2).flatten(2))

    return Prepared(ours, fused, close)


def recording() -> Prepared:
    """The whole encoder with every tap recorded, against the same forward pass unobserved."""
    from engine.instrument.trace import record
    from engine.models.transformer.minilm import load_minilm

    model = load_minilm()
    with seeded(0) as generator:
        ids = torch.randint(1000, 20000, (1, 64), generator=generator)

    @torch.no_grad()
    def ours() -> Tensor:
        with record(model) as trace:
            vector = model(ids)
        assert trace["blocks.5.attention.pattern"].shape == (1, 12, 64, 64)
        return vector

    @torch.no_grad()
    def unobserved() -> Tensor:
        return model(ids)

    return Prepared(ours, unobserved, close)


# ---------------------------------------------------------------- graphs


def graph_convolution() -> Prepared:
    """Â H of a graph of 1000 nodes with 8 neighbours each and 32 channels: sparse, against the full matrix."""
    from engine.data.graphs import block_model
    from engine.models.graph.gcn import propagation_matrix

    with seeded(0) as generator:
        graph = block_model(1000, 4, 8.0, 0.8, 0.5, generator)
        h = torch.randn(1000, 32, generator=generator)
    sparse = propagation_matrix(graph.edges, 1000)
    full = sparse.to_dense()
    return Prepared(lambda: torch.sparse.mm(sparse, h), lambda: full @ h, close)


def graph_attention() -> Prepared:
    """A graph attention layer on 1000 nodes, message by message, against attention over a masked full matrix."""
    from engine.data.graphs import block_model
    from engine.models.graph.gat import SLOPE, GraphAttention, neighbourhoods

    with seeded(0) as generator:
        graph = block_model(1000, 4, 8.0, 0.8, 0.5, generator)
        h = torch.randn(1000, 32, generator=generator)
        layer = GraphAttention(32, 32, "identity", False, generator)
    to, source = neighbourhoods(graph.edges, 1000)
    joined = torch.zeros(1000, 1000, dtype=torch.bool)
    joined[to, source] = True

    @torch.no_grad()
    def ours() -> Tensor:
        return layer(h, to, source)

    @torch.no_grad()
    def masked() -> Tensor:
        projected = h @ layer.weight
        parts = projected @ layer.attention
        scores = F.leaky_relu(parts[:, 0, None] + parts[None, :, 1], SLOPE)
        return scores.masked_fill(~joined, -math.inf).softmax(1) @ projected

    return Prepared(ours, masked, close)


# ---------------------------------------------------------------- detection


def suppression() -> Prepared:
    """Non-maximum suppression of 150 boxes with all its reasons, against plain loops that only say which are kept."""
    from engine.instrument.detection import non_maximum_suppression

    with seeded(0) as generator:
        corner, size = torch.rand(150, 2, generator=generator) * 300, torch.rand(150, 2, generator=generator) * 80 + 20
        scores = torch.rand(150, generator=generator)
    boxes = torch.cat([corner, corner + size], 1)

    def plain() -> tuple[int, ...]:
        corners, order, kept = boxes.tolist(), scores.argsort(descending=True, stable=True).tolist(), []
        for one in order:
            if all(overlap(corners[one], corners[other]) <= 0.5 for other in kept):
                kept.append(one)
        return tuple(kept)

    def overlap(a: list[float], b: list[float]) -> float:
        width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
        shared = max(width, 0) * max(height, 0)
        return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)

    return Prepared(lambda: non_maximum_suppression(boxes, scores, 0.5), plain, lambda a, b: a.kept == b)


# ---------------------------------------------------------------- explanations


def gradient_maps() -> Prepared:
    """Grad-CAM of the shipped classifier, against a bare forward pass and a backward pass down to the pixels.

    At the last maps Grad-CAM must be ReLU(Σ w A) / positions, with the weights w of the class (Zhou et al. 2016).
    """
    from engine.data.photos import photo
    from engine.instrument.attribution import grad_cam
    from engine.models.efficientnet.lite0 import load_lite0, middle_square, normalised

    model, x, label = load_lite0(), normalised(middle_square(photo("chelsea").rgb)), 281

    def bare() -> Tensor:
        picture = x.detach().requires_grad_()
        h = F.relu6(model.stem(picture))
        for stage in model.stages:
            h = stage(h)
        maps = F.relu6(model.head(h))
        model.classifier(maps.mean((2, 3)))[0, label].backward()
        weights = model.classifier.weight[label]
        return torch.einsum("k,kij->ij", weights, maps[0].detach()).relu() / maps[0, 0].numel()

    return Prepared(lambda: grad_cam(model, x, label, "taps.head").heat, bare, lambda a, b: close(a, b, 1e-4))


def receptive_fields() -> Prepared:
    """Where a cell of the last maps looks: from the sizes of the windows, against the gradient of a network of ones."""
    from engine.instrument.receptive_field import receptive_field
    from engine.models.cnn.cnn import SmallCNN

    with seeded(0) as generator:
        model = SmallCNN(8, 5, generator)
    windows = model.windows()["conv2.sum"]

    def by_gradient() -> tuple[int, ...]:
        x = torch.ones(1, 1, 28, 28, requires_grad=True)
        ones = [torch.ones_like(layer.conv.weight) for layer in (model.conv1, model.conv2)]
        h = F.avg_pool2d(F.conv2d(x, ones[0], padding=2), 2)  # the mean instead of the maximum: every pixel counts
        F.conv2d(h, ones[1], padding=2)[0, 0, 3, 4].backward()
        rows, columns = x.grad[0, 0].nonzero(as_tuple=True)
        return int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1

    return Prepared(lambda: receptive_field(windows, 3, 4, 28, 28), by_gradient, lambda a, b: tuple(a) == b)


# ---------------------------------------------------------------- diffusion


def sampling_step() -> Prepared:
    """One step of DDIM for 1000 points, against the forward pass of the network that it contains."""
    from engine.models.diffusion.samplers import walk
    from engine.models.diffusion.schedule import make_schedule
    from engine.topics.diffusion.card import Config
    from engine.topics.diffusion.predictor import new_denoiser, predictor

    config = Config()
    schedule = make_schedule(config.schedule, config.chain)
    predict = predictor(new_denoiser(config), schedule)
    with seeded(0) as generator:
        x = torch.randn(1000, 2, generator=generator)

    def ours() -> Tensor:
        with seeded(1) as generator:
            return next(walk(predict, x, schedule, 20, generator)).noise

    @torch.no_grad()
    def forward() -> Tensor:
        return predict(x, schedule.steps)

    return Prepared(ours, forward, close)


# ---------------------------------------------------------------- training


def weights_of(model: nn.Module) -> Tensor:
    """All weights of a model in one row."""
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def cnn_training(steps: int = 20) -> Prepared:
    """20 steps on digits as the page trains, against a bare loop over a plain nn.Sequential with the same weights."""
    from engine.topics.cnn.card import Config
    from engine.topics.cnn.run import Experiment

    config = Config(start="fresh")

    def ours() -> Tensor:
        experiment = Experiment(config)
        with seeded(config.seed + 20_000) as generator:
            *_, _ = fit(
                experiment.model, experiment.batches(generator), F.cross_entropy, experiment.optimizer(),
                observe=lambda step: {}, steps=steps, snapshot_every=steps,
            )  # fmt: skip
        return weights_of(experiment.model)

    def bare() -> Tensor:
        experiment = Experiment(config)
        first, second = experiment.model.conv1.conv, experiment.model.conv2.conv
        model = nn.Sequential(
            first, nn.ReLU(), nn.MaxPool2d(2), second, nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            experiment.model.hidden, nn.ReLU(), experiment.model.output,
        )  # fmt: skip
        optimizer = experiment.optimizer()
        with seeded(config.seed + 20_000) as generator:
            batches = experiment.batches(generator)
            for _ in range(steps):
                images, labels = next(batches)
                optimizer.zero_grad()
                F.cross_entropy(model(images), labels).backward()
                optimizer.step()
        return weights_of(experiment.model)

    return Prepared(ours, bare, lambda a, b: close(a, b, 1e-4), steps)


SOLVED = 0.98  # of the points it has not seen


def spiral() -> Prepared:
    """The default spiral of the MLP playground until 98 % of its test points are right, with all that the page shows
    every 10 steps; against a bare loop of as many steps that looks at nothing."""
    from engine.topics.mlp.card import Config
    from engine.topics.mlp.run import Experiment

    config = Config()

    def solve() -> tuple[int, Tensor]:
        experiment = Experiment(config)
        for snapshot in experiment.train(config.until):
            if snapshot.seen["test_accuracy"] >= SOLVED:
                return snapshot.step, weights_of(experiment.model)
        raise ArithmeticError(f"the spiral is not solved within {config.until} steps")

    steps, _ = solve()

    def bare() -> tuple[int, Tensor]:
        experiment = Experiment(config)
        model = nn.Sequential()
        for layer in experiment.model.layers:
            model.extend([layer.linear, _Function(layer.activation)])
        optimizer = experiment.optimizer()
        rows = experiment.train_rows
        with seeded(config.seed + 20_000) as generator:
            batches = batches_of(
                experiment.features[rows], experiment.device_targets[rows], config.batch_size, generator
            )
            for _ in range(steps):
                inputs, targets = next(batches)
                optimizer.zero_grad()
                experiment.loss(model(inputs), targets).backward()
                optimizer.step()
        return steps, weights_of(experiment.model)

    return Prepared(solve, bare, lambda a, b: a[0] == b[0] and close(a[1], b[1], 1e-4), steps)


class _Function(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[[Tensor], Tensor]):
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


COMPARISONS: Mapping[str, Comparison] = MappingProxyType(
    {
        "attention": Comparison("written-out attention, 128 tokens", "PyTorch's fused attention", "layer", attention),
        "recording": Comparison("encoder with every tap recorded", "the encoder unobserved", "forward", recording),
        "graph_convolution": Comparison(
            "sparse propagation, 1000 nodes", "the full matrix", "product", graph_convolution
        ),
        "graph_attention": Comparison(
            "attention by messages, 1000 nodes", "attention by a masked full matrix", "layer", graph_attention
        ),
        "suppression": Comparison(
            "suppression with its reasons, 150 boxes", "plain loops in Python", "run", suppression
        ),
        "grad_cam": Comparison("Grad-CAM", "forward, and backward to the pixels", "map", gradient_maps),
        "receptive_field": Comparison(
            "receptive field from window sizes", "gradient of a network of ones", "cell", receptive_fields
        ),
        "sampling_step": Comparison(
            "DDIM step, 1000 points", "one forward pass of its network", "step", sampling_step
        ),
        "cnn_training": Comparison("training of the small CNN", "bare PyTorch loop", "step", cnn_training),
        "spiral": Comparison("spiral solved to 98 %, shown as it goes", "bare loop of as many steps", "step", spiral),
    }
)  # fmt: skip
