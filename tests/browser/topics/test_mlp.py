"""The MLP playground as a person uses it, compared with what the engine computes for the same Config."""

import re
from dataclasses import replace

import pytest
import torch

from engine.data.points import decode_points
from engine.instrument.trace import record
from engine.topics.mlp.card import REGRESSION, TOPIC, Config
from engine.topics.mlp.run import Experiment, run
from tests.browser.expectations import CHINESE, assert_widgets_show, zh

PLANE, NETWORK = "mlp-points", "mlp-network"


def press(visitor, name: str) -> None:
    visitor.key(f"mlp:{name}").get_by_role("button").click()


def speed(visitor, name: str) -> None:
    visitor.key("mlp:speed").get_by_text(name, exact=True).click()


def pause(visitor) -> int:
    """Pause and go to the newest moment; its step, once the link holds it too."""
    press(visitor, "play")
    visitor.settle()
    visitor.until(lambda: visitor.held == visitor.step(), "what was seen stays")
    visitor.key("mlp-bar").locator("input[type=range]").press("End")
    visitor.until(lambda: "view.moment" not in visitor.query, "the newest")
    visitor.until(lambda: visitor.query.get("steps", "0") == str(visitor.step()), "link and status agree")
    return visitor.step()


def frame(visitor, key: str = PLANE) -> int:
    return int(visitor.canvas(key).get_attribute("data-frame"))


def moment(visitor) -> str:
    return visitor.key("mlp-bar").locator(".moment").inner_text().replace(",", "")  # "2,000" has one


def still(visitor, key: str = PLANE) -> str:
    """The picture of a canvas with the pointer away from it."""
    visitor.page.mouse.move(3, 3)
    visitor.page.wait_for_timeout(150)
    return visitor.picture(key)


def scores(config: Config) -> list[float]:
    """What the status line must say, from a run of the engine: step, train and test accuracy in per cent (or R²)."""
    seen = run(config).snapshot.values
    factor, digits = (1, 3) if config.data in REGRESSION else (100, 1)
    return [config.steps, *(round(factor * seen[f"{part}_accuracy"], digits) for part in ("train", "test"))]


def test_play_to_98_per_cent_pause_scrub_step_share_and_reset(visit):
    endless = Config(until=20_000)  # a run at its end takes no further step
    visitor = visit("/mlp?until=20000")
    beginning = still(visitor)
    assert visitor.status() == scores(endless)
    speed(visitor, "Fast")
    press(visitor, "play")
    visitor.until(lambda: visitor.status()[2] >= 98, "98 % of the test points", patience=120)
    paused_at = pause(visitor)
    assert visitor.status() == scores(replace(endless, steps=paused_at))
    visitor.until(lambda: moment(visitor).endswith(f"step {paused_at}"), "the picture is that of the newest step")
    end = still(visitor)
    assert end != beginning

    slider = visitor.key("mlp-bar").locator("input[type=range]")
    slider.focus()
    visitor.page.keyboard.press("Home")
    visitor.until(lambda: frame(visitor) == 0 == frame(visitor, NETWORK), "all pictures are at the first frame")
    assert moment(visitor).endswith("step 0")
    assert still(visitor) == beginning
    visitor.until(lambda: visitor.step() == 0, "the words follow the pictures")
    visitor.until(lambda: visitor.query.get("view.moment") == "0", "and the link")
    assert visitor.query["steps"] == str(paused_at)  # looking back changes nothing
    slider.focus()
    visitor.page.keyboard.press("End")
    visitor.until(lambda: moment(visitor).endswith(f"step {paused_at}"), "the last frame again")
    visitor.until(lambda: visitor.step() == paused_at, "and its words")
    visitor.until(lambda: "view.moment" not in visitor.query, "and the link")
    assert still(visitor) == end

    friend = visit(visitor.page.url.removeprefix(visitor.address), fresh=True)
    friend.until(lambda: friend.step() == paused_at, "the friend's page has caught up")
    assert friend.status() == visitor.status()
    friend.until(lambda: moment(friend).endswith(f"step {paused_at}"), "the friend sees the same moment")
    assert still(friend) == end

    press(visitor, "step")
    visitor.until(lambda: visitor.step() != paused_at, "a step was taken")
    visitor.settle()
    assert visitor.status() == scores(replace(endless, steps=paused_at + 1))
    visitor.until(lambda: visitor.query == {"until": "20000", "steps": str(paused_at + 1)}, "the link holds the step")

    press(visitor, "reset")
    visitor.until(lambda: visitor.step() == 0, "back at the first weights")
    visitor.until(lambda: visitor.query == {"until": "20000"}, "no step is left in the link")
    visitor.settle()
    assert still(visitor) == beginning


def test_a_clicked_neuron_shows_its_formula_and_the_network_is_changed_on_its_picture(visit):
    config = Config(data="circles", layers=(6, 5), activation="sigmoid", steps=30)
    visitor = visit("/mlp?data=circles&layers=6-5&activation=sigmoid&steps=30")
    visitor.until(lambda: visitor.step() == 30, "the step of the link")
    visitor.settle()
    visitor.click_plane(PLANE, 1.5, -0.75)
    visitor.settle()
    visitor.click_node(NETWORK, 2, 3)
    box = visitor.key("mlp-formula")
    box.wait_for()
    visitor.settle()
    words = box.inner_text()
    assert "h2,4" in words
    x, y = (float(text.replace("−", "-")) for text in re.findall(r"x[₁₂] = (−?[\d.]+)", words))
    assert (x, y) == pytest.approx((1.5, -0.75), abs=0.05)

    experiment = Experiment(config)
    for _ in experiment.train(config.steps):
        pass
    experiment.model.eval()
    with torch.no_grad(), record(experiment.model) as trace:
        experiment.model(experiment.lift(torch.tensor([[x, y]])))
    wanted = trace["hidden.1.output"][0, 3].item()
    latex = box.locator("annotation").all_text_contents()
    shown = float(re.search(r"= (-?[\d.]+)\\end", latex[-1])[1])
    assert shown == pytest.approx(wanted, abs=0.01)  # the shown spot is rounded to 3 digits
    assert r"\sigma" in latex[0]
    assert latex[0].count("h_{1,") == 4  # the strongest terms, and dots for the rest
    assert "dots" in latex[0]

    field = box.locator("input[type=number]")
    field.fill("-2.5")
    field.press("Enter")
    visitor.until(lambda: "edits" in visitor.query, "the weight set by hand in the link")
    assert visitor.query["edits"] == "30:1.3.b=-2.5"
    changed = scores(replace(config, edits=visitor.query["edits"]))
    visitor.until(lambda: visitor.status() == changed, f"the scores of the changed network, {changed}")

    press(visitor, "reset")
    visitor.until(lambda: visitor.step() == 0, "back at the first weights")
    sizer = visitor.key(NETWORK).locator(".sizer[data-layer='2']")
    sizer.and_(visitor.page.locator("[data-delta='1']")).click()
    visitor.until(lambda: visitor.query.get("layers") == "6-6", "one neuron more in the link")
    visitor.settle()
    nodes = visitor.canvas(NETWORK).evaluate("c => c.neurarium.nodes.filter(node => node.layer == 2).length")
    assert nodes == 6
    visitor.click_node(NETWORK, 0, 4)
    visitor.until(lambda: visitor.query.get("features") == "x1.x2.x1_x2", "x1 x2 switched on")
    visitor.settle()
    config = replace(config, layers=(6, 6), features=("x1", "x2", "x1_x2"), steps=0)
    assert visitor.status() == scores(config)
    assert_widgets_show(visitor, TOPIC, config)


def test_a_step_is_walked_through_and_a_cell_rings_its_points(visit):
    visitor = visit("/mlp?layers=3&data=gaussians&noise=0.8&seed=1&view.below=step")
    visitor.key("mlp-step-bar").locator("input[type=range]").focus()
    visitor.page.keyboard.press("End")
    visitor.until(lambda: visitor.query.get("view.stage"), "the last stage in the link")
    visitor.until(lambda: "Update: every weight" in visitor.words, "what happens there")
    visitor.click_node("mlp-step-network", 1, 2)
    visitor.until(lambda: visitor.query.get("view.picked") == "1-2", "its bias is opened")
    assert "Δb" in visitor.key("mlp-step-network").locator(".tip.on").inner_text()
    visitor.page.get_by_text("Confusion matrix", exact=True).click()
    matrix = visitor.canvas("mlp-confusion")
    matrix.focus()
    visitor.page.keyboard.press("ArrowUp")  # to the cell in the middle, and from there
    visitor.page.keyboard.press("ArrowUp")
    visitor.page.keyboard.press("Enter")
    visitor.until(lambda: visitor.query.get("view.cell") == "0-1", "a cell in the link")
    visitor.until(lambda: "points of class A are called B" in visitor.words, "and in words")


def test_own_points_travel_in_the_link(visit):
    visitor = visit("/mlp?layers=4")
    visitor.key("mlp.data").get_by_role("combobox").select_option("Own points")
    visitor.until(lambda: visitor.query.get("data") == "own", "own points in the link")
    visitor.settle()
    wanted = [(1.0, 2.0, 0), (-2.0, 0.5, 0), (0.5, -1.5, 1)]
    for count, (x, y, label) in enumerate(wanted, 1):
        visitor.key(PLANE).locator(f"[data-class='{label}']").click()
        visitor.click_plane(PLANE, x, y)
        visitor.until(lambda count=count: len(visitor.query.get("points", "")) == 5 * count, "the point in the link")
    visitor.settle()

    def assert_points(page) -> None:
        got = decode_points(page.query["points"])
        assert [label for *_, label in got] == [label for *_, label in wanted]
        for (x, y, _), (x0, y0, _) in zip(got, wanted, strict=True):
            assert (x, y) == pytest.approx((x0, y0), abs=0.03)
        assert "3 of 400" in page.key(PLANE).locator(".count").inner_text()

    assert_points(visitor)
    visitor.page.reload()
    visitor.settle()
    assert_points(visitor)
    config = Config(data="own", layers=(4,), points=visitor.query["points"])
    assert visitor.status() == scores(config)
    press(visitor, "step")
    visitor.until(lambda: visitor.status() == scores(replace(config, steps=1)), "one step on the own points")


def test_a_rate_too_high_is_explained_and_a_loss_that_is_no_number_is_a_dash(visit):
    visitor = visit("/mlp?data=circles&activation=relu&optimizer=sgd&learning_rate=10&layers=32-32-32")
    press(visitor, "play")
    visitor.until(visitor.alerts, "a sentence about it")
    assert "the learning rate is too high" in visitor.alerts()[0]
    losses = visitor.canvas("mlp-curves")  # says its values once it has stood still for a moment
    visitor.until(lambda: "–" in losses.get_attribute("aria-label"), "a loss that is no number is a dash")
    assert "NaN" not in losses.get_attribute("aria-label")
    press(visitor, "reset")
    visitor.until(lambda: visitor.alerts() == [], "Reset takes it away")


def test_a_change_while_it_plays_begins_a_new_run_that_plays_on(visit):
    visitor = visit("/mlp?data=xor&layers=6&until=20000")
    speed(visitor, "Fast")
    press(visitor, "play")
    visitor.until(lambda: visitor.step() > 100, "it trains")
    visitor.key("mlp.classes").locator("input[type=range]").focus()
    visitor.page.keyboard.press("ArrowRight")
    visitor.until(lambda: visitor.query.get("classes") == "3", "the change in the link")
    legend = visitor.key(PLANE).locator(".swatches")
    visitor.until(lambda: "C" in legend.inner_text(), "a third class in the legend")
    visitor.until(lambda: visitor.step() > 20, "the new run plays")
    assert "Pause" in visitor.key("mlp:play").inner_text()
    step = pause(visitor)
    assert visitor.status() == scores(Config(data="xor", layers=(6,), until=20000, classes=3, steps=step))


def test_a_phone_in_chinese(visit):
    visitor = visit("/mlp?data=gaussians&layers=4", size=(390, 844), touch=True, locale="zh-CN")
    assert zh("Train") in visitor.key("mlp:play").inner_text()
    key = visitor.key("mlp:play").locator("kbd")
    assert key.evaluate("k => getComputedStyle(k, '::after').content") == '"空格"'
    assert not key.is_visible(), "a phone has no keys"
    press(visitor, "step")
    visitor.until(lambda: visitor.step() == 1, "one step")
    visitor.settle()
    assert visitor.status() == scores(Config(data="gaussians", layers=(4,), steps=1))
    visitor.click_node(NETWORK, 1, 0)
    box = visitor.key("mlp-formula")
    box.wait_for()
    assert CHINESE.search(box.inner_text())
    assert CHINESE.search(visitor.canvas(PLANE).get_attribute("aria-label"))
    assert CHINESE.search(moment(visitor))
