"""Studies for tests, filled with rows directly."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from influence.files import content_hash
from influence.records import ImportRecord
from influence.study import Study
from influence.tables import SCHEMAS, conform

Rows = Sequence[Mapping[str, object]]


class Fill(Protocol):
    def __call__(self, study: Study, **tables: Rows) -> ImportRecord: ...


def _table(name: str, values: Rows) -> pa.Table:
    schema = pa.schema([field.with_nullable(True) for field in SCHEMAS[name]])
    return conform(name, pa.Table.from_pylist([dict(value) for value in values], schema=schema))


def _fill(study: Study, **tables: Rows) -> ImportRecord:
    with study.scratch() as scratch:
        staged = {name: scratch / f"{name}.parquet" for name in tables}
        for name, values in tables.items():
            pq.write_table(_table(name, values), staged[name])
        parts = {name: len(values) for name, values in tables.items()}
        read = sum(parts.values())
        record = ImportRecord(content_hash(uuid.uuid4().hex), "rows", "rows", "posts", read, read, 0, 0, parts)
        study.commit(record, staged)
    return record


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """An empty study."""
    return Study.create(tmp_path / "study", name="Тест")


@pytest.fixture
def fill() -> Fill:
    """Commits rows to a study as one import; absent columns are null."""
    return _fill


@pytest.fixture
def day() -> Callable[[int], dt.datetime]:
    """The n-th of March 2026 at noon, UTC."""
    return lambda n: dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC) + dt.timedelta(days=n - 1)
