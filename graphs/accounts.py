"""Sets of accounts around the members of a comparison: sizes, overlaps and unions, counted in the engine.

Only counts come into memory: per member, per group, and per pair of members that share an account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from graphs.engaged import seen_once_and_twice

__all__ = ["AccountSets", "Seen", "account_sets"]


@dataclass(frozen=True)
class Seen:
    """Distinct accounts of a set: `n` in all, `f1` seen exactly once, `f2` exactly twice."""

    n: int = 0
    f1: int = 0
    f2: int = 0


@dataclass(frozen=True)
class Shared:
    """Accounts in both of two sets: `n` in all, and by how often they were seen in the first (a) and second (b) set."""

    n: int = 0
    a1: int = 0
    a2: int = 0
    b1: int = 0
    b2: int = 0
    both_once: int = 0


@dataclass(frozen=True)
class AccountSets:
    """Sets of accounts by member, by (group, platform), and shared by pairs of members."""

    members: dict[str, Seen]
    groups: dict[tuple[str, str], Seen]
    shared: dict[tuple[str, str], Shared]

    def pair(self, a: str, b: str) -> Seen:
        """Return the union of two members' sets: an account seen once by each was seen twice."""
        first, second = self.members.get(a, Seen()), self.members.get(b, Seen())
        both = self.shared.get((a, b), Shared())
        return Seen(
            first.n + second.n - both.n,
            first.f1 + second.f1 - both.a1 - both.b1,
            first.f2 + second.f2 - both.a2 - both.b2 + both.both_once,
        )

    def group(self, name: str) -> dict[str, Seen]:
        """Return the union of a group's sets, by platform."""
        return {platform: seen for (group, platform), seen in self.groups.items() if group == name}


def account_sets(
    interactions: ir.Table,
    kinds: Sequence[str],
    accounts: pa.Table,
    membership: pa.Table,
    sides: tuple[str, str],
) -> AccountSets:
    """Count the accounts whose interactions of these kinds aim at the members' accounts.

    Parameters
    ----------
    interactions
        As `graphs.inputs.interactions_of` returns them.
    kinds
        Kinds of interaction that count.
    accounts
        `actor_id, member, platform`: the accounts of each member. What these do to each other is left out.
    membership
        `member, group`: a member may be in several groups.
    sides
        The two groups of which pairs of members are wanted.
    """
    if not accounts.num_rows:
        return AccountSets({}, {}, {})
    edges = _edges(interactions.filter(interactions.kind.isin(list(kinds))), ibis.memtable(accounts))
    groups = ibis.memtable(membership)
    by_group = (
        edges.inner_join(groups, "member").group_by("group", "platform", "source").agg(weight=ibis._.weight.sum())
    )
    first, second = (groups.filter(groups.group == side).select("member") for side in sides)
    shared = _shared(edges.semi_join(first, "member"), edges.semi_join(second, "member"))
    return AccountSets(
        {row["member"]: _seen(row) for row in _rows(seen_once_and_twice(edges, "member"))},
        {
            (row["group"], row["platform"]): _seen(row)
            for row in _rows(seen_once_and_twice(by_group, "group", "platform"))
        },
        {(row.pop("a"), row.pop("b")): Shared(**row) for row in _rows(shared)},
    )


def _rows(table: ir.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return rows


def _seen(row: dict[str, Any]) -> Seen:
    return Seen(row["n"], row["f1"], row["f2"])


def _edges(interactions: ir.Table, accounts: ir.Table) -> ir.Table:
    """Return `member, platform, source, weight`: how often each account acted on each member."""
    targets = accounts.select(target=accounts.actor_id, member=accounts.member, platform=accounts.platform)
    owners = accounts.select(source=accounts.actor_id, owner=accounts.member)
    aimed = interactions.inner_join(targets, "target").select("source", "member", "platform")
    owned = aimed.left_join(owners, "source").select("source", "member", "platform", "owner")
    others = owned.filter(owned.owner.isnull() | (owned.owner != owned.member))
    return others.group_by("member", "platform", "source").agg(weight=others.count())


def _shared(first: ir.Table, second: ir.Table) -> ir.Table:
    a = first.select(source=first.source, a=first.member, wa=first.weight)
    b = second.select(source=second.source, b=second.member, wb=second.weight)
    both = a.inner_join(b, "source").select("a", "b", "wa", "wb")
    once_each = (both.wa == 1) & (both.wb == 1)
    tests = {"a1": both.wa == 1, "a2": both.wa == 2, "b1": both.wb == 1, "b2": both.wb == 2, "both_once": once_each}
    return both.group_by("a", "b").agg(
        n=both.count(), **{name: test.sum().cast("int64") for name, test in tests.items()}
    )
