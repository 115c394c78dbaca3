"""The form of a text table: its delimiter and the names of its columns."""

from __future__ import annotations

import csv
import io
from collections import Counter

__all__ = ["delimited", "named"]

_DELIMITERS = ",;\t|"


def delimited(start: bytes) -> tuple[list[str], str]:
    """Return the names of the columns and the delimiter from the first bytes of a text table in UTF-8.

    The delimiter is the one that cuts the most rows into as many cells as the header, and into more than one.
    """
    text = start.decode("utf-8", "ignore").removeprefix("\ufeff")
    whole = text if len(start) < 1 << 16 else text.rpartition("\n")[0] or text
    best: tuple[float, int, str] = (-1.0, 0, ",")
    names = [text.partition("\n")[0].strip()]
    for delimiter in _DELIMITERS:
        rows = _rows(whole, delimiter)
        if not rows or len(rows[0]) < 2:
            continue
        agreeing = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
        score = (agreeing, len(rows[0]), delimiter)
        if score[:2] > best[:2]:
            best, names = score, rows[0]
    if best[0] < 0:
        rows = _rows(whole, ",")
        names = rows[0] if rows else names
    return named(names), best[2]


def _rows(text: str, delimiter: str) -> list[list[str]]:
    rows = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if row:
                rows.append(row)
    except csv.Error:  # a cell longer than the module takes; what came before it is enough
        pass
    return rows


def named(names: list[str]) -> list[str]:
    """Return column names that are all there and all different: an empty one is numbered, a second of a name too."""
    clean = [name.strip() or f"column {place}" for place, name in enumerate(names, 1)]
    seen: Counter[str] = Counter()
    for place, name in enumerate(clean):
        seen[name] += 1
        if seen[name] > 1:
            clean[place] = f"{name} ({seen[name]})"
    return clean
