"""Monte Carlo p-values by shuffling, stopped for each pair as soon as it no longer matters."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphs.coordination.evidence import coincidences, holdings_of
from graphs.coordination.nulls import SignificanceOptions, permuted
from graphs.coordination.shares import Shares

__all__ = ["resampled_p_values"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def resampled_p_values(
    shares: Shares, source: Ints, target: Ints, seen: Ints, options: SignificanceOptions, *, window: int
) -> tuple[Floats, Floats]:
    """Return p-values of pairs that coincided `seen` times, and the mean of their coincidences in the shuffles.

    Parameters
    ----------
    shares
        Those looked at.
    source, target, seen
        Codes of accounts, and their coincidences; shape (pairs,).
    options
        The null model, `resamples`, `stop_after` and the seed.
    window
        In microseconds.

    Returns
    -------
    tuple of arrays
        p = h / l where the pair was reached h = `stop_after` times within l shuffles, else (g + 1) / (`resamples` + 1),
        g being how often it was reached; and means over the shuffles until then.

    Notes
    -----
    A p-value of this kind is never too small: P(p <= a) <= a under the null. Pairs that chance reaches easily are
    dropped early, so most of the work goes into those that matter.

    References
    ----------
    Besag & Clifford (1991), Biometrika 78(2), 301-304; Phipson & Smyth (2010), Statistical Applications in Genetics and
    Molecular Biology 9(1), 39.
    """
    random = np.random.default_rng(options.seed)
    reached, drawn = np.zeros(len(seen), np.int64), np.zeros(len(seen), np.int64)
    total = np.zeros(len(seen))
    live = np.arange(len(seen))
    for _ in range(options.resamples):
        if not len(live):
            break
        shuffled = holdings_of(permuted(shares, options, random))
        met = coincidences(source[live], target[live], shuffled, window=window)
        drawn[live] += 1
        total[live] += met
        reached[live] += met >= seen[live]
        live = live[reached[live] < options.stop_after]
    stopped = reached >= options.stop_after
    p_value = np.where(stopped, reached / np.maximum(drawn, 1), (reached + 1) / (options.resamples + 1))
    return p_value, total / np.maximum(drawn, 1)
