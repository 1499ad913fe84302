"""Numbers that stand in the lesson on kNN, SVM and softmax and are not measured there."""

from dataclasses import replace

import pytest

from engine.contracts.lesson import FOLDER
from engine.instrument.neighbours import winners
from engine.topics.linear_classifiers import kernel, neighbours
from engine.topics.linear_classifiers.card import TOPIC
from engine.topics.linear_classifiers.explain_neighbours import differing
from engine.topics.linear_classifiers.samples import samples_of


def stands(*numbers: str) -> None:
    """These numbers stand in the lesson, spelled as each language does."""
    for language in ("en", "zh"):
        text = (FOLDER / language / "linear_classifiers.md").read_text("utf-8")
        for number in numbers:
            assert (number if language == "en" else number.replace(" %", "%")) in text, f"{language}: {number}"


def preset(name: str, **changes):
    return replace(TOPIC.presets[name], **changes)


def test_points_folds_and_one_point_more_or_less():
    stands("210", "42", "2.4 %", "90")
    samples = samples_of(preset("One neighbour"))
    assert (int(samples.is_train.sum()), len(samples.held_out_rows)) == (210, 90)
    assert round(1 / (210 / 5), 3) == 0.024
    share = neighbours.cross_validation(preset("One neighbour")).held_out.max().item()
    assert (share * (1 - share) / 90) ** 0.5 == pytest.approx(0.04, abs=0.004)
    stands("4 %")


def test_l1_changes_a_little_and_the_weights_of_votes_change_without_the_root():
    stands("3 %")
    usual = preset("Twenty neighbours")
    found = neighbours.run(usual)
    assert differing(found, neighbours.run(replace(usual, metric="l1"))) == pytest.approx(0.03, abs=0.012)
    near = replace(usual, weighted=True)
    with_root, without = (neighbours.run(replace(near, metric=metric)) for metric in ("l2", "l2_squared"))
    assert differing(with_root, without) > 0


def test_what_c_and_gamma_do_to_the_support_vectors():
    stands("100")
    usual = preset("Curved border")
    found = kernel.run(usual)
    assert len(kernel.run(replace(usual, penalty=0.1)).support) > 2 * len(found.support)
    sharp = kernel.run(replace(usual, gamma=100.0))
    assert len(sharp.support) > 0.85 * 210, "nearly all"
    one = neighbours.run(replace(usual, method="neighbours", k=1))
    bent, near = (winners(each.plane.reshape(-1, 2)) for each in (sharp, one))
    assert (bent == near).double().mean() > 0.6
    without = samples_of(usual)
    safe = [at for at in without.train_rows.tolist() if at not in found.support]
    assert len(safe) > 150, "points that could be taken away"


def test_the_islands_are_points_that_noise_threw_among_the_others():
    config = preset("One neighbour")
    found = neighbours.run(config)
    more = neighbours.run(replace(config, k=20))
    assert differing(found, more) > 0.05
    assert found.train_accuracy == 1
    assert more.train_accuracy < 0.95
