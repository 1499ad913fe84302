"""What a file seems to be, told by its first bytes, for the sentence that says what came instead."""

from __future__ import annotations

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF87a", "a GIF picture"),
    (b"GIF89a", "a GIF picture"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP or office document"),
    (b"BM", "a BMP picture"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"8BPS", "a Photoshop document"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "a JPEG XL picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"FUJIFILMCCD-RAW", "a camera's raw photo"),
    (b"IIU\x00", "a camera's raw photo"),  # Panasonic
    (b"IIRO", "a camera's raw photo"),  # Olympus
    (b"MMOR", "a camera's raw photo"),
    (b"BZh", "a compressed archive"),
    (b"\xfd7zXZ\x00", "a compressed archive"),
    (b"7z\xbc\xaf", "a compressed archive"),
    (b"Rar!\x1a\x07", "a compressed archive"),
    (b"\x28\xb5\x2f\xfd", "a compressed archive"),
    (b"ID3", "a sound"),
    (b"OggS", "a sound"),
    (b"fLaC", "a sound"),
    (b"\x1aE\xdf\xa3", "a film"),
)
_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_WORDS = (b"BM", b"BZh", b"ID3")  # a text may begin so too
_RIFF = {b"WEBP": "a WebP picture", b"AVI ": "a film", b"WAVE": "a sound"}
# Major and compatible brands of ISO base media files (ISO/IEC 14496-12, 23008-12), as registered at mp4ra.org.
_BRANDS = {
    b"crx ": "a camera's raw photo",  # Canon CR3
    b"avif": "an AVIF picture", b"avis": "an AVIF picture",
    b"heic": "a HEIC photo", b"heix": "a HEIC photo", b"heim": "a HEIC photo", b"heis": "a HEIC photo",
    b"hevc": "a HEIC photo", b"hevx": "a HEIC photo", b"hevm": "a HEIC photo", b"hevs": "a HEIC photo",
    b"M4A ": "a sound", b"M4B ": "a sound", b"M4P ": "a sound", b"F4A ": "a sound", b"F4B ": "a sound",
    b"jp2 ": "a JPEG 2000 picture", b"jpx ": "a JPEG 2000 picture", b"jxl ": "a JPEG XL picture",
}  # fmt: skip
_STILL = (b"mif1", b"msf1", b"mif2", b"miaf")  # a still picture; which one, another brand says


def kind_of(content: bytes) -> str:
    """What a file seems to be, in words ("an SVG drawing", "text", "a HEIC photo"); only the beginning is looked at."""
    head = content[:1024]
    for signature, kind in _SIGNATURES:
        if head.startswith(signature) and (signature not in _WORDS or min(head) < 9):
            return kind
    if head.startswith(_TIFF):
        return _tiff_kind(content)
    if head.startswith(b"RIFF") and head[8:12] in _RIFF:
        return _RIFF[head[8:12]]
    if head[4:8] == b"ftyp":
        return _media_kind(head)
    if head[4:8] in (b"moov", b"mdat", b"wide", b"skip", b"free"):  # QuickTime before it had brands
        return "a film"
    if len(head) > 3 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2 and head[2] & 0xF0 not in (0x00, 0xF0):
        return "a sound"  # frames of MPEG audio without a header
    try:
        text = head.decode("utf-8", errors="strict" if len(content) <= 1024 else "ignore").lower()
    except UnicodeDecodeError:
        return "something else"
    if "<svg" in text:
        return "an SVG drawing"
    if "<html" in text or "<!doctype html" in text:
        return "a web page"
    printable = sum(character.isprintable() or character.isspace() for character in text)
    return "text" if text and printable >= 0.95 * len(text) and printable >= 0.9 * len(head) / 4 else "something else"


def _media_kind(head: bytes) -> str:
    """By the major brand; where that only says "a still picture", by the compatible ones."""
    length = min(max(16, int.from_bytes(head[:4], "big")), 256)
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, length - 3, 4))]
    if brands[0] in _BRANDS:
        return _BRANDS[brands[0]]
    if brands[0] in _STILL:
        return next((_BRANDS[brand] for brand in brands[1:] if brand in _BRANDS), "a HEIC photo")
    return "a film"


def _tiff_kind(content: bytes) -> str:
    """Cameras' raw photos are TIFF too: DNG says so by a tag of its own, Canon right behind the header, others by
    their maker's name among the first bytes and photos in sub-directories or of the sensor's own kind."""
    if content[8:10] == b"CR":
        return "a camera's raw photo"
    order = "little" if content[:2] == b"II" else "big"

    def number(at: int, size: int) -> int:
        return int.from_bytes(content[at : at + size], order)

    start = number(4, 4)
    tags = {}
    for entry in range(start + 2, start + 2 + 12 * min(number(start, 2), 200), 12):
        tags[number(entry, 2)] = number(entry + 8, 2)
    dng, sub_directories, photometric, compression = 50706, 330, tags.get(262), tags.get(259)
    sensor = photometric in (32803, 34892) or compression in (34713, 32767, 65535)  # colour filter array; Nikon, Sony
    maker = any(name in content[:4096] for name in (b"NIKON", b"SONY", b"PENTAX", b"Hasselblad", b"Phase One"))
    raw = dng in tags or sensor or (maker and sub_directories in tags)
    return "a camera's raw photo" if raw else "a TIFF picture"
