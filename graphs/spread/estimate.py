"""Simulated reach of every account at once, and of sets of them, from one set of reverse-reachable samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphs.errors import InputError
from graphs.figures import Figure
from graphs.inputs import check_confidence
from graphs.spread.intervals import reached
from graphs.spread.network import InfluenceGraph, as_influence_graph
from graphs.spread.sampling import MOST_WORK, Forecast, Samples, Worker, plan, spread_over_threads

__all__ = ["INDEPENDENT_CASCADE", "SPREAD_SCHEMA", "Spread", "simulated_reach"]

FloatArray = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]

INDEPENDENT_CASCADE = "independent_cascade"

SPREAD_SCHEMA = pa.schema(
    [
        pa.field("actor_id", pa.string(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
        pa.field("low", pa.float64(), nullable=False),
        pa.field("high", pa.float64(), nullable=False),
        pa.field("n_observed", pa.int64(), nullable=False),
    ]
)


@dataclass(frozen=True)
class Spread:
    """Expected spread of a post that an account starts, for every account of a graph.

    Attributes
    ----------
    graph
        The accounts and the probabilities with which they reshare each other.
    value, low, high
        Accounts that the post reaches, the one that starts it included, along `graph.ids`; in [1, number of accounts].
    samples
        The samples that these rest on.
    forecast
        What was expected before they were drawn.
    confidence
        Coverage of the intervals, of each account by itself.
    """

    graph: InfluenceGraph
    value: FloatArray
    low: FloatArray
    high: FloatArray
    samples: Samples
    forecast: Forecast
    confidence: float
    _numbers: dict[int, Int64] = field(default_factory=dict, repr=False)

    def figure(self, actor: str) -> Figure:
        """Return the reach of one account. Raises InputError if it is not in the graph."""
        at = int(self.graph.places([actor])[0])
        return self._figure(float(self.value[at]), float(self.low[at]), float(self.high[at]))

    def union(self, ids: Iterable[str]) -> Figure:
        """Return how many accounts a post reaches that all of the given accounts start.

        Parameters
        ----------
        ids
            Accounts of the graph, at least one; one named twice counts once.

        Returns
        -------
        Figure
            Accounts reached by at least one of them, themselves included. Never less than that of a part of them, never
            more than the sum (exactly so, unless the cap on work left accounts out of the samples).

        Raises
        ------
        InputError
            If none is given, or one is not in the graph.

        Notes
        -----
        The samples are drawn again, which takes as long as the first time; after `remember` only a moment.
        """
        seeds = self.graph.places(ids)
        if not len(seeds):
            raise InputError("a union needs at least one actor.")
        if len(seeds) == 1:
            return self.figure(self.graph.ids[int(seeds[0])].as_py())
        if not self.graph.reshared[seeds].any():
            return self._figure(*[float(len(seeds))] * 3)
        known = all(int(seed) in self._numbers for seed in seeds)
        hits, varied = self._known_union(seeds) if known else self._drawn_union(seeds)
        ends = _bounded(self.graph, self.samples, np.array([hits]), np.array([varied]), len(seeds), self.confidence)
        value, low, high = (float(end[0]) for end in ends)
        return self._figure(value, low, high)

    def remember(self, ids: Iterable[str]) -> None:
        """Keep in memory which samples hold the given accounts (8 bytes each), so that their unions are quick.

        Raises InputError if one is not in the graph.
        """
        from graphs.spread.kernels import list_hits

        nodes = np.array([node for node in self.graph.places(ids) if int(node) not in self._numbers], np.int32)
        wanted = np.full(self.graph.n_nodes, -1, np.int32)
        wanted[nodes] = np.arange(len(nodes), dtype=np.int32)
        if not self.graph.reshared[nodes].any():
            self._numbers.update({int(node): np.empty(0, np.int64) for node in nodes})
            return
        listed = self._again(list_hits, wanted)
        places = np.concatenate([part[0] for part in listed])
        numbers = np.concatenate([part[1] for part in listed])
        order = np.argsort(places, kind="stable")
        ends = np.cumsum(np.bincount(places, minlength=len(nodes)))[:-1]
        for node, of_node in zip(nodes.tolist(), np.split(numbers[order], ends), strict=True):
            self._numbers[node] = of_node

    def to_arrow(self) -> pa.Table:
        """Return `actor_id, value, low, high, n_observed` (samples), one row per account, in the order of the ids."""
        n = np.full(self.graph.n_nodes, self.samples.n, np.int64)
        return pa.Table.from_arrays(
            [self.graph.ids, *map(pa.array, (self.value, self.low, self.high, n))], schema=SPREAD_SCHEMA
        )

    def _figure(self, value: float, low: float, high: float) -> Figure:
        return Figure(value, low, high, INDEPENDENT_CASCADE, "post", self.samples.n)

    def _known_union(self, seeds: Int32) -> tuple[int, int]:
        numbers = np.unique(np.concatenate([self._numbers[int(seed)] for seed in seeds]))
        roots, met = np.unique(numbers // self.samples.per_root, return_counts=True)
        met = met[~np.isin(self.samples.roots[roots], seeds)]
        return int(met.sum()), int((met * (self.samples.per_root - met)).sum())

    def _drawn_union(self, seeds: Int32) -> tuple[int, int]:
        from graphs.spread.kernels import union_hits

        chosen = np.zeros(self.graph.n_nodes, np.bool_)
        chosen[seeds] = True
        parts = self._again(union_hits, chosen)
        return sum(part[0] for part in parts), sum(part[1] for part in parts)

    def _again(self, kernel: Any, wanted: Any) -> list[Any]:
        graph, samples = self.graph, self.samples
        buffers = [[np.zeros(graph.n_nodes, np.int32) for _ in range(2)] for _ in range(self.forecast.threads)]

        def work(first: int, roots: Int32, thread: int) -> Any:
            mark, queue = buffers[thread]
            mark.fill(0)
            return kernel(
                graph.indptr, graph.sources, graph.limits, graph.jumps, roots, first, samples.per_root,
                samples.stream, mark, queue, wanted,
            )  # fmt: skip

        return spread_over_threads(samples, self.forecast.threads, work)


def simulated_reach(
    graph: Any,
    *,
    relative_width: float = 0.1,
    confidence: float = 0.95,
    most_work: int = MOST_WORK,
    seed: int = 0,
    threads: int | None = None,
    tell: Callable[[str], None] | None = None,
) -> Spread:
    """Estimate how many accounts a post reaches, for every account that may start it.

    Parameters
    ----------
    graph
        An `InfluenceGraph`, a table `author, resharer, p` (what `learn_probabilities` returns), or a networkx graph
        whose edges carry `p`: an edge from a to b says that b reshares what a posts or passes on.
    relative_width
        Half the interval, divided by the reach, for reaches of 10 accounts and more; smaller ones get an interval as
        wide as at 10.
    confidence
        Coverage of the intervals.
    most_work
        Cap on the nodes and edges looked at. Where it sets the number of samples, intervals are wider than asked for,
        and `Spread.forecast.capped` is true.
    seed
        Same seed, same result, whatever `threads`.
    threads
        Default: as many as the process may use.
    tell
        Called once, before the samples are drawn, with what they will need.

    Returns
    -------
    Spread
        Value and interval of every account, in accounts, the one that starts the post **included**: whom nobody
        reshares reaches 1, itself, exactly.

    Raises
    ------
    InputError
        For a probability that is none, or an option out of range.

    Notes
    -----
    Independent cascade: whoever has the post passes it on, once, to each account that reshares it, with that edge's
    probability. An account is reached from u if, in the graph in which every edge is kept with its probability, a path
    leads there from u. A reverse-reachable sample is everybody who reaches one root in such a graph; the share of the
    samples of a root that hold u estimates the chance that u reaches it, and the sum of these over all roots the reach
    of u. Roots are the accounts that reshare anybody, each as often (Borgs et al. draw them at random, which varies
    more). See `graphs.spread.intervals.reached` for the interval and `graphs.spread.sampling.plan` for the sample size.

    References
    ----------
    Kempe, Kleinberg & Tardos (2003), KDD '03, 137-146. Borgs, Brautbar, Chayes & Lucier (2014), SODA '14, 946-957.

    Examples
    --------
    b reshares every post of a, and c half of what b has:

    >>> import pyarrow as pa
    >>> graph = pa.table({"author": ["x:a", "x:b"], "resharer": ["x:b", "x:c"], "p": [1.0, 0.5]})
    >>> spread = simulated_reach(graph)
    >>> spread.value.round(1).tolist()
    [2.5, 1.5, 1.0]
    >>> round(spread.union(["x:a", "x:c"]).value, 1)
    3.0
    """
    check_confidence(confidence)
    network = as_influence_graph(graph)
    samples, forecast = plan(
        network, relative_width=relative_width, confidence=confidence, most_work=most_work, seed=seed, threads=threads
    )
    if not len(network.resharers):
        ones = np.ones(network.n_nodes)
        return Spread(network, ones, ones, ones, samples, forecast, confidence)
    if tell is not None:
        tell(str(forecast))
    hits, varied = _counts(network, samples, forecast.threads)
    value, low, high = _bounded(network, samples, hits, varied, 1, confidence)
    for end in (value, low, high):
        end[~network.reshared] = 1.0
    return Spread(network, value, low, high, samples, forecast, confidence)


def _counts(graph: InfluenceGraph, samples: Samples, threads: int) -> tuple[Int64, Int64]:
    """Return `hits` and `varied` of every node; sums of whole numbers, so the order of the blocks does not matter."""
    workers = [Worker(graph) for _ in range(threads)]

    def work(first: int, roots: Int32, thread: int) -> None:
        workers[thread].count(roots, first, samples.per_root, samples.stream)

    spread_over_threads(samples, threads, work)
    first = workers[0]
    for other in workers[1:]:
        first.hits += other.hits
        first.varied += other.varied
    return first.hits, first.varied


def _bounded(
    graph: InfluenceGraph, samples: Samples, hits: Int64, varied: Int64, seeds: int, confidence: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return value, low and high, in accounts, `seeds` included; never above all accounts that can be reached."""
    roots = len(graph.resharers)
    draws = samples.n / roots  # of each root; a fraction where only some accounts are roots
    per_root = samples.per_root if samples.complete else 1
    value, low, high = reached(hits.astype(np.float64), varied.astype(np.float64), roots, per_root, draws, confidence)
    everybody = max(graph.n_nodes, seeds)
    value, low, high = (np.minimum(seeds + end, everybody) for end in (value, low, high))
    return value, np.minimum(low, value), np.maximum(high, value)
