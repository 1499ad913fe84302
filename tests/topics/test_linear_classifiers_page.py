"""The page of kNN, SVM and softmax without a browser: spots, own points, own tables as text and as files, weights by
hand, digits."""

import re
from dataclasses import replace
from functools import partial
from urllib.parse import urlencode

import numpy as np
import pytest

from engine.contracts.knob import KnobError, to_query
from engine.data.point_tables import TableChoices
from engine.data.points import decode_points, encode_points
from engine.data.table_keys import key_of, table_of, text_of
from engine.topics.linear_classifiers import about, explain, margins, run
from engine.topics.linear_classifiers.card import TOPIC, Config, parse_carried, parse_edits
from engine.topics.linear_classifiers.lesson import margin_knobs
from engine.topics.linear_classifiers.samples import samples_of
from pages import linear_classifiers as page
from tests.visitor import link

SLUG, PLACE = "linear_classifiers", "linear-classifiers"
TABLE = "length;weight;kind\n0,5;1200;round <b>\n0,75;1500;round <b>\n1,5;900;long\n1,25;950;long\n1,5;1000;long\n"


@pytest.fixture
def reader(readers):
    """reader(query, locale) -> a visitor on the page."""
    return partial(readers, SLUG)


def stand_still(visitor) -> None:
    for _ in range(3000):
        if visitor.tick() is None:
            return
    raise AssertionError("the run goes on and on")


def test_a_training_is_watched_and_a_click_chooses_the_nearest_point(reader):
    visitor = reader("until=50")
    visitor.touch(f"{SLUG}-speed", "pick", 2)
    assert not visitor.press(f"{SLUG}:play").errors
    stand_still(visitor)
    assert link(visitor)["steps"] == "50"
    result = run.run(Config(until=50, steps=50))
    shown = [float(number) for number in re.findall(r"<b>([\d.]+)\W*?%?</b>", visitor.status())]
    assert shown[0] == 50
    assert shown[2] == pytest.approx(100 * result.svm_accuracy[-1].item(), abs=0.06)
    assert shown[4] == pytest.approx(100 * result.softmax_accuracy[-1].item(), abs=0.06)
    visitor.touch(f"{PLACE}-softmax", "spot", {"x": -1.5, "y": 0.75})
    assert (link(visitor)["view.x1"], link(visitor)["view.x2"]) == ("-1.5", "0.75")
    at = explain.nearest_point(Config(), (-1.5, 0.75))
    made = explain.explain_point(Config(until=50, steps=50), result.snapshot, at)
    assert f"Point {at + 1} (" in visitor.texts().replace("\u2060", "").replace("&#40;", "(")
    assert f"{made.cross_entropy:.3g}" in visitor.texts()
    for name in ("svm", "softmax"):
        assert visitor.data(f"{PLACE}-{name}")[0]["marked"] == [at]


def test_a_dragged_row_goes_on_from_there(reader):
    visitor = reader("steps=20&view.look=rows&view.model=softmax")
    stand_still(visitor)
    assert not visitor.touch(f"{PLACE}-rows", "handle", {"key": "1", "x": 0.5, "y": -0.75}).errors
    assert parse_edits(link(visitor)["edits"]) == [(20, "softmax", 1, 0, 0.5), (20, "softmax", 1, 1, -0.75)]
    stand_still(visitor)
    handles = visitor.data(f"{PLACE}-rows")[0]["handles"]
    assert handles[1][1:3] == pytest.approx([0.5, -0.75])
    assert not visitor.touch(f"{PLACE}-bias", "change", {"key": "softmax.0.b", "value": 2}).errors


def test_both_losses_follow_a_row_that_is_carried(reader):
    visitor = reader("steps=20&view.look=rows")
    stand_still(visitor)

    def table():
        return re.search(r"W of the SVM.*?W of softmax", visitor.texts(), re.DOTALL)[0]

    before = table()
    assert not visitor.touch(f"{PLACE}-rows", "carry", {"key": "1", "x": 0.5, "y": -0.75}).errors
    assert link(visitor)["view.carried"] == "svm.1=0.5_-0.75"
    assert "edits" not in link(visitor)
    carried = table()
    assert carried != before
    visitor.touch(f"{PLACE}-rows", "handle", {"key": "1", "x": 0.5, "y": -0.75})
    assert "view.carried" not in link(visitor)
    stand_still(visitor)
    assert table() == carried  # where it is put down, the losses are those that were shown
    for wrong in ("svm.1", "svm.11=1_1", "knn.0=1_1", "svm.0=nan_1", "svm.0=1e999_1"):
        with pytest.raises(KnobError, match=r"expected model\.class=x_y"):
            parse_carried(wrong)


def test_from_a_row_dragged_at_the_end_one_trains_on(reader):
    visitor = reader("steps=50&until=50&view.look=rows")
    stand_still(visitor)
    visitor.touch(f"{PLACE}-rows", "handle", {"key": "1", "x": 0.5, "y": -0.75})
    stand_still(visitor)
    assert not visitor.press(f"{SLUG}:more-steps").errors
    said = link(visitor)
    assert (said["until"], said["steps"]) == ("350", "50")
    assert parse_edits(said["edits"]) == [(50, "svm", 1, 0, 0.5), (50, "svm", 1, 1, -0.75)]
    stand_still(visitor)
    visitor.touch(f"{SLUG}-speed", "pick", 2)
    visitor.press(f"{SLUG}:play")
    stand_still(visitor)
    assert link(visitor)["steps"] == "350"
    assert link(visitor)["edits"] == said["edits"]


def test_why_a_row_cannot_be_dragged_is_said(reader):
    visitor = reader("steps=40&view.look=rows")
    stand_still(visitor)
    assert about.NOT_NEWEST not in visitor.texts()
    visitor.keep(f"{PLACE}-bar", "frame", 20)
    assert about.NOT_NEWEST in visitor.texts()
    assert visitor.data(f"{PLACE}-rows")[0]["handles"] == []


def test_own_points_are_drawn_on_every_method(reader):
    points = [[-1.0, 0.5, 0], [1.0, 0.5, 1], [-1.5, 0.5, 0], [1.5, 0.25, 1]]
    for method, place in (("linear", "svm"), ("neighbours", "plane"), ("kernel", "plane")):
        visitor = reader(urlencode({"method": method, "data": "own"}))
        assert "Click the plane to add points" in visitor.texts()
        assert not visitor.touch(f"{PLACE}-{place}", "points", {"points": points}).errors
        drawn = decode_points(link(visitor)["points"])
        assert np.allclose(drawn, points, atol=0.002)
        visitor.move(f"{SLUG}:drawing", False)
        assert not visitor.alerts()
        assert link(visitor)["view.drawing"] == "no"


def test_a_table_comes_as_text_and_as_a_file_and_bad_ones_become_a_sentence(reader):
    visitor = reader("method=neighbours")
    visitor.move(f"{SLUG}-table", True)
    visitor.move(f"{SLUG}:rows", "1,2\n3,4")
    visitor.press(f"{SLUG}:use-table")
    assert "Line 1: expected two numbers and a class" in visitor.alerts()[0].replace("\u2060", "")
    assert "table" not in link(visitor)
    visitor.move(f"{SLUG}:rows", "  ")
    visitor.press(f"{SLUG}:use-table")
    assert "the box is empty" in visitor.alerts()[0]
    assert not visitor.upload(f"{SLUG}:table-file", "points.csv", ("\ufeff" + TABLE).encode()).errors
    assert visitor.alerts() == []
    key = link(visitor)["table"]
    assert link(visitor)["data"] == "table"
    assert text_of(key).lstrip("\ufeff") == TABLE
    assert table_of(key).classes == ("round <b>", "long")
    meta, _ = visitor.data(f"{PLACE}-plane")
    assert (meta["classes"], meta["axisLabels"]) == (["round <b>", "long"], ["length", "weight"])
    assert meta["points"][1] == [0.75, 1500, 0]
    assert "Now: 5 points, 2 classes." in visitor.texts().replace("\u2060", "")
    visitor.touch(f"{PLACE}-plane", "spot", {"x": 1.0, "y": 1200.0})
    assert float(link(visitor)["view.x1"]) == pytest.approx(0, abs=0.002)
    visitor.upload(f"{SLUG}:table-file", "picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(40))
    assert "got a PNG picture" in visitor.alerts()[0]
    assert link(visitor)["table"] == key


def test_columns_and_separator_of_a_table_can_be_chosen(reader):
    text = "a,b,c,kind\n1,10,3,x\n2,20,1,y\n3,30,2,x\n4,40,9,y\n"
    visitor = reader(urlencode({"method": "neighbours", "data": "table", "table": key_of(text)}))
    visitor.move(f"{SLUG}-table", True)
    offered = visitor.data(f"{SLUG}-table-x")[0]["names"]
    assert offered == ["a", "b", "c"]
    visitor.touch(f"{SLUG}-table-x", "pick", 2)
    assert link(visitor)["table"] == key_of(text, TableChoices(x=2))
    assert visitor.data(f"{PLACE}-plane")[0]["axisLabels"] == ["c", "a"]
    visitor.touch(f"{SLUG}-table-y", "pick", 2)  # the same again: the two change places
    assert visitor.data(f"{PLACE}-plane")[0]["axisLabels"] == ["a", "c"]
    visitor.touch(f"{SLUG}-table-separator", "pick", 2)
    assert len(visitor.alerts()) == 1


@pytest.mark.parametrize("method", ["linear", "neighbours", "kernel"])
def test_classes_of_a_reader_s_table_are_never_translated(reader, method):
    """ "dog" is a word that other pages have Chinese for; here it is what the reader wrote."""
    text = "a,b,kind\n1,10,dog\n2,20,cat\n3,30,dog\n4,40,cat\n5,10,dog\n6,50,cat\n"
    visitor = reader(urlencode({"method": method, "data": "table", "table": key_of(text)}), "zh-CN")
    assert "dog" in visitor.texts()
    assert "狗" not in visitor.texts()


@pytest.mark.parametrize("link_", ["table=zzzzzz", "table=upload:0123456789abcdef", "edits=0:svm.7.1=2"])
def test_links_that_ask_for_what_is_not_here_are_told_of(reader, link_):
    visitor = reader(f"data=table&{link_}" if "table" in link_ else link_)
    assert len(visitor.alerts()) >= 1
    assert not any("Traceback" in text for text in visitor.alerts())


def test_a_wrong_digit_is_opened_by_a_click(reader):
    visitor = reader("method=neighbours&data=digits&view.part=wrong")
    meta, _ = visitor.data(f"{PLACE}-wrong")
    samples = samples_of(Config(data="digits"))
    found = run.run(Config(method="neighbours", data="digits"))
    truth = samples.targets[samples.held_out_rows]
    wrong = sorted((found.answers != truth).nonzero().flatten().tolist(), key=lambda at: truth[at])
    assert len(meta["tiles"]) == len(wrong)
    visitor.touch(f"{PLACE}-wrong", "cell", {"tile": 1, "row": 0, "column": 0})
    assert link(visitor)["view.digit"] == str(wrong[1])
    assert len(visitor.data(f"{PLACE}-near")[0]["tiles"]) == 5


def test_the_kernels_plane_marks_support_vectors_and_margins(reader):
    visitor = reader("method=kernel&data=circles&classes=2")
    meta, arrays = visitor.data(f"{PLACE}-bent")
    found = run.run(Config(method="kernel", data="circles", classes=2))
    assert len(arrays["dots0"]) == len(found.support)
    assert {path["name"] for path in meta["paths"]} >= {"f = 0", "f = ±1"}
    visitor.touch(f"{PLACE}-bent", "dot", {"dots": 1, "dot": 4})
    place = samples_of(Config(data="circles", classes=2)).places[4].tolist()
    assert float(link(visitor)["view.x1"]) == pytest.approx(place[0], abs=0.001)


def test_the_stage_is_short_and_every_method_has_a_preset():
    assert {config.method for config in TOPIC.presets.values()} == {"linear", "neighbours", "kernel"}
    assert page.View().look == "point"


def test_of_many_wrong_digits_each_class_is_shown(reader):
    visitor = reader("method=neighbours&data=mnist&view.part=wrong")
    tiles = visitor.data(f"{PLACE}-wrong")[0]["tiles"]
    assert len(tiles) == 60
    assert {tile["caption"][0] for tile in tiles} == set("0123456789")
    assert "60 of them" in visitor.texts()


def test_the_kernel_answers_while_points_are_drawn(reader):
    points = encode_points([(-1.0, 1.0, 0), (-1.2, 0.8, 0), (1.5, -0.5, 1), (1.2, -0.8, 1)])
    visitor = reader(f"method=kernel&data=own&points={points}")
    meta, arrays = visitor.data(f"{PLACE}-plane")
    assert meta["editable"]
    assert arrays["background"].shape == (64, 64, 3)
    assert "Click adds points" in visitor.texts()


def test_the_border_with_a_margin_of_one_stands_beside_that_of_another(reader):
    asked = replace(Config(classes=2, noise=0.5), **margin_knobs(10.0), until=100)
    assert margins.undone(replace(asked, margin=1.0)) is None
    assert margins.undone(replace(asked, classes=3)) is None
    assert margins.undone(replace(asked, learning_rate=0.005)) is None  # a tenth of it is no learning rate here
    other = margins.undone(asked)
    assert (other.strength, other.learning_rate) == pytest.approx((Config().strength, Config().learning_rate))
    visitor = reader(urlencode(to_query(asked)) + "&steps=100&view.look=set")
    stand_still(visitor)
    while "trained as long with **Δ = 1**" not in visitor.texts():
        assert visitor.follow(0.2), "the other training is waited for"
    one, same = (np.array(line, float) for line in visitor.data(f"{PLACE}-margins")[1].values())
    np.testing.assert_allclose(one / np.linalg.norm(one), same / np.linalg.norm(same), atol=1e-4)
    assert np.linalg.norm(one) == pytest.approx(10 * np.linalg.norm(same), rel=1e-3)
    assert "another class in **0 %** of the plane" in visitor.texts().replace("\u202f", " ")
