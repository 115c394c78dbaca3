"""Scores that do not come from the reshare graph: the h-index of posts, audiences, results of other steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import stats

from graphs.errors import InputError
from graphs.inputs import actors_of, posts_of
from graphs.ranking.hindex import Counts, post_counts
from graphs.ranking.measures import Scores
from graphs.reaching.medians import group_medians
from graphs.tables import pick

__all__ = ["Listed", "fib_index", "followers", "given", "h_index_of", "views"]

FloatArray = npt.NDArray[np.float64]
MANIPULATIVE = "manipulative"
SPREAD_UNKNOWN = 1.0
"""Standard deviation of the logarithm of views where not one account has two posts: a factor of 2.7."""


@dataclass(frozen=True)
class Listed:
    """Scores of the accounts `ids`, in their order."""

    ids: pa.Array
    scores: Scores


def _names(column: Any) -> pa.Array:
    return pa.concat_arrays([pa.array([], pa.string()), *(chunk.cast(pa.string()) for chunk in column.chunks)])


def _of_counts(counts: Counts) -> Listed:
    return Listed(counts.ids, Scores(counts.observed(), counts.replicate))


def h_index_of(interactions: Any) -> Listed:
    """Return the h-index of reshares; posts are drawn anew."""
    return _of_counts(post_counts(interactions))


def fib_index(interactions: Any, labels: Any) -> Listed:
    """Return the h-index over the posts that are labelled `manipulative`; posts are drawn anew."""
    table = pick(labels, "labels", {"post_id": "string", "label": "string"}, {})
    flagged = table.filter(table.label == MANIPULATIVE).select("post_id").distinct()
    return _of_counts(post_counts(interactions, flagged))


def followers(actors: Any) -> Listed:
    """Return the largest known follower count: counted, so it has no sampling error."""
    table = actors_of(actors)
    table = table.filter(table.followers.notnull())
    found = table.group_by("actor_id").agg(value=table.followers.max()).order_by("actor_id").to_pyarrow()
    return _fixed(_names(found["actor_id"]), np.asarray(found["value"], dtype=np.float64))


def _fixed(ids: pa.Array, observed: FloatArray) -> Listed:
    return Listed(ids, Scores(observed, lambda generator: observed))


def views(posts: Any, *, seed_confidence: float = 0.95) -> Listed:
    """Return the median views of a post; the draws follow the interval of the median on a logarithmic scale."""
    table = posts_of(posts)
    medians = group_medians(table.select("actor_id", value=table.views), confidence=seed_confidence)
    logs = np.log1p(medians.value)
    width = float(stats.norm.ppf((1 + seed_confidence) / 2))
    down, up = (logs - np.log1p(medians.low)) / width, (np.log1p(medians.high) - logs) / width
    known = np.isfinite(down) & np.isfinite(up)
    # One post alone has no interval: it is as uncertain as one post of the others is.
    single = float(np.median(((down + up) / 2 * np.sqrt(medians.n))[known])) if known.any() else SPREAD_UNKNOWN
    down, up = np.where(known, down, single), np.where(known, up, single)
    return Listed(medians.ids, Scores(medians.value, lambda generator: _split_normal(logs, down, up, generator)))


def _split_normal(centre: FloatArray, down: FloatArray, up: FloatArray, generator: np.random.Generator) -> FloatArray:
    z = generator.standard_normal(len(centre))
    drawn: FloatArray = centre + z * np.where(z < 0, down, up)
    return drawn


def given(name: str, table: Any) -> Listed:
    """Return scores that another part computed: `actor_id, value`, and `low, high` where it knows their interval.

    Rows without a value are left out. Draws follow the interval on a logarithmic scale; without one the score stands.
    Raises InputError if a value is negative or infinite, or an account stands twice.
    """
    picked = pick(table, name, {"actor_id": "string", "value": "float64"}, {"low": "float64", "high": "float64"})
    rows: ir.Table = picked.filter(picked.value.notnull(), picked.actor_id.notnull()).order_by("actor_id")
    found = rows.to_pyarrow()
    ids = _names(found["actor_id"])
    value, low, high = (_floats(found[column]) for column in ("value", "low", "high"))
    _check_given(name, ids, value)
    known = np.isfinite(low) & np.isfinite(high)
    logs, width = np.log1p(value), float(stats.norm.ppf(0.975))
    down = np.where(known, np.maximum(logs - np.log1p(np.maximum(np.nan_to_num(low), 0)), 0), 0) / width
    up = np.where(known, np.maximum(np.log1p(np.maximum(np.nan_to_num(high), 0)) - logs, 0), 0) / width
    return Listed(ids, Scores(value, lambda generator: _split_normal(logs, down, up, generator)))


def _floats(column: Any) -> FloatArray:
    return np.asarray(column.to_numpy(), dtype=np.float64)


def _check_given(name: str, ids: pa.Array, value: FloatArray) -> None:
    wrong = ~np.isfinite(value) | (value < 0)
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        raise InputError(f"{name}: the value of {ids[at]} is {value[at]:g}; it must be a number, at least 0.")
    if len(ids) != len(ids.unique()):
        twice = next(row["values"] for row in ids.value_counts().to_pylist() if row["counts"] > 1)
        raise InputError(f"{name}: {twice} stands more than once. Give one value per account.")
