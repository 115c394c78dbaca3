"""What makes the figures citable: limits, methods, definitions, the data and where they come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from influence import __version__
from influence.report.blocks import Block, Bullets, Cell, DataTable, Definitions, Prose, Section
from influence.report.calls import Counted, unvalidated_languages
from influence.report.context import Context, code, number_or_none
from influence.report.material import KINDS_OF_REACH, STEP_TABLES, named_sources
from influence.report.ranking import Ranking, named_metrics
from influence.report.safe import clean, name_markup

__all__ = ["data_section", "definitions_section", "limits_section", "methods_section"]

_FILES = 60


# -- limits -----------------------------------------------------------------------------------------------------------


def limits_section(ctx: Context, counted: Counted | None) -> Section:
    """Return the section on what the data cannot say."""
    section = ctx.section("limits")
    say = ctx.cat
    items = [say("limits.sample"), *_limits_of_reach(ctx), *_limits_of_graph(ctx), *_limits_of_labels(ctx, counted)]
    rejected = sum(record.rejected for record in ctx.material.imports)
    if rejected:
        items.append(say("limits.rejected", n=say.counted("row", rejected)))
    stale = [say.plain(f"sections.{_SECTION_OF[step]}") for step in STEP_TABLES if ctx.material.stale(step)]
    if stale:
        items.append(say("limits.stale", parts=say.listed(stale)))
    section.blocks.append(Bullets(items))
    return section


_SECTION_OF = {
    "reach": "reach",
    "compare": "comparison",
    "leaders": "leaders",
    "cascades": "cascades",
    "coordination": "coordination",
    "classify": "calls",
    "flags": "flags",
    "action": "action",
}


def _limits_of_reach(ctx: Context) -> list[Markup]:
    facts, say = ctx.material.facts, ctx.cat
    items = []
    if not facts.interactions.get("follow"):
        items.append(say("limits.follows"))
    if facts.posts and facts.views_known < facts.posts:
        known = ctx.numbers.count(facts.views_known)
        if facts.views_known:
            items.append(say("limits.views", known=known, posts=say.counted("post", facts.posts)))
        else:
            items.append(say("limits.views_none"))
    items.append(say("limits.engaged"))
    if facts.audiences_total and not facts.overlaps:
        items.append(say("limits.overlaps"))
    if ctx.material.study.settings.population is None:
        items.append(say("limits.population"))
    if facts.undated:
        items.append(say("limits.undated", n=say.counted("post", facts.undated)))
    return items


def _limits_of_graph(ctx: Context) -> list[Markup]:
    facts, say = ctx.material.facts, ctx.cat
    items = [say("limits.resharing")] if facts.interactions.get("reshare") else []
    if facts.kinds.get("unknown"):
        items.append(say.plural("limits.unknown_roster", facts.kinds["unknown"]))
    made = ctx.material.results["coordination"] is not None
    return [*items, say("limits.coordination" if made else "limits.no_coordination")]


def _limits_of_labels(ctx: Context, counted: Counted | None) -> list[Markup]:
    if counted is None:
        return []
    items = [ctx.cat("limits.labels")]
    names = unvalidated_languages(ctx, counted.by_language)
    if names:
        items.append(ctx.cat("limits.unvalidated", languages=names))
    return items


# -- methods ----------------------------------------------------------------------------------------------------------


def methods_section(ctx: Context, ranking: Ranking | None) -> Section:
    """Return the section with the paragraph to cite, the commands, and the references."""
    section, cat = ctx.section("methods"), ctx.cat
    done = [step for step, found in ctx.material.results.items() if found is not None]
    sentences = [_on_data(ctx)]
    sentences += [_on_step(ctx, step) for step in ("reach", "compare") if step in done]
    sentences.append(_on_leaders(ctx, ranking))
    if "cascades" in done:
        trees = number_or_none(ctx.material.params("cascades").get("trees"))
        sentences.append(cat("methods.cascades", trees="–" if trees is None else ctx.numbers.count(trees)))
    if "coordination" in done:
        sentences.append(_on_coordination(ctx))
    sentences += [_on_labels(ctx)] * ("classify" in done) + [_on_flags(ctx)] * ("flags" in done)
    sentences += [_on_step(ctx, "action")] * ("action" in done)
    sentences.append(cat("methods.software", version=__version__))
    section.blocks.append(
        Prose(Markup(" ").join(filter(None, sentences)), style="citable", heading=cat.plain("methods.intro"))
    )
    commands = [code(ctx.material.command(step)) for step in done]
    section.blocks.append(Bullets(commands, heading=cat.plain("methods.reproduce")))
    section.blocks.append(Bullets(_references(ctx, done), heading=cat.plain("methods.references")))
    return section


def _on_data(ctx: Context) -> Markup:
    files = ctx.cat.counted("file", len(ctx.material.imports))
    return ctx.cat("methods.data", **ctx.posts_known(), files=files, window=ctx.window())


def _estimators(ctx: Context, step: str) -> Markup:
    """Return the estimators that a result used, as a list."""
    table = ctx.material.rows(step)
    if table is None:
        return Markup("")
    if step == "compare":
        table = table.filter(table.measure == "ratio")
    rows = ctx.material.fetch(table.filter(table.estimator.notnull()).select("estimator").distinct())
    names = sorted({part for row in rows for part in str(row["estimator"]).split(" against ")})
    return Markup("; ").join(ctx.estimator(name) for name in names)


def _on_step(ctx: Context, step: str) -> Markup:
    percent = ctx.numbers.percent(ctx.confidence(step))
    return ctx.cat(f"methods.{step}", percent=percent, estimators=_estimators(ctx, step))


def _on_leaders(ctx: Context, ranking: Ranking | None) -> Markup:
    if ranking is None or not ranking.metrics:
        return Markup("")
    replicates = "–" if ranking.replicates is None else ctx.numbers.count(ranking.replicates)
    seed = ctx.material.params("leaders").get("seed", "–")
    return ctx.cat("methods.leaders", metrics=named_metrics(ctx, ranking.metrics), replicates=replicates, seed=seed)


def _on_labels(ctx: Context) -> Markup:
    params, table = ctx.material.params("classify"), ctx.material.rows("classify")
    rate = number_or_none(params.get("max_fpr"))
    models: list[Any] = []
    if table is not None and "model" in table.columns:
        models = sorted(str(row["model"]) for row in ctx.material.fetch(table.select("model").distinct()))
    model = ctx.cat.listed([name_markup(name) for name in models]) or "–"
    return ctx.cat("methods.classify", model=model, max_fpr="–" if rate is None else ctx.numbers.percent(rate))


def _on_coordination(ctx: Context) -> Markup:
    params, cat = ctx.material.params("coordination"), ctx.cat
    null = str(params.get("null"))
    words = cat.plain("coordination.by_weight") if null == "none" else cat.name("null_models", null)
    seconds = cat.counted("second", number_or_none(params.get("window_s")) or 0)
    return cat("methods.coordination", seconds=seconds, null=words)


def _on_flags(ctx: Context) -> Markup:
    params = ctx.material.params("flags")
    rate, posts = number_or_none(params.get("min_rate")), number_or_none(params.get("min_posts"))
    return ctx.cat(
        "methods.flags",
        percent=ctx.numbers.percent(ctx.confidence("flags")),
        min_rate="–" if rate is None else ctx.numbers.percent(rate),
        min_posts="–" if posts is None else ctx.cat.counted("post", posts),
    )


_REFERENCES = {
    "reach": ("chao",),
    "compare": ("frechet",),
    "leaders": ("deverna",),
    "cascades": ("deverna", "goel"),
    "coordination": ("benjamini", "blondel", "hennig", "saracco", "tumminello"),
    "classify": ("wilson",),
    "flags": ("skellam", "rogan", "benjamini"),
    "action": ("chao", "garwood", "wilson", "zou"),
}


def _references(ctx: Context, done: Sequence[str]) -> list[Markup]:
    keys = sorted({key for step in done for key in _REFERENCES[step]})
    return [ctx.cat(f"references.{key}") for key in keys]


# -- definitions ------------------------------------------------------------------------------------------------------


def definitions_section(ctx: Context) -> Section:
    """Return the section with the meaning of each term."""
    cat = ctx.cat
    section = ctx.section("definitions")
    items: list[tuple[str, Markup]] = []
    for kind in KINDS_OF_REACH:
        name = cat.name("reach_of", kind)
        items.append((name[:1].upper() + name[1:], cat(f"reach_definitions.{kind}")))
    items += [
        (cat.name("measures", name), cat(f"measure_definitions.{name}")) for name in ("ratio", "difference", "union")
    ]
    items += [
        (cat.plain(f"definitions.{name}"), cat(f"definitions.{name}_text"))
        for name in ("typical", "interval", "rank", "p_top_k")
    ]
    items += [(cat.name("labels", label), cat(f"label_definitions.{label}")) for label in cat.names("labels")]
    items.append((cat.plain("definitions.flag"), cat("definitions.flag_text")))
    section.blocks.append(Definitions(items))
    return section


# -- data -------------------------------------------------------------------------------------------------------------


def data_section(ctx: Context) -> Section:
    """Return the section on the data: each file reconciled, what was rejected, audiences and their sources."""
    section = ctx.section("data")
    section.blocks.append(Prose(ctx.cat("data.intro")))
    section.blocks.append(_files(ctx))
    section.blocks += _rejects(ctx)
    section.blocks.append(_holdings(ctx))
    section.blocks += _audiences(ctx)
    section.blocks += _assumptions(ctx)
    return section


def _files(ctx: Context) -> DataTable:
    cat, count = ctx.cat, ctx.numbers.count
    records, names = ctx.material.imports, named_sources(ctx.material.imports)
    rows = []
    for record, name in list(zip(records, names, strict=True))[:_FILES]:
        numbers = [Cell(count(n)) for n in (record.read, record.kept, record.duplicates, record.rejected)]
        rows.append(
            [Cell(name_markup(name)), Cell(clean(record.format)), *numbers, Cell(clean(record.finished_at[:10]))]
        )
    sums = [sum(getattr(record, name) for record in records) for name in ("read", "kept", "duplicates", "rejected")]
    total = [Cell(cat.plain("data.total")), Cell(""), *(Cell(count(n)) for n in sums), Cell("")]
    columns = [
        cat.plain(f"data.column_{name}")
        for name in ("file", "format", "read", "kept", "duplicates", "rejected", "when")
    ]
    note = cat("data.left_out", n=count(len(records) - _FILES)) if len(records) > _FILES else None
    return DataTable(cat.plain("data.table"), columns, rows, numeric=(2, 3, 4, 5), total=total, note=note)


def _rejects(ctx: Context) -> list[Block]:
    rejects = ctx.material.facts.rejects
    if not rejects:
        return []
    rows = [[Cell(name_markup(reason)), Cell(ctx.numbers.count(n))] for reason, n in rejects]
    columns = [ctx.cat.plain("data.column_reason"), ctx.cat.plain("data.column_rows")]
    return [DataTable(ctx.cat.plain("data.rejects"), columns, rows, numeric=(1,), note=ctx.all_rows("rejects"))]


def _holdings(ctx: Context) -> DataTable:
    cat, facts = ctx.cat, ctx.material.facts
    counts = [("posts", facts.posts_imported), ("views", facts.views_known), ("texts", facts.texts_known)]
    counts += [("actors", facts.actors), ("followers", facts.followers_known)]
    named = [(cat.plain(f"data.table_{name}"), n) for name, n in counts]
    for kind, n in facts.interactions.items():
        named.append((cat.plain("data.table_interactions", kind=cat.name("interaction_kinds", kind)), n))
    named += [
        (cat.plain("data.table_audiences"), facts.audiences_total),
        (cat.plain("data.table_overlaps"), facts.overlaps),
    ]
    rows = [[Cell(name), Cell(ctx.numbers.count(n))] for name, n in named]
    return DataTable(
        cat.plain("data.tables"), [cat.plain("data.column_table"), cat.plain("data.column_rows")], rows, numeric=(1,)
    )


def _audiences(ctx: Context) -> list[Block]:
    facts, cat = ctx.material.facts, ctx.cat
    if not facts.audiences:
        return []
    ctx.material.know(row["actor_id"] for row in facts.audiences)
    rows = []
    for row in facts.audiences:
        value = number_or_none(row["value"])
        rows.append(
            [
                Cell(ctx.name(row["actor_id"])),
                Cell(clean(row["medium"] or "")),
                Cell(clean(row["measure"] or "").replace("_", " ")),
                Cell("" if value is None else ctx.numbers.score(value)),
                Cell(clean(row["period"] or "")),
                Cell(
                    name_markup(row["source"]) if row["source"] else cat.plain("data.no_source"),
                    missing=not row["source"],
                ),
            ]
        )
    columns = [cat.plain("reach.column_actor")]
    columns += [cat.plain(f"data.column_{name}") for name in ("medium", "measure", "value", "period", "source")]
    note = None
    if facts.audiences_total > len(rows):
        note = cat("data.audiences_left_out", shown=len(rows), all=ctx.numbers.count(facts.audiences_total))
    return [DataTable(cat.plain("data.audiences"), columns, rows, numeric=(3,), note=note)]


def _assumptions(ctx: Context) -> list[Block]:
    """Return what turns copies into readers and followers into those shown a post, with the source of each."""
    given, cat, write = ctx.material.study.settings.audiences, ctx.cat, ctx.numbers.score
    what = [
        (cat.plain("data.readers_per_copy"), name or cat.plain("data.any_medium"), x)
        for name, x in given.readers().items()
    ]
    what += [(cat.plain("data.view_rate"), ctx.platform(name), x) for name, x in given.rates().items()]
    if not what:
        return []
    rows = [
        [Cell(label), Cell(clean(of)), *(Cell(write(n)) for n in x.range), Cell(name_markup(x.source))]
        for label, of, x in what
    ]
    columns = [cat.plain(f"data.column_{name}") for name in ("assumed", "of", "low", "typical", "high", "source")]
    return [DataTable(cat.plain("data.assumptions"), columns, rows, numeric=(2, 3, 4))]
