"""A bad line: requests that arrive late, and a connection that is lost and comes back, as on a train."""

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from pages.components.server.array_cache import MARK

# Keeps every socket that the page opens, so that a test can cut them; while `dead`, what is sent goes nowhere.
KEEP_SOCKETS = """
window.sockets = [];
window.dead = false;
window.WebSocket = class extends window.WebSocket {
  constructor(...given) { super(...given); window.sockets.push(this); }
  send(content) { if (!window.dead) super.send(content); }
};
"""


class SlowLine:
    """Between browser and server: while it is held, requests wait; then they go on, each after the one before."""

    def __init__(self, page):
        self.held, self.busy, self.waiting, self.references = False, False, [], 0
        page.route_web_socket("**/_stcore/stream?*", self._connect)

    def _connect(self, browser) -> None:
        self.server = browser.connect_to_server()
        self.server.on_message(lambda content: self._answer(browser, content))
        browser.on_message(self._ask)

    def _ask(self, content: bytes) -> None:
        if BackMsg.FromString(content).WhichOneof("type") != "rerun_script":
            self.server.send(content)
            return
        self.waiting.append(content)
        self.go_on()

    def _answer(self, browser, content: bytes) -> None:
        if content.startswith(MARK):  # a picture, without the arrays that the browser has
            browser.send(content)
            return
        message = ForwardMsg.FromString(content)
        kind = message.WhichOneof("type")
        self.references += kind == "ref_hash"
        browser.send(content)
        if kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            self.busy = False
            self.go_on()

    def go_on(self) -> None:
        if self.waiting and not self.held and not self.busy:
            self.busy = True
            self.server.send(self.waiting.pop(0))


def test_late_requests_name_nothing_that_the_browser_has_forgotten(visit):
    """Each request lists what the browser keeps; by the time the last is answered it keeps that no longer."""
    visitor = visit(None)
    line = SlowLine(visitor.page)
    visitor.open("/one_stage")  # its pictures are so large that they are kept
    visitor.page.get_by_role("tab", name="Code").click()  # a knob now runs the whole page: all it kept grows older
    visitor.settle()
    line.held = True
    for name in (*(6 * ("A cat", "Half as large")), "Four in one"):
        count = len(line.waiting)
        visitor.preset("one_stage", name)
        visitor.until(lambda count=count: len(line.waiting) == count + 1, "asked")
    line.held = False
    line.go_on()
    visitor.until(lambda: not line.waiting and not line.busy, "all are answered")
    visitor.settle()
    assert visitor.query == {}, "the link of the last, though none was answered when it was asked for"
    assert visitor.page.get_by_role("dialog").count() == 0
    assert line.references > 10, "what it still has is not sent again"
    visitor.preset("one_stage", "A cat")
    visitor.until(lambda: visitor.query.get("arrange") == "alone", "it still answers")


def cut(visitor) -> None:
    """All connections of the page end; Streamlit's front end tries again by itself."""
    before = visitor.page.evaluate("window.sockets.length")
    visitor.page.evaluate("window.sockets.forEach((socket) => socket.close())")
    visitor.page.wait_for_function(
        "(before) => window.sockets.length > before && window.sockets.at(-1).readyState === 1", arg=before
    )


def test_a_training_run_survives_a_lost_connection(visit):
    visitor = visit(None)
    visitor.allow("WebSocket|from server")  # the browser says that it has lost the connection, as it should
    visitor.page.add_init_script(KEEP_SOCKETS)
    visitor.open("/mlp?noise=0.2&layers=6-5")
    visitor.key("mlp:play").get_by_role("button").click()
    visitor.until(lambda: visitor.step() > 20, "it trains")
    before = visitor.step()
    cut(visitor)
    visitor.until(lambda: visitor.step() > before + 20, "it goes on, and the page shows it")
    assert visitor.query["noise"] == "0.2"
    assert visitor.query["layers"] == "6-5"
    visitor.key("mlp:play").get_by_role("button").click()
    visitor.until(lambda: "steps" in visitor.query, "paused, and the link holds the step")
    visitor.settle()
    visitor.until(lambda: visitor.step() == visitor.held, "what is shown is what the link says")
    paused = visitor.step()
    cut(visitor)
    visitor.settle()
    assert visitor.step() == paused == visitor.held


def said(visitor) -> str:
    """What the page says of its line, in the name of the sentence; "" for nothing."""
    box = visitor.page.locator("#connection")
    return box.get_attribute("data-says") if box.count() else ""


def leave(visitor) -> None:
    """The server cannot be reached any more."""
    visitor.page.route("**/_stcore/health", lambda route: route.abort())
    visitor.page.route("**/_stcore/host-config", lambda route: route.abort())
    visitor.page.evaluate("window.sockets.forEach((socket) => socket.close())")


def come_back(visitor) -> None:
    visitor.page.unroute("**/_stcore/health")
    visitor.page.unroute("**/_stcore/host-config")


def test_a_lost_line_is_told_of_and_no_click_vanishes(visit):
    visitor = visit(None)
    visitor.allow("WebSocket|from server|Failed to load|request failed|Client [Ee]rror|Cannot send|not responding")
    visitor.page.add_init_script(KEEP_SOCKETS)
    visitor.open("/mlp?lang=zh")
    leave(visitor)
    visitor.until(lambda: said(visitor) == "lost", "the page says it")
    box = visitor.page.locator("#connection")
    assert "连接断开了" in box.inner_text()
    visitor.key("mlp-presets").get_by_role("button").nth(3).click()
    assert said(visitor) == "refused"
    visitor.page.wait_for_timeout(3000)  # Streamlit's own dialog comes about now
    assert not visitor.page.get_by_role("dialog").locator("visible=true").count(), "not Streamlit's English one"
    come_back(visitor)
    visitor.until(lambda: said(visitor) == "back", "it mends itself, and says so")
    visitor.until(lambda: said(visitor) == "", "and is quiet again")
    visitor.key("mlp-presets").get_by_role("button").nth(3).click()
    visitor.until(lambda: visitor.query.keys() - {"lang"}, "clicks count again")


def test_a_dead_line_is_found_and_made_anew(visit):
    """Behind a router that forgot the connection nothing closes it: requests go nowhere, for minutes."""
    visitor = visit(None)
    visitor.allow("WebSocket|from server|Client [Ee]rror|Failed to load|request failed")
    visitor.page.add_init_script(KEEP_SOCKETS)
    visitor.open("/gnn")
    visitor.page.route("**/health", lambda route: route.abort())
    visitor.page.evaluate("window.dead = true")
    visitor.preset("gnn", "Block model")
    visitor.until(lambda: said(visitor) == "slow", "the page says that it waits")
    visitor.until(lambda: visitor.page.evaluate("window.sockets[0].readyState") > 1, "it ends the dead line")
    visitor.page.evaluate("window.dead = false")
    visitor.page.unroute("**/health")
    visitor.until(lambda: said(visitor) == "backUnheard", "connected again, and the click may be lost")
    visitor.preset("gnn", "Block model")
    visitor.until(lambda: visitor.query.get("data") == "blocks", "it counts")


def test_a_page_that_streamlit_gave_up_loads_itself_again_with_its_settings(visit):
    visitor = visit(None)
    visitor.allow("WebSocket|Failed to process|Client Error|wire type|index out of range|Error")
    visitor.page.add_init_script(KEEP_SOCKETS)
    visitor.open("/gnn?depth=5&lang=zh")
    visitor.page.evaluate("window.here = true")
    broken = "window.sockets[0].dispatchEvent(new MessageEvent('message', {data: new Uint8Array([255, 255]).buffer}))"
    visitor.page.evaluate(broken)
    visitor.until(lambda: said(visitor) == "reloading", "the page says it")
    visitor.page.wait_for_function("() => !window.here")  # loaded again
    visitor.settle()
    assert visitor.query == {"depth": "5", "lang": "zh"}
    assert said(visitor) == ""


def test_a_server_that_was_started_anew_is_met_with_a_page_loaded_anew(visit):
    """It knows nothing of the parts of the page before, and would drop every click on them."""
    visitor = visit(None)
    visitor.allow("WebSocket|from server")
    visitor.page.add_init_script(KEEP_SOCKETS)
    answers = []
    visitor.page.route("**/health", lambda route: (answers.append(1), route.fulfill(json={"process": len(answers)})))
    visitor.open("/gnn?depth=5")
    visitor.until(lambda: answers, "the page knows its server")
    visitor.page.evaluate("window.here = true")
    visitor.page.evaluate("window.sockets.forEach((socket) => socket.close())")
    visitor.page.wait_for_function("() => !window.here")  # loaded again
    visitor.settle()
    assert visitor.query == {"depth": "5"}
