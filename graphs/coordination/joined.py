"""The same pairs by a join in the engine, for shares that do not fit in memory.

Times are cut into stretches as long as the window. Two shares at most a window apart lie in one stretch or in two that
follow each other, so the join is by object and stretch, and never over all pairs of an object's shares.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from graphs.coordination.edges import finished
from graphs.coordination.options import CoordinationOptions
from graphs.coordination.shares import typed_shares

__all__ = ["joined_edges", "joined_events"]


def joined_events(table: Any, options: CoordinationOptions | None = None) -> ir.Table:
    """Return the events of `graphs.coordination.pairs.pair_events` as an expression on the table's engine.

    Parameters
    ----------
    table
        `actor_id, object, kind, at, post_id`, as of `graphs.coordination.shares.shares_of`.
    options
        See `CoordinationOptions`. All events are given that make the weights.

    Returns
    -------
    ibis.expr.types.Table
        `source, target, kind, object, post_source, post_target, at_source, at_target` (microseconds since 1970), `gap`
        (microseconds), `fast` (whether it counts in `weight_fast`). Rows are in no order.

    Raises
    ------
    InputError
        If a column is missing or is not of its type.
    """
    chosen = CoordinationOptions() if options is None else options
    taking_part = _taking_part(table, chosen)
    events = _matched(taking_part.filter(taking_part.object != taking_part.post_id), chosen.window_us)
    events = _of_frequent(events, taking_part, chosen, "kept")
    events = events.filter(events.kept).drop("kept")
    fast_window = chosen.fast_window_us
    if fast_window is None:
        return events.mutate(fast=ibis.literal(False))
    fast = _of_frequent(events, taking_part, chosen, "fast", within=fast_window)
    return fast.mutate(fast=fast.fast & (fast.gap <= fast_window))


def joined_edges(table: Any, options: CoordinationOptions | None = None) -> pa.Table:
    """Return the table of `graphs.coordination.pairs.coordinated_edges`, computed by the table's engine.

    The engine spills to disk where it must; only the edges are held in memory.
    Raises InputError if a column is missing or is not of its type.
    """
    chosen = CoordinationOptions() if options is None else options
    events = joined_events(table, chosen)
    edges = events.group_by("source", "target").agg(
        weight=events.count().cast("int64"),
        gap=events.gap.sum().cast("int64"),
        posts_source=events.post_source.nunique().cast("int64"),
        posts_target=events.post_target.nunique().cast("int64"),
        fast=events.fast.sum().cast("int64"),
    )
    named = edges.to_pyarrow()
    ends = [*named["source"].chunks, *named["target"].chunks]
    actors = pc.unique(pa.chunked_array(ends, pa.string()))
    actors = actors.take(pc.sort_indices(actors))
    for place, name in enumerate(("source", "target")):
        named = named.set_column(place, name, pc.index_in(named[name], value_set=actors))
    return finished(named.sort_by([("source", "ascending"), ("target", "ascending")]), actors, chosen)


def _taking_part(table: Any, options: CoordinationOptions) -> ir.Table:
    """Return the shares of accounts with enough of them, within the burst cap."""
    rows = typed_shares(table, options.kinds)
    rows = rows.filter(rows[name].notnull() for name in ("actor_id", "object", "post_id", "at"))
    rows = rows.mutate(kind=rows.kind.fill_null(""), stretch=rows["at"] // max(options.window_us, 1))
    if options.burst_cap is not None:
        window = ibis.window(
            group_by=[rows.kind, rows.object, rows.stretch], order_by=[rows["at"], rows.post_id, rows.actor_id]
        )
        rows = rows.mutate(number=ibis.row_number().over(window))
        rows = rows.filter(rows.number < options.burst_cap).drop("number")
    if options.min_participation > 1:
        rows = rows.mutate(shares=rows.count().over(ibis.window(group_by=rows.actor_id)))
        rows = rows.filter(rows.shares >= options.min_participation).drop("shares")
    return rows


def _matched(shares: ir.Table, window: int) -> ir.Table:
    """Return the pairs of shares of one object at most `window` apart, of two accounts and posts, each pair once."""
    names = {"actor_id": "actor", "post_id": "post", "at": "at"}
    earlier = shares.select("kind", "object", "stretch", **{f"{new}_a": old for old, new in names.items()})
    later = shares.select("kind", "object", "stretch", **{f"{new}_b": old for old, new in names.items()})
    twice = earlier.union(earlier.mutate(stretch=earlier.stretch + 1))
    pairs = twice.join(later, ["kind", "object", "stretch"])
    gap = pairs.at_b - pairs.at_a
    # Of two shares at one instant, that of the account with the smaller id is the earlier one here.
    once = (gap > 0) | ((gap == 0) & (pairs.actor_a < pairs.actor_b))
    pairs = pairs.filter(once, gap <= window, pairs.actor_a != pairs.actor_b, pairs.post_a != pairs.post_b)
    swapped = pairs.actor_a > pairs.actor_b
    columns = {}
    for column, name in (("actor", ""), ("post", "post_"), ("at", "at_")):
        a, b = pairs[f"{column}_a"], pairs[f"{column}_b"]
        columns[f"{name}source"] = ibis.ifelse(swapped, b, a)
        columns[f"{name}target"] = ibis.ifelse(swapped, a, b)
    return pairs.select("kind", "object", **columns, gap=pairs.at_b - pairs.at_a)


def _of_frequent(
    events: ir.Table, taking_part: ir.Table, options: CoordinationOptions, name: str, *, within: int | None = None
) -> ir.Table:
    """Return the events with a flag `name`: whether the post of either side is of an account that takes part often.

    The rule is that of `graphs.coordination.pairs`; `within` looks at the events with at most that gap.
    """
    if options.min_participation <= 1:
        return events.mutate(**{name: ibis.literal(True)})
    looked_at = events if within is None else events.filter(events.gap <= within)
    sides = [looked_at.select(post_id=f"post_{side}") for side in ("source", "target")]
    counted = taking_part.semi_join(sides[0].union(sides[1], distinct=True), "post_id")
    counted = counted.mutate(shares=counted.count().over(ibis.window(group_by=counted.actor_id)))
    often = counted.filter(counted.shares >= options.min_participation).select("post_id").distinct()
    for side in ("source", "target"):
        flagged = often.select(**{f"often_{side}": "post_id"})
        events = events.left_join(flagged, [(f"post_{side}", f"often_{side}")])
    kept = events.often_source.notnull() | events.often_target.notnull()
    return events.mutate(**{name: kept}).drop("often_source", "often_target")
