"""Image classifier: what it asks and what can be set."""

import re
from dataclasses import replace

from engine.contracts.knob import KnobError, configuration, knob
from engine.contracts.topic import Look, Source, Topic

COVERS = {"grey": "grey", "black": "black", "white": "white", "average": "the picture's average colour"}
SALIENCY = {"gradient": "Gradient", "integrated": "Integrated gradients"}


def check_picture(text: str) -> None:
    """KnobError unless the text is sample:<name> or upload:<16 hex digits>; whether it is there is asked later."""
    kind, _, name = text.partition(":")
    sample = kind == "sample" and name.isidentifier()
    upload = kind == "upload" and len(name) == 16 and all(digit in "0123456789abcdef" for digit in name)
    if not (sample or upload):
        raise KnobError("Picture: expected sample:<name> or upload:<number>, got {key!r}", key=text[:40])


def check_channel(text: str) -> None:
    """KnobError unless the text is empty or names a layer and one of its channels, "stage2-5"."""
    if text and not re.fullmatch(r"(stem|stage[1-7]|head)-[0-9]{1,4}", text):
        raise KnobError("Channel: expected a layer and a number such as stage2-5, got {text!r}", text=text[:40])


@configuration
class Config:
    """A picture, the class to explain, and how it is explained. `target` -1 means the class answered."""

    picture: str = knob(
        "sample:chelsea",
        "Picture",
        "A sample, or a picture of your own.",
        hidden=True,
        most=40,
        check=check_picture,
        data=True,
    )
    target: int = knob(
        -1, "Class explained", "Class whose evidence is shown; -1 is the network's own answer.",
        low=-1, high=999, hidden=True,
    )  # fmt: skip
    saliency: str = knob(
        "gradient", "Saliency", "Gradient: where the smallest change matters most. Integrated gradients: summed along "
        "the way from grey to the picture; slower, but they add up to the score less that of grey.",
        choices=SALIENCY,
    )  # fmt: skip
    cell: int = knob(
        4, "Saliency cell", "Saliency is averaged over squares of this many pixels a side.", low=1, high=16, unit="px"
    )
    window: int = knob(
        48, "Occluding window", "Side of the square that covers part of the picture.",
        low=16, high=112, step=8, unit="px",
    )  # fmt: skip
    stride: int = knob(
        16, "Occlusion stride", "How far the window moves each time; smaller is finer and takes longer.",
        low=8, high=56, step=4, unit="px",
    )  # fmt: skip
    cover: str = knob(
        "grey", "Covered with", "The colour of the window. No colour is neutral: a white window may look like a plate.",
        choices=COVERS, advanced=True,
    )  # fmt: skip
    seed: int = knob(0, "Seed", "Where crop and cutout fall.", low=0, high=9999, advanced=True)
    flip: bool = knob(False, "Mirror", "Left and right exchanged.", advanced=True)
    crop: float = knob(
        1.0, "Crop", "Share of the side that is kept, enlarged to full size again.",
        low=0.3, high=1.0, step=0.05, advanced=True,
    )  # fmt: skip
    brightness: float = knob(
        1.0, "Brightness", "Every value is multiplied by this.", low=0.2, high=2.0, step=0.1, advanced=True
    )
    colour: float = knob(1.0, "Colour", "0 is grey, 1 unchanged, 2 garish.", low=0.0, high=2.0, step=0.1, advanced=True)
    cutout: int = knob(
        0, "Cutout", "Side of a grey square at a random place.", low=0, high=112, step=8, unit="px", advanced=True
    )


def occluded(config: Config) -> Config:
    """What the occlusion depends on, with the saliency at its default."""
    return replace(config, saliency="gradient", cell=4)


TOPIC = Topic(
    slug="image_classifier",
    title="Image classifier",
    group="Convolution",
    question="What does the network see in a picture, and which pixels made it say so?",
    icon=":material/image_search:",
    config=Config,
    order=5,
    run="engine.topics.image_classifier.run:run",
    lesson="engine.topics.image_classifier.lesson:LESSON",
    formulas="engine.topics.image_classifier.explain:formulas",
    in_turn=True,  # a look and a step of the walk hold 40 MB for 35 ms
    watched="engine.topics.image_classifier.run:stream",
    shipped=("efficientnet_lite0",),
    figures={
        "evidence": "engine.topics.image_classifier.draw:draw_evidence",
        "saliency": "engine.topics.image_classifier.draw:draw_saliency",
        "answers": "engine.topics.image_classifier.draw:draw_answers",
        "features": "engine.topics.image_classifier.draw:draw_features",
    },
    compared={
        "evidence": {"alt": "The picture, coloured where it speaks for the class explained"},
        "saliency": {"alt": "The picture, coloured where a change would move the score"}, "answers": {},
        "features": {"alt": "Feature maps after the first stage"},
    },
    called={"evidence": "Grad-CAM", "answers": "Likeliest classes", "features": "Feature maps"},
    presets={
        "Which cat?": Config(),
        "Why a lynx?": Config(target=287),
        "Coffee, integrated": Config(picture="sample:coffee", saliency="integrated"),
        "What is in the cup": Config(picture="sample:coffee", window=64, stride=16),
        "Not a class": Config(picture="sample:astronaut"),
        "Cat without colour": Config(colour=0.0, flip=True),
        "Cut out": Config(picture="sample:camera", cutout=96, seed=3),
    },
    opening=Config(picture="sample:china"),
    cover=("evidence", Config()),
    sources=(
        Source("Tan, Le 2019: EfficientNet: rethinking model scaling for convolutional neural networks", "https://arxiv.org/abs/1905.11946"),
        Source("Selvaraju et al. 2017: Grad-CAM: visual explanations from deep networks", "https://arxiv.org/abs/1610.02391"),
        Source("Zeiler, Fergus 2014: Visualizing and understanding convolutional networks", "https://arxiv.org/abs/1311.2901"),
        Source("Simonyan, Vedaldi, Zisserman 2014: Deep inside convolutional networks", "https://arxiv.org/abs/1312.6034"),
        Source("Sundararajan, Taly, Yan 2017: Axiomatic attribution for deep networks", "https://arxiv.org/abs/1703.01365"),
        Source("Adebayo et al. 2018: Sanity checks for saliency maps", "https://arxiv.org/abs/1810.03292"),
    ),
    code=(
        "engine.models.efficientnet.lite0:EfficientNetLite0",
        "engine.models.efficientnet.lite0:InvertedResidual",
        "engine.models.efficientnet.lite0:middle_square",
        "engine.models.efficientnet.lite0:normalised",
        "engine.instrument.attribution:grad_cam_of",
        "engine.instrument.attribution:occlusion",
        "engine.instrument.attribution:integrated_gradients",
        "engine.topics.image_classifier.run:run",
    ),
    look=Look(
        config=lambda config: replace(config, saliency="gradient"),  # else 32 looks and more, where they are looked for
        completed="engine.topics.image_classifier.run:with_walk",
    ),
    own={"picture": {"target": -1}},
    keywords=(
        "ImageNet", "EfficientNet", "Grad-CAM", "saliency", "occlusion", "feature maps", "photo", "camera", "upload",
        "augmentation", "softmax", "attribution", "explanation",
    ),
)  # fmt: skip
