"""Values that travel in a script instead of the code that made them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Made = TypeVar("Made", bound=Callable[..., Any])


def embedded(function: Made) -> Made:
    """Mark a function of a Config whose value an exported script carries in place of the code that made it.

    For what a script could not make by itself: the pixels of a picture, which take a decoder, or a visitor's upload,
    which only this process has. The value is made of arrays, numbers, texts, None and tuples of these.
    """
    function.__embedded__ = True
    return function


def is_embedded(value: Any) -> bool:
    """Whether a function is marked by `embedded`."""
    return getattr(value, "__embedded__", False) is True
