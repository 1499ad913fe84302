"""What stands below a figure that leaves the page: what it shows, of which run, and how to come back to it."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Caption:
    """lines: in `language`, the figure's title first; link: what brings the figure back, an address or, where there is
    no server, the path with the query."""

    lines: tuple[str, ...]
    link: str
    language: str = "en"

    @property
    def text(self) -> str:
        """All of it, for a file's own description."""
        return "\n".join((*self.lines, self.link))
