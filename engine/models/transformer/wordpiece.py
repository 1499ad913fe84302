"""WordPiece, as BERT uses it (Devlin et al. 2019, after Wu et al. 2016): text -> pieces of words -> numbers.

Lower case without accents, split at blanks and punctuation, every Chinese character by itself; then from each word
the longest piece that is in the vocabulary, again and again. The answers equal those of the `tokenizers` library for
every sign of Unicode, whatever Python this is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from engine.weights import FOLDER, WeightsError

from .signs import among, bare, in_order, signs

VOCABULARY = FOLDER / "minilm_vocabulary.txt"
LONGEST = 128  # tokens the model was trained on, [CLS] and [SEP] included
LONGEST_WORD = 100  # letters; a longer word is unknown
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_SPECIAL = re.compile("(" + "|".join(map(re.escape, SPECIAL)) + ")")

# Blocks of ideographs that BERT takes apart character by character (kana and hangul stay in words).
IDEOGRAPHS = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F), (0x2B920, 0x2CEAF),
    (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip


class Tokens(NamedTuple):
    """A text as the model reads it: names and numbers of its tokens, [CLS] first and [SEP] last.

    What is not in the vocabulary is the token [UNK] for the model, and named [UNK:…] with the word that it stands for.
    `cut` tokens of the text were left out because there is room for LONGEST only.
    """

    names: tuple[str, ...]
    ids: tuple[int, ...]
    cut: int


@cache
def vocabulary() -> dict[str, int]:
    """Piece -> number, 30,522 of them. WeightsError if the file is missing."""
    try:
        lines = VOCABULARY.read_text("utf-8").split("\n")
    except FileNotFoundError:
        raise WeightsError(f"no file {VOCABULARY.name}; make it with: python -m engine train minilm") from None
    return {piece: number for number, piece in enumerate(lines) if piece}


def tokenise(text: str, most: int = LONGEST) -> Tokens:
    """The tokens of a text, at most `most` of them."""
    pieces = [(piece, word) for word in words(text) for piece in pieces_of(word)]
    kept, known = pieces[: most - 2], vocabulary()
    ids = (known["[CLS]"], *(known[piece] for piece, _ in kept), known["[SEP]"])
    names = ("[CLS]", *(_named(piece, word) for piece, word in kept), "[SEP]")
    return Tokens(names, ids, len(pieces) - len(kept))


def _named(piece: str, word: str) -> str:
    """A piece, or what an unknown one stands for, cut to 12 letters."""
    unknown = piece == "[UNK]" and word not in SPECIAL
    return f"[UNK:{word if len(word) <= 12 else word[:11] + '…'}]" if unknown else piece


def words(text: str) -> Iterator[str]:
    """Words, single ideographs, single punctuation marks, and special tokens that stand in the text as such."""
    for part in _SPECIAL.split(text):
        if part in SPECIAL:
            yield part
            continue
        for word in normalised(part).split(" "):
            start = 0
            for at, letter in enumerate(word):
                if is_punctuation(letter):
                    if at > start:
                        yield word[start:at]
                    yield letter
                    start = at + 1
            if start < len(word):
                yield word[start:]


def normalised(text: str) -> str:
    """Lower case, without accents and control characters, blanks as single-byte ones, ideographs set apart."""
    blank = signs().blank
    parts = (
        " " if among(blank, letter) else f" {bare(letter)} " if is_ideograph(letter) else bare(letter)
        for letter in text
    )
    return in_order("".join(parts))


def pieces_of(word: str) -> list[str]:
    """The longest piece of the vocabulary that the word begins with, and so on with the rest ("##" marks a piece within
    a word); [UNK] where nothing fits."""
    if word in SPECIAL:
        return [word]
    known, pieces, start = vocabulary(), [], 0
    if len(word) > LONGEST_WORD:
        return ["[UNK]"]
    while start < len(word):
        prefix = "##" if start else ""
        end = next((end for end in range(len(word), start, -1) if prefix + word[start:end] in known), None)
        if end is None:
            return ["[UNK]"]
        pieces.append(prefix + word[start:end])
        start = end
    return pieces


def is_ideograph(letter: str) -> bool:
    """Whether a character is a word of its own for BERT."""
    return any(low <= ord(letter) <= high for low, high in IDEOGRAPHS)


def is_punctuation(letter: str) -> bool:
    """Unicode punctuation, and every ASCII sign that is no letter and no digit ($ and + too)."""
    return among(signs().punctuation, letter)
