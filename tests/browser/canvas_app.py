"""`streamlit run tests/browser/canvas_app.py`: every canvas component with known arrays, one a view (?show=pixels)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import streamlit as st

from pages.components.pictures.mount import canvas_routes
from pages.components.server.web import web_routes

app = st.App(Path(__file__).with_name("canvas_script.py"), routes=[*canvas_routes(), *web_routes()])
