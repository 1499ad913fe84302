"""Neurarium: `streamlit run app.py`. Starts and stops the process; the pages begin in pages/frame.py."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import threading
import time
from contextlib import asynccontextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # Streamlit puts the script's folder there, not the root
# While a page runs, Streamlit puts the folder of its script there and takes it away again, which moves all the others:
# who imports something in another thread at that moment may miss it. What is there already it leaves alone.
sys.path.append(str(Path(__file__).resolve().parent / "pages"))

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from engine.machinery.memory import give_back, resident_bytes, tame_allocator
from pages.components.server.settings import SettingsError, settings

try:
    settings()
except SettingsError as error:
    raise SystemExit(str(error)) from None

from pages.components.parts.covers import cover_routes
from pages.components.parts.errors import on_script_error
from pages.components.parts.front import prepare_front
from pages.components.pictures.mount import canvas_routes
from pages.components.server.compute import JOBS, record_openings
from pages.components.server.message_cache import MessageCache
from pages.components.server.security import Guard
from pages.components.server.streamlit_inside import bound_files, forget_widgets, keep_downloads, press_once
from pages.components.server.visitors import Room
from pages.components.server.web import (
    CompressedStatic,
    PageHead,
    base_path,
    send_at_once,
    set_limits,
    warm,
    web_routes,
)

tame_allocator()
logger = logging.getLogger("neurarium")

LOOK_SECONDS, HOUSEKEEPING_SECONDS = 0.25, 5.0
GROWN_BYTES = 40_000_000  # since memory was last given back


def warm_up() -> None:
    """Import torch and take one optimiser step (the first Adam imports for seconds), then freeze the garbage collector.

    Frozen objects are never looked at again: with torch loaded, each collection would otherwise cost 190 ms.
    """
    try:
        import torch

        torch.set_num_threads(settings().torch_threads)
        weight = torch.zeros(2, 2, requires_grad=True)
        optimizer = torch.optim.Adam([weight])
        weight.square().sum().backward()
        optimizer.step()
        import plotly.graph_objects  # noqa: F401

        from engine.contracts.topic import catalogue

        for topic in catalogue().values():
            topic.load(topic.run)
        JOBS.backend.warm()
        gc.collect()
        gc.freeze()
    except Exception:
        logger.exception("warm-up failed; pages will load what they need themselves")
    finally:
        warm.set()
    prepare_front()


def get_ready() -> None:
    """What a process does before anybody has asked."""
    warm_up()
    record_openings()


def housekeeping(over: threading.Event) -> None:
    """Give memory back that nobody uses, until `over`: soon where it has grown, now and then anyway.

    Pages hold no result beyond their time (tests/pages/test_page_memory.py), but Streamlit's objects of a run and a
    session hold each other, and what they lead to. Left to itself the collector comes seldom, for it counts objects and
    not bytes. It stops all threads for a tenth of a second, so it comes at most every HOUSEKEEPING_SECONDS. Giving back
    costs 14 ms; looking often and giving back only what has grown by much keeps the highest moment low and comes twice
    a second in a crowd.
    """
    after_collecting = after_giving = 0  # bytes held then
    collected = given = time.monotonic()
    while not over.wait(LOOK_SECONDS):
        now, held = time.monotonic(), resident_bytes() or 0
        if collecting := held > after_collecting + GROWN_BYTES and now >= collected + HOUSEKEEPING_SECONDS:
            gc.collect()
            collected = now
        if collecting or held > after_giving + GROWN_BYTES or now >= given + HOUSEKEEPING_SECONDS:
            give_back()
            given, after_giving = now, resident_bytes() or 0
        after_collecting = after_giving if collecting else min(after_collecting, after_giving)


@asynccontextmanager
async def lifespan(app):
    over = threading.Event()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    set_limits(settings())
    send_at_once()
    bound_files()
    keep_downloads()
    forget_widgets()
    press_once()
    threading.Thread(target=get_ready, name="warm-up", daemon=True).start()
    threading.Thread(target=housekeeping, args=(over,), name="housekeeping", daemon=True).start()
    try:
        yield
    finally:
        over.set()
        stopped = await asyncio.to_thread(JOBS.shutdown)
        logger.info("jobs stopped" if stopped else "some jobs did not stop in time")


app = st.App(
    "pages/frame.py",
    lifespan=lifespan,
    routes=[*web_routes(), *canvas_routes(), *cover_routes()],
    middleware=[
        Middleware(Guard, settings=settings(), base=base_path()),
        Middleware(Room, most=settings().sessions),
        Middleware(CompressedStatic),
        Middleware(GZipMiddleware, minimum_size=1024, compresslevel=5),
        Middleware(PageHead, framers=settings().embed_hosts),
        Middleware(MessageCache),
    ],
    on_script_error=on_script_error,
)
