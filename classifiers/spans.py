"""Agreement of marked words with those that annotators marked."""

from collections.abc import Sequence

import numpy as np

from classifiers.examples import Example


def span_f1(examples: Sequence[Example], found: Sequence[Sequence[tuple[int, int]]]) -> float:
    """F1 over code points: those in a found range against those that annotators marked, techniques left aside."""
    both = marked = named = 0
    for example, ranges in zip(examples, found, strict=True):
        truth = np.zeros(len(example.text), dtype=bool)
        guess = np.zeros(len(example.text), dtype=bool)
        for span in example.spans or ():
            truth[span.start : span.end] = True
        for start, end in ranges:
            guess[start:end] = True
        both, marked, named = both + int((truth & guess).sum()), marked + int(truth.sum()), named + int(guess.sum())
    return 2 * both / (marked + named) if marked + named else float("nan")
