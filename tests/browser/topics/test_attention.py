"""The page "Attention and the Transformer": heads, cells and lines, own texts, heads off, Q, K and V by hand."""

import re

import numpy as np
import pytest

from engine.contracts.formula import written
from engine.pictures import theme
from engine.topics.attention.card import Config
from engine.topics.attention.mechanism import by_hand
from engine.topics.attention.run import ablation, run


@pytest.fixture(scope="module")
def animal():
    return run(Config())


def detail(visitor) -> str:
    said = re.compile("Click another cell|点击其他格子")
    return visitor.key("attention-stage").locator("p").filter(has_text=said).first.inner_text()


def similarity(visitor) -> str:
    return visitor.key("attention-stage").locator("p.status").inner_text()


def tip(visitor, key: str) -> str:
    return visitor.key(key).locator(".tip.on").inner_text()


def head_place(visitor, layer: int, head: int) -> dict:
    """The middle of a small map."""
    at = visitor.canvas("attention-heads").evaluate("c => c.neurarium")
    return {
        "x": at["left"] + head * at["pitch"] + at["tile"] / 2,
        "y": at["top"] + layer * at["pitch"] + at["tile"] / 2,
    }


def cell_place(visitor, key: str, row: int, column: int, rows: int, columns: int, tile: int = 0) -> dict:
    place = visitor.canvas(key).evaluate("c => c.neurarium.tiles")[tile]
    return {"x": place["x"] + (column + 0.5) * place["w"] / columns, "y": place["y"] + (row + 0.5) * place["h"] / rows}


def colour(visitor, key: str, x: float, y: float) -> np.ndarray:
    script = """(c, [x, y]) => { const r = c.width / parseFloat(c.style.width);
        return [...c.getContext('2d').getImageData(Math.round(x * r), Math.round(y * r), 1, 1).data.slice(0, 3)]; }"""
    return np.array(visitor.canvas(key).evaluate(script, [x, y]))


def write(visitor, knob: str, text: str) -> None:
    box = visitor.key(f"attention.{knob}").locator("input")
    box.fill(text)
    box.press("Enter")


def test_heads_cells_and_lines_say_what_the_encoder_says(visit, animal):
    visitor = visit("/attention")
    count = len(animal.tokens)
    assert similarity(visitor) == f"similarity of the two sentences {animal.similarity:.4g}"
    assert visitor.query == {}
    assert visitor.alerts() == []
    assert detail(visitor).startswith(f"L4H2 · it looks at animal: {animal.pattern[3, 1, 10, 2]:.4g}")
    middle, at = head_place(visitor, 0, 2), visitor.canvas("attention-heads").evaluate("c => c.neurarium")
    blue, white = (theme.table("probability")[entry].astype(int) for entry in (255, 0))
    step = at["tile"] / count  # L1H3 looks at the token before: dark below the diagonal, white beyond it
    for row, column, expected in ((9, 8, blue), (12, 11, blue), (3, 12, white), (13, 3, white)):
        x, y = ((index + 0.5 - count / 2) * step for index in (column, row))
        shown = colour(visitor, "attention-heads", middle["x"] + x, middle["y"] + y)
        assert np.abs(shown - expected).max() < 60, (row, column)

    visitor.canvas("attention-heads").hover(position=head_place(visitor, 5, 11))
    assert tip(visitor, "attention-heads").startswith("L6H12")
    visitor.canvas("attention-heads").click(position=head_place(visitor, 5, 11))
    visitor.until(lambda: detail(visitor).startswith("L6H12"), "head L6H12")
    visitor.settle()
    place = cell_place(visitor, "attention-head", 10, 13, count, count)
    visitor.canvas("attention-head").hover(position=place)
    shown = f"{float(f'{animal.pattern[5, 11, 10, 13].item():.4g}'):g}"
    assert tip(visitor, "attention-head").startswith(shown)
    visitor.canvas("attention-head").click(position=place)
    visitor.until(lambda: "it looks at tired: " + shown in detail(visitor), "the cell clicked")
    formulas = visitor.key("attention-detail").locator("annotation").all_text_contents()
    assert any(rf"= {written(animal.pattern[5, 11, 10, 13].item())}" in formula for formula in formulas)

    visitor.canvas("attention-heads").focus()
    visitor.page.keyboard.press("ArrowUp")
    visitor.page.keyboard.press("ArrowLeft")
    visitor.until(lambda: detail(visitor).startswith("L5H11"), "arrow keys choose a head")
    visitor.key("attention-best").get_by_role("button").nth(1).click()
    visitor.until(lambda: detail(visitor).startswith("L2H10"), "the second of those that look back")

    visitor.canvas("attention-heads").click(position=head_place(visitor, 0, 2))
    visitor.until(lambda: detail(visitor).startswith("L1H3"), "head L1H3")
    visitor.key("attention-shape").get_by_text("Lines", exact=True).click()
    lines = visitor.canvas("attention-lines")
    at = lines.evaluate("c => c.neurarium")

    def token(side: int, index: int) -> dict:
        return {"x": at["width"] - 20 if side else 20, "y": at["head"] + (index + 0.5) * at["row"]}

    lines.hover(position=token(0, 2))
    assert re.match(r"animal\s+query\s+the 0\.99", tip(visitor, "attention-lines"))
    visitor.page.mouse.move(5, 5)  # all lines again
    visitor.page.wait_for_timeout(150)
    start, row = at["label"] + 2, at["head"] + (2 + 0.5) * at["row"]
    line, between = (
        colour(visitor, "attention-lines", start, row),
        colour(visitor, "attention-lines", start, at["head"]),
    )
    assert np.abs(line.astype(int) - theme.hex_to_rgb(theme.CLASS_COLOURS[0])).max() < 90, "a line begins at its token"
    assert np.abs(line.astype(int) - between).max() > 90
    lines.click(position=token(0, 2))
    visitor.until(lambda: "animal looks at the" in detail(visitor), "a query and what it looks at most")
    visitor.settle()
    lines.click(position=token(1, 13))
    visitor.until(lambda: "animal looks at tired" in detail(visitor), "another key")


def test_a_head_switched_off_and_own_texts_change_the_similarity_and_the_link(visit, animal):
    visitor = visit("/attention")
    visitor.button("attention:switch").click()
    visitor.until(lambda: visitor.query.get("off") == "L4H2", "the link")
    result = run(Config(off=("L4H2",)))
    visitor.until(lambda: f"sentences {result.similarity:.4g}" in similarity(visitor), "the new similarity")
    change = f"{result.similarity - animal.similarity:+.4f}".replace("-", "−")
    assert f"unchanged encoder {animal.similarity:.4g} · change {change}" in similarity(visitor)
    changed = similarity(visitor)
    visitor.key("attention:on").get_by_role("button").click()
    visitor.until(lambda: visitor.query == {}, "all heads on")

    visitor.page.get_by_text("Which head matters for this similarity?").click()
    falls = ablation(Config())
    place = cell_place(visitor, "attention-ablation", 5, 7, 6, 12)
    visitor.canvas("attention-ablation").hover(position=place)
    assert tip(visitor, "attention-ablation").startswith(f"{float(f'{falls[5, 7]:.4g}'):g}")
    visitor.canvas("attention-ablation").click(position=place)
    visitor.until(lambda: detail(visitor).startswith("L6H8"), "the head that matters most")

    write(visitor, "text", "你好 world 🙂")
    visitor.until(lambda: visitor.query.get("text") == "你好 world 🙂", "the link")
    visitor.until(lambda: "[UNK] stands for" in visitor.words, "unknown signs are explained")
    own = run(Config(text="你好 world 🙂"))
    visitor.until(lambda: f"{own.similarity:.4g}" in similarity(visitor), "the similarity of the new text")
    visitor.open("/attention?off=L4H2")
    assert similarity(visitor) == changed, "the friend who gets the link"


def test_numbers_by_hand(visit):
    visitor = visit("/attention?view=toy")
    made = by_hand(Config())
    words = visitor.key("attention-stage").locator("p", has_text="Click another cell")
    assert f"saw looks at I: {made.pattern[1, 0]:.4g}" in words.inner_text()
    field = visitor.key("attention-matrices").locator("input").nth(5)  # Q, second row, second number
    assert field.input_value() == "2"
    field.fill("-1.5")
    field.press("Enter")
    visitor.until(lambda: "~0_-1.5_0_1~" in visitor.query.get("queries", ""), "the number in the link")
    made = by_hand(Config(queries=visitor.query["queries"]))
    visitor.until(lambda: f"saw looks at I: {made.pattern[1, 0]:.4g}" in words.inner_text(), "the new weight")
    zero = cell_place(visitor, "attention-chain", 0, 0, 4, 4)  # q · k = 0: a white cell with its number in the middle
    strip = [colour(visitor, "attention-chain", zero["x"] + x, zero["y"]).min() for x in range(-8, 9)]
    assert min(strip) < 120
    assert strip[0] > 225
    place = cell_place(visitor, "attention-chain", 3, 1, 4, 4, tile=2)
    visitor.canvas("attention-chain").click(position=place)
    visitor.until(lambda: f"saw looks at saw: {made.pattern[3, 1]:.4g}" in words.inner_text(), "another cell")
    write(visitor, "tokens", "one")
    visitor.until(lambda: visitor.query.get("tokens") is None, "a single word is not taken")
    write(visitor, "tokens", "you and me")
    visitor.until(lambda: visitor.key("attention-matrices").locator("input").count() == 36, "three rows each")
    visitor.page.get_by_text("Why divide by √d?").click()
    visitor.key("attention-spread").locator(".js-plotly-plot").wait_for()
    visitor.preset("attention", "Tired animal")
    visitor.until(lambda: visitor.query.keys() == {"view.pair", "view.why"}, "back to the encoder")
    visitor.canvas("attention-heads")


def test_a_phone_in_chinese(visit):
    visitor = visit("/attention", locale="zh-CN", theme="dark", size=(390, 844), touch=True, panel="lesson")
    assert visitor.title == "注意力与 Transformer"
    assert not visitor.scrolls_sideways()
    visitor.key("attention-lesson").get_by_text("往回看的头").wait_for()
    visitor.canvas("attention-heads").tap(position=head_place(visitor, 1, 8))
    visitor.until(lambda: "L2H9" in detail(visitor), "a tap chooses a head")
    visitor.key("attention-detail").locator(".katex").first.wait_for()  # else what it loads is cut off by what follows
    visitor.open("/attention?view=toy&view.lesson=by_hand")
    assert not visitor.scrolls_sideways()
    visitor.key("attention-lesson").get_by_text("第 8 步").wait_for()
