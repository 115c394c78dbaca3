"""Leaders against media in people, and each leader against each outlet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from influence.report.blocks import Block, Cell, DataTable
from influence.report.comparison import (
    MAX_PAIR_COLUMNS,
    MAX_PAIR_ROWS,
    Comparison,
    comparison_family,
    counted_members,
    find_row,
)
from influence.report.context import Context, Footnotes, number_or_none
from influence.report.material import KINDS_OF_REACH
from influence.report.safe import clean, name_markup

__all__ = ["pair_table", "people_table"]

_NOT_IN_PEOPLE = ("ratio", "two_step_share", "leaders_to_match", "duplication")


def people_table(ctx: Context, comparison: Comparison) -> list[Block]:
    """Return differences and unions of the groups: a row per measure and groups, a column per kind of reach."""
    rows = [row for row in comparison.groups if row["measure"] not in _NOT_IN_PEOPLE]
    kinds = [kind for kind in KINDS_OF_REACH if any(row["kind_of_reach"] == kind for row in rows)]
    if not rows:
        return []
    order = list(ctx.cat.names("measures"))
    keys = list(dict.fromkeys((row["measure"], row["a"], row["b"] or None) for row in rows))
    keys.sort(key=lambda key: order.index(key[0]) if key[0] in order else len(order))
    notes, lines = Footnotes(), []
    for measure, a, b in keys:
        line = [Cell(ctx.cat.name("measures", measure), small=_sides(ctx, measure, a, b))]
        for kind in kinds:
            row = find_row(rows, measure, kind, (a,), (b,))
            line.append(Cell("") if row is None else _people_cell(ctx, row, comparison, notes))
        lines.append(line)
    columns = [ctx.cat.plain("comparison.column_measure"), *(ctx.cat.name("reach_kinds", kind) for kind in kinds)]
    return [
        DataTable(
            ctx.cat.plain("comparison.people"),
            columns,
            lines,
            numeric=tuple(range(1, len(columns))),
            footnotes=notes.listed(),
            note=ctx.cat("comparison.people_note"),
        )
    ]


def _sides(ctx: Context, measure: str, a: str, b: str | None) -> str:
    """Return the groups of a row in few words."""
    first = ctx.cat.name("groups_short", a)
    if b is None:
        return first
    key = f"comparison.pair_{measure}"
    pair = {"a": first, "b": ctx.cat.name("groups_short", b)}
    return ctx.cat.plain(key if ctx.cat.has(key) else "comparison.pair", **pair)


def _measured(ctx: Context, measure: str, a: str, b: str | None) -> str:
    name, first = ctx.cat.name("measures", measure), ctx.cat.name("groups", a)
    if b is None:
        return f"{name}: {first}"
    key = f"comparison.pair_{measure}"
    pair = {"a": first, "b": ctx.cat.name("groups", b)}
    return f"{name}: {ctx.cat.plain(key if ctx.cat.has(key) else 'comparison.pair', **pair)}"


def _people_cell(ctx: Context, row: Mapping[str, Any], comparison: Comparison, notes: Footnotes) -> Cell:
    value, low, high = (number_or_none(row[name]) for name in ("value", "low", "high"))
    exact = (ctx.numbers.count, ctx.cat.plain("common.exact"))
    written = ctx.written(value, low, high, ctx.numbers.estimate, exact=exact)
    if written is None:
        return ctx.figure_cell(None, None, notes, row.get("reason_missing"))
    counts = [count for name in ("n_a", "n_b") if (count := number_or_none(row.get(name))) is not None]
    figure = ctx.register.add(
        comparison_family(ctx, row["measure"], row["kind_of_reach"]),
        _measured(ctx, row["measure"], row["a"], row["b"] or None),
        value,
        low,
        high,
        n=int(sum(counts)) if counts else None,
        n_of=counted_members(ctx, row, comparison.sides),
        unit=ctx.cat.name("reach_units", row["kind_of_reach"]),
        estimator=clean(row["estimator"] or ""),
        shown=written.value,
        shown_interval=written.interval,
    )
    return ctx.figure_cell(written, figure, notes, row.get("reason_missing"))


def pair_table(ctx: Context, comparison: Comparison) -> list[Block]:
    """Return the ratios of each actor of the first side to each of the second, for one kind of reach."""
    if not comparison.pairs:
        return []
    kind = comparison.pairs[0]["kind_of_reach"]
    first = list(dict.fromkeys(row["a"] for row in comparison.pairs))
    second = list(dict.fromkeys(row["b"] for row in comparison.pairs))
    names = ctx.labels([*first, *second])
    found = {(row["a"], row["b"]): row for row in comparison.pairs}
    notes, rows = Footnotes(), []
    for a in first:
        cells = [_pair_cell(ctx, found[a, b], names, notes) if (a, b) in found else Cell("") for b in second]
        rows.append([Cell(name_markup(names[a])), *cells])
    note = ctx.all_rows("comparison")
    if len(first) == MAX_PAIR_ROWS or len(second) == MAX_PAIR_COLUMNS:
        limited = ctx.cat("comparison.pairs_left_out", a=len(first), b=len(second))
        note = Markup("{} {}").format(limited, note)
    sides = {"a": ctx.cat.name("kinds", comparison.sides.a), "b": ctx.cat.name("kinds", comparison.sides.b)}
    return [
        DataTable(
            ctx.cat.plain("comparison.pairs", kind=ctx.cat.name("reach_of", kind), **sides),
            [ctx.cat.plain("reach.column_actor"), *(name_markup(names[b]) for b in second)],
            rows,
            numeric=tuple(range(1, len(second) + 1)),
            footnotes=notes.listed(),
            note=note,
        )
    ]


def _pair_cell(ctx: Context, row: Mapping[str, Any], names: Mapping[str, str], notes: Footnotes) -> Cell:
    value, low, high = (number_or_none(row[name]) for name in ("value", "low", "high"))
    written = ctx.written(
        value, low, high, ctx.numbers.ratio, exact=(ctx.numbers.ratio, ctx.cat.plain("common.of_counts"))
    )
    if written is None:
        return ctx.figure_cell(None, None, notes, row.get("reason_missing"))
    figure = ctx.register.add(
        comparison_family(ctx, "ratio", row["kind_of_reach"]),
        f"{names[row['a']]} ÷ {names[row['b']]}",
        value,
        low,
        high,
        unit=ctx.cat.plain("comparison.unit_ratio"),
        estimator=clean(row["estimator"] or ""),
        shown=written.value,
        shown_interval=written.interval,
    )
    return ctx.figure_cell(written, figure, notes, row.get("reason_missing"))
