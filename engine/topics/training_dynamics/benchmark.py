"""Our update rules beside PyTorch's optimiser, on a network and on a surface."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.bench.comparison import Comparison, Prepared, close, weights_of
from engine.training.optimisers import Optimiser, Settings

from .card import Config
from .race import formula_of, race, slopes, start_of

STEPS = 50
SETTINGS = Settings(0.01)


def rule_beside_pytorch() -> Prepared:
    """50 steps of Adam on a network of 64-64-10 and one batch of 256, by the rule written out and by torch.optim."""
    generator = torch.Generator().manual_seed(0)
    inputs, targets = torch.randn(256, 64, generator=generator), torch.randint(10, (256,), generator=generator)
    first = 0.1 * torch.randn(64 * 64 + 64 + 64 * 10 + 10, generator=generator).double()

    def trained(make) -> Tensor:
        model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)).double()
        nn.utils.vector_to_parameters(first.clone(), model.parameters())
        optimiser = make(model.parameters())
        for _ in range(STEPS):
            optimiser.zero_grad()
            F.cross_entropy(model(inputs.double()), targets).backward()
            optimiser.step()
        return weights_of(model)

    return Prepared(
        lambda: trained(lambda parameters: Optimiser(parameters, "adam", SETTINGS)),
        lambda: trained(lambda parameters: torch.optim.Adam(parameters, SETTINGS.rate)),
        lambda a, b: close(a, b, 1e-6), STEPS,
    )  # fmt: skip


def race_beside_pytorch() -> Prepared:
    """A race of Adam alone on Beale's surface, all that the page shows of it kept, and torch.optim.Adam there."""
    config = Config(surface="beale", rules=("adam",))

    def bare() -> Tensor:
        place = torch.tensor(start_of(config), dtype=torch.float64)
        optimiser, formula = torch.optim.Adam([place], config.adaptive_rate), formula_of(config)
        for _ in range(config.race_steps):
            place.grad = slopes(formula, place[None])[1][0]
            optimiser.step()
        return place

    return Prepared(lambda: race(config).position[0, -1], bare, lambda a, b: close(a, b, 1e-9), config.race_steps)


COMPARISONS = {
    "rules_network": Comparison("Adam, written out", "torch.optim.Adam", "step", rule_beside_pytorch),
    "rules_surface": Comparison("a race of Adam, watched", "torch.optim.Adam alone", "step", race_beside_pytorch),
}
