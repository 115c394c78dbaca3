"""Who reshared what and when: one row per item and account, put together in the engine and numbered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphs.inputs import actors_of
from graphs.tables import pick

__all__ = ["Cascades", "collect"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LONGEST_CHAIN = 16
"""A reshare of a reshare is followed so many steps to the item that it passes on."""


@dataclass(frozen=True)
class Cascades:
    """Rows of all cascades, one after another; the author stands first in each, resharers follow by time.

    Attributes
    ----------
    items, accounts
        Ids of the items and of all accounts.
    bounds
        Rows `bounds[c]` to `bounds[c + 1]` are cascade c.
    account, at, known, audience
        Of each row: the account, its time (Unix seconds, NaN if unknown), the place in the cascade of the parent where
        the data name it (-1 else), and a lower bound of its audience (accounts, at least 1).
    created
        Whether the time of the original is known; if not, that of its author is the first reshare's.
    ties
        Start, target and number of items: whom each account follows or reshared, compressed by row.
    """

    items: pa.Array
    accounts: pa.Array
    bounds: IntArray
    account: IntArray
    at: FloatArray
    known: IntArray
    audience: FloatArray
    created: npt.NDArray[np.bool_]
    ties: tuple[IntArray, IntArray, IntArray]


def _posts(posts: Any) -> ir.Table:
    columns = {"post_id": "string", "actor_id": "string"}
    more = {"created_at": "any", "reshared_post": "string", "reshared_actor": "string"}
    table = pick(posts, "posts", columns, more)
    table = table.mutate(at=_seconds(table.created_at))
    return table.filter(table.post_id.notnull(), table.actor_id.notnull())


def _seconds(column: Any) -> Any:
    if column.type().is_null():
        return ibis.null("float64")
    return column.cast("timestamp('UTC')").epoch_seconds().cast("float64")


def _reshares(interactions: ir.Table, posts: ir.Table | None) -> ir.Table:
    """Return `item, account, author, at, own` (the resharing post) of both tables."""
    rows = interactions.filter(
        interactions.kind == "reshare", interactions.target_post.notnull(), interactions.source.notnull()
    )
    found = rows.select(
        item=rows.target_post, account=rows.source, author=rows.target, at=_seconds(rows["at"]), own=rows.post_id
    )
    if posts is None:
        return found
    passing = posts.filter(posts.reshared_post.notnull())
    return found.union(
        passing.select(
            item=passing.reshared_post,
            account=passing.actor_id,
            author=passing.reshared_actor,
            at=passing["at"],
            own=passing.post_id,
        )
    )


def _rooted(rows: ir.Table) -> ir.Table:
    """Add `via`, the account whose reshare was reshared where the data say so, and lead every row to the first item."""
    links = rows.filter(rows.own.notnull()).group_by(link="own").agg(up=rows.item.min(), by=rows.account.min())
    rows = rows.mutate(via=ibis.null("string"))
    for step in range(LONGEST_CHAIN):
        joined = rows.left_join(links, [("item", "link")])
        if not joined.filter(joined.up.notnull(), joined.up != joined.item).limit(1).count().to_pyarrow().as_py():
            break
        rows = joined.select(
            item=ibis.coalesce(joined.up, joined.item),
            account=joined.account,
            author=ibis.ifelse(joined.up.isnull(), joined.author, ibis.null("string")),
            at=joined["at"],
            own=joined.own,
            via=joined.by if step == 0 else joined.via,
        ).view()  # without it Ibis adds the next join to this one
    return rows


def _first_reshares(rows: ir.Table, posts: ir.Table | None) -> tuple[pa.Table, pa.Table]:
    """Return the first reshare of each account per item, and each item's author and time."""
    items = rows.group_by("item").agg(credited=rows.author.min(), first=rows["at"].min())
    items = items.mutate(author=items.credited, created=ibis.null("float64"))
    if posts is not None:
        known = posts.group_by("post_id").agg(writer=posts.actor_id.min(), written=posts["at"].min())
        joined = items.left_join(known, [("item", "post_id")])
        items = joined.mutate(author=ibis.coalesce(joined.writer, joined.credited), created=joined.written)
    items = items.filter(items.author.notnull()).select("item", "author", "created", "first")
    rows = rows.inner_join(items.select("item", "author"), "item", rname="item_{name}")
    rows = rows.filter(rows.account != rows.item_author)
    firsts = rows.group_by("item", "account").agg(
        at=rows["at"].min(), via=rows.via.first(order_by=[rows["at"], rows.via])
    )
    return firsts.order_by("item", ibis.asc("at", nulls_first=False), "account").to_pyarrow(), items.to_pyarrow()


def collect(*, interactions: Any, posts: Any = None, actors: Any = None, min_size: int = 2) -> Cascades:
    """Return the cascades of at least `min_size` accounts, the author among them.

    Reshares of oneself are left out; of several reshares by one account the first counts. An item whose author is not
    known has no cascade.
    """
    columns = {"source": "string", "target": "string", "kind": "string"}
    more = {"at": "any", "post_id": "string", "target_post": "string"}
    acts = pick(interactions, "interactions", columns, more)
    known_posts = None if posts is None else _posts(posts)
    rows, items = _first_reshares(_rooted(_reshares(acts, known_posts)), known_posts)
    counts = rows.group_by("item").aggregate([([], "count_all")])
    large = counts.filter(pc.greater_equal(counts["count_all"], min_size - 1))["item"]
    rows = rows.filter(pc.is_in(rows["item"], value_set=large)).combine_chunks()
    items = items.filter(pc.is_in(items["item"], value_set=large)).sort_by("item").combine_chunks()
    return _numbered(rows, items, acts, actors)


def _ids(*columns: Any) -> pa.Array:
    parts = [chunk.cast(pa.string()) for column in columns for chunk in column.chunks]
    names = pa.concat_arrays([pa.array([], pa.string()), *parts]).drop_null().unique()
    return names.take(pc.sort_indices(names))


def _places(column: Any, ids: pa.Array) -> IntArray:
    return np.asarray(pc.fill_null(pc.index_in(column, value_set=ids), -1), dtype=np.int64)


def _numbered(rows: pa.Table, items: pa.Table, acts: ir.Table, actors: Any) -> Cascades:
    names, accounts = _ids(items["item"]), _ids(items["author"], rows["account"])
    item = _places(rows["item"], names)
    number, size = len(names), len(names) + rows.num_rows
    bounds = np.zeros(number + 1, np.int64)
    np.cumsum(np.bincount(item, minlength=number) + 1, out=bounds[1:])
    resharer = np.ones(size, bool)
    resharer[bounds[:-1]] = False
    account, at = np.empty(size, np.int64), np.empty(size)
    account[bounds[:-1]], account[resharer] = _places(items["author"], accounts), _places(rows["account"], accounts)
    created, first = _floats(items["created"]), _floats(items["first"])
    at[bounds[:-1]] = np.where(np.isnan(created), first, created)
    at[resharer] = _floats(rows["at"])
    known = np.full(size, -1, np.int64)
    known[resharer] = _known_parents(item, _places(rows["via"], accounts), account, bounds)
    ties = _ties(acts, accounts)
    audience = _audience(ties, accounts, actors)[account]
    return Cascades(names, accounts, bounds, account, at, known, audience, ~np.isnan(created), ties)


def _floats(column: Any) -> FloatArray:
    return np.asarray(column.to_numpy(), dtype=np.float64)


def _known_parents(item: IntArray, via: IntArray, account: IntArray, bounds: IntArray) -> IntArray:
    """Return the places in their cascades of the parents that the data name, -1 for all others."""
    result = np.full(len(item), -1, np.int64)
    for row in np.flatnonzero(via >= 0):  # rare: platforms credit the original
        members = account[bounds[item[row]] : bounds[item[row] + 1]]
        place = np.flatnonzero(members == via[row])
        result[row] = place[0] if len(place) else -1
    return result


def _ties(acts: ir.Table, accounts: pa.Array) -> tuple[IntArray, IntArray, IntArray]:
    """Return whom each account follows (counted as two items) or reshared, and how many items of it."""
    rows = acts.filter(acts.kind.isin(["reshare", "follow"]), acts.source != acts.target)
    pairs = rows.group_by("source", "target").agg(
        items=rows.target_post.nunique(where=rows.kind == "reshare") + 2 * (rows.kind == "follow").any().cast("int64")
    )
    found = pairs.to_pyarrow()
    source, target = (_places(found[name], accounts) for name in ("source", "target"))
    inside = (source >= 0) & (target >= 0)
    order = np.lexsort((target[inside], source[inside]))
    start = np.zeros(len(accounts) + 1, np.int64)
    np.cumsum(np.bincount(source[inside], minlength=len(accounts)), out=start[1:])
    items = np.asarray(found["items"], dtype=np.int64)
    return start, target[inside][order], items[inside][order]


def _audience(ties: tuple[IntArray, IntArray, IntArray], accounts: pa.Array, actors: Any) -> FloatArray:
    """Return the audience of each account: its followers if known, and at least those who were seen to share it."""
    least: FloatArray = np.bincount(ties[1], minlength=len(accounts)).astype(np.float64) + 1
    if actors is None:
        return least
    table = actors_of(actors)
    counted = table.filter(table.followers.notnull())
    found = counted.group_by("actor_id").agg(followers=counted.followers.max()).to_pyarrow()
    place = _places(found["actor_id"], accounts)
    followers = np.asarray(found["followers"], dtype=np.float64)
    np.maximum.at(least, place[place >= 0], followers[place >= 0])
    return least
