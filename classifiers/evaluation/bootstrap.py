"""Bootstrap by weights: a resample is a row of counts, and a measure takes many of them at once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.calibration import Floats

# Numbers in one block of weights; a few blocks of this size are in memory at a time.
_BLOCK = 2_000_000


@dataclass(frozen=True, slots=True)
class Measure:
    """`key` is how `--min` names it, `name` how tables do; `positive` posts are what it looks for."""

    key: str
    name: str
    positive: int


@dataclass(frozen=True, slots=True)
class Family:
    """Measures that are computed together: `score` maps weights (B, n) of n posts to values (B, k), nan: undefined."""

    measures: tuple[Measure, ...]
    score: Callable[[Floats], Floats]


Interval = tuple[float, float, float]


def intervals(
    families: Sequence[Family], groups: Sequence[str], *, samples: int, seed: int = 0
) -> list[tuple[Measure, Interval]]:
    """Each measure on all posts, with its 2.5 and 97.5 percentiles over resampled groups.

    Parameters
    ----------
    families
        What to compute, on n posts.
    groups
        The group of each post (n); posts of a group (the two sides of a pair) are drawn together.
    samples
        Resamples; those in which a measure is undefined are left out for it.

    References
    ----------
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 13; groups as the unit: chapter 8.
    """
    whole = [family.score(np.ones((1, len(groups))))[0] for family in families]
    drawn: list[list[Floats]] = [[] for _ in families]
    for weights in resamples(groups, samples=samples, seed=seed):
        for family, blocks in zip(families, drawn, strict=True):
            blocks.append(family.score(weights))
    found = []
    for family, values, blocks in zip(families, whole, drawn, strict=True):
        columns = np.concatenate(blocks) if blocks else np.empty((0, len(values)))
        for place, measure in enumerate(family.measures):
            found.append((measure, (float(values[place]), *_percentiles(columns[:, place]))))
    return found


def resamples(groups: Sequence[str], *, samples: int, seed: int = 0) -> Iterator[Floats]:
    """Blocks of weights (B, n): how often each post stands in each of the resamples."""
    if not len(groups):
        return
    names, of_post = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
    rng = np.random.default_rng(seed)
    block = max(1, _BLOCK // max(len(groups), 1))
    for start in range(0, samples, block):
        size = min(block, samples - start)
        picked = rng.integers(len(names), size=(size, len(names))) + len(names) * np.arange(size)[:, None]
        counts = np.bincount(picked.ravel(), minlength=size * len(names)).reshape(size, len(names))
        yield counts[:, of_post].astype(np.float64)


def _percentiles(values: Floats) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.percentile(known, [2.5, 97.5])
    return float(low), float(high)
