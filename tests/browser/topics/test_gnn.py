"""The page "Graph neural networks": training, picking, labels by hand, propagation, depth, own edges."""

import re

import networkx as nx
import pytest

from engine.data.graph_texts.keys import text_of
from engine.topics.gnn import explain
from engine.topics.gnn.card import TOPIC, Config
from engine.topics.gnn.run import Experiment, first, run


def place(visitor, node: int, key: str = "gnn-graph") -> dict:
    x, y = visitor.canvas(key).evaluate("(c, i) => c.neurarium.place(i)", node)
    return {"x": x, "y": y}


def click_node(visitor, node: int, key: str = "gnn-graph") -> None:
    visitor.canvas(key).click(position=place(visitor, node, key))


def table(visitor) -> list[list[str]]:
    rows = visitor.page.locator("table.messages tr")
    return [row.locator("td").all_inner_texts() for row in rows.all()][1:]


def plain(text: str) -> float:
    return float(text.replace("−", "-").replace("\u202f", ""))


def train(visitor, until: int = 200) -> None:
    visitor.key("gnn:speed").get_by_text("Fast").click()
    visitor.button("gnn:play").click()
    visitor.until(lambda: visitor.step() == until, "trained", patience=60)
    visitor.settle()


def test_two_labels_are_enough_for_all_but_member_nine(visit):
    visitor = visit("/gnn")
    assert visitor.query == {}
    before = visitor.picture("gnn-plane")
    train(visitor)
    assert visitor.status() == [200, 100, 96.9]
    assert visitor.query == {"steps": "200"}
    assert visitor.picture("gnn-plane") != before
    visitor.canvas("gnn-graph").hover(position=place(visitor, 8))
    read = visitor.key("gnn-graph").locator(".tip.on").inner_text()
    assert "Node 9" in read
    assert re.search(r"answer: John A .*\ntruth: Mr\. Hi$", read)
    friend = visit("/gnn?steps=200")
    friend.until(lambda: friend.step() == 200, "the link brings the run back")
    assert friend.status() == visitor.status()


def test_a_clicked_node_shows_its_sum_as_the_engine_computes_it(visit):
    visitor = visit("/gnn")
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


def test_space_picks_a_node_and_does_not_press_play(visit):
    visitor = visit("/gnn")
    visitor.canvas("gnn-graph").focus()
    visitor.page.keyboard.press("ArrowRight")
    name = visitor.key("gnn-graph").locator(".tip.on").inner_text().split("\n")[0]
    visitor.page.keyboard.press("Space")
    visitor.until(lambda: f"{name}, layer 1" in visitor.words, "the node is picked")
    assert name != "Node 9"
    visitor.settle()
    assert "Play" in visitor.key("gnn:play").inner_text()
    assert visitor.step() == 0


def test_a_label_given_by_hand_begins_a_new_run_and_travels_in_the_link(visit):
    visitor = visit("/gnn")
    click_node(visitor, 8)
    visitor.button("gnn:label").click()
    visitor.until(lambda: visitor.query == {"labels": "karate.8"}, "the link holds the label")
    visitor.until(lambda: "Take away its label" in visitor.button("gnn:label").inner_text(), "it can be taken back")
    train(visitor)
    told = run(Config(labels="karate.8", steps=200))
    assert visitor.status()[2] == pytest.approx(100 * told.other_accuracy[-1].item(), abs=0.06)
    assert told.known.nonzero().flatten().tolist() == [0, 8, 33]
    visitor.button("gnn:label").click()
    visitor.until(lambda: "labels" not in visitor.query, "as at first")


def test_propagation_step_by_step_reaches_six_members_in_two_steps(visit):
    visitor = visit("/gnn")
    click_node(visitor, 16)
    visitor.page.get_by_text("Step by step", exact=True).click()
    visitor.until(lambda: "A 1 stands at node 17" in visitor.words, "what it shows")
    frames = visitor.key("gnn-flow-bar").locator("input[type=range]")
    pictures = set()
    for _ in range(3):
        pictures.add(visitor.picture("gnn-flow"))
        frames.press("ArrowRight")
        visitor.page.wait_for_timeout(150)
    assert len(pictures) == 3
    visitor.canvas("gnn-flow").hover(position=place(visitor, 0, "gnn-flow"))
    reached = explain.signal(explain.inside(Config(), first(Config())), 16)
    assert (reached[2] > 0).sum() == 6
    read = visitor.key("gnn-flow").locator(".tip.on").inner_text()
    assert plain(read.split()[-1]) == pytest.approx(reached[3][0], rel=1e-3)


def test_too_deep_is_measured_and_other_depths_are_trained(visit):
    visitor = visit("/gnn?depth=6&until=50")
    visitor.page.get_by_text("Too deep?", exact=True).click()
    distances, _ = explain.smoothing_of(explain.inside(Config(depth=6), first(Config(depth=6))))
    legend = visitor.key("gnn-layers")
    visitor.until(lambda: legend.locator("canvas.stage[data-ready]").count(), "the chart of the layers")
    assert distances[-1] < distances[0]
    visitor.key("gnn:depths").locator("label").click()
    visitor.until(
        lambda: visitor.key("gnn-depths-chart").locator("canvas.stage[data-ready]").count(), "the first depths"
    )
    visitor.until(lambda: "30 of 30" not in visitor.words and "of 30" not in visitor.words, "all 30", patience=60)


OWN = "source,target\nAda,Bob\nBob,Cem\nCem,Ada\nCem,Dora\nDora,Eli\nEli,Fay\nFay,Dora\nAda: chess\nFay: music\n"


def test_own_edges_are_trained_on_and_bad_ones_become_a_sentence(visit):
    visitor = visit("/gnn")
    visitor.key("gnn-own").get_by_role("button").first.click()
    box = visitor.key("gnn:edges").locator("textarea")
    box.fill("Ada Bob\n\nlonely")
    visitor.button("gnn:use").click()
    visitor.until(lambda: any("Line 3: expected two names" in text for text in visitor.alerts()), "the refusal")
    assert visitor.query == {}
    upload = visitor.page.locator("input[type=file]")
    upload.set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": b"\x89PNG\r\n\x1a\n" + bytes(40)})
    visitor.until(lambda: any("edges, got a PNG picture" in text for text in visitor.alerts()), "no text")
    upload.set_input_files({"name": "friends.csv", "mimeType": "text/csv", "buffer": OWN.encode()})
    visitor.until(lambda: visitor.query.get("data") == "own", "the file's edges")
    assert text_of(visitor.query["graph"]) == OWN
    assert visitor.alerts() == []
    visitor.page.keyboard.press("Escape")
    config = Config(data="own", graph=visitor.query["graph"])
    assert len(Experiment(config).graph) == 6
    visitor.until(lambda: "chess" in visitor.key("gnn-graph").locator(".swatches").inner_text(), "its classes")
    train(visitor)
    answers = run(Config(data="own", graph=config.graph, steps=200)).probabilities.argmax(1)
    assert answers.tolist() == [0, 0, 0, 1, 1, 1]
    visitor.canvas("gnn-graph").hover(position=place(visitor, 1))
    assert "answer: chess" in visitor.key("gnn-graph").locator(".tip.on").inner_text()


def said(visitor, words: str) -> None:
    visitor.until(lambda: words in visitor.page.locator("[data-testid=stPopoverBody]").inner_text(), words)


def test_neighbours_an_empty_box_and_the_choices_that_there_are(visit):
    visitor = visit("/gnn")
    visitor.key("gnn-own").get_by_role("button").first.click()
    box = visitor.key("gnn:edges").locator("textarea")
    box.fill("A B C D E")
    visitor.button("gnn:use").click()
    visitor.until(lambda: any("Line 1: expected two names" in text for text in visitor.alerts()), "the refusal")
    box.fill("  \n")
    visitor.button("gnn:use").click()
    visitor.until(lambda: any("the box for the edges is empty" in text for text in visitor.alerts()), "it is empty")
    assert len(visitor.alerts()) == 1  # the old sentence is gone
    assert visitor.query == {}
    box.fill("A: B, C, D\nB: C, E\nD: E, F")
    visitor.button("gnn:use").click()
    said(visitor, "Now: 6 nodes, 7 edges. Every line is read as a node and its neighbours, since “B” stands before")
    assert visitor.alerts() == []
    assert visitor.key("gnn-read-lines").is_visible()
    key = visitor.query["graph"]
    box.fill("")
    visitor.button("gnn:use").click()
    visitor.until(lambda: any("The graph stays as it is" in text for text in visitor.alerts()), "it is empty")
    assert visitor.query["graph"] == key
    box.fill("{'A': ['B', 'C'], 'B': ['C']}")
    visitor.button("gnn:use").click()
    said(visitor, "Now: 3 nodes, 3 edges. Read as Python or JSON. This format says itself what is a node")
    assert visitor.key("gnn-read").count() == 0
    assert visitor.alerts() == []


def test_a_file_with_attributes_lets_the_classes_be_chosen(visit):
    graph = nx.karate_club_graph()
    nx.set_node_attributes(graph, {node: "third " + "xyz"[node % 3] for node in graph}, "part")
    visitor = visit("/gnn")
    visitor.key("gnn-own").get_by_role("button").first.click()
    upload = visitor.page.locator("input[type=file]")
    content = "\n".join(nx.generate_graphml(graph)).encode()
    upload.set_input_files({"name": "a.picture", "mimeType": "image/png", "buffer": content})  # its content decides
    said(visitor, "Classes from the nodes' attribute “club”.")
    visitor.key("gnn-read-classes").locator("select").select_option(label="part")
    said(visitor, "Classes from the nodes' attribute “part”.")
    assert visitor.query["graph"].endswith(".v")
    visitor.page.keyboard.press("Escape")
    visitor.until(lambda: "third x" in visitor.key("gnn-graph").locator(".swatches").inner_text(), "its classes")


@pytest.mark.parametrize(
    ("locale", "words", "large"),
    [("en-US", "Own graph: expected a text file in UTF-8 with edges, got {}",
      "This file was not taken: it is too large."),
     ("zh-CN", "自己的图：需要写有边的 UTF-8 文本文件，收到的却是{}", "没有接收这个文件：它太大。")],
)  # fmt: skip
def test_other_files_get_one_sentence_in_the_readers_language(visit, locale, words, large):
    visitor = visit("/gnn", locale=locale)
    visitor.key("gnn-own").get_by_role("button").first.click()
    upload = visitor.page.locator("input[type=file]")
    kinds = {
        b"\x89PNG\r\n\x1a\n" + bytes(40): ("a PNG picture", "PNG 图片"),
        b"PK\x03\x04" + bytes(40): ("a ZIP or office document", "ZIP 或 Office 文档"),
        b"%PDF-1.7\n%\xe2\xe3": ("a PDF document", "PDF 文档"),
        b"": (),
    }
    for content, names in kinds.items():
        upload.set_input_files({"name": "thing.bin", "mimeType": "application/octet-stream", "buffer": content})
        chinese = locale == "zh-CN"
        wanted = words.format(names[chinese]) if names else ("收到的却是空文件" if chinese else "got an empty file")
        visitor.until(lambda wanted=wanted: any(wanted in text for text in visitor.alerts()), wanted)
        assert len(visitor.alerts()) == 1
    visitor.page.locator("[data-testid=stFileChipDeleteBtn] button, [data-testid=stFileChipDeleteBtn]").last.click()
    visitor.until(lambda: visitor.alerts() == [], "the sentence goes with the file")
    script = "(element) => getComputedStyle(element, '::after').content"
    upload.set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"a b\n" * 5_000_000})
    visitor.until(lambda: large in visitor.page.locator(".stFileUploader").evaluate(script), large)
    assert visitor.query == {}


def test_a_link_whose_graph_is_gone_says_so_and_shows_the_club(visit):
    visitor = visit("/gnn?data=own&graph=upload%3A0123456789abcdef")
    assert "not on this server" in visitor.alerts()[0]
    assert visitor.canvas("gnn-graph").evaluate("c => c.neurarium.place(33).every(Number.isFinite)")


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
