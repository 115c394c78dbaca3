"""`review.sqlite`: the decisions of a study, append-only, each sealed with the hash of the one before.

The chain shows that a decision was changed, left out or moved. That the last ones were cut off shows only against a
hash (`head`) that was noted elsewhere: exports and model cards carry it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from influence.errors import InputError, StudyError
from influence.files import writing
from influence.review.decision import Decision, Recorded, Settled, settle

__all__ = ["FILE", "Chain", "Decision", "Recorded", "ReviewStore", "Settled"]

FILE = "review.sqlite"
START = "0" * 64
_SCHEMA = """
CREATE TABLE IF NOT EXISTS decisions (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, post_id TEXT NOT NULL, reviewer TEXT NOT NULL,
    decision TEXT NOT NULL, previous TEXT NOT NULL UNIQUE, hash TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX IF NOT EXISTS decisions_of_post ON decisions (post_id, number);
CREATE TRIGGER IF NOT EXISTS never_changed BEFORE UPDATE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
CREATE TRIGGER IF NOT EXISTS never_deleted BEFORE DELETE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
PRAGMA user_version = 1;
"""
_VERSION = 1


@dataclass(frozen=True)
class Chain:
    """What `verify` found: decisions read, hash of the last one, and what is wrong (None: nothing)."""

    decisions: int
    head: str
    broken: str | None


class ReviewStore:
    """The decisions of one study; the file is made by the first decision."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.file = self.folder / FILE

    def record(self, *decisions: Decision, at: Sequence[dt.datetime | None] | None = None) -> list[Recorded]:
        """Append decisions, all or none; returns them in their places.

        `at` gives times (with a zone) of decisions that were made elsewhere; None is now.

        Raises StudyError if the file is damaged, of a newer version, or kept by another process.
        """
        times = at if at is not None else [None] * len(decisions)
        with self._open(write=True) as connection:
            connection.execute("BEGIN IMMEDIATE")
            last = connection.execute("SELECT number, hash FROM decisions ORDER BY number DESC LIMIT 1").fetchone()
            number, previous = last or (0, START)
            made = []
            for decision, given in zip(decisions, times, strict=True):
                number += 1
                one = _sealed(number, given or dt.datetime.now(dt.UTC), decision, previous)
                connection.execute(
                    "INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        number,
                        one.at.isoformat(),
                        decision.post_id,
                        decision.reviewer,
                        decision.canonical(),
                        previous,
                        one.hash,
                    ),
                )
                made.append(one)
                previous = one.hash
            connection.execute("COMMIT")
        return made

    def decisions(self, post_id: str | None = None) -> list[Recorded]:
        """All decisions, or those about one post, oldest first."""
        query, values = "SELECT number, at, decision, previous, hash FROM decisions", ()
        if post_id is not None:
            query, values = f"{query} WHERE post_id = ?", (post_id,)  # type: ignore[assignment]
        if not self.file.exists():
            return []
        with self._open() as connection:
            return [self._read(row) for row in connection.execute(f"{query} ORDER BY number", values)]

    def settled(self) -> list[Settled]:
        """What the decisions about each post come to; see `influence.review.decision.settle`."""
        return settle(self.decisions())

    def verify(self, *, head: str | None = None) -> Chain:
        """Compute every hash again; with `head`, a hash noted earlier must stand in the chain as well."""
        if not self.file.exists():
            return Chain(0, START, None if head in (None, START) else f"{self.file} is not there")
        count, previous, heads = 0, START, {START}
        with self._open() as connection:
            rows = connection.execute(
                "SELECT number, at, decision, previous, hash, post_id, reviewer FROM decisions ORDER BY number"
            )
            for number, at, decision, before, own, post_id, reviewer in rows:
                if number != count + 1:
                    return Chain(count, previous, f"decision {count + 1} is missing")
                if before != previous or own != _hash(number, at, decision, before):
                    return Chain(count, previous, f"decision {number} (post {post_id}) was changed or moved")
                if not _same_columns(decision, post_id, reviewer):
                    return Chain(count, previous, f"decision {number}: its columns are not those that were sealed")
                count, previous = number, own
                heads.add(own)
        missing = None if head is None or head in heads else f"no decision has the hash {head}: later ones were cut off"
        return Chain(count, previous, missing)

    def _read(self, row: tuple[Any, ...]) -> Recorded:
        number, at, text, previous, own = row
        try:
            return Recorded(number, dt.datetime.fromisoformat(at), _parsed(text), previous, own)
        except (ValueError, TypeError, KeyError) as error:
            raise StudyError(
                f"{self.file}: decision {number} is damaged ({error}). See: influence review --verify"
            ) from error

    @contextlib.contextmanager
    def _open(self, *, write: bool = False) -> Iterator[sqlite3.Connection]:
        try:
            with writing(self.folder) if write else contextlib.nullcontext():
                mode = "rwc" if write else "ro"
                uri = f"{self.file.resolve().as_uri()}?mode={mode}"
                with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=60, isolation_level=None)) as connection:
                    version = connection.execute("PRAGMA user_version").fetchone()[0]
                    if version > _VERSION:
                        raise StudyError(
                            f"{self.file}: format {version} is newer than {_VERSION}. Update this program."
                        )
                    if write:
                        connection.executescript(_SCHEMA)
                    yield connection
        except sqlite3.Error as error:
            raise StudyError(f"{self.file}: cannot be used ({error}). Copy it back from a backup.") from error


def _sealed(number: int, at: dt.datetime, decision: Decision, previous: str) -> Recorded:
    if at.tzinfo is None:
        raise InputError(f"decision on {decision.post_id}: the time {at} has no zone. Give it in UTC.")
    moment = at.astimezone(dt.UTC)
    return Recorded(
        number, moment, decision, previous, _hash(number, moment.isoformat(), decision.canonical(), previous)
    )


def _hash(number: int, at: str, decision: str, previous: str) -> str:
    sealed = json.dumps([number, at, decision, previous], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(sealed.encode("utf-8", "surrogatepass")).hexdigest()


def _parsed(text: str) -> Decision:
    values = json.loads(text)
    values["call_types"] = tuple(values["call_types"])
    for name in ("techniques", "spans"):
        values[name] = None if values[name] is None else tuple(values[name])
    return Decision(**values)


def _same_columns(decision: str, post_id: str, reviewer: str) -> bool:
    values = json.loads(decision)
    return bool(values["post_id"] == post_id and values["reviewer"] == reviewer)


def as_row(one: Recorded) -> dict[str, Any]:
    """A decision as a flat row: its place in the chain and its columns."""
    place = {"number": one.number, "at": one.at.isoformat()}
    return place | asdict(one.decision) | {"previous": one.previous, "hash": one.hash}
