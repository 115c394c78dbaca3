"""Agreement of marked words with those that annotators marked."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classifiers.examples import Example


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
