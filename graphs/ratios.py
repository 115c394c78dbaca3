"""Ratios and differences of figures, and the typical member of a group, with intervals that hold in small groups."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, hypot, log

import numpy as np
import numpy.typing as npt
from scipy import stats

from graphs.figures import Figure, because, missing
from graphs.reaching.medians import LEAST_FOR_RANKS, MEDIAN_FACTOR, median_interval

__all__ = ["difference", "ratio", "typical_pair"]

ZERO = "division by zero: the second figure is 0"
ZERO_END = "the second figure may be 0, so the upper end is open"
FloatArray = npt.NDArray[np.float64]


def ratio(a: Figure, b: Figure) -> Figure:
    """Return how many times `b` goes into `a`.

    Two sampling intervals (independent samples) combine on the log scale by the method of variance estimates
    recovery: each end of the result takes the two ends that lead to it, as the legs of a right triangle. If either
    range is one of logical bounds, or an end is 0, the result runs from `a.low / b.high` to `a.high / b.low`.

    References
    ----------
    Zou & Donner (2008), Statistics in Medicine 27(10), 1693-1702. Donner & Zou (2012), Statistical Methods in Medical
    Research 21(4), 347-359.

    Examples
    --------
    >>> a, b = Figure(300, 250, 360, None), Figure(100, 90, 110, None)
    >>> [round(x, 2) for x in (ratio(a, b).low, ratio(a, b).value, ratio(a, b).high)]
    [2.44, 3.0, 3.7]
    """
    if a.empty or b.empty:
        return missing(because([a.reason, b.reason]) or "no figure")
    reasons: list[str | None] = [a.reason, b.reason]
    value, low, high = None, None, None
    if a.value is not None and b.value == 0:
        reasons.append(ZERO)
    elif a.value is not None and b.value is not None:
        value = a.value / b.value
    if value is not None and _sampled(a, b, positive=True):
        below, above = _legs([log(x) for x in _numbers(a)], [log(x) for x in _numbers(b)])
        low, high = value * exp(-below), value * exp(above)
    else:
        low = a.low / b.high if a.low is not None and b.high else None
        high = a.high / b.low if a.high is not None and b.low else None
        if b.low == 0 or b.high == 0:
            reasons.append(ZERO_END)
    return _combined(a, b, value, low, high, reasons)


def difference(a: Figure, b: Figure) -> Figure:
    """Return `a` less `b`, its interval by the rules of `ratio` (without logarithms)."""
    if a.empty or b.empty:
        return missing(because([a.reason, b.reason]) or "no figure")
    value = None if a.value is None or b.value is None else a.value - b.value
    low: float | None
    high: float | None
    if value is not None and _sampled(a, b):
        below, above = _legs(_numbers(a), _numbers(b))
        low, high = value - below, value + above
    else:
        low = None if a.low is None or b.high is None else a.low - b.high
        high = None if a.high is None or b.low is None else a.high - b.low
    return _combined(a, b, value, low, high, [a.reason, b.reason])


def _numbers(figure: Figure) -> list[float]:
    return [x for x in (figure.low, figure.value, figure.high) if x is not None]


def _sampled(a: Figure, b: Figure, *, positive: bool = False) -> bool:
    """Return whether both ranges are sampling intervals (or exact), complete, and positive if logarithms need it."""
    numbers = [*_numbers(a), *_numbers(b)]
    return not (a.bounds or b.bounds) and len(numbers) == 6 and (not positive or min(numbers) > 0)


def _legs(a: Sequence[float], b: Sequence[float]) -> tuple[float, float]:
    """Return how far a difference of two figures `(low, value, high)` reaches below and above its value."""
    return hypot(a[1] - a[0], b[2] - b[1]), hypot(a[2] - a[1], b[1] - b[0])


def _combined(
    a: Figure, b: Figure, value: float | None, low: float | None, high: float | None, reasons: Sequence[str | None]
) -> Figure:
    names = list(dict.fromkeys(x.estimator for x in (a, b) if x.estimator))
    whole = None not in (value, low, high)
    basis = " and ".join(dict.fromkeys(x.basis for x in (a, b) if x.basis)) or None
    reason = None if whole else because(reasons) or "no figure"
    return Figure(value, low, high, " against ".join(names) or None, basis, a.n + b.n, a.bounds or b.bounds, reason)


def typical_pair(a: Sequence[Figure], b: Sequence[Figure], confidence: float) -> tuple[Figure, Figure]:
    """Return the typical member of each of two groups: the median of its members, with an interval.

    The intervals are made for comparing the two, as if members were drawn from a larger population of leaders
    and of outlets; what the figure of each member owes to its own posts is in the spread between members already.

    Notes
    -----
    The percentile bootstrap over members is too narrow in small groups (measured: 80% instead of 95% for two against
    four members, 89% for three against three), so it is not used. With at least six members in both groups the interval
    is distribution-free, between interpolated order statistics (see `graphs.reaching.medians`). Otherwise it is
    Student's t on the logs around their median: standard errors of the median (its ratio to that of the mean in normal
    samples), degrees of freedom by Welch. A group of one borrows the other's spread. Reach spreads over orders of
    magnitude, which is why logs: on them a median and its interval mean the same as without.

    Members known only within bounds enter the lower end with their lower ends, the upper end with their upper ends.

    References
    ----------
    Welch (1947), Biometrika 34(1-2), 28-35. Hettmansperger & Sheather (1986), Statistics & Probability Letters 4(2).
    """
    if len(a) == len(b) == 1:
        return a[0], b[0]
    return _typical(a, b, confidence), _typical(b, a, confidence)


def _typical(members: Sequence[Figure], others: Sequence[Figure], confidence: float) -> Figure:
    low = _interval(_ends(members, "low"), _ends(others, "high"), confidence)
    middle = _interval(_ends(members, "value"), _ends(others, "value"), confidence)
    high = _interval(_ends(members, "high"), _ends(others, "low"), confidence)
    ranks = min(len(members), len(others)) >= LEAST_FOR_RANKS
    method = "order statistics" if ranks else "t on logs"
    ends = (None if middle is None else middle[0], None if low is None else low[1], None if high is None else high[2])
    return Figure(
        *ends,
        estimator=f"median of members ({method})",
        basis=" and ".join(sorted({x.basis for x in members if x.basis})) or None,
        n=len(members),
        bounds=any(member.bounds for member in members),
        reason=None if None not in ends else because(member.reason for member in [*members, *others]) or "no figure",
    )


def _ends(members: Sequence[Figure], end: str) -> FloatArray | None:
    """Return the members' values, or an end of those known only within bounds; None if one is unknown."""
    chosen = [getattr(x, end) if x.bounds else x.value for x in members]
    return None if None in chosen else np.array(chosen, dtype=np.float64)


def _interval(x: FloatArray | None, other: FloatArray | None, confidence: float) -> tuple[float, float, float] | None:
    """Return `(median, low, high)` of the members `x`, for a comparison with the members `other`."""
    if x is None or (other is None and len(x) < LEAST_FOR_RANKS):
        return None
    lent = np.empty(0) if other is None else other
    # Logarithms proper, unless somebody reaches nobody.
    zeros = min(x.min(), lent.min(initial=np.inf)) <= 0
    forward, back = (np.log1p, np.expm1) if zeros else (np.log, np.exp)
    logs, beside = forward(x), forward(x if other is None else other)
    if min(len(x), len(beside)) >= LEAST_FOR_RANKS:
        centre, low, high = (float(end) for end in median_interval(logs, confidence=confidence))
    else:
        centre = float(np.median(logs))
        half = _half_width(logs, beside, confidence)
        low, high = centre - half, centre + half
    low, high = (max(float(back(min(end, 700.0))), 0.0) for end in (low, high))
    middle = float(np.median(x))
    return middle, min(low, middle), max(high, middle)


def _half_width(logs: FloatArray, beside: FloatArray, confidence: float) -> float:
    errors, freedom = [], []
    for own, lent in ((logs, beside), (beside, logs)):
        spread = own if len(own) > 1 else lent
        factor = MEDIAN_FACTOR.get(len(own), float(np.sqrt(np.pi / 2)))
        errors.append(float(spread.var(ddof=1)) * factor**2 / len(own))
        freedom.append(len(spread) - 1)
    total = sum(errors)
    if total == 0:
        return 0.0
    if min(len(logs), len(beside)) == 1:
        degrees = float(freedom[0])
    else:
        degrees = total**2 / sum(error**2 / free for error, free in zip(errors, freedom, strict=True))
    return float(stats.t.ppf((1 + confidence) / 2, degrees) * np.sqrt(errors[0]))
