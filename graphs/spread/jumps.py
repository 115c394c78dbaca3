"""How the in-edges of a node are skipped over to the next live one, instead of drawing for each of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["BYTES_A_NODE", "jumps_of"]

BYTES_A_NODE = 24

MOST_PROBABILITY = 0.25
"""Above this so many edges are live that a draw for each is quicker than jumps with a logarithm."""


def jumps_of(indptr: npt.NDArray[np.int64], limits: npt.NDArray[np.uint32]) -> npt.NDArray[np.float64]:
    """Return, for each node, what its jumps need: an array of shape (nodes, 3).

    Parameters
    ----------
    indptr, limits
        The edges of a graph, as `InfluenceGraph` holds them.

    Returns
    -------
    numpy.ndarray
        With p the largest probability of the node's d edges: `(1 - p)^d`, the chance that a jump passes all of them,
        in [0, 1]; `1 / log(1 - p)`, below 0; and `2**32 p`. A node whose p is above `MOST_PROBABILITY` has (0, 0, 0)
        and gets a draw for each edge. A node without edges has (1, 0, 0).

    Notes
    -----
    The number of edges of probability p before the next live one is geometric: `floor(log(u) / log(1 - p))` with u
    uniform in (0, 1] (Devroye 1986, X.2). Edges of less than p are then live with their probability divided by p
    (thinning), which keeps each edge's own probability and independence whatever p is.

    References
    ----------
    Devroye (1986), Non-Uniform Random Variate Generation, Springer.
    """
    degrees = np.diff(indptr)
    result = np.zeros((len(degrees), 3))
    result[:, 0] = degrees == 0
    some = np.flatnonzero(degrees)
    if len(some):
        largest = (np.maximum.reduceat(limits, indptr[some]).astype(np.float64) + 1) / 2.0**32
        few = largest <= MOST_PROBABILITY
        some = some[few]
        logarithms = np.log1p(-largest[few])
        result[some, 0] = np.exp(logarithms * degrees[some])
        result[some, 1] = 1 / logarithms
        result[some, 2] = largest[few] * 2.0**32
    return result
