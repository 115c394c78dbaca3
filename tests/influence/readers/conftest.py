"""Reads a file as an import would, with all batches put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from influence.readers import ReaderOptions, detect
from influence.tables import SCHEMAS


@dataclass(frozen=True)
class Content:
    """All that a file gave."""

    format: str
    primary: str
    tables: dict[str, list[dict[str, Any]]]
    rejects: list[dict[str, Any]]
    notes: tuple[str, ...]

    def __getattr__(self, name: str) -> list[dict[str, Any]]:
        if name not in SCHEMAS:
            raise AttributeError(name)
        return self.tables.get(name, [])

    @property
    def acts(self) -> set[tuple[Any, ...]]:
        """The interactions without their times."""
        names = ("source", "kind", "target", "post_id", "target_post")
        return {tuple(row[name] for name in names) for row in self.interactions}

    @property
    def things(self) -> set[tuple[Any, ...]]:
        """The objects without their times and authors."""
        return {(row["post_id"], row["kind"], row["object"]) for row in self.objects}


def _content(path: Path, format: str | None = None, **options: Any) -> Content:
    chosen = ReaderOptions(**options)
    reader = detect(path, chosen, format)
    batches = list(reader.read(path, chosen))
    tables: dict[str, list[dict[str, Any]]] = {}
    for batch in batches:
        for name, table in batch.tables.items():
            assert table.schema.equals(SCHEMAS[name]), name
            table.validate(full=True)
            tables.setdefault(name, []).extend(table.to_pylist())
    rejects = pa.concat_tables([batch.rejects for batch in batches]).to_pylist() if batches else []
    notes = tuple(dict.fromkeys(note for batch in batches for note in batch.notes))
    return Content(reader.name, reader.primary, tables, rejects, notes)


@pytest.fixture(scope="session")
def content() -> Callable[..., Content]:
    """Reads a file with the reader that its content asks for."""
    return _content
