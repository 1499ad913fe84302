"""A file that was made for a download is there when the browser comes for it, and does not stay for ever."""

import time

import pytest
from streamlit.runtime import media_file_manager
from streamlit.runtime.media_file_manager import MediaFileKind, MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from pages.components.server import streamlit_inside
from pages.components.server.streamlit_inside import KEPT_SECONDS, keep_downloads


@pytest.fixture
def session(monkeypatch):
    """Whose page runs; a test may change it."""
    who = ["one"]
    monkeypatch.setattr(media_file_manager, "_get_session_id", lambda: who[0])
    return who


@pytest.fixture
def now(monkeypatch):
    """The clock, in seconds; it stands still."""
    at = [1000.0]
    monkeypatch.setattr(streamlit_inside.time, "monotonic", lambda: at[0])
    return at


def new_manager(*, kept: bool = True) -> MediaFileManager:
    manager = MediaFileManager(MemoryMediaFileStorage("/media"))
    if kept:
        keep_downloads(manager)
    return manager


def pressed(manager, number: str) -> str:
    """The number of the file that the button made."""
    return manager.execute_deferred(number).rsplit("/", 1)[-1].split(".")[0]


def button(manager, content: bytes, widget: str = "a widget", place: str = "0.1") -> str:
    return manager.add_deferred(lambda: content, "text/plain", place, "a.txt", element_id=widget)


def test_a_made_file_outlives_the_runs_of_a_training(session, now):
    for kept in (False, True):
        manager = new_manager(kept=kept)
        file = pressed(manager, button(manager, b"the figure"))
        for _ in range(20):  # runs end, of this and of other visitors
            manager.remove_orphaned_files()
        found = manager.read_file(file)
        assert (found is not None) == kept, "without it the file is gone after two"
    assert found.content == b"the figure"
    now[0] += KEPT_SECONDS + 1
    manager.remove_orphaned_files()
    manager.remove_orphaned_files()
    assert manager.read_file(file) is None


def test_other_files_go_as_before(session, now):
    manager = new_manager()
    picture = manager.add(b"a picture", "image/png", "0.2").rsplit("/", 1)[-1].split(".")[0]
    manager.remove_orphaned_files()
    assert manager.read_file(picture) is not None
    manager.clear_session_refs("one")
    manager.remove_orphaned_files()
    assert manager.read_file(picture) is None
    assert MediaFileKind.MEDIA != MediaFileKind.DOWNLOADABLE


def test_made_files_are_bounded_and_the_oldest_go(session, now, monkeypatch):
    monkeypatch.setattr(streamlit_inside, "KEPT_BYTES", 250)
    manager = new_manager()
    files = []
    for letter in b"abcdef":
        files.append(pressed(manager, button(manager, bytes([letter]) * 100)))
        now[0] += 1
        manager.remove_orphaned_files()
    for _ in range(2):  # Streamlit marks a file first
        manager.remove_orphaned_files()
    assert [manager.read_file(file) is not None for file in files] == [False] * 4 + [True] * 2


def test_a_button_of_the_page_before_makes_its_file_still(session, now):
    manager = new_manager()
    before = button(manager, b"before")
    other = button(manager, b"other", widget="another widget", place="0.3")
    manager.clear_session_refs("one")  # the whole page runs again
    after = button(manager, b"after")
    manager.remove_orphaned_files()
    assert before != after
    assert manager.read_file(pressed(manager, before)).content == b"after"
    with pytest.raises(MediaFileStorageError):  # its button is gone
        manager.execute_deferred(other)
    session[0] = "two"
    button(manager, b"of another visitor")
    assert manager.read_file(pressed(manager, before)).content == b"after"


def test_numbers_of_old_buttons_are_bounded(session, now, monkeypatch):
    monkeypatch.setattr(streamlit_inside, "KEPT_NUMBERS", 3)
    manager = new_manager()
    first = button(manager, b"first")
    for _ in range(3):
        button(manager, b"later")
        manager.remove_orphaned_files()
    with pytest.raises(MediaFileStorageError):
        manager.execute_deferred(first)
    assert time.monotonic() == now[0]
