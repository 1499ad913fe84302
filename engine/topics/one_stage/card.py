"""One-stage detectors: what it asks and what can be set."""

from engine.contracts.knob import configuration, knob
from engine.contracts.topic import Look, Source, Topic
from engine.data.coco import COCO_CLASSES, COCO_LABELS
from engine.topics.image_classifier.card import check_picture

MOST_SEED, MOST_OBJECTS = 9999, 8
OF_NANODET = ("only", "arrange", "size")  # knobs that the grid detector does not obey


def on_pictures(config: "Config") -> bool:
    """Whether NanoDet looks at a picture; else the grid detector looks at a scene."""
    return config.detector == "nanodet"


def draws_scenes(config: "Config") -> bool:
    """Whether the grid detector looks at a scene that is drawn for it."""
    return config.detector == "grid" and config.scene != "picture"


@configuration
class Config:
    """A detector, what it looks at, and which of its boxes are kept."""

    detector: str = knob(
        "nanodet", "Detector", "NanoDet, trained by others on photographs, or the grid detector trained here.",
        hidden=True, choices={"nanodet": "NanoDet on pictures", "grid": "Grid detector on scenes"}, data=True,
    )  # fmt: skip
    picture: str = knob(
        "sample:chelsea",
        "Picture",
        "A sample, or a picture of your own.",
        hidden=True,
        most=40,
        check=check_picture,
        data=True,
    )
    score: float = knob(
        0.35, "Score threshold", "Boxes with a lower score are dropped. The network does not run again.",
        low=0.05, high=0.95, step=0.05,
    )  # fmt: skip
    iou: float = knob(
        0.6, "IoU threshold of NMS", "Of two boxes that overlap by more than this, the one with the lower score goes. "
        "1: none goes. The network does not run again.",
        low=0.0, high=1.0, step=0.05,
    )  # fmt: skip
    only: str = knob(
        "all", "Class", "All classes: every cell speaks for its best class. One class: every cell speaks for this one.",
        choices={"all": "all classes", **dict(zip(COCO_CLASSES, COCO_LABELS, strict=True))}, counts=on_pictures,
    )  # fmt: skip
    class_wise: bool = knob(
        True, "NMS by class", "Off: a box also removes boxes of other classes, a cup the table it stands on."
    )
    arrange: str = knob(
        "four", "Arrangement", "Four: the picture with three samples in one square, so that everything is smaller.",
        choices={"alone": "One picture", "four": "Four in one"}, advanced=True, counts=on_pictures, data=True,
    )  # fmt: skip
    size: float = knob(
        1.0, "Size", "Share of the square's side that is filled; smaller objects are found by finer levels.",
        low=0.1, high=1.0, step=0.05, advanced=True, counts=on_pictures,
    )  # fmt: skip
    scene: str = knob(
        "random", "Scene", "What the grid detector looks at.", hidden=True,
        choices={"random": "Shapes", "same_cell": "Two in one cell", "picture": "A photograph"}, data=True,
    )  # fmt: skip
    seed: int = knob(
        5,
        "Scene number",
        "Which scene is drawn.",
        low=0,
        high=MOST_SEED,
        hidden=True,
        counts=draws_scenes,
        data=True,
    )
    objects: int = knob(
        4,
        "Objects",
        "How many shapes are drawn.",
        low=0,
        high=MOST_OBJECTS,
        hidden=True,
        counts=draws_scenes,
        data=True,
    )


def network_config(config: Config) -> Config:
    """What NanoDet's answer depends on: everything else at its default, so that the store knows it again."""
    return Config(picture=config.picture, arrange=config.arrange, size=config.size)


def scene_config(config: Config) -> Config:
    """What the grid detector's answer depends on: everything else at its default."""
    picture = config.picture if config.scene == "picture" else Config().picture
    return Config(detector="grid", scene=config.scene, seed=config.seed, objects=config.objects, picture=picture)


def detector_config(config: Config) -> Config:
    """What the answer of the detector chosen depends on."""
    return network_config(config) if on_pictures(config) else scene_config(config)


def absent(config: Config) -> tuple[str, ...]:
    """What has no place on the page: knobs of the other detector, and a picture where none is looked at."""
    if on_pictures(config):
        return ()
    return OF_NANODET if config.scene == "picture" else (*OF_NANODET, "picture")


TOPIC = Topic(
    slug="one_stage",
    title="One-stage detectors",
    group="Vision",
    question="How does one look at a picture find every object in it, and who decides between a thousand boxes?",
    icon=":material/frame_inspect:",
    config=Config,
    order=10,
    run="engine.topics.one_stage.run:run",
    lesson="engine.topics.one_stage.lesson:LESSON",
    formulas="engine.topics.one_stage.about:formulas",
    shipped=("nanodet", "grid_detector"),
    figures={
        "cover": "engine.topics.one_stage.draw:draw_cover",
        "detections": "engine.topics.one_stage.draw:draw_detections",
        "levels": "engine.topics.one_stage.draw:draw_levels",
        "suppression": "engine.topics.one_stage.draw:draw_suppression",
        "scene": "engine.topics.one_stage.draw_scene:draw_scene",
        "grid": "engine.topics.one_stage.draw_scene:draw_grid",
    },
    compared={"detections": {}, "levels": {}, "scene": {}, "grid": {}},
    called={"detections": "Boxes found", "levels": "Scores by level", "grid": "Grid cells"},
    presets={
        "Four in one": Config(),
        "A cat": Config(arrange="alone"),
        "Half as large": Config(size=0.5, score=0.25),
        "Cup on a table": Config(picture="sample:coffee", arrange="alone", score=0.2, class_wise=False, iou=0.2),
        "A flower": Config(picture="sample:flower", arrange="alone", score=0.3),
        "The grid": Config(detector="grid"),
        "Two in one cell": Config(detector="grid", scene="same_cell", objects=2),
    },
    opening=Config(picture="sample:camera", arrange="alone"),
    cover=("cover", Config()),
    sources=(
        Source("Redmon, Divvala, Girshick, Farhadi 2016: You only look once: unified, real-time object detection", "https://arxiv.org/abs/1506.02640"),
        Source("RangiLyu 2020: NanoDet", "https://github.com/RangiLyu/nanodet"),
        Source("Li et al. 2020: Generalized focal loss", "https://arxiv.org/abs/2006.04388"),
        Source("Liu et al. 2016: SSD: single shot multibox detector", "https://arxiv.org/abs/1512.02325"),
        Source("Sermanet et al. 2014: OverFeat", "https://arxiv.org/abs/1312.6229"),
        Source("Lin et al. 2014: Microsoft COCO: common objects in context", "https://arxiv.org/abs/1405.0312"),
    ),
    code=(
        "engine.models.detection.nanodet:NanoDet",
        "engine.models.detection.nanodet:PathAggregation",
        "engine.models.detection.nanodet:decode",
        "engine.instrument.detection:non_maximum_suppression",
        "engine.instrument.detection:paired_iou",
        "engine.topics.one_stage.detection:find",
        "engine.models.detection.grid:GridDetector",
        "engine.models.detection.grid:assign",
        "engine.models.detection.grid:loss_terms",
    ),
    look=Look(
        config=detector_config,
        path=lambda config: f"engine.topics.one_stage.{'detection:see' if on_pictures(config) else 'scene:see_scene'}",
    ),
    absent=absent,
    own={"picture": {"arrange": "alone"}},
    keywords=(
        "object detection", "YOLO", "NanoDet", "SSD", "OverFeat", "COCO", "NMS", "non-maximum suppression", "IoU",
        "anchor-free", "bounding box", "grid", "camera", "upload", "average precision",
    ),
)  # fmt: skip
