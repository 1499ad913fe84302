"""What files of cameras and editors carry besides pixels: profiles, gamma, notes, orientation; and broken ends."""

import hashlib
import io
import re
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from engine.data.file_kinds import kind_of
from engine.data.photos import photo
from engine.data.picture_files import read_jpeg, read_png
from engine.data.picture_pixels import LONG_SIDE, LONGEST_SIDE, ORIENTATION, SHORT_SIDE, kept_size
from engine.data.pictures import PictureError, decode
from engine.machinery.own import OWN
from engine.topics.image_classifier.card import TOPIC

CAT = photo("chelsea").rgb
XYZ = {  # of the primaries, adapted to D50: columns of the matrices in the profiles of these names
    "Display P3": [[0.51512, 0.24120, -0.00105], [0.29198, 0.69225, 0.04189], [0.15710, 0.06657, 0.78407]],
    "Adobe RGB": [[0.60974, 0.31111, 0.01947], [0.20528, 0.62567, 0.06087], [0.14919, 0.06322, 0.74457]],
}
SRGB_TO_D50 = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])


def matrix_profile(name: str, gamma: float = 2.2) -> bytes:
    """A display profile of three primaries and one gamma (ICC.1:2001-04, 6.3.1.2), written by hand."""

    def number(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    white = b"XYZ \0\0\0\0" + number(0.9642) + number(1.0) + number(0.8249)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    label = b"desc\0\0\0\0" + struct.pack(">I", len(name) + 1) + name.encode() + b"\0" + bytes(78)
    tags = {b"desc": label, b"cprt": b"text\0\0\0\0none\0", b"wtpt": white}
    for channel, values in zip(b"rgb", XYZ[name], strict=True):
        tags[bytes([channel]) + b"XYZ"] = b"XYZ \0\0\0\0" + b"".join(map(number, values))
        tags[bytes([channel]) + b"TRC"] = curve
    table, body, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for tag, data in tags.items():
        table += tag + struct.pack(">II", at + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(">I4sI4s4s4s12s4s", at + len(body), bytes(4), 0x02100000, b"mntr", b"RGB ", b"XYZ ",
                       struct.pack(">6H", 2026, 1, 1, 0, 0, 0), b"acsp")  # fmt: skip
    head = head.ljust(68, b"\0") + number(0.9642) + number(1.0) + number(0.8249)
    return head.ljust(128, b"\0") + table + body


def light_of(rgb: np.ndarray) -> np.ndarray:
    """sRGB (IEC 61966-2-1) decoded: (…) uint8 -> float from 0 to 1."""
    value = rgb / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def in_space(rgb: np.ndarray, name: str, gamma: float = 2.2) -> np.ndarray:
    """sRGB colours as values of another space, by the formulas and not by a colour engine."""
    xyz = light_of(rgb) @ SRGB_TO_D50.T
    linear = np.clip(xyz @ np.linalg.inv(np.array(XYZ[name]).T).T, 0, 1)
    return np.rint(255 * linear ** (1 / gamma)).astype(np.uint8)


def encoded(pixels, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    (Image.fromarray(pixels) if isinstance(pixels, np.ndarray) else pixels).save(file, kind, **options)
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunk(png: bytes, kind: bytes, data: bytes) -> bytes:
    """A PNG with one more chunk right behind its header."""
    return png[:33] + chunk(kind, data) + png[33:]


def error(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(int) - b).mean())


# Colours


@pytest.mark.parametrize("name", XYZ)
@pytest.mark.parametrize(("kind", "options", "most"), [
    ("PNG", {}, 0.6), ("WEBP", {"lossless": True}, 0.6), ("JPEG", {"quality": 98, "subsampling": 0}, 1.5),
])  # fmt: skip
def test_colours_of_a_profile_become_srgb(name, kind, options, most):
    stored = in_space(CAT, name)
    assert error(stored, CAT) > 3  # read as sRGB they would be wrong
    content = encoded(stored, kind, icc_profile=matrix_profile(name), **options)
    assert error(decode(content).rgb, CAT) < most


def test_the_answer_does_not_hang_on_the_profile():

    best = []
    for content in (encoded(CAT), encoded(in_space(CAT, "Display P3"), icc_profile=matrix_profile("Display P3"))):
        key = OWN.add(decode(content))
        found = TOPIC.load(TOPIC.run)(TOPIC.config(picture=key)).probabilities
        best.append((int(found.argmax()), float(found.max())))
    assert best[0][0] == best[1][0]
    assert best[0][1] == pytest.approx(best[1][1], abs=0.02)


@pytest.mark.parametrize("profile", [b"no profile", b"\0" * 200, matrix_profile("Display P3")[:150],
                                     ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()])  # fmt: skip
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_profile_that_is_damaged_or_of_other_colours_changes_nothing(profile, kind):
    small = CAT[:64, :64]
    options = {"lossless": True} if kind == "WEBP" else {}
    bare = decode(encoded(small, kind, **options)).rgb
    assert np.array_equal(decode(encoded(small, kind, icc_profile=profile, **options)).rgb, bare)


def test_a_damaged_chunk_of_a_profile_changes_nothing():
    plain = encoded(CAT[:32, :32])
    for data in (b"", b"name", b"name\0\0", b"name\0\0" + b"xyz" * 9, b"name\0\x01" + zlib.compress(b"a"),
                 b"name\0\0" + zlib.compress(bytes(10 * 2**20))):  # fmt: skip
        assert np.array_equal(decode(with_chunk(plain, b"iCCP", data)).rgb, CAT[:32, :32])


def test_a_profile_also_counts_with_transparency_palettes_and_grey():
    stored = in_space(CAT, "Display P3")
    profile = matrix_profile("Display P3")
    rgba = np.dstack([stored, np.full(stored.shape[:2], 255, np.uint8)])
    assert error(decode(encoded(rgba, icc_profile=profile)).rgb, CAT) < 0.6
    image = Image.fromarray(stored).quantize(256)
    by_hand = decode(encoded(np.asarray(image.convert("RGB")), icc_profile=profile)).rgb
    assert np.array_equal(decode(encoded(image, icc_profile=profile)).rgb, by_hand)
    grey = CAT[..., 1].copy()
    assert np.array_equal(decode(encoded(grey, icc_profile=profile)).rgb[..., 0], grey)  # does not fit: ignored


@pytest.mark.parametrize("gamma", [1.0, 0.55556, 0.4])
def test_a_gamma_is_undone(gamma):
    """Oracle: the light that each value stands for, before and after."""
    values = np.tile(np.arange(256, dtype=np.uint8), (2, 1))
    content = with_chunk(encoded(values), b"gAMA", struct.pack(">I", round(gamma * 100_000)))
    light = light_of(decode(content).rgb[0, :, 0])
    assert np.abs(light - (np.arange(256) / 255) ** (1 / gamma)).max() < 0.005


def test_the_usual_gamma_or_the_name_of_srgb_changes_nothing():
    values = np.tile(np.arange(256, dtype=np.uint8), (2, 1))
    for gamma in (45455, 45000, 0, 1, 4_000_000_000):  # 1 / 2.2, and what makes no sense
        assert np.array_equal(
            decode(with_chunk(encoded(values), b"gAMA", struct.pack(">I", gamma))).rgb[..., 0], values
        )
    named = with_chunk(with_chunk(encoded(values), b"gAMA", struct.pack(">I", 100_000)), b"sRGB", b"\0")
    assert np.array_equal(decode(named).rgb[..., 0], values)


def test_sixteen_bit_grey_with_gamma_and_a_transparent_value():
    values = np.array([[0, 1000, 30_000, 30_001, 65_535]], np.uint16)
    plain = encoded(Image.fromarray(values))
    clear = decode(with_chunk(plain, b"tRNS", struct.pack(">H", 30_000))).rgb[0, :, 0]
    assert clear.tolist() == [0, 4, 255, 117, 255]  # exactly one value is clear, and lies on white
    linear = with_chunk(plain, b"gAMA", struct.pack(">I", 100_000))
    light = light_of(decode(linear).rgb[0, :, 0])
    assert np.abs(light - values[0] / 65535).max() < 0.005


def test_sixteen_bit_colours_with_a_transparent_one():
    rows = b"".join(b"\0" + struct.pack(">6H", 40_000, 20_000, 10_000, 0xFF00, 0x1200, 0x3400) for _ in range(2))
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 16, 2, 0, 0, 0))
    png += chunk(b"tRNS", struct.pack(">3H", 40_000, 20_000, 10_000)) + chunk(b"IDAT", zlib.compress(rows))
    rgb = decode(png + chunk(b"IEND", b"")).rgb
    assert rgb[0].tolist() == [[255, 255, 255], [255, 0x12, 0x34]]


def test_cmyk_is_read_by_its_profile_if_it_has_one_that_fits():
    cmyk = Image.fromarray(CAT).convert("CMYK")
    content = encoded(cmyk, "JPEG", quality=95)
    assert error(decode(content).rgb, CAT) < 4
    wrong = encoded(cmyk, "JPEG", quality=95, icc_profile=matrix_profile("Display P3"))
    assert np.array_equal(decode(wrong).rgb, decode(content).rgb)


# Transparency


def test_light_ink_on_nothing_lies_on_black_where_contrast_is_asked_for():
    ink = np.zeros((20, 20), np.uint8)
    ink[5:15, 8:12] = 255
    white = encoded(np.dstack([np.full((20, 20, 3), 255, np.uint8), ink]))
    assert (decode(white).rgb == 255).all()  # lost
    picture = decode(white, contrasting=True)
    assert np.array_equal(picture.rgb[..., 0], ink)
    assert picture.sha256 != decode(white).sha256 == hashlib.sha256(white).hexdigest()  # two pictures of one file
    black = encoded(np.dstack([np.zeros((20, 20, 3), np.uint8), ink]))
    assert np.array_equal(decode(black, contrasting=True).rgb[..., 0], 255 - ink)
    assert decode(black, contrasting=True).key == decode(black).key
    opaque = encoded(np.full((20, 20, 4), 255, np.uint8))
    assert (decode(opaque, contrasting=True).rgb == 255).all()


# Notes, ends, animations


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt"])
def test_notes_of_any_length_damage_nothing(kind):
    text = bytes(np.random.default_rng(0).integers(65, 90, 3 * 2**20, np.uint8))
    data = {b"tEXt": b"Comment\0" + text, b"zTXt": b"Comment\0\0" + zlib.compress(text, 1),
            b"iTXt": b"XML:com.adobe.xmp\0\0\0\0\0" + text}[kind]  # fmt: skip
    content = with_chunk(encoded(CAT), kind, data)
    assert len(content) > 2**20
    assert np.array_equal(decode(content).rgb, CAT)
    broken = bytearray(content)
    broken[40] ^= 255  # its sum is wrong now; nobody needs it
    assert np.array_equal(decode(bytes(broken)).rgb, CAT)
    bomb = with_chunk(encoded(CAT), b"zTXt", b"Comment\0\0" + zlib.compress(bytes(200 * 2**20), 1))
    assert np.array_equal(decode(bomb).rgb, CAT)


def refused(content: bytes) -> None:
    with pytest.raises(PictureError, match="Expected a whole picture, but this file is cut off or damaged"):
        decode(content)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"optimize": True}])
def test_a_jpeg_may_lack_its_end_but_nothing_of_the_picture(options):
    content = encoded(CAT, "JPEG", quality=85, **options)
    whole = decode(content).rgb
    assert content.endswith(b"\xff\xd9")
    for missing in (1, 2):
        assert np.array_equal(decode(content[:-missing]).rgb, whole)
    assert np.array_equal(decode(content + b"something behind").rgb, whole)
    for share in (0.3, 0.5, 0.8, 0.95):
        refused(content[: int(share * len(content))])


def test_a_png_may_lack_its_end_but_nothing_of_the_picture():
    content = encoded(CAT)
    for missing in (1, 4, 8, 12):
        assert np.array_equal(decode(content[:-missing]).rgb, CAT)
    for share in (0.3, 0.8, 0.99):
        refused(content[: int(share * len(content))])


def test_of_an_animated_png_the_still_picture_is_taken():
    frames = [Image.new("RGB", (6, 4), colour) for colour in ("red", "lime", "blue")]
    inside = encoded(frames[0], save_all=True, append_images=frames[1:])
    apart = encoded(frames[0], save_all=True, append_images=frames[1:], default_image=True)
    assert b"acTL" in inside
    assert b"acTL" in apart
    for content in (inside, apart):
        assert decode(content).rgb.reshape(-1, 3).tolist() == [[255, 0, 0]] * 24
        assert b"acTL" not in read_png(content).content


# Orientation


def xmp(number: int, style: str) -> bytes:
    inner = {
        "attribute": f'<rdf:Description tiff:Orientation="{number}"/>',
        "element": f"<rdf:Description><tiff:Orientation>{number}</tiff:Orientation></rdf:Description>",
    }
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>{inner[style]}</rdf:RDF></x:xmpmeta>'.encode()


@pytest.mark.parametrize("style", ["attribute", "element"])
@pytest.mark.parametrize("kind", ["PNG", "PNG compressed", "JPEG", "WEBP"])
def test_an_orientation_that_only_xmp_tells_is_applied_too(kind, style):
    stored = CAT[:40, :64]
    if kind == "PNG":
        content = with_chunk(encoded(stored), b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(6, style))
    elif kind == "PNG compressed":
        text = zlib.compress(xmp(6, style))
        content = with_chunk(encoded(stored), b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + text)
    else:
        options = {"quality": 100} if kind == "JPEG" else {"lossless": True}
        content = encoded(stored, kind, xmp=xmp(6, style), **options)
    picture = decode(content)
    assert picture.rgb.shape == (64, 40, 3)
    assert error(picture.rgb, np.rot90(stored, -1)) < (4 if kind == "JPEG" else 0.01)


def test_exif_goes_before_xmp():
    exif = Image.Exif()
    exif[ORIENTATION] = 3
    notes = PngImagePlugin.PngInfo()
    notes.add_itxt("XML:com.adobe.xmp", xmp(6, "attribute").decode())
    stored = CAT[:40, :64]
    assert np.array_equal(decode(encoded(stored, exif=exif, pnginfo=notes)).rgb, stored[::-1, ::-1])


# Sizes


@pytest.mark.parametrize(
    ("size", "kept"),
    [((1024, 700), (1024, 700)), ((300, 451), (300, 451)), ((4000, 3000), (1024, 768)), ((3000, 4000), (768, 1024)),
     ((10_000, 1000), (4096, 410)), ((8000, 1000), (3328, 416)), ((20_000, 300), (4096, 61)),
     ((2500, 400), (2500, 400)), ((1, 1), (1, 1)), ((9000, 1), (4096, 1))],
)  # fmt: skip
def test_the_size_that_is_kept(size, kept):
    assert kept_size(*size) == kept
    assert kept_size(*size[::-1]) == kept[::-1]
    assert max(kept) <= LONGEST_SIDE
    assert kept[0] * kept[1] <= LONGEST_SIDE * SHORT_SIDE
    assert max(kept) <= LONG_SIDE or min(kept) <= SHORT_SIDE


def test_a_panorama_keeps_what_the_models_see():
    """Its middle, as sharp as in a picture of the middle alone."""
    middle = np.asarray(Image.fromarray(CAT).resize((600, 400)))
    wide = np.zeros((400, 4000, 3), np.uint8)
    wide[:, 1700:2300] = middle
    rgb = decode(encoded(wide)).rgb
    assert rgb.shape == (400, 4000, 3)
    assert np.array_equal(rgb[:, 1700:2300], middle)


def test_a_photo_of_fifty_megapixels_is_taken():
    large = Image.fromarray(CAT).resize((8192, 6144), Image.Resampling.BILINEAR)
    content = encoded(large, "JPEG", quality=70)
    rgb = decode(content).rgb
    assert rgb.shape == (768, 1024, 3)
    expected = np.asarray(Image.fromarray(CAT).resize((1024, 768), Image.Resampling.BILINEAR))
    assert error(rgb, expected) < 3


def test_what_the_markers_of_a_jpeg_say():
    for options, planes, whole in (
        ({}, 1.5, False),
        ({"subsampling": 0}, 3, False),
        ({"progressive": True}, 1.5, True),
    ):
        found = read_jpeg(encoded(CAT, "JPEG", **options))
        assert (found.width, found.height) == (451, 300)
        assert (found.planes, found.whole) == (planes, whole)
    assert read_jpeg(encoded(CAT[..., 0].copy(), "JPEG")).planes == 1
    for content in (b"\xff\xd8\xff", b"\xff\xd8\xff\xd9", b"\xff\xd8" + b"\xff" * 50, b"\xff\xd8\xff\xe0\xff\xff"):
        assert read_jpeg(content) is None


# Other files by their names


def media(major: bytes, *compatible: bytes) -> bytes:
    body = b"ftyp" + major + bytes(4) + b"".join(compatible)
    return struct.pack(">I", 4 + len(body)) + body + bytes(32)


def tiff(order: str, **tags: int) -> bytes:
    """The first directory of a TIFF with tags t<number>=value."""
    entries = sorted((int(name[1:]), value) for name, value in tags.items())
    head = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, 8)
    body = b"".join(struct.pack(f"{order}HHIHH", tag, 3, 1, value, 0) for tag, value in entries)
    return head + struct.pack(f"{order}H", len(entries)) + body + bytes(4)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (media(b"crx ", b"crx ", b"isom"), "a camera's raw photo"),
        (media(b"M4A ", b"isom", b"mp42"), "a sound"),
        (media(b"M4B "), "a sound"),
        (media(b"qt  "), "a film"),
        (media(b"mp42", b"isom"), "a film"),
        (media(b"avif", b"mif1"), "an AVIF picture"),
        (media(b"mif1", b"avif", b"miaf"), "an AVIF picture"),
        (media(b"mif1", b"mif1", b"heic"), "a HEIC photo"),
        *((media(brand), "a HEIC photo") for brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"msf1")),
        (b"\0\0\0\x08wide\0\0\0\0mdat", "a film"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(20), "a JPEG XL picture"),
        (b"\xff\x0a" + bytes(20), "a JPEG XL picture"),
        (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(20), "a JPEG 2000 picture"),
        (b"\xff\x4f\xff\x51" + bytes(20), "a JPEG 2000 picture"),
        (b"II*\0\x10\0\0\0CR\x02\0" + bytes(40), "a camera's raw photo"),
        (tiff("<", t254=1, t50706=1), "a camera's raw photo"),
        (tiff(">", t254=1, t262=32803), "a camera's raw photo"),
        (tiff("<", t262=2, t259=1), "a TIFF picture"),
        (tiff("<", t254=1, t330=8) + b"NIKON CORPORATION", "a camera's raw photo"),
        (b"FUJIFILMCCD-RAW 0201", "a camera's raw photo"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "a sound"),
        (b"RIFF\x10\0\0\0AVI LIST", "a film"),
        (b"fLaC" + bytes(30), "a sound"),
        (b"\xff\xfb\x90\x64" + bytes(30), "a sound"),
    ],
)  # fmt: skip
def test_other_files_are_called_what_they_are(content, kind):
    assert kind_of(content) == kind
    with pytest.raises(PictureError, match=re.escape(f"got {kind}.")):
        decode(content, "photo.jpg")


def test_real_files_of_other_kinds():
    for name, words in (("JPEG2000", "a JPEG 2000 picture"), ("AVIF", "an AVIF picture"), ("TIFF", "a TIFF picture")):
        assert kind_of(encoded(CAT[:32, :32], name)) == words
