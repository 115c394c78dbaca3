"""The null run: the user's own data, shuffled and searched in the same way, to see what chance alone brings."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphs.coordination.nulls import SHUFFLED, SignificanceOptions, permuted
from graphs.coordination.options import CoordinationOptions
from graphs.coordination.pairs import coordinated_edges
from graphs.coordination.shares import Shares
from graphs.coordination.significance import Multiplicity, Significance, edge_significance
from graphs.errors import InputError
from graphs.reaching.survey import wilson

__all__ = ["NULL_SCHEMA", "coordination_null"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Rule: TypeAlias = tuple[str, float]

_COUNT, _NUMBER = pa.int64(), pa.float64()
NULL_SCHEMA = pa.schema(
    [
        pa.field("null", pa.string(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),
        pa.field("threshold", _NUMBER, nullable=False),
        *(pa.field(name, _COUNT, nullable=False) for name in ("runs", "edges_observed")),
        *(pa.field(name, _NUMBER, nullable=False) for name in ("edges_by_chance", "low", "high")),
        pa.field("share_by_chance", _NUMBER),
        pa.field("runs_with_any", _COUNT, nullable=False),
        *(pa.field(f"false_positive_{name}", _NUMBER, nullable=False) for name in ("rate", "low", "high")),
        *(pa.field(name, pa.bool_(), nullable=False) for name in ("chosen", "suffices")),
    ]
)
_SPAN = (0.025, 0.975)
_WEIGHTS = (1.0, 2.0, 3.0, 5.0)


def coordination_null(
    shares: Shares,
    options: CoordinationOptions | None = None,
    significance: SignificanceOptions | None = None,
    *,
    observed: Significance | pa.Table | None = None,
    weights: Sequence[float] = _WEIGHTS,
    runs: int = 100,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> pa.Table:
    """Return how many edges the search finds in shuffled data, and how often it finds any.

    Parameters
    ----------
    shares
        From `graphs.coordination.shares.shares_of`.
    options
        What counts as coordinated; the same search runs on the data and on every shuffle.
    significance
        The null model and its level. It also says how the data are shuffled, if it is one that shuffles; for a model
        without time the contents of all posts are shuffled, whenever they were (`objects_within_activity` in one
        stretch). None: nothing is tested, edges are taken by weight, and times are shuffled within objects.
    observed
        What `edge_significance` gave for the data, or `coordinated_edges` where nothing is tested; None computes it.
    weights
        Least weights to ask about; those below the options' are left out, and the options' is added.
    runs
        Shuffles. The false-positive rate cannot be told from 0 more closely than about 4 / `runs`.
    seed
        Of the shuffling.
    progress
        Called with the runs done and their number.

    Returns
    -------
    pyarrow.Table
        Of `NULL_SCHEMA`, a row per rule: `weight` (at least `threshold`) and, with a test, `q_value` (below it).

        - `null`: how the data were shuffled;
        - `edges_observed`: edges in the data by the rule;
        - `edges_by_chance`, `low`, `high`: mean over the shuffles, and the range that 95% of them lie in;
        - `share_by_chance`: the second over the first, at most 1: what part of the edges chance brings anyway. Null
          where the data have none;
        - `runs_with_any`, `false_positive_rate`, `…_low`, `…_high`: shuffles in which the rule finds any edge, all of
          them false; their share, and its 95% interval (Wilson 1927). By `q_value` it should not exceed the level;
        - `chosen`: the rule that the search goes by: `q_value` with a test, else the options' least weight;
        - `suffices`: the smallest weight from which on, at every weight of the data, chance brings at most `level`
          (0.05 without a test) times the edges. It gets a row of its own. No row: no weight of the data does.

    Raises
    ------
    InputError
        If `runs` is below 1, or `observed` is a plain table though there is a test.

    Notes
    -----
    Where the same object stands in many posts of an account, weights grow without more evidence, and no weight may do.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22, 209-212; Westfall & Young (1993),
    Resampling-Based Multiple Testing, Wiley; Storey & Tibshirani (2003), Proceedings of the National Academy of
    Sciences 100(16), 9440-9445 (false discovery rates from shuffled data).
    """
    if runs < 1:
        raise InputError(f"runs must be at least 1, got {runs!r}.")
    chosen = CoordinationOptions() if options is None else options
    model, tested = significance or SignificanceOptions(), significance is not None
    edges, tests = _observed(shares, chosen, significance, observed)
    shuffle = _shuffled_by(model)
    again = _searched_again(
        shares, chosen, replace(shuffle, seed=seed), model if tested else None,
        tests=tests if shuffle is model else None, runs=runs,
    )  # fmt: skip
    asked = sorted({float(chosen.min_weight), *(float(weight) for weight in weights if weight >= chosen.min_weight)})
    levels = np.union1d(np.array(asked), edges["weight"].to_numpy())
    level = model.level if tested else None
    counts = np.empty((runs, len(levels) + tested), np.int64)
    for run, found in enumerate(again):
        counts[run] = _counts(found, levels, level)
        if progress is not None:
            progress(run + 1, runs)
    data = _counts(edges, levels, level)
    enough = _weight_that_suffices(levels, data, counts, model.level)
    rules = [("weight", weight) for weight in levels.tolist()] + [("q_value", model.level)] * tested
    flags = [
        {"chosen": rule == "q_value" if tested else threshold == asked[0], "suffices": (rule, threshold) == enough}
        for rule, threshold in rules
    ]
    rows = [
        _row(shuffle.null, *rule, int(data[place]), counts[:, place]) | flags[place]
        for place, rule in enumerate(rules)
        if rule[0] == "q_value" or rule[1] in asked or rule == enough
    ]
    return pa.Table.from_pylist(rows, schema=NULL_SCHEMA)


def _observed(
    shares: Shares,
    options: CoordinationOptions,
    significance: SignificanceOptions | None,
    observed: Significance | pa.Table | None,
) -> tuple[pa.Table, Multiplicity | None]:
    if observed is None:
        if significance is None:
            return coordinated_edges(shares, options), None
        observed = edge_significance(shares, options, significance)
    if isinstance(observed, Significance):
        return observed.edges, observed.tests
    if significance is not None:
        raise InputError("observed must be what edge_significance returns, or leave significance out.")
    return observed, None


def _shuffled_by(model: SignificanceOptions) -> SignificanceOptions:
    if model.null in SHUFFLED:
        return model
    return replace(model, null="objects_within_activity", method="exact", block_s=math.inf)


def _searched_again(
    shares: Shares,
    options: CoordinationOptions,
    shuffle: SignificanceOptions,
    model: SignificanceOptions | None,
    *,
    tests: Multiplicity | None,
    runs: int,
) -> Iterator[pa.Table]:
    """Yield the edges that the same search finds in each of `runs` shuffles by `shuffle`, drawn by its seed.

    With a `model` they have its q-values; `tests` is their number on the data, if the shuffles leave it as it is.
    """
    random = np.random.default_rng(shuffle.seed)
    exact = None if model is None else replace(model, method="exact")
    for _ in range(runs):
        again = permuted(shares, shuffle, random)
        edges = coordinated_edges(again, options)
        yield edges if exact is None else edge_significance(again, options, exact, edges=edges, tests=tests).edges


def _counts(edges: pa.Table, levels: Floats, level: float | None) -> Ints:
    """Return how many edges weigh at least so much, for each of `levels`, and how many have a q-value below `level`."""
    heavier = edges.num_rows - np.searchsorted(np.sort(edges["weight"].to_numpy()), levels, side="left")
    if level is None:
        return np.asarray(heavier, np.int64)
    return np.append(heavier, (edges["q_value"].to_numpy() < level).sum()).astype(np.int64)


def _row(null: str, rule: str, threshold: float, observed: int, counts: Ints) -> dict[str, object]:
    low, high = np.quantile(counts, _SPAN, method="inverted_cdf")
    mean, hits = float(counts.mean()), int((counts > 0).sum())
    rate_low, rate, rate_high = wilson(hits / len(counts), len(counts))
    return {
        "null": null,
        "rule": rule,
        "threshold": threshold,
        "runs": len(counts),
        "edges_observed": observed,
        "edges_by_chance": mean,
        "low": float(low),
        "high": float(high),
        "share_by_chance": min(1.0, mean / observed) if observed else None,
        "runs_with_any": hits,
        "false_positive_rate": rate,
        "false_positive_low": rate_low,
        "false_positive_high": rate_high,
    }


def _weight_that_suffices(levels: Floats, data: Ints, counts: Ints, level: float) -> Rule | None:
    """Return the rule of the smallest weight from which on chance brings at most this share of the edges."""
    data, by_chance = data[: len(levels)], counts[:, : len(levels)].mean(axis=0)
    held = data > 0  # weights beyond the heaviest edge tell nothing
    too_many = np.flatnonzero(held & (by_chance > level * data))
    first = int(too_many[-1]) + 1 if len(too_many) else 0
    return ("weight", float(levels[first])) if first < held.sum() else None
