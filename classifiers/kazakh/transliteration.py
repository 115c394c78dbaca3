"""Which Kazakh letters a piece of another spelling may stand for: the ways of `spelling`, inverted."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from classifiers.kazakh.spelling import LATIN_2018, LATIN_2021, RUSSIAN_KEYBOARD, chat_ways

__all__ = [
    "ALPHABET",
    "BARE",
    "CHAT",
    "KINDS",
    "OFFICIAL_2018",
    "OFFICIAL_2021",
    "Rules",
    "in_capitals",
    "rules",
    "small_letters",
]

KINDS: Final = ("without its letters", "Latin of 2021", "Latin of 2018", "Latin of chats")
BARE, OFFICIAL_2021, OFFICIAL_2018, CHAT = range(len(KINDS))

ALPHABET: Final = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяәғқңөұүһі"
"""Letters of Kazakh words; the code of one is its place here plus 2. 1 is a word's bound, 0 is nothing."""

# Latin spellings write no soft sign: these may have one after them.
_SOFTENED = "лнртсдзмбвпк"
_LONGEST = 2


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules "this piece may be read as these letters", numbered, and where to find them.

    Attributes
    ----------
    symbols
        Code of each character that a piece may hold; 0 is any other.
    kinds, pieces, letters
        For each rule: the kind of spelling it belongs to, the piece (one or two characters), the one or two letters.
    first, second, sizes
        The same as numbers (R,): codes of the letters, `second` being 0 where there is one; length of the piece.
    single
        Numbers of the rules for a piece of one character, shape (kinds, symbols, ways), -1 where there are no more.
    double
        The same for two characters, shape (kinds, symbols, symbols, ways).
    number
        The number of a rule from its kind, piece and letters.
    """

    symbols: Mapping[str, int]
    kinds: tuple[int, ...]
    pieces: tuple[str, ...]
    letters: tuple[str, ...]
    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]
    single: npt.NDArray[np.int64]
    double: npt.NDArray[np.int64]
    number: Mapping[tuple[int, str, str], int]


@cache
def rules() -> Rules:
    """The rules of all kinds of spelling.

    >>> known = rules()
    >>> sorted(known.letters[i] for i in known.single[BARE, known.symbols["у"]] if i >= 0)
    ['у', 'ү', 'ұ']
    """
    listed = [(kind, piece, letters) for kind in range(len(KINDS)) for piece, letters in _of_kind(kind)]
    symbols = {char: i for i, char in enumerate(sorted({c for _, piece, _ in listed for c in piece}), 1)}
    codes = {letter: i for i, letter in enumerate(ALPHABET, 2)}
    return Rules(
        symbols,
        tuple(kind for kind, _, _ in listed),
        tuple(piece for _, piece, _ in listed),
        tuple(letters for _, _, letters in listed),
        np.array([codes[letters[0]] for _, _, letters in listed]),
        np.array([codes[letters[1]] if len(letters) > 1 else 0 for _, _, letters in listed]),
        np.array([len(piece) for _, piece, _ in listed]),
        _found_by(listed, symbols, 1),
        _found_by(listed, symbols, _LONGEST),
        {rule: i for i, rule in enumerate(listed)},
    )


def _of_kind(kind: int) -> Iterator[tuple[str, str]]:
    """Pieces and the letters that they may stand for, in a fixed order."""
    own = sorted(set(_inverted(_ways(kind))))
    if kind in (OFFICIAL_2021, OFFICIAL_2018):
        own += sorted({(in_capitals(piece), letter) for piece, letter in own} - set(own))
    yield from own
    if kind == CHAT:  # nobody keeps to one alphabet in a chat: marks of the official ones are read as these read them
        single = {piece for piece, _ in own if len(piece) == 1}
        others = {
            pair
            for way in (LATIN_2021, LATIN_2018)
            for pair in _inverted((item[0], (item[1],)) for item in way.items())
        }
        yield from sorted(
            (piece, letter) for piece, letter in others if piece not in single and (piece, letter) not in own
        )
    if kind != BARE:
        yield from sorted((piece, letter + "ь") for piece, letter in own if letter in _SOFTENED and len(piece) == 1)


def in_capitals(piece: str) -> str:
    """A piece as `small_letters` leaves it of a word in capitals.

    >>> in_capitals("ia"), in_capitals("ı"), in_capitals("sh")
    ('Ia', 'I', 'sh')
    """
    return piece.replace("i", "I").replace("ı", "I")


def small_letters(word: str, kind: int) -> str:
    """A word as rules read it: in small letters, but for an I of the official alphabets, the capital of both i and ı.

    >>> small_letters("Inim", OFFICIAL_2021), small_letters("Inim", CHAT)
    ('Inim', 'inim')
    """
    if kind in (OFFICIAL_2021, OFFICIAL_2018) and "I" in word:
        return "I".join(part.lower() for part in word.split("I"))
    return word.lower()


def _ways(kind: int) -> Iterable[tuple[str, tuple[str, ...]]]:
    if kind == BARE:
        return [(letter, (RUSSIAN_KEYBOARD.get(letter, letter),)) for letter in ALPHABET]
    if kind == CHAT:
        return chat_ways().items()
    return [(letter, (piece,)) for letter, piece in (LATIN_2021 if kind == OFFICIAL_2021 else LATIN_2018).items()]


def _inverted(ways: Iterable[tuple[str, tuple[str, ...]]]) -> Iterator[tuple[str, str]]:
    return ((piece, letter) for letter, pieces in ways for piece in pieces if piece)


def _found_by(listed: list[tuple[int, str, str]], symbols: Mapping[str, int], size: int) -> npt.NDArray[np.int64]:
    places: dict[tuple[int, ...], list[int]] = {}
    for number, (kind, piece, _) in enumerate(listed):
        if len(piece) == size:
            places.setdefault((kind, *(symbols[c] for c in piece)), []).append(number)
    most = max(map(len, places.values()))
    found = np.full((len(KINDS), *[len(symbols) + 1] * size, most), -1)
    for place, numbers in places.items():
        found[place][: len(numbers)] = numbers
    return found
