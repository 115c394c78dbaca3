"""Groups of members, those of them with a figure, and the basis on which they can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from graphs.comparing.nets import Nets
from graphs.comparing.rows import Count, group_name
from graphs.figures import Figure, because, missing
from graphs.reaching.engaged import POST, WINDOW
from graphs.reaching.members import Member

__all__ = ["DIFFERENT_BASES", "LARGEST", "MOST_PAIRS", "Groups", "Sides", "largest", "measured", "why_nothing"]

DIFFERENT_BASES = "engaged figures rest on different bases (accounts in the window, accounts on a post)"

MOST_PAIRS, LARGEST = 2_500, 50
"""Pairs of two sides that are all listed, and how many of the largest of each side are where there are more."""


@dataclass(frozen=True)
class Sides:
    """Two groups of members, those of them with a figure on `basis`."""

    a: Sequence[Member]
    b: Sequence[Member]
    with_a: Sequence[Member]
    with_b: Sequence[Member]
    basis: str

    @property
    def count(self) -> Count:
        """Return how many members the comparison rests on."""
        used = len(self.with_a), len(self.with_b)
        return Count(*used, len(self.a) + len(self.b) - sum(used))

    @property
    def complete(self) -> bool:
        """Return whether both sides have a member with a figure."""
        return bool(self.with_a and self.with_b)

    def reason(self, kind: str, left: str, right: str) -> str:
        """Return why there is nothing to compare."""
        if kind == "engaged" and any(m.engaged for m in self.a) and any(m.engaged for m in self.b):
            return DIFFERENT_BASES
        empty = [(self.a, left)] * (not self.with_a) + [(self.b, right)] * (not self.with_b)
        return because(why_nothing(members, kind, name) for members, name in empty) or "no figure"


@dataclass(frozen=True)
class Groups:
    """The members of a comparison by kind, the two sides, and the net reach of any of them."""

    members: Sequence[Member]
    kinds: tuple[str, str]
    nets: Nets

    def of(self, kind: str) -> list[Member]:
        """Return the members of a kind of actor."""
        return [member for member in self.members if member.kind == kind]

    def basis(self, kind: str, *groups: Sequence[Member]) -> str:
        """Return the basis on which most members of the groups have a figure, of those that every group has."""
        if kind != "engaged":
            return ""
        counts = {
            basis: [sum(not m.figure(kind, basis).empty for m in group) for group in groups if group]
            for basis in (WINDOW, POST)
        }
        return max(counts, key=lambda basis: (min(counts[basis], default=0) > 0, sum(counts[basis]), basis == WINDOW))

    def sides(self, kind: str, left: str, right: str) -> Sides:
        """Return two kinds of actors with a common basis."""
        a, b = self.of(left), self.of(right)
        basis = self.basis(kind, a, b)
        return Sides(a, b, measured(a, kind, basis), measured(b, kind, basis), basis)

    def whole(self, side: str, kind: str) -> tuple[Figure, Count, list[Member], str]:
        """Return the net reach of all of a kind of actor, on their own best basis, with the members it rests on."""
        members = self.of(side)
        basis = self.basis(kind, members)
        used = measured(members, kind, basis)
        figure = self.nets.union(used, kind, basis) if used else missing(why_nothing(members, kind, side))
        return figure, Count(len(used), 0, len(members) - len(used)), used, basis

    def listed(self, kind: str) -> tuple[list[Member], list[Member]]:
        """Return the members of the two sides whose pairs are listed: all, or the largest of each."""
        a, b = (self.of(side) for side in self.kinds)
        if len(a) * len(b) <= MOST_PAIRS:
            return a, b
        return largest(a, kind, LARGEST), largest(b, kind, LARGEST)

    def names(self) -> tuple[str, str]:
        """Return what the wholes of the two sides are called."""
        return group_name(self.kinds[0]), group_name(self.kinds[1])


def largest(members: Sequence[Member], kind: str, most: int) -> list[Member]:
    """Return the members with the largest figures of a kind of reach, ordered by id."""

    def size(member: Member) -> float:
        figures = [figure for key, figure in member.figures.items() if key[0] == kind and not figure.empty]
        known = [x for f in figures for x in (f.value, f.high, f.low) if x is not None]
        return max(known, default=-1.0)

    chosen = sorted(members, key=lambda member: (-size(member), member.id))[:most]
    return sorted(chosen, key=lambda member: member.id)


def measured(members: Sequence[Member], kind: str, basis: str) -> list[Member]:
    """Return the members that have a figure."""
    return [member for member in members if not member.figure(kind, basis).empty]


def why_nothing(members: Sequence[Member], kind_of_reach: str, kind: str) -> str:
    """Return why no member of a kind of actor has a figure."""
    if not members:
        return f"no actor of kind {kind} in the roster"
    reasons = {f.reason for m in members for key, f in m.figures.items() if key[0] == kind_of_reach and f.empty}
    return f"{kind}: {because(sorted(filter(None, reasons))) or 'no figure'}"
