"""Figures of activity and action, and the rows that they become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import stats

from graphs.action.counts import Engaged
from graphs.figures import Figure, missing
from graphs.ratios import ratio
from graphs.reaching.chao import ONE_ACT, Counts, IntervalName, OnesRule, estimate_unseen
from graphs.reaching.medians import median_interval
from graphs.reaching.survey import wilson

__all__ = [
    "ACTION_SCHEMA",
    "MEASURES",
    "Options",
    "Row",
    "conversion",
    "counted",
    "counted_actions",
    "engaged_figure",
    "share_of",
    "share_of_estimates",
    "to_arrow",
    "typical",
]

ACTION_SCHEMA = pa.schema(
    [
        pa.field("measure", pa.string(), nullable=False),
        pa.field("a", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("value", pa.float64()),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
        pa.field("estimator", pa.string()),
        pa.field("n", pa.int64(), nullable=False),
        pa.field("reason_missing", pa.string()),
        pa.field("action", pa.string()),
        pa.field("basis", pa.string()),
    ]
)

MEASURES = (
    "posts",
    "calls",
    "share_of_calls",
    "engaged_all",
    "engaged_calls",
    "share_engaging_with_calls",
    "share_engaged_estimated",
    "engaged_per_post",
    "engaged_per_call",
    "ratio_per_post",
    "share_acts_labelled",
    "actions",
    "conversion_engaged",
    "conversion_exposed",
)

FloatArray = npt.NDArray[np.float64]

_MONEY = ("money", "amount", "sum")
"""Words in the name of an action that say that its count is an amount and not a number of acts."""

_NO_UPPER_END = "nobody was seen acting on them: how many did is not known"


class Options:
    """How the figures are estimated."""

    def __init__(
        self,
        *,
        confidence: float,
        population: float | None,
        interval: IntervalName,
        ones: OnesRule,
        replicates: int,
        seed: int,
    ) -> None:
        self.confidence, self.population = confidence, population
        self.interval, self.ones, self.replicates, self.seed = interval, ones, replicates, seed


Row = tuple[str, str, str, Figure, str | None]
"""Measure, who, set of posts, figure, action."""


def counted(value: float, n: int, *, basis: str = "window") -> Figure:
    """Return what was counted, without an interval of its own."""
    return Figure(float(value), float(value), float(value), "count", basis, n)


def share_of(part: int, whole: int, confidence: float, *, basis: str, why: str) -> Figure:
    """Return a share of distinct things with its Wilson interval; missing with `why` where there are none."""
    if whole == 0:
        return missing(why, basis=basis)
    value, (low, high) = part / whole, wilson(part / whole, whole, confidence=confidence)[::2]
    return Figure(value, min(low, value), max(high, value), "Wilson", basis, whole)


def engaged_figure(seen: Engaged, options: Options, *, why: str | None) -> Figure:
    """Return the accounts that acted, seen and unseen; `why` says what is missing where there is nothing to act on."""
    if why is not None:
        return missing(why, basis="window")
    if seen.n == 0:
        high = options.population
        return Figure(0.0, 0.0, high, "observed", "window", 0, reason=None if high is not None else _NO_UPPER_END)
    value, low, high_end, name = estimate_unseen(
        Counts.of(seen.n, seen.f1, seen.f2, seen.f3, seen.f4),
        confidence=options.confidence,
        population=options.population,
        interval=options.interval,
        ones=options.ones,
        replicates=options.replicates,
        seed=options.seed,
    )
    figure = Figure(float(value), float(low), float(high_end), str(name), "window", seen.n)
    return replace(figure, high=None, reason=ONE_ACT) if np.isnan(high_end) else figure


def share_of_estimates(part: Figure, whole: Figure) -> Figure:
    """Return the ratio of two estimates of which the first counts some of the second, at most 1.

    The two go up and down together, so the interval for independent figures is rather too wide than too narrow.
    """
    figure = ratio(part, whole)
    capped = [None if x is None else min(x, 1.0) for x in (figure.value, figure.low, figure.high)]
    reason = figure.reason
    if capped[2] is None and part.value is not None:  # an open upper end of a share is 1
        capped[2], reason = 1.0, None if capped[0] is not None and capped[1] is not None else reason
    return replace(figure, value=capped[0], low=capped[1], high=capped[2], reason=reason)


def counted_actions(
    action: str, counts: Sequence[float], weights: Sequence[float], confidence: float, *, whole: bool = True
) -> Figure:
    """Return a number of actions with the interval that belongs to it as one outcome of chance.

    Parameters
    ----------
    action
        Its name; amounts (`money`, `amount …`) are no counts of acts and have no such interval.
    counts, weights
        What was counted for each call, and what it is compared with (accounts engaged, views): with two calls or more,
        how much the counts spread around equal rates widens the interval.
    whole
        False if the counts are sums of numbers that were not whole: amounts.

    Notes
    -----
    Poisson counts, exact (Garwood 1936), through the gamma distribution. People come in groups, so counts spread more
    than Poisson ones: with several calls the count is divided by the dispersion (Pearson's, at least 1) before and the
    ends are multiplied by it after (quasi-Poisson, McCullagh & Nelder 1989, ch. 6). Where it is above 1 it is
    widened by the squared ratio of Student's t to the normal distribution, since few calls tell it.

    Examples
    --------
    >>> one = counted_actions("signatures", [40], [500], 0.95)
    >>> one.value, round(one.low, 1), round(one.high, 1)
    (40.0, 28.6, 54.5)
    """
    total = float(sum(counts))
    words = action.lower().replace("-", "_").replace(" ", "_").split("_")
    if not whole or any(word in words for word in _MONEY) or any(count % 1 for count in counts):
        return Figure(total, total, total, "amount as given", n=len(counts))
    spread = _dispersion(np.array(counts, dtype=np.float64), np.array(weights, dtype=np.float64))
    tail = (1 - confidence) / 2
    effective = total / spread
    low = spread * float(stats.gamma.ppf(tail, effective)) if total else 0.0
    high = spread * float(stats.gamma.ppf(1 - tail, effective + 1))
    name = "Poisson" if spread == 1 else "quasi-Poisson"
    return Figure(total, min(low, total), max(high, total), name, n=len(counts))


def _dispersion(counts: FloatArray, weights: FloatArray) -> float:
    used = weights > 0
    counts, weights = counts[used], weights[used]
    if len(counts) < 2 or counts.sum() == 0:
        return 1.0
    expected = counts.sum() * weights / weights.sum()
    free = len(counts) - 1
    spread = float(((counts - expected) ** 2 / expected).sum()) / free
    if spread <= 1:
        return 1.0
    # The dispersion is itself an estimate from few calls: Student's t in place of the normal distribution.
    return spread * float(stats.t.ppf(0.975, free) / stats.norm.ppf(0.975)) ** 2


def conversion(actions: Figure, of: Figure, *, basis: str) -> Figure:
    """Return actions per account or per view: a ratio, which may exceed 1, and no probability."""
    if of.empty:
        return missing(of.reason or "no figure", basis=basis)
    if of.value == 0:
        return missing("nobody was seen engaging with the call: nothing to divide by", basis=basis)
    return replace(ratio(replace(actions, basis=None), replace(of, basis=None)), basis=basis)


def typical(figures: Sequence[Figure], confidence: float) -> Figure:
    """Return the median member with its interval, see `graphs.reaching.medians.median_interval`."""
    values = [figure.value for figure in figures if figure.value is not None]
    if not values:
        return missing("no member has such a figure")
    value, low, high = (float(x) for x in median_interval(values, confidence=confidence))
    if len(values) == 1:
        return Figure(value, None, None, "median of members", n=1, reason="one member only: no interval")
    return Figure(value, low, high, "median of members", n=len(values))


def to_arrow(rows: Sequence[Row]) -> pa.Table:
    """Return rows of `ACTION_SCHEMA`, in the order of `MEASURES`, then of who and of the set of posts."""
    found = [
        {
            "measure": measure,
            "a": a,
            "kind": kind,
            "value": figure.value,
            "low": figure.low,
            "high": figure.high,
            "estimator": figure.estimator,
            "n": figure.n,
            "reason_missing": figure.reason,
            "action": action,
            "basis": figure.basis,
        }
        for measure, a, kind, figure, action in rows
    ]
    places = {measure: place for place, measure in enumerate(MEASURES)}
    found.sort(key=lambda row: places[str(row["measure"])])
    return pa.Table.from_pylist(found, schema=ACTION_SCHEMA)
