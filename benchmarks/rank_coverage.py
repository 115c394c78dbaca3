"""How often rank intervals hold the true rank: the case `ranks` of coverage_study.

    python benchmarks/coverage_study.py ranks --runs 400

The true rank of an account is that by its mean score over all runs: what collections of this size give on average.
A line has as many intervals as runs times accounts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import sparse

from graphs import rank_leaders
from graphs.adjacency import Graph
from graphs.ranking.leaders import minimum_ranks

__all__ = ["MEASURES", "rank_intervals"]

FloatArray = npt.NDArray[np.float64]
Draw = Callable[[np.random.Generator], pa.Table]

RANKED = 30
"""Accounts that are reshared by others ..."""

RESHARERS = 170
"""... and so many that only reshare."""

REPLICATES = 100


def _rates(random: np.random.Generator) -> FloatArray:
    """Return the mean number of reshares of each account by each other: heavy tails on both sides."""
    appeal, zeal = random.pareto(1.5, RANKED) + 0.3, random.gamma(0.7, 1.0, RANKED + RESHARERS)
    taste = random.gamma(0.5, 2.0, (RANKED + RESHARERS, RANKED))
    rates: FloatArray = zeal[:, None] * appeal * taste
    np.fill_diagonal(rates, 0)
    scaled: FloatArray = rates * 900 / rates.sum()
    return scaled


def _on_graph(metric: str, rates: FloatArray, random: np.random.Generator) -> pa.Table:
    size = len(rates)
    weights = np.zeros((size, size))
    weights[:, :RANKED] = random.poisson(rates)
    ids = pa.array([f"x:{n:03d}" for n in range(size)])
    graph = Graph(ids, sparse.csr_array(weights))
    return rank_leaders(interactions=graph, metrics=[metric], replicates=REPLICATES, seed=int(random.integers(2**31)))


def _of_posts(means: FloatArray, random: np.random.Generator) -> pa.Table:
    """Rank by h-index: 20 posts an account, each reshared by a Poisson number of accounts, log-normal means."""
    posts = random.poisson(means[:, None] * np.exp(0.8 * random.standard_normal((len(means), 20))))
    who = np.repeat(np.arange(posts.size), posts.ravel())
    first = np.repeat(np.cumsum(posts.ravel()) - posts.ravel(), posts.ravel())
    rows = pa.table(
        {
            "source": [f"y:{n}" for n in (np.arange(len(who)) - first)],
            "target": [f"x:{n // 20:03d}" for n in who],
            "kind": pa.array(["reshare"] * len(who), pa.string()),
            "target_post": [f"x:p{n}" for n in who],
        }
    )
    seed = int(random.integers(2**31))
    return rank_leaders(interactions=rows, metrics=["h_index"], replicates=REPLICATES, seed=seed)


def _of_views(means: FloatArray, random: np.random.Generator) -> pa.Table:
    """Rank by median views: 20 posts an account, log-normal."""
    seen = np.rint(1000 * means[:, None] * np.exp(random.standard_normal((len(means), 20))))
    posts = pa.table({"actor_id": np.repeat([f"x:{n:03d}" for n in range(len(means))], 20), "views": seen.ravel()})
    nothing = pa.table({name: pa.array([], pa.string()) for name in ("source", "target", "kind")})
    seed = int(random.integers(2**31))
    return rank_leaders(interactions=nothing, posts=posts, metrics=["views"], replicates=REPLICATES, seed=seed)


def _draw(metric: str, random: np.random.Generator) -> Draw:
    if metric in ("h_index", "views"):
        means = random.pareto(1.5, RANKED) + 1
        return partial(_of_posts if metric == "h_index" else _of_views, means)
    return partial(_on_graph, metric, _rates(random))


MEASURES = ("resharers", "pagerank", "betweenness", "core", "h_index", "views")


def rank_intervals(
    metric: str, runs: int, random: np.random.Generator
) -> Iterator[tuple[FloatArray, FloatArray, FloatArray, FloatArray]]:
    """Yield once the ranks, their lower and upper ends, and the true ranks, an entry per run and account ranked."""
    draw = _draw(metric, random)
    score = np.zeros((runs, RANKED))
    ends = np.full((3, runs, RANKED), np.nan)
    for run in range(runs):
        found = draw(random)
        place = np.array([int(name[2:]) for name in found["actor_id"].to_pylist()])
        score[run, place] = found["score"].to_numpy()
        for at, name in enumerate(("rank", "rank_low", "rank_high")):
            ends[at, run, place] = found[name].to_numpy()
    truth = np.broadcast_to(minimum_ranks(score.mean(axis=0)).astype(np.float64), (runs, RANKED))
    known = ~np.isnan(ends[0])
    yield ends[0][known], ends[1][known], ends[2][known], truth[known]
