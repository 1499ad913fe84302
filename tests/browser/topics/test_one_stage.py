"""The page of one-stage detectors: own pictures, thresholds, cells, the suppression as a film, and the grid."""

import dataclasses
import io

import numpy as np
from PIL import Image

from engine.data.coco import COCO_LABELS
from engine.data.photos import photo
from engine.data.pictures import decode
from engine.models.detection.grid import CELLS
from engine.topics.one_stage import explain
from engine.topics.one_stage.card import TOPIC, Config, network_config
from engine.topics.one_stage.detection import find, see
from engine.topics.one_stage.scene import explain_grid_cell, see_scene
from tests.browser.expectations import link, zh

PICTURE, LEVELS, STEPS = "one-stage-picture", "one-stage-levels", "one-stage-steps"


def said(visitor) -> str:
    return visitor.page.locator("p.status").inner_text()


def bars(visitor, key="one-stage-found") -> dict[str, str]:
    names, shares = (visitor.key(key).locator(f".share-row .{part}").all_text_contents() for part in ("name", "share"))
    return dict(zip(names, shares, strict=False))  # read one after the other, a bar may come in between


def detail(visitor) -> str:
    return visitor.key("one-stage-detail").inner_text()


def found_for(config):
    return find(see(network_config(config)), config)


def sentence(found) -> str:
    return f"{len(found.kept)} of {len(found.boxes) + found.dropped} boxes above the score threshold stay" + (
        "; the 5 best:" if len(found.kept) > 5 else ""
    )


def click_tile(visitor, key, tile, x, y) -> None:
    """Click a tile of a picture at a share of its width and height."""
    place = visitor.canvas(key).evaluate("(c, k) => c.neurarium.tiles[k]", tile)
    visitor.canvas(key).click(position={"x": place["x"] + x * place["w"], "y": place["y"] + y * place["h"]})


def test_the_first_look_says_what_the_engine_says_and_thresholds_answer(visit):
    visitor = visit("/one_stage")
    found = found_for(Config())
    assert said(visitor) == sentence(found)
    best = {COCO_LABELS[found.labels[index]]: found.scores[index].item() for index in reversed(found.kept)}
    shown = bars(visitor)
    assert shown["cup"] == f"{100 * best['cup']:.1f}\u202f%"
    for key in (PICTURE, LEVELS, "one_stage-samples", "one_stage.score"):
        box = visitor.key(key).bounding_box()
        assert box["y"] + box["height"] <= 800, f"{key} is below the fold"
    assert visitor.query == {}

    before = visitor.picture(PICTURE)
    slider = visitor.key("one_stage.score").locator("input[type=range]")
    slider.focus()
    for _ in range(3):
        slider.press("ArrowLeft")
    lower = Config(score=0.2)
    visitor.until(lambda: said(visitor) == sentence(found_for(lower)), "more boxes")
    visitor.until(lambda: visitor.picture(PICTURE) != before, "and they are drawn")
    visitor.key("one_stage.only").get_by_role("combobox").select_option("cup")
    only = dataclasses.replace(lower, only="cup")
    visitor.until(lambda: said(visitor) == sentence(found_for(only)), "cups alone")
    visitor.until(lambda: set(bars(visitor)) == {"cup"}, "in the list too")
    assert visitor.query == {"score": "0.2", "only": "cup"}


def test_a_click_explains_the_cell_behind_a_box_and_an_own_picture_is_looked_at(visit):
    visitor = visit("/one_stage")
    shown = see(Config())
    left, top, right, bottom = found_for(Config()).boxes.clamp(0, 416)[found_for(Config()).kept[0]].tolist()
    click_tile(visitor, PICTURE, 0, (left + right) / 2 / 416, (top + bottom) / 2 / 416)
    number = explain.number_of(2, 1, 12)  # a cell that found nothing
    expected = explain.explain_cell(shown, number)
    click_tile(visitor, LEVELS, 2, 12.5 / 13, 1.5 / 13)
    visitor.until(lambda: "row 1, column 12 of the level with stride 32" in detail(visitor), "the cell clicked")
    for line in explain.box_sums(expected):
        assert line in detail(visitor)
    best = COCO_LABELS[int(expected.scores.argmax())]
    assert next(iter(bars(visitor, "one-stage-classes"))) == best
    colours = visitor.key("one-stage-found").locator(".track i")
    shown = [colour.evaluate("e => getComputedStyle(e).backgroundColor") for colour in colours.all()]
    kinds = [int(found_for(Config()).labels[index]) % 6 for index in found_for(Config()).kept[:5]]
    assert [shown[i] == shown[j] for i in range(5) for j in range(5)] == [a == b for a in kinds for b in kinds]
    visitor.key("one-stage-found").locator(".share-row").nth(2).click()
    found = found_for(Config())
    _, row, column = explain.place_of(int(found.cells[found.kept[2]]))
    visitor.until(lambda: f"row {row}, column {column} of the level" in detail(visitor), "the third box")

    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(photo("astronaut").rgb[:, ::-1])).save(file, "PNG")
    visitor.key("one_stage-own").get_by_role("button").first.click()
    upload = visitor.page.locator("input[type=file]")
    upload.set_input_files({"name": "no.png", "mimeType": "image/png", "buffer": b"Only a name."})
    visitor.until(visitor.alerts, "the refusal")
    upload.set_input_files({"name": "me.png", "mimeType": "image/png", "buffer": file.getvalue()})
    key = decode(file.getvalue()).key
    visitor.until(lambda: visitor.query.get("picture") == key, "the link names it")
    assert visitor.query["arrange"] == "alone"
    visitor.until(lambda: "person" in bars(visitor), "somebody is found")
    assert visitor.alerts() == []


def test_the_suppression_goes_box_by_box(visit):
    visitor = visit(link("one_stage", TOPIC.presets["Cup on a table"]))
    found = found_for(TOPIC.presets["Cup on a table"])
    first = found.suppression.steps[0]
    taken, removed = found.title(first.taken), explain.in_words(found, first.removed)
    block = visitor.page.locator(".stMainBlockContainer")
    assert f"Step 1 takes {taken}." in block.inner_text()
    assert removed in block.inner_text()
    before = visitor.picture(STEPS)
    visitor.key(f"{STEPS}-bar").locator("[data-act=forward]").click()
    visitor.until(lambda: visitor.picture(STEPS) != before, "the marks move")
    visitor.until(lambda: "The end: 1 boxes are left." in block.inner_text(), "the end")
    visitor.key("one_stage.class_wise").locator("label").click()
    both = found_for(dataclasses.replace(TOPIC.presets["Cup on a table"], class_wise=True))
    visitor.until(lambda: said(visitor) == sentence(both) and "cup" in bars(visitor), "the cup is back")


def test_the_grid_and_its_cells(visit):
    visitor = visit("/one_stage")
    visitor.key("one-stage-detector").get_by_role("radio").nth(1).click()
    visitor.until(lambda: visitor.query == {"detector": "grid"}, "the other detector")
    cells_of_the_grid(visitor, str)
    visitor.button("one_stage:next").click()
    visitor.until(lambda: visitor.query.get("seed") == str(Config().seed + 1), "the next scene")


def cells_of_the_grid(visitor, say) -> None:
    """The terms of a cell with an object, and an object that is lost."""
    shown = see_scene(Config(detector="grid"))
    row, column = shown.view.object_cell[0].tolist()
    click_tile(visitor, "one-stage-shapes", 0, (column + 0.5) / CELLS, (row + 0.5) / CELLS)
    cell = explain_grid_cell(shown, row, column)
    numbers = [f"{value:.4f}" for value in (*cell.terms.tolist(), *shown.view.totals.tolist())]
    visitor.until(lambda: all(number in detail(visitor) for number in numbers), "the five terms")
    assert say("responsible") in detail(visitor)
    visitor.key("one-stage-scene").get_by_role("radio").nth(1).click()
    lost = say("The middle of the **{name}** lies here too: it is lost.").split("{name}**")[1]
    visitor.until(lambda: lost in detail(visitor), "an object is lost")


def test_a_phone_in_chinese(visit):
    visitor = visit("/one_stage?detector=grid", size=(390, 844), theme="dark", touch=True, locale="zh-CN")
    assert not visitor.scrolls_sideways()
    assert visitor.canvas("one-stage-shapes").bounding_box()["width"] >= 300
    cells_of_the_grid(visitor, zh)
    visitor.open("/one_stage")
    assert not visitor.scrolls_sideways()
    assert visitor.canvas(PICTURE).bounding_box()["width"] >= 300
