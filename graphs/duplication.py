"""Measured duplication between two audiences, from a survey, as people with an interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scipy import stats

from graphs.errors import InputError
from graphs.members import Member
from graphs.tables import pick

__all__ = ["Overlaps", "overlaps_of", "wilson"]

Share = tuple[float, float, float]


@dataclass(frozen=True)
class Overlaps:
    """Shares `(low, point, high)` of the second member's audience that the first one has too."""

    shares: Mapping[tuple[str, str], list[Share]]

    def among(self, members: Sequence[Member], *, first: int) -> dict[tuple[int, int], Share]:
        """Return the people that members share, by their places (counted from `first`), for measured pairs.

        Shares given in both directions are averaged, and their ranges joined.
        """
        shared = {}
        for i, a in enumerate(members):
            for j in range(i + 1, len(members)):
                people = [*self._people(a, members[j]), *self._people(members[j], a)]
                if people:
                    low, point, high = zip(*people, strict=True)
                    shared[first + i, first + j] = (min(low), sum(point) / len(point), max(high))
        return shared

    def _people(self, a: Member, b: Member) -> list[Share]:
        size = b.figure("potential", "").value
        if size is None:
            return []
        return [(low * size, point * size, high * size) for low, point, high in self.shares.get((a.id, b.id), [])]


def overlaps_of(overlaps: Any, members: Sequence[Member], confidence: float) -> Overlaps:
    """Return the measured shares by pairs of members; without a number of respondents a share counts as exact.

    `share_a_in_b` is the share of b's audience that a has too, and `n` the respondents in b's audience.

    Raises InputError if a share is not between 0 and 1, or rests on fewer than one respondent.
    """
    if overlaps is None:
        return Overlaps({})
    rows = pick(
        overlaps, "overlaps", {"actor_a": "string", "actor_b": "string", "share_a_in_b": "float64"}, {"n": "float64"}
    ).to_pyarrow()
    owner = {account: member.id for member in members for account in member.accounts}
    shares: dict[tuple[str, str], list[Share]] = {}
    for row in rows.to_pylist():
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
            shares.setdefault((a, b), []).append(
                (share, share, share) if n is None else wilson(share, n, confidence=confidence)
            )
    return Overlaps(shares)


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
    z = float(stats.norm.ppf((1 + confidence) / 2))
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    return max(0.0, min(share, centre - half)), share, min(1.0, max(share, centre + half))
