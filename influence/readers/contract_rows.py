"""Tables other than posts, given row by row: actors, audiences, overlaps, actions, interactions, objects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from influence.errors import InputError
from influence.readers.base import Batch, ReaderOptions
from influence.readers.columns import ActorIds, Checked, actors_of, platforms_of, post_refs
from influence.readers.convert import map_texts
from influence.readers.fields import Plan
from influence.readers.ids import platform_name
from influence.readers.tabular import batches
from influence.tables import INTERACTION_KINDS, OBJECT_KINDS, SCHEMAS, conform

__all__ = ["read_rows"]

_ACTORS_IN = {
    "overlaps": ("actor_a", "actor_b"),
    "interactions": ("source", "target"),
    "objects": ("actor_id",),
}
_POSTS_IN = {"interactions": ("post_id", "target_post"), "objects": ("post_id",), "actions": ("post_id",)}
_TIMES = ("at",)
_COUNTS = ("population", "n")
_KINDS = {"interactions": INTERACTION_KINDS, "objects": OBJECT_KINDS}
# The platform of a traditional medium, which has no account anywhere, by what it is.
_MEDIA = (
    ("press", r"press|print|paper|magazine|journal|weekly|газет|журнал|баспас|circulation|copies|тираж|таралым"),
    ("tv", r"tv|tele|телев|эфир|тв"),
    ("radio", r"radio|радио"),
    ("web", r"web|site|online|сайт|visitors"),
)
_MEASURES = (
    ("circulation", r"circulation|copies|тираж|таралым"),
    ("rating", r"rating|рейтинг"),
    ("subscribers", r"subscri|подписчик|жазылушы"),
    ("monthly reach", r"reach|audience|readers|viewers|listeners|visitors|охват|аудитор"),
)


def read_rows(path: Path, plan: Plan, options: ReaderOptions, zone: ZoneInfo) -> Iterator[Batch]:
    """Stream the rows of a table of the contract.

    Raises InputError if the table is `rejects`, which only imports fill.
    """
    if plan.table == "rejects":
        raise InputError("--table rejects: that table is filled by imports only.")
    platform = platform_name(options.platform) if options.platform else None
    for rows in batches(path, plan.kind, plan.wanted):
        checked = Checked(path, rows, plan)
        tables = _Table(checked, platform, zone).take()
        rejects = checked.rejects()
        yield Batch(
            {name: table for name, table in tables.items() if table.num_rows}, rejects, (*rows.notes, *checked.notes)
        )


class _Table:
    """A batch of one table."""

    def __init__(self, checked: Checked, platform: str | None, zone: ZoneInfo) -> None:
        self.checked, self.zone, self.table = checked, zone, checked.plan.table
        self.measure = self._measure()
        self.platforms = platforms_of(checked, platform or "web")
        if not checked.has("platform") and platform is None and self.table in ("audiences", "overlaps", "actions"):
            self.platforms = self._media_platforms()

    def take(self) -> dict[str, pa.Table]:
        checked, table = self.checked, self.table
        if table == "actors":
            ids = ActorIds(checked, self.platforms)
            checked.require(ids.values, "actor_id")
            return {"actors": checked.kept(actors_of(checked, ids, self.zone))}
        columns: dict[str, Any] = {}
        for field in SCHEMAS[table]:
            columns[field.name] = self._column(field.name, field.type)
        actors = None
        if table in ("audiences", "actions"):
            ids = ActorIds(checked, self.platforms)
            columns["actor_id"] = ids.values
            # A medium may exist through its audience only: what has an audience of this kind is a medium.
            actors = actors_of(checked, ids, self.zone, kind="media" if table == "audiences" else None)
        for field in SCHEMAS[table]:
            if not field.nullable:
                checked.require(columns[field.name], field.name)
        out = {table: conform(table, checked.kept(pa.table(columns)))}
        if actors is not None:
            kept = checked.kept(actors)
            kept = kept.filter(pc.is_valid(kept["actor_id"]))
            out["actors"] = kept.group_by(kept.column_names, use_threads=False).aggregate([]).select(kept.column_names)
        return out

    def _column(self, name: str, kind: pa.DataType) -> pa.Array:
        checked, table = self.checked, self.table
        if name in _ACTORS_IN.get(table, ()):
            return checked.actor(name, self.platforms)
        if name in _POSTS_IN.get(table, ()):
            owner = (
                {"post_id": "source", "target_post": "target"}.get(name, name)
                if table == "interactions"
                else "actor_id"
            )
            return post_refs(checked.text(name), self.platforms, checked.actor(owner, self.platforms))
        if name in _TIMES:
            return checked.time(name, self.zone)
        if name in _COUNTS:
            return checked.count(name)
        if name == "share_a_in_b":
            return checked.share(name)
        if pa.types.is_floating(kind):
            return self._not_negative(name)
        if name == "kind":
            return self._kind(_KINDS[table])
        if name == "measure" and not checked.has("measure"):
            return pa.array([self.measure] * checked.size, pa.string())
        return checked.text(name)

    def _not_negative(self, name: str) -> pa.Array:
        values = self.checked.number(name)
        self.checked.refuse(pc.fill_null(pc.less(values, 0.0), False), name, values, "is below 0")
        return values

    def _kind(self, known: tuple[str, ...]) -> pa.Array:
        texts = self.checked.text("kind")
        found = map_texts(texts, lambda text: text and (text.lower() if text.lower() in known else None)).values
        odd = pc.and_(pc.is_valid(texts), pc.is_null(found))
        self.checked.refuse(odd, "kind", texts, f"is none of {', '.join(known)}")
        return found

    def _measure(self) -> str | None:
        """Return what audiences measure where no column says it: the name of the column of values tells."""
        checked = self.checked
        if self.table != "audiences" or checked.has("measure"):
            return None
        label = checked.plan.sources["value"].label
        measure = next((name for name, pattern in _MEASURES if re.search(pattern, label, re.IGNORECASE)), None)
        if measure is None:
            raise InputError(
                f"{checked.path}: nothing says what {label!r} measures. Add for example --map measure==circulation "
                "(two = signs: the same text in every row)."
            )
        checked.notes[
            f"measure was taken to be {measure!r} from the column's name (--map measure==… names another)"
        ] = None
        return measure

    def _media_platforms(self) -> pa.Array:
        medium = self.checked.text("medium") if self.table == "audiences" else pa.nulls(self.checked.size, pa.string())
        known = map_texts(medium, lambda text: text and _media_platform(text)).values
        return pc.fill_null(known, _media_platform(self.measure or "") or "media")


def _media_platform(text: str) -> str | None:
    return next((name for name, pattern in _MEDIA if re.search(pattern, text.lower())), None)
