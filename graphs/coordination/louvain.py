"""Communities by modularity, in each connected part of a graph by itself."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from graphs.kernels import kernel

__all__ = ["communities"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_LEAST_GAIN = 1e-9
"""Gain, as a share of an account's weight, below which a move is rounding and no gain."""
_MOST_ROUNDS = 100


@kernel
def _move(start: Ints, to: Ints, weight: Floats, strength: Floats, total: Floats, order: Ints, labels: Ints) -> bool:
    """Move nodes between communities while modularity gains; say whether any moved. `labels` are changed in place."""
    n = strength.size
    inside = np.zeros(n)
    for i in range(n):
        inside[labels[i]] += strength[i]
    near = np.zeros(n)
    touched = np.empty(n, np.int64)
    moved_ever = False
    for _ in range(_MOST_ROUNDS):
        moved = False
        for i in order:
            count = 0
            for e in range(start[i], start[i + 1]):
                if to[e] == i:
                    continue
                c = labels[to[e]]
                if near[c] == 0.0:
                    touched[count] = c
                    count += 1
                near[c] += weight[e]
            own = labels[i]
            inside[own] -= strength[i]
            best, best_gain = own, near[own] - inside[own] * strength[i] / total[i]
            for t in range(count):
                c = touched[t]
                gain = near[c] - inside[c] * strength[i] / total[i]
                if gain > best_gain + _LEAST_GAIN * strength[i]:
                    best, best_gain = c, gain
            for t in range(count):
                near[touched[t]] = 0.0
            inside[best] += strength[i]
            if best != own:
                labels[i] = best
                moved = moved_ever = True
        if not moved:
            break
    return moved_ever


def communities(source: Ints, target: Ints, weight: Floats, parts: Ints, *, seed: int = 0) -> Ints:
    """Return the community of each account, shape (accounts,): numbers in no order; -1 where `parts` is -1.

    Parameters
    ----------
    source, target, weight
        Shape (edges,): undirected edges, each once, with weights above 0.
    parts
        Shape (accounts,): the connected part of each account, -1 for one without an edge.
    seed
        Of the order in which accounts are looked at. The same seed gives the same communities.

    Notes
    -----
    Louvain's method on the sum over the parts of their modularities: an account gains by joining a community c
    `w(i, c) - k(i) k(c) / 2m`, with m the weight of its own part's edges. So what is found in one part depends on no
    other, and the resolution limit is that of the part.

    References
    ----------
    Blondel, Guillaume, Lambiotte & Lefebvre (2008), Journal of Statistical Mechanics P10008.
    """
    joined = np.flatnonzero(parts >= 0)
    labels = np.full(len(parts), -1, np.int64)
    if not len(joined):
        return labels
    place = np.full(len(parts), -1, np.int64)
    place[joined] = np.arange(len(joined))
    ends = place[source], place[target]
    both = np.concatenate(ends), np.concatenate(ends[::-1])
    n = len(joined)
    matrix = sparse.csr_array((np.concatenate([weight, weight]).astype(np.float64), both), shape=(n, n))
    part = parts[joined]
    random = np.random.default_rng(seed)
    found = np.arange(n)
    while True:
        strength = np.asarray(matrix.sum(axis=1), np.float64).ravel()
        total = np.bincount(part, weights=strength)[part].astype(np.float64)
        level = np.arange(matrix.shape[0])
        order = random.permutation(matrix.shape[0])
        arrays = matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64), matrix.data.astype(np.float64)
        if not _move(*arrays, strength, total, order, level):
            break
        kept, level = np.unique(level, return_inverse=True)
        found = level[found]
        size = len(kept)
        onto = sparse.csr_array((np.ones(len(level)), (level, np.arange(len(level)))), shape=(size, len(level)))
        part_of = np.empty(size, np.int64)
        part_of[level] = part
        matrix, part = (onto @ matrix @ onto.T).tocsr(), part_of
    labels[joined] = found
    return labels
