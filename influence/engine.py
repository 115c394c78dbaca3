"""The engine that runs every table expression: Ibis on DuckDB.

One place opens it, so that the steps only ever see Ibis expressions.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from influence.errors import InputError, SystemFailure

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

__all__ = ["ENGINES", "Engine"]

ENGINES = ("duckdb",)
DEFAULT_MEMORY = "2GB"


class Engine:
    """A connection that turns Parquet files into Ibis tables and runs expressions out of core.

    `memory` is what the engine may hold before it spills to `scratch`, for example "2GB".
    Raises InputError if there is no engine of that name.
    """

    def __init__(self, name: str = "duckdb", *, scratch: Path | None = None, memory: str = DEFAULT_MEMORY) -> None:
        if name not in ENGINES:
            raise InputError(f"there is no engine {name!r} in this version; use --engine {ENGINES[0]}.")
        self.name, self.scratch, self.memory = name, scratch, memory
        self._connection: Any = None

    @property
    def connection(self) -> Any:
        """The Ibis backend, opened at first use."""
        if self._connection is None:
            import duckdb
            import ibis

            options: dict[str, object] = {"memory_limit": self.memory, "preserve_insertion_order": False}
            if self.scratch is not None:
                options["temp_directory"] = str(self.scratch)
            try:
                self._connection = ibis.duckdb.connect(**options)
            except (duckdb.Error, OSError, ValueError) as error:
                raise SystemFailure(f"the engine could not be started: {first_line(error)}") from error
            # The engine's own bar would write into pipes and over ours.
            self._connection.raw_sql("SET enable_progress_bar = false")
            self._connection.raw_sql("SET TimeZone = 'UTC'")
        return self._connection

    def parquet(self, files: Sequence[Path], schema: pa.Schema) -> ir.Table:
        """Return the rows of several Parquet files as one table of exactly `schema`; no files give no rows."""
        import ibis

        if not files:
            return ibis.memtable(schema.empty_table())
        table = self.connection.read_parquet([str(file) for file in files], union_by_name=True)
        wanted = ibis.Schema.from_pyarrow(schema)
        return table.select(**{name: table[name].cast(kind) for name, kind in wanted.items()})

    def cached(self, expression: ir.Table) -> ir.Table:
        """Return the rows of an expression computed once, for an expression that is used many times."""
        import ibis

        # Through Arrow, not a temporary table: the rows stay usable beside any other connection's.
        return ibis.memtable(self.fetch(expression))

    def fetch(self, expression: ir.Table) -> pa.Table:
        """Run an expression and return its rows. Only for aggregates: the result is held in memory."""
        import duckdb

        try:
            return self.connection.to_pyarrow(expression)
        except duckdb.Error as error:
            raise SystemFailure(f"the engine failed: {first_line(error)}") from error

    def write(self, expression: ir.Table, path: Path) -> None:
        """Run an expression and stream its rows into one Parquet file (zstandard)."""
        import duckdb

        try:
            self.connection.to_parquet(expression, path, compression="zstd")
        except (duckdb.Error, OSError) as error:
            raise SystemFailure(f"{path.name} could not be written: {first_line(error)}") from error

    def close(self) -> None:
        """Close the connection; the next use opens a new one."""
        if self._connection is not None:
            self._connection.disconnect()
            self._connection = None


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, for a message of our own."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
