"""Home: search, cards by group, a learning path. Everything comes from TOPICS; neither torch nor plotly is imported."""

from pages.components.parts.home import show_home

show_home()
