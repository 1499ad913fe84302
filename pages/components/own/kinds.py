"""What a reader may bring, by kind: where it is given, which knobs it sets, and what is shown where it is not here."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from engine.contracts.topic import Topic
from engine.data.graph_texts.example import EXAMPLE
from pages.components.own.digits import choose_digit
from pages.components.own.drawings import choose_drawing
from pages.components.own.graphs import choose_graph
from pages.components.own.tables import choose_table
from pages.components.own.uploads import choose_picture, usable_picture


def own_graph(topic: Topic, config: Any, also: Mapping[str, Any]) -> None:
    """Edges of one's own."""
    choose_graph(topic, config.graph, EXAMPLE)


def own_picture(topic: Topic, config: Any, also: Mapping[str, Any]) -> None:
    """Samples, and a picture of one's own."""
    choose_picture(topic, config.picture, **also)


def own_digit(topic: Topic, config: Any, also: Mapping[str, Any]) -> None:
    """A digit drawn, chosen or photographed."""
    choose_digit(topic, config.digit)


def here_picture(topic: Topic, config: Any) -> Any:
    """The usual picture instead of one that this server does not have."""
    return dataclasses.replace(config, picture=usable_picture(topic, config.picture)[0])


def own_drawing(topic: Topic, config: Any, also: Mapping[str, Any]) -> None:
    """A shape of one's own."""
    choose_drawing(topic, config.drawing, **also)


def own_table(topic: Topic, config: Any, also: Mapping[str, Any]) -> None:
    """Points of one's own with their classes, as a table."""
    choose_table(topic, config.table, False, **also)


def own_values(topic: Topic, config: Any, also: Mapping[str, Any]) -> None:
    """Points of one's own, as a table of classes or of values to be fitted."""
    choose_table(topic, config.table, True, **also)


KINDS = {
    "graph": own_graph, "picture": own_picture, "digit": own_digit, "drawing": own_drawing, "table": own_table,
    "values": own_values,
}  # fmt: skip
HERE = {"picture": here_picture}
# Kinds that stand at the left of the stage, which shows what becomes of them, and the widths of the two. Others stand
# above the knobs.
BESIDE_STAGE = {"digit": (1, 3.6)}


def own_things(topic: Topic, config: Any) -> None:
    """A place for each kind of thing that a reader may bring to a topic; it says, too, what is not here."""
    for kind, also in _present(topic, config):
        if kind not in BESIDE_STAGE:
            KINDS[kind](topic, config, also)


def stage_beside(topic: Topic, config: Any, stage: Any) -> Any:
    """The same for what stands beside the pictures; returns the place that is left for them."""
    for kind, also in _present(topic, config):
        if kind in BESIDE_STAGE:
            beside, stage = stage.columns(BESIDE_STAGE[kind], gap="small")
            with beside:
                KINDS[kind](topic, config, also)
    return stage


def _present(topic: Topic, config: Any) -> list[tuple[str, Mapping[str, Any]]]:
    absent = topic.absent(config) if topic.absent else ()
    return [(kind, also) for kind, also in topic.own.items() if kind not in absent]


def with_what_is_here(topic: Topic, config: Any) -> Any:
    """The Config to compute: what it names and this server does not have is left out. The page's own stays, and so does
    the link, for another server may have it."""
    for kind in HERE.keys() & topic.own.keys():
        config = HERE[kind](topic, config)
    return config
