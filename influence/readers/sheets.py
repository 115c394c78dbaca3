"""The first sheet of an XLSX workbook as rows of texts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from influence.errors import InputError
from influence.readers.delimited import named

__all__ = ["sheet_columns", "sheet_rows"]


def _workbook(path: Path) -> Any:
    import openpyxl

    try:
        return openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, KeyError, ValueError, OSError, EOFError) as error:
        raise InputError(f"{path} is no readable workbook ({error}). Save it again as XLSX or CSV.") from error


def sheet_columns(path: Path) -> list[str]:
    """Return the names of the columns: the first row that is not empty."""
    book = _workbook(path)
    try:
        for cells in book.worksheets[0].iter_rows(values_only=True):
            if any(cell is not None for cell in cells):
                return named(["" if cell is None else str(cell) for cell in cells])
    finally:
        book.close()
    raise InputError(
        f"{path}: the first sheet is empty. Put the table into the first sheet, with names in its first row."
    )


def sheet_rows(path: Path) -> tuple[Iterator[tuple[int, list[str | None]]], str | None]:
    """Return the rows below the names, each with its number in the sheet, and a remark if there are more sheets."""
    book = _workbook(path)
    names = [sheet.title for sheet in book.worksheets]
    note = f"only the first sheet ({names[0]!r}) of {path.name} was read" if len(names) > 1 else None
    return _rows(book, len(sheet_columns(path))), note


def _rows(book: Any, width: int) -> Iterator[tuple[int, list[str | None]]]:
    try:
        head = True
        for number, cells in enumerate(book.worksheets[0].iter_rows(values_only=True), 1):
            if head:
                head = all(cell is None for cell in cells)
                continue
            texts = [_text(cell) for cell in cells[:width]]
            yield number, texts + [None] * (width - len(texts))
    finally:
        book.close()


def _text(cell: object) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, dt.datetime | dt.date | dt.time) else str(cell)
