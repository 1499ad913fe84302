"""Many checks of a page that was opened once: all of them are made, and what failed is told together, each by name.

To open a page costs seconds, to look at it milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Checks:
    """with Checks("/mlp, dark") as check:
    with check("the title"):
        assert …

    A check that fails stops no other; at the end there must be none.
    """

    def __init__(self, page: str):
        self.page = page
        self.faults: list[str] = []

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        from playwright.sync_api import Error

        try:
            yield
        except (AssertionError, Error) as fault:
            self.faults.append(f"{name}: {fault}")

    def __enter__(self) -> Checks:
        return self

    def __exit__(self, kind, error, trace) -> None:
        if error is not None:
            if self.faults:
                error.add_note("\n".join([f"{self.page}, before that:", *self.faults]))
            return
        assert not self.faults, "\n\n".join([self.page, *self.faults])
