"""What holds on every page: links, home, language, state, sizes, keyboard, and visitors kept apart.

Everything goes through the catalogue, so a new topic is tested without a change here.
"""

import json
import re
from urllib.parse import quote, urlencode

import pytest

from engine.core.knob import knobs, to_query
from engine.core.topic import catalogue
from tests.server import ROOT

TOPICS = catalogue()
PRESETS = [pytest.param(slug, name, id=f"{slug}-{name}") for slug, topic in TOPICS.items() for name in topic.presets]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
RUN_NOTICE = "The page that you have requested does not seem to exist"


def zh(english: str) -> str:
    """The Chinese of an interface text, from the table the app uses; fails where there is none."""
    table = json.loads((ROOT / "assets" / "language" / "zh.json").read_text("utf-8"))
    assert english in table, f"assets/language/zh.json has no {english!r}"
    return table[english]


def link(slug: str, config, **more: str) -> str:
    query = urlencode(to_query(config) | more)
    return f"/{slug}?{query}" if query else f"/{slug}"


def shown(knob, value):
    """What Visitor.widget reports for a knob with this value, in English."""
    label = lambda choice: knob.choice_labels.get(choice, choice)  # noqa: E731
    match knob.kind:
        case "choice":
            return label(value)
        case "choices":
            return {label(choice) for choice in value}
        case "sizes":
            return float(len(value)), pytest.approx(max(value)) if value else pytest.approx(8, abs=100)
        case "int" | "float":
            return pytest.approx(value, rel=0.06, abs=1e-6) if knob.log else pytest.approx(value, abs=1e-6)
    return value


def assert_widgets_show(visitor, slug: str, config) -> None:
    """Every widget shows the config's value, the folded ones too; hidden knobs are in the link."""
    folded = visitor.key(f"{slug}:more").locator("details")
    if folded.count() and folded.get_attribute("open") is None:
        folded.locator("summary").click()
    for knob in knobs(type(config)):
        if knob.hidden:
            continue
        wanted = shown(knob, getattr(config, knob.name))
        visitor.until(
            lambda knob=knob, wanted=wanted: visitor.widget(slug, knob) == wanted,
            f"{knob.name} shows {getattr(config, knob.name)!r}", patience=10,
        )  # fmt: skip


def presets_of(slug: str) -> list:
    """The presets that differ from the default in something a widget shows."""
    topic = TOPICS[slug]
    visible = [knob.name for knob in knobs(topic.config) if not knob.hidden]
    return [p for p in topic.presets.items() if any(getattr(p[1], n) != getattr(topic.config(), n) for n in visible)]


# ---------------------------------------------------------------- links


def test_a_deep_link_may_be_the_first_request_of_a_fresh_server(start_app, visit):
    server = start_app().wait(warm=False)
    visitor = visit("/mlp?data=xor&layers=4", server=server, fresh=True)
    assert visitor.title == TOPICS["mlp"].title
    visitor.page.locator("[data-testid=stTopNav]").wait_for()
    config = TOPICS["mlp"].config(data="xor", layers=(4,))
    assert_widgets_show(visitor, "mlp", config)
    assert visitor.query == to_query(config)


@pytest.mark.parametrize(("slug", "name"), PRESETS)
def test_every_preset_opens_from_its_link(visit, slug, name):
    topic, preset = TOPICS[slug], TOPICS[slug].presets[name]
    visitor = visit(link(slug, preset))
    assert visitor.title == topic.title
    assert topic.question in visitor.words
    assert visitor.alerts() == []
    assert_widgets_show(visitor, slug, preset)
    assert visitor.query == to_query(preset)
    assert visitor.page.locator("canvas.stage[data-ready]").count() >= 1


@pytest.mark.parametrize("slug", TOPICS)
def test_a_preset_button_sets_widgets_and_link_and_back_undoes_it(visit, slug):
    visitor = visit(f"/{slug}")
    (first, one), (second, other) = presets_of(slug)[:2]
    visitor.key(f"{slug}:preset:{first}").get_by_role("button").click()
    visitor.until(lambda: visitor.query == to_query(one), "the link of the first preset")
    assert_widgets_show(visitor, slug, one)
    visitor.key(f"{slug}:preset:{second}").get_by_role("button").click()
    visitor.until(lambda: visitor.query == to_query(other), "the link of the second preset")
    assert_widgets_show(visitor, slug, other)
    visitor.page.go_back()
    visitor.until(lambda: visitor.query == to_query(one), "the first preset's link again")
    assert_widgets_show(visitor, slug, one)
    assert visitor.alerts() == []


BAD = "/mlp?data=banana&learning_rate=99&layers=3-x&seed=7"


def test_a_link_with_bad_values_says_so_and_keeps_the_good_ones(visit):
    visitor = visit(BAD)
    (warning,) = visitor.alerts()
    assert "Part of this link could not be used" in warning
    for part in ("Data: expected one of spiral", "'banana'", "Learning rate", "99", "Hidden layers", "'3-x'"):
        assert part in warning
    assert_widgets_show(visitor, "mlp", TOPICS["mlp"].config(seed=7))
    visitor.until(lambda: visitor.query == {"seed": "7"}, "the link no longer holds what could not be used")


def test_a_link_with_bad_values_says_so_in_chinese(visit):
    visitor = visit(BAD, locale="zh-CN")
    (warning,) = visitor.alerts()
    assert "Part of this link" not in warning
    assert "expected" not in warning
    assert CHINESE.search(warning)
    assert "banana" in warning


ABSURD = {
    "overflow": "steps=1e99",
    "not a number": "seed=nan&noise=inf&learning_rate=-inf",
    "negative": "seed=-1&steps=-5",
    "a long list": "layers=" + "-".join(["9999"] * 500),
    "very long": "points=" + "a" * 9000,
    "unicode": "data=" + quote("☃ 螺旋 \u202e\U0001f9e0"),
    "markup": "data=" + quote("<img src=x onerror=alert(1)>[a](javascript:alert(1)) $x$ `y`"),
    "braces": "data=" + quote("{label} {0} {__class__}"),
    "broken edits": "edits=" + quote(";;7:1.1.1;=9"),
    "edits of a network that is not": "layers=2&edits=" + quote("5:7.60.60=1"),
    "nothing": "features=&layers=&seed=",
}


@pytest.mark.parametrize("query", ABSURD.values(), ids=ABSURD)
def test_absurd_links_open_the_page_and_explain_themselves(visit, query):
    visitor = visit(f"/mlp?{query}")
    assert visitor.title == TOPICS["mlp"].title
    assert len(visitor.alerts()) == 1
    assert "Something went wrong" not in visitor.words
    assert len(visitor.alerts()[0]) < 1500
    assert visitor.page.locator("img[src=x]").count() == 0
    visitor.key("mlp:play").wait_for()


def test_unknown_parameters_are_nobody_s_business(visit):
    visitor = visit("/mlp?data=xor&utm_source=course&lang=klingon")
    assert visitor.alerts() == []
    assert visitor.title == TOPICS["mlp"].title
    assert_widgets_show(visitor, "mlp", TOPICS["mlp"].config(data="xor"))


def test_an_unknown_page_says_so_and_leads_home(visit):
    visitor = visit(None)
    visitor.allow(RUN_NOTICE)  # Streamlit's front end notes it in the console
    visitor.open("/no_such_page")
    dialog = visitor.page.get_by_role("dialog")
    dialog.wait_for()
    assert "not found" in dialog.inner_text()
    visitor.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert visitor.title == "Neurarium"
    visitor.key("card-mlp").wait_for()


def test_share_copies_a_link_that_brings_everything_back(visit):
    visitor = visit("/mlp?data=moons&layers=6-3&noise=0.2", permissions=("clipboard-read", "clipboard-write"))
    share = visitor.page.get_by_role("button", name="Share")
    share.click()
    visitor.page.get_by_text("Link copied").wait_for()
    copied = visitor.page.evaluate("navigator.clipboard.readText()")
    assert copied == visitor.page.url
    visitor.page.get_by_role("button", name="Share").wait_for()  # the label comes back
    friend = visit(copied.removeprefix(visitor.address), fresh=True)
    assert_widgets_show(friend, "mlp", TOPICS["mlp"].config(data="moons", layers=(6, 3), noise=0.2))


# ---------------------------------------------------------------- home


def found(visitor) -> set[str]:
    cards = visitor.page.locator("[class*=st-key-card-]:not([class*=-links])").all()
    return {re.search(r"st-key-card-(\w+)", card.get_attribute("class")).group(1) for card in cards}


def search(visitor, words: str) -> None:
    box = visitor.key("home:search").locator("input")
    box.fill(words)
    box.press("Enter")


def test_home_shows_every_topic_and_the_learning_path_in_order(visit):
    visitor = visit("/")
    assert found(visitor) == set(TOPICS)
    for slug, topic in TOPICS.items():
        card = visitor.key(f"card-{slug}").inner_text()
        assert topic.title in card
        assert topic.question in card
        for name in list(topic.presets)[:4]:
            assert name in card
    path = visitor.key("learning-path").inner_text()
    places = [path.index(f"{number} · {topic.title}") for number, topic in enumerate(TOPICS.values(), 1)]
    assert places == sorted(places)


def test_search_finds_by_english_words_and_says_when_nothing_is_found(visit):
    visitor = visit("/")
    for words, wanted in (("decision boundary", "mlp"), ("GRAD-cam", "image_classifier"), ("overfitt", "mlp")):
        search(visitor, words)
        visitor.until(lambda wanted=wanted: found(visitor) == {wanted}, f"{words!r} finds {wanted} alone")
        assert visitor.alerts() == []
    search(visitor, "zzqx {name} <b>")
    visitor.until(lambda: found(visitor) == set(), "nothing found")
    visitor.until(visitor.alerts, "a word about it")
    assert "Nothing is called “zzqx {name} <b>” here" in visitor.alerts()[0]
    search(visitor, "")
    visitor.until(lambda: found(visitor) == set(TOPICS), "everything again")


def test_search_finds_by_chinese_words_in_either_language(visit):
    for locale in ("zh-CN", "en-US"):
        visitor = visit("/", locale=locale)
        for slug in TOPICS:
            search(visitor, zh(TOPICS[slug].title))
            visitor.until(lambda slug=slug: found(visitor) == {slug}, f"the Chinese title finds {slug} ({locale})")
        search(visitor, "没有这个")
        visitor.until(visitor.alerts, "a word about nothing found")
        assert "没有这个" in visitor.alerts()[0]


@pytest.mark.parametrize("slug", TOPICS)
def test_a_preset_link_on_a_card_opens_the_page_with_its_values(visit, slug):
    name, preset = next(p for p in list(TOPICS[slug].presets.items())[:4] if p in presets_of(slug))
    visitor = visit("/")
    visitor.key(f"card-{slug}-links").get_by_role("link", name=name).click()
    visitor.until(lambda: visitor.path == f"/{slug}" and visitor.title == TOPICS[slug].title, "the topic's page")
    visitor.settle()
    assert_widgets_show(visitor, slug, preset)
    assert visitor.query == to_query(preset)


# ---------------------------------------------------------------- language


def chosen_language(visitor) -> str:
    return visitor.key("language").locator("[aria-checked=true]").inner_text()


def open_tab(visitor) -> int:
    tabs = visitor.page.get_by_role("tab")
    return next(at for at in range(tabs.count()) if tabs.nth(at).get_attribute("aria-selected") == "true")


def test_switching_the_language_keeps_config_step_and_tab(visit):
    visitor = visit("/mlp?data=xor&layers=4-4")
    visitor.page.get_by_role("tab", name="Numbers").click()
    visitor.until(lambda: "parameters" in visitor.words, "the numbers")
    for step in (1, 2):
        visitor.key("mlp:step").get_by_role("button").click()
        visitor.until(lambda step=step: visitor.step() == step, f"step {step}")
    visitor.until(lambda: visitor.query.get("steps") == "2", "the step in the link")
    before = visitor.status()
    visitor.switch_language("zh")
    visitor.until(lambda: visitor.query.get("lang") == "zh", "the language in the link")
    visitor.settle()
    assert chosen_language(visitor) == "中文"
    assert visitor.query == {"data": "xor", "layers": "4-4", "steps": "2", "lang": "zh"}
    assert visitor.status() == before
    assert open_tab(visitor) == 1
    assert visitor.title == zh(TOPICS["mlp"].title)
    visitor.switch_language("en")
    visitor.until(lambda: "lang" not in visitor.query, "no language in the link")
    visitor.settle()
    assert visitor.title == TOPICS["mlp"].title
    assert visitor.status() == before
    assert open_tab(visitor) == 1
    assert_widgets_show(visitor, "mlp", TOPICS["mlp"].config(data="xor", layers=(4, 4)))


@pytest.mark.parametrize(
    ("path", "locale", "language"),
    [
        ("/", "en-US", "EN"),
        ("/", "zh-CN", "中文"),
        ("/", "zh-TW", "中文"),
        ("/", "de-DE", "EN"),
        ("/mlp?lang=zh", "en-US", "中文"),
        ("/mlp?lang=en", "zh-CN", "EN"),
    ],
)
def test_the_language_comes_from_the_link_or_else_the_browser(visit, path, locale, language):
    visitor = visit(path, locale=locale)
    assert chosen_language(visitor) == language
    questions = [topic.question for topic in TOPICS.values()]
    assert any(question in visitor.words for question in questions) == (language == "EN")
    if language == "中文":
        assert CHINESE.search(visitor.words.replace("中文", ""))


@pytest.mark.parametrize("slug", ["", *TOPICS])
def test_no_english_is_left_on_a_chinese_page(visit, slug):
    """Buttons, labels, headings and tabs; names that are the same in Chinese (XOR, ReLU, Grad-CAM) are in zh.json too."""
    visitor = visit(f"/{slug}", locale="zh-CN")
    table = json.loads((ROOT / "assets" / "language" / "zh.json").read_text("utf-8"))
    same = {english for english, chinese in table.items() if english == chinese}
    parts = visitor.page.locator(
        ".stMainBlockContainer :is(h1, h2, h3, button, label, [role=tab], p.question, [data-testid=stCaptionContainer])"
    ).all_inner_texts()
    lines = {re.sub(r"^[a-z_]+\n+", "", part).strip() for part in parts}  # an icon's name comes first
    left = {line for line in lines if re.search(r"[A-Za-z]{4,}", line) and not CHINESE.search(line)}
    assert left - same - {"Neurarium", "Space", "Grad-CAM"} == set()


# ---------------------------------------------------------------- state


def go_by_navigation(visitor, slug: str) -> None:
    topic = TOPICS[slug]
    visitor.page.locator("[data-testid=stTopNavSection]", has_text=topic.group).click()
    visitor.page.locator("[data-testid=stTopNavDropdownLink]", has_text=topic.title).click()
    visitor.until(lambda: visitor.path == f"/{slug}" and visitor.title == topic.title, f"the page {slug}")
    visitor.settle()


def test_a_page_keeps_its_state_while_others_are_visited(visit):
    visitor = visit("/mlp")
    visitor.key("mlp:preset:Hills").get_by_role("button").click()
    visitor.until(lambda: visitor.query.get("data") == "hills", "the preset in the link")
    visitor.settle()
    visitor.key("mlp:step").get_by_role("button").click()
    visitor.until(lambda: visitor.query.get("steps") == "1", "the step in the link")
    before, scores = visitor.query, visitor.status()
    go_by_navigation(visitor, "image_classifier")
    assert visitor.query == {}
    go_by_navigation(visitor, "mlp")
    visitor.until(lambda: visitor.query == before, "the experiment as it was left")
    assert visitor.status() == scores
    assert_widgets_show(visitor, "mlp", TOPICS["mlp"].presets["Hills"])


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
    assert_widgets_show(two, "mlp", TOPICS["mlp"].config(data="circles", layers=(3, 3), seed=5))
    assert_widgets_show(one, "mlp", TOPICS["mlp"].config(data="xor", layers=(8,)))
    two.switch_language("zh")
    two.until(lambda: two.query.get("lang") == "zh", "the second reads Chinese")
    assert chosen_language(one) == "EN"


# ---------------------------------------------------------------- sizes, themes, keyboard


@pytest.mark.parametrize(("theme", "locale"), [("light", "en-US"), ("dark", "zh-CN")])
@pytest.mark.parametrize("slug", ["", *TOPICS])
def test_nothing_scrolls_sideways_on_a_phone(visit, slug, theme, locale):
    visitor = visit(f"/{slug}", size=(390, 844), touch=True, theme=theme, locale=locale)
    assert not visitor.scrolls_sideways()
    boxes = [canvas.bounding_box() for canvas in visitor.page.locator("canvas.stage:visible").all()]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
    assert bool(boxes) == bool(slug)


def contrast(visitor, selector: str) -> float:
    """Contrast ratio (WCAG 2) of an element's text against the page."""
    return visitor.page.locator(selector).first.evaluate(
        """element => {
            const paint = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
            const rgb = colour => { paint.fillStyle = colour; paint.fillRect(0, 0, 1, 1); return paint.getImageData(0, 0, 1, 1).data; };
            const linear = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
            const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
            const style = getComputedStyle(element), page = rgb(getComputedStyle(document.querySelector('.stApp')).backgroundColor);
            const behind = [...page], front = rgb(style.color), opacity = Number(style.opacity);
            const seen = behind.slice(0, 3).map((b, at) => opacity * front[at] + (1 - opacity) * b);
            const [high, low] = [light(seen), light(behind)].sort((a, b) => b - a);
            return (high + 0.05) / (low + 0.05);
        }"""  # noqa: E501 - JavaScript
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("slug", ["", *TOPICS])
def test_light_and_dark_can_be_read(visit, slug, theme):
    visitor = visit(f"/{slug}", theme=theme)
    background = visitor.page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    brightness = sum(map(int, re.findall(r"\d+", background)[:3])) / 3
    assert brightness > 230 if theme == "light" else brightness < 40
    assert contrast(visitor, ".stMainBlockContainer h1") > 7
    assert contrast(visitor, "p.question") > 4.5
    if slug:
        assert contrast(visitor, "[class*=-panel] label p") > 4.5


def test_space_plays_and_pauses(visit):
    visitor = visit("/mlp?layers=6&data=gaussians")
    label = visitor.key("mlp:play").get_by_role("button")
    assert "Play" in label.inner_text()
    visitor.page.keyboard.press("Space")
    visitor.until(lambda: visitor.step() > 0 and "Pause" in label.inner_text(), "it plays")
    visitor.page.keyboard.press("Space")
    visitor.until(lambda: "Play" in label.inner_text() and "steps" in visitor.query, "it pauses")
    visitor.settle()
    assert visitor.query["steps"] == str(visitor.step())


@pytest.mark.parametrize("slug", TOPICS)
def test_everything_can_be_reached_with_the_tab_key(visit, slug):
    visitor = visit(f"/{slug}")
    focused = """() => { let at = document.activeElement;
        while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
        return [at?.tagName, at?.ariaLabel || at?.innerText || at?.title || '']; }"""
    names, canvases = [], 0
    for _ in range(90):
        visitor.page.keyboard.press("Tab")
        tag, name = visitor.page.evaluate(focused)
        names.append(name)
        canvases += tag == "CANVAS"
    every = "\n".join(names)
    for label in [
        "Share",
        "EN",
        *TOPICS[slug].presets,
        *(k.label for k in knobs(TOPICS[slug].config) if not (k.hidden or k.advanced or k.kind == "choices")),
    ]:  # noqa: E501
        assert label in every, f"{label} is never focused"
    assert canvases >= 1


@pytest.mark.parametrize("slug", TOPICS)
def test_the_answer_is_above_the_fold(visit, slug):
    """At 1280 x 800: title, question, and a picture that is at least half seen, without scrolling."""
    visitor = visit(f"/{slug}")
    assert visitor.page.locator("p.question").bounding_box()["y"] < 200
    boxes = [canvas.bounding_box() for canvas in visitor.page.locator(f".st-key-{slug}-stage canvas.stage").all()]
    assert any(box["y"] + box["height"] / 2 < 800 and box["height"] > 150 for box in boxes)


@pytest.mark.parametrize("slug", TOPICS)
def test_tabs_tell_lesson_numbers_and_code(visit, slug):
    visitor = visit(f"/{slug}")
    visitor.page.get_by_role("tab", name="Numbers").click()
    visitor.page.locator("table").wait_for()
    head = visitor.page.locator("table thead th").all_inner_texts()
    assert {"Name", "Axes", "Shape", "Unit", "Meaning"} <= set(head)
    assert visitor.page.locator("table tbody tr").count() >= 3
    visitor.page.get_by_role("tab", name="Code").click()
    source = visitor.page.locator("[data-testid=stCode]").first
    source.wait_for()
    name = TOPICS[slug].code[0].partition(":")[2]
    assert re.search(rf"(class|def) {name}\b", source.inner_text())
    assert visitor.page.locator("[role=tabpanel] a[href^=http]").count() >= len(TOPICS[slug].sources)
    visitor.page.get_by_role("tab", name="Lesson").click()
    visitor.page.get_by_role("radiogroup").last.wait_for()
