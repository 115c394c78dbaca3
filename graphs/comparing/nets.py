"""Net reach of any group of members, and whom it adds to another group, of every kind of reach."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from graphs.figures import Figure, because, missing
from graphs.ratios import difference
from graphs.reaching.accounts import AccountSets
from graphs.reaching.duplication import Overlaps
from graphs.reaching.engaged import WINDOW
from graphs.reaching.joint import choose_base
from graphs.reaching.members import Member, chao_figure
from graphs.reaching.sketches import SketchSets
from graphs.reaching.survey import Share
from graphs.reaching.unions import Audiences, beyond_of

__all__ = ["NetSimulated", "Nets"]

NetSimulated = Callable[[Sequence[str]], Figure]


@dataclass(frozen=True)
class Nets:
    """What net reach is computed from.

    `follows` holds the followers that are listed one by one, by platform; `acts` the accounts that acted. `base` is the
    model of the joint distribution that won on held-out unions of all members (`base_of`).
    """

    follows: AccountSets | SketchSets
    acts: AccountSets
    overlaps: Overlaps
    population: float | None
    confidence: float
    net_simulated: NetSimulated | None = None
    base: str | None = None
    _known: dict[tuple[str, str, frozenset[str]], Figure] = field(default_factory=dict)

    def union(self, members: Sequence[Member], kind: str, basis: str) -> Figure:
        """Return the people (or accounts) whom at least one of the members reaches."""
        key = (kind, basis, frozenset(member.id for member in members))
        if key not in self._known:
            self._known[key] = self._union(members, kind, basis)
        return self._known[key]

    def _union(self, members: Sequence[Member], kind: str, basis: str) -> Figure:
        if not members:
            return missing("nobody is left to compare with")
        if len(members) == 1:
            return members[0].figure(kind, basis)
        if kind == "engaged" and basis == WINDOW:
            return chao_figure(self.acts.seen(m.id for m in members), self.confidence, self.population)
        if kind == "simulated" and self.net_simulated is not None:
            return self.net_simulated([account for member in members for account in member.accounts])
        audiences, first, _ = self._audiences(members, [], kind, basis)
        return self._noted(audiences.union(first))

    def beyond(self, members: Sequence[Member], others: Sequence[Member], kind: str, basis: str) -> Figure:
        """Return whom the members reach and none of the others does: the union of both less that of the others."""
        own = {member.id for member in members}
        others = [other for other in others if other.id not in own]
        if not others:
            return self.union(members, kind, basis)
        together = [*members, *others]
        if (kind == "engaged" and basis == WINDOW) or (kind == "simulated" and self.net_simulated is not None):
            return self._estimated_beyond(members, others, kind, basis)
        audiences, first, second = self._audiences(members, others, kind, basis)
        if self._all_listed(together, kind):
            (platform,) = {platform for member in together for platform in member.platforms}
            # Exact, or as sure as the sketches of the two sets.
            return self.follows.beyond([m.id for m in members], [m.id for m in others]).get(
                platform, Figure(0.0, 0.0, 0.0, "follower_list", "followers", 0)
            )
        if not audiences.overlaps:
            parts = (self.union(members, kind, basis), self.union(others, kind, basis))
            return beyond_of(*parts, self.union(together, kind, basis), self.population)
        return self._noted(audiences.beyond(first, second))

    def _all_listed(self, members: Sequence[Member], kind: str) -> bool:
        platforms = {platform for member in members for platform in member.platforms}
        return kind == "potential" and len(platforms) == 1 and all(member.listed for member in members)

    def _estimated_beyond(self, members: Sequence[Member], others: Sequence[Member], kind: str, basis: str) -> Figure:
        """Return the difference of two estimates of net reach; no less than the accounts that were seen."""
        both, rest = self.union([*members, *others], kind, basis), self.union(others, kind, basis)
        if rest.empty or both.empty:
            return self.union(members, kind, basis) if rest.empty else both
        seen = 0
        if kind == "engaged":
            everybody = self.acts.seen(m.id for m in [*members, *others]).n
            seen = everybody - self.acts.seen(m.id for m in others).n
        found = difference(both, rest)
        value, low = (None if x is None else max(float(seen), x) for x in (found.value, found.low))
        high = found.high if found.high is None or value is None else max(found.high, value)
        return replace(found, value=value, low=low, high=high, estimator=both.estimator, n=seen or both.n)

    def shared(self, a: Member, b: Member, kind: str, basis: str) -> Figure:
        """Return the people (or accounts) whom both members reach."""
        first, second = a.figure(kind, basis), b.figure(kind, basis)
        if first.empty or second.empty:
            return missing(because([first.reason, second.reason]) or "no figure")
        if self._all_listed([a, b], kind):
            (platform,) = a.platforms
            none = Figure(0.0, 0.0, 0.0, "follower_list", "followers", 0)
            return self.follows.both([a.id], [b.id]).get(platform, none)
        union = self.union([a, b], kind, basis)
        if kind == "engaged" and basis == WINDOW:
            seen = sum(figure.n for figure in self.acts.both([a.id], [b.id]).values())
            return _intersection(first, second, union, self.population, least=float(seen), n=seen)
        return _intersection(first, second, union, self.population)

    def _audiences(
        self, members: Sequence[Member], others: Sequence[Member], kind: str, basis: str
    ) -> tuple[Audiences, list[int], list[int]]:
        """Return the parts of two groups: listed followers by platform, and the members known by size alone."""
        parts: list[Figure] = []
        shared: dict[tuple[int, int], Share] = {}
        places: tuple[list[int], list[int]] = ([], [])
        exact = kind == "potential"
        listed = [[m for m in group if exact and m.listed] for group in (members, others)]
        sides = [self.follows.figures([m.id for m in group]) if group else {} for group in listed]
        at: dict[tuple[int, str], int] = {}
        for side, figures in enumerate(sides):
            for platform, figure in figures.items():
                at[side, platform] = len(parts)
                places[side].append(len(parts))
                parts.append(figure)
        if all(listed):
            both = self.follows.both([m.id for m in listed[0]], [m.id for m in listed[1]])
            for platform in sides[0].keys() & sides[1].keys():
                figure = both.get(platform, Figure(0.0, 0.0, 0.0, None))
                ends = [x or 0.0 for x in (figure.low, figure.value, figure.high)]
                shared[at[0, platform], at[1, platform]] = (ends[0], ends[1], ends[2])
        rest = [[m for m in group if not (exact and m.listed)] for group in (members, others)]
        first = len(parts)
        for side, group in enumerate(rest):
            places[side].extend(range(len(parts), len(parts) + len(group)))
            parts += [member.figure(kind, basis) for member in group]
        unlisted = [*rest[0], *rest[1]]
        if kind == "potential" or all(_same_audience(member, kind, basis) for member in unlisted):
            shared |= self.overlaps.among(unlisted, first=first)
        respondents = None if any(listed) else self.overlaps.respondents
        return Audiences(parts, self.population, shared, respondents, self.confidence, self.base), *places

    def _noted(self, figure: Figure) -> Figure:
        if self.overlaps.note is None or "measured" not in (figure.estimator or ""):
            return figure
        return replace(figure, estimator=f"{figure.estimator}; {self.overlaps.note}")


def base_of(members: Sequence[Member], overlaps: Overlaps, population: float | None) -> str | None:
    """Return the base that predicts held-out unions of the measured members best; None where nothing is measured."""
    sized = [member for member in members if member.figure("potential", "").value is not None]
    shared = overlaps.among(sized, first=0)
    if population is None or not shared:
        return None
    shares = [min(1.0, (member.figure("potential", "").value or 0.0) / population) for member in sized]
    return choose_base(shares, {pair: people[1] / population for pair, people in shared.items()})


def _same_audience(member: Member, kind: str, basis: str) -> bool:
    """Return whether a figure is that of the audience which overlaps were measured of."""
    figure, audience = member.figure(kind, basis), member.figure("potential", "")
    return figure.value is not None and (figure.value, figure.estimator) == (audience.value, audience.estimator)


def _intersection(
    a: Figure, b: Figure, union: Figure, population: float | None, *, least: float = 0.0, n: int | None = None
) -> Figure:
    """Return how many two audiences share, by inclusion and exclusion, within what their sizes allow."""
    highs = [x.high for x in (a, b) if x.high is not None]
    high = min(highs, default=None)
    if high is not None and a.exact and b.exact and union.low is not None and a.value is not None:
        high = min(high, a.value + (b.value or 0) - union.low)
    low = least
    if union.high is not None and a.low is not None and b.low is not None:
        low = max(low, a.low + b.low - union.high) if union.bounds or union.exact else low
    value = None
    if None not in (a.value, b.value, union.value):
        value = (a.value or 0) + (b.value or 0) - (union.value or 0)
        value = max(low, value if high is None else min(value, high))
    if high is not None:
        high = max(high, low, value or 0.0)
    reason = None if None not in (value, high) else because([union.reason, a.reason, b.reason]) or "no figure"
    return Figure(value, low, high, union.estimator, union.basis, union.n if n is None else n, True, reason)
