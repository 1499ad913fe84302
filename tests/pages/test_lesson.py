"""The lesson of a page: it asks, sets the page up, runs, and tells; and what is kept of it."""

import datetime
from urllib.parse import parse_qs

import pytest

from engine.contracts.knob import knobs, to_query, without_run
from engine.contracts.lesson import lesson_steps, lesson_words
from engine.contracts.topic import catalogue
from pages.components.parts.lesson_progress import MOST_CHARACTERS, read_progress
from pages.components.pictures.show import place_of
from tests.streams import patience, until
from tests.visitor import Visitor, user_key

SLUGS = tuple(catalogue())
WHOLE = SLUGS[datetime.date.today().toordinal() % len(SLUGS)]  # the others do their first steps alone


@pytest.fixture
def student(server):
    """student(slug, query) -> a visitor who has never been here."""
    students = []

    def enter(slug: str, query: str = "", **how):
        students.append(Visitor(server.address, panel="", **how))
        answer = students[-1].open(slug, query)
        assert answer.errors == []
        return students[-1]

    yield enter
    for one in students:
        one.close()


def card(visitor) -> dict:
    return visitor.data(f"{visitor.page}-lesson")[0]


def press(visitor, event, value):
    answer = visitor.touch(f"{visitor.page}-lesson", event, value)
    assert answer.errors == []


def until_told(visitor) -> dict:
    """Let the page run until the step tells."""
    for _ in range(4000):
        if card(visitor)["told"] or visitor.tick() is None:
            return card(visitor)
    raise AssertionError(f"it never tells: {card(visitor)['waiting']}")


def steps_of(slug, everything):
    count = len(lesson_steps(catalogue()[slug]))
    return range(count if everything or slug == WHOLE else 2)


@pytest.fixture
def everything(request) -> bool:
    return "everything" in request.config.option.markexpr


@pytest.mark.parametrize("slug", SLUGS)
def test_a_student_does_the_lesson(student, slug, everything):
    """Asked: no verdict, and what would tell is covered. Told: the choice that the words explain, with live values."""
    visitor, words = student(slug), lesson_words(slug, "en")
    steps = lesson_steps(catalogue()[slug])
    assert card(visitor)["at"] == -1
    assert [one["title"] for one in card(visitor)["list"]] == [step.title for step in words.steps]
    for at in steps_of(slug, everything):
        press(visitor, "go", at)
        asked, step, said = card(visitor), steps[at], words.steps[at]
        assert (asked["title"], asked["told"], asked["right"]) == (said.title, "", None)
        assert parse_qs(visitor.query)["view.lesson"] == [step.name]
        drawn_on = bool(asked["draw"]) and step.sketch.picture in step.veil  # there the board stands in its place
        while (covered := drawn_on + visitor.texts().count("overed until you have answered.")) < len(step.veil):
            assert visitor.tick() is not None, "what would tell is covered, also what comes while one thinks"
        assert covered > 0 or not step.veil
        choices = list(said.choices)
        press(visitor, "choose", choices.index(said.right))
        if f"{slug}-speed" in map(user_key, visitor.shown):
            visitor.touch(f"{slug}-speed", "pick", 2)
        told = until_told(visitor)
        assert told["right"] == told["chosen"] == choices.index(said.right), step.name
        assert told["mark"] == "As you predicted."
        assert "{" not in told["told"]
        assert told["told"]
        assert "Covered" not in visitor.texts()
        there = set(map(user_key, visitor.shown))
        for name in step.knobs:
            assert there & {f"{slug}.{name}", f"{slug}.{name}:count", f"{slug}-{name}"}, name
        assert not step.focus or place_of(catalogue()[slug], step.focus) in there, "what the page scrolls to"


@pytest.mark.parametrize("slug", SLUGS)
def test_a_page_opens_on_what_has_come_to_its_end(student, slug):
    """Beside the lesson, an address that says nothing: what the card names, trained; it answers no question."""
    topic = catalogue()[slug]
    for step in lesson_steps(topic):
        for answered in (False, True):
            config = without_run(step.config(topic, answered=answered))
            assert config != without_run(topic.opening), f"{step.name} asks about it"
    visitor = student(slug)
    while visitor.tick() is not None:
        pass
    assert (visitor.query, card(visitor)["at"]) == ("", -1)
    if steps := topic.steps_of(topic.opening):
        assert f"<b>{steps}</b>" in visitor.status()
    visitor.touch(f"{slug}-face", "pick", 1)
    said = parse_qs(visitor.query, keep_blank_values=True)
    assert said == {name: [value] for name, value in to_query(topic.opening).items()}
    visitor.touch(f"{slug}-face", "pick", 0)
    assert visitor.query == ""


def test_a_run_that_a_page_opens_on_is_trained_once_and_goes_on(student, server):
    def at_once(visitor) -> bool:
        if "<b>100</b>" in visitor.status():
            return True
        while visitor.tick() is not None:  # a run of its own, as long as none has been kept
            pass
        return False

    until(lambda: at_once(student("gnn")), patience(120))  # the last of all openings
    other = student("gnn")
    assert "<b>100</b>" in other.status()
    until(lambda: server.children() == [])  # the process that trained them has ended
    other.press("gnn:step")
    while other.tick() is not None:
        pass
    assert "<b>101</b>" in other.status()


def test_the_end_of_a_lesson_stands_beside_a_run_that_has_come_to_its_end(student):
    visitor = student("gnn", "view.lesson=end")
    while visitor.tick() is not None:
        pass
    assert "<b>100</b>" in visitor.status()
    assert [(one["done"], one["right"]) for one in card(visitor)["list"]] == [(False, False)] * len(
        card(visitor)["list"]
    )
    press(visitor, "go", 0)
    press(visitor, "choose", 0)  # not the right one
    until_told(visitor)
    press(visitor, "go", len(card(visitor)["list"]) or len(lesson_steps(catalogue()["gnn"])))
    assert "<b>100</b>" in visitor.status()
    assert [(one["done"], one["right"]) for one in card(visitor)["list"]][:2] == [(True, False), (False, False)]


def test_defaults_have_an_address_where_one_that_says_nothing_opens_on_the_lesson(student):
    visitor = student("gnn", "known=2")
    visitor.touch("gnn-presets", "pick", 0)
    assert visitor.query == "data=karate"
    assert card(student("gnn"))["at"] == -1


def test_defaults_beside_the_lesson_have_an_address_of_their_own(student):
    visitor = student("gnn", "known=1")
    visitor.touch("gnn-face", "pick", 0)
    visitor.touch("gnn-face", "pick", 1)
    visitor.touch("gnn-presets", "pick", 0)
    assert visitor.query == ""
    visitor.touch("gnn-face", "pick", 0)
    assert visitor.query == "data=karate"


def test_a_wrong_prediction_and_none_are_said_and_the_end_counts(student):
    visitor, words = student("gnn"), lesson_words("gnn", "en")
    press(visitor, "go", 0)
    wrong = next(at for at, key in enumerate(words.steps[0].choices) if key != words.steps[0].right)
    press(visitor, "choose", wrong)
    told = until_told(visitor)
    assert (told["chosen"], told["mark"]) == (wrong, "Not what you predicted.")
    press(visitor, "go", 1)
    press(visitor, "choose", -1)
    told = until_told(visitor)
    assert (told["chosen"], told["mark"]) == (None, "")
    assert told["right"] is not None
    press(visitor, "go", len(words.steps))
    assert card(visitor)["mark"] == f"Predicted rightly: 0 of 2. Steps left out: {len(words.steps) - 2}."
    assert "neurarium_progress=gnn.two_labels-0.two_steps-0" in card(visitor)["cookie"]
    press(visitor, "go", 0)
    assert card(visitor)["told"], "what was told stays"
    assert card(visitor)["waiting"] == "", "and the page shows what it speaks of"
    topic, shown = catalogue()["gnn"], parse_qs(visitor.query)
    wanted = to_query(without_run(lesson_steps(topic)[0].config(topic, answered=True)))
    assert {name: shown[name] for name in wanted} == {name: [text] for name, text in wanted.items()}


def test_knobs_that_were_moved_are_noticed_and_the_step_comes_back(student):
    visitor = student("gnn")
    press(visitor, "go", 2)
    assert "coefficients" in visitor.query
    assert "gnn-coefficients" not in map(user_key, visitor.shown), "a knob could show the answer"
    press(visitor, "choose", 0)
    assert until_told(visitor)["waiting"] == ""
    visitor.touch("gnn-coefficients", "pick", 1)
    assert card(visitor)["waiting"].startswith("The knobs say something else now."), "the words are of the run before"
    assert card(visitor)["told"]
    buttons = {event: words for event, _, words, _ in card(visitor)["buttons"]}
    assert buttons["again"] == "Set the page up again"
    press(visitor, "again", 1)
    assert "again" not in {event for event, *_ in card(visitor)["buttons"]}


@pytest.mark.parametrize(
    ("query", "panel", "lesson"),
    [("", "", True), ("", "knobs", False), ("known=2", "", False), ("known=2", "lesson", False),
     ("known=2&view.lesson=two_steps", "knobs", True), ("", "nonsense", True)],
)  # fmt: skip
def test_which_face_the_panel_shows_first(server, query, panel, lesson):
    """The lesson for who comes without settings or to a step; the knobs for a link with settings; else what the browser
    remembers."""
    visitor = Visitor(server.address, panel=panel)
    visitor.open("gnn", query)
    there = set(map(user_key, visitor.shown))
    assert ("gnn-lesson" in there, "gnn-presets" in there) == (lesson, not lesson)
    visitor.close()


def test_a_step_that_there_is_not_is_said(student):
    visitor = student("gnn", "view.lesson=nonsense")
    assert card(visitor)["at"] == -1
    alerts = [element.body for kind, element, _ in visitor.elements.values() if kind == "alert"]
    assert any("expected one of its 7 steps" in alert and "“nonsense”" in alert for alert in alerts), alerts


def test_a_browser_may_send_anything(student):
    visitor = student("gnn")
    for event, value in (("go", 99), ("go", "x"), ("choose", 0), ("choose", 99), ("go", None), ("again", {})):
        assert visitor.touch("gnn-lesson", event, value).errors == []
    assert card(visitor)["at"] == -1
    press(visitor, "go", 0)
    assert visitor.touch("gnn-lesson", "choose", 99).errors == []
    assert card(visitor)["told"] == ""


def test_progress_is_read_back_and_rubbish_left_out():
    assert read_progress("gnn.two_labels-1.two_steps-0~mlp.line-1") == {
        "gnn": {"two_labels": True, "two_steps": False}, "mlp": {"line": True},
    }  # fmt: skip
    for text in ("", "~~~", "gnn", "gnn.", "nowhere.step-1", "gnn.<b>-1", "gnn.step-2", "x" * 10 * MOST_CHARACTERS):
        assert read_progress(text) == {}


def test_every_step_of_a_lesson_can_be_shown_below_the_card():
    """No more knobs than fit beside the picture."""
    for topic in catalogue().values():
        for step in lesson_steps(topic):
            assert len(step.knobs) <= 3, step.name
            assert all(not knob.hidden for knob in knobs(topic.config) if knob.name in step.knobs), step.name


def test_who_goes_on_to_the_knobs_shares_a_link_without_the_step(student):
    visitor = student("gnn")
    press(visitor, "go", 0)
    assert "view.lesson" in visitor.query
    visitor.touch("gnn-face", "pick", 1)
    assert "view.lesson" not in visitor.query
    visitor.touch("gnn-face", "pick", 0)
    assert parse_qs(visitor.query)["view.lesson"] == ["two_labels"]
    assert card(visitor)["at"] == 0


def test_numbers_and_comparison_are_covered_while_a_question_is_open(student):
    visitor = student("gnn", "view.lesson=two_steps")
    for name in ("Numbers", "Compare"):
        before = visitor.texts().count("Covered until")
        visitor.open_tab("gnn", name)
        assert visitor.texts().count("Covered until") == before + 1, name
        visitor.open_tab("gnn", name)
    visitor.open_tab("gnn", "Numbers")
    press(visitor, "choose", 0)
    assert "Covered until" not in visitor.texts()


def test_a_run_that_is_paused_or_reset_tells_nothing_yet(student):
    """The verdict is read off the moment that the step asks about, not off any that the reader stops at."""
    visitor = student("gnn")
    press(visitor, "go", 2)
    assert visitor.widget("gnn:play").disabled, "it waits for the answer"
    visitor.touch("gnn-speed", "pick", 0)
    press(visitor, "choose", 0)
    visitor.press("gnn:play")
    while visitor.tick() is not None:
        pass
    assert (card(visitor)["told"], card(visitor)["waiting"]) == ("", "It stands still; press Train.")
    visitor.press("gnn:reset")
    assert "again" in {event for event, *_ in card(visitor)["buttons"]}
    visitor.touch("gnn-speed", "pick", 2)
    visitor.press("gnn:play")
    assert until_told(visitor)["right"] == 0
    assert "steps=200" in visitor.query


def test_a_link_to_a_step_asks_whatever_was_trained_where_it_was_made(student):
    visitor = student("gnn", "steps=50&view.lesson=two_labels&view.moment=20")
    assert card(visitor)["told"] == ""
    assert "steps" not in visitor.query
    assert "<b>0</b>" in visitor.status()


SKETCHES = [
    (slug, step) for slug, topic in catalogue().items() for step in lesson_steps(topic) if step.sketch is not None
]


@pytest.mark.parametrize(("slug", "step"), SKETCHES, ids=lambda value: getattr(value, "name", value))
def test_what_is_drawn_is_read_and_stands_in_the_picture(student, slug, step):
    """A link to a step alone sets the page up. What a browser sends that is no drawing changes nothing."""
    topic = catalogue()[slug]
    picture = place_of(topic, step.sketch.picture)
    visitor = student(slug, f"view.lesson={step.name}")
    asked = to_query(without_run(step.config(topic, answered=False)))
    assert (
        asked.items() <= {name: one[0] for name, one in parse_qs(visitor.query, keep_blank_values=True).items()}.items()
    )
    while f"{picture}-sketch" not in map(user_key, visitor.shown):
        assert visitor.tick() is not None, "it comes with the first look at what is trained"
    board, _ = visitor.data(f"{picture}-sketch")
    assert board["revision"] == step.name, "what is drawn stays, whatever else is looked at meanwhile"
    for rubbish in ([], ["x"] * board["count"], [1e6] * board["count"], [0.5] * (board["count"] + 1), {"a": 1}, None):
        assert visitor.touch(f"{picture}-sketch", "drawn", rubbish).errors == []
        assert card(visitor)["draw"]
    low, high = board["y"] if board["form"] == "curve" else (0, 1)
    level = min(max(1, low), high)
    press_answer = visitor.touch(f"{picture}-sketch", "drawn", [level] * board["count"])
    assert press_answer.errors == []
    if f"{slug}-speed" in map(user_key, visitor.shown):
        visitor.touch(f"{slug}-speed", "pick", 2)
    told = until_told(visitor)
    assert told["chosen"] is not None
    assert told["mark"].startswith(
        "As you predicted." if told["chosen"] == told["right"] else "Not what you predicted."
    )
    assert "you drew" in told["mark"].lower()
    meta, _ = visitor.data(picture)
    assert meta["expected"], "it stands in the picture"
    press(visitor, "go", -1)
    meta, _ = visitor.data(picture)
    assert not meta["expected"]
