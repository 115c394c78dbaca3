"""Records that stand beside the data: what an import did, what a run of a step left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from influence.errors import InputError, StudyError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ImportRecord", "Result", "chosen_result"]


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


def chosen_result(results: Sequence[Result], wanted: str) -> Result:
    """Return the latest of the results that has the wanted parameters.

    `wanted` is the beginning of a hash of parameters, or `window_s=60,null=none`.
    Raises InputError if there is none, or if several hashes begin so; it lists those that there are.
    """
    pairs = dict(part.partition("=")[::2] for part in wanted.split(",")) if "=" in wanted else None
    if pairs is None:
        found = [result for result in results if wanted and result.folder.name.startswith(wanted)]
    else:
        _check_names(results, pairs)
        found = [result for result in results if _has(result, pairs)]
    if found and (pairs is not None or len(found) == 1):
        return found[-1]
    there = ", ".join(result.folder.name for result in results[-5:])
    several = "several results fit" if found else "there is no result"
    raise InputError(f"--params {wanted!r}: {several}. The hashes are {there}; --list says what each stands for.")


def _check_names(results: Sequence[Result], pairs: Mapping[str, str]) -> None:
    known = {name for result in results for name in result.run.get("params", {})}
    unknown = [name for name in pairs if name.strip() not in known]
    if unknown:
        raise InputError(f"--params: there is no parameter {unknown[0]!r}; there are {', '.join(sorted(known))}.")


def _has(result: Result, pairs: Mapping[str, str]) -> bool:
    params = result.run.get("params", {})
    return all(_same(params.get(name.strip()), text.strip()) for name, text in pairs.items())


def _same(value: object, text: str) -> bool:
    """Say whether a parameter is what the text says: `60` is 60.0, `a+b` a list of two, `none` nothing or that word."""
    if value is None:
        return text.casefold() in ("none", "")
    if isinstance(value, list | tuple):
        return [str(part) for part in value] == text.split("+")
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(text) == float(value)
        except ValueError:
            return False
    return str(value) == text
