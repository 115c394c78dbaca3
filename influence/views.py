"""Tables of a study as its steps see them: handles resolved, observations of an actor merged, the roster laid over.

A post can name an account by its handle (`telegram:@aqzhol`, `telegram:aqzhol`) where another file gives the same
account's number. Both are one actor; the number wins, since handles change hands.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import TYPE_CHECKING

import ibis

from influence.roster import read_roster, roster_overlay
from influence.tables import SCHEMAS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from influence.study import Study

__all__ = ["VIEWS"]


def _alias_key(column: ir.StringValue) -> ir.StringValue:
    """`Telegram:@Name` and `telegram:name` are one key: lower case, without the @ before the handle."""
    return column.lower().replace(":@", ":")


def _aliases(study: Study) -> ir.Table:
    """Return `alias, canonical`: for every handle the one id that stands for it. All views share one computation."""
    return study.remembered("aliases", ("actors",), _computed_aliases)


def _computed_aliases(study: Study) -> ir.Table:
    actors = study.raw("actors")
    named = actors.filter(actors.handle.notnull())
    key = _alias_key(named.platform + ":" + named.handle.replace("@", ""))
    pairs = named.select(alias=key, canonical=named.actor_id).distinct()
    pairs = pairs.filter(_alias_key(pairs.canonical) != pairs.alias)
    return study.engine.cached(pairs.group_by("alias").agg(canonical=pairs.canonical.min()))


def resolve_ids(table: ir.Table, aliases: ir.Table, *columns: str) -> ir.Table:
    """Return the table with the ids in these columns replaced by the canonical ones where they are handles."""
    for column in columns:
        keyed = table.mutate(alias_key=_alias_key(table[column]))
        joined = keyed.left_join(aliases, [("alias_key", "alias")])
        table = joined.mutate(**{column: ibis.coalesce(joined.canonical, joined[column])}).drop(
            "alias_key", "alias", "canonical"
        )
    return table


def _merged_actors(study: Study) -> ir.Table:
    """One row per actor: of each column the latest value that some file gave."""
    seen = resolve_ids(study.raw("actors"), _aliases(study), "actor_id")
    order = [seen.followers_at, seen.name, seen.description]
    latest = {
        column: seen[column].last(order_by=order)
        for column in SCHEMAS["actors"].names
        if column not in ("actor_id", "followers_at")
    }
    counted = seen.followers.notnull()
    merged = seen.group_by("actor_id").agg(**latest, followers_at=seen.followers_at.max(where=counted))
    return merged.select(*SCHEMAS["actors"].names)


def _actors(study: Study) -> ir.Table:
    merged = study.engine.cached(_merged_actors(study))
    file = study.folder / study.settings.roster
    roster = read_roster(file) if file.is_file() else []
    overlay = roster_overlay(roster, merged, study.engine.fetch)
    joined = merged.outer_join(ibis.memtable(overlay), "actor_id", rname="{name}_roster")
    return _laid_over(joined)


_SAID_BY_THE_ROSTER = ("name", "person", "kind", "country", "description")


def _laid_over(joined: ir.Table) -> ir.Table:
    columns = {}
    for name in SCHEMAS["actors"].names:
        first, second = joined[f"{name}_roster"], joined[name]
        # What a person says of the account stands above the export; what the platform counts and spells does not.
        values = (first, second) if name in _SAID_BY_THE_ROSTER else (second, first)
        columns[name] = ibis.coalesce(*values)
    columns["kind"] = ibis.coalesce(columns["kind"], ibis.literal("unknown"))
    return joined.select(**columns)


def _posts(study: Study) -> ir.Table:
    return _ordered(resolve_ids(study.raw("posts"), _aliases(study), "actor_id", "reshared_actor"), "posts")


def _interactions(study: Study) -> ir.Table:
    """Interactions whose target is known: given, or the author of the post that was acted on."""
    rows, posts = study.raw("interactions"), study.raw("posts")
    authors = posts.select(acted_on=posts.post_id, author=posts.actor_id)
    joined = rows.left_join(authors, [("target_post", "acted_on")])
    rows = joined.mutate(target=ibis.coalesce(joined.target, joined.author)).drop("acted_on", "author")
    rows = rows.filter(rows.target.notnull())
    return _ordered(resolve_ids(rows, _aliases(study), "source", "target"), "interactions")


def _ordered(table: ir.Table, name: str) -> ir.Table:
    return table.select(*SCHEMAS[name].names)


def _with_resolved(name: str, *columns: str) -> Callable[[Study], ir.Table]:
    def view(study: Study) -> ir.Table:
        return _ordered(resolve_ids(study.raw(name), _aliases(study), *columns), name)

    return view


VIEWS: MappingProxyType[str, Callable[[Study], ir.Table]] = MappingProxyType(
    {
        "actors": _actors,
        "posts": _posts,
        "interactions": _interactions,
        "objects": _with_resolved("objects", "actor_id"),
        "audiences": _with_resolved("audiences", "actor_id"),
        "overlaps": _with_resolved("overlaps", "actor_a", "actor_b"),
        "actions": _with_resolved("actions", "actor_id"),
        "rejects": lambda study: study.raw("rejects"),
    }
)
"""For each table of the contract the function that makes its expression."""
