"""Simulated reach as rows of the reach table: what it rests on, and why it is missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graphs.figures import Figure, Figures
from graphs.spread.estimate import INDEPENDENT_CASCADE, Spread, simulated_reach
from graphs.spread.learning import POSTS, learn_probabilities
from graphs.spread.network import influence_graph
from graphs.spread.sampling import MOST_WORK
from graphs.tables import pick

__all__ = ["NEVER_RESHARED", "SpreadOptions", "learnt_spread", "net_spread", "simulated_figures"]

NO_RESHARES = "no reshares between accounts"
NO_RESHARES_THERE = "no reshares on its platform"
NOT_LISTED = "its posts have shares, but who shared them is not listed"
NO_POSTS = "no posts of its own, and no reshares"
NEVER_RESHARED = f"{INDEPENDENT_CASCADE}:never_reshared"


@dataclass(frozen=True)
class SpreadOptions:
    """How simulated reach is estimated: the options of `learn_probabilities` and of `simulated_reach`."""

    method: str = "bernoulli"
    prior_posts: float = 5.0
    relative_width: float = 0.1
    most_work: int = MOST_WORK
    threads: int | None = None


def learnt_spread(
    *,
    interactions: Any,
    posts: Any = None,
    options: SpreadOptions | None = None,
    confidence: float = 0.95,
    seed: int = 0,
    tell: Callable[[str], None] | None = None,
) -> tuple[Spread, pa.Table]:
    """Return the simulated reach of all accounts that reshared or were reshared, and what each author's rests on.

    Parameters
    ----------
    interactions, posts
        As `learn_probabilities` takes them.
    tell
        Called once, before samples are drawn, with what they will need.

    Returns
    -------
    Spread, pyarrow.Table
        The table has `author, basis`, a row for each account that was reshared.
    """
    options = options or SpreadOptions()
    learnt = learn_probabilities(
        interactions=interactions, posts=posts, method=options.method, prior_posts=options.prior_posts
    )
    # Two queries read the probabilities; without this they would be learnt twice.
    edges = ibis.memtable(learnt.select("author", "resharer", "p", "basis").to_pyarrow())
    bases = edges.group_by("author").agg(basis=edges.basis.min()).to_pyarrow()
    spread = simulated_reach(
        influence_graph(edges),
        relative_width=options.relative_width,
        confidence=confidence,
        most_work=options.most_work,
        seed=seed,
        threads=options.threads,
        tell=tell,
    )
    return spread, bases


def net_spread(spread: Spread, ids: Sequence[str]) -> Callable[[Sequence[str]], Figure]:
    """Return a function that gives the net simulated reach of any of the accounts `ids`, for `compare_groups`.

    An account that nobody reshared and that reshared nobody reaches itself alone: it adds exactly 1 to a union.
    """
    at = pc.index_in(pa.array(sorted(set(ids)), pa.string()), value_set=spread.graph.ids)
    known = set(pa.array(sorted(set(ids)), pa.string()).filter(at.is_valid()).to_pylist())
    if known:
        spread.remember(sorted(known))

    def union(accounts: Sequence[str]) -> Figure:
        wanted = set(accounts)
        alone = float(len(wanted - known))
        if not wanted & known:
            return Figure(alone, alone, alone, NEVER_RESHARED, "post", spread.samples.n)
        figure = spread.union(sorted(wanted & known))
        value, low, high = (None if end is None else end + alone for end in (figure.value, figure.low, figure.high))
        return replace(figure, value=value, low=low, high=high)

    return union


def simulated_figures(
    ids: pa.Array,
    *,
    posts: Any,
    interactions: Any,
    options: SpreadOptions | None = None,
    confidence: float = 0.95,
    seed: int = 0,
    tell: Callable[[str], None] | None = None,
) -> Figures:
    """Return the expected spread of a post of each actor, itself included.

    An actor that others reshared has an estimate, with estimator `independent_cascade:` and what its probabilities rest
    on. One that nobody reshared, though its posts are known and its platform tells reshares, reaches itself: exactly 1.

    Parameters
    ----------
    ids
        The actors, sorted and distinct.
    posts, interactions
        Tables of the data contract. `posts` may lack ids; then probabilities rest on the reshares alone.
    """
    messages = posts if "post_id" in _columns(posts) else None
    spread, bases = learnt_spread(
        interactions=interactions, posts=messages, options=options, confidence=confidence, seed=seed, tell=tell
    )
    if not spread.graph.n_edges:
        return Figures(ids, "simulated", NO_RESHARES)
    figures = Figures(ids, "simulated", NO_POSTS)
    _put_unreshared(figures, posts, spread)
    at, known = figures.positions(spread.graph.ids)
    basis = dict(zip(bases["author"].to_pylist(), bases["basis"].to_pylist(), strict=True))
    names = spread.graph.ids.filter(pa.array(known)).to_pylist()
    estimators = np.array([_estimator(basis.get(name)) for name in names], object)
    value, low, high = (end[known] for end in (spread.value, spread.low, spread.high))
    n = np.full(len(at), spread.samples.n, np.int64)
    figures.put(at, value, low, high, n, estimator=estimators, basis="post")
    return figures


def _estimator(basis: str | None) -> str:
    if basis is None:
        return NEVER_RESHARED
    return INDEPENDENT_CASCADE if basis == POSTS else f"{INDEPENDENT_CASCADE}:{basis}"


def _columns(table: Any) -> tuple[str, ...]:
    return tuple(getattr(table, "column_names", None) or table.columns)


def _put_unreshared(figures: Figures, posts: ir.Table | Any, spread: Spread) -> None:
    """Give 1 to actors with posts that nobody reshared; say so where their platform does not tell reshares."""
    told = pa.array(sorted({name.partition(":")[0] for name in spread.graph.ids.to_pylist()}), pa.string())
    platforms = pc.list_element(pc.split_pattern(figures.ids, ":", max_splits=1), 0)
    tells = np.asarray(pc.is_in(platforms, value_set=told))
    figures.reason[~tells] = NO_RESHARES_THERE
    optional = {"reshared_post": "string", "reshared_actor": "string", "shares": "float64"}
    table = pick(posts, "posts", {"actor_id": "string"}, optional)
    table = table.filter(table.actor_id.notnull(), table.reshared_post.isnull(), table.reshared_actor.isnull())
    found = table.group_by("actor_id").agg(shares=table.shares.max().fill_null(0.0)).to_pyarrow()
    at, known = figures.positions(found["actor_id"])
    shared = np.asarray(found["shares"])[known] > 0
    figures.reason[at[shared]] = NOT_LISTED
    at = at[tells[at] & ~shared]
    ones = np.ones(len(at))
    n = np.full(len(at), spread.samples.n, np.int64)
    figures.put(at, ones, ones, ones, n, estimator=NEVER_RESHARED, basis="post")
