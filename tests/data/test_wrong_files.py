"""Every kind of wrong file is refused with a sentence that says what was expected and what came; none is executed."""

import bz2
import gzip
import io
import json
import lzma
import pickle
import struct
import zipfile

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from engine.contracts.knob import KnobError
from engine.contracts.topic import catalogue
from engine.data.graph_texts.reading import decode_text, read_graph
from engine.data.own_weights import MAXIMUM_BYTES, OwnWeights, WeightsFileError, check_fit, find_weights, read_weights
from engine.data.settings import SettingsError, read_settings, write_settings
from engine.machinery.own import OWN
from engine.topics.mlp.card import Config
from engine.topics.mlp.run import Experiment, network, run
from engine.training.own_weights import shapes_of

SMALL = Config(layers=(4, 3), samples=40)
GOOD = save({"a": np.ones((2, 3), np.float32)})


class Trap:
    """Unpickling it would leave a mark."""

    sprung = False

    def __reduce__(self):
        return setattr, (Trap, "sprung", True)


def torch_file():
    out = io.BytesIO()
    torch.save({"a": torch.ones(2)}, out)
    return out.getvalue()


def zip_file():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "hello")
    return out.getvalue()


def with_header(header, numbers=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + numbers


def entry(**change):
    return {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **change}}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty file"),
        (b"hello, world, this is no tensor", "got text"),
        (zip_file(), "got a ZIP"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "got a PNG picture"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "got a PDF document"),
        (bytes(range(256)) * 8, "got something else"),
        (pickle.dumps(Trap()), "this is a pickle"),
        (torch_file(), "this is a pickle"),
        (GOOD[:-1], rf"cut off: {len(GOOD)} bytes were announced, {len(GOOD) - 1} came"),
        (GOOD[:20], "cut off"),
        (struct.pack("<Q", 2**60) + b"{" + bytes(100), "claims 1152921504606846976 bytes, at most 262144"),
        (struct.pack("<Q", 2**64 - 1) + b"{}", "claims 18446744073709551615 bytes"),
        (with_header(b"{not json"), "header is damaged"),
        (with_header(b"[" * 5000 + b"]" * 5000), "got text"),
        (with_header(b'{"a":' * 3000 + b"1" + b"}" * 3000), "header is damaged"),
        (with_header({}), "holds no tensor"),
        (with_header({"__metadata__": {"a": "b"}}), "holds no tensor"),
        (with_header({"__metadata__": 7} | entry(), bytes(8)), "header is damaged"),
        (with_header({"a": 3}), "header is damaged"),
        (with_header(entry(shape=[3]), bytes(8)), "header is damaged"),
        (with_header(entry(shape=[-2]), bytes(8)), "header is damaged"),
        (with_header(entry(shape="2"), bytes(8)), "header is damaged"),
        (with_header(entry(shape=[2.0]), bytes(8)), "header is damaged"),
        (with_header(entry(shape=[2**20, 2**20], data_offsets=[0, 2**42]), bytes(8)), "header is damaged"),
        (with_header(entry(data_offsets=[8, 16]), bytes(8)), "cut off"),
        (save({"a": np.ones(3, np.int64)}), "floating-point numbers .*but a holds I64"),
        (save({"a": np.array([1, np.nan], np.float32)}), "a holds NaN or infinity"),
        (save({"a": np.array([1, -np.inf], np.float16)}), "a holds NaN or infinity"),
        (save({"a": np.array([1e300])}), "a holds NaN or infinity"),
        (save({"a": np.zeros(MAXIMUM_BYTES // 4 + 1, np.float32)}), "at most 4 MB, got 4.1 MB"),
    ],
)  # fmt: skip
def test_wrong_weights_are_explained(content, words):
    with pytest.raises(WeightsFileError, match=words) as caught:
        read_weights(content)
    assert str(caught.value).endswith(".")
    assert not Trap.sprung


def test_the_length_of_a_header_is_no_mark_of_a_pickle():
    """Eight bytes of length stand first: 640 is 80 02, with which a pickle of protocol 2 begins too."""
    for longer in range(600):
        content = save({"a": np.zeros(2, np.float32)}, {"note": "x" * longer})
        assert list(read_weights(content).tensors) == ["a"]


def test_half_precision_is_read_as_float32_and_double_stays():
    for dtype in (np.float16, np.float32, np.float64):
        values = np.array([[1.5, -2.25], [0.0, 3.0]], dtype)
        found = read_weights(save({"a": values})).tensors["a"]
        assert found.dtype == (np.float64 if dtype == np.float64 else np.float32)
        assert np.array_equal(found, values)
        assert not found.flags.writeable


def test_weights_of_another_network_are_explained():
    right = shapes_of(network(SMALL))
    tensors = {name: np.zeros(shape, np.float32) for name, shape in right.items()}
    check_fit(tensors, right)
    first = next(iter(right))
    with pytest.raises(WeightsFileError, match=rf"{first} is missing \(5 of 6 tensors are there\)"):
        check_fit({name: value for name, value in tensors.items() if name != first}, right)
    with pytest.raises(WeightsFileError, match="there is no extra in this one"):
        check_fit(tensors | {"extra": np.zeros(2, np.float32)}, right)
    with pytest.raises(WeightsFileError, match=f"{first} is 9 × 9, this network needs 4 × 2"):
        check_fit(tensors | {first: np.zeros((9, 9), np.float32)}, right)


def test_a_config_with_weights_that_are_not_here_says_so():
    missing = Config(layers=(4, 3), samples=40, weights="upload:0123456789abcdef")
    with pytest.raises(KnobError, match="not on this server"):
        run(missing)
    other = OWN.add(OwnWeights({"a": np.zeros(2, np.float32)}, {}, "f" * 64))
    with pytest.raises(KnobError, match="another network"):
        Experiment(Config(layers=(4, 3), samples=40, weights=other))
    assert find_weights(other).tensors["a"].shape == (2,)
    with pytest.raises(KnobError, match="16 hexadecimal digits"):
        Config(weights="../../etc")


# ---------------------------------------------------------------- files for an own graph


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "got an empty file"),
        (b" \n\t\n", "got an empty file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "edges, got a PNG picture"),
        (b"\xff\xd8\xff\x02" + bytes(9), "edges, got a JPEG picture"),
        (b"GIF89a\x01\0", "edges, got a GIF picture"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "edges, got a WebP picture"),
        (zip_file(), "edges, got a ZIP or office document"),
        (gzip.compress(b"a b\n", mtime=0), "edges, got a gzip archive"),
        (bz2.compress(b"a b\n" * 99), "edges, got a compressed archive"),
        (lzma.compress(b"a b\n"), "edges, got a compressed archive"),
        (b"7z\xbc\xaf\x27\x1c", "edges, got a compressed archive"),
        (b"Rar!\x1a\x07\x01\0", "edges, got a compressed archive"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "edges, got a PDF document"),
        (b"%PDF-1.4\n1 0 obj\nendobj\n", "edges, got a PDF document"),
        (b"BM\x36\0\0\0" + bytes(50), "edges, got a BMP picture"),
        ("a b".encode("utf-16-le"), "edges, got something else"),
        (b"a\0b", "edges, got something else"),
        (b"a b\n" * 5_000_000, "at most 1000000 characters, got 20000000"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "of the kind GraphML or GEXF, got “svg”"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" width="4"/>', "of the kind GraphML or GEXF, got “svg”"),
        (b'<html lang="en"><body>a, b</body></html>', "of the kind GraphML or GEXF, got “html”"),
        (b"<html>\n<body>a, b</body></html>", "of the kind GraphML or GEXF, got “html”"),
        (b"<!DOCTYPE html><html><p>a, b</html>", "of the kind GraphML or GEXF, got “html”"),
    ],
)
def test_what_is_no_graph_is_called_what_it_is(content, words):
    with pytest.raises(KnobError, match=words):
        read_graph(decode_text(content))


def test_texts_that_begin_like_other_files_are_texts():
    for text in (
        "BMW, Audi\nAudi, Opel",
        "ID3, ID4\nID4, ID5",
        "BZh1, BZh2",
        "<html>, <body>\n<body>, <svg>",
        "GIF, PNG",
    ):
        assert len(read_graph(decode_text(text.encode())).edges) == text.count("\n") + 1


def settings(**change):
    return json.dumps({**json.loads(write_settings(catalogue()["mlp"], SMALL)), **change}).encode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty file"),
        (b"  \n", "empty file"),
        (b"{'a': 1}", "no valid JSON"),
        (b"\xff\xfe\x00", "no valid JSON"),
        (b"[" * 30_000, "no valid JSON"),
        (b"[1, 2]", "other JSON"),
        (b'{"a": 1}', "other JSON"),
        (settings(config=[1]), "other JSON"),
        (settings(topic="nothing"), "a page that is not here: “nothing”"),
        (settings(neurarium=99), "version 1, got version “99”"),
        (settings(config={"speed": "3"}), "no setting “speed”"),
        (settings(config={"seed": 3}), "Seed: expected a text as in a link, got “3”"),
        (b'{"topic": "mlp"}' + b" " * 70_000, "at most 64 KB, got 69 KB"),
    ],
)
def test_wrong_settings_are_explained(content, words):
    with pytest.raises(SettingsError, match=words):
        read_settings(content)


def test_values_that_do_not_fit_are_named_one_by_one():
    with pytest.raises(SettingsError, match="that this page can take") as caught:
        read_settings(settings(config={"seed": "-1", "layers": "5-999", "data": "spiral"}))
    reasons = sorted(map(str, caught.value.reasons))
    assert reasons == ["Hidden layers: expected 1 to 64, got 999", "Seed: expected 0 to 9999, got -1"]
