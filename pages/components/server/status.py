"""How full the server is: /status for people, /status.json for machines. Counts and bytes, nothing of what visitors do.

Not in the menu. Every number stands beside the bound it has, where it has one.
"""

from __future__ import annotations

import asyncio
import dataclasses
import html
import threading
import time
from collections import Counter
from functools import cache
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse

from engine.contracts.axes import bytes_of
from engine.machinery.device import available_devices
from engine.machinery.job import ACTIVE_STATES, Job
from engine.machinery.memory import resident_bytes
from engine.machinery.own import OWN
from pages.components.parts.language import LANGUAGES, in_every_language
from pages.components.server.compute import JOBS, STORE
from pages.components.server.security import STYLED
from pages.components.server.settings import settings
from pages.components.server.streamlit_inside import FILES_BYTES, files_kept, sessions, widgets_kept
from pages.components.server.visitors import STORED_SESSIONS

STARTED = time.monotonic()
REFRESH_SECONDS = 5
# name -> (what it is, its unit, the name of its bound)
ROWS = {
    "visitors": ("Visitors connected", "", "visitors_limit"),
    "visitors_away": ("Visitors who lost the connection and may come back", "", "visitors_away_limit"),
    "session_bytes": ("Settings and views of all visitors, at most", "bytes", ""),
    "widgets": ("Widgets of all visitors", "", ""),
    "largest_session_bytes": ("Settings and views of the largest visitor, at most", "bytes", ""),
    "running": ("Experiments that run", "", "running_limit"),
    "queued": ("Experiments that wait", "", "queued_limit"),
    "paused": ("Experiments that are paused", "", ""),
    "begun": ("Experiments with a model in memory", "", "begun_limit"),
    "history_bytes": ("Snapshots of all experiments", "bytes", "history_limit"),
    "store_bytes": ("Results that visitors share", "bytes", "store_limit"),
    "shown_bytes": ("Older results that open pages still show", "bytes", ""),
    "own_bytes": ("What visitors brought", "bytes", "own_limit"),
    "files_bytes": ("Uploaded files", "bytes", "files_limit"),
    "resident_bytes": ("Memory of this process", "bytes", ""),
    "workers": ("Worker processes", "", "workers_limit"),
    "workers_bytes": ("Memory of the worker processes", "bytes", ""),
    "threads": ("Threads", "", ""),
    "uptime": ("Seconds since the start", "", ""),
    "backend": ("Where experiments run", "", ""),
    "device": ("Device", "", ""),
}


def status() -> dict[str, Any]:
    """All numbers by the names in ROWS and their bounds; None where this machine or Streamlit does not tell."""
    states = Counter(job.state for job in JOBS.jobs())
    workers = getattr(JOBS.backend, "workers", [])
    here, away = sessions()
    sizes = [_size_of_state(session) for session in (*here, *away)]
    files = files_kept()
    return {
        "visitors": len(here),
        "visitors_limit": settings().sessions,
        "visitors_away": len(away),
        "visitors_away_limit": STORED_SESSIONS,
        "session_bytes": sum(sizes),
        "widgets": widgets_kept(),
        "largest_session_bytes": max(sizes, default=0),
        **{state: states[state] for state in ACTIVE_STATES},
        "running_limit": JOBS.running_limit,
        "queued_limit": JOBS.waiting_limit,
        "begun": JOBS.begun,
        "begun_limit": JOBS.streams_limit,
        "history_bytes": JOBS.history_bytes_held,
        "history_limit": JOBS.all_history_bytes,
        "store_results": len(STORE),
        "store_bytes": STORE.bytes_held,
        "shown_bytes": STORE.bytes_on_pages,
        "store_limit": STORE.budget_bytes,
        "own": len(OWN),
        "own_bytes": OWN.bytes_held,
        "own_limit": OWN.budget_bytes,
        "files": sum(map(len, files.values())),
        "files_bytes": sum(len(file.data) for kept in files.values() for file in kept.values()),
        "files_limit": FILES_BYTES,
        "resident_bytes": resident_bytes(),
        "workers": len(workers),
        "workers_limit": JOBS.streams_limit if workers else 0,
        "workers_bytes": sum(resident_bytes(worker.process.pid) or 0 for worker in workers),
        "threads": threading.active_count(),
        "uptime": round(time.monotonic() - STARTED),
        "backend": settings().backend,
        "device": available_devices()[0],
    }


def _size_of_state(session: Any) -> int:
    """Bytes that a session's state leads to. Results that it shares with the store and with others count fully."""
    state = session.session_state
    values = [*list(state._old_state.values()), *list(state._new_session_state.values())]
    ids: set[int] = set()
    return sum(_size(value, ids) for value in values)


def _size(value: Any, ids: set[int]) -> int:
    if id(value) in ids:
        return 0
    ids.add(id(value))
    if isinstance(value, Job):
        return value.bytes_held
    if hasattr(value, "nbytes") or isinstance(value, (str, bytes)):
        return bytes_of(value)
    if isinstance(value, dict):
        return bytes_of({}) + sum(_size(part, ids) for pair in list(value.items()) for part in pair)
    if isinstance(value, (list, tuple)):
        return bytes_of([]) + sum(_size(part, ids) for part in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return sum(_size(getattr(value, field.name), ids) for field in dataclasses.fields(value))
    return bytes_of(value)


# ---------------------------------------------------------------- as a page


async def status_json(request: Request) -> JSONResponse:
    """All numbers, for machines."""
    return JSONResponse(await asyncio.to_thread(status), headers={"Cache-Control": "no-store"})


async def status_page(request: Request) -> HTMLResponse:
    """The same for people; looks again every REFRESH_SECONDS, and needs no script. In the language of ?lang=, as the
    pages, else of the browser."""
    numbers = await asyncio.to_thread(status)
    chinese = request.headers.get("accept-language", "").lower().startswith("zh")
    asked = request.query_params.get("lang")
    language = asked if asked in LANGUAGES else "zh" if chinese else "en"
    return HTMLResponse(page_of(numbers, language), headers=STYLED)


def page_of(numbers: dict[str, Any], language: str = "en") -> str:
    """The status page as HTML."""
    rows = []
    for name, (meaning, unit, bound) in ROWS.items():
        limit, value = numbers.get(bound), numbers[name]
        meter = f'<meter max="{limit}" value="{value}" high="{0.9 * limit}"></meter>' if limit else ""
        rows.append(
            f'<tr><th scope="row">{html.escape(_word(meaning, language))}</th><td>{_amount(value, unit)}</td>'
            f"<td>{_amount(limit, unit) if limit is not None else ''}</td><td>{meter}</td></tr>"
        )
    heads = "".join(f'<th scope="col">{_word(text, language)}</th>' for text in ("What", "Now", "At most"))
    title = _word("Status of this server", language)
    tongues = "".join(
        f'<a href="?lang={tongue}" lang="{tongue}" aria-current="{str(tongue == language).lower()}">{name}</a>'
        for tongue, name in LANGUAGES.items()
    )
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta http-equiv="refresh" content="{REFRESH_SECONDS}"><meta name="viewport" content="width=device-width">'
        f"<title>{title} · Neurarium</title><style>{_style()}</style></head><body>"
        f'<nav><a href="./?lang={language}">← Neurarium</a><span>{tongues}</span></nav><main><h1>{title}</h1>'
        f"<table><thead><tr>{heads}<th></th></tr></thead><tbody>{''.join(rows)}</tbody></table></main></body></html>"
    )


@cache
def _style() -> str:
    """The style sheet, in the colours of the pages."""
    names = {"back": "backgroundColor", "text": "textColor", "line": "borderColor", "panel": "secondaryBackgroundColor"}
    colours = "".join(f"--{name}: light-dark({_theme('light', option)}, {_theme('dark', option)});"
                      for name, option in {**names, "primary": "primaryColor"}.items())  # fmt: skip
    return f":root {{ {colours} }}\n{STYLE}"


def _theme(kind: str, option: str) -> str:
    return st.get_option(f"theme.{kind}.{option}") or st.get_option(f"theme.{option}")


STYLE = """:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; background: var(--back); color: var(--text); }
body { max-width: 46rem; margin: 0 auto; padding: .6rem 1rem 2rem; }
nav { display: flex; justify-content: space-between; align-items: center; flex-wrap: wrap; gap: .5rem; }
a { color: var(--primary); text-decoration: none; display: inline-block; padding: .6rem .8rem; border-radius: .6rem; }
a:hover { background: var(--panel); } a:focus-visible { outline: 2px solid var(--primary); }
nav > a { margin-left: -.8rem; font-weight: 600; } a[aria-current=true] { font-weight: 600; border: 1px solid var(--primary); }
h1 { font-size: 1.9rem; line-height: 1.2; margin: .4rem 0 1rem; font-weight: 650; }
table { border-collapse: collapse; width: 100%; } th { text-align: left; font-weight: 400; }
thead th { font-weight: 600; } tr + tr { border-top: 1px solid var(--line); }
td { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
thead th:nth-child(n + 2) { text-align: right; } th, td { padding: .25rem .5rem; } meter { width: 6rem; }
@media (max-width: 480px) { h1 { font-size: 1.3rem; } meter { display: none; } tbody th { min-width: 8rem; } }"""  # noqa: E501 - CSS


@cache
def _word(english: str, language: str) -> str:
    return in_every_language(english)[language == "zh"]


def _amount(value: Any, unit: str) -> str:
    if value is None:
        return "–"
    if unit == "bytes":
        return f"{value / 1e6:,.1f} MB"
    return html.escape(str(value))
