"""The null run: the user's own data, shuffled and searched in the same way, to see what chance alone brings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphs.coordination.nulls import SHUFFLED, SignificanceOptions
from graphs.coordination.options import CoordinationOptions
from graphs.coordination.shares import Shares
from graphs.coordination.shuffles import searched_again
from graphs.coordination.significance import Significance, edge_significance
from graphs.errors import InputError
from graphs.reaching.survey import wilson

__all__ = ["NULL_SCHEMA", "WEIGHTS_SCHEMA", "NullRun", "coordination_null"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

NULL_SCHEMA = pa.schema(
    [
        pa.field("null", pa.string(), nullable=False),
        pa.field("runs", pa.int64(), nullable=False),
        pa.field("level", pa.float64(), nullable=False),
        pa.field("edges_observed", pa.int64(), nullable=False),
        pa.field("edges_by_chance", pa.float64(), nullable=False),
        pa.field("edges_by_chance_low", pa.float64(), nullable=False),
        pa.field("edges_by_chance_high", pa.float64(), nullable=False),
        pa.field("significant_observed", pa.int64(), nullable=False),
        pa.field("significant_by_chance", pa.float64(), nullable=False),
        pa.field("runs_with_any", pa.int64(), nullable=False),
        pa.field("false_positive_share", pa.float64(), nullable=False),
        pa.field("false_positive_low", pa.float64(), nullable=False),
        pa.field("false_positive_high", pa.float64(), nullable=False),
        pa.field("tests", pa.int64(), nullable=False),
        pa.field("weight_threshold", pa.int64()),
        pa.field("reason_missing", pa.string()),
    ]
)

WEIGHTS_SCHEMA = pa.schema(
    [
        pa.field("null", pa.string(), nullable=False),
        pa.field("weight", pa.int64(), nullable=False),
        pa.field("edges_observed", pa.int64(), nullable=False),
        pa.field("edges_by_chance", pa.float64(), nullable=False),
        pa.field("edges_by_chance_low", pa.float64(), nullable=False),
        pa.field("edges_by_chance_high", pa.float64(), nullable=False),
        pa.field("share_by_chance", pa.float64(), nullable=False),
    ]
)


@dataclass(frozen=True)
class NullRun:
    """What chance alone brings: `summary` (`NULL_SCHEMA`, one row) and `weights` (`WEIGHTS_SCHEMA`, a row a weight)."""

    summary: pa.Table
    weights: pa.Table


def coordination_null(
    shares: Shares,
    options: CoordinationOptions | None = None,
    significance: SignificanceOptions | None = None,
    *,
    runs: int = 100,
    observed: Significance | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> NullRun:
    """Return how many edges the search finds in shuffled data, and how many of these come out as significant.

    Parameters
    ----------
    shares
        From `graphs.coordination.shares.shares_of`.
    options
        What counts as coordinated; the same search runs on the data and on every shuffle.
    significance
        The null model, one of `times_within_objects` and `objects_within_activity`, its seed and level.
    runs
        Shuffles.
    observed
        What `edge_significance` gave for the data; None computes it.
    progress
        Called with the runs done and their number.

    Returns
    -------
    NullRun
        `summary`, one row:

        - `edges_observed`, `significant_observed`: edges in the data, and those with a q-value below `level`;
        - `edges_by_chance`, `…_low`, `…_high`: mean over the shuffles, and the range that 95% of them lie in;
        - `significant_by_chance`: the mean number of significant edges of a shuffle, all of them false;
        - `runs_with_any`, `false_positive_share`, `…_low`, `…_high`: shuffles with any such edge, their share, and its
          95% interval (Wilson 1927). It should not exceed `level`;
        - `tests`: pairs that could have been significant;
        - `weight_threshold`: the smallest weight such that, from there on, shuffles have at most `level` times as many
          edges as the data. For those who want to cut by weight. Null, with the reason, where no weight does.

        `weights`, for each weight that an edge of the data has: the edges at least so heavy in the data and by chance,
        and the second over the first, at most 1 (`share_by_chance`).

    Raises
    ------
    InputError
        If the model is not one that shuffles, or `runs` is below 1.

    Notes
    -----
    Where the same object stands in many posts of an account, weights grow without more evidence, and no weight may do.

    References
    ----------
    Westfall & Young (1993), Resampling-Based Multiple Testing, Wiley; Storey & Tibshirani (2003), Proceedings of the
    National Academy of Sciences 100(16), 9440-9445 (false discovery rates from shuffled data).
    """
    chosen = CoordinationOptions() if options is None else options
    model = SignificanceOptions() if significance is None else significance
    if model.null not in SHUFFLED:
        raise InputError(f"{model.null} is not shuffled. Use one of {', '.join(SHUFFLED)}.")
    if runs < 1:
        raise InputError(f"runs must be at least 1, got {runs!r}.")
    found = edge_significance(shares, chosen, model) if observed is None else observed
    weights, significant = [], np.zeros(runs, np.int64)
    # The margins, and so the number of tests, are those of the data.
    for run, edges in enumerate(searched_again(shares, chosen, model, model, tests=found.tests, runs=runs)):
        weights.append(np.sort(edges["weight"].to_numpy()))
        significant[run] = Significance(edges, model, found.tests).significant().num_rows
        if progress is not None:
            progress(run + 1, runs)
    table = _weights(found, weights)
    return NullRun(_summary(found, weights, significant, table), table)


def _range(counts: Ints) -> tuple[Floats, Floats, Floats]:
    """Return the mean and the ends of the range of 95% of the runs, shape (runs, …) to (…)."""
    low, high = np.quantile(counts, [0.025, 0.975], axis=0, method="inverted_cdf")
    return counts.mean(axis=0), np.asarray(low, np.float64), np.asarray(high, np.float64)


def _weights(found: Significance, weights: list[npt.NDArray[np.int64]]) -> pa.Table:
    own = np.sort(found.edges["weight"].to_numpy())
    levels = np.unique(own)
    observed = len(own) - np.searchsorted(own, levels)
    counts = np.array([len(run) - np.searchsorted(run, levels) for run in weights]).reshape(len(weights), len(levels))
    mean, low, high = _range(counts)
    share = np.minimum(1.0, mean / np.maximum(observed, 1))
    names = pa.array([found.options.null] * len(levels), pa.string())
    columns = [names, *(pa.array(x) for x in (levels.astype(np.int64), observed, mean, low, high, share))]
    return pa.Table.from_arrays(columns, schema=WEIGHTS_SCHEMA)


def _summary(found: Significance, weights: list[npt.NDArray[np.int64]], significant: Ints, table: pa.Table) -> pa.Table:
    runs, level = len(weights), found.options.level
    mean, low, high = (float(x) for x in _range(np.array([len(run) for run in weights], np.int64)))
    hits = int((significant > 0).sum())
    share_low, share, share_high = wilson(hits / runs, runs)
    threshold = _threshold(table, level)
    row = {
        "null": found.options.null,
        "runs": runs,
        "level": level,
        "edges_observed": found.edges.num_rows,
        "edges_by_chance": mean,
        "edges_by_chance_low": low,
        "edges_by_chance_high": high,
        "significant_observed": found.significant().num_rows,
        "significant_by_chance": float(significant.mean()),
        "runs_with_any": hits,
        "false_positive_share": share,
        "false_positive_low": share_low,
        "false_positive_high": share_high,
        "tests": found.tests.tests,
        "weight_threshold": threshold,
        "reason_missing": None if threshold is not None else _why(found),
    }
    return pa.Table.from_pylist([row], schema=NULL_SCHEMA)


def _why(found: Significance) -> str:
    if not found.edges.num_rows:
        return "the data have no edges"
    return "at every weight chance brings too many edges for this level"


def _threshold(table: pa.Table, level: float) -> int | None:
    """Return the smallest weight from which on chance brings at most this share of the edges, at every weight."""
    share = table["share_by_chance"].to_numpy()
    too_many = np.flatnonzero(share > level)
    first = int(too_many[-1]) + 1 if len(too_many) else 0
    return int(table["weight"][first].as_py()) if first < len(share) else None
