"""Upper tails of the null distributions, exact in relative terms however small they are.

Every sum here has positive terms only: nothing is subtracted from 1 where the tail is small, so a probability of 1e-200
has as many correct digits as one of 0.1. Below `LEAST` a probability is given as `LEAST`.
"""

from __future__ import annotations

from math import exp, lgamma, log

import numpy as np
import numpy.typing as npt

from graphs.errors import InputError
from graphs.kernels import kernel

__all__ = [
    "LEAST", "hypergeometric_tail", "hypergeometric_tails", "poisson_binomial_tail", "poisson_tail", "stratified_tail",
    "sum_tail",
]  # fmt: skip

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LEAST = 1e-300
"""The smallest probability that is given; a smaller one is raised to it, so that no p-value is ever 0."""

_NEGLIGIBLE = 1e-17


@kernel
def poisson_tail(count: int, mean: float) -> float:
    """Return P(X >= count) of a Poisson variable."""
    if count <= 0:
        return 1.0
    if mean <= 0.0:
        return 0.0
    if count <= mean:
        below = 0.0
        for j in range(count):
            below += exp(j * log(mean) - mean - lgamma(j + 1.0))
        return max(0.0, 1.0 - below)
    first = count * log(mean) - mean - lgamma(count + 1.0)
    term, total, j = 1.0, 1.0, count
    while term > _NEGLIGIBLE * total:
        j += 1
        term *= mean / j
        total += term
    return min(1.0, exp(first) * total)


@kernel
def sum_tail(count: int, chances: FloatArray, mean: float) -> float:
    """Return P(B + X >= count): B the successes of independent trials with these chances, X Poisson with this mean."""
    if count <= 0:
        return 1.0
    # mass[j] = P(B = j) for j < count; mass[count] = P(B >= count), which nothing leaves.
    mass = np.zeros(count + 1)
    mass[0] = 1.0
    for chance in chances:
        mass[count] += chance * mass[count - 1]
        for j in range(count - 1, 0, -1):
            mass[j] = mass[j] * (1.0 - chance) + chance * mass[j - 1]
        mass[0] *= 1.0 - chance
    total = mass[count]
    for j in range(count):
        total += mass[j] * poisson_tail(count - j, mean)
    return float(min(1.0, total))


def poisson_binomial_tail(count: int, chances: npt.ArrayLike) -> float:
    """Return the probability of at least `count` successes in independent trials with different chances.

    Parameters
    ----------
    count
        Successes that were seen.
    chances
        Probability of success of each trial, shape (trials,), each within [0, 1].

    Returns
    -------
    float
        Within [`LEAST`, 1]; relative error below 1e-12.

    Raises
    ------
    InputError
        If a chance is no probability.

    Notes
    -----
    One trial after the other is folded into the distribution of the number of successes, which is cut at `count`: time
    O(trials x count).

    References
    ----------
    Hong (2013), Computational Statistics & Data Analysis 59, 41-51.

    Examples
    --------
    Two different coins, both heads:

    >>> round(poisson_binomial_tail(2, [0.5, 0.1]), 6)
    0.05
    """
    given = np.asarray(chances, dtype=np.float64).reshape(-1)
    wrong = given[~((given >= 0) & (given <= 1))]
    if len(wrong):
        raise InputError(f"a chance must lie within 0 and 1, got {wrong[0]!r}.")
    return max(LEAST, float(sum_tail(int(count), given, 0.0)))


@kernel
def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0)


@kernel
def hypergeometric_tail(count: int, universe: int, first: int, second: int) -> float:
    """Return P(X >= count): X of `second` objects drawn from `universe`, `first` of which are marked."""
    least, most = max(0, first + second - universe), min(first, second)
    if count <= least:
        return 1.0
    if count > most:
        return 0.0
    log_first = (
        _log_choose(first, count) + _log_choose(universe - first, second - count) - _log_choose(universe, second)
    )
    term, total = 1.0, 1.0
    for j in range(count, most):
        step = (first - j) * (second - j) / ((j + 1.0) * (universe - first - second + j + 1.0))
        term *= step
        total += term
        if step < 1.0 and term < _NEGLIGIBLE * total:
            break
    return min(1.0, exp(log_first + log(total)))


def hypergeometric_tails(
    shared: npt.ArrayLike, first: npt.ArrayLike, second: npt.ArrayLike, universe: int
) -> FloatArray:
    """Return the probability of at least so many shared objects by chance, for many pairs of accounts.

    Parameters
    ----------
    shared, first, second
        Distinct objects shared by both, by one and by the other account of each pair; arrays of one shape.
    universe
        Distinct objects that could have been shared.

    Returns
    -------
    array of float64
        P(X >= shared) within [`LEAST`, 1]; relative error below 1e-8 for universes of up to a million objects.

    Raises
    ------
    InputError
        If an account has more objects than the universe, or a pair more than one of its accounts.

    Notes
    -----
    P(X = k) = C(a, k) C(N-a, b-k) / C(N, b). Every object counts alike, so that an object which everybody shares makes
    everybody's pairs significant: `configuration_model` and `hypergeometric_by_popularity` account for that.

    References
    ----------
    Tumminello, Miccichè, Lillo, Piilo & Mantegna (2011), PLoS ONE 6(3), e17994, equation 1.

    Examples
    --------
    Two accounts with 3 of 10 objects each, the same three: 1 in 120.

    >>> round(1 / hypergeometric_tails([3], [3], [3], 10)[0])
    120
    """
    x, a, b = np.broadcast_arrays(*(np.asarray(y, dtype=np.int64) for y in (shared, first, second)))
    if x.size and (
        max(a.max(), b.max()) > universe or (x > np.minimum(a, b)).any() or min(x.min(), a.min(), b.min()) < 0
    ):
        raise InputError(
            f"a pair shares more objects than its accounts, or an account more than the universe of {universe}. "
            "Count distinct objects, and give a universe that holds them all."
        )
    return _hypergeometric_tails(x.reshape(-1), a.reshape(-1), b.reshape(-1), int(universe)).reshape(x.shape)


@kernel
def _hypergeometric_tails(shared: IntArray, first: IntArray, second: IntArray, universe: int) -> FloatArray:
    found = np.empty(len(shared))
    for i in range(len(shared)):
        found[i] = max(LEAST, hypergeometric_tail(shared[i], universe, first[i], second[i]))
    return found


@kernel
def stratified_tail(count: int, universe: IntArray, first: IntArray, second: IntArray) -> float:
    """Return P(sum of X_c >= count): independent hypergeometric X_c, one for each class c of objects."""
    if count <= 0:
        return 1.0
    mass = np.zeros(count + 1)
    mass[0] = 1.0
    for c in range(len(universe)):
        a, b, n = first[c], second[c], universe[c]
        most = min(a, b)
        if most == 0:
            continue
        least = max(0, a + b - n)
        weight = np.zeros(count + 1)
        for x in range(least, min(most, count - 1) + 1):
            weight[x] = exp(_log_choose(a, x) + _log_choose(n - a, b - x) - _log_choose(n, b))
        after = np.zeros(count + 1)
        after[count] = mass[count]
        for j in range(count):
            after[count] += mass[j] * hypergeometric_tail(count - j, n, a, b)
            for x in range(min(most, count - 1 - j) + 1):
                after[j + x] += mass[j] * weight[x]
        mass = after
    return float(min(1.0, mass[count]))
