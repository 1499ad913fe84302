"""The frame around every page: configuration, language, navigation. A new topic needs no change here."""

from pathlib import Path

import streamlit as st

from engine.contracts.topic import GROUPS
from pages.components.parts.language import adopt_language, t
from pages.components.parts.topics import page_of, page_to_go_to, topics_with_pages
from pages.components.parts.unknown import forget_unknown, go_home_if_unknown

ICON = Path(__file__).parents[1] / "assets" / "icon.png"

st.set_page_config(page_title="Neurarium", page_icon=str(ICON), layout="wide", initial_sidebar_state="collapsed")
adopt_language()

navigation = {"": [st.Page("home.py", title=t("Home"), icon=":material/home:", default=True)]}
navigation[""].append(st.Page("glossary.py", title=t("Glossary"), icon=":material/dictionary:", visibility="hidden"))
for group in GROUPS:
    if pages := [page_of(topic) for topic in topics_with_pages() if topic.group == group]:
        navigation[t(group)] = pages
go_home_if_unknown(page for pages in navigation.values() for page in pages)
page = st.navigation(navigation, position="hidden" if st.context.is_embedded else "top")
if (asked := page_to_go_to()) is not None:
    st.switch_page(asked)
if page.url_path:
    forget_unknown()
st.set_page_config(page_title=f"{page.title} · Neurarium")
page.run()
