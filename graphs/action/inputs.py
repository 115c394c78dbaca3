"""The tables that a comparison of activity with action reads, typed, checked and joined, on the engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from graphs.errors import InputError
from graphs.inputs import ACTING, COUNTS, posts_of
from graphs.tables import pick, refuse_negative

__all__ = ["CALLS", "SETS", "actions_of", "acts_on_posts", "labelled_posts", "refuse_contradictions"]

CALLS = ("positive", "manipulative")
"""Labels of a post that calls its readers to act."""

ALL, CALL = "all", "call"
SETS = (ALL, CALL, *CALLS)
"""Sets of posts: all that were labelled, those that call to act, and these by label."""


def labelled_posts(posts: Any, labels: Any) -> ir.Table:
    """Return `post_id, actor_id, label, own, root, views, reactions, comments, shares` of the posts with a label.

    `own` is false for what an actor reshared. `root` is the post that a row repeats for its own author: a discussion
    group holds each post of its channel again, and comments and reactions are on that copy. The copy names the post, or
    has its words.
    """
    posts_of(posts)  # refuses counts that cannot be
    names = {"post_id": "string", "actor_id": "string"}
    optional = {"text": "string", "reshared_post": "string", "reshared_actor": "string"}
    table = pick(posts, "posts", names, {**optional, "views": "float64", **dict.fromkeys(COUNTS, "float64")})
    table = table.filter(table.post_id.notnull(), table.actor_id.notnull())
    table = table.mutate(own=table.reshared_post.isnull() & table.reshared_actor.isnull())
    given = pick(labels, "labels", {"post_id": "string", "label": "string"}, {})
    given = given.filter(given.label.notnull()).distinct()
    joined = _with_roots(table).inner_join(given, "post_id")
    return joined.select("post_id", "actor_id", "label", "own", "root", "views", *COUNTS)


def _with_roots(table: ir.Table) -> ir.Table:
    originals = table.filter(table.own & table.text.notnull())
    words = originals.group_by(author=originals.actor_id, words=originals.text).agg(same=originals.post_id.min())
    copies = ~table.own & (table.reshared_actor == table.actor_id)
    keyed = table.mutate(key=ibis.ifelse(copies & table.reshared_post.isnull(), table.text, ibis.null("string")))
    found = keyed.left_join(words, [("actor_id", "author"), ("key", "words")])
    itself = ibis.ifelse(found.reshared_actor == found.actor_id, found.reshared_post, ibis.null("string"))
    return found.mutate(root=ibis.coalesce(itself, found.same, found.post_id))


def acts_on_posts(interactions: Any, accounts: pa.Table, posts: ir.Table) -> ir.Table:
    """Return `member, source, label, root`: each act on a member's accounts, label and root null for other posts.

    Parameters
    ----------
    interactions
        `source, target, kind, target_post`.
    accounts
        `actor_id, member`. What a member's accounts do to each other is left out.
    posts
        As `labelled_posts` returns them.
    """
    required = {"source": "string", "target": "string", "kind": "string"}
    acts = pick(interactions, "interactions", required, {"target_post": "string"})
    acts = acts.filter(acts.kind.isin(ACTING), acts.source.notnull(), acts.source != acts.target)
    ours = ibis.memtable(accounts)
    aimed = acts.inner_join(ours.select(target=ours.actor_id, member=ours.member), "target")
    owned = aimed.left_join(ours.select(account=ours.actor_id, owner=ours.member), [("source", "account")])
    others = owned.filter(owned.owner.isnull() | (owned.owner != owned.member))
    known = posts.select(known=posts.post_id, label=posts.label, root=posts.root)
    return others.left_join(known, [("target_post", "known")]).select("member", "source", "label", "root")


def actions_of(actions: Any, posts: ir.Table, accounts: pa.Table) -> ir.Table:
    """Return `member, action, root, label, count, given, author`: what was counted; root is null without a known post.

    An action belongs to the author of the post that it names, else to the actor that it names; `member` is null where
    neither is compared.

    Raises InputError if a count is negative or infinite, or an action has no name or no count.
    """
    optional = {"actor_id": "string", "post_id": "string"}
    table = pick(actions, "actions", {"action": "string", "count": "float64"}, optional)
    refuse_negative(table, "actions", "action", ("count",))
    lacking = table.filter(table.action.isnull() | table["count"].isnull()).limit(1).to_pyarrow().to_pylist()
    for row in lacking:
        raise InputError(
            f"actions: a row of {row['actor_id'] or row['post_id'] or 'nobody'} has action {row['action']!r} and count "
            f"{row['count']!r}. Give both, or leave the row out."
        )
    known = posts.select(known=posts.post_id, author=posts.actor_id, label=posts.label, root=posts.root)
    joined = table.left_join(known, [("post_id", "known")])
    joined = joined.mutate(given=joined.actor_id, owner=ibis.coalesce(joined.author, joined.actor_id))
    ours = ibis.memtable(accounts)
    found = joined.left_join(ours.select(account=ours.actor_id, member=ours.member), [("owner", "account")])
    return found.select("member", "action", "root", "label", "count", "given", "author")


def refuse_contradictions(actions: ir.Table, members: Mapping[str, str]) -> None:
    """Raise InputError if an action names a post and an actor that did not write it.

    `members` has the member of each account that is compared: two accounts of one person are no contradiction.
    """
    both = actions.filter(actions.given.notnull(), actions.author.notnull(), actions.given != actions.author)
    pairs = both.select("action", "root", "given", "author").distinct().to_pyarrow()
    for row in pairs.to_pylist():
        given, author = (members.get(row[name], row[name]) for name in ("given", "author"))
        if given != author:
            raise InputError(
                f"actions: {row['action']} is given for {row['given']}, but the post {row['root']} is by "
                f"{row['author']}. Correct actor_id or post_id, or leave one of them empty."
            )
