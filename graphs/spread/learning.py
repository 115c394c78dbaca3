"""How likely each account is to reshare a post of another, learnt from what it reshared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from graphs.errors import InputError
from graphs.tables import pick

__all__ = ["METHODS", "POSTS", "RESHARED_POSTS", "SHARES", "learn_probabilities"]

METHODS = ("bernoulli", "partial_credit")

POSTS, RESHARED_POSTS, SHARES = "posts", "reshared_posts", "shares_of_reshares"
"""What the probabilities of an author rest on, see `learn_probabilities`."""


def learn_probabilities(
    *,
    interactions: Any,
    posts: Any = None,
    method: str = "bernoulli",
    prior_posts: float = 0.0,
    kinds: Sequence[str] = ("reshare",),
) -> ir.Table:
    """Return the probability that an account reshares a post of another, for each pair where it did so.

    Parameters
    ----------
    interactions
        Table of the data contract: `source` reshares `target`; `target_post` is the post, `at` the time. Resharing
        oneself is left out.
    posts
        Table of the data contract: which posts an author wrote. Those with `reshared_post` or `reshared_actor` are
        somebody else's and do not count.
    method
        `bernoulli`: posts of u that v reshared, divided by the posts of u. `partial_credit`: a reshare of a post by w
        can come from its author, or from any account that reshared the post before and whose own posts w reshares at
        other times; each of k of them gets the credit 1/k. Then posts that u reshared are attempts of u too.
    prior_posts
        Weight, in posts, of the mean probability of all pairs (a beta prior): an author of one post that was reshared
        does not get probability 1. 0 leaves the maximum-likelihood estimate.
    kinds
        Kinds of interaction that count as resharing.

    Returns
    -------
    ibis.expr.types.Table
        `author, resharer, attempts, successes, p, basis`, an expression on the engine of the tables; p in (0, 1].
        `basis` says what the author's attempts are:

        - `posts`: all posts that are known of it, in `posts` or as a `target_post`;
        - `reshared_posts`: none of its posts is in `posts`, so only those that somebody reshared are known, and p is
          the probability for such a post: too high for a typical one;
        - `shares_of_reshares`: no post ids at all. p is the author's share of what the resharer reshares, the weighted
          cascade of Kempe et al. (2003): it says whom the resharer follows most, not how often it reshares.

    Raises
    ------
    InputError
        For an unknown method or an option out of range.

    Notes
    -----
    Successes and attempts count distinct posts, so p does not exceed 1; a reshare without `target_post` counts as
    one of a further post. Platforms that credit every reshare to the original author leave no trace of who was reshared
    in between; `partial_credit` shares the credit out among those who could have been.

    References
    ----------
    Goyal, Bonchi & Lakshmanan (2010), WSDM '10, 241-250. Kempe, Kleinberg & Tardos (2003), KDD '03, 137-146.

    Examples
    --------
    One of a's two posts was reshared by b:

    >>> import pyarrow as pa
    >>> posts = pa.table({"actor_id": ["x:a", "x:a"], "post_id": ["1", "2"]})
    >>> acts = pa.table({"source": ["x:b"], "target": ["x:a"], "kind": ["reshare"], "target_post": ["1"]})
    >>> learn_probabilities(interactions=acts, posts=posts).to_pyarrow().to_pylist()
    [{'author': 'x:a', 'resharer': 'x:b', 'attempts': 2.0, 'successes': 1.0, 'p': 0.5, 'basis': 'posts'}]
    """
    if method not in METHODS:
        raise InputError(f"there is no method {method!r} of learning; there are {', '.join(METHODS)}.")
    if not 0 <= prior_posts < float("inf"):
        raise InputError(f"prior_posts must be at least 0 and finite, got {prior_posts!r}.")
    reshares = _reshares(interactions, kinds)
    own = _own_posts(posts) if posts is not None else None
    pairs = _direct(reshares) if method == "bernoulli" else _credited(reshares)
    attempts = _attempts(reshares, own, passed_on=method == "partial_credit")
    return _probabilities(pairs, attempts, prior_posts)


def _reshares(interactions: Any, kinds: Sequence[str]) -> ir.Table:
    """Return `author, resharer, post, at` of the reshares between two different, named accounts."""
    needed = {"source": "string", "target": "string", "kind": "string"}
    table = pick(interactions, "interactions", needed, {"target_post": "string", "at": "any"})
    table = table.filter(table.kind.isin(list(kinds)), table.source.notnull(), table.target.notnull())
    table = table.filter(table.source != table.target)
    return table.select(author=table.target, resharer=table.source, post=table.target_post, at=table["at"])


def _own_posts(posts: Any) -> ir.Table:
    """Return `author, post` of what authors wrote themselves; reshares are somebody else's posts."""
    optional = {"reshared_post": "string", "reshared_actor": "string"}
    table = pick(posts, "posts", {"actor_id": "string", "post_id": "string"}, optional)
    table = table.filter(table.actor_id.notnull(), table.post_id.notnull())
    table = table.filter(table.reshared_post.isnull(), table.reshared_actor.isnull())
    return table.select(author=table.actor_id, post=table.post_id)


def _direct(reshares: ir.Table) -> ir.Table:
    """Return `author, resharer, successes, reshares`: distinct posts reshared, those without an id one each."""
    unnamed = reshares.post.isnull().sum()
    return reshares.group_by("author", "resharer").agg(
        successes=(reshares.post.nunique() + unnamed).cast("float64"), reshares=reshares.count().cast("float64")
    )


def _credited(reshares: ir.Table) -> ir.Table:
    """Return the same, with the success of each reshare divided among the accounts that it may have come from."""
    direct = _direct(reshares)
    named = reshares.filter(reshares.post.notnull())
    events = named.group_by("resharer", "post").agg(author=named.author.min(), at=named["at"].min())
    # Whom the resharer is known to reshare, and which of these had the post before.
    ways = events.join(direct.select(parent=direct.author, child=direct.resharer), [("resharer", "child")])
    ways = ways.filter(ways.parent != ways.author).select("resharer", "post", "at", "parent")
    earlier = events.select(parent="resharer", post="post", before="at")
    between = ways.join(earlier, ["parent", "post"])
    between = between.filter(between.before < between["at"]).select("parent", "resharer", "post")
    parents = events.select(parent="author", resharer="resharer", post="post").union(between)
    credit = 1.0 / parents.count().over(group_by=["resharer", "post"])
    shared = parents.mutate(credit=credit).group_by("parent", "resharer").agg(credit=lambda t: t.credit.sum())
    unnamed = reshares.filter(reshares.post.isnull()).group_by("author", "resharer").agg(more=lambda t: t.count())
    pairs = direct.drop("successes").left_join(shared, [("author", "parent"), ("resharer", "resharer")])
    pairs = pairs.select("author", "resharer", "reshares", "credit")
    pairs = pairs.left_join(unnamed, ["author", "resharer"])
    successes = pairs.credit.fill_null(0.0) + pairs.more.fill_null(0).cast("float64")
    return pairs.select("author", "resharer", "reshares", successes=successes)


def _attempts(reshares: ir.Table, own: ir.Table | None, *, passed_on: bool) -> ir.Table:
    """Return `author, known, written`: distinct posts that it is known to have put out, and whether `posts` has any."""
    named = reshares.filter(reshares.post.notnull())
    put_out = named.select(author=named.author, post=named.post, written=ibis.literal(0))
    if passed_on:
        put_out = put_out.union(named.select(author=named.resharer, post=named.post, written=ibis.literal(0)))
    if own is not None:
        put_out = put_out.union(own.select("author", "post", written=ibis.literal(1)))
    # Only of authors that somebody reshared; the others have no attempt that could enter anything.
    put_out = put_out.semi_join(reshares.select("author").distinct(), "author")
    return put_out.group_by("author").agg(known=put_out.post.nunique(), written=put_out.written.max())


def _probabilities(pairs: ir.Table, attempts: ir.Table, prior_posts: float) -> ir.Table:
    joined = pairs.left_join(attempts, "author").drop("author_right")
    by_author, by_resharer = ibis.window(group_by="author"), ibis.window(group_by="resharer")
    counted = joined.known.notnull()
    known = ibis.greatest(joined.known.fill_null(0).cast("float64"), joined.successes.max().over(by_author))
    everything = joined.reshares.sum().over(by_resharer)
    basis = ibis.cases(
        (~counted, SHARES), (joined.written.fill_null(0) > 0, POSTS), else_=RESHARED_POSTS
    )  # fmt: skip
    table = joined.select(
        "author",
        "resharer",
        attempts=ibis.ifelse(counted, known, everything),
        successes=ibis.ifelse(counted, joined.successes, joined.reshares),
        basis=basis,
    )
    p = table.successes / table.attempts
    if prior_posts:
        of_posts = table.basis != SHARES
        everywhere = ibis.window()
        mean = table.successes.sum(where=of_posts).over(everywhere) / table.attempts.sum(where=of_posts).over(
            everywhere
        )
        shrunk = (table.successes + prior_posts * mean) / (table.attempts + prior_posts)
        p = ibis.ifelse(of_posts, shrunk, p)
    table = table.mutate(p=p).filter(lambda t: t.p > 0)
    return table.select("author", "resharer", "attempts", "successes", "p", "basis")
