"""Diffusion: arrays to pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.data.digits import decode_drawing, encode_drawing, quantised
from engine.models.diffusion.schedule import make_schedule
from engine.plots.cloud import Cloud, Plane
from engine.plots.diagrams import Curve
from engine.plots.pixels import Box, Frames, PixelPicture, Point, Tile
from engine.training.fit import Snapshot

from . import digits
from .card import Config
from .predictor import cloud_for
from .run import Result
from .walks import REACH, Walk, arrows, lattice

SECTORS = 6  # colours: a sixth of the plane each
SHOWN = 800  # points of the data drawn behind
TRACED = 24  # ways drawn
PAD_SIDE = 28  # pixels of the pad
MOMENTS = 6  # of the exported pictures


def sectors(points: np.ndarray) -> np.ndarray:
    """(N,) which sixth of the plane each point (N, 2) lies in, counted from the right, counter-clockwise."""
    share = np.arctan2(points[:, 1], points[:, 0]) / (2 * np.pi) % 1
    return np.minimum(share * SECTORS, SECTORS - 1).astype(np.uint8)


def walk_frames(run: str, walked: Walk, start: str = "first") -> Frames:
    """The moments of a walk on the clock of the walks; their steps are the times t."""
    return Frames(run, list(range(len(walked.times))), walked.times, clock="diffusion-walk", start=start)


def walk_cloud(
    config: Config,
    snapshot: Snapshot,
    walked: Walk,
    frames: Frames,
    *,
    titles: Sequence[str],
    names: Sequence[str],
    note: str,
    with_arrows: bool,
    alt: str,
) -> Cloud:
    """x_t and, beside it, x̂_0. names: of the data, the ways and the arrows; note: what the colours mean."""
    end = walked.x[-1] if walked.backward else walked.x[0]
    return Cloud(
        [Plane(titles[0], walked.x), Plane(titles[1], walked.x_0)], frames, REACH, sectors(end), [], alt,
        data=cloud_for(config).reference[:SHOWN].numpy(), data_name=names[0],
        traced=range(0, TRACED * 8, 8), traced_name=names[1],
        arrows=arrows(config, snapshot, tuple(walked.times)) if with_arrows else None,
        lattice=lattice() if with_arrows else None, arrows_name=names[2] if with_arrows else "", note=note,
    )  # fmt: skip


def training_frames(moments: Sequence[tuple[int, Snapshot]], run: str, live: bool) -> Frames:
    """The moments of a training run that are sent together."""
    indices, steps = [at for at, _ in moments], [moment.step for _, moment in moments]
    return Frames(run, indices, steps, live=live, clock="diffusion-training")


def training_cloud(
    config: Config, moments: Sequence[tuple[int, Snapshot]], frames: Frames, *, titles: Sequence[str], data_name: str,
    alt: str,
) -> Cloud:  # fmt: skip
    """The data, and beside it the samples at each moment of the training."""
    cloud = cloud_for(config)
    samples = np.stack([moment.seen["samples"] for _, moment in moments])
    real = np.broadcast_to(cloud.reference[: samples.shape[1]].numpy(), samples.shape)
    return Cloud(
        [Plane(titles[0], real), Plane(titles[1], samples)], frames, REACH, np.zeros(samples.shape[1], np.uint8), [],
        alt, data=cloud.reference[:SHOWN].numpy(), data_name=data_name,
    )  # fmt: skip


def training_values(moments: Sequence[tuple[int, Snapshot]]) -> np.ndarray:
    """(T, 3): held-out loss, share of the samples near the data, share of the data with a sample near."""
    values = [[one.seen["held_out_loss"], one.seen["near"], one.seen["covered"]] for _, one in moments]
    values = np.array(values, np.float32)
    values[~np.isfinite(values)] = np.nan
    return values


def training_lines(names: Sequence[str]) -> list[Curve]:
    """The three lines of `training_values`, under the names given."""
    return [Curve(names[0], 0), Curve(names[1], 2), Curve(names[2], 3, dashed=True)]


def schedule_values(alpha_bars: np.ndarray) -> np.ndarray:
    """(M, 2): ᾱ and 1 - ᾱ at the moments of a walk."""
    return np.stack([alpha_bars, 1 - alpha_bars], 1).astype(np.float32)


def ratio_values(alpha_bars: np.ndarray) -> np.ndarray:
    """(M, 1): signal-to-noise ratio ᾱ / (1 - ᾱ); infinite at t = 0."""
    bars = np.asarray(alpha_bars, np.float64)
    return np.where(bars < 1, bars / np.maximum(1 - bars, 1e-12), np.inf).astype(np.float32)[:, None]


def schedule_lines(names: Sequence[str]) -> list[Curve]:
    """Lines of `schedule_values` or, of one name, `ratio_values`."""
    return [Curve(name, colour, dashed=bool(colour)) for colour, name in enumerate(names)]


def _grey(pictures: np.ndarray) -> np.ndarray:
    """-1 (paper) to 1 (ink) -> uint8, ink bright."""
    return np.rint((np.clip(pictures, -1, 1) + 1) * 127.5).astype(np.uint8)


def digit_frames(run: str, result: digits.Result, live: bool) -> Frames:
    """The moments of a walk to digits on their clock; their steps are the times t."""
    return Frames(run, list(range(len(result.time))), result.time.tolist(), live=live, clock="diffusion-digits")


def digit_picture(
    config: Config, result: digits.Result, frames: Frames, which: str, captions: Sequence[str], *,
    words: tuple[str, str, str], alt: str,
) -> PixelPicture:  # fmt: skip
    """The ten pictures x_t ("x") or x̂_0 ("x_0") at all moments, five a row; a frame round what is known of them."""
    values = _grey(getattr(result, which).numpy())
    given = digits.known_part(config)
    rows, columns = (given[1].any(1).sum().item(), given[1].any(0).sum().item()) if given else (0, 0)
    boxes = [Box((0, 0, columns, rows), colour=1)] if given else []
    tiles = [
        Tile(values[:, n], caption, "grey", -1.0, 1.0, cell_names=words, boxes=boxes)
        for n, caption in enumerate(captions)
    ]
    return PixelPicture(tiles, alt=alt, columns=5, legend=False, frames=frames)


def agreement_values(result: digits.Result) -> np.ndarray:
    """(M, 1): probability that the judge gives to the digit asked for, the mean of all samples."""
    asked = result.judgement.gather(2, result.label[None, :, None].expand(len(result.time), -1, 1))
    return asked.mean(1).numpy()


def _evenly(count: int) -> list[int]:
    return np.unique(np.linspace(0, count - 1, MOMENTS).round().astype(int)).tolist()


def draw_samples(result: Result | digits.Result) -> PixelPicture:
    """Where the way back ended: the samples, over the places that count as near the data; or the digits."""
    if isinstance(result, digits.Result):
        pictures = _grey(result.x[-1].numpy())
        tiles = [Tile(one, str(int(k)), "grey", -1.0, 1.0) for one, k in zip(pictures, result.label, strict=True)]
        return PixelPicture(tiles, alt="Ten digits made from noise", columns=5, legend=False)
    return PixelPicture([_plane(result, -1, 160)], alt="Samples over the places near the data", legend=False)


def draw_walk(result: Result | digits.Result) -> PixelPicture:
    """The way back at six moments: the points; or five of the digits, one a row."""
    moments = _evenly(len(result.time))
    names = [f"t = {int(result.time[at])}" for at in moments]
    if isinstance(result, digits.Result):
        pictures = _grey(result.x.numpy())
        rows = range(min(5, pictures.shape[1]))
        tiles = [
            Tile(pictures[at, row], name if row == 0 else "", "grey", -1.0, 1.0)
            for row in rows
            for at, name in zip(moments, names, strict=True)
        ]
        return PixelPicture(tiles, alt="Five digits coming out of noise", columns=len(moments), legend=False)
    tiles = [_plane(result, at, 96, name) for at, name in zip(moments, names, strict=True)]
    return PixelPicture(tiles, alt="The points on their way from noise to data", columns=3, legend=False)


def draw_mosaic(result: Result | digits.Result) -> PixelPicture:
    """The way back in one piece: three digits, each at six moments from noise on; or the samples in the plane."""
    if isinstance(result, Result):
        return draw_samples(result)
    moments = _evenly(len(result.time))
    pictures = _grey(result.x[moments][:, [3, 5, 8]].numpy())  # (moment, digit, row, column)
    count, rows, side, _ = pictures.shape
    page = pictures.transpose(1, 2, 0, 3).reshape(rows * side, count * side)
    return PixelPicture([Tile(page, "", "grey", -1.0, 1.0)], alt="Digits coming out of noise", legend=False)


def _plane(result: Result, at: int, side: int, name: str = "") -> Tile:
    """The points at one moment over the places within the radius of the data."""
    ticks = ((np.arange(side) + 0.5) / side * 2 - 1) * REACH
    data = result.data.numpy()
    across = (ticks[:, None] - data[:, 0]) ** 2  # (side, M); one row of the picture at a time
    nearest = np.stack([(across + (y - data[:, 1]) ** 2).min(1) for y in -ticks])
    near = (nearest <= float(result.radius) ** 2).astype(np.float32)
    scale = side / (2 * REACH)
    inside = result.x[at].numpy().clip(-REACH, REACH)
    colours = sectors(result.x[-1].numpy())
    points = [
        Point(float((px + REACH) * scale), float((REACH - py) * scale), int(k))
        for (px, py), k in zip(inside, colours, strict=True)
    ]
    return Tile(near * 0.35, name, "probability", 0.0, 1.0, points=points)


def draw_curves(result: Result | digits.Result):
    """Both losses over the training; of the digits, whose network is shipped, the judge's certainty on the way back."""
    from engine.plots.figures import lines

    if isinstance(result, digits.Result):
        return lines(
            {"the judge's certainty": (result.time.tolist(), agreement_values(result)[:, 0].tolist())},
            x_title="t", y_title="probability",
        )  # fmt: skip
    steps = result.step.tolist()
    return lines(
        {"held-out loss": (steps, result.held_out_loss.tolist()), "batch loss": (steps, result.train_loss.tolist())},
        x_title="step", y_title="mean squared error",
    )  # fmt: skip


def draw_schedule(result: Result | digits.Result):
    """ᾱ and 1 - ᾱ at the times that the way back visits."""
    from engine.plots.figures import lines

    time, bars = result.time.tolist(), result.alpha_bar
    return lines(
        {"ᾱ (data)": (time, bars.tolist()), "1 − ᾱ (noise)": (time, (1 - bars).tolist())},
        x_title="t", y_title="share of the variance",
    )  # fmt: skip


def drawing_pixels(config: Config) -> np.ndarray:
    """The own drawing, (28, 28) uint8, 0 paper and 255 ink."""
    return decode_drawing(config.drawing)


def drawing_text(pixels: np.ndarray) -> str:
    """A drawing (28, 28) uint8 as text for a link."""
    return encode_drawing(quantised(pixels))


def alpha_bar_at(config: Config, time: int) -> float:
    """ᾱ of the schedule of a Config at a time."""
    return float(make_schedule(config.schedule, config.chain).alpha_bar(time))
