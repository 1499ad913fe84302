"""Files that are made when a download is pressed stay until the browser has fetched them.

Streamlit drops such a file when a run of any visitor's page ends for the second time, in a training twice in half a
second, and what a button makes when the whole page is sent anew; who pressed it just then got nothing (404).
"""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Any

import streamlit as st
from streamlit.runtime.media_file_manager import MediaFileKind

KEPT_SECONDS = 60.0  # from when nobody needs a file any more, for Streamlit's book-keeping
KEPT_BYTES = 64_000_000  # of all such files; the oldest go sooner
KEPT_NUMBERS = 4000  # of buttons whose page was sent anew, the oldest forgotten first


def keep_downloads(manager: Any = None) -> None:
    """From now on made files stay for KEPT_SECONDS, and a button of the page as it was a moment ago still makes its."""
    manager = manager or st.runtime.get_instance().media_file_mgr
    unneeded, add, execute = manager._get_inactive_file_ids, manager.add_deferred, manager.execute_deferred
    since: OrderedDict[str, float] = OrderedDict()  # file -> when it was first found unneeded; under the manager's lock
    buttons: OrderedDict[str, tuple[str, str]] = OrderedDict()  # what a button was -> (session, widget)

    def unneeded_for_long() -> set[str]:
        now, found = time.monotonic(), unneeded()
        made = {file for file in found if manager._file_metadata[file].kind == MediaFileKind.DOWNLOADABLE}
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
        return found - kept

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
