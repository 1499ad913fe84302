"""A visitor without a browser that behaves like one: keeps the page's elements, moves knobs, presses buttons, uploads
pictures, follows the page's timers, loses the connection and comes back. Speaks Streamlit's own messages."""

from __future__ import annotations

import http.client
import json
import math
import random
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect

from engine.pictures.packing import unpack

PATIENCE = 60.0
TABS = ("Numbers", "Code", "Compare", "Download")


@dataclass
class Answer:
    """What came back for one message: seconds until the run had ended, bytes, and what went wrong."""

    seconds: float
    size: int
    errors: list[str] = field(default_factory=list)
    early: bool = False  # ended for a rerun that the page asked for; another answer follows


class Visitor:
    """One browser tab. session: the session to come back to; locale: what its browser asks for; panel:
    what it remembers of the panel beside the stage, "" for nothing; cookies: what else it sends. Its methods wait for
    the answer."""

    def __init__(self, address: str, session: str = "", locale: str = "en-US", panel: str = "knobs", cookies: str = ""):
        self.address, self.session, self.locale = address, session, locale
        self.cookies = "; ".join(filter(None, [f"neurarium_panel={panel}", cookies]))
        self.query = self.page = self.hash = ""
        self.last_tick = 0.0  # seconds that its answer took
        self._reset()
        self.connect()

    def _reset(self) -> None:
        self.elements: dict[tuple[int, ...], tuple[str, Any, str]] = {}  # delta path -> (kind, element, fragment)
        self.states: dict[str, WidgetState] = {}
        self.timers: dict[str, float] = {}  # fragment -> seconds between its runs
        self.pages: dict[str, str] = {}  # path -> hash

    def connect(self) -> None:
        """Open the connection, again if it was lost: the server is told the session, as a browser does."""
        protocols = ["streamlit", *(["none", self.session] if self.session else [])]
        self.connection = connect(
            self.address.replace("http://", "ws://") + "/_stcore/stream", subprotocols=protocols, origin=self.address,
            max_size=None, compression=None, additional_headers={"Cookie": self.cookies},
        )  # fmt: skip

    def lose_connection(self) -> None:
        """As when a train enters a tunnel: no farewell, the socket is gone."""
        self.connection.socket.close()

    def close(self) -> None:
        """The tab is closed."""
        self.connection.close()

    # ---------------------------------------------------------------- what a person does

    def open(self, page: str = "", query: str = "") -> Answer:
        """Go to a page, by the menu if it is known."""
        self.query, self.page, self.hash = query, page, self.pages.get(page, "")
        self.elements.clear()
        self.timers.clear()
        return self.ask()

    def press(self, key: str) -> Answer:
        """Press a button."""
        widget = self.widget(key)
        return self.ask(WidgetState(id=widget.id, trigger_value=True), key=key)

    def touch(self, key: str, event: str, value: Any) -> Answer:
        """Touch one of our own components: it reports `event` with `value`."""
        events = json.dumps([{"event": event, "value": value}])
        base = self.widget(key).id
        state = WidgetState(id=f"$$STREAMLIT_INTERNAL_KEY_{base}__events", json_trigger_value=events)
        return self.ask(WidgetState(id=base, json_value="{}"), state, key=key)

    def keep(self, key: str, event: str, value: Any) -> Answer:
        """Change what one of our own components keeps under `event`: it reports that, in this and all later runs."""
        return self.ask(WidgetState(id=self.widget(key).id, json_value=json.dumps({event: value})), key=key)

    def open_tab(self, slug: str, name: str) -> Answer:
        """Press a tab below the stage: it opens, or closes if it was open."""
        return self.touch(f"{slug}-tabs", "pick", TABS.index(name))

    def move(self, key: str, value: Any) -> Answer:
        """Give a widget another value."""
        state = WidgetState(id=self.widget(key).id)
        kind = self.kind(key)
        if kind == "slider" and self.widget(key).options:
            state.string_array_value.data.append(self.widget(key).options[int(value)])
        elif kind == "slider":
            state.double_array_value.data.append(value)
        elif kind in ("checkbox", "popover", "expandable"):
            state.bool_value = value
        elif kind in ("text_input", "text_area", "selectbox"):
            state.string_value = value
        elif kind == "number_input":
            state.double_value = value
        elif kind == "radio":
            state.int_value = value
        elif kind == "button_group":
            state.string_array_value.data.extend(value)
        else:
            raise ValueError(f"{key}: nobody knows how to move a {kind}")
        return self.ask(state, key=key)

    def upload(self, key: str, name: str, content: bytes) -> Answer:
        """Choose a file in an uploader: asks where to, sends it there, and tells the page."""
        ask = BackMsg()
        ask.file_urls_request.request_id, ask.file_urls_request.session_id = "one", self.session
        ask.file_urls_request.file_names.append(name)
        self.connection.send(ask.SerializeToString())
        while (message := self._receive(PATIENCE)).WhichOneof("type") != "file_urls_response":
            pass
        urls = message.file_urls_response.file_urls[0]
        self._put(urls.upload_url, name, content)
        state = WidgetState(id=self.widget(key).id)
        info = state.file_uploader_state_value.uploaded_file_info.add(file_id=urls.file_id, name=name)
        info.size = len(content)
        info.file_urls.CopyFrom(urls)
        return self.ask(state, key=key)

    def tick(self) -> Answer | None:
        """Let the first of the page's timers run its fragment; None if there is none. For as long as the last answer
        took, what it speaks of is let alone: a page in a browser asks less often still."""
        fragment = next(iter(self.timers), None)
        if fragment is None:
            return None
        time.sleep(self.last_tick)
        answer = self.ask(fragment=fragment, automatic=True)
        self.last_tick = answer.seconds
        return answer

    def follow(self, seconds: float) -> list[Answer]:
        """Let all timers run for so long, as an open page does."""
        answers, end = [], time.monotonic() + seconds
        due = dict.fromkeys(self.timers, 0.0)
        while (now := time.monotonic()) < end:
            late = next((name for name in self.timers if due.get(name, 0.0) <= now), None)
            if late is None:
                time.sleep(min(0.02, max(0.0, end - now)))
                continue
            due[late] = now + self.timers[late]
            answers.append(self.ask(fragment=late, automatic=True))
        return answers

    # ---------------------------------------------------------------- what the page shows

    def find(self, key: str) -> tuple[str, Any, str] | None:
        """(kind, element, fragment) of the element with a key."""
        for kind, element, fragment in self.elements.values():
            if user_key(element) == key:
                return kind, element, fragment
        return None

    def widget(self, key: str) -> Any:
        """The element with a key. KeyError if the page has none."""
        found = self.find(key)
        if found is None:
            raise KeyError(f"{self.page} shows no {key}, but {sorted(filter(None, map(user_key, self.shown)))}")
        return found[1]

    def kind(self, key: str) -> str:
        """What kind of element has this key."""
        return self.find(key)[0]

    @property
    def shown(self) -> list[Any]:
        return [element for _, element, _ in self.elements.values()]

    def data(self, key: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """(values, arrays) that one of our components was given."""
        component = self.widget(key)
        if component.bytes:
            return unpack(component.bytes)
        return json.loads(component.mixed.json or component.json or "{}"), {}

    def texts(self) -> str:
        """All texts of the page, for searching; of the lines of live numbers the one of the moment it speaks of."""
        texts = [element.body for kind, element, _ in self.elements.values() if kind in ("html", "markdown")]
        return "\n".join(texts + ([self.status()] if self.find(f"{self.page}-status") else []))

    def status(self) -> str:
        """The live numbers of the run, as HTML: of the moment that the page speaks of."""
        meta, arrays = self.data(f"{self.page}-status")
        lines, frames = arrays["text"].tobytes().decode().split("\n"), meta["frames"]
        at = frames["indices"].index(frames["at"]) if frames["at"] is not None else -1
        return f'<p class="status">{lines[at]}{meta["tail"]}</p>'

    def alerts(self) -> list[str]:
        """The error boxes that stand on the page."""
        return [
            element.body for kind, element, _ in self.elements.values()
            if kind == "alert" and element.format == Alert.ERROR
        ]  # fmt: skip

    # ---------------------------------------------------------------- messages

    def ask(self, *states: WidgetState, key: str = "", fragment: str = "", automatic: bool = False) -> Answer:
        """Send widget states and wait until the page is whole again."""
        for state in states:
            self.states[state.id] = state
        if key and not fragment:
            fragment = self.find(key)[2]
        message = BackMsg()
        rerun = message.rerun_script
        rerun.query_string, rerun.page_name, rerun.page_script_hash = self.query, self.page, self.hash
        rerun.fragment_id, rerun.is_auto_rerun = fragment, automatic
        rerun.widget_states.widgets.extend(self.states.values())
        rerun.context_info.locale, rerun.context_info.timezone = self.locale, "UTC"
        started = time.perf_counter()
        self.connection.send(message.SerializeToString())
        for state in states:  # a press holds for one run
            if state.WhichOneof("value") in ("trigger_value", "json_trigger_value"):
                del self.states[state.id]
        answer = self.wait()
        answer.seconds = time.perf_counter() - started
        return answer

    def wait(self) -> Answer:
        """Take messages in until a run has ended, and that of a rerun that it asked for."""
        answer, running = Answer(0.0, 0), []
        touched: set[tuple[int, ...]] = set()
        while True:
            message = self._receive(PATIENCE)
            answer.size += message.ByteSize()
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.session = message.new_session.initialize.session_id or self.session
                running = list(message.metadata.run.fragment_ids)
                touched.clear()
                if not running:
                    self.timers.clear()
            elif kind == "script_finished":
                status = ForwardMsg.ScriptFinishedStatus.Name(message.script_finished)
                if status == "FINISHED_WITH_COMPILE_ERROR":
                    answer.errors.append(status)
                if status == "FINISHED_EARLY_FOR_RERUN":
                    continue
                self._forget(touched, running)
                return answer
            else:
                self._take(kind, message, touched, answer)

    def _receive(self, patience: float) -> ForwardMsg:
        message = ForwardMsg()
        message.ParseFromString(self.connection.recv(timeout=patience))
        return message

    def _take(self, kind: str, message: ForwardMsg, touched: set, answer: Answer) -> None:
        if kind == "delta":
            path, delta = tuple(message.metadata.delta_path), message.delta
            what = delta.WhichOneof("type")
            touched.add(path)
            if what == "new_element":
                element_kind = delta.new_element.WhichOneof("type")
                element = getattr(delta.new_element, element_kind)
            elif what == "add_block":
                element_kind = delta.add_block.WhichOneof("type")
                element = getattr(delta.add_block, element_kind) if element_kind else None
            else:
                return
            self.elements[path] = (element_kind, element, delta.fragment_id)
            if getattr(element, "set_value", False) or (element_kind == "popover" and not element.open):
                self.states.pop(element.id, None)  # the server's word counts
            if element_kind == "exception":
                answer.errors.append(f"{element.type}: {element.message}")
            if element_kind == "alert" and element.format == Alert.ERROR:
                answer.errors.append(f"error box: {element.body}")
        elif kind == "auto_rerun":
            self.timers[message.auto_rerun.fragment_id] = message.auto_rerun.interval
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self.timers.pop(fragment, None)
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "navigation":
            self.hash = message.navigation.page_script_hash
            self.pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
        elif kind == "page_not_found":
            answer.errors.append("page not found")

    def _forget(self, touched: set, fragments: list[str]) -> None:
        """Drop what the run did not draw again: of the whole page, or of what stands in the fragments that ran."""
        ran = {path for path in touched if path in self.elements and self.elements[path][2] in fragments}
        for path in [path for path in self.elements if path not in touched]:
            if not fragments or any(path[:length] in ran for length in range(1, len(path))):
                del self.elements[path]

    def _put(self, url: str, name: str, content: bytes) -> None:
        with urllib.request.urlopen(self.address + "/_stcore/health", timeout=PATIENCE) as answer:
            token = answer.headers["Set-Cookie"].partition("_streamlit_xsrf=")[2].partition(";")[0]
        head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
        body = head + content + b"\r\n--x--\r\n"
        place = urllib.parse.urlsplit(self.address)
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=PATIENCE)
        headers = {
            "Content-Type": "multipart/form-data; boundary=x", "X-Xsrftoken": token,
            "Cookie": f"_streamlit_xsrf={token}",
        }  # fmt: skip
        connection.request("PUT", url, body, headers)
        status = connection.getresponse().status
        connection.close()
        if status != 204:
            raise ConnectionError(f"the upload was answered with {status}")


def user_key(element: Any) -> str:
    """The key that the page gave an element, "" if none: ids are "$$ID-<hash>-<key>"."""
    parts = getattr(element, "id", "").split("-", 2)
    return parts[2] if len(parts) == 3 and parts[0] == "$$ID" and parts[2] != "None" else ""


def another_value(kind: str, element: Any, chance: random.Random) -> Any | None:
    """A value that a person might give this widget next; None if it is none to play with."""
    if getattr(element, "disabled", False):
        return None
    if kind == "slider" and not element.options and element.max > element.min:
        steps = round((element.max - element.min) / element.step)
        return min(element.max, element.min + element.step * chance.randint(0, steps))
    if kind == "slider":
        return float(chance.randrange(len(element.options))) if element.options else None
    if kind == "checkbox":
        return bool(chance.getrandbits(1))
    if kind == "number_input" and math.isfinite(element.max):
        return float(chance.randint(int(element.min), int(element.max)))
    return None


def link(visitor: Visitor) -> dict[str, str]:
    """What the visitor's address says, name by name."""
    return dict(urllib.parse.parse_qsl(visitor.query, keep_blank_values=True))
