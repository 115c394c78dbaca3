"""How often 95% intervals hold the truth, and how far estimates lie from it, on studies whose truth is known.

    python benchmarks/coverage_study.py --runs 1000
    python benchmarks/coverage_study.py exposed engaged --runs 400 --markdown

Each case draws many studies (or actors) from a stated population, estimates, and counts. Runs of one case are
actors of one table where that is possible, so that a thousand runs take seconds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["CASES", "Case", "Outcome", "case", "main", "measure"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """Estimates of one setting, a run each: arrays of one length, and the truth (one number, or one a run)."""

    setting: str
    value: FloatArray
    low: FloatArray
    high: FloatArray
    truth: FloatArray | float


@dataclass(frozen=True)
class Case:
    """One family of figures: its name, and what draws `runs` runs of each of its settings."""

    name: str
    draw: Callable[[int, np.random.Generator], Iterator[Outcome]]


CASES: dict[str, Case] = {}
"""The registry: another estimator adds its case with the decorator `case`."""


def case(name: str) -> Callable[[Callable[[int, np.random.Generator], Iterator[Outcome]]], Case]:
    """Register a generator of outcomes as a case."""

    def register(draw: Callable[[int, np.random.Generator], Iterator[Outcome]]) -> Case:
        CASES[name] = Case(name, draw)
        return CASES[name]

    return register


@dataclass(frozen=True)
class Measured:
    """A line of the table: coverage with its Monte Carlo error, relative bias of the mean, mean relative width."""

    case: str
    setting: str
    runs: int
    coverage: float
    error: float
    bias: float
    width: float

    def cells(self) -> tuple[str, ...]:
        """Return the line as it is printed."""
        return (
            self.case, self.setting, f"{self.runs:,}", f"{self.coverage:.1%} ± {self.error:.1%}",
            f"{self.bias:+.1%}", f"{self.width:.2f}",
        )  # fmt: skip


HEADER = ("figure", "setting", "runs", "interval holds the truth", "bias", "width")


def measure(name: str, *, runs: int = 400, seed: int = 0) -> list[Measured]:
    """Return what a case shows, setting by setting. Width is that of the interval over the truth, at the median."""
    lines = []
    for outcome in CASES[name].draw(runs, np.random.default_rng([seed, *name.encode()])):
        known = ~np.isnan(outcome.low) & ~np.isnan(outcome.high)
        truth = np.broadcast_to(np.asarray(outcome.truth, dtype=np.float64), outcome.value.shape)[known]
        low, high, value = outcome.low[known], outcome.high[known], outcome.value[known]
        slack = 1e-9 * np.abs(truth)
        covered = float(((low <= truth + slack) & (truth - slack <= high)).mean())
        error = float(np.sqrt(max(covered * (1 - covered), 0) / len(truth)))
        bias = float(np.nanmean(value / truth) - 1) if np.isfinite(value).any() else float("nan")
        width = float(np.median((high - low) / truth))
        lines.append(Measured(name, outcome.setting, len(truth), covered, error, bias, width))
    return lines


Ends = tuple[FloatArray, FloatArray, FloatArray]
"""Values, lower ends and upper ends, a run each."""


def _columns(rows: list[tuple[float | None, float | None, float | None]]) -> Ends:
    value, low, high = np.array(rows, dtype=np.float64).T
    return value, low, high


def _figures(table: pa.Table) -> Ends:
    columns = (table[name].to_pylist() for name in ("value", "low", "high"))
    return _columns(list(zip(*columns, strict=True)))


# -- exposed ---------------------------------------------------------------------------------------------------------


@case("exposed")
def exposed(runs: int, random: np.random.Generator) -> Iterator[Outcome]:
    """Median views of a post: log-normal views as in real channels (spread of logs 1), n posts an actor."""
    from graphs import exposed_reach

    for posts in (3, 6, 10, 30, 200):
        views = np.rint(np.exp(7 + random.standard_normal((runs, posts))))
        ids = np.repeat([f"x:{run:06d}" for run in range(runs)], posts)
        table = exposed_reach(pa.table({"actor_id": ids, "views": views.ravel()}))
        yield Outcome(f"{posts} posts, log-normal views", *_figures(table), float(np.exp(7)))


# -- engaged ---------------------------------------------------------------------------------------------------------


def _engaged(acts: npt.NDArray[np.int64], **options: str) -> Ends:
    """Return the estimates of a matrix of acts, a row a run and a column an account."""
    from graphs.reaching.chao import Counts, estimate_unseen

    seen = [(acts > 0).sum(1), *((acts == k).sum(1) for k in range(1, 5))]
    value, low, high, _ = estimate_unseen(Counts.of(*seen), **options)  # type: ignore[arg-type]
    return value, low, high


@case("engaged")
def engaged(runs: int, random: np.random.Generator) -> Iterator[Outcome]:
    """Accounts that act, seen and unseen: alike, different, and with ones in excess."""
    size = 1000
    for rate in (0.3, 0.9, 2.0):
        acts = random.poisson(rate, (runs, size))
        yield Outcome(f"1,000 alike, {rate:g} acts each", *_engaged(acts), float(size))
        yield Outcome(f"1,000 alike, {rate:g} acts each, bootstrap", *_engaged(acts, interval="bootstrap"), float(size))
    for shape in (2.0, 0.7):
        acts = random.poisson(random.gamma(shape, 0.9 / shape, (runs, size)))
        yield Outcome(f"1,000 different (gamma, shape {shape:g}), 0.9 acts", *_engaged(acts), float(size))
    for ones in ("as_seen", "test", "inflated"):
        acts = np.hstack([random.poisson(1.0, (runs, 10_000)), np.ones((runs, 3_000), np.int64)])
        yield Outcome(f"10,000 alike and 3,000 that act once, ones {ones}", *_engaged(acts, ones=ones), 13_000.0)


# -- potential -------------------------------------------------------------------------------------------------------


@case("potential")
def potential(runs: int, random: np.random.Generator) -> Iterator[Outcome]:
    """Unions of audiences: listed followers (exact), sizes alone (what is possible), a survey of pairs."""
    from graphs.figures import Figure
    from graphs.reaching.survey import wilson
    from graphs.reaching.unions import union_of_figures

    people, audiences = 20_000, 4
    found: dict[str, list[tuple[float, float, float, float]]] = {"sizes": [], "survey": [], "pair": []}
    for _ in range(runs):
        interest = random.gamma(0.6, 1 / 0.6, people)
        rates = random.uniform(0.03, 0.2, audiences)
        sets = random.random((audiences, people)) < np.minimum(rates[:, None] * interest, 0.95)
        sizes, asked = sets.sum(1).astype(float), random.choice(people, 1000, replace=False)
        parts = [Figure(x, x, x, "count") for x in sizes]
        union = union_of_figures(parts, population=people)
        found["sizes"].append((union.value or np.nan, union.low or 0, union.high or np.nan, float(sets.any(0).sum())))
        shares = {}
        for i in range(audiences):
            for j in range(i + 1, audiences):
                in_b = sets[j, asked]
                if in_b.sum():
                    share = float((sets[i, asked] & in_b).sum() / in_b.sum())
                    low, _, high = wilson(share, float(in_b.sum()))
                    shares[i, j] = (low * sizes[j], share * sizes[j], high * sizes[j])
        union = union_of_figures(parts, population=people, overlaps=shares)
        found["survey"].append((union.value or np.nan, union.low or 0, union.high or np.nan, float(sets.any(0).sum())))
        two = union_of_figures(parts[:2], population=people, overlaps={k: v for k, v in shares.items() if k == (0, 1)})
        found["pair"].append((two.value or np.nan, two.low or 0, two.high or np.nan, float(sets[:2].any(0).sum())))
    names = {
        "sizes": "4 audiences, sizes alone (possible range)",
        "survey": "4 audiences, pairs from a survey of 1,000 (possible range)",
        "pair": "2 audiences, their overlap from a survey of 1,000",
    }
    for key, rows in found.items():
        value, low, high, truth = np.array(rows).T
        yield Outcome(names[key], value, low, high, truth)


# -- ratios ----------------------------------------------------------------------------------------------------------


@case("ratio")
def ratios(runs: int, random: np.random.Generator) -> Iterator[Outcome]:
    """Typical leader against typical outlet: members drawn from log-normal populations, the ratio of medians is 10."""
    from graphs.figures import Figure
    from graphs.ratios import ratio, typical_pair

    for leaders, outlets in ((3, 2), (5, 4), (8, 6), (20, 15)):
        rows = []
        for _ in range(runs):
            a, b = (np.exp(mean + random.standard_normal(n)) for mean, n in ((np.log(10), leaders), (0.0, outlets)))
            first, second = typical_pair(
                [Figure(x, x, x, "count") for x in a], [Figure(x, x, x, "count") for x in b], 0.95
            )
            found = ratio(first, second)
            rows.append((found.value, found.low, found.high))
        yield Outcome(f"{leaders} leaders, {outlets} outlets", *_columns(rows), 10.0)


@case("group_ratio")
def group_ratios(runs: int, random: np.random.Generator) -> Iterator[Outcome]:
    """All leaders together against all outlets together: the ratio of their net reach."""
    from group_ratios import group_ratio_runs

    for setting, rows in group_ratio_runs(runs, random):
        value, low, high, truth = np.array(rows, dtype=np.float64).T
        yield Outcome(setting, value, low, high, truth)


# -- action ----------------------------------------------------------------------------------------------------------


@case("action")
def action(runs: int, random: np.random.Generator) -> Iterator[Outcome]:
    """Share of accounts engaging with calls; actions per account engaged, one call and several uneven ones."""
    from graphs.action.rows import conversion, counted_actions, share_of
    from graphs.figures import Figure
    from graphs.reaching.chao import chao_interval

    seen = random.binomial(120, 0.3, runs)
    shares = [share_of(int(k), 120, 0.95, basis="window", why="") for k in seen]
    rows = _columns([(share.value, share.low, share.high) for share in shares])
    yield Outcome("share engaging with calls, 120 accounts, 30%", *rows, 0.3)
    for calls, spread in ((1, 0.0), (8, 0.0), (8, 0.3)):
        rates = 0.05 * (random.gamma(1 / spread, spread, (runs, calls)) if spread else np.ones((runs, calls)))
        weights, found = np.full(calls, 800.0), []
        for rate in rates:
            acts = random.poisson(0.9, 800 * calls)
            n, f1, f2 = ((acts > 0).sum(), (acts == 1).sum(), (acts == 2).sum())
            value, low, high = (float(x) for x in chao_interval(n, f1, f2))
            done = counted_actions("signature", random.poisson(rate * weights).tolist(), weights.tolist(), 0.95)
            one = conversion(done, Figure(value, low, high, "chao1987"), basis="post")
            found.append((one.value, one.low, one.high))
        uneven = f", uneven (variance {spread:g} of mean²)" if spread else ""
        rows = _columns(found)
        yield Outcome(f"actions per account engaged, {calls} call(s){uneven}", *rows, 0.05)


# -- simulated -------------------------------------------------------------------------------------------------------


@case("simulated")
def simulated(runs: int, random: np.random.Generator) -> Iterator[Outcome]:
    """Expected spread from one account: exact on small graphs, on a larger one from 600 times as many samples.

    The samples that small graphs get beyond the width asked for are left out; intervals then are as wide as promised.
    """
    from unittest.mock import patch

    from graphs import InfluenceGraph, exact_spread, simulated_reach
    from graphs.spread import sampling

    with patch.object(sampling, "FEWEST_SAMPLES", 1):
        for chance in (0.1, 0.3, 0.7):
            rows, truths = [], []
            for run in range(runs):
                pairs = random.choice(30, 12, replace=False)  # of the 30 ordered pairs of 6 accounts
                authors, others = pairs // 5, pairs % 5
                resharers = others + (others >= authors)
                chances = np.minimum(random.gamma(4, chance / 4, 12), 1)
                graph = InfluenceGraph.from_arrays(list("abcdef"), authors, resharers, chances)
                starter = graph.ids[int(authors[0])].as_py()
                figure = simulated_reach(graph, seed=run, threads=1, relative_width=0.1).figure(starter)
                rows.append((figure.value, figure.low, figure.high))
                truths.append(exact_spread(graph, [starter]))
            yield Outcome(f"6 accounts, 12 edges of about {chance:.0%}", *_columns(rows), np.array(truths))
        pairs = np.unique(random.integers(200 * 200, size=1500))
        authors, resharers = (200 * (pairs // 200 / 200) ** 2).astype(int), pairs % 200
        authors, resharers = np.unique(np.stack([authors, resharers]), axis=1)
        graph = InfluenceGraph.from_arrays(
            [f"x:{i:03d}" for i in range(200)], authors, resharers, random.beta(1, 6, len(authors))
        )
        long = simulated_reach(graph, seed=2**40, relative_width=0.004)
        starters = random.choice(np.flatnonzero(graph.reshared), runs)
        found = [simulated_reach(graph, seed=run, threads=1) for run in range(runs)]
        ends = zip(found, starters, strict=True)
        rows = [(one.value[node], one.low[node], one.high[node]) for one, node in ends]
        yield Outcome("200 accounts, probabilities differ", *_columns(rows), long.value[starters])


# -- ranks -----------------------------------------------------------------------------------------------------------


@case("ranks")
def ranks(runs: int, random: np.random.Generator) -> Iterator[Outcome]:
    """Ranks of 30 accounts by each measure: the interval against the rank by the mean score of all runs."""
    from rank_coverage import MEASURES, rank_intervals

    for metric in MEASURES:
        for found in rank_intervals(metric, runs, random):
            yield Outcome(f"{metric}, rank among 30 accounts", *found)


# -- flags -----------------------------------------------------------------------------------------------------------


@case("flags")
def flags(runs: int, random: np.random.Generator) -> Iterator[Outcome]:
    """Share of manipulative calls of accounts drawn from a beta per kind, labels with and without errors.

    Bias is that of the mean ratio, and shrinkage draws the smallest shares up: read coverage and width.
    """
    from flag_truth import interval_runs

    scenes = {
        "labels without error": {"false": 0.0},
        "1 of 12 open calls mislabelled, taken out": {"false": 1 / 12},
        "1 of 12, and 3 of 10 missed, both taken out": {"false": 1 / 12, "found": 0.7},
    }
    for name, scene in scenes.items():
        value, low, high, truth = np.array(list(interval_runs(runs, random, **scene))).T
        yield Outcome(name, value, low, high, truth)


def _table(lines: list[Measured], markdown: bool) -> str:
    rows = [HEADER, *(line.cells() for line in lines)]
    if markdown:
        texts = [f"| {' | '.join(row)} |" for row in rows]
        return "\n".join([texts[0], "|---" * len(HEADER) + "|", *texts[1:]])
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEADER))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def main(arguments: list[str] | None = None) -> int:
    """Measure the cases that are named, or all, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"any of {', '.join(CASES)}; all if none is named")
    parser.add_argument("--runs", type=int, default=400, metavar="N", help="runs of each setting")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.names if name not in CASES]
    if unknown:
        parser.error(f"there is no case {unknown[0]!r}; there are {', '.join(CASES)}")
    if given.runs < 2:
        parser.error(f"--runs must be at least 2, got {given.runs}")
    started, lines = time.perf_counter(), []
    for name in given.names or CASES:
        lines += measure(name, runs=given.runs, seed=given.seed)
    print(_table(lines, given.markdown))
    print(f"\n{time.perf_counter() - started:.0f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
