"""What is said of a link beside the values of its knobs: names that nobody knows, names said twice, lost signs, a
language that there is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import streamlit as st

from engine.contracts.knob import KnobError, Rejected, check_signs
from engine.contracts.names import check_names, check_once
from pages.components.parts.errors import REMARK
from pages.components.parts.language import LANGUAGES

LANGUAGE = "lang"


def remarks_on_link(
    known: Iterable[str], several: Iterable[str] = (), config_type: type | None = None
) -> list[Rejected]:
    """What there is to say of the present link; empty if all is well.

    known: names, or patterns with a *, that the page knows; several: those of them that may come more than once.
    config_type: the Config whose texts are among them.
    """
    query, known = {name: st.query_params.get_all(name) for name in st.query_params}, list(known)
    checks: list[Callable[[], None]] = [
        partial(check_names, query, known),
        partial(check_once, query, [*(name for name in known if name not in several), LANGUAGE]),
    ]
    if config_type is not None:
        checks.append(partial(check_signs, config_type, {name: values[-1] for name, values in query.items()}))
    remarks = [Rejected(REMARK, "", reason) for check in checks if (reason := _reason(check)) is not None]
    asked = st.query_params.get(LANGUAGE)
    if asked is not None and asked not in LANGUAGES:
        values: dict[str, Any] = {"label": "Language", "choices": ", ".join(LANGUAGES), "value": asked[:40]}
        reason = KnobError("{label}: expected one of {choices}, got {value!r}", **values)
        remarks.append(Rejected(LANGUAGE, asked[:80], reason))
    return remarks


def _reason(check: Callable[[], None]) -> KnobError | None:
    try:
        check()
    except KnobError as reason:
        return reason
    return None
