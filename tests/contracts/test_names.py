"""Names that nobody knows: in a link, a file of settings, a pinned run, on the command line; each with its nearest."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.command_line import Refused, read_config
from engine.contracts.knob import KnobError, knobs
from engine.contracts.names import OTHERS, check_names, check_once, is_known, nearest
from engine.contracts.pins import read_pins
from engine.contracts.sentences import visible
from engine.contracts.topic import catalogue
from engine.data.settings import SettingsError, read_settings
from pages.components.parts.controls import views_of
from pages.components.parts.topics import page_module

ROOT = Path(__file__).parents[2]
KNOWN = ["noise", "layers", "learning_rate", "pin", "view.method", "view.layer-*"]


def said(names):
    with pytest.raises(KnobError) as caught:
        check_names(names, KNOWN)
    return str(caught.value)


def test_an_unknown_name_is_told_of_with_its_nearest():
    assert said(["nois"]) == (
        "The link has names that this page does not know, so they change nothing: “nois” (noise?)."
    )
    assert said(["Learning-Rate", "noise", "zzz"]).endswith("nothing: “Learning-Rate” (learning_rate?), “zzz”.")
    assert said(["view.metod"]).endswith("“view.metod” (view.method?).")


def test_known_names_and_those_of_others_are_left_alone():
    theirs = ["utm_source", "utm_campaign", "fbclid", "gclid", "embed", "embed_options", "lang"]
    check_names([*KNOWN[:5], "view.layer-12", *theirs], KNOWN)
    ours = {knob.name for topic in catalogue().values() for knob in knobs(topic.config)}
    assert not [name for name in ours if is_known(name, OTHERS)]  # a knob called so would go unsaid on other pages


@pytest.mark.parametrize("names", [[f"name{i}" for i in range(1000)], ["x" * 5000] * 1000, ["*" * 3000, "[" * 3000]])
def test_an_absurd_link_gives_one_short_sentence(names):
    sentence = said(names)
    assert len(sentence) < 350
    assert (f"and {len(names) - 4} more." in sentence) == (len(names) > 4)


@given(st.text(max_size=60))
def test_any_name_is_told_of_or_known(name):
    if is_known(name, [*KNOWN, *OTHERS]):
        check_names([name], KNOWN)
    else:
        assert visible(name[:39]) in said([name])


def test_a_name_that_cannot_be_seen_is_written_out():
    assert "nothing: “␀⟨U+200B⟩”." in said(["\0\u200b"])


def said_of(query):
    with pytest.raises(KnobError) as caught:
        check_once(query, KNOWN[:3] + KNOWN[4:])
    return str(caught.value)


def test_a_name_with_several_values_is_told_of_with_the_one_that_holds():
    check_once({"noise": ["1"], "layers": ["4", "4"], "utm_source": ["a", "b"], "pin": ["a", "b"]}, KNOWN[:3])
    assert said_of({"noise": ["-1", "2"]}) == (
        "The link says some names more than once; the last of each holds: noise = “2”."
    )
    assert said_of({"noise": ["1", "2", "\0"], "view.layer-3": ["1", ""]}).endswith(": noise = “␀”, view.layer-3 = “”.")
    many = {f"view.layer-{at}": ["1", "9" * 5000] for at in range(900)}
    assert said_of(many).endswith(", and 896 more.")
    assert len(said_of(many)) < 400


def test_nearest_is_like_it():
    assert nearest("dropot", ["noise", "dropout"]) == "dropout"
    assert nearest("qqqq", ["noise", "dropout"]) == ""


def test_files_pins_and_the_command_line_name_the_nearest_too():
    mlp = catalogue()["mlp"]
    for name, near in (("nois", "noise"), ("qqqq", "")):
        with pytest.raises(SettingsError) as caught:
            read_settings(json.dumps({"topic": "mlp", "config": {name: "0.2"}}).encode())
        assert name in str(caught.value)
        assert ("the nearest that it has is noise" in str(caught.value)) == bool(near)
        reason = str(read_pins([f"mlp~{name}~0.2"], catalogue())[1][0].reason)
        assert name in reason
        assert ("the nearest is noise" in reason) == bool(near)
        with pytest.raises(Refused) as refused:
            read_config(mlp, None, [f"{name}=0.2"])
        assert ("“nois” (noise?)" in str(refused.value)) == bool(near)
    with pytest.raises(Refused, match=r"“spirl” \(Spiral\?\)"):
        read_config(mlp, "spirl", [])


@pytest.mark.parametrize("slug", catalogue())
def test_what_can_be_looked_at_has_its_name_in_a_link(slug):
    assert {knob.name for knob in knobs(page_module(slug).View)} < set(views_of(catalogue()[slug]))
