"""Audiences of traditional media as people: from circulation, ratings and audience research.

The rows of `audiences` say how many copies, people or percent an outlet has. A measure means one thing here:

- copies: `circulation`, `copies`: one reader per copy is a lower bound; readers per copy make it people.
- percent of the population: `rating`, `share`. (The share of those who watch television at the time is not one.)
- people: `readers`, `viewers`, `listeners`, `subscribers`, `users`, `audience`, `reach`, `daily_reach`, `weekly_reach`,
  `monthly_reach`, `average_issue_readership`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median
from typing import Any

import numpy as np
import pyarrow.compute as pc

from graphs.errors import InputError
from graphs.figures import Figure, because
from graphs.tables import pick

__all__ = ["ONE_READER", "AudienceRow", "audience_parts", "audience_rows", "check_readers_per_copy"]

COPIES = ("circulation", "copies")
PERCENT = ("rating", "share")
PEOPLE = (
    "monthly_reach",
    "reach",
    "weekly_reach",
    "audience",
    "users",
    "readers",
    "viewers",
    "listeners",
    "subscribers",
    "daily_reach",
    "average_issue_readership",
)
PREFERRED = {
    # The widest statement about a medium's public, and the public of one issue or programme.
    "potential": (*PEOPLE, *PERCENT, *COPIES),
    "exposed": ("average_issue_readership", "rating", "viewers", "listeners", "daily_reach", *COPIES),
}
ONE_READER = "circulation, one reader per copy: a lower bound"
READERS_UNKNOWN = "readers per copy are not given, so the upper end is open"
Readers = tuple[float, float, float] | Mapping[str, tuple[float, float, float]]
"""Readers per copy (low, point, high): one for all, or by medium; under "" for every medium without its own."""

_Range = tuple[float, float, float]


@dataclass(frozen=True)
class AudienceRow:
    """One row of `audiences`: `value` is in the measure's own unit, `population` the people that a percentage is of."""

    actor_id: str
    medium: str
    measure: str
    value: float
    period: str
    population: float | None


def check_readers_per_copy(readers: Readers | None) -> dict[str, _Range]:
    """Return `(low, point, high)` readers per copy by medium in lower case.

    Raises InputError unless they are positive and in order.
    """
    if readers is None:
        return {}
    checked: dict[str, _Range] = {}
    for medium, given in (readers if isinstance(readers, Mapping) else {"": readers}).items():
        if len(given) != 3 or not 0 < given[0] <= given[1] <= given[2] < np.inf:
            of = f" of {medium!r}" if medium else ""
            raise InputError(f"readers_per_copy{of} must be (low, point, high), positive and in order, got {given!r}.")
        checked[medium.strip().lower()] = given[0], given[1], given[2]
    return checked


def audience_rows(audiences: Any, population: float | None) -> list[AudienceRow]:
    """Return the rows of `audiences` that have an actor, a measure and a value.

    Raises InputError, naming the actor and the value, for a negative value, for a percentage above 100, and for an
    audience larger than its population.
    """
    if audiences is None:
        return []
    table = pick(
        audiences,
        "audiences",
        {"actor_id": "string", "measure": "string", "value": "float64"},
        {"medium": "string", "period": "string", "population": "float64"},
    ).to_pyarrow()
    given = [pc.is_valid(table[column]) for column in ("actor_id", "measure", "value")]
    table = table.filter(pc.and_(pc.and_(given[0], given[1]), given[2]))
    return sorted((_row(row, population) for row in table.to_pylist()), key=lambda row: (row.actor_id, row.medium))


def _row(row: dict[str, Any], population: float | None) -> AudienceRow:
    measure = row["measure"].strip().lower().replace(" ", "_").replace("-", "_")
    actor, value, universe = row["actor_id"], row["value"], row["population"]
    if not 0 <= value < np.inf:
        raise InputError(f"audiences: {measure} of {actor} is {value:g}. An audience cannot be negative or infinite.")
    if universe is not None and not 0 < universe < np.inf:
        raise InputError(
            f"audiences: the population of {actor} is {universe:g}. Give the people it was measured among."
        )
    if measure in PERCENT and value > 100:
        raise InputError(f"audiences: {measure} of {actor} is {value:g}. It is a percentage, at most 100.")
    if measure not in PERCENT:
        for people in (population, universe):
            if people is not None and value > people:
                raise InputError(
                    f"audiences: {measure} of {actor} is {value:g}, larger than the population of {people:g}. "
                    "Correct the audience or the population."
                )
    return AudienceRow(actor, row["medium"] or "", measure, value, row["period"] or "", universe)


def audience_parts(
    rows: Sequence[AudienceRow], kind_of_reach: str, population: float | None, readers: Mapping[str, _Range]
) -> tuple[list[Figure], str | None]:
    """Return one figure (people) for each medium of one outlet, and why media are missing.

    Of a medium's measures, the widest for `potential` and the one nearest to an issue or a programme for
    `exposed`; of a measure, the latest period. Where several rows say the same thing, the median of them with their
    range.
    """
    figures, problems = [], []
    for _, of_medium in groupby(sorted(rows, key=lambda row: row.medium), key=lambda row: row.medium):
        found = list(_in_people(list(of_medium), kind_of_reach, population, readers))
        usable = next((figure for figure in found if not figure.empty), None)
        if usable is not None:
            figures.append(usable)
        else:
            problems += [figure.reason for figure in found]
    if rows and not figures and not problems:
        problems.append(f"no usable audience measure (given: {', '.join(sorted({row.measure for row in rows}))})")
    return figures, because(problems)


def _in_people(
    rows: list[AudienceRow], kind_of_reach: str, population: float | None, readers: Mapping[str, _Range]
) -> Iterator[Figure]:
    for measure in PREFERRED[kind_of_reach]:
        same = [row for row in rows if row.measure == measure]
        if same:
            latest = max(row.period for row in same)
            yield _figure([row for row in same if row.period == latest], kind_of_reach, population, readers)


def _figure(
    rows: list[AudienceRow], kind_of_reach: str, population: float | None, readers: Mapping[str, _Range]
) -> Figure:
    measure, basis = rows[0].measure, "audience" if kind_of_reach == "potential" else "issue"
    if measure in COPIES:
        each = readers.get(rows[0].medium.strip().lower(), readers.get(""))
        return _from_copies([row.value for row in rows], kind_of_reach, population, each, basis)
    people = [row.value for row in rows]
    if measure in PERCENT:
        universes = [row.population or population for row in rows]
        if None in universes:
            return _nothing(f"{measure} is a percentage: the population it is of is not given", basis)
        people = [row.value / 100 * (universe or 0) for row, universe in zip(rows, universes, strict=True)]
    bounds = min(people) < max(people)
    return Figure(median(people), min(people), max(people), f"audience: {measure}", basis, len(rows), bounds)


def _from_copies(
    copies: list[float], kind_of_reach: str, population: float | None, readers: _Range | None, basis: str
) -> Figure:
    if readers is None and kind_of_reach == "exposed":
        # A lower bound on a public is worth having; as the readers of one issue it would be a guess.
        return _nothing("circulation counts copies, not people: readers per copy are not given", basis)
    if readers is None:
        reason = READERS_UNKNOWN if population is None else None
        return Figure(median(copies), min(copies), population, ONE_READER, basis, len(copies), True, reason)
    low, point, high = min(copies) * readers[0], median(copies) * readers[1], max(copies) * readers[2]
    if population is not None:
        low, point, high = (min(x, population) for x in (low, point, high))
    return Figure(point, low, high, "circulation times readers per copy", basis, len(copies), True)


def _nothing(reason: str, basis: str) -> Figure:
    return Figure(None, None, None, None, basis=basis, reason=reason)
