"""How often chance passes for coordination, and how often planted coordination is found.

    python benchmarks/coordination_null.py false --runs 200
    python benchmarks/coordination_null.py power --runs 40
    python benchmarks/coordination_null.py shuffled --runs 200

`false` draws studies of accounts that share independently of each other (heavy-tailed activity and popularity, a day's
rhythm, bursts), searches them, and counts the studies in which any edge has a q-value below 0.05. `power` plants a
group among 10,000 such accounts and counts how many of its pairs are found; an interval is over its `--runs` studies.
`shuffled` makes the null run on studies as those of `false`, where chance is all that there is: what the run says of
chance should be what was found.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphs.coordination.nullrun import coordination_null
from graphs.coordination.nulls import SignificanceOptions
from graphs.coordination.options import CoordinationOptions
from graphs.coordination.shares import Shares
from graphs.coordination.significance import Significance, edge_significance
from graphs.reaching.survey import wilson
from synthesis.independent import Planted, World, independent_shares, plant, shares_from_arrays

__all__ = ["MATCHED", "UNMATCHED", "false_alarms", "main", "null_runs", "power"]

MATCHED = (
    ("objects", "times_within_objects"),
    ("accounts", "objects_within_activity"),
    ("accounts", "configuration_model"),
    ("accounts", "hypergeometric_by_popularity"),
)
"""What makes times, and a null model that this matches; the time plays no role in the last two."""

UNMATCHED = (
    ("accounts", "times_within_objects"),
    ("objects", "objects_within_activity"),
    ("accounts", "hypergeometric"),
)
"""What a null model does that leaves something out: accounts' hours, objects' bursts, objects' popularity."""

Floats = npt.NDArray[np.float64]
WINDOW_S = 60.0
GROUPS = (5, 10, 30)
PARTS = (0.2, 1.0)
GAPS_S = (5.0, 30.0, 60.0)
OBJECTS = (5, 10)


SEARCH = CoordinationOptions(window_s=WINDOW_S, min_participation=2)
RULES = (("weight", 1.0), ("weight", 2.0), ("weight", 3.0), ("q_value", 0.05))
NULL_COLUMNS = ("edges_observed", "edges_by_chance", "low", "high", "false_positive_rate")
SHUFFLES = 20
"""Shuffles of a null run, as `influence coordination` makes them."""


def _search(shares: Shares, null: str) -> Significance:
    return edge_significance(shares, SEARCH, SignificanceOptions(null=null))  # type: ignore[arg-type]


def false_alarms(kind: str, null: str, *, runs: int, seed: int = 0) -> npt.NDArray[np.int64]:
    """Return the number of significant edges of each run; all of them are false."""
    world = World(kind=kind)
    found = np.zeros(runs, np.int64)
    for run in range(runs):
        random = np.random.default_rng([seed, run])
        shares = shares_from_arrays(*independent_shares(world, random), world.accounts)
        found[run] = _search(shares, null).significant().num_rows
    return found


def power(kind: str, null: str, group: Planted, *, runs: int, seed: int = 0) -> tuple[Floats, Floats]:
    """Return for each run the share of the group's pairs that are found, and of the false ones among all found."""
    world = World(kind=kind, accounts=10_000, shares=40_000, objects=10_000)
    members = pa.array([f"x:{world.accounts + i:06d}" for i in range(group.size)])
    hits, found = np.zeros(runs), np.zeros(runs)
    for run in range(runs):
        random = np.random.default_rng([seed, run])
        planted = plant(world, group, *independent_shares(world, random), random)
        edges = _search(shares_from_arrays(*planted, world.accounts + group.size), null).significant()
        inside = pc.and_(pc.is_in(edges["source"], members), pc.is_in(edges["target"], members))
        hits[run], found[run] = pc.sum(inside).as_py() or 0, edges.num_rows
    return hits / (group.size * (group.size - 1) // 2), (found - hits) / np.maximum(found, 1)


def null_runs(kind: str, null: str, *, runs: int, seed: int = 0) -> pa.Table:
    """Return the null runs of studies without coordination, one below the other; `study` numbers them."""
    world, tables = World(kind=kind), []
    model = SignificanceOptions(null=null)  # type: ignore[arg-type]
    for run in range(runs):
        random = np.random.default_rng([seed, run])
        shares = shares_from_arrays(*independent_shares(world, random), world.accounts)
        table = coordination_null(shares, SEARCH, model, runs=SHUFFLES, seed=run)
        tables.append(table.append_column("study", pa.array(np.full(table.num_rows, run))))
    return pa.concat_tables(tables)


def _mean(shares: Floats, digits: int = 0) -> str:
    """Return a mean over studies with its 95% interval.

    All pairs of a study are found or missed together, so the study is what is counted, not the pair. Of all shares
    with a mean, those that are 0 or 1 vary most, so that Wilson's interval for them is at most too wide.
    """
    low, mean, high = wilson(float(shares.mean()), len(shares))
    return f"{mean:.{digits}%} ({low:.{digits}%} to {high:.{digits}%})"


def _false_lines(runs: int, seed: int) -> Iterator[str]:
    yield "| bursts and rhythm of | null model | studies | any edge at q < 0.05 | 95% interval | edges in the mean |"
    yield "|---|---|---|---|---|---|"
    for kind, null in MATCHED + UNMATCHED:
        found = false_alarms(kind, null, runs=runs, seed=seed)
        low, share, high = wilson(float((found > 0).mean()), runs)
        yield f"| {kind} | {null} | {runs} | {share:.1%} | {low:.1%} to {high:.1%} | {found.mean():.2f} |"


def _power_lines(runs: int, seed: int) -> Iterator[str]:
    gaps = " | ".join(f"{gap:g} s" for gap in GAPS_S)
    yield f"| group | objects | part of its shares | which objects | null model | {gaps} | false among found, at most |"
    yield "|---|---|---|---|---|" + "---|" * (len(GAPS_S) + 1)
    models = (
        ("accounts", "objects_within_activity", True),
        ("accounts", "objects_within_activity", False),
        ("objects", "times_within_objects", True),
    )
    for kind, null, popular in models:
        for size, objects, part in product(GROUPS, OBJECTS, PARTS):
            planted = [Planted(size=size, objects=objects, part=part, gap_s=gap, popular=popular) for gap in GAPS_S]
            found = [power(kind, null, group, runs=runs, seed=seed) for group in planted]
            cells = " | ".join(_mean(share) for share, _ in found)
            which = "popular" if popular else "its own"
            worst = max((false for _, false in found), key=lambda false: float(false.mean()))
            yield f"| {size} | {objects} | {part:.0%} | {which} | {null} | {cells} | {_mean(worst, 1)} |"


def _shuffled_lines(runs: int, seed: int) -> Iterator[str]:
    yield "| bursts and rhythm of | null model | rule | edges | by chance | within its range | shuffles with any |"
    yield "|---|---|---|---|---|---|---|"
    for kind, null in (*MATCHED[:2], *UNMATCHED[:2]):
        table = null_runs(kind, null, runs=runs, seed=seed)
        for rule, threshold in RULES:
            rows = table.filter(pc.and_(pc.equal(table["rule"], rule), pc.equal(table["threshold"], threshold)))
            found, chance, low, high, rate = (rows[name].to_numpy() for name in NULL_COLUMNS)
            within = _mean(((low <= found) & (found <= high)).astype(np.float64))
            words = f"{'q <' if rule == 'q_value' else 'weight >='} {threshold:g}"
            means = f"{found.mean():.2f} | {chance.mean():.2f}"
            yield f"| {kind} | {null} | {words} | {means} | {within} | {_mean(rate, 1)} |"


STUDIES: dict[str, Callable[[int, int], Iterator[str]]] = {
    "false": _false_lines,
    "power": _power_lines,
    "shuffled": _shuffled_lines,
}


def main(arguments: list[str] | None = None) -> int:
    """Print one of the three tables, line by line as they come."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=tuple(STUDIES))
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    if given.runs < 1:
        parser.error(f"--runs must be at least 1, got {given.runs}")
    for line in STUDIES[given.study](given.runs, given.seed):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
