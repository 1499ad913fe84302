"""All settings of a page as a JSON file: the topic, and every knob as it stands in a link."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from engine.contracts.knob import KnobError, from_query, knobs, to_query
from engine.contracts.names import nearest
from engine.contracts.topic import Topic, catalogue

VERSION = 1
MAXIMUM_BYTES = 64 * 1024


class SettingsError(KnobError):
    """A file of settings that cannot be used, in one sentence. reasons: what is wrong with single values."""

    reasons: Sequence[KnobError] = ()


def all_texts(config: Any) -> dict[str, str]:
    """Every knob as it stands in a link, the defaults too: they may be others one day."""
    return {knob.name: knob.to_text(getattr(config, knob.name)) for knob in knobs(type(config))}


def write_settings(topic: Topic, config: Any) -> bytes:
    """The Config of a topic as JSON; `read_settings` reads it back exactly."""
    query = urlencode(to_query(config))
    content = {
        "neurarium": VERSION, "topic": topic.slug, "title": topic.title, "config": all_texts(config),
        "link": f"/{topic.slug}{'?' + query if query else ''}",
    }  # fmt: skip
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def read_settings(content: bytes) -> tuple[Topic, Any]:
    """(topic, Config) of a JSON file of at most 64 KB. All or nothing: a value that does not fit spoils it.

    Raises SettingsError saying what was expected and what came.
    """
    if not content.strip():
        raise SettingsError("Expected a file with weights or settings, got an empty file.")
    if len(content) > MAXIMUM_BYTES:
        raise SettingsError(
            "Expected settings of at most {most} KB, got {size} KB.",
            most=MAXIMUM_BYTES // 1024, size=math.ceil(len(content) / 1024),
        )  # fmt: skip
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise SettingsError("Expected settings as JSON, but this file is no valid JSON.") from None
    values = document.get("config") if isinstance(document, dict) else None
    if not isinstance(values, dict) or "topic" not in document:
        raise SettingsError("Expected settings from this tab (JSON with topic and config), got other JSON.")
    version = document.get("neurarium", VERSION)
    if version != VERSION:
        raise SettingsError(
            "Expected settings of version {expected}, got version {version!r}.",
            expected=VERSION, version=str(version)[:20],
        )  # fmt: skip
    topic = catalogue().get(str(document["topic"]))
    if topic is None:
        raise SettingsError(
            "These settings are for a page that is not here: {topic!r}.", topic=str(document["topic"])[:40]
        )
    return topic, read_texts(topic, values)


def read_texts(topic: Topic, values: dict[str, Any]) -> Any:
    """The Config that these texts, as in a link, spell. SettingsError with reasons for what does not fit."""
    known = {knob.name: knob for knob in knobs(topic.config)}
    for name, value in values.items():
        if name not in known:
            if near := nearest(name, known):
                raise SettingsError(
                    "This page has no setting {name!r}; the nearest that it has is {nearest}.",
                    name=name[:40],
                    nearest=near,
                )
            raise SettingsError("This page has no setting {name!r}.", name=name[:40])
        if not isinstance(value, str):
            raise SettingsError(
                "{label}: expected a text as in a link, got {value!r}", label=known[name].label, value=str(value)[:40]
            )
    config, rejected = from_query(topic.config, values)
    if rejected:
        error = SettingsError("Expected settings that this page can take.")
        error.reasons = [item.reason for item in rejected]
        raise error
    return config
