"""A teacher's link on its page: the steps and knobs it asks for, and answers that stay hidden."""

from urllib.parse import parse_qs

import pytest

from engine.contracts.lesson import lesson_words
from tests.pages.test_lesson import card, press, student, until_told  # noqa: F401 - a fixture among them
from tests.pages.test_links import opened
from tests.visitor import user_key

WORDS = lesson_words("gnn", "en")


def names() -> list[str]:
    return [step.name for step in WORDS.steps]


def there(visitor) -> set[str]:
    return set(filter(None, map(user_key, visitor.shown)))


def asked_of(visitor) -> dict[str, list[str]]:
    return {name: value for name, value in parse_qs(visitor.query).items() if name in ("teach", "show", "answers")}


@pytest.fixture
def chosen():
    at = names().index("two_steps")
    return WORDS.steps[at : at + 2]


def test_the_lesson_begins_and_ends_where_the_teacher_says(student, chosen):  # noqa: F811
    visitor = student("gnn", f"teach={chosen[0].name}.{chosen[1].name}&show=none")
    assert [one["title"] for one in card(visitor)["list"]] == [step.title for step in chosen]
    assert card(visitor)["count"] == 2
    assert "gnn-face" not in there(visitor), "no knobs to turn to"
    press(visitor, "go", 0)
    assert card(visitor)["title"] == chosen[0].title
    press(visitor, "choose", list(chosen[0].choices).index(chosen[0].right))
    assert until_told(visitor)["mark"] == "As you predicted."
    press(visitor, "go", 2)
    end = card(visitor)
    assert end["mark"] == "Predicted rightly: 1 of 1. Steps left out: 1."
    assert end["text"] == "", "what the whole page found out is not told after two steps of it"
    assert end["next"] is None
    assert parse_qs(visitor.query)["teach"] == [f"{chosen[0].name}.{chosen[1].name}"]


def test_hidden_answers_are_not_told_anywhere(student, chosen):  # noqa: F811
    visitor = student("gnn", f"teach={chosen[0].name}.{chosen[1].name}&answers=hidden")
    before = asked_of(visitor)
    press(visitor, "go", 0)
    wrong = next(at for at, key in enumerate(chosen[0].choices) if key != chosen[0].right)
    for name in ("Numbers", "Download", "Compare"):
        visitor.open_tab("gnn", name)
        assert "Covered until you have answered." in visitor.texts()
        assert not {key for key in there(visitor) if key.startswith("gnn:download")}
    visitor.open_tab("gnn", "Compare")
    press(visitor, "choose", wrong)
    told = until_told(visitor)
    assert (told["told"], told["mark"], told["right"], told["chosen"]) == ("Your teacher will tell.", "", None, wrong)
    assert "gnn" not in told["cookie"], "nor is it kept whether it was right"
    press(visitor, "go", 2)
    end = card(visitor)
    assert (end["mark"], end["text"]) == ("Your teacher will tell.", "")
    assert [one["done"] for one in end["list"]] == [True, False]
    assert asked_of(visitor) == before


def test_it_survives_steps_knobs_and_another_language(student, chosen):  # noqa: F811
    link = f"teach={chosen[0].name}.{chosen[1].name}&show=depth.seed&answers=hidden"
    visitor = student("gnn", link)
    wanted = parse_qs(link)
    assert asked_of(visitor) == wanted
    press(visitor, "go", 1)
    assert asked_of(visitor) == wanted
    visitor.touch("language-switch", "pick", 1)
    assert asked_of(visitor) == wanted
    visitor.touch("gnn-face", "pick", 1)
    assert asked_of(visitor) == wanted
    shown = there(visitor)
    assert "gnn.depth" in shown
    assert not {"gnn-presets", "gnn.known", "gnn-data", "gnn.learning_rate"} & shown
    again = student("gnn", visitor.query)
    assert asked_of(again) == wanted


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Steps of the lesson: expected some of"), ("zh", "课程步骤：应取自")]
)
def test_absurd_values_are_told_of_and_the_page_is_the_usual_one(server, student, language, said):  # noqa: F811
    query = {"teach": "nonsense", "show": "<b>", "answers": "maybe"}
    visitor, warnings = opened(server, "gnn", query, language)
    assert len(warnings) == 1
    assert said in warnings[0]
    assert "&#60;b&#62;" in warnings[0]
    assert asked_of(visitor) == {}
    assert len(card(student("gnn", "teach=nonsense"))["list"]) == len(WORDS.steps)


def test_the_popover_costs_nothing_until_it_is_opened(visitor):
    visitor.open("gnn")
    assert not {key for key in there(visitor) if key.startswith("gnn:teach")}
    visitor.move("teach-popover", True)
    shown = {key for key in there(visitor) if key.startswith("gnn:teach")}
    assert len(shown) == 4
    assert "<iframe" not in visitor.texts(), "this server may be framed by nobody"
