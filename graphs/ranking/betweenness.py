"""Betweenness by Brandes' algorithm on a sparse matrix, from all nodes or from a sample of pivots."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from graphs.errors import InputError
from graphs.kernels import kernel

__all__ = ["betweenness"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@kernel
def _dependencies(indptr: IntArray, indices: IntArray, pivots: IntArray) -> FloatArray:  # pragma: no cover
    size = len(indptr) - 1
    total = np.zeros(size)
    distance = np.full(size, -1, np.int32)
    paths = np.zeros(size)
    share = np.zeros(size)
    order = np.empty(size, np.int32)
    for source in pivots:
        order[0] = source
        distance[source] = 0
        paths[source] = 1.0
        head, tail = 0, 1
        while head < tail:
            node = order[head]
            head += 1
            for place in range(indptr[node], indptr[node + 1]):
                other = indices[place]
                if distance[other] < 0:
                    distance[other] = distance[node] + 1
                    order[tail] = other
                    tail += 1
                if distance[other] == distance[node] + 1:
                    paths[other] += paths[node]
        for at in range(tail - 1, -1, -1):
            node = order[at]
            for place in range(indptr[node], indptr[node + 1]):
                other = indices[place]
                if distance[other] == distance[node] + 1:
                    share[node] += paths[node] / paths[other] * (1.0 + share[other])
            if node != source:
                total[node] += share[node]
        for at in range(tail):
            node = order[at]
            distance[node] = -1
            paths[node] = 0.0
            share[node] = 0.0
    return total


def betweenness(
    csr: sparse.csr_array, *, pivots: int | None = None, generator: np.random.Generator | None = None
) -> FloatArray:
    """Return the betweenness of every node: how many shortest paths between two others lead through it.

    Parameters
    ----------
    csr
        Square matrix; an entry is an edge of length 1, whatever its weight.
    pivots
        From how many nodes, drawn at random without replacement, paths are followed; None: from all (exact).
    generator
        Draws the pivots; one with seed 0 if None.

    Returns
    -------
    numpy.ndarray
        Paths, at least 0: for each ordered pair of nodes the share of its shortest paths that passes the node, summed.
        With k of n nodes as pivots the sum is multiplied by n / k, which makes it unbiased.

    Raises
    ------
    InputError
        If `pivots` is below 1.

    References
    ----------
    Brandes (2001), Journal of Mathematical Sociology 25(2), 163-177. Brandes & Pich (2007), International Journal of
    Bifurcation and Chaos 17(7), 2303-2318, on pivots.

    Examples
    --------
    On the path a -> b -> c only a -> c leads through another:

    >>> import numpy as np
    >>> from scipy import sparse
    >>> betweenness(sparse.csr_array(np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]]))).tolist()
    [0.0, 1.0, 0.0]
    """
    size = csr.shape[0]
    if pivots is not None and pivots < 1:
        raise InputError(f"pivots must be at least 1, got {pivots!r}. Leave it out to follow paths from every node.")
    if size == 0:
        return np.empty(0)
    chosen = np.arange(size)
    if pivots is not None and pivots < size:
        draw = np.random.default_rng(0) if generator is None else generator
        chosen = np.sort(draw.choice(size, pivots, replace=False))
    indptr, indices = csr.indptr.astype(np.int64), csr.indices.astype(np.int64)
    total: FloatArray = _dependencies(indptr, indices, chosen.astype(np.int64)) * (size / len(chosen))
    return total
