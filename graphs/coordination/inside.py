"""The events behind chosen edges, as arrays: what clusters are made of, resampled and shown with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphs.coordination.groups import Ints
from graphs.coordination.kernel import events_of, share_windows
from graphs.coordination.options import CoordinationOptions
from graphs.coordination.pairs import considered
from graphs.coordination.shares import Shares
from graphs.errors import InputError

__all__ = ["EdgeEvents", "codes_of", "events_behind"]

_CHUNK = 1 << 20


@dataclass(frozen=True)
class EdgeEvents:
    """Events of chosen edges, one element per event.

    Attributes
    ----------
    shares
        The shares that were looked at; `first` and `second` are positions in them.
    edge
        Position of the event's edge among those that were chosen.
    first, second
        The two shares of the event; the account of `first` has the smaller code.
    """

    shares: Shares
    edge: Ints
    first: Ints
    second: Ints

    @property
    def object(self) -> Ints:
        """The code of each event's object."""
        return self.shares.object[self.first].astype(np.int64)

    @property
    def lag(self) -> Ints:
        """Microseconds from the first to the second share; negative where the second came earlier."""
        return self.shares.at[self.second] - self.shares.at[self.first]


def codes_of(edges: pa.Table, actors: pa.Array) -> tuple[Ints, Ints]:
    """Return the codes of the edges' accounts among `actors`.

    Raises InputError if an edge names an account that there is none of.
    """
    ends = []
    for column in ("source", "target"):
        found = pc.index_in(edges[column].combine_chunks().cast(pa.string()), value_set=actors)
        if found.null_count:
            missing = edges[column].filter(pc.is_null(found))[0].as_py()
            raise InputError(f"edges: {missing!r} has no share. Take the edges and the shares from the same data.")
        ends.append(found.to_numpy().astype(np.int64))
    return ends[0], ends[1]


def events_behind(shares: Shares, edges: pa.Table, options: CoordinationOptions) -> EdgeEvents:
    """Return the events of some of the edges that `coordinated_edges` found with these options.

    Parameters
    ----------
    shares, options
        As given to `coordinated_edges`.
    edges
        `source, target` of the chosen edges.

    Raises
    ------
    InputError
        If an edge names an account without a share.
    """
    looked_at = considered(shares, options)
    inner, kept = looked_at.shares, looked_at.kept
    source, target = codes_of(edges, inner.actors)
    chosen = np.zeros(len(inner.actors), np.bool_)
    chosen[source] = chosen[target] = True
    rows = chosen[inner.actor]
    inner, kept = inner.take(rows), kept[rows]
    keys = source * len(inner.actors) + target
    order = np.argsort(keys)
    parts: list[tuple[Ints, Ints, Ints]] = []
    for first, second in _events(inner, kept, options.window_us):
        key = inner.actor[first].astype(np.int64) * len(inner.actors) + inner.actor[second]
        place = np.searchsorted(keys[order], key)
        place[place == len(keys)] = 0
        found = keys[order][place] == key if len(keys) else np.zeros(len(key), np.bool_)
        parts.append((order[place[found]], first[found], second[found]))
    none = np.empty(0, np.int64)
    edge, first, second = (np.concatenate(column) for column in zip(*parts, strict=True)) if parts else (none,) * 3
    return EdgeEvents(inner, edge, first, second)


def _events(shares: Shares, kept: npt.NDArray[np.bool_], window: int) -> Iterator[tuple[Ints, Ints]]:
    """Yield the events in stretches of about `_CHUNK` pairs of shares."""
    ends = share_windows(shares.object, shares.at, window)
    reached = np.cumsum(ends - np.arange(1, ends.size + 1))
    start = 0
    while start < shares.size:
        before = reached[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(reached, before + _CHUNK, side="right")))
        found = events_of(shares.actor, shares.post, ends, start=start, stop=min(stop, shares.size), kept=kept)
        yield found.first, found.second
        start = stop
