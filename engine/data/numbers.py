"""All numbers of a Result as files: tidy CSV, one file a quantity, and NPZ with named axes. No torch."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.contracts.axes import Quantity

DESCRIPTION = "description"  # entry of the NPZ: JSON of topic, config, and axes, unit and meaning of every array
HEADER = ("name", "axes", "shape", "unit", "meaning")


def csv_zip(quantities: Sequence[Quantity]) -> bytes:
    """A ZIP of one CSV for each quantity, and quantities.csv, which says what they are.

    In each CSV one row is one value: a column for every axis with its index from 0, and `value`. Numbers are written
    with all their digits; a gap is nan.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        rows = [(q.name, " ".join(q.axes), " ".join(map(str, q.shape)), q.unit, q.meaning) for q in quantities]
        archive.writestr("quantities.csv", _csv(HEADER, rows))
        for quantity in quantities:
            values = np.asarray(quantity.values)
            columns = [index.ravel().tolist() for index in np.indices(values.shape)] if values.shape else []
            rows = zip(*columns, map(_text, values.ravel().tolist()), strict=True)
            archive.writestr(f"{quantity.name}.csv", _csv((*quantity.axes, "value"), rows))
    return out.getvalue()


def npz(quantities: Sequence[Quantity], about: Mapping[str, Any]) -> bytes:
    """All arrays by name, and `description`: JSON of `about` and of axes, unit and meaning of every array.

    Read it with: file = numpy.load(path); json.loads(str(file["description"]))
    """
    described = {q.name: {"axes": q.axes, "unit": q.unit, "meaning": q.meaning} for q in quantities}
    text = json.dumps({**about, "quantities": described}, ensure_ascii=False)
    out = io.BytesIO()
    np.savez_compressed(out, **{DESCRIPTION: np.array(text)}, **{q.name: np.asarray(q.values) for q in quantities})
    return out.getvalue()


def _csv(header: Sequence[str], rows: Any) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def _text(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else repr(value) if isinstance(value, float) else value
