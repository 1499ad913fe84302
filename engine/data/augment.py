"""Changes to a picture that leave what it shows the same: what training multiplies its pictures with."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

GREY = (127, 127, 127)  # becomes zero in (v - 127) / 128


def augment(
    rgb: np.ndarray,
    *,
    flip: bool = False,
    crop: float = 1.0,
    brightness: float = 1.0,
    colour: float = 1.0,
    cutout: int = 0,
    seed: int = 0,
) -> np.ndarray:
    """A changed copy of a picture, (H, W, 3) uint8, same shape; with the defaults exactly the same values.

    flip: left and right exchanged. crop: share (0 to 1] of the sides that is kept, at a random place, and enlarged
    again (bicubic). brightness: factor, cut off at 255. colour: 0 grey, 1 unchanged (luma of ITU-R 601). cutout: side
    in pixels of a grey square at a random place, wholly inside (DeVries and Taylor 2017). Raises ValueError for a crop
    outside (0, 1].
    """
    if not 0 < crop <= 1:
        raise ValueError(f"expected a crop above 0 and at most 1, got {crop}")
    height, width = rgb.shape[:2]
    # All places are drawn always, so that one setting never moves another's.
    crop_x, crop_y, cut_x, cut_y = np.random.default_rng(seed).random(4)
    image = Image.fromarray(rgb)
    if flip:
        image = ImageOps.mirror(image)
    if crop < 1:
        left, top = crop_x * (1 - crop) * width, crop_y * (1 - crop) * height
        box = (left, top, left + crop * width, top + crop * height)
        image = image.resize((width, height), Image.Resampling.BICUBIC, box=box)
    if brightness != 1:
        image = ImageEnhance.Brightness(image).enhance(brightness)
    if colour != 1:
        image = ImageEnhance.Color(image).enhance(colour)
    if cutout > 0:
        side = min(cutout, width, height)
        image.paste(GREY, (x := round(cut_x * (width - side)), y := round(cut_y * (height - side)), x + side, y + side))
    return np.array(image)
