"""What a cluster shared, object by object: the posts, the times between them, and who else shared it then."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphs.coordination.groups import Ints
from graphs.coordination.inside import EdgeEvents
from graphs.coordination.shares import Shares

__all__ = ["EVIDENCE_SCHEMA", "NEAR_S", "event_clusters", "evidence_of"]

NEAR_S = 300.0
"""Seconds before and after a cluster's shares in which others count as sharing "in the same minutes"; the window of the
search where that is longer."""

_TEXT, _COUNT, _NUMBER, _TIME = pa.string(), pa.int64(), pa.float64(), pa.timestamp("us", tz="UTC")
EVIDENCE_SCHEMA = pa.schema(
    [
        pa.field("cluster", _COUNT, nullable=False),
        pa.field("kind", _TEXT, nullable=False),
        pa.field("object", _TEXT, nullable=False),
        *(pa.field(name, _COUNT, nullable=False) for name in ("accounts", "events")),
        *(pa.field(name, _TIME, nullable=False) for name in ("first_at", "last_at")),
        pa.field("median_gap_s", _NUMBER, nullable=False),
        pa.field("actors", pa.list_(_TEXT), nullable=False),
        pa.field("posts", pa.list_(_TEXT), nullable=False),
        pa.field("at", pa.list_(_TIME), nullable=False),
        pa.field("gaps_s", pa.list_(_NUMBER), nullable=False),
        *(pa.field(name, _COUNT, nullable=False) for name in ("outsiders", "outsiders_near")),
        pa.field("author", _TEXT),
    ]
)


def event_clusters(events: EdgeEvents, labels: Ints) -> Ints:
    """Return the cluster of each event, -1 where its two accounts are not of one."""
    first, second = (labels[events.shares.actor[side]] for side in (events.first, events.second))
    inside: Ints = np.where(first == second, first, -1)
    return inside


def evidence_of(
    shares: Shares,
    events: EdgeEvents,
    labels: Ints,
    *,
    near_s: float = NEAR_S,
    authors: Mapping[str, str] | None = None,
) -> pa.Table:
    """Return what each cluster shared, a row per cluster and object.

    Parameters
    ----------
    shares
        All shares, those of accounts that are in no event too.
    events
        Events of the edges that the clusters are made of.
    labels
        Shape (accounts,): the cluster of each account, -1 for none.
    near_s
        Seconds around a share of the cluster in which shares of others count as `outsiders_near`.
    authors
        Who wrote the post that an object of kind `reshare` is.

    Returns
    -------
    pyarrow.Table
        Of `EVIDENCE_SCHEMA`; clusters are numbered from 1. By cluster, then by descending number of accounts, then by
        time. `events` within the cluster; `posts` are the ids of the posts in them by time, `actors` whose they are,
        `at` when they were, `gaps_s` the seconds since the one before (the first has none: null); `median_gap_s` over
        the events; `outsiders` are other accounts that shared the object at any time, `outsiders_near` those that did
        within `near_s` of a share of the cluster.
    """
    cluster = event_clusters(events, labels)
    inside = cluster >= 0
    if not inside.any():
        return EVIDENCE_SCHEMA.empty_table()
    cluster, first, second = cluster[inside], events.first[inside], events.second[inside]
    thing = events.object[inside]
    row_of, starts = _rows(cluster, thing)
    row_cluster, row_thing = cluster[row_of[1][starts]], thing[row_of[1][starts]]
    gap = np.abs(events.lag[inside])[row_of[1]] / 1e6
    gaps = np.split(gap, starts[1:])
    taking = _taking_part(row_of[0], first, second)
    outside = _outsiders(shares, events.shares, labels, row_cluster, row_thing, taking, round(near_s * 1e6))
    kinds, names = shares.kinds.take(pa.array(row_thing)), shares.objects.take(pa.array(row_thing))
    places, offsets = taking
    times, inner = events.shares.at[places], events.shares
    columns = {
        "cluster": pa.array(row_cluster + 1),
        "kind": kinds,
        "object": names,
        "accounts": pa.array([len(np.unique(part)) for part in np.split(inner.actor[places], offsets[1:-1])], _COUNT),
        "events": pa.array([len(part) for part in gaps], _COUNT),
        "first_at": pa.array(times[offsets[:-1]]).cast(_TIME),
        "last_at": pa.array(times[offsets[1:] - 1]).cast(_TIME),
        "median_gap_s": pa.array([float(np.median(part)) for part in gaps]),
        "actors": _lists(inner.actors.take(pa.array(inner.actor[places])), offsets),
        "posts": _lists(inner.posts.take(pa.array(inner.post[places])), offsets),
        "at": _lists(pa.array(times).cast(_TIME), offsets),
        "gaps_s": _lists(_since_before(times, offsets), offsets),
        "outsiders": pa.array(outside[0]),
        "outsiders_near": pa.array(outside[1]),
        "author": _authors(kinds, names, authors or {}),
    }
    table = pa.table(columns, schema=EVIDENCE_SCHEMA)
    return table.sort_by(
        [("cluster", "ascending"), ("accounts", "descending"), ("first_at", "ascending"), ("object", "ascending")]
    )


def _rows(cluster: Ints, thing: Ints) -> tuple[tuple[Ints, Ints], Ints]:
    """Return (the row of each event, the events sorted by row), and where each row starts among the sorted ones."""
    order = np.lexsort((thing, cluster))
    new = np.r_[True, (np.diff(cluster[order]) != 0) | (np.diff(thing[order]) != 0)]
    row = np.empty(len(order), np.int64)
    row[order] = np.cumsum(new) - 1
    return (row, order), np.flatnonzero(new)


def _taking_part(row: Ints, first: Ints, second: Ints) -> tuple[Ints, Ints]:
    """Return the shares in each row's events, each once, in the order of their times, and where each row starts."""
    pairs = np.unique(np.stack([np.concatenate([row, row]), np.concatenate([first, second])]), axis=1)
    # Shares of one object stand in the order of their times, so their positions do as well.
    offsets = np.searchsorted(pairs[0], np.arange(pairs[0][-1] + 2))
    return pairs[1], offsets.astype(np.int64)


def _lists(values: pa.Array, offsets: Ints) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), values)


def _since_before(times: Ints, offsets: Ints) -> pa.Array:
    gaps = np.diff(times, prepend=times[:1]) / 1e6
    begins = np.zeros(len(times), np.bool_)
    begins[offsets[:-1]] = True
    return pa.array(gaps, mask=begins)


def _authors(kinds: pa.Array, names: pa.Array, authors: Mapping[str, str]) -> pa.Array:
    pairs = zip(kinds.to_pylist(), names.to_pylist(), strict=True)
    return pa.array([authors.get(name) if kind == "reshare" else None for kind, name in pairs], _TEXT)


def _outsiders(
    shares: Shares, inner: Shares, labels: Ints, cluster: Ints, thing: Ints, taking: tuple[Ints, Ints], near: int
) -> tuple[Ints, Ints]:
    """Return for each row how many accounts outside the cluster shared the object, ever and near in time."""
    places, offsets = taking
    begins, ends = (np.searchsorted(shares.object, thing, side=side) for side in ("left", "right"))
    ever, close = np.zeros(len(cluster), np.int64), np.zeros(len(cluster), np.int64)
    for row in range(len(cluster)):
        of = slice(int(begins[row]), int(ends[row]))
        outside = labels[shares.actor[of]] != cluster[row]
        actor, at = shares.actor[of][outside], shares.at[of][outside]
        ever[row] = len(np.unique(actor))
        close[row] = len(np.unique(actor[_near(at, inner.at[places[offsets[row] : offsets[row + 1]]], near)]))
    return ever, close


def _near(at: Ints, to: Ints, most: int) -> npt.NDArray[np.bool_]:
    """Return which times are at most so far from one of the sorted, non-empty `to`."""
    after = np.searchsorted(to, at)
    later, earlier = to[np.minimum(after, len(to) - 1)], to[np.maximum(after - 1, 0)]
    close: npt.NDArray[np.bool_] = np.minimum(np.abs(later - at), np.abs(at - earlier)) <= most
    return close
