"""What is counted of accounts and of the posts that speak for and against a flag; aggregated in the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

__all__ = ["account_counts", "evidence_of", "main_languages", "particulars", "weeks_of"]

EVIDENCE = 10
_SAYS = (
    r"призва[лв]|призыва(ет|ют|л)|заяви[лв]|сообщи[лв]|сообщает|рассказа[лв]|по словам|просят|"
    r"шақырды|шақыруда|деп айтты|деп жазды|хабарлады|хабарлайды|мәлімдеді|"
    r"заклика(в|ла|ли|є|ють)|повідоми(в|ла|ли)|повідомляє|заяви(в|ла|ли)|за словами|"
    r"called (on|for|upon)|calls (on|for)|urge[sd]|urging|appeal(s|ed) (to|for)|reported|according to|said that|asked"
)
_REPORTED = rf"(?i)({_SAYS})"
"""Verbs of saying and asking in Russian, Kazakh, Ukrainian and English: the call may be somebody else's."""
_QUOTED = '[«“"„][^«»“”"„]{40,}[»”"“]'
"""A quotation of forty characters or more."""
_OFFICIAL = ("comply_prepare", "contact_report")


def own_posts(posts: ir.Table) -> ir.Table:
    """Posts that are not reshares: the words of a reshare are another's."""
    return posts.filter(posts.reshared_post.isnull() & posts.reshared_actor.isnull())


def _labelled(labels: ir.Table, posts: ir.Table) -> ir.Table:
    own = own_posts(posts).select("post_id", "actor_id", "created_at", "text")
    return own.join(labels.select("post_id", "label", "lang", "call_types", "p_call", "p_manipulative"), "post_id")


def account_counts(labels: ir.Table, posts: ir.Table, actors: ir.Table) -> pa.Table:
    """Per account, ordered by id: own labelled posts, labels, distinct texts of those taken for calls, its kind."""
    rows = _labelled(labels, posts)
    manipulative, taken = rows.label == "manipulative", rows.label.isin(["manipulative", "positive"])
    counted = rows.group_by("actor_id").agg(
        posts=rows.count(),
        manipulative=manipulative.sum(),
        positive=(rows.label == "positive").sum(),
        undetermined=(rows.label == "undetermined").sum(),
        # A text is labelled once: posted ten times, it is one right or wrong label and not ten.
        manipulative_texts=rows.text.nunique(where=manipulative),
        taken_texts=rows.text.nunique(where=taken),
        days=rows.created_at.date().nunique(),
    )
    kinds = actors.select("actor_id", "kind")
    joined = counted.left_join(kinds, "actor_id")
    kind = ibis.coalesce(joined.kind, ibis.literal("unknown"))
    return joined.select(*counted.columns, kind=kind).order_by("actor_id").to_pyarrow()


def main_languages(labels: ir.Table, posts: ir.Table) -> dict[str, str | None]:
    """The language of most posts of each account that are labelled manipulative; of several, the first by name."""
    rows = _labelled(labels, posts)
    rows = rows.filter(rows.label == "manipulative")
    counted = rows.group_by("actor_id", "lang").agg(n=rows.count())
    found: dict[str, str | None] = {}
    for row in counted.order_by("actor_id", counted.n.desc(), "lang").to_pyarrow().to_pylist():
        found.setdefault(row["actor_id"], row["lang"])
    return found


def weeks_of(labels: ir.Table, posts: ir.Table) -> float | None:
    """Weeks from the first to the last own labelled post of anybody, at least one; None where no post has a date.

    One span for all: a rate over an account's own span would raise whoever posted for a day only.
    """
    rows = _labelled(labels, posts)
    (span,) = rows.aggregate(first=rows.created_at.min(), last=rows.created_at.max()).to_pyarrow().to_pylist()
    if span["first"] is None:
        return None
    return float(max((span["last"] - span["first"]).total_seconds() / (7 * 86_400), 1.0))


def evidence_of(labels: ir.Table, posts: ir.Table, actors: list[str]) -> dict[str, list[str]]:
    """Return, per account, up to ten posts labelled manipulative: of each day the surest, then the surest of these.

    A text counts once. Where there are fewer days than ten, the second surest of each day follow, and so on.
    """
    if not actors:
        return {}
    rows = _labelled(labels, posts)
    rows = rows.filter((rows.label == "manipulative") & rows.actor_id.isin(actors))
    rows = rows.mutate(sure=rows.p_call * rows.p_manipulative, day=rows.created_at.date())
    first = ibis.row_number().over(group_by=["actor_id", "text"], order_by=[rows.sure.desc(), rows.post_id])
    rows = rows.mutate(copy=first)
    rows = rows.filter(rows["copy"] == 0)
    of_day = ibis.row_number().over(group_by=["actor_id", "day"], order_by=[rows.sure.desc(), rows.post_id])
    rows = rows.mutate(of_day=of_day)
    order = [rows.of_day, rows.sure.desc(), rows.post_id]
    rows = rows.mutate(place=ibis.row_number().over(group_by="actor_id", order_by=order))
    top = rows.filter(rows.place < EVIDENCE).select("actor_id", "post_id", "place")
    found: dict[str, list[str]] = {}
    for row in top.order_by("actor_id", "place").to_pyarrow().to_pylist():
        found.setdefault(row["actor_id"], []).append(row["post_id"])
    return found


def particulars(
    labels: ir.Table, posts: ir.Table, actors: list[str], unvalidated: frozenset[str]
) -> dict[str, dict[str, Any]]:
    """Return, per account, what qualifies its posts labelled manipulative.

    `busiest_day` (most on one day), `sure` (how many the model's own probabilities make manipulative calls),
    `reported`, `quoted`, `official`, `unvalidated` (posts of that sort), and `reshares` beside its own posts.
    """
    if not actors:
        return {}
    rows = _labelled(labels, posts)
    rows = rows.filter((rows.label == "manipulative") & rows.actor_id.isin(actors))
    rows = rows.mutate(day=rows.created_at.date())
    kinds = [rows.call_types.contains(name) for name in _OFFICIAL]
    by_day = rows.group_by("actor_id", "day").agg(
        n=rows.count(),
        sure=(rows.p_call * rows.p_manipulative).sum(),
        reported=rows.text.re_search(_REPORTED).sum(),
        quoted=rows.text.re_search(_QUOTED).sum(),
        official=(kinds[0] | kinds[1]).sum(),
        unvalidated=rows.lang.isin(sorted(unvalidated)).sum() if unvalidated else ibis.literal(0),
    )
    names = ("sure", "reported", "quoted", "official", "unvalidated")
    days = by_day.group_by("actor_id").agg(
        busiest_day=by_day.n.max(where=by_day.day.notnull()), **{name: by_day[name].sum() for name in names}
    )
    found: dict[str, dict[str, Any]] = {row["actor_id"]: row for row in days.to_pyarrow().to_pylist()}
    passed = posts.filter(
        posts.actor_id.isin(actors) & (posts.reshared_post.notnull() | posts.reshared_actor.notnull())
    )
    for row in passed.group_by("actor_id").agg(reshares=passed.count()).to_pyarrow().to_pylist():
        found.setdefault(row["actor_id"], {})["reshares"] = row["reshares"]
    return found
