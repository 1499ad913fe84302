"""The player of what is trained on a page: links to the end of a run, and Play beside what was typed just before."""

import json

from streamlit.proto.WidgetStates_pb2 import WidgetState

from engine.contracts.topic import catalogue

TRAINING = [slug for slug, topic in catalogue().items() if topic.training]


def end_of_run(slug: str) -> int:
    """The last step that the page's first experiment goes to by itself."""
    topic = catalogue()[slug]
    stream = topic.load(topic.training.stream)(topic.training.experiment(topic.config()))
    total = next(stream).total
    stream.close()
    return total


ENDS = {slug: end_of_run(slug) for slug in TRAINING}
SHORTEST = min(TRAINING, key=ENDS.get)


def follow_until(visitor, words: str) -> None:
    for _ in range(400):
        if words in visitor.texts():
            return
        visitor.follow(0.2)
    raise AssertionError(f"the page never said {words!r}, but {visitor.texts()[-600:]}")


def follow_until_shown(visitor, key: str) -> None:
    """The parts of a page that speak of a run come a moment after it."""
    for _ in range(400):
        if visitor.find(key):
            return
        visitor.follow(0.2)
    raise AssertionError(f"the page never showed {key}")


def label(visitor) -> str:
    return visitor.widget(f"{visitor.page}:play").label


def test_a_link_to_the_end_of_a_run_shows_it_finished_and_one_press_starts_over(visitor):
    """Whoever followed the run to its end saw it so; a press that does nothing but say so would be lost."""
    end = ENDS[SHORTEST]
    visitor.open(SHORTEST, f"steps={end}")
    follow_until(visitor, f"<b>{end}</b> · ")
    follow_until(visitor, "finished")
    assert label(visitor) == "Train again"
    assert f"steps={end}" in visitor.query or "steps" not in visitor.query
    visitor.press(f"{SHORTEST}:play")
    assert label(visitor) == "Pause"
    assert "finished" not in visitor.texts()


def test_play_pressed_with_a_number_just_typed_plays_on_from_it(visitor):
    """Leaving a field sends its number, and the press comes with it."""
    visitor.open("mlp", "steps=20&view.picked=1-0-0")
    follow_until(visitor, "<b>20</b>")
    follow_until_shown(visitor, "mlp-hand")
    field, button = visitor.widget("mlp-hand").id, visitor.widget("mlp:play").id
    events = json.dumps([{"event": "edit", "value": {"value": 8.0}}])
    typed = WidgetState(id=f"$$STREAMLIT_INTERNAL_KEY_{field}__events", json_trigger_value=events)
    visitor.ask(WidgetState(id=field, json_value="{}"), typed, WidgetState(id=button, trigger_value=True))
    assert "edits=20" in visitor.query
    assert label(visitor) == "Pause"
    for _ in range(400):
        visitor.follow(0.2)
        step = visitor.data("mlp-bar")[0]["frames"]["steps"][-1]
        if step > 20:
            break
    assert step > 20
    visitor.press("mlp:play")


def test_a_press_that_a_timer_sends_too_counts_once(visitor):
    """A timer that is due while the press is on its way carries it as well; twice pressed, Pause would play on."""
    visitor.open(SHORTEST)
    visitor.press(f"{SHORTEST}:play")
    press = WidgetState(id=visitor.widget(f"{SHORTEST}:play").id, trigger_value=True)
    fragment = visitor.find(f"{SHORTEST}:play")[2]
    visitor.ask(press, fragment=fragment, automatic=True)
    assert label(visitor) == "Pause"
    visitor.ask(press, fragment=fragment)
    assert label(visitor) == "Train"
