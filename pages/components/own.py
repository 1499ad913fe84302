"""What a reader may bring, by kind: where it is given, which knobs it sets, and what is shown where it is not here."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from engine.core.topic import Topic
from engine.data.graph_texts.example import EXAMPLE
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


KINDS = {"graph": own_graph, "picture": own_picture}
HERE = {"picture": here_picture}


def kinds(topic: Topic, config: Any) -> Iterator[str]:
    """The kinds of things that have a place on the page of a Config."""
    absent = topic.absent(config) if topic.absent else ()
    yield from (kind for kind in topic.own if kind not in absent)


def own_things(topic: Topic, config: Any) -> None:
    """A place for each kind of thing that a reader may bring to a topic; it says, too, what is not here."""
    for kind in kinds(topic, config):
        KINDS[kind](topic, config, topic.own[kind])


def with_what_is_here(topic: Topic, config: Any) -> Any:
    """The Config to compute: what it names and this server does not have is left out. The page's own stays, and so does
    the link, for another server may have it."""
    for kind in kinds(topic, config):
        if kind in HERE:
            config = HERE[kind](topic, config)
    return config
