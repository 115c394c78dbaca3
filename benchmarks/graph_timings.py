"""Graphs, PageRank and simulated reach against the tools that people have today, and the memory that they take."""

from __future__ import annotations

import statistics
import subprocess
import sys
from array import array
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from timing import Timing, paired, timed

__all__ = ["graph", "memory", "pagerank", "random_edges", "spread"]

NODES, EDGES = 100_000, 1_000_000


def random_edges(nodes: int, edges: int) -> tuple[Any, Any, Any]:
    """Return random edges as numbers, and the names of the nodes. Few accounts get most of the reshares, as in life."""
    random = np.random.default_rng(1)
    targets = (nodes * random.random(edges) ** 3).astype(np.int64)
    sources = random.integers(nodes, size=edges)
    kept = sources != targets
    return sources[kept], targets[kept], np.char.add("x:", np.arange(nodes).astype(str))


def _built() -> Any:
    from graphs import graph_from_arrays

    sources, targets, names = random_edges(NODES, EDGES)
    return graph_from_arrays(sources, targets, ids=names)


def graph(runs: int) -> Iterator[Timing]:
    """Building a graph from arrays of node numbers and weights, and from a table of names, against networkx."""
    import networkx as nx
    import pyarrow as pa

    from graphs import graph_from_arrays, reshare_graph

    # Each pair once, since networkx keeps the last weight and does not add.
    edges = _built().csr.tocoo()
    names = pa.array(random_edges(NODES, EDGES)[2])
    sources, targets, weights = edges.row, edges.col, edges.data

    def from_arrays() -> Any:
        built = nx.DiGraph()
        built.add_weighted_edges_from(zip(sources.tolist(), targets.tolist(), weights.tolist(), strict=True))
        return built

    ours, theirs = paired(lambda: graph_from_arrays(sources, targets, weights, names), from_arrays, runs)
    yield Timing(f"graph of {NODES:,} accounts from arrays of {len(sources):,} edges", ours, theirs, "networkx")
    rows = pa.table({"source": names.take(sources), "target": names.take(targets), "kind": ["reshare"] * len(sources)})
    pairs = list(zip(rows["source"].to_pylist(), rows["target"].to_pylist(), strict=True))

    def from_names() -> Any:
        built = nx.DiGraph()
        for source, target in pairs:
            if built.has_edge(source, target):
                built[source][target]["weight"] += 1
            else:
                built.add_edge(source, target, weight=1)
        return built

    ours, theirs = paired(lambda: reshare_graph(rows), from_names, runs)
    yield Timing(f"the same from a table of {len(sources):,} named reshares", ours, theirs, "networkx from a list")


def pagerank(runs: int) -> Iterator[Timing]:
    """PageRank, all to a total change of 1e-6 on one core, graphs built beforehand. igraph is exact whatever is asked.

    Each peer's scores are compared with ours: a fast answer to another question would be no peer.
    """
    import networkx as nx

    from graphs import pagerank as ours
    from graphs import to_networkx

    built = _built()
    same = to_networkx(built)
    peers: dict[str, Callable[[], Any]] = {
        "networkx": lambda: list(nx.pagerank(same, tol=1e-6 / built.n_nodes).values()),
        "networkit": _networkit(built),
        "rustworkx": _rustworkx(built),
        "igraph": _igraph(built),
    }
    expected = ours(built.csr)
    for name, peer in peers.items():
        scores = np.asarray(peer())
        if np.abs(scores / scores.sum() - expected).sum() > 1e-5:
            raise AssertionError(f"{name} computes other scores than ours")
        mine, theirs = paired(lambda: ours(built.csr, tolerance=1e-6), peer, runs)
        yield Timing(f"PageRank of {NODES:,} accounts, {built.n_edges:,} edges", mine, theirs, name)


def _networkit(built: Any) -> Callable[[], Any]:
    import networkit as nk

    nk.setNumberOfThreads(1)
    edges = built.csr.tocoo()
    places = (edges.row.astype(np.uint64), edges.col.astype(np.uint64))
    same = nk.GraphFromCoo((edges.data, places), n=built.n_nodes, weighted=True, directed=True)

    def peer() -> Any:
        sinks = nk.centrality.SinkHandling.DistributeSinks
        found = nk.centrality.PageRank(same, damp=0.85, tol=1e-6, distributeSinks=sinks)
        found.norm = nk.centrality.Norm.L1_NORM
        found.run()
        return found.scores()

    return peer


def _rustworkx(built: Any) -> Callable[[], Any]:
    import rustworkx as rx

    edges = built.csr.tocoo()
    same = rx.PyDiGraph()
    same.add_nodes_from(range(built.n_nodes))
    same.add_edges_from(list(zip(edges.row.tolist(), edges.col.tolist(), edges.data.tolist(), strict=True)))

    def peer() -> Any:
        # Its tolerance is a node's, as that of networkx.
        found = rx.pagerank(same, alpha=0.85, weight_fn=float, tol=1e-6 / built.n_nodes)
        return [found[node] for node in range(built.n_nodes)]

    return peer


def _igraph(built: Any) -> Callable[[], Any]:
    import igraph

    edges = built.csr.tocoo()
    same = igraph.Graph(n=built.n_nodes, edges=np.column_stack([edges.row, edges.col]), directed=True)
    weights = edges.data.tolist()
    return lambda: same.pagerank(damping=0.85, weights=weights)


def spread(runs: int) -> Iterator[Timing]:
    """Expected spread of all accounts to 10%, on one core, against CyNetDiff simulating each account as precisely.

    At 3% per edge most posts reach hardly anybody, so that one simulation of a typical account is as precise as ours;
    at 6% typical reaches are above 2. CyNetDiff answers one account at a time: simulations are timed that give the
    half interval of ours for the 20 accounts of largest reach, and for 100 of the others drawn at random; its total is
    the sum of the former and the mean of the latter times their number, so it is extrapolated.
    """
    from graphs import InfluenceGraph, simulated_reach

    built = _built()
    edges = built.csr.tocoo()
    for chance in (0.03, 0.06):
        chances = np.full(built.n_edges, chance)
        influence = InfluenceGraph.from_arrays(built.ids, edges.col, edges.row, chances)
        found = simulated_reach(influence, threads=1)  # compiles
        ours = statistics.median(timed(partial(simulated_reach, influence, threads=1)) for _ in range(runs))
        answered = np.flatnonzero(influence.reshared)
        ordered = answered[np.argsort(-found.value[answered])]
        drawn = np.random.default_rng(2).choice(ordered[20:], 100, replace=False)
        half, model = (found.high - found.low) / 2, _cynetdiff(influence, chance)
        large, others = (
            [_seconds_to_precision(model, int(node), float(half[node])) for node in nodes]
            for nodes in (ordered[:20], drawn)
        )
        theirs = sum(large) + statistics.mean(others) * (len(ordered) - 20)
        typical, mean = np.median(found.value[answered]), found.value[answered].mean()
        what = f"spread of {len(answered):,} accounts at {chance:.0%} (median reach {typical:.1f}, mean {mean:.1f})"
        yield Timing(what, ours, theirs, "CyNetDiff (extrapolated from 120 accounts)")


def _cynetdiff(influence: Any, chance: float) -> Any:
    from cynetdiff.models import IndependentCascadeModel

    starts, targets, _ = influence.outgoing()
    return IndependentCascadeModel(
        array("I", starts[:-1].tolist()),
        array("I", targets.tolist()),
        activation_probs=array("f", [chance] * len(targets)),
    )


def _seconds_to_precision(model: Any, node: int, half: float) -> float:
    """Return the seconds of as many simulations from a node as make half a 95% interval of their mean `half`."""
    model.set_seeds([node])
    sizes = []

    def simulate() -> None:
        for _ in range(200):
            model.reset_model()
            model.advance_until_completion()
            sizes.append(model.get_num_activated_nodes())

    one = timed(simulate) / 200
    # Fewer than one simulation cannot be run, however precise it is.
    return float(one * max((1.96 * statistics.stdev(sizes) / half) ** 2, 1))


_CHILD = """
import resource, sys, time
import numpy as np, pyarrow as pa
from graph_timings import random_edges
from graphs import InfluenceGraph, graph_from_arrays, pagerank, simulated_reach
started = time.perf_counter()
sources, targets, names = random_edges({nodes}, {edges})
names = pa.array(names)
built = graph_from_arrays(sources, targets, ids=names)
del sources, targets, names
pagerank(built.csr, tolerance=1e-6)
edges = built.csr.tocoo()
influence = InfluenceGraph.from_arrays(built.ids, edges.col, edges.row, np.full(built.n_edges, 0.03))
del edges
reach = simulated_reach(influence, threads=2)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(built.n_nodes, built.n_edges, reach.forecast.capped, peak, time.perf_counter() - started)
"""


def memory(runs: int) -> Iterator[str]:
    """Peak memory of a process that builds a graph of 10,000,000 edges, its PageRank and its simulated reach."""
    code = _CHILD.format(nodes=1_000_000, edges=10_000_000)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    nodes, edges, capped, peak, seconds = done.stdout.split()
    cut = ", cut short by the cap on work" if capped == "True" else ""
    yield (
        f"graph, PageRank and simulated reach{cut} of {int(nodes):,} accounts, {int(edges):,} edges: "
        f"peak {int(peak) / 1e9:.2f} GB, {float(seconds):.0f} s"
    )
