"""Our own browser components: everything made of pixels, and everything that moves without a round trip.

The JavaScript lives in assets/components and is served by `canvas_routes()` under /neurarium/<hash>/, where the hash
is that of all the code: the browser keeps it for ever, the modules find each other by relative imports and share one
core.js (one clock, one frame store) among all components. What Streamlit registers is only a stub that imports it.

Keys are per page and must not contain two underscores in a row (Streamlit uses them to separate events from keys).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from engine.plots import theme
from engine.plots.cloud import Cloud, cloud_payload
from engine.plots.diagrams import Bars, Curve, NetworkDiagram, curves_payload, network_payload, points_payload
from engine.plots.graphs import GraphPicture, graph_payload
from engine.plots.pixels import Frames, PixelPicture, pack, picture_payload

if TYPE_CHECKING:
    import numpy as np
    from starlette.routing import Route

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "components"
EVENTS = {
    "pixels": ("cell", "frame"),
    "transport": ("frame",),
    "points": ("points", "spot"),
    "network": ("pick", "resize", "toggle"),
    "curves": (),
    "pad": ("drawing",),
    "bars": ("pick",),
    "chips": ("pick",),
    "choice": ("pick",),
    "mosaic": ("pick",),
    "links": ("pick",),
    "matrices": ("edit",),
    "graph": ("pick",),
    "cloud": ("pick",),
}

# The blob that Streamlit makes of a component's code has no address, so the app's root is found from the address of
# Streamlit's own script: right behind server.baseUrlPath, behind a proxy that strips a prefix, and on deep links.
STUB = """const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
const script = loaded.find((name) => /\\/static\\/js\\/index\\./.test(name)) ?? document.querySelector('script[src*="static/js/"]').src;
export default async (component) => (await import(script.replace(/static\\/js\\/.*$/, "neurarium/%s/%s.js"))).default(component);
"""  # noqa: E501 - JavaScript


@cache
def _assets() -> tuple[str, dict[str, bytes]]:
    """(hash of all the code, file name -> content): the modules as written and palette.js made from theme.py."""
    files = {path.name: path.read_bytes() for path in sorted(FOLDER.glob("*.js"))}
    palette = json.dumps(theme.palette(), separators=(",", ":"))
    files["palette.js"] = f"// Made from engine/plots/theme.py.\nexport const PALETTE = {palette};\n".encode()
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(name.encode() + b"\0" + content + b"\0")
    return digest.hexdigest()[:12], files


def canvas_routes() -> list[Route]:
    """Routes for `st.App(..., routes=canvas_routes())`: /neurarium/<hash>/<name>.js, also behind server.baseUrlPath.

    Only the files known at start are served, by name, so no path can lead elsewhere. Cached for a year and immutable:
    another content has another hash. An unknown hash or name answers 404 and is not cached.
    """
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    async def serve(request: Request) -> Response:
        version, files = _assets()
        content = files.get(request.path_params["name"])
        if content is None or request.path_params["version"] != version:
            return Response("not found", 404, headers={"Cache-Control": "no-store"}, media_type="text/plain")
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
        return Response(content, headers=headers, media_type="text/javascript")

    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    prefixes = ["", f"/{base}"] if base else [""]
    return [Route(f"{prefix}/neurarium/{{version}}/{{name}}", serve, methods=["GET", "HEAD"]) for prefix in prefixes]


def module_paths() -> list[str]:
    """Where all modules are served, below the app's root."""
    version, files = _assets()
    return [f"neurarium/{version}/{name}" for name in sorted(files)]


def stub(name: str) -> str:
    """The JavaScript to register for a component whose module is assets/components/<name>.js."""
    version, files = _assets()
    if f"{name}.js" not in files:
        raise ValueError(f"no component {name!r}; there are {', '.join(sorted(files))}")
    return STUB % (version, name)


@cache
def _component(name: str) -> Callable[..., Any]:
    css = (FOLDER / "canvas.css").read_text(encoding="utf-8")
    return st.components.v2.component(f"neurarium_{name}", css=css, js=stub(name))


def _words() -> dict[str, str]:
    """Every word the components show, in the reader's language. {k} and the like are filled in the browser."""
    from pages.components.language import language

    return _words_in(language())


@cache
def _words_in(language: str) -> dict[str, str]:
    """The words of `language`, which is the reader's: looked up once, for every component of every run asks."""
    from pages.components.language import t

    return {
        "play": t("Play"), "pause": t("Pause"), "back": t("One step back"), "forward": t("One step forward"),
        "moment": t("Moment"), "speed": t("Speed"), "live": t("Live"),
        "frameOf": t("frame {frame} / {count} · step {step}", frame="{frame}", count="{count}", step="{step}"),
        "row": t("row"), "column": t("column"), "layer": t("layer over it"),
        "ownRange": t("low to high, each picture its own range"),
        "ownSigned": t("negative to positive, each picture its own range"),
        "step": t("step"), "weight": t("weight"), "bias": t("bias"), "off": t("switched off"),
        "fewer": t("One neuron fewer"), "more": t("One neuron more"),
        "weightLegend": t("weights and values: negative to positive, strength by width"),
        "strongest": t("the {count} strongest of {total} weights", count="{count}", total="{total}"),
        "range": t("colours from {low} to {high}", low="{low}", high="{high}"),
        "clear": t("Clear"), "points": t("{count} of {most} points", count="{count}", most="{most}"),
        "train": t("train"), "test": t("test"), "full": t("No more than {most} points", most="{most}"),
        "pen": t("Pen"),
        "node": t("Node {name}", name="{name}"), "answer": t("answer"), "truth": t("truth"), "given": t("label given"),
        "graphLegend": t("disc: the answer, edge: the truth, outer ring: label given"),
        "graphTruth": t("disc: the answer, edge: the truth"),
        "point": t("point"),
    }  # fmt: skip


def _mount(name: str, key: str, meta: dict[str, Any], arrays: dict[str, Any], **callbacks: Callable | None) -> Any:
    if not key or "__" in key:
        raise ValueError(f"a component's key must be non-empty and without '__', got {key!r}")
    data = pack({**meta, "key": key, "text": _words()}, arrays)
    handlers = {f"on_{event}_change": callbacks.get(event) or _nothing for event in EVENTS[name]}
    return _component(name)(data=data, key=key, **handlers)


def _nothing() -> None:
    """Streamlit reports an event only where a callback is given."""


def pixels(
    picture: PixelPicture,
    key: str,
    *,
    title: str = "",
    selected: dict[str, int] | None = None,
    height: int | None = None,
    click: bool = True,
    on_cell: Callable[[], None] | None = None,
) -> dict[str, int] | None:
    """Tiles of pixels with read-out; returns {"tile", "row", "column"} in the run after a click, else None.

    selected: {"tile"} with optional "row" and "column" draws a frame round the tile, row, column or cell. height: most
    CSS pixels to use (None: about a screen's stage). click=False: read-out only, a click asks for no rerun. A picture
    with frames shows the moment of its clock. title: a line above the picture, cheaper than an element of its own.
    """
    return _pixels(picture, key, selected, height, click, on_cell, {"bar": False, "title": title}).cell


def _pixels(picture, key, selected, height, click, on_cell, more, on_frame=None) -> Any:
    meta, arrays = picture_payload(picture)
    meta |= {"selected": selected, "height": height, "click": click, **more}
    return _mount("pixels", key, meta, arrays, cell=on_cell, frame=on_frame)


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
    result = _pixels(picture, key, selected, height, click, on_cell, {"bar": True}, on_frame)
    return {"frame": result.get("frame"), "cell": result.cell}


def transport(
    key: str, frames: Frames, *, report: bool = True, on_frame: Callable[[], None] | None = None
) -> int | None:
    """The transport bar alone; drives all components of `frames.clock`. Returns the index of the frame it was let go
    at, None before. report=False: never asks for a rerun, the browser alone follows."""
    result = _mount("transport", key, {"alt": "", "frames": frames.meta(), "report": report}, {}, frame=on_frame)
    return result.get("frame")


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
    result = _mount("network", key, meta, arrays, **dict.fromkeys(EVENTS["network"], on_event))
    for event in EVENTS["network"]:
        if result.get(event):
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
    event = _mount("graph", key, meta, arrays, pick=on_pick).pick
    return event["node"] if event and 0 <= event["node"] < len(picture.names) else None


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
    meta |= {"alt": alt, "xLabel": x_label or _words()["step"], "yLabel": y_label, "log": log, "low": low, "high": high,
             "height": height}  # fmt: skip
    _mount("curves", key, meta, arrays)


def bars(shown: Bars, key: str, *, click: bool = True, on_pick: Callable[[], None] | None = None) -> int | None:
    """Shares as horizontal bars; returns the index of a bar in the run after a click on it, else None.

    click=False: a picture only.
    """
    picked = _mount("bars", key, {**shown.payload(), "click": click}, {}, pick=on_pick).pick
    return picked if picked is not None and 0 <= picked < len(shown.names) else None


def chips(
    names: Sequence[str], key: str, *, label: str, on_pick: Callable[[], None], pressed: int | None = None
) -> None:
    """A row of small round buttons, `pressed` the present one; on_pick finds the index in state[key]["pick"].

    One element for Streamlit however many there are: a Streamlit button each would cost every change of the page 4 ms.
    """
    data = {"names": list(names), "label": label, "pressed": pressed}
    _component("chips")(data=data, key=key, on_pick_change=on_pick)


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
    _component("choice")(data=data, key=key, on_pick_change=on_pick, width=width)


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
    state = st.session_state.get(key) if editable else None
    edited = (state or {}).get("points")
    own = edited["points"] if edited and edited.get("revision") == revision else None
    shown = points if own is None else own
    mask = train_mask if own is None else None
    meta, arrays = points_payload(shown, domain, classes, background, frames, mask, value_range)
    meta |= {"alt": alt, "editable": editable, "revision": revision, "most": most, "height": height,
             "axisLabels": list(axis_labels), "spot": spot}  # fmt: skip
    result = _mount("points", key, meta, arrays, points=on_points, spot=on_spot)
    return {"points": meta["points"], "spot": result.get("spot")}


def cloud(
    shown: Cloud, key: str, *, picked: int | None = None, height: int | None = None, click: bool = True,
    on_pick: Callable[[], None] | None = None,
) -> dict[str, int] | None:  # fmt: skip
    """Moving points in planes side by side; returns {"point", "frame"} in the run after a click on a point, else None.

    picked: a point to mark, with its way. height: most CSS pixels of a plane. click=False: a read-out only.
    """
    meta, arrays = cloud_payload(shown)
    meta |= {"picked": picked, "height": height, "click": click}
    return _mount("cloud", key, meta, arrays, pick=on_pick).pick


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
    _mount("pad", key, meta, {"pixels": pixels}, drawing=on_drawing)
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
