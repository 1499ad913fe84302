"""The page "Training dynamics" where it takes a browser: dragging, the clock, cells, the lesson's first step."""

from engine.topics.training_dynamics.card import Config
from engine.topics.training_dynamics.race import race


def test_the_start_is_dragged_the_clock_plays_and_a_step_is_worked_out(visit):
    visitor = visit("/training_dynamics?seed=0&race_steps=50")
    canvas = visitor.canvas("training-dynamics-plane")
    visitor.until(lambda: canvas.evaluate("c => c.dataset.frame") == "50", "it plays once, to the end")
    canvas.focus()
    visitor.page.keyboard.press("m")
    for _ in range(4):
        visitor.page.keyboard.press("ArrowRight")
    visitor.page.keyboard.press("Enter")
    visitor.until(lambda: "start" in visitor.query, "the start was moved")
    visitor.settle()
    start = visitor.query["start"]
    made = race(Config(start=start, race_steps=50))
    assert f"{made.position[1, -1, 0].item():.3g}"[:5].replace("-", "−") in visitor.words.replace("-", "−")


def test_a_cell_of_the_batch_is_picked(visit):
    visitor = visit("/training_dynamics?look=norm")
    canvas = visitor.canvas("training-dynamics-block")
    x, y = canvas.evaluate("c => c.neurarium.place(2, 1, 4)")
    canvas.click(position={"x": x, "y": y})
    visitor.until(lambda: visitor.query.get("view.cell") == "2-1-4", "the cell stands in the link")
    visitor.until(lambda: "Sample 3, channel 2" in visitor.words, "its numbers")
    visitor.page.keyboard.press("ArrowRight")
    assert visitor.key("training-dynamics-block").locator(".tip.on").count() == 1
