"""Shares of objects in memory: codes and times, sorted by object and time, ready for the sweep."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphs.coordination.codes import Room, codes_and_names, few_codes
from graphs.errors import InputError
from graphs.kernels import kernel
from graphs.tables import as_ibis, pick

__all__ = ["LONG_NAME", "Shares", "kinds_of", "shares_of", "typed_shares"]

LONG_NAME = 1024
"""Characters of an object's name beyond which its digest stands for it."""


@dataclass(frozen=True)
class Shares:
    """Shares of objects: one element per share, sorted by object, then by time.

    Attributes
    ----------
    actor, object, post
        Shape (shares,): positions in `actors`, `objects` and `posts`.
    at
        Shape (shares,): microseconds since 1970, UTC.
    own
        Shape (shares,): the object is the post itself. Such a share is in no event, but counts as participation.
    actors
        Ids of the accounts, sorted: of two accounts the one with the smaller code has the smaller id.
    objects, kinds
        Names and kinds of the objects. A name of more than `LONG_NAME` characters is there as `sha256:…`.
    posts
        Ids of the posts, in no order.
    read
        Rows of the table.
    without_time, incomplete
        Rows that were left out since they have no time; no account, object or post.
    """

    actor: npt.NDArray[np.int32]
    object: npt.NDArray[np.int32]
    at: npt.NDArray[np.int64]
    post: npt.NDArray[np.int32]
    own: npt.NDArray[np.bool_]
    actors: pa.Array
    objects: pa.Array
    kinds: pa.Array
    posts: pa.Array
    read: int = 0
    without_time: int = 0
    incomplete: int = 0

    @property
    def size(self) -> int:
        """How many shares there are."""
        return int(self.at.size)

    def take(self, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> Shares:
        """Return the chosen shares, by flags of shape (shares,) or by positions in order; codes and names stay."""
        if chosen.dtype == np.bool_ and chosen.all():
            return self
        columns: dict[str, Any] = {
            name: getattr(self, name)[chosen] for name in ("actor", "object", "at", "post", "own")
        }
        return replace(self, **columns)


def typed_shares(table: Any, kinds: Iterable[str] | None = None) -> ir.Table:
    """Return `actor_id, kind, object, post_id` (text) and `at` (microseconds since 1970) of a table of shares.

    `at` may be a timestamp, UTC where it names no zone, or a number of seconds since 1970. Rows of other kinds of
    objects are left out; a table without the column `kind` is of one kind.
    Raises InputError if a column is missing or `at` is neither.
    """
    columns = {"actor_id": "string", "object": "string", "at": "any", "post_id": "string"}
    source = as_ibis(table)
    rows = pick(source, "objects", columns, {"kind": "string"} if "kind" in source.columns else {})
    if "kind" not in rows.columns:
        rows = rows.mutate(kind=ibis.literal("object"))
    if kinds is not None:
        rows = rows.filter(rows.kind.isin(list(kinds)))
    return rows.mutate(at=_microseconds(rows["at"]))


def _microseconds(at: Any) -> Any:
    kind = at.type()
    if kind.is_timestamp():
        # Whole seconds first: the engine's seconds since 1970 are rounded, not cut.
        return at.truncate("s").epoch_seconds().cast("int64") * 1_000_000 + at.microsecond().cast("int64")
    if kind.is_floating():
        return ibis.ifelse(at.isnan() | at.isinf(), ibis.null("int64"), (at * 1e6).round().cast("int64"))
    if kind.is_integer():
        return at.cast("int64") * 1_000_000
    if kind.is_null():
        return ibis.null("int64")
    raise InputError(f"objects.at must hold times or seconds since 1970, got {kind}. Convert the column first.")


def kinds_of(table: Any) -> list[str]:
    """Return the kinds of objects that a table has, sorted."""
    rows = as_ibis(table).select("kind").distinct().to_pyarrow()["kind"].drop_null().to_pylist()
    return sorted(rows)


def shares_of(table: Any, *, kinds: Iterable[str] | None = None) -> Shares:
    """Return the shares of a table in memory: about 24 bytes each, and every name once.

    Parameters
    ----------
    table
        `actor_id, object, kind, at, post_id`, the columns of the contract's table `objects`, as an Ibis expression, an
        Arrow table or a data frame. Objects of one name and two kinds are two. `kind` may be missing.
    kinds
        Kinds of objects to take; None takes all.

    Raises
    ------
    InputError
        If a column is missing or is not of its type.

    Examples
    --------
    >>> import pyarrow as pa
    >>> shares = shares_of(pa.table({
    ...     "actor_id": ["x:b", "x:a", "x:a"], "kind": ["url"] * 3, "object": ["u", "u", "v"],
    ...     "at": [60, 5, None], "post_id": ["x:2", "x:1", "x:3"],
    ... }))
    >>> shares.actors.to_pylist(), shares.actor.tolist(), shares.at.tolist(), shares.without_time
    (['x:a', 'x:b'], [0, 1], [5000000, 60000000], 1)
    """
    rows = typed_shares(table, kinds).select("actor_id", "kind", "object", "at", "post_id").to_pyarrow()
    without_time, incomplete, size = 0, 0, rows.num_rows
    if any(rows[column].null_count for column in ("actor_id", "object", "at", "post_id")):
        named = reduce(pc.and_, (pc.is_valid(rows[column]) for column in ("actor_id", "object", "post_id")))
        timed = pc.and_(named, pc.is_valid(rows["at"]))
        whole = pc.sum(named).as_py() or 0
        rows = rows.filter(timed)
        without_time, incomplete = whole - rows.num_rows, size - whole
    return replace(_sorted(rows), read=size, without_time=without_time, incomplete=incomplete)


def _sorted(rows: pa.Table) -> Shares:
    own = pc.equal(rows["object"], rows["post_id"]).to_numpy()
    # The largest first, and its texts given back.
    room = Room.of(rows.num_rows)
    post, posts = codes_and_names(rows["post_id"], room=room)
    rows = rows.drop_columns(["post_id"])
    actor, actors = _by_name(rows["actor_id"], room)
    thing, things, kinds = _objects(rows, room)
    del room
    # Writable even where it is a single piece, so that the loops are compiled once.
    at = np.require(rows["at"].to_numpy(), requirements="W")
    del rows
    order, at = _by_group_and_time(thing, len(things), at)
    return Shares(
        actor=actor[order],
        object=thing[order],
        at=at,
        post=post[order],
        own=own[order],
        actors=actors,
        objects=_shortened(things),
        kinds=kinds,
        posts=posts,
    )


def _by_name(column: pa.ChunkedArray, room: Room) -> tuple[npt.NDArray[np.int32], pa.Array]:
    """Return codes that sort as their names do, and the names, sorted by their bytes."""
    codes, names = codes_and_names(column, room=room)
    order = pc.sort_indices(names)
    rank = np.empty(len(names), np.int32)
    rank[order.to_numpy()] = np.arange(len(names), dtype=np.int32)
    return rank[codes], names.take(order)


def _objects(rows: pa.Table, room: Room) -> tuple[npt.NDArray[np.int32], pa.Array, pa.Array]:
    """Return the codes of the objects, their names and their kinds: one name of two kinds is two objects."""
    name, names = codes_and_names(rows["object"], room=room)
    kind, kinds = few_codes(pc.fill_null(rows["kind"], ""))
    if len(kinds) == 1:
        return name, names, pa.repeat(kinds[0], len(names))
    both = name.astype(np.int64) * len(kinds) + kind
    there = np.zeros(len(names) * len(kinds), np.bool_)
    there[both] = True
    dense = np.cumsum(there, dtype=np.int32) - 1
    found = np.flatnonzero(there)
    each = max(len(kinds), 1)
    return dense[both], names.take(pa.array(found // each)), kinds.take(pa.array(found % each))


@kernel
def _by_group_and_time(
    group: npt.NDArray[np.int32], groups: int, at: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Return positions by group, then by time, then as they were, and the times in that order.

    A counting sort by group; the times of one group then fit in the cache.
    """
    starts = np.zeros(groups + 1, np.int64)
    for code in group:
        starts[code + 1] += 1
    starts = np.cumsum(starts)
    following = starts[:-1].copy()
    order, times = np.empty(group.size, np.int32), np.empty(group.size, np.int64)
    for i in range(group.size):
        place = following[group[i]]
        order[place], times[place] = i, at[i]
        following[group[i]] = place + 1
    for code in range(groups):
        _sort_by_time(order[starts[code] : starts[code + 1]], times[starts[code] : starts[code + 1]])
    return order, times


@kernel
def _sort_by_time(order: npt.NDArray[np.int32], times: npt.NDArray[np.int64]) -> None:
    """Sort both by time in place, equal times as they were: by insertion while there are few."""
    if times.size > 32:
        sorted_places = np.argsort(times, kind="mergesort")
        order[:], times[:] = order[sorted_places], times[sorted_places]
        return
    for i in range(1, times.size):
        row, time, k = order[i], times[i], i
        while k > 0 and times[k - 1] > time:
            order[k], times[k] = order[k - 1], times[k - 1]
            k -= 1
        order[k], times[k] = row, time


def _shortened(names: pa.Array) -> pa.Array:
    """Return names with the long ones replaced by their digests."""
    long = pc.greater(pc.utf8_length(names), LONG_NAME)
    if not pc.any(long).as_py():
        return names
    digests = [f"sha256:{hashlib.sha256(name.encode()).hexdigest()}" for name in names.filter(long).to_pylist()]
    return pc.replace_with_mask(names, long, pa.array(digests, pa.string()))
