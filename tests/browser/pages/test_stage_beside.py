"""What a reader draws stands beside the pictures of what becomes of it."""

import pytest


def test_what_a_reader_draws_stands_before_what_becomes_of_it_above_the_fold(visit):
    """The pad is the beginning of the pipeline; of that and of the answer nothing lies below the fold."""
    visitor = visit("/cnn")
    boxes = {name: visitor.key(name).bounding_box() for name in
             ("cnn-pad", "cnn-sources", "cnn-buttons", "cnn-pipeline", "cnn:scratch", "cnn-panel")}  # fmt: skip
    assert not {n: b["y"] + b["height"] for n, b in boxes.items() if b["y"] + b["height"] > 800}
    pad, buttons, pipeline, panel = (boxes[name] for name in ("cnn-pad", "cnn-buttons", "cnn-pipeline", "cnn-panel"))
    assert pad["y"] == pytest.approx(buttons["y"], abs=4)
    assert pad["x"] + pad["width"] < buttons["x"] < buttons["x"] + buttons["width"] < panel["x"]
    assert pad["x"] + pad["width"] < pipeline["x"] < pipeline["x"] + pipeline["width"] < panel["x"]
    assert visitor.canvas("cnn-pad").evaluate("c => c.neurarium.zoom") >= 5, "large enough to draw on"
