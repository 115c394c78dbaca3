"""Evidence of each word for each language: a sum of log-odds of its character n-grams, read from one table.

The table is data (`languages.safetensors`): for each of `BUCKETS` hashes of n-grams and each class, a small integer
and a scale. `classifiers.training.languages` estimates it.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

__all__ = [
    "BUCKETS",
    "CLASSES",
    "ORDERS",
    "TABLE_FILE",
    "gram_buckets",
    "shipped_table",
    "word_evidence",
    "word_scripts",
]

CLASSES = ("kk", "ru", "uk", "en", "other")
"""Languages that are told apart; `other` is every other one in Cyrillic or Latin letters."""

ORDERS = 5
"""N-grams have one to so many characters, the word's bounds among them."""

BUCKETS = 1 << 17
TABLE_FILE = "languages.safetensors"
_NONE = 0  # the bucket of what is no n-gram; its weights are 0
_BOUND = 32

# Letters of no alphabet of ours read as one sign for each script, so that a rare one is known as foreign.
_OURS = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяәғқңөұүһіїєґabcdefghijklmnopqrstuvwxyz'äöüğşñūıáńóúýǵ"
_FOREIGN_CYRILLIC, _FOREIGN_LATIN, _FOREIGN = 1, 2, 3
_LAST = 0x2100


@cache
def _codes() -> npt.NDArray[np.uint32]:
    """The sign that each code point is read as; the last entry is for all beyond."""
    read = np.full(_LAST + 1, _FOREIGN, np.uint32)
    read[0x00C0:0x0250] = _FOREIGN_LATIN
    read[0x1E00:0x1F00] = _FOREIGN_LATIN
    read[0x0400:0x0530] = _FOREIGN_CYRILLIC
    ours = [ord(c) for c in _OURS]
    read[ours] = ours
    read[_BOUND] = _BOUND
    read[[ord(c) for c in "’ʼ"]] = ord("'")
    return read


def gram_buckets(words: Sequence[str]) -> tuple[list[npt.NDArray[np.int64]], npt.NDArray[np.int64]]:
    """The bucket of the n-gram of each order that starts at each character of the words, laid end to end.

    Parameters
    ----------
    words
        Words in small letters, at least one, none empty, without blanks.

    Returns
    -------
    buckets
        For each order, an array as long as the words with a bound before each and one at the end; 0 where no n-gram
        of that order lies within one word and its bounds.
    starts
        Where each word's bound lies.
    """
    laid = f" {' '.join(words)} ".encode("utf-32-le", errors="replace")
    points = np.frombuffer(laid, np.uint32)
    signs = _codes()[np.minimum(points, _LAST)]
    bound = points == _BOUND
    starts = np.flatnonzero(bound)[:-1]
    found = []
    rolled, crosses = signs, bound  # a bound alone says nothing
    for order in range(1, ORDERS + 1):
        if order > 1:
            rolled = rolled[:-1] * np.uint32(0x01000193) + signs[order - 1 :]
            # What was the last sign is an inner one now.
            crosses = bound[:-1] & False if order == 2 else crosses[:-1] | bound[order - 2 : -1]
        mixed = (rolled ^ (rolled >> np.uint32(13))) * np.uint32(0x9E3779B1) + np.uint32(order)
        bucket = np.zeros(len(signs), np.int64)
        bucket[: len(rolled)] = np.where(crosses, _NONE, (mixed >> np.uint32(11)) % (BUCKETS - 1) + 1)
        found.append(bucket)
    return found, starts


def word_evidence(words: Sequence[str], table: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Evidence of each word for each class, in nats: shape (words, classes).

    `table` has the shape (`BUCKETS`, classes). Evidence of independent words adds up; differences between classes are
    log odds.
    """
    if not words:
        return np.zeros((0, table.shape[1]), np.float32)
    buckets, starts = gram_buckets(words)
    at = table[buckets[0]]
    for bucket in buckets[1:]:
        at += table[bucket]
    found: npt.NDArray[np.float32] = np.add.reduceat(at, starts, axis=0)
    return found


@cache
def shipped_table() -> npt.NDArray[np.float32]:
    """The table that ships, shape (`BUCKETS`, classes), in nats."""
    from safetensors.numpy import load

    stored: dict[str, npt.NDArray[np.float32]] = load(files("classifiers").joinpath(TABLE_FILE).read_bytes())
    return stored["weights"].astype(np.float32) * stored["scale"].astype(np.float32)


def word_scripts(words: Sequence[str]) -> npt.NDArray[np.int64]:
    """Letters of each word that are Cyrillic, Latin, and of any script: shape (words, 3); at least one word."""
    points = np.frombuffer(f" {' '.join(words)} ".encode("utf-32-le", errors="replace"), np.uint32)
    starts = np.flatnonzero(points == _BOUND)[:-1]
    cyrillic = (points >= 0x0400) & (points < 0x0530)
    small = (points >= 0x61) & (points <= 0x7A)
    latin = small | ((points >= 0xC0) & (points < 0x250)) | ((points >= 0x1E00) & (points < 0x1F00))
    counted = np.stack([cyrillic, latin, points != _BOUND], axis=1)
    return np.add.reduceat(counted, starts, axis=0, dtype=np.int64)
