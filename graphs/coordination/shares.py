"""Shares of objects in memory: codes and times, sorted by object and time, ready for the sweep."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphs.errors import InputError
from graphs.tables import as_ibis, pick

__all__ = ["LONG_NAME", "Shares", "kinds_of", "shares_of", "typed_shares"]

LONG_NAME = 1024
"""Characters of an object's name beyond which its digest stands for it."""

_ROWS = 1_000_000
_SEPARATOR = "\x1f"


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
        return at.epoch_seconds().cast("int64") * 1_000_000 + at.microsecond().cast("int64")
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
    rows = typed_shares(table, kinds).select("actor_id", "kind", "object", "at", "post_id")
    parts: list[pa.Table] = []
    read = without_time = incomplete = 0
    for batch in rows.to_pyarrow().to_batches(max_chunksize=_ROWS):
        whole = batch.filter(pc.and_(pc.is_valid(batch["actor_id"]), pc.is_valid(batch["object"])))
        whole = whole.filter(pc.is_valid(whole["post_id"]))
        timed = whole.filter(pc.is_valid(whole["at"]))
        read += batch.num_rows
        incomplete += batch.num_rows - whole.num_rows
        without_time += whole.num_rows - timed.num_rows
        parts.append(_coded(timed))
    if not parts:
        parts = [_coded(pa.RecordBatch.from_pylist([], schema=rows.schema().to_pyarrow()))]
    coded = pa.concat_tables(parts).unify_dictionaries()
    return replace(_sorted(coded), read=read, without_time=without_time, incomplete=incomplete)


def _coded(batch: pa.RecordBatch) -> pa.Table:
    """Return a batch with its names coded, so that what repeats is held once; objects bear their kind in front."""
    kinds = pc.fill_null(batch["kind"], "")
    names = batch["object"].dictionary_encode()
    short = pa.DictionaryArray.from_arrays(names.indices, _shortened(names.dictionary))
    objects = pc.binary_join_element_wise(kinds, short.cast(pa.string()), _SEPARATOR)
    own = pc.equal(batch["object"], batch["post_id"])
    columns = {"actor": batch["actor_id"], "object": objects, "post": batch["post_id"]}
    coded = {name: values.cast(pa.string()).dictionary_encode() for name, values in columns.items()}
    return pa.table({**coded, "at": batch["at"].cast(pa.int64()), "own": own})


def _shortened(names: pa.Array) -> pa.Array:
    """Return names with the long ones replaced by their digests."""
    long = pc.greater(pc.utf8_length(names), LONG_NAME)
    if not pc.any(long).as_py():
        return names
    digests = [f"sha256:{hashlib.sha256(name.encode()).hexdigest()}" for name in names.filter(long).to_pylist()]
    return pc.replace_with_mask(names, long, pa.array(digests, pa.string()))


def _sorted(coded: pa.Table) -> Shares:
    actor, actors = _by_name(coded["actor"])
    thing, things = _by_name(coded["object"])
    post, posts = _codes(coded["post"])
    at = coded["at"].to_numpy()
    order = np.lexsort((at, thing))
    parts = pc.split_pattern(things, _SEPARATOR, max_splits=1)
    return Shares(
        actor=actor[order],
        object=thing[order],
        at=at[order],
        post=post[order],
        own=coded["own"].to_numpy()[order],
        actors=actors,
        objects=pc.list_element(parts, 1) if len(things) else things,
        kinds=pc.list_element(parts, 0) if len(things) else things,
        posts=posts,
    )


def _codes(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int32], pa.Array]:
    chunks = column.chunks
    codes = [chunk.indices.to_numpy() for chunk in chunks]
    return np.concatenate(codes).astype(np.int32), chunks[0].dictionary


def _by_name(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int32], pa.Array]:
    """Return codes that sort as their names do, and the names, sorted by their bytes."""
    codes, names = _codes(column)
    order = pc.sort_indices(names)
    rank = np.empty(len(names), np.int32)
    rank[order.to_numpy()] = np.arange(len(names), dtype=np.int32)
    return rank[codes], names.take(order)
