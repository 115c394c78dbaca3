"""The head of the report and what it says in three to five sentences, each with its figures and their intervals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from influence import __version__
from influence.report.calls import Counted, noise, unvalidated_languages
from influence.report.comparison import Comparison, Ratio, Sides
from influence.report.context import Context, code, number_or_none
from influence.report.ranking import Ranking, top_k
from influence.report.safe import clean, name_markup

__all__ = ["Head", "head", "reference", "summary"]

_NAMED = 6


@dataclass(frozen=True)
class Head:
    """The head: the study's name, when and with what it was made, and the data in numbers (label, value, detail)."""

    title: str
    made: str
    window: str
    numbers: Sequence[tuple[str, str, str]]


def head(ctx: Context, made: dt.datetime) -> Head:
    """Return the head of the report."""
    cat, facts, settings = ctx.cat, ctx.material.facts, ctx.material.study.settings
    window = cat.plain("head.window_open")
    if settings.window.start or settings.window.end:
        window = cat.plain("head.window_set", window=settings.window)
    period = cat.plain("head.period_unknown")
    if facts.first and facts.last:
        period = "\u2009–\u2009".join(
            dict.fromkeys(ctx.numbers.date(time.date()) for time in (facts.first, facts.last))
        )
    outside = ""
    if facts.posts != facts.posts_imported:
        outside = cat.plain("head.posts_detail", imported=ctx.numbers.count(facts.posts_imported))
    kinds = facts.kinds
    accounts = cat.plain(
        "head.accounts_detail",
        n=ctx.numbers.count(facts.actors),
        leaders=cat.counted("leader", kinds.get("leader", 0)),
        outlets=cat.counted("media", kinds.get("media", 0)),
    )
    platforms = ", ".join(ctx.platform(name) for name, _ in facts.platforms[:_NAMED])
    return Head(
        title=clean(settings.name),
        made=cat.plain("head.made", date=ctx.numbers.date(made.date()), version=__version__),
        window=window,
        numbers=[
            (cat.plain("head.posts"), ctx.numbers.count(facts.posts), outside),
            (cat.plain("head.accounts"), ctx.numbers.count(facts.authors), accounts),
            (cat.plain("head.platforms"), ctx.numbers.count(len(facts.platforms)), platforms),
            (cat.plain("head.languages"), *_languages(ctx)),
            (cat.plain("head.period"), period, ""),
        ],
    )


def _languages(ctx: Context) -> tuple[str, str]:
    """Return how many languages there are and which, as the sources say or else as the labels do."""
    found = ctx.material.facts.languages
    source = "head.languages_by_source"
    labels = ctx.material.rows("classify")
    if labels is not None:
        known = labels.filter(labels.lang.notnull())
        known = known.filter(known.lang != "und")
        rows = ctx.material.fetch(known.group_by("lang").agg(n=known.count()))
        found = sorted(((row["lang"], row["n"]) for row in rows), key=lambda pair: (-pair[1], pair[0])) or found
        source = "head.languages_by_model"
    if not found:
        return ctx.cat.plain("head.languages_unknown"), ""
    names = ", ".join(ctx.cat.name("languages", clean(lang)) for lang, _ in found[:_NAMED])
    return ctx.numbers.count(len(found)), f"{names}; {ctx.cat.plain(source)}"


# -- the summary ------------------------------------------------------------------------------------------------------


def reference(number: str) -> Markup:
    """Return a link to a figure in the register."""
    return Markup('<a class="ref" href="#{0}">{0}</a>').format(number)


def summary(
    ctx: Context,
    comparison: Comparison | None,
    ranking: Ranking | None,
    counted: Counted | None,
    flags: Sequence[Mapping[str, Any]] | None,
) -> list[Markup]:
    """Return what the report says, a sentence or two for each of its parts."""
    sentences = [
        _on_reach(ctx, comparison),
        _on_all(ctx, comparison),
        _on_leader(ctx, ranking),
        _on_calls(ctx, counted),
        _on_flags(ctx, flags),
    ]
    return [sentence for sentence in sentences if sentence]


def _said(ctx: Context, ratio: Ratio) -> Markup:
    """Return a sentence on a ratio that claims no more than its interval does."""
    cat, figure = ctx.cat, ratio.figure
    if figure is None:
        reason = clean(ratio.reason or "") or cat.plain("common.no_reason")
        return cat("summary.ratio_missing", reason=name_markup(reason))
    form = {"only_low": "half", "only_high": "half", "too_wide": "open"}.get(ratio.verdict, ratio.verdict)
    sentence = cat(
        f"summary.ratio_{form}",
        kind=cat.name("reach_of", ratio.kind),
        a=cat.name("groups", ratio.a),
        b=cat.name("groups", ratio.b),
        ratio=figure.shown,
        interval_name=ctx.interval_name(ratio.estimator, ctx.confidence("compare")),
        interval=figure.shown_interval or figure.shown,
        basis=ratio.members or cat.plain("summary.no_members"),
    )
    return Markup("{}\u00a0{}").format(sentence, reference(figure.number))


def _on_reach(ctx: Context, comparison: Comparison | None) -> Markup:
    if comparison is None:
        return ctx.cat("summary.not_compared", command=code("influence compare"))
    headline = comparison.headline
    if headline is None:
        missing = [ratio for ratio in comparison.ratios if ratio.reason]
        reason = clean(missing[0].reason or "") if missing else ctx.cat.plain("common.no_reason")
        return ctx.cat("summary.ratio_missing", reason=name_markup(reason))
    sentence = _said(ctx, headline)
    if headline.tens and headline.verdict in ("more", "only_low"):
        sentence += Markup(" ") + ctx.cat(f"summary.{headline.tens}")
    return sentence


def _on_all(ctx: Context, comparison: Comparison | None) -> Markup:
    if comparison is None or comparison.headline is None:
        return Markup("")
    kind = comparison.headline.kind
    together = [ratio for ratio in comparison.ratios if ratio.together and ratio.kind == kind and ratio.figure]
    if not together:
        return Markup("")
    return _together(ctx, together[0], comparison.sides) or _said(ctx, together[0])


def _together(ctx: Context, ratio: Ratio, sides: Sides) -> Markup | None:
    """Return the sentence on the net reach of both sides, with its members counted; None without a finite interval."""
    cat, figure, counts = ctx.cat, ratio.figure, ratio.counts
    if figure is None or counts is None or None in (ratio.value, ratio.low, ratio.high):
        return None
    several = counts[0] > 1 and counts[1] > 1
    if not several or ratio.verdict not in ("more", "less", "open"):
        return None
    sentence = cat(
        "summary.together",
        kind=cat.name("reach_of", ratio.kind),
        a=cat.counted(sides.a, counts[0]),
        b=cat.counted(sides.b, counts[1]),
        ratio=figure.shown,
        interval_name=ctx.interval_name(ratio.estimator, ctx.confidence("compare")),
        interval=figure.shown_interval or figure.shown,
        unit=cat.name("reach_units", ratio.kind),
        without=cat.plain("summary.together_without", n=ctx.numbers.count(counts[2])) if counts[2] else "",
    )
    sentence = Markup("{}\u00a0{}").format(sentence, reference(figure.number))
    return sentence + Markup(" ") + cat("summary.together_open") if ratio.verdict == "open" else sentence


def _on_leader(ctx: Context, ranking: Ranking | None) -> Markup:
    row = None if ranking is None else ranking.first
    if row is None:
        return Markup("")
    metric = row["metric"]
    names = {"metric": ctx.cat.name("metrics_in_sentence", metric), "name": ctx.name(row["actor_id"])}
    low, high, p = (number_or_none(row[name]) for name in ("rank_low", "rank_high", "p_top_k"))
    number = _number_of(ctx, f"leaders:{metric}")
    if low is None or high is None or p is None:
        sentence = ctx.cat("summary.leader_alone", **names)
    else:
        write = ctx.numbers.count
        sentence = ctx.cat(
            "summary.leader_sure" if low == high else "summary.leader",
            **names,
            low=write(low),
            high=write(high),
            percent=ctx.numbers.percent(0.95),
            k=top_k(ctx),
            p=ctx.numbers.probability(p),
        )
    return Markup("{}\u00a0{}").format(sentence, reference(number)) if number else sentence


def _number_of(ctx: Context, family: str) -> str | None:
    """Return the number of the first figure of a family."""
    return next((figure.number for figure in ctx.register.figures if figure.family.key == family), None)


def _on_calls(ctx: Context, counted: Counted | None) -> Markup:
    if counted is None:
        return ctx.cat("summary.no_calls", command=code("influence classify"))
    if not counted.n:
        return Markup("")
    positive, manipulative = counted.figures["positive"], counted.figures["manipulative"]
    sentence = ctx.cat(
        "summary.calls",
        n=ctx.cat.counted("posts_of", counted.n),
        positive=ctx.numbers.count(counted.total.get("positive", 0)),
        positive_share=positive.shown,
        positive_interval=positive.shown_interval,
        manipulative=ctx.numbers.count(counted.total.get("manipulative", 0)),
        manipulative_share=manipulative.shown,
        manipulative_interval=manipulative.shown_interval,
        undetermined=ctx.numbers.count(counted.total.get("undetermined", 0)),
        interval_name=ctx.interval_name(None),
    )
    sentence = Markup("{}\u00a0{}\u00a0{}").format(sentence, reference(positive.number), reference(manipulative.number))
    allowed = noise(ctx, counted)
    if allowed is not None:
        sentence += Markup(" ") + ctx.cat("summary.calls_noise", most=ctx.numbers.count(allowed[1]))
    names = unvalidated_languages(ctx, counted.by_language)
    if names:
        sentence += Markup(" ") + ctx.cat("summary.calls_unvalidated", languages=names)
    return sentence


def _on_flags(ctx: Context, flags: Sequence[Mapping[str, Any]] | None) -> Markup:
    if flags is None:
        return Markup("")
    if not flags:
        return ctx.cat("summary.flags_none")
    return ctx.cat.plural("summary.flags", len(flags))
