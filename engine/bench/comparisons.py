"""The comparisons of all topics: see compared.py."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from importlib.util import find_spec
from types import MappingProxyType

from engine.bench.comparison import Comparison
from engine.contracts.topic import catalogue


def comparisons() -> Mapping[str, Comparison]:
    """Name -> comparison, in the order of the topics. ValueError where two topics have one of the same name."""
    by_name: dict[str, Comparison] = {}
    for topic in catalogue().values():
        module = f"{topic.run.partition(':')[0].rpartition('.')[0]}.benchmark"
        if find_spec(module) is None:
            continue
        for name, comparison in importlib.import_module(module).COMPARISONS.items():
            if name in by_name:
                raise ValueError(f"two comparisons are called {name!r}, one of them in {module}")
            by_name[name] = comparison
    return MappingProxyType(by_name)
