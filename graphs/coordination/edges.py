"""From counts per pair to the table of edges, the same for both engines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from graphs.coordination.options import CoordinationOptions
from graphs.coordination.subgraphs import kept_edges

__all__ = ["EDGE_COLUMNS", "finished"]

EDGE_COLUMNS = ("source", "target", "weight", "mean_gap_s", "posts_source", "posts_target", "symmetry")
"""Columns that every table of edges has; `weight_fast` and `speed_weight` come with their options."""

_ORDER = [("weight", "descending"), ("source", "ascending"), ("target", "ascending")]


def finished(counts: pa.Table, actors: pa.Array, options: CoordinationOptions) -> pa.Table:
    """Return the edges that the options ask for, in their order.

    `actors` are ids, sorted; `counts` has `source, target` (positions in `actors`) and the other columns of
    `graphs.coordination.kernel.PairCounts`, with `gap` in microseconds.
    """
    weight, gap = counts["weight"].to_numpy(), counts["gap"].to_numpy()
    posts = counts["posts_source"].to_numpy(), counts["posts_target"].to_numpy()
    columns: dict[str, Any] = {name: counts[name] for name in ("source", "target", "weight")}
    columns["mean_gap_s"] = gap / weight / 1e6
    columns["posts_source"], columns["posts_target"] = posts
    columns["symmetry"] = np.minimum(*posts) / np.maximum(*posts)
    if options.fast_window_us is not None:
        columns["weight_fast"] = counts["fast"]
    if options.speed_weighted:
        window = options.window_us
        columns["speed_weight"] = weight - (gap / window if window else np.zeros(weight.size))
    # Names last: most edges are often left out, and numbers sort faster.
    edges = kept_edges(pa.table(columns), options).sort_by(_ORDER)
    for place, name in enumerate(("source", "target")):
        edges = edges.set_column(place, name, actors.take(edges[name].combine_chunks()))
    return edges
