"""Measured duplication between two audiences, from a survey, as people with an interval.

`share_a_in_b` is the share of a's audience that is also in b's: `|a and b| / |a|`, of `n` respondents in a's audience.
Tables that were made the other way round (`|a and b| / |b|`) are recognised where they say so themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from graphs.errors import InputError
from graphs.reaching.members import Member
from graphs.reaching.survey import Share, wilson
from graphs.tables import pick

__all__ = ["OTHER_WAY", "Overlaps", "overlaps_of"]

OTHER_WAY = "overlaps read as shares of b's audience, as only that fits the whole table"

_ROUNDED = 0.03
"""Two statements about one pair agree if they differ by less than this and their sampling errors together."""

_ONE_SURVEY = 0.02
"""Sizes come from the survey of the overlaps if n over size differs by less than this from actor to actor."""


@dataclass(frozen=True)
class Row:
    """One measured share of the audience of `base` (a member's id) that `other` has too; `n` respondents, if known."""

    base: str
    other: str
    share: float
    n: float | None


@dataclass(frozen=True)
class Overlaps:
    """Measured shares of the first member's audience that the second has too.

    `respondents` is the size of the survey where the sizes of the audiences are its own (else None).
    `note` says what a reader must know about how the table was read.
    """

    shares: Mapping[tuple[str, str], list[Share]]
    respondents: float | None = None
    note: str | None = None

    def among(self, members: Sequence[Member], *, first: int) -> dict[tuple[int, int], Share]:
        """Return the people that members share, by their places (counted from `first`), for measured pairs.

        Shares given in both directions are averaged, and their ranges joined.
        """
        places = {member.id: at for at, member in enumerate(members)}
        found: dict[tuple[int, int], list[Share]] = {}
        for (a, b), shares in self.shares.items():
            if a in places and b in places:
                size = members[places[a]].figure("potential", "").value
                if size is not None:
                    pair = (min(places[a], places[b]) + first, max(places[a], places[b]) + first)
                    found.setdefault(pair, []).extend((low * size, x * size, high * size) for low, x, high in shares)
        shared = {}
        for pair, people in found.items():
            low, point, high = zip(*people, strict=True)
            shared[pair] = (min(low), sum(point) / len(point), max(high))
        return shared


def overlaps_of(overlaps: Any, members: Sequence[Member], confidence: float, population: float | None) -> Overlaps:
    """Return the measured shares by pairs of members; without a number of respondents a share counts as exact.

    Parameters
    ----------
    overlaps
        `actor_a, actor_b, share_a_in_b, n`. The share is that of a's audience that b has too.
    members
        With their figures: sizes tell whether a share is possible.
    confidence
        Coverage of the intervals of shares.
    population
        People of the place: with it, respondents tell the size of the survey.

    Raises
    ------
    InputError
        If a share is not between 0 and 1, rests on fewer than one respondent, or would make a share more people with b
        than b has (while it would be possible as a share of b's audience: the two ways to write it are named).

    Notes
    -----
    The table as a whole is read as shares of b's audience if only that fits: pairs given in both directions then agree
    on the people shared and disagree otherwise, or the respondents `n` are the same for every row of a `b` and differ
    within an `a`. `Overlaps.note` then says so.
    """
    if overlaps is None:
        return Overlaps({})
    sizes = {member.id: member.figure("potential", "") for member in members}
    known = {actor: figure.value for actor, figure in sizes.items() if figure.value is not None}
    rows = _rows(overlaps, members)
    note = None
    if _other_way(rows, known):
        rows, note = [Row(row.other, row.base, row.share, row.n) for row in rows], OTHER_WAY
    else:
        highs = {actor: figure.high for actor, figure in sizes.items() if figure.high is not None}
        lows = {actor: figure.low for actor, figure in sizes.items() if figure.low is not None}
        for row in rows:
            _refuse_impossible(row, lows, highs, confidence)
    respondents = _respondents(rows, known, population)
    shares: dict[tuple[str, str], list[Share]] = {}
    for row in rows:
        share = row.share
        interval = (share, share, share) if row.n is None else wilson(share, row.n, confidence=confidence)
        shares.setdefault((row.base, row.other), []).append(interval)
    return Overlaps(shares, respondents, note)


def _rows(overlaps: Any, members: Sequence[Member]) -> list[Row]:
    table = pick(
        overlaps, "overlaps", {"actor_a": "string", "actor_b": "string", "share_a_in_b": "float64"}, {"n": "float64"}
    ).to_pyarrow()
    owner = {account: member.id for member in members for account in member.accounts}
    rows = []
    for row in table.to_pylist():
        share, n, pair = row["share_a_in_b"], row["n"], (row["actor_a"], row["actor_b"])
        if share is None:
            continue
        if not 0 <= share <= 1:
            raise InputError(f"overlaps: share_a_in_b of {pair[0]} in {pair[1]} is {share:g}. Write 0.35 for 35%.")
        if n is not None and n < 1:
            raise InputError(
                f"overlaps: n of {pair[0]} in {pair[1]} is {n:g}. Give the respondents, or leave it empty."
            )
        a, b = owner.get(pair[0] or ""), owner.get(pair[1] or "")
        if a is not None and b is not None and a != b:
            rows.append(Row(a, b, share, n))
    return sorted(rows, key=lambda row: (row.base, row.other, row.share))


def _other_way(rows: Sequence[Row], sizes: Mapping[str, float]) -> bool:
    """Return whether the table as a whole only makes sense as shares of the second audience."""
    both = _both_directions(rows, sizes)
    if both:
        ours, theirs = (median(gaps) for gaps in zip(*both, strict=True))
        return bool(theirs <= 1 < ours)
    return _bases_are_second(rows)


def _both_directions(rows: Sequence[Row], sizes: Mapping[str, float]) -> list[tuple[float, float]]:
    """Return, for each pair given both ways, how far the people shared differ under either reading (1: as expected)."""
    first = {(row.base, row.other): row for row in rows}
    gaps = []
    for (a, b), there in first.items():
        back = first.get((b, a))
        if a < b and back is not None and min(sizes.get(a, 0), sizes.get(b, 0), there.share, back.share) > 0:
            error = sum((1 - row.share) / row.share / row.n for row in (there, back) if row.n) ** 0.5
            allowed = _ROUNDED + 3 * error
            log_share, log_size = np.log(there.share / back.share), np.log(sizes[a] / sizes[b])
            gaps.append((abs(log_share + log_size) / allowed, abs(log_share - log_size) / allowed))
    return gaps


def _bases_are_second(rows: Sequence[Row]) -> bool:
    """Return whether n is one number for each second actor and several for first ones: then it counts b's audience."""
    first: dict[str, set[float]] = {}
    second: dict[str, set[float]] = {}
    repeated: dict[str, int] = {}
    for row in rows:
        if row.n is None:
            return False
        first.setdefault(row.base, set()).add(row.n)
        second.setdefault(row.other, set()).add(row.n)
        repeated[row.other] = repeated.get(row.other, 0) + 1
    constant = all(len(numbers) == 1 for numbers in second.values())
    varying = sum(len(numbers) > 1 for numbers in first.values())
    return constant and varying >= 2 and max(repeated.values(), default=0) >= 2


def _refuse_impossible(row: Row, lows: Mapping[str, float], highs: Mapping[str, float], confidence: float) -> None:
    """Raise InputError if even the low end of a share makes more people than the other audience has."""
    low = row.share if row.n is None else wilson(row.share, row.n, confidence=confidence)[0]
    own, other = lows.get(row.base), highs.get(row.other)
    if own is None or other is None or low * own <= other * (1 + _ROUNDED):
        return
    shared = f"{row.share:g} of {row.base}'s {own:,.0f} people are {row.share * own:,.0f}"
    raise InputError(
        f"overlaps: share_a_in_b of {row.base} in {row.other} is {row.share:g}, but {shared}, and {row.other} has only "
        f"{other:,.0f}. The share is that of a's audience that b has too (people in both / people in a). If it was "
        f"measured as people in both / people in b, swap actor_a and actor_b; otherwise correct the share or the sizes."
    )


def _respondents(rows: Sequence[Row], sizes: Mapping[str, float], population: float | None) -> float | None:
    """Return the respondents of the survey that both shares and sizes come from; None where they do not agree."""
    if population is None or any(row.n is None or not sizes.get(row.base) for row in rows):
        return None
    found = {row.base: (row.n or 0) / sizes[row.base] * population for row in rows}
    if len(found) < 2:
        return None
    middle = median(found.values())
    numbers = {row.base: row.n or 1.0 for row in rows}
    # A rounded size or a respondent more or less is no other survey.
    close = [abs(total / middle - 1) <= _ONE_SURVEY + 1 / numbers[base] for base, total in found.items()]
    return middle if all(close) else None
