"""The network at the top of the home page: it is the one that the engine trains, plays once, and is open to touch."""

import re

import pytest
import torch

from engine.contracts.knob import to_query
from engine.topics.mlp.run import Experiment, network, run
from pages.components.parts.front import front_of
from tests.browser.expectations import TOPICS, zh

TOPIC = front_of(TOPICS.values())
CONFIGS = TOPIC.front.configs
LAST = str(len(TOPIC.load(TOPIC.front.moments)(next(iter(CONFIGS.values())))) - 1)  # number of the last frame


def frame(visitor) -> str:
    return visitor.canvas("front-points").get_attribute("data-frame")


def at_its_end(visitor):
    visitor.until(lambda: frame(visitor) == LAST, "the training is at its end")
    return visitor


def test_it_plays_once_as_the_page_opens_and_again_on_touch(visit):
    visitor = at_its_end(visit("/", fresh=True))
    drawn = int(visitor.canvas("front-points").get_attribute("data-drawn"))
    assert drawn > 5, "it moved"
    assert visitor.canvas("front-network").get_attribute("data-frame") == LAST
    visitor.key("front-bar").get_by_role("button", name="Replay").click()
    visitor.until(lambda: frame(visitor) not in (LAST, "0"), "it moves again")
    at_its_end(visitor)
    visitor.key("front-bar").locator("input[type=range]").evaluate(
        "range => { range.value = 0; range.dispatchEvent(new Event('input')); }"
    )
    visitor.until(lambda: frame(visitor) == "0", "the network before its first step")
    numbers = visitor.key("front-status").locator("p.status")
    visitor.until(lambda: numbers.inner_text().startswith("step 0"), "its numbers")


def test_on_a_server_that_has_just_started_it_comes_by_itself(visit, start_app):
    server = start_app()
    visitor = visit(None, server=server)
    visitor.until(lambda: answers(server), "the server answers")
    visitor.page.goto(server.address)
    visitor.page.locator("[class*=st-key-tile-]").first.wait_for()
    at_its_end(visitor)


def answers(server) -> bool:
    try:
        return bool(server.health())
    except OSError:
        return False


def test_who_asked_for_less_motion_sees_the_end_and_may_replay(visit):
    visitor = visit(None, fresh=True)
    visitor.page.emulate_media(reduced_motion="reduce")
    visitor.open("/")
    canvas = visitor.canvas("front-points")
    assert (canvas.get_attribute("data-frame"), canvas.get_attribute("data-drawn")) == (LAST, "1")
    visitor.key("front-bar").get_by_role("button", name="Replay").click()
    visitor.until(lambda: int(canvas.get_attribute("data-drawn")) > 3, "it moves")


def test_what_is_read_off_the_plane_is_what_the_network_says_there_and_no_server_is_asked(visit):
    visitor, sent = visit(None), []
    visitor.page.on("websocket", lambda socket: socket.on("framesent", lambda _: sent.append(socket.url)))
    at_its_end(visitor.open("/"))
    config = next(iter(CONFIGS.values()))
    side = 32
    model, lift = network(config, run(config)).eval(), Experiment(config).lift
    before = len(sent)
    assert before > 0
    tip = visitor.key("front-points").locator(".tip.on")
    for row, column in ((4, 4), (20, 9), (15, 25)):
        x, y = 6 * (column + 0.5) / side - 3, 3 - 6 * (row + 0.5) / side
        visitor.click_plane("front-points", x, y)
        visitor.until(lambda: tip.count(), "a read-out")
        with torch.no_grad():
            first = torch.sigmoid(model(lift(torch.tensor([[x, y]])))).item()
        told = dict(re.findall(r"([AB]) ([0-9.]+)", tip.inner_text().split("\n")[-1]))
        assert float(told["A"]) == pytest.approx(first, abs=0.012), (x, y)
        assert float(told["B"]) == pytest.approx(1 - first, abs=0.012)
    visitor.click_node("front-network", 1, 0)
    visitor.key("front-bar").get_by_role("button", name="One step back").click()
    visitor.until(lambda: frame(visitor) == str(int(LAST) - 1), "a step back")
    visitor.settle()
    assert len(sent) == before


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_another_data_set_is_another_network_and_the_link_opens_exactly_this(visit, locale):
    said = (lambda text: text) if locale == "en-US" else zh
    visitor = visit("/", locale=locale)
    name, config = list(CONFIGS.items())[1]
    nodes = [2, *config.layers, 1]
    visitor.key("front-data").get_by_role("radio", name=said(name), exact=True).click()
    layers = """canvas => { const all = canvas.neurarium.nodes.map((node) => node.layer);
        return [...new Set(all)].map((one) => all.filter((other) => other === one).length); }"""
    visitor.until(lambda: visitor.canvas("front-network").evaluate(layers) == nodes, "the network of these points")
    line = visitor.key("front-status").locator("p.status")
    visitor.until(lambda: line.get_attribute("data-step") == str(config.steps), "its training plays to the end")
    told = line.locator("b").all_inner_texts()
    visitor.key("front-words").get_by_role("link").click()
    visitor.until(lambda: visitor.title == said(TOPIC.title), "its page")
    assert {name: text for name, text in visitor.query.items() if name != "lang"} == to_query(config)
    visitor.until(lambda: visitor.status()[:1] == [config.steps], "the page stands at the same step")
    percent = [float(re.sub(r"[^0-9.]", "", text)) for text in told]
    assert visitor.status() == percent, "and says the same of it"


SHIFTED = """window.shifted = 0;
new PerformanceObserver((list) => { for (const one of list.getEntries()) window.shifted += one.value; })
  .observe({ type: "layout-shift", buffered: true });"""


@pytest.mark.parametrize(("size", "most"), [((1280, 800), 0.4), ((1920, 1080), 0.4), ((390, 844), 0.55)])
def test_it_leaves_room_for_the_pages_and_moves_nothing_when_it_comes(visit, size, most):
    visitor = visit(None, size=size, touch=size[0] < 500, fresh=True)
    visitor.page.add_init_script(SHIFTED)
    at_its_end(visitor.open("/"))
    (front,) = visitor.boxes(".st-key-front")
    assert front["height"] < most * size[1]
    tile = visitor.boxes("[class*=st-key-tile-]")[0]
    assert tile["y"] + (tile["height"] if size[0] > 500 else 0) < size[1], "the first pages are in sight"
    assert visitor.page.evaluate("window.shifted") < 0.1  # what counts as steady
    assert not visitor.scrolls_sideways()
