"""The tokeniser against the `tokenizers` library: known texts, every code point, texts of any signs, every Python."""

import hashlib
import json
import subprocess
from pathlib import Path

import pytest
import tokenizers
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.models.transformer import LONGEST, tokenise
from engine.models.transformer.signs import SIGNS, signs
from engine.models.transformer.wordpiece import is_punctuation, normalised, pieces_of, vocabulary, words
from tests.interpreters import pythons
from tests.wordpiece_signs import LETTERS, table

FOLDER = Path(__file__).parents[2] / "engine" / "models" / "transformer"
KNOWN = json.loads((Path(__file__).parents[1] / "known" / "wordpiece.json").read_text("utf-8"))["texts"]


@pytest.fixture(scope="module")
def library():
    return tokenizers.BertWordPieceTokenizer(vocab=vocabulary(), lowercase=True)


def test_known_texts_have_their_known_tokens():
    """Special tokens in a text too, which the library's own class takes apart and the model's tokeniser does not."""
    assert len(KNOWN) > 150
    wrong = [text for text, ids in KNOWN if list(tokenise(text).ids) != ids]
    assert wrong == []


def test_a_sign_that_the_library_does_not_know_is_unknown_and_not_dropped(library):
    found = tokenise("I love it 🫨!")
    assert list(found.ids) == library.encode("I love it 🫨!").ids == [101, 1045, 2293, 2009, 100, 999, 102]
    assert found.names[4] == "[UNK:🫨]"


@pytest.mark.slow
def test_every_code_point_has_the_tokens_of_the_library(library):
    """1,112,064 of them, many in a text with blanks between."""
    assert len(LETTERS) == 0x110000 - 0x800
    for start in range(0, len(LETTERS), 4096):
        text = " ".join(LETTERS[start : start + 4096])
        assert list(tokenise(text, 10**6).ids) == library.encode(text).ids, f"{start:x}"


def test_every_code_point_is_normalised_as_by_the_library():
    """What is unknown is one token, whatever it was: the text behind it is compared as well."""
    theirs = tokenizers.normalizers.BertNormalizer(lowercase=True)
    for start in range(0, len(LETTERS), 512):
        text = "".join(f"a{letter}b" for letter in LETTERS[start : start + 512])
        assert normalised(text) == theirs.normalize_str(text), f"{start:x}"


@settings(max_examples=300, deadline=None)
@given(st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(sorted(signs().order)),
                         st.sampled_from("a é\u0323\u0302가각中!\u212b")), max_size=30))  # fmt: skip
@example("\U0001d165\u302e\u1b44\u0345a\u08d4\u0323\U0001d166")  # signs that stay, out of order, with accents between
@example("\U0001d15e\u1b44")  # what a decomposition ends with has a class, too
def test_texts_of_any_signs_have_the_tokens_of_the_library(library, text):
    assert normalised(text) == tokenizers.normalizers.BertNormalizer(lowercase=True).normalize_str(text)
    assert list(tokenise(text, 10**6).ids) == library.encode(text).ids


def test_the_table_is_what_its_command_makes():
    assert SIGNS.read_text("ascii") == table()


# The tokeniser alone, as any Python reads it: no torch, and no table of Python's own.
ALONE = """
import hashlib, importlib.util, sys, types
from pathlib import Path
folder, assets = map(Path, sys.argv[1:])
for name in ("engine", "engine.models", "engine.models.transformer", "engine.weights"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = []
sys.modules["engine.weights"].FOLDER, sys.modules["engine.weights"].WeightsError = assets, RuntimeError
sys.modules["unicodedata"] = None  # an import of it fails
for name in ("signs", "wordpiece"):
    spec = importlib.util.spec_from_file_location(f"engine.models.transformer.{name}", folder / f"{name}.py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
digest = hashlib.sha256()
for code in (*range(0xD800), *range(0xE000, 0x32000), *range(0xE0000, 0xE0200)):
    digest.update(f"{module.normalised(chr(code))}{module.is_punctuation(chr(code))}".encode())
print(digest.hexdigest(), module.tokenise("I love it 🫨!").ids)
"""


@pytest.mark.parametrize("minor", range(11, 15))
def test_every_python_gives_the_same_tokens(minor):
    path = pythons().get(minor)
    if path is None:
        pytest.skip(f"no Python 3.{minor} on this machine")
    digest = hashlib.sha256()
    for letter in filter(lambda letter: letter < "\U00032000" or "\U000e0000" <= letter < "\U000e0200", LETTERS):
        digest.update(f"{normalised(letter)}{is_punctuation(letter)}".encode())
    command = [path, "-I", "-X", "utf8", "-c", ALONE, str(FOLDER), str(SIGNS.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"{digest.hexdigest()} {tokenise('I love it 🫨!').ids}"


def test_tokens_have_their_ends_and_say_what_was_cut():
    short, long = tokenise("naïve tokenisation"), tokenise("cat " * 200)
    assert short.names == ("[CLS]", "naive", "token", "##isation", "[SEP]")
    assert short.cut == 0
    assert len(long.ids) == len(long.names) == LONGEST
    assert long.cut == 200 - (LONGEST - 2)
    assert long.names[0] == "[CLS]"
    assert long.names[-1] == "[SEP]"
    assert tokenise("你 中 [UNK]" + "🙂" * 20).names[1:5] == ("[UNK:你]", "中", "[UNK]", f"[UNK:{'🙂' * 11}…]")
    assert tokenise(" \n").names == tokenise("").names == ("[CLS]", "[SEP]")


def test_pieces_put_together_give_the_word():
    known = vocabulary()
    assert len(known) == 30_522
    assert sorted(known.values()) == list(range(30_522))
    for word in ("unbelievable", "transformer", "hippopotamuses", "neurarium"):
        pieces = pieces_of(word)
        assert all(piece in known for piece in pieces)
        assert "".join(piece.removeprefix("##") for piece in pieces) == word
    assert pieces_of("🙂") == ["[UNK]"]
    assert list(words("我爱 AI!")) == ["我", "爱", "ai", "!"]
