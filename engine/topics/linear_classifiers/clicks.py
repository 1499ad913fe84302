"""kNN, SVM, softmax: what a click on a picture changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.data.points import encode_points

from .card import Config, with_edits
from .plane import plane_of, rows_of
from .samples import samples_of


def on_plane(event: Mapping[str, Any], config: Config, view: Any) -> Mapping[str, Any]:
    """Own points were drawn, moved or removed; or a spot was chosen."""
    if event["event"] == "points":
        return {"points": encode_points(event["points"])}
    return _spot(config, event["x"], event["y"])


def on_plot(event: Mapping[str, Any], config: Config, view: Any) -> Mapping[str, Any]:
    """A spot of the kernel's plane, or a point in it: those drawn first are support vectors, the next all points."""
    if event["event"] == "spot":
        return _spot(config, event["x"], event["y"])
    if event["dots"] != 1:
        return {}
    x, y, _ = rows_of(config, samples_of(config))[event["dot"]]
    return _spot(config, x, y)


def _spot(config: Config, x: float, y: float) -> Mapping[str, Any]:
    place = plane_of(config).place(x, y)
    return {"x1": round(place[0], 3), "x2": round(place[1], 3)}


def drag(event: Mapping[str, Any], config: Config, view: Any) -> Mapping[str, Any]:
    """A weight row is carried somewhere, and both losses follow it; where it is let go, the run goes on from there."""
    row = f"{view.model}.{event.get('key')}"
    if event["event"] == "carry":
        return {"carried": f"{row}={event['x']:.4g}_{event['y']:.4g}"}
    if event["event"] != "handle":
        return {}
    across, upwards = samples_of(config).shown
    edits = with_edits(config, config.steps, {f"{row}.{across}": event["x"], f"{row}.{upwards}": event["y"]})
    return {**edits, "carried": ""}


def by_hand(event: Mapping[str, Any], config: Config, view: Any) -> Mapping[str, Any]:
    """A bias was set."""
    return with_edits(config, config.steps, {event["key"]: event["value"]})


def pick_digit(event: Mapping[str, Any], config: Config, view: Any) -> Mapping[str, Any]:
    """A digit among those that are named wrongly: it is asked about."""
    held_out = samples_of(config).held_out_rows.tolist()
    return {"digit": held_out.index(event["key"]), "part": "one"} if event["key"] in held_out else {}
