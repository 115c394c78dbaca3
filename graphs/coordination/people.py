"""What the tables of a study say of the accounts in clusters, and of the authors whom they reshare."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import pyarrow as pa

from graphs.tables import pick

__all__ = ["authors_of", "known_actors"]


def known_actors(actors: Any, ids: pa.Array) -> dict[str, dict[str, Any]]:
    """Return `kind, person, name, url` of the accounts with these ids, by id; nothing without a table."""
    if actors is None or not len(ids):
        return {}
    optional = dict.fromkeys(("kind", "person", "name", "url"), "string")
    table = pick(actors, "actors", {"actor_id": "string"}, optional)
    wanted = ibis.memtable(pa.table({"actor_id": ids.cast(pa.string())}))
    rows = table.semi_join(wanted, "actor_id").to_pyarrow().to_pylist()
    return {row["actor_id"]: row for row in rows}


def authors_of(posts: Any, ids: Sequence[str]) -> dict[str, str]:
    """Return who wrote each of the posts with these ids, where the table has the post or a reshare that names him."""
    optional = dict.fromkeys(("reshared_post", "reshared_actor"), "string")
    table = pick(posts, "posts", {"post_id": "string", "actor_id": "string"}, optional)
    wanted = ibis.memtable(pa.table({"object": pa.array(ids, pa.string())}))
    reshared = table.select(object=table.reshared_post, author=table.reshared_actor)
    own = table.select(object=table.post_id, author=table.actor_id)
    named = reshared.union(own).filter(lambda rows: rows.author.notnull())
    rows = named.semi_join(wanted, "object").group_by("object").agg(author=lambda rows: rows.author.min())
    return {row["object"]: row["author"] for row in rows.to_pyarrow().to_pylist()}
