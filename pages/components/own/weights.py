"""The way back: settings and weights from a file, checked; and what the page says about weights that it was given."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import streamlit as st

from engine.contracts.knob import KnobError, knobs, without_run
from engine.contracts.topic import Topic, catalogue
from engine.machinery.own import OWN
from pages.components.parts.controls import change
from pages.components.parts.errors import sentence
from pages.components.parts.language import t
from pages.components.parts.topics import page_of

MEGABYTES = 8  # that the browser sends at all; what the file itself may hold is checked where it is read


# ---------------------------------------------------------------- what the page starts from


def usable(topic: Topic, config: Any) -> Any:
    """The Config, without weights that this server does not have or that do not fit it any more; the reader is told."""
    state, slug = st.session_state, topic.slug
    told = f"{slug}:weights_gone"
    if topic.trains(config) and topic.training.own_weights(config):
        problem = problem_of(topic, config)
        if problem is None:
            _notice(topic)
            return config
        config = _before(topic, config)
        state[f"{slug}:config"], state[told] = config, (problem, config)
    problem, since = state.get(told, (None, None))
    if problem is not None and without_run(config) == since:
        words = t("{problem} The page starts from its own first weights.", problem=sentence(problem))
        st.warning(words, icon=":material/link_off:")
    else:
        state.pop(told, None)
    return config


def problem_of(topic: Topic, config: Any) -> KnobError | None:
    """Why the weights that a Config names cannot be used; None if they can."""
    from engine.data.own_weights import WeightsFileError, check_fit, find_weights

    try:
        weights = find_weights(topic.training.own_weights(config))
        check_fit(weights.tensors, shapes(topic.slug, _before(topic, config)))
    except WeightsFileError as error:
        return error
    except KnobError:  # the experiment itself cannot be made; the page says why
        return None
    return None


def _before(topic: Topic, config: Any) -> Any:
    """The experiment before it was run, from the network's own first weights."""
    return without_run(topic.training.starting_from(config, ""))


@lru_cache(maxsize=32)
def shapes(slug: str, config: Any) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the weights that the network of a Config has."""
    topic = catalogue()[slug]
    state = topic.load(topic.training.network)(config).state_dict()
    return {name: tuple(value.shape) for name, value in state.items()}


def _notice(topic: Topic) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"{topic.slug}-own-weights"):
        st.html(f'<p class="download">{t("This network starts from the weights of your file.")}</p>', width="content")
        st.button(
            t("Forget them"), key=f"{topic.slug}:forget", type="tertiary", icon=":material/close:",
            on_click=change, args=(topic,), kwargs={topic.training.weights: ""},
        )  # fmt: skip


# ---------------------------------------------------------------- a file comes


def bring_back(topic: Topic, config: Any) -> None:
    """The uploader, what it takes, and what became of the last file."""
    state, key = st.session_state, f"{topic.slug}:loaded"
    with st.container(border=True, key=f"{topic.slug}-load"):
        label = t("Load settings (.json) back, at most {most} MB", most=MEGABYTES)
        if topic.trains(config):
            label = t("Load settings (.json) or weights (.safetensors) back, at most {most} MB", most=MEGABYTES)
        st.file_uploader(label, key=f"{topic.slug}:load", max_upload_size=MEGABYTES, on_change=_come, args=(topic,))
        outcome = state.get(key)
        if isinstance(outcome, Exception):
            reasons = [sentence(reason) for reason in getattr(outcome, "reasons", ())]
            words = sentence(outcome)
            if reasons:
                words = t("{problem} {reasons}.", problem=words, reasons=t("; ").join(reasons))
            st.error(words, icon=":material/error:")
        elif isinstance(outcome, str):
            st.success(t(outcome), icon=":material/check:")
        elif outcome is not None:
            other, link = outcome
            st.info(t("These settings are for another page, {title}.", title=t(other.title)), icon=":material/info:")
            st.page_link(page_of(other), label=t("Open {title} with them", title=t(other.title)), query_params=link)


def _come(topic: Topic) -> None:
    """Callback: a file has come, or was taken away."""
    state, key = st.session_state, f"{topic.slug}:loaded"
    file = state.get(f"{topic.slug}:load")
    if file is None:
        state.pop(key, None)
        return
    try:
        content = file.getvalue()
        load = load_settings if file.name.lower().endswith(".json") or content[:1] == b"{" else load_weights
        state[key] = load(topic, content)
    except KnobError as error:
        state[key] = error


def load_settings(topic: Topic, content: bytes) -> Any:
    """Set the page to the settings of a file; of another page's: (that topic, parameters of its link)."""
    from engine.contracts.knob import to_query
    from engine.data.settings import read_settings

    owner, config = read_settings(content)
    if owner.slug != topic.slug:
        return owner, to_query(config)
    change(topic, **{knob.name: getattr(config, knob.name) for knob in knobs(topic.config)})
    return "The settings of the file are set."


def load_weights(topic: Topic, content: bytes) -> str:
    """Keep the weights of a file and start this page's network from them, under the settings they were saved with.

    WeightsFileError if they cannot be used; then nothing has changed.
    """
    import json

    from engine.data.own_weights import WeightsFileError, check_fit, read_weights
    from engine.data.settings import read_texts

    weights = read_weights(content)
    config, saved = st.session_state[f"{topic.slug}:config"], weights.metadata
    if saved.get("topic", topic.slug) != topic.slug:
        other = catalogue().get(saved["topic"])
        raise WeightsFileError(
            "These weights belong to another page: {label}.", label=other.title if other else saved["topic"][:40]
        )
    if "config" in saved:
        try:
            config = read_texts(topic, json.loads(saved["config"]))
        except (ValueError, AttributeError, RecursionError) as error:
            raise (
                error
                if isinstance(error, KnobError)
                else WeightsFileError("Expected a safetensors file, but its header is damaged.")
            ) from None
    if not topic.trains(config):
        raise WeightsFileError("Nothing is trained here, so weights cannot be loaded; settings (.json) can.")
    check_fit(weights.tensors, shapes(topic.slug, _before(topic, config)))
    config = topic.training.starting_from(_before(topic, config), OWN.add(weights))
    change(topic, **{knob.name: getattr(config, knob.name) for knob in knobs(topic.config)})
    return "The network starts from the weights of the file; Train goes on with them."
