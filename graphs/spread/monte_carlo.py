"""Cascades simulated forward, one by one: the reference for the samples, and the spread of a post's sizes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from graphs.errors import InputError
from graphs.spread.jumps import jumps_of
from graphs.spread.network import as_influence_graph

__all__ = ["simulate_cascades"]


def simulate_cascades(graph: Any, ids: Iterable[str], *, runs: int = 10_000, seed: int = 0) -> npt.NDArray[np.int32]:
    """Simulate posts that the given accounts start together, and return how many accounts each of them reached.

    Parameters
    ----------
    graph
        As `simulated_reach` takes it.
    ids
        Accounts that start the post.
    runs
        Posts.
    seed
        Same seed, same sizes.

    Returns
    -------
    numpy.ndarray
        `runs` sizes in accounts, those that start the post included. Their mean is the expected spread.

    Raises
    ------
    InputError
        If no account is given, one is not in the graph, or `runs` is below 1.

    Examples
    --------
    >>> import pyarrow as pa
    >>> graph = pa.table({"author": ["x:a", "x:b"], "resharer": ["x:b", "x:c"], "p": [1.0, 0.5]})
    >>> sizes = simulate_cascades(graph, ["x:a"], runs=1000)
    >>> sorted(set(sizes.tolist()))
    [2, 3]
    """
    from graphs.spread.kernels import run_cascades

    if runs < 1 or seed < 0:
        raise InputError(f"runs must be at least 1 and seed at least 0, got {runs!r} and {seed!r}.")
    network = as_influence_graph(graph)
    seeds = network.places(ids)
    if not len(seeds):
        raise InputError("a cascade needs at least one actor that starts it.")
    sizes = np.empty(runs, np.int32)
    mark, queue = (np.zeros(network.n_nodes, np.int32) for _ in range(2))
    indptr, targets, limits = network.outgoing()
    jumps = jumps_of(indptr, limits)
    run_cascades(
        indptr, targets, limits, jumps, seeds, 0, runs, np.uint64(seed & 0xFFFFFFFFFFFFFFFF), mark, queue, sizes,
    )  # fmt: skip
    return sizes
