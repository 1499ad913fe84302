"""Metadata and arrays -> one compact payload of bytes, as the browser reads it. No torch, no Streamlit."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

DTYPES = {"uint8": np.uint8, "uint16": np.uint16, "float32": np.float32, "int32": np.int32}


_ALIGNMENT = 8


def pack(meta: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """Little-endian uint32 length of the JSON, the JSON, then the raw arrays, each aligned to 8 bytes.

    The JSON is `meta` plus "arrays": {name: {dtype, shape, offset}}, offsets from the start of the payload's array part
    (the first multiple of 8 after the JSON). Dtypes: uint8, uint16, float32, int32; TypeError for any other.
    """
    parts, listing, offset = [], {}, 0
    for name, array in arrays.items():
        array = np.ascontiguousarray(array)
        if array.dtype.name not in DTYPES:
            raise TypeError(f"array {name!r} has dtype {array.dtype}; the canvas takes {', '.join(DTYPES)}")
        listing[name] = {"dtype": array.dtype.name, "shape": list(array.shape), "offset": offset}
        raw = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
        parts += [raw, bytes(-len(raw) % _ALIGNMENT)]
        offset += len(raw) + (-len(raw) % _ALIGNMENT)
    head = json.dumps({**meta, "arrays": listing}, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    return b"".join([struct.pack("<I", len(head)), head, bytes(-(4 + len(head)) % _ALIGNMENT), *parts])


def unpack(payload: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The inverse of `pack`: (meta without "arrays", arrays). The browser's `decode` in core.js does the same."""
    meta, start = head_of(payload)
    arrays = {}
    for name, entry in meta.pop("arrays").items():
        count = int(np.prod(entry["shape"], dtype=np.int64))
        flat = np.frombuffer(payload, np.dtype(entry["dtype"]).newbyteorder("<"), count, start + entry["offset"])
        arrays[name] = flat.reshape(entry["shape"])
    return meta, arrays


def head_of(payload: bytes) -> tuple[dict[str, Any], int]:
    """(the JSON of a payload, where its arrays begin)."""
    (length,) = struct.unpack_from("<I", payload)
    return json.loads(payload[4 : 4 + length]), 4 + length + (-(4 + length) % _ALIGNMENT)
