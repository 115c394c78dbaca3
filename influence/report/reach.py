"""Reach per actor: four kinds side by side, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from influence.report.blocks import Block, Cell, DataTable, Section
from influence.report.context import Context, Footnotes, Written, number_or_none
from influence.report.figures import Family, Figure
from influence.report.material import KINDS_OF_REACH
from influence.report.safe import clean

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["Reach", "reach_figure", "reach_section", "read_reach", "written_reach"]

_LIMITS = {"leader": 40, "media": 40, "party": 10, "ngo": 10, "union": 10, "state": 10}
_LIMIT_WITHOUT_ROSTER = 40
_KIND_ORDER = ("leader", "media", "party", "ngo", "union", "state", "ordinary", "unknown")


@dataclass
class Reach:
    """Of each actor that is shown, of each kind of reach, the row of the result; in the order of the table.

    `total` actors are in the result; `figures` are those that have been numbered, by actor and kind.
    """

    rows: dict[str, dict[str, Mapping[str, Any]]] = field(default_factory=dict)
    total: int = 0
    figures: dict[tuple[str, str], Figure] = field(default_factory=dict)


def has_roster(ctx: Context) -> bool:
    """Say whether anybody has been named as leader, medium, party, NGO, union or state body."""
    return any(ctx.material.facts.kinds.get(kind) for kind in _LIMITS)


def _chosen_ids(ctx: Context, reach: ir.Table) -> ir.Table:
    """Return the actors to show: of each kind of actor those with the largest reach, of whichever kind is known."""
    import ibis

    actors = ctx.material.study.table("actors").select("actor_id", actor_kind="kind")
    sizes = reach.group_by("actor_id").agg(
        **{kind: reach.value.max(where=reach.kind_of_reach == kind) for kind in KINDS_OF_REACH}
    )
    joined = sizes.left_join(actors, "actor_id")
    kinds = joined.mutate(actor_kind=ibis.coalesce(joined.actor_kind, ibis.literal("unknown")))
    order = [ibis.desc(kinds[kind], nulls_first=False) for kind in ("exposed", "potential", "engaged")]
    ranked = kinds.mutate(place=ibis.row_number().over(group_by="actor_kind", order_by=[*order, kinds.actor_id]))
    # People who are no public actors are not listed by name in a report, unless a roster does not say who is who.
    others = 0 if has_roster(ctx) else _LIMIT_WITHOUT_ROSTER
    limit = ibis.cases(*((ranked.actor_kind == kind, most) for kind, most in _LIMITS.items()), else_=others)
    return ranked.filter(ranked.place < limit).select("actor_id")


def read_reach(ctx: Context) -> Reach:
    """Read the reach of the actors to show; nothing if it was not estimated."""
    table = ctx.material.rows("reach")
    if table is None:
        return Reach()
    total = int(ctx.material.fetch(table.aggregate(n=table.actor_id.nunique()))[0]["n"])
    ids = [row["actor_id"] for row in ctx.material.fetch(_chosen_ids(ctx, table))]
    rows: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in ctx.material.fetch(table.filter(table.actor_id.isin(sorted(ids)))):
        rows.setdefault(row["actor_id"], {})[row["kind_of_reach"]] = row
    ctx.material.know(rows)
    return Reach(dict(sorted(rows.items(), key=lambda pair: _place(ctx, *pair))), total)


def _place(ctx: Context, actor_id: str, kinds: Mapping[str, Mapping[str, Any]]) -> tuple[object, ...]:
    kind = ctx.actor(actor_id).kind
    sizes = [-(number_or_none(kinds.get(name, {}).get("value")) or 0.0) for name in ("exposed", "potential", "engaged")]
    return _KIND_ORDER.index(kind) if kind in _KIND_ORDER else 99, *sizes, actor_id


def _family(ctx: Context, kind: str) -> Family:
    cat = ctx.cat
    interval = cat.plain("figures.interval_estimated", interval_name=ctx.interval_name(None, ctx.confidence("reach")))
    tables = ("actors", "posts", "interactions", "audiences")
    title = cat.plain("figures.family_reach", kind=cat.name("reach_kinds", kind))
    return ctx.family(
        f"reach:{kind}", title, cat.name("reach_definitions", kind), step="reach", interval=interval, tables=tables
    )


def reach_section(ctx: Context, reach: Reach, charts: Sequence[Block]) -> Section:
    """Return the section on the reach of each actor."""
    if ctx.material.results["reach"] is None:
        return ctx.not_made("reach", "reach")
    section = ctx.section("reach")
    section.blocks += [*ctx.opening("reach", ctx.cat("reach.intro")), *charts]
    kinds = [kind for kind in KINDS_OF_REACH if any(kind in of for of in reach.rows.values())]
    notes, lines = Footnotes(), []
    for actor_id in reach.rows:
        actor = ctx.actor(actor_id)
        small = " · ".join(part for part in (ctx.cat.name("kinds", actor.kind), ctx.platform(actor.platform)) if part)
        cells = [_cell(ctx, reach, actor_id, kind, notes) for kind in kinds]
        lines.append([Cell(ctx.name(actor_id), small=small), *cells])
    section.blocks.append(
        DataTable(
            ctx.cat.plain("reach.table"),
            [ctx.cat.plain("reach.column_actor"), *(ctx.cat.name("reach_kinds", kind) for kind in kinds)],
            lines,
            numeric=tuple(range(1, len(kinds) + 1)),
            footnotes=notes.listed(),
            note=_note(ctx, reach),
        )
    )
    return section


def _note(ctx: Context, reach: Reach) -> Markup:
    rest = ctx.all_rows("reach")
    if len(reach.rows) == reach.total:
        return rest
    count = ctx.numbers.count
    key = "reach.only_roster" if has_roster(ctx) else "reach.left_out"
    shown = ctx.cat(key, shown=count(len(reach.rows)), all=count(reach.total))
    return Markup("{} {}").format(shown, rest)


def _cell(ctx: Context, reach: Reach, actor_id: str, kind: str, notes: Footnotes) -> Cell:
    row = reach.rows[actor_id].get(kind)
    if row is None:
        return ctx.figure_cell(None, None, notes, None)
    figure = reach_figure(ctx, reach, row)
    written = None if figure is None else Written(figure.shown, figure.shown_interval)
    cell = ctx.figure_cell(written, figure, notes, row["reason_missing"])
    bases = {of[kind].get("basis") for of in reach.rows.values() if kind in of and of[kind].get("estimator")}
    if figure is not None and kind == "engaged" and len(bases) > 1:  # on a post, or in the window: not comparable
        return replace(cell, basis=ctx.cat.name("bases", str(row.get("basis") or "")))
    return cell


def written_reach(ctx: Context, row: Mapping[str, Any]) -> Written | None:
    """Return a row of the result as it is printed; None where nothing is known."""
    value, low, high = (number_or_none(row[name]) for name in ("value", "low", "high"))
    stated = str(row["estimator"] or "").startswith("audience:")
    exact = (ctx.numbers.count, ctx.cat.plain("common.stated" if stated else "common.exact"))
    return ctx.written(value, low, high, ctx.numbers.estimate, exact=exact)


def reach_figure(ctx: Context, reach: Reach, row: Mapping[str, Any]) -> Figure | None:
    """Return the figure of a row of the result, numbered when it is first asked for; None where nothing is known."""
    actor_id, kind = row["actor_id"], row["kind_of_reach"]
    if (actor_id, kind) in reach.figures:
        return reach.figures[actor_id, kind]
    value, low, high = (number_or_none(row[name]) for name in ("value", "low", "high"))
    written = written_reach(ctx, row)
    if written is None:
        return None
    observed = number_or_none(row["n_observed"])
    family = _family(ctx, kind)
    reach.figures[actor_id, kind] = ctx.register.add(
        family,
        ctx.cat.plain("reach.what", kind=ctx.cat.name("reach_kinds", kind), name=ctx.actor(actor_id).name),
        value,
        low,
        high,
        n=None if observed is None else int(observed),
        n_of="" if observed is None else ctx.cat.counted("observation", observed),
        unit=ctx.cat.name("reach_units", kind),
        estimator=clean(row["estimator"] or ""),
        shown=written.value,
        shown_interval=written.interval,
        sources=_sources(ctx, actor_id, family),
    )
    return reach.figures[actor_id, kind]


def _sources(ctx: Context, actor_id: str, family: Family) -> Sequence[str]:
    """Return the sources of an actor's figures: those that its audience figures name come before the files."""
    named = [row["source"] for row in ctx.material.facts.audiences if row["actor_id"] == actor_id and row["source"]]
    return tuple(dict.fromkeys([*(clean(source) for source in named), *family.sources]))
