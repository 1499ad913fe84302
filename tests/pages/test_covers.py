"""The pictures of the home page: served whole and small, under the hash of what they are."""

import http.client
import io
import urllib.error
import urllib.request

import pytest
from PIL import Image

from engine.contracts.topic import catalogue
from pages.components.parts.covers import COVERS, SMALL, cover


@pytest.mark.parametrize("slug", catalogue())
def test_a_cover_is_the_file_and_the_small_one_a_smaller_picture_of_the_same(slug):
    width, height, _, content = cover(slug, False)
    assert content == (COVERS / f"{slug}.jpg").read_bytes()
    *size, _, small = cover(slug, True)
    whole, reduced = Image.open(io.BytesIO(content)), Image.open(io.BytesIO(small))
    assert whole.size == (width, height)
    assert reduced.size == tuple(size) == SMALL
    assert len(small) < len(content) / 1.5
    assert SMALL[0] / SMALL[1] == pytest.approx(width / height, rel=0.01)
    one_pixel = [picture.convert("L").resize((1, 1), Image.Resampling.BOX) for picture in (whole, reduced)]
    mean = [picture.getpixel((0, 0)) for picture in one_pixel]
    assert mean[0] == pytest.approx(mean[1], abs=3)


def test_where_there_is_no_cover_there_is_none():
    assert cover("no_such_topic", True) is None
    assert cover("../cards/mlp", False) is None


def test_covers_are_served_under_the_hash_of_what_they_are(server):
    for small, size in ((False, "whole"), (True, "small")):
        _, _, version, content = cover("mlp", small)
        with urllib.request.urlopen(f"{server.address}/covers/{version}/{size}/mlp.jpg") as answer:
            assert answer.read() == content
            assert answer.headers["Content-Type"] == "image/jpeg"
            assert "immutable" in answer.headers["Cache-Control"]
    version = cover("mlp", False)[2]
    for path in (f"{version}/small/mlp", f"{'0' * 12}/whole/mlp", f"{version}/huge/mlp", f"{version}/whole/no_such"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{server.address}/covers/{path}.jpg")
        assert refused.value.code == 404
        assert refused.value.headers["Cache-Control"] == "no-store"
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", f"/covers/{version}/whole/..%2Fmlp.jpg")
    assert connection.getresponse().status in (400, 404)
