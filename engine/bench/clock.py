"""Measuring: times side by side, the most memory that tensors take at once, and what the machine is."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch

LEAST_SECONDS = 0.01  # a single measurement lasts at least so long: quicker work is repeated within it
WARM_UPS = 2


def medians(works: Sequence[Callable[[], Any]], repeats: int) -> list[float]:
    """Median seconds of one call of each of `works`.

    They take turns, so that whatever else the machine does meets all of them; each is called twice before, unmeasured,
    and so often in every turn that a turn lasts at least LEAST_SECONDS.
    """
    counts, taken = [], [[] for _ in works]
    for work in works:
        for _ in range(WARM_UPS):
            seconds = _seconds(work, 1)
        counts.append(max(1, round(LEAST_SECONDS / max(seconds, 1e-7))))
    for _ in range(repeats):
        for work, count, times in zip(works, counts, taken, strict=True):
            times.append(_seconds(work, count) / count)
    return [statistics.median(times) for times in taken]


def _seconds(work: Callable[[], Any], count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        work()
    return time.perf_counter() - start


def peak_bytes(work: Callable[[], Any]) -> int | None:
    """The most bytes that tensors made by one call hold at once on the CPU, what it returns included.

    From the allocations that PyTorch's profiler reports: not the memory of Python, nor of tensors that were there
    before. None where this version of the profiler does not tell.
    """
    from torch.profiler import ProfilerActivity, profile

    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # it would greet on stderr every time
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        kept = work()
    try:
        events = profiler.profiler.kineto_results.events()
        changes = [event.nbytes() for event in sorted(events, key=lambda e: e.start_ns()) if event.name() == "[memory]"]
    except AttributeError:
        return None
    held = most = 0
    for change in changes:
        held += change
        most = max(most, held)
    del kept
    return most


def machine() -> dict[str, Any]:
    """What the figures were measured on: processor, cores, threads, versions. Nothing that names the machine.

    load: programs that wanted to run in the minute before; with more of them than cores, times are too long.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "processor": _processor(),
        "cores": cores,
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "threads": torch.get_num_threads(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"
