"""The topics that have a page; the navigation, the home page and the tests go by this list."""

from functools import cache
from pathlib import Path

from engine.core.topic import Topic, catalogue

PAGES = Path(__file__).parents[1]


@cache
def topics_with_pages() -> tuple[Topic, ...]:
    """All topics of the catalogue whose page exists, in teaching order."""
    return tuple(topic for topic in catalogue().values() if (PAGES / f"{topic.slug}.py").exists())
