"""Results: every mistake between declared axes and arrays is caught, named, and said with both numbers."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from engine.contracts.axes import AxesError, axes, bytes_of, note, result


@result
class Example:
    pattern: torch.Tensor = axes("head query key", "attention", unit="probability")
    values: np.ndarray = axes("key feature", "what is mixed")
    loss: torch.Tensor = axes("moment", "loss", unit="nat", gaps=True)
    score: float = axes("", "one number")
    words: tuple = note("the words")


def example(**changes):
    parts = {
        "pattern": torch.rand(2, 5, 3), "values": np.zeros((3, 4), np.float32), "loss": torch.tensor([torch.nan, 1.0]),
        "score": 0.5, "words": ("a", "b", "c"),
    }  # fmt: skip
    return Example(**{**parts, **changes})


def test_a_good_result_passes_and_lists_its_quantities():
    made = example()
    listed = {quantity.name: quantity for quantity in made.quantities()}
    assert list(listed) == ["pattern", "values", "loss", "score"]  # notes are no quantities
    assert listed["pattern"].axes == ("head", "query", "key")
    assert listed["pattern"].shape == (2, 5, 3)
    assert (listed["pattern"].unit, listed["pattern"].meaning) == ("probability", "attention")
    assert listed["pattern"].values is made.pattern
    assert (listed["score"].axes, listed["score"].shape) == ((), ())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pattern": torch.rand(5, 3)}, r"Example\.pattern: expected axes \(head, query, key\), got shape \(5, 3\)"),
        ({"score": torch.rand(1)}, r"score: expected axes \(\), got shape \(1,\)"),
        ({"values": np.zeros((4, 4))}, "values: axis key has length 4, but pattern has 3"),
        ({"pattern": torch.rand(2, 5, 3, requires_grad=True)}, "pattern: still attached"),
        ({"pattern": torch.rand(2, 5, 3, device="meta")}, "pattern: lives on meta"),
        ({"pattern": torch.full((2, 5, 3), torch.nan)}, "pattern: has NaN"),
        ({"values": np.full((3, 4), np.nan)}, "values: has NaN"),
        ({"score": float("nan")}, "score: has NaN"),
        ({"score": torch.tensor(torch.nan)}, "score: has NaN"),
        ({"score": None}, "score: expected an array or a number, got NoneType"),
        ({"values": [[0.0] * 4] * 3}, "values: expected an array or a number, got list"),
    ],
)
def test_every_mistake_is_named(changes, message):
    with pytest.raises(AxesError, match=message):
        example(**changes)


def test_equal_axis_names_within_one_array_must_agree():
    @result
    class Square:
        confusion: torch.Tensor = axes("class class", "a square table")

    Square(torch.zeros(3, 3))
    with pytest.raises(AxesError, match="axis class has length 4, but confusion has 3"):
        Square(torch.zeros(3, 4))


def test_gaps_allow_nan_only_where_declared():
    assert torch.isnan(example().loss[0])
    example(pattern=torch.full((2, 5, 3), torch.inf))  # an infinity is a number


def test_results_are_frozen_and_compare_by_identity():
    made = example()
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.score = 1.0
    assert made != example(pattern=made.pattern)
    assert hash(made) != hash(example())


def test_size_in_bytes_counts_every_buffer():
    bare = example().nbytes
    assert example(pattern=torch.rand(1002, 5, 3)).nbytes - bare == 1000 * 5 * 3 * 4
    nested = {"maps": [np.zeros(1000, np.uint8), (np.zeros(500, np.float32),)]}
    assert 3000 <= bytes_of(nested) - bytes_of({"maps": [np.zeros(0), (np.zeros(0),)]}) <= 3001
    assert example(words=nested).nbytes - bare >= 2500


def test_a_view_counts_with_all_that_it_keeps_in_memory():
    whole, grid = torch.zeros(1000, 4), np.zeros((100, 10))
    assert bytes_of(whole[::100]) == bytes_of(whole) == 16_000
    assert bytes_of(whole[5:].numpy()) == 16_000
    assert bytes_of(grid[3]) == bytes_of(grid[3][2:4]) == 8000
    assert bytes_of(whole[::100].clone()) == 160


def test_a_result_within_a_result_is_counted_by_its_path():
    @result
    class Whole:
        part: Any = note("another result")
        total: float = axes("", "a number")

    inner = example()
    whole = Whole(inner, 2.0)
    names = [quantity.name for quantity in whole.quantities()]
    assert names == [f"part.{quantity.name}" for quantity in inner.quantities()] + ["total"]
    assert whole.nbytes > inner.nbytes
