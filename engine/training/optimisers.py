"""Seven optimisers, each written out as its update rule; they step as those of torch.optim do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

RULES = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw")


@dataclass(frozen=True)
class Settings:
    """What the rules are set to. rate: η. momentum: μ of momentum and Nesterov. forgets: α of RMSprop. beta_1, beta_2,
    epsilon: of Adam and AdamW; epsilon of RMSprop and AdaGrad too. decay: λ of AdamW."""

    rate: float
    momentum: float = 0.9
    forgets: float = 0.99
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    decay: float = 0.01


class Memory(NamedTuple):
    """What a rule remembers of the steps before: how many there were, and two tensors of the shape of the weights.

    first: the velocity v of momentum and Nesterov, the mean gradient m of Adam. second: the sum s of squares of
    AdaGrad, their mean v of RMSprop and Adam. Both are 0 before the first step, and where a rule has none.
    """

    count: int
    first: Tensor
    second: Tensor


class Update(NamedTuple):
    """One step. position: the weights after it; change: what was subtracted from the weights, after AdamW has shrunk
    them. first_hat, second_hat: Adam's moments without their bias towards 0; else the moments themselves. shrunk: the
    weights before the change, which AdamW's decay has shrunk."""

    position: Tensor
    change: Tensor
    memory: Memory
    first_hat: Tensor
    second_hat: Tensor
    shrunk: Tensor


def nothing_yet(weights: Tensor) -> Memory:
    """The memory before the first step."""
    return Memory(0, torch.zeros_like(weights), torch.zeros_like(weights))


@torch.no_grad()
def take_step(rule: str, weights: Tensor, gradient: Tensor, memory: Memory, settings: Settings) -> Update:
    """One step of a rule, elementwise over tensors of any one shape. ValueError for a rule that is none of RULES."""
    count, first, second = memory.count + 1, memory.first, memory.second
    rate, epsilon, shrunk = settings.rate, settings.epsilon, weights
    first_hat, second_hat = first, second
    if rule == "sgd":  # Robbins, Monro 1951
        change = rate * gradient
    elif rule == "momentum":  # Polyak 1964
        first = first_hat = settings.momentum * first + gradient
        change = rate * first
    elif rule == "nesterov":  # Nesterov 1983; in the form of Sutskever et al. 2013
        first = first_hat = settings.momentum * first + gradient
        change = rate * (gradient + settings.momentum * first)
    elif rule == "adagrad":  # Duchi, Hazan, Singer 2011
        second = second_hat = second + gradient**2
        change = rate * gradient / (second.sqrt() + epsilon)
    elif rule == "rmsprop":  # Hinton 2012
        second = second_hat = settings.forgets * second + (1 - settings.forgets) * gradient**2
        change = rate * gradient / (second.sqrt() + epsilon)
    elif rule in ("adam", "adamw"):  # Kingma, Ba 2015; Loshchilov, Hutter 2019
        first = settings.beta_1 * first + (1 - settings.beta_1) * gradient
        second = settings.beta_2 * second + (1 - settings.beta_2) * gradient**2
        first_hat = first / (1 - settings.beta_1**count)
        second_hat = second / (1 - settings.beta_2**count)
        if rule == "adamw":
            shrunk = weights - rate * settings.decay * weights
        change = rate * first_hat / (second_hat.sqrt() + epsilon)
    else:
        raise ValueError(f"expected one of {', '.join(RULES)}, got {rule!r}")
    return Update(shrunk - change, change, Memory(count, first, second), first_hat, second_hat, shrunk)


class Optimiser:
    """A rule that moves the parameters of a network by their gradients; `rate` may be changed between steps."""

    def __init__(self, parameters: Iterable[Tensor], rule: str, settings: Settings):
        self.parameters, self.rule, self.settings = list(parameters), rule, settings
        self.memories = [nothing_yet(parameter) for parameter in self.parameters]

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """One step of all parameters that have a gradient."""
        for number, parameter in enumerate(self.parameters):
            if parameter.grad is not None:
                made = take_step(self.rule, parameter, parameter.grad, self.memories[number], self.settings)
                parameter.copy_(made.position)
                self.memories[number] = made.memory
