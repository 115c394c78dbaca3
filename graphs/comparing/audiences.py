"""Rows on whose audience is whose: exclusive audiences, and the duplication matrix."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from typing import Any

from graphs.comparing.groups import Groups, Sides, largest, measured
from graphs.comparing.rows import Count, row
from graphs.figures import Figure, missing
from graphs.reaching.members import Member

__all__ = ["IN_MATRIX", "duplication_rows", "exclusive_rows"]

IN_MATRIX = 12
"""Members of each side, the largest, whose duplications are listed."""

Rows = Iterator[dict[str, Any]]


def exclusive_rows(groups: Groups, kind: str) -> Rows:
    """Yield whom each side, and each listed member, reaches and nobody else compared (of either side) does."""
    sides = groups.sides(kind, *groups.kinds)
    together = [*sides.with_a, *sides.with_b]
    wholes = zip(groups.names(), (sides.with_a, sides.with_b), (sides.with_b, sides.with_a), strict=True)
    for name, members, others in wholes:
        figure = missing(sides.reason(kind, *groups.kinds))
        if members:
            figure = groups.nets.beyond(members, others, kind, sides.basis)
        yield row("exclusive", kind, name, "", figure, Count(len(members), len(others), sides.count.left_out))
    for member in (member for listed in groups.listed(kind) for member in listed):
        yield _exclusive(groups, kind, sides, member, together)


def _exclusive(groups: Groups, kind: str, sides: Sides, member: Member, together: list[Member]) -> dict[str, Any]:
    own = member.figure(kind, sides.basis)
    others = [other for other in together if other.id != member.id]
    figure = missing(own.reason or "no figure")
    if not own.empty:
        figure = groups.nets.beyond([member], others, kind, sides.basis)
    return row("exclusive", kind, member.id, "", figure, Count(int(not own.empty), len(others), sides.count.left_out))


def duplication_rows(groups: Groups, kind: str) -> Rows:
    """Yield, for every two of the largest members, whom both reach, and which share that is of the first's audience.

    Both orders are listed: the people are the same, the shares differ.
    """
    chosen = [member for side in groups.kinds for member in largest(groups.of(side), kind, IN_MATRIX)]
    basis = groups.basis(kind, *(groups.of(side) for side in groups.kinds))
    known = {member.id: member for member in measured(chosen, kind, basis)}
    shared: dict[frozenset[str], Figure] = {}
    for a, b in permutations(sorted(known), 2):
        pair = frozenset((a, b))
        if pair not in shared:
            shared[pair] = groups.nets.shared(known[a], known[b], kind, basis)
        yield row("duplication", kind, a, b, shared[pair], Count(1, 1))
        yield row("duplication_share", kind, a, b, _share(shared[pair], known[a].figure(kind, basis)), Count(1, 1))


def _share(both: Figure, own: Figure) -> Figure:
    """Return people in both as a share (0 to 1) of one audience."""
    if own.value == 0:
        return missing("the first has no audience, so nothing can be a share of it")
    if both.empty or own.value is None:
        return missing(both.reason or own.reason or "no figure")
    value, low, high = (None if x is None else min(1.0, x / own.value) for x in (both.value, both.low, both.high))
    if not own.exact and own.low and own.high:
        low = None if both.low is None else min(1.0, both.low / own.high)
        high = None if both.high is None else min(1.0, both.high / own.low)
    return replace(both, value=value, low=low, high=high)
