"""How the parts of this kind belong together."""

from __future__ import annotations

from typing import Any

from engine.pictures.graph.values import GraphPicture, graph_payload
from engine.pictures.kinds import Fits, Kind


def fits(picture: GraphPicture) -> Fits:
    """The node is there."""
    count = len(picture.names)

    def check(_: str, at: Any) -> bool:
        return 0 <= at["node"] < count

    return check


KIND = Kind(
    GraphPicture,
    graph_payload,
    events=("pick",),
    fits=fits,
    words={
        "ownRange": "low to high, each picture its own range",
        "ownSigned": "negative to positive, each picture its own range",
        "node": "Node {name}",
        "answer": "answer",
        "truth": "truth",
        "given": "label given",
        "graphLegend": "disc: the answer, rim: the truth, outer ring: label given",
        "graphTruth": "disc: the answer, rim: the truth",
    },
    keys={
        "node": "to the nearest node in that direction",
        "nextNode": "to the next node in order (Shift + N: the one before)",
        "carryNode": "take up the node, move it with the arrows, put it down with M or Enter",
    },
    sheet="engine.pictures.graph.sheet:graph_sheet",
)
