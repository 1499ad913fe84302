"""The only door to trained weights: assets/weights/<name>.safetensors, with a card that says where they come from.

On disk half precision (float16) where that does not change the answer, in memory float32. Never pickle: a file of
tensors must not be able to run code.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as read_tensors
from safetensors.torch import save as write_tensors
from torch import Tensor, nn

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "weights"
BATCH_COUNTER = "num_batches_tracked"  # batch normalisation counts its training steps; inference never reads it


class WeightsError(RuntimeError):
    """Weights that are missing, damaged, or made for another model."""


@dataclasses.dataclass(frozen=True)
class Card:
    """What one must know about trained weights; stands as <name>.json beside them.

    source: who trained it, with a link. package: where the file was taken from, with version; "" if trained here.
    licence: its short name, the text stands in <name>.LICENSE. data: what it was trained on. command: regenerates the
    file. score: what was measured, each figure by its name. parameters and sha256 (of the tensors file) are filled in
    by `save_weights`.
    """

    title: str
    source: str
    licence: str
    data: str
    command: str
    score: Mapping[str, float]
    package: str = ""
    remarks: str = ""
    parameters: int = 0
    sha256: str = ""


def names(folder: Path | None = None) -> tuple[str, ...]:
    """Names of all weights there are."""
    return tuple(sorted(path.stem for path in (folder or FOLDER).glob("*.safetensors")))


def card(name: str, folder: Path | None = None) -> Card:
    """The card of the weights `name`. Raises WeightsError if there is none or a field is missing or unknown."""
    path = _path(name, ".json", folder)
    try:
        fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Card(**fields)
    except FileNotFoundError:
        raise WeightsError(_missing(name, path, folder)) from None
    except (json.JSONDecodeError, TypeError) as error:
        raise WeightsError(f"{path.name} is no card of weights: {error}") from None


def load_weights(name: str, folder: Path | None = None) -> dict[str, Tensor]:
    """All tensors of the weights `name` on the CPU, floating ones as float32.

    Raises WeightsError if the file is missing, is not what the card's sha256 says, or cannot be read.
    """
    path = _path(name, ".safetensors", folder)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise WeightsError(_missing(name, path, folder)) from None
    expected, digest = card(name, folder).sha256, hashlib.sha256(content).hexdigest()
    if digest != expected:
        raise WeightsError(f"{path.name} is damaged: its sha256 is {digest[:12]}…, the card says {expected[:12]}…")
    try:
        tensors = read_tensors(content)
    except SafetensorError as error:
        raise WeightsError(f"{path.name} is no safetensors file: {error}") from None
    return {key: value.float() if value.is_floating_point() else value for key, value in tensors.items()}


def save_weights(
    name: str,
    tensors: Mapping[str, Tensor],
    card: Card,
    *,
    licence_text: str,
    half: bool = True,
    folder: Path | None = None,
) -> Card:
    """Write tensors, card and licence text; returns the card with the parameter count and the sha256 filled in.

    half: floating tensors as float16. Raises WeightsError if a value does not survive that (overflow, NaN).
    The count leaves out running statistics, which are no parameters.
    """
    ready = {}
    for key, value in tensors.items():
        if key.endswith(BATCH_COUNTER):
            continue
        value = value.detach().cpu()
        if value.is_floating_point():
            value = value.half() if half else value.float()
            if not torch.isfinite(value).all():
                raise WeightsError(f"{key} of {name} is not finite in {str(value.dtype).removeprefix('torch.')}")
        ready[key] = value.contiguous()
    content = write_tensors(ready)
    counted = sum(value.numel() for key, value in ready.items() if not key.endswith(("running_mean", "running_var")))
    card = dataclasses.replace(card, parameters=counted, sha256=hashlib.sha256(content).hexdigest())
    (folder or FOLDER).mkdir(parents=True, exist_ok=True)
    _path(name, ".safetensors", folder).write_bytes(content)
    _path(name, ".LICENSE", folder).write_text(licence_text, encoding="utf-8")
    text = json.dumps(dataclasses.asdict(card), indent=2, ensure_ascii=False)
    _path(name, ".json", folder).write_text(text + "\n", encoding="utf-8")
    return card


def fill(model: nn.Module, name: str, folder: Path | None = None) -> None:
    """Copy the weights `name` into `model`. Raises WeightsError naming the first tensors that do not fit."""
    tensors = load_weights(name, folder)
    wanted = {key: value for key, value in model.state_dict().items() if not key.endswith(BATCH_COUNTER)}
    problems = [f"{key} is missing" for key in wanted if key not in tensors]
    problems += [f"{key} is not of this model" for key in tensors if key not in wanted]
    problems += [
        f"{key} should be {tuple(wanted[key].shape)} and is {tuple(value.shape)}"
        for key, value in tensors.items()
        if key in wanted and wanted[key].shape != value.shape
    ]
    if problems:
        more = f"; and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise WeightsError(f"{name} does not fit {type(model).__name__}: {'; '.join(problems[:3])}{more}")
    model.load_state_dict(tensors, strict=False)  # strict would ask for the counters


def _path(name: str, suffix: str, folder: Path | None) -> Path:
    if not name.isidentifier():
        raise WeightsError(f"expected a name such as 'efficientnet_lite0', got {name!r}")
    return (folder or FOLDER) / f"{name}{suffix}"


def _missing(name: str, path: Path, folder: Path | None) -> str:
    there = ", ".join(names(folder)) or "none"
    return f"no file {path.name}; there are weights for: {there}. Make it with: python -m engine train {name}"
