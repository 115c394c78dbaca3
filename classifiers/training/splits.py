"""Which posts are in which fold, and what may be trained on for it."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import InputError
from classifiers.examples import Example, fingerprint, fraction


def fold_numbers(examples: Sequence[Example], count: int) -> NDArray[np.int64]:
    """The fold (N,) of each post: the one that its file names where it names one, else by a hash of its group.

    Raises
    ------
    InputError
        If a file names a fold that is not in 0 … `count` - 1.
    """
    numbers = [int(fraction(e.group) * count) if e.fold is None else e.fold for e in examples]
    for example, number in zip(examples, numbers, strict=True):
        if not 0 <= number < count:
            raise InputError(f"{example.source}: post {example.id!r} is in fold {number}, folds = {count} has no such.")
    return np.array(numbers, dtype=np.int64)


def parts(examples: Sequence[Example], folds: NDArray[np.int64]) -> Iterator[tuple[int, list[Example], list[int]]]:
    """Fold, the posts to train on, and the rows that are scored.

    A post whose text, links and handles aside, also stands in the fold is not trained on.
    """
    for number in sorted(set(folds.tolist())):
        rows = np.flatnonzero(folds == number).tolist()
        aside = {fingerprint(examples[row].text) for row in rows}
        rest = [e for e, of in zip(examples, folds, strict=True) if of != number and fingerprint(e.text) not in aside]
        yield number, rest, rows
