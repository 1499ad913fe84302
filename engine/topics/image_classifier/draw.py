"""Image classifier: pictures of a Result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from engine.contracts.words import Name, Percent, Words, listed
from engine.data.imagenet import class_names, class_synonyms
from engine.pictures.bars.values import Bars
from engine.pictures.pixels.values import Over, PixelPicture, Tile

from .run import LAYERS, Result

if TYPE_CHECKING:
    from torch import Tensor

METHODS = {"grad_cam": "Grad-CAM", "saliency": "Saliency", "occlusion": "Occlusion", "none": "Picture"}
UNITS = {"grad_cam": Words("score per position"), "saliency": "", "occlusion": Words("fall of probability")}
CELL = (Words("channel"), Words("row"), Words("column"))
LAYER_NAMES = {layer: Words(layer) for layer in LAYERS}
PLAIN = "What the network sees: 224 × 224 pixels from the middle of the picture."
MAXIMUM_BYTES = 1_000_000  # of one picture sent to the browser; above it, maps go out as 8 bits


def grad_cam_at(result: Result, layer: str = "head") -> Tensor:
    """Grad-CAM (rows, columns) after any layer, from the maps and weights that the Result holds."""
    maps, weights = getattr(result, _known(layer)), getattr(result, f"{layer}_weights")
    return torch.einsum("k,kij->ij", weights, maps).relu()


def draw_evidence(
    result: Result,
    method: str = "grad_cam",
    *,
    layer: str = "head",
    heat: Tensor | None = None,
    opacity: float = 0.6,
    alt: str = "",
) -> PixelPicture:
    """The picture as the network sees it with the evidence for the explained class over it; under colours it is grey,
    for an orange cat would hide them.

    method: "grad_cam" (of `layer`), "saliency" (pass `heat` for that of a walk that has not arrived yet), "occlusion"
    (pass `heat`, (56, 56) of a Snapshot; NaN is shown grey) or "none". Colours run from 0 to the map's maximum; less
    than 0, evidence against the class, is left without colour but read out. ValueError for another method.
    """
    if method not in METHODS:
        raise ValueError(f"expected one of {', '.join(METHODS)}, got {method!r}")
    if method == "grad_cam":
        heat = grad_cam_at(result, layer)
    elif method == "saliency" and heat is None:
        heat = result.saliency
    over = None
    if method != "none" and heat is not None:
        values = heat.numpy().astype(np.float32)
        high = float(np.nanmax(values)) if np.isfinite(values).any() else 0.0
        name = Words(METHODS[method])
        over = Over(values, "heat", 0.0, high if high > 0 else 1.0, opacity, UNITS[method], name)
    square, name = result.square.numpy(), explained_name(result)
    cell_names = ("" if over is None else name, Words("row"), Words("column"))
    tile = Tile(square if over is None else _grey(square), smooth=True, over=over, cell_names=cell_names)
    coloured = Words("The picture, coloured where it speaks for {name}", name=name)
    alt = alt or (Words(PLAIN) if method == "none" else coloured)
    return PixelPicture([tile], alt=alt, columns=1)


def draw_saliency(result: Result, *, alt: str = "") -> PixelPicture:
    """The picture with the saliency of the Result over it, the gradient's or that of the whole walk from grey."""
    return draw_evidence(result, "saliency", alt=alt)


def _grey(rgb: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 -> the same shape without colour (luma of ITU-R 601)."""
    luma = (rgb @ np.array([0.299, 0.587, 0.114])).round().astype(np.uint8)
    return np.repeat(luma[..., None], 3, axis=2)


def explained_name(result: Result) -> Name:
    """Name of the class whose evidence is shown."""
    return class_names()[result.explained]


def draw_answers(result: Result, top_k: int = 5) -> Bars:
    """Bars of the `top_k` most probable classes, the explained one marked and, if it is not among them, added below.

    Where the picture was changed, a tick marks the probability before. Hover says all names of the class; a click on a
    bar stands for the class's index.
    """
    chosen = top_classes(result, top_k)
    names, shares = [class_names()[index] for index in chosen], result.probabilities[chosen].tolist()
    pairs = zip(names, shares, strict=True)
    return Bars(
        names,
        shares,
        alt=listed([Words("{name} {share}", name=name, share=Percent(share)) for name, share in pairs], "; "),
        hover=[class_synonyms()[index] for index in chosen],
        marked=chosen.index(result.explained),
        marked_name=Words("the class explained"),
        ticks=result.untouched[chosen].tolist() if result.changed else None,
        ticks_name=Words("before the change"),
        keys=chosen,
    )


def top_classes(result: Result, top_k: int) -> list[int]:
    """Indices of the most probable classes, most probable first; the explained class is always among them."""
    chosen = result.probabilities.topk(top_k).indices.tolist()
    return chosen if result.explained in chosen else [*chosen, result.explained]


def draw_features(
    result: Result,
    layer: str = "stage1",
    *,
    scale: str = "own",
    order: str = "number",
    most: int = 320,
    alt: str = "",
) -> PixelPicture:
    """All channels after a layer, each a small picture.

    scale: "own" (each from its own lowest to its highest value) or "common" (one scale for all, so that strong and
    weak channels differ). order: "number", or "evidence" (those that argue most for the explained class first). At
    most `most` channels. Layers that end in ReLU6 have magnitudes, the others signed values. A click on a tile stands
    for "layer-channel".
    """
    if scale not in ("own", "common") or order not in ("number", "evidence"):
        raise ValueError(f"expected scale own or common and order number or evidence, got {scale!r} and {order!r}")
    maps = getattr(result, _known(layer))
    ranking = channels_by_evidence(result, layer) if order == "evidence" else list(range(len(maps)))
    colours = "magnitude" if layer in ("stem", "head") else "signed"
    values = maps.numpy()
    common = _range(values, colours)
    compact = maps[:most].nbytes > MAXIMUM_BYTES
    tiles = []
    for channel in ranking[:most]:
        low, high = common if scale == "common" else _range(values[channel], colours)
        pixels = np.rint((values[channel] - low) / (high - low) * 255).astype(np.uint8) if compact else values[channel]
        tiles.append(Tile(pixels, f"{channel}", colours, low, high, cell_names=CELL))
    alt = alt or Words("Feature maps after {layer}", layer=LAYER_NAMES[layer])
    return PixelPicture(tiles, alt=alt, keys=[f"{layer}-{channel}" for channel in ranking[:most]])


def draw_channel(result: Result, layer: str, channel: int) -> PixelPicture:
    """One feature map large, and beside it where in the picture that channel argues for the class: alpha_k A_k > 0.

    Both have 224 rows and columns: each value of the map covers a square of pixels.
    """
    maps, side = getattr(result, _known(layer)), result.square.shape[0]
    values = maps[channel].numpy()
    low, high = _range(values, "magnitude" if layer in ("stem", "head") else "signed")
    evidence = values * getattr(result, f"{layer}_weights")[channel].item()
    name = Words("argues for {name}", name=explained_name(result))
    over = Over(evidence, "heat", 0.0, max(float(evidence.max()), 1e-9), 0.6, Words("score"), name)
    spread = values.repeat(side // values.shape[0], 0).repeat(side // values.shape[1], 1)
    tiles = [
        Tile(spread, f"{channel}", "signed" if low < 0 else "magnitude", low, high, cell_names=CELL),
        Tile(_grey(result.square.numpy()), name, smooth=True, over=over),
    ]
    alt = Words("Channel {channel} after {layer}", channel=channel, layer=LAYER_NAMES[layer])
    return PixelPicture(tiles, alt=alt, columns=2)


def channel_facts(result: Result, layer: str, channel: int) -> dict[str, float]:
    """mean of the map, alpha of Grad-CAM (eq. 1), and what the channel adds to the score: alpha times sum of the map.

    Summed over all channels of the head this is the score without its bias, for there the score is linear in the maps.
    """
    values, weight = getattr(result, _known(layer))[channel], getattr(result, f"{layer}_weights")[channel].item()
    return {"mean": values.mean().item(), "weight": weight, "added": weight * values.sum().item()}


def channels_by_evidence(result: Result, layer: str) -> list[int]:
    """Channels by alpha_k times the mean of A_k, what they add to the class's score, largest first."""
    maps, weights = getattr(result, _known(layer)), getattr(result, f"{layer}_weights")
    return (weights * maps.mean((1, 2))).argsort(descending=True).tolist()


def _range(values: np.ndarray, colours: str) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    if colours == "signed":
        high = max(-low, high)
        low = -high
    else:
        low = 0.0
    return (low, high) if high > low else (low, low + 1.0)


def _known(layer: str) -> str:
    if layer not in LAYERS:
        raise ValueError(f"expected one of {', '.join(LAYERS)}, got {layer!r}")
    return layer
