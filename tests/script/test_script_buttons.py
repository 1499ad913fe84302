"""The two buttons that download an experiment: what they are called, and that nothing is made before a click."""

import pytest
from streamlit.testing.v1 import AppTest

from engine.contracts.topic import catalogue


def page(slug, language):
    """A page with nothing but the Download tab's first row."""
    import streamlit as st

    import engine.script
    from engine.contracts.topic import catalogue
    from pages.components.parts.downloads import script_row

    def never(*arguments):
        raise AssertionError("made before anybody asked for it")

    st.session_state["language"] = language
    kept = engine.script.script_for, engine.script.notebook_for
    engine.script.script_for = engine.script.notebook_for = never
    try:
        topic = catalogue()[slug]
        st.session_state[f"{slug}:config"] = topic.config()
        script_row(topic, None)
    finally:
        engine.script.script_for, engine.script.notebook_for = kept


@pytest.mark.parametrize(("language", "words"), [("en", "Jupyter notebook"), ("zh", "Jupyter 笔记本")])
def test_the_buttons_are_there_and_make_nothing_yet(language, words):
    slug = next(iter(catalogue()))
    shown = AppTest.from_function(page, args=(slug, language), default_timeout=30).run()
    assert not shown.exception
    labels = [button.proto.label for button in shown.get("download_button")]
    assert len(labels) == 2
    assert "Python" in labels[0]
    assert labels[1] == words
