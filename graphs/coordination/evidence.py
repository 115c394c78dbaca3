"""Who shared what: objects by account and accounts by object, and the coincidences of a pair."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from graphs.coordination.shares import Shares
from graphs.kernels import kernel

__all__ = ["Holdings", "coincidences", "common_objects", "holdings_of"]

Ints = npt.NDArray[np.int64]


class Holdings(NamedTuple):
    """The objects of each account. A holding is an account with an object that it shared, once or more often.

    `first` (accounts + 1,) are the holdings of each account; `actor`, `object` (holdings,) say whose and which, sorted
    by both; `start` (holdings + 1,) are the shares of each; `at`, `post` (shares,) are these shares' times and posts.
    """

    first: Ints
    actor: Ints
    object: Ints
    start: Ints
    at: Ints
    post: Ints

    @property
    def repeats(self) -> Ints:
        """Shares of each holding."""
        return np.diff(self.start)


def holdings_of(shares: Shares) -> Holdings:
    """Return the holdings of shares; codes of accounts and objects stay."""
    order = np.lexsort((shares.at, shares.object, shares.actor))
    actor, thing = shares.actor[order].astype(np.int64), shares.object[order].astype(np.int64)
    new = np.ones(len(order), np.bool_)
    new[1:] = (np.diff(actor) != 0) | (np.diff(thing) != 0)
    start = np.append(np.flatnonzero(new), len(order)).astype(np.int64)
    first = np.searchsorted(actor[new], np.arange(len(shares.actors) + 1)).astype(np.int64)
    at, post = shares.at[order].astype(np.int64), shares.post[order].astype(np.int64)
    return Holdings(first, actor[new], thing[new], start, at, post)


@kernel
def common_objects(source: Ints, target: Ints, first: Ints, thing: Ints) -> Ints:
    """Return how many different objects the two accounts of each pair have in common, at whatever time."""
    found = np.zeros(len(source), np.int64)
    for e in range(len(source)):
        i, j = first[source[e]], first[target[e]]
        while i < first[source[e] + 1] and j < first[target[e] + 1]:
            if thing[i] < thing[j]:
                i += 1
            elif thing[i] > thing[j]:
                j += 1
            else:
                found[e] += 1
                i += 1
                j += 1
    return found


@kernel
def _meeting(i: int, j: int, start: Ints, at: Ints, post: Ints, window: int) -> tuple[int, int]:
    """Return the posts of the first two shares of two holdings within the window, or -1 and -1."""
    low = start[j]
    for a in range(start[i], start[i + 1]):
        while low < start[j + 1] and at[low] < at[a] - window:
            low += 1
        b = low
        while b < start[j + 1] and at[b] <= at[a] + window:
            if post[a] != post[b]:
                return post[a], post[b]
            b += 1
    return -1, -1


@kernel
def _different(values: Ints) -> int:
    values = np.sort(values)
    count = 0
    for i in range(len(values)):
        if i == 0 or values[i] != values[i - 1]:
            count += 1
    return count


@kernel
def _coincidences(
    source: Ints, target: Ints, first: Ints, thing: Ints, start: Ints, at: Ints, post: Ints, window: int
) -> Ints:
    found = np.zeros(len(source), np.int64)
    for e in range(len(source)):
        i, j = first[source[e]], first[target[e]]
        room = min(first[source[e] + 1] - i, first[target[e] + 1] - j)
        ours, theirs = np.empty(room, np.int64), np.empty(room, np.int64)
        n = 0
        while i < first[source[e] + 1] and j < first[target[e] + 1]:
            if thing[i] < thing[j]:
                i += 1
            elif thing[i] > thing[j]:
                j += 1
            else:
                a, b = _meeting(i, j, start, at, post, window)
                if a >= 0:
                    ours[n], theirs[n] = a, b
                    n += 1
                i += 1
                j += 1
        found[e] = min(_different(ours[:n]), _different(theirs[:n]))
    return found


def coincidences(source: Ints, target: Ints, holdings: Holdings, *, window: int) -> Ints:
    """Return how often the two accounts of each pair coincided, counted so that one act is one piece of evidence.

    Parameters
    ----------
    source, target
        Codes of accounts, shape (pairs,).
    holdings
        Of the shares looked at.
    window
        In the unit of the times, the end included.

    Returns
    -------
    array of int64
        Of the objects that both shared within the window, one meeting each is taken; the smaller of the different posts
        of the one and of the other account in these is the number. So it is at most the number of such objects and at
        most the number of events: ten copies of one link are one coincidence, and so is one post with three hashtags.
    """
    return _coincidences(
        source, target, holdings.first, holdings.object, holdings.start, holdings.at, holdings.post, window
    )
