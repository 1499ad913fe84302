"""The style sheet, read once."""

from functools import cache
from pathlib import Path

import streamlit as st

_SHEET = Path(__file__).parents[2] / "assets" / "style.css"


@cache
def _style() -> str:
    return f"<style>{_SHEET.read_text('utf-8')}</style>"


def inject_style() -> None:
    """Put assets/style.css into the page."""
    st.html(_style())
