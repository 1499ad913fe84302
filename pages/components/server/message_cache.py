"""Large messages that a browser still has are not sent again, and never is one named that it has forgotten.

Streamlit's browser keeps the last elements of 10 kB and more and lists their hashes with every request; for those its
server sends the hash alone. But a request tells what was kept when it was sent: by the time it is answered other runs
have ended, and the browser may have forgotten what the answer names. It then shows "Cached ForwardMsg MISS", and the
page is dead. So the browser's list is not believed here. A connection delivers all messages in their order, so what the
browser keeps follows from what was sent: each connection has a copy of the browser's book-keeping that forgets sooner.
"""

from __future__ import annotations

from typing import Any

from pages.components.server.array_cache import ASKED, ArrayCache
from pages.components.server.streamlit_inside import STREAM, BackMsg, ForwardMsg

FORGOTTEN_HERE, FORGOTTEN_THERE = 4, 8  # finished runs since a message was last shown; there: in the browser


class BrowserCache:
    """What the browser at the other end of one connection keeps for certain, by what it was sent.

    As in Streamlit's ForwardMessageCache: a run that ends makes all messages older; those of its fragments (all, if it
    was a run of the whole page) are forgotten when they are too old.
    """

    def __init__(self) -> None:
        self.keeps = False  # whether there is a browser that keeps messages at all: it has listed some
        self.finished = 0
        self.kept: dict[str, tuple[int, str]] = {}  # hash -> (runs finished when it was last shown, its fragment)

    def sent(self, message: ForwardMsg) -> bool:
        """Take note of a message about to be sent; True if the browser has it, so that its hash is enough."""
        if message.WhichOneof("type") == "script_finished":
            self.finished += 1
            fragments = message.metadata.run.fragment_ids
            old = [name for name, (run, fragment) in self.kept.items()
                   if (not fragments or fragment in fragments) and self.finished - run > FORGOTTEN_HERE]  # fmt: skip
            for name in old:
                del self.kept[name]
            return False
        if not (message.metadata.cacheable and message.hash):
            return False
        known = self.kept.get(message.hash)
        self.kept[message.hash] = (self.finished, known[1] if known else message.delta.fragment_id)
        return known is not None


class MessageCache:
    """ASGI middleware around Streamlit's web socket; see above."""

    def __init__(self, app: Any):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "websocket" or not scope["path"].endswith(STREAM):
            await self.app(scope, receive, send)
            return
        browser = BrowserCache()
        arrays = ArrayCache() if ASKED in scope.get("query_string", b"") else None

        async def receive_request():
            message = await receive()
            if message["type"] == "websocket.receive" and message.get("bytes"):
                message = {**message, "bytes": without_list(message["bytes"], browser)}
            return message

        async def send_once(message):
            if message["type"] == "websocket.send" and message.get("bytes"):
                message = {**message, "bytes": shortened(message["bytes"], browser, arrays)}
            await send(message)

        await self.app(scope, receive_request, send_once)


def without_list(content: bytes, browser: BrowserCache) -> bytes:
    """A request without its list of what the browser keeps."""
    request = BackMsg()
    try:
        request.ParseFromString(content)
    except Exception:  # protobuf's own; for Streamlit to refuse
        return content
    if request.WhichOneof("type") != "rerun_script" or not request.rerun_script.cached_message_hashes:
        return content
    browser.keeps = True
    request.rerun_script.ClearField("cached_message_hashes")
    return request.SerializeToString()


def shortened(content: bytes, browser: BrowserCache, arrays: ArrayCache | None = None) -> bytes:
    """A message for the browser, or the hash that stands for it where the browser has it; else without the arrays that
    the browser has."""
    message = ForwardMsg.FromString(content)
    if not browser.sent(message) or not browser.keeps:
        return content if arrays is None else arrays.shortened(message, content)
    reference = ForwardMsg(ref_hash=message.hash)
    reference.metadata.CopyFrom(message.metadata)
    reference.metadata.cacheable = False
    return reference.SerializeToString()
