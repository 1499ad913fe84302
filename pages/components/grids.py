"""Components for attention: all heads at a glance, lines between tokens, matrices to edit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.plots.grids import Links, Matrices, Mosaic
from pages.components.language import t
from pages.components.mount import mount
from pages.components.shown import note


def mosaic(shown: Mosaic, key: str, *, on_pick: Callable[[], None] | None = None) -> tuple[int, int] | None:
    """A grid of small matrices; returns (row, column) of the one clicked or reached by an arrow key, in the run after
    it, else None. `on_pick` finds {"row", "column"} in state[key]["pick"]."""
    meta, arrays = shown.payload()
    meta |= {"note": t("0 to the largest weight of each head"), "offWord": t("switched off")}
    note(key, shown)
    rows, columns = len(shown.rows), len(shown.columns)

    def fits(_: str, at: Any) -> bool:
        return 0 <= at["row"] < rows and 0 <= at["column"] < columns

    picked = mount("mosaic", key, meta, arrays, fits=fits, pick=on_pick)["pick"]
    return (picked["row"], picked["column"]) if picked else None


def links(
    shown: Links,
    key: str,
    *,
    title: str = "",
    height: int | None = None,
    on_pick: Callable[[], None] | None = None,
) -> tuple[int, int] | None:
    """Lines between tokens; returns (query, key) of the pair clicked, in the run after it, else None.

    A click on the left chooses a query with the key it looks at most, a click on the right another key for it.
    height: most CSS pixels (rows of tokens shrink down to a readable size, then it grows). title: a line above it.
    """
    meta, arrays = shown.payload()
    meta |= {"title": title, "height": height, "note": t("width of a line: attention")}
    note(key, shown, title=title)
    count = len(shown.tokens)

    def fits(_: str, at: Any) -> bool:
        return 0 <= at["query"] < count and 0 <= at["key"] < count

    picked = mount("links", key, meta, arrays, fits=fits, pick=on_pick)["pick"]
    return (picked["query"], picked["key"]) if picked else None


def matrices(shown: Matrices, key: str, *, on_edit: Callable[[], None] | None = None) -> None:
    """Matrices as fields of numbers; on_edit finds {"matrix", "row", "column", "value"} in state[key]["edit"]."""
    note(key, shown)
    shapes = [values.shape for values in shown.values.values()]

    def fits(_: str, at: Any) -> bool:
        rows, columns = shapes[at["matrix"]]
        return at["matrix"] >= 0 and 0 <= at["row"] < rows and 0 <= at["column"] < columns

    mount("matrices", key, shown.payload(), {}, fits=fits, edit=on_edit)
