"""The page of graph networks without a browser: labels by hand, depths, own graphs as text and as files."""

import re
from functools import partial

import networkx as nx
import numpy as np
import pytest

from engine.data.graph_texts.keys import text_of
from engine.topics.gnn import explain
from engine.topics.gnn.card import Config
from engine.topics.gnn.run import Experiment, first, run
from tests.visitor import link

OWN = "source,target\nAda,Bob\nBob,Cem\nCem,Ada\nCem,Dora\nDora,Eli\nEli,Fay\nFay,Dora\nAda: chess\nFay: music\n"


@pytest.fixture
def reader(readers):
    """reader(query, locale) -> a visitor on the page."""
    return partial(readers, "gnn")


def played(visitor) -> list[float]:
    """Play to the end; the bold numbers of the status line: the step, and the scores in per cent."""
    visitor.touch("gnn-speed", "pick", 2)  # fast
    assert not visitor.press("gnn:play").errors
    stand_still(visitor)
    status = visitor.status()
    return [float(number) for number in re.findall(r"<b>([\d.]+)\W*?%?</b>", status)]


def stand_still(visitor) -> None:
    for _ in range(3000):
        if visitor.tick() is None:
            return
    raise AssertionError("the run goes on and on")


def use(visitor, text: str) -> None:
    visitor.move("gnn:edges", text)
    visitor.press("gnn:use")


def classes(visitor) -> list[str]:
    return visitor.data("gnn-graph")[0]["classes"]


# ---------------------------------------------------------------- the run


def test_two_labels_are_enough_for_all_but_member_nine_and_a_third_by_hand_is_told(reader):
    visitor = reader()
    assert played(visitor) == [200, 100, 96.9]
    assert link(visitor) == {"steps": "200"}
    visitor.press("gnn:label")  # of the node that is shown at first
    assert link(visitor) == {"labels": "karate.8"}
    assert visitor.widget("gnn:label").label.startswith("Take away its label")
    told = run(Config(labels="karate.8", steps=200))
    assert played(visitor)[2] == pytest.approx(100 * told.other_accuracy[-1].item(), abs=0.06)
    assert told.known.nonzero().flatten().tolist() == [0, 8, 33]
    visitor.press("gnn:label")
    assert "labels" not in link(visitor)


def test_too_deep_is_measured_and_other_depths_are_trained(reader):
    visitor = reader("depth=6&until=50&view.below=depth")
    distances, _ = explain.smoothing_of(explain.inside(Config(depth=6), first(Config(depth=6))))
    assert distances[-1] < distances[0]
    assert visitor.find("gnn-layers")
    assert not visitor.move("gnn:depths", True).errors
    texts = []
    for _ in range(3000):
        texts += [element.text for kind, element, _ in visitor.elements.values() if kind == "progress"]
        if visitor.tick() is None:
            break
    assert any("of 30" in text for text in texts), "it tells how far it is"
    assert not [kind for kind, *_ in visitor.elements.values() if kind == "progress"]
    assert visitor.find("gnn-depths-chart")


def test_a_link_whose_graph_is_gone_says_so_and_shows_the_club(reader):
    visitor = reader("data=own&graph=upload%3A0123456789abcdef")
    assert "not on this server" in visitor.alerts()[0]
    meta, arrays = visitor.data("gnn-graph")
    assert (meta["count"], meta["classes"]) == (34, ["Mr. Hi", "John A"])
    assert np.array_equal(arrays["positions"], reader().data("gnn-graph")[1]["positions"])
    assert np.isfinite(arrays["positions"]).all()


# ---------------------------------------------------------------- own graphs


def test_own_edges_are_trained_on_and_bad_ones_become_a_sentence(reader):
    visitor = reader()
    visitor.move("gnn-own", True)
    use(visitor, "Ada Bob\n\nlonely")
    assert "Line 3: expected two names" in visitor.alerts()[0]
    assert link(visitor) == {}
    assert not visitor.upload("gnn:file", "friends.csv", OWN.encode()).errors
    graph = link(visitor)["graph"]
    assert link(visitor)["data"] == "own"
    assert text_of(graph) == OWN
    assert visitor.alerts() == []
    assert len(Experiment(Config(data="own", graph=graph)).graph) == 6
    assert classes(visitor) == ["chess", "music"]
    played(visitor)
    answers = run(Config(data="own", graph=graph, steps=200)).probabilities.argmax(1)
    assert answers.tolist() == [0, 0, 0, 1, 1, 1]
    assert visitor.data("gnn-graph")[1]["values"][-1].argmax(1).tolist() == [0, 0, 0, 1, 1, 1]


def test_neighbours_an_empty_box_and_the_choices_that_there_are(reader):
    visitor = reader()
    visitor.move("gnn-own", True)
    use(visitor, "A B C D E")
    assert "Line 1: expected two names" in visitor.alerts()[0]
    use(visitor, "  \n")
    assert len(visitor.alerts()) == 1  # the old sentence is gone
    assert "the box for the edges is empty" in visitor.alerts()[0]
    assert link(visitor) == {}
    use(visitor, "A: B, C, D\nB: C, E\nD: E, F")
    said = "Now: 6 nodes, 7 edges. Every line is read as a node and its neighbours, since “B” stands before"
    assert said in visitor.texts().replace("\u2060", "")
    assert visitor.alerts() == []
    assert visitor.find("gnn-read-lines")
    key = link(visitor)["graph"]
    use(visitor, "")
    assert "The graph stays as it is" in visitor.alerts()[0]
    assert link(visitor)["graph"] == key
    use(visitor, "{'A': ['B', 'C'], 'B': ['C']}")
    said = "Now: 3 nodes, 3 edges. Read as Python or JSON. This format says itself what is a node"
    assert said in visitor.texts().replace("\u2060", "")
    assert not visitor.find("gnn-read-lines")
    assert not visitor.find("gnn-read-classes")
    assert visitor.alerts() == []


def test_a_file_with_attributes_lets_the_classes_be_chosen(reader):
    graph = nx.karate_club_graph()
    nx.set_node_attributes(graph, {node: "third " + "xyz"[node % 3] for node in graph}, "part")
    visitor = reader()
    visitor.move("gnn-own", True)
    visitor.upload("gnn:file", "a.picture", "\n".join(nx.generate_graphml(graph)).encode())  # its content decides
    assert "Classes from the nodes' attribute “club”." in visitor.texts().replace("\u2060", "")
    offered = visitor.data("gnn-read-classes")[0]["names"]
    visitor.touch("gnn-read-classes", "pick", offered.index("part"))
    assert "Classes from the nodes' attribute “part”." in visitor.texts().replace("\u2060", "")
    assert link(visitor)["graph"].endswith(".v")
    assert "third x" in classes(visitor)


@pytest.mark.parametrize(
    ("locale", "words", "empty", "kinds"),
    [("en-US", "Own graph: expected a text file in UTF-8 with edges, got {}", "got an empty file",
      ("a PNG picture", "a ZIP or office document", "a PDF document")),
     ("zh-CN", "自己的图：需要写有边的 UTF-8 文本文件，收到的却是{}", "收到的却是空文件",
      ("PNG 图片", "ZIP 或 Office 文档", "PDF 文档"))],
)  # fmt: skip
def test_other_files_get_one_sentence_in_the_readers_language(reader, locale, words, empty, kinds):
    visitor = reader(locale=locale)
    query = visitor.query
    visitor.move("gnn-own", True)
    contents = (b"\x89PNG\r\n\x1a\n" + bytes(40), b"PK\x03\x04" + bytes(40), b"%PDF-1.7\n%\xe2\xe3")
    for content, wanted in [*zip(contents, map(words.format, kinds), strict=True), (b"", empty)]:
        visitor.upload("gnn:file", "thing.bin", content)
        assert len(visitor.alerts()) == 1
        assert wanted in visitor.alerts()[0]
    assert visitor.query == query
