"""Activity is not action: accounts that engaged with calls, and beside them what people were counted doing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from influence.report.blocks import Block, Cell, DataTable, Prose, Section
from influence.report.context import Context, Footnotes, Written, code, number_or_none
from influence.report.figures import Family, Figure
from influence.report.safe import clean

__all__ = ["action_section"]

Row = Mapping[str, Any]
_SHOWN = 30
_ACTIVITY = (("engaged_all", "all"), ("engaged_calls", "call"), ("share_engaging_with_calls", "call"))
_TYPICAL = ("leader", "media", "party", "ngo", "union", "state")
_IMPORT = "influence import FILE --table actions"


def action_section(ctx: Context) -> Section:
    """Return the section; where no action was counted it says so, and shows the activity alone."""
    table = ctx.material.rows("action")
    if table is None:
        return ctx.not_made("action", "action")
    rows = [row for row in ctx.material.fetch(table) if row["a"] not in _TYPICAL]
    ctx.material.know(row["a"] for row in rows if not row["a"].startswith("all_"))
    section = ctx.section("action")
    section.blocks += ctx.opening("action", ctx.cat("action.intro"))
    section.blocks += _activity(ctx, rows)
    section.blocks += _actions(ctx, rows)
    return section


def _who(ctx: Context, a: str) -> str:
    return ctx.cat.name("groups", a) if a.startswith("all_") else ctx.actor(a).name


def _activity(ctx: Context, rows: Sequence[Row]) -> list[Block]:
    found: dict[str, dict[tuple[str, str], Row]] = {}
    for row in rows:
        if row["action"] is None:
            found.setdefault(row["a"], {})[row["measure"], row["kind"]] = row
    notes = Footnotes()
    body: list[list[Cell]] = []
    for a, measures in found.items():
        posts, calls = measures.get(("posts", "all")), measures.get(("calls", "call"))
        if posts is None or calls is None or not posts["value"] or len(body) >= _SHOWN:
            continue
        write = ctx.numbers.count
        of_posts = ctx.cat.plain("action.calls_of", calls=write(calls["value"]), posts=write(posts["value"]))
        cells = [_cell(ctx, measures.get(key), key[0], notes) for key in _ACTIVITY]
        body.append([Cell(_who(ctx, a)), Cell(of_posts), *cells])
    if not body:
        return []
    names = ("who", "calls", "all", "call", "share")
    columns = [ctx.cat.plain(f"action.column_{name}") for name in names]
    note = ctx.cat("action.activity_note", share=_labelled(ctx, rows))
    return [
        DataTable(ctx.cat.plain("action.activity"), columns, body, numeric=(1, 2, 3, 4), footnotes=notes.listed()),
        Prose(note, style="note"),
    ]


def _labelled(ctx: Context, rows: Sequence[Row]) -> str:
    """Return how many of the acts on the groups are on labelled posts."""
    shares = [row for row in rows if row["measure"] == "share_acts_labelled" and row["a"].startswith("all_")]
    acts = sum(row["n"] for row in shares)
    return (
        ctx.numbers.percent(round(sum(row["n"] * (row["value"] or 0.0) for row in shares) / acts, 3)) if acts else "–"
    )


def _actions(ctx: Context, rows: Sequence[Row]) -> list[Block]:
    found: dict[tuple[str, str, str], dict[str, Row]] = {}
    for row in rows:
        if row["action"] is not None and row["kind"] == "call":
            found.setdefault((row["a"], row["action"], row["basis"] or ""), {})[row["measure"]] = row
    if not found:
        return [Prose(ctx.cat("action.none", command=code(_IMPORT)))]
    notes = Footnotes()
    body: list[list[Cell]] = []
    for (a, action, _), measures in list(found.items())[:_SHOWN]:
        keys = ("actions", "conversion_engaged", "conversion_exposed")
        body.append(
            [
                Cell(_who(ctx, a)),
                Cell(ctx.cat.name("action_names", clean(action))),
                *(_cell(ctx, measures.get(key), key, notes) for key in keys),
            ]
        )
    names = ("who", "action", "counted", "engaged", "exposed")
    columns = [ctx.cat.plain(f"action.column_{name}") for name in names]
    return [
        DataTable(ctx.cat.plain("action.actions"), columns, body, numeric=(2, 3, 4), footnotes=notes.listed()),
        Prose(ctx.cat("action.actions_note"), style="note"),
    ]


def _cell(ctx: Context, row: Row | None, measure: str, notes: Footnotes) -> Cell:
    if row is None:
        return Cell(ctx.cat.plain("common.not_known"), missing=True)
    value, low, high = (number_or_none(row[name]) for name in ("value", "low", "high"))
    written = _written(ctx, measure, value, low, high)
    figure = None if written is None else _figure(ctx, row, measure, written)
    return ctx.figure_cell(written, figure, notes, row["reason_missing"])


def _written(ctx: Context, measure: str, value: float | None, low: float | None, high: float | None) -> Written | None:
    if value is None:
        return None
    if measure == "actions":
        return Written(ctx.numbers.count(value), "")
    if measure.startswith("share"):
        return Written(*ctx.numbers.share(value, low, high))
    write = ctx.numbers.ratio if measure.startswith("conversion") else ctx.numbers.estimate
    return ctx.written(value, low, high, write)


def _figure(ctx: Context, row: Row, measure: str, written: Written) -> Figure:
    cat, who = ctx.cat, _who(ctx, row["a"])
    name = cat.name("action_measures", measure)
    what = cat.plain("action.what", measure=name, who=who)
    if row["action"] is not None:
        action = cat.name("action_names", clean(row["action"]))
        what = cat.plain("action.what_action", measure=name, action=action, who=who)
    unit = {"actions": "actions", "share_engaging_with_calls": "share"}.get(
        measure, "ratio" if measure.startswith("conversion") else "accounts"
    )
    n_of = "action.n_calls" if measure in ("actions", "conversion_exposed") else "action.n_accounts"
    value, low, high = (number_or_none(row[end]) for end in ("value", "low", "high"))
    exact = measure == "actions"
    return ctx.register.add(
        _family(ctx, measure),
        what,
        value,
        None if exact else low,
        None if exact else high,
        n=row["n"],
        n_of=cat.plain(n_of, n=ctx.numbers.count(row["n"])),
        unit=cat.plain(f"action.unit_{unit}"),
        estimator=row["estimator"] or "",
        shown=written.value,
        shown_interval=written.interval,
    )


def _family(ctx: Context, measure: str) -> Family:
    cat = ctx.cat
    return ctx.family(
        f"action:{measure}",
        cat.plain("action.family", measure=cat.name("action_measures", measure)),
        cat.name("action_definitions", measure),
        step="action",
        interval=cat.plain("action.interval", percent=ctx.numbers.percent(ctx.confidence("action"))),
        tables=("posts", "interactions", "actions"),
    )
