"""Readers: one file per kind of export; each yields batches of the data contract.

Readers are loaded when they are used: `influence --help` must not wait for Arrow.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from influence.errors import InputError
from influence.readers.base import Batch, Reader, ReaderOptions

__all__ = ["READERS", "Batch", "Reader", "ReaderOptions", "UnknownFormat", "detect"]


class UnknownFormat(InputError):
    """No reader knows a file: in a folder it is left out, alone it is an error."""


def _reader(name: str, summary: str) -> Reader:
    def function(kind: str) -> Any:
        return getattr(importlib.import_module(f"influence.readers.{name}"), kind)

    def sniff(path: Path, head: bytes) -> bool:
        return cast(Callable[[Path, bytes], bool], function("sniff"))(path, head)

    def read(path: Path, options: ReaderOptions) -> Iterator[Batch]:
        return cast(Callable[[Path, ReaderOptions], Iterator[Batch]], function("read"))(path, options)

    return Reader(name, summary, "posts", sniff, read)


READERS: tuple[Reader, ...] = (
    _reader("telegram_desktop", "result.json of Telegram Desktop: a channel, a group, a whole account"),
    _reader("telegram_telethon", "messages saved with Telethon: JSON or JSON lines"),
    _reader("x_api_v2", "X API v2 as twarc writes it: JSON or JSON lines, pages or flattened"),
    _reader("mapped", "any table (CSV, TSV, JSON, JSON lines, Parquet, XLSX) with --map or the contract's columns"),
)
"""All readers, in the order in which they look at a file."""


def detect(path: Path, options: ReaderOptions, format: str | None = None) -> Reader:
    """Return the reader of a file: the one that `format` names, else the one that knows the file's first bytes.

    With a mapping or a table, the file is a table. The reader's `primary` is the table that the file's records become.
    Raises InputError if there is no format of that name, if the file is empty or if a column is missing,
    UnknownFormat if no reader knows the file.
    """
    from influence.decoding import head

    names = [reader.name for reader in READERS]
    if format is not None and format not in names:
        raise InputError(f"there is no format {format!r}; the formats are {', '.join(names)}.")
    start = head(path)
    if format is None and (options.mapping or options.table):
        format = "mapped"
    chosen = next((r for r in READERS if (r.name == format if format else r.sniff(path, start))), None)
    if chosen is None:
        raise _unknown(path, names)
    if chosen.name != "mapped":
        return chosen
    from influence.readers.fields import make_plan

    return replace(chosen, primary=make_plan(path, options).table)


def _unknown(path: Path, names: list[str]) -> InputError:
    from influence.readers.fields import make_plan

    ending = path.with_suffix("").suffix if path.suffix.lower() in (".gz", ".zst") else path.suffix
    if ending.lower() in (".csv", ".tsv", ".parquet", ".xlsx", ".json", ".jsonl", ".ndjson"):
        try:
            make_plan(path, ReaderOptions())
        except InputError as error:  # columns that are missing, another encoding, a damaged file
            return error
    return UnknownFormat(
        f"{path} is of no format that is known ({', '.join(names)}). Name one with --format, or for a table say what "
        "its columns are: --map actor_id=COLUMN --map created_at=COLUMN --map text=COLUMN"
    )
