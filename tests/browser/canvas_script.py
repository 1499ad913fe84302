"""The page of canvas_app.py. What a component returns is written out as JSON, for the tests to read."""

import json
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import streamlit as st

ROOT = str(Path(__file__).resolve().parents[2])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from engine.contracts.film import Frames  # noqa: E402
from engine.pictures.bars.values import Bars  # noqa: E402
from engine.pictures.block.values import BlockPicture  # noqa: E402
from engine.pictures.borders import Border  # noqa: E402
from engine.pictures.cloud.values import Cloud, Plane  # noqa: E402
from engine.pictures.curves.values import Curve, CurvesPicture  # noqa: E402
from engine.pictures.graph.values import GraphPicture  # noqa: E402
from engine.pictures.histograms.values import HistogramsPicture  # noqa: E402
from engine.pictures.network.values import NetworkDiagram, NetworkLayer, quantise_maps  # noqa: E402
from engine.pictures.pixels.values import Box, Line, Over, PixelPicture, Point, Text, Tile  # noqa: E402
from engine.pictures.plot import values as plot  # noqa: E402
from engine.pictures.plot.contours import contours  # noqa: E402
from engine.pictures.plot.values import Band, Dots, Field, Handle, PlotPicture  # noqa: E402
from engine.pictures.points.values import PointsPicture  # noqa: E402
from pages.components.pictures import canvas  # noqa: E402
from pages.components.pictures.mount import put  # noqa: E402

st.set_page_config(layout="wide", page_title="canvas")
show = st.query_params.get("show", "pixels")


def report(name: str, value: object) -> None:
    """`name` as a locator, `value` as JSON."""
    with st.container(key=f"report_{name}"):
        st.code(json.dumps(value), language=None)


def ramp(rows: int, columns: int, low: float = -1.0, high: float = 1.0) -> np.ndarray:
    return np.linspace(low, high, rows * columns, dtype=np.float32).reshape(rows, columns)


def two_classes(size: int, turn: float = 0.0) -> np.ndarray:
    """(size, size, 2) float32: a soft spiral."""
    y, x = np.mgrid[1 : -1 : size * 1j, -1 : 1 : size * 1j]
    p = 1 / (1 + np.exp(-6 * np.sin(np.arctan2(y, x) + 5 * np.hypot(x, y) + turn)))
    return np.stack([1 - p, p], -1).astype(np.float32)


def show_pixels() -> None:
    tiles = [
        Tile(ramp(8, 8), "signed ramp", scale="signed", low=-1, high=1, unit="mV"),
        Tile((np.arange(64, dtype=np.uint8) * 4).reshape(8, 8), "grey bytes", scale="grey", low=0, high=1),
        Tile(two_classes(24), "two classes", classes=["blue class", "orange class"]),
        Tile(np.stack(np.meshgrid(np.arange(16) * 16, np.arange(16) * 16, [128]), -1)[:, :, 0].astype(np.uint8), "RGB"),
        Tile(np.array([[0.25, np.nan], [0.5, 1.0]], np.float32), "one is missing", scale="magnitude", low=0, high=1),
    ]
    picture = PixelPicture(tiles, alt="Five small matrices", columns=3)
    selected = st.session_state.get("selected")
    cell = put(picture, "tiles", picked=selected, height=420)["cell"]
    if cell:
        st.session_state.selected = cell
        st.session_state.last_cell = cell
        st.rerun()
    report("cell", st.session_state.get("last_cell"))


def show_gallery() -> None:
    y, x = np.mgrid[0:96, 0:128]
    photo = np.stack([x * 2, y * 2, 255 - x], -1).astype(np.uint8)
    heat = np.exp(-((np.mgrid[0:7, 0:7][0] - 2) ** 2 + (np.mgrid[0:7, 0:7][1] - 4) ** 2) / 4).astype(np.float32)
    tiles = [
        Tile(photo, "a heat layer over a photo", over=Over(heat, name="Grad-CAM"), smooth=True),
        Tile(photo, "boxes, lines, points and words", smooth=True,
             boxes=[Box((20, 20, 70, 60), "cat 0.93", 5), Box((60, 40, 120, 90), "dog 0.88", "#009E73"),
                    Box((60, 42, 118, 88), "dog 0.61", 1), Box((58, 40, 119, 89), "fox 0.55", 2)],
             lines=[Line([(10, 90), (40, 70), (110, 20)], "#FFFFFF", 2, arrow=True)],
             points=[Point(30, 80, 0, label="query 3"), Point(100, 15, 1, filled=False)], texts=[Text(64, 12, "sky")]),
    ]  # fmt: skip
    put(PixelPicture(tiles, alt="Overlays"), "overlays")
    words = ["The", "animal", "did", "not", "cross", "the", "street", "你好", "世界", "."]
    scores = np.random.default_rng(0).normal(size=(10, 10)).astype(np.float32) * 2
    attention = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    left, right = st.columns(2)
    with left:
        tile = Tile(attention, "head 3", scale="probability", low=0, high=1, row_labels=words, column_labels=words,
                    cell_names=("", "query", "key"))  # fmt: skip
        put(PixelPicture([tile], alt="Attention of ten tokens"), "attention")
    with right:
        maps = np.random.default_rng(1).normal(size=(64, 14, 14)).cumsum(1).cumsum(2).astype(np.float32)
        tiles = [Tile(m, f"map {k}", scale="magnitude") for k, m in enumerate(maps)]
        put(PixelPicture(tiles, alt="64 feature maps"), "feature_maps")
    digits = np.random.default_rng(2).integers(0, 256, (600, 8, 8)).astype(np.uint8)
    tiles = [Tile(digit, scale="grey", low=0, high=1) for digit in digits]
    put(PixelPicture(tiles, alt="600 small pictures"), "many")


def show_scrubber() -> None:
    frames = Frames("noise", list(range(20)), [10 * k for k in range(20)], clock="noise", start="first")
    pixels = np.stack([np.full((6, 6), 10 * k, np.uint8) for k in range(20)])
    levels = Tile(pixels, "level", scale="magnitude", low=0, high=255)
    put(PixelPicture([levels], alt="Twenty levels", frames=frames), "scrub", height=200)
    frame = canvas.transport("scrub-bar", frames)
    other = pixels[:, :3, :3] + np.uint8(5)
    put(PixelPicture([Tile(other, scale="grey")], alt="The same moments", frames=frames), "twin", height=200)
    boxes = [Box((2, 2, 8, 8), "", "#D55E00", frame=0), Box((12, 12, 18, 18), "", "#0072B2", frame=19)]
    photo = Tile(np.full((20, 20, 3), 200, np.uint8), still=True, boxes=boxes)
    put(PixelPicture([photo], alt="A still photo, moving boxes", frames=frames), "still", height=200)
    report("frame", frame)


def training(count: int, neurons: tuple[int, ...], first: int = 0) -> dict:
    """`count` frames of a made-up training whose every number is a known function of the frame index."""
    t = np.arange(first, first + count)
    total, side = sum(neurons), 12
    y, x = np.mgrid[1 : -1 : side * 1j, -1 : 1 : side * 1j]
    angle = np.arange(total)[None, :, None, None] * 0.7 + t[:, None, None, None] * 0.08
    maps, ranges = quantise_maps(np.cos(angle) * x + np.sin(angle) * y)
    rng = np.random.default_rng(3)
    weights, biases = [], []
    for a, b in pairwise(neurons):
        start, end = rng.normal(size=(2, b, a))
        mix = (t / 40)[:, None, None].clip(0, 1)
        weights.append((start * (1 - mix) + end * mix).astype(np.float32))
        biases.append((rng.normal(size=b)[None] + 0.01 * t[:, None]).astype(np.float32))
    loss = np.stack([np.exp(-t / 15), np.exp(-t / 18) + 0.05], 1).astype(np.float32)
    return {"t": t, "maps": maps, "ranges": ranges, "weights": weights, "biases": biases, "loss": loss}


def diagram_of(data: dict, neurons: tuple[int, ...], frames: Frames | None, off: frozenset[int] = frozenset()):
    names = [NetworkLayer("inputs", [f"x{k + 1}" for k in range(neurons[0])], off=off)]
    for number, size in enumerate(neurons[1:-1], 1):
        names.append(NetworkLayer(f"hidden {number}", [f"neuron {k + 1}" for k in range(size)], resizable=True))
    names.append(NetworkLayer("outputs", [f"class {k}" for k in range(neurons[-1])]))
    return NetworkDiagram(names, data["maps"], data["ranges"], data["weights"], data["biases"], frames,
                          alt="A small network", toggle_inputs=True)  # fmt: skip


def show_network() -> None:
    neurons = tuple(int(n) for n in st.query_params.get("sizes", "3,6,4,2").split(","))
    data = training(1, neurons)
    diagram = diagram_of(data, neurons, None, frozenset(st.session_state.get("off", ())))
    told = put(diagram, "net", picked=st.session_state.get("picked"), height=380)
    event = next(({"event": kind, **value} for kind, value in told.items() if value), None)
    if event:
        st.session_state.event = event
        if event["event"] == "pick":
            st.session_state.picked = event
        if event["event"] == "toggle":
            st.session_state.off = set(st.session_state.get("off", ())) ^ {event["index"]}
        st.rerun()
    report("event", st.session_state.get("event"))


def show_mlp() -> None:
    neurons = (2, 8, 6, 2)
    data = training(40, neurons)
    frames = Frames("mlp", data["t"].tolist(), (data["t"] * 5).tolist(), clock="mlp")
    left, middle, right = st.columns([3, 4, 3])
    with left:
        background = (255 * np.stack([two_classes(40, 0.05 * k) for k in range(40)])).round().astype(np.uint8)
        rng = np.random.default_rng(0)
        points = [[*rng.uniform(-1, 1, 2), int(k % 2)] for k in range(60)]
        put(PointsPicture(points, (-1, 1, -1, 1), ["class 0", "class 1"], "The plane", background, frames,
                          train_mask=[k % 3 > 0 for k in range(60)]), "plane")  # fmt: skip
    with middle:
        put(diagram_of(data, neurons, frames), "net", height=380)
    with right:
        lines = [Curve("train", 0), Curve("test", 1, dashed=True)]
        put(CurvesPicture(data["loss"], lines, frames, "Loss of train and test points", y_label="loss"), "loss")
        report("frame", canvas.transport("bar", frames))


@st.fragment(run_every=0.25)
def live_fragment() -> None:
    """Five new frames a delivery, the last of the 60 known; deliveries overlap by three frames."""
    tick = st.session_state.tick = min(12, st.session_state.get("tick", 0) + 1)
    first, last = max(0, 5 * (tick - 1) - 3), 5 * tick
    indices = list(range(first, last))
    frames = Frames("live", indices, [10 * k for k in indices], live=tick < 12, clock="live")
    levels = np.stack([np.full((4, 4), 4 * k, np.uint8) for k in indices])
    picture = PixelPicture([Tile(levels, "live", scale="grey")], alt="Live levels", frames=frames)
    put(picture, "live_pixels", height=200)
    neurons = (2, 4, 2)
    data = training(last - first, neurons, first)
    put(diagram_of(data, neurons, frames), "live_net", height=240)
    put(CurvesPicture(data["loss"], [Curve("train", 0), Curve("test", 1)], frames, "Loss", y_label="loss"), "live_loss")
    canvas.transport("live_bar", frames, report=False)


def show_live() -> None:
    live_fragment()


def show_points() -> None:
    editable = st.query_params.get("edit", "1") == "1"
    start = [[-0.5, -0.5, 0], [0.5, 0.5, 1]]
    background = (255 * two_classes(40)).round().astype(np.uint8)
    picture = PointsPicture(
        start, (-1, 1, -1, 1), ["class 0", "class 1"], "Points to edit", background, editable=editable, most=5,
        train_mask=None if editable else [True, False],
    )  # fmt: skip
    revision = st.query_params.get("revision", "")
    told = put(picture, "editor", height=400, revision=revision)
    own = told["points"] if editable and told["points"] and told["points"]["revision"] == revision else None
    report("points", own["points"] if own else start)
    if told["spot"]:
        st.session_state.spot = told["spot"]
    report("spot", st.session_state.get("spot"))


def show_plot() -> None:
    """A bowl with its contours, a way down it over eleven frames, a border that turns, points, and a handle to drag;
    and curves on logarithmic axes with a band."""
    domain = (-3.0, 3.0, -2.0, 2.0)
    x, y = np.meshgrid(np.linspace(-3, 3, 61), np.linspace(2, -2, 41))
    heights = (x**2 + 3 * y**2).astype(np.float32)
    time = np.arange(11)
    way = np.stack([2.5 * 0.8**time, 1.8 * 0.6**time], 1).astype(np.float32)
    turned = np.stack([np.cos(0.2 * time), np.sin(0.2 * time), 0 * time + 0.5], 1)
    x0, y0 = st.session_state.get("handle_at", (-2.0, 1.0))
    picture = PlotPicture(
        domain, "A bowl", ("w₁", "w₂"), Field(heights, "loss", "magnitude", 0, 21),
        borders=[Border(turned, "border", 1, arrow=True, shaded=True)],
        paths=[*contours(heights, [1, 4, 9], domain), plot.Path(way, "descent", 5, grows=True)],
        dots=[Dots(np.array([[-1.0, -1.0], [2.0, -1.5]]), "points", [0, 1], labels=["first", "second"])],
        handles=[Handle("best", x0, y0, "optimum")], frames=Frames("way", time.tolist(), time.tolist(), clock="way"),
    )  # fmt: skip
    told = put(picture, "bowl", height=320)
    for event in ("handle", "dot", "spot"):
        if told[event]:
            st.session_state["told"] = [event, told[event]]
            if event == "handle" and st.session_state.get("handle_at") != (told[event]["x"], told[event]["y"]):
                st.session_state.handle_at = told[event]["x"], told[event]["y"]
                st.rerun()
    report("told", st.session_state.get("told"))
    canvas.transport("way-bar", Frames("way", time.tolist(), time.tolist(), clock="way"), report=False)
    t = np.geomspace(0.01, 100, 80)
    put(PlotPicture((0.01, 100, 1e-3, 1e3), "Powers", ("x", "y"), bands=[Band(0.1, 1, "middle", 2)], square=False,
                    paths=[plot.Path(np.stack([t, t**2], 1), "square", 0),
                           plot.Path(np.stack([t, 1 / t], 1), "inverse", 1, dashed=True)],
                    log_x=True, log_y=True), "powers", height=240)  # fmt: skip


def show_bars() -> None:
    marked = st.session_state.get("marked", 0)
    shown = Bars(["cat", "dog", "fox"], [0.7, 0.25, 0.05], alt="Three animals", hover=["a cat", "a dog", "a fox"],
                 marked=marked, marked_name="chosen", ticks=[0.5, 0.4, 0.1], ticks_name="before")  # fmt: skip
    picked = put(shown, "animals")["pick"]
    if picked is not None:
        st.session_state.marked = picked
        st.rerun()
    report("marked", marked)


def show_choice() -> None:
    state = st.session_state
    for place, as_buttons in (("row", True), ("list", False)):

        def pick(place: str = place) -> None:
            state[f"chosen_{place}"] = state[place].get("pick")

        canvas.choice(
            ["one", "two", "three"], place, label="Number", chosen=state.get(f"chosen_{place}", 0), on_pick=pick,
            as_buttons=as_buttons, show_label=True, help="How many",
        )  # fmt: skip
        report(f"chosen_{place}", state.get(f"chosen_{place}", 0))


def show_graph() -> None:
    """Four named nodes in a square, one in the middle, two classes over five frames; beside it all on a line."""
    places = np.array([[-1, 1], [1, 1], [1, -1], [-1, -1], [0, 0]], np.float32)
    edges = np.array([[0, 1], [1, 2], [2, 3], [0, 3], [2, 4]])
    share = (np.linspace(0, 255, 5)[:, None] * np.array([1, 0, 1, 0, 0.5])).round().astype(np.uint8)  # of the first
    values = np.stack([share, 255 - share], -1)
    picked = st.session_state.get("node")
    frames = Frames("graph", list(range(5)), list(range(5)), clock="graph", start="first")
    messages = {1: [(0, 0.25), (2, 0.5), (1, 0.25)]}.get(picked, [])
    given = {"names": ["Ada", "Bob", "Cem", "Dora", "Eli"], "classes": ["left", "right"], "frames": frames,
             "known": np.array([1, 0, 0, 0, 0]), "truth": np.array([0, 1, 0, 1, -1]), "messages": messages}  # fmt: skip
    left, right = st.columns(2)
    with left:
        square = GraphPicture(places, edges, values, alt="Five nodes", **given)
        node = put(square, "graph", picked=picked, group="five", height=300)["pick"]
    with right:
        line = np.stack([np.stack([np.arange(5) * (t + 1.0), np.zeros(5)], -1) for t in range(5)]).astype(np.float32)
        shown = GraphPicture(line, edges, values, alt="On a line", plane=True, **given)
        other = put(shown, "line", picked=picked, group="five", height=300)["pick"]
    canvas.transport("graph-bar", frames)
    if node is not None or other is not None:
        st.session_state.node = (node or other)["node"]
        st.rerun()
    report("node", picked)


def show_named_graph() -> None:
    """Circles of nodes with long names, a number after each of `letters`, or numbers alone; and all in one point of a
    plane."""
    every = st.query_params.get("letters", "").split(",")
    for count in map(int, st.query_params.get("count", "10").split(",")):
        angle = np.arange(count) * 2.4
        circle = np.stack([np.cos(angle), np.sin(angle)], -1) * np.sqrt(np.arange(count) + 1)[:, None]
        places, share = circle.astype(np.float32), np.linspace(0, 255, count).round().astype(np.uint8)
        edges, values = np.array([[k, (k + 1) % count] for k in range(count)]), np.stack([share, 255 - share], -1)
        given = {"classes": ["left", "right"], "known": np.arange(count) % 3 == 0, "truth": np.arange(count) % 2}
        for at, letters in enumerate(every):
            names = [f"{letters}{number:02d}" if letters else str(number + 1) for number in range(count)]
            shown = GraphPicture(places, edges, values, names=names, alt="Nodes with names", **given)
            put(shown, f"named-{count}-{at}", picked=0, height=320)
        point = GraphPicture(
            places * np.float32(1e-9), edges, values, names=names, alt="In one point", plane=True, **given
        )
        put(point, f"point-{count}", picked=0, height=320)


def show_big_graph() -> None:
    """2,000 nodes and 12,000 edges in signed colours."""
    rng = np.random.default_rng(0)
    places, edges = rng.normal(size=(2000, 2)).astype(np.float32), rng.integers(0, 2000, (12_000, 2))
    names = [str(number + 1) for number in range(2000)]
    shown = GraphPicture(places, edges, places[:, 0].copy(), names, "Many", value_name="x")
    node = put(shown, "big", height=440)["pick"]
    report("node", node and node["node"])


def show_cloud() -> None:
    """Three points on straight ways over eleven frames whose steps fall, with a chart on the same clock."""
    share = np.linspace(0, 1, 11, dtype=np.float32)[:, None, None]
    start = np.array([[-1.0, 1.0], [1.0, 1.0], [-1.0, -1.0]], np.float32)
    frames = Frames("cloud", range(11), range(100, -1, -10), clock="cloud", start="first")
    shown = Cloud(
        [Plane("at {step}", start * (1 - share)), Plane("half", start * (1 - share) / 2)], frames, 2.0,
        np.array([0, 1, 2]), [], "Three points", data=start / 4, data_name="data", traced=[0], traced_name="way",
        arrows=np.broadcast_to(np.array([1.0, 0.0]), (11, 4, 2)), arrows_name="arrows", note="a note",
        lattice=np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]]),
    )  # fmt: skip
    picked = put(shown, "cloud", picked=st.session_state.get("point"), height=300)["pick"]
    if picked:
        st.session_state.point, st.session_state.picked = picked["point"], picked
        st.rerun()
    put(CurvesPicture(share[:, 0], [Curve("share", 0)], frames, "A chart", x_label="t"), "falling", height=140)
    canvas.transport("cloud-bar", frames, report=False)
    report("picked", st.session_state.get("picked"))


def show_histograms() -> None:
    """Four columns over three frames: a spike that climbs a bin a frame, two halves, the ends, nothing."""
    shares = np.zeros((3, 4, 7))
    for t in range(3):
        shares[t, 0, 2 + t] = 1.0
        shares[t, 1, 2:4] = 0.5
        shares[t, 2, [0, 6]] = 0.25, 0.75
    frames = Frames("bins", [0, 1, 2], [0, 10, 20], clock="bins", start="first")
    notes = [[f"note {column} at {t}" for column in range(4)] for t in range(3)]
    shown = HistogramsPicture(shares, -2.5, 2.5, ["1", "2", "3", "4"], "Four columns", "h", "layer", notes,
                              frames=frames)  # fmt: skip
    picked = put(shown, "bins", picked=st.session_state.get("column", 0), height=260)["pick"]
    if picked is not None:
        st.session_state.column = picked
        st.rerun()
    canvas.transport("bins-bar", frames, report=False)
    report("column", st.session_state.get("column"))


def show_block() -> None:
    """Two samples, three channels, 2 × 2 places; the cells of a channel belong together."""
    values = np.arange(24, dtype=float).reshape(2, 3, 4)
    groups = np.broadcast_to(np.arange(3)[None, :, None], values.shape)
    cell = st.session_state.get("cell") or {"sample": 0, "channel": 0, "position": 0}
    shown = BlockPicture(values, groups, 2, "A block", "averaged together")
    picked = put(shown, "block", picked=list(cell.values()), height=260)["pick"]
    if picked is not None:
        st.session_state.cell = picked
        st.rerun()
    report("cell", st.session_state.get("cell"))


{
    "pixels": show_pixels,
    "block": show_block,
    "histograms": show_histograms,
    "gallery": show_gallery,
    "scrubber": show_scrubber,
    "network": show_network,
    "mlp": show_mlp,
    "graph": show_graph,
    "named_graph": show_named_graph,
    "big_graph": show_big_graph,
    "live": show_live,
    "points": show_points,
    "plot": show_plot,
    "bars": show_bars,
    "choice": show_choice,
    "cloud": show_cloud,
}[show]()
