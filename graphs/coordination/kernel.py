"""The sweep over shares sorted by object and time: events counted per pair of accounts, in time linear in the events.

Arrays in, arrays out, so that it runs as well on permuted data. All of them have one element per share and are sorted
by object, then by time. Times permuted within the objects are the same as accounts (and posts) permuted within the
objects: leave `group` and `at` as they are and shuffle the others, and no sorting is needed.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from graphs.kernels import kernel

__all__ = ["BLOCK", "Events", "PairCounts", "candidates", "count_pairs", "events_of", "in_events", "share_windows"]

Ints: TypeAlias = npt.NDArray[np.integer[Any]]
Flags: TypeAlias = npt.NDArray[np.bool_]

BLOCK = 1 << 24
"""Events that are held at once: 24 bytes each while they are sorted."""


class Events(NamedTuple):
    """Events as positions of two shares each; the account of `first` has the smaller code."""

    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]


class PairCounts(NamedTuple):
    """One element per pair of accounts with an event, sorted by both; `source < target` are the accounts' codes.

    `weight` counts the events, `gap` sums their gaps (in the unit of `at`), `posts_source` and `posts_target` count the
    different posts of each account in them, `fast` counts the events with a gap of at most `fast_window`.
    """

    source: npt.NDArray[np.int64]
    target: npt.NDArray[np.int64]
    weight: npt.NDArray[np.int64]
    gap: npt.NDArray[np.int64]
    posts_source: npt.NDArray[np.int64]
    posts_target: npt.NDArray[np.int64]
    fast: npt.NDArray[np.int64]


@kernel
def share_windows(group: Ints, at: Ints, window: int) -> npt.NDArray[np.int64]:
    """Return for each share the position after the last one of the same object at most `window` later."""
    n = group.size
    ends = np.empty(n, np.int64)
    end = 0
    for i in range(n):
        end = max(end, i + 1)
        while end < n and group[end] == group[i] and at[end] - at[i] <= window:
            end += 1
        ends[i] = end
    return ends


def candidates(group: Ints, at: Ints, window: int) -> int:
    """Return how many pairs of shares lie within the window, an account's own included; linear in the shares."""
    ends = share_windows(group, at, window)
    return int((ends - np.arange(1, ends.size + 1)).sum())


@kernel
def _is_event(i: int, j: int, actor: Ints, post: Ints, kept: Flags) -> bool:
    return bool(actor[i] != actor[j] and post[i] != post[j] and (kept[i] or kept[j]))


@kernel
def _mark(actor: Ints, post: Ints, ends: Ints, kept: Flags) -> Flags:
    n = actor.size
    marked = np.zeros(n, np.bool_)
    for i in range(n):
        for j in range(i + 1, ends[i]):
            if _is_event(i, j, actor, post, kept):
                marked[i] = True
                marked[j] = True
    return marked


def in_events(actor: Ints, group: Ints, at: Ints, post: Ints, *, window: int, kept: Flags | None = None) -> Flags:
    """Return which shares take part in an event: another account, another post, the same object, within the window.

    The arguments are those of `count_pairs`.
    """
    return _mark(actor, post, share_windows(group, at, window), _all_if_none(kept, actor.size))


def _all_if_none(kept: Flags | None, size: int) -> Flags:
    return np.ones(size, np.bool_) if kept is None else kept


@kernel
def _count(actor: Ints, post: Ints, ends: Ints, kept: Flags, start: int, stop: int) -> int:
    total = 0
    for i in range(start, stop):
        for j in range(i + 1, ends[i]):
            if _is_event(i, j, actor, post, kept):
                total += 1
    return total


@kernel
def _count_parts(actor: Ints, post: Ints, ends: Ints, kept: Flags, accounts: int, parts: int) -> npt.NDArray[np.int64]:
    totals = np.zeros(parts, np.int64)
    for i in range(actor.size):
        for j in range(i + 1, ends[i]):
            if _is_event(i, j, actor, post, kept):
                low, high = min(actor[i], actor[j]), max(actor[i], actor[j])
                totals[(np.int64(low) * accounts + high) % parts] += 1
    return totals


@kernel
def _fill(actor: Ints, post: Ints, ends: Ints, kept: Flags, start: int, stop: int, first: Ints, second: Ints) -> None:
    k = 0
    for i in range(start, stop):
        for j in range(i + 1, ends[i]):
            if _is_event(i, j, actor, post, kept):
                if actor[i] < actor[j]:
                    first[k], second[k] = i, j
                else:
                    first[k], second[k] = j, i
                k += 1


@kernel
def _fill_part(
    actor: Ints,
    post: Ints,
    ends: Ints,
    kept: Flags,
    accounts: int,
    parts: int,
    part: int,
    key: Ints,
    first: Ints,
    second: Ints,
) -> None:
    k = 0
    for i in range(actor.size):
        for j in range(i + 1, ends[i]):
            if _is_event(i, j, actor, post, kept):
                a, b = i, j
                if actor[i] > actor[j]:
                    a, b = j, i
                pair = np.int64(actor[a]) * accounts + actor[b]
                if pair % parts == part:
                    key[k], first[k], second[k] = pair, a, b
                    k += 1


@kernel
def _distinct(values: Ints) -> int:
    values.sort()
    count = 1
    for i in range(1, values.size):
        if values[i] != values[i - 1]:
            count += 1
    return count


@kernel
def _summarise(
    key: Ints, order: Ints, first: Ints, second: Ints, at: Ints, post: Ints, fast_window: int, fast_kept: Flags
) -> npt.NDArray[np.int64]:
    """Return one row per pair: key, weight, sum of gaps, posts of each account, fast events."""
    n = order.size
    pairs = 0
    for k in range(n):
        if k == 0 or key[order[k]] != key[order[k - 1]]:
            pairs += 1
    out = np.zeros((pairs, 6), np.int64)
    start, row = 0, 0
    while start < n:
        stop = start
        while stop < n and key[order[stop]] == key[order[start]]:
            a, b = first[order[stop]], second[order[stop]]
            gap = abs(at[a] - at[b])
            out[row, 2] += gap
            if gap <= fast_window and (fast_kept[a] or fast_kept[b]):
                out[row, 5] += 1
            stop += 1
        out[row, 0] = key[order[start]]
        out[row, 1] = stop - start
        if stop - start == 1:
            out[row, 3], out[row, 4] = 1, 1
        else:
            out[row, 3] = _distinct(post[first[order[start:stop]]])
            out[row, 4] = _distinct(post[second[order[start:stop]]])
        start = stop
        row += 1
    return out


def count_pairs(
    actor: Ints,
    group: Ints,
    at: Ints,
    post: Ints,
    *,
    window: int,
    accounts: int,
    kept: Flags | None = None,
    fast_window: int = -1,
    fast_kept: Flags | None = None,
    block: int = BLOCK,
) -> PairCounts:
    """Return the events of every pair of accounts.

    Parameters
    ----------
    actor, group, at, post
        Shape (shares,): codes of the accounts in [0, accounts), of the objects, times, codes of the posts; sorted by
        `group`, then `at`.
    window, fast_window
        In the unit of `at`, the end included. A negative `fast_window` has no events.
    accounts
        How many codes of accounts there are.
    kept
        Shape (shares,): an event counts if one of its two shares is kept. None keeps all.
    fast_kept
        The same for the events counted in `fast`, which must be kept by both.
    block
        Events held at once; more than these are counted in several sweeps, each over a part of the pairs.

    Notes
    -----
    Time is linear in the pairs of shares within the window, times the sweeps, and `n log n` in the events for sorting.
    """
    ends = share_windows(group, at, window)
    keep, fast_keep = _all_if_none(kept, actor.size), _all_if_none(fast_kept, actor.size)
    total = _count(actor, post, ends, keep, 0, actor.size)
    parts = max(1, -(-total // block))
    sizes = np.array([total]) if parts == 1 else _count_parts(actor, post, ends, keep, accounts, parts)
    rows = []
    for part, size in enumerate(sizes):
        key, first, second = (np.empty(size, np.int64), np.empty(size, np.int32), np.empty(size, np.int32))
        _fill_part(actor, post, ends, keep, accounts, parts, part, key, first, second)
        rows.append(_summarise(key, np.argsort(key), first, second, at, post, fast_window, fast_keep))
    table = np.concatenate(rows)
    if parts > 1:
        table = table[np.argsort(table[:, 0])]
    source, target = np.divmod(table[:, 0], max(accounts, 1))
    return PairCounts(source, target, *(np.ascontiguousarray(table[:, column]) for column in (1, 2, 3, 4, 5)))


def events_of(actor: Ints, post: Ints, ends: Ints, *, start: int, stop: int, kept: Flags | None = None) -> Events:
    """Return the events whose earlier share lies in the positions from `start` to before `stop`.

    `ends` is what `share_windows` gives; the rest is as in `count_pairs`.
    """
    keep = _all_if_none(kept, actor.size)
    size = _count(actor, post, ends, keep, start, stop)
    events = Events(np.empty(size, np.int64), np.empty(size, np.int64))
    _fill(actor, post, ends, keep, start, stop, *events)
    return events
