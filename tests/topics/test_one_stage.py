"""One-stage detectors: what the page shows is what the networks say; thresholds run no network."""

import dataclasses

import numpy as np
import pytest
import torch

from engine.contracts.formula import written
from engine.contracts.knob import from_query, to_query
from engine.data.coco import COCO_CLASSES
from engine.data.pictures import PictureError, decode
from engine.instrument.detection import paired_iou, pairwise_iou
from engine.machinery.own import OWN
from engine.models.detection import grid, nanodet
from engine.models.detection.grid import CELLS
from engine.models.detection.nanodet import SIDE, STRIDES, letterbox, load_nanodet, prepared
from engine.pictures.comparison import compare_numbers
from engine.pictures.pixels.values import picture_payload
from engine.topics.one_stage import detection as seen
from engine.topics.one_stage import draw, draw_scene, explain, scene
from engine.topics.one_stage.card import TOPIC, Config, network_config, scene_config
from engine.topics.one_stage.detection import COMPANY, arranged, find, see
from engine.topics.one_stage.run import run
from engine.topics.one_stage.scene import explain_grid_cell, find_in_scene, first_cell, see_scene
from pages.components.pictures.show import event_of

ALONE = Config(arrange="alone")


@pytest.fixture(scope="module")
def four():
    return see(Config())


@pytest.fixture(scope="module")
def shapes():
    return see_scene(Config(detector="grid"))


# ------------------------------------------------------------------ NanoDet


def test_seen_is_what_the_network_says():
    found = see(ALONE)
    square = letterbox(seen.find_picture(ALONE.picture).rgb).square
    with torch.inference_mode():
        raw = load_nanodet()(prepared(square))
    assert np.array_equal(found.square.numpy(), square)
    assert torch.equal(found.scores, raw.classes[0].sigmoid())
    assert torch.equal(found.distances, raw.distances[0])
    left, top, right, bottom = found.inside
    assert (left, right) == (0, SIDE)
    assert (square[:top] == nanodet.GREY).all()
    assert (square[bottom:] == nanodet.GREY).all()
    assert not (square[top] == nanodet.GREY).all()


def test_four_in_one_finds_all_four(four):
    found = find(four, Config())
    names = [COCO_CLASSES[found.labels[index]] for index in found.kept]
    assert {"cat", "person", "cup"} <= set(names)
    assert names.count("person") == 2
    for index in found.kept:
        name, centre = COCO_CLASSES[found.labels[index]], found.boxes[index].unflatten(0, (2, 2)).mean(0)
        quarter = (centre > SIDE / 2).tolist()  # right, below
        if name != "dining table":
            allowed = {"cat": [[False, False]], "cup": [[False, True]], "person": [[True, False], [True, True]]}
            assert quarter in allowed[name]


def test_arrangements():
    square, inside = arranged(Config())
    assert inside == (0, 0, SIDE, SIDE)
    half = SIDE // 2
    for at, key in enumerate([Config().picture, *COMPANY[:3]]):
        row, column = divmod(at, 2)
        part = square[row * half : (row + 1) * half, column * half : (column + 1) * half]
        assert np.array_equal(part, seen.middle(seen.find_picture(key).rgb, half))
    page, _ = arranged(Config(size=0.5))
    assert np.array_equal(page[104:312, 104:312], seen.middle(square, 208))
    page[104:312, 104:312] = nanodet.GREY
    assert (page == nanodet.GREY).all()


def test_smaller_things_are_found_by_finer_levels(four):
    """The middle stride of the cells that fire falls with the size of the picture."""

    def strides(seen_, config):
        found = find(seen_, config)
        return [STRIDES[explain.place_of(int(found.cells[index]))[0]] for index in found.kept]

    large = strides(see(ALONE), ALONE)
    small_config = Config(size=0.3, score=0.2)
    small = strides(see(small_config), small_config)
    assert large == [32]
    assert np.mean(strides(four, Config())) > np.mean(small)


@pytest.mark.parametrize(
    "config",
    [Config(), Config(score=0.15), Config(score=0.1, class_wise=False, iou=0.3), Config(only="cup", score=0.1)],
)
def test_the_thresholds_do_what_they_say(four, config):
    found = find(four, config)
    assert (found.scores >= config.score).all()
    assert (found.scores.diff() <= 0).all()
    if config.only == "all":
        assert torch.equal(four.scores[found.cells].argmax(1), found.labels)
        assert int((four.scores.amax(1) >= config.score).sum()) == len(found.cells) + found.dropped
    else:
        assert (found.labels == COCO_CLASSES.index("cup")).all()
    kept, iou = found.kept, pairwise_iou(found.boxes, found.boxes)
    for one in kept:
        for other in kept:
            if one != other and (not config.class_wise or found.labels[one] == found.labels[other]):
                assert iou[one, other] <= config.iou
    for index in set(range(len(found.boxes))) - set(kept):  # whoever is gone was removed by a better one
        removers = [step for step in found.suppression.steps if index in [other.box for other in step.removed]]
        assert len(removers) == 1
        assert iou[removers[0].taken, index] > config.iou
        assert removers[0].score >= found.scores[index]


def test_thresholds_run_no_network(monkeypatch):
    base = Config(score=0.3)
    pictures, scenes = see(network_config(base)), see_scene(scene_config(base))

    def refuse(*_):
        raise AssertionError("a network ran")

    monkeypatch.setattr(nanodet.NanoDet, "forward", refuse)
    monkeypatch.setattr(grid.GridDetector, "forward", refuse)
    for change in ({"score": 0.6}, {"iou": 0.1}, {"class_wise": False}, {"only": "cat"}):
        config = dataclasses.replace(base, **change)
        assert network_config(config) == network_config(base)
        assert scene_config(config) == scene_config(base)
        find(pictures, config)
        find_in_scene(scenes, config)
    with pytest.raises(AssertionError, match="a network ran"):
        see(base)


def test_all_boxes_stay_at_an_iou_of_one_and_few_without_any(four):
    found = find(four, Config(iou=1.0))
    assert len(found.kept) == len(found.boxes)
    assert len(find(four, Config(iou=0.0)).kept) < len(find(four, Config()).kept) + 1


def test_a_cup_on_a_table_is_lost_without_classes():
    config = TOPIC.presets["Cup on a table"]
    shown = see(config)
    names = lambda found: [COCO_CLASSES[found.labels[index]] for index in found.kept]  # noqa: E731
    assert names(find(shown, config)) == ["dining table"]
    assert "cup" in names(find(shown, dataclasses.replace(config, class_wise=True)))


def test_places_of_cells():
    for number in (0, 51, 52, 2703, 2704, 3379, 3380, 3548):
        level, row, column = explain.place_of(number)
        assert explain.number_of(level, row, column) == number
        centre = nanodet.cells().centres[number].tolist()
        assert centre == [(column + 0.5) * STRIDES[level], (row + 0.5) * STRIDES[level]]
    with pytest.raises(ValueError, match="no cell"):
        explain.place_of(3549)


def test_the_box_of_a_cell_adds_up(four):
    found = find(four, Config())
    for index in found.kept:
        cell = explain.explain_cell(four, int(found.cells[index]))
        assert torch.allclose(cell.distributions.sum(-1), torch.ones(4))
        means = (cell.distributions * torch.arange(11.0)).sum(-1)
        assert torch.allclose(means, cell.reach, atol=1e-5)
        by_hand = [cell.x - means[0] * cell.stride, cell.y - means[1] * cell.stride]
        by_hand += [cell.x + means[2] * cell.stride, cell.y + means[3] * cell.stride]
        assert cell.edges.tolist() == pytest.approx([edge.item() for edge in by_hand], abs=1e-3)
        assert torch.allclose(cell.box, found.boxes[index])
        assert torch.allclose(cell.edges.clamp(0, SIDE), cell.box, atol=1e-3)
        sums = explain.box_sums(cell)
        assert float(sums[0].split("= ")[1].replace("−", "-")) == pytest.approx(cell.edges[0].item(), abs=0.06)
        assert explain.expectation_formula(cell).latex.endswith(f"= {written(cell.reach[0].item())}")
        assert cell.scores.max() == found.scores[index]


def test_formulas_carry_the_numbers(four, shapes):
    found = find(four, Config())
    step = next(step for step in found.suppression.steps if step.removed)
    assert explain.iou_formula(found).latex.endswith(f"= {written(step.removed[0].iou)}")
    assert explain.iou_formula(find(four, Config(iou=1.0))) is None
    text = explain.loss_formula(shapes.view.totals).latex
    assert [f"= {written(value)}" in text for value in shapes.view.totals.tolist()] == [True] * 5
    assert f"= {written(shapes.view.loss)}\\end" in text


def test_a_click_finds_the_smallest_box_around_it(four):
    found = find(four, Config())
    spots = draw.draw_detections(four, found).spots
    cells = {int(found.cells[index]): index for index in found.kept}
    areas = {other: float((found.boxes[other][2:] - found.boxes[other][:2]).prod()) for other in found.kept}
    for index in found.kept:
        x, y = (int(middle) for middle in found.boxes[index].unflatten(0, (2, 2)).mean(0))
        event = event_of({"cell": {"tile": 0, "row": y, "column": x}}, "picture", spots=spots)
        hit = cells[event["key"]]
        left, top, right, bottom = found.boxes[hit].tolist()
        assert left <= x + 0.5 <= right
        assert top <= y + 0.5 <= bottom
        assert areas[hit] <= areas[index]
    outside = {"tile": 0, "row": 100, "column": SIDE + 500}
    assert event_of({"cell": outside}, "picture", spots=spots) is None
    assert draw.draw_detections(four, find(four, Config(score=0.95))).spots == ()


def test_pictures_of_nanodet(four):
    config = Config()
    found = find(four, config)
    cell = explain.explain_cell(four, int(found.cells[found.kept[0]]))
    picture = draw.draw_detections(four, found, cell=cell).tiles[0]
    drawn = {box.label: box.xyxy for box in picture.boxes if box.label}
    assert len(drawn) == len(found.kept)
    best = found.kept[0]
    assert drawn[f"person {found.scores[best]:.2f}"] == pytest.approx(found.boxes[best].tolist())
    levels = draw.draw_levels(four, found).tiles
    assert [tile.pixels.shape for tile in levels] == [(52, 52), (26, 26), (13, 13)]
    for index in found.kept:
        level, row, column = explain.place_of(int(found.cells[index]))
        assert levels[level].pixels[row, column] == found.scores[index]
        assert (column + 0.5, row + 0.5) in [(point.x, point.y) for point in levels[level].points]
    cup = draw.draw_levels(four, found, only="cup").tiles
    assert cup[0].pixels.max() == four.scores[:2704, COCO_CLASSES.index("cup")].max()
    alone = see(ALONE)
    cropped = draw.draw_detections(alone, find(alone, ALONE)).tiles[0]
    left, top, right, bottom = alone.inside
    assert cropped.pixels.shape == (bottom - top, right - left, 3)
    assert cropped.boxes[0].xyxy[1] == pytest.approx(find(alone, ALONE).boxes[0][1].item() - top)


@pytest.mark.parametrize("config", [ALONE, Config(), Config(score=0.05), Config(score=0.95)])
def test_the_suppression_as_a_film(config):
    shown = see(network_config(config))
    found = find(shown, config)
    film = draw.draw_suppression(shown, found)
    photo, overlaps = film.tiles
    steps = found.suppression.steps
    assert list(film.frames.indices) == list(range(len(steps) + 1))
    for frame, step in enumerate(steps):
        now = [box for box in photo.boxes if box.frame == frame]
        colours = [box.colour for box in now]
        assert colours.count(draw.TAKEN) == 1
        assert colours.count(draw.REMOVED) == len(step.removed)
        assert colours.count(draw.BEFORE) == frame
        gone = sum(len(earlier.removed) for earlier in steps[: frame + 1])
        assert colours.count(draw.WAITING) == len(found.boxes) - gone - frame - 1
    last = [box for box in photo.boxes if box.frame == len(steps)]
    assert len(last) == len(found.kept)
    count = min(len(found.boxes), draw.MOST_ROWS)
    if count:
        assert overlaps.pixels == pytest.approx(pairwise_iou(found.boxes, found.boxes)[:count, :count].numpy())
    _, arrays = picture_payload(film)
    assert sum(array.nbytes for array in arrays.values()) < 1_000_000
    for text in overlaps.texts:  # the IoU that decided, in the row of the box taken
        taken, gone = int(text.y), int(text.x)
        assert text.text == f"{paired_iou(found.boxes[taken], found.boxes[gone]):.2f}"


def test_an_own_picture():
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(seen.find_picture("sample:astronaut").rgb).save(file, "PNG")
    key = OWN.add(decode(file.getvalue(), "me.png"))
    config = Config(picture=key, arrange="alone")
    assert from_query(Config, to_query(config)) == (config, [])
    found = find(see(config), config)
    assert COCO_CLASSES[found.labels[0]] == "person"
    missing = Config(picture="upload:0123456789abcdef")
    with pytest.raises(PictureError, match="not on this server"):
        run(missing)


# ------------------------------------------------------------------ grid detector


def test_the_scene_is_what_was_drawn(shapes):
    from engine.data.scenes import make_scene

    drawn = make_scene(Config().seed, Config().objects)
    assert np.array_equal(shapes.square.numpy(), drawn.pixels)
    assert shapes.true_boxes.numpy() == pytest.approx(drawn.boxes, abs=1e-4)
    assert shapes.true_labels.tolist() == drawn.labels.tolist()
    assert len(see_scene(Config(detector="grid", objects=0)).true_labels) == 0


def test_grid_candidates_come_from_the_cells_they_name(shapes):
    found = find_in_scene(shapes, Config(detector="grid", score=0.1))
    assert len(found.boxes) > 0
    view = shapes.view
    for cell, label, score, box in zip(found.cells, found.labels, found.scores, found.boxes, strict=True):
        row, column = divmod(int(cell), CELLS)
        number = next(at for at, other in enumerate(view.boxes[row, column]) if torch.equal(box, other))
        said = view.confidence[row, column, number] * view.probability[row, column]
        assert score.item() == pytest.approx(said.max().item(), abs=1e-6)
        assert int(said.argmax()) == label
    free = find_in_scene(shapes, Config(detector="grid", score=0.1, class_wise=False, iou=0.0))
    iou = pairwise_iou(free.boxes[free.kept], free.boxes[free.kept])
    assert (iou - torch.eye(len(free.kept))).abs().max() < 1e-5  # whatever the class, nothing that overlaps stays


def test_a_cell_of_the_grid_adds_up(shapes):
    view, cells = shapes.view, [divmod(at, CELLS) for at in range(CELLS * CELLS)]
    every = [explain_grid_cell(shapes, row, column) for row, column in cells]
    assert torch.stack([cell.terms for cell in every]).sum(0) == pytest.approx(view.totals, rel=1e-4)
    owners = [cell for cell in every if cell.owner >= 0]
    assert sorted(cell.owner for cell in owners) == list(range(len(shapes.true_labels)))
    for cell in owners:
        left, top, right, bottom = shapes.true_boxes[cell.owner].tolist()
        step = grid.SIDE / CELLS
        assert (cell.row, cell.column) == ((top + bottom) / 2 // step, (left + right) / 2 // step)
        iou = paired_iou(cell.boxes, shapes.true_boxes[cell.owner])
        assert torch.allclose(iou, cell.ious, atol=1e-4)
        assert cell.responsible == int(iou.argmax())
        assert cell.terms[2].item() == pytest.approx(
            (cell.confidences[cell.responsible] - iou[cell.responsible]).item() ** 2, abs=1e-4
        )
    for cell in every:
        if cell.owner < 0:
            assert cell.label == cell.responsible == -1
            assert cell.terms[[0, 1, 2, 4]].tolist() == [0, 0, 0, 0]
            assert cell.terms[3].item() == pytest.approx(0.5 * cell.confidences.square().sum().item(), abs=1e-6)


def test_two_in_one_cell_and_one_is_lost():
    shown = see_scene(TOPIC.presets["Two in one cell"])
    (collision,) = shown.view.collisions
    cell = explain_grid_cell(shown, *first_cell(shown, find_in_scene(shown, Config())))
    assert (cell.row, cell.column) == (collision.row, collision.column)
    assert cell.lost == (collision.lost,)
    assert cell.owner == collision.kept
    assert (shown.view.object_cell == shown.view.object_cell[0]).all()


def test_pictures_of_the_grid(shapes):
    found = find_in_scene(shapes, Config(detector="grid"))
    cell = explain_grid_cell(shapes, *first_cell(shapes, found))
    picture = draw_scene.draw_scene(shapes, found, cell=cell).tiles[0]
    assert [box.label for box in picture.boxes].count("") == (cell.responsible >= 0)
    assert len([box for box in picture.boxes if box.label]) == len(found.kept)
    assert len(picture.points) == len(shapes.true_labels)
    confidence, classes, loss = draw_scene.draw_grid(shapes).tiles
    assert np.array_equal(confidence.pixels, shapes.view.confidence.amax(-1).numpy())
    assert np.array_equal(classes.pixels, shapes.view.probability.numpy())
    assert loss.pixels.sum() == pytest.approx(shapes.view.loss, rel=1e-4)
    bars = draw_scene.draw_probabilities(cell)
    assert bars.shares == pytest.approx(cell.probabilities.tolist())
    assert sum(bars.shares) == pytest.approx(1, abs=1e-5)
    film = draw.draw_suppression(shapes, found)
    assert film.tiles[0].pixels.shape == (grid.SIDE, grid.SIDE, 3)


def test_a_photograph_has_no_truth():
    shown = see_scene(Config(detector="grid", scene="picture", picture="sample:coffee"))
    assert len(shown.true_labels) == 0
    assert shown.view.totals[[0, 1, 2, 4]].tolist() == [0, 0, 0, 0]
    assert np.array_equal(shown.square.numpy(), seen.middle(seen.find_picture("sample:coffee").rgb, grid.SIDE))
    assert scene.first_cell(shown, find_in_scene(shown, Config(score=0.95)))


# ------------------------------------------------------------------ both


def test_a_result_holds_both_and_the_candidates_of_the_one_chosen():
    result = run(Config())
    assert not result.grid
    assert torch.equal(result.candidate_scores, find(result.picture, Config()).scores)
    other = run(Config(detector="grid"))
    assert other.grid
    assert torch.equal(other.candidate_cells, find_in_scene(other.scene, Config()).cells)
    names = {quantity.name for quantity in result.quantities()}
    assert {"picture.scores", "scene.view.terms", "kept"} <= names


@pytest.mark.parametrize("detector", ["nanodet", "grid"])
def test_a_comparison_shows_the_detector_chosen_and_no_other(detector):
    results = [run(Config(detector=detector, score=score)) for score in (0.35, 0.95)]
    assert [one.kept_count for one in results] == [len(one.kept) for one in results]
    assert results[0].best_score == results[0].candidate_scores.max()
    rows = {row.name: row for row in compare_numbers(results, 0)}
    assert {"candidate_count", "kept_count", "best_score"} <= rows.keys()
    assert rows["kept_count"].values == tuple(one.kept_count for one in results)
    assert ("scene.view.loss" in rows, "picture.scores" in rows) == (detector == "grid", detector == "nanodet")
    assert np.isnan(run(Config(detector=detector, score=0.95, picture="sample:flower", size=0.1, objects=0)).best_score)
