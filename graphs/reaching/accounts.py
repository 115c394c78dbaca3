"""Sets of accounts around the members of a comparison: any union of them, and what one adds to others.

The engine groups accounts by whom they act on and how often (once, twice, more): only these patterns and the number of
accounts with each come into memory. From them every union, difference and overlap of members is exact, with the
accounts seen once and twice that Chao's estimator needs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from graphs.figures import Figure
from graphs.reaching.potential import FOLLOWER_LIST

__all__ = ["AccountSets", "Seen", "account_sets", "edges_to"]

IntArray = npt.NDArray[np.int64]

_OFTEN = 3
"""Three acts or more are one class: the estimators look at one and two."""


@dataclass(frozen=True)
class Seen:
    """Distinct accounts of a set: `n` in all, `f1` seen exactly once, `f2` exactly twice."""

    n: int = 0
    f1: int = 0
    f2: int = 0


@dataclass(frozen=True)
class AccountSets:
    """Patterns of accounts: `weights` (patterns, members) says how often each member was acted on, `counts` how many
    accounts there are of a pattern, `platforms` on which platform."""

    places: dict[str, int]
    weights: sparse.csr_array
    counts: IntArray
    platforms: npt.NDArray[np.object_]

    def seen(self, members: Iterable[str]) -> Seen:
        """Return the accounts in the union of the members' sets."""
        total = self._weight(members)
        return Seen(*(int(self.counts[chosen].sum()) for chosen in (total > 0, total == 1, total == 2)))

    def of_each(self) -> dict[str, Seen]:
        """Return the accounts of every member."""
        columns = self.weights.tocsc()
        found = {}
        for member, at in self.places.items():
            rows = slice(columns.indptr[at], columns.indptr[at + 1])
            counts, weights = self.counts[columns.indices[rows]], columns.data[rows]
            found[member] = Seen(int(counts.sum()), int(counts[weights == 1].sum()), int(counts[weights == 2].sum()))
        return found

    def figures(self, members: Iterable[str]) -> dict[str, Figure]:
        """Return the size of the union of the members' sets on each platform, as a figure of followers."""
        return self._figures(self._weight(members) > 0)

    def both(self, members: Iterable[str], others: Iterable[str]) -> dict[str, Figure]:
        """Return, by platform, the accounts in the union of `members` and in that of `others`."""
        return self._figures((self._weight(members) > 0) & (self._weight(others) > 0))

    def beyond(self, members: Iterable[str], others: Iterable[str]) -> dict[str, Figure]:
        """Return, by platform, the accounts in the union of `members` and not in that of `others`."""
        return self._figures((self._weight(members) > 0) & (self._weight(others) == 0))

    def order(self, members: Collection[str]) -> list[str]:
        """Return the members in greedy order: each adds the most accounts to those before it (ties by id).

        Reference: Nemhauser, Wolsey & Fisher (1978), Mathematical Programming 14, 265-294: no union of as many members
        is larger by more than a factor of 1.58.
        """
        columns = self.weights.tocsc()
        heap = [(-self._gain(columns, member, None), member) for member in members]
        heapify(heap)
        covered = np.zeros(len(self.counts), dtype=bool)
        chosen: list[str] = []
        while heap:
            # Gains only shrink: the first whose fresh gain still leads is the best.
            _, best = heap[0]
            fresh = (-self._gain(columns, best, covered), best)
            if fresh != heap[0]:
                heapreplace(heap, fresh)
                continue
            heappop(heap)
            chosen.append(best)
            covered[self._rows(columns, best)] = True
        return chosen

    def _rows(self, columns: sparse.csc_array, member: str) -> IntArray:
        at = self.places.get(member)
        if at is None:
            return np.empty(0, np.int64)
        rows: IntArray = columns.indices[columns.indptr[at] : columns.indptr[at + 1]]
        return rows

    def _gain(self, columns: sparse.csc_array, member: str, covered: npt.NDArray[np.bool_] | None) -> int:
        rows = self._rows(columns, member)
        return int(self.counts[rows if covered is None else rows[~covered[rows]]].sum())

    def _weight(self, members: Iterable[str]) -> npt.NDArray[np.float64]:
        chosen = np.zeros(self.weights.shape[1])
        chosen[[self.places[member] for member in members if member in self.places]] = 1
        weight: npt.NDArray[np.float64] = self.weights @ chosen
        return weight

    def _figures(self, chosen: npt.NDArray[np.bool_]) -> dict[str, Figure]:
        names, places = np.unique(self.platforms[chosen].astype(str), return_inverse=True)
        totals = np.bincount(places, weights=self.counts[chosen], minlength=len(names)).astype(int).tolist()
        return {
            str(name): Figure(float(n), float(n), float(n), FOLLOWER_LIST, "followers", n)
            for name, n in zip(names, totals, strict=True)
        }


def account_sets(interactions: ir.Table, kinds: Sequence[str], accounts: pa.Table) -> AccountSets:
    """Group the accounts whose interactions of these kinds aim at the members' accounts.

    Parameters
    ----------
    interactions
        As `graphs.inputs.interactions_of` returns them.
    kinds
        Kinds of interaction that count.
    accounts
        `actor_id, member, platform`: the accounts of each member. What these do to each other is left out.
    """
    members = sorted(set(accounts["member"].to_pylist()))
    places = {member: place for place, member in enumerate(members)}
    if not members:
        empty = sparse.csr_array((0, 0))
        return AccountSets({}, empty, np.empty(0, np.int64), np.empty(0, object))
    edges = edges_to(interactions.filter(interactions.kind.isin(list(kinds))), ibis.memtable(accounts))
    codes = pa.table({"member": pa.array(members), "code": pa.array(range(len(members)), pa.int64())})
    coded = edges.inner_join(ibis.memtable(codes), "member")
    often = ibis.least(coded.weight, ibis.literal(_OFTEN))
    coded = coded.select("platform", "source", act=(coded.code * (_OFTEN + 1) + often).cast("int64"))
    patterns = coded.group_by("platform", "source").agg(pattern=coded.act.collect().sort())
    table = patterns.group_by("platform", "pattern").agg(n=patterns.count()).to_pyarrow()
    lists = table["pattern"].combine_chunks()
    acts = np.asarray(lists.flatten(), dtype=np.int64)
    lengths = np.asarray(pc.list_value_length(lists), dtype=np.int64)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    shape = (table.num_rows, len(members))
    weights = sparse.csr_array((acts % (_OFTEN + 1), (rows, acts // (_OFTEN + 1))), shape=shape, dtype=np.float64)
    platforms = np.asarray(table["platform"].to_pylist(), dtype=object)
    return AccountSets(places, weights, np.asarray(table["n"], dtype=np.int64), platforms)


def edges_to(interactions: ir.Table, accounts: ir.Table) -> ir.Table:
    """Return `member, platform, source, weight`: how often each account acted on each member."""
    targets = accounts.select(target=accounts.actor_id, member=accounts.member, platform=accounts.platform)
    owners = accounts.select(source=accounts.actor_id, owner=accounts.member)
    aimed = interactions.inner_join(targets, "target").select("source", "member", "platform")
    owned = aimed.left_join(owners, "source").select("source", "member", "platform", "owner")
    others = owned.filter(owned.owner.isnull() | (owned.owner != owned.member))
    return others.group_by("member", "platform", "source").agg(weight=others.count())
