"""Leaders by several measures, each rank with its interval and the probability of being among the first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from graphs.adjacency import Graph, from_networkx, reshare_graph
from graphs.errors import InputError
from graphs.inputs import check_confidence
from graphs.ranking.measures import GRAPH_METRICS, Draw, Scores, from_resampled
from graphs.ranking.outside import Listed, fib_index, followers, given, h_index_of, views
from graphs.tables import pick

__all__ = ["LEADERS_SCHEMA", "METRICS", "rank_leaders"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

METRICS = ("resharers", "pagerank", "betweenness", "core", "h_index", "fib_index", "simulated", "followers", "views")
"""All measures, in the order in which they are printed; `extra` may bring more."""

LEADERS_SCHEMA = pa.schema(
    [
        pa.field("actor_id", pa.string(), nullable=False),
        pa.field("metric", pa.string(), nullable=False),
        pa.field("score", pa.float64(), nullable=False),
        pa.field("rank", pa.int64(), nullable=False),
        pa.field("rank_low", pa.int64(), nullable=False),
        pa.field("rank_high", pa.int64(), nullable=False),
        pa.field("p_top_k", pa.float64(), nullable=False),
        pa.field("replicates", pa.int64(), nullable=False),
    ]
)

FEWEST_REPLICATES = 40
"""Below this the ends of a 95% interval are the extremes of the replicates."""

MOST_CELLS = 100_000_000
"""Ranks held at once (4 bytes each)."""

MOST_EDGE_DRAWS = 400_000_000
"""Edges drawn in all replicates together: a minute or so on one core."""


def rank_leaders(
    *,
    interactions: Any,
    actors: Any = None,
    posts: Any = None,
    labels: Any = None,
    extra: Mapping[str, Any] | None = None,
    metrics: Sequence[str] = ("resharers", "pagerank"),
    top_k: int = 10,
    replicates: int = 200,
    drop: float = 0.1,
    confidence: float = 0.95,
    seed: int = 0,
) -> pa.Table:
    """Rank accounts by how they are reshared, or by other measures, with the uncertainty of each rank.

    Parameters
    ----------
    interactions
        Table of the data contract; rows of kind `reshare` count, from the one who reshares to the one reshared.
        Resharing oneself is left out. Or a networkx graph or a `Graph`, whose weights are numbers of reshares.
    actors
        If given, only these actors are ranked; everyone stays in the graph. Column `followers` is a measure.
    posts
        Table of the data contract, for the measure `views`.
    labels
        `post_id, label`, for the measure `fib_index`.
    extra
        Further scores by name, `simulated` among them: a table `actor_id, value` (and `low, high` if known), or a
        function that takes a `Graph` and returns a score per node (it is called once per replicate).
    metrics
        `resharers`: distinct accounts that reshared the actor. `pagerank`: chance of finding a random surfer there,
        who follows reshares in proportion to how many there are. `betweenness`: shortest paths between two others that
        lead through the actor, from at most 512 pivots. `core`: the largest k for which the actor is in a part of the
        graph where all have k neighbours. `h_index`: h posts with h resharers each. `fib_index`: the same over posts
        labelled `manipulative`. `followers`. `views`: median of a post. And the names in `extra`.
    top_k
        `p_top_k` is the probability of a rank of at most this.
    replicates
        Resamples. Fewer are drawn where they would take minutes; column `replicates` says how many.
    drop
        Share of the interactions that each resample leaves out at random: what a collection has typically missed.
    confidence
        Coverage of the rank intervals.
    seed
        Same seed, same result.

    Returns
    -------
    pyarrow.Table
        `actor_id, metric, score, rank, rank_low, rank_high, p_top_k, replicates`, ordered by metric and rank, one row
        for each account that was reshared (of `followers`, `views` and tables in `extra`: that has a figure). A
        measure for which the data are missing (no post ids, no labels, no counts) gives no rows.
        Ties share the smallest rank (1, 2, 2, 4). Within a resample ties are broken at random, so that a thousand
        accounts with one resharer each get a wide interval, not a certain first place.
        `rank_low` is the better end, and the interval always holds `rank`.

    Raises
    ------
    InputError
        For an unknown metric or an option out of range, or a score in `extra` that is negative or no number.

    Notes
    -----
    Poisson bootstrap of the interactions: in a replicate an edge of w reshares has Poisson(w (1 - drop)) of them.
    For distinct resharers only whether an edge survives matters, which has probability `1 - exp(-w (1 - drop))`. Two
    things are put right, because a resample of accounts that were seen holds fewer distinct ones and never a new one:
    the deviation from the expected number is added to the observed score, and so is that of a Poisson number of
    newcomers, which brings the variance up to that of another sample (`accounts_to_come`; without it, measured,
    95% intervals of ranks covered 79%). Reshares of one post come in bursts, which this does not know of.
    For `h_index` and `fib_index` posts are drawn anew, each Poisson(1) times. For `views` the median follows its
    interval. A follower count is counted, not sampled: its rank has no interval beyond ties. How often the intervals
    cover, and where they fall short, stands in docs/leaders.md.

    References
    ----------
    Hanley & MacGibbon (2006), Computer Methods and Programs in Biomedicine 83(1), 57-62, on the Poisson bootstrap.
    Page, Brin, Motwani & Winograd (1999), The PageRank citation ranking, Stanford InfoLab 1999-66.
    Dubois & Gaffney (2014), American Behavioral Scientist 58(10), 1260-1277, on measures of influence.
    DeVerna et al. (2024), PLOS ONE, 10.1371/journal.pone.0302201, on the FIB-index.
    DeVerna et al. (2024), arXiv 2410.21554: reshares credit the original author, and hide who was reshared in between.

    Examples
    --------
    >>> import pyarrow as pa
    >>> rows = pa.table({"source": ["x:b", "x:c", "x:a"], "target": ["x:a", "x:a", "x:b"], "kind": ["reshare"] * 3})
    >>> rank_leaders(interactions=rows, metrics=["resharers"]).select(["actor_id", "score", "rank"]).to_pylist()
    [{'actor_id': 'x:a', 'score': 2.0, 'rank': 1}, {'actor_id': 'x:b', 'score': 1.0, 'rank': 2}]
    """
    extra = dict(extra or {})
    _check(metrics, extra, top_k, replicates, drop)
    check_confidence(confidence)
    graph = _graph(interactions)
    sources = _Sources(graph, None if _is_graph(interactions) else interactions, actors, posts, labels, extra, drop)
    wanted = None if actors is None else _wanted(actors)
    tables = [LEADERS_SCHEMA.empty_table()]
    for metric in dict.fromkeys(metrics):
        # Each metric has its own stream: leaving one out does not change the other.
        generator = np.random.default_rng([seed, _stream(metric)])
        listed = sources.listed(metric)
        if listed is None:
            continue
        chosen = _ranked(graph, metric, listed, wanted)
        if not len(chosen):
            continue
        draws = affordable(replicates, len(chosen), graph.n_edges)
        draws = draws if listed.scores.most is None else min(draws, listed.scores.most)
        ranks = _replicate_ranks(listed.scores.draw, chosen, draws, generator)
        names = listed.ids.take(pa.array(chosen))
        tables.append(_table(names, metric, listed.scores.observed[chosen], ranks, top_k, confidence))
    return pa.concat_tables(tables).combine_chunks()


def _is_graph(interactions: Any) -> bool:
    return isinstance(interactions, nx.Graph | Graph)


def _graph(interactions: Any) -> Graph:
    if isinstance(interactions, Graph):
        graph = interactions
    elif isinstance(interactions, nx.Graph):
        graph = from_networkx(interactions)
    else:
        graph = reshare_graph(interactions)
    if graph.csr.nnz and not (graph.csr.data > 0).all():
        # An edge without a reshare is none.
        csr = sparse.csr_array(graph.csr, copy=True)
        csr.eliminate_zeros()
        return Graph(graph.ids, csr)
    return graph


class _Sources:
    """Where each measure gets its scores from."""

    def __init__(
        self, graph: Graph, interactions: Any, actors: Any, posts: Any, labels: Any, extra: dict[str, Any], drop: float
    ) -> None:
        self.graph, self.extra, self.drop = graph, extra, drop
        self._made: dict[str, Callable[[], Listed] | None] = {
            "h_index": None if interactions is None else lambda: h_index_of(interactions),
            "fib_index": None if interactions is None or labels is None else lambda: fib_index(interactions, labels),
            "followers": None if actors is None else lambda: followers(actors),
            "views": None if posts is None else lambda: views(posts),
        }

    def listed(self, metric: str) -> Listed | None:
        """Return the scores of a measure, None if what it needs was not given."""
        if metric in self.extra:
            source = self.extra[metric]
            return self._called(metric, source) if callable(source) else given(metric, source)
        if metric in GRAPH_METRICS:
            return Listed(self.graph.ids, GRAPH_METRICS[metric](self.graph, self.drop))
        make = self._made.get(metric)
        return None if make is None else make()

    def _called(self, name: str, score: Callable[[Graph], Any]) -> Listed:
        def scores(csr: sparse.csr_array) -> FloatArray:
            found: FloatArray = np.asarray(score(Graph(self.graph.ids, csr)), dtype=np.float64)
            if found.shape != (self.graph.n_nodes,) or not np.isfinite(found).all():
                raise InputError(f"{name}: the function must return {self.graph.n_nodes} finite scores, one per node.")
            return found

        draw = from_resampled(self.graph, self.drop, scores)
        return Listed(self.graph.ids, Scores(scores(self.graph.csr), draw, FEWEST_REPLICATES))


def _stream(metric: str) -> int:
    """Return the number of a measure's random stream."""
    if metric in METRICS:
        return METRICS.index(metric)
    return int.from_bytes(metric.encode()[:7], "big") + len(METRICS)


def _check(metrics: Sequence[str], extra: Mapping[str, Any], top_k: int, replicates: int, drop: float) -> None:
    if isinstance(metrics, str):
        raise InputError(f"metrics must be a list, got {metrics!r}. Write [{metrics!r}].")
    for metric in metrics:
        if metric not in METRICS and metric not in extra:
            raise InputError(
                f"there is no metric {metric!r}; choose from {', '.join(dict.fromkeys([*METRICS, *extra]))}."
            )
    if top_k < 1 or replicates < 1:
        raise InputError(f"top_k and replicates must be at least 1, got {top_k!r} and {replicates!r}.")
    if not 0 <= drop < 1:
        raise InputError(f"drop must be at least 0 and below 1, got {drop!r}. Write 0.1 for 10%.")


def affordable(replicates: int, nodes: int, edges: int) -> int:
    """Return how many replicates to draw: those asked for, or fewer on a large graph, but at least 40 of them."""
    most = min(MOST_CELLS // max(nodes, 1), MOST_EDGE_DRAWS // max(edges, 1))
    return min(replicates, max(most, FEWEST_REPLICATES))


def _wanted(actors: Any) -> pa.Array:
    ids = pick(actors, "actors", {"actor_id": "string"}, {}).distinct().to_pyarrow()["actor_id"]
    return ids.combine_chunks()


def _ranked(graph: Graph, metric: str, listed: Listed, wanted: pa.Array | None) -> IntArray:
    """Return the places to rank: of measures on the graph those who were reshared, of others all; among `wanted`."""
    chosen = np.ones(len(listed.ids), dtype=bool)
    if listed.ids is graph.ids:
        chosen = np.bincount(graph.csr.indices, minlength=graph.n_nodes) > 0
    if wanted is not None:
        chosen &= np.asarray(pc.is_in(listed.ids, value_set=wanted))
    return np.flatnonzero(chosen)


def _replicate_ranks(
    draw: Draw, ranked: IntArray, replicates: int, generator: np.random.Generator
) -> npt.NDArray[np.int32]:
    """Return the ranks of the `ranked` nodes in each replicate, one row each; ties are broken at random."""
    size = len(ranked)
    ranks = np.empty((replicates, size), dtype=np.int32)
    for row in ranks:
        shuffled = generator.permutation(size)
        order = shuffled[np.argsort(-draw(generator)[ranked[shuffled]], kind="stable")]
        row[order] = np.arange(1, size + 1, dtype=np.int32)
    return ranks


def _table(
    names: pa.Array, metric: str, scores: FloatArray, ranks: npt.NDArray[np.int32], top_k: int, confidence: float
) -> pa.Table:
    rank = minimum_ranks(scores)
    tail = (1 - confidence) / 2
    ends = np.empty((2, len(rank)), dtype=np.int64)
    for part in _slices(len(rank), max(MOST_CELLS // (20 * len(ranks)), 1)):
        ends[:, part] = np.quantile(ranks[:, part], [tail, 1 - tail], axis=0, method="inverted_cdf")
    columns = {
        "actor_id": names,
        "metric": pa.array([metric] * len(rank), pa.string()),
        "score": scores,
        "rank": rank,
        "rank_low": np.minimum(ends[0], rank),
        "rank_high": np.maximum(ends[1], rank),
        "p_top_k": (ranks <= top_k).mean(axis=0),
        "replicates": np.full(len(rank), len(ranks), dtype=np.int64),
    }
    # Names are sorted, so a stable sort leaves ties in the order of their ids.
    return pa.table(columns, schema=LEADERS_SCHEMA).take(pa.array(np.argsort(rank, kind="stable")))


def _slices(size: int, step: int) -> Iterator[slice]:
    """Yield slices that cover `size`: quantiles copy what they work on, so a part at a time."""
    return (slice(start, start + step) for start in range(0, size, step))


def minimum_ranks(scores: FloatArray) -> IntArray:
    """Return the rank of each score, the largest first; ties share the smallest rank.

    Examples
    --------
    >>> import numpy as np
    >>> minimum_ranks(np.array([5.0, 9.0, 5.0, 1.0])).tolist()
    [2, 1, 2, 4]
    """
    ascending = np.sort(scores)
    return (len(scores) - np.searchsorted(ascending, scores, side="right") + 1).astype(np.int64)
