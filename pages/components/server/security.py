"""Who may talk to this server and what its answers may do in a browser: hosts and security headers."""

from __future__ import annotations

import base64
import hashlib
import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

from pages.components.server.settings import Settings

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
    "Permissions-Policy": "geolocation=(), microphone=(), camera=(self)",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Of all that is not the page, such as a visitor's picture or file: opened by itself, it can do nothing.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'self'; base-uri 'none'; "
    "form-action 'none'; sandbox",
}

# Of a page that is written here as one piece of text with its style sheet in it, and is out of date at once. It asks
# again by itself, which nothing may do in a sandbox.
STYLED = {
    "Content-Security-Policy": SECURITY_HEADERS["Content-Security-Policy"]
    .replace("default-src 'none'", "default-src 'none'; style-src 'unsafe-inline'")
    .removesuffix("; sandbox"),
    "Cache-Control": "no-store",
}

# What the page may load and do; {scripts}: hashes of the scripts written into it, {here}: this host, {framers}: whose
# pages may show it in a frame.
PAGE_POLICY = {
    "default-src": "'none'",
    # blob: is how Streamlit loads the code of a components v2 component; no 'unsafe-eval', no 'unsafe-inline'.
    "script-src": "'self' blob: {scripts}",
    "style-src": "'self' 'unsafe-inline'",  # emotion, Plotly and KaTeX write style elements and attributes as they go
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",  # Streamlit's style sheet carries some of KaTeX's fonts in itself
    # Some browsers do not count the web socket as 'self', so it is named. data: the camera widget reads its photo so.
    "connect-src": "'self' {here} data:",
    "media-src": "'self' blob:",
    "manifest-src": "'self'",
    "worker-src": "'none'",
    "frame-src": "'none'",
    "frame-ancestors": "'self' {framers}",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
}
INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
HOST_AND_PORT = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9a-fA-F:.]+\](:[0-9]{1,5})?")


def script_hashes(page: bytes) -> tuple[str, ...]:
    """CSP sources for the scripts that are written into a page."""
    digests = (hashlib.sha256(script).digest() for script in INLINE_SCRIPT.findall(page))
    return tuple(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


def page_policy(scripts: tuple[str, ...], host: str, framers: tuple[str, ...] = ()) -> str:
    """The Content-Security-Policy of the page. host: as the request named it; left out where it is none. framers: hosts
    whose pages may show it in a frame, at any port."""
    here = f"ws://{host} wss://{host}" if HOST_AND_PORT.fullmatch(host) else ""
    rules = (f"{name} {sources}" for name, sources in PAGE_POLICY.items())
    given = {"scripts": " ".join(scripts), "here": here, "framers": " ".join(f"{name}:*" for name in framers)}
    return re.sub(" +", " ", "; ".join(rules).format(**given)).replace(" ;", ";")


def host_name(host: str) -> str:
    """The name in a Host header or an origin, lower case, without port; "" where there is none."""
    try:
        parts = urlsplit(f"//{host}")
        name = parts.hostname or ""
    except ValueError:
        return ""
    if not HOST_AND_PORT.fullmatch(host):
        return ""
    return f"[{name}]" if ":" in name else name.rstrip(".")


def fits(name: str, hosts: tuple[str, ...]) -> bool:
    """Whether a host name is one of `hosts`; *.example stands for every name below example."""
    return any(name == host or (host.startswith("*.") and name.endswith(host[1:])) for host in hosts)


class Guard:
    """ASGI middleware: turns away unknown hosts and pages of other hosts.

    Only where NEURARIUM_ALLOWED_HOSTS is set are hosts looked at. /health answers whoever asks, for a proxy and a
    container ask it by address.
    """

    def __init__(self, app, settings: Settings, base: str = ""):
        self.app, self.settings, self.base = app, settings, base

    async def __call__(self, scope, receive, send):
        if scope["type"] not in ("http", "websocket") or scope["path"] == f"{self.base}/health":
            await self.app(scope, receive, send)
            return
        refusal = self.refusal(Headers(scope=scope))
        if refusal:
            await self.refuse(scope, receive, send, PlainTextResponse(refusal, 421, SECURITY_HEADERS))
            return
        await self.app(scope, receive, send)

    def refusal(self, headers: Headers) -> str:
        """Why a request is refused for its hosts; "" when it is not."""
        hosts = self.settings.allowed_hosts
        if not hosts:
            return ""
        if not fits(host_name(headers.get("host", "")), hosts):
            return "This server does not answer to that host name (NEURARIUM_ALLOWED_HOSTS).\n"
        origin = headers.get("origin")
        if origin is not None and not fits(host_name(urlsplit(origin).netloc), hosts):
            return "Pages of other hosts may not use this server (NEURARIUM_ALLOWED_HOSTS).\n"
        return ""

    @staticmethod
    async def refuse(scope, receive, send, response) -> None:
        """Answer; a web socket is closed before it opens, which servers send as 403."""
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await response(scope, receive, send)
