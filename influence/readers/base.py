"""What a reader is: it turns one kind of file into batches of the data contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Batch", "Reader", "ReaderOptions"]


@dataclass(frozen=True)
class ReaderOptions:
    """What the user says about a file.

    `mapping` is contract column → field(s) of the file; `table` the table that rows are given for directly;
    `platform` the platform of files that do not name theirs; `timezone` the IANA name of the zone of times without one.
    """

    mapping: dict[str, str] = field(default_factory=dict)
    table: str | None = None
    platform: str | None = None
    timezone: str = "UTC"


@dataclass(frozen=True)
class Batch:
    """Rows of the contract from a run of records of the file.

    Every record that was read stands in `tables[primary]` of the reader or in `rejects`, exactly once; rows of other
    tables (the authors, the interactions that follow from the posts, their objects) come along.
    `notes` are remarks for the user, shown once each.
    """

    tables: dict[str, pa.Table]
    rejects: pa.Table
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reader:
    """One kind of file.

    `sniff` says from the path and the first decoded bytes of the file whether it is of this kind;
    `read` streams it. Both raise InputError, with file, row and remedy, for what cannot be used at all.
    """

    name: str
    summary: str
    primary: str
    sniff: Callable[[Path, bytes], bool]
    read: Callable[[Path, ReaderOptions], Iterator[Batch]]
