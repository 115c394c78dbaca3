"""Rows of the data contract, gathered record by record into batches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from influence.decoding import cut
from influence.readers.base import Batch
from influence.tables import SCHEMAS

__all__ = ["BATCH_ROWS", "Acting", "Collector", "Unusable", "as_count", "as_dict", "as_list", "as_text", "rejected"]

BATCH_ROWS = 50_000
_BATCH_CHARACTERS = 64_000_000
_ORDER = {table: {name: place for place, name in enumerate(schema.names)} for table, schema in SCHEMAS.items()}


class Unusable(Exception):
    """Why a record cannot be taken; it becomes a row of the table of rejects."""


class Collector:
    """Gathers the rows of a file; `take` hands them over as a batch and starts anew."""

    def __init__(self, file: Path) -> None:
        self._file = str(file)
        self._rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in SCHEMAS}
        self._actors: set[tuple[Any, ...]] = set()
        self._notes: dict[str, None] = {}
        self._characters = 0

    @property
    def full(self) -> bool:
        """Whether it is time to hand a batch over."""
        taken = len(self._rows["posts"]) + len(self._rows["rejects"])
        return taken >= BATCH_ROWS or self._characters >= _BATCH_CHARACTERS

    def add(self, table: str, **columns: Any) -> None:
        """Add a row; columns that are not given are null."""
        row: list[Any] = [None] * len(_ORDER[table])
        for name, value in columns.items():
            row[_ORDER[table][name]] = value
        if table != "actors":
            self._rows[table].append(tuple(row))
        elif (fixed := tuple(row)) not in self._actors:
            self._actors.add(fixed)
            self._rows[table].append(fixed)
        if table == "posts":
            self._characters += len(columns.get("text") or "")

    def note(self, text: str) -> None:
        """Add a remark for the user."""
        self._notes[text] = None

    def reject(self, line: int | None, reason: str, raw: object = None) -> None:
        """Set a record aside."""
        text = raw if isinstance(raw, str) or raw is None else json.dumps(raw, ensure_ascii=False, default=str)
        short = None if text is None else cut(text)
        self.add("rejects", source_file=self._file, line=line, reason=reason, raw=short)

    @contextmanager
    def record(self, line: int, raw: object) -> Iterator[None]:
        """Take a record whole or set it aside whole, if what is done with it raises Unusable."""
        before = {table: len(rows) for table, rows in self._rows.items()}
        try:
            yield
        except (Unusable, TypeError, AttributeError, KeyError, ValueError, OverflowError) as error:
            for table, count in before.items():
                if table == "actors":
                    self._actors.difference_update(self._rows[table][count:])
                del self._rows[table][count:]
            usual = isinstance(error, Unusable)
            self.reject(line, str(error) if usual else f"not of the expected shape ({error})", raw)

    def take(self) -> Batch:
        """Hand over what was gathered."""
        tables = {table: _arrow(table, rows) for table, rows in self._rows.items() if rows and table != "rejects"}
        batch = Batch(tables, _arrow("rejects", self._rows["rejects"]), tuple(self._notes))
        self._rows = {table: [] for table in SCHEMAS}
        self._actors.clear()
        self._notes, self._characters = {}, 0
        return batch


def _arrow(table: str, rows: list[tuple[Any, ...]]) -> pa.Table:
    schema = SCHEMAS[table]
    if not rows:
        return schema.empty_table()
    columns = [_column(list(values), field.type) for values, field in zip(zip(*rows, strict=True), schema, strict=True)]
    return pa.Table.from_arrays(columns, schema=schema)


def _column(values: list[Any], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:  # a half of a surrogate pair, which JSON allows and UTF-8 does not
        return pa.array([_mended(value) for value in values], kind)


def _mended(value: Any) -> Any:
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if isinstance(value, str) else value


def rejected(file: Path, lines: list[int], reasons: list[str], raws: list[str | None]) -> pa.Table:
    """Return rows of the table of rejects."""
    schema = SCHEMAS["rejects"]
    short = [None if raw is None else cut(raw) for raw in raws]
    columns: tuple[list[Any], ...] = ([str(file)] * len(lines), lines, reasons, short)
    arrays = [_column(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def as_dict(value: object) -> dict[str, Any]:
    """Return the value if it is an object of JSON, else an empty one: optional parts may be null or of another kind."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """Return the value if it is an array of JSON, else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: object) -> str | None:
    """Return the value as a text without space around it, None if there is none."""
    if value is None or isinstance(value, dict | list | bool):
        return None
    return str(value).strip() or None


def as_count(value: object, name: str) -> int | None:
    """Return a count, None if the source does not give it.

    Raises Unusable if it is no whole number from 0 up.
    """
    if value is None:
        return None
    try:
        number = int(str(value)) if not isinstance(value, bool) else -1
    except ValueError:
        number = int(value) if isinstance(value, float | Decimal) and value == value // 1 else -1
    if not 0 <= number < 2**63:
        raise Unusable(f"{name} {value!r} is no count")
    return number


class Acting:
    """A post on its way into the tables, as far as its author acts on others with it."""

    rows: Collector
    actor: str
    at: Any
    post_id: str

    def _act(self, kind: str, target: str | None, target_post: str | None = None) -> None:
        self.rows.add(
            "interactions",
            source=self.actor,
            target=target,
            kind=kind,
            at=self.at,
            post_id=self.post_id,
            target_post=target_post,
        )
