"""How our browser components reach the browser: their code, their words, and the mounting of one of them.

The JavaScript lives in assets/components and is served by `canvas_routes()` under /neurarium/<hash>/, where the hash
is that of all the code: the browser keeps it for ever, the modules find each other by relative imports and share one
core.js (one clock, one frame store) among all components. What Streamlit registers is only a stub that imports it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from engine.plots import theme
from engine.plots.pixels import pack
from pages.components.connection import connection_words
from pages.components.keyboard import words_by_language

if TYPE_CHECKING:
    from starlette.routing import Route

Fits = Callable[[str, Any], bool]

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "components"
EVENTS = {
    "pixels": ("cell", "frame"),
    "transport": ("frame",),
    "points": ("points", "spot"),
    "network": ("pick", "resize", "toggle"),
    "curves": (),
    "pad": ("drawing",),
    "crop": ("frame",),
    "bars": ("pick",),
    "chips": ("pick",),
    "choice": ("pick",),
    "runs": ("back", "drop"),
    "mosaic": ("pick",),
    "links": ("pick",),
    "matrices": ("edit",),
    "graph": ("pick",),
    "cloud": ("pick",),
}

# The blob that Streamlit makes of a component's code has no address, so the app's root is found from the address of
# Streamlit's own script: right behind server.baseUrlPath, behind a proxy that strips a prefix, and on deep links.
STUB = """const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
const script = loaded.find((name) => /\\/static\\/js\\/index\\./.test(name)) ?? document.querySelector('script[src*="static/js/"]').src;
const from = (name) => import(script.replace(/static\\/js\\/.*$/, "neurarium/%s/" + name));
export default async (component) => {
  const [module, { dress }] = await Promise.all([from("%s.js"), from("dress.js")]);
  dress(component.parentElement);
  return module.default(component);
};
"""  # noqa: E501 - JavaScript


@cache
def _assets() -> tuple[str, dict[str, bytes]]:
    """(hash of all the code, file name -> content): the modules as written; the palette and the words, made here."""
    files = {path.name: path.read_bytes() for path in sorted(FOLDER.glob("*.js"))}
    sheet = (FOLDER / "canvas.css").read_text("utf-8")
    files["sheet.js"] = _module("assets/components/canvas.css", "SHEET", sheet)
    files["palette.js"] = _module("engine/plots/theme.py", "PALETTE", theme.palette())
    files["words.js"] = _module("pages/components/keyboard.py", "WORDS", words_by_language())
    files["connection_words.js"] = _module("pages/components/connection.py", "CONNECTION", connection_words())
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(name.encode() + b"\0" + content + b"\0")
    return digest.hexdigest()[:12], files


def _module(source: str, name: str, value: Any) -> bytes:
    """JavaScript that exports a value."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return f"// Made from {source}.\nexport const {name} = {text};\n".encode()


def canvas_routes() -> list[Route]:
    """Routes for `st.App(..., routes=canvas_routes())`: /neurarium/<hash>/<name>.js, also behind server.baseUrlPath.

    Only the files known at start are served, by name, so no path can lead elsewhere. Cached for a year and immutable:
    another content has another hash. An unknown hash or name answers 404 and is not cached.
    """
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    async def serve(request: Request) -> Response:
        version, files = _assets()
        content = files.get(request.path_params["name"])
        if content is None or request.path_params["version"] != version:
            return Response("not found", 404, headers={"Cache-Control": "no-store"}, media_type="text/plain")
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
        return Response(content, headers=headers, media_type="text/javascript")

    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    prefixes = ["", f"/{base}"] if base else [""]
    return [Route(f"{prefix}/neurarium/{{version}}/{{name}}", serve, methods=["GET", "HEAD"]) for prefix in prefixes]


def module_paths() -> list[str]:
    """Where all modules are served, below the app's root."""
    version, files = _assets()
    return [f"neurarium/{version}/{name}" for name in sorted(files)]


def stub(name: str) -> str:
    """The JavaScript to register for a component whose module is assets/components/<name>.js."""
    version, files = _assets()
    if f"{name}.js" not in files:
        raise ValueError(f"no component {name!r}; there are {', '.join(sorted(files))}")
    return STUB % (version, name)


@cache
def component(name: str) -> Callable[..., Any]:
    return st.components.v2.component(f"neurarium_{name}", js=stub(name))


def words() -> dict[str, str]:
    """Every word the components show, in the reader's language. {k} and the like are filled in the browser."""
    from pages.components.language import language

    return _words_in(language())


@cache
def _words_in(language: str) -> dict[str, str]:
    """The words of `language`, which is the reader's: looked up once, for every component of every run asks."""
    from pages.components.language import t

    return {
        "language": language,
        "play": t("Play"), "pause": t("Pause"), "back": t("One step back"), "forward": t("One step forward"),
        "moment": t("Moment"), "speed": t("Speed"), "live": t("Live"),
        "frameOf": t("frame {frame} / {count} · step {step}", frame="{frame}", count="{count}", step="{step}"),
        "running": t("It runs."), "paused": t("It stands still: {moment}", moment="{moment}"),
        "row": t("row"), "column": t("column"), "layer": t("layer over it"), "highest": t("highest"),
        "ownRange": t("low to high, each picture its own range"),
        "ownSigned": t("negative to positive, each picture its own range"),
        "step": t("step"), "weight": t("weight"), "bias": t("bias"), "off": t("switched off"),
        "fewer": t("One neuron fewer"), "more": t("One neuron more"),
        "weightLegend": t("weights and values: negative to positive, strength by width"),
        "strongest": t("the {count} strongest of {total} weights", count="{count}", total="{total}"),
        "range": t("colours from {low} to {high}", low="{low}", high="{high}"),
        "clear": t("Clear"), "points": t("{count} of {most} points", count="{count}", most="{most}"),
        "train": t("train"), "test": t("test"), "full": t("No more than {most} points", most="{most}"),
        "pen": t("Pen"),
        "node": t("Node {name}", name="{name}"), "answer": t("answer"), "truth": t("truth"), "given": t("label given"),
        "graphLegend": t("disc: the answer, edge: the truth, outer ring: label given"),
        "graphTruth": t("disc: the answer, edge: the truth"),
        "point": t("point"),
        "frameAt": t("frame from {left} to {right} % across, {top} to {bottom} % down",
                     left="{left}", right="{right}", top="{top}", bottom="{bottom}"),
    }  # fmt: skip


def mount(
    name: str, key: str, meta: dict[str, Any], arrays: dict[str, Any], *, fits: Fits | None = None,
    **callbacks: Callable[[], None] | None,
) -> dict[str, Any]:  # fmt: skip
    """Shows the component; returns event -> what the reader did, None for nothing or for what does not fit.

    fits(event, value): whether it can mean anything in what is shown now. A click may come late, made on the picture
    before: the third layer of a network that has one by now. Such an event is dropped, and so is its callback.
    """
    if not key or "__" in key:
        raise ValueError(f"a component's key must be non-empty and without '__', got {key!r}")
    data = pack({**meta, "key": key, "text": words()}, arrays)
    handlers = {f"on_{event}_change": heard(key, event, callbacks.get(event), fits) for event in EVENTS[name]}
    result = component(name)(data=data, key=key, **handlers)
    return {event: value if fitting(fits, event, value := result.get(event)) else None for event in EVENTS[name]}


def heard(key: str, event: str, callback: Callable[[], None] | None, fits: Fits | None) -> Callable[[], None]:
    """`callback` behind the check of `fits` (see mount). Streamlit reports an event only where a callback is given.

    It lives until the next run of the page, so `fits` must not hold on to a picture.
    """

    def hear() -> None:
        if callback and fitting(fits, event, (st.session_state.get(key) or {}).get(event)):
            callback()

    return hear


def fitting(fits: Fits | None, event: str, value: Any) -> bool:
    """Whether an event can mean anything in what is shown; see mount."""
    if fits is None or value is None:
        return True
    try:  # the browser may send anything
        return bool(fits(event, value))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return False


def one_of(count: int) -> Fits:
    """For events that are the index of one of `count` things."""
    return lambda _, index: 0 <= index < count
