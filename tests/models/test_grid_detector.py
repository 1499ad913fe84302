"""The grid detector: assignment, the five terms of the loss against a slow loop, decoding, and the shipped score."""

import math

import numpy as np
import pytest
import torch

from engine import weights
from engine.data.scenes import CLASSES, SIDE, make_scene
from engine.instrument.detection import paired_iou
from engine.instrument.trace import record, tap_names
from engine.models.detection import grid
from engine.models.detection.grid import BOXES, CELLS, Collision, GridDetector, Prediction
from engine.recipes import grid_detector as recipe


def new_model(seed=0):
    return GridDetector(torch.Generator().manual_seed(seed))


def targets_of(scenes):
    return grid.stack_targets([grid.assign(torch.tensor(s.boxes), torch.tensor(s.labels)).targets for s in scenes])


def imagined_raw(seed, *shape):
    return torch.randn(*shape, 5 * BOXES + len(CLASSES), generator=torch.Generator().manual_seed(seed)).double()


def test_the_cell_of_the_middle_owns_the_object():
    # Cells are 16 pixels wide. Middles: (8, 8), (24, 40), on the line (32, 64), in the lower right corner.
    boxes = torch.tensor([[0.0, 0, 16, 16], [14, 30, 34, 50], [22, 44, 42, 84], [120, 120, 136, 136]])
    found = grid.assign(boxes, torch.tensor([3, 1, 5, 0]))
    assert found.cells.tolist() == [[0, 0], [2, 1], [4, 2], [7, 7]]  # row, column
    owner = found.targets.owner
    assert [owner[tuple(cell)].item() for cell in found.cells] == [0, 1, 2, 3]
    assert (owner >= 0).sum() == found.targets.owned.sum() == 4
    assert found.targets.place[2, 1].tolist() == pytest.approx([0.5, 0.5, 20 / 128, 20 / 128])
    assert found.targets.place[4, 2].tolist() == pytest.approx([0, 0, 20 / 128, 40 / 128])
    assert found.targets.label[4, 2] == 5
    assert found.collisions == ()


def test_two_objects_in_one_cell_collide():
    boxes = torch.tensor([[10.0, 0, 30, 20], [15, 5, 25, 15], [80, 80, 100, 100], [19, 9, 21, 11]])
    found = grid.assign(boxes, torch.tensor([3, 1, 2, 0]))
    assert found.collisions == (Collision(0, 1, 0, 1), Collision(0, 1, 0, 3))
    assert found.targets.label[0, 1] == 3
    assert found.targets.owned.sum() == 2
    for seed in range(20):
        scene = make_scene(seed, collide=True)
        collisions = grid.assign(torch.tensor(scene.boxes), torch.tensor(scene.labels)).collisions
        assert (collisions[0].kept, collisions[0].lost) == (0, 1)


def test_decoding_undoes_assigning():
    for seed in range(30):
        scene = make_scene(seed)
        found = grid.assign(torch.tensor(scene.boxes), torch.tensor(scene.labels))
        place = found.targets.place[..., None, :].expand(-1, -1, BOXES, -1)
        said = Prediction(
            torch.cat((place[..., :2], place[..., 2:].sqrt()), -1),
            found.targets.owned[..., None] * torch.tensor([0.9, 0.0]),
            torch.nn.functional.one_hot(found.targets.label, len(CLASSES)).float(),
        )
        seen = grid.detect(said, 0.5, 0.5)
        lost = {collision.lost for collision in found.collisions}
        left = [index for index in range(len(scene.labels)) if index not in lost]
        owner = [found.targets.owner[row, column].item() for row, column, _ in seen.sources.tolist()]
        assert sorted(owner) == left
        torch.testing.assert_close(seen.candidates.boxes, torch.tensor(scene.boxes[owner]).float(), atol=1e-3, rtol=0)
        assert seen.candidates.labels.tolist() == scene.labels[owner].tolist()
        assert grid.loss_terms(said, found.targets).totals[[0, 1, 4]].abs().max() < 1e-9


def terms_by_hand(raw, boxes, labels):
    """Eq. 3 of the paper for one picture, cell by cell and box by box, in plain numbers."""

    def sigmoid(x):
        return 1 / (1 + math.exp(-x))

    def iou(a, b):
        sides = [min(a[i] + a[i + 2] / 2, b[i] + b[i + 2] / 2) - max(a[i] - a[i + 2] / 2, b[i] - b[i + 2] / 2)
                 for i in (0, 1)]  # fmt: skip
        shared = max(sides[0], 0) * max(sides[1], 0)
        return shared / (a[2] * a[3] + b[2] * b[3] - shared)

    terms, who = np.zeros((CELLS, CELLS, 5)), np.full((CELLS, CELLS), -1)
    for row in range(CELLS):
        for column in range(CELLS):
            values = raw[row][column]
            owned = None
            for (x1, y1, x2, y2), label in zip(boxes, labels, strict=True):
                x, y = (x1 + x2) / 2 / SIDE * CELLS, (y1 + y2) / 2 / SIDE * CELLS
                if owned is None and (int(y), int(x)) == (row, column):
                    owned = (x - column, y - row, (x2 - x1) / SIDE, (y2 - y1) / SIDE, label)
            said = [[sigmoid(value) for value in values[5 * b : 5 * b + 5]] for b in range(BOXES)]
            overlaps = [0.0] * BOXES
            if owned:
                true = ((column + owned[0]) / CELLS, (row + owned[1]) / CELLS, owned[2], owned[3])
                overlaps = [
                    iou(((column + s[0]) / CELLS, (row + s[1]) / CELLS, s[2] ** 2, s[3] ** 2), true) for s in said
                ]
                best = overlaps.index(max(overlaps))
                s, who[row, column] = said[best], best
                terms[row, column, 0] = 5 * ((s[0] - owned[0]) ** 2 + (s[1] - owned[1]) ** 2)
                terms[row, column, 1] = 5 * ((s[2] - owned[2] ** 0.5) ** 2 + (s[3] - owned[3] ** 0.5) ** 2)
                terms[row, column, 2] = (s[4] - overlaps[best]) ** 2
                powers = [math.exp(value) for value in values[5 * BOXES :]]
                terms[row, column, 4] = sum(
                    (power / sum(powers) - (kind == owned[4])) ** 2 for kind, power in enumerate(powers)
                )
            terms[row, column, 3] = 0.5 * sum(s[4] ** 2 for b, s in enumerate(said) if b != who[row, column])
    return terms, who


def test_the_five_terms_are_those_of_the_paper():
    scenes = [make_scene(seed, collide=seed % 2 == 1) for seed in range(6)]
    raw = imagined_raw(1, len(scenes), CELLS, CELLS)
    found = grid.loss_terms(grid.read(raw), targets_of(scenes))
    for index, scene in enumerate(scenes):
        expected, who = terms_by_hand(raw[index].tolist(), scene.boxes.tolist(), scene.labels.tolist())
        np.testing.assert_allclose(found.per_cell[index], expected, rtol=1e-5, atol=1e-7)
        assert found.responsible[index].tolist() == who.tolist()
        assert found.loss[index].item() == pytest.approx(expected.sum(), rel=1e-6)
        assert found.totals[index].tolist() == pytest.approx(expected.sum((0, 1)).tolist(), rel=1e-5)


def test_an_empty_picture_only_pays_for_its_confidence():
    raw = imagined_raw(2, CELLS, CELLS)
    nothing = grid.assign(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64)).targets
    prediction = grid.read(raw)
    found = grid.loss_terms(prediction, nothing)
    assert found.totals[[0, 1, 2, 4]].tolist() == [0, 0, 0, 0]
    torch.testing.assert_close(found.loss, 0.5 * prediction.confidence.square().sum())
    assert (found.responsible == -1).all()
    assert (found.iou == 0).all()


def test_gradients_reach_what_they_should_and_nothing_else():
    scene = make_scene(5, 3)
    raw = imagined_raw(3, CELLS, CELLS).requires_grad_()
    found = grid.loss_terms(grid.read(raw), targets_of([scene]))
    found.loss.sum().backward()
    assert torch.isfinite(raw.grad).all()
    for row in range(CELLS):
        for column in range(CELLS):
            who, moved = found.responsible[0, row, column].item(), raw.grad[row, column] != 0
            for box in range(BOXES):
                assert moved[5 * box : 5 * box + 4].all() == moved[5 * box : 5 * box + 4].any() == (box == who)
                assert moved[5 * box + 4]  # every confidence is taught, up or down
            assert moved[5 * BOXES :].any() == (who >= 0)


def test_gradients_are_those_of_finite_differences():
    scene = make_scene(8, 4)
    targets = targets_of([scene])
    raw = imagined_raw(4, 1, CELLS, CELLS)
    with torch.no_grad():
        fixed = grid.loss_terms(grid.read(raw), targets)

    def loss(values):  # the IoU and who is responsible held fast, as the paper's gradient does
        said, owned = grid.read(values), targets.owned
        who = torch.nn.functional.one_hot(fixed.responsible.clamp(min=0), BOXES) * owned[..., None]
        true = torch.cat((targets.place[..., :2], targets.place[..., 2:].sqrt()), -1)[..., None, :]
        kinds = torch.nn.functional.one_hot(targets.label, len(CLASSES))
        return (
            5 * ((said.place - true).square().sum(-1) * who).sum()
            + ((said.confidence - fixed.iou).square() * who).sum()
            + 0.5 * (said.confidence.square() * (1 - who)).sum()
            + ((said.probability - kinds).square().sum(-1) * owned).sum()
        )

    raw.requires_grad_()
    (ours,) = torch.autograd.grad(grid.loss_terms(grid.read(raw), targets).loss.sum(), raw)
    step, random = 1e-5, np.random.default_rng(0)
    flat = raw.detach().flatten()
    for place in [*random.integers(0, flat.numel(), 30), *ours.abs().flatten().topk(20).indices.tolist()]:
        up, down = flat.clone(), flat.clone()
        up[place] += step
        down[place] -= step
        slope = (loss(up.view_as(raw)) - loss(down.view_as(raw))).item() / (2 * step)
        assert ours.flatten()[place].item() == pytest.approx(slope, rel=1e-4, abs=1e-6)


def test_the_network_has_the_shape_of_the_paper_and_seeds_of_its_own():
    model = new_model()
    state = torch.random.get_rng_state()
    again, other = new_model(), new_model(1)
    assert torch.equal(torch.random.get_rng_state(), state)  # the process-wide generator is left alone
    x = grid.normalised(make_scene(0).pixels[None])
    model.eval()
    with record(model) as trace, torch.no_grad():
        raw = model(x)
    assert raw.shape == (1, CELLS, CELLS, 5 * BOXES + len(CLASSES))
    assert torch.equal(trace["prediction"], raw)
    assert set(trace) == set(tap_names(model))
    assert trace["trunk.0.out"].shape == (1, 16, SIDE // 2, SIDE // 2)
    assert trace["trunk.7.out"].shape == (1, 128, CELLS, CELLS)
    assert torch.equal(again.eval()(x), raw)
    assert not torch.equal(other.eval()(x), raw)
    assert grid.normalised(np.array([[[[0, 255, 0]]]], np.uint8)).flatten().tolist() == [-1, 1, -1]


def test_the_recipe_can_learn_a_batch_by_heart():
    inputs, targets = next(recipe.training_batches(recipe.training_photos(), 0))
    again, same = next(recipe.training_batches(recipe.training_photos(), 0))
    assert torch.equal(inputs, again)
    assert torch.equal(targets.place, same.place)
    inputs, targets = inputs[:8], grid.Targets(targets.owner[:8], targets.place[:8], targets.label[:8])
    model = new_model().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), 0.003)
    losses = []
    for _ in range(50):
        optimizer.zero_grad()
        terms = grid.loss_terms(grid.read(model(inputs)), targets)
        terms.loss.mean().backward()
        assert all(torch.isfinite(parameter.grad).all() for parameter in model.parameters())
        optimizer.step()
        losses.append(terms.totals.mean(0).detach())
    assert losses[-1].sum() < 0.3 * losses[0].sum()
    assert (losses[-1] < losses[0])[[0, 1, 4]].all()  # places, sizes and classes, not confidences alone


def test_no_background_of_the_training_is_one_of_the_app():
    from engine.data.photos import PHOTOS

    files = {name.partition(".")[0] for name in recipe.BACKGROUNDS}
    assert not files & {photo.file.partition(".")[0] for photo in PHOTOS.values()}
    assert len(recipe.training_photos()) == len(files) == 10


def test_the_package_with_the_backgrounds_is_named(monkeypatch):
    monkeypatch.setattr(recipe, "PACKAGE", "scikit-image-that-is-not-there")
    with pytest.raises(weights.WeightsError, match="pip install scikit-image-that-is-not-there==0"):
        recipe.make(lambda share, what: None)


def test_shipped_weights_score_what_their_card_says():
    card = weights.card("grid_detector")
    scenes = recipe.held_out_scenes()
    assert len(scenes) == 300
    score = recipe.evaluate(grid.load_grid_detector(), scenes)
    assert score.mean >= 0.90
    assert score.mean == pytest.approx(card.score["mAP@0.5 on the 300 held-out scenes"], abs=0.002)
    for name, curve in zip(CLASSES, score.of_class, strict=True):
        assert curve.average_precision == pytest.approx(card.score[f"AP@0.5 of {name}"], abs=0.006)
        assert curve.truths > 100
    assert all(not grid.assign(torch.tensor(s.boxes), torch.tensor(s.labels)).collisions for s in scenes)
    for name, share in recipe.recall_of_collisions(grid.load_grid_detector()).items():
        assert share == pytest.approx(card.score[name], abs=0.02)


def test_one_picture_seen_from_all_sides():
    model, scene = grid.load_grid_detector(), make_scene(11, 4)
    view = grid.view_grid(model, scene.pixels, scene.boxes, scene.labels)
    assert view.raw.shape == (CELLS, CELLS, 5 * BOXES + len(CLASSES))
    assert view.loss == pytest.approx(view.terms.sum().item(), rel=1e-5)
    torch.testing.assert_close(view.terms.sum((0, 1)), view.totals)
    owners = [(row, column) for row, column in (view.owner >= 0).nonzero().tolist()]
    assert len(owners) + len(view.collisions) == len(scene.labels)
    for row, column in owners:
        box = torch.tensor(scene.boxes[view.owner[row, column]]).float()
        iou = paired_iou(view.boxes[row, column], box)
        torch.testing.assert_close(view.iou[row, column], iou, atol=1e-4, rtol=0)
        assert view.responsible[row, column] == iou.argmax()
        label = scene.labels[view.owner[row, column]]
        assert view.label[row, column] == label
        said, wanted = view.place[row, column, iou.argmax()], view.wanted[row, column]
        confidence, probability = view.confidence[row, column, iou.argmax()], view.probability[row, column]
        kinds = torch.eye(len(CLASSES))[label]
        rows = [5 * (said - wanted)[:2].square().sum(), 5 * (said - wanted)[2:].square().sum(),
                (confidence - iou.max()).square(), 0.5 * view.confidence[row, column, 1 - iou.argmax()].square(),
                (probability - kinds).square().sum()]  # fmt: skip
        torch.testing.assert_close(view.terms[row, column], torch.stack(rows), atol=1e-4, rtol=1e-3)
    found = grid.detect(view.prediction, 0.3, 0.5)
    assert (found.candidates.scores.diff() <= 0).all()
    for place, (row, column, box) in enumerate(found.sources.tolist()):
        torch.testing.assert_close(found.candidates.boxes[place], view.boxes[row, column, box])
        share = view.confidence[row, column, box] * view.probability[row, column].max()
        torch.testing.assert_close(found.candidates.scores[place], share)
    assert len(found.kept) == len(found.suppression.kept) <= len(found.candidates)
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_a_picture_with_nothing_in_it_and_thresholds_that_nothing_passes():
    model, scene = new_model().eval(), make_scene(2, 0)
    view = grid.view_grid(model, scene.pixels, scene.boxes, scene.labels)
    assert (view.owner == -1).all()
    assert view.totals[[0, 1, 2, 4]].tolist() == [0, 0, 0, 0]
    assert view.totals[3] == view.loss > 0
    found = grid.detect(view.prediction, 1.0, 0.5)
    assert len(found.candidates) == len(found.kept) == len(found.sources) == 0
    everything = grid.detect(view.prediction, 0.0, 1.0)
    assert len(everything.kept) == CELLS * CELLS * BOXES  # no overlap is above 1: all stay
