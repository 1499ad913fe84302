"""Recipes that regenerate the shipped weights: `python -m engine train NAME`.

Each is `make(progress) -> Card`; progress(share, what) is called with the share done (0 to 1) and a short text.
"""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float, str], None]

RECIPES: dict[str, str] = {
    "digit_cnn": "engine.recipes.digit_cnn:make",
    "digit_diffusion": "engine.recipes.digit_diffusion:make",
    "efficientnet_lite0": "engine.recipes.efficientnet_lite0:make",
    "grid_detector": "engine.recipes.grid_detector:make",
    "minilm": "engine.recipes.minilm:make",
    "nanodet": "engine.recipes.nanodet:make",
}
