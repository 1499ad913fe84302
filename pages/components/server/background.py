"""Results that nobody waits for: of pinned runs, computed beside the visitor's own run, each once for all visitors."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator
from dataclasses import replace
from typing import Any

from engine.contracts.topic import Topic
from engine.machinery.device import using_device
from engine.machinery.jobs import Job
from engine.machinery.whole_run import Progress, in_steps
from pages.components.server.compute import JOBS, STORE, chosen_device, visitor

_under_way: dict[Hashable, Job] = {}  # jobs that have not ended, by the key of their Result; as bounded as the queue
_lock = threading.Lock()


def keep_result(topic: Topic, config: Any, made: Any) -> None:
    """Keep what the visitor's own run made of its snapshots, so that nobody has to train it again."""
    STORE.get_or_compute(_key(topic, config, _path_of_own(topic)), lambda: made)


def stored_result(topic: Topic, config: Any) -> Any | None:
    """The Result of a Config if it is in the store; None if not. Computes nothing."""
    result = STORE.find(_key(topic, config, topic.run))
    return STORE.find(_key(topic, config, _path_of_own(topic))) if result is None else result


def _path_of_own(topic: Topic) -> str:
    """What made a Result that comes of the visitor's own run: its snapshots are not those that `run` looks at."""
    return topic.training.result_of if topic.training else topic.run


def job_for(topic: Topic, config: Any) -> Job | None:
    """The job that computes the Result of a Config and puts it into the store; its snapshots are Progress.

    Who asks for what somebody else's job computes already gets that one. One visitor has one such job at a time, beside
    that of their own run: None while another one of theirs is under way. QueueFull if there is no place.
    """
    key, name = _key(topic, config, topic.run), f"{visitor()}:pinned"
    with _lock:
        for other in [other for other, job in _under_way.items() if not job.active]:
            del _under_way[other]
        if key not in _under_way:
            if any(job.visitor == name for job in _under_way.values()):
                return None
            with using_device(chosen_device()):
                _under_way[key] = JOBS.submit(lambda config: _work(topic, config, key), config, visitor=name)
        return _under_way[key]


def _key(topic: Topic, config: Any, path: str | None) -> Hashable:
    """As in `compute`, so that both find what the other has made."""
    return (topic.slug, path, config, chosen_device())


def _work(topic: Topic, config: Any, key: Hashable) -> Iterator[Progress]:
    for progress in in_steps(topic, config):
        if progress.result is not None:
            STORE.get_or_compute(key, lambda made=progress.result: made)
        yield replace(progress, result=None)
