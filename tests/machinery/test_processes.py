"""Jobs in processes of their own: the same snapshots as in threads, the same calls, and nothing left behind."""

import dataclasses
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.contracts.topic import catalogue
from engine.data.attachments import attachments_of, having
from engine.data.graph_texts.keys import key_of
from engine.data.own_weights import read_weights, write_weights
from engine.data.pictures import Picture, PictureError
from engine.machinery.backends import BackendError, ThreadBackend
from engine.machinery.jobs import JobQueue
from engine.machinery.own import OWN
from engine.machinery.processes import ProcessBackend
from engine.training.fit import TrainingDiverged
from tests.app_server import ROOT
from tests.streams import PATIENCE, diverging, letters, steps_of, to_a_hundred, unsendable, until, without_end

STREAMS = [topic for topic in catalogue().values() if topic.stream]
STRIDES = (None, 1, 5)  # None: the first snapshot


@pytest.fixture(scope="module")
def pool():
    """One pool for all tests: a worker costs seconds to start."""
    backend = ProcessBackend(keep=1, attachments=attachments_of, unpack=having)
    backend.warm()
    yield backend
    backend.close()
    assert backend.workers == []


@pytest.fixture
def queue(pool):
    queue = JobQueue(running=1, streams=2, backend=pool)
    yield queue
    for job in queue.jobs():
        job.stop()
    until(lambda: not queue._begun)


def alive(process: int) -> bool:
    """Whether a process runs, and is no mere entry of one that has ended (a zombie)."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def same(a, b) -> bool:
    """Whether two values are equal to the last bit, NaN included."""
    if dataclasses.is_dataclass(a):
        names = [field.name for field in dataclasses.fields(a)]
        return type(a) is type(b) and all(same(getattr(a, name), getattr(b, name)) for name in names)
    if isinstance(a, Mapping):
        return a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and a.shape == b.shape and same(a.numpy(), b.numpy())
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return type(a) is type(b) and (a == b or (a != a and b != b))


def first_snapshots(backend, stream, config) -> list:
    opened = backend.open(stream, config)
    try:
        return [
            next(opened) if steps is None or not hasattr(opened, "send") else opened.send(steps) for steps in STRIDES
        ]
    finally:
        opened.close()


def test_the_comparison_sees_a_single_bit():
    a = torch.tensor([1.0, float("nan")])
    b = a.clone()
    assert same(a, b)
    b[0] = torch.nextafter(b[0], torch.tensor(2.0))
    assert not same({"a": [a]}, {"a": [b]})
    assert not same((a,), [a])


@pytest.mark.parametrize("topic", STREAMS, ids=[topic.slug for topic in STREAMS])
def test_every_stream_gives_the_same_snapshots_in_both(pool, topic):
    stream = topic.load(topic.stream)
    for config in (topic.config(), list(topic.presets.values())[-1]):
        here, there = (first_snapshots(backend, stream, config) for backend in (ThreadBackend(), pool))
        assert len(here) == len(there) == len(STRIDES)
        for mine, other in zip(here, there, strict=True):
            assert same(mine, other), f"step {mine.step}"


def test_a_job_runs_in_another_process_and_the_next_one_in_the_same(queue, pool):
    processes = set()
    for number in range(3):
        job = queue.submit(to_a_hundred, ("config", number), visitor="a")
        assert job.wait(("done",), PATIENCE), job.error
        assert job.latest.step == 100
        assert job.latest.values["config"] == ("config", number)
        processes |= {snapshot.values["process"] for _, snapshot in job.history}
        until(lambda: not queue._begun)
    assert processes == {worker.process.pid for worker in pool.workers}
    assert os.getpid() not in processes
    assert len(processes) == 1


def test_pause_step_resume_and_stop(queue):
    job = queue.submit(without_end, None, visitor="a", start_at=40, pause_at=50)
    assert job.wait(("paused",), PATIENCE)
    assert job.latest.step == 50
    for wanted in (51, 52):
        job.step()
        until(lambda wanted=wanted: job.state == "paused" and job.latest.step == wanted)
    job.step(5)
    until(lambda: job.state == "paused" and job.latest.step >= 57)
    assert job.latest.step == 57
    job.pace = 400.0
    job.resume()
    until(lambda: job.latest.step > 120)
    assert steps_of(job) == sorted(set(steps_of(job)))
    job.stop()
    until(lambda: not queue._begun)
    count = job.count
    assert (job.state, job.error) == ("stopped", None)
    assert job.count == count


def test_plain_iterators_work_there_too(queue):
    job = queue.submit(letters, None, visitor="a")
    assert job.wait(("done",), PATIENCE)
    assert [value for _, value in job.history] == ["a", "b", "c"]


def test_errors_arrive_whole(queue, pool):
    job = queue.submit(diverging, None, visitor="a")
    assert job.wait(("failed",), PATIENCE)
    assert isinstance(job.error, TrainingDiverged)
    assert (job.error.step, job.error.loss) == (7, float("inf"))
    assert "the loss became inf at step 7" in str(job.error)
    assert "diverging" in job.error.__notes__[0]  # the traceback of the worker
    assert job.error.template.format(**job.error.values).startswith("At step 7 the loss stopped being a number")
    job = queue.submit(unsendable, None, visitor="a")
    assert job.wait(("failed",), PATIENCE)
    assert "pickle" in str(job.error)
    assert queue.submit(to_a_hundred, None, visitor="a").wait(("done",), PATIENCE)


def test_an_upload_travels_along_and_is_not_kept_there(pool):
    topic = catalogue()["image_classifier"]
    stream = topic.load(topic.stream)
    pixels = np.random.default_rng(5).integers(0, 256, (240, 300, 3)).astype(np.uint8)
    key = OWN.add(Picture(pixels, "5" * 64, "noise.png"))
    config = topic.config(picture=key)
    try:
        here, there = (first_snapshots(backend, stream, config) for backend in (ThreadBackend(), pool))
        assert all(map(same, here, there))
        assert not same(here[0].values, first_snapshots(pool, stream, topic.config())[0].values)
    finally:
        OWN.forget(key)
    opened = pool.open(stream, config)  # now the picture does not travel along: the worker must not have it
    with pytest.raises(PictureError) as raised:
        next(opened)
    assert raised.value.template.startswith("This link's picture is not on this server")


def test_own_weights_and_a_large_own_graph_travel_with_the_job(pool):
    mlp, gnn = catalogue()["mlp"], catalogue()["gnn"]
    state = mlp.load(mlp.network)(mlp.config(seed=7)).state_dict()
    weights = read_weights(write_weights(state, "mlp", {}, None))
    names = np.random.default_rng(3).permutation(400)
    text = "\n".join(f"node {a}, member {b}" for a, b in zip(names, names[::-1], strict=True))
    for topic, config in (
        (mlp, mlp.config(weights=OWN.add(weights))),
        (gnn, gnn.config(data="own", graph=key_of(text))),
    ):
        stream = topic.load(topic.stream)
        here, there = (first_snapshots(backend, stream, config) for backend in (ThreadBackend(), pool))
        assert all(map(same, here, there))
        assert not same(here[0].values, first_snapshots(pool, stream, topic.config())[0].values)
    assert gnn.config(data="own", graph=key_of(text)).graph.startswith("upload:")
    OWN.forget(weights.key)


def test_a_worker_that_dies_fails_its_job_and_no_other(queue, pool):
    job = queue.submit(without_end, None, visitor="a", pace=300)
    until(lambda: job.count > 3)
    os.kill(job.latest.values["process"], signal.SIGKILL)
    assert job.wait(("failed",), PATIENCE)
    assert isinstance(job.error, BackendError)
    assert job.error.template.endswith("your settings are kept.")
    assert job.latest.step > 0  # what it has shown is still there
    until(lambda: not queue._begun)
    following = queue.submit(to_a_hundred, None, visitor="b")
    assert following.wait(("done",), PATIENCE)
    assert following.latest.values["process"] != job.latest.values["process"]


def test_a_worker_that_grew_too_large_is_replaced():
    pool = ProcessBackend(keep=0, worker_bytes=1)
    with_one = pool.open(to_a_hundred, None)
    (worker,) = pool.workers
    with_one.close()
    assert not alive(worker.process.pid)
    assert pool.workers == []
    pool.close()
    with pytest.raises(BackendError):
        pool.open(to_a_hundred, None)


def test_shutdown_ends_workers_in_the_middle_of_their_work():
    pool = ProcessBackend(keep=1)
    queue = JobQueue(running=1, backend=pool)
    job = queue.submit(without_end, None, visitor="a")
    until(lambda: job.count > 3)
    process = job.latest.values["process"]
    queue.shutdown(PATIENCE)
    assert (job.state, job.error) == ("stopped", None)
    until(lambda: not alive(process))
    assert pool.workers == []


ORPHANS = """
import sys, time
from engine.machinery.jobs import JobQueue
from engine.machinery.processes import ProcessBackend
from tests.streams import without_end
queue = JobQueue(backend=ProcessBackend(keep=2))
queue.backend.warm()
job = queue.submit(without_end, None, visitor="a")
while job.count < 3:
    time.sleep(0.01)
print(*(worker.process.pid for worker in queue.backend.workers), flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_no_worker_outlives_its_parent(end):
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHANS], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        workers = [int(number) for number in parent.stdout.readline().split()]
        assert len(workers) == 2
        assert all(map(alive, workers))
    finally:
        parent.send_signal(end)
        parent.wait(PATIENCE)
    until(lambda: not any(map(alive, workers)))
