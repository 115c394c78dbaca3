"""The sweep over shares sorted by object and time: which are events, in time linear in the events.

Arrays in, arrays out, so that it runs as well on permuted data. All of them have one element per share and are sorted
by object, then by time. Times permuted within the objects are the same as accounts (and posts) permuted within the
objects: leave `group` and `at` as they are and shuffle the others, and no sorting is needed.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from graphs.kernels import kernel

__all__ = [
    "Events",
    "Flags",
    "Ints",
    "all_if_none",
    "candidates",
    "events_of",
    "in_events",
    "is_event",
    "share_windows",
]

Ints: TypeAlias = npt.NDArray[np.integer[Any]]
Flags: TypeAlias = npt.NDArray[np.bool_]


class Events(NamedTuple):
    """Events as positions of two shares each; the account of `first` has the smaller code."""

    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]


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


@kernel
def candidates(group: Ints, at: Ints, window: int) -> int:
    """Return how many pairs of shares lie within the window, an account's own included; linear in the shares."""
    total, end = 0, 0
    for i in range(group.size):
        end = max(end, i + 1)
        while end < group.size and group[end] == group[i] and at[end] - at[i] <= window:
            end += 1
        total += end - i - 1
    return total


@kernel
def is_event(i: int, j: int, actor: Ints, post: Ints, kept: Flags) -> bool:
    """Return whether two shares within the window are an event: of two accounts, two posts, one of them kept."""
    return bool(actor[i] != actor[j] and post[i] != post[j] and (kept[i] or kept[j]))


@kernel
def _mark(actor: Ints, post: Ints, ends: Ints, kept: Flags) -> Flags:
    n = actor.size
    marked = np.zeros(n, np.bool_)
    for i in range(n):
        for j in range(i + 1, ends[i]):
            if is_event(i, j, actor, post, kept):
                marked[i] = True
                marked[j] = True
    return marked


def in_events(actor: Ints, group: Ints, at: Ints, post: Ints, *, window: int, kept: Flags | None = None) -> Flags:
    """Return which shares take part in an event: another account, another post, the same object, within the window.

    The arguments are those of `graphs.coordination.counting.count_pairs`.
    """
    return _mark(actor, post, share_windows(group, at, window), all_if_none(kept, actor.size))


def all_if_none(kept: Flags | None, size: int) -> Flags:
    """Return the flags, or flags that keep all shares."""
    return np.ones(size, np.bool_) if kept is None else kept


@kernel
def _count(actor: Ints, post: Ints, ends: Ints, kept: Flags, start: int, stop: int) -> int:
    total = 0
    for i in range(start, stop):
        for j in range(i + 1, ends[i]):
            if is_event(i, j, actor, post, kept):
                total += 1
    return total


@kernel
def _fill(actor: Ints, post: Ints, ends: Ints, kept: Flags, start: int, stop: int, first: Ints, second: Ints) -> None:
    k = 0
    for i in range(start, stop):
        for j in range(i + 1, ends[i]):
            if is_event(i, j, actor, post, kept):
                if actor[i] < actor[j]:
                    first[k], second[k] = i, j
                else:
                    first[k], second[k] = j, i
                k += 1


def events_of(actor: Ints, post: Ints, ends: Ints, *, start: int, stop: int, kept: Flags | None = None) -> Events:
    """Return the events whose earlier share lies in the positions from `start` to before `stop`.

    `ends` is what `share_windows` gives; the rest is as in `graphs.coordination.counting.count_pairs`.
    """
    keep = all_if_none(kept, actor.size)
    size = _count(actor, post, ends, keep, start, stop)
    events = Events(np.empty(size, np.int64), np.empty(size, np.int64))
    _fill(actor, post, ends, keep, start, stop, *events)
    return events
