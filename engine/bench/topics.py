"""What every topic costs at its defaults, read from the catalogue: the Result, its pictures, steps of its stream."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from engine.bench.clock import medians, peak_bytes
from engine.contracts.axes import bytes_of
from engine.contracts.topic import Topic

LOOK_EVERY = 50  # steps between the snapshots asked for, so that steps are measured and not the looking


def measure_topic(topic: Topic, repeats: int, seconds: float) -> dict[str, Any]:
    """Milliseconds of run(config), of drawing all figures, and to the first snapshot; steps a second; bytes.

    run_peak_bytes: what the tensors of a run hold at once; result_bytes: what the store keeps of it. The stream is
    followed for about `seconds`; steps_a_second is None where a topic has none.
    """
    run, config = topic.load(topic.run), topic.config()
    draws = [topic.load(path) for path in topic.figures.values()]
    result = run(config)
    run_seconds, draw_seconds = medians([lambda: run(config), lambda: [draw(result) for draw in draws]], repeats)
    measures = {
        "run_ms": 1000 * run_seconds,
        "draw_ms": 1000 * draw_seconds,
        "run_peak_bytes": peak_bytes(lambda: run(config)),
        "result_bytes": bytes_of(result),
        "first_snapshot_ms": None,
        "steps_a_second": None,
    }
    if topic.stream is not None:
        stream = topic.load(topic.stream)
        next(stream(config))
        (first,) = medians([lambda: next(stream(config))], repeats)
        measures |= {"first_snapshot_ms": 1000 * first, "steps_a_second": follow(stream(config), seconds)}
    return measures


def follow(snapshots: Iterator[Any], seconds: float) -> float:
    """Steps a second of a stream, followed from its first snapshot for about `seconds` or to its end."""
    begun = next(snapshots).step
    start, step = time.perf_counter(), begun
    try:
        while time.perf_counter() - start < seconds:
            step = snapshots.send(LOOK_EVERY).step
    except StopIteration:
        pass
    return (step - begun) / (time.perf_counter() - start)
