"""Plausible trees of a cascade, drawn and measured: compiled loops over all cascades at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphs.kernels import kernel

__all__ = ["measure_trees", "quantiles", "tree_measures", "wiener_index"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

RECENT = 256
"""So many of the latest earlier resharers are candidates for a parent ..."""

STRONGEST = 32
"""... and so many of the earlier ones with the largest audiences."""

MOST_CELLS = 40_000_000
"""Parents held at once for one cascade: fewer trees are drawn of a larger one."""


@kernel
def _wiener(parent: IntArray) -> float:
    size = len(parent)
    below = np.ones(size, np.int64)
    total = 0.0
    for node in range(size - 1, 0, -1):
        total += float(below[node]) * float(size - below[node])
        below[parent[node]] += below[node]
    return total


@kernel
def tree_measures(parent: IntArray) -> tuple[int, int, float]:
    """Return depth, largest breadth and structural virality of a tree; parents stand before their children.

    `parent[i] < i` for i > 0; node 0 is the root. The virality is the mean distance between all pairs of nodes
    (Goel, Anderson, Hofman & Watts 2016), 0 for a single node: an edge with s nodes below it is on s (n - s) paths.
    """
    size = len(parent)
    depth = np.zeros(size, np.int64)
    deepest = 0
    for node in range(1, size):
        depth[node] = depth[parent[node]] + 1
        deepest = max(deepest, depth[node])
    level = np.zeros(deepest + 1, np.int64)
    for node in range(size):
        level[depth[node]] += 1
    if size < 2:
        return deepest, 1, 0.0
    wiener = _wiener(parent)
    return deepest, int(level.max()), 2.0 * wiener / (float(size) * (size - 1.0))


def wiener_index(parent: IntArray) -> float:
    """Return the sum of the distances between all pairs of nodes of a tree, in O(n).

    Parameters
    ----------
    parent
        The parent of each node; it stands before its children, and that of node 0, the root, is not looked at.

    References
    ----------
    Wiener (1947), JACS 69(1), 17-20. Mohar & Pisanski (1988), Journal of Mathematical Chemistry 2, 267-277.

    Examples
    --------
    The path of four nodes, 1 + 2 + 3 + 1 + 2 + 1:

    >>> import numpy as np
    >>> wiener_index(np.array([-1, 0, 1, 2]))
    10.0
    """
    return float(_wiener(np.asarray(parent, np.int64)))


@kernel
def _recency(gap: float, flat: float, exponent: float) -> float:
    """Weight of a delay (seconds): level up to `flat`, then falling; exponential where the exponent is 0."""
    if exponent > 0:
        return 1.0 if gap <= flat else float((gap / flat) ** -exponent)
    return float(np.exp(-gap / flat))


@kernel
def _strengthen(strong: IntArray, count: int, node: int, audience: FloatArray) -> int:
    """Keep `node` among the strongest if it is one of them; return how many these are."""
    if count < len(strong):
        strong[count] = node
        return count + 1
    least = 0
    for place in range(1, count):
        if audience[strong[place]] < audience[strong[least]]:
            least = place
    if audience[node] > audience[strong[least]]:
        strong[least] = node
    return count


@kernel
def _mark(
    row: int,
    account: IntArray,
    place: IntArray,
    ties: tuple[IntArray, IntArray, IntArray],
    marked: FloatArray,
    tie: float,
) -> None:
    """Write `tie` at the places in this cascade of those whom an account is known to follow or to reshare."""
    start, to, items = ties
    for edge in range(start[account[row]], start[account[row] + 1]):
        node = place[to[edge]]
        # One reshare of the author is this one, and no evidence of a tie.
        if node >= 0 and (node > 0 or items[edge] > 1):
            marked[node] = tie


@kernel
def _draw_parents(
    account: IntArray,
    at: FloatArray,
    known: IntArray,
    audience: FloatArray,
    place: IntArray,
    ties: tuple[IntArray, IntArray, IntArray],
    settings: FloatArray,
    drawn: IntArray,
) -> None:
    """Fill `drawn` (nodes, trees) with parents. Node 0 is the author; resharers follow by time, undated ones last."""
    size, trees = drawn.shape
    factor = np.ones(size)
    strong, strong_count, dated = np.zeros(STRONGEST, np.int64), 0, 0
    candidates, sums = np.zeros(RECENT + STRONGEST + 1, np.int64), np.zeros(RECENT + STRONGEST + 1)
    for node in range(size):
        place[account[node]] = node
    for node in range(1, size):
        undated = np.isnan(at[node])
        # Who shared at the very same moment cannot have been seen; who has no time is nobody's parent.
        while dated + 1 < node and not np.isnan(at[dated + 1]) and (undated or at[dated + 1] < at[node]):
            dated += 1
            strong_count = _strengthen(strong, strong_count, dated, audience)
        if known[node] >= 0 and known[node] < node:
            drawn[node, :] = known[node]
            continue
        begin, count = max(1, dated - RECENT + 1), 1
        for earlier in range(begin, dated + 1):
            candidates[count] = earlier
            count += 1
        for s in range(strong_count):
            if strong[s] < begin:
                candidates[count] = strong[s]
                count += 1
        _mark(node, account, place, ties, factor, settings[2])
        total = 0.0
        for c in range(count):
            other = candidates[c]
            gap = 0.0 if undated else max(at[node] - at[other], 0.0)
            total += audience[other] ** settings[3] * _recency(gap, settings[0], settings[1]) * factor[other] + 1e-300
            sums[c] = total
        _mark(node, account, place, ties, factor, 1.0)
        for tree in range(trees):
            chosen = int(np.searchsorted(sums[:count], np.random.random() * total, side="right"))
            drawn[node, tree] = candidates[min(chosen, count - 1)]
    for node in range(size):
        place[account[node]] = -1


@kernel
def quantiles(values: FloatArray, tail: float) -> FloatArray:
    """Return the median and the quantiles `tail` and `1 - tail`, each one of the values (inverse distribution)."""
    ordered = np.sort(values)
    last = len(ordered) - 1
    result = np.empty(3)
    for place, share in enumerate((0.5, tail, 1.0 - tail)):
        result[place] = ordered[min(max(int(np.ceil(share * len(ordered))) - 1, 0), last)]
    return result


@kernel
def measure_trees(
    bounds: IntArray,
    account: IntArray,
    at: FloatArray,
    known: IntArray,
    audience: FloatArray,
    ties: tuple[IntArray, IntArray, IntArray],
    settings: FloatArray,
    most_trees: int,
    tail: float,
    seeds: IntArray,
) -> tuple[FloatArray, IntArray]:
    """Draw trees of every cascade and return depth, breadth and virality (median, low, high of each) and the trees.

    Rows `bounds[c]` to `bounds[c + 1]` are cascade c. `settings` are flat (s), exponent, tie weight, audience power.
    """
    number = len(bounds) - 1
    found, trees = np.empty((number, 9)), np.empty(number, np.int64)
    place = np.full(len(ties[0]) - 1, -1, np.int64)
    for c in range(number):
        first, last = bounds[c], bounds[c + 1]
        size = last - first
        trees[c] = max(min(most_trees, MOST_CELLS // size), 1)
        np.random.seed(seeds[c])
        drawn = np.zeros((size, trees[c]), np.int64)
        _draw_parents(
            account[first:last], at[first:last], known[first:last], audience[first:last], place, ties, settings, drawn
        )
        values = np.empty((3, trees[c]))
        for tree in range(trees[c]):
            deepest, broadest, virality = tree_measures(drawn[:, tree].copy())
            values[0, tree], values[1, tree], values[2, tree] = deepest, broadest, virality
        for measure in range(3):
            found[c, 3 * measure : 3 * measure + 3] = quantiles(values[measure], tail)
    return found, trees
