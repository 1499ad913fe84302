"""No file that is allowed takes much memory, alone or four at once: measured in a process of its own, at the largest
size that is allowed of each kind."""

import io
import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data.pictures import MAXIMUM_BYTES, MAXIMUM_MEMORY, MAXIMUM_PIXELS, PictureError, decode

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc tells how much memory a process had")

ROOT = Path(__file__).parents[2]
MOST = 150_000_000  # bytes above what stood

MEASURE = """
import json, sys, threading
from pathlib import Path
from PIL import Image
from engine.data.pictures import decode
import io

def memory(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))

for kind in ("PNG", "JPEG", "WEBP", "GIF"):  # codecs loaded
    file = io.BytesIO()
    Image.new("RGB", (64, 64)).save(file, kind)
    decode(file.getvalue())
contents = [Path(sys.argv[1]).read_bytes() for _ in range(int(sys.argv[2]))]
Path("/proc/self/clear_refs").write_text("5")  # the high-water mark begins anew
before, shapes = memory("VmRSS"), []
def work(content):
    shapes.append(decode(content).rgb.shape)
threads = [threading.Thread(target=work, args=(content,)) for content in contents]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(json.dumps({"above": memory("VmHWM") - before, "shapes": shapes}))
"""


def measured(content: bytes, folder: Path, times: int = 1) -> dict:
    file = folder / "picture"
    file.write_bytes(content)
    command = [sys.executable, "-c", MEASURE, str(file), str(times)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def texture(channels: int, height: int, width: int) -> np.ndarray:
    """(H, W, channels) uint8: blocks of random colours, so that it compresses and still is a picture."""
    blocks = np.random.default_rng(0).integers(0, 256, (height // 64 + 1, width // 64 + 1, channels), np.uint8)
    return blocks.repeat(64, 0).repeat(64, 1)[:height, :width]


def png(width: int, height: int, depth: int, colour: int, channels: int, *, interlaced: bool = False) -> bytes:
    """A PNG file written chunk by chunk, in any depth; as one row repeated, or (interlaced) of zeros."""
    row = np.random.default_rng(1).integers(0, 256, width * channels * depth // 8 // 64, np.uint8).repeat(64).tobytes()
    row = (b"\0" + row.ljust(width * channels * depth // 8, b"\0")) if not interlaced else b""
    packer, parts = zlib.compressobj(1), []
    if interlaced:  # Adam7: seven smaller pictures one after the other
        for x, y, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
                             (0, 1, 1, 2)):  # fmt: skip
            line = bytes(1 + -(-(width - x) // dx) * channels * depth // 8)
            parts += [packer.compress(line * -(-(height - y) // dy))]
    else:
        parts += [packer.compress(row * 64) for _ in range(height // 64)] + [packer.compress(row * (height % 64))]
    parts.append(packer.flush())

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    palette = chunk(b"PLTE", bytes(range(256)) * 3) if colour == 3 else b""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + palette + chunk(b"IDAT", b"".join(parts)) + chunk(b"IEND", b"")


def saved(pixels: np.ndarray, kind: str, mode: str | None = None, **options) -> bytes:
    file = io.BytesIO()
    image = Image.fromarray(pixels)
    (image if mode is None else image.convert(mode)).save(file, kind, **options)
    return file.getvalue()


def largest(bytes_a_pixel: float) -> tuple[int, int]:
    """Width and height of the largest picture that is allowed, three to two."""
    pixels = min(MAXIMUM_PIXELS, MAXIMUM_MEMORY / bytes_a_pixel) * 0.99
    width = int((pixels * 1.5) ** 0.5)
    return width, int(pixels / width)


MADE = {
    "16-bit grey PNG": lambda: png(*largest(2), 16, 0, 1),
    "16-bit RGB PNG": lambda: png(*largest(4), 16, 2, 3),
    "16-bit RGBA PNG": lambda: png(*largest(4), 16, 6, 4),
    "RGB PNG": lambda: png(*largest(4), 8, 2, 3),
    "RGBA PNG": lambda: png(*largest(4), 8, 6, 4),
    "grey and alpha PNG": lambda: png(*largest(4), 8, 4, 2),
    "palette PNG": lambda: png(*largest(1), 8, 3, 1),
    "black and white PNG": lambda: saved(texture(1, *largest(1)[::-1])[..., 0] > 127, "PNG"),
    "interlaced PNG": lambda: png(*largest(4), 8, 6, 4, interlaced=True),
    "JPEG": lambda: saved(texture(3, *largest(0.1)[::-1]), "JPEG", quality=80),
    "CMYK JPEG": lambda: saved(texture(4, *largest(0.1)[::-1]), "JPEG", "CMYK", quality=80),
    "progressive JPEG": lambda: saved(texture(3, *largest(3.3)[::-1]), "JPEG", progressive=True, quality=80),
    "progressive JPEG, full colours": lambda: saved(
        texture(3, *largest(6.3)[::-1]), "JPEG", progressive=True, subsampling=0, quality=80
    ),
    "lossless WebP": lambda: saved(texture(4, *largest(21.1)[::-1]), "WEBP", lossless=True, method=0),
    "WebP": lambda: saved(texture(3, *largest(21.1)[::-1]), "WEBP", method=0),
    "GIF": lambda: saved(texture(1, *largest(1)[::-1])[..., 0], "GIF"),
}


@pytest.mark.parametrize("kind", MADE)
def test_the_largest_picture_of_each_kind_takes_little_memory(kind, tmp_path):
    content = MADE[kind]()
    assert len(content) <= MAXIMUM_BYTES
    found = measured(content, tmp_path)
    assert len(found["shapes"]) == 1
    assert found["above"] < MOST, f"{found['above'] / 2**20:.0f} MB"


def test_four_at_once_take_hardly_more_than_one(tmp_path):
    found = measured(MADE["16-bit grey PNG"](), tmp_path, times=4)
    assert len(found["shapes"]) == 4
    assert found["above"] < MOST, f"{found['above'] / 2**20:.0f} MB"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda: png(7000, 5000, 8, 2, 3), "7000 × 5000 pixels that need 133 MB; save it as a JPEG, or smaller."),
        (
            lambda: saved(texture(3, 5700, 8700), "JPEG", progressive=True),
            "progressive JPEG of 8700 × 5700 that needs 144 MB; save it as a plain (baseline) JPEG, or smaller.",
        ),
        (lambda: saved(texture(3, 3000, 4000), "WEBP", method=0), "4000 × 3000 pixels that need 240 MB"),
    ],
)
def test_what_would_take_more_is_refused_before_it_is_decoded(content, words):
    with pytest.raises(PictureError) as caught:
        decode(content())
    assert words in str(caught.value)
