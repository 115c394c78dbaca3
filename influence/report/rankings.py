"""How well the rankings agree, and whom they propose for the roster."""

from __future__ import annotations

from influence.report.blocks import Block, Cell, DataTable
from influence.report.context import Context, Footnotes, number_or_none

__all__ = ["agreement_table", "proposals_table"]

_PROPOSALS = 20


def agreement_table(ctx: Context) -> list[Block]:
    """Return the table of Kendall's tau of each two rankings, nothing where only one was made."""
    cat, notes, lines = ctx.cat, Footnotes(), []
    family = ctx.family(
        "agreement",
        cat.plain("leaders.agreement"),
        cat.plain("leaders.agreement_definition"),
        step="leaders",
        interval=cat.plain("common.interval", percent=ctx.numbers.percent(0.95)),
        tables=("posts", "interactions"),
    )
    for row in ctx.material.further("leaders", "leaders_agreement"):
        a, b = (cat.name("metrics", row[name]) for name in ("metric_a", "metric_b"))
        tau, low, high = (number_or_none(row[name]) for name in ("tau", "low", "high"))
        written = ctx.written(tau, low, high, lambda value: f"{value:.2f}".replace("-", "−"))
        figure = None
        if written is not None:
            figure = ctx.register.add(
                family,
                cat.plain("leaders.agreement_what", a=a, b=b),
                tau,
                low,
                high,
                n=int(row["n"]),
                n_of=cat.counted("account", row["n"]),
                unit=cat.plain("leaders.agreement_unit"),
                estimator=cat.plain("leaders.agreement_tau"),
                shown=written.value,
                shown_interval=written.interval,
            )
        lines.append(
            [
                Cell(a),
                Cell(b),
                ctx.figure_cell(written, figure, notes, row["reason_missing"]),
                Cell(ctx.numbers.count(row["n"])),
            ]
        )
    if not lines:
        return []
    columns = [cat.plain(f"leaders.agreement_{name}") for name in ("a", "b", "tau", "n")]
    note = cat("leaders.agreement_note")
    title = cat.plain("leaders.agreement")
    return [DataTable(title, columns, lines, numeric=(2, 3), footnotes=notes.listed(), note=note)]


def proposals_table(ctx: Context, k: str) -> list[Block]:
    """Return the accounts that the rankings propose for the roster, nothing where there are none."""
    cat, rows = ctx.cat, ctx.material.further("leaders", "leader_proposals")[:_PROPOSALS]
    if not rows:
        return []
    ctx.material.know(row["actor_id"] for row in rows)
    lines = [
        [
            Cell(ctx.name(row["actor_id"])),
            Cell(ctx.numbers.count(row["best_rank"])),
            Cell(ctx.numbers.probability(row["p_top_k"])),
            Cell(cat.listed([cat.name("metrics_in_sentence", name) for name in row["metrics"]])),
        ]
        for row in rows
    ]
    columns = [
        cat.plain("reach.column_actor"),
        cat.plain("leaders.proposals_rank"),
        cat.plain("leaders.column_p", k=k),
        cat.plain("leaders.proposals_by"),
    ]
    note = cat("leaders.proposals_note")
    return [DataTable(cat.plain("leaders.proposals"), columns, lines, numeric=(1, 2), note=note)]
