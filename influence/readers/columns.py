"""The columns of a batch as those of the data contract, and the rows that cannot be taken with what is wrong."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from influence.decoding import cut
from influence.readers.collect import rejected
from influence.readers.convert import Converted, map_texts, to_count, to_number, to_share, to_text, to_time
from influence.readers.fields import Plan
from influence.readers.ids import actor_ref, handle_of, handle_ref, name_ref, native_of, platform_name, post_ref
from influence.readers.tabular import Rows
from influence.tables import ACTOR_KINDS, SCHEMAS, conform

__all__ = ["ActorIds", "Checked", "actors_of", "platforms_of", "post_refs", "text_of"]

_PLAIN_POST = r"^[^:/\s]+$"
_NO_ID = frozenset(("", "null", "none", "nan", "\\n"))


def text_of(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return a column as trimmed texts; empty cells and the usual words for nothing are null."""
    return map_texts(to_text(array), lambda text: None if text.strip().lower() in _NO_ID else text.strip()).values


class Checked:
    """A batch of rows on its way: gives its columns converted and remembers what is wrong with which row."""

    def __init__(self, path: Path, rows: Rows, plan: Plan) -> None:
        self.path, self.rows, self.plan = path, rows, plan
        self.size = rows.table.num_rows
        self.notes: dict[str, None] = {}
        self._problems: dict[int, str] = {}

    # -- columns --------------------------------------------------------------------------------------------------

    def has(self, name: str) -> bool:
        """Say whether the file gives the column."""
        return name in self.plan.sources

    def source(self, name: str) -> Any:
        """Return the file's column, None if there is none."""
        return self.plan.sources[name].take(self.rows.table) if self.has(name) else None

    def text(self, name: str) -> pa.Array:
        """Return a column of texts, trimmed, empty ones null."""
        array = self.source(name)
        return pa.nulls(self.size, pa.string()) if array is None else text_of(array)

    def raw_text(self, name: str) -> pa.Array:
        """Return a column of texts as they are: an empty one stays empty."""
        array = self.source(name)
        return pa.nulls(self.size, pa.string()) if array is None else to_text(array)

    def count(self, name: str) -> pa.Array:
        """Return a column of counts."""
        return self._converted(name, to_count, pa.int64(), "is no count")

    def number(self, name: str) -> pa.Array:
        """Return a column of numbers."""
        return self._converted(name, to_number, pa.float64(), "is no number")

    def share(self, name: str) -> pa.Array:
        """Return a column of shares."""
        return self._converted(name, to_share, pa.float64(), "is no share; write 0.35 or 35%")

    def time(self, name: str, zone: ZoneInfo) -> pa.Array:
        """Return a column of times."""
        return self._converted(
            name, partial(to_time, zone=zone), SCHEMAS["posts"].field("created_at").type, "is no date"
        )

    def actor(self, name: str, platforms: pa.Array) -> pa.Array:
        """Return a column that names accounts as their ids."""
        return _per_platform(self.text(name), platforms, actor_ref)

    def _converted(self, name: str, convert: Any, kind: pa.DataType, problem: str) -> pa.Array:
        array = self.source(name)
        if array is None:
            return pa.nulls(self.size, kind)
        found: Converted = convert(array)
        self.refuse(found.bad, name, array, problem)
        return found.values

    # -- rows that cannot be taken --------------------------------------------------------------------------------

    def refuse(self, bad: pa.Array, name: str, values: Any, problem: str) -> None:
        """Mark rows as not to be taken, because of the value of a column."""
        source = self.plan.sources.get(name)
        where = f" (column {source.label!r})" if source and source.label != name else ""
        for row in pc.indices_nonzero(bad).to_pylist():
            value = values[row].as_py()
            shown = cut(repr(value if isinstance(value, str | int | float) else str(value)), 120)
            self._problems.setdefault(row, f"{name} {shown} {problem}{where}")

    def require(self, values: pa.Array, name: str) -> None:
        """Mark rows as not to be taken where a column that is needed is empty."""
        for row in pc.indices_nonzero(pc.is_null(values)).to_pylist():
            self._problems.setdefault(row, f"{name} is empty")

    def kept(self, table: pa.Table) -> pa.Table:
        """Return the rows of a table that stands row by row beside the batch, without those that are not taken."""
        if not self._problems:
            return table
        taken = pa.array([row not in self._problems for row in range(self.size)], pa.bool_())
        return table.filter(taken)

    def rejects(self) -> pa.Table:
        """Return the rows that are not taken as rows of the table of rejects."""
        if not self._problems:
            return self.rows.rejects
        order = sorted(self._problems)
        picked = self.rows.table.take(pa.array(order, pa.int64())).to_pylist()
        raws: list[str | None] = [json.dumps(row, ensure_ascii=False, default=str) for row in picked]
        lines = [self.rows.lines[row].as_py() for row in order]
        mine = rejected(self.path, lines, [self._problems[row] for row in order], raws)
        return pa.concat_tables([self.rows.rejects, mine]).sort_by("line")


def platforms_of(checked: Checked, default: str) -> pa.Array:
    """Return the platform of each row."""
    if not checked.has("platform"):
        return pa.repeat(pa.scalar(default), checked.size)
    return pc.fill_null(map_texts(checked.text("platform"), platform_name).values, default)


def _per_platform(texts: pa.Array, platforms: pa.Array, change: Any) -> pa.Array:
    """Apply `change(platform, text)` to every distinct pair."""
    kinds = platforms.unique().drop_null()
    if len(kinds) == 1:
        return map_texts(texts, partial(_present, change, kinds[0].as_py())).values
    pairs = pc.binary_join_element_wise(platforms, texts, "\x1f")
    return map_texts(pairs, lambda pair: change(*pair.split("\x1f", 1))).values


def _present(change: Any, platform: str, text: str | None) -> Any:
    return None if text is None else change(platform, text)


class ActorIds:
    """The id of the account that each row is about, from an id, a handle, an address or a name, whichever is there."""

    def __init__(self, checked: Checked, platforms: pa.Array) -> None:
        self.handles = self._texts(checked, "handle")
        self.names = self._texts(checked, "name")
        given = [checked.actor("actor_id", platforms)]
        given.append(_per_platform(self.handles, platforms, _handle))
        given.append(_per_platform(self._texts(checked, "url"), platforms, actor_ref))
        given.append(_per_platform(self.names, platforms, name_ref))
        self.values = pc.coalesce(*given)

    @staticmethod
    def _texts(checked: Checked, name: str) -> pa.Array:
        source = checked.plan.actor_source(name)
        return pa.nulls(checked.size, pa.string()) if source is None else text_of(source.take(checked.rows.table))


def _handle(platform: str, text: str) -> str | None:
    return actor_ref(platform, text) if "/" in text else handle_ref(platform, text)


def actors_of(checked: Checked, ids: ActorIds, zone: ZoneInfo, *, kind: str | None = None) -> pa.Table:
    """Return what the rows say of their accounts, one row beside each row of the batch; `kind` where they give none."""
    columns: dict[str, Any] = {"actor_id": ids.values, "name": ids.names}
    columns["platform"] = map_texts(ids.values, lambda text: text and text.partition(":")[0]).values
    handles = map_texts(
        ids.handles, lambda text: text and native_of(handle_ref("", text)) and text.strip().lstrip("@")
    ).values
    columns["handle"] = pc.coalesce(handles, map_texts(ids.values, lambda text: text and handle_of(text)).values)
    for name in ("person", "country", "description", "url"):
        columns[name] = ActorIds._texts(checked, name)
    columns["kind"] = _kinds(checked, kind)
    followers, when = checked.plan.actor_source("followers"), checked.plan.actor_source("followers_at")
    if followers is not None:
        array = followers.take(checked.rows.table)
        found = to_count(array)
        checked.refuse(found.bad, "followers", array, "is no count")
        columns["followers"] = found.values
    if when is not None:
        array = when.take(checked.rows.table)
        found = to_time(array, zone)
        checked.refuse(found.bad, "followers_at", array, "is no date")
        columns["followers_at"] = found.values
    return conform("actors", pa.table(columns))


def _kinds(checked: Checked, default: str | None) -> pa.Array:
    """Return the kind of each account; one that the contract has not is left out with a remark: the roster sets it."""
    source = checked.plan.actor_source("kind")
    if source is None:
        return pa.array([default] * checked.size, pa.string())
    texts = text_of(source.take(checked.rows.table))
    known = map_texts(texts, lambda text: text and (text.lower() if text.lower() in ACTOR_KINDS else None)).values
    odd = pc.unique(texts.filter(pc.and_(pc.is_valid(texts), pc.is_null(known)))).to_pylist()
    if odd and checked.plan.table != "actors":
        checked.notes[
            f"kind {odd[0]!r} is none of {', '.join(ACTOR_KINDS)}: it was left out; set kinds in the roster"
        ] = None
    elif odd:
        checked.refuse(
            pc.and_(pc.is_valid(texts), pc.is_null(known)), "kind", texts, f"is none of {', '.join(ACTOR_KINDS)}"
        )
    return pc.coalesce(known, pa.scalar(default, pa.string()))


def post_refs(natives: pa.Array, platforms: pa.Array, actors: pa.Array) -> pa.Array:
    """Return the ids of posts from what the file calls them; on Telegram `actors` are the channels they stand in."""
    if natives.null_count == len(natives):
        return natives
    telegram = pc.equal(platforms, "telegram")
    inside = pc.replace_substring_regex(actors, r"^[a-z][a-z0-9_-]*:@?", "")
    there = pc.binary_join_element_wise("telegram:", inside, "/", natives, "")
    elsewhere = pc.binary_join_element_wise(platforms, natives, ":")
    plain = pc.fill_null(pc.match_substring_regex(natives, _PLAIN_POST), True)
    simple = pc.if_else(telegram, there, elsewhere)
    if pc.all(plain).as_py():
        return simple
    none = pa.scalar(None, pa.string())
    odd = pc.if_else(plain, none, natives)
    return pc.coalesce(pc.if_else(plain, simple, none), _per_platform(odd, platforms, post_ref))
