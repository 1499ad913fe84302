"""Sample photographs, all in the public domain, CC0 or CC BY; credits in assets/pictures/LICENCES.md."""

from __future__ import annotations

import dataclasses
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import Image

from engine.data.pictures import SAMPLE, Picture, PictureError, decode
from engine.machinery.own import OWN, UPLOAD

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
        "coffee": Photo("coffee.png", "Coffee", "Rachel Michetti, CC0"),
        "rocket": Photo("rocket.jpg", "A rocket", "SpaceX, public domain"),
        "flower": Photo("flower.jpg", "A flower", "vultilion, CC BY 2.0"),
        "china": Photo("china.jpg", "A temple", "danielbuechele, CC BY 2.0"),
        "camera": Photo("camera.png", "Cameraman", "Lav Varshney, CC0"),
        "astronaut": Photo("astronaut.jpg", "An astronaut", "NASA, public domain"),
    }
)


@cache
def photo(name: str) -> Picture:
    """The sample `name`, one of PHOTOS, (H, W, 3) uint8 with at most 512 pixels a side. KeyError for any other."""
    content = (FOLDER / PHOTOS[name].file).read_bytes()
    return decode(content, PHOTOS[name].file)


def find_picture(key: str) -> Picture:
    """The picture behind `sample:<name>` or `upload:<sha256, 16 digits>`.

    Raises PictureError if there is no such sample or this process does not have the upload.
    """
    if key.startswith(SAMPLE):
        name = key.removeprefix(SAMPLE)
        if name not in PHOTOS:
            raise PictureError(
                "Expected one of the samples {samples}, got {name!r}.", samples=", ".join(PHOTOS), name=name[:40]
            )
        return photo(name)
    if key.startswith(UPLOAD):
        picture = OWN.get(key, Picture)
        if picture is None:
            raise PictureError("This link's picture is not on this server; upload it again or choose a sample.")
        return picture
    raise PictureError("Expected sample:<name> or upload:<number>, got {key!r}.", key=key[:40])


@lru_cache(maxsize=64)
def thumbnail(name: str, side: int = 96) -> np.ndarray:
    """The middle square of a sample, or of the upload with this key, (side, side, 3) uint8."""
    rgb = find_picture(name).rgb if ":" in name else photo(name).rgb
    height, width = rgb.shape[:2]
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    image = Image.fromarray(np.ascontiguousarray(rgb[top : top + edge, left : left + edge]))
    return np.array(image.resize((side, side), Image.Resampling.LANCZOS))
