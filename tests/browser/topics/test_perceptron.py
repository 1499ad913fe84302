"""The page "Neuron and perceptron" where it takes a browser: dragging the arrow, playing the rule, a phone."""

PLANE = "perceptron-plane"


def place(visitor, x: float, y: float) -> tuple[float, float]:
    """Where a place of the plane of a gate lies on the screen."""
    canvas = visitor.canvas(PLANE)
    outer, box = canvas.bounding_box(), canvas.evaluate("c => c.neurarium.box")
    return outer["x"] + box["x"] + (x + 0.75) / 2.5 * box["w"], outer["y"] + box["y"] + (1.75 - y) / 2.5 * box["h"]


def drag(visitor, start: tuple[float, float], end: tuple[float, float]) -> None:
    mouse = visitor.page.mouse
    mouse.move(*place(visitor, *start))
    mouse.down()
    mouse.move(*place(visitor, *end), steps=6)
    mouse.up()


def test_the_line_is_dragged_to_where_it_makes_and(visit):
    visitor = visit("/perceptron?network=hand&w1=1&w2=1&theta=0.5")
    assert "Right: 2 of 4" in visitor.words
    before = visitor.picture(PLANE)
    drag(visitor, (0.25, 0.25), (0.75, 0.75))
    visitor.until(lambda: "Right: 4 of 4" in visitor.words, "the threshold of AND")
    assert abs(float(visitor.query["theta"]) - 1.5) < 0.11
    visitor.settle()
    assert visitor.picture(PLANE) != before
    visitor.page.mouse.click(*place(visitor, 0, 1))
    visitor.until(lambda: visitor.query.get("view.x2") == "1", "a row opened by its point")
    assert "At x = (0, 1):" in visitor.words


def test_the_rule_plays_and_stands_where_the_bar_is_let_go(visit):
    visitor = visit("/perceptron?data=and")
    visitor.button("perceptron:play").click()
    visitor.until(lambda: visitor.step() == 24, "all four rows are right", patience=60)
    visitor.settle()
    assert visitor.status() == [24, 11, 0]
    moving = visitor.canvas(PLANE).get_attribute("data-frame")
    bar = visitor.key("perceptron-bar").locator("input[type=range]")
    bar.press("ArrowLeft")
    visitor.until(lambda: visitor.canvas(PLANE).get_attribute("data-frame") != moving, "a sample back")
    visitor.until(lambda: "view.moment" in visitor.query, "the moment in the link")


def test_chinese_on_a_phone_in_the_dark(visit):
    visitor = visit("/perceptron?network=layers&data=xor", size=(390, 844), touch=True, theme="dark", locale="zh-CN")
    assert visitor.title == "神经元与感知机"
    assert not visitor.scrolls_sideways()
    assert "正确：4 / 4" in visitor.words
    field = visitor.key("perceptron-units").locator("input").nth(8)
    field.fill("0.5")
    field.press("Enter")
    visitor.until(lambda: "正确：2 / 4" in visitor.words, "OR instead of AND at the end")
