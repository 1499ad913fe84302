"""Files from a reader whose page is a frame of somebody else's."""

from __future__ import annotations

import streamlit as st

from pages.components.parts.language import t


def files_can_come() -> bool:
    """Whether the browser may send files to this server; where not, the reader is told where it may.

    A browser sends no SameSite=Lax cookie from a frame of another site, and without that of XSRF Streamlit takes no
    file. With `server.xsrfCookieSameSite = "none"`, which works over https alone, it is sent.
    """
    if not st.context.is_embedded or str(st.get_option("server.xsrfCookieSameSite")).lower() == "none":
        return True
    st.caption(t("Within another page no file can be sent. Open the whole page: the link is at the bottom."))
    return False
