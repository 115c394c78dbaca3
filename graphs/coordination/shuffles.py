"""The same search on the user's own data, shuffled: how many edges chance alone brings."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphs.coordination.nulls import SHUFFLED, SignificanceOptions, permuted
from graphs.coordination.options import CoordinationOptions
from graphs.coordination.pairs import coordinated_edges
from graphs.coordination.shares import Shares
from graphs.coordination.significance import Multiplicity, edge_significance
from graphs.errors import InputError

__all__ = ["NULL_SCHEMA", "searched_again", "shuffled_edges"]

_COUNT, _NUMBER = pa.int64(), pa.float64()
NULL_SCHEMA = pa.schema(
    [
        pa.field("null", pa.string(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),
        pa.field("threshold", _NUMBER, nullable=False),
        *(pa.field(name, _COUNT, nullable=False) for name in ("runs", "edges_observed")),
        *(pa.field(name, _NUMBER, nullable=False) for name in ("edges_by_chance", "low", "high")),
        pa.field("false_positive_share", _NUMBER),
        pa.field("runs_with_any", _COUNT, nullable=False),
        pa.field("chosen", pa.bool_(), nullable=False),
    ]
)
_SPAN = (0.025, 0.975)


def shuffled_edges(
    shares: Shares,
    edges: pa.Table,
    options: CoordinationOptions,
    significance: SignificanceOptions | None,
    *,
    tests: Multiplicity | None = None,
    weights: Sequence[float] = (1, 2, 3, 5),
    runs: int = 20,
    seed: int = 0,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> pa.Table:
    """Return how many edges the same search finds when the data are shuffled.

    Parameters
    ----------
    shares, edges, options
        The data, what was found in them, and with which options.
    significance
        The null model. None shuffles `times_within_objects`; a model without time shuffles the contents of all posts,
        whenever they were (`objects_within_activity` in one stretch).
    tests
        The number of tests on the data; it is the same on shuffled data if the null model is.
    weights
        Least weights; the chosen one is added.
    runs
        How many shuffles.
    seed
        Of the shuffling.
    tell
        Told after each run.

    Returns
    -------
    pyarrow.Table
        Of `NULL_SCHEMA`, a row per rule: `weight` (at least `threshold`) and, with a null model, `q_value` (below it).
        `edges_by_chance` is the mean over the runs, `low` and `high` hold 95% of them; `false_positive_share` is
        `edges_by_chance / edges_observed`, at most 1, null where nothing was observed; `runs_with_any` have an
        edge by the rule; `chosen` is the rule that clusters are made by.

    Raises
    ------
    InputError
        If `runs` is below 1.
    """
    if runs < 1:
        raise InputError(f"runs must be at least 1, got {runs!r}.")
    model = replace(significance or SignificanceOptions(), seed=seed)
    shuffle = model
    if model.null not in SHUFFLED:
        shuffle = replace(model, null="objects_within_activity", method="exact", block_s=math.inf)
    rules = [("weight", weight) for weight in sorted({*map(float, weights), float(options.min_weight)})]
    if significance is not None:
        rules.append(("q_value", model.level))
    wide = replace(options, min_weight=1, subgraph="all", fast_window_s=None, speed_weighted=False)
    observed = _counts(edges, rules)
    counts = np.zeros((runs, len(rules)))
    judged, same = None if significance is None else model, tests if shuffle is model else None
    for run, found in enumerate(searched_again(shares, wide, shuffle, judged, tests=same, runs=runs)):
        counts[run] = _counts(found, rules)
        tell(run + 1, runs)
    chosen = len(rules) - 1 if significance is not None else rules.index(("weight", float(options.min_weight)))
    rows = [
        _row(shuffle.null, *rule, int(observed[i]), counts[:, i], chosen=i == chosen) for i, rule in enumerate(rules)
    ]
    return pa.Table.from_pylist(rows, schema=NULL_SCHEMA)


def searched_again(
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


def _counts(edges: pa.Table, rules: Sequence[tuple[str, float]]) -> npt.NDArray[np.int64]:
    """Return how many edges meet each rule."""
    found = []
    for column, threshold in rules:
        values = edges[column].to_numpy()
        found.append(int(((values < threshold) if column == "q_value" else (values >= threshold)).sum()))
    return np.array(found, np.int64)


def _row(
    null: str, rule: str, threshold: float, observed: int, counts: npt.NDArray[np.float64], *, chosen: bool
) -> dict[str, object]:
    low, high = np.quantile(counts, _SPAN)
    mean = float(counts.mean())
    return {
        "null": null,
        "rule": rule,
        "threshold": threshold,
        "runs": len(counts),
        "edges_observed": observed,
        "edges_by_chance": mean,
        "low": float(low),
        "high": float(high),
        "false_positive_share": min(1.0, mean / observed) if observed else None,
        "runs_with_any": int((counts > 0).sum()),
        "chosen": chosen,
    }
