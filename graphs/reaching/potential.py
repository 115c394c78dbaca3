"""Potential reach: people who follow."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from graphs.figures import Figures

__all__ = ["FOLLOWER_COUNT", "FOLLOWER_LIST", "follower_lists", "latest_followers", "potential_figures"]

FOLLOWER_LIST = "follower_list"
FOLLOWER_COUNT = "follower_count"
_NOTHING = "no follower lists and no follower counts"


def potential_figures(ids: pa.Array, actors: ir.Table, interactions: ir.Table) -> Figures:
    """Return the listed followers of each actor, else the latest follower count (accounts).

    Parameters
    ----------
    ids
        The actors, sorted and distinct.
    actors, interactions
        As `graphs.inputs` returns them.
    """
    figures = Figures(ids, "potential", _NOTHING)
    counts = latest_followers(actors).to_pyarrow()
    at, known = figures.positions(counts["actor_id"])
    followers = np.asarray(counts["followers"], dtype=np.float64)[known]
    one = np.ones(len(at), np.int64)
    figures.put(at, followers, followers, followers, one, estimator=FOLLOWER_COUNT, basis="followers")

    listed = follower_lists(interactions).to_pyarrow()
    at, known = figures.positions(listed["actor_id"])
    n = np.asarray(listed["n"], dtype=np.int64)[known]
    size = n.astype(np.float64)
    # Fewer listed than counted: the list is a part, so the truth lies between the two.
    high = np.fmax(size, figures.value[at])
    figures.put(at, size, size, high, n, estimator=FOLLOWER_LIST, basis="followers")
    return figures


def latest_followers(actors: ir.Table) -> ir.Table:
    """Return `actor_id, followers`: the latest count of each actor; of several at one time, the largest."""
    known = actors.filter(actors.followers.notnull())
    latest = ibis.window(
        group_by=known.actor_id, order_by=[known.followers_at.desc(nulls_first=False), known.followers.desc()]
    )
    placed = known.mutate(place=ibis.row_number().over(latest))
    return placed.filter(placed.place == 0).select("actor_id", "followers")


def follower_lists(interactions: ir.Table) -> ir.Table:
    """Return `actor_id, n`: the distinct accounts that follow each actor."""
    follows = interactions.filter(interactions.kind == "follow")
    return follows.group_by(actor_id=follows.target).agg(n=follows.source.nunique())
