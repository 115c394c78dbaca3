"""Sets of people, one per actor, as two arrays: a million members take four megabytes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["AnyInts", "Bools", "Floats", "Ints", "Members", "Sets", "Singles", "collect", "distinct"]

Ints = npt.NDArray[np.int64]
AnyInts = npt.NDArray[np.integer[Any]]
Members = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sets:
    """`members[bounds[i]:bounds[i + 1]]` is set `i`, sorted and distinct, of numbers below `universe`."""

    bounds: Ints
    members: Members
    universe: int

    @classmethod
    def of(cls, sets: Sequence[npt.NDArray[np.int32]], universe: int) -> "Sets":
        """Put sorted, distinct arrays together."""
        bounds = np.zeros(len(sets) + 1, dtype=np.int64)
        np.cumsum([len(one) for one in sets], out=bounds[1:])
        members = np.concatenate(sets) if sets else np.empty(0, dtype=np.int32)
        return cls(bounds, members.astype(np.int32, copy=False), universe)

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def __getitem__(self, index: int) -> Members:
        return self.members[self.bounds[index] : self.bounds[index + 1]]

    @property
    def sizes(self) -> Ints:
        """Members per set."""
        return np.diff(self.bounds)

    @property
    def owners(self) -> Ints:
        """The set of each member."""
        return np.repeat(np.arange(len(self)), self.sizes)

    def union(self, indices: Iterable[int]) -> int:
        """Count the distinct members of several sets together."""
        present = np.zeros(self.universe, dtype=np.bool_)
        for index in indices:
            present[self[index]] = True
        return int(present.sum())

    def overlaps(self, first: int, others: Iterable[int]) -> list[int]:
        """Count the members that a set shares with each of others."""
        present = np.zeros(self.universe, dtype=np.bool_)
        present[self[first]] = True
        return [int(present[self[other]].sum()) for other in others]

    def contains(self, index: int, candidates: AnyInts) -> Bools:
        """Tell for each candidate whether set `index` holds it."""
        one = self[index]
        if not len(one):
            return np.zeros(len(candidates), dtype=np.bool_)
        place = np.minimum(np.searchsorted(one, candidates), len(one) - 1)
        return np.asarray(one[place] == candidates)


def collect(owners: AnyInts, members: AnyInts, count: int, universe: int) -> Sets:
    """Make `count` sets from pairs of owner and member; pairs may repeat."""
    # Sixteen bits are sorted by radix, in linear time; more owners than that are rare.
    small = owners.astype(np.int16) if count <= np.iinfo(np.int16).max else owners
    order = np.argsort(small, kind="stable")
    bounds = np.searchsorted(small[order], np.arange(count + 1))
    present = np.zeros(universe, dtype=np.bool_)
    sets = []
    for owner in range(count):
        present[:] = False
        present[members[order[bounds[owner] : bounds[owner + 1]]]] = True
        sets.append(np.flatnonzero(present).astype(np.int32))
    return Sets.of(sets, universe)


def distinct(keys: Ints) -> Ints:
    """Return the sorted distinct keys. NumPy's own function hashes, and is slow on keys that follow a pattern."""
    ordered = np.sort(keys)
    return ordered[np.diff(ordered, prepend=-1) > 0]
