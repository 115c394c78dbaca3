"""Core numbers of a reshare graph."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from graphs.kernels import kernel

__all__ = ["core_numbers"]

IntArray = npt.NDArray[np.int64]


@kernel
def _peel(indptr: IntArray, indices: IntArray) -> IntArray:  # pragma: no cover
    size = len(indptr) - 1
    degree = indptr[1:] - indptr[:-1]
    most = 0
    for node in range(size):
        most = max(most, degree[node])
    start = np.zeros(most + 2, np.int64)
    for node in range(size):
        start[degree[node] + 1] += 1
    start = np.cumsum(start)
    filled = start.copy()
    order, place = np.empty(size, np.int64), np.empty(size, np.int64)
    for node in range(size):
        place[node] = filled[degree[node]]
        order[place[node]] = node
        filled[degree[node]] += 1
    for at in range(size):
        node = order[at]
        for edge in range(indptr[node], indptr[node + 1]):
            other = indices[edge]
            if degree[other] > degree[node]:
                # Swap it to the front of its bin, which then ends one later.
                first = start[degree[other]]
                swapped = order[first]
                order[first], order[place[other]] = other, swapped
                place[swapped], place[other] = place[other], first
                start[degree[other]] += 1
                degree[other] -= 1
    return degree


def core_numbers(csr: sparse.csr_array) -> IntArray:
    """Return the core number of every node: the largest k for which it is in a part where all have k neighbours.

    Parameters
    ----------
    csr
        Square matrix of nonnegative weights; who reshares and who is reshared are neighbours of one another.

    Returns
    -------
    numpy.ndarray
        Whole numbers from 0 (no neighbour) on.

    References
    ----------
    Batagelj & Zaversnik (2003), arXiv cs/0310049. Kitsak et al. (2010), Nature Physics 6, 888-893, on who spreads.

    Examples
    --------
    A triangle with a fourth that hangs on it:

    >>> import numpy as np
    >>> from scipy import sparse
    >>> edges = np.array([[0, 1, 1, 1], [0, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    >>> core_numbers(sparse.csr_array(edges)).tolist()
    [2, 2, 2, 1]
    """
    if csr.shape[0] == 0:
        return np.empty(0, np.int64)
    both = sparse.csr_array(csr + csr.T)
    both.sum_duplicates()
    both.eliminate_zeros()
    return _peel(both.indptr.astype(np.int64), both.indices.astype(np.int64))
