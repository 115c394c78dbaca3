"""From counts per pair to the table of edges, the same for both engines."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphs.coordination.options import CoordinationOptions
from graphs.coordination.subgraphs import kept_edges

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
    rows = _ordered(counts["weight"].to_numpy(), kept_edges(counts, options))
    # One column after the other, since there may be many millions of rows.
    columns: dict[str, Any] = {
        name: actors.take(pa.array(counts[name].to_numpy()[rows])) for name in ("source", "target")
    }
    columns["weight"] = weight = counts["weight"].to_numpy()[rows]
    columns["mean_gap_s"] = counts["gap"].to_numpy()[rows] / weight / 1e6
    for name in ("posts_source", "posts_target"):
        columns[name] = counts[name].to_numpy()[rows].astype(np.int64, copy=False)
    posts = columns["posts_source"], columns["posts_target"]
    columns["symmetry"] = np.minimum(*posts) / np.maximum(*posts)
    for name in ("weight_fast", "speed_weight"):
        if name in counts.column_names:
            columns[name] = counts[name].to_numpy()[rows]
    return pa.table(columns)


def _ordered(weight: npt.NDArray[np.int64], kept: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """Return the positions of the kept edges, the heaviest first, equal ones as they were."""
    rows = np.flatnonzero(kept)
    below = weight[rows]
    below = below.max(initial=0) - below
    # Numbers of 16 bits are sorted in linear time, and weights are seldom larger.
    return rows[np.argsort(below.astype(np.uint16) if below.max(initial=0) < 1 << 16 else below, kind="stable")]
