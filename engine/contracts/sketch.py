"""Draw what you expect: a question of a lesson that is answered on the axes of the picture that will come.

A step of a lesson may have a sketch beside its choices. The reader draws in the place of one of the page's pictures;
then the page runs, that picture stands there with what they drew in it, and the difference is said. `reads` takes the
drawing for one of the choices, so that it is right or wrong like any other answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from engine.contracts.words import Words

Drawn = Sequence[float]


class Sketch(Protocol):
    """What a reader draws.

    picture: the name of the picture in whose place they draw. board(picture): the empty axes; over(picture, drawn): the
    picture with the drawing in it; truth(result): what would have to be drawn; difference(drawn, result): how far the
    two lie apart, as Words; reads(drawn, result): the choice that the drawing comes to.
    """

    picture: str

    def board(self, picture: Any) -> Any: ...

    def over(self, picture: Any, drawn: Drawn) -> Any: ...

    def truth(self, result: Any) -> Drawn: ...

    def difference(self, drawn: Drawn, result: Any) -> Words: ...

    def reads(self, drawn: Drawn, result: Any) -> str: ...
