"""Every failure becomes one sentence in the reader's language, and one line with its config in the log."""

from __future__ import annotations

import logging
from typing import Any

import streamlit as st

from engine.contracts.knob import Rejected
from engine.contracts.pins import PARAMETER
from engine.contracts.topic import Topic
from engine.machinery.jobs import QueueFull
from pages.components.parts.language import gap, t

REMARK = "?"  # the name of a Rejected that is a whole sentence about the link, such as of names that nobody knows

logger = logging.getLogger("neurarium.pages")


def sentence(error: BaseException) -> str:
    """What went wrong, in the reader's language: expected failures by their own template, others by kind."""
    template = getattr(error, "template", None)
    if template is not None:
        values = {name: t(value) if name == "label" else value for name, value in getattr(error, "values", {}).items()}
        return t(template, **values)
    if isinstance(error, QueueFull):
        return t("Too many experiments are waiting just now. Please try again in a minute.")
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return t("This needs more memory than there is. Choose a smaller size.")
    if isinstance(error, (FloatingPointError, ZeroDivisionError)) or "nan" in str(error).lower().split():
        return t("A number grew beyond all bounds. A smaller learning rate or smaller values help.")
    if "shape" in str(error).lower() or "size" in str(error).lower():
        return t("The sizes of two arrays do not fit each other with these settings. Choose another size.")
    return t("Something went wrong on this page. Your settings are kept; change one and try again.")


def explain(error: BaseException, topic: Topic | None = None, config: Any = None) -> None:
    """Show the sentence and log the failure with its config."""
    expected = hasattr(error, "template")
    logger.log(
        logging.INFO if expected else logging.ERROR,
        "%s failed with %r: %r", topic.slug if topic else "a page", config, error, exc_info=None if expected else error,
    )  # fmt: skip
    st.error(sentence(error), icon=":material/error:")


def report_rejected(rejected: list[Rejected]) -> None:
    """Say which parts of a link could not be used."""
    for item in rejected:
        logger.info("link value rejected: %s=%r: %s", item.name, item.text, item.reason)
    lost = [item for item in rejected if item.name == PARAMETER]
    fallen_back = [item for item in rejected if item.name not in (PARAMETER, REMARK)]
    if remarks := [sentence(item.reason) for item in rejected if item.name == REMARK]:
        st.warning(gap().join(remarks), icon=":material/link_off:")
    if fallen_back:
        reasons = t("; ").join(sentence(item.reason) for item in fallen_back)
        st.warning(
            t("Part of this link could not be used, the default stands instead. {reasons}.", reasons=reasons),
            icon=":material/link_off:",
        )
    if lost:
        reasons = t("; ").join(sentence(item.reason) for item in lost)
        st.warning(
            t("Not all pinned runs of this link could be read; those are left out. {reasons}.", reasons=reasons),
            icon=":material/link_off:",
        )


def on_script_error(error: Exception) -> bool:
    """The last net under every page: one sentence instead of a traceback, the rest of the page stays."""
    slug = st.session_state.get("page")
    logger.error("page %s failed: config %r", slug, st.session_state.get(f"{slug}:config"), exc_info=error)
    st.error(sentence(error), icon=":material/error:")
    return True
