"""Which column of a table in a file gives which column of the data contract (`--map`)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from influence.decoding import head
from influence.errors import InputError
from influence.readers.base import ReaderOptions
from influence.readers.convert import to_text
from influence.readers.tabular import columns_of, kind_of
from influence.tables import SCHEMAS, schema_of

__all__ = ["ACTOR_COLUMNS", "MissingColumns", "Plan", "Source", "make_plan", "table_in"]

ACTOR_COLUMNS = ("handle", "name", "person", "kind", "followers", "followers_at", "country", "description", "url")
_WITH_ACTORS = ("posts", "audiences", "actions")
_NAMING = ("actor_id", "handle", "actor.handle", "name", "actor.name", "actor.url")
_WHAT = ("post_id", "created_at", "text", "url")
# A table without --map is taken for what its columns say; the first that fits.
_TELLING = (
    ("overlaps", ("actor_a", "actor_b", "share_a_in_b")),
    ("audiences", ("actor_id", "measure", "value")),
    ("interactions", ("source", "kind")),
    ("actions", ("action", "count")),
    ("objects", ("post_id", "actor_id", "kind", "object")),
)
_LIKELY = (
    ("actor_id", r"(user|author|account|channel|page|owner|sender|source|newspaper|outlet)[ _]?(id|name)?$|^name$"),
    ("post_id", r"(post|message|msg|tweet|status|item)[ _]?id$|^id$"),
    ("created_at", r"date|time|created|published"),
    ("text", r"text|message|content|body|caption"),
    ("views", r"views?"),
    ("measure", r"measure|metric"),
    ("value", r"value|circulation|rating|audience|reach|readers|subscribers"),
)


class MissingColumns(InputError):
    """A table lacks columns that are needed: in a folder it is left out, alone it is an error."""


@dataclass(frozen=True)
class Source:
    """Where a column comes from: columns of the file, joined by / if there are several, or one text for every row."""

    columns: tuple[str, ...] = ()
    literal: str | None = None

    @property
    def label(self) -> str:
        """The source as the user wrote it."""
        return "+".join(self.columns) if self.literal is None else f"={self.literal}"

    def take(self, table: pa.Table) -> pa.Array | pa.ChunkedArray:
        """Return the column of a batch."""
        if self.literal is not None:
            return pa.repeat(pa.scalar(self.literal), table.num_rows)
        if len(self.columns) == 1:
            return _column(table, self.columns[0])
        texts = [to_text(_column(table, name)) for name in self.columns]
        return pc.binary_join_element_wise(*texts, "/")


def _column(table: pa.Table, name: str) -> pa.Array | pa.ChunkedArray:
    if name in table.column_names:
        return table[name]
    first, *steps = name.split(".")
    return pc.struct_field(table[first], steps)


@dataclass(frozen=True)
class Plan:
    """How a table in a file becomes a table of the contract."""

    kind: str
    table: str
    columns: tuple[str, ...]
    sources: Mapping[str, Source]

    @property
    def wanted(self) -> list[str]:
        """The columns of the file that are used."""
        return list(dict.fromkeys(name for source in self.sources.values() for name in source.columns))

    @property
    def owner(self) -> Source | None:
        """The source that names the account of a row."""
        return next((self.sources[name] for name in _NAMING if name in self.sources), None)

    def actor_source(self, name: str) -> Source | None:
        """Return the source of a column of the actors that rows name; beside posts their `url` is `actor.url`."""
        plain = None if name == "url" and self.table == "posts" else self.sources.get(name)
        return self.sources.get(f"actor.{name}", plain)


def table_in(path: Path, options: ReaderOptions) -> str:
    """Return which table of the contract a file holds: what the user says, else what its columns tell, else posts."""
    if options.table:
        schema_of(options.table)
        return options.table
    if options.mapping:
        return "posts"
    kind = kind_of(path, head(path))
    columns = set(columns_of(path, kind)) if kind else set()
    for table, telling in _TELLING:
        if columns.issuperset(telling):
            return table
    if "actor_id" in columns and not columns.intersection(_WHAT[:-1]) and columns.intersection(ACTOR_COLUMNS):
        return "actors"
    return "posts"


def make_plan(path: Path, options: ReaderOptions) -> Plan:
    """Return how a file's table becomes a table of the contract.

    Columns that already bear a name of the contract are taken as that, unless --map says otherwise.
    Raises MissingColumns, naming the columns that there are, if what is needed is not there or --map names what is not;
    InputError if --map names a column that the contract has not, or the file is no table.
    """
    kind = kind_of(path, head(path))
    if kind is None:
        raise InputError(f"{path} is no table. --map takes CSV, TSV, JSON, JSON lines, Parquet and XLSX.")
    table = table_in(path, options)
    columns = columns_of(path, kind)
    known = _known(table)
    sources = {}
    for name in schema_of(table).names if table == "posts" else known:
        if name in columns and (table == "posts" or "." not in name):
            sources[name] = Source((name,))
    for name, expression in options.mapping.items():
        if name not in known:
            turned = (
                f" The column of the contract comes first: --map {expression}={name}." if expression in known else ""
            )
            raise InputError(
                f"--map {name}={expression}: table {table} has no column {name!r}; it has {', '.join(known)}.{turned}"
            )
        sources[name] = _source(path, kind, columns, name, expression)
    mapped = [name for key in options.mapping for name in sources[key].columns]
    if kind == "json" and mapped and not set(mapped).intersection(columns):
        raise _missing(path, columns, f"has none of the fields that --map asks for, such as {mapped[0]!r}")
    plan = Plan(kind, table, tuple(columns), sources)
    _check(path, plan)
    return plan


def _known(table: str) -> tuple[str, ...]:
    own = tuple(schema_of(table).names)
    extra: tuple[str, ...] = ("platform",)
    if table in _WITH_ACTORS:
        extra += (*ACTOR_COLUMNS, *(f"actor.{name}" for name in ACTOR_COLUMNS))
    return tuple(dict.fromkeys(own + extra))


def _source(path: Path, kind: str, columns: list[str], name: str, expression: str) -> Source:
    if expression.startswith("="):
        return Source(literal=expression[1:])
    if expression in columns:
        return Source((expression,))
    parts = [part.strip() for part in expression.split("+")] if "+" in expression else [expression]
    nested = [part for part in parts if part.partition(".")[0] in columns and kind == "parquet"]
    missing = [part for part in parts if part not in columns and part not in nested]
    # The first records of JSON do not show every field that others have.
    if missing and kind != "json":
        raise _missing(path, columns, f"has no column {missing[0]!r}, which --map {name}={expression} asks for")
    return Source(tuple(parts))


def _check(path: Path, plan: Plan) -> None:
    given = set(plan.sources)
    if plan.table == "posts":
        lacking = [] if given.intersection(_NAMING) else ["actor_id"]
        lacking += [] if given.intersection(_WHAT) else ["post_id"]
    else:
        schema = SCHEMAS[plan.table]
        lacking = [field.name for field in schema if not field.nullable and field.name not in given]
        free = {"platform"} | (
            {"actor_id"} if given.intersection(_NAMING) or (plan.table == "actors" and "url" in given) else set()
        )
        free |= {"measure"} if plan.table == "audiences" and "value" in given else set()
        lacking = [name for name in lacking if name not in free]
    if lacking:
        raise _missing(path, list(plan.columns), f"has no column for {lacking[0]} of table {plan.table}", plan.table)


def _missing(path: Path, columns: Iterable[str], problem: str, table: str = "posts") -> MissingColumns:
    names = list(columns)
    quoted = [f"'{name}'" if "," in name else name for name in sorted(names, key=lambda name: name.count("."))]
    shown = ", ".join(quoted[:24]) + (f" and {len(names) - 24} more" if len(names) > 24 else "")
    return MissingColumns(
        f"{path} {problem}. Its columns are: {shown}. Say which is which, for example: {_example(names, table)}"
    )


def _example(columns: list[str], table: str) -> str:
    found: dict[str, str] = {}
    for name, pattern in _LIKELY:
        if name not in schema_of(table).names:
            continue
        matches = [c for c in columns if re.search(pattern, c, re.IGNORECASE) and c not in found.values()]
        if matches:
            found[name] = min(matches, key=lambda column: column.count("."))
    first = {} if "actor_id" in found or table in ("overlaps", "interactions") else {"actor_id": "COLUMN"}
    pairs = {**first, **found} or {next(iter(schema_of(table).names)): "COLUMN"}
    return " ".join(f"--map {shlex.quote(f'{name}={column}')}" for name, column in pairs.items())
