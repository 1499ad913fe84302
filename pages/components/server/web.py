"""What the server does around Streamlit: where the front end finds it, what its page carries, health. No widgets."""

from __future__ import annotations

import asyncio
import gc
import gzip
import re
import socket
import threading
import uuid
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from streamlit import config

from engine.machinery.own import OWN
from pages.components.pictures.mount import module_paths
from pages.components.server.compute import JOBS, STORE
from pages.components.server.security import SECURITY_HEADERS, page_policy, script_hashes
from pages.components.server.settings import Settings
from pages.components.server.status import status_json, status_page
from pages.components.server.streamlit_inside import STATIC

warm = threading.Event()
PROCESS = uuid.uuid4().hex  # told by /health: a page knows by it that its server is another one
ASSETS = Path(__file__).parents[3] / "assets"

# Parts of Streamlit's front end that every page needs and that it fetches only when the first message names them.
EVERYWHERE = (
    "Html", "BidiComponent", "ButtonGroup", "Button", "Selectbox", "Slider", "NumberInput", "Checkbox", "Radio",
)  # fmt: skip


def base_path() -> str:
    """The path the app is served under, "" or "/name"."""
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""


def send_at_once() -> None:
    """Answers leave at once: TCP_NODELAY for every listening socket of this process, which its connections inherit.

    asyncio sets it only where the socket names its protocol, and Streamlit's does not. Without it the body of each
    small answer, sent after its header, waits for the browser's delayed acknowledgement: 40 ms for each of the 110
    files of a first page, and for each message of a session that follows another.
    """
    for thing in gc.get_objects():
        if type(thing) is not socket.socket or thing.fileno() < 0 or thing.type != socket.SOCK_STREAM:
            continue
        if thing.family in (socket.AF_INET, socket.AF_INET6):
            thing.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def set_limits(settings: Settings) -> None:
    """Hand the settings to those who must keep them: Streamlit and the store of pictures. Once, at the start."""
    config.set_option("server.maxUploadSize", settings.upload_mb)
    config.set_option("server.allowedHosts", list(settings.allowed_hosts))
    OWN.budget_bytes = settings.pictures_mb * 1_000_000


async def health(request) -> JSONResponse:
    """Alive, whether the warm-up is over, and which process this is."""
    return JSONResponse(
        {
            "status": "ok",
            "warm": warm.is_set(),
            "process": PROCESS,
            "jobs": len(JOBS.jobs()),
            "store_bytes": STORE.bytes_held,
        }
    )


async def boot(request) -> Response:
    """The script that the page loads before Streamlit's own."""
    return Response(boot_script(), media_type="text/javascript", headers={"Cache-Control": "no-cache"})


@cache
def boot_script() -> str:
    """What assets/boot.js says."""
    return (ASSETS / "boot.js").read_text("utf-8")


def web_routes() -> list[Route]:
    """Health, status and boot script."""
    answers = {"health": health, "status": status_page, "status.json": status_json, "neurarium-boot.js": boot}
    return [Route(f"{base_path()}/{path}", answer) for path, answer in answers.items()]


@cache
def preloads() -> str:
    """Links that let the browser fetch what every page needs while Streamlit's first scripts still run.

    Streamlit's front end asks for a widget's code when the first message names it, that code asks for what it imports,
    and our components come last: three waits in a row. A part that another version does not have is left out.
    """
    scripts = STATIC / "static" / "js"
    page = (scripts.parents[1] / "index.html").read_text("utf-8")
    waiting = [path.name for part in EVERYWHERE for path in sorted(scripts.glob(f"{part}.*.js"))]
    modules: list[str] = []
    while waiting:
        name = waiting.pop(0)
        if name not in modules and name not in page and (scripts / name).is_file():
            modules.append(name)
            waiting += re.findall(r'(?:from|import)"\./([\w.-]+\.js)"', (scripts / name).read_text("utf-8"))
    paths = [*(f"static/js/{name}" for name in modules), *module_paths()]
    return "".join(f'<link rel="modulepreload" fetchpriority="low" href="{base_path()}/{path}">' for path in paths)


@cache
def style() -> str:
    """Our style sheet, for the end of the body: behind the sheets that Streamlit's front end writes into the head.

    As an element of the page it would be sent, cleaned and compared anew with every change.
    """
    sheet = (ASSETS / "style.css").read_text("utf-8")
    return f"<style>{sheet}</style>"


class CompressedStatic:
    """ASGI middleware: Streamlit's static files (Plotly alone is 4.7 MB) leave compressed, each compressed only once.

    Their names carry a hash of their content, so a kept copy never grows old. At most `budget_bytes` are kept.
    """

    TYPES = ("text/", "application/javascript", "application/json", "image/svg+xml")

    def __init__(self, app, budget_bytes: int = 32_000_000):
        self.app, self.budget_bytes = app, budget_bytes
        self.kept: dict[str, tuple[list, bytes]] = {}
        self.held = 0

    async def __call__(self, scope, receive, send):
        asked = scope["type"] == "http" and scope["method"] == "GET"
        asked = asked and scope["path"].startswith(f"{base_path()}/static/")
        if not asked or "gzip" not in Headers(scope=scope).get("accept-encoding", ""):
            await self.app(scope, receive, send)
            return
        response = self.kept.get(scope["path"])
        if response is None:
            response = await self._make(scope, receive, send)
        if response is not None:
            headers, body = response
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    async def _make(self, scope, receive, send) -> tuple[list, bytes] | None:
        """(headers, compressed body) of a file; None when it was passed on as it is (small, an image, not found)."""
        start, body, passed = None, b"", False

        async def collect(message):
            nonlocal start, body, passed
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                long = int(headers.get("content-length", "0")) > 1024
                passed = message["status"] != 200 or not long or not headers["content-type"].startswith(self.TYPES)
                start = message
            else:
                body += message.get("body", b"")
            if passed:
                await send(message)

        names = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")
        plain = {**scope, "headers": [item for item in scope["headers"] if item[0] not in names]}
        await self.app(plain, receive, collect)
        if passed:
            return None
        small = await asyncio.to_thread(gzip.compress, body, 6)
        headers = MutableHeaders(scope=start)
        headers["content-encoding"], headers["content-length"] = "gzip", str(len(small))
        if self.held + len(small) <= self.budget_bytes:
            self.kept[scope["path"]] = (start["headers"], small)
            self.held += len(small)
        return start["headers"], small


def on_one_level(scope: Any) -> str | None:
    """Where to send who asks for the page at an address of several levels; None if it has one.

    The page names its scripts from where it lies, so below another level (/x/y, /a/b) it would stay blank. The answer
    is relative, since a proxy may have taken a prefix away; the levels stay in the name, for the page to tell of.
    """
    raw = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1").partition("?")[0]
    name = raw.removeprefix(f"{base_path()}/")
    if "/" not in name:
        return None
    query = scope.get("query_string", b"").decode("latin-1")
    return "../" * name.count("/") + name.replace("/", "%2F") + (f"?{query}" if query else "")


class PageHead:
    """ASGI middleware: boot script, preloads and style sheet for the one HTML page, which lies on one level; security
    headers everywhere. framers: hosts whose pages may show it in a frame."""

    def __init__(self, app, framers: tuple[str, ...] = ()):
        self.app, self.framers = app, framers

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # The page must come uncompressed to be completed here; the outermost layer compresses what leaves.
        scope = {**scope, "headers": [item for item in scope["headers"] if item[0] != b"accept-encoding"]}
        head = scope["method"] == "HEAD"
        if head:  # to say how long the completed page is, it must be made
            scope["method"] = "GET"
        start, body, moved = None, b"", False
        # A visitor's own HTML file is left as it is, and the status page is whole already.
        is_page = not scope["path"].startswith((f"{base_path()}/media/", f"{base_path()}/status"))

        async def forward(message):
            nonlocal start, body, moved
            if moved:
                return
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                html = headers.get("content-type", "").startswith("text/html")
                html = html and not headers.get("content-disposition", "").startswith("attachment")  # a reader's file
                if html and is_page and message["status"] == 200:
                    if (place := on_one_level(scope)) is not None:
                        await RedirectResponse(place, headers=SECURITY_HEADERS)(scope, receive, send)
                        moved = True
                        return
                    for name in ("etag", "last-modified", "content-length"):  # those of the page without the script
                        del headers[name]
                    start = message
                    return
            elif start is not None and message["type"] == "http.response.body":
                body += message.get("body", b"")
                if message.get("more_body"):
                    return
                script = f'<head><script src="{base_path()}/neurarium-boot.js"></script>'.encode()
                page = body.replace(b"<head>", script, 1).replace(b"</head>", preloads().encode() + b"</head>", 1)
                page = page.replace(b"</body>", style().encode() + b"</body>", 1)
                headers = MutableHeaders(scope=start)
                headers["content-length"] = str(len(page))
                host = Headers(scope=scope).get("host", "")
                headers["content-security-policy"] = page_policy(script_hashes(body), host, self.framers)
                if self.framers:  # it knows no list; frame-ancestors, which goes before it, has one
                    del headers["x-frame-options"]
                await send(start)
                message = {"type": "http.response.body", "body": page}
            if head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self.app(scope, receive, forward)
