"""Plausible trees of a cascade, drawn and measured: compiled loops over all cascades at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphs.kernels import kernel

__all__ = ["draw_parents", "measure_trees", "quantiles", "seeded", "tree_measures", "wiener_index"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

STEP = 1.5
"""Within a bin of delays the weight of a delay falls by this factor at the most."""

NEGLIGIBLE = 60.0
"""Exponential delays: who shared so many scales before the latest is no parent (one in 10^26)."""

SMALL, LARGE = 30.0, 100.0
"""Accounts in a cascade up to which, and from which on, the usual power of the audience does not change with size."""

POWER_OF_SMALL, POWER_OF_LARGE = 0.7, 1.0
"""Measured where the truth is known: benchmarks/cascade_truth.py, docs/leaders.md."""

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
    return float(np.exp(min(-gap / flat, 600.0)))


@kernel
def _power(size: int, asked: float) -> float:
    """Return the power of the audience: the one asked for, or (below 0) the usual one for a cascade of this size."""
    if asked >= 0:
        return asked
    grown = np.log(size / SMALL) / np.log(LARGE / SMALL)
    return float(POWER_OF_SMALL + (POWER_OF_LARGE - POWER_OF_SMALL) * min(max(grown, 0.0), 1.0))


@kernel
def _bins(span: float, flat: float, exponent: float) -> tuple[FloatArray, FloatArray]:
    """Return the upper ends of bins of delays, in seconds, and in each the largest weight of a delay."""
    count = 1
    if exponent > 0:
        factor = STEP ** (1.0 / exponent)
        if span > flat:
            count += int(np.ceil(np.log(span / flat) / np.log(factor)))
        ends = flat * factor ** np.arange(count)
        ends[-1] = np.inf
    else:
        width = flat * np.log(STEP)
        count = int(min(np.ceil(span / width), np.ceil(NEGLIGIBLE / np.log(STEP)))) + 1
        ends = width * np.arange(1.0, count + 1.0)
    most = np.ones(count)
    for place in range(1, count):
        most[place] = _recency(ends[place - 1], flat, exponent)
    return ends, most


@kernel
def _tied(
    row: int,
    account: IntArray,
    place: IntArray,
    ties: tuple[IntArray, IntArray, IntArray],
    dated: int,
    nodes: IntArray,
) -> int:
    """Write into `nodes` the candidates whom an account is known to follow or to reshare; return how many."""
    start, to, items = ties
    count = 0
    for edge in range(start[account[row]], start[account[row] + 1]):
        node = place[to[edge]]
        # One reshare of the author is this one, and no evidence of a tie.
        if 0 <= node <= dated and (node > 0 or items[edge] > 1):
            nodes[count] = node
            count += 1
    return count


@kernel
def _one_parent(
    at: FloatArray,
    before: FloatArray,
    sums: FloatArray,
    most: FloatArray,
    older: IntArray,
    dated: int,
    now: float,
    undated: bool,
    nodes: IntArray,
    flat: float,
    exponent: float,
) -> int:
    """Draw one parent: first a bin from the running `sums`, then a candidate in it until one is kept."""
    used, last = len(older), len(sums) - 1
    while True:
        target = np.random.random() * sums[last]
        chosen = min(int(np.searchsorted(sums, target, side="right")), last)
        if chosen == 0:
            return 0
        if chosen > used:
            return int(nodes[chosen - used - 1])
        low = 0 if undated else older[chosen - 1]
        high = dated if chosen == 1 else older[chosen - 2]
        within = before[low + 1] + (target - sums[chosen - 1]) / most[chosen - 1]
        other = low + 1 + int(np.searchsorted(before[low + 2 : high + 2], within, side="right"))
        other = min(other, high)
        if undated or np.random.random() * most[chosen - 1] <= _recency(now - at[other], flat, exponent):
            return other


@kernel
def draw_parents(
    account: IntArray,
    at: FloatArray,
    known: IntArray,
    audience: FloatArray,
    place: IntArray,
    ties: tuple[IntArray, IntArray, IntArray],
    settings: FloatArray,
    drawn: IntArray,
) -> None:
    """Fill `drawn` (nodes, trees) with parents. Node 0 is the author; resharers follow by time, undated ones last.

    All who shared before are candidates. A bin of delays is drawn by the audience in it (from prefix sums, as time is
    sorted) times the largest weight in it, then a candidate in the bin, kept with probability its weight over that
    largest one (rejection: exact). The author, and what a tie adds to a weight, are drawn as bins of one.
    """
    size, trees = drawn.shape
    flat, exponent, tie = settings[0], settings[1], settings[2]
    weight, before = audience ** _power(size, settings[3]), np.zeros(size + 1)
    for node in range(size):
        place[account[node]] = node
        before[node + 1] = before[node] + (weight[node] if node > 0 else 0.0)
    last = 0
    while last + 1 < size and not np.isnan(at[last + 1]):
        last += 1
    span = at[last] - at[min(1, last)] if last > 0 else 0.0
    ends, most = _bins(span, flat, exponent)
    bins = len(ends)
    # Candidates 1 to older[k] shared longer ago than bin k reaches.
    older, dated, nodes = np.zeros(bins, np.int64), 0, np.zeros(size + 1, np.int64)
    sums = np.zeros(bins + size + 2)
    for node in range(1, size):
        undated = np.isnan(at[node])
        # Who shared at the very same moment cannot have been seen; who has no time is nobody's parent.
        while dated + 1 < node and not np.isnan(at[dated + 1]) and (undated or at[dated + 1] < at[node]):
            dated += 1
        if known[node] >= 0 and known[node] < node:
            drawn[node, :] = known[node]
            continue
        # Exponential weights are measured from the latest, so that none of them is too small for a number.
        now = at[dated] if exponent == 0 and dated > 0 else at[node]
        total = weight[0]
        if not undated:
            total *= _recency(max(at[node] - at[0], 0.0) - (at[node] - now), flat, exponent)
        sums[0], above, used = total, dated, 1 if undated else bins
        for k in range(used):
            under = 0
            if not undated:
                while older[k] < dated and at[older[k] + 1] < now - ends[k]:
                    older[k] += 1
                under = older[k]
            total += (before[above + 1] - before[under + 1]) * most[k]
            sums[k + 1] = total
            above = under
        tied = _tied(node, account, place, ties, dated, nodes)
        for t in range(tied):
            other = nodes[t]
            share = sums[0] if other == 0 else weight[other]
            if other > 0 and not undated:
                share *= _recency(now - at[other], flat, exponent)
            total += (tie - 1.0) * share
            sums[used + 1 + t] = total
        count = used + 1 + tied
        for tree in range(trees):
            drawn[node, tree] = _one_parent(
                at, before, sums[:count], most, older[:used], dated, now, undated, nodes, flat, exponent
            )
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
def seeded(seed: int) -> None:
    """Seed the generator of the compiled loops, which is not that of the interpreter."""
    np.random.seed(seed)


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

    Rows `bounds[c]` to `bounds[c + 1]` are cascade c. `settings` are flat (s), exponent, tie weight, power of the
    audience (below 0: the usual one).
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
        draw_parents(
            account[first:last], at[first:last], known[first:last], audience[first:last], place, ties, settings, drawn
        )
        values = np.empty((3, trees[c]))
        for tree in range(trees[c]):
            deepest, broadest, virality = tree_measures(drawn[:, tree].copy())
            values[0, tree], values[1, tree], values[2, tree] = deepest, broadest, virality
        for measure in range(3):
            found[c, 3 * measure : 3 * measure + 3] = quantiles(values[measure], tail)
    return found, trees
