"""The space bar plays and pauses. How every page looks is tested in test_desktop.py and test_phone.py."""


def test_space_plays_and_pauses(visit):
    visitor = visit("/mlp?layers=6&data=gaussians")
    label = visitor.key("mlp:play").get_by_role("button")
    assert "Play" in label.inner_text()
    visitor.page.keyboard.press("Space")
    visitor.until(lambda: visitor.step() > 0 and "Pause" in label.inner_text(), "it plays")
    visitor.page.keyboard.press("Space")
    visitor.until(lambda: "Play" in label.inner_text() and "steps" in visitor.query, "it pauses")
    visitor.settle()
    assert visitor.query["steps"] == str(visitor.step())
