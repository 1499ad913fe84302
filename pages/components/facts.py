"""Small tables of texts, and what the colours of a picture mean, each as one element."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st


def facts(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A small table. Texts may hold simple HTML and come from the program alone, never from a reader."""
    lines = ["".join(f"<td>{cell}</td>" for cell in row) for row in rows]
    top = "".join(f"<th>{name}</th>" for name in head)
    st.html(f'<table class="facts"><tr>{top}</tr>{"".join(f"<tr>{line}</tr>" for line in lines)}</table>')


def colour_key(names: Mapping[str, str]) -> None:
    """A line that says what each colour ("#RRGGBB") means."""
    parts = [f'<span><i style="background:{colour}"></i>{name}</span>' for colour, name in names.items()]
    st.html(f'<p class="keys">{"".join(parts)}</p>')
