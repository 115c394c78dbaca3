"""How many people several audiences reach together, when only their sizes are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from graphs.errors import InputError
from graphs.figures import Figure, because

__all__ = ["INDEPENDENCE", "Union", "union_bounds", "union_of_figures"]

INDEPENDENCE = "Sainsbury (independent audiences)"
_NO_POPULATION = "no population: independence of audiences cannot be computed without it"
_SLACK = 1e-9
"""Relative tolerance for sizes that were themselves computed."""

Pairs = Mapping[tuple[int, int], float]
"""People that two audiences share, by their positions, the smaller first."""


@dataclass(frozen=True)
class Union:
    """Size of a union of audiences (people): between `low` and `high`, at `value` if audiences are independent.

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
        sum, at most the population. With overlaps the upper end is that of Hunter and Worsley (the sum less the
        heaviest spanning tree of overlaps), and the lower end the largest of: the Fréchet end, the union of any
        measured pair, and the bound of Dawson and Sankoff. Two audiences with a known overlap are exact.
        The point is the formula known in media planning as Sainsbury's, `P (1 - prod(1 - size/P))`, kept within the
        range: it takes audiences to be independent, which is usually too high.

    Raises
    ------
    InputError
        If a size is negative, not finite or above the population, if an overlap cannot be (larger than one of
        its audiences), or if overlaps contradict each other.

    References
    ----------
    Fréchet (1935), Fundamenta Mathematicae 25, 379-387. Hunter (1976), Journal of Applied Probability 13(3), 597-603.
    Worsley (1982), Biometrika 69(2), 297-302. Dawson & Sankoff (1967), Proceedings of the AMS 18(3), 504-507.
    Caffyn & Sagovsky (1963), Journal of Advertising Research 3(1), 21-25, on the Sainsbury formula.

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
    low, high = _least(people, shared), _most(people, population, shared)
    if low > high * (1 + _SLACK):
        raise InputError(f"the overlaps contradict each other: at least {low:g} people and at most {high:g}.")
    low = min(low, high)
    names = "Hunter-Worsley and Dawson-Sankoff bounds" if shared else "Fréchet bounds"
    if population is None:
        return Union(None, low, high, names, _NO_POPULATION)
    point = population * -np.expm1(np.log1p(-np.minimum(people / population, 1 - 1e-16)).sum())
    return Union(float(np.clip(point, low, high)), low, high, f"{INDEPENDENCE} within {names}")


def _checked_sizes(sizes: Sequence[float], population: float | None) -> npt.NDArray[np.float64]:
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
    people: npt.NDArray[np.float64], population: float | None, overlaps: Mapping[tuple[int, int], float]
) -> dict[tuple[int, int], float]:
    """Return the overlaps by ordered pairs, each within what the two sizes allow."""
    shared: dict[tuple[int, int], float] = {}
    for (i, j), people_shared in overlaps.items():
        first, second = min(i, j), max(i, j)
        if first == second or first < 0 or second >= len(people):
            raise InputError(f"overlap {(i, j)!r} does not name two of the {len(people)} audiences by position.")
        least, most = _possible_overlap(people[first], people[second], population)
        if not least * (1 - _SLACK) - _SLACK <= people_shared <= most * (1 + _SLACK):
            raise InputError(
                f"audiences of {people[first]:g} and {people[second]:g} cannot share {people_shared!r} people: "
                f"between {least:g} and {most:g} is possible."
            )
        value = float(np.clip(people_shared, least, most))
        if shared.setdefault((first, second), value) != value:
            raise InputError(f"overlap {(i, j)!r} is given twice, as {shared[first, second]!r} and {value!r}.")
    return shared


def _possible_overlap(a: float, b: float, population: float | None) -> tuple[float, float]:
    return (0.0 if population is None else max(0.0, a + b - population)), min(a, b)


def _least(people: npt.NDArray[np.float64], shared: Pairs) -> float:
    """Return the lower end of a union; the larger the overlaps, the lower."""
    largest = float(people.max())
    if not shared:
        return largest
    most = np.minimum(people[:, None], people[None, :])
    for (i, j), value in shared.items():
        most[i, j] = most[j, i] = value
    pairs = max(float(people[i] + people[j] - value) for (i, j), value in shared.items())
    return max(largest, pairs, dawson_sankoff(float(people.sum()), float(most[np.triu_indices(len(people), 1)].sum())))


def _most(people: npt.NDArray[np.float64], population: float | None, shared: Pairs) -> float:
    """Return the upper end of a union; the smaller the overlaps, the higher."""
    total = float(people.sum())
    ceiling = total if population is None else min(total, population)
    if not shared:
        return ceiling
    least = np.zeros((len(people), len(people)))
    if population is not None:
        least = np.maximum(0.0, people[:, None] + people[None, :] - population)
    for (i, j), value in shared.items():
        least[i, j] = least[j, i] = value
    return min(ceiling, total - heaviest_tree(least))


def dawson_sankoff(total: float, pair_sum: float) -> float:
    """Return the least size of a union with this sum of sizes and this sum (or more than it) of pairwise overlaps."""
    if total <= 0:
        return 0.0
    k = 1 + int(2 * pair_sum / total)
    return 2 * total / (k + 1) - 2 * pair_sum / (k * (k + 1))


def heaviest_tree(weights: npt.NDArray[np.float64]) -> float:
    """Return the weight of the heaviest spanning tree of a complete graph (Prim), weights as a symmetric matrix."""
    outside = np.ones(len(weights), dtype=bool)
    best = weights[0].copy()
    outside[0] = False
    total = 0.0
    while outside.any():
        candidate = int(np.flatnonzero(outside)[np.argmax(best[outside])])
        total += float(best[candidate])
        outside[candidate] = False
        best = np.maximum(best, weights[candidate])
    return total


def union_of_figures(
    parts: Sequence[Figure],
    *,
    population: float | None = None,
    overlaps: Mapping[tuple[int, int], tuple[float, float, float]] | None = None,
    basis: str | None = None,
) -> Figure:
    """Return the union of audiences that may themselves be known only within a range.

    The lower end is that of the lower ends, the upper end that of the upper ends, the point that of the points.
    Nobody outside `population` is counted: a part that is larger (followers from elsewhere) enters as the population.
    `overlaps` are people, as `(low, point, high)`. They are used where every part is one number, cut to what the sizes
    allow; overlaps that contradict each other are left out, and the estimator says so.
    """
    if len(parts) == 1:
        return parts[0]
    n = sum(part.n for part in parts)
    capped = [_capped(part, population) for part in parts]
    plain = _union_of_ranges(capped, population, n, basis)
    if not overlaps or not all(part.exact for part in capped):
        return plain
    people = np.array([part.value for part in capped], dtype=np.float64)
    low_shared, shared, high_shared = (_cut(people, population, overlaps, end) for end in range(3))
    low, high = _least(people, high_shared), _most(people, population, low_shared)
    try:
        union = union_bounds(people.tolist(), population=population, overlaps=shared)
    except InputError:
        return replace(
            plain, estimator=f"{plain.estimator}; measured overlaps contradict the audiences and are left out"
        )
    low, high = min(low, union.low), max(high, union.high)
    return Figure(
        union.value, low, high, f"union: {union.estimator}", basis=basis, n=n, bounds=low < high,
        reason=union.reason_missing,
    )  # fmt: skip


def _cut(
    people: npt.NDArray[np.float64],
    population: float | None,
    overlaps: Mapping[tuple[int, int], tuple[float, float, float]],
    end: int,
) -> Pairs:
    """Return one end of the overlaps, cut to what the two sizes allow: they come from different sources."""
    return {
        (i, j): float(np.clip(value[end], *_possible_overlap(people[i], people[j], population)))
        for (i, j), value in overlaps.items()
    }


def _capped(part: Figure, population: float | None) -> Figure:
    if population is None:
        return part
    value, low, high = (None if x is None else min(x, population) for x in (part.value, part.low, part.high))
    return replace(part, value=value, low=low, high=high)


def _union_of_ranges(parts: Sequence[Figure], population: float | None, n: int, basis: str | None) -> Figure:
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
    estimator = "Fréchet bounds" if value is None else f"{INDEPENDENCE} within Fréchet bounds"
    complete = value is not None and low is not None and high is not None
    return Figure(
        value, low, high, f"union: {estimator}", basis=basis, n=n, bounds=True,
        reason=None if complete else because(reasons),
    )  # fmt: skip
