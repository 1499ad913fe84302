"""Diffusion: arrays to pictures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from engine.contracts.film import Film, Frames
from engine.contracts.picks import number_in
from engine.contracts.words import Percent, Words
from engine.models.diffusion.schedule import make_schedule
from engine.pictures.cloud.values import Cloud, Plane
from engine.pictures.curves.values import Curve, CurvesPicture, Level
from engine.pictures.pixels.values import Box, PixelPicture, Point, Tile
from engine.training.fit import Snapshot

from . import digits
from .card import Config
from .picks import digits_mark, walk_mark
from .predictor import cloud_for
from .run import Result
from .walks import REACH, Walk, arrows, backward, direction_of, forward, lattice

if TYPE_CHECKING:
    from torch import Tensor

SECTORS = 6  # colours: a sixth of the plane each
DATA_POINTS = 800  # points of the data drawn behind
TRACED = 24  # ways drawn
MOMENTS = 6  # of the exported pictures


def sectors(points: np.ndarray) -> np.ndarray:
    """(N,) which sixth of the plane each point (N, 2) lies in, counted from the right, counter-clockwise."""
    share = np.arctan2(points[:, 1], points[:, 0]) / (2 * np.pi) % 1
    return np.minimum(share * SECTORS, SECTORS - 1).astype(np.uint8)


def walked(config: Config, film: Film, chosen: str, at: str = "") -> tuple[Walk, Frames]:
    """The walk in the direction that a View's choice means, with the network of the film's moment, and its moments."""
    path = film.once(_walked, config, direction_of(chosen, film.newest))
    return path, walk_frames(config, film.now, path, at)


def _walked(moment: Snapshot, config: Config, direction: str) -> Walk:
    return (backward if direction == "backward" else forward)(config, moment)


def walk_frames(config: Config, moment: Snapshot, walked: Walk, at: str) -> Frames:
    """The moments of a walk of the points; their steps are the times t. at: where the reader left the bar of a walk."""
    direction = "backward" if walked.backward else "forward"
    start = "last" if walked.backward else "play"
    return _frames(walk_mark(config, direction, moment.step), walked.times, at, start)


def _frames(mark: str, times: Sequence[int], at: str, start: str, live: bool = False) -> Frames:
    left = number_in(at, mark)
    left = None if left is None else min(left, len(times) - 1)
    return Frames(mark, range(len(times)), times, live=live, clock=f"diffusion {mark}", start=start, at=left)


def walk(config: Config, film: Film, walked: Walk, frames: Frames, with_arrows: bool) -> Cloud:
    """x_t and, beside it, x̂_0."""
    end = walked.x[-1] if walked.backward else walked.x[0]
    titles = Words("xₜ: the points at time {step}"), Words("x̂₀: the data the network expects")
    return Cloud(
        [Plane(titles[0], walked.x), Plane(titles[1], walked.x_0)], frames, REACH, sectors(end), [],
        Words("500 points on their way between data and noise, and beside it where the network expects them"),
        data=cloud_for(config).reference[:DATA_POINTS].numpy(), data_name=Words("data"),
        traced=range(0, TRACED * 8, 8), traced_name=Words("ways of some points"),
        arrows=arrows(config, film.now, tuple(walked.times)) if with_arrows else None,
        lattice=lattice() if with_arrows else None, arrows_name=Words("−ε̂") if with_arrows else "",
        note=Words("colour: where in the plane a point is at time 0"),
    )  # fmt: skip


def training(config: Config, film: Film) -> Cloud:
    """The data, and beside it the samples at each moment of the training."""
    cloud, samples = cloud_for(config), film.stack("samples")
    count = samples.shape[1]
    real = np.broadcast_to(cloud.reference[:count].numpy(), samples.shape)
    planes = [Plane(Words("Data"), real), Plane(Words("Samples after {step} steps of training"), samples)]
    return Cloud(
        planes, film.frames, REACH, np.zeros(count, np.uint8), [],
        Words("The data, and beside it samples of the network"), data=cloud.reference[:DATA_POINTS].numpy(),
        data_name=Words("data"),
    )  # fmt: skip


def curves(film: Film) -> dict[str, CurvesPicture]:
    """Held-out loss, and shares of the samples near the data and of the data near a sample, over the training."""
    loss = _finite([[one.values["held_out_loss"]] for one in film.moments])
    shares = _finite([[one.values["near"], one.values["covered"]] for one in film.moments])
    near = [Curve(Words("near the data (8 steps)"), 2), Curve(Words("data covered (8 steps)"), 3, dashed=True)]
    return {
        "curves": CurvesPicture(
            loss, [Curve(Words("held-out loss"), 0)], film.frames, Words("Held-out loss over the training"), low=0.0,
            levels=(Level(1.0, Words("a network that says 0")),),
        ),
        "near": CurvesPicture(
            shares, near, film.frames, Words("Share of samples near the data and share of the data covered"), low=0.0,
            high=1.0,
        ),
    }  # fmt: skip


def _finite(rows: Sequence[Sequence[float]]) -> np.ndarray:
    values = np.array(rows, np.float32)
    values[~np.isfinite(values)] = np.nan
    return values


def walk_charts(walked: Walk, frames: Frames) -> dict[str, CurvesPicture]:
    """Shares of data and noise, and the signal-to-noise ratio, at the moments of a walk."""
    lines, alt = [Curve(Words("SNR = ᾱ / (1 − ᾱ)"), 0)], Words("Signal-to-noise ratio at each time")
    ratio = CurvesPicture(ratio_values(walked.alpha_bars), lines, frames, alt, "t", log=True)
    return {"shares": _shares(walked.alpha_bars, frames), "ratio": ratio}


def _shares(alpha_bars: np.ndarray, frames: Frames) -> CurvesPicture:
    """ᾱ and 1 - ᾱ at the moments of a walk."""
    values = np.stack([alpha_bars, 1 - alpha_bars], 1).astype(np.float32)
    lines = [Curve(Words("ᾱ: data"), 0), Curve(Words("1 − ᾱ: noise"), 1, dashed=True)]
    alt = Words("Shares of data and noise in the variance at each time")
    return CurvesPicture(values, lines, frames, alt, "t", low=0.0, high=1.0)


def ratio_values(alpha_bars: np.ndarray) -> np.ndarray:
    """(M, 1): signal-to-noise ratio ᾱ / (1 - ᾱ); infinite at t = 0."""
    bars = np.asarray(alpha_bars, np.float64)
    return np.where(bars < 1, bars / np.maximum(1 - bars, 1e-12), np.inf).astype(np.float32)[:, None]


def _grey(pictures: np.ndarray) -> np.ndarray:
    """-1 (paper) to 1 (ink) -> uint8, ink bright."""
    return np.rint((np.clip(pictures, -1, 1) + 1) * 127.5).astype(np.uint8)


def digit_frames(config: Config, result: digits.Result, at: str) -> Frames:
    """The moments of a walk to digits as far as it went; their steps are the times t. at: as in `walk_frames`."""
    times = result.time.tolist()
    return _frames(digits_mark(config), times, at, "last", live=times[-1] > 0)


def digit_pictures(config: Config, result: digits.Result, frames: Frames) -> PixelPicture:
    """The ten pictures x_t at all moments, with the digits asked for; a frame round what is known of them."""
    captions = [Words("asked: {digit}", digit=label) for label in result.label.tolist()]
    return _ten(config, result.x, frames, captions, Words("Ten pictures, from noise to digits"))


def expected_digits(config: Config, result: digits.Result, frames: Frames) -> PixelPicture:
    """The ten x̂_0 at all moments, with what the judge sees in the last."""
    sure, labels = result.judgement[-1].max(1)
    judged = zip(labels.tolist(), sure.tolist(), strict=True)
    captions = [Words("{digit} · {share}", digit=digit, share=Percent(share, 0)) for digit, share in judged]
    return _ten(config, result.x_0, frames, captions, Words("The digits the network expects"))


def _ten(config: Config, pictures: Tensor, frames: Frames, captions: Sequence[str], alt: str) -> PixelPicture:
    """Five a row."""
    values, names = _grey(pictures.numpy()), ("", Words("row"), Words("column"))
    mask = digits.known_mask(config)
    rows, columns = (mask.any(1).sum().item(), mask.any(0).sum().item()) if mask is not None else (0, 0)
    boxes = [Box((0, 0, columns, rows), colour=1)] if mask is not None else []
    tiles = [
        Tile(values[:, n], caption, "grey", -1.0, 1.0, cell_names=names, boxes=boxes)
        for n, caption in enumerate(captions)
    ]
    return PixelPicture(tiles, alt=alt, columns=5, legend=False, frames=frames)


def digit_charts(result: digits.Result, frames: Frames) -> dict[str, CurvesPicture]:
    """How sure the judge is of the digit asked for, and the shares of data and noise, at the moments of a walk."""
    lines = [Curve(Words("the judge's certainty"), 0)]
    alt = Words("How sure the judge is of the digit asked for, at each time")
    agreement = CurvesPicture(agreement_values(result), lines, frames, alt, "t", low=0.0, high=1.0)
    return {"agreement": agreement, "digits-shares": _shares(result.alpha_bar.numpy(), frames)}


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
    from engine.pictures.chart.figure import lines

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
    from engine.pictures.chart.figure import lines

    time, bars = result.time.tolist(), result.alpha_bar
    return lines(
        {"ᾱ (data)": (time, bars.tolist()), "1 − ᾱ (noise)": (time, (1 - bars).tolist())},
        x_title="t", y_title="share of the variance",
    )  # fmt: skip


def alpha_bar_at(config: Config, time: int) -> float:
    """ᾱ of the schedule of a Config at a time."""
    return _alpha_bar(config.schedule, config.chain, time)


@lru_cache(maxsize=1024)
def _alpha_bar(name: str, steps: int, time: int) -> float:
    return float(make_schedule(name, steps).alpha_bar(time))
