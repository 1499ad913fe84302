"""What the `tokenizers` library does with every code point, as a table for engine/models/transformer/signs.py.

`python -m tests.wordpiece_signs` writes assets/weights/minilm_signs.txt: one line a result, code points and ranges in
hexadecimal. Each code point is given to the library alone, first only cleaned, then also in lower case without accents;
whether it is punctuation shows when it stands between two letters. The order of combining signs shows when one stands
beside a sign of a known class.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

import tokenizers
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from engine.models.transformer.signs import HANGUL, SIGNS, SYLLABLES

LETTERS = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
LOW, HIGH = "\u1b44", "\u302e"  # two signs that have a combining class, 9 and 224, and are no accents


def normaliser(**steps: bool) -> BertNormalizer:
    """The library's normaliser with these of its steps alone."""
    names = ("clean_text", "handle_chinese_chars", "strip_accents", "lowercase")
    return BertNormalizer(**{name: steps.get(name, False) for name in names})


def table() -> str:
    """The text of the file."""
    clean = normaliser(clean_text=True).normalize_str
    whole = normaliser(clean_text=True, strip_accents=True, lowercase=True).normalize_str
    split = BertPreTokenizer().pre_tokenize_str
    results = {letter: whole(letter) for letter in LETTERS}
    blank = [letter for letter in LETTERS if clean(letter) == " "]
    punctuation = [letter for letter in LETTERS if len(split(f"a{letter}a")) == 3]
    becomes: dict[str, list[str]] = {}
    for letter, result in results.items():
        if result != letter and letter not in blank and not HANGUL <= ord(letter) < HANGUL + SYLLABLES:
            becomes.setdefault(result, []).append(letter)
    lines = [
        f"# tokenizers {tokenizers.__version__}, every code point; made by python -m tests.wordpiece_signs",
        f"gone: {listed(becomes.pop(''))}",
        f"blank: {listed(blank)}",
        f"punctuation: {listed(punctuation)}",
    ]
    order: dict[int, list[str]] = {}
    for letter in LETTERS:
        if results[letter] and (rank := combining(letter)):
            order.setdefault(rank, []).append(letter)
    lines += [f"order {rank}: {listed(order[rank])}" for rank in sorted(order)]
    lines += [
        f"becomes {'+'.join(f'{ord(part):x}' for part in result)}: {listed(becomes[result])}"
        for result in sorted(becomes)
    ]
    return "\n".join(lines) + "\n"


def combining(letter: str) -> int:
    """The combining class of a sign, 0 where the library, whose table is older than Python's, knows none."""
    rank = unicodedata.combining(letter)
    if not rank:
        return 0
    strip = normaliser(strip_accents=True).normalize_str
    swaps = strip(letter + LOW) == LOW + letter if rank > 9 else strip(HIGH + letter) == letter + HIGH
    return rank if swaps else 0


def listed(letters: Iterable[str]) -> str:
    """Code points in ascending order, neighbours as a range."""

    def runs() -> Iterator[str]:
        codes = sorted(map(ord, letters))
        first = codes[0]
        for code, following in zip(codes, [*codes[1:], -1], strict=True):
            if following != code + 1:
                yield f"{first:x}" if first == code else f"{first:x}-{code:x}"
                first = following

    return " ".join(runs())


if __name__ == "__main__":
    SIGNS.write_text(table(), "ascii")
    print(f"wrote {SIGNS.name}: {SIGNS.stat().st_size:,} bytes")
