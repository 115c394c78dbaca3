"""Events counted per pair of accounts: sorted apart by account first, so that each sort stays in the processor's cache.

A sort of all events at once, and look-ups of their times all over memory, take the longer per event the more events
there are. Here one sweep puts each event into the bucket of its first account, and a bucket is small.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from graphs.coordination.kernel import Flags, Ints, all_if_none, is_event, share_windows
from graphs.kernels import kernel

__all__ = ["BLOCK", "BUCKET", "PairCounts", "count_pairs"]

BLOCK = 1 << 26
"""Events that are held at once: 8 bytes each."""

BUCKET = 1 << 15
"""Events that are sorted at once: 32 bytes each with what is looked up, less than a core's own cache holds."""


class PairCounts(NamedTuple):
    """One element per pair of accounts with an event, sorted by both; `source < target` are the accounts' codes.

    `weight` counts the events, `gap` sums their gaps (in the unit of `at`), `posts_source` and `posts_target` count the
    different posts of each account in them, `fast` counts the events with a gap of at most `fast_window`. Codes and
    posts have 32 bits, events and gaps 64.
    """

    source: Ints
    target: Ints
    weight: Ints
    gap: Ints
    posts_source: Ints
    posts_target: Ints
    fast: Ints


class _Shares(NamedTuple):
    """What the sweep looks at, one element per share."""

    actor: Ints
    post: Ints
    ends: npt.NDArray[np.int64]
    kept: Flags


class _Gaps(NamedTuple):
    """What an event adds besides itself, one element per share, and the window of fast events."""

    at: Ints
    post: Ints
    fast_kept: Flags
    fast_window: int


class _Block(NamedTuple):
    """Pairs that are counted in one sweep: their sources, their targets, their events, those of each source."""

    sources: tuple[int, int]
    targets: tuple[int, int]
    size: int
    per_source: npt.NDArray[np.int64]


@kernel
def _events_per_source(shares: _Shares, accounts: int) -> npt.NDArray[np.int64]:
    actor, post, ends, kept = shares
    counts = np.zeros(accounts, np.int64)
    for i in range(actor.size):
        for j in range(i + 1, ends[i]):
            if is_event(i, j, actor, post, kept):
                counts[min(actor[i], actor[j])] += 1
    return counts


@kernel
def _events_per_target(shares: _Shares, accounts: int, source: int) -> npt.NDArray[np.int64]:
    actor, post, ends, kept = shares
    counts = np.zeros(accounts, np.int64)
    for i in range(actor.size):
        for j in range(i + 1, ends[i]):
            if min(actor[i], actor[j]) == source and is_event(i, j, actor, post, kept):
                counts[max(actor[i], actor[j])] += 1
    return counts


@kernel
def _cuts(counts: npt.NDArray[np.int64], most: int, widest: int) -> npt.NDArray[np.int64]:
    """Return where to cut a row of counts, ends included: `most` in a stretch of up to `widest`, or one count alone."""
    cuts = [0]
    total = 0
    for i in range(counts.size):
        if i > cuts[-1] and (total + counts[i] > most or i - cuts[-1] >= widest):
            cuts.append(i)
            total = 0
        total += counts[i]
    cuts.append(counts.size)
    return np.array(cuts)


@kernel
def _fill(
    shares: _Shares,
    sources: tuple[int, int],
    targets: tuple[int, int],
    bucket: npt.NDArray[np.int32],
    place: npt.NDArray[np.int64],
    first: npt.NDArray[np.int32],
    second: npt.NDArray[np.int32],
) -> None:
    """Put the events of these pairs each at the next place of its bucket; the account of `first` is the source."""
    actor, post, ends, kept = shares
    for i in range(actor.size):
        for j in range(i + 1, ends[i]):
            a, b = (i, j) if actor[i] < actor[j] else (j, i)
            source, target = actor[a], actor[b]
            inside = sources[0] <= source < sources[1] and targets[0] <= target < targets[1]
            if inside and is_event(i, j, actor, post, kept):
                at = bucket[source - sources[0]]
                first[place[at]], second[place[at]] = a, b
                place[at] += 1


@kernel
def _packed(
    actor: Ints, at: Ints, first: Ints, second: Ints, low: int, accounts: int, shift: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return for each event its pair and its place in one number, to be sorted, and its gap."""
    packed, gap = np.empty(first.size, np.int64), np.empty(first.size, np.int64)
    for k in range(first.size):
        a, b = first[k], second[k]
        pair = np.int64(actor[a]) * accounts + actor[b] - low
        packed[k] = (pair << shift) | k
        gap[k] = abs(at[a] - at[b])
    return packed, gap


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
    packed: npt.NDArray[np.int64],
    gap: npt.NDArray[np.int64],
    first: Ints,
    second: Ints,
    gaps: _Gaps,
    where: tuple[int, int, int],
    least: int,
    out: PairCounts,
    row: int,
) -> int:
    """Write the pairs of a bucket's sorted events into `out` from `row` on; return the row after the last."""
    low, accounts, shift = where
    start, mask = 0, (1 << shift) - 1
    while start < packed.size:
        pair, stop = packed[start] >> shift, start + 1
        while stop < packed.size and packed[stop] >> shift == pair:
            stop += 1
        if stop - start >= least:
            out.source[row], out.target[row] = (pair + low) // accounts, (pair + low) % accounts
            out.weight[row] = stop - start
            events = packed[start:stop] & mask
            for k in events:
                out.gap[row] += gap[k]
                if gap[k] <= gaps.fast_window and (gaps.fast_kept[first[k]] or gaps.fast_kept[second[k]]):
                    out.fast[row] += 1
            out.posts_source[row], out.posts_target[row] = 1, 1
            if events.size > 1:
                out.posts_source[row] = _distinct(gaps.post[first[events]])
                out.posts_target[row] = _distinct(gaps.post[second[events]])
            row += 1
        start = stop
    return row


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
    least: int = 1,
    block: int = BLOCK,
    bucket: int = BUCKET,
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
        How many codes of accounts there are; at most 2**31.
    kept
        Shape (shares,): an event counts if one of its two shares is kept. None keeps all.
    fast_kept
        The same for the events counted in `fast`, which must be kept by both.
    least
        Pairs with fewer events are left out.
    block
        Events held at once, at most 2**31; more are counted in several sweeps, each over a part of the pairs.
    bucket
        Events sorted at once. Neither changes what is found.

    Notes
    -----
    Time is linear in the pairs of shares within the window, times the sweeps, and in the events.
    """
    ends = share_windows(group, at, window)
    shares = _Shares(actor, post, ends, all_if_none(kept, actor.size))
    gaps = _Gaps(at, post, all_if_none(fast_kept, actor.size), fast_window)
    found = [_counted(shares, gaps, part, accounts, bucket, least) for part in _blocks(shares, accounts, block)]
    if len(found) == 1:
        return found[0]
    columns = [list(column) for column in zip(*(found or [_room(0)]), strict=True)]
    del found
    # One column after the other, each given back before the next: the parts and the whole are never there at once.
    return PairCounts._make(np.concatenate(columns.pop(0)) for _ in PairCounts._fields)


def _blocks(shares: _Shares, accounts: int, block: int) -> Iterator[_Block]:
    """Yield parts of the pairs in their order, of up to `block` events each unless it is a single pair."""
    per_source = _events_per_source(shares, accounts)
    cuts = _cuts(per_source, block, accounts).tolist()
    for start, stop in itertools.pairwise(cuts):
        inside = per_source[start:stop]
        size = int(inside.sum())
        if size <= block:
            pieces = [(0, accounts, size)]
        else:
            per_target = _events_per_target(shares, accounts, start)
            at = _cuts(per_target, block, accounts).tolist()
            pieces = [(low, high, int(per_target[low:high].sum())) for low, high in itertools.pairwise(at)]
        for low, high, events in pieces:
            if events:
                yield _Block((start, stop), (low, high), events, inside)


def _room(size: int) -> PairCounts:
    """Return columns of zeros: what is not written to takes no memory."""
    kinds = (np.int32, np.int32, np.int64, np.int64, np.int32, np.int32, np.int64)
    return PairCounts._make(np.zeros(size, kind) for kind in kinds)


def _counted(shares: _Shares, gaps: _Gaps, part: _Block, accounts: int, bucket: int, least: int) -> PairCounts:
    """Return the pairs of a block."""
    # A bucket of several sources has up to `bucket` events: its pairs and places must fit in 63 bits together.
    widest = max(1, (1 << (63 - bucket.bit_length())) // accounts)
    cuts = _cuts(part.per_source, bucket, widest)
    number = np.repeat(np.arange(cuts.size - 1, dtype=np.int32), np.diff(cuts))
    sizes = np.add.reduceat(part.per_source, cuts[:-1]) if cuts.size > 2 else np.array([part.size])
    stops = np.cumsum(sizes)
    first, second = np.empty(part.size, np.int32), np.empty(part.size, np.int32)
    _fill(shares, part.sources, part.targets, number, stops - sizes, first, second)
    # Room for as many pairs as there are events.
    out, row = _room(part.size), 0
    for cut, start, stop in zip(cuts.tolist(), (stops - sizes).tolist(), stops.tolist(), strict=False):
        low = (part.sources[0] + cut) * accounts + part.targets[0]
        where = (low, accounts, (stop - start).bit_length())
        mine, theirs = first[start:stop], second[start:stop]
        packed, gap = _packed(shares.actor, gaps.at, mine, theirs, *where)
        packed.sort()
        row = _summarise(packed, gap, mine, theirs, gaps, where, least, out, row)
    return PairCounts._make(column[:row] for column in out)
