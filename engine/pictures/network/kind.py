"""How the parts of this kind belong together."""

from __future__ import annotations

from typing import Any

from engine.pictures.kinds import Fits, Kind
from engine.pictures.network.values import NetworkDiagram, network_payload


def fits(picture: NetworkDiagram) -> Fits:
    """The neuron or the weight is there; only where layers can be resized they are."""
    sizes = [len(layer.neurons) for layer in picture.layers]
    resizable = {at for at, layer in enumerate(picture.layers) if layer.resizable}

    def check(event: str, at: Any) -> bool:
        if event == "toggle":
            return 0 <= at["index"] < sizes[0]
        if event == "resize":
            return at["layer"] in resizable
        if at["kind"] == "edge" and not (at["layer"] > 0 and 0 <= at["from"] < sizes[at["layer"] - 1]):
            return False
        return at["layer"] >= 0 and 0 <= at["index" if at["kind"] == "neuron" else "to"] < sizes[at["layer"]]

    return check


KIND = Kind(
    NetworkDiagram,
    network_payload,
    events=("pick", "resize", "toggle"),
    fits=fits,
    words={
        "range": "colours from {low} to {high}",
        "weight": "weight",
        "bias": "bias",
        "off": "switched off",
        "fewer": "One neuron fewer",
        "more": "One neuron more",
        "weightLegend": "weights and values: negative to positive, strength by width",
        "strongest": "the {count} strongest of {total} weights",
    },
    keys={
        "neuron": "from neuron to neuron, layer to layer",
        "weight": "along the weights into a neuron, the strongest first (Shift + W: back)",
        "chooseNeuron": "choose a neuron or weight, switch an input on or off",
        "resize": "to the buttons that add and remove neurons",
    },
    sheet="engine.pictures.network.sheet:network_sheet",
)
