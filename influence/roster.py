"""The roster (`actors.csv`): who is a leader, a medium, a party, an NGO, a union, the state.

A row finds its account by id, by handle, by address, or, where it gives none of these, by the exact name.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pyarrow as pa

from influence.errors import InputError
from influence.tables import ACTOR_KINDS, SCHEMAS

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["RosterRow", "platform_of", "read_roster", "roster_overlay"]

COLUMNS = (
    "actor_id", "platform", "handle", "url", "name", "person", "kind", "followers", "followers_at", "country",
    "description",
)  # fmt: skip

_HOSTS = {
    "t.me": "telegram",
    "telegram.me": "telegram",
    "x.com": "x",
    "twitter.com": "x",
    "vk.com": "vk",
    "instagram.com": "instagram",
    "tiktok.com": "tiktok",
    "youtube.com": "youtube",
    "facebook.com": "facebook",
}


@dataclass(frozen=True)
class RosterRow:
    """One row of the roster; `line` is where it stands in the file."""

    line: int
    actor_id: str | None = None
    platform: str | None = None
    handle: str | None = None
    url: str | None = None
    name: str | None = None
    person: str | None = None
    kind: str | None = None
    followers: int | None = None
    followers_at: datetime | None = None
    country: str | None = None
    description: str | None = None

    @property
    def id(self) -> str:
        """The id under which the actor stands if no import names it."""
        if self.actor_id:
            return self.actor_id
        return f"{self.platform or 'roster'}:{(self.handle or self.name or '').lower()}"


def platform_of(url: str) -> tuple[str | None, str | None]:
    """Return the platform and the handle that the address of a profile names, None where it names none."""
    parts = urlsplit(url if "//" in url else f"//{url}")
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.").removeprefix("mobile.")
    path = [piece for piece in parts.path.split("/") if piece and piece != "s"]
    return _HOSTS.get(host), path[0].lstrip("@") if path else None


def read_roster(file: Path) -> list[RosterRow]:
    """Read a roster.

    Raises InputError, with file and line, for an unknown column or kind, a number that is none, a row that names
    nobody.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            unknown = [name for name in reader.fieldnames or () if name not in COLUMNS]
            if unknown:
                raise InputError(
                    f"{file}:1: no column {unknown[0]!r} in a roster; its columns are {', '.join(COLUMNS)}."
                )
            return [_row(file, reader.line_num, cells) for cells in reader if any(cells.values())]
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 ({error.reason}). Save it as CSV in UTF-8.") from error
    except csv.Error as error:
        raise InputError(f"{file}: {error}. Save it as CSV with commas.") from error


def _row(file: Path, line: int, cells: dict[str, str | None]) -> RosterRow:
    given = {name: (cells.get(name) or "").strip() or None for name in COLUMNS}
    where = f"{file}:{line}"
    if None in cells:
        raise InputError(f"{where}: more cells than columns. Put a name with a comma into quotes.")
    if not any(given[name] for name in ("actor_id", "handle", "url", "name")):
        raise InputError(f"{where}: the row names nobody. Give actor_id, handle, url or name.")
    if given["kind"] is not None and given["kind"].lower() not in ACTOR_KINDS:
        raise InputError(f"{where}: kind {given['kind']!r} is none of {', '.join(ACTOR_KINDS)}.")
    try:
        platform, handle = platform_of(given["url"]) if given["url"] else (None, None)
    except ValueError as error:
        raise InputError(f"{where}: url {given['url']!r} is no address ({error}). Write it as https://…") from error
    texts = {name: given[name] for name in ("actor_id", "url", "name", "person", "country", "description")}
    return RosterRow(
        line=line,
        **texts,
        platform=(given["platform"] or platform or _prefix(given["actor_id"])),
        handle=(given["handle"] or handle or "").lstrip("@") or None,
        kind=given["kind"].lower() if given["kind"] else None,
        followers=_followers(where, given["followers"]),
        followers_at=_time(where, given["followers_at"]),
    )


def _prefix(actor_id: str | None) -> str | None:
    return actor_id.partition(":")[0] if actor_id and ":" in actor_id else None


def _followers(where: str, text: str | None) -> int | None:
    if text is None:
        return None
    digits = text.replace(" ", "").replace("\u00a0", "").replace(",", "")
    if not digits.isdecimal():
        raise InputError(f"{where}: followers {text!r} is no count. Write digits only, or leave the cell empty.")
    return int(digits)


def _time(where: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{where}: followers_at {text!r} is no date. Write it as 2026-03-31.") from error
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def roster_overlay(rows: list[RosterRow], actors: ir.Table, fetch: Callable[[ir.Table], pa.Table]) -> pa.Table:
    """Return one row of the `actors` schema per roster entry, under the id of the actor that it names.

    An entry that no import names keeps an id of its own: a newspaper may exist only through its audience.
    """
    found = _candidates(rows, actors, fetch)
    chosen: dict[str, dict[str, object]] = {}
    for row in rows:
        actor_id = _match(row, found) or row.id
        values = {name: getattr(row, name) for name in COLUMNS if name != "actor_id"}
        values["platform"] = row.platform or actor_id.partition(":")[0]
        known = {name: value for name, value in values.items() if value is not None}
        chosen[actor_id] = {**chosen.get(actor_id, {}), **known, "actor_id": actor_id}
    return pa.Table.from_pylist(list(chosen.values()), schema=SCHEMAS["actors"])


_Index = dict[tuple[str, str | None, str], str]


def _candidates(rows: list[RosterRow], actors: ir.Table, fetch: Callable[[ir.Table], pa.Table]) -> _Index:
    """Return the imported actors that some row may mean, by what names them; the smallest id where several match."""
    ids = {row.id for row in rows}
    handles = {row.handle.lower() for row in rows if row.handle}
    names = {row.name.lower() for row in rows if row.name}
    if not rows:
        return {}
    wanted = actors.filter(
        actors.actor_id.isin(sorted(ids) or [""])
        | actors.handle.lower().isin(sorted(handles) or [""])
        | actors.name.lower().isin(sorted(names) or [""])
    ).select("actor_id", "platform", "handle", "name")
    index: _Index = {}
    for actor in sorted(fetch(wanted).to_pylist(), key=lambda actor: str(actor["actor_id"]), reverse=True):
        index["id", None, actor["actor_id"]] = actor["actor_id"]
        for kind in ("handle", "name"):
            if actor[kind]:
                index[kind, actor["platform"], actor[kind].lower()] = actor["actor_id"]
                index[kind, None, actor[kind].lower()] = actor["actor_id"]
    return index


def _match(row: RosterRow, index: _Index) -> str | None:
    if row.actor_id:
        return index.get(("id", None, row.actor_id))
    if row.handle:
        return index.get(("handle", row.platform, row.handle.lower()))
    return index.get(("name", row.platform, (row.name or "").lower()))
