"""Measures of influence on the reshare graph: the observed scores, and how one replicate of them is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from graphs.adjacency import Graph
from graphs.random_walk import Walk
from graphs.ranking.betweenness import betweenness
from graphs.ranking.cores import core_numbers

__all__ = ["GRAPH_METRICS", "Draw", "Scores", "accounts_to_come", "from_resampled"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Draw = Callable[[np.random.Generator], FloatArray]

MOST_VISITS = 1_500_000_000
"""Edges that all searches for betweenness follow together: a minute or so on one core."""

MOST_PIVOTS = 512
FEWEST_PIVOTS = 16
DRAWS_OF_BETWEENNESS = 40


@dataclass(frozen=True)
class Scores:
    """Observed scores, a function that draws those of one replicate, and how many replicates can be afforded."""

    observed: FloatArray
    draw: Draw
    most: int | None = None


def from_resampled(graph: Graph, drop: float, score: Callable[[sparse.csr_array], FloatArray]) -> Draw:
    """Return a draw of scores of the graph with its interactions drawn anew: Poisson(w (1 - drop)) of w."""
    rate = graph.csr.data * (1 - drop)

    def draw(generator: np.random.Generator) -> FloatArray:
        weights = generator.poisson(rate).astype(np.float64)
        drawn = sparse.csr_array((weights, graph.csr.indices, graph.csr.indptr), shape=graph.csr.shape, copy=True)
        drawn.eliminate_zeros()
        return score(drawn)

    return draw


def resharers(graph: Graph, drop: float) -> Scores:
    incoming = sparse.csr_array(graph.csr.T)
    observed = np.diff(incoming.indptr).astype(np.float64)
    target = np.repeat(np.arange(graph.n_nodes), np.diff(incoming.indptr))
    weight = incoming.data
    # Edges of one weight to one target are alike: draw how many of them survive at once.
    alike, count = np.unique(np.stack([target, weight]), axis=1, return_counts=True)
    place = alike[0].astype(np.int64)
    survives = -np.expm1(-(1 - drop) * alike[1])
    expected = _sums(place, count * survives, graph)
    lost = _sums(place, count * survives * (1 - survives), graph)
    once, twice = (_sums(target, (weight == times).astype(np.float64), graph) for times in (1, 2))
    newcomers = np.maximum(accounts_to_come(once, twice) - lost, 0)

    def draw(generator: np.random.Generator) -> FloatArray:
        kept = _sums(place, generator.binomial(count, survives).astype(np.float64), graph)
        scores: FloatArray = observed + (kept - expected) + (generator.poisson(newcomers) - newcomers)
        return scores

    return Scores(observed, draw)


def _sums(place: IntArray, amounts: FloatArray, graph: Graph) -> FloatArray:
    sums: FloatArray = np.bincount(place, weights=amounts, minlength=graph.n_nodes).astype(np.float64)
    return sums


def accounts_to_come(once: FloatArray, twice: FloatArray) -> FloatArray:
    """Return how many new accounts as much data again would show: the variance of a distinct count (Poisson acts).

    An account that acts at rate r is seen with probability p = 1 - exp(-r), so the number seen has the variance
    sum p (1 - p) = sum exp(-r) - exp(-2 r): what a second sample of this size adds on average.
    Extrapolated by Shen, Chao & Lin (2003), Ecology 84(3), 798-804, `f0 (1 - exp(-f1 / f0))` with `f0 = f1^2 / (2 f2)`.
    """
    unseen = once**2 / (2 * np.maximum(twice, 0.5))
    rate = np.divide(once, unseen, out=np.zeros_like(once), where=unseen > 0)
    new: FloatArray = unseen * -np.expm1(-rate)
    return new


def pagerank_scores(graph: Graph, drop: float) -> Scores:
    walk = Walk(graph.csr)
    observed = walk.scores()
    rate = walk.incoming.data * (1 - drop)

    def draw(generator: np.random.Generator) -> FloatArray:
        weights = generator.poisson(rate).astype(np.float64)
        return walk.scores(weights, tolerance=1e-8, start=observed)

    return Scores(observed, draw)


def betweenness_scores(graph: Graph, drop: float) -> Scores:
    # Observed and replicates have as many pivots, so that these spread as the sampling of pivots does too.
    affordable = MOST_VISITS // (max(graph.n_edges + graph.n_nodes, 1) * (DRAWS_OF_BETWEENNESS + 1))
    pivots = int(min(MOST_PIVOTS, max(affordable, FEWEST_PIVOTS)))
    generator = np.random.default_rng(graph.n_edges)
    observed = betweenness(graph.csr, pivots=max(pivots, MOST_PIVOTS), generator=generator)

    def draw(generator: np.random.Generator) -> FloatArray:
        resampled = from_resampled(graph, drop, lambda csr: betweenness(csr, pivots=pivots, generator=generator))
        return resampled(generator)

    small = graph.n_nodes <= MOST_PIVOTS and graph.n_edges <= 20_000
    return Scores(observed, draw, None if small else DRAWS_OF_BETWEENNESS)


def core_scores(graph: Graph, drop: float) -> Scores:
    def score(csr: sparse.csr_array) -> FloatArray:
        numbers: FloatArray = core_numbers(csr).astype(np.float64)
        return numbers

    return Scores(score(graph.csr), from_resampled(graph, drop, score))


GRAPH_METRICS: dict[str, Callable[[Graph, float], Scores]] = {
    "resharers": resharers,
    "pagerank": pagerank_scores,
    "betweenness": betweenness_scores,
    "core": core_scores,
}
