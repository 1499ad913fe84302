"""Distributions side by side: what is sent, what is refused, what stands on a sheet."""

import numpy as np
import pytest

from engine.contracts.film import Frames
from engine.pictures.files import figure_file
from engine.pictures.histograms.sheet import histograms_sheet
from engine.pictures.histograms.values import HistogramsPicture, histograms_payload
from engine.pictures.kinds import kind_of
from engine.pictures.sheet import Shape

SHARES = np.array([[0.0, 0.25, 0.5, 0.25, 0.0], [0.5, 0.0, 0.0, 0.0, 0.5], [0.0, 0.0, 1e-9, 0.0, 0.0]])


def picture(shares=SHARES, names=("1", "2", "3"), **more):
    return HistogramsPicture(shares, -1.5, 1.5, names, "Three columns", "h", "layer", **more)


def test_shares_travel_as_bytes_and_little_is_not_nothing():
    meta, arrays = histograms_payload(picture(notes=("a", "b", "c")))
    assert (meta["count"], meta["bins"], meta["notesMove"], meta["frames"]) == (3, 3, False, None)
    assert arrays["shares"].dtype == np.uint16
    np.testing.assert_allclose(arrays["shares"][:2] / 65535, SHARES[:2], atol=1e-5)
    assert arrays["shares"][2].tolist() == [0, 0, 1, 0, 0]


def test_frames_lead_and_notes_may_move():
    frames = Frames("run", [0, 1], [0, 10])
    moving = picture(np.stack([SHARES, SHARES[::-1]]), frames=frames, notes=[["a", "b", "c"], ["d", "e", "f"]])
    meta, arrays = histograms_payload(moving)
    assert meta["notesMove"]
    assert arrays["shares"].shape == (2, 3, 5)
    assert kind_of(moving).fits(moving)("pick", 2)
    assert not kind_of(moving).fits(moving)("pick", 3)


@pytest.mark.parametrize(
    ("given", "said"),
    [({"names": ("1",)}, "shares must be"), ({"shares": SHARES[:, :2]}, "shares must be"),
     ({"notes": ("a",)}, "notes"), ({"frames": Frames("run", [0], [0])}, "shares must be")],
)  # fmt: skip
def test_what_does_not_fit_together_is_refused(given, said):
    with pytest.raises(ValueError, match=said):
        picture(**given)
    with pytest.raises(ValueError, match="low < high"):
        HistogramsPicture(SHARES, 1, 1, ("1", "2", "3"), "x", "h", "layer")


def test_a_sheet_has_a_bar_for_every_bin_that_holds_something_and_its_files_are_made():
    bars = [mark for mark in histograms_sheet(picture()).marks if isinstance(mark, Shape) and mark.fill]
    assert len(bars) == 3 + 2 + 1
    widths = [mark.points[1][0] - mark.points[0][0] for mark in bars[:3]]
    assert widths[0] == pytest.approx(widths[1] / 2**0.5)
    ends = [mark.points[0][1] for mark in bars[3:5]]
    assert ends[0] > bars[0].points[2][1] > bars[2].points[0][1] > ends[1], "below the axis, and above it"
    many = picture(np.tile(SHARES[:1], (50, 1)), tuple(map(str, range(50))))
    for shown in (picture(), many):
        for form in ("png", "svg", "html"):
            assert figure_file(shown, form, picked=1)
