"""Interval of a number of accounts from counts of reverse-reachable samples."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

__all__ = ["reached", "wilson"]

FloatArray = npt.NDArray[np.float64]


def quantile(confidence: float) -> float:
    """Return the standard normal quantile z with `confidence` of the distribution between -z and z."""
    return float(norm.ppf((1 + confidence) / 2))


def wilson(share: FloatArray, n: FloatArray, confidence: float) -> tuple[FloatArray, FloatArray]:
    """Return Wilson's interval of a proportion seen as `share` of `n` (which need not be whole) independent draws.

    Notes
    -----
    `(p + z^2/2n -+ z sqrt(p (1 - p) / n + z^2/4n^2)) / (1 + z^2/n)`.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22, 209-212.

    Examples
    --------
    >>> import numpy as np
    >>> [end.round(3).tolist() for end in wilson(np.array([0.0, 0.5]), np.array([10.0, 10.0]), 0.95)]
    [[0.0, 0.237], [0.278, 0.763]]
    """
    z = quantile(confidence)
    centre, scale = share + z**2 / (2 * n), 1 + z**2 / n
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return np.clip((centre - half) / scale, 0, 1), np.clip((centre + half) / scale, 0, 1)


def reached(
    hits: FloatArray, varied: FloatArray, roots: int, per_root: int, draws: float, confidence: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return how many of the `roots` accounts are reached, with its interval.

    Parameters
    ----------
    hits
        Samples that the actor is in, over all roots: of each root h of its `per_root` samples.
    varied
        Sum over roots of `h (per_root - h)`.
    roots, per_root
        The roots are all accounts that can be reached. Where `per_root` is 1, `varied` says nothing.
    draws
        Samples divided by `roots`: `per_root`, or less where only some accounts were drawn as roots.

    Notes
    -----
    `roots * hits / (roots * per_root)`, and Wilson's interval of that share, scaled. Each root has the same number of
    samples, so chance enters only within roots, and the estimate varies less than a binomial share would: by
    `varied / (per_root^2 (per_root - 1))` accounts squared. Wilson's n is the number of independent draws that would
    vary as little (the effective sample size of Korn & Graubard 1998). A root of which every sample agrees is not
    thereby certain: `varied` is raised by what one disagreeing sample in a root adds.

    References
    ----------
    Korn & Graubard (1998), Survey Methodology 24(2), 193-201.
    """
    n = roots * draws
    share = hits / n
    if per_root < 2:
        effective = np.full_like(share, n)
    else:
        binomial = share * (1 - share) / n
        seen = (varied + (per_root - 1)) / (per_root**2 * (per_root - 1.0)) / float(roots) ** 2
        effective = np.where(hits > 0, n * np.maximum(binomial / seen, 1.0), n)
    low, high = wilson(share, effective, confidence)
    return share * roots, low * roots, high * roots
