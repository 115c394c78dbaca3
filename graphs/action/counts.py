"""What is counted in the engine: posts, accounts that engaged, actions; by member and by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from graphs.action.inputs import ALL, CALL, CALLS, SETS
from graphs.inputs import COUNTS
from graphs.reaching.engaged import frequencies, largest_counts
from graphs.reaching.medians import GroupMedians, group_medians

__all__ = ["ActionCounts", "Engaged", "NamedPost", "PostCounts", "Tables", "count_all"]

Key = tuple[str, str]
"""Who (a member or a group) and which set of posts."""


@dataclass(frozen=True)
class Engaged:
    """Distinct accounts that acted: `n` in all, `f1` … `f4` seen exactly 1 … 4 times."""

    n: int = 0
    f1: int = 0
    f2: int = 0
    f3: int = 0
    f4: int = 0


@dataclass(frozen=True)
class PostCounts:
    """Own posts of a set: how many, with how many views in all, and of how many the views are known."""

    posts: int = 0
    views: float = 0.0
    viewed: int = 0


@dataclass(frozen=True)
class NamedPost:
    """A post that an action names: what was counted, its label, views, largest count, accounts seen."""

    label: str
    count: float
    views: float | None
    largest: float | None
    engaged: int


@dataclass(frozen=True)
class ActionCounts:
    """An action of one member or group without a post: rows, their sum, and whether all are whole numbers."""

    rows: int
    total: float
    whole: bool


@dataclass
class Tables:
    """Everything that was counted. Actions have the key `(who, action)`, engaged accounts of them `(.., .., set)`."""

    posts: dict[Key, PostCounts] = field(default_factory=dict)
    acts: dict[str, tuple[int, int]] = field(default_factory=dict)
    engaged: dict[Key, Engaged] = field(default_factory=dict)
    per_post: dict[str, GroupMedians] = field(default_factory=dict)
    named: dict[Key, list[NamedPost]] = field(default_factory=dict)
    named_engaged: dict[tuple[str, str, str], Engaged] = field(default_factory=dict)
    loose: dict[Key, ActionCounts] = field(default_factory=dict)
    loose_engaged: dict[Key, Engaged] = field(default_factory=dict)
    loose_posts: dict[Key, PostCounts] = field(default_factory=dict)


def count_all(
    posts: ir.Table, acts: ir.Table, actions: ir.Table | None, accounts: pa.Table, scopes: pa.Table, confidence: float
) -> Tables:
    """Count everything.

    Parameters
    ----------
    posts, acts, actions
        As `graphs.action.inputs` returns them; `actions` is None where the user has none.
    accounts, scopes
        `actor_id, member`, and `member, a`: a member stands for itself and in its group.
    confidence
        Coverage of the intervals of medians over posts.
    """
    found = Tables()
    who = ibis.memtable(scopes)
    ours = ibis.memtable(accounts)
    own = posts.filter(posts.own).inner_join(ours, "actor_id").inner_join(who, "member")
    found.posts = _posts(own)
    for name in SETS:
        chosen = own if name == ALL else own.filter(own.label.isin(_labels(name)))
        typical = chosen.drop("actor_id").rename(actor_id="a")
        found.per_post[name] = group_medians(largest_counts(typical), confidence=confidence)
    seen = acts.inner_join(who, "member")
    totals = seen.group_by("a").agg(acts=seen.count(), labelled=seen.label.notnull().sum().cast("int64"))
    found.acts = {row["a"]: (row["acts"], row["labelled"]) for row in _rows(totals)}
    found.engaged = {(a, name): one for (a, name), one in _engaged(seen.filter(seen.label.notnull()), ["a"]).items()}
    if actions is not None:
        done = actions.inner_join(who, "member")
        _count_loose(found, own, seen, done.filter(done.root.isnull()))
        _count_named(found, posts, seen, done.filter(done.root.notnull()))
    return found


def _labels(name: str) -> Sequence[str]:
    return CALLS if name == CALL else (name,)


def _rows(table: ir.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return rows


def _posts(own: ir.Table) -> dict[Key, PostCounts]:
    by_label = own.group_by("a", "label").agg(posts=own.count(), views=own.views.sum(), viewed=own.views.count())
    found: dict[Key, PostCounts] = {}
    for row in _rows(by_label):
        for name in [ALL, *([CALL, row["label"]] if row["label"] in CALLS else [])]:
            old = found.get((row["a"], name), PostCounts())
            found[row["a"], name] = PostCounts(
                old.posts + row["posts"], old.views + (row["views"] or 0.0), old.viewed + row["viewed"]
            )
    return found


def _engaged(seen: ir.Table, by: list[str], whole: str = ALL) -> dict[tuple[str, ...], Engaged]:
    """Return the accounts by set of posts; `whole` is what the set of all acts that are given is called."""
    weights = {whole: seen.count(), **{name: seen.label.isin(_labels(name)).sum() for name in SETS if name != whole}}
    if whole == CALL:
        del weights[ALL]
    pairs = seen.group_by(*by, "source").agg(**{f"w_{name}": count for name, count in weights.items()})
    found: dict[tuple[str, ...], Engaged] = {}
    for name in weights:
        chosen = pairs.select(*by, weight=pairs[f"w_{name}"])
        for row in _rows(frequencies(chosen.filter(chosen.weight > 0), *by)):
            key = (*(str(row[column]) for column in by), name)
            found[key] = Engaged(*(row[column] for column in ("n", "f1", "f2", "f3", "f4")))
    return found


def _count_loose(found: Tables, own: ir.Table, seen: ir.Table, loose: ir.Table) -> None:
    """Count actions that name no known post, and beside them the calls of those members that have such actions."""
    sums = loose.group_by("a", "action").agg(
        rows=loose.count(), total=loose["count"].sum(), whole=(loose["count"] == loose["count"].floor()).all()
    )
    found.loose = {
        (row["a"], row["action"]): ActionCounts(row["rows"], row["total"], bool(row["whole"])) for row in _rows(sums)
    }
    pairs = loose.select("a", "member", "action").distinct()
    calls = seen.filter(seen.label.isin(CALLS)).inner_join(pairs, ["a", "member"])
    weights = calls.group_by("a", "action", "source").agg(weight=calls.count())
    for row in _rows(frequencies(weights, "a", "action")):
        engaged = Engaged(*(row[column] for column in ("n", "f1", "f2", "f3", "f4")))
        found.loose_engaged[row["a"], row["action"]] = engaged
    called = own.filter(own.label.isin(CALLS)).inner_join(pairs, ["a", "member"])
    posts = called.group_by("a", "action").agg(posts=called.count(), views=called.views.sum(), n=called.views.count())
    for row in _rows(posts):
        found.loose_posts[row["a"], row["action"]] = PostCounts(row["posts"], row["views"] or 0.0, row["n"])


def _count_named(found: Tables, posts: ir.Table, seen: ir.Table, linked: ir.Table) -> None:
    """Count actions that name a post, post by post, and the accounts that engaged with these posts."""
    linked = linked.group_by("a", "action", "root").agg(label=linked.label.min(), total=linked["count"].sum())
    roots = posts.filter(posts.post_id == posts.root)
    counts = [roots[name].fill_null(-1.0) for name in COUNTS]
    views = roots.select(post=roots.post_id, views=roots.views, largest=ibis.greatest(*counts).nullif(-1.0))
    joined = linked.left_join(views, [("root", "post")])
    on_posts = seen.filter(seen.root.notnull()).group_by(who="a", on="root").agg(engaged=lambda t: t.source.nunique())
    joined = joined.left_join(on_posts, [("a", "who"), ("root", "on")])
    wanted = joined.select("a", "action", "root", "label", "total", "views", "largest", "engaged").order_by(
        "a", "action", "root"
    )
    for row in _rows(wanted):
        post = NamedPost(row["label"], row["total"], row["views"], row["largest"], int(row["engaged"] or 0))
        found.named.setdefault((row["a"], row["action"]), []).append(post)
    acted = seen.drop("label").inner_join(linked.select("a", "action", "root", "label"), ["a", "root"])
    for (a, action, name), one in _engaged(acted, ["a", "action"], CALL).items():
        found.named_engaged[a, action, name] = one
