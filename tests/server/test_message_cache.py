"""What the browser still has is not sent again, and never is a message named that it has forgotten."""

import asyncio
import tomllib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from streamlit import config
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from pages.components.server.message_cache import FORGOTTEN_HERE, FORGOTTEN_THERE, STREAM, MessageCache

FRAGMENTS = ("", "one", "two")


class Browser:
    """Streamlit 1.67's ForwardMessageCache (its front end's JavaScript) in Python, with any patience."""

    def __init__(self, patience: int):
        self.patience, self.runs, self.messages, self.missed = patience, 0, {}, 0

    def take(self, content: bytes) -> ForwardMsg | None:
        """The message itself; None where the hash that came for it says nothing to this browser."""
        message = ForwardMsg.FromString(content)
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            if message.ref_hash not in self.messages:
                self.missed += 1
                return None
            known = self.messages[message.ref_hash]
            known[0] = self.runs
            return ForwardMsg.FromString(known[2])
        if message.metadata.cacheable:
            known = self.messages.setdefault(message.hash, [self.runs, message.delta.fragment_id, content])
            known[0] = self.runs
        if kind == "script_finished":
            fragments = list(message.metadata.run.fragment_ids)
            self.runs += 1
            for name, (seen, fragment, _) in list(self.messages.items()):
                mine = not fragments or (fragment and fragment in fragments)
                if mine and self.runs - seen > self.patience:
                    del self.messages[name]
        return message


def element(name: str, fragment: str = "") -> ForwardMsg:
    message = ForwardMsg(hash=name)
    message.metadata.cacheable = True
    message.delta.new_element.html.body = f"the picture {name}"
    message.delta.fragment_id = fragment
    return message


def end(*fragments: str) -> ForwardMsg:
    message = ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY)
    message.metadata.run.fragment_ids.extend(fragments)
    return message


def asking(*hashes: str) -> bytes:
    """A request of a browser that keeps these."""
    asked = BackMsg()
    asked.rerun_script.query_string = "seed=3"
    asked.rerun_script.cached_message_hashes.extend(hashes)
    return asked.SerializeToString()


def conversation(messages: list[ForwardMsg], request: bytes | None = None, query: bytes = b"") -> list[bytes]:
    """What leaves the middleware when Streamlit sends these on one connection; the first message is a request."""
    left: list[bytes] = []

    async def receive():
        return {"type": "websocket.receive", "bytes": asking("z") if request is None else request}

    async def streamlit(scope, receive, send):
        await receive()
        for message in messages:
            await send({"type": "websocket.send", "bytes": message.SerializeToString()})

    async def send(message):
        left.append(message["bytes"])

    asyncio.run(MessageCache(streamlit)({"type": "websocket", "path": STREAM, "query_string": query}, receive, send))
    return left


SHOWN = st.tuples(st.sampled_from("abcdef"), st.sampled_from(FRAGMENTS)).map(
    lambda pair: element("-".join(pair), pair[1])
)
ENDED = st.sampled_from([(), ("one",), ("two",), ("one", "two")]).map(lambda fragments: end(*fragments))
CONVERSATIONS = st.lists(st.one_of(SHOWN, ENDED), max_size=80)


@given(CONVERSATIONS)
def test_no_browser_is_told_of_what_it_has_forgotten(messages):
    sent = conversation(messages)
    for patience in (FORGOTTEN_HERE, FORGOTTEN_THERE):
        browser = Browser(patience)
        got = [browser.take(content) for content in sent]
        assert browser.missed == 0
        assert [message.delta for message in got] == [message.delta for message in messages]


def test_a_browser_that_forgets_sooner_would_miss_something():
    messages = [element("a"), end(), end(), end(), element("a")]
    sent = conversation(messages)
    assert ForwardMsg.FromString(sent[-1]).ref_hash == "a"
    hasty = Browser(FORGOTTEN_HERE - 2)
    for content in sent:
        hasty.take(content)
    assert hasty.missed == 1


def test_what_was_shown_lately_is_not_sent_again():
    again = conversation([element("a", "one"), element("b"), end(), element("a", "one"), end("one"), element("b")])
    kinds = [ForwardMsg.FromString(content).WhichOneof("type") for content in again]
    assert kinds == ["delta", "delta", "script_finished", "ref_hash", "script_finished", "ref_hash"]
    # Runs of another fragment make nothing old; a run of the page does.
    gone = [element("a", "one"), *[end("two")] * 20, element("a", "one"), *[end()] * (FORGOTTEN_HERE + 1), element("a")]
    kinds = [ForwardMsg.FromString(content).WhichOneof("type") for content in conversation(gone)]
    assert [kind for kind in kinds if kind != "script_finished"] == ["delta", "ref_hash", "delta"]


def test_a_reference_says_where_it_belongs_now():
    first, second = element("a"), element("a")
    first.metadata.delta_path.extend([0, 3])
    second.metadata.delta_path.extend([0, 5])
    reference = ForwardMsg.FromString(conversation([first, second])[1])
    assert list(reference.metadata.delta_path) == [0, 5]
    assert not reference.metadata.cacheable


def test_small_messages_and_other_connections_are_left_alone():
    small = element("a")
    small.metadata.cacheable = False
    assert conversation([small, small]) == [small.SerializeToString()] * 2
    assert [ForwardMsg.FromString(one[0]).WhichOneof("type") for one in [conversation([element("a")])] * 2] == [
        "delta"
    ] * 2


def test_who_keeps_nothing_gets_everything():
    shown = [element("a"), end(), element("a")]
    assert conversation(shown, asking()) == [message.SerializeToString() for message in shown]


def test_the_list_that_a_browser_sends_is_not_believed():
    broken, other = b"\xff\xff\xff", BackMsg(app_heartbeat=True).SerializeToString()
    contents = [asking("a", "b"), broken, other]
    received = [{"type": "websocket.receive", "bytes": content} for content in contents]
    incoming = iter([{"type": "websocket.connect"}, *received, {"type": "websocket.disconnect"}])
    heard = []

    async def streamlit(scope, receive, send):
        while (message := await receive())["type"] != "websocket.disconnect":
            heard.append(message.get("bytes"))

    async def receive():
        return next(incoming)

    asyncio.run(MessageCache(streamlit)({"type": "websocket", "path": STREAM}, receive, None))
    assert heard[0] is None
    assert heard[2:] == [broken, other]
    got = BackMsg.FromString(heard[1]).rerun_script
    assert got.query_string == "seed=3"
    assert not got.cached_message_hashes


def test_browsers_are_told_to_remember_longer_than_is_counted_on():
    chosen = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text("utf-8"))
    assert chosen["global"]["maxCachedMessageAge"] == FORGOTTEN_THERE > FORGOTTEN_HERE
    assert "global.maxCachedMessageAge" in config._config_options_template
