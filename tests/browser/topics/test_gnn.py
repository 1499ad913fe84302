"""The page "Graph neural networks" where it takes a browser: training, picking, propagation, own edges, a phone."""

import re

import pytest

from engine.data.graph_texts.keys import text_of
from engine.topics.gnn import explain
from engine.topics.gnn.card import TOPIC, Config
from engine.topics.gnn.run import first


def place(visitor, node: int, key: str = "gnn-graph") -> dict:
    x, y = visitor.canvas(key).evaluate("(c, i) => c.neurarium.place(i)", node)
    return {"x": x, "y": y}


def click_node(visitor, node: int, key: str = "gnn-graph") -> None:
    visitor.canvas(key).click(position=place(visitor, node, key))


def tip(visitor, key: str = "gnn-graph") -> str:
    return visitor.key(key).locator(".tip.on").inner_text()


def table(visitor) -> list[list[str]]:
    rows = visitor.page.locator("table.messages tr")
    return [row.locator("td").all_inner_texts() for row in rows.all()][1:]


def plain(text: str) -> float:
    return float(text.replace("−", "-").replace(",", ""))


def test_a_picked_node_shows_its_sum_and_after_the_training_its_answer(visit):
    visitor = visit("/gnn")
    assert visitor.query == {}
    visitor.canvas("gnn-graph").focus()
    visitor.page.keyboard.press("ArrowRight")
    name = tip(visitor).split("\n")[0]
    assert name != "Node 9"
    visitor.page.keyboard.press("Space")
    visitor.until(lambda: f"{name}, layer 1" in visitor.words, "Space picks the node")
    visitor.settle()
    assert "Train" in visitor.key("gnn:play").inner_text(), "and does not press Train"
    assert visitor.step() == 0

    for node, key in ((30, "gnn-graph"), (16, "gnn-plane")):
        click_node(visitor, node, key)
        visitor.until(lambda node=node: f"Node {node + 1}, layer 1" in visitor.words, "the node's sum")
        made = explain.explain_node(explain.inside(Config(), first(Config())), node, 0, 0)
        rows = table(visitor)
        assert len(rows) == len(made.messages) + 1
        for row, message in zip(rows, made.messages, strict=False):
            assert row[0] == ("itself" if message.node == node else str(message.node + 1))
            assert [plain(cell) for cell in row[1:]] == pytest.approx(
                [message.coefficient, message.value, message.product], rel=0.01, abs=1e-5
            )
        assert plain(rows[-1][-1]) == pytest.approx(made.total, rel=1e-3)
        for view in ("gnn-graph", "gnn-plane"):
            assert visitor.canvas(view).evaluate("c => c.neurarium.picked()") == node

    before = visitor.picture("gnn-plane")
    visitor.key("gnn:speed").get_by_text("Fast").click()
    visitor.button("gnn:play").click()
    visitor.until(lambda: visitor.step() == 200, "trained", patience=60)
    visitor.settle()
    assert visitor.status() == [200, 100, 96.9]
    assert visitor.query == {"steps": "200", "view.node": "16"}
    assert visitor.picture("gnn-plane") != before
    visitor.canvas("gnn-graph").hover(position=place(visitor, 8))
    assert "Node 9" in tip(visitor)
    assert re.search(r"answer: John A .*\ntruth: Mr\. Hi$", tip(visitor))
    status = visitor.status()
    visitor.open("/gnn?steps=200")
    visitor.until(lambda: visitor.step() == 200, "the link brings the run back")
    assert visitor.status() == status


OWN = "source,target\nAda,Bob\nBob,Cem\nCem,Ada\nCem,Dora\nDora,Eli\nEli,Fay\nFay,Dora\nAda: chess\nFay: music\n"


def test_propagation_step_by_step_and_own_edges(visit, tmp_path):
    visitor = visit("/gnn")
    click_node(visitor, 16)
    visitor.page.get_by_text("Step by step", exact=True).click()
    visitor.until(lambda: "A 1 stands at node 17" in visitor.words, "what it shows")
    frames = visitor.key("gnn-flow-bar").locator("input[type=range]")
    pictures = set()
    for moment in range(1, 4):
        pictures.add(visitor.picture("gnn-flow"))
        frames.press("ArrowRight")
        visitor.until(
            lambda moment=moment: visitor.canvas("gnn-flow").get_attribute("data-frame") == str(moment),
            "a step further",
        )
    assert len(pictures) == 3
    visitor.canvas("gnn-flow").hover(position=place(visitor, 0, "gnn-flow"))
    reached = explain.signal(explain.inside(Config(), first(Config())), 16)
    assert (reached[2] > 0).sum() == 6
    assert plain(tip(visitor, "gnn-flow").split()[-1]) == pytest.approx(reached[3][0], rel=1e-3)
    visitor.page.get_by_text("Too deep?", exact=True).click()
    visitor.canvas("gnn-layers")

    visitor.key("gnn-own").get_by_role("button").first.click()
    visitor.key("gnn:edges").locator("textarea").fill("Ada Bob\n\nlonely")
    visitor.button("gnn:use").click()
    visitor.until(lambda: any("Line 3: expected two names" in text for text in visitor.alerts()), "the refusal")
    assert "data" not in visitor.query
    upload = visitor.page.locator("input[type=file]")
    picture = b"\x89PNG\r\n\x1a\n" + bytes(40)
    upload.set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": picture})
    visitor.until(lambda: any("edges, got a PNG picture" in text for text in visitor.alerts()), "no text")
    visitor.page.locator("[data-testid=stFileChipDeleteBtn] button, [data-testid=stFileChipDeleteBtn]").last.click()
    visitor.until(lambda: visitor.alerts() == [], "the sentence goes with the file")
    long = tmp_path / "long.txt"
    long.write_bytes(b"a b\n" * 300_000)
    upload.set_input_files(long)
    script = "(element) => getComputedStyle(element, '::after').content"
    told = "This file was not taken: it is too large."
    visitor.until(lambda: told in visitor.page.locator(".stFileUploader").evaluate(script), "its own limit of 1 MB")
    upload.set_input_files({"name": "friends.csv", "mimeType": "text/csv", "buffer": OWN.encode()})
    visitor.until(lambda: visitor.query.get("data") == "own", "the file's edges")
    assert text_of(visitor.query["graph"]) == OWN
    assert visitor.alerts() == []
    visitor.page.keyboard.press("Escape")
    visitor.until(lambda: "chess" in visitor.key("gnn-graph").locator(".swatches").inner_text(), "its classes")
    visitor.until(lambda: not visitor.page.locator("[data-testid=stPopoverBody]").count(), "the popover is closed")
    visitor.canvas("gnn-graph").hover(position=place(visitor, 1))
    assert tip(visitor).startswith("Node Bob")
    assert "answer: " in tip(visitor)


def test_chinese_on_a_phone(visit):
    visitor = visit("/gnn", size=(390, 844), touch=True, theme="dark", locale="zh-CN")
    assert visitor.title == "图神经网络"
    assert not visitor.scrolls_sideways()
    box = visitor.canvas("gnn-graph").bounding_box()
    spot = place(visitor, 16)
    visitor.page.touchscreen.tap(box["x"] + spot["x"], box["y"] + spot["y"])
    visitor.until(lambda: "节点 17，第 1 层" in visitor.words, "the node by a finger")
    visitor.preset("gnn", "随机块模型")
    wanted = {"data": "blocks", "known": "5", "view.node": "16"}
    visitor.until(lambda: visitor.query == wanted, "the preset; the picked node stays in the link")
    assert set(TOPIC.presets["Block model"].__dict__.items()) >= {("data", "blocks"), ("known", 5)}
