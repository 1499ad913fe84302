"""How our browser components reach the browser: their code, their words, and the mounting of one of them.

The JavaScript lives beside each kind of picture (engine/pictures/<kind>) and, where it is of none or of all, in
assets/components. `canvas_routes()` serves it all under /neurarium/<hash>/, where the hash is that of all the code: the
browser keeps it for ever, the modules find each other by relative imports and share one core.js (one clock, one frame
store) among all components. What Streamlit registers is only a stub that imports it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from engine.contracts.languages import LANGUAGES, drawn_in
from engine.pictures import theme
from engine.pictures.kinds import Fits, kinds
from engine.pictures.packing import pack
from pages.components.parts.contents import note
from pages.components.parts.keyboard import words_by_language
from pages.components.parts.language import language
from pages.components.server.connection import connection_words

if TYPE_CHECKING:
    from starlette.routing import Route

Hear = Callable[[], None] | None

FOLDER = Path(__file__).resolve().parents[3] / "assets" / "components"

# What the components of assets/components say, which are no pictures, and the parts that pictures share; {k} and the
# like are filled in the browser.
SHARED = {
    "play": "Replay",
    "pause": "Pause",
    "back": "One step back",
    "forward": "One step forward",
    "moment": "Moment",
    "speed": "Speed",
    "live": "Live",
    "frameOf": "frame {frame} / {count} · step {step}",
    "running": "It runs.",
    "paused": "Paused: {moment}",
    "row": "row",
    "column": "column",
    "clear": "Clear",
    "pen": "Pen",
    "frameAt": "frame from {left} to {right} % across, {top} to {bottom} % down",
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
    scripts = [*sorted(FOLDER.glob("*.js")), *(path for kind in kinds().values() for path in kind.scripts)]
    files = {path.name: path.read_bytes() for path in scripts}
    if len(files) < len(scripts):
        raise ValueError("expected every JavaScript file to have a name of its own")
    styles = [FOLDER / "canvas.css", *(path for kind in kinds().values() for path in kind.styles)]
    sheet = "".join(path.read_text("utf-8") for path in styles)
    files["sheet.js"] = _module("assets/components/canvas.css and engine/pictures/*/*.css", "SHEET", sheet)
    files["palette.js"] = _module("engine/pictures/theme.py", "PALETTE", theme.palette())
    files["words.js"] = _module("pages/components/parts/keyboard.py", "WORDS", words_by_language())
    files["texts.js"] = _module("engine/pictures/*/kind.py", "TEXTS", texts_by_language())
    files["connection_words.js"] = _module("pages/components/server/connection.py", "CONNECTION", connection_words())
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
    """The JavaScript to register for a component whose module is <name>.js."""
    version, files = _assets()
    if f"{name}.js" not in files:
        raise ValueError(f"no component {name!r}; there are {', '.join(sorted(files))}")
    return STUB % (version, name)


@cache
def component(name: str) -> Callable[..., Any]:
    return st.components.v2.component(f"neurarium_{name}", js=stub(name))


def texts_by_language() -> dict[str, dict[str, dict[str, str]]]:
    """{"en": {"shared": {"play": "Replay", …}, "graph": {"node": "Node {name}", …}, …}, "zh": …}."""
    texts = {"shared": SHARED} | {kind.name: kind.words for kind in kinds().values()}
    return {
        language: {
            owner: {name: drawn_in(text, {}, language) for name, text in words.items()}
            for owner, words in texts.items()
        }
        for language in LANGUAGES
    }


def mount(
    name: str, key: str, meta: Mapping[str, Any], arrays: Mapping[str, Any], callbacks: Mapping[str, Hear], *,
    fits: Fits | None = None, width: Any = "stretch",
) -> dict[str, Any]:  # fmt: skip
    """Shows the component; returns event -> what the reader did, None for nothing or for what does not fit.

    callbacks: of every event that the component has; None for one that nobody asks for. fits(event, value): whether it
    can mean anything in what is shown now. A click may come late, made on the picture before: the third layer of a
    network that has one by now. Such an event is dropped, and so is its callback.
    """
    if not key or "__" in key:
        raise ValueError(f"a component's key must be non-empty and without '__', got {key!r}")
    data = pack({**meta, "key": key, "kind": name, "language": language()}, arrays)
    handlers = {f"on_{event}_change": heard(key, event, hear, fits) for event, hear in callbacks.items()}
    result = component(name)(data=data, key=key, width=width, **handlers)
    return {event: value if fitting(fits, event, value := result.get(event)) else None for event in callbacks}


def put(
    picture: Any,
    key: str,
    *,
    title: str = "",
    picked: Any = None,
    height: int | None = None,
    click: bool = True,
    group: str = "",
    revision: str = "",
    noted: bool = True,
    hear: Hear = None,
) -> dict[str, Any]:
    """Shows a picture of any kind that our own JavaScript draws; returns what `mount` does.

    title: a line above it. picked: what is drawn as picked, in the picture's own terms. height: most CSS pixels to use
    (None: about a screen's stage). click=False: read-out only, a click asks for no rerun. group: pictures of one group
    show the same things: what is picked or pointed at in one is so in all at once. revision: a name for content that a
    reader may replace; what was drawn in the browser stays as long as it is the same. noted: whether the Download tab
    offers it. hear: runs when a reader does something with it, and finds what in state[key][event].
    """
    kind = kinds()[type(picture)]
    if title and not kind.titled:
        st.caption(title)
    meta, arrays = kind.payload(picture)
    meta = {**meta, "title": title if kind.titled else "", "picked": picked, "height": height, "click": click,
            "group": group or key, "revision": revision}  # fmt: skip
    result = mount(kind.name, key, meta, arrays, dict.fromkeys(kind.events, hear), fits=kind.fits(picture))
    if noted and (kind.sheet or kind.figure):  # a field to type a number into is no picture to keep
        note(key, picture, title=title if kind.titled else "", picked=picked)
    return result


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
