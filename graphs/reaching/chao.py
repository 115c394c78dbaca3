"""How many accounts there are beyond those that were seen: Chao's estimators from how many were seen once, twice, …"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

from graphs.errors import InputError
from graphs.reaching.one_inflation import ones_are_inflated

__all__ = [
    "BIAS_CORRECTED",
    "CHAO",
    "INTERVALS",
    "OBSERVED",
    "ONES",
    "ONE_ACT",
    "ONE_INFLATED",
    "Counts",
    "IntervalName",
    "OnesRule",
    "chao_interval",
    "chao_names",
    "check_options",
    "estimate_unseen",
]

FloatArray = npt.NDArray[np.float64]
TextArray = npt.NDArray[np.object_]

CHAO = "chao1987"
BIAS_CORRECTED = "chao1987_bias_corrected"
ONE_INFLATED = "chao_one_inflated"
OBSERVED = "observed"

IntervalName = Literal["lognormal", "bootstrap"]
OnesRule = Literal["test", "as_seen", "inflated"]
INTERVALS: tuple[IntervalName, ...] = ("lognormal", "bootstrap")
ONES: tuple[OnesRule, ...] = ("test", "as_seen", "inflated")

ONE_ACT = "one account acted, and once: nothing to extrapolate from"
BOOTSTRAP = "bootstrap"
_CELLS = 4_000_000
"""Resamples of several samples are drawn together, up to this many at a time."""


@dataclass(frozen=True)
class Counts:
    """Frequencies of acts of one or many samples: `n` accounts seen, `f1` … `f4` of them seen exactly 1 … 4 times.

    Scalars or arrays of one shape. `f3` and `f4` matter only where ones may be inflated.
    """

    n: FloatArray
    f1: FloatArray
    f2: FloatArray
    f3: FloatArray
    f4: FloatArray

    @classmethod
    def of(
        cls, n: npt.ArrayLike, f1: npt.ArrayLike, f2: npt.ArrayLike, f3: npt.ArrayLike = 0, f4: npt.ArrayLike = 0
    ) -> Counts:
        """Return the counts as arrays. Raises InputError if they cannot be."""
        arrays = np.broadcast_arrays(*(np.asarray(x, dtype=np.float64) for x in (n, f1, f2, f3, f4)))
        counts = cls(*arrays)
        seen = np.stack([counts.f1, counts.f2, counts.f3, counts.f4])
        if not all(np.isfinite(x).all() for x in arrays) or (seen < 0).any() or (seen.sum(axis=0) > counts.n).any():
            raise InputError(
                "the accounts that acted once, twice … must be counts within the accounts seen: "
                f"got {', '.join(_first_wrong(counts))}."
            )
        return counts


def _first_wrong(counts: Counts) -> list[str]:
    columns = {name: np.ravel(getattr(counts, name)) for name in ("n", "f1", "f2", "f3", "f4")}
    parts = np.stack([columns[name] for name in ("f1", "f2", "f3", "f4")])
    with np.errstate(invalid="ignore"):
        wrong = ~((parts >= 0).all(axis=0) & (parts.sum(axis=0) <= columns["n"]))
    at = int(np.flatnonzero(wrong)[0]) if wrong.any() else 0
    return [f"{name} = {values[at]:g}" for name, values in columns.items()]


def check_options(interval: str, ones: str) -> None:
    """Raise InputError unless both name something that there is."""
    if interval not in INTERVALS:
        raise InputError(f"interval must be one of {', '.join(INTERVALS)}, got {interval!r}.")
    if ones not in ONES:
        raise InputError(f"ones must be one of {', '.join(ONES)}, got {ones!r}.")


def estimate_unseen(
    counts: Counts,
    *,
    confidence: float = 0.95,
    population: float | None = None,
    interval: IntervalName = "lognormal",
    ones: OnesRule = "test",
    bias_corrected: bool = False,
    replicates: int = 1000,
    seed: int = 0,
) -> tuple[FloatArray, FloatArray, FloatArray, TextArray]:
    """Return the number of accounts that act, seen and unseen, its interval, and how it was estimated.

    Parameters
    ----------
    counts
        Accounts seen, and seen once, twice, three and four times; arrays of shape (samples,) or scalars.
    confidence
        Coverage of the interval.
    population
        People there are. No figure exceeds it, unless more accounts than that were seen.
    interval
        `lognormal`: closed form (Chao 1987). `bootstrap`: percentiles of samples drawn anew.
    ones
        Whether those seen once are more than acting at random explains. `as_seen`: no. `inflated`: yes, the estimate
        rests on f2 and f3. `test`: yes where the ratios of neighbouring counts say so at the 1% level.
    bias_corrected
        Use the bias-corrected form everywhere, and not only where f2 is 0.
    replicates, seed
        Resamples of the bootstrap, and where they start.

    Returns
    -------
    value, low, high, estimator
        Arrays of the shape of `counts`. `n <= low <= value <= high`. `high` is NaN where a single act was seen.
        `estimator` is `chao1987`, `chao1987_bias_corrected`, `chao_one_inflated` or `observed`, with `, bootstrap`
        behind it where the interval is that.

    Raises
    ------
    InputError
        For counts that cannot be, and for options that there are none of.

    Notes
    -----
    The unseen f0, from Poisson counts of accounts that differ in how readily they act:

    - `f1²/(2 f2)`, at the least (Chao 1987); `f1 (f1 - 1)/(2 (f2 + 1))` bias-corrected, used where f2 is 0;
    - `2 f2³/(9 f3²)` where ones are inflated, by accounts that act once by accident or stop after it: f2 and f3 say
      that `2 f2²/(3 f3)` ones are to be expected, and Chao's formula of these is that (Böhning, Kaskasamkul & van der
      Heijden 2019). The bias-corrected form `2 f2 (f2-1) (f2-2)/(9 (f3+1) (f3+2))` where f3 is 0 or asked for. All
      accounts seen still count, those seen once among them.

    Interval: log-normal for f0, its variance by the delta method plus f0 itself (the chance of remaining unseen).
    Bootstrap: N accounts fall into the classes f0, f1, f2, f3, f4 and more at the estimated rates, and each such sample
    is estimated anew by the same form (Buckland & Garthwaite 1991); classes that were empty stay so.

    References
    ----------
    Chao (1987), Biometrics 43(4), 783-791. Chao (1989), Biometrics 45(2), 427-438.
    Böhning, Kaskasamkul & van der Heijden (2019), Metrika 82, 361-384, doi 10.1007/s00184-018-0689-5 (online 2018).
    Buckland & Garthwaite (1991), Biometrics 47(1), 255-268.

    Examples
    --------
    Cottontail rabbits (Edwards & Eberhardt 1967, one of Chao's examples): of 135 in a pen, 76 were caught, 43 of them
    once, 16 twice, 8 three times, 6 four times.

    >>> value, low, high, how = estimate_unseen(Counts.of(76, 43, 16, 8, 6))
    >>> round(float(value), 1), str(how)
    (133.8, 'chao1987')
    """
    check_options(interval, ones)
    inflated = _inflated(counts, ones)
    unseen, variance = _unseen(counts, inflated, bias_corrected)
    value = counts.n + unseen
    if interval == "bootstrap":
        low, high = _bootstrap(counts, unseen, inflated, bias_corrected, confidence, replicates, seed)
    else:
        low, high = _lognormal(counts.n, unseen, variance, confidence)
    low, high = np.minimum(low, value), np.maximum(high, value)
    # One account seen once, none twice: that tells nothing of how many like it are unseen.
    high = np.where((counts.f1 == 1) & (counts.f2 == 0), np.nan, high)
    if population is not None:
        cap = np.maximum(counts.n, population)
        value, low, high = np.minimum(value, cap), np.minimum(low, cap), np.minimum(high, cap)
    return value, low, high, _names(counts, inflated, bias_corrected, interval)


def _inflated(counts: Counts, ones: OnesRule) -> npt.NDArray[np.bool_]:
    if ones == "test":
        return ones_are_inflated(counts.f1, counts.f2, counts.f3, counts.f4)
    return np.full(np.shape(counts.n), ones == "inflated") & (counts.f1 > 0)


def _unseen(counts: Counts, inflated: npt.NDArray[np.bool_], bias_corrected: bool) -> tuple[FloatArray, FloatArray]:
    """Return f0 and its variance."""
    plain, of_plain = _from_ones(counts.f1, counts.f2, bias_corrected)
    robust, of_robust = _from_twos(counts.f2, counts.f3, bias_corrected)
    # Fewer are unseen at the least, whatever is wrong with the ones.
    use = inflated & (robust < plain)
    return np.where(use, robust, plain), np.where(use, of_robust, of_plain)


def _from_ones(f1: FloatArray, f2: FloatArray, bias_corrected: bool) -> tuple[FloatArray, FloatArray]:
    twice = np.maximum(f2, 1)
    classic, ratio = f1**2 / (2 * twice), f1 / twice
    of_classic = f2 * (ratio**4 / 4 + ratio**3 + ratio**2 / 2)
    corrected = f1 * (f1 - 1) / (2 * (f2 + 1))
    of_corrected = (
        corrected + f1 * (2 * f1 - 1) ** 2 / (4 * (f2 + 1) ** 2) + f1**2 * f2 * (f1 - 1) ** 2 / (4 * (f2 + 1) ** 4)
    )
    use = (f2 == 0) | bias_corrected
    return np.where(use, corrected, classic), np.where(use, of_corrected, of_classic)


def _from_twos(f2: FloatArray, f3: FloatArray, bias_corrected: bool) -> tuple[FloatArray, FloatArray]:
    corrected = 2 * np.maximum(f2 * (f2 - 1) * (f2 - 2), 0) / (9 * (f3 + 1) * (f3 + 2))
    classic = 2 * f2**3 / (9 * np.maximum(f3, 1) ** 2)
    unseen = np.where((f3 == 0) | bias_corrected, corrected, classic)
    return unseen, unseen**2 * (9 / np.maximum(f2, 1) + 4 / np.maximum(f3, 1)) + unseen


def _lognormal(
    n: FloatArray, unseen: FloatArray, variance: FloatArray, confidence: float
) -> tuple[FloatArray, FloatArray]:
    safe = np.where(unseen > 0, unseen, 1)
    spread = np.exp(stats.norm.ppf((1 + confidence) / 2) * np.sqrt(np.log1p(np.maximum(variance, 0) / safe**2)))
    return n + unseen / spread, n + unseen * spread


def _bootstrap(
    counts: Counts,
    unseen: FloatArray,
    inflated: npt.NDArray[np.bool_],
    bias_corrected: bool,
    confidence: float,
    replicates: int,
    seed: int,
) -> tuple[FloatArray, FloatArray]:
    """Return the percentiles of the estimates from samples of the estimated population, shape as `counts`."""
    if replicates < 1:
        raise InputError(f"replicates must be at least 1, got {replicates!r}.")
    shape = np.shape(counts.n)
    seen = np.stack([np.ravel(x) for x in (counts.f1, counts.f2, counts.f3, counts.f4)], axis=1)
    n, missed = np.ravel(counts.n), np.ravel(unseen)
    classes = np.column_stack([missed, seen, n - seen.sum(axis=1)])
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    ends = np.empty((2, len(n)))
    for at in range(0, len(n), step := max(1, _CELLS // (6 * replicates))):
        part = slice(at, at + step)
        # Each block has its own stream, so that a sample's interval does not depend on how many there are after it.
        drawn = _resampled(classes[part], replicates, np.random.default_rng([seed, at]))
        chosen = np.ravel(inflated)[part, None] & np.ones((1, replicates), dtype=bool)
        again = Counts(drawn[..., 1:].sum(axis=-1), *(drawn[..., k] for k in range(1, 5)))
        estimates = again.n + _unseen(again, chosen, bias_corrected)[0]
        ends[:, part] = np.quantile(estimates, tails, axis=1)
    low, high = np.maximum(ends, n)
    return low.reshape(shape), high.reshape(shape)


def _resampled(classes: FloatArray, replicates: int, random: np.random.Generator) -> FloatArray:
    """Return class counts of new samples, shape (samples, replicates, classes)."""
    total = np.rint(classes.sum(axis=1)).astype(np.int64)
    rates = classes / np.maximum(classes.sum(axis=1, keepdims=True), 1)
    rates[total == 0, 0] = 1.0
    # The generator is strict about sums; a rounding error goes to the last class.
    rates /= rates.sum(axis=1, keepdims=True)
    drawn: FloatArray = random.multinomial(total[:, None], rates[:, None, :], size=(len(total), replicates)).astype(
        np.float64
    )
    return drawn


def _names(counts: Counts, inflated: npt.NDArray[np.bool_], bias_corrected: bool, interval: IntervalName) -> TextArray:
    corrected = (counts.f2 == 0) | bias_corrected
    robust = _from_twos(counts.f2, counts.f3, bias_corrected)[0] < _from_ones(counts.f1, counts.f2, bias_corrected)[0]
    name = np.where(corrected, BIAS_CORRECTED, CHAO).astype(object)
    name = np.where(inflated & robust, ONE_INFLATED, name)
    if interval == "bootstrap":
        name = name + f", {BOOTSTRAP}"
    return np.where(counts.f1 == 0, OBSERVED, name).astype(object)


def chao_interval(
    n: npt.ArrayLike,
    f1: npt.ArrayLike,
    f2: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    population: float | None = None,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return Chao's estimate of the accounts that act, seen and unseen, with its log-normal interval.

    `estimate_unseen` with the ones as they were seen: `n + f1²/(2 f2)`, bias-corrected where f2 is 0.

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
    value, low, high, _ = estimate_unseen(
        Counts.of(n, f1, f2), confidence=confidence, population=population, ones="as_seen"
    )
    return value, low, high


def chao_names(f1: npt.ArrayLike, f2: npt.ArrayLike) -> TextArray:
    """Return which form of the estimator `chao_interval` used for these counts."""
    f1, f2 = np.asarray(f1), np.asarray(f2)
    return np.where(f1 == 0, OBSERVED, np.where(f2 > 0, CHAO, BIAS_CORRECTED)).astype(object)
