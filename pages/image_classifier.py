"""Image classifier."""

from engine.contracts.blocks import Choose, Later, Pick, Row, Say, Show
from engine.contracts.knob import configuration, knob
from engine.topics.image_classifier import draw, explain
from engine.topics.image_classifier.card import check_channel, occluded
from engine.topics.image_classifier.run import LAYERS

SHOWN_BY = {"occlusion": ("window", "stride", "cover"), "saliency": ("saliency", "cell")}  # knobs that one view shows


@configuration
class View:
    """What to look at: the evidence by one method, how many answers, the maps of one layer and one of them large."""

    method: str = knob("grad_cam", "Evidence", choices=draw.METHODS)
    layer: str = knob("head", "Layer", choices=LAYERS[::-1])
    answers: int = knob(7, "Answers", low=3, high=10)
    maps: str = knob("stage2", "Layer", choices=LAYERS)
    scale: str = knob("own", "Scale", choices={"own": "each its own", "common": "one for all"})
    order: str = knob("number", "Order", choices={"number": "by number", "evidence": "by evidence"})
    channel: str = knob("", "Channel", hidden=True, most=11, check=check_channel)


def follow(before, config):
    """A knob that only one view shows brings that view up, by hand, by preset or by link."""
    usual = type(config)()
    for method, names in SHOWN_BY.items():
        now, then, normal = ([getattr(one, name) for name in names] for one in (config, before, usual))
        if now != then and now != normal:
            return {"method": method}
    return {}


def stage(config, view, film):
    """The picture with the evidence over it, and the most probable classes."""
    return [Row([evidence, answers], (1.12, 1))]


def evidence(config, view, film):
    """The picture with the evidence over it, and what shows it."""
    told = explain.meaning(film.now, view.method)
    if view.method == "grad_cam":
        told = Row([[told], [Choose("layer", explain.AFTER)]], (2.2, 1))
    return [Choose("method", as_buttons=True), *picture(config, view, film), told]


def picture(config, view, film):
    """What takes long is shown while it is computed; all else stands there at once."""
    if view.method == "occlusion":
        return [Later("engine.topics.image_classifier.run:stream", occluded(config), falls)]
    if view.method == "saliency" and explain.lacks_walk(config, film.now):
        return [Later("engine.topics.image_classifier.run:walk_from_grey", config, walked)]
    walk = [explain.way(film.now)] if view.method == "saliency" and config.saliency == "integrated" else []
    return [Show("evidence", draw.draw_evidence(film.now, view.method, layer=view.layer), height=400), *walk]


def falls(config, view, film, snapshot):
    """How far the probability falls where a window covered the picture so far."""
    heat = snapshot.values["heat"] if snapshot else None
    return [Show("evidence", draw.draw_evidence(film.now, "occlusion", heat=heat), height=400)]


def walked(config, view, film, snapshot):
    """Integrated gradients of the way walked so far."""
    if snapshot is None:
        return [Show("evidence", draw.draw_evidence(film.now, "none"), height=400)]
    evidence = draw.draw_evidence(film.now, "saliency", heat=snapshot.values["saliency"])
    return [Show("evidence", evidence, height=400), explain.way(film.now, snapshot)]


def answers(config, view, film):
    """The most probable classes; a click on a bar, or a name chosen, explains another class."""
    choices = Row([[Choose("target", explain.classes())], [Choose("answers", explain.COUNTS)]], (2, 1))
    bars = Show("classes", draw.draw_answers(film.now, view.answers), Pick("target", "key"))
    return [explain.answer(film.now), choices, bars]


def below(config, view, film):
    """All channels after a layer, and one of them by itself and over the picture."""
    features = draw.draw_features(film.now, view.maps, scale=view.scale, order=view.order)
    channel = explain.picked_channel(film.now, view.maps, view.channel)
    key = f"{view.maps}-{channel}"
    marked = {"tile": features.keys.index(key)} if key in features.keys else None
    large = Show("channel", draw.draw_channel(film.now, view.maps, channel), height=240)
    return [
        Say("## Feature maps"),
        Row([[Choose("maps", as_buttons=True)], [Choose("scale")], [Choose("order")]], (5, 2, 2), "bottom"),
        explain.channel_counts(film.now, view.maps, len(features.tiles)),
        Row([[large], [explain.one_channel(film.now, view.maps, channel)]], (2, 1)),
        Show(f"maps-{view.maps}", features, Pick("channel", "key"), picked=marked),
    ]
