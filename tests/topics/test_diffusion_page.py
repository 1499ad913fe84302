"""The page Diffusion as a visitor without a browser sees it: what stands in the link, what follows a turned knob, and
what stays where it is."""

import dataclasses
import random
import re
from types import SimpleNamespace

import numpy as np
import pytest

from engine.contracts.film import Film, Frames
from engine.contracts.knob import KnobError, knobs, random_value
from engine.contracts.picks import check_pick, marked, number_in
from engine.contracts.topic import catalogue
from engine.data.digits import encode_drawing
from engine.topics.diffusion import digits, draw, explain, walks
from engine.topics.diffusion.card import TOPIC, WAY_BACK, Config, brings_up, only_digits
from engine.topics.diffusion.picks import digits_mark, walk_mark
from engine.topics.diffusion.run import Experiment
from pages.components.parts import contents as shown
from pages.components.parts.controls import at_its_run
from pages.diffusion import View, ten_digits, walking
from tests.contracts.test_blocks import flat, own_texts, texts_in
from tests.strings import tables
from tests.visitor import Visitor

FORWARD, BACKWARD = (walk_mark(Config(), direction, 0) for direction in ("forward", "backward"))


def trained(visitor, steps):
    """Wait until the run has come to a step."""
    for _ in range(1000):
        if visitor.find("diffusion-walk") and f"step <b>{steps}</b>" in visitor.texts():
            return visitor
        visitor.tick()
    raise AssertionError(f"no step {steps}: {visitor.query}")


def watched(visitor):
    """Wait until the walk to digits has come to its end."""
    while visitor.tick() is not None:
        pass
    return visitor


def stands_at(visitor, key="diffusion-walk"):
    """The step t at which the link lets a walk stand; None for where it opens."""
    frames = visitor.data(key)[0]["frames"]
    return None if frames["at"] is None else frames["steps"][frames["indices"].index(frames["at"])]


# ---------------------------------------------------------------- in the link


def test_a_link_brings_back_the_point_and_the_moment_of_its_walk(visitor):
    """The numbers are those of the moment at which the bar stands, whoever opens the link."""
    *_, last = Experiment(Config()).train(40, 40)
    back = walks.backward(Config(), last)
    mark = walk_mark(Config(), "backward", 40)
    visitor.open("diffusion", f"steps=40&view.point=17&view.at=20-{mark}")
    trained(visitor, 40)
    assert stands_at(visitor) == back.times[20]
    step = explain.explain_step(Config(), back, 20, 17, draw.alpha_bar_at(Config(), back.to[20]))
    assert step.formula.latex in visitor.texts()
    assert visitor.query == f"steps=40&view.point=17&view.at=20-{mark}"
    visitor.keep("diffusion-walk-bar", "frame", 30)
    assert f"from t = {back.times[30]} to s = {back.to[30]}" in visitor.texts()
    assert visitor.query.endswith(f"view.at=30-{mark}")
    visitor.touch("diffusion-walk", "pick", {"point": 3, "frame": 7})
    assert "Point **3**" in visitor.texts()
    assert f"view.at=7-{mark}" in visitor.query


def test_a_moment_of_another_walk_says_nothing(visitor):
    visitor.open("diffusion")
    visitor.touch("diffusion-walk", "pick", {"point": 9, "frame": 60})
    assert stands_at(visitor) == 200
    assert "Point **9** at t = 200" in visitor.texts()
    visitor.touch("diffusion-direction", "pick", 1)  # back: opens at its end
    assert stands_at(visitor) is None
    assert "Point **9**, the step from t = 4 to s = 0" in visitor.texts()
    visitor.touch("diffusion-direction", "pick", 0)  # and here it is again
    assert stands_at(visitor) == 200
    assert visitor.query == f"view.point=9&view.at=60-{FORWARD}"
    visitor.move("diffusion.sample_seed", 3)
    visitor.touch("diffusion-direction", "pick", 0)
    assert stands_at(visitor) is None


def test_a_moment_beyond_the_last_is_the_last(visitor):
    assert not visitor.open("diffusion", f"view.direction=backward&view.point=2&view.at=9999-{BACKWARD}").errors
    assert stands_at(visitor) == 0
    assert "the step from t = 4 to s = 0" in visitor.texts()


def test_every_event_of_a_walk_that_cannot_be_is_dropped(visitor):
    visitor.open("diffusion")
    before = visitor.query
    for event in ({"point": 500, "frame": 3}, {"point": 3, "frame": 61}, {"point": 3}, {"point": "x", "frame": 0}):
        assert not visitor.touch("diffusion-walk", "pick", event).errors
        assert visitor.query == before


@pytest.mark.parametrize(("link", "pressed"), [
    ("view.direction=backward", 1), ("view.direction=forward", 0), ("", 0), ("steps=5&view.direction=forward", 0),
    ("steps=5&view.direction=backward", 1), ("steps=5", 1),
])  # fmt: skip
def test_links_made_before_name_a_direction(visitor, link, pressed):
    visitor.open("diffusion", link)
    trained(visitor, 5 if "steps" in link else 0)
    assert visitor.alerts() == []
    assert visitor.data("diffusion-direction")[0]["chosen"] == pressed
    assert visitor.query == link


def test_marks_know_what_they_are_of():
    """Two Configs have one mark just where their walks are the same."""
    *_, last = Experiment(Config()).train(0)
    usual = walks.backward(Config(), last).x
    for knob in knobs(Config):
        value = random_value(knob, random.Random(knob.name))
        other = dataclasses.replace(Config(), **{knob.name: value})
        if walk_mark(other, "backward", 0) == BACKWARD:
            np.testing.assert_array_equal(walks.backward(other, last).x, usual)
    assert len({walk_mark(Config(), way, step) for way in ("forward", "backward") for step in (0, 10)}) == 4
    assert walk_mark(Config(walk_steps=49), "backward", 0) != BACKWARD
    assert digits_mark(Config(steps=3, data="moons")) == digits_mark(Config(view="digits"))
    assert digits_mark(Config(guidance=1.0)) != digits_mark(Config())


def test_a_pick_reads_as_it_was_written():
    assert number_in(marked("0f3c9a2b", 12), "0f3c9a2b") == 12
    assert number_in(marked("0f3c9a2b", 12), "0f3c9a2c") is None
    assert number_in("", "0f3c9a2b") is None
    for fine in ("", "0-0f3c9a2b", "9999-0f3c9a2b"):
        check_pick("Moment", fine)
    for wrong in ("12", "x-0f3c9a2b", "-1-0f3c9a2b", "12345-0f3c9a2b", "1-0F3C9A2B", "１-0f3c9a2b"):
        with pytest.raises(KnobError, match="Moment: expected a number and a mark"):
            check_pick("Moment", wrong)


def test_a_bar_stands_where_it_opens_or_was_left():
    frames = Frames("run", [2, 4, 9], [0, 1, 2])
    assert (frames.standing, dataclasses.replace(frames, start="first").standing) == (9, 2)
    assert dataclasses.replace(frames, at=4).standing == 4


def test_a_download_is_of_the_moment_that_is_looked_at(monkeypatch):
    """As the link says; where the bar of a page that does not say so was let go; else where it opens."""
    monkeypatch.setattr(shown, "st", SimpleNamespace(session_state={shown.CLOCKS: {"bar": 5}}))
    frames = Frames("run", [2, 4, 9], [0, 1, 2], clock="clock")

    def place(frames):
        return shown.view_of(shown.PagePicture(SimpleNamespace(frames=frames), "", {}))["frame"]

    assert [place(dataclasses.replace(frames, at=at)) for at in (None, 2, 4)] == [2, 0, 1]
    assert place(dataclasses.replace(frames, start="first")) == 0
    assert place(dataclasses.replace(frames, clock="bar")) == 1


# ---------------------------------------------------------------- what follows a turned knob


@pytest.mark.parametrize("name", WAY_BACK)
def test_a_knob_of_the_way_back_brings_it_up(name):
    knob = next(one for one in knobs(Config) if one.name == name)
    value = next(one for one in (*knob.choices, knob.high) if one != knob.default)
    turned = Config(**{name: value})
    assert brings_up(Config(), turned) == {"direction": "backward"}
    assert brings_up(Config(steps=9), dataclasses.replace(turned, steps=9)) == {"direction": "usual"}
    assert brings_up(Config(), dataclasses.replace(turned, data="moons")) == {}  # another training
    assert brings_up(Config(view="digits"), dataclasses.replace(turned, view="digits")) == {}


def test_more_training_shows_its_samples_and_going_back_to_its_start_changes_nothing():
    assert brings_up(Config(), Config(steps=3)) == brings_up(Config(steps=3), Config(steps=5)) == {"direction": "usual"}
    assert brings_up(Config(steps=3), Config()) == brings_up(Config(), Config()) == {}


def test_the_page_follows(visitor):
    visitor.open("diffusion")
    visitor.move("diffusion.walk_steps", 7)
    assert visitor.query == "walk_steps=7&view.direction=backward"
    visitor.press("diffusion:step")
    trained(visitor, 1)
    assert visitor.query == "walk_steps=7&steps=1"
    visitor.touch("diffusion-direction", "pick", 0)
    assert visitor.query == "walk_steps=7&steps=1&view.direction=forward"
    visitor.press("diffusion:step")
    trained(visitor, 2)
    assert visitor.query == "walk_steps=7&steps=2"
    visitor.touch("diffusion-direction", "pick", 0)
    visitor.move("diffusion.eta", 0.5)
    assert visitor.query == "walk_steps=7&eta=0.5&steps=2"


def test_presets_of_the_way_back_leave_the_training_alone(visitor):
    visitor.open("diffusion", "steps=40")
    trained(visitor, 40)
    for preset, moments, query in (
        ("Three steps", 3, "walk_steps=3&steps=40"), ("Noise in every step", 50, "sampler=ddpm&steps=40"),
        ("Spiral", 50, "steps=40"),
    ):  # fmt: skip
        assert not visitor.touch("diffusion-presets", "pick", list(TOPIC.presets).index(preset)).errors
        assert sorted(visitor.query.split("&")) == sorted(query.split("&"))
        assert len(visitor.data("diffusion-walk")[0]["frames"]["steps"]) == moments + 1
        assert stands_at(visitor) is None, "it opens on its samples"
        assert "step <b>40</b>" in visitor.texts()


def test_the_verdict_on_digits_is_told_in_both_languages(server):
    visitor = Visitor(server.address, locale="zh-CN")
    try:
        visitor.open("diffusion", "view=digits")
        watched(visitor)
        assert "<h1>扩散模型</h1>" in visitor.texts()
        assert "认出所要求数字的有 10 个" in re.sub(r"\*\*|</?b>", "", visitor.texts()).replace("\u202f", " ")
        visitor.touch("language-switch", "pick", 0)
        watched(visitor)
        assert "sees the digit asked for in 10 of 10" in re.sub(r"\*\*|</?b>", "", visitor.texts())
    finally:
        visitor.close()


def test_a_link_with_bad_values_says_so(visitor):
    visitor.open("diffusion", "chain=7000&drawing=abc&data=cube")
    (warning,) = [element.body for kind, element, _ in visitor.elements.values() if kind == "alert"]
    assert "Part of this link could not be used" in warning
    assert "step <b>0</b>" in visitor.texts()


def test_what_a_link_says_itself_goes_before(visitor):
    visitor.open("diffusion", "sampler=ddpm&view.direction=forward")
    assert visitor.query == "sampler=ddpm&view.direction=forward"


# ---------------------------------------------------------------- what stays


def test_the_training_stays_while_digits_are_looked_at(visitor):
    """Even where no run is left of it: a link to the digits brings its steps along."""
    visitor.open("diffusion", "view=digits&steps=5")
    visitor.move("diffusion.guidance", 1.0)
    assert visitor.query == "view=digits&guidance=1&steps=5"
    visitor.touch("diffusion-view", "pick", 0)
    trained(visitor, 5)
    assert visitor.query == "guidance=1&steps=5"
    run = visitor.data("diffusion-bar")[0]["frames"]["run"]
    visitor.touch("diffusion-view", "pick", 1)
    assert visitor.query == "view=digits&guidance=1&steps=5"
    visitor.touch("diffusion-view", "pick", 0)
    assert visitor.data("diffusion-bar")[0]["frames"]["run"] == run
    visitor.touch("diffusion-presets", "pick", 2)
    assert visitor.query == "walk_steps=3&steps=5"
    visitor.touch("diffusion-presets", "pick", 3)
    assert visitor.query == "data=gaussians"


@pytest.mark.parametrize("slug", [slug for slug, topic in catalogue().items() if topic.training])
def test_a_run_stays_where_what_is_turned_is_no_part_of_the_training(slug):
    topic, chance = catalogue()[slug], random.Random(slug)
    known = topic.training.at(topic.config(), 30)
    for knob in knobs(topic.config):
        if knob.run_only:
            continue
        changed = dataclasses.replace(known, **{knob.name: random_value(knob, chance)})
        found = at_its_run(topic, known, changed)
        same = topic.training.experiment(changed) == topic.training.experiment(known)
        same |= knob.name == topic.training.until and changed.until >= topic.training.goes(known)  # another end alone
        assert found == topic.training.at(changed, 30 if same else 0), knob.name


def test_a_click_on_a_point_sends_the_walk_alone(visitor):
    visitor.open("diffusion", "steps=5")
    trained(visitor, 5)
    others = ("curves", "shares", "ratio", "bar", "direction", "view", "presets")
    before = {name: visitor.widget(f"diffusion-{name}") for name in others}
    walk = visitor.widget("diffusion-walk")
    visitor.touch("diffusion-walk", "pick", {"point": 3, "frame": 7})
    visitor.keep("diffusion-walk-bar", "frame", 9)
    assert visitor.widget("diffusion-walk") is not walk
    assert all(visitor.widget(f"diffusion-{name}") is element for name, element in before.items())
    visitor.touch("diffusion-direction", "pick", 0)  # the charts are of the other walk now
    assert visitor.widget("diffusion-shares") is not before["shares"]
    assert visitor.widget("diffusion-presets") is before["presets"]


def test_the_whole_training_can_be_gone_back_in(visitor):
    """Weights, which no picture shows, take no moment away."""
    visitor.open("diffusion", "steps=200")
    trained(visitor, 200)
    frames = visitor.data("diffusion-bar")[0]["frames"]
    assert len(frames["indices"]) > 20
    assert visitor.data("diffusion-curves")[0]["frames"]["steps"] == frames["steps"]
    visitor.keep("diffusion-bar", "frame", frames["indices"][3])
    step = frames["steps"][3]
    assert f"step <b>{step}</b>" in visitor.texts()
    assert visitor.query == f"steps=200&view.moment={step}"


def test_an_empty_pad_can_be_drawn_on(visitor):
    """The sentence says what is missing, and switch, pad and knobs stay to mend it."""
    empty = encode_drawing(np.zeros((28, 28), np.uint8))
    visitor.open("diffusion", f"data=drawn&drawing={empty}")
    assert "The pad is empty" in visitor.alerts()[0]
    for key in ("diffusion-pad", "diffusion-view", "diffusion-presets"):
        assert visitor.find(key), key
    assert visitor.find("diffusion-walk") is None
    visitor.touch("diffusion-presets", "pick", 0)
    assert visitor.alerts() == []
    assert visitor.find("diffusion-pad") is None
    assert visitor.find("diffusion-walk")


# ---------------------------------------------------------------- digits


def test_the_result_of_digits_is_the_walk_that_was_watched(visitor):
    visitor.open("diffusion", "view=digits&digit_steps=4&data=moons")
    watched(visitor)
    result = digits.run(only_digits(Config(view="digits", digit_steps=4)))
    np.testing.assert_array_equal(visitor.data("diffusion-digits-x")[1]["t0"], draw._grey(result.x[:, 0].numpy()))
    assert not visitor.timers
    visitor.keep("diffusion-digits-bar", "frame", 2)
    assert stands_at(visitor, "diffusion-digits-x") == 200
    visitor.open_tab("diffusion", "Numbers")
    assert explain.live_formulas(result.config, result)[1].latex in visitor.texts()
    friend = Visitor(visitor.address)
    try:
        friend.open("diffusion", visitor.query)
        assert not friend.timers  # nothing is walked to again
        assert stands_at(friend, "diffusion-digits-x") == 200
    finally:
        friend.close()


def test_a_watched_walk_is_the_one_that_run_takes():
    config = only_digits(Config(view="digits", digit_steps=5, digit="3", known="top"))
    *_, last = digits.stream(config)
    made, ran = digits.arrived(digits.asked(config), last), digits.run(config)
    for one, other in zip(made.quantities(), ran.quantities(), strict=True):
        np.testing.assert_array_equal(np.asarray(one.values), np.asarray(other.values), err_msg=one.name)
    assert TOPIC.look.config(dataclasses.replace(config, steps=7, data="moons")) == config


def test_every_word_of_a_walk_to_digits_has_its_chinese():
    """As it comes, and when it is there."""
    table = {**tables()["frame"], **tables()["diffusion"]}
    for digit, known in (("each", "nothing"), ("7", "left")):
        config = only_digits(Config(view="digits", digit_steps=2, digit=digit, known=known))
        film = Film.of(config)
        snapshots = [None, *digits.stream(config)]
        coming = [walking(config, View(), film, snapshot) for snapshot in snapshots]
        assert coming[0] != coming[1]
        for blocks in (*coming, ten_digits(config, View(), digits.run(config))):
            for block in flat(blocks):
                plain = [text for text in own_texts(block) if text and not hasattr(text, "english")]
                missing = {text for text in (*plain, *texts_in(block)) if text and text not in table}
                assert not missing, (block, missing)
