"""How many of one side it takes to reach as many people as an outlet, or as all outlets together."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Literal

from graphs.comparing.groups import Groups, Sides
from graphs.comparing.rows import Count, row
from graphs.figures import Figure, because, missing
from graphs.reaching.engaged import WINDOW
from graphs.reaching.members import Member

__all__ = ["EXHAUSTIVE", "matching_rows"]

EXHAUSTIVE = 10
"""Members up to which every choice of them is tried, where their accounts are listed; more are added greedily."""

End = Literal["low", "value", "high"]


@dataclass
class _Ladder:
    """Members in the order in which they are added, and the net reach of the first n."""

    groups: Groups
    kind: str
    basis: str
    members: list[Member]
    listed: bool
    steps: dict[int, Figure] = field(default_factory=dict)

    def step(self, n: int) -> Figure:
        """Return the net reach of the first n members."""
        if n not in self.steps:
            self.steps[n] = self.groups.nets.union(self.members[:n], self.kind, self.basis)
        return self.steps[n]

    def fewest(self, end: End, target: float) -> int | None:
        """Return the fewest members whose net reach (one end of it) is the target or more."""
        everyone = len(self.members)
        if (getattr(self.step(everyone), end) or 0.0) < target:
            return None
        found = 1 + bisect_left(range(1, everyone), target, key=lambda n: getattr(self.step(n), end) or 0.0)
        if self.listed and everyone <= EXHAUSTIVE:
            # Adding greedily can take one too many; so few can all be tried.
            for n in range(1, found):
                for chosen in combinations(self.members, n):
                    net = self.groups.nets.union(chosen, self.kind, self.basis)
                    if (getattr(net, end) or 0.0) >= target:
                        return n
        return found


def matching_rows(groups: Groups, kind: str) -> Iterator[dict[str, Any]]:
    """Yield how many members of the first side match each listed outlet, and all outlets together."""
    sides = groups.sides(kind, *groups.kinds)
    name, whole = groups.names()
    if not sides.complete:
        nothing = missing(sides.reason(kind, *groups.kinds))
        yield row("leaders_to_match", kind, name, whole, nothing, sides.count)
        return
    ladder = _ladder(groups, kind, sides)
    net = groups.nets.union(sides.with_b, kind, sides.basis)
    yield row("leaders_to_match", kind, name, whole, _matched(ladder, net), sides.count)
    count = len(sides.with_a)
    for outlet in groups.listed(kind)[1]:
        target = outlet.figure(kind, sides.basis)
        counted = Count(count, int(not target.empty), len(sides.a) - count + int(target.empty))
        yield row("leaders_to_match", kind, name, outlet.id, _matched(ladder, target), counted)


def _ladder(groups: Groups, kind: str, sides: Sides) -> _Ladder:
    members = {member.id: member for member in sides.with_a}
    listed = kind == "potential" and all(member.listed for member in members.values())
    acted = kind == "engaged" and sides.basis == WINDOW
    if listed or acted:
        order: Sequence[str] = (groups.nets.follows if listed else groups.nets.acts).order(list(members))
    else:
        # Of audiences known by size alone, the largest first: no choice of as many is larger, if they are independent.
        order = sorted(members, key=lambda one: (-_size(members[one].figure(kind, sides.basis)), one))
    return _Ladder(groups, kind, sides.basis, [members[one] for one in order], listed)


def _size(figure: Figure) -> float:
    return next((x for x in (figure.value, figure.high, figure.low) if x is not None), 0.0)


def _matched(ladder: _Ladder, target: Figure) -> Figure:
    """Return the number of members; its low end lets their upper ends meet the target's lower end, and so on."""
    if target.empty:
        return missing(target.reason or "no figure")
    value = None if target.value is None else ladder.fewest("value", target.value)
    low = None if target.low is None else ladder.fewest("high", target.low)
    high = None if target.high is None else ladder.fewest("low", target.high)
    if value is None and low is not None and low == high:
        value = low  # whatever the figures are within their ranges, it takes so many
    reason = None
    if None in (value, low, high):
        everyone = len(ladder.members)
        net = ladder.step(everyone)
        reached = "an unknown number" if net.value is None else f"{net.value:,.0f}"
        reason = because([f"all {everyone} together reach {reached}: not surely as many", target.reason])
        if value is None and target.value is not None and net.value is not None and net.value < target.value:
            reason = f"all {everyone} together reach {reached}, fewer than {target.value:,.0f}"
    how = "fewest" if ladder.listed and len(ladder.members) <= EXHAUSTIVE else "added greedily"
    ends = [None if x is None else float(x) for x in (value, low, high)]
    if ends[0] is not None:
        ends[1] = None if ends[1] is None else min(ends[1], ends[0])
        ends[2] = None if ends[2] is None else max(ends[2], ends[0])
    estimator = f"members {how}; {ladder.step(len(ladder.members)).estimator}"
    return Figure(ends[0], ends[1], ends[2], estimator, target.basis, len(ladder.members), True, reason)
