"""Room for visitors: how many are let in at once."""

from __future__ import annotations

import html
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse

from pages.components.parts.language import in_every_language
from pages.components.server.security import SECURITY_HEADERS, STYLED
from pages.components.server.streamlit_inside import sessions

STORED_SESSIONS = 128  # Streamlit's own bound on visitors who have lost the connection and may come back

FULL = "Every place on this server is taken just now ({count} of {count}). This page tries again by itself."


class Room:
    """ASGI middleware: at most `most` visitors at once. Who comes then reads so; who is here or comes back stays."""

    def __init__(self, app: Any, most: int):
        self.app, self.most = app, most

    async def __call__(self, scope, receive, send):
        full = scope["type"] in ("http", "websocket") and self._is_full()
        if full and scope["type"] == "websocket" and not _comes_back(scope):
            await receive()
            await send({"type": "websocket.close", "code": 1013, "reason": "no place"})
        elif full and scope["type"] == "http" and _is_for_a_reader(scope):
            await self._say(scope)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _is_full(self) -> bool:
        return len(sessions()[0]) >= self.most

    def _say(self, scope) -> HTMLResponse:
        chinese = Headers(scope=scope).get("accept-language", "").lower().startswith("zh")
        words = in_every_language(FULL)[chinese].format(count=self.most)
        page = (
            f'<!doctype html><html lang="{"zh" if chinese else "en"}"><head><meta charset="utf-8">'
            '<meta http-equiv="refresh" content="20"><meta name="viewport" content="width=device-width">'
            "<title>Neurarium</title><style>:root { color-scheme: light dark; font: 18px/1.5 system-ui, sans-serif; }"
            "body { max-width: 30rem; margin: 20vh auto; padding: 0 1rem; }</style></head>"
            f"<body><h1>Neurarium</h1><p>{html.escape(words)}</p></body></html>"
        )
        return HTMLResponse(page, 503, headers={**SECURITY_HEADERS, **STYLED, "Retry-After": "30"})


def _comes_back(scope) -> bool:
    """Whether a connection asks for a session there is: the third of the protocols it names."""
    named = [text.strip() for text in Headers(scope=scope).get("sec-websocket-protocol", "").split(",")]
    return len(named) > 2 and any(named[2] == session.id for group in sessions() for session in group)


def _is_for_a_reader(scope) -> bool:
    """Whether a request asks for a page of the app; the status page is for the one who runs it."""
    return "text/html" in Headers(scope=scope).get("accept", "") and not scope["path"].endswith("/status")
