"""Cascades: how far the largest went from account to account, with the spread over plausible trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from influence.report.blocks import Block, Cell, Chart, DataTable, Prose, Section
from influence.report.charts import Bar, interval_chart
from influence.report.context import Context, Footnotes, number_or_none
from influence.report.figures import Family
from influence.report.safe import clean

__all__ = ["cascades_section"]

_SHOWN, _DRAWN, _FIRSTS = 15, 12, 10

Row = Mapping[str, Any]


def cascades_section(ctx: Context) -> Section:
    """Return the section on how posts spread."""
    table = ctx.material.rows("cascades")
    if table is None:
        return ctx.not_made("cascades", "cascades")
    section, cat = ctx.section("cascades"), ctx.cat
    trees = number_or_none(ctx.material.params("cascades").get("trees"))
    percent = ctx.numbers.percent(ctx.confidence("cascades"))
    shown = "–" if trees is None else ctx.numbers.count(trees)
    section.blocks += ctx.opening("cascades", cat("cascades.intro", trees=shown, percent=percent))
    rows = ctx.material.fetch(table.order_by([table["size"].desc(), table.post_id]).limit(_SHOWN))
    if not rows:
        section.blocks.append(Prose(cat("cascades.none"), style="note"))
        return section
    total = int(ctx.material.fetch(table.aggregate(n=table.count()))[0]["n"])
    ctx.material.know({row["actor_id"] for row in rows} | {row["first_resharer"] for row in rows})
    section.blocks += [_chart(ctx, rows[:_DRAWN]), _table(ctx, rows, total)]
    section.blocks += _firsts(ctx)
    section.blocks.append(Prose(cat("cascades.limit"), style="note"))
    return section


def _virality(value: float) -> str:
    return f"{value:.2f}"


def _chart(ctx: Context, rows: Sequence[Row]) -> Block:
    bars = []
    for row in rows:
        actor = ctx.actor(row["actor_id"])
        value, low, high = (float(row[name]) for name in ("virality", "virality_low", "virality_high"))
        text = f"{_virality(value)} ({_virality(low)}–{_virality(high)})"
        suffix = f" · {ctx.numbers.count(row['size'])}"
        bars.append(Bar(actor.name, actor.kind, value, low, high, text, suffix=suffix))
    label = ctx.cat.plain("cascades.chart_alt", n=len(bars))
    drawn = interval_chart(bars, ctx.cat, axis=ctx.cat.plain("cascades.chart_axis"), label=label)
    return Chart(ctx.cat.plain("cascades.chart"), label, drawn.wide, drawn.narrow)


def _family(ctx: Context) -> Family:
    percent = ctx.numbers.percent(ctx.confidence("cascades"))
    return ctx.family(
        "cascades",
        ctx.cat.plain("cascades.family"),
        ctx.cat.plain("cascades.definition"),
        step="cascades",
        interval=ctx.cat.plain("cascades.interval", percent=percent),
        tables=("posts", "interactions"),
    )


def _table(ctx: Context, rows: Sequence[Row], total: int) -> Block:
    notes = Footnotes()
    lines = [_line(ctx, row, notes) for row in rows]
    names = ("author", "size", "depth", "virality", "star", "first", "half")
    shown = ctx.cat("cascades.left_out", shown=len(lines), all=ctx.numbers.count(total))
    rest = ctx.all_rows("cascades")
    return DataTable(
        ctx.cat.plain("cascades.table"),
        [ctx.cat.plain(f"cascades.column_{name}") for name in names],
        lines,
        numeric=(1, 2, 3, 4, 6),
        footnotes=notes.listed(),
        note=Markup("{} {}").format(shown, rest) if len(lines) < total else rest,
    )


def _line(ctx: Context, row: Row, notes: Footnotes) -> list[Cell]:
    value, low, high = (number_or_none(row[name]) for name in ("virality", "virality_low", "virality_high"))
    written = ctx.written(value, low, high, _virality)
    post = clean(row["post_id"])
    figure = ctx.register.add(
        _family(ctx),
        ctx.cat.plain("cascades.what", name=ctx.actor(row["actor_id"]).name, post=post),
        value,
        low,
        high,
        n=int(row["size"]),
        n_of=ctx.cat.counted("account", row["size"]),
        unit=ctx.cat.plain("cascades.unit"),
        shown="" if written is None else written.value,
        shown_interval="" if written is None else written.interval,
    )
    depth = ctx.written(row["depth"], row["depth_low"], row["depth_high"], ctx.numbers.count)
    half = number_or_none(row["minutes_to_half"])
    first = row["first_resharer"]
    missing = ctx.figure_cell(None, None, notes, row["reason_missing"]) if first is None or half is None else None
    return [
        Cell(ctx.name(row["actor_id"]), small=post),
        Cell(ctx.numbers.count(row["size"])),
        Cell("" if depth is None else depth.value, small="" if depth is None else depth.interval),
        ctx.figure_cell(written, figure, notes, None),
        Cell(_virality(float(row["star_virality"]))),
        missing if first is None and missing else Cell(ctx.name(str(first))),
        missing if half is None and missing else Cell(ctx.numbers.score(half or 0.0)),
    ]


def _firsts(ctx: Context) -> list[Block]:
    cat, rows = ctx.cat, ctx.material.further("cascades", "cascade_firsts")
    rows = [row for row in rows if row["first_count"]][:_FIRSTS]
    if not rows:
        return []
    ctx.material.know(row["actor_id"] for row in rows)
    lines = []
    for row in rows:
        share = ctx.numbers.interval(row["low"], row["high"], ctx.numbers.percent)
        lines.append(
            [
                Cell(ctx.name(row["actor_id"])),
                Cell(ctx.numbers.count(row["first_count"])),
                Cell(ctx.numbers.count(row["cascades"])),
                Cell(ctx.numbers.percent(row["share"]), small=share),
            ]
        )
    columns = [cat.plain(f"cascades.firsts_{name}") for name in ("who", "count", "of", "share")]
    return [DataTable(cat.plain("cascades.firsts"), columns, lines, numeric=(1, 2, 3))]
