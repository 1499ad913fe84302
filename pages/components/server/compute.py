"""The one door from the pages to the engine's store and to background work."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Hashable
from contextlib import nullcontext
from functools import partial
from typing import Any

import streamlit as st

from engine.contracts.topic import Topic, catalogue
from engine.data.attachments import attachments_of, having
from engine.machinery.backends import Backend, ThreadBackend, in_turn
from engine.machinery.device import available_devices, using_device
from engine.machinery.jobs import JobQueue
from engine.machinery.processes import ProcessBackend
from engine.machinery.recording import Recording, record
from engine.machinery.store import ResultStore
from pages.components.parts.errors import explain
from pages.components.server.settings import settings
from pages.components.server.streamlit_inside import is_active, session_name

logger = logging.getLogger("neurarium")
STORE = ResultStore(settings().store_mb * 1_000_000)


def is_connected(visitor: str) -> bool:
    """Whether the visitor's page is open now; True where no server runs."""
    return is_active(visitor.partition(":")[0])  # what follows tells apart the work of one visitor, see background.py


def processes(keep: int) -> ProcessBackend:
    """Workers of their own, `keep` of them warm."""
    return ProcessBackend(keep=keep, threads=settings().torch_threads, attachments=attachments_of, unpack=having)


def backend() -> Backend:
    """Where jobs run, as the settings say."""
    return ThreadBackend() if settings().backend == "threads" else processes(settings().running_jobs)


# A job that was begun holds its model in memory until it ends, paused or not; in a process of its own far more.
BEGUN_BESIDE_RUNNING = {"threads": 14, "processes": 2}
JOBS = JobQueue(
    backend=backend(),
    streams=settings().running_jobs + BEGUN_BESIDE_RUNNING[settings().backend],
    slice_seconds=settings().turn_seconds,
    all_history_bytes=settings().history_mb * 1_000_000,
    heartbeat_seconds=30.0,  # a page left open elsewhere must not keep its place; Play goes on from where it was
    present=is_connected,
    running=settings().running_jobs,
    waiting=settings().waiting_jobs,
)


def visitor() -> str:
    """A name for this session, for admission to the queue. It says nothing about the person."""
    return session_name() or "nobody"


def chosen_device() -> str:
    """The device this visitor computes on."""
    device = st.session_state.get("device")
    return device if device in available_devices() else available_devices()[0]


_long_work = threading.Lock()
CORES = os.cpu_count() or 1  # more pieces of work at once would not end sooner, but hold more memory
_short_work = threading.Semaphore(max(2, CORES))
# See Topic.in_turn. Nobody's click waits for the steps of another's experiment, hence two for each topic.
_looks, _steps = ({slug: threading.Lock() for slug in catalogue()} for _ in range(2))


def shared(topic: Topic, config: Any, path: str, device: str, *, long: bool = False) -> Any:
    """The Result of `config` on a device, from the store or computed now. See compute, which explains failures."""

    def work() -> Any:
        turn = _looks[topic.slug] if topic.in_turn and not long else nullcontext()
        with turn, _long_work if long else _short_work, using_device(device):
            return topic.load(path)(config)

    return STORE.get_or_compute((topic.slug, path, config, device), work)


def found(topic: Topic, config: Any, path: str) -> Any | None:
    """The same if it is there already, else None; computes nothing."""
    return STORE.find((topic.slug, path, config, chosen_device()))


def compute(topic: Topic, config: Any, path: str | None = None, *, long: bool = False) -> Any | None:
    """The Result of `config`, from the store or computed now; None after a failure has been explained to the reader.

    path: dotted path of another function of the topic that takes the Config (default: topic.run). long: it takes
    seconds; of such work one piece is done at a time, so that many who ask for it do not slow all others down. Of other
    work as many pieces are done at a time as there are cores, first come, first served.
    """
    try:
        return shared(topic, config, path or topic.run, chosen_device(), long=long)
    except Exception as error:
        explain(error, topic, config)
        return None


def record_openings() -> None:
    """Train what the topics' pages open on, each once for all visitors.

    In a process of its own, which then ends: in this one half a minute of training would hold up every click.
    """
    place, device = processes(keep=1), available_devices()[0]
    try:
        for topic in catalogue().values():
            try:
                _record_opening(topic, place, device)
            except Exception:
                logger.exception("the opening of %s could not be trained; a visitor's own run comes there", topic.slug)
    finally:
        place.close()


def _record_opening(topic: Topic, place: Backend, device: str) -> None:
    """Nothing where the page opens on something that is not trained."""
    steps = topic.steps_of(topic.opening)
    if steps:
        config = topic.training.at(topic.training.experiment(topic.opening), 0)
        stream = topic.load(topic.training.stream)
        with using_device(device):
            make = partial(record, partial(place.open, stream), config, steps, topic.training.every_step)
            STORE.get_or_compute(_key_of_recording(topic, config, steps, device), make)


def recording(topic: Topic, config: Any, steps: int) -> Recording | None:
    """A run of `config` up to a step that is kept for all visitors; None if there is none."""
    pairs = STORE.find(_key_of_recording(topic, config, steps, chosen_device()))
    return None if pairs is None else Recording(pairs)


def _key_of_recording(topic: Topic, config: Any, steps: int, device: str) -> Hashable:
    return (topic.slug, "recording", steps, config, device)


def start_job(topic: Topic, config: Any, path: str | None = None, **options: Any) -> Any | None:
    """Submit `topic.stream(config)` for this visitor; None after a failure has been explained (the queue is full).

    path: dotted path of another stream of the topic that takes the Config.
    """
    try:
        stream = topic.load(path or topic.stream)
        if topic.in_turn and settings().backend == "threads":  # a worker does one thing after the other anyway
            stream = in_turn(stream, _steps[topic.slug])
        with using_device(chosen_device()):
            every_step = path is None and topic.training is not None and topic.training.every_step
            return JOBS.submit(stream, config, visitor=visitor(), every_step=every_step, **options)
    except Exception as error:
        explain(error, topic, config)
        return None
