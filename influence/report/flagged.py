"""Accounts proposed for review, each with its rate, its reach, its evidence and what speaks against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from influence.flags.reviewed import Reviewed, reviewed_evidence
from influence.report.blocks import Account, Accounts, Prose, ReachOf, Section
from influence.report.context import Context, code, number_or_none
from influence.report.evidence import post_block, posts_by_id
from influence.report.figures import Family, Figure
from influence.report.reach import Reach, reach_figure
from influence.report.safe import clean, name_markup

__all__ = ["flags_section", "read_flags"]

_SHOWN = 15
_EVIDENCE = 3
_PARTNERS = 5


def read_flags(ctx: Context) -> list[dict[str, Any]] | None:
    """Return the flags, the highest score first; None if the step was not run."""
    table = ctx.material.rows("flags")
    if table is None:
        return None
    rows = ctx.material.fetch(table)
    return sorted(rows, key=lambda row: (-(number_or_none(row.get("score")) or 0.0), row["actor_id"]))


def flags_section(ctx: Context, flags: Sequence[Mapping[str, Any]] | None, reach: Reach) -> Section:
    """Return the section on accounts proposed for review."""
    if flags is None:
        return ctx.not_made("flags", "flags")
    section = ctx.section("flags")
    section.blocks += ctx.opening("flags", ctx.cat("flags.intro"))
    section.blocks += [*_threshold(ctx), *_considered(ctx)]
    if not flags:
        section.blocks.append(Prose(ctx.cat("flags.none")))
        return section
    shown = flags[:_SHOWN]
    ctx.material.know(row["actor_id"] for row in shown)
    posts = posts_by_id(ctx, (post for row in shown for post in _texts(row["evidence"])))
    reviews = reviewed_evidence(ctx.material.study, shown)
    section.blocks.append(Accounts([_account(ctx, row, posts, reach, reviews[row["actor_id"]]) for row in shown]))
    section.blocks.append(Prose(_order(ctx, shown), style="note"))
    if len(flags) > len(shown):
        note = ctx.cat("flags.left_out", shown=len(shown), all=ctx.numbers.count(len(flags)))
        section.blocks.append(Prose(Markup("{} {}").format(note, ctx.all_rows("flags")), style="note"))
    return section


def _threshold(ctx: Context) -> list[Prose]:
    params = ctx.material.params("flags")
    rate, posts = number_or_none(params.get("min_rate")), number_or_none(params.get("min_posts"))
    if rate is None or posts is None:
        return []
    text = ctx.cat("flags.threshold", min_rate=ctx.numbers.percent(rate), min_posts=ctx.cat.counted("post", posts))
    return [Prose(text, style="note")]


def _texts(value: object) -> list[str]:
    """Return a list column as texts; a single text counts as a list of one."""
    if isinstance(value, str):
        return [value]
    return [str(item) for item in value] if isinstance(value, list | tuple) else []


def _considered(ctx: Context) -> list[Prose]:
    """How many accounts came how far; nothing where an earlier version made the result."""
    for row in ctx.material.further("flags", "flags_considered"):
        if row["kind"] == "all":
            counts = {name: ctx.numbers.count(value) for name, value in row.items() if name != "kind"}
            counts["accounts"] = ctx.cat.counted("account", row["accounts"])
            return [Prose(ctx.cat("flags.considered", **counts), style="note")]
    return []


def _order(ctx: Context, rows: Sequence[Mapping[str, Any]]) -> Markup:
    kinds = sorted({str(row["reach_kind"]) for row in rows if row.get("reach_kind")})
    if not kinds:
        return ctx.cat("flags.order_without_reach")
    return ctx.cat("flags.order", reach=ctx.cat.listed([ctx.cat.name("reach_of", kind) for kind in kinds]))


def _coordination(ctx: Context, row: Mapping[str, Any]) -> tuple[str, str]:
    """With how many it was found in step, and who they are."""
    partners = row.get("coordinated_with")
    if not isinstance(partners, list | tuple):
        return ctx.cat.plain("flags.coordination_unknown"), ""
    if not partners:
        return ctx.cat.plain("flags.coordination_none"), ""
    ctx.material.know(map(str, partners[:_PARTNERS]))
    names = ", ".join(clean(ctx.actor(str(partner)).name) for partner in partners[:_PARTNERS])
    more = " …" if len(partners) > _PARTNERS else ""
    cluster = f" ({ctx.cat.plain('flags.cluster', cluster=row['cluster'])})" if row.get("cluster") else ""
    return ctx.cat.counted("account", len(partners)), f"{names}{more}{cluster}"


def _review(ctx: Context, reviewed: Reviewed) -> tuple[str, str]:
    decided = ctx.cat.plain("flags.reviewed", n=reviewed.decided, all=reviewed.evidence)
    if not reviewed.decided:
        return decided, ""
    counts = {"manipulative": reviewed.manipulative, "otherwise": reviewed.otherwise, "disputed": reviewed.disputed}
    return decided, ctx.cat.plain("flags.review_decided", **counts)


def _corrected(ctx: Context, row: Mapping[str, Any]) -> str | None:
    value, low, high = (number_or_none(row.get(f"corrected_{name}")) for name in ("rate", "low", "high"))
    if value is None:
        return None
    # The interval alone: a card finds out on few posts how many calls are missed, and the mean would look firm.
    return ctx.cat.plain("flags.corrected", interval=ctx.numbers.share(value, low, high)[1])


def _family(ctx: Context) -> Family:
    cat = ctx.cat
    percent = ctx.numbers.percent(ctx.confidence("flags"))
    return ctx.family(
        "flags",
        cat.plain("figures.family_flags"),
        cat.plain("figures.flags_definition"),
        step="flags",
        interval=cat.plain("figures.interval_flags", percent=percent),
        tables=("actors", "posts"),
    )


def _rate(ctx: Context, row: Mapping[str, Any]) -> Figure:
    numbers, k, n = ctx.numbers, int(row["manipulative_calls"] or 0), int(row["posts"] or 0)
    rate, low, high = (number_or_none(row[name]) for name in ("rate", "rate_low", "rate_high"))
    shown, interval = ctx.cat.plain("common.not_known"), ""
    if rate is not None:
        shown, interval = numbers.share(rate, low, high)
    return ctx.register.add(
        _family(ctx),
        ctx.cat.plain("flags.rate_what", name=ctx.actor(row["actor_id"]).name),
        rate,
        low,
        high,
        n=n,
        n_of=ctx.cat.counted("posts_of", n),
        unit=ctx.cat.plain("calls.unit_share"),
        estimator=f"{numbers.count(k)} / {numbers.count(n)}",
        shown=shown,
        shown_interval=interval,
    )


def _account(
    ctx: Context,
    row: Mapping[str, Any],
    posts: Mapping[str, Mapping[str, Any]],
    reach: Reach,
    reviewed: Reviewed,
) -> Account:
    cat, actor = ctx.cat, ctx.actor(row["actor_id"])
    rate = _rate(ctx, row)
    evidence = _texts(row["evidence"])
    found = [posts[post_id] for post_id in evidence if post_id in posts]
    # A text that was posted ten times is one piece of evidence to read; the count says how often it was posted.
    shown = list({post.get("text"): post for post in reversed(found)}.values())[::-1][:_EVIDENCE]
    rest = len(evidence) - len(shown)
    k, n = int(row["manipulative_calls"] or 0), int(row["posts"] or 0)
    return Account(
        name=ctx.name(row["actor_id"]),
        meta=" · ".join(
            part for part in (cat.name("kinds", actor.kind), ctx.platform(actor.platform), actor.actor_id) if part
        ),
        rate=rate.shown,
        interval=f"{ctx.interval_name(None, ctx.confidence('flags'))} {rate.shown_interval}".strip(),
        counts=cat.plain("flags.counts", k=cat.counted("manipulative", k), n=cat.counted("posts_of", n)),
        reach=_reach(ctx, row, reach),
        rate_figure=rate,
        corrected=_corrected(ctx, row),
        coordination=_coordination(ctx, row),
        review=_review(ctx, reviewed),
        reasons=[name_markup(text) for text in _texts(row["reasons"])],
        against=_against(ctx, row, shown) or [cat("flags.against_none")],
        evidence=[post_block(ctx, post) for post in shown],
        not_shown=cat("flags.more_evidence", n=rest, command=code("influence show flags")) if rest > 0 else None,
    )


def _reach(ctx: Context, row: Mapping[str, Any], reach: Reach) -> ReachOf:
    """Return the reach that the flag was weighed with, as the reach of the actor has it where that is the same."""
    value, kind = number_or_none(row["reach"]), row.get("reach_kind")
    if value is None:
        return ReachOf(ctx.cat.plain("flags.reach_unknown"))
    of = ctx.cat.name("reach_of", kind) if isinstance(kind, str) and kind else ""
    table = ctx.material.rows("reach")
    if table is not None and of:
        chosen = table.filter((table.actor_id == row["actor_id"]) & (table.kind_of_reach == kind))
        for found in ctx.material.fetch(chosen):
            figure = reach_figure(ctx, reach, found)
            if figure is not None and figure.value == value:
                return ReachOf(figure.shown, figure.shown_interval, of, figure)
    return ReachOf(ctx.numbers.estimate(value), ctx.cat.plain("common.no_interval"), of)


def _against(ctx: Context, row: Mapping[str, Any], shown: Sequence[Mapping[str, Any]]) -> list[Markup]:
    """What speaks against a flag: what the step recorded, and languages in which the model was not validated."""
    words = [name_markup(text) for text in _texts(row.get("against"))]
    languages = sorted({str(post["lang"]) for post in shown if post.get("lang") in ctx.material.card.unvalidated})
    if languages:
        names = ctx.cat.listed([ctx.cat.name("languages", lang) for lang in languages])
        words.append(ctx.cat("flags.unvalidated_language", languages=names))
    return words
