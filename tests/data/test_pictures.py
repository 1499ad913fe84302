"""Visitors' pictures: everything that can be wrong with one, and everything that must come out right."""

import io
import struct
import threading
import zlib

import numpy as np
import pytest
from PIL import Image

from engine.data import pictures
from engine.data.augment import augment
from engine.data.photos import FOLDER, PHOTOS, find_picture, photo
from engine.data.picture_pixels import LONG_SIDE, LONGEST_SIDE, ORIENTATION
from engine.data.pictures import MAXIMUM_BYTES, Picture, PictureError, decode
from engine.machinery.own import OWN, OwnStore


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def corners() -> Image.Image:
    """6 x 4 pixels: red, green, blue and yellow corners on grey."""
    image = Image.new("RGB", (6, 4), (100, 100, 100))
    for place, colour in {(0, 0): "red", (5, 0): "lime", (0, 3): "blue", (5, 3): "yellow"}.items():
        image.putpixel(place, Image.new("RGB", (1, 1), colour).getpixel((0, 0)))
    return image


def png_header(width: int, height: int) -> bytes:
    """A PNG that announces any size and holds one short row."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = chunk(b"IDAT", zlib.compress(b"\0" * 10))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + rows + chunk(b"IEND", b"")


# What must come out right


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("WEBP", {"lossless": True}), ("GIF", {})])
def test_lossless_formats_come_back_exactly(kind, options):
    picture = decode(encoded(corners(), kind, **options), "my photo.png")
    assert np.array_equal(picture.rgb, np.asarray(corners()))
    assert picture.rgb.dtype == np.uint8
    assert not picture.rgb.flags.writeable
    assert picture.name == "my photo.png"


def test_jpeg_comes_back_nearly():
    smooth = Image.radial_gradient("L").convert("RGB")
    picture = decode(encoded(smooth, "JPEG", quality=95))
    assert np.abs(picture.rgb.astype(int) - np.asarray(smooth)).max() < 12


def test_the_content_decides_not_the_name():
    content = encoded(corners(), "WEBP", lossless=True)
    assert np.array_equal(decode(content, "holiday.jpg").rgb, np.asarray(corners()))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_cameras_orientation_is_applied(orientation):
    """Oracle: the pixel rearrangement that EXIF 2.3 defines for the value."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored = np.asarray(corners())
    upright = {
        1: stored, 2: stored[:, ::-1], 3: stored[::-1, ::-1], 4: stored[::-1], 5: stored.transpose(1, 0, 2),
        6: np.rot90(stored, -1), 7: stored[::-1, ::-1].transpose(1, 0, 2), 8: np.rot90(stored),
    }  # fmt: skip
    picture = decode(encoded(corners(), "PNG", exif=exif))
    assert np.array_equal(picture.rgb, upright[orientation])


def test_a_large_photo_is_turned_and_shrunk():
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    content = encoded(Image.new("RGB", (3000, 2000), (10, 200, 30)), "JPEG", exif=exif)
    picture = decode(content)
    assert picture.rgb.shape == (LONG_SIDE, 683, 3)
    assert np.abs(picture.rgb.astype(int) - (10, 200, 30)).max() <= 3


def test_small_pictures_are_not_enlarged_and_strips_keep_a_pixel():
    assert decode(encoded(Image.new("RGB", (1, 1), "red"))).rgb.tolist() == [[[255, 0, 0]]]
    assert decode(encoded(Image.new("RGB", (9000, 2), "red"))).rgb.shape == (1, LONGEST_SIDE, 3)


def test_no_metadata_survives():
    exif = Image.Exif()
    exif[0x010F] = "Secret Camera Maker"
    exif.get_ifd(0x8825)[1] = "N"
    picture = decode(encoded(corners(), "JPEG", exif=exif, comment=b"secret words"))
    assert set(vars(picture)) == {"rgb", "sha256", "name"}
    assert type(picture.rgb) is np.ndarray


def test_transparency_lies_on_white():
    rgba = Image.new("RGBA", (3, 1), (0, 0, 0, 0))
    rgba.putpixel((1, 0), (255, 0, 0, 255))
    rgba.putpixel((2, 0), (0, 0, 0, 128))
    rgb = decode(encoded(rgba)).rgb[0]
    assert rgb[0].tolist() == [255, 255, 255]
    assert rgb[1].tolist() == [255, 0, 0]
    assert np.abs(rgb[2].astype(int) - 127).max() <= 1


def test_palette_with_a_transparent_entry():
    palette = corners().quantize(8)
    entry = palette.getpixel((0, 0))
    rgb = decode(encoded(palette, "PNG", transparency=entry)).rgb
    assert rgb[0, 0].tolist() == [255, 255, 255]
    assert rgb[3, 5].tolist() == [255, 255, 0]


def test_grey_and_black_and_white():
    grey = Image.fromarray(np.array([[0, 77, 255]], np.uint8))
    assert decode(encoded(grey)).rgb[0].tolist() == [[0] * 3, [77] * 3, [255] * 3]
    assert decode(encoded(grey.convert("1", dither=Image.Dither.NONE))).rgb[0].tolist() == [[0] * 3, [0] * 3, [255] * 3]
    grey_with_alpha = grey.convert("LA")
    assert decode(encoded(grey_with_alpha)).rgb[0].tolist() == [[0] * 3, [77] * 3, [255] * 3]


def test_sixteen_bit_grey_is_scaled_not_cut():
    values = np.array([[0, 257, 32896, 65535]], np.uint16)
    assert decode(encoded(Image.fromarray(values))).rgb[0, :, 0].tolist() == [0, 1, 128, 255]


def test_cmyk_jpeg():
    content = encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", quality=95)
    red = decode(content).rgb[4, 4].astype(int)
    assert red[0] > 220
    assert max(red[1], red[2]) < 40


@pytest.mark.parametrize(("kind", "options"), [("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {})])
def test_of_an_animation_the_first_frame(kind, options):
    frames = [Image.new("RGB", (6, 4), colour) for colour in ("red", "lime", "blue")]
    content = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100, **options)
    assert decode(content).rgb.reshape(-1, 3).tolist() == [[255, 0, 0]] * 24


def test_the_name_loses_folders_and_control_characters():
    assert decode(encoded(corners()), "C:\\secret\\..\\cat\x07\n.png").name == "cat.png"
    assert decode(encoded(corners()), "/home/me/" + "x" * 200).name == "x" * 80


# What must be refused, in one sentence


def refusal(content: bytes, name: str = "cat.png") -> str:
    with pytest.raises(PictureError) as caught:
        decode(content, name)
    error = caught.value
    assert str(error) == error.template.format(**error.values)  # a page can say it in another language
    assert str(error).endswith(".")
    assert "\n" not in str(error)
    assert isinstance(error, ValueError)
    return str(error)


def test_empty():
    assert refusal(b"") == "Expected a picture, got an empty file."


def test_more_than_sixteen_megabytes():
    assert refusal(b"\x89PNG" + b"\0" * MAXIMUM_BYTES) == "Expected a picture of at most 16 MB, got 16.1 MB."


@pytest.mark.parametrize("size", [(10_000, 6401), (30_000, 30_000), (65_535, 1_000_000)])
def test_too_many_pixels_are_refused_by_the_header(size, monkeypatch):
    def never(image, **more):
        raise AssertionError("pixels were decoded")

    monkeypatch.setattr(pictures, "pixels_of", never)
    sentence = refusal(png_header(*size))
    assert sentence.startswith("Expected a picture of at most 64 megapixels, got ")


def test_a_bomb_of_small_size():
    """9000 x 9000 pixels of nothing: 80 kB in the file, 243 MB in memory."""
    content = encoded(Image.new("1", (9000, 9000)))
    assert len(content) < 100_000
    assert refusal(content) == "Expected a picture of at most 64 megapixels, got 9000 × 9000."


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (0, 0)])
def test_zero_size(size):
    refusal(png_header(*size))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_cut_off_files(kind, share):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    content = encoded(Image.fromarray(noise), kind)
    sentence = refusal(content[: max(12, int(len(content) * share))])
    assert sentence == "Expected a whole picture, but this file is cut off or damaged."


def test_damaged_in_the_middle():
    content = bytearray(encoded(Image.radial_gradient("L")))
    content[len(content) // 2] ^= 0xFF
    assert "damaged" in refusal(bytes(content))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"This is no picture at all, only its name says so.\n", "text"),
        ("这不是图片".encode(), "text"),
        (
            b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
            "an SVG drawing",
        ),
        (b'\n<svg width="4"/>' + b" " * 3000, "an SVG drawing"),
        (b"<!DOCTYPE html><html></html>", "a web page"),
        (b"%PDF-1.7 ...", "a PDF document"),
        (b"PK\x03\x04 ...", "a ZIP or office document"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "a HEIC photo"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", "a film"),
        (bytes(range(256)) * 8, "something else"),
    ],
)
def test_other_files_are_named(content, kind):
    assert refusal(content) == f"Expected a PNG, JPEG, WebP or GIF picture, got {kind}."


@pytest.mark.parametrize(("kind", "words"), [("BMP", "a BMP picture"), ("TIFF", "a TIFF picture"), ("ICO", "an icon")])
def test_formats_that_are_not_taken(kind, words):
    assert refusal(encoded(corners(), kind)) == f"Expected a PNG, JPEG, WebP or GIF picture, got {words}."


def test_random_bytes_behind_every_signature_are_refused_in_a_sentence():
    random = np.random.default_rng(0)
    for start in (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF\x10\0\0\0WEBP", b"", b"BM"):
        for _ in range(50):
            refusal(start + random.integers(0, 256, 200, np.uint8).tobytes())


# Keeping and finding


def small(number: int) -> Picture:
    return decode(encoded(Image.new("RGB", (10, 10), (number, 0, 0))))  # 300 bytes


def test_the_store_keeps_by_content_and_drops_the_least_recently_used():
    store, pictures_ = OwnStore(900), [small(number) for number in range(4)]
    keys = [store.add(picture) for picture in pictures_[:3]]
    assert keys[0] == f"upload:{pictures_[0].sha256[:16]}"
    assert store.add(small(0)) == keys[0]  # the same content is kept once, and is now the newest
    assert (len(store), store.bytes_held) == (3, 900)
    store.get(keys[1])
    store.add(pictures_[3])
    assert store.get(keys[2]) is None
    assert store.get(keys[1]) is pictures_[1]
    assert (len(store), store.bytes_held) == (3, 900)
    with pytest.raises(ValueError, match="exceed the budget"):
        OwnStore(100).add(pictures_[0])


def test_the_store_stays_right_under_threads():
    store, pictures_ = OwnStore(1500), [small(number) for number in range(20)]

    def work():
        for picture in pictures_ * 5:
            store.get(store.add(picture))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.bytes_held == 300 * len(store) <= 1500


def test_find_picture():
    key = OWN.add(small(200))
    assert find_picture(key).rgb[0, 0].tolist() == [200, 0, 0]
    assert find_picture("sample:chelsea").rgb.shape == (300, 451, 3)
    with pytest.raises(PictureError, match="not on this server"):
        find_picture("upload:0123456789abcdef")
    with pytest.raises(PictureError, match=r"chelsea.*got “nobody”"):
        find_picture("sample:nobody")
    with pytest.raises(PictureError, match="sample:<name> or upload"):
        find_picture("/etc/passwd")


@pytest.mark.parametrize("name", PHOTOS)
def test_samples_are_small_credited_and_free_of_metadata(name):
    rgb = photo(name).rgb
    assert max(rgb.shape) <= 512
    assert rgb.std() > 10
    assert PHOTOS[name].credit
    assert PHOTOS[name].file in (FOLDER / "LICENCES.md").read_text(encoding="utf-8")
    with Image.open(FOLDER / PHOTOS[name].file) as image:
        assert not image.getexif()


# Augmentation


def test_augmenting_with_the_defaults_changes_nothing():
    rgb = photo("chelsea").rgb
    assert np.array_equal(augment(rgb), rgb)


def test_each_augmentation_does_what_it_says():
    rgb = photo("chelsea").rgb
    assert np.array_equal(augment(rgb, flip=True), rgb[:, ::-1])
    assert np.array_equal(augment(rgb, brightness=2.0), np.minimum(rgb.astype(int) * 2, 255))
    grey = augment(rgb, colour=0.0)
    assert np.array_equal(grey[..., 0], grey[..., 1])
    luma = rgb @ np.array([0.299, 0.587, 0.114])
    assert np.abs(grey[..., 0] - luma).max() < 1.01
    cut = augment(rgb, cutout=40, seed=5)
    changed = (cut != rgb).any(2)
    rows, columns = changed.any(1).nonzero()[0], changed.any(0).nonzero()[0]
    assert (np.ptp(rows), np.ptp(columns)) == (39, 39)
    assert (cut[changed] == 127).all()
    assert not np.array_equal(augment(rgb, cutout=40, seed=6), cut)


def test_crop_of_a_ramp_keeps_its_share():
    """A picture whose red grows with the column and green with the row, so that the values say where one is."""
    ramp = np.zeros((200, 200, 3), np.uint8)
    ramp[..., 0], ramp[..., 1] = np.arange(200)[None], np.arange(200)[:, None]
    out = augment(ramp, crop=0.5, seed=1).astype(int)
    assert out.shape == ramp.shape
    for channel in (0, 1):
        assert np.ptp(out[..., channel]) == pytest.approx(100, abs=2)
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        augment(ramp, crop=0.0)
