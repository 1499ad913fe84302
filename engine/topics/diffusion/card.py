"""Diffusion: what it asks and what can be set."""

from dataclasses import replace
from functools import lru_cache

from engine.contracts.knob import configuration, knob
from engine.contracts.topic import Look, Source, Topic, Training
from engine.data.digit_keys import MOST_TEXT, unpack
from engine.machinery.own import check_upload_key

MAXIMUM_STEPS = 5000
DATA = {
    "spiral": "Spiral",
    "moons": "Moons",
    "circles": "Circles",
    "pinwheel": "Pinwheel",
    "gaussians": "Eight Gaussians",
    "drawn": "Own drawing",
}
# A heart, to start an own drawing from.
DRAWING = "eNqVjsEJADEIBAcswIaEtC6kIQsIeBpCXve4W9QBF1nhVYtRU3NmwJD0BYGhDf7B2H1QizbEu5BA_eaV2TdU3v4i-aQHtYsaXw"
SEVERAL = "each"


def of_points(config: "Config") -> bool:
    """Whether the page shows points in the plane, which it trains on, and not digits."""
    return config.view == "points"


def of_digits(config: "Config") -> bool:
    """The opposite of `of_points`."""
    return not of_points(config)


@configuration
class Config:
    """Data, noise, the network that learns to take it away, and a walk from noise back to data."""

    view: str = knob(
        "points", "What to diffuse", "Points in the plane, trained here; or digits, with a network that is shipped.",
        choices={"points": "Points", "digits": "Digits"}, hidden=True, data=True,
    )  # fmt: skip
    data: str = knob("spiral", "Data", "The shape that the points shall take.", choices=DATA, counts=of_points,
                     data=True)  # fmt: skip
    schedule: str = knob(
        "cosine", "Noise schedule", "How much of the data is left at each time; a new schedule is a new training.",
        choices={"linear": "linear β", "quadratic": "quadratic β", "cosine": "cosine"}, counts=of_points,
    )  # fmt: skip
    digit: str = knob(
        SEVERAL, "Digit", "What the network is asked for: one of each, or ten of one.",
        choices={SEVERAL: "One of each", **{str(k): str(k) for k in range(10)}}, counts=of_digits,
    )  # fmt: skip
    guidance: float = knob(
        3.0, "Guidance w", "How far the class pushes: 0 ignores it, 1 is the network as trained, more exaggerates.",
        low=0.0, high=10.0, step=0.5, counts=of_digits,
    )  # fmt: skip
    chain: int = knob(
        200, "Times T", "Steps of the chain that training knows: time 0 is data, time T noise.", low=10, high=1000,
        step=10, counts=of_points,
    )  # fmt: skip
    walk_steps: int = knob(
        50, "Steps back", "How many of the T times the way back visits, in equal strides; never more than T.",
        low=1, high=200, counts=of_points,
    )  # fmt: skip
    digit_steps: int = knob(
        20, "Steps back", "How many of the 400 times the way back visits, in equal strides.", low=2, high=100,
        counts=of_digits,
    )  # fmt: skip
    sampler: str = knob(
        "ddim", "Sampler", "How a step back is made of the predicted noise. DDPM adds new noise in every step, with "
        "the smaller or the larger of two variances.",
        choices={"ddim": "DDIM", "ddpm": "DDPM, σ² = β̃", "ddpm_large": "DDPM, σ² = β"},
    )  # fmt: skip
    eta: float = knob(
        0.0, "η (DDIM)", "How much new noise a step of DDIM adds: 0 none, 1 as much as DDPM with β̃.",
        low=0.0, high=1.0, step=0.05, counts=lambda config: config.sampler == "ddim",
    )  # fmt: skip
    sample_seed: int = knob(0, "Seed of the samples", "Start of the noise that the way back begins with.",
                            low=0, high=999)  # fmt: skip
    known: str = knob(
        "nothing", "Known part", "Half of real digits is given, the network fills in the rest (in-painting).",
        choices={"nothing": "nothing", "left": "left half", "top": "upper half"},
        counts=of_digits,
    )  # fmt: skip
    skips: str = knob(
        "on", "Skips of the U-Net", "What the way down saw at a size is handed to the way up; here it can be cut.",
        choices={"on": "as trained", "16": "16 × 16 cut", "8": "8 × 8 cut", "none": "both cut"}, advanced=True,
        counts=of_digits,
    )  # fmt: skip
    hidden: int = knob(128, "Neurons", "Neurons of each of the three hidden layers.", low=8, high=192, step=8,
                       advanced=True, counts=of_points,
    )  # fmt: skip
    fourier: bool = knob(
        True, "Fourier features", "The network reads sines and cosines of the place beside the place itself.",
        advanced=True, counts=of_points,
    )  # fmt: skip
    learning_rate: float = knob(
        0.005, "Learning rate", "Length of Adam's steps.", low=0.0001, high=1.0, log=True, advanced=True,
        counts=of_points,
    )  # fmt: skip
    batch_size: int = knob(512, "Batch size", "Points averaged in one gradient, new ones in each step.",
                           low=32, high=1024, step=32, advanced=True, counts=of_points,
    )  # fmt: skip
    average: bool = knob(
        True, "Average of the weights", "Samples come from a running average of the weights, not from those of the "
        "moment; the losses are those of the moment.", advanced=True, counts=of_points,
    )  # fmt: skip
    seed: int = knob(0, "Seed", "Start of the training's randomness: first weights, points, times, noise.",
                     low=0, high=9999, advanced=True, counts=of_points,
    )  # fmt: skip
    until: int = knob(
        2000, "Stop at step", "Training ends by itself here; from half way on the learning rate falls.",
        low=50, high=MAXIMUM_STEPS, step=50, advanced=True, counts=of_points,
    )  # fmt: skip
    steps: int = knob(
        0, "Steps trained", "How far this run has been trained; a link brings it back.",
        low=0, high=MAXIMUM_STEPS, hidden=True, run_only=True, counts=of_points,
    )  # fmt: skip
    drawing: str = knob(
        DRAWING, "Own drawing", "The shape drawn by hand.", hidden=True, most=MOST_TEXT, check=unpack,
        counts=lambda config: of_points(config) and config.data == "drawn", data=True,
    )  # fmt: skip
    weights: str = knob(
        "", "Own weights", "What the network starts from, if a reader brought it.", hidden=True,
        check=check_upload_key, counts=of_points,
    )  # fmt: skip


ONLY_POINTS = (
    "data", "schedule", "chain", "walk_steps", "hidden", "fourier", "learning_rate", "batch_size", "average", "seed",
    "until", "steps", "drawing", "weights",
)  # fmt: skip
ONLY_DIGITS = ("digit", "guidance", "digit_steps", "known", "skips")
WAY_BACK = ("walk_steps", "sampler", "eta", "sample_seed")  # of the points
ONLY_SAMPLING = (*WAY_BACK, "view", *ONLY_DIGITS)  # training does not know these


@lru_cache(maxsize=64)  # asked several times for one answer
def before_sampling(config: Config) -> Config:
    """What the training depends on: every knob that only concerns the way back, and how far it went, at its default."""
    usual = Config()
    return replace(config, steps=0, **{name: getattr(usual, name) for name in ONLY_SAMPLING})


def only_digits(config: Config) -> Config:
    """The Config with every knob that digits do not depend on at its default."""
    names = (*ONLY_DIGITS, "sampler", "eta", "sample_seed")
    return Config(view="digits", **{name: getattr(config, name) for name in names})


def brings_up(before: Config, config: Config) -> dict[str, str]:
    """What to look at now that the Config is another: a turned knob of the way back brings the way back up, and once a
    training went on, the usual direction is what it was for."""
    turned = any(getattr(before, name) != getattr(config, name) for name in WAY_BACK)
    trained = config.steps > 0 and config.steps != before.steps
    if not of_points(config) or before_sampling(before) != before_sampling(config) or not (turned or trained):
        return {}
    return {"direction": "usual" if config.steps else "backward"}


def absent(config: Config) -> tuple[str, ...]:
    """Knobs that do nothing now; the drawing has a place where it is the data."""
    if of_digits(config):
        return ONLY_POINTS
    return ONLY_DIGITS if config.data == "drawn" else (*ONLY_DIGITS, "drawing")


TOPIC = Topic(
    slug="diffusion",
    title="Diffusion",
    group="Generative",
    question="How can a network that only ever guesses the noise turn pure noise into data?",
    icon=":material/grain:",
    config=Config,
    order=4,
    run="engine.topics.diffusion.run:run",
    formulas="engine.topics.diffusion.explain:formulas",
    training=Training(
        stream="engine.topics.diffusion.run:stream",
        first="engine.topics.diffusion.run:first",
        result_of="engine.topics.diffusion.run:result_of",
        network="engine.topics.diffusion.run:network",
        experiment=before_sampling,
        speed="fast",
        pictured=("samples",),
    ),
    look=Look(
        config=only_digits,
        path=lambda config: "engine.topics.diffusion.digits:asked",
        completed="engine.topics.diffusion.digits:arrived",
    ),
    absent=absent,
    own=("drawing",),
    lesson="engine.topics.diffusion.lesson:LESSON",
    shipped=("digit_diffusion",),
    figures={
        "samples": "engine.topics.diffusion.draw:draw_samples",
        "way back": "engine.topics.diffusion.draw:draw_walk",
        "mosaic": "engine.topics.diffusion.draw:draw_mosaic",
        "curves": "engine.topics.diffusion.draw:draw_curves",
        "schedule": "engine.topics.diffusion.draw:draw_schedule",
    },
    compared={"samples": {}, "way back": {}, "curves": {}, "schedule": {}},
    called={"mosaic": "Digits coming out of noise", "schedule": "Noise schedule"},
    presets={
        "Spiral": Config(),
        "Noise in every step": Config(sampler="ddpm"),
        "Three steps": Config(walk_steps=3),
        "Eight Gaussians": Config(data="gaussians"),
        "Own drawing": Config(data="drawn"),
        "Digits": Config(view="digits"),
        "Sevens, strongly guided": Config(view="digits", digit="7", guidance=8.0),
    },
    opening=Config(data="gaussians", steps=400),
    cover=("mosaic", Config(view="digits")),
    sources=(
        Source("Ho, Jain, Abbeel 2020: Denoising diffusion probabilistic models", "https://arxiv.org/abs/2006.11239"),
        Source("Song, Meng, Ermon 2021: Denoising diffusion implicit models", "https://arxiv.org/abs/2010.02502"),
        Source("Nichol, Dhariwal 2021: Improved denoising diffusion probabilistic models", "https://arxiv.org/abs/2102.09672"),
        Source("Ho, Salimans 2022: Classifier-free diffusion guidance", "https://arxiv.org/abs/2207.12598"),
        Source("Lugmayr et al. 2022: RePaint, inpainting using denoising diffusion probabilistic models", "https://arxiv.org/abs/2201.09865"),
        Source("Tancik et al. 2020: Fourier features let networks learn high frequency functions", "https://arxiv.org/abs/2006.10739"),
        Source("MNIST, 10,000 digits as packed by Juan Cazala (MIT)", "https://github.com/cazala/mnist"),
    ),
    code=(
        "engine.models.diffusion.schedule:make_schedule",
        "engine.models.diffusion.schedule:q_sample",
        "engine.models.diffusion.samplers:ddpm_step",
        "engine.models.diffusion.samplers:ddim_step",
        "engine.models.diffusion.samplers:walk",
        "engine.models.diffusion.denoiser:PointDenoiser",
        "engine.models.diffusion.unet:SmallUNet",
        "engine.models.diffusion.unet:guided_noise",
        "engine.topics.diffusion.run:Experiment",
        "engine.data.clouds:Cloud",
    ),
    keywords=(
        "DDPM", "DDIM", "denoising", "noise schedule", "generative model", "score", "U-Net", "guidance", "sampling",
        "digits", "classifier-free", "SNR", "Stable Diffusion",
    ),
)  # fmt: skip
