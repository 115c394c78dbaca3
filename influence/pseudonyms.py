"""Pseudonyms: ids, handles and names as keyed hashes, and texts without what identifies people.

The key lies outside the study, which keeps only a fingerprint of it: with the key the same account gets the same
pseudonym in every file; without it nobody can compute who is behind one. The accounts of the roster stay named.
Pseudonymised data are still personal data: what people wrote, and when, can give them away.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from influence.errors import InputError, StudyError
from influence.files import sync, writing
from influence.masking import mask, scrub
from influence.readers.base import Batch
from influence.readers.convert import map_texts
from influence.readers.ids import actor_ref, handle_of, handle_ref, native_of
from influence.roster import RosterRow, read_roster
from influence.tables import SCHEMAS

if TYPE_CHECKING:
    from influence.study import Study

__all__ = ["KEY_VARIABLE", "Pseudonyms", "Roster", "key_file", "open_pseudonyms", "read_key"]

KEY_VARIABLE = "INFLUENCE_KEY"
_SHORTEST_KEY = 16
_ACTORS = {
    "posts": ("actor_id", "reshared_actor"),
    "interactions": ("source", "target"),
    "objects": ("actor_id",),
    "audiences": ("actor_id",),
    "overlaps": ("actor_a", "actor_b"),
    "actions": ("actor_id",),
}
_POSTS = {
    "posts": ("post_id", "reply_to", "reshared_post"),
    "interactions": ("post_id", "target_post"),
    "objects": ("post_id",),
    "actions": ("post_id",),
}


# -- the key -----------------------------------------------------------------------------------------------------------


def key_file() -> Path:
    """Return where the key lies if the environment does not give one: in the user's folder of settings."""
    base = os.environ.get("APPDATA") if os.name == "nt" else os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "influence" / "key"


def read_key() -> bytes:
    """Return the key: of the environment variable INFLUENCE_KEY, else of the key file, which is made if needed.

    Raises InputError if the key is too short to protect anybody, or the file can be neither read nor made.
    """
    given = os.environ.get(KEY_VARIABLE)
    if given is not None:
        return _checked(given, f"the environment variable {KEY_VARIABLE}")
    file = key_file()
    if not file.exists():
        _make_key(file)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: the key cannot be read ({error}). Mend it, or set {KEY_VARIABLE}.") from error
    return _checked(text, str(file))


def _checked(text: str, where: str) -> bytes:
    key = text.strip()
    if len(key) < _SHORTEST_KEY:
        raise InputError(
            f"{where}: the key has {len(key)} characters; {_SHORTEST_KEY} is the least. Use 64 random ones."
        )
    return key.encode()


def _make_key(file: Path) -> None:
    """Make a key file that only its owner can read; of two processes that make one at once, the first wins."""
    with writing(file.parent):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = file.with_name(f".key.{secrets.token_hex(8)}")
        handle = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(secrets.token_hex(32) + "\n")
        sync(fresh)
        try:
            os.link(fresh, file)
        except FileExistsError:
            pass
        except OSError:  # a file system without links
            os.replace(fresh, file)
        fresh.unlink(missing_ok=True)


def open_pseudonyms(study: Study) -> Pseudonyms:
    """Return the pseudonyms of a study, with its roster and what earlier imports know of the accounts in it.

    Raises StudyError if the study was pseudonymised with another key.
    """
    roster_file = study.folder / study.settings.roster
    roster = Roster(read_roster(roster_file) if roster_file.is_file() else [])
    pseudonyms = Pseudonyms(read_key(), roster)
    for record in study.imports():
        other = record.options.get("pseudonyms")
        if other not in (None, pseudonyms.key_fingerprint):
            raise StudyError(
                f"{study.folder} was pseudonymised with another key (its fingerprint is {other}, that of this one "
                f"{pseudonyms.key_fingerprint}). Set {KEY_VARIABLE} to that key, or import into a new study."
            )
    actors = study.raw("actors")
    near = actors.filter(actors.actor_id.isin(sorted(roster.ids) or [""]) | _named_like(actors, roster))
    return pseudonyms.knowing([study.engine.fetch(near)], "")


def _named_like(actors: Any, roster: Roster) -> Any:
    handles = sorted(handle for _, handle in roster.handles) or [""]
    return actors.handle.lower().isin(handles) | actors.name.lower().isin(sorted(roster.names) or [""])


# -- who stays named ---------------------------------------------------------------------------------------------------


class Roster:
    """The accounts that stay named: by id, by handle (of one platform or of any), by name if a row gives only that."""

    def __init__(self, rows: Iterable[RosterRow]) -> None:
        self.ids: set[str] = set()
        self.handles: set[tuple[str | None, str]] = set()
        self.names: set[str] = set()
        for row in rows:
            if row.actor_id:
                self.ids.add(actor_ref(row.platform or "", row.actor_id) or row.actor_id)
            if row.handle:
                self.handles.add((row.platform, row.handle.lower()))
            if row.name and not (row.actor_id or row.handle or row.url):
                self.names.add(row.name.lower())
        self.known: set[str] = set()

    def learn(self, actors: pa.Table) -> None:
        """Take from rows of table `actors` which ids and handles belong to accounts of the roster."""
        for row in actors.select(["actor_id", "platform", "handle", "name"]).to_pylist():
            actor, handle = row["actor_id"], (row["handle"] or "").lower()
            if self.has(actor) or self._is_handle(row["platform"], handle) or (row["name"] or "").lower() in self.names:
                self.known.add(actor)
                if handle:
                    self.known.add(handle_ref(row["platform"], handle))

    def has(self, actor_id: str) -> bool:
        """Say whether an account stays named."""
        if actor_id in self.ids or actor_id in self.known:
            return True
        platform, _, native = actor_id.partition(":")
        handle = handle_of(actor_id)
        return self._is_handle(platform, handle or native.lower()) or native.removeprefix("name/").lower() in self.names

    def _is_handle(self, platform: str, handle: str) -> bool:
        return bool(handle) and ((platform, handle) in self.handles or (None, handle) in self.handles)


# -- the pseudonyms ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pseudonyms:
    """Replaces what identifies accounts in batches of rows; `tokens` are ids and handles to look for in texts."""

    key: bytes
    roster: Roster
    tokens: frozenset[str] = frozenset()
    source: str = ""

    @property
    def key_fingerprint(self) -> str:
        """What a study keeps of the key: enough to notice another, not enough to find it."""
        return self._hash("fingerprint of the key", "", 16)

    def _hash(self, kind: str, value: str, length: int) -> str:
        return hmac.new(self.key, f"{kind}\x1f{value}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:length]

    def knowing(self, actors: Iterable[pa.Table], source: str) -> Pseudonyms:
        """Return pseudonyms that know the accounts of a file; `source` is what its rejects are said to come from."""
        tokens = set(self.tokens)
        tables = list(_distinct(actors))
        for table in tables:
            self.roster.learn(table)
        for table in tables:
            tokens.update(_tokens(table))
        return replace(self, tokens=frozenset(tokens), source=source)

    def actor(self, actor_id: str) -> str:
        """Return the id under which an account stands in the study."""
        if self.roster.has(actor_id):
            return actor_id
        platform, _, native = actor_id.partition(":")
        return f"{platform}:{self._native(platform, native)}"

    def _native(self, platform: str, native: str) -> str:
        if native.startswith("@"):
            return f"@{self.handle(platform, native)}"
        if native.startswith("name/"):
            return f"name/{self.name(native.removeprefix('name/'))}"
        return f"id_{self._hash('account', f'{platform}:{native}', 16)}"

    def handle(self, platform: str, handle: str) -> str:
        """Return the pseudonym of a handle; mentions in texts show the same."""
        return f"user_{self._hash('handle', handle_ref(platform, handle), 12)}"

    def name(self, name: str) -> str:
        """Return the pseudonym of a name."""
        return f"name_{self._hash('name', name.casefold(), 12)}"

    def post(self, post_id: str) -> str:
        """Return the id under which a post stands in the study: that of a post of the roster's accounts if it tells."""
        platform, _, native = post_id.partition(":")
        account, slash, number = native.rpartition("/")
        if slash:
            ids = (f"{platform}:{account}", f"{platform}:@{account.lower()}")
            if any(self.roster.has(actor) for actor in ids):
                return post_id
            if platform == "telegram" and number.isdecimal():
                named = account.isdecimal() or account.startswith("name/")
                return f"telegram:{native_of(self.actor(ids[0] if named else ids[1]))}/{number}"
        return f"{platform}:post_{self._hash('post', post_id, 16)}"

    def text(self, text: str, platform: str) -> str:
        """Return a text without what identifies people other than the accounts of the roster."""
        return mask(text, platform, self._instead, self.tokens)

    def _instead(self, platform: str, native: str) -> str | None:
        actor = f"{platform}:{native}"
        return None if self.roster.has(actor) else self._native(platform, native).removeprefix("@")

    # -- tables ---------------------------------------------------------------------------------------------------

    def hide(self, batch: Batch) -> Batch:
        """Return a batch under pseudonyms, all its tables and rejects."""
        tables = {name: self._table(name, table) for name, table in batch.tables.items()}
        notes = tuple(dict.fromkeys(scrub(note) for note in batch.notes))
        return Batch(tables, self._rejects(batch.rejects), notes)

    def _rejects(self, rejects: pa.Table) -> pa.Table:
        columns = {
            "source_file": pa.array([self.source] * rejects.num_rows, pa.string()),
            "line": rejects["line"],
            "reason": map_texts(_one(rejects["reason"]), scrub).values,
            "raw": pa.nulls(rejects.num_rows, pa.string()),
        }
        return pa.table(columns, schema=SCHEMAS["rejects"])

    def _table(self, name: str, table: pa.Table) -> pa.Table:
        if name == "actors":
            return self._hidden_actors(table)
        columns = {column: _one(table[column]) for column in table.column_names}
        if name == "posts":
            columns["text"] = self._texts(columns["text"], columns["platform"])
            named = pc.fill_null(map_texts(columns["actor_id"], self._is_named, pa.bool_()).values, False)
            columns["url"] = pc.if_else(named, columns["url"], pa.scalar(None, pa.string()))
        if name == "objects":
            columns["object"] = self._objects(columns["object"], columns["kind"], columns["post_id"])
        for column in _ACTORS.get(name, ()):
            columns[column] = map_texts(columns[column], _unless_null(self.actor)).values
        for column in _POSTS.get(name, ()):
            columns[column] = map_texts(columns[column], _unless_null(self.post)).values
        return pa.table(columns, schema=SCHEMAS[name])

    def _is_named(self, actor_id: str | None) -> bool:
        return actor_id is not None and self.roster.has(actor_id)

    def _texts(self, texts: pa.Array, platforms: pa.Array) -> pa.Array:
        out = []
        for text, platform in zip(texts.to_pylist(), platforms.to_pylist(), strict=True):
            out.append(None if text is None else self.text(text, platform))
        return pa.array(out, pa.string())

    def _objects(self, objects: pa.Array, kinds: pa.Array, posts: pa.Array) -> pa.Array:
        out = []
        for value, kind, post in zip(objects.to_pylist(), kinds.to_pylist(), posts.to_pylist(), strict=True):
            if kind == "reshare":
                out.append(self.post(value))
            elif kind == "media":
                out.append(f"media_{self._hash('media', value, 16)}")
            else:
                out.append(self.text(value, post.partition(":")[0]))
        return pa.array(out, pa.string())

    def _hidden_actors(self, table: pa.Table) -> pa.Table:
        rows = []
        for row in table.to_pylist():
            if not self.roster.has(row["actor_id"]):
                platform = row["platform"]
                row["actor_id"] = self.actor(row["actor_id"])
                row["handle"] = self.handle(platform, row["handle"]) if row["handle"] else None
                row["name"] = self.name(row["name"]) if row["name"] else None
                row["person"] = self.name(row["person"]) if row["person"] else None
                row["description"] = row["url"] = None
            rows.append(row)
        return pa.Table.from_pylist(rows, schema=SCHEMAS["actors"])


def _unless_null(change: Any) -> Any:
    return lambda text: None if text is None else change(text)


def _one(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _distinct(actors: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield the ways in which a file names accounts, each once a batch: it may hold millions of them."""
    names = ["actor_id", "platform", "handle", "name"]
    for table in actors:
        yield table.select(names).group_by(names, use_threads=False).aggregate([])


def _tokens(actors: pa.Table) -> Iterator[str]:
    """Yield ids and handles that cannot be mistaken for words: numbers, and handles with a digit or an underscore."""
    for actor_id, handle in zip(actors["actor_id"].to_pylist(), actors["handle"].to_pylist(), strict=True):
        native = actor_id.partition(":")[2]
        if re.fullmatch(r"\d{5,}", native):
            yield native
        for word in (handle, handle_of(actor_id)):
            if word and re.search(r"[\d_]", word) and len(word) > 3:
                yield word.lower()
