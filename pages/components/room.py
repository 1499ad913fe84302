"""Room for visitors: how many are let in, what may be kept of them, and who of them is here."""

from __future__ import annotations

import html
from typing import Any

import streamlit as st
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse
from streamlit.components.v2.bidi_component.constants import EVENT_DELIM
from streamlit.runtime.state.session_state import STREAMLIT_INTERNAL_KEY_PREFIX, WStates

from pages.components.guard import SECURITY_HEADERS, STYLED
from pages.components.language import in_every_language

STORED_SESSIONS = 128  # Streamlit's own bound on visitors who have lost the connection and may come back
FILES_BYTES = 64_000_000  # uploaded files as they came, of all visitors; the pictures in them are kept elsewhere
FILES_BYTES_EACH = 20_000_000  # of one visitor: the largest, and smaller ones

FULL = "All {count} places on this server are taken just now. This page tries again by itself."


def sessions() -> tuple[list[Any], list[Any]]:
    """Streamlit's sessions: connected ones, and those kept for a return. It has no public way to list them."""
    if not st.runtime.exists():
        return [], []
    manager = st.runtime.get_instance()._session_mgr
    return (
        [info.session for info in manager.list_active_sessions()],
        [info.session for info in manager._session_storage.list()],
    )


def files_kept() -> dict[str, dict[str, Any]]:
    """Streamlit's uploaded files, oldest first: session -> number of the file -> file."""
    if not st.runtime.exists():
        return {}
    manager = st.runtime.get_instance().uploaded_file_mgr
    with manager._lock:
        return {session: dict(kept) for session, kept in manager.file_storage.items()}


def bound_files() -> None:
    """From now on uploaded files beyond FILES_BYTES_EACH of a visitor and FILES_BYTES of all are dropped, oldest first.

    Streamlit keeps every file until the visitor is gone, however many come; a page has read a file by then.
    """
    manager = st.runtime.get_instance().uploaded_file_mgr
    add = manager.add_file

    def add_and_bound(session_id: str, file: Any) -> None:
        add(session_id, file)
        _drop(manager, {session_id: files_kept().get(session_id, {})}, FILES_BYTES_EACH, file)
        _drop(manager, files_kept(), FILES_BYTES, file)

    manager.add_file = add_and_bound


def forget_widgets() -> None:
    """From now on what Streamlit remembers of a widget goes when the widget has gone.

    It forgets the value alone. Name, functions and what they are called with stay for as long as the visitor: forty
    widgets for each page that was ever opened.
    """
    remove = WStates.remove_stale_widgets

    def remove_and_forget(self: WStates, active_widget_ids: frozenset[str], fragments: list[str] | None) -> None:
        remove(self, active_widget_ids, fragments)
        for name, known in list(self.widget_metadata.items()):
            # What a component reports has an entry of its own, which no run names: prefix_component__events.
            owner = name.removeprefix(f"{STREAMLIT_INTERNAL_KEY_PREFIX}_").split(EVENT_DELIM)[0]
            elsewhere = fragments and known.fragment_id not in fragments
            if active_widget_ids.isdisjoint((name, owner)) and not elsewhere:
                del self.widget_metadata[name]

    WStates.remove_stale_widgets = remove_and_forget


def widgets_kept() -> int:
    """How many widgets of all visitors are remembered."""
    return sum(len(one.session_state._new_widget_state.widget_metadata) for group in sessions() for one in group)


def _drop(manager: Any, files: dict[str, dict[str, Any]], bound: int, newest: Any) -> None:
    held = sum(len(file.data) for kept in files.values() for file in kept.values())
    for session, kept in files.items():
        for number, file in kept.items():
            if held <= bound:
                return
            if file is not newest:
                manager.remove_file(session, number)
                held -= len(file.data)


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
        return st.runtime.exists() and len(sessions()[0]) >= self.most

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
