"""The boot script by itself: where the server is, and the messages of a run handed over together and in order."""

from pathlib import Path

import numpy as np
import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from engine.pictures.packing import pack
from pages.components.server.array_cache import ArrayCache

BOOT = Path(__file__).parents[3] / "assets" / "boot.js"
PLACE = "http://boot.example/lab/net"
# A socket that receives what it is told, and a listener that writes down what comes and in which task.
PAGE = """<script>
  window.WebSocket = class extends EventTarget {};
</script><script src="neurarium-boot.js"></script><script>
  const socket = new WebSocket("ws://boot.example");
  window.seen = [];
  let [task, tasks] = [0, 0];
  socket.addEventListener("message", (event) => {
    if (!task) {
      task = performance.now() + 1e-6 * ++tasks; // the clock is coarse
      setTimeout(() => { task = 0; });
    }
    window.seen.push([event.data instanceof ArrayBuffer ? event.data.byteLength : event.data, task]);
  });
  window.tell = (sizes) => {
    for (const bytes of sizes) {
      const data = typeof bytes === "string" ? bytes : new Uint8Array(bytes).buffer;
      socket.dispatchEvent(new MessageEvent("message", { data }));
    }
    return performance.now();
  };
  window.end = () => socket.dispatchEvent(new Event("close"));
</script>"""


@pytest.fixture
def page(browser):
    context = browser.new_context()
    page = context.new_page()
    page.route(f"{PLACE}/mlp", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    page.route(
        f"{PLACE}/neurarium-boot.js",
        lambda route: route.fulfill(body=BOOT.read_text("utf-8"), content_type="text/javascript"),
    )
    page.goto(f"{PLACE}/mlp")
    yield page
    context.close()


def element(text: str) -> list[int]:
    message = ForwardMsg(hash="a hash")
    message.metadata.delta_path.extend([0, 1])
    message.delta.new_element.markdown.body = text
    return list(message.SerializeToString())


def finished() -> list[int]:
    message = ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY)
    message.metadata.run.script_run_id = "a run"
    return list(message.SerializeToString())


def seen(page, count: int) -> tuple[list, list[float]]:
    """(sizes or texts, tasks) of the messages handed over, when there are `count`."""
    page.wait_for_function("count => window.seen.length >= count", arg=count)
    sizes, tasks = zip(*page.evaluate("window.seen"), strict=True)
    return list(sizes), list(tasks)


def test_it_says_where_the_server_is_also_below_a_path(page):
    assert page.evaluate("window.__streamlit") == {"BACKEND_BASE_URL": PLACE, "MAIN_PAGE_BASE_URL": PLACE}


def test_the_field_number_is_streamlits():
    number = ForwardMsg.DESCRIPTOR.fields_by_name["script_finished"].number
    assert f"const SCRIPT_FINISHED = {number};" in BOOT.read_text("utf-8")


def test_a_run_is_handed_over_in_one_task_and_in_order(page):
    messages = [element("x" * count) for count in (1, 200, 30_000, 5)] + [finished()]
    told = page.evaluate(
        "messages => { setTimeout(() => tell(messages.slice(3))); return tell(messages.slice(0, 3)); }", messages
    )
    sizes, tasks = seen(page, 5)
    assert sizes == [len(message) for message in messages]
    assert len(set(tasks)) == 1
    assert tasks[0] > told


def test_what_follows_the_end_at_once_comes_with_it(page):
    idle = ForwardMsg()
    idle.session_status_changed.SetInParent()
    messages = [element("text"), finished(), list(idle.SerializeToString())]
    page.evaluate("messages => window.tell(messages)", messages)
    sizes, tasks = seen(page, 3)
    assert sizes == [len(message) for message in messages]
    assert len(set(tasks)) == 1


def test_runs_that_come_together_are_handed_over_one_after_the_other(page):
    messages = [element("one"), finished(), element("two"), finished(), element("three"), finished(), element("four")]
    page.evaluate("messages => window.tell(messages)", messages)
    sizes, tasks = seen(page, 7)
    assert sizes == [len(message) for message in messages]
    assert [tasks.index(task) for task in tasks] == [0, 0, 2, 2, 4, 4, 4]


def test_a_long_run_is_shown_before_it_ends(page):
    messages = [element("one"), element("another")]
    page.evaluate("messages => window.tell(messages)", messages)
    sizes, _ = seen(page, 2)
    assert sizes == [len(message) for message in messages]


@pytest.mark.parametrize("strange", [[255] * 20, [0x0B, 1, 2], [0x0D], [], [0x12, 200]])
def test_strange_bytes_and_texts_come_through_as_they_are(page, strange):
    page.evaluate("messages => window.tell(messages)", ["a text", strange, finished()])
    sizes, _ = seen(page, 3)
    assert sizes == ["a text", len(strange), len(finished())]


def test_messages_in_parts_are_put_together_whoever_listens(page):
    """Frames as the server makes them; a second listener must not make the page count its arrays twice."""
    page.evaluate("""() => {
      window.wholes = [[], []];
      window.other = new WebSocket("ws://boot.example");
      for (const list of window.wholes)
        other.addEventListener("message", (event) => list.push([...new Uint8Array(event.data)]));
      window.say = (bytes) => other.dispatchEvent(new MessageEvent("message", { data: new Uint8Array(bytes).buffer }));
    }""")
    cache, arrays = ArrayCache(), [np.full(size, value, np.uint8) for value, size in ((1, 5000), (2, 9000), (3, 40))]
    messages = []
    for picked, (first, second) in enumerate([(0, 1), (1, 0), (0, 2), (1, 1), (2, 0)]):
        message = ForwardMsg(hash=f"picture {picked}")
        payload = pack({"picked": picked}, {"a": arrays[first], "b": arrays[second]})
        message.delta.new_element.bidi_component.bytes = payload
        messages.append(message.SerializeToString())
        page.evaluate("bytes => window.say(bytes)", list(cache.shortened(message, messages[-1])))
    page.evaluate("bytes => window.say(bytes)", finished())
    page.wait_for_function("() => window.wholes.every((list) => list.length === 6)")
    for got in page.evaluate("window.wholes"):
        assert [bytes(one) for one in got[:5]] == messages


def test_a_lost_connection_leaves_nothing_behind(page):
    message = element("last words")
    assert page.evaluate("message => { tell([message]); end(); return window.seen.length; }", message) == 1
    ends = [finished(), finished(), message]
    assert page.evaluate("messages => { tell(messages); end(); return window.seen.length; }", ends) == 4
