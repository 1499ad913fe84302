"""Recipes that regenerate the shipped weights: `python -m engine train NAME`.

Each is `make(progress) -> Card`; progress(share, what) is called with the share done (0 to 1) and a short text.
"""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float, str], None]

RECIPES: dict[str, str] = {
    "digit_cnn": "engine.training.recipes.digit_cnn:make",
    "digit_diffusion": "engine.training.recipes.digit_diffusion:make",
    "efficientnet_lite0": "engine.training.recipes.efficientnet_lite0:make",
    "grid_detector": "engine.training.recipes.grid_detector:make",
    "minilm": "engine.training.recipes.minilm:make",
    "nanodet": "engine.training.recipes.nanodet:make",
}
