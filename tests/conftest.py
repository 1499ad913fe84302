"""What all tests share: the project on the path, one thread for torch, reproducible properties, markers, a server."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from hypothesis import settings

from engine.contracts.topic import catalogue
from engine.machinery.device import available_devices
from tests.budgets import Budgets

torch.set_num_threads(1)
settings.register_profile("neurarium", deadline=None, derandomize=True, database=None)
settings.load_profile("neurarium")


def pytest_configure(config):
    config.addinivalue_line("markers", "browser: drives the real app in a browser")
    config.addinivalue_line("markers", "gpu: needs a GPU that PyTorch can use")
    config.addinivalue_line("markers", "slow: takes more than a few seconds")
    if not hasattr(config, "workerinput"):  # in the process that prints
        config.pluginmanager.register(Budgets(list(catalogue())), "budgets")


def pytest_collection_modifyitems(config, items):
    """What is marked `everything` runs only where the mark is asked for: -m "everything or not everything"."""
    if "everything" not in config.option.markexpr:
        left_out = [item for item in items if item.get_closest_marker("everything")]
        items[:] = [item for item in items if not item.get_closest_marker("everything")]
        config.hook.pytest_deselected(items=left_out)


def pytest_runtest_setup(item):
    if item.get_closest_marker("gpu") and available_devices() == ("cpu",):
        pytest.skip("there is no GPU that PyTorch can use")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A warm server for the tests of one file. It must end without a traceback in its log."""
    from tests.app_server import start_server

    server = start_server(tmp_path_factory.mktemp("server") / "log.txt")
    try:
        yield server.wait()
    finally:
        server.stop()
    assert "Traceback" not in server.log


@pytest.fixture
def readers(server):
    """readers(slug, query, locale) -> a visitor on a page; all leave at the end of the test."""
    from tests.visitor import Visitor

    entered = []

    def enter(slug: str, query: str = "", locale: str = "en-US"):
        entered.append(Visitor(server.address, locale=locale))
        entered[-1].open(slug, query)
        return entered[-1]

    yield enter
    for one in entered:
        one.close()


@pytest.fixture
def visitor(server):
    """A visitor of it without a browser."""
    from tests.visitor import Visitor

    visitor = Visitor(server.address)
    yield visitor
    visitor.close()
