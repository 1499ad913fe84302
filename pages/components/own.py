"""What a reader may bring, by kind: where it is given, and which knobs it sets."""

from __future__ import annotations

from typing import Any

from engine.core.topic import Topic
from engine.data.graph_texts.example import EXAMPLE
from pages.components.graphs import choose_graph


def own_graph(topic: Topic, config: Any) -> None:
    """Edges of one's own."""
    choose_graph(topic, config.graph, EXAMPLE)


KINDS = {"graph": own_graph}


def own_things(topic: Topic, config: Any) -> None:
    """A popover for each kind of thing that a reader may bring to a topic."""
    for kind in topic.own:
        KINDS[kind](topic, config)
