"""The connection is lost and comes back, as on a train."""

# Keeps every socket that the page opens, so that a test can cut them.
KEEP_SOCKETS = """
window.sockets = [];
window.WebSocket = class extends window.WebSocket {
  constructor(...given) { super(...given); window.sockets.push(this); }
};
"""


def cut(visitor) -> None:
    """All connections of the page end; Streamlit's front end tries again by itself."""
    before = visitor.page.evaluate("window.sockets.length")
    visitor.page.evaluate("window.sockets.forEach((socket) => socket.close())")
    visitor.page.wait_for_function(
        "(before) => window.sockets.length > before && window.sockets.at(-1).readyState === 1", arg=before
    )


def test_a_training_run_survives_a_lost_connection(visit):
    visitor = visit("/mlp?noise=0.2&layers=6-5")
    visitor.allow("WebSocket|from server")  # the browser says that it has lost the connection, as it should
    visitor.page.add_init_script(KEEP_SOCKETS)
    visitor.page.reload()
    visitor.settle()
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
    paused = visitor.step()
    cut(visitor)
    visitor.settle()
    assert visitor.step() == paused
    assert visitor.query["steps"] == str(paused)
