"""PageRank on a sparse matrix, by power iteration."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from graphs.errors import ConvergenceError, InputError

__all__ = ["Walk", "pagerank"]

FloatArray = npt.NDArray[np.float64]
MOST_ITERATIONS = 500


class Walk:
    """A random surfer on a graph whose weights may be replaced, which resampling does many times.

    `incoming` has a row per node with the edges that lead to it; weights are handed to `scores` in its order.
    """

    def __init__(self, csr: sparse.csr_array, *, damping: float = 0.85) -> None:
        if not 0 <= damping < 1:
            raise InputError(f"damping must be at least 0 and below 1, got {damping!r}. The usual value is 0.85.")
        self.incoming = sparse.csr_array(csr.T)
        self.damping = damping

    def scores(
        self, weights: FloatArray | None = None, *, tolerance: float = 1e-10, start: FloatArray | None = None
    ) -> FloatArray:
        """Return the scores, which sum to 1, from weights along `incoming.data` (default: its own)."""
        size = self.incoming.shape[0]
        if size == 0:
            return np.empty(0)
        data = self.incoming.data if weights is None else weights
        matrix = sparse.csr_array((data, self.incoming.indices, self.incoming.indptr), shape=self.incoming.shape)
        strength = np.bincount(self.incoming.indices, weights=data, minlength=size)
        dangling = strength == 0
        share = np.divide(1.0, strength, out=np.zeros(size), where=~dangling)
        scores: FloatArray = np.full(size, 1 / size) if start is None else start
        for _ in range(MOST_ITERATIONS):
            # Whoever reshares nobody passes its score to everyone.
            lost = float(scores[dangling].sum())
            following: FloatArray = self.damping * (matrix @ (scores * share) + lost / size) + (1 - self.damping) / size
            following /= following.sum()
            change = float(np.abs(following - scores).sum())
            scores = following
            if change < tolerance:
                return scores
        raise ConvergenceError(
            f"PageRank changed by {change:g} after {MOST_ITERATIONS} iterations, not below {tolerance:g}. "
            "Raise the tolerance or lower the damping."
        )


def pagerank(csr: sparse.csr_array, *, damping: float = 0.85, tolerance: float = 1e-10) -> FloatArray:
    """Return the PageRank of every node of a graph.

    Parameters
    ----------
    csr
        Square matrix of nonnegative weights: `csr[i, j]` is how strongly i points to j.
    damping
        Chance that the surfer follows an edge instead of starting anew anywhere.
    tolerance
        Sum of absolute changes (total variation, twice) at which the iteration stops.

    Returns
    -------
    numpy.ndarray
        Scores that sum to 1. Nodes without outgoing edges point everywhere alike.

    Raises
    ------
    ConvergenceError
        If the tolerance is not reached. The change shrinks by the damping in each step, so 1e-10 takes at most about
        150 steps at 0.85.

    References
    ----------
    Page, Brin, Motwani & Winograd (1999), The PageRank citation ranking, Stanford InfoLab 1999-66.

    Examples
    --------
    Two accounts that reshare a third:

    >>> import numpy as np
    >>> from scipy import sparse
    >>> graph = sparse.csr_array(np.array([[0, 0, 1], [0, 0, 1], [0, 0, 0]], dtype=float))
    >>> pagerank(graph).round(4).tolist()
    [0.2128, 0.2128, 0.5745]
    """
    return Walk(csr, damping=damping).scores(tolerance=tolerance)
