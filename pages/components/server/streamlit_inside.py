"""Everything that stands on names inside Streamlit, which another version may not have: here alone, each with a test.

What is public is used where it is needed. tests/server/test_streamlit_inside.py says which of these names are gone from
a new version.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit
from streamlit.components.v2.bidi_component.constants import EVENT_DELIM
from streamlit.errors import StreamlitAPIException
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import exists, get_instance
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.media_file_manager import MediaFileKind
from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import _has_active_trigger_value
from streamlit.runtime.scriptrunner_utils.script_run_context import SCRIPT_RUN_CONTEXT_ATTR_NAME
from streamlit.runtime.state.session_state import STREAMLIT_INTERNAL_KEY_PREFIX, WStates

__all__ = ["BackMsg", "ForwardMsg"]

STREAM = "/_stcore/stream"  # where its web socket is
STATIC = Path(streamlit.__file__).parent / "static"  # its front end
FILES_BYTES = 64_000_000  # uploaded files as they came, of all visitors; the pictures in them are kept elsewhere
FILES_BYTES_EACH = 20_000_000  # of one visitor: the largest, and smaller ones
KEPT_SECONDS = 60.0  # of a made file, from when nobody needs it any more, for Streamlit's book-keeping
KEPT_BYTES = 64_000_000  # of all such files; the oldest go sooner
KEPT_NUMBERS = 4000  # of buttons whose page was sent anew, the oldest forgotten first

# ---------------------------------------------------------------- the run of a page


def session_name() -> str | None:
    """A name for the visitor whose page runs here; None where none does. It says nothing about the person."""
    context = get_script_run_ctx()
    return context.session_id if context is not None else None


def parts_that_run() -> Sequence[str]:
    """The fragments that this run draws alone; empty where it draws the whole page."""
    context = get_script_run_ctx()
    return context.fragment_ids_this_run or () if context is not None else ()


def has_gone_back() -> bool:
    """Whether the reader came by the browser's back or forward button."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def are_drawn_anyway(names: Sequence[str]) -> bool | None:
    """Whether this run draws all fragments of these names; None if one of them has gone with what it stood in."""
    context = get_script_run_ctx()
    try:
        wanted = context.fragment_storage.resolve_target(names)
    except StreamlitAPIException:
        return None
    return set(wanted) <= set(context.fragment_ids_this_run or wanted)


def page_asked_for() -> str:
    """The name in the address, before it is looked for; "" for the home page, and for one that was found already."""
    context = get_script_run_ctx()
    if context is None or context.pages_manager.intended_page_script_hash:
        return ""
    return (context.pages_manager.intended_page_name or "").strip("/")


def ask_for_home() -> None:
    """As if the address had asked for the home page; before the navigation."""
    get_script_run_ctx().pages_manager.set_script_intent("", "")


def in_this_session(make: Callable[[], Any]) -> Callable[[], Any]:
    """`make`, to be called in a thread of Streamlit's own, where the reader's session is otherwise unknown."""
    context = get_script_run_ctx()

    def made() -> Any:
        thread = threading.current_thread()
        add_script_run_ctx(thread, context)
        try:
            return make()
        finally:
            vars(thread).pop(SCRIPT_RUN_CONTEXT_ATTR_NAME, None)  # the thread serves others next

    return made


def press_once() -> None:
    """From now on a fragment's timer presses no button.

    A press stands among the browser's widget states until it is sent, a moment later; a timer that is due in between
    sends it too, and Pause, pressed twice, plays on.
    """
    request = AppSession.request_rerun

    def request_without_presses(self: AppSession, client_state: Any) -> None:
        if client_state is not None and client_state.is_auto_rerun:
            states = client_state.widget_states.widgets
            kept = [state for state in states if not _has_active_trigger_value(state)]
            if len(kept) < len(states):
                del states[:]
                states.extend(kept)
        request(self, client_state)

    AppSession.request_rerun = request_without_presses


# ---------------------------------------------------------------- visitors and what is kept of them


def sessions() -> tuple[list[Any], list[Any]]:
    """Streamlit's sessions: connected ones, and those kept for a return. It has no public way to list them."""
    if not exists():
        return [], []
    manager = get_instance()._session_mgr
    return (
        [info.session for info in manager.list_active_sessions()],
        [info.session for info in manager._session_storage.list()],
    )


def widgets_kept() -> int:
    """How many widgets of all visitors are remembered."""
    return sum(len(one.session_state._new_widget_state.widget_metadata) for group in sessions() for one in group)


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


def is_active(session: str) -> bool:
    """Whether a visitor is connected; True where there is no server."""
    return not exists() or get_instance().is_active_session(session)


def files_kept() -> dict[str, dict[str, Any]]:
    """Streamlit's uploaded files, oldest first: session -> number of the file -> file."""
    if not exists():
        return {}
    manager = get_instance().uploaded_file_mgr
    with manager._lock:
        return {session: dict(kept) for session, kept in manager.file_storage.items()}


def bound_files() -> None:
    """From now on uploaded files beyond FILES_BYTES_EACH of a visitor and FILES_BYTES of all are dropped, oldest first.

    Streamlit keeps every file until the visitor is gone, however many come; a page has read a file by then.
    """
    manager = get_instance().uploaded_file_mgr
    add = manager.add_file

    def add_and_bound(session_id: str, file: Any) -> None:
        add(session_id, file)
        _drop(manager, {session_id: files_kept().get(session_id, {})}, FILES_BYTES_EACH, file)
        _drop(manager, files_kept(), FILES_BYTES, file)

    manager.add_file = add_and_bound


def _drop(manager: Any, files: dict[str, dict[str, Any]], bound: int, newest: Any) -> None:
    held = sum(len(file.data) for kept in files.values() for file in kept.values())
    for session, kept in files.items():
        for number, file in kept.items():
            if held <= bound:
                return
            if file is not newest:
                manager.remove_file(session, number)
                held -= len(file.data)


# ---------------------------------------------------------------- files that are made when a download is pressed


def keep_downloads(manager: Any = None) -> None:
    """From now on made files stay for KEPT_SECONDS, and a button of the page as it was a moment ago still makes its."""
    manager = manager or get_instance().media_file_mgr
    unneeded, add, execute = manager._get_inactive_file_ids, manager.add_deferred, manager.execute_deferred
    since: OrderedDict[str, float] = OrderedDict()  # file -> when it was first found unneeded; under the manager's lock
    buttons: OrderedDict[str, tuple[str, str]] = OrderedDict()  # what a button was -> (session, widget)

    def unneeded_for_long() -> set[str]:
        now, files = time.monotonic(), unneeded()
        made = {file for file in files if manager._file_metadata[file].kind == MediaFileKind.DOWNLOADABLE}
        for file in [file for file in since if file not in made]:
            del since[file]
        for file in made:
            since.setdefault(file, now)
        kept, held = set(), 0
        for file, first in reversed(since.items()):
            held += manager._storage.get_file(file).content_size
            if now - first >= KEPT_SECONDS or held > KEPT_BYTES:
                break
            kept.add(file)
        return files - kept

    def add_and_note(*given: Any, element_id: str = "", **named: Any) -> str:
        number = add(*given, element_id=element_id, **named)
        with manager._lock:
            buttons[number] = (manager._deferred_callables[number]["session_id"], element_id)
            while len(buttons) > KEPT_NUMBERS:
                buttons.popitem(last=False)
        return number

    def execute_as_it_is_now(number: str) -> str:
        with manager._lock:
            if number not in manager._deferred_callables and (button := buttons.get(number)):
                same = (other for other, entry in manager._deferred_callables.items()
                        if (entry["session_id"], entry["element_id"]) == button)  # fmt: skip
                number = next(same, number)
        return execute(number)

    manager._get_inactive_file_ids = unneeded_for_long
    manager.add_deferred = add_and_note
    manager.execute_deferred = execute_as_it_is_now
