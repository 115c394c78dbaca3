"""Numbers and tables as people read them, and tables as files that other programs read."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import math
import os
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from influence.display import Column, Grid, clean
from influence.errors import InputError
from influence.files import writing

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from influence.study import Study

__all__ = ["FORMATS", "cell", "export", "grid_of", "interval", "number", "ordered", "rows_of", "write_json"]

NOTHING = "–"
_UNITS = ((1e9, "bn"), (1e6, "M"), (1e3, "k"))
_BEYOND_WORDS = 1e14
_CHUNK = 50_000
_TEXT_WIDTH = 120
_LAST = 100
_IDS = (
    "actor_id",
    "post_id",
    "source",
    "target",
    "target_post",
    "reply_to",
    "reshared_post",
    "reshared_actor",
    "object",
)

FORMATS = ("csv", "json", "parquet")

_ORDER = {
    "actors": ("actor_id",),
    "posts": ("created_at", "post_id"),
    "interactions": ("at", "source", "target", "kind", "post_id"),
    "objects": ("at", "post_id", "kind", "object"),
    "audiences": ("actor_id", "measure", "medium", "period"),
    "overlaps": ("actor_a", "actor_b"),
    "actions": ("at", "actor_id", "post_id", "action"),
    "rejects": ("source_file", "line"),
    "reach": ("actor_id", "kind_of_reach"),
    "leaders": ("metric", "rank", "actor_id"),
    "leaders_agreement": ("metric_a", "metric_b"),
    "labels": ("post_id",),
    "action": ("measure", "a", "kind", "action", "basis"),
}
"""Orders that make two exports of one table the same file; results not named here keep the order they were made in."""


# -- numbers --------------------------------------------------------------------------------------------------------


def number(value: float | None, *, whole: bool | None = None) -> str:
    """Return a number in at most three digits that matter: `7`, `0.031`, `1,234`, `12.3k`, `4.56M`; `–` for none.

    `whole` rounds to whole ones (people are not cut up), False keeps decimals even where they are zero (a ratio of
    `2.00`); by default a value that is whole is written so.
    """
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if abs(value) >= _BEYOND_WORDS:
        return f"{value:.2g}"
    scale, unit = _unit(value)
    if unit:
        return _decimals(value / scale) + unit
    if value == int(value) if whole is None else whole:
        return f"{round(value):,}"
    return _decimals(value)


def interval(value: float | None, low: float | None, high: float | None, *, whole: bool | None = None) -> str:
    """Return `12.3k (11.9–12.7k)`: a value and its interval, with the unit said once; a value that is exact alone."""
    ends = [None if end is None or math.isnan(end) else end for end in (low, high)]
    shown = number(value, whole=whole)
    if ends == [None, None] or (value is not None and all(end is not None and _same(end, value) for end in ends)):
        return shown
    if shown == NOTHING:
        return _span(*ends, whole=whole)
    return f"{shown} ({_span(*ends, whole=whole)})"


def _same(one: float, other: float) -> bool:
    return one == other or math.isclose(one, other, rel_tol=1e-9)


def _span(low: float | None, high: float | None, *, whole: bool | None) -> str:
    first, last = number(low, whole=whole), number(high, whole=whole)
    if low is None:
        return f"≤{last}"
    if high is None or math.isinf(high):
        return f"≥{first}"
    if low < 0:
        return f"{first} to {last}"
    unit = _unit(high)[1]
    # One unit is said once: 11.9–12.7k.
    return f"{first.removesuffix(unit) if unit and first.endswith(unit) else first}–{last}"


def _unit(value: float) -> tuple[float, str]:
    size = abs(value)
    for scale, unit in _UNITS:
        # Four digits are read at a glance; 9,999.6 is already 10.0k.
        if size >= (9_999.5 if unit == "k" else scale * 0.9995):
            return scale, unit
    return 1.0, ""


def _decimals(value: float) -> str:
    """Return three digits that matter of a number below a thousand or so, fewer below one."""
    size = abs(value)
    if value == 0:
        return "0"
    if size >= 99.95:
        return f"{round(value):,}"
    if size >= 9.995:
        return f"{value:.1f}"
    if size >= 0.0995:
        return f"{value:.2f}"
    # Below a hundredth three decimals would leave a single digit.
    return f"{value:.3f}" if size >= 0.00995 else f"{value:.2g}"


def cell(value: object) -> str:
    """Return any value of a table as one short line."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, (list, tuple)):
        return ", ".join(cell(part) for part in value) or NOTHING
    if isinstance(value, dict):
        return clean(json.dumps(value, ensure_ascii=False, default=str))
    text = clean(str(value))
    return text if len(text) <= _TEXT_WIDTH else text[: _TEXT_WIDTH - 1] + "…"


# -- any table as a grid ---------------------------------------------------------------------------------------------


def grid_of(table: pa.Table, *, total: int | None = None, name: str = "") -> Grid:
    """Return the rows of any table, intervals beside their values; columns without a value are only named below."""
    columns: list[Column] = []
    cells: list[list[str]] = []
    absent = [column for column in table.column_names if table.num_rows and table[column].null_count == table.num_rows]
    intervals = {base: ends for base, ends in _intervals(table.column_names).items() if base not in absent}
    merged = {end for ends in intervals.values() for end in ends}
    shown = [column for column in table.column_names if column not in merged and column not in absent]
    for place, column in enumerate(shown):
        values = table[column].to_pylist()
        if column in intervals:
            low, high = (table[end].to_pylist() for end in intervals[column])
            whole = True if name == "reach" else None  # people
            cells.append([interval(*triple, whole=whole) for triple in zip(values, low, high, strict=True)])
        else:
            cells.append([cell(value) for value in values])
        columns.append(_column(table.schema.field(column), place))
    rows = list(zip(*cells, strict=True))
    empty = [column for column in absent if column not in merged]
    return Grid(columns, rows, notes=_notes(table.num_rows, total, name, empty))


def _intervals(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    found = {name: (f"{name}_low", f"{name}_high") for name in names if {f"{name}_low", f"{name}_high"} <= set(names)}
    return {**found, "value": ("low", "high")} if {"value", "low", "high"} <= set(names) else found


def _column(field: pa.Field, place: int) -> Column:
    import pyarrow.types as kinds

    if field.name in ("text", "reason"):
        return Column(field.name, least=18 if field.name == "text" else 40)
    if kinds.is_nested(field.type) or field.name in ("raw", "description", "reason_missing"):
        return Column(field.name, least=18, drop=_LAST + place)
    if field.name in ("source_file", "platform"):  # a path's end says more; the platform stands in every id
        return Column(field.name, least=16, keep_end=True, drop=_LAST if field.name == "platform" else 0)
    if field.name in _IDS:
        return Column(field.name, drop=place)
    if kinds.is_string(field.type) or kinds.is_large_string(field.type):
        return Column(field.name, least=12, drop=place)
    is_number = kinds.is_integer(field.type) or kinds.is_floating(field.type)
    return Column(field.name, right=is_number, drop=place)


def _notes(shown: int, total: int | None, name: str, empty: list[str]) -> list[str]:
    notes = []
    if not shown:
        notes.append(f"Table {name} has no rows." if name else "No rows.")
    elif total is not None and total > shown:
        notes.append(f"{shown:,} of {total:,} rows; --limit 0 shows all, --csv FILE writes all.")
    if empty:
        notes.append(f"Without a value here: {', '.join(empty)}.")
    return notes


# -- tables as files -------------------------------------------------------------------------------------------------


def ordered(name: str, table: ir.Table) -> ir.Table:
    """Return a table in an order that does not depend on the engine's threads."""
    return table.order_by(list(_ORDER[name])) if name in _ORDER else table


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    """Return the rows of a small table as JSON can hold them: times in ISO 8601, no NaN."""
    return [{key: _jsonable(value) for key, value in row.items()} for row in table.to_pylist()]


def _jsonable(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dt.datetime):
        return _iso(value)
    if isinstance(value, dict):
        return {key: _jsonable(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_jsonable(part) for part in value]
    return value


def _iso(time: dt.datetime) -> str:
    return time.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def export(study: Study, table: ir.Table, target: Path | None, format: str) -> int:
    """Write a table as CSV, JSON (one array) or Parquet to a file, whole or not at all, or (None) to standard output.

    The rows are streamed, so the table may be larger than memory. Lists stand in CSV as JSON, times in UTC as ISO 8601.
    Return the number of rows. Raises InputError if the file cannot be written or the format is none.
    """
    if format not in _WRITERS:
        raise InputError(f"there is no format {format!r}; the formats are {', '.join(FORMATS)}.")
    with _streamed(study, table) as (schema, batches):
        if target is None:
            sys.stdout.flush()
            return _WRITERS[format](schema, batches, sys.stdout.buffer)
        with _whole(target) as stream:
            return _WRITERS[format](schema, batches, stream)


@contextlib.contextmanager
def _streamed(study: Study, table: ir.Table) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    """Give a table batch by batch, by way of a file outside of the study: looking must not write into it."""
    import pyarrow.parquet as pq

    with tempfile.TemporaryDirectory(prefix="influence-") as folder:
        rows = Path(folder) / "rows.parquet"
        study.engine.write(table, rows)
        with pq.ParquetFile(rows) as file:
            yield file.schema_arrow, file.iter_batches(batch_size=_CHUNK)


@contextlib.contextmanager
def _whole(target: Path) -> Iterator[BinaryIO]:
    if not target.absolute().parent.is_dir():
        raise InputError(f"{target} cannot be written: there is no folder {target.parent}. Make it first.")
    if target.is_dir():
        raise InputError(f"{target} cannot be written: it is a folder. Name a file.")
    fresh = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        with writing(target):
            with fresh.open("wb") as stream:
                yield stream
            os.replace(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)


def _write_csv(schema: pa.Schema, batches: Iterator[pa.RecordBatch], stream: BinaryIO) -> int:
    import pyarrow as pa
    from pyarrow import csv

    rows = 0
    flat = pa.schema([(field.name, _flat_type(field.type)) for field in schema])
    with csv.CSVWriter(stream, flat) as writer:
        for batch in batches:
            writer.write_batch(pa.record_batch([_flat(column) for column in batch.columns], schema=flat))
            rows += batch.num_rows
    return rows


def _flat_type(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa
    import pyarrow.types as kinds

    return pa.string() if kinds.is_nested(kind) or kinds.is_timestamp(kind) else kind


def _flat(column: pa.Array) -> pa.Array:
    """Return a column that CSV can hold: lists and records as JSON, times (all are UTC) as ISO 8601."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as kinds

    if kinds.is_timestamp(column.type):
        with contextlib.suppress(pa.ArrowInvalid):  # most times are of whole seconds, and Arrow is fast with them
            seconds = column.cast(pa.timestamp("s", column.type.tz))
            return pc.strftime(seconds, format="%Y-%m-%dT%H:%M:%SZ")
        return pa.array([None if time is None else _iso(time) for time in column.to_pylist()], pa.string())
    if kinds.is_nested(column.type):
        return pa.array([None if value is None else _json(value) for value in column.to_pylist()], pa.string())
    return column


def _json(value: object) -> str:
    return json.dumps(_jsonable(value), ensure_ascii=False)


def write_json(batches: Iterable[pa.RecordBatch], stream: BinaryIO) -> int:
    """Write the rows of batches as one JSON array, a row a line; return how many there were."""
    rows = 0
    stream.write(b"[")
    for batch in batches:
        for row in batch.to_pylist():
            stream.write(b",\n" if rows else b"\n")
            stream.write(_json(row).encode())
            rows += 1
    stream.write(b"\n]")
    return rows


def _write_json(schema: pa.Schema, batches: Iterator[pa.RecordBatch], stream: BinaryIO) -> int:
    rows = write_json(batches, stream)
    stream.write(b"\n")
    return rows


def _write_parquet(schema: pa.Schema, batches: Iterator[pa.RecordBatch], stream: BinaryIO) -> int:
    import pyarrow.parquet as pq

    rows = 0
    with pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


_WRITERS: dict[str, Callable[[pa.Schema, Iterator[pa.RecordBatch], BinaryIO], int]] = {
    "csv": _write_csv,
    "json": _write_json,
    "parquet": _write_parquet,
}
