"""Which edges stay: by weight, by a quantile of the weights, within a narrower window."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphs.coordination.options import CoordinationOptions

__all__ = ["kept_edges"]


def kept_edges(edges: pa.Table, options: CoordinationOptions) -> npt.NDArray[np.bool_]:
    """Return which edges are of the weight and the subgraph that the options ask for.

    Quantiles are linear interpolations (R's type 7) over the edges there are before `min_weight`, and an edge must
    exceed them.
    """
    weight = edges["speed_weight" if options.speed_weighted else "weight"].to_numpy()
    kept: npt.NDArray[np.bool_] = weight >= options.min_weight
    if edges.num_rows and options.subgraph != "all":
        kept = kept & _in_subgraph(edges, weight, options)
    return kept


def _in_subgraph(
    edges: pa.Table, weight: npt.NDArray[np.float64], options: CoordinationOptions
) -> npt.NDArray[np.bool_]:
    if options.subgraph == "heavy":
        above: npt.NDArray[np.bool_] = weight > np.quantile(weight, options.edge_weight)
        return above
    fast = edges["weight_fast"].to_numpy()
    some: npt.NDArray[np.bool_] = fast > 0
    if not some.any():
        return some
    heavy: npt.NDArray[np.bool_] = some & (fast > np.quantile(fast[some], options.edge_weight))
    return heavy if options.subgraph == "fast" else _context(edges, heavy)


def _context(edges: pa.Table, heavy: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return which edges join two neighbours of the accounts on heavy edges; an end of such an edge is one itself."""
    ends = edges.filter(pa.array(heavy))
    core = pc.unique(pa.chunked_array([*ends["source"].chunks, *ends["target"].chunks], ends["source"].type))
    from_core = (_among(edges["source"], core), _among(edges["target"], core))
    near = [
        *edges["target"].filter(pa.array(from_core[0])).chunks,
        *edges["source"].filter(pa.array(from_core[1])).chunks,
    ]
    around = pc.unique(pa.chunked_array(near, edges["source"].type))
    return _among(edges["source"], around) & _among(edges["target"], around)


def _among(column: pa.ChunkedArray, names: pa.Array) -> npt.NDArray[np.bool_]:
    among: npt.NDArray[np.bool_] = pc.is_in(column, value_set=names).to_numpy()
    return among
