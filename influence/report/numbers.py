"""How numbers are written: one place, so that a language brings its own separators and nothing else."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Numbers", "wilson"]

_SIGNIFICANT = 3
_LEAST_TIMES, _MOST_TIMES = 0.001, 100_000


def wilson(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the Wilson score interval (low, high) of a share, both in [0, 1]; (0, 1) where nothing was tried.

    References: Wilson (1927), Journal of the American Statistical Association 22(158), 209–212.
    """
    from statistics import NormalDist

    if trials == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share, scale = successes / trials, 1 + z * z / trials
    centre = (share + z * z / (2 * trials)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max(0.0, centre - half) if successes else 0.0, min(1.0, centre + half) if successes < trials else 1.0


@dataclass(frozen=True)
class Numbers:
    """Writes counts, estimates, shares, ratios and dates as one language does."""

    group: str = ","
    decimal: str = "."
    percent_sign: str = "%"
    months: tuple[str, ...] = ()

    def _plain(self, value: float, digits: int) -> str:
        text = f"{value:,.{digits}f}".replace(",", "\0").replace(".", self.decimal).replace("\0", self.group)
        return text.replace("-", "\u2212")  # a minus sign, not a hyphen

    def count(self, value: float) -> str:
        """Write an exact count."""
        return self._plain(value, 0)

    def estimate(self, value: float) -> str:
        """Write an estimated number of people: three significant digits, since more would claim too much."""
        if math.isinf(value):
            return "∞" if value > 0 else "\u2212∞"
        if abs(value) >= 10**_SIGNIFICANT:
            return self._plain(round(value, _SIGNIFICANT - 1 - math.floor(math.log10(abs(value)))), 0)
        return self._plain(value, 0 if abs(value) >= 10 or float(value).is_integer() else 1)

    def amount(self, value: float, low: float | None, high: float | None) -> str:
        """Write a number of people: exactly where it was counted (`low` = `high`), rounded where it was estimated."""
        exact = value == low == high and float(value).is_integer()
        return self.count(value) if exact else self.estimate(value)

    def ratio(self, value: float) -> str:
        """Write how many times one is the other; beyond a thousandth and a hundred thousand only that it is beyond."""
        if value > _MOST_TIMES:
            return f">\u00a0{self.count(_MOST_TIMES)}"
        if 0 < value < _LEAST_TIMES:
            return f"<\u00a0{self.short(_LEAST_TIMES)}"
        if value >= 100:
            return self.estimate(value)
        if value >= 10:
            return self._plain(value, 0 if value >= 20 else 1)
        if value >= 1:
            return self._plain(value, 1 if value >= 2 else 2)
        return self._plain(value, 2 if value >= 0.1 or value == 0 else 1 - math.floor(math.log10(value)))

    def percent(self, share: float) -> str:
        """Write a share that was chosen, such as a threshold, in per cent."""
        return self.short(share * 100) + self.percent_sign

    def share(self, value: float, low: float | None, high: float | None) -> tuple[str, str]:
        """Write a measured share and its interval in per cent, with as many digits as the interval's width bears."""
        if low is None or high is None:
            return self.percent(value), ""
        width = (high - low) * 100
        digits = 0 if width >= 5 else 1 if width >= 0.5 else 2
        if 0 < low < 0.01 or 0 < value < 0.01:  # none and next to none are different things
            digits = max(digits, 1)
        shown, first, second = (self._plain(number * 100, digits) for number in (value, low, high))
        return shown + self.percent_sign, f"{first}–{second}{self.percent_sign}"

    def significant(self, value: float, digits: int) -> str:
        """Write a number with so many significant digits."""
        if value == 0 or not math.isfinite(value):
            return self.estimate(value)
        return self._plain(value, max(0, digits - 1 - math.floor(math.log10(abs(value)))))

    def short(self, value: float) -> str:
        """Write a round number without digits that say nothing: `0.2`, `1`, `10`, `2,000`."""
        whole, _, rest = f"{value:,.6f}".rstrip("0").rstrip(".").partition(".")
        whole = whole.replace(",", self.group)
        return f"{whole}{self.decimal}{rest}" if rest else whole

    def probability(self, value: float) -> str:
        """Write a probability with two digits; never as sure."""
        if value < 0.01:
            return f"< 0{self.decimal}01"
        if value > 0.99:
            return f"> 0{self.decimal}99"
        return self._plain(value, 2)

    def score(self, value: float) -> str:
        """Write a score of a ranking: a count as a count, a fraction with three significant digits."""
        if float(value).is_integer() or abs(value) >= 1000:
            return self.count(value)
        digits = max(0, _SIGNIFICANT - 1 - math.floor(math.log10(abs(value))))
        return self._plain(value, min(digits, 8))

    def interval(self, low: float | None, high: float | None, write: Callable[[float], str]) -> str:
        """Write both ends, with a dash between them; nothing where an end is missing."""
        if low is None or high is None:
            return ""
        first, second = write(low), write(high)
        for digits in (3, 4, 5):  # two ends that are not the same should not look it
            if first != second or low == high:
                break
            first, second = self.significant(low, digits), self.significant(high, digits)
        apart = low < 0 or first[0] in "<>" or second[0] in "<>"
        return f"{first} to {second}" if apart else f"{first}–{second}"

    def date(self, day: dt.date) -> str:
        """Write a day."""
        month = self.months[day.month - 1] if self.months else f"{day.month:02d}"
        return f"{day.day} {month} {day.year}"
