"""Tables in files (CSV, TSV, JSON, Parquet, XLSX) as Arrow batches that know where each row stands in its file."""

from __future__ import annotations

import csv
import io
import itertools
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from influence.decoding import Encoding, encoding_of, head, open_utf8
from influence.errors import InputError
from influence.readers.collect import rejected
from influence.readers.delimited import delimited
from influence.readers.json_records import json_encoding, outline, records
from influence.readers.sheets import sheet_columns, sheet_rows

__all__ = ["Rows", "batches", "columns_of", "kind_of"]

_ROWS = 65_536


@dataclass(frozen=True)
class Rows:
    """A run of rows: the columns as the file has them, the line (or the number) of each row, and rows that are none."""

    table: pa.Table
    lines: pa.Array
    rejects: pa.Table
    notes: tuple[str, ...] = ()


def kind_of(path: Path, start: bytes) -> str | None:
    """Return `parquet`, `xlsx`, `json` or `csv` from the first bytes of a file, None if it is no table."""
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"PK\x03\x04"):
        return "xlsx" if _is_workbook(path) else None
    if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        return "json" if outline(start) else None
    return None if b"\x00" in start or start.startswith(b"%PDF") else "csv"


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def columns_of(path: Path, kind: str) -> list[str]:
    """Return the names of a table's columns; of JSON those that its first records show, nested ones as `user.id`.

    Raises InputError if the file is damaged.
    """
    if kind == "parquet":
        return list(_parquet(path).schema_arrow.names)
    if kind == "xlsx":
        return sheet_columns(path)
    if kind == "json":
        seen = outline(head(path))
        # What lies inside arrays is not one value of a record.
        return sorted(path for path in seen.paths if ".item" not in path) if seen else []
    with open_utf8(path, encoding_of(path)) as file:
        names, _ = delimited(file.read(1 << 16))
    return names


def batches(path: Path, kind: str, wanted: list[str]) -> Iterator[Rows]:
    """Stream a table. Of Parquet and JSON only the wanted columns are read; of CSV and XLSX all.

    Raises InputError if the file cannot be read as the kind that it is.
    """
    read: dict[str, Callable[[Path, list[str]], Iterator[Rows]]]
    read = {"parquet": _read_parquet, "xlsx": _read_xlsx, "json": _read_json, "csv": _read_csv}
    yield from read[kind](path, wanted)


def _none(path: Path) -> pa.Table:
    return rejected(path, [], [], [])


# -- Parquet -----------------------------------------------------------------------------------------------------------


def _parquet(path: Path) -> Any:
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} is no readable Parquet file ({_brief(error)}). Export it again.") from error


def _read_parquet(path: Path, wanted: list[str]) -> Iterator[Rows]:
    file = _parquet(path)
    names = [name for name in file.schema_arrow.names if any(_within(name, column) for column in wanted)]
    first = 1
    try:
        for batch in file.iter_batches(batch_size=_ROWS, columns=names, use_threads=False):
            lines = pa.array(range(first, first + batch.num_rows), pa.int64())
            first += batch.num_rows
            yield Rows(pa.Table.from_batches([batch]), lines, _none(path))
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"{path}: row {first}: the Parquet file is damaged ({_brief(error)}). Export it again."
        ) from error
    finally:
        file.close()


def _within(name: str, column: str) -> bool:
    return column == name or column.startswith(f"{name}.")


def _brief(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


# -- delimited text ----------------------------------------------------------------------------------------------------


class _Lines:
    """Which lines of the file the rows of each batch begin at."""

    def __init__(self, path: Path, header: int) -> None:
        self.path, self.row, self.line = path, 1, header + 1
        self.invalid: list[Any] = []

    def take(self, table: pa.Table) -> tuple[pa.Array, pa.Table]:
        """Return the line of each row, and as rejects the rows of a wrong length that stand before or between them."""
        inside = _newlines(table)
        lines, bad = [], []
        waiting = iter(sorted(self.invalid, key=lambda row: row.number))
        upcoming = next(waiting, None)
        for extra in inside:
            while upcoming is not None and upcoming.number <= self.row + 1:
                bad.append((self.line, upcoming))
                self._pass(upcoming.text.count("\n"))
                upcoming = next(waiting, None)
            lines.append(self.line)
            self._pass(extra)
        self.invalid = [] if upcoming is None else [upcoming, *waiting]
        return pa.array(lines, pa.int64()), self._rejects(bad)

    def rest(self) -> pa.Table:
        """Return as rejects the rows of a wrong length at the end of the file."""
        bad = []
        for row in sorted(self.invalid, key=lambda row: row.number):
            bad.append((self.line, row))
            self._pass(row.text.count("\n"))
        self.invalid = []
        return self._rejects(bad)

    def _pass(self, newlines: int) -> None:
        self.row += 1
        self.line += 1 + newlines

    def _rejects(self, bad: list[tuple[int, Any]]) -> pa.Table:
        reasons = [f"{row.actual_columns} cells, but {row.expected_columns} columns" for _, row in bad]
        return rejected(self.path, [line for line, _ in bad], reasons, [row.text for _, row in bad])


def _newlines(table: pa.Table) -> list[int]:
    counts = None
    for column in table.columns:
        found = pc.fill_null(pc.count_substring(column, "\n"), 0)
        if pc.sum(found).as_py():
            counts = found if counts is None else pc.add(counts, found)
    return [0] * table.num_rows if counts is None else counts.to_pylist()


def _read_csv(path: Path, wanted: list[str]) -> Iterator[Rows]:
    import pyarrow.csv as arrow_csv

    encoding = encoding_of(path)
    with open_utf8(path, encoding) as file:
        names, delimiter = delimited(file.read(1 << 16))
    lines = _Lines(path, _header_lines(path, encoding, delimiter))

    def set_aside(row: Any) -> str:
        lines.invalid.append(row)
        return "skip"

    reading = arrow_csv.ReadOptions(use_threads=False, column_names=names, skip_rows_after_names=1, block_size=1 << 24)
    parsing = arrow_csv.ParseOptions(
        delimiter=delimiter, newlines_in_values=True, invalid_row_handler=set_aside, ignore_empty_lines=False
    )
    texts = arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    notes = (encoding.note,) if encoding.note else ()
    last = 0
    with open_utf8(path, encoding) as file:
        quotes = _Quotes(file)
        try:
            for batch in arrow_csv.open_csv(quotes, reading, parsing, texts):
                table = pa.Table.from_batches([batch])
                where, bad = lines.take(table)
                last = _last_with_newline(table, where)
                yield _without_empty(Rows(table, where, bad, notes))
        except (pa.ArrowException, OSError) as error:
            raise InputError(
                f"{path}:{lines.line}: the table cannot be read ({_brief(error)}). Save it as CSV again."
            ) from error
    if quotes.count % 2 and last:
        raise InputError(
            f"{path}:{last}: a quotation mark is opened and never closed. Close it, or double it inside a cell."
        )
    yield Rows(
        pa.table({name: pa.array([], pa.string()) for name in names}), pa.array([], pa.int64()), lines.rest(), notes
    )


def _header_lines(path: Path, encoding: Encoding, delimiter: str) -> int:
    with open_utf8(path, encoding) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        reader = csv.reader(itertools.islice(text, 100), delimiter=delimiter)
        next(reader, None)
        return reader.line_num


class _Quotes(io.RawIOBase):
    """Counts quotation marks on their way, to notice one that is never closed."""

    def __init__(self, file: Any) -> None:
        self._file, self.count = file, 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        chunk: bytes = self._file.read(size)
        self.count += chunk.count(b'"')
        return chunk


def _last_with_newline(table: pa.Table, lines: pa.Array) -> int:
    """Return the line of a batch's last row if a cell of it runs over several lines, else 0."""
    if not table.num_rows:
        return 0
    cells = table.slice(table.num_rows - 1).to_pylist()[0].values()
    return int(lines[-1].as_py()) if any(cell and "\n" in cell for cell in cells) else 0


def _without_empty(rows: Rows) -> Rows:
    """Leave out rows without any content, such as an empty last line or those that spreadsheets append."""
    empty = None
    for column in rows.table.columns:
        blank = pc.fill_null(pc.equal(column, ""), True)
        empty = blank if empty is None else pc.and_(empty, blank)
        if not pc.any(empty).as_py():
            return rows
    if empty is None:
        return rows
    filled = pc.invert(empty)
    mask = filled.combine_chunks() if isinstance(filled, pa.ChunkedArray) else filled
    return Rows(rows.table.filter(mask), rows.lines.filter(mask), rows.rejects, rows.notes)


# -- JSON and spreadsheets ---------------------------------------------------------------------------------------------


def _read_json(path: Path, wanted: list[str]) -> Iterator[Rows]:
    encoding = json_encoding(path)
    notes = (encoding.note,) if encoding.note else ()
    paths = [(name, name.split(".")) for name in wanted]
    missing = dict.fromkeys(wanted)
    source = records(path, encoding)
    while block := list(itertools.islice(source, _ROWS)):
        good = [record for record in block if isinstance(record.value, dict)]
        bad = [record for record in block if not isinstance(record.value, dict)]
        columns = {}
        for name, steps in paths:
            found = [_value(record.value, steps) for record in good]
            if name in missing and any(value is not None for value in found):
                del missing[name]
            columns[name] = pa.array([_cell(value) for value in found], pa.string())
        reasons = [record.problem or "no object of JSON" for record in bad]
        raws: list[str | None] = [record.raw or json.dumps(record.value, ensure_ascii=False) for record in bad]
        rejects = rejected(path, [record.line for record in bad], reasons, raws)
        lines = pa.array([record.line for record in good], pa.int64())
        yield Rows(pa.table(columns), lines, rejects, notes)
    if missing:
        raise InputError(f"{path} has no field {next(iter(missing))!r} in any record. Mend --map.")


def _value(record: dict[str, Any], steps: list[str]) -> Any:
    if len(steps) > 1 and ".".join(steps) in record:
        return record[".".join(steps)]
    value: Any = record
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _cell(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value if value is None else value.encode("utf-8", "replace").decode()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list | bool) else str(value)


def _read_xlsx(path: Path, wanted: list[str]) -> Iterator[Rows]:
    names = sheet_columns(path)
    source, note = sheet_rows(path)
    notes = (note,) if note else ()
    while block := list(itertools.islice(source, _ROWS)):
        columns = {
            name: pa.array([cells[place] for _, cells in block], pa.string()) for place, name in enumerate(names)
        }
        lines = pa.array([number for number, _ in block], pa.int64())
        yield _without_empty(Rows(pa.table(columns), lines, _none(path), notes))
