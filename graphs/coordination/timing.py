"""Times shuffled within objects: the exact null distribution of a pair's coincidences.

If the times of an object's n shares are shuffled among them, two given shares fall on a uniformly drawn pair of its
times. They come within the window with the probability p = (pairs of the n times within the window) / (n (n-1) / 2),
and objects are independent of each other. The coincidences of a pair then are a sum of independent trials, one per
common object, each with its own p: no shuffling is needed.

Of an account that shared the object k times, one given share of another comes within the window of any of these with

    p(k) = mean over the n times i of 1 - C(n-1-d_i, k) / C(n-1, k),

d_i being the other times within the window of time i. That is exact where one of the two shared the object once. Where
one did so k and the other m times, min(1, k p(m), m p(k)) is an upper bound (Boole's inequality), so that p-values are
too large rather than too small.
"""

from __future__ import annotations

from math import exp, lgamma, log
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from graphs.coordination.evidence import Holdings
from graphs.coordination.shares import Shares
from graphs.coordination.tails import LEAST, sum_tail
from graphs.kernels import kernel

__all__ = ["Chances", "attainable_by_timing", "holding_chances", "timing_chances"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

BINS = 30_001
"""Smallest attainable p-values are counted in steps of a hundredth of a power of ten, down to 1e-300."""


class Chances(NamedTuple):
    """One element per pair: p-value, mean of the coincidences under the null, smallest attainable p-value."""

    p_value: Floats
    expected: Floats
    least: Floats


@kernel
def _neighbours(group: Ints, at: Ints, window: int) -> Ints:
    """Return how many other shares of the same object lie within the window of each share; sorted by both."""
    n = len(at)
    found = np.zeros(n, np.int64)
    low, high = 0, 0
    for i in range(n):
        while group[low] != group[i] or at[low] < at[i] - window:
            low += 1
        high = max(high, i + 1)
        while high < n and group[high] == group[i] and at[high] <= at[i] + window:
            high += 1
        found[i] = high - low - 1
    return found


@kernel
def _holding_chances(near: Ints, offset: Ints, thing: Ints, count: Ints, by_object: Ints) -> Floats:
    """Return p(k) of each holding; `by_object` orders the holdings by object and number of shares."""
    chances = np.zeros(len(thing))
    for place in range(len(by_object)):
        h = by_object[place]
        if place:
            before = by_object[place - 1]
            if thing[before] == thing[h] and count[before] == count[h]:
                chances[h] = chances[before]
                continue
        low, high = offset[thing[h]], offset[thing[h] + 1]
        others, k = high - low - 1, count[h]
        if others == 0:
            continue
        total = 0.0
        for i in range(low, high):
            if k == 1:
                total += near[i] / others
            elif others - near[i] < k:
                total += 1.0
            elif near[i]:
                kept = lgamma(others - near[i] + 1.0) - lgamma(others - near[i] - k + 1.0)
                total += 1.0 - exp(kept - lgamma(others + 1.0) + lgamma(others - k + 1.0))
        chances[h] = min(1.0, max(0.0, total / (high - low)))
    return chances


def holding_chances(shares: Shares, holdings: Holdings, *, window: int) -> Floats:
    """Return p(k) of each holding: that a given share of somebody else comes within the window of one of its shares."""
    group = shares.object.astype(np.int64)
    offset = np.searchsorted(group, np.arange(len(shares.objects) + 1)).astype(np.int64)
    near = _neighbours(group, shares.at.astype(np.int64), window)
    by_object = np.lexsort((holdings.repeats, holdings.object)).astype(np.int64)
    return _holding_chances(near, offset, holdings.object, holdings.repeats, by_object)


@kernel
def _both(k: int, first: float, m: int, second: float) -> float:
    """Return the chance that two holdings of k and m shares, with their p(k) and p(l), come within the window."""
    return min(1.0, min(k * second, m * first))


@kernel
def _timing(
    source: Ints, target: Ints, seen: Ints, first: Ints, thing: Ints, count: Ints, chance: Floats
) -> tuple[Floats, Floats, Floats]:
    p_value, expected, least = np.ones(len(seen)), np.zeros(len(seen)), np.ones(len(seen))
    for e in range(len(source)):
        i, j = first[source[e]], first[target[e]]
        chances = np.empty(min(first[source[e] + 1] - i, first[target[e] + 1] - j))
        n, logs = 0, 0.0
        while i < first[source[e] + 1] and j < first[target[e] + 1]:
            if thing[i] < thing[j]:
                i += 1
            elif thing[i] > thing[j]:
                j += 1
            else:
                both = _both(count[i], chance[i], count[j], chance[j])
                if both > 0.0:
                    chances[n] = both
                    logs += log(both)
                    expected[e] += both
                    n += 1
                i += 1
                j += 1
        p_value[e] = max(LEAST, sum_tail(seen[e], chances[:n], 0.0))
        least[e] = min(p_value[e], max(LEAST, exp(logs)))
    return p_value, expected, least


def timing_chances(source: Ints, target: Ints, seen: Ints, holdings: Holdings, chance: Floats) -> Chances:
    """Return p-values of pairs that coincided `seen` times, given the `chance` of each holding."""
    return Chances(*_timing(source, target, seen, holdings.first, holdings.object, holdings.repeats, chance))


@kernel
def _attainable(
    first: Ints, actor: Ints, thing: Ints, count: Ints, chance: Floats, offset: Ints, by_object: Ints, bins: int
) -> Ints:
    accounts = len(first) - 1
    logs = np.zeros(accounts)
    met = np.zeros(accounts, np.bool_)
    touched = np.empty(accounts, np.int64)
    found = np.zeros(bins, np.int64)
    for a in range(accounts):
        n = 0
        for h in range(first[a], first[a + 1]):
            for place in range(offset[thing[h]], offset[thing[h] + 1]):
                other = by_object[place]
                b = actor[other]
                if b <= a:
                    continue
                both = _both(count[h], chance[h], count[other], chance[other])
                if both <= 0.0:
                    continue
                if not met[b]:
                    met[b] = True
                    touched[n] = b
                    n += 1
                logs[b] += log(both)
        for m in range(n):
            b = touched[m]
            found[min(bins - 1, int(-logs[b] / log(10.0) * 100.0))] += 1
            logs[b], met[b] = 0.0, False
    return found


def attainable_by_timing(holdings: Holdings, chance: Floats, objects: int, *, most_work: int) -> tuple[Floats, Ints]:
    """Return the smallest attainable p-values and how many pairs have each; pairs that cannot coincide are left out.

    Where that would take more than `most_work` steps, an upper bound of the pairs is returned with `LEAST`: all of them
    then count as tests.
    """
    offset = np.searchsorted(np.sort(holdings.object), np.arange(objects + 1)).astype(np.int64)
    sharers = np.diff(offset)
    accounts = int((np.diff(holdings.first) > 0).sum())
    meetings = int((sharers * (sharers - 1) // 2).sum())
    if meetings > most_work:
        return np.array([LEAST]), np.array([min(meetings, accounts * (accounts - 1) // 2)])
    by_object = np.argsort(holdings.object, kind="stable").astype(np.int64)
    found = _attainable(
        holdings.first, holdings.actor, holdings.object, holdings.repeats, chance, offset, by_object, BINS
    )
    # The lower edge of each step, so that no pair is taken for one that could not be significant.
    return np.maximum(LEAST, 10.0 ** (-(np.arange(BINS) + 1) / 100)), found
