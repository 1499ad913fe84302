"""The page of one-stage detectors without a browser: what is picked, and what it holds for; scenes; own pictures."""

import json
from urllib.parse import parse_qs

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState

from engine.data.photos import PHOTOS
from engine.topics.one_stage import about, explain
from engine.topics.one_stage.card import TOPIC, Config, detector_config
from engine.topics.one_stage.detection import see
from engine.topics.one_stage.picks import check_cell, course, marked, number_in, picture_mark
from engine.topics.one_stage.run import find_boxes
from engine.topics.one_stage.scene import explain_grid_cell, see_scene
from tests.visitor import Visitor

COFFEE = list(PHOTOS).index("coffee")
CELL = explain.number_of(2, 1, 12)  # one that found nothing


def found_for(config):
    seen = see_scene(detector_config(config)) if config.detector == "grid" else see(detector_config(config))
    return find_boxes(seen, config)


def let_go(visitor, index):
    """The bar of the suppression is let go at a frame."""
    base = visitor.widget("one-stage-steps-bar").id
    return visitor.ask(WidgetState(id=base, json_value=json.dumps({"frame": index})), key="one-stage-steps-bar")


def view_of(visitor):
    """What to look at, as the link says it."""
    query = {name: values[-1] for name, values in parse_qs(visitor.query).items()}
    return {name.removeprefix("view."): value for name, value in query.items() if name.startswith("view.")}


def test_a_cell_holds_for_its_own_picture_alone(visitor):
    visitor.open("one_stage")
    visitor.touch("one-stage-levels", "cell", {"tile": 2, "row": 1, "column": 12})
    assert "row **1**, column **12** of the level with stride **32**" in visitor.texts()
    assert view_of(visitor) == {"cell": marked(picture_mark(Config()), CELL)}
    visitor.move("one_stage.score", 0.5)
    assert "row **1**, column **12** of the level with stride **32**" in visitor.texts(), "thresholds change no picture"
    visitor.move("one_stage.score", 0.35)
    visitor.touch("one_stage-samples", "cell", {"tile": COFFEE, "row": 0, "column": 0})
    other = Config(picture="sample:coffee", arrange="alone")
    best = explain.picked_cell(see(other), found_for(other), None)
    assert f"row **{best.row}**, column **{best.column}** of the level with stride **{best.stride}**" in visitor.texts()
    visitor.touch("one_stage-presets", "pick", 0)
    assert "row **1**, column **12** of the level with stride **32**" in visitor.texts()


def test_a_cell_that_there_is_not_is_the_usual_one(server, visitor):
    visitor.open("one_stage")
    friend = Visitor(server.address)
    try:
        assert not friend.open("one_stage", "view.cell=9999-" + picture_mark(Config())).errors
        assert friend.texts() == visitor.texts()
    finally:
        friend.close()


def test_a_click_on_a_box_or_its_bar_picks_its_cell(visitor):
    visitor.open("one_stage")
    found = found_for(Config())
    for at, index in enumerate(found.kept):
        visitor.touch("one-stage-found", "pick", at)
        _, row, column = explain.place_of(int(found.cells[index]))
        assert f"row **{row}**, column **{column}**" in visitor.texts()
    smallest = min(found.kept, key=lambda index: float((found.boxes[index][2:] - found.boxes[index][:2]).prod()))
    left, top, right, bottom = found.boxes[smallest].tolist()
    visitor.touch(
        "one-stage-picture", "cell", {"tile": 0, "row": int(top + bottom) // 2, "column": int(left + right) // 2}
    )
    assert view_of(visitor) == {"cell": marked(picture_mark(Config()), int(found.cells[smallest]))}


def test_a_pixel_of_a_scene_picks_the_cell_that_it_lies_in(visitor):
    visitor.open("one_stage", "detector=grid")
    visitor.touch("one-stage-shapes", "cell", {"tile": 0, "row": 33, "column": 127})
    config = Config(detector="grid")
    assert view_of(visitor) == {"cell": marked(picture_mark(config), 2 * 8 + 7)}
    cell = explain_grid_cell(see_scene(config), 2, 7)
    assert f"{cell.terms.sum():.4f}" in visitor.texts()
    visitor.touch("one-stage-grid", "cell", {"tile": 2, "row": 7, "column": 0})
    assert view_of(visitor) == {"cell": marked(picture_mark(config), 7 * 8)}
    visitor.press("one_stage:next")
    assert "seed=6" in visitor.query
    assert "row **7**, column **0**" not in visitor.texts(), "another scene"


def test_a_step_holds_for_its_own_suppression_alone(visitor):
    visitor.open("one_stage")
    found = found_for(Config())
    mark = course(found)
    assert "Step 1 takes" in visitor.texts()
    let_go(visitor, 2)
    assert "Step 3 takes" in visitor.texts()
    assert view_of(visitor) == {"step": marked(mark, 2)}
    frames = visitor.data("one-stage-steps-bar")[0]["frames"]
    assert (frames["at"], frames["run"], frames["clock"]) == (2, mark, mark)
    assert visitor.data("one-stage-steps")[0]["frames"] == frames
    assert about.one_step(found, 2).parts[0] == f"Step 3 takes **{found.title(found.kept[2])}**."
    visitor.move("one_stage.score", 0.3)
    assert "Step 1 takes" in visitor.texts(), "another course of the suppression begins at its first step"
    assert visitor.data("one-stage-steps-bar")[0]["frames"]["at"] is None
    visitor.move("one_stage.score", 0.35)
    assert "Step 3 takes" in visitor.texts()
    let_go(visitor, len(found.suppression.steps))
    assert f"The end: {len(found.kept)} boxes are left." in visitor.texts()
    let_go(visitor, 0)
    assert view_of(visitor) == {}
    assert "Step 1 takes" in visitor.texts()


def test_the_first_steps_say_what_the_suppression_did(visitor):
    config = TOPIC.presets["Cup on a table"]
    found = found_for(config)
    step = found.suppression.steps[0]
    said = " ".join(about.one_step(found, 0).parts)
    assert f"Step 1 takes **{found.title(step.taken)}**." in said
    assert explain.in_words(found, step.removed) in said
    for other in step.removed[:10]:
        assert f"{found.title(other.box)} ({other.iou:.2f})" in said
    many = next(step for step in found_for(Config(score=0.05)).suppression.steps if len(step.removed) > 10)
    assert explain.in_words(found_for(Config(score=0.05)), many.removed).count("(") == 10


def test_two_in_one_cell_are_at_least_two(visitor):
    visitor.open("one_stage", "detector=grid&scene=same_cell&objects=0")
    slider = visitor.widget("one_stage:objects")
    assert (slider.min, slider.max, list(slider.value or slider.default)) == (2, 8, [2])
    visitor.move("one_stage:objects", 5)
    assert "objects=5" in visitor.query
    assert "On held-out scenes with a shared cell" in "".join(visitor.texts())
    visitor.touch("one-stage-scene", "pick", 0)
    slider = visitor.widget("one_stage:objects")
    assert (slider.min, slider.max) == (0, 8)
    visitor.touch("one-stage-scene", "pick", 2)
    assert visitor.find("one_stage:objects") is None
    assert visitor.find("one_stage-samples") is not None
    assert "Nobody has said what is in this picture" in visitor.texts()


def test_a_picture_that_is_not_here_is_told_of_and_stays_in_the_link(visitor):
    visitor.open("one_stage")
    usual = visitor.data("one-stage-found")
    lost = "picture=upload:0123456789abcdef"
    visitor.open("")
    answer = visitor.open("one_stage", lost)
    assert ["not on this server" in error for error in answer.errors] == [True]
    assert visitor.query == lost.replace(":", "%3A")
    assert visitor.data("one-stage-found") == usual
    visitor.touch("one-stage-levels", "cell", {"tile": 2, "row": 1, "column": 12})
    assert "row **1**, column **12**" in visitor.texts()
    visitor.open_tab("one_stage", "Numbers")
    assert "not on this server" in "".join(visitor.alerts())
    assert len(visitor.alerts()) == 1
    visitor.touch("one_stage-samples", "cell", {"tile": COFFEE, "row": 0, "column": 0})
    assert visitor.alerts() == []
    assert visitor.query.startswith("picture=sample%3Acoffee&arrange=alone")
    visitor.open("")
    assert visitor.open("one_stage", lost + "&detector=grid").errors == [], "a scene needs no picture"


def test_the_numbers_tab_has_both_detectors(visitor):
    visitor.open("one_stage")
    visitor.open_tab("one_stage", "Numbers")
    tables = [element.SerializeToString() for kind, element, _ in visitor.elements.values() if kind == "table"]
    assert any(b"picture.distances" in table for table in tables), "NanoDet's arrays"
    assert any(b"scene.view.terms" in table for table in tables)


@pytest.mark.parametrize("text", ["5", "5-", "5-0f3c9a2", "-1-0f3c9a2b", "5-0F3C9A2B", "12345-0f3c9a2b", "٣-0f3c9a2b"])
def test_what_is_no_pick(text):
    from engine.contracts.knob import KnobError

    with pytest.raises(KnobError, match="Cell: expected a number and a mark"):
        check_cell(text)


def test_marks_know_what_they_are_of():
    base = Config()
    same = [Config(score=0.6), Config(iou=0.1), Config(only="cat"), Config(class_wise=False), Config(seed=9)]
    others = [Config(picture="sample:coffee"), Config(arrange="alone"), Config(size=0.5), Config(detector="grid"),
              Config(detector="grid", seed=9), Config(detector="grid", scene="same_cell")]  # fmt: skip
    assert {picture_mark(config) for config in same} == {picture_mark(base)}
    assert len({picture_mark(config) for config in [base, *others]}) == 1 + len(others)
    check_cell(marked(picture_mark(base), 3548))
    assert number_in(marked(picture_mark(base), 3548), picture_mark(base)) == 3548
    assert number_in(marked(picture_mark(base), 3548), picture_mark(others[0])) is None
    assert number_in("", picture_mark(base)) is None
    assert course(found_for(base)) == course(found_for(base)) != course(found_for(Config(score=0.2)))
