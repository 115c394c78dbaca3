"""One import before it counts: its rows in Parquet files, and which of them the study does not have yet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from influence.files import writing
from influence.readers.base import Batch
from influence.tables import KEYS, SCHEMAS, conform

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from influence.study import Study

__all__ = ["New", "Staging", "ids_are_local", "select_new"]

_GROUP_ROWS = 100_000
_ROW = "file_row_number"
# What follows from a post comes with the post: it is not taken a second time when another file has the post too.
_DERIVED = ("interactions", "objects")


class Staging:
    """Writes the batches of one file into one Parquet file per table and counts their rows."""

    def __init__(self, folder: Path, primary: str) -> None:
        self.folder, self.primary = folder, primary
        self.rows = dict.fromkeys(SCHEMAS, 0)
        self.notes: dict[str, None] = {}
        self.platforms: set[str] = set()
        self._waiting: dict[str, list[pa.Table]] = {table: [] for table in SCHEMAS}
        self._writers: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with writing(self.folder):
            for table in self._waiting if kind is None else ():
                self._flush(table)
            for writer in self._writers.values():
                writer.close()

    @property
    def rejected(self) -> int:
        """How many records were set aside."""
        return self.rows["rejects"]

    @property
    def read(self) -> int:
        """How many records were read."""
        return self.rows[self.primary] + self.rejected

    def file(self, table: str) -> Path:
        """Return the Parquet file of a table."""
        return self.folder / f"{table}.parquet"

    def add(self, batch: Batch) -> None:
        """Write a batch."""
        self.notes.update(dict.fromkeys(batch.notes))
        for table, rows in (*batch.tables.items(), ("rejects", batch.rejects)):
            if not rows.num_rows:
                continue
            self.rows[table] += rows.num_rows
            if table == "posts":
                self.platforms.update(pc.unique(rows["platform"]).to_pylist())
            self._waiting[table].append(rows if rows.schema.equals(SCHEMAS[table]) else conform(table, rows))
            if sum(part.num_rows for part in self._waiting[table]) >= _GROUP_ROWS:
                self._flush(table)

    def _flush(self, table: str) -> None:
        if not self._waiting[table]:
            return
        with writing(self.folder):
            if table not in self._writers:
                self._writers[table] = pq.ParquetWriter(self.file(table), SCHEMAS[table], compression="zstd")
            self._writers[table].write_table(pa.concat_tables(self._waiting[table]))
        self._waiting[table] = []


@dataclass(frozen=True)
class New:
    """The rows of an import that the study does not have: how many of each table, and the files that hold them."""

    rows: dict[str, int]
    files: dict[str, Path]


def select_new(study: Study, staging: Staging) -> New:
    """Return the rows that are new: the first of each key in the file's order, if the study has none of that key."""
    rows, files = {}, {}
    for table, count in staging.rows.items():
        if not count:
            continue
        staged = _staged(study, staging.file(table))
        first = _first_of_each(study, table, staged)
        if table in _DERIVED and staging.primary == "posts" and study.parts("posts"):
            known = study.raw("posts").select("post_id")
            staged = staged.anti_join(known, "post_id")
            first = first.semi_join(staged, _ROW)
        rows[table] = int(study.engine.fetch(first.aggregate(rows=first.count()))["rows"][0].as_py())
        files[table] = staging.file(table)
        if 0 < rows[table] < count:
            kept = staged.semi_join(first, _ROW).order_by(_ROW).select(*SCHEMAS[table].names)
            files[table] = staging.folder / f"new-{table}.parquet"
            study.engine.write(kept, files[table])
    return New(rows, files)


def _staged(study: Study, file: Path) -> ir.Table:
    table: ir.Table = study.engine.connection.read_parquet([str(file)], file_row_number=True)
    return table


def _first_of_each(study: Study, table: str, staged: ir.Table) -> ir.Table:
    """Return the row numbers of the first row of each key that the study does not have."""
    keys = KEYS[table]
    staged = _keyed(staged, table)
    first = staged.group_by(*keys).agg(**{_ROW: staged[_ROW].min()})
    if study.parts(table):
        known = _keyed(study.raw(table), table).select(*keys)
        # Null is the same as null here: two observations without a follower count are one.
        first = first.anti_join(known, [first[key].identical_to(known[key]) for key in keys])
    return first.select(_ROW)


def _keyed(rows: ir.Table, table: str) -> ir.Table:
    """Return rows whose keys can be compared: a post has one text, and the first that is seen stays."""
    if table != "objects":
        return rows
    import ibis

    return rows.mutate(object=ibis.ifelse(rows.kind == "text", "", rows.object))


def ids_are_local(study: Study, staging: Staging) -> bool:
    """Say whether ids of posts repeat between accounts: then they count within an account only."""
    posts = _staged(study, staging.file("posts"))
    shared = posts.group_by("post_id").agg(actors=posts.actor_id.nunique())
    shared = shared.filter(shared.actors > 1).limit(1)
    return bool(study.engine.fetch(shared).num_rows)
