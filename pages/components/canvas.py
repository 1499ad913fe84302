"""Our own browser components, one function each: everything made of pixels, and everything that moves without a round
trip. How they reach the browser is in pages/components/mount.py.

Keys are per page and must not contain two underscores in a row (Streamlit uses them to separate events from keys).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from engine.plots.cloud import Cloud, cloud_payload
from engine.plots.diagrams import (
    Bars,
    Curve,
    CurvesPicture,
    NetworkDiagram,
    PointsPicture,
    curves_payload,
    network_payload,
    points_payload,
)
from engine.plots.graphs import GraphPicture, graph_payload
from engine.plots.pixels import Frames, PixelPicture, picture_payload
from pages.components.mount import EVENTS, component, fitting, heard, mount, one_of, words
from pages.components.shown import note, note_clock

if TYPE_CHECKING:
    import numpy as np


def pixels(
    picture: PixelPicture,
    key: str,
    *,
    title: str = "",
    selected: dict[str, int] | None = None,
    height: int | None = None,
    click: bool = True,
    whole: bool = False,
    on_cell: Callable[[], None] | None = None,
) -> dict[str, int] | None:
    """Tiles of pixels with read-out; returns {"tile", "row", "column"} in the run after a click, else None.

    selected: {"tile"} with optional "row" and "column" draws a frame round the tile, row, column or cell. height: most
    CSS pixels to use (None: about a screen's stage). click=False: read-out only, a click asks for no rerun. whole:
    tiles are chosen, not cells: the arrow keys go from tile to tile, the read-out says the tile's name. A picture with
    frames shows the moment of its clock. title: a line above the picture, cheaper than an element of its own.
    """
    more = {"bar": False, "title": title, "whole": whole}
    return _pixels(picture, key, selected, height, click, on_cell, more)["cell"]


def _pixels(picture, key, selected, height, click, on_cell, more, on_frame=None) -> dict[str, Any]:
    meta, arrays = picture_payload(picture)
    meta |= {"selected": selected, "height": height, "click": click, **more}
    sizes = [tile.pixels.shape[0 if tile.still or not picture.frames else 1 :][:2] for tile in picture.tiles]
    whole = bool(more.get("whole"))

    def fits(event: str, at: Any) -> bool:
        if event != "cell":
            return True
        rows, columns = sizes[at["tile"]]
        return at["tile"] >= 0 and (whole or (0 <= at["row"] < rows and 0 <= at["column"] < columns))

    result = mount("pixels", key, meta, arrays, fits=fits, cell=on_cell, frame=on_frame)
    if not whole:  # else it is there to choose from
        note(key, picture, title=more.get("title", ""), frame=result["frame"])
    return result


def scrubber(
    picture: PixelPicture,
    key: str,
    *,
    selected: dict[str, int] | None = None,
    height: int | None = None,
    click: bool = False,
    on_cell: Callable[[], None] | None = None,
    on_frame: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """`pixels` of a picture with frames, and a transport bar below; it all plays in the browser.

    Returns {"frame": index of the frame the reader let go at, None before; "cell": as in pixels}.
    """
    if picture.frames is None:
        raise ValueError("a scrubber needs a picture with frames; use pixels() for a still one")
    return _pixels(picture, key, selected, height, click, on_cell, {"bar": True}, on_frame)


def transport(
    key: str, frames: Frames, *, report: bool = True, on_frame: Callable[[], None] | None = None, moment: str = ""
) -> int | None:
    """The transport bar alone; drives all components of `frames.clock`. Returns the index of the frame it was let go
    at, None before. report=False: never asks for a rerun, the browser alone follows. moment: what the bar says, with
    {frame}, {count} and {step}, where its steps are not those of a training."""
    meta = {"alt": "", "frames": frames.meta(), "report": report, "moment": moment}
    result = mount("transport", key, meta, {}, frame=on_frame)
    note_clock(frames.clock, result["frame"])
    return result["frame"]


def network(
    diagram: NetworkDiagram,
    key: str,
    *,
    picked: dict[str, Any] | None = None,
    height: int | None = None,
    on_event: Callable[[], None] | None = None,
) -> dict[str, Any] | None:
    """A network of neuron maps and weights; returns what was touched in the run after it, else None:

    {"event": "pick", "kind": "neuron", "layer", "index"} or {"event": "pick", "kind": "edge", "layer", "to", "from"}
    (layer: of the neuron, or the one the edge ends in), {"event": "resize", "layer", "delta"},
    {"event": "toggle", "index"}. picked: such a pick, drawn highlighted.
    """
    meta, arrays = network_payload(diagram)
    meta |= {"picked": picked, "height": height}
    sizes = [len(layer.neurons) for layer in diagram.layers]
    resizable = {at for at, layer in enumerate(diagram.layers) if layer.resizable}

    def fits(event: str, at: Any) -> bool:
        if event == "toggle":
            return 0 <= at["index"] < sizes[0]
        if event == "resize":
            return at["layer"] in resizable
        if at["kind"] == "edge" and not (at["layer"] > 0 and 0 <= at["from"] < sizes[at["layer"] - 1]):
            return False
        return at["layer"] >= 0 and 0 <= at["index" if at["kind"] == "neuron" else "to"] < sizes[at["layer"]]

    result = mount("network", key, meta, arrays, fits=fits, **dict.fromkeys(EVENTS["network"], on_event))
    note(key, diagram)
    for event in EVENTS["network"]:
        if result[event]:
            return {"event": event, **result[event]}
    return None


def graph_view(
    picture: GraphPicture,
    key: str,
    *,
    picked: int | None = None,
    group: str = "",
    layout: str = "",
    height: int | None = None,
    click: bool = True,
    legend: bool = True,
    on_pick: Callable[[], None] | None = None,
) -> int | None:
    """A graph to look at, to pull about and to pick from; returns the node in the run after a click on it, else None.

    picked: the node drawn as picked, with its neighbours. group: views of one group show the same nodes: what is picked
    or pointed at in one is so in all at once. layout: names where the nodes are; nodes that the reader dragged stay
    where they are as long as it is the same. on_pick finds the node in state[key]["pick"]["node"].
    """
    meta, arrays = graph_payload(picture)
    meta |= {"picked": picked, "group": group or key, "layout": layout or key, "height": height, "click": click,
             "legend": legend}  # fmt: skip
    count = len(picture.names)
    event = mount("graph", key, meta, arrays, fits=lambda _, at: 0 <= at["node"] < count, pick=on_pick)["pick"]
    note(key, picture, picked=picked)
    return event["node"] if event else None


def curves(
    values: np.ndarray,
    lines: Sequence[Curve],
    frames: Frames,
    key: str,
    *,
    alt: str,
    x_label: str = "",
    y_label: str = "",
    log: bool = False,
    low: float | None = None,
    high: float | None = None,
    height: int = 220,
) -> None:
    """A small line chart that grows with its frames. values: (T, L) at the frames' steps; NaN breaks a line.

    log: logarithmic y (values <= 0 break the line). low, high: fixed ends of the y axis, None follows the data.
    x_label defaults to "step"; units belong in the labels. The cursor stands at the clock's moment.
    """
    meta, arrays = curves_payload(values, lines, frames)
    meta |= {"alt": alt, "xLabel": x_label or words()["step"], "yLabel": y_label, "log": log, "low": low, "high": high,
             "height": height}  # fmt: skip
    mount("curves", key, meta, arrays)
    note(key, CurvesPicture(values, lines, frames, alt, meta["xLabel"], y_label, log, low, high))


def bars(shown: Bars, key: str, *, click: bool = True, on_pick: Callable[[], None] | None = None) -> int | None:
    """Shares as horizontal bars; returns the index of a bar in the run after a click on it, else None.

    click=False: a picture only.
    """
    fits = one_of(len(shown.names))
    picked = mount("bars", key, {**shown.payload(), "click": click}, {}, fits=fits, pick=on_pick)["pick"]
    note(key, shown)
    return picked


def chips(
    names: Sequence[str], key: str, *, label: str, on_pick: Callable[[], None], pressed: int | None = None
) -> None:
    """A row of small round buttons, `pressed` the present one; on_pick finds the index in state[key]["pick"].

    One element for Streamlit however many there are: a Streamlit button each would cost every change of the page 4 ms.
    """
    data = {"names": list(names), "label": label, "pressed": pressed}
    component("chips")(data=data, key=key, on_pick_change=heard(key, "pick", on_pick, one_of(len(names))))


def choice(
    names: Sequence[str],
    key: str,
    *,
    label: str,
    chosen: int,
    on_pick: Callable[[], None],
    as_buttons: bool = False,
    show_label: bool = False,
    help: str = "",
    disabled: bool = False,
    width: Any = "stretch",
) -> None:
    """One of `names`, as a list to open or as a row of buttons; on_pick finds the index in state[key]["pick"].

    The browser's own list and buttons: Streamlit's cost every change of the page 3 to 4 ms each.
    """
    data = {"names": list(names), "label": label, "chosen": chosen, "buttons": as_buttons, "showLabel": show_label,
            "help": help, "disabled": disabled}  # fmt: skip
    hear = heard(key, "pick", on_pick, one_of(len(names)))
    component("choice")(data=data, key=key, on_pick_change=hear, width=width)


def runs(
    rows: Sequence[dict[str, Any]], key: str, *, label: str, back: str, drop: str, on_back: Callable[[], None],
    on_drop: Callable[[], None],
) -> None:  # fmt: skip
    """Runs to go back to or to drop, one a row: {"label", "colour", "name", "here": can be gone back to, "pinned"}.

    back, drop: what the buttons say. The callbacks find the row's number in state[key]["back"] and state[key]["drop"].
    """
    data = {"rows": list(rows), "label": label, "back": back, "drop": drop}
    fits = one_of(len(rows))
    handlers = {
        f"on_{event}_change": heard(key, event, callback, fits)
        for event, callback in (("back", on_back), ("drop", on_drop))
    }
    component("runs")(data=data, key=key, **handlers)


def points_editor(
    points: Sequence[Sequence[float]],
    key: str,
    *,
    domain: tuple[float, float, float, float],
    classes: Sequence[str],
    alt: str,
    background: np.ndarray | None = None,
    frames: Frames | None = None,
    editable: bool = True,
    train_mask: Sequence[bool] | None = None,
    value_range: tuple[float, float] | None = None,
    spot: tuple[float, float] | None = None,
    revision: str = "",
    most: int = 400,
    height: int | None = None,
    axis_labels: tuple[str, str] = ("x₁", "x₂"),
    on_points: Callable[[], None] | None = None,
    on_spot: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """Points of classes in a square plane over a background of class probabilities, to edit or to look at.

    points: [x, y, class] in data units; they count whenever `revision` is new (name it after data set and seed), after
    that the reader's own edits do. background, frames, domain, train_mask, value_range: see
    engine.plots.diagrams.points_payload. spot: a place to mark with a cross.
    Returns {"points": [[x, y, class], ...] rounded to 3 decimals, "spot": {"x", "y"} of a click where not editable}.
    """
    x_low, x_high, y_low, y_high = domain
    count = len(classes)

    def fits(event: str, at: Any) -> bool:
        if event == "spot":
            return x_low <= at["x"] <= x_high and y_low <= at["y"] <= y_high
        return len(at["points"]) <= most and all(
            x_low <= x <= x_high and y_low <= y <= y_high and (value_range is not None or 0 <= label < count)
            for x, y, label in at["points"]
        )

    edited = (st.session_state.get(key) or {}).get("points") if editable else None
    own = (
        edited["points"] if edited and edited.get("revision") == revision and fitting(fits, "points", edited) else None
    )
    shown = points if own is None else own
    mask = train_mask if own is None else None
    meta, arrays = points_payload(shown, domain, classes, background, frames, mask, value_range)
    meta |= {"alt": alt, "editable": editable, "revision": revision, "most": most, "height": height,
             "axisLabels": list(axis_labels), "spot": spot}  # fmt: skip
    result = mount("points", key, meta, arrays, fits=fits, points=on_points, spot=on_spot)
    moving = frames if background is not None else None
    picture = PointsPicture(
        meta["points"], domain, classes, alt, background, moving, mask, value_range, axis_labels, editable
    )
    note(key, picture)
    return {"points": meta["points"], "spot": result["spot"]}


def cloud(
    shown: Cloud, key: str, *, picked: int | None = None, height: int | None = None, click: bool = True,
    on_pick: Callable[[], None] | None = None,
) -> dict[str, int] | None:  # fmt: skip
    """Moving points in planes side by side; returns {"point", "frame"} in the run after a click on a point, else None.

    picked: a point to mark, with its way. height: most CSS pixels of a plane. click=False: a read-out only.
    """
    meta, arrays = cloud_payload(shown)
    meta |= {"picked": picked, "height": height, "click": click}
    note(key, shown, picked=picked)
    count, frames = len(shown.classes), frozenset(shown.frames.indices)

    def fits(event: str, at: Any) -> bool:
        return 0 <= at["point"] < count and at["frame"] in frames

    return mount("cloud", key, meta, arrays, fits=fits, pick=on_pick)["pick"]


def chart(figure: Any, key: str, *, alt: str) -> None:
    """A Plotly figure, for what no canvas component draws: charts off the stage, points in space."""
    st.plotly_chart(figure, key=key, alt=alt)
    note(key, figure, alt=alt)


def drawing_pad(
    pixels: np.ndarray,
    key: str,
    *,
    alt: str,
    revision: str = "",
    height: int | None = None,
    on_drawing: Callable[[], None] | None = None,
) -> np.ndarray:
    """A pad to draw on, 0 paper and 255 ink; returns the drawing, uint8 of the shape of `pixels`.

    pixels: (rows, columns) uint8, what lies on the pad; it counts whenever `revision` is new, after that the reader's
    own strokes do. Mouse, finger, or keys: arrows move the pen, Space draws (held: a line), Delete clears. Ink comes in
    the four levels 0, 85, 170 and 255. height: most CSS pixels of the pad itself. on_drawing runs when a stroke ends.
    """
    drawn = drawing_of(key, pixels.shape, revision)
    meta = {"alt": alt, "revision": revision, "height": height}
    mount("pad", key, meta, {"pixels": pixels}, drawing=on_drawing)
    return pixels if drawn is None else drawn


def drawing_of(key: str, shape: tuple[int, ...], revision: str | None = None) -> np.ndarray | None:
    """What was last drawn on the pad `key`, uint8 of `shape`; None if nothing (since `revision`), or it is not whole.

    For use in `on_drawing`, before the pad itself is drawn again.
    """
    import base64
    import binascii

    import numpy as np

    sent = (st.session_state.get(key) or {}).get("drawing")
    if not sent or (revision is not None and sent.get("revision") != revision):
        return None
    try:  # the browser may send anything
        raw = base64.b64decode(sent["pixels"], validate=True)
    except (KeyError, TypeError, binascii.Error, ValueError):
        return None
    return np.frombuffer(raw, np.uint8).reshape(shape) if len(raw) == shape[0] * shape[1] else None
