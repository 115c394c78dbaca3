"""The loops of the simulation, on arrays: reverse-reachable samples, cascades forward.

Random numbers come from one stream per sample (SplitMix64, Steele, Lea & Flood 2014), started from the seed and the
sample's number. So a sample is the same whichever thread draws it, and can be drawn again.

Arrays of a graph: the edges into node v are `indptr[v]` to `indptr[v + 1]`; `sources` holds where they come from,
`limits` when they are live: a 32-bit draw at most the limit, so the probability is `(limit + 1) / 2**32`. `jumps` says
how edges are skipped (`graphs.spread.jumps`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphs.spread.compiled import compiled

__all__ = ["count_hits", "list_hits", "run_cascades", "union_hits"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt32 = npt.NDArray[np.uint32]
Float64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31, _32 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(32)
_A_JUMP = 8  # edges that are looked at in the time that a jump takes
_1, _11, _TO_ONE = np.uint64(1), np.uint64(11), 2.0**-53
_LOW = np.uint64(0xFFFFFFFF)


@compiled
def mixed(state: np.uint64) -> np.uint64:
    """Return the output of SplitMix64 in this state."""
    state = (state ^ (state >> _30)) * _FIRST
    state = (state ^ (state >> _27)) * _SECOND
    return state ^ (state >> _31)


@compiled
def stream(seed: np.uint64, number: int) -> np.uint64:
    """Return the state in which the stream of a sample starts."""
    return mixed(mixed(seed + _STEP) + np.uint64(number) * _STEP)


@compiled
def grown(
    indptr: Int64, sources: Int32, limits: UInt32, jumps: Float64, start: np.uint64, mark: Int32, queue: Int32,
    epoch: int, tail: int,
) -> tuple[int, int]:  # fmt: skip
    """Follow live edges back from the `tail` nodes in `queue`; return how many nodes it then holds, and edges seen.

    `mark[v] == epoch` says that v is in the queue. Edges that are jumped over are not seen; a jump
    counts as eight edges, whose time it takes.
    """
    state, head, edges = start, 0, 0
    while head < tail:
        node = queue[head]
        head += 1
        none, per_log = jumps[node, 0], jumps[node, 1]
        if per_log == 0.0:
            if none == 0.0:
                edges += indptr[node + 1] - indptr[node]
                state, tail = _each_edge(indptr, sources, limits, node, state, mark, queue, epoch, tail)
            continue
        state += _STEP
        uniform = (np.float64(mixed(state) >> _11) + 1.0) * _TO_ONE
        edges += _A_JUMP
        # Most nodes have no live edge: one draw says so, without a look at the edges.
        if uniform > none:
            state, tail, seen = _by_jumps(
                indptr, sources, limits, jumps, node, uniform, state, mark, queue, epoch, tail
            )
            edges += _A_JUMP * seen
    return tail, edges


@compiled
def _each_edge(
    indptr: Int64, sources: Int32, limits: UInt32, node: int, state: np.uint64, mark: Int32, queue: Int32, epoch: int,
    tail: int,
) -> tuple[np.uint64, int]:  # fmt: skip
    """Draw for each edge of a node; return the state and the length of the queue."""
    spare, have = np.uint64(0), False
    for e in range(indptr[node], indptr[node + 1]):
        # One 64-bit output serves two edges.
        if have:
            draw, have = spare >> _32, False
        else:
            state += _STEP
            spare = mixed(state)
            draw, have = spare & _LOW, True
        if draw <= limits[e]:
            source = sources[e]
            if mark[source] != epoch:
                mark[source] = epoch
                queue[tail] = source
                tail += 1
    return state, tail


@compiled
def _by_jumps(
    indptr: Int64, sources: Int32, limits: UInt32, jumps: Float64, node: int, uniform: float, state: np.uint64,
    mark: Int32, queue: Int32, epoch: int, tail: int,
) -> tuple[np.uint64, int, int]:  # fmt: skip
    """Jump from one candidate edge of a node to the next; return the state, the queue's length, and the candidates."""
    first, last = indptr[node], indptr[node + 1]
    per_log, largest = jumps[node, 1], np.uint64(jumps[node, 2])
    seen, e = 0, first
    while True:
        jump = np.log(uniform) * per_log
        if jump >= last - e:
            return state, tail, seen
        e += np.int64(jump)
        seen += 1
        limit = np.uint64(limits[e])
        draw = np.uint64(0)
        if limit + _1 < largest:
            state += _STEP
            draw = (mixed(state) >> _32) * largest >> _32
        if draw <= limit:
            source = sources[e]
            if mark[source] != epoch:
                mark[source] = epoch
                queue[tail] = source
                tail += 1
        e += 1
        if e == last:
            return state, tail, seen
        state += _STEP
        uniform = (np.float64(mixed(state) >> _11) + 1.0) * _TO_ONE


@compiled
def count_hits(
    indptr: Int64, sources: Int32, limits: UInt32, jumps: Float64, roots: Int32, first: int, per_root: int,
    seed: np.uint64, mark: Int32, queue: Int32, seen: Int32, touched: Int32, hits: Int64, varied: Int64, budget: int,
) -> tuple[int, int]:  # fmt: skip
    """Draw `per_root` samples of each root and count, for every node but the root, the samples that it is in.

    Adds to `hits` the sum over roots of a node's count h, to `varied` that of `h (per_root - h)`.
    Sample `k` of root `r` has the number `(first + r) * per_root + k`. `mark` and `seen` must be 0 at the start.
    Stops after the root with which more than `budget` nodes and edges were looked at. Returns the roots done, and those
    nodes and edges.
    """
    epoch, work = 0, 0
    for r in range(len(roots)):
        root, many = roots[r], 0
        for k in range(per_root):
            epoch += 1
            mark[root] = epoch
            queue[0] = root
            start = stream(seed, (first + r) * per_root + k)
            tail, edges = grown(indptr, sources, limits, jumps, start, mark, queue, epoch, 1)
            work += tail + edges
            for i in range(1, tail):
                node = queue[i]
                if seen[node] == 0:
                    touched[many] = node
                    many += 1
                seen[node] += 1
        for i in range(many):
            node = touched[i]
            hits[node] += seen[node]
            varied[node] += np.int64(seen[node]) * (per_root - seen[node])
            seen[node] = 0
        if work > budget:
            return r + 1, work
    return len(roots), work


@compiled
def list_hits(
    indptr: Int64, sources: Int32, limits: UInt32, jumps: Float64, roots: Int32, first: int, per_root: int,
    seed: np.uint64, mark: Int32, queue: Int32, wanted: Int32,
) -> tuple[Int32, Int64]:  # fmt: skip
    """Draw the samples of `count_hits` again; return the place and the sample's number of each wanted node in one.

    `wanted[v]` is the place of node v among those wanted, or -1. A sample's own root is left out.
    """
    places, numbers, size = np.empty(1024, np.int32), np.empty(1024, np.int64), 0
    epoch = 0
    for r in range(len(roots)):
        for k in range(per_root):
            epoch += 1
            mark[roots[r]] = epoch
            queue[0] = roots[r]
            number = (first + r) * per_root + k
            tail, _ = grown(indptr, sources, limits, jumps, stream(seed, number), mark, queue, epoch, 1)
            for i in range(1, tail):
                if wanted[queue[i]] >= 0:
                    if size == len(places):
                        places = np.concatenate((places, np.empty_like(places)))
                        numbers = np.concatenate((numbers, np.empty_like(numbers)))
                    places[size] = wanted[queue[i]]
                    numbers[size] = number
                    size += 1
    return places[:size].copy(), numbers[:size].copy()


@compiled
def union_hits(
    indptr: Int64, sources: Int32, limits: UInt32, jumps: Float64, roots: Int32, first: int, per_root: int,
    seed: np.uint64, mark: Int32, queue: Int32, chosen: Bools,
) -> tuple[int, int]:  # fmt: skip
    """Draw the samples of `count_hits` again and count those that hold a chosen node, but for chosen roots.

    Returns the sum over roots of the count h, and that of `h (per_root - h)`.
    """
    epoch, hits, varied = 0, 0, 0
    for r in range(len(roots)):
        if chosen[roots[r]]:
            continue
        met = 0
        for k in range(per_root):
            epoch += 1
            mark[roots[r]] = epoch
            queue[0] = roots[r]
            start = stream(seed, (first + r) * per_root + k)
            tail, _ = grown(indptr, sources, limits, jumps, start, mark, queue, epoch, 1)
            for i in range(1, tail):
                if chosen[queue[i]]:
                    met += 1
                    break
        hits += met
        varied += met * (per_root - met)
    return hits, varied


@compiled
def run_cascades(
    indptr: Int64, targets: Int32, limits: UInt32, jumps: Float64, seeds: Int32, first: int, runs: int,
    seed: np.uint64, mark: Int32, queue: Int32, sizes: Int32,
) -> None:  # fmt: skip
    """Simulate cascades from the seeds, write their sizes, seeds included. Arrays hold the edges out of each node."""
    for run in range(runs):
        for i in range(len(seeds)):
            mark[seeds[i]] = run + 1
            queue[i] = seeds[i]
        start = stream(seed, first + run)
        tail, _ = grown(indptr, targets, limits, jumps, start, mark, queue, run + 1, len(seeds))
        sizes[run] = tail
