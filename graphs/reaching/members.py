"""Who is compared: persons and outlets with all their accounts, and their figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isnan
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from graphs.errors import InputError
from graphs.figures import KINDS_OF_REACH, REACH_SCHEMA, Figure, Figures, missing
from graphs.reaching.accounts import AccountSets, Seen
from graphs.reaching.chao import ONE_ACT, chao_interval, chao_names
from graphs.reaching.engaged import POST, POST_COUNTS, WINDOW, largest_counts
from graphs.reaching.exposed import MEDIAN_VIEWS, WORLD, put_medians
from graphs.reaching.medians import group_medians
from graphs.reaching.potential import FOLLOWER_LIST
from graphs.reaching.sketches import SketchSets
from graphs.reaching.unions import union_of_figures

__all__ = [
    "GROUP_KINDS",
    "Member",
    "Roster",
    "add_figures",
    "chao_figure",
    "listed_figure",
    "mark_counted",
    "members_of",
    "platform_of",
    "post_figures",
    "reach_figures",
    "roster_of",
]

GROUP_KINDS = ("leader", "media", "party", "ngo", "union", "state")
"""Kinds that a roster names on purpose; ordinary and unknown accounts form no group."""

_SAMPLED = (MEDIAN_VIEWS, POST_COUNTS)
Key = tuple[str, str]
"""Kind of reach, and for `engaged` the basis (else empty)."""


@dataclass
class Member:
    """A person or an outlet with its accounts; `id` is the account with the largest reach.

    `listed` is true if the followers of every account are known one by one, `windowed` if all engaged figures of its
    accounts are counts of distinct accounts in the window.
    """

    id: str
    kind: str
    accounts: tuple[str, ...]
    listed: bool = False
    windowed: bool = False
    figures: dict[Key, Figure] = field(default_factory=dict)

    def figure(self, kind_of_reach: str, basis: str) -> Figure:
        """Return one figure; where there is none, it says why."""
        return self.figures.get((kind_of_reach, basis), missing(f"{self.id} has no such figure"))

    @property
    def engaged(self) -> bool:
        """Return whether there is an engaged figure on any basis."""
        return not all(self.figure("engaged", basis).empty for basis in (WINDOW, POST))

    @property
    def platforms(self) -> set[str]:
        """Return the platforms of the accounts."""
        return {platform_of(account) for account in self.accounts}


@dataclass(frozen=True)
class Roster:
    """Accounts of the compared kinds: `(actor_id, kind, person)`."""

    rows: tuple[tuple[str, str, str | None], ...]


def platform_of(actor: str) -> str:
    """Return the platform part of an id."""
    return actor.partition(":")[0]


def roster_of(actors: ir.Table, outlets: Iterable[str], kinds: Sequence[str]) -> Roster:
    """Return the accounts of the given kinds; actors that only the audiences name are media.

    Raises InputError if an actor stands under two kinds.
    """
    chosen = actors.filter(actors.kind.isin(list(kinds))).select("actor_id", "kind", "person").distinct()
    found: dict[str, tuple[str, str | None]] = {}
    for row in sorted(
        chosen.to_pyarrow().to_pylist(), key=lambda row: (row["actor_id"], row["kind"], row["person"] or "")
    ):
        kind, _ = found.get(row["actor_id"], (row["kind"], None))
        if kind != row["kind"]:
            raise InputError(f"actors: {row['actor_id']} is {kind!r} and {row['kind']!r}. Give each actor one kind.")
        found[row["actor_id"]] = (kind, row["person"] or None)
    if "media" in kinds:
        ids = sorted(set(outlets) - found.keys())
        named = actors.inner_join(ibis.memtable(pa.table({"actor_id": pa.array(ids, pa.string())})), "actor_id")
        known = set(named.select("actor_id").distinct().to_pyarrow()["actor_id"].to_pylist()) if ids else set()
        found.update({outlet: ("media", None) for outlet in ids if outlet not in known})
    return Roster(tuple((actor, kind, person) for actor, (kind, person) in sorted(found.items())))


def members_of(roster: Roster, reach: Mapping[tuple[str, str], Figure]) -> list[Member]:
    """Return one member per person (or outlet) and kind, named by the account with the largest reach."""
    together: dict[tuple[str, str], list[str]] = {}
    for actor, kind, person in roster.rows:
        together.setdefault((kind, f"person {person}" if person else f"account {actor}"), []).append(actor)
    members = []
    for (kind, _), accounts in together.items():
        largest = max(sorted(accounts), key=lambda account: _size(account, reach))
        members.append(Member(largest, kind, tuple(sorted(accounts))))
    return sorted(members, key=lambda member: member.id)


def _size(account: str, reach: Mapping[tuple[str, str], Figure]) -> tuple[float, ...]:
    figures = [reach.get((account, kind), missing("")) for kind in KINDS_OF_REACH]
    return tuple(next((x for x in (f.value, f.high, f.low) if x is not None), -1.0) for f in figures)


def reach_figures(reach: pa.Table, roster: Roster) -> dict[tuple[str, str], Figure]:
    """Return the roster's rows of a reach table by actor and kind of reach."""
    lacking = [name for name in REACH_SCHEMA.names[:-1] if name not in reach.column_names]
    if lacking:
        raise InputError(f"reach: there is no column {lacking[0]!r}. Give the table that estimate_reach returns.")
    wanted = pa.array([actor for actor, _, _ in roster.rows], pa.string())
    rows = reach.filter(pc.is_in(reach["actor_id"].cast(pa.string()), value_set=wanted)).to_pylist()
    return {(row["actor_id"], row["kind_of_reach"]): _figure(row) for row in rows}


def _figure(row: Mapping[str, Any]) -> Figure:
    estimator = row["estimator"]
    sampled = estimator in _SAMPLED or (row["kind_of_reach"] in ("engaged", "simulated") and estimator is not None)
    basis = row.get("basis")
    if basis is None and row["kind_of_reach"] == "engaged":
        basis = POST if estimator == POST_COUNTS else WINDOW
    return Figure(
        row["value"], row["low"], row["high"], estimator, basis, row["n_observed"],
        bounds=not sampled and row["low"] != row["high"], reason=row["reason_missing"],
    )  # fmt: skip


def post_figures(posts: ir.Table, members: Sequence[Member], confidence: float, population: float | None) -> Figures:
    """Return the engagement on a typical post of every account of the members."""
    ids = pa.array(sorted({account for member in members for account in member.accounts}), pa.string())
    figures = Figures(ids, "engaged", "no engagement counts")
    ours = posts.semi_join(ibis.memtable(pa.table({"actor_id": ids})), "actor_id")
    medians = group_medians(largest_counts(ours), confidence=confidence, ceiling=population or WORLD)
    put_medians(figures, medians, POST_COUNTS)
    return figures


def add_figures(
    members: Sequence[Member],
    reach: Mapping[tuple[str, str], Figure],
    by_post: Figures,
    follows: AccountSets | SketchSets,
    acts: AccountSets,
    confidence: float,
    population: float | None,
) -> None:
    """Fill in the members' figures: unions over a person's accounts, distinct accounts where these are listed."""
    places = {account: at for at, account in enumerate(by_post.ids.to_pylist())}
    acted = acts.of_each()
    kinds = sorted({kind for _, kind in reach if kind != "engaged"} | {"potential", "exposed"})
    for member in members:
        for kind in kinds:
            member.figures[kind, ""] = _merged([reach.get((x, kind)) for x in member.accounts], population)
        if member.listed and len(member.accounts) > 1 and len(member.platforms) == 1:
            member.figures["potential", ""] = next(iter(follows.figures([member.id]).values()), listed_figure(0))
        typical = [by_post.figure(places[account]) for account in member.accounts]
        member.figures["engaged", POST] = _merged(typical, population)
        seen = acted.get(member.id, Seen()) if member.windowed else Seen()
        member.figures["engaged", WINDOW] = chao_figure(seen, confidence, population)


def _merged(figures: Sequence[Figure | None], population: float | None) -> Figure:
    known = [figure for figure in figures if figure is not None and not figure.empty]
    if not known:
        return next((figure for figure in figures if figure is not None), missing("no row in the reach table"))
    basis = " and ".join(sorted({figure.basis for figure in known if figure.basis})) or None
    return union_of_figures(known, population=population, basis=basis)


def listed_figure(n: int) -> Figure:
    """Return an exact number of followers that are known one by one."""
    return Figure(float(n), float(n), float(n), FOLLOWER_LIST, "followers", n)


def chao_figure(seen: Seen, confidence: float, population: float | None) -> Figure:
    """Return the accounts that act, seen and unseen."""
    if not seen.n:
        return missing("no interactions on posts", basis=WINDOW)
    value, low, high = (
        float(x) for x in chao_interval(seen.n, seen.f1, seen.f2, confidence=confidence, population=population)
    )
    figure = Figure(value, low, high, str(chao_names(seen.f1, seen.f2)), WINDOW, seen.n)
    return replace(figure, high=None, reason=ONE_ACT) if isnan(high) else figure


def mark_counted(members: Sequence[Member], reach: Mapping[tuple[str, str], Figure]) -> None:
    """Set `listed` and `windowed` of the members from their accounts' rows of the reach table."""
    for member in members:
        potential = [reach.get((account, "potential")) for account in member.accounts]
        member.listed = all(f is not None and f.exact and f.estimator == FOLLOWER_LIST for f in potential)
        engaged = [reach.get((account, "engaged")) for account in member.accounts]
        member.windowed = {f.basis for f in engaged if f is not None and not f.empty} == {WINDOW}
