"""Exposed reach: people likely shown a post."""

from __future__ import annotations

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphs.figures import Figures, text_where
from graphs.medians import GroupMedians, group_medians

__all__ = ["MEDIAN_VIEWS", "WORLD", "exposed_reach", "put_medians"]

MEDIAN_VIEWS = "median_post_views"
WORLD = 8.3e9
"""People on earth: no interval of people ends above it."""


def exposed_reach(ids: pa.Array, posts: ir.Table, confidence: float, population: float | None) -> Figures:
    """Return the median views of a post of each actor, with its interval.

    Parameters
    ----------
    ids
        The actors, sorted and distinct.
    posts
        As `graphs.inputs.posts_of` returns them.
    """
    figures = Figures(ids, "exposed", "no view counts")
    views = posts.select(actor_id=posts.actor_id, value=posts.views)
    medians = group_medians(views, confidence=confidence, ceiling=population or WORLD)
    put_medians(figures, medians, MEDIAN_VIEWS)
    return figures


def put_medians(
    figures: Figures, medians: GroupMedians, estimator: str, *, wanted: npt.NDArray[np.bool_] | None = None
) -> None:
    """Write medians over posts into `figures`, for all actors or for those where `wanted` (along `figures`) is true."""
    at, known = figures.positions(medians.ids)
    chosen = np.flatnonzero(known)
    if wanted is not None:
        at, chosen = at[wanted[at]], chosen[wanted[at]]
    n = medians.n[chosen]
    reason = text_where(n == 1, "one post only: no interval")
    figures.put(
        at, medians.value[chosen], medians.low[chosen], medians.high[chosen], n,
        estimator=estimator, basis="post", reason=reason,
    )  # fmt: skip
