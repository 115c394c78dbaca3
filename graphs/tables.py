"""One door for tables: Ibis expressions, Arrow tables and data frames become Ibis expressions of known columns."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

from graphs.errors import InputError

__all__ = ["as_ibis", "pick", "refuse_negative"]

_NUMBERS = ("float64", "int64")


def as_ibis(table: Any, like: ir.Table | None = None) -> ir.Table:
    """Return `table` as an Ibis expression.

    Parameters
    ----------
    table
        An Ibis table (returned as it is), a pyarrow Table or a pandas DataFrame (held in memory, and sent to whatever
        engine it is joined with).
    like
        Another expression that `table` is going to be joined with.

    Raises
    ------
    InputError
        If `table` is none of these, or lives on another engine than `like`.

    Examples
    --------
    >>> import pyarrow as pa
    >>> as_ibis(pa.table({"source": ["x:1"], "target": ["x:2"]})).columns
    ('source', 'target')
    """
    if isinstance(table, ir.Table):
        if like is not None and len(_engines(table) | _engines(like)) > 1:
            raise InputError("two tables live on different engines. Open them with one connection.")
        return table
    if isinstance(table, pd.DataFrame):
        # Arrow's own conversion: NaN becomes null here already.
        table = pa.Table.from_pandas(table, preserve_index=False)
    if isinstance(table, pa.Table):
        return ibis.memtable(table)
    raise InputError(
        f"a table must be an Ibis table, a pyarrow Table or a pandas DataFrame, got {type(table).__name__}."
    )


def _engines(table: ir.Table) -> set[int]:
    """Return the identities of the connections that an expression reads from; tables in memory have none."""
    return {id(node.source) for node in table.op().find(ops.DatabaseTable)}


def pick(table: Any, name: str, required: Mapping[str, str], optional: Mapping[str, str]) -> ir.Table:
    """Return the named columns of a table with the given types; optional columns that it lacks are null.

    Parameters
    ----------
    table
        Anything that `as_ibis` takes.
    name
        What an error calls the table.
    required, optional
        Column names and Ibis types; `any` leaves a column as it is. Of a `float64` column, NaN becomes null.

    Raises
    ------
    InputError
        If a required column is missing, or text stands where numbers must.
    """
    source = as_ibis(table)
    missing = [column for column in required if column not in source.columns]
    if missing:
        raise InputError(f"{name}: there is no column {missing[0]!r}; the table has {', '.join(source.columns)}.")
    return source.select(
        **{column: _typed(source, name, column, kind) for column, kind in {**required, **optional}.items()}
    )


def _typed(table: ir.Table, name: str, column: str, kind: str) -> Any:
    if column not in table.columns:
        return ibis.null("timestamp" if kind == "any" else kind)
    values = table[column]
    if kind == "any":
        return values
    have = values.type()
    if kind in _NUMBERS and not (have.is_numeric() or have.is_null()):
        raise InputError(f"{name}.{column} must hold numbers, got {have}. Convert the column first.")
    if kind == "float64" and have.is_floating():
        return ibis.ifelse(values.isnan(), ibis.null(kind), values.cast(kind))
    return values.cast(kind)


def refuse_negative(table: ir.Table, name: str, label: str, columns: tuple[str, ...]) -> None:
    """Raise InputError if one of `columns` (float64) holds a negative or infinite number; `label` names the row."""
    if not columns:
        return
    wrong = [(table[column] < 0) | table[column].isinf() for column in columns]
    rows = table.filter(reduce(or_, wrong)).select(label, *columns).limit(1).to_pyarrow().to_pylist()
    for row in rows:
        column = next(x for x in columns if row[x] is not None and not 0 <= row[x] < float("inf"))
        raise InputError(
            f"{name}: {column} of {row[label]} is {row[column]:g}. A count cannot be negative or infinite: "
            "correct it, or leave it empty if it is unknown."
        )
