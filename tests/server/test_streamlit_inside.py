"""The names inside Streamlit that pages/components/server/streamlit_inside.py stands on: each is there, and does what
is built on it. What of them runs with every page (fragments, widgets, uploads) is tested there, too."""

import inspect
import re
import threading

import pytest
import streamlit
from streamlit.runtime import Runtime
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.fragment import FragmentStorage
from streamlit.runtime.media_file_manager import MediaFileKind, MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext
from streamlit.runtime.session_manager import SessionManager, SessionStorage
from streamlit.runtime.state.session_state import SessionState, WStates

from pages.components.server import streamlit_inside
from pages.components.server.streamlit_inside import SCRIPT_RUN_CONTEXT_ATTR_NAME as NAME
from pages.components.server.streamlit_inside import STATIC, STREAM, BackMsg, ForwardMsg
from tests.app_server import ROOT

OURS = "pages/components/server/streamlit_inside.py"


def sets(kind: type, name: str) -> bool:
    """Whether the constructor of a class, or its body, sets an attribute."""
    return hasattr(kind, name) or f"self.{name}" in inspect.getsource(kind) or name in kind.__annotations__


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (ScriptRunContext, ("session_id", "fragment_ids_this_run", "is_history_navigation", "fragment_storage")),
        (ScriptRunContext, ("pages_manager",)),
        (FragmentStorage, ("resolve_target",)),
        (PagesManager, ("intended_page_script_hash", "intended_page_name", "set_script_intent")),
        (Runtime, ("_session_mgr", "uploaded_file_mgr", "media_file_mgr", "is_active_session")),
        (SessionManager, ("list_active_sessions",)),
        (SessionStorage, ("list",)),
        (MemoryUploadedFileManager, ("_lock", "file_storage", "add_file", "remove_file")),
        (MediaFileManager, ("_get_inactive_file_ids", "add_deferred", "execute_deferred", "_file_metadata", "_lock")),
        (MediaFileManager, ("_storage", "_deferred_callables")),
        (MemoryMediaFileStorage, ("get_file",)),
        (MediaFileKind, ("DOWNLOADABLE",)),
        (WStates, ("remove_stale_widgets", "widget_metadata")),
        (SessionState, ("_new_widget_state",)),
    ],
)
def test_the_names_are_there(kind, names):
    assert [name for name in names if not sets(kind, name)] == []


def test_what_is_called_takes_what_it_is_given():
    taken = inspect.signature(WStates.remove_stale_widgets).parameters
    assert list(taken) == ["self", "active_widget_ids", "fragment_ids_this_run"]
    assert list(inspect.signature(MemoryUploadedFileManager.add_file).parameters) == ["self", "session_id", "file"]
    assert list(inspect.signature(MediaFileManager.execute_deferred).parameters) == ["self", "file_id"]
    assert list(inspect.signature(AppSession.request_rerun).parameters) == ["self", "client_state"]
    assert list(inspect.signature(PagesManager.set_script_intent).parameters) == [
        "self", "page_script_hash", "page_name",
    ]  # fmt: skip


def test_a_thread_carries_the_run_where_it_is_taken_from_it_again(monkeypatch):
    assert streamlit_inside.session_name() is None  # no page runs here
    assert streamlit_inside.parts_that_run() == ()
    assert streamlit_inside.page_asked_for() == ""
    assert not streamlit_inside.has_gone_back()
    assert streamlit_inside.sessions() == ([], [])
    assert streamlit_inside.is_active("anybody")
    monkeypatch.setattr(streamlit_inside, "add_script_run_ctx", lambda thread, context: setattr(thread, NAME, "a run"))
    thread = threading.current_thread()
    assert streamlit_inside.in_this_session(lambda: vars(thread)[NAME])() == "a run"
    assert get_script_run_ctx() is None  # the thread serves others next


def test_a_timer_presses_no_button(monkeypatch):
    """Also where a press is on its way that the browser sends a moment later."""
    asked = []
    monkeypatch.setattr(AppSession, "request_rerun", lambda self, state: asked.append(state))
    streamlit_inside.press_once()
    for automatic in (True, False):
        message = BackMsg().rerun_script
        message.is_auto_rerun = automatic
        message.widget_states.widgets.add(id="pressed", trigger_value=True)
        message.widget_states.widgets.add(id="event", json_trigger_value="[1]")
        message.widget_states.widgets.add(id="slider", double_value=0.5)
        message.widget_states.widgets.add(id="state", json_value="{}")
        AppSession.request_rerun(None, message)
    AppSession.request_rerun(None, None)
    names = [[state.id for state in one.widget_states.widgets] for one in asked[:2]]
    assert names == [["slider", "state"], ["pressed", "event", "slider", "state"]]
    assert asked[2] is None


def test_messages_have_the_fields_that_are_read():
    request, answer = BackMsg(), ForwardMsg(ref_hash="x")
    request.rerun_script.cached_message_hashes.append("x")
    assert request.WhichOneof("type") == "rerun_script"
    assert answer.WhichOneof("type") == "ref_hash"
    answer.metadata.cacheable = True
    answer.delta.fragment_id = "part"
    answer.hash = "y"
    assert ForwardMsg(script_finished=0).WhichOneof("type") == "script_finished"


def test_events_of_components_are_named_after_them():
    """`forget_widgets` tells by it whose entry one is that no run names."""
    from streamlit.components.v2.bidi_component import main

    assert streamlit_inside.EVENT_DELIM == "__"
    assert "EVENT_DELIM" in inspect.getsource(main) or "make_trigger_id" in inspect.getsource(main)
    assert streamlit_inside.STREAMLIT_INTERNAL_KEY_PREFIX == "$$STREAMLIT_INTERNAL_KEY"


def test_the_front_end_and_its_stream_are_where_they_are_looked_for():
    assert (STATIC / "index.html").is_file()
    assert list((STATIC / "static" / "js").glob("index.*.js"))
    routes = [path.read_text("utf-8") for path in (STATIC.parent / "web").rglob("*.py")]
    assert any(STREAM.strip("/") in text or STREAM in text for text in routes)
    assert streamlit.__version__ in (ROOT / "requirements.txt").read_text("utf-8")


def test_nobody_else_stands_on_them():
    inside = re.compile(r"from streamlit\.|import streamlit\.|\bst\.runtime\b|\bget_instance\b")
    files = [*ROOT.glob("pages/**/*.py"), ROOT / "app.py"]
    found = [str(path.relative_to(ROOT)) for path in files if inside.search(path.read_text("utf-8"))]
    assert found == [OURS]
