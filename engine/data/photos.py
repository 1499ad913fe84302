"""Sample photographs, all in the public domain, CC0 or CC BY; credits in assets/pictures/LICENCES.md."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path
from types import MappingProxyType

from engine.data.pictures import Picture, decode

FOLDER = Path(__file__).resolve().parent.parent.parent / "assets" / "pictures"


@dataclasses.dataclass(frozen=True)
class Photo:
    """A bundled photograph: its file in assets/pictures, its title, who took it and under which licence."""

    file: str
    title: str
    credit: str


PHOTOS = MappingProxyType(
    {
        "chelsea": Photo("chelsea.png", "A cat", "Stéfan van der Walt, CC0"),
        "coffee": Photo("coffee.png", "A cup of coffee", "Rachel Michetti, CC0"),
        "rocket": Photo("rocket.jpg", "A rocket", "SpaceX, public domain"),
        "flower": Photo("flower.jpg", "A flower", "vultilion, CC BY 2.0"),
        "china": Photo("china.jpg", "A temple", "danielbuechele, CC BY 2.0"),
        "camera": Photo("camera.png", "A photographer", "Lav Varshney, CC0"),
        "astronaut": Photo("astronaut.jpg", "An astronaut", "NASA, public domain"),
    }
)


@cache
def photo(name: str) -> Picture:
    """The sample `name`, one of PHOTOS, (H, W, 3) uint8 with at most 512 pixels a side. KeyError for any other."""
    content = (FOLDER / PHOTOS[name].file).read_bytes()
    return decode(content, PHOTOS[name].file)
