"""The Download tab: figures, numbers, weights and settings as files, made when they are asked for; and the way back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import Any

import streamlit as st

from engine.contracts.blocks import Block
from engine.contracts.film import MOMENT
from engine.contracts.topic import Topic, load
from pages.components.own.weights import bring_back
from pages.components.parts.contents import notes, step_of, view_of
from pages.components.parts.controls import VIEW, looked_at
from pages.components.parts.language import drawn, language, number, t
from pages.components.parts.pins import config_now, is_live
from pages.components.parts.scripts import script_files
from pages.components.parts.taught import taught_words, teaching
from pages.components.pictures.canvas import choice
from pages.components.server.streamlit_inside import in_this_session

FIGURE_FORMATS = {"png": "image/png", "svg": "image/svg+xml", "html": "text/html"}
BOLD = re.compile(r"\*\*(.+?)\*\*")
LONGEST = 90  # characters of a picture's name in the list


def downloads(
    topic: Topic,
    config: Any,
    result: Any | Callable[[], Any] | None,
    blocks: Callable[[], Sequence[Block]] | None = None,
) -> None:
    """Everything to take away at the left, the way back at the right. No file is made before its button is pressed.

    result: a Result, or a function that makes it, or None while there is none. blocks: makes what the page shows.
    """
    away, back = st.columns([1.75, 1], gap="large")
    with away:
        if blocks is not None and result is not None:
            page_row(topic, result, blocks)
        worksheet_row(topic, blocks)
        script_row(topic, result)
        if result is not None:
            figure_row(topic, result)
            numbers_row(topic, result)
        weights_row(topic, config, result)
        with row(topic, "settings", t("Settings"), t("Every knob of this page; load it here again, or anywhere else.")):
            button(topic, "settings", "JSON", "json", "application/json", lambda: settings_file(topic))
    with back:
        bring_back(topic, config)


@contextmanager
def row(topic: Topic, name: str, title: str, words: str = ""):
    """One kind of file: what it is, and beside each other its buttons."""
    with st.container(key=f"{topic.slug}-download-{name}", gap="small"):
        st.html(f'<p class="download"><b>{title}</b> {words}</p>')
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            yield


def button(topic: Topic, name: str, label: str, ending: str, kind: str, make: Callable[[], bytes], **more: Any) -> None:
    """A button that makes a file when it is pressed, and hands it over under the topic's name."""
    st.download_button(
        label, in_this_session(make), f"{topic.slug}-{name}.{ending}", kind, icon=":material/download:",
        key=f"{topic.slug}:download:{name}:{ending}", on_click="ignore", **more,
    )  # fmt: skip


def resulting(result: Any | Callable[[], Any]) -> Any:
    """The Result itself."""
    return result() if callable(result) else result


def page_row(topic: Topic, result: Any, blocks: Callable[[], Sequence[Block]]) -> None:
    """What the page shows now, as a document."""
    words = t("What the page shows now, to print or hand out: pictures, explanations, formulas, numbers and settings.")
    with row(topic, "page", t("This page"), words):
        address = (st.context.url or "").partition("?")[0]
        button(topic, "page", "HTML", "html", "text/html", lambda: page_file(topic, result, blocks(), address))


def page_file(topic: Topic, result: Any, blocks: Sequence[Block], address: str) -> bytes:
    """Blocks and formulas in the reader's language, then the tables of numbers and settings."""
    from engine.data.rows import config_rows, quantity_rows
    from engine.pictures.comparison import last_step
    from engine.pictures.document import page_html

    made = resulting(result)
    caption = caption_now(topic, drawn("This page"), last_step(made), address, looked_at(topic))
    tables = {"Numbers": quantity_rows(made, drawn), "Settings": config_rows(now(topic), drawn)}
    blocks_and_formulas = [*blocks, *topic.formulas_of(made)]
    return page_html(topic.title, topic.question, {}, tables, blocks_and_formulas, language(), caption).encode()


def worksheet_row(topic: Topic, blocks: Callable[[], Sequence[Block]] | None) -> None:
    """The lesson to print."""
    words = t("The lesson to print: its questions with room to answer, and the key on a page of its own.")
    if teaching(topic).hidden:
        words = t("The lesson to print: its questions with room to answer.")
    with row(topic, "worksheet", t("Worksheet"), words):
        address, tongue = (st.context.url or "").partition("?")[0], language()

        def make() -> bytes:
            from engine.pictures.worksheet import worksheet_html

            page_blocks = blocks() if blocks is not None else ()
            lesson, asked = taught_words(topic, tongue), teaching(topic)
            return worksheet_html(
                topic.title,
                topic.question,
                lesson,
                page_blocks,
                address,
                tongue,
                asked=asked.query(),
                key=not asked.hidden,
            ).encode()

        button(topic, "worksheet", "HTML", "html", "text/html", make)


def script_row(topic: Topic, result: Any | Callable[[], Any] | None) -> None:
    """The whole experiment as code."""
    words = t(
        "The whole experiment in one file: model, data, run, numbers and figures, with this configuration and seed. "
        "It needs PyTorch, NumPy and Plotly, and says at its top which files of trained weights it reads."
    )
    formulas = (lambda: formulas_text(topic, result)) if topic.formulas and result is not None else str
    script, notebook = script_files(topic, lambda: now(topic), formulas)
    with row(topic, "script", t("Script"), words):
        button(topic, "script", t("Python script"), "py", "text/x-python", script)
        button(topic, "notebook", t("Jupyter notebook"), "ipynb", "application/x-ipynb+json", notebook)


def formulas_text(topic: Topic, result: Any) -> str:
    """The formulas with the numbers of the Result, as Markdown."""
    from engine.pictures.document import markdown

    return markdown(topic.formulas_of(resulting(result)), language())


def figure_row(topic: Topic, result: Any) -> None:
    """A list of all pictures, first those on the page, and a button for each format."""
    page_pictures, state = notes(), st.session_state
    names = {key: picture.title or picture.alt for key, picture in page_pictures.items()}
    names = {key: drawn("On this page: {what}", what=name) for key, name in names.items()}
    names |= {f"figure {name}": drawn("Whole run: {what}", what=t(topic.figure_title(name))) for name in topic.figures}
    keys, place, kept = list(names), f"{topic.slug}-download-figure", f"{topic.slug}:download:figure"
    chosen = state.get(kept) if state.get(kept) in keys else keys[0]

    def pick() -> None:
        index = state[place].get("pick")
        if index is not None and index < len(keys):
            state[kept] = keys[index]

    with row(topic, "figures", t("Figures"), t("With legend and captions; SVG keeps lines and words sharp.")):
        choice(
            [name if len(name) <= LONGEST else name[: LONGEST - 1] + "…" for name in names.values()], place,
            label=t("Figure"), chosen=keys.index(chosen), on_pick=pick, width=380,
        )  # fmt: skip
        address = (st.context.url or "").partition("?")[0]
        name = chosen.removeprefix("figure ").removeprefix(f"{topic.slug}-").replace(" ", "-")
        for ending, kind in FIGURE_FORMATS.items():
            button(
                topic, name, ending.upper(), ending, kind,
                lambda ending=ending: figure_bytes(topic, result, chosen, ending, address),
            )  # fmt: skip


def figure_bytes(topic: Topic, result: Any, key: str, ending: str, address: str) -> bytes:
    """One figure as a file: one on the page as it is looked at, or one of the topic's own."""
    from engine.pictures.files import figure_file

    picture = notes().get(key)
    if picture is not None:
        alt = f"{picture.title}. {picture.alt}" if picture.title and picture.title != picture.alt else picture.alt
        title = BOLD.sub(r"\1", picture.title or picture.alt)
        caption = caption_now(topic, title, step_of(picture, topic.slug), address, looked_at(topic))
        return figure_file(picture.figure, ending, alt=alt, say=drawn, caption=caption, **view_of(picture))
    from engine.pictures.comparison import last_step

    name, made = key.removeprefix("figure "), resulting(result)
    title = drawn(topic.figure_title(name))
    caption = caption_now(topic, title, last_step(made), address, {})
    figure = topic.load(topic.figures[name])(made)
    return figure_file(figure, ending, alt=f"{drawn(topic.title)}: {title}", say=drawn, caption=caption)


def caption_now(topic: Topic, title: str, step: int | None, address: str, looks: dict[str, str]) -> Any:
    """The caption of a figure of the page's run; its link comes to the step shown, also while the training goes on."""
    from engine.data.captions import caption_of

    config, moment = now(topic), VIEW + MOMENT
    looks = {name: value for name, value in looks.items() if name != moment}
    if not topic.trains(config):
        step = None
    elif step is not None and step < topic.training.goes(config):
        if is_live(topic):
            config = topic.training.at(config, step)
        else:
            looks[moment] = str(step)
    return caption_of(topic, config, title, step=step, address=address, looks=looks, language=language())


def numbers_row(topic: Topic, result: Any) -> None:
    """Every quantity of the Result, as CSV and as NPZ."""
    with row(topic, "numbers", t("Numbers"), t("All quantities of the Numbers tab, with named axes and units.")):
        button(topic, "numbers", "CSV (ZIP)", "zip", "application/zip", lambda: numbers_zip(result))
        button(topic, "numbers", "NPZ", "npz", "application/octet-stream", lambda: numbers_npz(topic, result))


def numbers_zip(result: Any) -> bytes:
    """See engine.data.numbers.csv_zip."""
    from engine.data.numbers import csv_zip

    return csv_zip(resulting(result).quantities())


def numbers_npz(topic: Topic, result: Any) -> bytes:
    """See engine.data.numbers.npz."""
    from engine.data.numbers import npz
    from engine.data.settings import all_texts

    made = resulting(result)
    return npz(made.quantities(), {"topic": topic.slug, "config": all_texts(now(topic))})


def weights_row(topic: Topic, config: Any, result: Any) -> None:
    """The weights of this run, if it trains; and the shipped ones that the page uses, with their licence."""
    if topic.trains(config) and result is not None:
        words = t("The network as it is now; load it back to train on from there.")
        with row(topic, "weights", t("Weights"), words):
            button(
                topic, "weights", "safetensors", "safetensors", "application/octet-stream",
                lambda: weights_file(topic, result),
            )  # fmt: skip
    folder = load("engine.weights:FOLDER") if topic.shipped else None
    for name in topic.shipped:
        card = json.loads((folder / f"{name}.json").read_text("utf-8"))
        megabytes = (folder / f"{name}.safetensors").stat().st_size / 1e6
        words = t("{title}; licence: {licence}; {size} MB.", title=card["title"], licence=card["licence"],
                  size=number(megabytes, 2))  # fmt: skip
        with row(topic, f"shipped-{name}", t("Shipped weights"), words):
            button(
                topic, name, "safetensors", "safetensors", "application/octet-stream",
                lambda name=name: (folder / f"{name}.safetensors").read_bytes(),
            )  # fmt: skip
            button(
                topic, f"{name}-licence", t("Licence"), "txt", "text/plain",
                lambda name=name: (folder / f"{name}.LICENSE").read_bytes(), type="tertiary",
            )  # fmt: skip


def weights_file(topic: Topic, result: Any) -> bytes:
    """The network of the Result as safetensors, with topic, settings and step in its metadata."""
    from engine.data.own_weights import write_weights
    from engine.data.settings import all_texts
    from engine.pictures.comparison import last_step

    made, config = resulting(result), now(topic)
    state = topic.load(topic.training.network)(config, made).state_dict()
    tensors = {name: value.cpu() for name, value in state.items()}
    return write_weights(tensors, topic.slug, all_texts(config), last_step(made))


def settings_file(topic: Topic) -> bytes:
    """The Config as it is now."""
    from engine.data.settings import write_settings

    return write_settings(topic, now(topic))


def now(topic: Topic) -> Any:
    """The page's Config at this moment, with the steps trained since the page was drawn."""
    return config_now(topic)
