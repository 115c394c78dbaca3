"""Time our parts against the tools that people have today, in one run, as ratios.

    make bench
    make bench ARGS="pagerank graph"

Each benchmark runs ours and the peer in turn, several times, and prints the medians and the ratio. Seconds differ from
machine to machine and from hour to hour; a ratio from one run says more.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import coordination_timings
import graph_timings
from timing import Timing, paired


def intake(runs: int) -> Iterator[Timing]:
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

        mine, theirs = paired(ours, peer, runs)
    yield Timing("import of 500,000 rows of CSV into a study", mine, theirs, "pandas, in memory only")


BENCHMARKS: dict[str, Callable[[int], Iterator[Timing | str]]] = {
    "graph": graph_timings.graph,
    "pagerank": graph_timings.pagerank,
    "spread": graph_timings.spread,
    "memory": graph_timings.memory,
    "intake": intake,
    "coordination": coordination_timings.coordination,
    "coordination_scale": coordination_timings.coordination_scale,
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
        for line in BENCHMARKS[name](given.runs):
            print(line, flush=True)


if __name__ == "__main__":
    main()
