"""Engaged reach: distinct accounts that acted on an actor's posts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphs.figures import Figures, text_where
from graphs.inputs import ACTING, COUNTS
from graphs.reaching.chao import ONE_ACT, Counts, estimate_unseen
from graphs.reaching.exposed import WORLD, put_medians
from graphs.reaching.medians import group_medians

__all__ = [
    "POST",
    "POST_COUNTS",
    "WINDOW",
    "engaged_figures",
    "frequencies",
    "largest_counts",
    "pairs_of",
    "seen_once_and_twice",
]

POST_COUNTS = "post_engagement_counts"
WINDOW, POST = "window", "post"
"""The two bases: accounts in the whole window, and accounts on a typical post. They are never compared."""


def engaged_figures(
    ids: pa.Array,
    posts: ir.Table,
    pairs: ir.Table,
    confidence: float,
    population: float | None,
    **options: Any,
) -> Figures:
    """Return the accounts that acted on each actor's posts, the unseen ones estimated.

    Basis `window` where acts are listed: observed distinct accounts and Chao's estimate. Basis `post` where they are
    not listed but posts carry counts: the median over posts of the largest single count of a post. So too where one
    post alone has more reactions than the window's upper end: then the listed acts are plainly a small part.

    Parameters
    ----------
    ids
        The actors, sorted and distinct.
    posts
        As `graphs.inputs.posts_of` returns them.
    pairs
        As `pairs_of` returns them.
    options
        Those of `graphs.reaching.chao.estimate_unseen`: `interval`, `ones`, `replicates`, `seed`.
    """
    figures = Figures(ids, "engaged", "no interactions and no engagement counts")
    _put_window(figures, frequencies(pairs, "actor_id").to_pyarrow(), confidence, population, options)
    by_post = np.isnan(figures.value) | _contradicted(figures, posts)
    medians = group_medians(largest_counts(posts), confidence=confidence, ceiling=population or WORLD)
    put_medians(figures, medians, POST_COUNTS, wanted=by_post)
    return figures


def pairs_of(interactions: ir.Table) -> ir.Table:
    """Return `actor_id, source, weight`: how often each account acted on posts of each actor."""
    acts = interactions.filter(interactions.kind.isin(ACTING))
    return acts.group_by(actor_id=acts.target, source=acts.source).agg(weight=acts.count())


def frequencies(pairs: ir.Table, *by: str) -> ir.Table:
    """Return, by group, `n` accounts seen and `f1` … `f4` seen exactly 1 … 4 times, from rows `by, source, weight`."""
    times = {f"f{k}": (pairs.weight == k).sum().cast("int64") for k in range(1, 5)}
    return pairs.group_by(*by).agg(n=pairs.count(), **times)


def seen_once_and_twice(pairs: ir.Table, *by: str) -> ir.Table:
    """Return, by group, `n` accounts seen, `f1` seen once, `f2` seen twice, from rows `by, source, weight`."""
    return frequencies(pairs, *by).drop("f3", "f4")


def _put_window(
    figures: Figures, seen: pa.Table, confidence: float, population: float | None, options: Mapping[str, Any]
) -> None:
    """Write Chao's estimates into `figures`, from rows `actor_id, n, f1, f2, f3, f4`."""
    # The order of actors, not that of the engine's rows: resamples are drawn in it.
    seen = seen.sort_by("actor_id")
    at, known = figures.positions(seen["actor_id"])
    columns = [np.asarray(seen[name], dtype=np.int64)[known] for name in ("n", "f1", "f2", "f3", "f4")]
    counts = Counts.of(*columns)
    value, low, high, names = estimate_unseen(counts, confidence=confidence, population=population, **options)
    reason = text_where(np.isnan(high), ONE_ACT)
    figures.put(at, value, low, high, columns[0], estimator=names, basis=WINDOW, reason=reason)


def _contradicted(figures: Figures, posts: ir.Table) -> npt.NDArray[np.bool_]:
    """Return where a single post has more reactions, each of another account, than the window's upper end."""
    counted = posts.filter(posts.reactions.notnull())
    most = counted.group_by("actor_id").agg(most=counted.reactions.max()).to_pyarrow()
    at, known = figures.positions(most["actor_id"])
    result = np.zeros(len(figures.ids), dtype=bool)
    result[at] = np.asarray(most["most"], dtype=np.float64)[known] > np.fmax(figures.high[at], figures.value[at])
    return result


def largest_counts(posts: ir.Table) -> ir.Table:
    """Return `actor_id, value`: the largest of the reactions, comments and shares of each post that has any of them."""
    # Engines differ in how `greatest` treats null.
    counts = [posts[name].fill_null(-1.0) for name in COUNTS]
    return posts.select(actor_id=posts.actor_id, value=ibis.greatest(*counts).nullif(-1.0))
