"""Many tests at once: false discovery rates, and which pairs count as tested."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from graphs.errors import InputError

__all__ = ["Correction", "check_level", "count_tests", "q_values"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

Correction = Literal["benjamini_hochberg", "benjamini_yekutieli"]


def check_level(level: float) -> float:
    """Return `level`. Raises InputError unless it lies strictly between 0 and 1."""
    if not 0 < level < 1:
        raise InputError(f"level must lie between 0 and 1, got {level!r}. Write 0.05 for 5%.")
    return float(level)


def q_values(
    p_values: npt.ArrayLike, tests: int | None = None, *, correction: Correction = "benjamini_hochberg"
) -> FloatArray:
    """Return the smallest false discovery rate at which each test is rejected.

    Parameters
    ----------
    p_values
        Shape (found,), each within (0, 1].
    tests
        Number of tests that were made, those without a p-value here included: their p-value is 1. Left out: the
        p-values that are given are all.
    correction
        `benjamini_hochberg` holds for independent tests and for those that depend positively; `benjamini_yekutieli` for
        any dependence, at the price of a factor of about ln(tests).

    Returns
    -------
    array of float64
        q = min over all j with p_j >= p of (tests · c · p_j / j), at most 1, where c is 1 or the sum of 1/i up to
        `tests`. Never below p, and never falling as p grows.

    Raises
    ------
    InputError
        If a p-value lies outside (0, 1], or `tests` is smaller than their number.

    References
    ----------
    Benjamini & Hochberg (1995), Journal of the Royal Statistical Society B 57(1), 289-300; Benjamini & Yekutieli
    (2001), The Annals of Statistics 29(4), 1165-1188.

    Examples
    --------
    >>> q_values([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.04, 0.04]
    >>> q_values([0.01, 0.04, 0.03], 100).tolist()
    [1.0, 1.0, 1.0]
    """
    p = np.asarray(p_values, dtype=np.float64)
    wrong = p[~((p > 0) & (p <= 1))]
    if len(wrong):
        raise InputError(f"a p-value must lie above 0 and not above 1, got {wrong[0]!r}.")
    count = len(p) if tests is None else int(tests)
    if count < len(p):
        raise InputError(f"there are {len(p)} p-values, hence at least as many tests, got tests={tests}.")
    if correction not in get_args(Correction):
        raise InputError(f"correction must be one of {', '.join(get_args(Correction))}, got {correction!r}.")
    if not len(p):
        return p
    factor = float(count)
    if correction == "benjamini_yekutieli":
        factor *= _harmonic(count)
    order = np.argsort(p, kind="stable")
    scaled = p[order] * (factor / np.arange(1, len(p) + 1))
    # Rounding must not carry a q below its p, as where every test has a p-value and all are equal.
    least = np.maximum(np.minimum.accumulate(scaled[::-1])[::-1], p[order])
    found = np.empty_like(p)
    found[order] = np.minimum(least, 1.0)
    return found


def _harmonic(count: int) -> float:
    """Return 1 + 1/2 + ... + 1/count; beyond a million terms by its expansion (error below 1e-13)."""
    if count <= 1_000_000:
        return float((1.0 / np.arange(1, count + 1)).sum())
    return float(np.log(count) + np.euler_gamma + 1 / (2 * count))


def count_tests(least: npt.ArrayLike, pairs: npt.ArrayLike, *, level: float = 0.05) -> tuple[int, float]:
    """Return how many pairs could reach significance at all, and the smallest p-value that they must be able to reach.

    Parameters
    ----------
    least
        Smallest attainable p-values, shape (values,): those of pairs that coincide as often as their margins allow.
    pairs
        Number of pairs with each of them, same shape.
    level
        False discovery rate that will be asked for.

    Returns
    -------
    int
        K, the smallest number such that at most K pairs can reach a p-value of level/K.
    float
        level/K: pairs that cannot reach it are no tests.

    Notes
    -----
    Two accounts that share one object can coincide once, and their p-value can never be small enough to matter among
    thousands of tests. As this is known from what the null model holds fixed, whatever the times turn out to be, they
    need not be counted. Benjamini-Hochberg over the K others is then a procedure on a fixed set of tests.

    References
    ----------
    Tarone (1990), Biometrics 46(2), 515-522; Gilbert (2005), Applied Statistics 54(1), 143-158.

    Examples
    --------
    A thousand pairs that cannot come below 0.01, and ten that can reach one in a million:

    >>> count_tests([0.01, 1e-6], [1000, 10])
    (10, 0.005)
    """
    check_level(level)
    values, counts = np.asarray(least, dtype=np.float64), np.asarray(pairs, dtype=np.int64)
    order = np.argsort(values, kind="stable")
    values, cumulative = values[order], np.cumsum(counts[order])
    if not len(values) or not cumulative[-1]:
        return 0, level
    # The pairs at or below level/K are a falling step function of K, so the smallest K that they do not exceed is found
    # by bisection.
    low, high = 1, int(cumulative[-1])
    while low < high:
        middle = (low + high) // 2
        if _at_most(values, cumulative, level / middle) <= middle:
            high = middle
        else:
            low = middle + 1
    return low, level / low


def _at_most(values: FloatArray, cumulative: IntArray, cut: float) -> int:
    place = int(np.searchsorted(values, cut, side="right"))
    return int(cumulative[place - 1]) if place else 0
