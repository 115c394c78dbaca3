"""Contents shuffled among posts within stretches of time: the null distribution of a pair's coincidences.

If the contents of a stretch's N posts are shuffled among them, an object with n posts there stands on two given posts
with the probability n (n-1) / (N (N-1)). With M pairs of posts of the two accounts within the window, the two share the
object at least once with at most M times that (Boole's inequality). The different objects that they share are then
bounded by a sum of trials, one per object and stretch: those of popular objects are taken one by one, as such an object
can count only once however many pairs of posts it stands on, and the many rare ones together as a Poisson variable
(Le Cam 1960). Trials of different objects depend on each other only in that they compete for the same posts.
"""

from __future__ import annotations

from math import expm1
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from graphs.coordination.nulls import Slots
from graphs.coordination.tails import LEAST, sum_tail
from graphs.coordination.timing import Chances
from graphs.errors import InputError
from graphs.kernels import kernel

__all__ = ["Popularity", "activity_chances", "attainable_by_activity", "check_blocks", "popularity_of"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

ONE_BY_ONE = 0.02
"""Chance from which on an object is a trial of its own; below, a Poisson variable is as good."""


_BINS = 3_001
"""Chances of a single coincidence are counted in steps of a hundredth of a power of ten, down to 1e-30."""


class Popularity(NamedTuple):
    """Chances that two given posts have the same object, by stretch.

    `first` (stretches + 1,) are the objects of each stretch in `chance`, descending; `rest` is the sum from each one on
    to the end of its stretch; `across` (stretches,) is the chance for a post of the stretch and one of the next.
    """

    first: Ints
    chance: Floats
    rest: Floats
    across: Floats


def popularity_of(objects: npt.NDArray[np.int32], slots: Slots) -> Popularity:
    """Return the popularity of objects in each stretch; `objects` and `slots.of_share` are those of the same shares."""
    stretches = int(slots.block.max(initial=-1)) + 1
    posts = np.bincount(slots.block, minlength=stretches).astype(np.float64)
    # An object twice in one post is there once.
    once = np.unique(np.stack([slots.of_share, objects.astype(np.int64)]), axis=1)
    key, count = np.unique(np.stack([slots.block[once[0]], once[1]]), axis=1, return_counts=True)
    stretch, thing = key
    size = posts[stretch]
    chance = count * (count - 1.0) / np.maximum(size * (size - 1.0), 1.0)
    kept = chance > 0
    order = np.lexsort((-chance[kept], stretch[kept]))
    first = np.searchsorted(stretch[kept][order], np.arange(stretches + 1)).astype(np.int64)
    descending = chance[kept][order]
    rest = _rests(first, descending)
    return Popularity(first, descending, rest, _across(stretch, thing, count / size, stretches))


@kernel
def _rests(first: Ints, chance: Floats) -> Floats:
    rest = np.zeros(len(chance))
    for block in range(len(first) - 1):
        total = 0.0
        for i in range(first[block + 1] - 1, first[block] - 1, -1):
            total += chance[i]
            rest[i] = total
    return rest


def _across(stretch: Ints, thing: Ints, part: Floats, stretches: int) -> Floats:
    """Return the chance that a post of a stretch and one of the next have the same object."""
    across = np.zeros(stretches)
    if stretches < 2:
        return across
    size = np.int64(thing.max() + 1)
    key = stretch * size + thing
    place = np.searchsorted(key, key + size)
    place[place == len(key)] = 0
    there = key[place] == key + size
    np.add.at(across, stretch[there], (part * part[place])[there])
    return across


class _Posts(NamedTuple):
    """Slots of each account in time: `first` (accounts + 1,), times and stretches."""

    first: Ints
    at: Ints
    block: Ints


def _posts_of(slots: Slots, accounts: int) -> _Posts:
    order = np.argsort(slots.actor, kind="stable")
    first = np.searchsorted(slots.actor[order], np.arange(accounts + 1)).astype(np.int64)
    return _Posts(first, slots.at[order].astype(np.int64), slots.block[order])


@kernel
def _activity(
    source: Ints, target: Ints, seen: Ints, posts_first: Ints, at: Ints, block: Ints, window: int,
    first: Ints, chance: Floats, rest: Floats, across: Floats, apart: float,
) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    p_value, expected, least = np.ones(len(seen)), np.zeros(len(seen)), np.ones(len(seen))
    trials = np.empty(1024)
    for e in range(len(source)):
        low, end = posts_first[target[e]], posts_first[target[e] + 1]
        n, mean, met, here = 0, 0.0, 0, 0
        for i in range(posts_first[source[e]], posts_first[source[e] + 1]):
            while low < end and at[low] < at[i] - window:
                low += 1
            j = low
            while j < end and at[j] <= at[i] + window:
                if block[j] == block[i]:
                    here += 1
                else:
                    mean += across[min(block[i], block[j])]
                met += 1
                j += 1
            last = i + 1 == posts_first[source[e] + 1] or block[i + 1] != block[i]
            if last and here:
                k, stop = first[block[i]], first[block[i] + 1]
                while k < stop and here * chance[k] > apart:
                    if n == len(trials):
                        more = np.empty(2 * n)
                        more[:n] = trials
                        trials = more
                    trials[n] = min(1.0, here * chance[k])
                    expected[e] += trials[n]
                    n += 1
                    k += 1
                if k < stop:
                    mean += here * rest[k]
                here = 0
        expected[e] += mean
        ours, theirs = posts_first[source[e] + 1] - posts_first[source[e]], end - posts_first[target[e]]
        p_value[e] = max(LEAST, sum_tail(seen[e], trials[:n], mean))
        most = min(met, min(ours, theirs))
        least[e] = min(p_value[e], max(LEAST, sum_tail(most, trials[:n], mean)))
    return p_value, expected, least


def activity_chances(
    source: Ints, target: Ints, seen: Ints, slots: Slots, popularity: Popularity, *, accounts: int, window: int
) -> Chances:
    """Return p-values of pairs that coincided `seen` times."""
    return Chances(
        *_activity(
            source, target, seen, *_posts_of(slots, accounts), window,
            popularity.first, popularity.chance, popularity.rest, popularity.across, ONE_BY_ONE,
        )
    )  # fmt: skip


@kernel
def _pairs_of_posts(at: Ints, window: int) -> int:
    total, low = 0, 0
    for i in range(len(at)):
        while at[low] < at[i] - window:
            low += 1
        total += i - low
    return total


@kernel
def _attainable(
    posts_first: Ints, own_at: Ints, own_block: Ints, actor: Ints, at: Ints, block: Ints, window: int,
    same: Floats, across: Floats,
) -> tuple[int, Ints]:  # fmt: skip
    """Return the pairs that can coincide twice or more; and those that can but once, by their chance."""
    accounts = len(posts_first) - 1
    met, mean = np.zeros(accounts, np.int64), np.zeros(accounts)
    touched = np.empty(accounts, np.int64)
    often, bins = 0, np.zeros(_BINS, np.int64)
    for a in range(accounts):
        n = 0
        for s in range(posts_first[a], posts_first[a + 1]):
            t = own_at[s]
            j = np.searchsorted(at, t - window)
            while j < len(at) and at[j] <= t + window:
                b = actor[j]
                if b > a:
                    if met[b] == 0:
                        touched[n] = b
                        n += 1
                    met[b] += 1
                    one = min(own_block[s], block[j])
                    mean[b] += same[one] if own_block[s] == block[j] else across[one]
                j += 1
        ours = posts_first[a + 1] - posts_first[a]
        for m in range(n):
            b = touched[m]
            if min(met[b], min(ours, posts_first[b + 1] - posts_first[b])) >= 2:
                often += 1
            else:
                chance = -expm1(-min(mean[b], 1.0))
                if chance > 0.0:
                    bins[min(_BINS - 1, int(-np.log10(chance) * 100.0))] += 1
            met[b], mean[b] = 0, 0.0
    return often, bins


def attainable_by_activity(
    slots: Slots, popularity: Popularity, *, accounts: int, window: int, most_work: int
) -> tuple[Floats, Ints]:
    """Return the smallest attainable p-values and how many pairs have each.

    Pairs that never post within the window of each other are left out. Pairs that could coincide twice or more are all
    taken for testable (with `LEAST`). Where counting would take more than `most_work` steps, an upper bound of the
    pairs is returned with `LEAST`.
    """
    at = slots.at.astype(np.int64)
    meetings = int(_pairs_of_posts(at, window))
    active = len(np.unique(slots.actor))
    if meetings > most_work:
        return np.array([LEAST]), np.array([min(meetings, active * (active - 1) // 2)])
    posts = _posts_of(slots, accounts)
    same = np.zeros(len(popularity.across))
    filled = np.diff(popularity.first) > 0
    same[filled] = popularity.rest[popularity.first[:-1][filled]]
    often, found = _attainable(*posts, slots.actor.astype(np.int64), at, slots.block, window, same, popularity.across)
    values = 10.0 ** (-(np.arange(_BINS) + 1) / 100)
    return np.append(values, LEAST), np.append(found, often)


def check_blocks(block_s: float, window_s: float) -> None:
    """Raise InputError if the window is longer than the stretches that contents are shuffled within."""
    if block_s < window_s:
        raise InputError(
            f"block_s ({block_s:g}) must not be shorter than the window ({window_s:g} s): "
            "within such stretches nothing can be shuffled apart."
        )
