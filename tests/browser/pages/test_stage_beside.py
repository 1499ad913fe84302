"""What a reader draws stands beside the pictures of what becomes of it."""

import pytest


def test_what_a_reader_draws_stands_beside_what_becomes_of_it_above_the_fold(visit):
    visitor = visit("/cnn")
    boxes = {name: visitor.key(name).bounding_box() for name in
             ("cnn-pad", "cnn-sources", "cnn-buttons", "cnn-answers", "cnn:scratch", "cnn-panel")}  # fmt: skip
    assert not {n: b["y"] + b["height"] for n, b in boxes.items() if b["y"] + b["height"] > 800}
    pad, buttons, answers, panel = (boxes[name] for name in ("cnn-pad", "cnn-buttons", "cnn-answers", "cnn-panel"))
    assert pad["y"] == pytest.approx(buttons["y"], abs=4)
    assert pad["x"] + pad["width"] < buttons["x"] < buttons["x"] + buttons["width"] < panel["x"]
    assert pad["width"] / answers["width"] == pytest.approx(1 / 1.2, rel=0.05)
    rows = [row.bounding_box() for row in visitor.key("cnn-answers").locator(".share-row").all()]
    assert len(rows) == 10
    assert [rows[number]["y"] for number in range(5)] == [rows[number]["y"] for number in range(5, 10)]
    assert rows[0]["x"] < rows[5]["x"]
    assert answers["height"] < 130
