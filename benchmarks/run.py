"""Time our parts against the tools that people have today, in one run, as ratios.

    make bench
    make bench ARGS="pagerank graph"

Each benchmark runs ours and the peer in turn, several times, and prints the medians and the ratio. Seconds differ from
machine to machine and from hour to hour; a ratio from one run says more.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Timing:
    """Median seconds of ours and of the peer, and what was done."""

    what: str
    ours: float
    peer: float
    peer_name: str

    def __str__(self) -> str:
        return (
            f"{self.what}: {self.ours:.3f} s, {self.peer_name} {self.peer:.3f} s, "
            f"{self.peer / self.ours:.1f} times as fast"
        )


def _paired(ours: Callable[[], Any], peer: Callable[[], Any], runs: int) -> tuple[float, float]:
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for place, function in enumerate((ours, peer)):
            started = time.perf_counter()
            function()
            seconds[place].append(time.perf_counter() - started)
    return statistics.median(seconds[0]), statistics.median(seconds[1])


def _edges(nodes: int, edges: int) -> Any:
    """Random weighted edges, as an Arrow table of the contract's interactions."""
    import pyarrow as pa

    random = np.random.default_rng(1)
    # Popularity as in real reshare networks: few accounts get most of the reshares.
    targets = (nodes * random.random(edges) ** 3).astype(np.int64)
    sources = random.integers(nodes, size=edges)
    kept = sources != targets
    names = np.char.add("x:", np.arange(nodes).astype(str))
    return pa.table(
        {"source": names[sources[kept]], "target": names[targets[kept]], "kind": ["reshare"] * int(kept.sum())}
    )


def graph(runs: int) -> Timing:
    """Building the graph of reshares from a table of 1,000,000 rows, against networkx from the same rows."""
    import networkx as nx

    from graphs import reshare_graph

    table = _edges(100_000, 1_000_000)
    pairs = list(zip(table["source"].to_pylist(), table["target"].to_pylist(), strict=True))

    def peer() -> Any:
        built = nx.DiGraph()
        for source, target in pairs:
            if built.has_edge(source, target):
                built[source][target]["weight"] += 1
            else:
                built.add_edge(source, target, weight=1)
        return built

    ours, theirs = _paired(lambda: reshare_graph(table), peer, runs)
    return Timing("graph of 100,000 accounts from 1,000,000 reshares", ours, theirs, "networkx")


def pagerank(runs: int) -> Timing:
    """PageRank of 100,000 nodes and 1,000,000 edges, both to a total change of 1e-6, against networkx."""
    import networkx as nx

    from graphs import pagerank as ours
    from graphs import reshare_graph, to_networkx

    built = reshare_graph(_edges(100_000, 1_000_000))
    same = to_networkx(built)
    mine, theirs = _paired(
        lambda: ours(built.csr, tolerance=1e-6), lambda: nx.pagerank(same, tol=1e-6 / built.n_nodes), runs
    )
    return Timing("PageRank of 100,000 accounts, 1,000,000 edges", mine, theirs, "networkx")


def spread(runs: int) -> Timing:
    """Expected spread of 100,000 accounts (1,000,000 edges of 3%) to 10%, against CyNetDiff simulating as precisely.

    CyNetDiff answers one account at a time. For 100 accounts drawn at random the simulations are timed that give the
    half interval of ours; its total is their mean times the accounts that somebody reshares, so it is extrapolated.
    """
    from cynetdiff.models import IndependentCascadeModel

    from graphs import InfluenceGraph, reshare_graph, simulated_reach

    built = reshare_graph(_edges(100_000, 1_000_000))
    edges = built.csr.tocoo()
    graph = InfluenceGraph.from_arrays(built.ids, edges.col, edges.row, np.full(built.n_edges, 0.03))
    simulated_reach(graph, seed=1)  # compiles
    seconds = []
    for run in range(runs):
        started = time.perf_counter()
        found = simulated_reach(graph, seed=run)
        seconds.append(time.perf_counter() - started)
    starts, targets, _ = graph.outgoing()
    model = IndependentCascadeModel(
        array("I", starts[:-1].tolist()),
        array("I", targets.tolist()),
        activation_probs=array("f", [0.03] * len(targets)),
    )
    answered = np.flatnonzero(graph.reshared)
    drawn = np.random.default_rng(2).choice(answered, 100, replace=False)
    half = (found.high - found.low) / 2
    each = [_seconds_to_precision(model, int(node), float(half[node])) for node in drawn]
    theirs = statistics.mean(each) * len(answered)
    what = f"spread of {len(answered):,} reshared accounts, 1,000,000 edges"
    return Timing(what, statistics.median(seconds), theirs, "CyNetDiff (extrapolated from 100 accounts)")


def _seconds_to_precision(model: Any, node: int, half: float) -> float:
    """Return the seconds of as many simulations from a node as make half a 95% interval of their mean `half`."""
    model.set_seeds([node])
    sizes = []
    started = time.perf_counter()
    for _ in range(200):
        model.reset_model()
        model.advance_until_completion()
        sizes.append(model.get_num_activated_nodes())
    one = (time.perf_counter() - started) / len(sizes)
    return float(one * max((1.96 * statistics.stdev(sizes) / half) ** 2, 1))


def intake(runs: int) -> Timing:
    """Importing 500,000 rows of CSV into a study, deduplicated, against pandas reading and deduplicating them."""
    import pandas as pd

    from influence import Study

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "posts.csv"
        rows = np.arange(500_000)
        frame = pd.DataFrame({"id": rows, "who": rows % 5000, "when": 1_700_000_000 + rows, "views": rows % 977})
        frame.to_csv(file, index=False)
        mapping = {"post_id": "id", "actor_id": "who", "created_at": "when", "views": "views"}
        count = iter(range(runs))

        def ours() -> None:
            study = Study.create(Path(folder) / f"study{next(count)}")
            study.import_(file, mapping=mapping, platform="telegram")

        def peer() -> Any:
            return pd.read_csv(file).drop_duplicates(["who", "id"])

        mine, theirs = _paired(ours, peer, runs)
    return Timing("import of 500,000 rows of CSV into a study", mine, theirs, "pandas, in memory only")


BENCHMARKS: dict[str, Callable[[int], Timing]] = {
    "graph": graph,
    "pagerank": pagerank,
    "spread": spread,
    "intake": intake,
}


def main() -> None:
    """Run the benchmarks that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"any of {', '.join(BENCHMARKS)}; all if none is named")
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    for name in given.names or BENCHMARKS:
        print(BENCHMARKS[name](given.runs), flush=True)


if __name__ == "__main__":
    main()
