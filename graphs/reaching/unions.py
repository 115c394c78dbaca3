"""How many people several audiences reach together, or beyond others, from their sizes and measured duplications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from graphs.errors import InputError
from graphs.figures import Figure, because
from graphs.reaching.bounds import EXACT_BOUNDS, least_union, linear_bounds, most_union, possible_overlap
from graphs.reaching.joint import fit_joint
from graphs.reaching.survey import Share, wilson

__all__ = ["INDEPENDENCE", "Audiences", "Union", "union_bounds", "union_of_figures"]

INDEPENDENCE = "Sainsbury (independent audiences)"
FRECHET = "Fréchet bounds"
_NO_POPULATION = "no population: independence of audiences cannot be computed without it"
_CONTRADICTION = "measured overlaps contradict the audiences and are left out"
_SLACK = 1e-9
"""Relative tolerance for sizes that were themselves computed."""

FloatArray = npt.NDArray[np.float64]
Pairs = Mapping[tuple[int, int], float]
"""People that two audiences share, by their positions, the smaller first."""


@dataclass(frozen=True)
class Union:
    """Size of a union of audiences (people): between `low` and `high`, at `value` by the model that `estimator` names.

    `value` is None where no population was given; `reason_missing` then says so.
    """

    value: float | None
    low: float
    high: float
    estimator: str
    reason_missing: str | None = None


def union_bounds(
    sizes: Sequence[float],
    *,
    population: float | None = None,
    overlaps: Mapping[tuple[int, int], float] | None = None,
) -> Union:
    """Return how many people at least one of several audiences holds.

    Parameters
    ----------
    sizes
        Audiences in people, each at most `population`.
    population
        People among whom all audiences lie. Without it the range stands, but there is no point.
    overlaps
        People that two audiences share, by the positions of the two in `sizes`; pairs may be left out.

    Returns
    -------
    Union
        The range always holds the truth. Without overlaps it is the Fréchet range: from the largest audience to the
        sum, at most the population. With overlaps, of up to 10 audiences, it is the sharpest that sizes and pairs allow
        (a linear programme over all combinations of audiences); of more, the upper end is that of Hunter and Worsley
        (the sum less the heaviest spanning tree of overlaps), the lower end the largest of the Fréchet end, the union
        of any measured pair and the bound of Dawson and Sankoff. Two audiences with a known overlap are exact. The
        point rests on the measured pairs: see `graphs.reaching.joint.fit_joint`. Without any it is the formula known in
        media planning as Sainsbury's, `P (1 - prod(1 - size/P))`: it takes audiences to be independent, which is
        usually too high. Audiences without a measured pair count as independent of the others.

    Raises
    ------
    InputError
        If a size is negative, not finite or above the population, if an overlap cannot be (larger than one of
        its audiences), or if overlaps contradict each other.

    References
    ----------
    Fréchet (1935), Fundamenta Mathematicae 25, 379-387. Hunter (1976), Journal of Applied Probability 13(3), 597-603.
    Worsley (1982), Biometrika 69(2), 297-302. Dawson & Sankoff (1967), Proceedings of the AMS 18(3), 504-507.
    Caffyn & Sagovsky (1963), Journal of Advertising Research 3(1), 21-25, on the Sainsbury formula. Hailperin (1965),
    The American Mathematical Monthly 72(4), 343-359, on linear programmes.

    Examples
    --------
    Two newspapers with 300 and 200 readers in a town of 1,000:

    >>> both = union_bounds([300, 200], population=1000)
    >>> both.low, round(both.value, 6), both.high
    (300.0, 440.0, 500.0)

    A survey finds that 50 people read both:

    >>> union_bounds([300, 200], population=1000, overlaps={(0, 1): 50}).value
    450.0
    """
    people = _checked_sizes(sizes, population)
    shared = _checked_overlaps(people, population, overlaps or {})
    if len(people) < 2:
        total = float(people.sum())
        return Union(total, total, total, "exact")
    if len(people) == 2 and shared:
        total = float(people.sum() - shared[0, 1])
        return Union(total, total, total, "inclusion-exclusion")
    low, high, names = union_range(people, population, shared, shared)
    if low > high * (1 + 1e3 * _SLACK):
        raise InputError(f"the overlaps contradict each other: at least {low:g} people and at most {high:g}.")
    low = min(low, high)
    if population is None:
        return Union(None, low, high, names, _NO_POPULATION)
    point, model = union_point(people, population, shared)
    return Union(float(np.clip(point, low, high)), low, high, f"{model} within {names}")


def _checked_sizes(sizes: Sequence[float], population: float | None) -> FloatArray:
    people = np.asarray(sizes, dtype=np.float64)
    for size in people[~(np.isfinite(people) & (people >= 0))]:
        raise InputError(f"an audience must be a number of people, got {float(size)!r}.")
    if population is not None:
        if not (np.isfinite(population) and population > 0):
            raise InputError(f"population must be a positive number of people, got {population!r}.")
        for size in people[people > population * (1 + _SLACK)]:
            raise InputError(
                f"an audience of {size:g} is larger than the population of {population:g}. Correct either."
            )
        people = np.minimum(people, population)
    return people


def _checked_overlaps(
    people: FloatArray, population: float | None, overlaps: Mapping[tuple[int, int], float]
) -> dict[tuple[int, int], float]:
    """Return the overlaps by ordered pairs, each within what the two sizes allow."""
    shared: dict[tuple[int, int], float] = {}
    for (i, j), people_shared in overlaps.items():
        first, second = min(i, j), max(i, j)
        if first == second or first < 0 or second >= len(people):
            raise InputError(f"overlap {(i, j)!r} does not name two of the {len(people)} audiences by position.")
        least, most = possible_overlap(people[first], people[second], population)
        if not least * (1 - _SLACK) - _SLACK <= people_shared <= most * (1 + _SLACK):
            raise InputError(
                f"audiences of {people[first]:g} and {people[second]:g} cannot share {people_shared!r} people: "
                f"between {least:g} and {most:g} is possible."
            )
        value = float(np.clip(people_shared, least, most))
        if shared.setdefault((first, second), value) != value:
            raise InputError(f"overlap {(i, j)!r} is given twice, as {shared[first, second]!r} and {value!r}.")
    return shared


def union_point(people: FloatArray, population: float, shared: Pairs, base: str | None = None) -> tuple[float, str]:
    """Return the likely size of a union and the name of the model; unmeasured audiences are independent of the rest."""
    shares = np.minimum(people / population, 1 - 1e-16)
    measured = sorted({i for pair in shared for i in pair})
    alone = np.delete(shares, measured)
    nobody = float(np.exp(np.log1p(-alone).sum()))
    if not measured:
        return population * (1 - nobody), INDEPENDENCE
    at = {place: index for index, place in enumerate(measured)}
    joint = fit_joint(
        shares[measured].tolist(), {(at[i], at[j]): x / population for (i, j), x in shared.items()}, base=base
    )
    nobody *= 1 - joint.share(range(len(measured)))
    possible = len(people) * (len(people) - 1) // 2
    return population * (1 - nobody), f"{joint.name} ({len(shared)} of {possible} pairs measured)"


def union_range(
    people: FloatArray, population: float | None, low_shared: Pairs, high_shared: Pairs
) -> tuple[float, float, str]:
    """Return the least and the most people of a union, and how they were found."""
    if not high_shared:
        return least_union(people, {}), most_union(people, population, {}), FRECHET
    low, high = least_union(people, high_shared), most_union(people, population, low_shared)
    measured = sorted({i for pair in high_shared for i in pair})
    if len(measured) <= EXACT_BOUNDS:
        at = {place: index for index, place in enumerate(measured)}
        least, most = ({(at[i], at[j]): x for (i, j), x in pairs.items()} for pairs in (low_shared, high_shared))
        found = linear_bounds(people[measured], population, least, most, range(len(measured)))
        if found is not None:
            # Nothing is known of the others but their sizes. The closed forms are valid too, and free of tolerances.
            rest = np.delete(people, measured)
            low, high = max(low, found[0]), min(high, found[1] + float(rest.sum()))
            return low, high, "linear-programming bounds"
    return low, high, "Hunter-Worsley and Dawson-Sankoff bounds"


@dataclass(frozen=True)
class Audiences:
    """Several audiences as figures, and what is known of their overlaps.

    `overlaps` are people, as `(low, point, high)`, by positions, the smaller first. `respondents` is the size of the
    survey that both the sizes and the overlaps come from, if they do: then the interval has its sampling error.
    `base` is what `graphs.reaching.joint.choose_base` said of a larger set; None to choose for each union.
    """

    parts: Sequence[Figure]
    population: float | None = None
    overlaps: Mapping[tuple[int, int], Share] = field(default_factory=dict)
    respondents: float | None = None
    confidence: float = 0.95
    base: str | None = None

    def union(self, any_of: Sequence[int]) -> Figure:
        """Return the people in at least one of the chosen audiences.

        The lower end is that of the lower ends, the upper end that of the upper ends, the point that of the points.
        Nobody outside the population is counted: a part that is larger (followers from elsewhere) enters as the
        population. Overlaps are cut to what the sizes allow; the range uses them where every part is one number.
        Overlaps that contradict each other are left out, and the estimator says so.
        """
        chosen = list(any_of)
        if len(chosen) == 1:
            return self.parts[chosen[0]]
        at = {place: index for index, place in enumerate(chosen)}
        parts = [_capped(self.parts[place], self.population) for place in chosen]
        pairs = {(at[i], at[j]): x for (i, j), x in self.overlaps.items() if i in at and j in at}
        pairs = {(min(pair), max(pair)): x for pair, x in pairs.items()}
        plain = _union_of_ranges(parts, self.population)
        if not pairs or any(part.value is None for part in parts):
            return plain
        people = np.array([part.value for part in parts], dtype=np.float64)
        ends = [_cut(people, self.population, pairs, end) for end in range(3)]
        if not all(part.exact for part in parts):
            return self._point_in(plain, people, ends[1])
        return self._measured(plain, people, ends)

    def _point_in(self, plain: Figure, people: FloatArray, shared: Pairs) -> Figure:
        """Return the range of ranges, with the point that the measured pairs give."""
        if self.population is None or plain.low is None or plain.high is None:
            return plain
        point, model = union_point(people, self.population, shared, self.base)
        value = float(np.clip(point, plain.low, plain.high))
        return replace(plain, value=value, estimator=f"union: {model} within {FRECHET}", reason=None)

    def _measured(self, plain: Figure, people: FloatArray, ends: Sequence[Pairs]) -> Figure:
        population = self.population
        if self.respondents is not None and population is not None:
            # Sizes and pairs are those of one sample, where both hold exactly, up to half a respondent.
            half = population / self.respondents / 2
            low, high, names = union_range(people, population, *_around(people, population, ends[1], half))
            # The sample's own union lies in the range; the population's lies around it as any share does.
            n = self.respondents
            low = population * wilson(min(low / population, 1.0), n, confidence=self.confidence)[0]
            high = population * wilson(min(high / population, 1.0), n, confidence=self.confidence)[2]
            names = f"{names}, sample of {n:.0f}"
        else:
            low, high, names = union_range(people, population, ends[0], ends[2])
        if low > high * (1 + 1e3 * _SLACK):
            return replace(plain, estimator=f"{plain.estimator}; {_CONTRADICTION}")
        if len(people) == 2:
            value: float | None = float(people.sum() - ends[1][0, 1])
            names, reason = f"inclusion-exclusion, {names}", None
        elif population is None:
            value, reason = None, _NO_POPULATION
        else:
            point, model = union_point(people, population, ends[1], self.base)
            value, names, reason = float(np.clip(point, low, high)), f"{model} within {names}", None
        if value is not None:
            low, high = min(low, value), max(high, value)
        return replace(
            plain, value=value, low=low, high=high, estimator=f"union: {names}", bounds=low < high, reason=reason
        )

    def beyond(self, any_of: Sequence[int], none_of: Sequence[int]) -> Figure:
        """Return the people in at least one of `any_of` and in none of `none_of`.

        The point is the union of all less the union of `none_of`, the range what sizes and pairs allow.
        """
        if not none_of:
            return self.union(any_of)
        both, others, own = self.union([*any_of, *none_of]), self.union(none_of), self.union(any_of)
        return beyond_of(own, others, both, self.population)


def beyond_of(own: Figure, others: Figure, both: Figure, population: float | None) -> Figure:
    """Return whom `own` adds to `others`, from the two and their union; the ends hold whatever the overlap is."""
    value = None if both.value is None or others.value is None else max(0.0, both.value - others.value)
    lows = [0.0]
    highs = [own.high]
    if both.low is not None and others.high is not None:
        lows.append(both.low - others.high)
    if own.low is not None and others.high is not None:
        lows.append(own.low - others.high)
    if population is not None and others.low is not None:
        highs.append(max(0.0, population - others.low))
    if both.high is not None and others.low is not None:
        highs.append(max(0.0, both.high - others.low))
    known = [x for x in highs if x is not None]
    low, high = max(lows), min(known, default=None)
    exact = both.exact and others.exact
    if exact and value is not None:
        low = high = value
    if value is not None:
        low, high = min(low, value), None if high is None else max(high, value)
    complete = None not in (value, high)
    reason = None if complete else because([both.reason, others.reason, own.reason]) or "no figure"
    return Figure(value, low, high, both.estimator, both.basis, both.n, not exact, reason)


def union_of_figures(
    parts: Sequence[Figure],
    *,
    population: float | None = None,
    overlaps: Mapping[tuple[int, int], Share] | None = None,
    basis: str | None = None,
) -> Figure:
    """Return the union of audiences that may themselves be known only within a range: `Audiences.union` of all."""
    found = Audiences(parts, population, overlaps or {}).union(range(len(parts)))
    return found if len(parts) == 1 else replace(found, basis=basis)


def _around(people: FloatArray, population: float, shared: Pairs, half: float) -> tuple[Pairs, Pairs]:
    """Return the overlaps less and plus `half`, cut to what the sizes allow."""
    wide = {(i, j): (x - half, x, x + half) for (i, j), x in shared.items()}
    return _cut(people, population, wide, 0), _cut(people, population, wide, 2)


def _cut(people: FloatArray, population: float | None, overlaps: Mapping[tuple[int, int], Share], end: int) -> Pairs:
    """Return one end of the overlaps, cut to what the two sizes allow: they come from different sources."""
    return {
        (i, j): float(np.clip(value[end], *possible_overlap(people[i], people[j], population)))
        for (i, j), value in overlaps.items()
    }


def _capped(part: Figure, population: float | None) -> Figure:
    if population is None:
        return part
    value, low, high = (None if x is None else min(x, population) for x in (part.value, part.low, part.high))
    return replace(part, value=value, low=low, high=high)


def _union_of_ranges(parts: Sequence[Figure], population: float | None) -> Figure:
    lows = [part.low for part in parts if part.low is not None]
    highs = [part.high for part in parts if part.high is not None]
    values = [part.value for part in parts if part.value is not None]
    high = sum(highs) if len(highs) == len(parts) else population
    if high is not None and population is not None:
        high = min(high, population)
    low = max(lows, default=None)
    value, reasons = None, [part.reason for part in parts]
    if len(values) == len(parts):
        union = union_bounds(values, population=population)
        value = union.value
        reasons = [union.reason_missing, *([] if len(highs) == len(lows) == len(parts) else reasons)]
    estimator = FRECHET if value is None else f"{INDEPENDENCE} within {FRECHET}"
    complete = value is not None and low is not None and high is not None
    basis = " and ".join(sorted({part.basis for part in parts if part.basis})) or None
    return Figure(
        value, low, high, f"union: {estimator}", basis=basis, n=sum(part.n for part in parts), bounds=True,
        reason=None if complete else because(reasons),
    )  # fmt: skip
