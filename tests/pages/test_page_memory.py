"""What a page computed goes with the page: nothing that Streamlit keeps of it may hold a Result."""

import os
import signal
import time

import pytest

from engine.contracts.topic import catalogue
from tests.app_server import start_server
from tests.visitor import Visitor

# Runs in the server before anything else: at SIGUSR1 it writes whose Results there are that the store does not keep.
# No garbage is collected before.
COUNT_RESULTS = """
import gc, os, signal, sys
def count(*_):
    kept = {id(value) for value, _ in list(sys.modules["pages.components.server.compute"].STORE._kept.values())}
    found = [one for one in gc.get_objects() if hasattr(type(one), "quantities") and id(one) not in kept]
    with open(os.environ["RESULTS"], "a") as file:
        file.write(" ".join(type(one).__module__ for one in found) + chr(10))
signal.signal(signal.SIGUSR1, count)
"""
PAGES = list(catalogue())
LONG = {"attention": "text=" + "cat+" * 200}  # whose Result is too large for the store


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("memory")
    (folder / "sitecustomize.py").write_text(COUNT_RESULTS)
    server = start_server(folder / "log.txt", PYTHONPATH=str(folder), RESULTS=str(folder / "results"),
                          NEURARIUM_STORE_MB="1").wait()  # fmt: skip
    server.results = folder / "results"
    yield server
    server.stop()


def results(server, slug) -> int:
    """How many Results of a topic the server holds."""
    lines = len(server.results.read_text().splitlines()) if server.results.exists() else 0
    os.kill(server.process.pid, signal.SIGUSR1)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if server.results.exists() and len(found := server.results.read_text().splitlines()) > lines:
            return found[-1].split().count(f"engine.topics.{slug}.run")
        time.sleep(0.05)
    raise AssertionError("the server did not count")


@pytest.mark.parametrize("slug", PAGES)
def test_no_result_is_held_after_a_page_is_left(server, slug):
    """Not even as garbage that waits for the collector: a page that has been left is forgotten at once."""
    visitor = Visitor(server.address)
    try:
        visitor.open(slug)
        visitor.open_tab(slug, "Numbers")
        for preset in (1, 0, 2):
            visitor.touch(f"{slug}-presets", "pick", preset)
        visitor.open("")
        visitor.open(slug, LONG.get(slug, ""))
        assert results(server, slug) > 0 or slug not in LONG
        visitor.open("")
        assert results(server, slug) == 0
    finally:
        visitor.close()
