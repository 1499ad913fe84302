"""What a reader may bring, by kind: where it is given, which knobs it sets, and what is shown where it is not here."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from engine.core.topic import Topic
from engine.data.graph_texts.example import EXAMPLE
from pages.components.drawings import choose_drawing
from pages.components.graphs import choose_graph
from pages.components.uploads import choose_picture, usable_picture


def own_graph(topic: Topic, config: Any, also: Mapping[str, Any]) -> None:
    """Edges of one's own."""
    choose_graph(topic, config.graph, EXAMPLE)


def own_picture(topic: Topic, config: Any, also: Mapping[str, Any]) -> None:
    """Samples, and a picture of one's own."""
    choose_picture(topic, config.picture, **also)


def here_picture(topic: Topic, config: Any) -> Any:
    """The usual picture instead of one that this server does not have."""
    return dataclasses.replace(config, picture=usable_picture(topic, config.picture)[0])


def own_drawing(topic: Topic, config: Any, also: Mapping[str, Any]) -> None:
    """A shape of one's own."""
    choose_drawing(topic, config.drawing, **also)


KINDS = {"graph": own_graph, "picture": own_picture, "drawing": own_drawing}
HERE = {"picture": here_picture}


def own_things(topic: Topic, config: Any) -> None:
    """A place for each kind of thing that a reader may bring to a topic; it says, too, what is not here."""
    absent = topic.absent(config) if topic.absent else ()
    for kind, also in topic.own.items():
        if kind not in absent:
            KINDS[kind](topic, config, also)


def with_what_is_here(topic: Topic, config: Any) -> Any:
    """The Config to compute: what it names and this server does not have is left out. The page's own stays, and so does
    the link, for another server may have it."""
    for kind in HERE.keys() & topic.own.keys():
        config = HERE[kind](topic, config)
    return config
