"""Results of pinned runs, made beside the visitor's own run: each once, found by all, failures told."""

import dataclasses

import pytest
import torch

from engine.contracts.knob import KnobError
from engine.contracts.topic import catalogue
from engine.machinery.store import ResultStore
from engine.topics.mlp.card import Config
from pages.components.server import background, streamlit_inside
from pages.components.server.compute import is_connected

MLP = catalogue()["mlp"]


@pytest.fixture(autouse=True)
def own_store(monkeypatch):
    """A store for each test, and a visitor whose name the test can change."""
    monkeypatch.setattr(background, "STORE", ResultStore(50_000_000))
    monkeypatch.setattr(background, "visitor", lambda: "ada")


def test_a_result_is_found_once_it_is_made_and_is_that_of_run():
    config = Config(layers=(3,), steps=12)
    assert background.stored_result(MLP, config) is None
    job = background.job_for(MLP, config)
    assert job.wait(timeout=60)
    assert (job.state, job.error) == ("done", None)
    assert (job.latest.step, job.latest.total, job.latest.result) == (12, 12, None)
    found = background.stored_result(MLP, config)
    torch.testing.assert_close(found.parameters, MLP.load(MLP.run)(config).parameters, rtol=0, atol=0)


def test_two_visitors_who_miss_the_same_run_share_one_job(monkeypatch):
    config = Config(layers=(3,), steps=3000)
    mine = background.job_for(MLP, config)
    try:
        assert background.job_for(MLP, config) is mine
        assert background.job_for(MLP, Config(steps=20)) is None  # one after the other
        monkeypatch.setattr(background, "visitor", lambda: "grace")
        assert background.job_for(MLP, config) is mine
        other = background.job_for(MLP, Config(layers=(2,), steps=20))
        assert other is not mine
        assert other.wait(timeout=60)
    finally:
        mine.stop()
        assert mine.wait(timeout=60)
    assert background.stored_result(MLP, config) is None
    assert background.job_for(MLP, Config(layers=(2,), steps=20)).wait(timeout=60)  # the place is free again


def test_what_the_visitors_own_run_made_needs_no_other():
    config = Config(layers=(3,), steps=8)
    made = MLP.load(MLP.run)(config)
    background.keep_result(MLP, config, made)
    assert background.stored_result(MLP, config) is made
    assert background.stored_result(MLP, dataclasses.replace(config, steps=9)) is None


def test_a_run_that_fails_says_why_and_may_be_asked_for_again():
    config = Config(layers=(2,), steps=5, edits="1:7.0.0=1")  # of a layer that there is not
    for _ in range(2):
        job = background.job_for(MLP, config)
        assert job.wait(timeout=60)
        assert isinstance(job.error, KnobError)
        assert background.stored_result(MLP, config) is None


def test_the_name_of_such_a_job_says_whose_it_is(monkeypatch):
    asked = []
    monkeypatch.setattr(streamlit_inside, "exists", lambda: True)
    runtime = type("Runtime", (), {"is_active_session": lambda self, session: asked.append(session) or True})
    monkeypatch.setattr(streamlit_inside, "get_instance", runtime)
    assert is_connected("ada:pinned")
    assert asked == ["ada"]
