"""Records that stand beside the data: what an import did, what a run of a step left."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from influence.errors import StudyError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ImportRecord", "Result"]


@dataclass(frozen=True)
class ImportRecord:
    """What one import of one file did: `read = kept + duplicates + rejected`.

    `parts` maps a table to the rows that the import added to it; `notes` are remarks for the user.
    """

    fingerprint: str
    source: str
    format: str
    table: str
    read: int
    kept: int
    duplicates: int
    rejected: int
    parts: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    version: str = ""
    finished_at: str = ""

    def __post_init__(self) -> None:
        if self.read != self.kept + self.duplicates + self.rejected:
            raise StudyError(
                f"{self.source}: {self.read} read, but {self.kept} kept + {self.duplicates} duplicates "
                f"+ {self.rejected} rejected. Nothing was imported; please report this."
            )


@dataclass(frozen=True)
class Result:
    """Tables that one run of one step left, and the run's record (parameters, inputs, rows, seed, duration)."""

    step: str
    folder: Path
    run: dict[str, Any]

    def file(self, table: str) -> Path:
        """Return the Parquet file of a table of the result."""
        return self.folder / f"{table}.parquet"

    def arrow(self, table: str) -> pa.Table:
        """Return a table of the result."""
        import pyarrow.parquet as pq

        return pq.read_table(self.file(table))
