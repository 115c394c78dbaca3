"""The data contract: one Arrow schema per table of a study, and what makes two rows the same row.

Times are UTC. A count that the source does not give is null, never 0.
"""

from types import MappingProxyType

import pyarrow as pa

from influence.errors import InputError

__all__ = [
    "ACTOR_KINDS",
    "DERIVED_OBJECT_KINDS",
    "INTERACTION_KINDS",
    "KEYS",
    "OBJECT_KINDS",
    "SCHEMAS",
    "SCHEMA_VERSION",
    "TIME",
    "conform",
    "empty",
    "schema_of",
]

SCHEMA_VERSION = 1
"""Version of the schemas below; a study of a newer version is refused."""

ACTOR_KINDS = ("leader", "media", "party", "ngo", "union", "state", "ordinary", "unknown")
INTERACTION_KINDS = ("reshare", "reply", "mention", "quote", "comment", "reaction", "follow")
OBJECT_KINDS = ("url", "hashtag", "text", "media", "reshare")
DERIVED_OBJECT_KINDS = ("near_text",)
"""Kinds of objects that are made of all posts together when they are asked for, and not stored."""

TIME = pa.timestamp("us", tz="UTC")
_TEXT, _COUNT, _NUMBER = pa.string(), pa.int64(), pa.float64()


def _schema(required: tuple[str, ...], /, **columns: pa.DataType) -> pa.Schema:
    return pa.schema([pa.field(name, kind, nullable=name not in required) for name, kind in columns.items()])


SCHEMAS: MappingProxyType[str, pa.Schema] = MappingProxyType(
    {
        "actors": _schema(
            ("actor_id", "platform"),
            actor_id=_TEXT,
            platform=_TEXT,
            handle=_TEXT,
            name=_TEXT,
            person=_TEXT,
            kind=_TEXT,
            followers=_COUNT,
            followers_at=TIME,
            country=_TEXT,
            description=_TEXT,
            url=_TEXT,
        ),
        "posts": _schema(
            ("post_id", "actor_id", "platform"),
            post_id=_TEXT,
            actor_id=_TEXT,
            platform=_TEXT,
            created_at=TIME,
            text=_TEXT,
            lang=_TEXT,
            views=_COUNT,
            reactions=_COUNT,
            comments=_COUNT,
            shares=_COUNT,
            url=_TEXT,
            reply_to=_TEXT,
            reshared_post=_TEXT,
            reshared_actor=_TEXT,
        ),
        "interactions": _schema(
            ("source", "kind"),
            source=_TEXT,
            target=_TEXT,
            kind=_TEXT,
            at=TIME,
            post_id=_TEXT,
            target_post=_TEXT,
        ),
        "objects": _schema(
            ("post_id", "actor_id", "kind", "object"),
            post_id=_TEXT,
            actor_id=_TEXT,
            kind=_TEXT,
            object=_TEXT,
            at=TIME,
        ),
        "audiences": _schema(
            ("actor_id", "measure", "value"),
            actor_id=_TEXT,
            medium=_TEXT,
            measure=_TEXT,
            value=_NUMBER,
            period=_TEXT,
            population=_COUNT,
            source=_TEXT,
        ),
        "overlaps": _schema(
            ("actor_a", "actor_b", "share_a_in_b"),
            actor_a=_TEXT,
            actor_b=_TEXT,
            share_a_in_b=_NUMBER,
            n=_COUNT,
            source=_TEXT,
        ),
        "actions": _schema(
            ("action", "count"),
            actor_id=_TEXT,
            post_id=_TEXT,
            action=_TEXT,
            at=TIME,
            count=_NUMBER,
            source=_TEXT,
        ),
        "rejects": _schema(
            ("source_file", "reason"),
            source_file=_TEXT,
            line=_COUNT,
            reason=_TEXT,
            raw=_TEXT,
        ),
    }
)

KEYS: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        # An account may be seen many times with different follower counts: every distinct observation is kept,
        # and the view of the table merges them. All other tables hold one row per thing.
        "actors": tuple(SCHEMAS["actors"].names),
        "posts": ("post_id",),
        "interactions": tuple(SCHEMAS["interactions"].names),
        "objects": ("post_id", "kind", "object"),
        "audiences": tuple(SCHEMAS["audiences"].names),
        "overlaps": tuple(SCHEMAS["overlaps"].names),
        "actions": tuple(SCHEMAS["actions"].names),
        "rejects": tuple(SCHEMAS["rejects"].names),
    }
)
"""Columns that make two rows of a table the same row: the second is a duplicate."""


def schema_of(table: str) -> pa.Schema:
    """Return the schema of a table of the contract.

    Raises InputError if the contract has no such table.
    """
    if table not in SCHEMAS:
        raise InputError(f"there is no table {table!r}; the tables are {', '.join(SCHEMAS)}.")
    return SCHEMAS[table]


def empty(table: str) -> pa.Table:
    """Return a table of the contract without rows."""
    return schema_of(table).empty_table()


def conform(table: str, rows: pa.Table) -> pa.Table:
    """Return `rows` with exactly the contract's columns, in order and of its types; absent columns become null.

    Raises InputError if a column is not in the contract or holds a value that is not of the column's type.
    """
    schema = schema_of(table)
    unknown = [name for name in rows.column_names if name not in schema.names]
    if unknown:
        raise InputError(f"table {table} has no column {unknown[0]!r}; its columns are {', '.join(schema.names)}.")
    columns = []
    for field in schema:
        if field.name not in rows.column_names:
            columns.append(pa.nulls(rows.num_rows, field.type))
            continue
        try:
            columns.append(rows[field.name].cast(field.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise InputError(f"table {table}, column {field.name}: {error}.") from error
    return pa.Table.from_arrays(columns, schema=schema)
