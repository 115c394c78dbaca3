"""Drawing reverse-reachable samples: how many, on how many threads, and what that needs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import numpy.typing as npt

from graphs.errors import InputError
from graphs.spread.intervals import quantile
from graphs.spread.jumps import BYTES_A_NODE
from graphs.spread.network import InfluenceGraph

__all__ = ["MATTERS", "MOST_WORK", "Forecast", "Samples", "forecast_spread", "plan"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

MATTERS = 10.0
"""Accounts from which on a reach is to have the relative width; below, the interval is as wide as at this reach."""

MOST_WORK = 4_000_000_000
"""Nodes and edges looked at before sampling is cut short: 10 to 20 s on one core. A jump over edges counts as eight."""

FEWEST_SAMPLES = 100_000
"""Drawn in any case: takes no time, and small graphs get narrow intervals."""

WORK_A_SECOND = 300_000_000
"""Nodes and edges that one core looks at in a second, roughly."""

_PILOT_ROOTS, _PILOT_WORK = 2_000, 30_000_000
_BYTES_A_NODE = 4 * 4 + 2 * 8
"""Of each thread: marks, queue, counts within a root; two sums."""


@dataclass(frozen=True)
class Samples:
    """Which samples are drawn: `per_root` of each root, in this order. Everything follows from the seed.

    `complete` is true if every account that can be reached is a root. If not (the cap on work allowed fewer), the roots
    are a random draw of them, with one sample each.
    """

    roots: Int32
    per_root: int
    complete: bool
    seed: int

    @property
    def n(self) -> int:
        """Return the number of samples."""
        return len(self.roots) * self.per_root

    @property
    def stream(self) -> np.uint64:
        """Return the seed as the kernels take it."""
        return np.uint64(self.seed & 0xFFFFFFFFFFFFFFFF)


@dataclass(frozen=True)
class Forecast:
    """What a simulation is going to need, before it starts.

    Attributes
    ----------
    samples
        Reverse-reachable samples.
    work
        Nodes and edges to be looked at, from a pilot of up to 2,000 samples.
    seconds
        Roughly, on the threads that will be used.
    memory
        Bytes: 8 an edge and 32 a node for the graph, 32 a node for each thread.
    threads
        Threads that will be used.
    capped
        True if the cap on work, not the width asked for, sets the number of samples.
    """

    samples: int
    work: int
    seconds: float
    memory: int
    threads: int
    capped: bool

    def __str__(self) -> str:
        cut = ", cut short by the cap on work" if self.capped else ""
        return (
            f"{self.samples:,} samples{cut}, {max(self.memory / 1e6, 1):,.0f} MB, "
            f"{max(self.seconds, 1):,.0f} s on {self.threads} thread{'s' * (self.threads > 1)}"
        )


def threads_to_use(threads: int | None) -> int:
    """Return `threads`, or as many as the process may use. Raises InputError below 1."""
    if threads is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if threads < 1:
        raise InputError(f"threads must be at least 1, got {threads!r}.")
    return threads


def plan(
    graph: InfluenceGraph,
    *,
    relative_width: float = 0.1,
    confidence: float = 0.95,
    most_work: int = MOST_WORK,
    seed: int = 0,
    threads: int | None = None,
) -> tuple[Samples, Forecast]:
    """Return the samples to draw, and what drawing them will need.

    Parameters
    ----------
    relative_width
        Half the interval, divided by the reach, for reaches of `MATTERS` accounts and more.
    most_work
        Cap on the nodes and edges looked at.

    Raises
    ------
    InputError
        For an option out of range.

    Notes
    -----
    Over samples of one root each, the roots all independent, the estimate of a reach of s accounts varies by at most
    `(s - 1) / k` with k samples a root, whatever the graph. So half an interval is at most `z sqrt((s - 1) / k)`, and
    `k = z^2 (m - 1) / (w m)^2` makes it w s for every s of at least m.
    """
    if not 0 < relative_width < 1:
        raise InputError(f"relative_width must lie between 0 and 1, got {relative_width!r}. Write 0.1 for 10%.")
    if most_work < 1:
        raise InputError(f"most_work must be at least 1, got {most_work!r}.")
    if seed < 0:
        raise InputError(f"seed must be at least 0, got {seed!r}.")
    threads = threads_to_use(threads)
    roots, generator = graph.resharers, np.random.default_rng([seed, 1])
    wanted = ceil(quantile(confidence) ** 2 * (MATTERS - 1) / (relative_width * MATTERS) ** 2)
    per_root = max(wanted, ceil(FEWEST_SAMPLES / max(len(roots), 1)), 2)
    each = _work_of_a_sample(graph, generator, seed)
    affordable = int(most_work / each)
    per_root, capped = min(per_root, max(affordable // max(len(roots), 1), 1)), affordable < len(roots) * wanted
    complete = per_root >= 2 or not len(roots)
    # In random order, so that blocks of roots take about as long as each other.
    order = generator.permutation(roots) if complete else generator.choice(roots, max(affordable, 1000))
    samples = Samples(order, per_root if complete else 1, complete, seed)
    work = int(samples.n * each)
    memory = graph.n_edges * 8 + graph.n_nodes * (8 + BYTES_A_NODE) + threads * graph.n_nodes * _BYTES_A_NODE
    return samples, Forecast(samples.n, work, work / WORK_A_SECOND / threads, memory, threads, capped)


def forecast_spread(graph: InfluenceGraph, **options: Any) -> Forecast:
    """Return what `simulated_reach` is going to need with these options (those of `plan`)."""
    return plan(graph, **options)[1]


def _work_of_a_sample(graph: InfluenceGraph, generator: np.random.Generator, seed: int) -> float:
    """Return how many nodes and edges a sample looks at, from a few samples that are not used for anything else."""
    roots = graph.resharers
    if not len(roots):
        return 1.0
    few = generator.choice(roots, _PILOT_ROOTS)
    done, work = Worker(graph).count(
        few, 0, 1, np.uint64((seed ^ 0x5DEECE66D) & 0xFFFFFFFFFFFFFFFF), budget=_PILOT_WORK
    )
    return work / done


class Worker:
    """The arrays that one thread needs, used again for every block of roots."""

    def __init__(self, graph: InfluenceGraph) -> None:
        self.graph = (graph.indptr, graph.sources, graph.limits, graph.jumps)
        size = graph.n_nodes
        self.mark, self.queue, self.seen, self.touched = (np.zeros(size, np.int32) for _ in range(4))
        self.hits, self.varied = (np.zeros(size, np.int64) for _ in range(2))

    def count(
        self, roots: Int32, first: int, per_root: int, seed: np.uint64, *, budget: int = 2**62
    ) -> tuple[int, int]:
        """Add the counts of a block of roots; return the roots done, and the nodes and edges looked at."""
        from graphs.spread.kernels import count_hits

        self.mark.fill(0)
        return count_hits(
            *self.graph, roots, first, per_root, seed, self.mark, self.queue, self.seen, self.touched,
            self.hits, self.varied, budget,
        )  # fmt: skip


def blocks(samples: Samples, threads: int) -> Iterator[tuple[int, Int32]]:
    """Yield blocks of roots, each with the number of its first: some for every thread, none with too many samples."""
    size = max(min(ceil(len(samples.roots) / (8 * threads)), 2**30 // samples.per_root), 1)
    for first in range(0, len(samples.roots), size):
        yield first, samples.roots[first : first + size]


def spread_over_threads(samples: Samples, threads: int, work: Callable[[int, Int32, int], Any]) -> list[Any]:
    """Return `work(first, roots, thread)` for every block of roots, in the order of the blocks.

    Blocks of one `thread` follow each other, so what it keeps needs no lock.
    """
    parts = list(blocks(samples, threads))

    def run(thread: int) -> list[tuple[int, Any]]:
        return [(i, work(*parts[i], thread)) for i in range(thread, len(parts), threads)]

    if threads == 1:
        done = [run(0)]
    else:
        with ThreadPoolExecutor(threads) as pool:
            done = list(pool.map(run, range(threads)))
    return [result for _, result in sorted((pair for part in done for pair in part), key=lambda pair: pair[0])]
