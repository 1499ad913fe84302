"""A batch as a block: what is sent, what is refused, what stands on a sheet."""

import numpy as np
import pytest

from engine.pictures.block.sheet import block_sheet
from engine.pictures.block.values import BlockPicture, block_payload, layout
from engine.pictures.files import figure_file
from engine.pictures.kinds import kind_of
from engine.pictures.sheet import Shape

VALUES = np.arange(24, dtype=float).reshape(2, 3, 4)
BY_CHANNEL = np.broadcast_to(np.arange(3)[None, :, None], VALUES.shape)


def picture(values=VALUES, groups=BY_CHANNEL, columns=2, together="averaged"):
    return BlockPicture(values, groups, columns, "A block", together)


def test_numbers_and_groups_travel():
    meta, arrays = block_payload(picture())
    assert (meta["shape"], meta["columns"], meta["together"]) == ([2, 3, 4], 2, "averaged")
    np.testing.assert_array_equal(arrays["values"], VALUES)
    np.testing.assert_array_equal(arrays["groups"], BY_CHANNEL)


def test_a_cell_is_heard_where_there_is_one():
    fits = kind_of(picture()).fits(picture())
    assert fits("pick", {"sample": 1, "channel": 2, "position": 3})
    assert not fits("pick", {"sample": 2, "channel": 0, "position": 0})
    assert not fits("pick", {"sample": 0, "channel": 0, "position": 4})


@pytest.mark.parametrize(("given", "said"), [
    ({"values": VALUES[0]}, "samples, channels, places"), ({"groups": BY_CHANNEL[:1]}, "expected groups"),
    ({"columns": 3}, "rows of 3"), ({"values": np.zeros((50, 50, 4))}, "4000 at most"),
])  # fmt: skip
def test_what_does_not_fit_together_is_refused(given, said):
    with pytest.raises(ValueError, match=said):
        picture(**given)


def fills(picked, groups=BY_CHANNEL) -> dict[str, int]:
    shown = block_sheet(picture(groups=groups), picked=picked)
    found: dict[str, int] = {}
    for mark in shown.marks:
        if isinstance(mark, Shape) and mark.fill:
            found[mark.fill] = found.get(mark.fill, 0) + 1
    return found


def test_what_is_averaged_with_the_picked_cell_has_one_colour():
    middle, front = fills([0, 1, 2]), fills([1, 0, 0])
    assert sorted(middle.values())[0] == 2 * 4 + 2, "the sides of one channel, and their tops"
    assert sorted(front.values())[0] == 2 * 4 * 2 + 2, "and the narrow fronts of the first"
    assert len(fills([0, 0, 0], np.full(VALUES.shape, -1))) == 1, "nothing is averaged"


@pytest.mark.parametrize("shape", [(1, 2, 1), (6, 8, 16)])
def test_it_fits_into_its_place(shape):
    for width, height in ((330, 290), (700, 300)):
        (x, y), pitch, thick, (across, up), down = layout(shape, width, height)
        assert x + (shape[0] - 1) * pitch + thick + shape[1] * across <= width
        assert y - shape[1] * up >= 0
        assert y + shape[2] * down <= height - 30
        assert min(across, down) > 2
    values = np.zeros(shape)
    for form in ("png", "svg", "html"):
        assert figure_file(BlockPicture(values, values.astype(int), 1, "x", "y"), form, picked=[0, 0, 0])


def test_it_is_a_plotly_figure_too():
    """For scripts: every number, and those that belong together with the first."""
    from engine.pictures.block.figure import block

    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    groups = np.broadcast_to(np.arange(3)[None, :, None], values.shape)
    made = block(BlockPicture(values, groups, 2, "x", "one channel"))
    assert made.data[0].z.shape == (4, 6)
    assert made.data[0].z[3][5] == values[1, 2, 3]
    assert len(made.data[1].x) == 8
