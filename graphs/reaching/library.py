"""Each kind of reach by itself, from tables or from a networkx graph, for use without the rest of the program."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir
import networkx as nx
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graphs.errors import InputError
from graphs.inputs import actors_of, check_confidence, check_population, interactions_of, posts_of
from graphs.reaching.chao import IntervalName, OnesRule, check_options
from graphs.reaching.engaged import engaged_figures, pairs_of
from graphs.reaching.exposed import ViewRates, assume_view_rates, check_view_rates, exposed_figures
from graphs.reaching.potential import potential_figures

__all__ = ["engaged_reach", "exposed_reach", "potential_reach"]

_NOBODY = pa.table({"actor_id": pa.array([], pa.string())})
_NOTHING = pa.table({name: pa.array([], pa.string()) for name in ("source", "target", "kind")})


def potential_reach(interactions: Any = None, *, actors: Any = None) -> pa.Table:
    """Return the people who follow each actor.

    Parameters
    ----------
    interactions
        `source, target, kind`, of which those of kind `follow` count; or a networkx DiGraph whose edges lead from who
        follows to who is followed.
    actors
        `actor_id, followers, followers_at`: counts that the platform gives. Also whom to return rows for.

    Returns
    -------
    pyarrow.Table
        `actor_id, kind_of_reach, value, low, high, estimator, n_observed, reason_missing, basis` (accounts), a row per
        actor: those of `actors`, else those that are followed.

    Raises
    ------
    InputError
        If both are missing, a column is missing, or a count is negative or infinite.

    Examples
    --------
    >>> import networkx as nx
    >>> friends = nx.DiGraph([("x:1", "x:a"), ("x:2", "x:a"), ("x:2", "x:b")])
    >>> potential_reach(friends).select(["actor_id", "value"]).to_pylist()
    [{'actor_id': 'x:a', 'value': 2.0}, {'actor_id': 'x:b', 'value': 1.0}]
    """
    if interactions is None and actors is None:
        raise InputError("give interactions (who follows whom), actors (with their follower counts), or both.")
    if isinstance(interactions, nx.Graph):
        edges = _edges(interactions)
        follows = interactions_of(edges.append_column("kind", pa.array(["follow"] * edges.num_rows, pa.string())))
    else:
        follows = interactions_of(_NOTHING if interactions is None else interactions)
    people = actors_of(_NOBODY if actors is None else actors)
    ids = _ids(people if actors is not None else follows.filter(follows.kind == "follow").select(actor_id="target"))
    return potential_figures(ids, people, follows).to_arrow()


def exposed_reach(
    posts: Any,
    *,
    actors: Any = None,
    confidence: float = 0.95,
    population: float | None = None,
    view_rates: ViewRates | None = None,
) -> pa.Table:
    """Return the people likely shown a post of each actor: the median of its views, with an interval.

    Parameters
    ----------
    posts
        `actor_id, views`.
    actors
        `actor_id, followers`. Also whom to return rows for; without it the authors of the posts.
    confidence
        Coverage of the interval, see `graphs.reaching.medians.group_medians`.
    population
        People there are: no interval of few posts ends above it.
    view_rates
        `{platform: (low, typical, high)}`, shares of the followers. Where an actor has no views they make a figure and
        its range of the followers (`assumed_view_rate`). Nothing is assumed without them.

    Returns
    -------
    pyarrow.Table
        Columns as of `potential_reach`. One post has a value and no interval; `reason_missing` says so.

    Raises
    ------
    InputError
        For a missing column, counts that are negative or infinite, options out of range.

    References
    ----------
    Hettmansperger & Sheather (1986), Statistics & Probability Letters 4(2), 75-79.

    Examples
    --------
    >>> import pyarrow as pa
    >>> posts = pa.table({"actor_id": ["x:a"] * 7, "views": [10, 20, 30, 40, 50, 60, 70]})
    >>> exposed_reach(posts).select(["value", "n_observed"]).to_pylist()
    [{'value': 40.0, 'n_observed': 7}]

    No views, but 2,000 followers, of whom a tenth to four tenths are shown a post:

    >>> people = pa.table({"actor_id": ["x:b"], "followers": [2000]})
    >>> assumed = exposed_reach(posts, actors=people, view_rates={"x": (0.1, 0.2, 0.4)})
    >>> assumed.select(["low", "value", "high", "estimator"]).to_pylist()
    [{'low': 200.0, 'value': 400.0, 'high': 800.0, 'estimator': 'assumed_view_rate'}]
    """
    population, rates = check_population(population), check_view_rates(view_rates)
    messages = posts_of(posts)
    people = actors_of(_NOBODY if actors is None else actors)
    ids = _ids(messages if actors is None else people)
    figures = exposed_figures(ids, messages, check_confidence(confidence), population)
    assume_view_rates(figures, potential_figures(ids, people, interactions_of(_NOTHING)), rates, population)
    return figures.to_arrow()


def engaged_reach(
    interactions: Any,
    *,
    posts: Any = None,
    actors: Any = None,
    confidence: float = 0.95,
    population: float | None = None,
    interval: IntervalName = "lognormal",
    ones: OnesRule = "test",
    replicates: int = 1000,
    seed: int = 0,
) -> pa.Table:
    """Return the accounts that acted on each actor's posts, those not seen estimated.

    Parameters
    ----------
    interactions
        `source, target, kind`; reshares, replies, quotes, comments and reactions count. Or a networkx DiGraph of
        reshares: edges lead from who reshares to who is reshared, `weight` is how often (1 where there is none).
    posts
        `actor_id, reactions, comments, shares`: stand in where no acts are listed.
    actors
        `actor_id`: whom to return rows for; without it those whose posts were acted on, and the authors of `posts`.
    confidence, population, interval, ones, replicates, seed
        See `graphs.reaching.chao.estimate_unseen`.

    Returns
    -------
    pyarrow.Table
        Columns as of `potential_reach`. `n_observed` accounts were seen; `value` is a lower bound of those that act,
        since they differ in how readily they do.

    Raises
    ------
    InputError
        For missing columns, counts that cannot be, weights that are no whole numbers, options out of range.

    References
    ----------
    Chao (1987), Biometrics 43(4), 783-791. Böhning, Kaskasamkul & van der Heijden (2019), Metrika 82, 361-384.

    Examples
    --------
    Cottontail rabbits, an example of Chao's (1987): 135 in a pen, 76 of them caught, one to seven times, as a graph in
    which an edge's weight is how often a rabbit was caught.

    >>> import networkx as nx
    >>> caught = [1] * 43 + [2] * 16 + [3] * 8 + [4] * 6 + [6] * 2 + [7]
    >>> pen = nx.DiGraph()
    >>> pen.add_weighted_edges_from((f"rabbit:{i}", "pen:1", times) for i, times in enumerate(caught))
    >>> found = engaged_reach(pen).to_pylist()[0]
    >>> found["n_observed"], round(found["value"]), found["low"] < 135 < found["high"]
    (76, 134, True)
    """
    check_options(interval, ones)
    messages = posts_of(_NOBODY if posts is None else posts)
    if isinstance(interactions, nx.Graph):
        pairs = ibis.memtable(_edges(interactions).rename_columns(["source", "actor_id", "weight"]))
    else:
        pairs = pairs_of(interactions_of(interactions))
    named = actors_of(actors) if actors is not None else pairs.select("actor_id").union(messages.select("actor_id"))
    figures = engaged_figures(
        _ids(named), messages, pairs, check_confidence(confidence), check_population(population),
        interval=interval, ones=ones, replicates=replicates, seed=seed,
    )  # fmt: skip
    return figures.to_arrow()


def _ids(table: ir.Table) -> pa.Array:
    """Return the sorted distinct ids of a table."""
    named = table.select("actor_id").distinct().to_pyarrow()["actor_id"].cast(pa.string())
    distinct = pc.unique(pa.concat_arrays([pa.array([], pa.string()), *named.chunks]))
    return distinct.take(pc.sort_indices(distinct))


def _edges(graph: nx.Graph) -> pa.Table:
    """Return `source, target, weight` of a directed graph, self-loops and edges of weight 0 left out."""
    if not graph.is_directed():
        raise InputError("the graph is undirected: who acts on whom is not known. Give a networkx DiGraph.")
    sources, targets, weights = [], [], []
    for source, target, given in graph.edges(data="weight", default=1):
        if not (isinstance(given, (int, float, np.number)) and 0 <= given < 2**53 and float(given).is_integer()):
            raise InputError(
                f"edge {source!r} to {target!r} has weight {given!r}; it must say how often the one acted on the "
                "other, a whole number from 0 on."
            )
        if given and source != target:
            sources.append(str(source))
            targets.append(str(target))
            weights.append(int(given))
    # Parallel edges of a multigraph are acts of one account, too.
    table = pa.table(
        {
            "source": pa.array(sources, pa.string()),
            "target": pa.array(targets, pa.string()),
            "weight": pa.array(weights, pa.int64()),
        }
    )
    together = table.group_by(["source", "target"], use_threads=False).aggregate([("weight", "sum")])
    return together.rename_columns({"weight_sum": "weight"}).select(["source", "target", "weight"])
