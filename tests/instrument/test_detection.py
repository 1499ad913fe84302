"""Boxes: closed forms, properties, suppression by its definition, and mAP against pycocotools."""

import contextlib
import io
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from engine.instrument import detection
from engine.instrument.detection import Comparison, Detections, Truths

# Whole numbers in double precision: sums and products are exact, and so are ties with the threshold.
numbers = st.integers(-20, 20)
lengths = st.integers(1, 20)
a_box = st.tuples(numbers, numbers, lengths, lengths).map(
    lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3])
)


def several(least=0, most=8):
    return st.lists(a_box, min_size=least, max_size=most).map(
        lambda boxes: torch.tensor(boxes, dtype=torch.float64).reshape(-1, 4)
    )


def iou_by_counting(a, b):
    """The unit squares both cover over those that one covers, for whole corners."""
    cells = [{(x, y) for x in range(box[0], box[2]) for y in range(box[1], box[3])} for box in (a, b)]
    return len(cells[0] & cells[1]) / len(cells[0] | cells[1])


def test_iou_in_closed_form():
    unit = torch.tensor([[0.0, 0.0, 2.0, 2.0]])
    others = torch.tensor(
        [[0.0, 0.0, 2.0, 2.0], [1.0, 0.0, 3.0, 2.0], [1.0, 1.0, 3.0, 3.0], [2.0, 0.0, 4.0, 2.0], [0.5, 0.5, 1.5, 1.5],
         [9.0, 9.0, 9.0, 9.0], [3.0, 3.0, 1.0, 1.0]]
    )  # fmt: skip
    expected = torch.tensor([[1, 1 / 3, 1 / 7, 0, 1 / 4, 0, 0]])  # the same, half, quarter, touching, inside, empty
    torch.testing.assert_close(detection.pairwise_iou(unit, others), expected)
    nothing = torch.zeros(1, 4)
    assert detection.pairwise_iou(nothing, nothing).item() == 0
    assert detection.pairwise_iou(unit, torch.empty(0, 4)).shape == (1, 0)


@given(a_box, a_box)
def test_iou_is_what_counting_gives(a, b):
    found = detection.paired_iou(torch.tensor(a, dtype=torch.float64), torch.tensor(b, dtype=torch.float64))
    assert found.item() == iou_by_counting(a, b)


@given(several(), several(), st.tuples(numbers, numbers), st.integers(1, 7))
def test_iou_is_symmetric_and_blind_to_shift_and_scale(a, b, shift, scale):
    iou = detection.pairwise_iou(a, b)
    assert torch.equal(iou, detection.pairwise_iou(b, a).T)
    move = torch.tensor(shift * 2)
    torch.testing.assert_close(detection.pairwise_iou((a + move) * scale, (b + move) * scale), iou)
    assert ((iou >= 0) & (iou <= 1)).all()
    assert torch.equal(detection.pairwise_iou(a, a).diagonal(), torch.ones(len(a), dtype=torch.float64))


def test_iou_works_in_batches_and_has_gradients():
    a, b = torch.rand(3, 5, 4), torch.rand(3, 2, 4)
    a[..., 2:] += a[..., :2]
    b[..., 2:] += b[..., :2]
    together = detection.pairwise_iou(a, b)
    assert together.shape == (3, 5, 2)
    torch.testing.assert_close(together[1], detection.pairwise_iou(a[1], b[1]))
    exact = torch.tensor([0.0, 0.0, 2.0, 2.0], dtype=torch.float64, requires_grad=True)
    other = torch.tensor([0.5, 0.7, 2.5, 3.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(detection.paired_iou, (exact, other))


@given(several(1))
def test_formats_there_and_back(boxes):
    assert torch.equal(detection.corners_from_centre(detection.centre_from_corners(boxes)), boxes)
    assert torch.equal(detection.corners_from_size(detection.size_from_corners(boxes)), boxes)
    width, height = detection.centre_from_corners(boxes)[:, 2:].unbind(1)
    assert torch.equal(width * height, detection.box_area(boxes))
    assert torch.equal(detection.size_from_corners(boxes)[:, 2:], detection.centre_from_corners(boxes)[:, 2:])


def suppressed_by_definition(boxes, scores, threshold, classes):
    """A box stays if no box that stays, comes before it and is of its class overlaps it by more than the threshold."""
    order = sorted(range(len(boxes)), key=lambda index: (-scores[index], index))
    stays = []
    for index in order:
        rivals = [kept for kept in stays if classes is None or classes[kept] == classes[index]]
        if all(iou_by_counting(boxes[kept], boxes[index]) <= threshold for kept in rivals):
            stays.append(index)
    return stays


@settings(max_examples=200)
@given(several(0, 10), st.data())
def test_suppression_is_what_its_definition_says(boxes, data):
    count = len(boxes)
    scores = data.draw(st.lists(st.integers(0, 5), min_size=count, max_size=count))  # few values: many ties
    classes = data.draw(st.none() | st.lists(st.integers(0, 2), min_size=count, max_size=count))
    threshold = data.draw(st.sampled_from([0.0, 0.25, 1 / 3, 0.5, 0.9]))
    corners = boxes.int().tolist()
    found = detection.non_maximum_suppression(
        boxes, torch.tensor(scores, dtype=torch.float64), threshold, None if classes is None else torch.tensor(classes)
    )
    assert list(found.kept) == suppressed_by_definition(corners, scores, threshold, classes)
    gone = [one.box for step in found.steps for one in step.removed]
    assert sorted([*found.kept, *gone]) == list(range(count))  # every box is taken or removed, once
    for step in found.steps:
        assert step.score == scores[step.taken]
        for one in step.removed:
            assert one.iou == iou_by_counting(corners[step.taken], corners[one.box]) > threshold
            assert scores[one.box] <= step.score
        for one in step.spared:
            assert 0 < one.iou == iou_by_counting(corners[step.taken], corners[one.box]) <= threshold


def test_suppression_tells_its_steps():
    boxes = torch.tensor([[0.0, 0, 2, 2], [10, 10, 12, 12], [1, 0, 3, 2], [0, 0, 2, 3]], dtype=torch.float64)
    found = detection.non_maximum_suppression(boxes, torch.tensor([0.7, 0.5, 0.6, 0.9]), 0.5)
    assert found.kept == (3, 2, 1)
    assert found.steps[0].removed == (Comparison(0, 2 / 3),)
    assert found.steps[0].spared == (Comparison(2, 1 / 4),)  # 2 of 8 unit squares
    assert found.steps[1].removed == found.steps[2].removed == ()
    apart = detection.non_maximum_suppression(boxes, torch.ones(4), 0.5, torch.arange(4))
    assert apart.kept == (0, 1, 2, 3)


def test_wrong_shapes_are_named():
    with pytest.raises(ValueError, match=r"boxes \(N, 4\) and scores \(N,\), got \(2, 3\)"):
        detection.non_maximum_suppression(torch.zeros(2, 3), torch.zeros(2), 0.5)
    with pytest.raises(ValueError, match=r"one class a box, got \(3,\) for 2"):
        detection.non_maximum_suppression(torch.zeros(2, 4), torch.zeros(2), 0.5, torch.zeros(3))
    with pytest.raises(ValueError, match="as many pictures each, got 1, 0 and 0"):
        detection.average_precision([torch.zeros(0, 4)], [], [])
    with pytest.raises(ValueError, match="for each picture, got 0 for 1"):
        detection.mean_average_precision([], [Truths(torch.zeros(0, 4), torch.zeros(0))], 2)


def spots(*places):
    """Unit squares far apart, one at each place."""
    return torch.tensor([[3.0 * place, 0, 3.0 * place + 1, 1] for place in places], dtype=torch.float64).reshape(-1, 4)


def test_average_precision_in_closed_form():
    # Right, wrong, right, wrong, right of 4 truths: precisions 1, 1/2, 2/3, 1/2, 3/5 at recalls 1/4, ., 2/4, ., 3/4.
    found = detection.average_precision(
        [spots(0, 10, 1), spots(11, 2)], [torch.tensor([0.9, 0.8, 0.7]), torch.tensor([0.6, 0.5])],
        [spots(0, 1), spots(2, 3)],
    )  # fmt: skip
    assert found.average_precision == pytest.approx((1 + 2 / 3 + 3 / 5) / 4)
    assert found.precision.tolist() == pytest.approx([1, 1 / 2, 2 / 3, 1 / 2, 3 / 5])
    assert found.recall.tolist() == [0.25, 0.25, 0.5, 0.5, 0.75]
    assert found.envelope.tolist() == pytest.approx([1, 2 / 3, 2 / 3, 3 / 5, 3 / 5])
    assert found.correct.tolist() == [True, False, True, False, True]
    assert found.picture.tolist() == [0, 0, 0, 1, 1]
    assert found.box.tolist() == [0, 1, 2, 0, 1]
    assert found.truth.tolist() == [0, -1, 1, -1, 0]
    assert found.truths == 4


def test_one_detection_for_each_truth():
    twice = torch.cat([spots(0), spots(0)])
    found = detection.average_precision([twice], [torch.tensor([0.4, 0.8])], [spots(0)])
    assert found.box.tolist() == [1, 0]
    assert found.correct.tolist() == [True, False]  # the better score gets it, the second is a false positive
    assert found.iou.tolist() == [1, 1]
    assert found.average_precision == 1  # it came after full recall


def test_an_iou_of_exactly_the_threshold_counts():
    half = torch.tensor([[0.0, 0, 1, 2]], dtype=torch.float64)
    whole = torch.tensor([[0.0, 0, 2, 2]], dtype=torch.float64)
    assert detection.average_precision([half], [torch.ones(1)], [whole], 0.5).average_precision == 1
    assert detection.average_precision([half], [torch.ones(1)], [whole], 0.51).average_precision == 0


def test_classes_without_truths_have_no_score():
    nothing = Detections(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, dtype=torch.int64))
    found = Detections(spots(0, 1), torch.tensor([0.5, 0.9]), torch.tensor([0, 2]))
    true = Truths(spots(1, 0), torch.tensor([1, 0]))
    score = detection.mean_average_precision([found, nothing], [true, Truths(spots(), torch.tensor([]))], 3)
    assert [curve.average_precision for curve in score.of_class[:2]] == [1, 0]
    assert math.isnan(score.of_class[2].average_precision)
    assert score.mean == 0.5
    assert score.of_class[0].truth.tolist() == [1]  # counted among all truths of the picture
    assert score.of_class[2].box.tolist() == [1]
    assert math.isnan(detection.mean_average_precision([], [], 3).mean)


def imagined(random, pictures=12, classes=3):
    """Truths, and detections that are shifted truths, doubles, and boxes from nowhere."""
    found, true = [], []
    for _ in range(pictures):
        count = random.integers(0, 6)
        corner, size = random.uniform(0, 80, (count, 2)), random.uniform(5, 30, (count, 2))
        boxes, labels = np.concatenate([corner, corner + size], 1), random.integers(0, classes, count)
        again = random.integers(0, count, random.integers(0, 3 * count + 1)) if count else np.zeros(0, int)
        near = boxes[again] + random.normal(0, 1.2, (len(again), 4))
        stray = random.uniform(0, 60, (random.integers(0, 4), 4))
        stray[:, 2:] = stray[:, :2] + 5 + stray[:, 2:] / 3
        wrong = random.uniform(size=len(again)) < 0.1
        labels_near = np.where(wrong, (labels[again] + 1) % classes, labels[again])
        all_boxes = torch.tensor(np.concatenate([near, stray]))
        all_labels = np.concatenate([labels_near, random.integers(0, classes, len(stray))])
        scores = torch.tensor(np.round(random.uniform(0, 1, len(all_boxes)), 1))  # one digit: many ties
        found.append(Detections(all_boxes, scores, torch.tensor(all_labels)))
        true.append(Truths(torch.tensor(boxes), torch.tensor(labels)))
    return found, true


def average_precision_of_coco(found, true, label, threshold):
    """COCOeval of one class, its precision envelope read where recall rises (k of n truths) and not at 101 points.

    The mean of those n precisions is the area under the envelope: each truth adds a strip of the width 1/n.
    """
    annotations, results = [], []
    for picture, (one, there) in enumerate(zip(found, true, strict=True), start=1):
        for box in detection.size_from_corners(there.boxes)[there.labels == label].tolist():
            annotations.append({"image_id": picture, "category_id": 1, "bbox": box, "area": box[2] * box[3]})
        mask = one.labels == label
        for box, score in zip(detection.size_from_corners(one.boxes)[mask].tolist(), one.scores[mask], strict=True):
            results.append({"image_id": picture, "category_id": 1, "bbox": box, "score": score.item()})
    truth = COCO()
    truth.dataset = {
        "images": [{"id": picture} for picture in range(1, len(found) + 1)],
        "categories": [{"id": 1}],
        "annotations": [{"id": i, "iscrowd": 0, **one} for i, one in enumerate(annotations, start=1)],
    }
    truth.createIndex()
    evaluation = COCOeval(truth, truth.loadRes(results), "bbox")
    evaluation.params.iouThrs = np.array([threshold])
    evaluation.params.recThrs = np.arange(1, len(annotations) + 1) / len(annotations)
    evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ["all"]
    evaluation.params.maxDets = [1000]
    evaluation.evaluate()
    evaluation.accumulate()
    return evaluation.eval["precision"][0, :, 0, 0, 0].mean()


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.75])
@pytest.mark.parametrize("seed", range(4))
def test_mean_average_precision_is_that_of_pycocotools(seed, threshold):
    found, true = imagined(np.random.default_rng(seed))
    ours = detection.mean_average_precision(found, true, 3, threshold)
    with contextlib.redirect_stdout(io.StringIO()):
        theirs = [average_precision_of_coco(found, true, label, threshold) for label in range(3)]
    assert [curve.average_precision for curve in ours.of_class] == pytest.approx(theirs, abs=1e-9)
    assert ours.mean == pytest.approx(np.mean(theirs), abs=1e-9)
    assert 0.05 < ours.mean < 0.95  # neither trivial end


@pytest.mark.parametrize("seed", range(3))
def test_the_curve_is_that_of_scikit_learn_where_every_truth_is_found(seed):
    from sklearn.metrics import precision_recall_curve

    random = np.random.default_rng(seed)
    scores = torch.tensor(random.permutation(40) / 40)
    places = [*range(25), *range(100, 115)]  # 25 truths found once, 15 strays
    found = detection.average_precision([spots(*places)], [scores], [spots(*range(25))])
    precision, recall, _ = precision_recall_curve(np.arange(40) < 25, scores)
    there = len(precision) - 1  # theirs ends with a point of their own, at recall 0
    assert found.precision.tolist()[:there] == pytest.approx(precision[:-1][::-1].tolist())
    assert found.recall.tolist()[:there] == pytest.approx(recall[:-1][::-1].tolist())
