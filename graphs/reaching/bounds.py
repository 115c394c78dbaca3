"""What is logically possible for unions of audiences, from their sizes and from what some pairs of them share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from graphs.reaching.joint import cells

__all__ = [
    "EXACT_BOUNDS", "dawson_sankoff", "heaviest_tree", "least_union", "linear_bounds", "most_union", "possible_overlap"
]  # fmt: skip

FloatArray = npt.NDArray[np.float64]
Pairs = Mapping[tuple[int, int], float]
"""People that two audiences share, by their positions, the smaller first."""

EXACT_BOUNDS = 10
"""Audiences up to which the sharpest bounds are found, by linear programming over all 2^k combinations."""


def possible_overlap(a: float, b: float, population: float | None) -> tuple[float, float]:
    """Return the least and the most people that two audiences can share."""
    return (0.0 if population is None else max(0.0, a + b - population)), min(a, b)


def least_union(people: FloatArray, shared: Pairs) -> float:
    """Return a lower end of a union; the larger the overlaps, the lower."""
    largest = float(people.max(initial=0.0))
    if not shared:
        return largest
    # Of audiences without a measured pair the largest possible overlap is assumed: only those with pairs tighten.
    places = sorted({i for pair in shared for i in pair})
    at = {place: index for index, place in enumerate(places)}
    sizes = people[places]
    most = np.minimum(sizes[:, None], sizes[None, :])
    for (i, j), value in shared.items():
        most[at[i], at[j]] = most[at[j], at[i]] = value
    pairs = max(float(people[i] + people[j] - value) for (i, j), value in shared.items())
    bound = dawson_sankoff(float(sizes.sum()), float(most[np.triu_indices(len(sizes), 1)].sum()))
    return max(largest, pairs, bound)


def most_union(people: FloatArray, population: float | None, shared: Pairs) -> float:
    """Return an upper end of a union; the smaller the overlaps, the higher."""
    total = float(people.sum())
    ceiling = total if population is None else min(total, population)
    if not shared:
        return ceiling
    places = sorted({i for pair in shared for i in pair})
    at = {place: index for index, place in enumerate(places)}
    sizes = people[places]
    least = np.zeros((len(sizes), len(sizes)))
    if population is not None:
        least = np.maximum(0.0, sizes[:, None] + sizes[None, :] - population)
    for (i, j), value in shared.items():
        least[at[i], at[j]] = least[at[j], at[i]] = value
    return min(ceiling, total - heaviest_tree(least))


def dawson_sankoff(total: float, pair_sum: float) -> float:
    """Return the least size of a union with this sum of sizes and this sum (or more than it) of pairwise overlaps."""
    if total <= 0:
        return 0.0
    k = 1 + int(2 * pair_sum / total)
    return 2 * total / (k + 1) - 2 * pair_sum / (k * (k + 1))


def heaviest_tree(weights: FloatArray) -> float:
    """Return the weight of the heaviest spanning tree of a complete graph (Prim), weights as a symmetric matrix."""
    outside = np.ones(len(weights), dtype=bool)
    best = weights[0].copy()
    outside[0] = False
    total = 0.0
    while outside.any():
        candidate = int(np.flatnonzero(outside)[np.argmax(best[outside])])
        total += float(best[candidate])
        outside[candidate] = False
        best = np.maximum(best, weights[candidate])
    return total


def linear_bounds(
    people: FloatArray,
    population: float | None,
    low_shared: Pairs,
    high_shared: Pairs,
    any_of: Sequence[int],
    none_of: Sequence[int] = (),
) -> tuple[float, float] | None:
    """Return the least and the most people in at least one of `any_of` and in none of `none_of`.

    The sharpest bounds that the sizes and the ranges of the pairs allow: the smallest and largest total over all
    distributions on the 2^k combinations (Boole's problem as a linear programme). None if no distribution fits.
    References: Hailperin (1965), The American Mathematical Monthly 72(4), 343-359; Prekopa (1988), Operations
    Research 36(4), 644-660.
    """
    from scipy.optimize import linprog

    unit = population or float(people.sum()) or 1.0
    held = cells(len(people))
    wanted = held[:, list(any_of)].any(axis=1)
    if none_of:
        wanted &= ~held[:, list(none_of)].any(axis=1)
    both = np.array([held[:, i] & held[:, j] for i, j in high_shared], dtype=np.float64).reshape(-1, len(held))
    upper = np.array([value / unit for value in high_shared.values()])
    lower = np.array([low_shared[pair] / unit for pair in high_shared])
    equal, sizes = held.T.astype(np.float64), people / unit
    if population is not None:
        equal, sizes = np.vstack([equal, np.ones(len(held))]), np.append(sizes, 1.0)
    ends = []
    for sign in (1.0, -1.0):
        found = linprog(
            sign * wanted, A_ub=np.vstack([both, -both]), b_ub=np.append(upper, -lower) + 1e-9,
            A_eq=equal, b_eq=sizes, bounds=(0, None), method="highs",
        )  # fmt: skip
        if found.status != 0:
            return None
        ends.append(sign * float(found.fun) * unit)
    return max(0.0, ends[0]), max(0.0, ends[0], ends[1])
