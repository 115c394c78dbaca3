"""Leaders against media: the ratios as cards, table and picture, and the reach of each leader and outlet."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from influence.report.audience_tables import duplication_table, flow_table
from influence.report.blocks import Block, Card, Cards, Cell, Chart, DataTable, Prose, Section
from influence.report.charts import Bar, interval_chart
from influence.report.comparison import Comparison, Ratio, Sides, compared, sides_of
from influence.report.context import Context, Footnotes, Written
from influence.report.media_tables import pair_table, people_table

__all__ = ["compare_section", "verdict"]


def compare_section(ctx: Context, comparison: Comparison | None, charts: Sequence[Block]) -> Section:
    """Return the section on leaders against media; `charts` show the reach of each of them."""
    sides = sides_of(ctx)
    if comparison is None:
        section = ctx.not_made("comparison", "compare")
        section.blocks += charts
        return section
    section = ctx.section("comparison")
    section.blocks += ctx.opening("compare", ctx.cat("comparison.intro", **_many(ctx, sides)))
    if not any(ratio.figure for ratio in comparison.ratios):
        section.blocks.append(Prose(_why_none(ctx, sides), style="warning"))
    section.blocks += _cards(ctx, comparison) + _ratio_table(ctx, comparison) + _ratio_chart(ctx, comparison)
    section.blocks += [*charts, *people_table(ctx, comparison), *flow_table(ctx, comparison)]
    section.blocks += [*duplication_table(ctx, comparison), *pair_table(ctx, comparison)]
    return section


def _many(ctx: Context, sides: Sides) -> dict[str, str]:
    return {"a": ctx.cat.name("kinds_plural", sides.a), "b": ctx.cat.name("kinds_plural", sides.b)}


def _why_none(ctx: Context, sides: Sides) -> Markup:
    kinds, cat = ctx.material.facts.kinds, ctx.cat
    if kinds.get(sides.a) and kinds.get(sides.b):
        return cat("comparison.none", **_many(ctx, sides))
    counts = {"na": cat.counted(sides.a, kinds.get(sides.a, 0)), "nb": cat.counted(sides.b, kinds.get(sides.b, 0))}
    return cat("comparison.no_groups", roster=ctx.material.study.settings.roster, **counts, **_many(ctx, sides))


def verdict(ctx: Context, ratio: Ratio, sides: Sides) -> str:
    """Return in words what the data say of a ratio."""
    return ctx.cat.plain(f"comparison.{ratio.verdict}", **_many(ctx, sides))


def _cards(ctx: Context, comparison: Comparison) -> list[Block]:
    cards = []
    for ratio in comparison.ratios:
        if ratio.figure is None or ratio.together:
            continue
        interval = ratio.figure.shown_interval
        name = ctx.interval_name(ratio.estimator, ctx.confidence("compare"))
        cards.append(
            Card(
                label=ctx.cat.plain("comparison.card", kind=ctx.cat.name("reach_kinds", ratio.kind)),
                value=f"{ratio.figure.shown}\u2009×" if ratio.value is not None else ratio.figure.shown,
                interval=f"{name} {interval}" if interval else name,
                basis=ratio.members,
                verdict=verdict(ctx, ratio, comparison.sides),
                figure=ratio.figure,
            )
        )
    return [Cards(cards)] if cards else []


def _ratio_table(ctx: Context, comparison: Comparison) -> list[Block]:
    if not comparison.ratios:
        return []
    cat, notes, rows = ctx.cat, Footnotes(), []
    for ratio in comparison.ratios:
        head = Cell(cat.name("reach_kinds", ratio.kind), small=compared(ctx, ratio.a, ratio.b))
        tens = cat.plain(f"comparison.{ratio.tens}") if ratio.tens else ""
        says = Cell(verdict(ctx, ratio, comparison.sides), small=tens)
        written = None if ratio.figure is None else Written(ratio.figure.shown, ratio.figure.shown_interval)
        value = ctx.figure_cell(written, ratio.figure, notes, ratio.reason)
        name = ctx.interval_name(ratio.estimator, ctx.confidence("compare")) if value.small else ""
        rows.append([head, value, Cell(name), Cell(ratio.members), says])
    columns = [cat.plain(f"comparison.column_{name}") for name in ("kind", "ratio", "interval", "n", "verdict")]
    return [DataTable(cat.plain("comparison.table"), columns, rows, numeric=(1,), footnotes=notes.listed())]


def _ratio_chart(ctx: Context, comparison: Comparison) -> list[Block]:
    cat, bars, lines = ctx.cat, [], []
    for ratio in comparison.ratios:
        if ratio.figure is None:
            continue
        which = cat.plain(f"comparison.{'together' if ratio.together else 'typical'}_short")
        name = f"{cat.name('reach_kinds', ratio.kind)}, {which}"
        interval = ratio.figure.shown_interval
        text = f"{ratio.figure.shown} ({interval})" if interval else ratio.figure.shown
        bars.append(Bar(name, "ratio", ratio.value, ratio.low, ratio.high, text))
        lines.append(f"{name}: {text}.")
    if not bars:
        return []
    many = _many(ctx, comparison.sides)
    label = cat.plain("comparison.chart_alt", n=len(bars), rows=" ".join(lines), **many)
    drawn = interval_chart(
        bars,
        cat,
        axis=cat.plain("comparison.chart_axis", **many),
        label=label,
        rules=[(1.0, cat.plain("comparison.rule_equal")), (10.0, cat.plain("comparison.rule_ten"))],
    )
    notes = [cat("comparison.chart_cut")] if drawn.cut else []
    return [Chart(cat.plain("comparison.chart", **many), label, drawn.wide, drawn.narrow, notes=notes)]
