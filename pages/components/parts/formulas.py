"""Formulas with live numbers: the one door through which they reach the page."""

from __future__ import annotations

import streamlit as st

from engine.contracts.formula import ABOUT_REST, Formula, has_rest
from pages.components.parts.language import t


def show_formulas(*formulas: Formula | None) -> None:
    """Formulas under one another; where a sum is not written out, a line that says how its rest is shown."""
    lines = [formula for formula in formulas if formula is not None]
    for formula in lines:
        st.latex(formula.latex)
    if any(map(has_rest, lines)):
        st.caption(t(ABOUT_REST))
