"""Who shares whose audience: the duplication matrix; how many leaders match an outlet, and the two-step share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from influence.report.blocks import Block, Cell, DataTable
from influence.report.comparison import Comparison, comparison_family
from influence.report.context import Context, Footnotes, number_or_none
from influence.report.safe import clean, name_markup

__all__ = ["duplication_table", "flow_table"]

MOST, MOST_COLUMNS = 8, 5
"""Rows and columns of the matrix: more do not fit the width of a page."""


def duplication_table(ctx: Context, comparison: Comparison) -> list[Block]:
    """Return which share of each actor's audience each other one reaches, by the kind of reach with most pairs."""
    table = ctx.material.rows("compare")
    if table is None:
        return []
    rows = [row for row in ctx.material.fetch(table.filter(table.measure == "duplication_share")) if _known(row)]
    if not rows:
        return []
    kinds = [row["kind_of_reach"] for row in rows]
    kind = max(dict.fromkeys(kinds), key=kinds.count)
    found = {(row["a"], row["b"]): row for row in rows if row["kind_of_reach"] == kind}
    # Whoever shares most with the others comes first.
    weight: dict[str, float] = {}
    for (_, b), row in found.items():
        weight[b] = weight.get(b, 0.0) + (number_or_none(row["value"]) or 0.0)
    chosen = sorted(weight, key=lambda actor: (-weight[actor], actor))[:MOST]
    names, notes, lines = ctx.labels(chosen), Footnotes(), []
    across = chosen[:MOST_COLUMNS]
    for a in chosen:
        cells = [_cell(ctx, found.get((a, b)), f"{names[a]}, {names[b]}", notes) for b in across]
        lines.append([Cell(name_markup(names[a])), *cells])
    return [
        DataTable(
            ctx.cat.plain("comparison.duplication", kind=ctx.cat.name("reach_of", kind)),
            [ctx.cat.plain("reach.column_actor"), *(name_markup(names[b]) for b in across)],
            lines,
            numeric=tuple(range(1, len(across) + 1)),
            footnotes=notes.listed(),
            note=ctx.cat("comparison.duplication_note", rows=MOST, columns=MOST_COLUMNS),
        )
    ]


def flow_table(ctx: Context, comparison: Comparison) -> list[Block]:
    """Return how many of the first side match all of the second, by kind of reach, and the two-step share."""
    rows = [row for row in comparison.groups if row["measure"] in ("leaders_to_match", "two_step_share")]
    notes, lines = Footnotes(), []
    for row in rows:
        name = ctx.cat.name("measures", row["measure"])
        group = ctx.cat.name("groups", row["b"] or row["a"])
        kind = ctx.cat.name("reach_kinds", row["kind_of_reach"])
        lines.append([Cell(f"{name}: {group}", small=kind), _cell(ctx, row, f"{name}: {group}", notes)])
    if not lines:
        return []
    columns = [ctx.cat.plain(f"comparison.column_{name}") for name in ("measure", "figure")]
    title = ctx.cat.plain("comparison.flow")
    return [DataTable(title, columns, lines, numeric=(1,), footnotes=notes.listed())]


def _known(row: Mapping[str, Any]) -> bool:
    return any(row[name] is not None for name in ("value", "low", "high"))


def _cell(ctx: Context, row: Mapping[str, Any] | None, what: str, notes: Footnotes) -> Cell:
    if row is None:
        return Cell("")
    share = row["measure"] != "leaders_to_match"
    # Tenths of a per cent: more would claim too much.
    write: Callable[[float], str] = (lambda x: ctx.numbers.percent(round(x, 3))) if share else ctx.numbers.count
    value, low, high = (number_or_none(row[name]) for name in ("value", "low", "high"))
    written = ctx.written(
        value, low, high, write, exact=(write, ctx.cat.plain("common.exact" if share else "comparison.certain"))
    )
    if written is None:
        return ctx.figure_cell(None, None, notes, row.get("reason_missing"))
    figure = ctx.register.add(
        comparison_family(ctx, row["measure"], row["kind_of_reach"]),
        what,
        value,
        low,
        high,
        n=int(number_or_none(row["n_a"]) or 0) or None,
        unit=ctx.cat.plain(f"comparison.unit_{'share' if share else 'members'}"),
        estimator=clean(row["estimator"] or ""),
        shown=written.value,
        shown_interval=written.interval,
    )
    return ctx.figure_cell(written, figure, notes, row.get("reason_missing"))
