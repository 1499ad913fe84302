"""The one door from the pages to the engine's store and to background work."""

from __future__ import annotations

import os
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from engine.core.backends import Backend, ThreadBackend
from engine.core.device import available_devices, using_device
from engine.core.jobs import JobQueue
from engine.core.processes import ProcessBackend
from engine.core.store import ResultStore
from engine.core.topic import Topic
from engine.data.pictures import having_uploads, uploads_of
from pages.components.errors import explain

BACKENDS = ("threads", "processes")
RUNNING = int(os.environ.get("NEURARIUM_RUNNING_JOBS", "2"))
STORE = ResultStore(int(os.environ.get("NEURARIUM_STORE_MB", "128")) * 1_000_000)


def is_connected(visitor: str) -> bool:
    """Whether the visitor's page is open now; True where no server runs."""
    return not st.runtime.exists() or st.runtime.get_instance().is_active_session(visitor)


def backend(name: str) -> Backend:
    """Where jobs run, by the name in NEURARIUM_BACKEND. ValueError for one there is not."""
    if name not in BACKENDS:
        raise ValueError(f"NEURARIUM_BACKEND: expected {' or '.join(BACKENDS)}, got {name!r}")
    if name == "threads":
        return ThreadBackend()
    return ProcessBackend(keep=RUNNING, luggage=uploads_of, unpack=having_uploads)


# A job that was begun holds its model in memory until it ends, paused or not; in a process of its own far more.
BACKEND = os.environ.get("NEURARIUM_BACKEND", "threads")
JOBS = JobQueue(
    backend=backend(BACKEND),
    streams=RUNNING + (14 if BACKEND == "threads" else 2),
    slice_seconds=float(os.environ.get("NEURARIUM_TURN_SECONDS", "15")),
    all_history_bytes=int(os.environ.get("NEURARIUM_HISTORY_MB", "256")) * 1_000_000,
    heartbeat_seconds=30.0,  # a page left open elsewhere must not keep its place; Play goes on from where it was
    present=is_connected,
    running=RUNNING,
    waiting=int(os.environ.get("NEURARIUM_WAITING_JOBS", "64")),
)


def visitor() -> str:
    """A name for this session, for admission to the queue. It says nothing about the person."""
    context = get_script_run_ctx()
    return context.session_id if context is not None else "nobody"


def chosen_device() -> str:
    """The device this visitor computes on."""
    device = st.session_state.get("device")
    return device if device in available_devices() else available_devices()[0]


def compute(topic: Topic, config: Any, path: str | None = None) -> Any | None:
    """The Result of `config`, from the store or computed now; None after a failure has been explained to the reader.

    path: dotted path of another function of the topic that takes the Config (default: topic.run).
    """
    path = path or topic.run

    def work() -> Any:
        with using_device(device):
            return topic.load(path)(config)

    device = chosen_device()
    try:
        return STORE.get_or_compute((topic.slug, path, config, device), work)
    except Exception as error:
        explain(error, topic, config)
        return None


def start_job(topic: Topic, config: Any, path: str | None = None, **options: Any) -> Any | None:
    """Submit `topic.stream(config)` for this visitor; None after a failure has been explained (the queue is full).

    path: dotted path of another stream of the topic that takes the Config.
    """
    try:
        with using_device(chosen_device()):
            return JOBS.submit(topic.load(path or topic.stream), config, visitor=visitor(), **options)
    except Exception as error:
        explain(error, topic, config)
        return None
