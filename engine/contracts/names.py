"""Names that a reader wrote and that nobody here knows: which they are, and which known ones they are near to."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from engine.contracts.knob import KnobError
from engine.contracts.sentences import quoted, visible

MOST_SHOWN = 4
LONGEST_SHOWN = 40  # letters of a name
# Names that others put into links and that mean nothing here: the frame's own, and marks of campaigns and messengers.
OTHERS = (
    "lang", "embed", "embed_options", "utm_*", "fbclid", "gclid", "gbraid", "wbraid", "dclid", "msclkid", "yclid",
    "ttclid", "twclid", "li_fat_id", "igsh", "igshid", "mc_cid", "mc_eid", "_ga", "_gl", "_hs*", "mtm_*", "pk_*", "ref",
    "spm", "from", "isappinstalled", "nsukey",
)  # fmt: skip


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that a name was perhaps meant to be; "" if none is like it."""
    if len(name) > LONGEST_SHOWN:
        return ""
    return next(iter(difflib.get_close_matches(name.lower(), list(known), 1, 0.7)), "")


def is_known(name: str, known: Iterable[str]) -> bool:
    """Whether a name is one of `known`: names, or patterns with a *."""
    return any(fnmatchcase(name, one) for one in known)


def check_names(names: Iterable[str], known: Iterable[str]) -> None:
    """KnobError naming the first few of `names` that are none of `known`, each with its nearest.

    known: names, or patterns with a *. Names of OTHERS are no concern of ours.
    """
    known = list(known)
    unknown = [name for name in names if not is_known(name, (*known, *OTHERS))]
    if not unknown:
        return
    hints = []
    for name in unknown[:MOST_SHOWN]:
        near = nearest(name, (one for one in known if "*" not in one))
        cut = visible(name if len(name) <= LONGEST_SHOWN else name[: LONGEST_SHOWN - 1] + "…")
        hints.append(f"“{cut}” ({near}?)" if near else f"“{cut}”")
    if len(unknown) > MOST_SHOWN:
        raise KnobError(
            "The link has names that this page does not know, so they change nothing: {names}, and {count} more.",
            names=", ".join(hints), count=len(unknown) - MOST_SHOWN,
        )  # fmt: skip
    raise KnobError(
        "The link has names that this page does not know, so they change nothing: {names}.", names=", ".join(hints)
    )


def check_once(query: Mapping[str, Sequence[str]], known: Iterable[str]) -> None:
    """KnobError naming the first few of `known` (names, or patterns with a *) that a link gives several values, and the
    last one of each, which holds."""
    known = list(known)
    several = {name: values[-1] for name, values in query.items() if len(set(values)) > 1 and is_known(name, known)}
    if not several:
        return
    pairs = [f"{visible(name)} = {quoted(value[:LONGEST_SHOWN])}" for name, value in several.items()]
    if len(pairs) > MOST_SHOWN:
        raise KnobError(
            "The link says some names more than once; the last of each holds: {names}, and {count} more.",
            names=", ".join(pairs[:MOST_SHOWN]), count=len(pairs) - MOST_SHOWN,
        )  # fmt: skip
    raise KnobError("The link says some names more than once; the last of each holds: {names}.", names=", ".join(pairs))
