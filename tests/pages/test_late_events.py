"""What the browser reports of a picture that is no longer there, or of none that ever was, changes nothing."""

import pytest

from engine.contracts.topic import catalogue
from engine.pictures.kinds import kinds, one_of
from pages.components.pictures.mount import heard
from tests.visitor import user_key

FAR = {
    "tile": 99, "row": 9999, "column": 0, "node": 9999, "point": 9999, "frame": 5, "query": 999, "key": 0, "matrix": 9,
    "value": 1.0, "kind": "neuron", "layer": 99, "index": 99, "delta": 1,
}  # fmt: skip
EVENTS = {"chips": ("pick",), "choice": ("pick",), "runs": ("back", "drop")} | {
    kind.name: tuple(event for event in kind.events if event not in ("points", "spot")) for kind in kinds().values()
}
NONSENSE = (9999, -1, FAR, {**FAR, "tile": -1, "node": -1, "layer": -1}, {}, "x", [])


def shown_by(visitor) -> list[tuple[str, str]]:
    """(key, event) of all that our components on the page can report and that is picked from what they show."""
    found = []
    for element in visitor.shown:
        name = getattr(element, "component_name", "").removeprefix("neurarium_")
        found += [(user_key(element), event) for event in EVENTS.get(name, ())]
    return sorted(found)


@pytest.mark.parametrize("slug", list(catalogue()))
def test_nonsense_changes_nothing(visitor, slug):
    visitor.open(slug)
    visitor.press("pin")
    query, events = visitor.query, shown_by(visitor)
    assert events
    for number, (key, event) in enumerate(events):
        for value in NONSENSE if number < 2 else NONSENSE[number % 2 :: 2]:
            answer = visitor.touch(key, event, value)
            assert not answer.errors, (key, event, value)
            assert visitor.query == query, (key, event, value)


def test_a_click_on_a_layer_that_has_just_gone(visitor):
    """The sizers of hidden layers, pressed before the picture without these layers had come."""
    visitor.open("mlp", "layers=6-5-4")
    visitor.query = ""
    visitor.touch("mlp-presets", "pick", list(catalogue()["mlp"].presets).index("Straight line"))
    query = visitor.query
    for layer in range(6):
        assert not visitor.touch("mlp-network", "resize", {"layer": layer, "delta": -1}).errors
        assert visitor.query == query


def test_only_what_fits_is_heard(monkeypatch):
    state, calls = {}, []
    monkeypatch.setattr("pages.components.pictures.mount.st.session_state", state)
    hear = heard("row", "pick", lambda: calls.append(state["row"]["pick"]), one_of(3))
    for value in (0, 2, 3, -1, "two", {}):
        state["row"] = {"pick": value}
        hear()
    assert calls == [0, 2]
