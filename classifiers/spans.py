"""Agreement of marked words with those that annotators marked."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classifiers.examples import Example

_WORD = re.compile(r"\w+")


def span_counts(examples: Sequence[Example], found: Sequence[Sequence[tuple[int, int]]]) -> NDArray[np.int64]:
    """Code points of each post (N, 3): in both, marked by annotators, found; techniques are left aside."""
    counts = np.zeros((len(examples), 3), dtype=np.int64)
    for row, (example, ranges) in enumerate(zip(examples, found, strict=True)):
        truth = np.zeros(len(example.text), dtype=bool)
        guess = np.zeros(len(example.text), dtype=bool)
        for span in example.spans or ():
            truth[span.start : span.end] = True
        for start, end in ranges:
            guess[start:end] = True
        counts[row] = (truth & guess).sum(), truth.sum(), guess.sum()
    return counts


def span_f1(counts: NDArray[np.int64]) -> float:
    """F1 over code points from the counts (N, 3) of `span_counts`; nan where nothing is marked nor found."""
    both, marked, named = counts.sum(axis=0).tolist()
    return 2 * both / (marked + named) if marked + named else float("nan")


def word_counts(examples: Sequence[Example], found: Sequence[Sequence[tuple[int, int]]]) -> NDArray[np.int64]:
    """Words of each post (N, 3): in both, marked by annotators, found; a word that a range touches is marked."""
    counts = np.zeros((len(examples), 3), dtype=np.int64)
    for row, (example, ranges) in enumerate(zip(examples, found, strict=True)):
        if not example.spans and not ranges:
            continue
        words = np.array([match.span() for match in _WORD.finditer(example.text)], dtype=np.int64).reshape(-1, 2)
        truth = _touched(words, [(span.start, span.end) for span in example.spans or ()])
        guess = _touched(words, ranges)
        counts[row] = (truth & guess).sum(), truth.sum(), guess.sum()
    return counts


def _touched(words: NDArray[np.int64], ranges: Sequence[tuple[int, int]]) -> NDArray[np.bool_]:
    marked = np.zeros(len(words), dtype=bool)
    for start, end in ranges:
        marked |= (words[:, 0] < end) & (start < words[:, 1])
    return marked
