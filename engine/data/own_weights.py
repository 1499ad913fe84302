"""Weights that a visitor takes away and brings back: safetensors only, checked before they are used. No torch.

A safetensors file is the length of a JSON header in 8 bytes, the header, then the raw numbers: nothing in it can run
code. It is kept by content, as pictures are, so that a Config can name it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from safetensors.numpy import save

from engine.contracts.knob import KnobError
from engine.data.pictures import kind_of
from engine.machinery.own import OWN, key_of_digest

MAXIMUM_BYTES = 4 * 1024 * 1024  # the largest network that trains here has a tenth of it
MAXIMUM_HEADER = 256 * 1024
DTYPES = {"F16": np.float16, "F32": np.float32, "F64": np.float64}
MAGIC_PICKLE = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
FORMAT = "neurarium"  # in the metadata of our own files


class WeightsFileError(KnobError):
    """A file of weights that cannot be used, in one sentence: what was expected and what came."""


@dataclasses.dataclass(frozen=True, eq=False)
class OwnWeights:
    """tensors: name -> float32, or float64 where the file has that, read-only; metadata: texts of the file; sha256: of
    the file, in hex."""

    tensors: Mapping[str, np.ndarray]
    metadata: Mapping[str, str]
    sha256: str

    @property
    def key(self) -> str:
        """What a Config and a link name it by."""
        return key_of_digest(self.sha256)

    @property
    def nbytes(self) -> int:
        """Bytes of the numbers."""
        return sum(tensor.nbytes for tensor in self.tensors.values())


def write_weights(tensors: Mapping[str, Any], topic: str, config: Mapping[str, str], step: int | None) -> bytes:
    """A state_dict as a safetensors file whose metadata name the topic, the Config as in a link, and the step."""
    arrays = {name: np.ascontiguousarray(np.asarray(value)) for name, value in tensors.items()}
    arrays = {name: array if array.dtype == np.float64 else array.astype(np.float32) for name, array in arrays.items()}
    metadata = {"format": FORMAT, "topic": topic, "config": json.dumps(dict(config), ensure_ascii=False)}
    return save(arrays, metadata | ({} if step is None else {"step": str(step)}))


def read_weights(content: bytes) -> OwnWeights:
    """The tensors of a safetensors file of at most 4 MB, float16, float32 or float64, all of them finite.

    Sizes and header are checked before any number is read. Raises WeightsFileError saying what was expected and what
    came.
    """
    if not content:
        raise WeightsFileError("Expected a file with weights or settings, got an empty file.")
    if len(content) > MAXIMUM_BYTES:
        raise WeightsFileError(
            "Expected a file of at most {most} MB, got {size} MB.",
            most=MAXIMUM_BYTES // 2**20, size=f"{math.ceil(len(content) / 2**20 * 10) / 10:.1f}",
        )  # fmt: skip
    is_pickle = content.startswith(MAGIC_PICKLE) and content[8:9] != b"{"  # a header may have a length of such bytes
    if is_pickle or (content.startswith(b"PK\x03\x04") and b"data.pkl" in content[:400]):
        raise WeightsFileError(
            "Expected weights as safetensors; this is a pickle, as PyTorch's .pt files are, and such files can run "
            "code, so it was not opened. Save it again with safetensors.torch.save_file."
        )
    header, start = _header(content)
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise WeightsFileError("Expected a safetensors file, but its header is damaged.")
    tensors = {str(name): _tensor(str(name), entry, content, start) for name, entry in header.items()}
    if not tensors:
        raise WeightsFileError("Expected weights, but this file holds no tensor.")
    return OwnWeights(tensors, metadata, hashlib.sha256(content).hexdigest())


def _header(content: bytes) -> tuple[dict[str, Any], int]:
    """(header, where the numbers begin)."""
    claimed = struct.unpack_from("<Q", content)[0] if len(content) >= 8 else 0
    if len(content) < 8 or content[8:9] != b"{":
        raise WeightsFileError(
            "Expected weights (.safetensors) or settings (.json), got {label}.", label=kind_of(content)
        )
    if claimed > MAXIMUM_HEADER:
        raise WeightsFileError(
            "Expected a safetensors file; the header of this one claims {claimed} bytes, at most {most} are read.",
            claimed=claimed, most=MAXIMUM_HEADER,
        )  # fmt: skip
    if 8 + claimed > len(content):
        raise WeightsFileError(
            "This safetensors file is cut off: {expected} bytes were announced, {size} came.",
            expected=8 + claimed, size=len(content),
        )  # fmt: skip
    try:
        header = json.loads(content[8 : 8 + claimed])
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise WeightsFileError("Expected a safetensors file, but its header is damaged.")
    return header, 8 + claimed


def _tensor(name: str, entry: Any, content: bytes, start: int) -> np.ndarray:
    """One tensor, finite also as float32; WeightsFileError unless its entry fits its numbers."""
    try:
        dtype, shape, (begin, end) = str(entry["dtype"]), entry["shape"], entry["data_offsets"]
        whole = all(type(size) is int and 0 <= size < 2**40 for size in (*shape, begin, end)) and len(shape) <= 8
    except (TypeError, KeyError, ValueError):
        whole = False
    if not whole:
        raise WeightsFileError("Expected a safetensors file, but its header is damaged.")
    if dtype not in DTYPES:
        raise WeightsFileError(
            "Weights are floating-point numbers (F16, F32 or F64), but {name} holds {dtype}.",
            name=name[:80], dtype=dtype[:20],
        )  # fmt: skip
    count = math.prod(shape)
    if end - begin != count * np.dtype(DTYPES[dtype]).itemsize:
        raise WeightsFileError("Expected a safetensors file, but its header is damaged.")
    if start + end > len(content):
        raise WeightsFileError(
            "This safetensors file is cut off: {expected} bytes were announced, {size} came.",
            expected=start + end, size=len(content),
        )  # fmt: skip
    raw = np.frombuffer(content, np.dtype(DTYPES[dtype]).newbyteorder("<"), count, start + begin)
    with np.errstate(over="ignore"):
        single = raw.astype(np.float32)
    values = (raw.astype(np.float64) if dtype == "F64" else single).reshape(shape)
    if not np.isfinite(single).all():
        raise WeightsFileError("Expected finite numbers, but {name} holds NaN or infinity.", name=name[:80])
    values.setflags(write=False)
    return values


def check_fit(tensors: Mapping[str, np.ndarray], wanted: Mapping[str, tuple[int, ...]]) -> None:
    """WeightsFileError naming the first tensor that does not fit a network with these names and shapes."""
    missing = [name for name in wanted if name not in tensors]
    unknown = [name for name in tensors if name not in wanted]
    if missing:
        raise WeightsFileError(
            "These weights are of another network: {name} is missing ({found} of {count} tensors are there).",
            name=missing[0], found=len(wanted) - len(missing), count=len(wanted),
        )  # fmt: skip
    if unknown:
        raise WeightsFileError(
            "These weights are of another network: there is no {name} in this one.", name=unknown[0][:80]
        )
    for name, shape in wanted.items():
        if tensors[name].shape != tuple(shape):
            raise WeightsFileError(
                "These weights are of another size: {name} is {found}, this network needs {expected}.",
                name=name, found=_sizes(tensors[name].shape), expected=_sizes(shape),
            )  # fmt: skip


def _sizes(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "1"


def find_weights(key: str) -> OwnWeights:
    """The weights behind `upload:<16 digits>`. WeightsFileError if this process does not have them (any more)."""
    weights = OWN.get(key, OwnWeights)
    if weights is None:
        raise WeightsFileError("The weights that this link names are not on this server; load their file again.")
    return weights
