"""How many accounts there are beyond those that were seen: Chao's estimator from those seen once and twice."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

from graphs.errors import InputError

__all__ = ["BIAS_CORRECTED", "CHAO", "OBSERVED", "ONE_ACT", "chao_interval", "chao_names"]

FloatArray = npt.NDArray[np.float64]

CHAO = "chao1987"
BIAS_CORRECTED = "chao1987_bias_corrected"
OBSERVED = "observed"

ONE_ACT = "one account acted, and once: nothing to extrapolate from"


def chao_interval(
    n: npt.ArrayLike,
    f1: npt.ArrayLike,
    f2: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    population: float | None = None,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the number of accounts that act, seen and unseen, with its interval.

    Parameters
    ----------
    n, f1, f2
        Accounts seen, accounts that acted exactly once, and exactly twice. Scalars or arrays of one shape.
    confidence
        Coverage of the interval.
    population
        No figure exceeds it, unless more accounts than that were seen.

    Returns
    -------
    value, low, high
        Arrays. `value = n + f1²/(2 f2)`; where no account acted twice, the bias-corrected `n + f1 (f1 - 1) / 2`.
        `low` and `high` are those of a log-normal distribution of `value - n`, so that `low >= n`.
        Where no account acted once, all three are n. `high` is NaN where a single act was seen (f1 = 1, f2 = 0).

    Notes
    -----
    The estimate is a lower bound on the truth if accounts differ in how readily they act, and they do: it says how
    many are unseen at the least. With equal accounts it is consistent.

    References
    ----------
    Chao (1987), Biometrics 43(4), 783-791. Chao (1989), Biometrics 45(2), 427-438.

    Examples
    --------
    84 accounts, 75 of which acted once and 6 twice:

    >>> value, low, high = chao_interval(84, 75, 6)
    >>> round(float(value), 2)
    552.75
    """
    n, f1, f2 = (np.asarray(x, dtype=np.float64) for x in (n, f1, f2))
    if ((f1 < 0) | (f2 < 0) | (f1 + f2 > n)).any():
        raise InputError("the accounts that acted once and twice must be counts within the accounts seen.")
    twice = np.maximum(f2, 1)
    unseen = np.where(f2 > 0, f1**2 / (2 * twice), f1 * (f1 - 1) / 2)
    value = n + unseen
    ratio = f1 / twice
    with_twice = f2 * (ratio**4 / 4 + ratio**3 + ratio**2 / 2)
    total = np.maximum(value, 1)
    without = f1 * (f1 - 1) / 2 + f1 * (2 * f1 - 1) ** 2 / 4 - f1**4 / (4 * total)
    variance = np.maximum(np.where(f2 > 0, with_twice, without), 0)
    safe = np.where(unseen > 0, unseen, 1)
    spread = np.exp(stats.norm.ppf((1 + confidence) / 2) * np.sqrt(np.log1p(variance / safe**2)))
    low, high = n + unseen / spread, n + unseen * spread
    high = np.where((f1 == 1) & (f2 == 0), np.nan, high)
    if population is not None:
        cap = np.maximum(n, population)
        value, low, high = np.minimum(value, cap), np.minimum(low, cap), np.minimum(high, cap)
    return value, low, high


def chao_names(f1: npt.ArrayLike, f2: npt.ArrayLike) -> npt.NDArray[np.object_]:
    """Return which form of the estimator `chao_interval` used for these counts."""
    f1, f2 = np.asarray(f1), np.asarray(f2)
    return np.where(f1 == 0, OBSERVED, np.where(f2 > 0, CHAO, BIAS_CORRECTED)).astype(object)
