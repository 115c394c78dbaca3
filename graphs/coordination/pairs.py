"""Pairs of accounts that share the same objects at nearly the same time: edges with their weights, and the events."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphs.coordination.bursts import capped
from graphs.coordination.counting import count_pairs
from graphs.coordination.edges import EDGE_COLUMNS, finished
from graphs.coordination.kernel import Events, candidates, events_of, in_events, share_windows
from graphs.coordination.options import CoordinationOptions
from graphs.coordination.shares import Shares
from graphs.errors import InputError

__all__ = ["EDGE_COLUMNS", "EVENT_COLUMNS", "Considered", "considered", "coordinated_edges", "pair_events"]

EVENT_COLUMNS = (
    "source", "target", "kind", "object", "post_source", "post_target", "at_source", "at_target", "gap_s",
)  # fmt: skip

MOST_CANDIDATES = 1 << 36
"""Pairs of shares within the window beyond which a burst cap or a shorter window is asked for: hours of work."""

_CHUNK = 1 << 20
_TIME = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class Considered:
    """The shares that options let through, and what each rule left out.

    Attributes
    ----------
    shares
        Those looked at: of accounts with `min_participation` shares, within the burst cap, own posts left out.
    kept, fast_kept
        Shape (shares,): an event counts if one of its shares is kept, by the rule of `min_participation`; `fast_kept`
        is that rule within `fast_window_s`.
    accounts_left_out
        Accounts with fewer than `min_participation` shares.
    burst_rows, burst_objects
        Shares that the burst cap left out, and the objects that they are of.
    """

    shares: Shares
    kept: npt.NDArray[np.bool_]
    fast_kept: npt.NDArray[np.bool_]
    accounts_left_out: int
    burst_rows: int
    burst_objects: int


def considered(shares: Shares, options: CoordinationOptions) -> Considered:
    """Return the shares that are looked at with these options.

    Raises InputError if the window holds so many pairs of shares that counting them would take hours.
    """
    _check_size(shares)
    kinds = options.kinds
    if kinds is not None:
        wanted = pc.is_in(shares.kinds, value_set=pa.array(kinds, pa.string())).to_numpy(zero_copy_only=False)
        shares = shares.take(wanted[shares.object])
    within, rows, objects = capped(shares, options)
    active = np.bincount(within.actor, minlength=len(within.actors))
    enough = active >= options.min_participation
    taking_part = within.take(enough[within.actor])
    compared = taking_part.take(~taking_part.own)
    _check_work(compared, options)
    kept = fast_kept = np.ones(compared.size, np.bool_)
    if options.min_participation > 1:
        kept = _taking_part_often(taking_part, compared, options, options.window_us, kept)
        if options.fast_window_us is not None:
            fast_kept = _taking_part_often(taking_part, compared, options, options.fast_window_us, kept)
    left_out = int(((active > 0) & ~enough).sum())
    return Considered(compared, kept, fast_kept, left_out, rows, objects)


def _taking_part_often(
    taking_part: Shares, compared: Shares, options: CoordinationOptions, window_us: int, kept: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Return which of the `compared` shares are of a post that counts, as CooRTweet's `filter_min_participation` does.

    All shares of a post that is in some event are counted for their account, those of other objects too; the posts of
    accounts with `min_participation` of them count.
    """
    marked = in_events(compared.actor, compared.object, compared.at, compared.post, window=window_us, kept=kept)
    in_some = np.zeros(len(compared.posts), np.bool_)
    in_some[compared.post[marked]] = True
    counted = in_some[taking_part.post]
    shares = np.bincount(taking_part.actor[counted], minlength=len(compared.actors))
    often = np.zeros(len(compared.posts), np.bool_)
    often[taking_part.post[counted & (shares[taking_part.actor] >= options.min_participation)]] = True
    return often[compared.post]


def _check_size(shares: Shares) -> None:
    if shares.size >= 2**31:
        raise InputError(
            f"there are {shares.size:,} shares; at most {2**31 - 1:,} fit in memory at once. "
            "Narrow the time or the kinds of objects, or use graphs.coordination.joined."
        )


def _check_work(shares: Shares, options: CoordinationOptions) -> None:
    pairs = candidates(shares.object, shares.at, options.window_us)
    if pairs > MOST_CANDIDATES:
        worst = int(np.bincount(shares.object).argmax())
        raise InputError(
            f"within {options.window_s:g} s there are {pairs:,} pairs of shares of one object (most shared: "
            f"{shares.objects[worst].as_py()!r}); counting them would take hours. Use a shorter window, or a burst cap."
        )


def coordinated_edges(shares: Shares, options: CoordinationOptions | None = None) -> pa.Table:
    """Return the pairs of accounts that shared the same objects within the window, with how often.

    Parameters
    ----------
    shares
        From `graphs.coordination.shares.shares_of`.
    options
        See `CoordinationOptions`.

    Returns
    -------
    pyarrow.Table
        One row per pair, by descending weight, then by names; `source < target`:

        - `source`, `target`: account ids;
        - `weight`: events, that is pairs of shares of one object by the two at most `window_s` apart;
        - `mean_gap_s`: the mean time between the two shares of an event, in [0, window_s] seconds;
        - `posts_source`, `posts_target`: different posts of each account in these events;
        - `symmetry`: the smaller of the two over the larger, in (0, 1];
        - `weight_fast` (with `fast_window_s`): events at most so far apart, under the same participation rule;
        - `speed_weight` (with `speed_weighted`): the events, each `1 - gap / window_s`.

    Raises
    ------
    InputError
        If the window holds so many pairs of shares that counting would take hours.

    Notes
    -----
    The pairs and weights are those of CooRTweet's `detect_groups` and `generate_coordinated_network` (2.1.3), of
    which three rules are easily missed: the end of the window is in it; two shares of one post, or of a post that is
    the object, make no event; and an event stays if the post of either side is one of an account that has
    `min_participation` shares among the posts of all events, not of this pair. `posts_source` and `posts_target` are
    the directed weights of the coordination-network-toolkit (with `min_participation=1`). CooRTweet counts the
    earlier and the later posts of an edge instead of each account's own, so its symmetry can differ.

    References
    ----------
    Giglietto, Righetti, Rossi & Marino (2020), Information, Communication & Society 23(6), 867-891.

    Examples
    --------
    Two accounts post the same two links 5 and 10 seconds apart; a third comes an hour later.

    >>> import pyarrow as pa
    >>> from graphs.coordination.shares import shares_of
    >>> shares = shares_of(pa.table({
    ...     "actor_id": ["a", "b", "a", "b", "c"], "object": ["u", "u", "v", "v", "u"],
    ...     "at": [0, 5, 100, 110, 3600], "post_id": ["1", "2", "3", "4", "5"],
    ... }))
    >>> coordinated_edges(shares, CoordinationOptions(window_s=10)).select(EDGE_COLUMNS[:4]).to_pylist()
    [{'source': 'a', 'target': 'b', 'weight': 2, 'mean_gap_s': 7.5}]
    """
    chosen = CoordinationOptions() if options is None else options
    looked_at = considered(shares, chosen)
    inner, fast = looked_at.shares, chosen.fast_window_us
    # Other subgraphs compare with the weights of all pairs, and a weight by speed is smaller than the events.
    least = math.ceil(chosen.min_weight) if chosen.subgraph == "all" else 1
    counts = count_pairs(
        inner.actor, inner.object, inner.at, inner.post,
        window=chosen.window_us, accounts=len(inner.actors), kept=looked_at.kept,
        fast_window=-1 if fast is None else fast, fast_kept=looked_at.fast_kept, least=least,
    )  # fmt: skip
    table = [pa.table(counts._asdict())]
    del counts
    # Handed over, not kept: the columns are given back while the edges are made.
    return finished(table.pop(), inner.actors, chosen)


def pair_events(
    shares: Shares, options: CoordinationOptions | None = None, *, among: Any = None
) -> Iterator[pa.RecordBatch]:
    """Yield the events behind the edges, in batches, in the order of objects and times: the evidence.

    Parameters
    ----------
    shares, options
        As for `coordinated_edges`. All events are given that make the weights, those of edges that `min_weight` and
        `subgraph` leave out too.
    among
        Ids of accounts (Arrow array or list): only events between two of them. None gives all.

    Yields
    ------
    pyarrow.RecordBatch
        `source, target, kind, object, post_source, post_target, at_source, at_target, gap_s`, one row per event;
        `source < target`, times UTC, `gap_s` in [0, window_s] seconds.

    Raises
    ------
    InputError
        As `coordinated_edges`.
    """
    chosen = CoordinationOptions() if options is None else options
    looked_at = considered(shares, chosen)
    inner, kept = looked_at.shares, looked_at.kept
    if among is not None:
        wanted = pc.is_in(inner.actors, value_set=pa.array(among, pa.string())).to_numpy(zero_copy_only=False)
        chosen_rows = wanted[inner.actor]
        inner, kept = inner.take(chosen_rows), kept[chosen_rows]
    ends = share_windows(inner.object, inner.at, chosen.window_us)
    for start, stop in _spans(ends):
        found = events_of(inner.actor, inner.post, ends, start=start, stop=stop, kept=kept)
        if found.first.size:
            yield _named_events(inner, found)


def _spans(ends: npt.NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield stretches of the shares with about `_CHUNK` pairs each; one share's pairs stay together."""
    reached = np.cumsum(ends - np.arange(1, ends.size + 1))
    start = 0
    while start < ends.size:
        before = reached[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(reached, before + _CHUNK, side="right")))
        yield start, stop
        start = stop


def _named_events(shares: Shares, events: Events) -> pa.RecordBatch:
    first, second = events
    things = pa.array(shares.object[first])
    at_first, at_second = shares.at[first], shares.at[second]
    columns = (
        shares.actors.take(pa.array(shares.actor[first])),
        shares.actors.take(pa.array(shares.actor[second])),
        shares.kinds.take(things),
        shares.objects.take(things),
        shares.posts.take(pa.array(shares.post[first])),
        shares.posts.take(pa.array(shares.post[second])),
        pa.array(at_first).cast(_TIME),
        pa.array(at_second).cast(_TIME),
        pa.array(np.abs(at_first - at_second) / 1e6),
    )
    return pa.RecordBatch.from_arrays([pa.array(column) for column in columns], names=list(EVENT_COLUMNS))
