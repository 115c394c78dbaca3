"""Who shares what at any time: the null distribution of the objects that a pair has in common."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from graphs.coordination.evidence import Holdings
from graphs.coordination.tails import LEAST, hypergeometric_tail, stratified_tail, sum_tail
from graphs.coordination.timing import Chances
from graphs.errors import ConvergenceError, InputError
from graphs.kernels import kernel

__all__ = ["Sharing", "attainable_by_sharing", "sharing_chances", "sharing_of"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

CLASS_RATIO = 1.25
"""Objects of one class have numbers of accounts that differ by at most this factor."""

ONE_BY_ONE = 0.01
"""Chance from which on an object of the configuration model is a trial of its own instead of part of a Poisson one."""

FEW = 8
"""Common objects up to which the smallest attainable p-value is computed; more are taken for attainable."""

_TOLERANCE, _MOST_ROUNDS = 1e-6, 20_000


class Sharing(NamedTuple):
    """What a model of who shares what rests on.

    `degree` (accounts,) are the different objects of each account; `universe` is their number in each class of objects,
    `of_class` (objects,) the class, -1 for an object that cannot be common. Configuration model alone: `weight`
    (accounts,) and `pull` (classes,), of which an account shares an object with the chance xy / (1 + xy).
    """

    degree: Ints
    universe: Ints
    of_class: Ints
    weight: Floats
    pull: Floats


def sharing_of(holdings: Holdings, null: str, *, objects: int, universe: int | None = None) -> Sharing:
    """Return the margins of a null model, and its fitted parameters.

    Raises InputError if `universe` is smaller than the number of objects in the table; ConvergenceError if the
    configuration model cannot be fitted.
    """
    degree = np.diff(holdings.first)
    sharers = np.bincount(holdings.object, minlength=objects)
    none = np.zeros(0)
    if null == "hypergeometric":
        shared = int((sharers > 0).sum())
        if universe is not None and universe < shared:
            raise InputError(f"universe must hold the {shared:,} objects of the table, got {universe:,}. Leave it out.")
        return Sharing(degree, np.array([universe or shared]), np.where(sharers > 0, 0, -1), none, none)
    if null == "hypergeometric_by_popularity":
        # Objects of a single account can be nobody's common object: they are no part of the universe.
        step = np.floor(np.log(np.maximum(sharers, 1)) / np.log(CLASS_RATIO)).astype(np.int64)
        of_class = np.where(sharers >= 2, step, -1)
        return Sharing(degree, np.bincount(of_class[of_class >= 0]), of_class, none, none)
    known, of_class = np.unique(sharers, return_inverse=True)
    sizes = np.bincount(of_class)
    weight, pull = fit_configuration(degree, known, sizes)
    return Sharing(degree, sizes, of_class, weight, pull)


def fit_configuration(degree: Ints, sharers: Ints, sizes: Ints) -> tuple[Floats, Floats]:
    """Return the parameters of the bipartite configuration model.

    Parameters
    ----------
    degree
        Different objects of each account, shape (accounts,).
    sharers, sizes
        Accounts that share an object, and the number of such objects; shape (classes,).

    Returns
    -------
    tuple of arrays
        x (accounts,) and y (classes,), such that the expected degrees of the model, with chances xy / (1 + xy), are
        those given, within a relative error of 1e-6 (1e-3 where accounts share all objects, or objects have all
        accounts: the parameters then grow without bound).

    Raises
    ------
    ConvergenceError
        If the iteration does not come so far.

    References
    ----------
    Saracco, Straka, Di Clemente, Gabrielli, Caldarelli & Squartini (2017), New Journal of Physics 19, 053022; the
    iteration is that of Vallarano, Bruno, Marchese et al. (2021), Scientific Reports 11, 15227.
    """
    known, place, accounts = np.unique(degree, return_inverse=True, return_counts=True)
    x, y, error = _fit(
        known.astype(np.float64), accounts.astype(np.float64), sharers.astype(np.float64), sizes.astype(np.float64),
        _TOLERANCE, _MOST_ROUNDS,
    )  # fmt: skip
    if error > 1e-3:
        raise ConvergenceError(
            f"the configuration model was not fitted: degrees are off by {error:.1%} after {_MOST_ROUNDS:,} rounds. "
            "Use hypergeometric_by_popularity."
        )
    return x[place], y


@kernel
def _fit(
    rows: Floats, row_count: Floats, columns: Floats, column_count: Floats, tolerance: float, most: int
) -> tuple[Floats, Floats, float]:
    total = max(1.0, (columns * column_count).sum())
    x, y = rows / np.sqrt(total), columns / np.sqrt(total)
    error = 0.0
    for _ in range(most):
        for c in range(len(y)):
            pulled = 0.0
            for r in range(len(x)):
                pulled += row_count[r] * x[r] / (1.0 + x[r] * y[c])
            y[c] = columns[c] / pulled if pulled > 0.0 else 0.0
        error = 0.0
        for r in range(len(x)):
            pulled = 0.0
            for c in range(len(y)):
                pulled += column_count[c] * y[c] / (1.0 + x[r] * y[c])
            if rows[r] > 0.0:
                error = max(error, abs(x[r] * pulled / rows[r] - 1.0))
                x[r] = rows[r] / pulled
            else:
                x[r] = 0.0
        if error <= tolerance:
            break
    return x, y, error


@kernel
def _configuration_tail(
    count: int, one: float, other: float, pull: Floats, size: Ints, apart: float
) -> tuple[float, float]:
    """Return P(common objects >= count) and their mean, for two accounts with these parameters."""
    room = 0
    for c in range(len(pull)):
        y = pull[c]
        if one * y / (1.0 + one * y) * other * y / (1.0 + other * y) > apart:
            room += size[c]
    trials = np.empty(room)
    n, rest, mean = 0, 0.0, 0.0
    for c in range(len(pull)):
        y = pull[c]
        both = one * y / (1.0 + one * y) * other * y / (1.0 + other * y)
        mean += size[c] * both
        if both > apart:
            trials[n : n + size[c]] = both
            n += size[c]
        else:
            rest += size[c] * both
    return sum_tail(count, trials, rest), mean


@kernel
def _by_class(
    source: Ints, target: Ints, seen: Ints, first: Ints, thing: Ints, of_class: Ints, universe: Ints
) -> tuple[Floats, Floats, Floats]:
    p_value, expected, least = np.ones(len(seen)), np.zeros(len(seen)), np.ones(len(seen))
    for e in range(len(source)):
        ours, theirs = np.zeros(len(universe), np.int64), np.zeros(len(universe), np.int64)
        for h in range(first[source[e]], first[source[e] + 1]):
            if of_class[thing[h]] >= 0:
                ours[of_class[thing[h]]] += 1
        for h in range(first[target[e]], first[target[e] + 1]):
            if of_class[thing[h]] >= 0:
                theirs[of_class[thing[h]]] += 1
        most = 0
        for c in range(len(universe)):
            most += min(ours[c], theirs[c])
            if universe[c] > 0:
                expected[e] += ours[c] * theirs[c] / universe[c]
        p_value[e] = max(LEAST, stratified_tail(seen[e], universe, ours, theirs))
        least[e] = min(p_value[e], max(LEAST, stratified_tail(most, universe, ours, theirs)))
    return p_value, expected, least


@kernel
def _by_pull(
    source: Ints, target: Ints, seen: Ints, degree: Ints, weight: Floats, pull: Floats, size: Ints, apart: float
) -> tuple[Floats, Floats, Floats]:
    p_value, expected, least = np.ones(len(seen)), np.zeros(len(seen)), np.ones(len(seen))
    for e in range(len(source)):
        one, other = weight[source[e]], weight[target[e]]
        tail, expected[e] = _configuration_tail(seen[e], one, other, pull, size, apart)
        p_value[e] = max(LEAST, tail)
        most = min(degree[source[e]], degree[target[e]])
        tail, _ = _configuration_tail(most, one, other, pull, size, apart)
        least[e] = min(p_value[e], max(LEAST, tail))
    return p_value, expected, least


def sharing_chances(source: Ints, target: Ints, seen: Ints, holdings: Holdings, sharing: Sharing) -> Chances:
    """Return p-values of pairs that have `seen` different objects in common."""
    if len(sharing.pull):
        return Chances(
            *_by_pull(source, target, seen, sharing.degree, sharing.weight, sharing.pull, sharing.universe, ONE_BY_ONE)
        )
    return Chances(
        *_by_class(source, target, seen, holdings.first, holdings.object, sharing.of_class, sharing.universe)
    )


@kernel
def _attainable(
    degree: Ints, accounts: Ints, weight: Floats, pull: Floats, size: Ints, few: int, apart: float
) -> tuple[Floats, Ints]:
    n = len(degree)
    values, pairs = np.zeros(n * (n + 1) // 2), np.zeros(n * (n + 1) // 2, np.int64)
    place = 0
    for a in range(n):
        for b in range(a, n):
            pairs[place] = accounts[a] * accounts[b] if a != b else accounts[a] * (accounts[a] - 1) // 2
            most = min(degree[a], degree[b])
            if most > few:
                values[place] = LEAST
            elif len(pull):
                tail, _ = _configuration_tail(most, weight[a], weight[b], pull, size, apart)
                values[place] = max(LEAST, tail)
            else:
                values[place] = max(LEAST, hypergeometric_tail(most, size[0], degree[a], degree[b]))
            place += 1
    return values, pairs


def attainable_by_sharing(sharing: Sharing, null: str) -> tuple[Floats, Ints]:
    """Return the smallest attainable p-values and how many pairs of accounts have each."""
    active = sharing.degree[sharing.degree > 0]
    if null == "hypergeometric_by_popularity":
        return np.array([LEAST]), np.array([len(active) * (len(active) - 1) // 2])
    known, place, accounts = np.unique(active, return_index=True, return_counts=True)
    weight = sharing.weight[sharing.degree > 0][place] if len(sharing.weight) else np.zeros(len(known))
    return _attainable(known, accounts, weight, sharing.pull, sharing.universe, FEW, ONE_BY_ONE)
