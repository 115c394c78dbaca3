"""What a survey of n respondents says of a share."""

from __future__ import annotations

from functools import cache

from scipy import stats

__all__ = ["Share", "wilson"]

Share = tuple[float, float, float]
"""A share as `(low, point, high)`."""


@cache
def _quantile(confidence: float) -> float:
    return float(stats.norm.ppf((1 + confidence) / 2))


def wilson(share: float, n: float, *, confidence: float = 0.95) -> Share:
    """Return `(low, share, high)` of a share of n respondents, by the score interval.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22, 209-212.

    Examples
    --------
    >>> [round(x, 3) for x in wilson(0.5, 100)]
    [0.404, 0.5, 0.596]
    """
    z = _quantile(confidence)
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    return max(0.0, min(share, centre - half)), share, min(1.0, max(share, centre + half))
