"""The limits and hosts of this server, from environment variables. The only place where they are read.

Settings is declared once: its fields are the names (NEURARIUM_ and the field in capitals), types, defaults and ranges;
the table in README.md is compared with it.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

PREFIX = "NEURARIUM_"
HOST = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*|\[[0-9a-f:.]+\]")


class SettingsError(ValueError):
    """An environment variable that cannot be used, in one sentence: what was expected and what came."""


def limit(default: int, meaning: str, low: int, high: int) -> Any:
    """A field that holds a whole number from low to high."""
    return dataclasses.field(default=default, metadata={"meaning": meaning, "low": low, "high": high})


@dataclasses.dataclass(frozen=True)
class Settings:
    """What whoever runs the server can set. Everything else is Streamlit's own, in .streamlit/config.toml."""

    backend: str = dataclasses.field(
        default="threads",
        metadata={
            "meaning": "where experiments train: `threads` of the server, or `processes` of their own, which keep long "
            "training away from everybody's clicks and cost about 400 MB each (up to two more than run)",
            "choices": ("threads", "processes"),
        },
    )
    store_mb: int = limit(96, "memory for results that visitors share, in MB", 1, 1_000_000)
    pictures_mb: int = limit(
        200,
        "memory for what visitors bring (pictures, weights, large graphs), in MB; the oldest go first",
        8,
        1_000_000,
    )
    running_jobs: int = limit(2, "experiments that train at the same time; further ones wait in a queue", 1, 256)
    waiting_jobs: int = limit(64, "places in that queue", 0, 100_000)
    turn_seconds: int = limit(
        15,
        "how long one may train while others wait (a fifth of it, for who has just asked); "
        "then it goes to the end of the queue, with all it has",
        1,
        3600,
    )
    history_mb: int = limit(48, "memory for the snapshots of all experiments, in MB", 8, 1_000_000)
    torch_threads: int = limit(1, "CPU threads of one PyTorch operation; more pays when you are alone", 1, 256)
    sessions: int = limit(
        200, "visitors at once; who comes then reads so, and is let in when there is room", 1, 100_000
    )
    upload_mb: int = limit(16, "largest file a visitor may send, in MB", 1, 1000)
    picture_megapixels: int = limit(64, "largest picture, in millions of pixels, checked before it is decoded", 1, 85)
    allowed_hosts: tuple[str, ...] = dataclasses.field(
        default=(),
        metadata={
            "meaning": "names this server answers to, such as `neurarium.example *.lab.example`; "
            "empty: any. Pages of other hosts are then refused a connection too",
            "empty": "any",
        },
    )
    embed_hosts: tuple[str, ...] = dataclasses.field(
        default=(),
        metadata={
            "meaning": "names whose pages may show this server's pages in a frame, such as `moodle.example "
            "*.lab.example`; empty: none",
            "empty": "none",
        },
    )


def variable(name: str) -> str:
    """The environment variable of a field."""
    return PREFIX + name.upper()


def read(environment: Mapping[str, str]) -> Settings:
    """Settings from environment variables; an empty one counts as not set.

    Raises SettingsError naming the variable, what was expected and what came.
    """
    values = {}
    for field in dataclasses.fields(Settings):
        text = environment.get(variable(field.name), "").strip()
        if text:
            if "empty" in field.metadata:
                values[field.name] = _hosts(field.name, text)
            elif "choices" in field.metadata:
                values[field.name] = _choice(field, text)
            else:
                values[field.name] = _number(field, text)
    return Settings(**values)


def _number(field: dataclasses.Field, text: str) -> int:
    low, high = field.metadata["low"], field.metadata["high"]
    if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
        raise SettingsError(f"{variable(field.name)}: expected a whole number from {low} to {high}, got {text[:40]!r}.")
    return int(text)


def _choice(field: dataclasses.Field, text: str) -> str:
    choices = field.metadata["choices"]
    if text not in choices:
        raise SettingsError(f"{variable(field.name)}: expected {' or '.join(choices)}, got {text[:40]!r}.")
    return text


def _hosts(name: str, text: str) -> tuple[str, ...]:
    hosts = tuple(host.lower() for host in re.split(r"[\s,]+", text) if host)
    for host in hosts:
        if not HOST.fullmatch(host):
            raise SettingsError(
                f"{variable(name)}: expected host names without scheme and port, such as neurarium.example or "
                f"*.lab.example, got {host[:60]!r}."
            )
    return hosts


@cache
def settings() -> Settings:
    """The settings of this process, read once. Raises SettingsError."""
    return read(os.environ)
