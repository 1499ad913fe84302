"""Our own browser components that are no pictures, one function each: the bar of a film, lists and buttons, the pad.

How they reach the browser is in mount.py. Keys are per page and must not contain two underscores in a row (Streamlit
uses them to separate events from keys).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from engine.contracts.film import Frames
from engine.pictures.kinds import one_of
from pages.components.parts.contents import note, note_clock
from pages.components.pictures.mount import component, heard, mount

if TYPE_CHECKING:
    import numpy as np


def transport(
    key: str, frames: Frames, *, report: bool = True, on_frame: Callable[[], None] | None = None, moment: str = "",
    hold: str = "",
) -> int | None:  # fmt: skip
    """The transport bar alone; drives all components of `frames.clock`. Returns the index of the frame it was let go
    at, None before. report=False: never asks for a rerun, the browser alone follows. moment: what the bar says, with
    {frame}, {count} and {step}, where its steps are not those of a training. hold: CSS selector of the button that ends
    a run; what is seen when it is pressed stays."""
    meta = {"alt": "", "frames": frames.meta(), "report": report, "moment": moment, "hold": hold}
    result = mount("transport", key, meta, {}, {"frame": on_frame})
    note_clock(frames.clock, None if result["frame"] == -1 else result["frame"])  # -1: it follows the run
    return result["frame"]


def status_line(
    key: str, frames: Frames, lines: Sequence[str], *, tail: str = "", veiled: bool = False, width: Any = "content"
) -> None:
    """The live numbers of a run: of the moment that the clock of `frames` shows. lines: HTML, one for each frame; tail:
    HTML behind all of them."""
    import numpy as np

    text = np.frombuffer("\n".join(lines).encode(), np.uint8)
    meta = {"alt": "", "frames": frames.meta(), "tail": tail, "veiled": veiled}
    mount("status", key, meta, {"text": text}, {}, width=width)


def chips(
    names: Sequence[str], key: str, *, label: str, on_pick: Callable[[], None], pressed: int | None = None
) -> None:
    """A row of small round buttons, `pressed` the present one; on_pick finds the index in state[key]["pick"].

    One element for Streamlit however many there are: a Streamlit button each would cost every change of the page 4 ms.
    """
    data = {"names": list(names), "label": label, "pressed": pressed}
    component("chips")(data=data, key=key, on_pick_change=heard(key, "pick", on_pick, one_of(len(names))))


def choice(
    names: Sequence[str],
    key: str,
    *,
    label: str,
    chosen: int,
    on_pick: Callable[[], None],
    as_buttons: bool = False,
    show_label: bool = False,
    help: str = "",
    disabled: bool = False,
    width: Any = "stretch",
    cookies: Sequence[str] = (),
) -> None:
    """One of `names`, as a list to open or as a row of buttons; on_pick finds the index in state[key]["pick"]. cookies:
    what the browser keeps of each choice, "name=value".

    The browser's own list and buttons: Streamlit's cost every change of the page 3 to 4 ms each.
    """
    data = {"names": list(names), "label": label, "chosen": chosen, "buttons": as_buttons, "showLabel": show_label,
            "help": help, "disabled": disabled, "cookies": list(cookies)}  # fmt: skip
    hear = heard(key, "pick", on_pick, one_of(len(names)))
    component("choice")(data=data, key=key, on_pick_change=hear, width=width)


def step_card(data: dict[str, Any], key: str, *, on_event: Callable[[], None]) -> None:
    """The card of a lesson, see lesson.py and step.js; on_event finds in state[key] what was pressed: "choose" and "go"
    with a number, "again", "leave"."""
    handlers = {f"on_{event}_change": heard(key, event, on_event, None) for event in ("choose", "go", "again", "leave")}
    component("step")(data=data, key=key, **handlers)


def path_list(data: dict[str, Any], key: str, *, on_order: Callable[[], None], known: Collection[str]) -> None:
    """The reader's path, see path.py and path.js; on_order finds in state[key]["order"] the slugs, each once."""

    def fits(_: str, order: Any) -> bool:
        return len(set(order)) == len(order) and known.issuperset(order)

    component("path")(data=data, key=key, on_order_change=heard(key, "order", on_order, fits))


def open_one(
    names: Sequence[str], key: str, *, label: str, chosen: int | None, on_pick: Callable[[], None], bring: int = 0
) -> None:
    """Tabs of which one or none is open; on_pick finds in state[key]["pick"] which was pressed. bring: another number
    than before, but not 0, brings them to the top of the window."""
    component("tabs")(data={"names": list(names), "label": label, "chosen": chosen, "bring": bring}, key=key,
                      on_pick_change=heard(key, "pick", on_pick, one_of(len(names))))  # fmt: skip


def runs(
    rows: Sequence[dict[str, Any]], key: str, *, label: str, back: str, drop: str, on_back: Callable[[], None],
    on_drop: Callable[[], None],
) -> None:  # fmt: skip
    """Runs to go back to or to drop, one a row: {"label", "colour", "name", "here": can be gone back to, "pinned"}.

    back, drop: what the buttons say. The callbacks find the row's number in state[key]["back"] and state[key]["drop"].
    """
    data = {"rows": list(rows), "label": label, "back": back, "drop": drop}
    fits = one_of(len(rows))
    handlers = {
        f"on_{event}_change": heard(key, event, callback, fits)
        for event, callback in (("back", on_back), ("drop", on_drop))
    }
    component("runs")(data=data, key=key, **handlers)


def chart(figure: Any, key: str, *, alt: str) -> None:
    """A Plotly figure, for what no canvas component draws: charts off the stage, points in space."""
    st.plotly_chart(figure, key=key, alt=alt)
    note(key, figure, alt=alt)


def drawing_pad(
    pixels: np.ndarray,
    key: str,
    *,
    alt: str,
    revision: str = "",
    height: int | None = None,
    on_drawing: Callable[[], None] | None = None,
) -> np.ndarray:
    """A pad to draw on, 0 paper and 255 ink; returns the drawing, uint8 of the shape of `pixels`.

    pixels: (rows, columns) uint8, what lies on the pad; it counts whenever `revision` is new, after that the reader's
    own strokes do. Mouse, finger, or keys: arrows move the pen, Space draws (held: a line), Delete clears. Ink comes in
    the four levels 0, 85, 170 and 255. height: most CSS pixels of the pad itself. on_drawing runs when a stroke ends.
    """
    drawn = drawing_of(key, pixels.shape, revision)
    meta = {"alt": alt, "revision": revision, "height": height}
    mount("pad", key, meta, {"pixels": pixels}, {"drawing": on_drawing})
    return pixels if drawn is None else drawn


def drawing_of(key: str, shape: tuple[int, ...], revision: str | None = None) -> np.ndarray | None:
    """What was last drawn on the pad `key`, uint8 of `shape`; None if nothing (since `revision`), or it is not whole.

    For use in `on_drawing`, before the pad itself is drawn again.
    """
    import base64
    import binascii

    import numpy as np

    sent = (st.session_state.get(key) or {}).get("drawing")
    if not sent or (revision is not None and sent.get("revision") != revision):
        return None
    try:  # the browser may send anything
        raw = base64.b64decode(sent["pixels"], validate=True)
    except (KeyError, TypeError, binascii.Error, ValueError):
        return None
    return np.frombuffer(raw, np.uint8).reshape(shape) if len(raw) == shape[0] * shape[1] else None
