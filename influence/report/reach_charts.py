"""Charts of the reach of each leader and outlet, or, where a roster names none, of the largest accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from influence.report.blocks import Block, Chart
from influence.report.charts import Bar, interval_chart
from influence.report.context import Context, is_point, number_or_none
from influence.report.reach import Reach, written_reach
from influence.report.safe import name_markup

__all__ = ["chart_of_largest", "charts_of_kinds"]

_ORDER = ("exposed", "potential", "engaged", "simulated")
_BARS_OF_A_SIDE, _BARS_OF_ONE = 15, 20
_NAMES_NOT_DRAWN = 12

Sides = Mapping[str, Sequence[str]]
"""Actors by kind."""


def charts_of_kinds(ctx: Context, reach: Reach, compared: tuple[str, str]) -> list[Block]:
    """Return a chart of the actors of two kinds for each kind of reach that is known of both."""
    sides = {side: [actor_id for actor_id in reach.rows if ctx.actor(actor_id).kind == side] for side in compared}
    charts: list[Block] = []
    for kind in _ORDER:
        known = {side: [actor_id for actor_id in ids if _known(reach, actor_id, kind)] for side, ids in sides.items()}
        basis = _common_basis(reach, kind, known)
        drawn = {side: [id_ for id_ in ids if _basis(reach, id_, kind) == basis] for side, ids in known.items()}
        if not all(drawn.values()):
            continue
        names = dict(zip(("a", "b"), (ctx.cat.name("kinds", side) for side in sides), strict=True))
        title = ctx.cat.plain("comparison.reach_chart", kind=ctx.cat.name("reach_kinds", kind), **names)
        bars = [actor_id for ids in drawn.values() for actor_id in _largest(reach, ids, kind, _BARS_OF_A_SIDE)]
        charts.append(_chart(ctx, reach, kind, title, bars, _notes(ctx, reach, kind, sides, known, drawn, len(bars))))
    return charts


def chart_of_largest(ctx: Context, reach: Reach) -> list[Block]:
    """Return a chart of the largest accounts, for the kind of reach that is known of most."""
    known = {kind: [actor_id for actor_id in reach.rows if _known(reach, actor_id, kind)] for kind in _ORDER}
    kind = max(_ORDER, key=lambda kind: (len(known[kind]), -_ORDER.index(kind)))
    if len(known[kind]) < 2:
        return []
    basis = _common_basis(reach, kind, {"": known[kind]})
    ids = [actor_id for actor_id in known[kind] if _basis(reach, actor_id, kind) == basis]
    title = ctx.cat.plain("reach.chart_largest", kind=ctx.cat.name("reach_kinds", kind))
    return [_chart(ctx, reach, kind, title, _largest(reach, ids, kind, _BARS_OF_ONE), [])]


def _known(reach: Reach, actor_id: str, kind: str) -> bool:
    row = reach.rows[actor_id].get(kind, {})
    return any(number_or_none(row.get(name)) is not None for name in ("value", "low", "high"))


def _basis(reach: Reach, actor_id: str, kind: str) -> str | None:
    """Return what an engaged figure is about: a post, or the whole window. Others are comparable as they are."""
    return reach.rows[actor_id][kind].get("basis") if kind == "engaged" else None


def _common_basis(reach: Reach, kind: str, known: Sides) -> str | None:
    """Return the basis on which most actors stand, of those on which every side stands."""
    of_sides = [[_basis(reach, actor_id, kind) for actor_id in ids] for ids in known.values()]
    bases = sorted({basis for side in of_sides for basis in side}, key=str)
    return max(
        bases,
        key=lambda basis: (all(basis in side for side in of_sides), sum(side.count(basis) for side in of_sides)),
        default=None,
    )


def _size(row: Mapping[str, Any]) -> float:
    return next((size for name in ("value", "low", "high") if (size := number_or_none(row.get(name))) is not None), 0.0)


def _largest(reach: Reach, ids: Sequence[str], kind: str, most: int) -> list[str]:
    return sorted(ids, key=lambda actor_id: (-_size(reach.rows[actor_id][kind]), actor_id))[:most]


def _chart(ctx: Context, reach: Reach, kind: str, title: str, ids: Sequence[str], notes: Sequence[Markup]) -> Chart:
    cat = ctx.cat
    names = ctx.labels(reach.rows)
    ordered = _largest(reach, ids, kind, len(ids))
    bars = [_bar(ctx, names[actor_id], actor_id, reach.rows[actor_id][kind]) for actor_id in ordered]
    said = [
        cat.plain(
            "comparison.reach_chart_row", name=bar.name + bar.suffix, kind=cat.name("kinds", bar.kind), text=bar.text
        )
        for bar in bars
    ]
    label = cat.plain("comparison.reach_chart_alt", kind=cat.name("reach_of", kind), n=len(bars), rows=" ".join(said))
    drawn = interval_chart(bars, cat, axis=cat.name("reach_axis", kind), label=label)
    kinds = dict.fromkeys(bar.kind if bar.kind in ("leader", "media") else "" for bar in bars)
    legend = [(side, cat.name("kinds_many", side or "others")) for side in kinds]
    notes = [*notes, *([cat("comparison.chart_cut")] if drawn.cut else [])]
    return Chart(title, label, drawn.wide, drawn.narrow, legend=legend if len(legend) > 1 else (), notes=notes)


def _bar(ctx: Context, label: str, actor_id: str, row: Mapping[str, Any]) -> Bar:
    value, low, high = (number_or_none(row[end]) for end in ("value", "low", "high"))
    written = written_reach(ctx, row)
    text = "" if written is None else written.value
    if written is not None and written.interval and not is_point(value, low, high):
        text = f"{written.value} ({written.interval})"
    actor = ctx.actor(actor_id)
    return Bar(actor.name, actor.kind, value, low, high, text, suffix=label.removeprefix(actor.name))


def _notes(ctx: Context, reach: Reach, kind: str, sides: Sides, known: Sides, drawn: Sides, bars: int) -> list[Markup]:
    """Say who is not in the chart, and why."""
    notes = []
    smaller = sum(len(ids) for ids in drawn.values()) - bars
    if smaller:
        notes.append(ctx.cat("comparison.left_out", n=ctx.numbers.count(smaller)))
    groups = (("not_drawn", sides, known), ("other_basis", known, drawn))
    for key, before, after in groups:
        missing = [actor_id for side, ids in before.items() for actor_id in ids if actor_id not in after[side]]
        if missing:
            of = ctx.cat.name("reach_of", kind)
            notes.append(ctx.cat(f"comparison.{key}", kind=of, names=_named(ctx, reach, missing)))
    return notes


def _named(ctx: Context, reach: Reach, ids: Sequence[str]) -> Markup:
    labels = ctx.labels(reach.rows)
    names: list[Any] = [name_markup(labels[actor_id]) for actor_id in ids[:_NAMES_NOT_DRAWN]]
    if len(ids) > _NAMES_NOT_DRAWN:
        names.append(ctx.cat.counted("account", len(ids) - _NAMES_NOT_DRAWN))
    return ctx.cat.listed(names)
