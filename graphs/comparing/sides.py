"""Rows of two sides: ratios and differences of typical members, wholes and pairs; net reach, and what one adds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from graphs.comparing.groups import DIFFERENT_BASES, Groups
from graphs.comparing.rows import Count, group_name, row
from graphs.figures import Figure, because, missing
from graphs.ratios import difference, ratio, typical_pair
from graphs.reaching.exposed import WORLD
from graphs.reaching.members import GROUP_KINDS, Member

__all__ = ["group_rows", "incremental_rows", "other_kinds", "pair_rows", "union_rows"]

Rows = Iterator[dict[str, Any]]


def group_rows(groups: Groups, kind: str, left: str, right: str, measures: Sequence[str]) -> Rows:
    """Yield ratio and difference of the typical members of two kinds, and of their net reach."""
    sides = groups.sides(kind, left, right)
    nothing = missing(sides.reason(kind, left, right)) if not sides.complete else None
    first = second = nothing or missing("")
    if nothing is None:
        a, b = ([m.figure(kind, sides.basis) for m in members] for members in (sides.with_a, sides.with_b))
        # An interval of a few members that differ much may end above everybody there is.
        everybody = groups.nets.population or WORLD
        first, second = (_at_most(x, everybody) for x in typical_pair(a, b, groups.nets.confidence))
    yield from _compared(kind, left, right, first, second, sides.count, measures)
    if nothing is None:
        first, second = (groups.nets.union(m, kind, sides.basis) for m in (sides.with_a, sides.with_b))
    yield from _compared(kind, group_name(left), group_name(right), first, second, sides.count, measures)


def _at_most(figure: Figure, everybody: float) -> Figure:
    if figure.high is None:
        return figure
    return replace(figure, high=max(min(figure.high, everybody), figure.value or 0))


def union_rows(groups: Groups, kind: str) -> Rows:
    """Yield the net reach of each kind of actor in the roster, and that of the two sides together."""
    for side in (*groups.kinds, *other_kinds(groups)):
        figure, count, _, _ = groups.whole(side, kind)
        yield row("union", kind, group_name(side), "", figure, count)
    sides, (a, b) = groups.sides(kind, *groups.kinds), groups.names()
    both = missing(sides.reason(kind, *groups.kinds))
    if sides.complete:
        both = groups.nets.union([*sides.with_a, *sides.with_b], kind, sides.basis)
    yield row("union", kind, a, b, both, sides.count)


def other_kinds(groups: Groups) -> list[str]:
    """Return the kinds of actor in the roster besides the two sides."""
    return [kind for kind in GROUP_KINDS if kind not in groups.kinds and groups.of(kind)]


def incremental_rows(groups: Groups, kind: str) -> Rows:
    """Yield whom each side, and each listed member, adds to the other side."""
    for left, right in (groups.kinds, groups.kinds[::-1]):
        sides, name = groups.sides(kind, left, right), group_name(right)
        added = missing(sides.reason(kind, left, right))
        if sides.complete:
            added = groups.nets.beyond(sides.with_a, sides.with_b, kind, sides.basis)
        yield row("incremental", kind, group_name(left), name, added, sides.count)
        listed = groups.listed(kind)[0 if left == groups.kinds[0] else 1]
        for member in listed if sides.complete else ():
            own = member.figure(kind, sides.basis)
            beyond = missing(own.reason or "no figure")
            if not own.empty:
                beyond = groups.nets.beyond([member], sides.with_b, kind, sides.basis)
            count = Count(int(not own.empty), len(sides.with_b), int(own.empty) + len(sides.b) - len(sides.with_b))
            yield row("incremental", kind, member.id, name, beyond, count)


def pair_rows(groups: Groups, kind: str) -> Rows:
    """Yield ratio, difference and union of each listed member of one side with each of the other."""
    first, second = groups.listed(kind)
    for a in first:
        for b in second:
            yield from _pair(groups, kind, a, b)


def _pair(groups: Groups, kind: str, a: Member, b: Member) -> Rows:
    basis = groups.basis(kind, [a], [b])
    first, second = a.figure(kind, basis), b.figure(kind, basis)
    if kind == "engaged" and first.empty != second.empty and a.engaged and b.engaged:
        first = second = missing(DIFFERENT_BASES)
    count = Count(int(not first.empty), int(not second.empty), int(first.empty) + int(second.empty))
    yield from _compared(kind, a.id, b.id, first, second, count, ("ratio", "difference"))
    if first.empty or second.empty:
        union = missing(because([first.reason, second.reason]) or "no figure")
    else:
        union = groups.nets.union([a, b], kind, basis)
    yield row("union", kind, a.id, b.id, union, count)


def _compared(kind: str, a: str, b: str, first: Figure, second: Figure, count: Count, measures: Sequence[str]) -> Rows:
    for measure in measures:
        figure = ratio(first, second) if measure == "ratio" else difference(first, second)
        yield row(measure, kind, a, b, figure, count)
