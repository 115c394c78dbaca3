"""The ranking of leaders: each rank with its interval and the probability of being among the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from influence.report.blocks import Cell, DataTable, Prose, Section
from influence.report.context import Context, Footnotes, number_or_none
from influence.report.figures import Family
from influence.report.rankings import agreement_table, proposals_table

__all__ = ["Ranking", "leaders_section", "named_metrics", "read_ranking", "top_k"]

_SHOWN = 20
_METRICS_BEFORE = (
    *("resharers", "pagerank", "betweenness", "core", "h_index", "fib_index", "simulated", "followers", "views"),
)
_IN_FULL = 2
"""So many rankings are shown with score and probability, the others by their ranks alone."""


@dataclass(frozen=True)
class Ranking:
    """The rows of the first actors by the first metric, by actor and metric, and how many actors are ranked by it."""

    metrics: tuple[str, ...]
    rows: dict[str, dict[str, Mapping[str, Any]]]
    total: int

    @property
    def first(self) -> Mapping[str, Any] | None:
        """The row of the actor that is first by the first metric."""
        return next((of[self.metrics[0]] for of in self.rows.values() if self.metrics[0] in of), None)

    @property
    def replicates(self) -> float | None:
        """How many times the data were drawn anew, where the result says."""
        row = self.first
        return None if row is None else number_or_none(row.get("replicates"))


def read_ranking(ctx: Context) -> Ranking | None:
    """Read the first of the ranking; None if it was not made."""
    table = ctx.material.rows("leaders")
    if table is None:
        return None
    counted = {row["metric"]: row["n"] for row in ctx.material.fetch(table.group_by("metric").agg(n=table.count()))}
    order = {name: place for place, name in enumerate(_METRICS_BEFORE)}
    metrics = tuple(sorted(counted, key=lambda name: (order.get(name, 99), name)))
    if not metrics:
        return Ranking((), {}, 0)
    by_first = table.filter(table.metric == metrics[0])
    ids = [row["actor_id"] for row in ctx.material.fetch(by_first.order_by(["rank", "actor_id"]).limit(_SHOWN))]
    rows: dict[str, dict[str, Mapping[str, Any]]] = {actor_id: {} for actor_id in ids}
    for row in ctx.material.fetch(table.filter(table.actor_id.isin(ids))):
        rows[row["actor_id"]][row["metric"]] = row
    ctx.material.know(ids)
    return Ranking(metrics, rows, int(counted[metrics[0]]))


def top_k(ctx: Context) -> str:
    """Return how many places `p_top_k` speaks of, as text."""
    k = number_or_none(ctx.material.params("leaders").get("top_k"))
    return "k" if k is None else ctx.numbers.count(k)


def leaders_section(ctx: Context, ranking: Ranking | None) -> Section:
    """Return the section on the ranking of leaders."""
    if ranking is None:
        return ctx.not_made("leaders", "leaders")
    section = ctx.section("leaders")
    if ranking.replicates is None:
        intro = ctx.cat("leaders.intro_plain")
    else:
        intro = ctx.cat("leaders.intro", k=top_k(ctx), replicates=ctx.numbers.count(ranking.replicates))
    section.blocks += ctx.opening("leaders", intro)
    if not ranking.rows:
        section.blocks.append(Prose(ctx.cat("leaders.none"), style="note"))
        return section
    notes, lines = Footnotes(), []
    for actor_id, of in ranking.rows.items():
        actor = ctx.actor(actor_id)
        small = ctx.cat.plain("leaders.proposed") if actor.kind == "unknown" else ctx.cat.name("kinds", actor.kind)
        lines.append([Cell(ctx.name(actor_id), small=small), *_cells(ctx, actor_id, ranking.metrics, of, notes)])
    section.blocks.append(_table(ctx, ranking.metrics, lines, notes, ranking.total))
    section.blocks.append(Prose(ctx.cat("leaders.credit"), style="note"))
    section.blocks += [*agreement_table(ctx), *proposals_table(ctx, top_k(ctx))]
    return section


def _table(ctx: Context, metrics: Sequence[str], lines: list[list[Cell]], notes: Footnotes, total: int) -> DataTable:
    names = [ctx.cat.name("metrics", metric) for metric in metrics]
    p = ctx.cat.plain("leaders.column_p", k=top_k(ctx))
    columns = [ctx.cat.plain("reach.column_actor")]
    for place, name in enumerate(names):
        columns.append(f"{name}: {ctx.cat.plain('leaders.column_rank')}")
        columns += [ctx.cat.plain("leaders.column_score"), p] * (place < _IN_FULL)
    shown = ctx.cat(
        "leaders.left_out", shown=len(lines), all=ctx.numbers.count(total), metric=named_metrics(ctx, metrics[:1])
    )
    rest = ctx.all_rows("leaders")
    return DataTable(
        ctx.cat.plain("leaders.table", metrics=named_metrics(ctx, metrics)),
        columns,
        lines,
        numeric=tuple(range(1, len(columns))),
        footnotes=notes.listed(),
        note=Markup("{} {}").format(shown, rest) if len(lines) < total else rest,
    )


def named_metrics(ctx: Context, metrics: Sequence[str]) -> str:
    """Return the names of metrics for a sentence."""
    return ctx.cat.listed([ctx.cat.name("metrics_in_sentence", metric) for metric in metrics]).unescape()


def _family(ctx: Context, metric: str) -> Family:
    cat = ctx.cat
    return ctx.family(
        f"leaders:{metric}",
        cat.plain("figures.family_leaders", metric=cat.name("metrics", metric)),
        cat.name("metric_definitions", metric),
        step="leaders",
        interval=cat.plain("figures.interval_rank"),
        tables=("posts", "interactions"),
    )


def _cells(
    ctx: Context, actor_id: str, metrics: Sequence[str], of: Mapping[str, Mapping[str, Any]], notes: Footnotes
) -> list[Cell]:
    cells = []
    for place, metric in enumerate(metrics):
        row = of.get(metric)
        rank = None if row is None else number_or_none(row["rank"])
        if row is None or rank is None:
            reason = ctx.cat.plain("leaders.not_ranked")
            cells += [ctx.figure_cell(None, None, notes, reason), *[Cell("")] * (2 * (place < _IN_FULL))]
            continue
        score, p = number_or_none(row["score"]), number_or_none(row["p_top_k"])
        cells.append(_rank_cell(ctx, actor_id, metric, row, rank, notes))
        if place >= _IN_FULL:
            continue
        cells += [
            Cell("" if score is None else ctx.numbers.score(score)),
            Cell("" if p is None else ctx.numbers.probability(p)),
        ]
    return cells


def _rank_cell(ctx: Context, actor_id: str, metric: str, row: Mapping[str, Any], rank: float, notes: Footnotes) -> Cell:
    low, high = number_or_none(row["rank_low"]), number_or_none(row["rank_high"])
    written = ctx.written(rank, low, high, ctx.numbers.count)
    score = number_or_none(row["score"])
    names = {"name": ctx.actor(actor_id).name, "metric": ctx.cat.name("metrics", metric)}
    figure = ctx.register.add(
        _family(ctx, metric),
        ctx.cat.plain("leaders.rank_what", **names),
        rank,
        low,
        high,
        n=int(score) if score is not None and metric == "resharers" else None,
        n_of=ctx.cat.counted("account", score) if score is not None and metric == "resharers" else "",
        unit=ctx.cat.plain("leaders.unit_rank"),
        estimator=names["metric"],
        shown="" if written is None else written.value,
        shown_interval="" if written is None else written.interval,
        extra={"score": score, "p_top_k": number_or_none(row["p_top_k"])},
    )
    return ctx.figure_cell(written, figure, notes, None)
