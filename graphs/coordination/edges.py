"""From counts per pair to the table of edges, the same for both engines."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphs.coordination.options import CoordinationOptions
from graphs.coordination.subgraphs import kept_edges
from graphs.kernels import kernel

__all__ = ["EDGE_COLUMNS", "finished"]

EDGE_COLUMNS = ("source", "target", "weight", "mean_gap_s", "posts_source", "posts_target", "symmetry")
"""Columns that every table of edges has; `weight_fast` and `speed_weight` come with their options."""


def finished(counts: pa.Table, actors: pa.Array, options: CoordinationOptions) -> pa.Table:
    """Return the edges that the options ask for, in their order.

    `actors` are ids, sorted; `counts` has `source, target` (positions in `actors`) and the other columns of
    `graphs.coordination.counting.PairCounts`, sorted by both, with `gap` in microseconds.
    """
    if options.fast_window_us is not None:
        counts = counts.append_column("weight_fast", counts["fast"])
    if options.speed_weighted:
        window, weight = options.window_us, counts["weight"].to_numpy()
        gone = counts["gap"].to_numpy() / window if window else np.zeros(weight.size)
        counts = counts.append_column("speed_weight", pa.array(weight - gone))
    rows = _heaviest_first(counts["weight"].to_numpy(), kept_edges(counts, options))
    # One column after the other, each given back as soon as it is used: there may be many millions of rows.
    columns: dict[str, Any] = {}
    for name in ("source", "target"):
        columns[name] = actors.take(pa.array(counts[name].to_numpy()[rows]))
        counts = counts.drop_columns([name])
    columns["weight"] = counts["weight"].to_numpy()[rows]
    columns["mean_gap_s"] = _means(counts["gap"].to_numpy(), counts["weight"].to_numpy(), rows)
    counts = counts.drop_columns(["gap", "weight"])
    for name in ("posts_source", "posts_target"):
        columns[name] = counts[name].to_numpy()[rows].astype(np.int64, copy=False)
        counts = counts.drop_columns([name])
    columns["symmetry"] = _symmetries(columns["posts_source"], columns["posts_target"])
    for name in ("weight_fast", "speed_weight"):
        if name in counts.column_names:
            columns[name] = counts[name].to_numpy()[rows]
    return pa.table(columns)


_SMALL = 1 << 16


def _heaviest_first(weight: npt.NDArray[np.int64], kept: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return the positions of the kept edges, the heaviest first, equal ones as they were."""
    if weight.max(initial=0) < _SMALL:
        return _counted_down(weight, kept)
    rows = np.flatnonzero(kept)
    return rows[np.argsort(-weight[rows], kind="stable")]


@kernel
def _counted_down(weight: npt.NDArray[np.int64], kept: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Sort by counting, in linear time: weights from 0 to below `_SMALL`."""
    counts = np.zeros(_SMALL + 1, np.int64)
    for i in range(weight.size):
        if kept[i]:
            counts[_SMALL - weight[i]] += 1
    starts = np.cumsum(counts)
    rows = np.empty(starts[-1], np.int64)
    for i in range(weight.size):
        if kept[i]:
            place = starts[_SMALL - weight[i] - 1]
            rows[place] = i
            starts[_SMALL - weight[i] - 1] = place + 1
    return rows


@kernel
def _means(
    gap: npt.NDArray[np.int64], weight: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    means = np.empty(rows.size)
    for i in range(rows.size):
        means[i] = gap[rows[i]] / weight[rows[i]] / 1e6
    return means


@kernel
def _symmetries(one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    symmetries = np.empty(one.size)
    for i in range(one.size):
        symmetries[i] = min(one[i], other[i]) / max(one[i], other[i])
    return symmetries
