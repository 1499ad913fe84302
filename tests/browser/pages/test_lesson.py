"""The lesson in a browser, as a student does it: choose, watch, read, with picture and words in view together."""

import re

import pytest

from engine.contracts.lesson import lesson_steps, lesson_words
from tests.browser.expectations import ROUNDS, TOPICS, has_turn, in_turn

SLUGS = tuple(TOPICS)
IN_TURN = [slug for slug in SLUGS if has_turn(slug, "lesson")]
WHOLE = IN_TURN[ROUNDS % len(IN_TURN)]  # the others do their first steps alone
FIRST = 2
SIZES = {"desktop": ((1280, 800), False), "phone": ((390, 844), True)}
LONG = 150  # steps; a student who has seen so many of this kind lets it run fast
TARGET = 44  # CSS pixels on a phone

# The pixels of the tallest picture of the page that can be seen, above the sheet of a phone and outside the panel.
SEEN = """() => {
  const roots = [document, ...[...document.querySelectorAll("*")].map((e) => e.shadowRoot).filter(Boolean)];
  const card = roots.map((root) => root.querySelector(".nv.step")).find(Boolean);
  const sheet = getComputedStyle(card).position === "fixed";
  const bottom = sheet ? card.getBoundingClientRect().top : innerHeight;
  const seen = roots.flatMap((root) => [...root.querySelectorAll("canvas.stage, .shares")]).map((canvas) => {
    const box = canvas.getBoundingClientRect();
    return Math.max(0, Math.min(box.bottom, bottom) - Math.max(box.top, 60)) * (box.width > 0);
  });
  const box = card.getBoundingClientRect();
  return { picture: Math.max(0, ...seen), top: box.top, bottom: Math.min(box.bottom, innerHeight) };
}"""
# [step that the live numbers name, step of the bar], of the same moment of the browser.
CLOCKS = """() => {
  const roots = [document, ...[...document.querySelectorAll("*")].map((e) => e.shadowRoot).filter(Boolean)];
  const line = roots.map((root) => root.querySelector("p.status[data-step]")).find(Boolean);
  const bars = roots.map((root) => root.querySelector(".transport .moment")?.textContent.replace(/,/g, ""));
  const bar = bars.map((text) => text?.match(/step (\\d+)$/)?.[1]).find(Boolean); // not that of a walk: moment, time
  return line && bar ? [line.dataset.step, bar] : null;
}"""


def in_view(visitor, what: str) -> None:
    """Words and a picture are seen together."""
    seen = visitor.until(lambda: (seen := visitor.page.evaluate(SEEN))["picture"] >= 90 and seen, f"a picture, {what}")
    assert seen["bottom"] - seen["top"] > 80, f"the card, {what}: {seen}"


@pytest.mark.parametrize(("slug", "size"), in_turn("lesson", SLUGS, *((size,) for size in SIZES)))
def test_a_student_does_the_lesson(visit, slug, size, everything):
    (width, height), touch = SIZES[size]
    visitor = visit(f"/{slug}", size=(width, height), touch=touch, panel="", fresh=True)
    card, words, steps = visitor.page.locator(".nv.step"), lesson_words(slug, "en"), lesson_steps(TOPICS[slug])
    card.locator("button.primary").click()
    for at in range(len(steps) if everything or slug == WHOLE else FIRST):
        said = words.steps[at]
        visitor.until(lambda said=said: card.locator("h2").inner_text() == said.title, said.title)
        visitor.settle(quiet=150)
        in_view(visitor, f"asked: {said.title}")
        assert card.locator(".told").count() == 0
        if steps[at].sketch is not None:  # drawing is test_sketch.py's
            card.locator("summary").click()
        choices = list(said.choices)
        button = card.locator(f"button[data-press='choose {choices.index(said.right)}']")
        button.scroll_into_view_if_needed()
        if touch:
            assert button.bounding_box()["height"] >= TARGET
        button.click()
        if (steps[at].until or 0) > LONG:
            visitor.key(f"{slug}-speed").get_by_role("radio", name="Fast").click()
        while card.locator(".told").count() == 0:
            if (clocks := visitor.page.evaluate(CLOCKS)) is not None:
                assert clocks[0] == clocks[1], "the numbers are those of the picture"
            if "It stands still" in card.inner_text():
                raise AssertionError(card.inner_text())
            visitor.page.wait_for_timeout(120)
        assert card.locator(".choice.right.chosen").count() == 1
        assert "As you predicted." in card.inner_text()
        in_view(visitor, f"told: {said.title}")
        if not touch:  # the card is beside the picture, and goes up with the page only as far as it can be read
            came = card.locator(".came")
            visitor.until(lambda came=came: came.bounding_box()["y"] > 55, f"the beginning of what came: {said.title}")
        assert not visitor.scrolls_sideways()
        assert visitor.query["view.lesson"] == steps[at].name
        card.locator("button.primary").click()
    if slug == WHOLE or everything:
        visitor.until(lambda: "Predicted rightly" in card.inner_text(), "the end")
        assert f"{len(steps)} of {len(steps)}" in card.inner_text()
        visitor.open("/")
        assert f"✓ Lesson: {len(steps)} of {len(steps)} steps" in visitor.words


def test_a_step_comes_back_with_reload_and_link_and_with_back(visit):
    visitor = visit("/gnn", panel="", fresh=True)
    card = visitor.page.locator(".nv.step")
    card.locator("button.primary").click()
    visitor.until(lambda: visitor.query.get("view.lesson") == "two_labels", "the step in the link")
    visitor.settle()
    visitor.page.reload()
    visitor.settle()
    assert card.locator("h2").inner_text() == lesson_words("gnn", "en").steps[0].title
    friend = visit(f"/gnn?{visitor.page.url.partition('?')[2]}", locale="zh-CN", fresh=True)
    title = lesson_words("gnn", "zh").steps[0].title
    friend.until(lambda: friend.page.locator(".nv.step h2").inner_text() == title, "the step in the friend's language")


def test_a_link_to_a_step_stands_at_its_picture_on_a_phone(visit):
    size, touch = SIZES["phone"]
    visitor = visit("/regularisation?view.lesson=zeros", size=size, touch=touch, panel="", fresh=True)
    picture = ".st-key-regularisation-weights"  # the third of the page
    visitor.until(lambda: (box := visitor.boxes(picture)) and 40 < box[0]["y"] < 200, "it stands below the head")
    in_view(visitor, "of the step that the link names")


def test_the_panel_remembers_its_face_and_stays_in_view(visit):
    visitor = visit("/gnn", panel="", fresh=True)
    panel = visitor.key("gnn-panel")
    panel.get_by_role("radio", name="Knobs").click()
    visitor.key("gnn-presets").wait_for()
    visitor.open("/mlp")
    visitor.key("mlp-presets").wait_for()
    visitor.open("/gnn")
    visitor.key("gnn-presets").wait_for()
    visitor.page.locator("[data-testid=stMain]").evaluate("main => main.scrollTo(0, 140)")
    visitor.until(lambda: visitor.boxes(".st-key-gnn-stage")[0]["y"] < 100, "it has scrolled")
    assert 40 < visitor.boxes(".st-key-gnn-panel")[0]["y"] < 100, "the panel stays while the page scrolls"


def test_pause_holds_the_moment_that_is_seen(visit):
    visitor = visit("/mlp?layers=6&data=gaussians", fresh=True)
    button = visitor.key("mlp:play").get_by_role("button")
    button.click()
    visitor.until(lambda: visitor.step() > 12, "it trains")
    button.click()
    shown = visitor.page.evaluate(CLOCKS)
    visitor.until(
        lambda: visitor.query.get("view.moment", visitor.query.get("steps")) == shown[0], "the moment in the link"
    )
    visitor.settle()
    assert visitor.page.evaluate(CLOCKS) == shown
    assert visitor.step() == int(shown[0])


def test_what_does_not_follow_the_pictures_is_dimmed(visit):
    """Numbers of the moment at which the bar stood, while it is moved; none of them once it is let go."""
    visitor = visit("/mlp?layers=4&steps=60&view.picked=1-0")
    visitor.until(lambda: visitor.step() == 60, "it stands there")
    lags, formula = "() => document.documentElement.dataset.lags ?? null", visitor.page.locator(".katex-display").first
    formula.wait_for()
    assert visitor.page.evaluate(lags) is None
    bar = visitor.page.locator(".transport input[type=range]").first
    bar.focus()
    visitor.page.locator(".transport [data-act=play]").first.click()
    visitor.until(lambda: visitor.page.evaluate(lags) == "moment", "it is replayed")
    visitor.until(lambda: float(formula.evaluate("e => getComputedStyle(e).opacity")) < 0.6, "dimmed")
    visitor.until(lambda: visitor.page.evaluate(lags) is None, "it has come to its end again")
    visitor.key("mlp:play").get_by_role("button").click()
    visitor.until(lambda: visitor.page.evaluate(lags) == "run", "it trains")
    visitor.open("/attention")
    visitor.until(lambda: visitor.page.evaluate(lags) is None, "another page")
    visitor.open("/training_dynamics")  # nothing is trained there; the arithmetic is of the last step of a film
    visitor.until(lambda: visitor.page.evaluate(lags) == "moment", "it plays")
    visitor.until(lambda: visitor.page.evaluate(lags) is None, "it stands at the step that is spoken of")


def test_the_next_page_of_the_readers_path_comes_without_loading_anew(visit):
    visitor = visit("/?path=gnn.mlp.cnn", panel="", fresh=True)
    visitor.open("/gnn?view.lesson=end")
    card = visitor.page.locator(".nv.step")
    visitor.until(lambda: card.locator("a.next").count(), "the way on")
    assert "MLP playground" in card.locator("a.next").inner_text()
    visitor.page.evaluate("() => { window.stays = true; }")
    card.locator("a.next").click()
    visitor.until(lambda: visitor.path == "/mlp" and visitor.title == "MLP playground", "the next page")
    assert visitor.page.evaluate("() => window.stays") is True


def test_a_walk_goes_to_where_the_answer_stands(visit):
    visitor = visit("/diffusion?view.lesson=drown", panel="", fresh=True)
    card, moment = visitor.page.locator(".nv.step"), visitor.page.locator(".transport .moment").first
    card.locator(".choice").nth(1).click()
    place = lambda: int(re.search(r"moment (\d+) of 61", moment.inner_text())[1])  # noqa: E731
    visitor.until(lambda: 1 < place() < 61, "it is on its way")
    visitor.until(lambda: place() == 61, "it has come there")
