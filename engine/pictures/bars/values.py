"""Shares as horizontal bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Bars:
    """Horizontal bars of shares (0 to 1), the first on top, each with its name and its percentage above it.

    hover: what the read-out says, by default the names. marked: index of the bar in the second class colour, which
    means `marked_name`. ticks: a second share per bar, drawn as a vertical mark that means `ticks_name`. colours: index
    of each bar's class colour, instead of one colour for all. keys: what a click on each bar stands for. expected: the
    (bar, share) that a reader drew before it was computed.
    """

    names: Sequence[str]
    shares: Sequence[float]
    alt: str
    hover: Sequence[str] | None = None
    marked: int | None = None
    marked_name: str = ""
    ticks: Sequence[float] | None = None
    ticks_name: str = ""
    colours: Sequence[int] | None = None
    keys: Sequence[str] = ()
    expected: tuple[int, float] | None = None

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise ValueError("Bars need an alt text that says what they show")
        for what in ("shares", "hover", "ticks", "colours"):
            values = getattr(self, what)
            if values is not None and len(values) != len(self.names):
                raise ValueError(f"expected {len(self.names)} {what}, one for each name, got {len(values)}")
        outside = [share for share in [*self.shares, *(self.ticks or ())] if not 0 <= share <= 1]
        if outside:
            raise ValueError(f"a share is 0 to 1, got {outside[0]}")
        if self.marked is not None and not 0 <= self.marked < len(self.names):
            raise ValueError(f"marked must be 0-{len(self.names) - 1}, got {self.marked}")

    def payload(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What bars.js draws."""
        meta = {
            "alt": self.alt, "names": list(self.names), "shares": [round(float(share), 6) for share in self.shares],
            "hover": list(self.hover or self.names), "marked": self.marked, "markedName": self.marked_name,
            "ticks": None if self.ticks is None else [round(float(tick), 6) for tick in self.ticks],
            "ticksName": self.ticks_name, "colours": None if self.colours is None else list(self.colours),
            "expected": self.expected,
        }  # fmt: skip
        return meta, {}
