"""Leaders against media: ratios, differences and net reach, for each pair and for the groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from graphs.accounts import AccountSets, account_sets
from graphs.duplication import Overlaps, overlaps_of
from graphs.engaged import POST, WINDOW
from graphs.errors import InputError
from graphs.exposed import WORLD
from graphs.figures import KINDS_OF_REACH, Figure, because, missing
from graphs.inputs import ACTING, actors_of, check_confidence, check_population, interactions_of, posts_of
from graphs.members import (
    GROUP_KINDS,
    Member,
    add_figures,
    chao_figure,
    listed_figure,
    mark_counted,
    members_of,
    platform_of,
    post_figures,
    reach_figures,
    roster_of,
)
from graphs.ratios import difference, ratio, typical_pair
from graphs.tables import pick
from graphs.unions import union_of_figures

__all__ = ["COMPARISON_SCHEMA", "compare_groups", "group_name"]

COMPARISON_SCHEMA = pa.schema(
    [
        pa.field("measure", pa.string(), nullable=False),
        pa.field("kind_of_reach", pa.string(), nullable=False),
        pa.field("a", pa.string(), nullable=False),
        pa.field("b", pa.string(), nullable=False),
        pa.field("value", pa.float64()),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
        pa.field("estimator", pa.string()),
        pa.field("n_a", pa.int64(), nullable=False),
        pa.field("n_b", pa.int64(), nullable=False),
        pa.field("left_out", pa.int64(), nullable=False),
        pa.field("basis", pa.string()),
        pa.field("reason_missing", pa.string()),
    ]
)

BOTH = "both"
"""Group of the members of both sides."""

DIFFERENT_BASES = "engaged figures rest on different bases (accounts in the window, accounts on a post)"


def group_name(kind: str) -> str:
    """Return what the whole of a kind is called: `all_leaders`, `all_media`, `all_party`, ..."""
    return "all_leaders" if kind == "leader" else f"all_{kind}"


def compare_groups(
    *,
    actors: Any,
    reach: pa.Table,
    posts: Any,
    interactions: Any,
    audiences: Any = None,
    overlaps: Any = None,
    population: float | None = None,
    kinds: tuple[str, str] = ("leader", "media"),
    confidence: float = 0.95,
    replicates: int = 1000,
    seed: int = 0,
) -> pa.Table:
    """Compare the reach of leaders with that of media, one by one and as groups.

    Parameters
    ----------
    actors, posts, interactions, audiences, overlaps
        Tables of the data contract. `actors.kind` makes the groups; an outlet that only `audiences` names is `media`.
        Accounts of one `person` (and kind) count once, under the id of the account with the largest reach.
        `overlaps.share_a_in_b` is the share of b's audience that a has too (0 to 1), `n` the respondents among b's.
    reach
        What `estimate_reach` returned for these tables.
    population
        People of the place. Without it, unions of audiences have a range but no point.
    kinds
        The two sides. `party`, `ngo`, `union` and `state` actors of the roster are compared with both as groups.
    confidence
        Coverage of the intervals.
    replicates, seed
        As in `estimate_reach`: checked, but these intervals are closed forms and nothing is drawn.

    Returns
    -------
    pyarrow.Table
        `measure, kind_of_reach, a, b, value, low, high, estimator, n_a, n_b, left_out, basis, reason_missing`.

        - `ratio` (a to b) and `difference` (a less b, people): for typical members (`leader`, `media`: the median of
          the members), for whole groups (`all_leaders`, `all_media`: net reach) and for each leader and outlet.
        - `union`: net reach in people (accounts, for `engaged`) of `all_leaders`, of `all_media`, of both, and of each
          leader with each outlet. `b` is empty where one group stands alone.

        `n_a` and `n_b` count the members with a figure, `left_out` those without one. A null number has its reason.

    Raises
    ------
    InputError
        If an actor has two kinds, a share is no share, or `reach` lacks columns.

    Notes
    -----
    Intervals of pairs: `graphs.ratios.ratio`. Intervals of typical members: `graphs.ratios.typical_pair`, made for
    small samples; the percentile bootstrap is too narrow for a handful of leaders and outlets.
    Net reach: distinct accounts where they are listed (followers of one platform exactly, accounts that acted with
    Chao's estimate of the unseen); otherwise `graphs.unions.union_bounds`: bounds, and a point for independent
    audiences. `engaged` figures rest on the whole window or on a typical post; only figures of one basis are compared,
    and members without a figure on it are left out.
    Leaders as a channel between media and public: Katz & Lazarsfeld (1955), Personal Influence, Free Press.

    References
    ----------
    See `graphs.ratios`, `graphs.unions`, `graphs.chao`.
    """
    check_confidence(confidence)
    people = check_population(population)
    if replicates < 1:
        raise InputError(f"replicates must be at least 1, got {replicates!r}.")
    if len(kinds) != 2 or kinds[0] == kinds[1]:
        raise InputError(f"kinds must name two different kinds of actor, got {kinds!r}.")
    every_kind = tuple(dict.fromkeys((*kinds, *GROUP_KINDS)))
    roster = roster_of(actors_of(actors), _outlets(audiences), every_kind)
    known = reach_figures(reach, roster)
    members = members_of(roster, known)
    mark_counted(members, known)
    acts = interactions_of(interactions)
    follows = _sets(acts, ("follow",), [m for m in members if m.listed], kinds, by_platform=True)
    engaged = _sets(acts, ACTING, [m for m in members if m.windowed], kinds, by_platform=False)
    by_post = post_figures(posts_of(posts), members, confidence, people)
    add_figures(members, known, by_post, follows, engaged, confidence, people)
    shares = overlaps_of(overlaps, members, confidence)
    comparison = Comparison(members, kinds, follows, engaged, shares, people, confidence)
    return pa.Table.from_pylist(list(comparison.rows()), schema=COMPARISON_SCHEMA)


def _outlets(audiences: Any) -> list[str]:
    if audiences is None:
        return []
    table = pick(audiences, "audiences", {"actor_id": "string"}, {}).distinct().to_pyarrow()
    return [actor for actor in table["actor_id"].to_pylist() if actor is not None]


def _sets(
    interactions: Any, kinds: Sequence[str], members: Sequence[Member], sides: tuple[str, str], *, by_platform: bool
) -> AccountSets:
    accounts = [(account, member.id) for member in members for account in member.accounts]
    membership = [(member.id, group_name(member.kind)) for member in members]
    membership += [(member.id, BOTH) for member in members if member.kind in sides]
    return account_sets(
        interactions,
        kinds,
        pa.table(
            {
                "actor_id": pa.array([account for account, _ in accounts], pa.string()),
                "member": pa.array([member for _, member in accounts], pa.string()),
                "platform": pa.array([platform_of(x) if by_platform else "" for x, _ in accounts], pa.string()),
            }
        ),
        pa.table(
            {
                "member": pa.array([member for member, _ in membership], pa.string()),
                "group": pa.array([group for _, group in membership], pa.string()),
            }
        ),
        (group_name(sides[0]), group_name(sides[1])),
    )


@dataclass(frozen=True)
class Count:
    """Members with a figure on each side, and members without one."""

    a: int
    b: int
    left_out: int


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

    def reason(self, kind: str, left: str, right: str) -> str:
        """Return why there is nothing to compare."""
        if kind == "engaged" and any(m.engaged for m in self.a) and any(m.engaged for m in self.b):
            return DIFFERENT_BASES
        empty = [(self.a, left)] * (not self.with_a) + [(self.b, right)] * (not self.with_b)
        return because(_why_nothing(members, kind, name) for members, name in empty) or "no figure"


def _measured(members: Sequence[Member], kind: str, basis: str) -> list[Member]:
    return [member for member in members if not member.figure(kind, basis).empty]


def _why_nothing(members: Sequence[Member], kind_of_reach: str, kind: str) -> str:
    if not members:
        return f"no actor of kind {kind} in the roster"
    reasons = {f.reason for m in members for key, f in m.figures.items() if key[0] == kind_of_reach and f.empty}
    return f"{kind}: {because(sorted(filter(None, reasons))) or 'no figure'}"


@dataclass(frozen=True)
class Comparison:
    """Everything that the rows of the comparison are made of."""

    members: Sequence[Member]
    kinds: tuple[str, str]
    follows: AccountSets
    acts: AccountSets
    overlaps: Overlaps
    population: float | None
    confidence: float

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield all rows: per kind of reach the typical members, the groups, other kinds, and the pairs."""
        a, b = (self.of(kind) for kind in self.kinds)
        others = [kind for kind in GROUP_KINDS if kind not in self.kinds and self.of(kind)]
        for kind in KINDS_OF_REACH:
            yield from self._typical(kind, *self.kinds, ("ratio", "difference"))
            yield from self._whole(kind, *self.kinds, ("ratio", "difference"))
            yield from self._unions(kind)
            for other in others:
                for side in self.kinds:
                    yield from self._typical(kind, other, side, ("ratio",))
                    yield from self._whole(kind, other, side, ("ratio",))
            for first in a:
                for second in b:
                    yield from self._pair(kind, first, second)

    def of(self, kind: str) -> list[Member]:
        """Return the members of a kind."""
        return [member for member in self.members if member.kind == kind]

    def _basis(self, kind: str, *groups: Sequence[Member]) -> str:
        """Return the basis on which most members of the groups have a figure, of those that every group has."""
        if kind != "engaged":
            return ""
        counts = {
            basis: [sum(not m.figure(kind, basis).empty for m in group) for group in groups if group]
            for basis in (WINDOW, POST)
        }
        return max(counts, key=lambda basis: (min(counts[basis], default=0) > 0, sum(counts[basis]), basis == WINDOW))

    def _sides(self, kind: str, left: str, right: str) -> Sides:
        a, b = self.of(left), self.of(right)
        basis = self._basis(kind, a, b)
        return Sides(a, b, _measured(a, kind, basis), _measured(b, kind, basis), basis)

    def _typical(self, kind: str, left: str, right: str, measures: Sequence[str]) -> Iterator[dict[str, Any]]:
        sides = self._sides(kind, left, right)
        a, b = ([m.figure(kind, sides.basis) for m in members] for members in (sides.with_a, sides.with_b))
        if a and b:
            # An interval of a few members that differ much may end above everybody there is.
            first, second = (self._at_most_everybody(figure) for figure in typical_pair(a, b, self.confidence))
        else:
            first = second = missing(sides.reason(kind, left, right))
        yield from _compared(kind, left, right, first, second, sides.count, measures)

    def _at_most_everybody(self, figure: Figure) -> Figure:
        everybody = self.population or WORLD
        return (
            figure if figure.high is None else replace(figure, high=max(min(figure.high, everybody), figure.value or 0))
        )

    def _whole(self, kind: str, left: str, right: str, measures: Sequence[str]) -> Iterator[dict[str, Any]]:
        sides, names = self._sides(kind, left, right), (group_name(left), group_name(right))
        if sides.with_a and sides.with_b:
            first = self.net_reach(sides.with_a, names[0], kind, sides.basis)
            second = self.net_reach(sides.with_b, names[1], kind, sides.basis)
        else:
            first = second = missing(sides.reason(kind, left, right))
        yield from _compared(kind, *names, first, second, sides.count, measures)

    def _unions(self, kind: str) -> Iterator[dict[str, Any]]:
        for side in self.kinds:
            members = self.of(side)
            basis = self._basis(kind, members)
            used = _measured(members, kind, basis)
            figure = missing(_why_nothing(members, kind, side))
            if used:
                figure = self.net_reach(used, group_name(side), kind, basis)
            yield _row("union", kind, group_name(side), "", figure, Count(len(used), 0, len(members) - len(used)))
        sides = self._sides(kind, *self.kinds)
        both = missing(sides.reason(kind, *self.kinds))
        if sides.with_a and sides.with_b:
            both = self.net_reach([*sides.with_a, *sides.with_b], BOTH, kind, sides.basis)
        yield _row("union", kind, group_name(self.kinds[0]), group_name(self.kinds[1]), both, sides.count)

    def net_reach(self, members: Sequence[Member], group: str, kind: str, basis: str) -> Figure:
        """Return the people (or accounts) whom at least one of the members reaches."""
        if len(members) == 1:
            return members[0].figure(kind, basis)
        if kind == "engaged" and basis == WINDOW:
            return chao_figure(self.acts.group(group)[""], self.confidence, self.population)
        listed = [member for member in members if member.listed] if kind == "potential" else []
        others = [member for member in members if member not in listed]
        parts = [listed_figure(seen.n) for seen in self.follows.group(group).values()] if listed else []
        shared = self.overlaps.among(others, first=len(parts)) if kind == "potential" else {}
        parts += [member.figure(kind, basis) for member in others]
        names = " and ".join(sorted({part.basis for part in parts if part.basis})) or None
        return union_of_figures(parts, population=self.population, overlaps=shared, basis=names)

    def _pair(self, kind: str, a: Member, b: Member) -> Iterator[dict[str, Any]]:
        basis = self._basis(kind, [a], [b])
        first, second = a.figure(kind, basis), b.figure(kind, basis)
        if kind == "engaged" and first.empty != second.empty and a.engaged and b.engaged:
            first = second = missing(DIFFERENT_BASES)
        count = Count(int(not first.empty), int(not second.empty), int(first.empty) + int(second.empty))
        yield from _compared(kind, a.id, b.id, first, second, count, ("ratio", "difference"))
        if first.empty or second.empty:
            union = missing(because([first.reason, second.reason]) or "no figure")
        else:
            union = self._pair_union(kind, basis, a, b)
        yield _row("union", kind, a.id, b.id, union, count)

    def _pair_union(self, kind: str, basis: str, a: Member, b: Member) -> Figure:
        if kind == "engaged" and basis == WINDOW:
            return chao_figure(self.acts.pair(a.id, b.id), self.confidence, self.population)
        if kind == "potential" and a.listed and b.listed and a.platforms == b.platforms and len(a.platforms) == 1:
            return listed_figure(self.follows.pair(a.id, b.id).n)
        shared = self.overlaps.among([a, b], first=0) if kind == "potential" else {}
        parts = [a.figure(kind, basis), b.figure(kind, basis)]
        names = " and ".join(sorted({part.basis for part in parts if part.basis})) or None
        return union_of_figures(parts, population=self.population, overlaps=shared, basis=names)


def _compared(
    kind: str, a: str, b: str, first: Figure, second: Figure, count: Count, measures: Sequence[str]
) -> Iterator[dict[str, Any]]:
    for measure in measures:
        figure = ratio(first, second) if measure == "ratio" else difference(first, second)
        yield _row(measure, kind, a, b, figure, count)


def _row(measure: str, kind: str, a: str, b: str, figure: Figure, count: Count) -> dict[str, Any]:
    complete = None not in (figure.value, figure.low, figure.high)
    figure = replace(figure, reason=None if complete else figure.reason or "no figure")
    return {
        "measure": measure,
        "kind_of_reach": kind,
        "a": a,
        "b": b,
        "value": figure.value,
        "low": figure.low,
        "high": figure.high,
        "estimator": figure.estimator,
        "n_a": count.a,
        "n_b": count.b,
        "left_out": count.left_out,
        "basis": figure.basis,
        "reason_missing": figure.reason,
    }
