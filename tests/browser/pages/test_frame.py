"""What holds on every page: links, back button, sharing, state, and visitors kept apart.

Everything goes through the catalogue, so a new topic is tested without a change here.
"""

import pytest

from engine.contracts.knob import to_query
from tests.browser.expectations import CHINESE, TOPICS, assert_widgets_show, in_turn, link, query_of, telling_presets
from tests.hostile import ABSURD

# The presets of all topics, each of which opens from its link in tests/pages/test_links.py without a browser, and here
# one a topic in turn.
PRESETS = [
    (slug, name, number == at % len(topic.presets))
    for at, (slug, topic) in enumerate(TOPICS.items())
    for number, name in enumerate(topic.presets)
]
IN_TURN = {slug: name for slug, name, turn in PRESETS if turn}


# ---------------------------------------------------------------- links


def test_a_deep_link_may_be_the_first_request_of_a_fresh_server(start_app, visit):
    server = start_app().wait(warm=False)
    visitor = visit("/mlp?data=xor&layers=4", server=server, fresh=True)
    assert visitor.title == TOPICS["mlp"].title
    visitor.page.locator("[data-testid=stTopNav]").wait_for()
    config = TOPICS["mlp"].config(data="xor", layers=(4,))
    assert_widgets_show(visitor, TOPICS["mlp"], config)
    assert visitor.query == to_query(config)


def assert_opened(visitor, slug: str, preset) -> None:
    """The page shows this Config, which stands in the link."""
    assert visitor.title == TOPICS[slug].title
    assert TOPICS[slug].question in visitor.words
    assert visitor.alerts() == []
    assert_widgets_show(visitor, TOPICS[slug], preset)
    assert visitor.query == query_of(TOPICS[slug], preset)
    assert visitor.page.locator("canvas.stage[data-ready]").count() >= 1


@pytest.mark.everything
@pytest.mark.parametrize(("slug", "name"), [(slug, name) for slug, name, turn in PRESETS if not turn])
def test_every_other_preset_opens_from_its_link(visit, slug, name):
    assert_opened(visit(link(slug, TOPICS[slug].presets[name])), slug, TOPICS[slug].presets[name])


@pytest.mark.parametrize("slug", in_turn("lesson", TOPICS, ()))
def test_presets_are_set_from_home_by_button_by_going_back_and_by_link(visit, slug):
    topic, telling = TOPICS[slug], telling_presets(TOPICS[slug])
    on_card, one = next(preset for preset in list(topic.presets.items())[:4] if preset in telling)
    visitor = visit("/")
    box = visitor.key("home:search").locator("input")
    box.fill(topic.title)  # what is sought has cards, with presets
    box.press("Enter")
    visitor.key(f"card-{slug}-links").get_by_role("link", name=on_card).click()
    visitor.until(lambda: visitor.path == f"/{slug}" and visitor.title == topic.title, "the topic's page")
    visitor.settle()
    assert_opened(visitor, slug, one)
    name, other = next(preset for preset in telling if preset[0] != on_card)
    visitor.preset(slug, name)
    visitor.until(lambda: visitor.query == query_of(topic, other), f"the link of the preset {name}")
    assert_widgets_show(visitor, topic, other)
    visitor.page.go_back()
    visitor.until(lambda: visitor.query == query_of(topic, one), f"the link of the preset {on_card} again")
    assert_widgets_show(visitor, topic, one)
    assert visitor.alerts() == []
    preset = topic.presets[IN_TURN[slug]]
    assert_opened(visitor.open(link(slug, preset)), slug, preset)


def test_a_page_that_nobody_embeds_is_not_told_of_its_own_changes(visit):
    visitor = visit("/mlp")
    visitor.page.evaluate(
        "() => { window.told = []; addEventListener('message', ({data}) => data?.stCommVersion && told.push(data)); }"
    )
    (name, preset), *_ = telling_presets(TOPICS["mlp"])
    visitor.preset("mlp", name)
    visitor.until(lambda: visitor.query == to_query(preset), "the link of the preset")
    assert visitor.page.evaluate("window.told") == []


BAD = "/mlp?data=banana&learning_rate=99&layers=3-x&seed=7"


def test_a_link_with_bad_values_says_so_and_keeps_the_good_ones(visit):
    visitor = visit(BAD)
    (warning,) = visitor.alerts()
    assert "Part of this link could not be used" in warning
    for part in ("Data: expected one of spiral", "“banana”", "Learning rate", "99", "Hidden layers", "“3-x”"):
        assert part in warning
    assert_widgets_show(visitor, TOPICS["mlp"], TOPICS["mlp"].config(seed=7))
    visitor.until(lambda: visitor.query == {"seed": "7"}, "the link no longer holds what could not be used")


def test_a_link_with_bad_values_says_so_in_chinese(visit):
    visitor = visit(BAD, locale="zh-CN")
    (warning,) = visitor.alerts()
    assert "Part of this link" not in warning
    assert "expected" not in warning
    assert CHINESE.search(warning)
    assert "banana" in warning


# All of them are opened without a browser in tests/pages/test_links.py; here what a browser might take for
# something, and what ends in an error's box.
SEEN = {
    name: query
    for name, query in ABSURD.items()
    if name in ("very long", "unicode", "markup", "braces") or "edits=5" in query
}


@pytest.mark.parametrize("query", SEEN.values(), ids=SEEN)
def test_absurd_links_open_the_page_and_explain_themselves(visit, query):
    visitor = visit(f"/mlp?{query}")
    assert visitor.title == TOPICS["mlp"].title
    assert len(visitor.alerts()) == 1
    assert "Something went wrong" not in visitor.words
    assert len(visitor.alerts()[0]) < 1500
    assert visitor.page.locator("img[src=x]").count() == 0
    assert visitor.key("mlp:play").is_visible()


def test_unknown_parameters_are_nobody_s_business(visit):
    visitor = visit("/mlp?data=xor&utm_source=course&fbclid=klingon")
    assert visitor.alerts() == []
    assert visitor.title == TOPICS["mlp"].title
    assert_widgets_show(visitor, TOPICS["mlp"], TOPICS["mlp"].config(data="xor"))


@pytest.mark.parametrize(("locale", "said"), [("en-US", "There is no page"), ("zh-CN", "这里没有")])
def test_an_unknown_page_is_the_home_page_and_says_so_in_the_readers_language(visit, locale, said):
    for path, name in (
        ("/no_such_page", "no_such_page"),
        ("/a/b?noise=1", "a/b"),
        ("/<b>x</b>", "<b>x</b>"),
        ("/%E2%80%8Bx", "⟨U+200B⟩x"),
    ):
        visitor = visit(path, locale=locale)
        assert visitor.title == "Neurarium"
        visitor.page.locator("[class*=st-key-card-], [class*=st-key-tile-]").first.wait_for()
        assert visitor.page.get_by_role("dialog").count() == 0
        assert said in visitor.alerts()[0]
        assert f"“{name}”" in visitor.alerts()[0]


def test_a_name_of_a_page_spelled_wrong_leads_to_the_page(visit):
    assert visit("/mlp/?data=xor").query == {"data": "xor"}
    visitor = visit("/difusion")
    visitor.page.get_by_role("link", name="Perhaps you meant: Diffusion").click()
    visitor.until(lambda: visitor.path == "/diffusion" and visitor.title == TOPICS["diffusion"].title, "the page")
    visitor.settle()
    visitor.page.locator("[data-testid=stTopNavLink]", has_text="Home").click()
    visitor.until(lambda: visitor.title == "Neurarium", "home")
    visitor.settle()
    assert visitor.alerts() == []  # it was said once


def test_share_copies_a_link_that_brings_everything_back(visit):
    visitor = visit("/mlp?data=moons&layers=6-3&noise=0.2", permissions=("clipboard-read", "clipboard-write"))
    share = visitor.key("share").get_by_role("button").first
    share.click()
    visitor.page.get_by_text("Link copied").wait_for()
    copied = visitor.page.evaluate("navigator.clipboard.readText()")
    assert copied == visitor.page.url
    visitor.until(lambda: share.inner_text().strip() == "Share", "the label comes back")
    friend = visit(copied.removeprefix(visitor.address), fresh=True)
    assert_widgets_show(friend, TOPICS["mlp"], TOPICS["mlp"].config(data="moons", layers=(6, 3), noise=0.2))


# ---------------------------------------------------------------- state


def go_by_navigation(visitor, slug: str) -> None:
    topic = TOPICS[slug]
    visitor.page.locator("[data-testid=stTopNavSection]", has_text=topic.group).click()
    visitor.page.locator("[data-testid=stTopNavDropdownLink]", has_text=topic.title).click()
    visitor.until(lambda: visitor.path == f"/{slug}" and visitor.title == topic.title, f"the page {slug}")
    visitor.settle()


def test_a_page_keeps_its_state_while_others_are_visited(visit):
    visitor = visit("/mlp")
    visitor.preset("mlp", "Hills")
    visitor.until(lambda: visitor.query.get("data") == "hills", "the preset in the link")
    visitor.settle()
    visitor.key("mlp:step").get_by_role("button").click()
    visitor.until(lambda: visitor.query.get("steps") == "1", "the step in the link")
    visitor.until(lambda: visitor.step() == 1, "the step on the page")
    before, scores = visitor.query, visitor.status()
    go_by_navigation(visitor, "image_classifier")
    assert visitor.query == {}
    go_by_navigation(visitor, "mlp")
    visitor.until(lambda: visitor.query == before, "the experiment as it was left")
    assert visitor.status() == scores
    assert_widgets_show(visitor, TOPICS["mlp"], TOPICS["mlp"].presets["Hills"])


def test_two_visitors_see_only_their_own(visit):
    one = visit("/mlp?data=xor&layers=8", fresh=True)
    two = visit("/mlp?data=circles&layers=3-3&seed=5", fresh=True)
    scores = two.status()
    one.key("mlp:play").get_by_role("button").click()
    one.until(lambda: one.step() >= 20, "the first trains")
    assert two.status() == scores
    two.key("mlp:step").get_by_role("button").click()
    two.until(lambda: two.step() == 1, "the second takes one step")
    at = one.step()
    one.until(lambda: one.step() > at, "the first goes on")
    one.key("mlp:play").get_by_role("button").click()
    one.until(lambda: int(one.query.get("steps", 0)) > at, "the first has paused")
    assert two.step() == 1
    assert_widgets_show(two, TOPICS["mlp"], TOPICS["mlp"].config(data="circles", layers=(3, 3), seed=5))
    assert_widgets_show(one, TOPICS["mlp"], TOPICS["mlp"].config(data="xor", layers=(8,)))
    two.switch_language("zh")
    two.until(lambda: two.query.get("lang") == "zh", "the second reads Chinese")
    assert one.language == "EN"


def test_a_view_that_a_link_asks_for_in_vain_is_reported_and_the_usual_one_stands(visit):
    visitor = visit("/image_classifier?view.method=banana")
    visitor.until(lambda: any("banana" in text for text in visitor.alerts()), "the report")
    visitor.until(lambda: visitor.query == {}, "a clean link")
    assert visitor.canvas("image-classifier-evidence").get_attribute("data-ready") == "true"
