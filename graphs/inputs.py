"""The columns of the data contract that the estimators read, typed and checked.

Every function takes an Ibis table, an Arrow table or a data frame, and returns an Ibis expression on the same engine.
"""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir
import numpy as np

from graphs.errors import InputError
from graphs.tables import pick, refuse_negative

__all__ = ["ACTING", "actors_of", "check_confidence", "check_population", "interactions_of", "posts_of"]

ACTING = ("reshare", "reply", "quote", "comment", "reaction")
"""Interactions that act on a post. A mention names an actor, and a follow is an audience, not an act."""

COUNTS = ("reactions", "comments", "shares")


def actors_of(actors: Any) -> ir.Table:
    """Return `actor_id, person, kind, followers, followers_at` of the actors with an id.

    Raises InputError if a follower count is negative.
    """
    table = pick(
        actors,
        "actors",
        {"actor_id": "string"},
        {"person": "string", "kind": "string", "followers": "float64", "followers_at": "any"},
    )
    table = table.filter(table.actor_id.notnull())
    refuse_negative(table, "actors", "actor_id", ("followers",))
    return table


def posts_of(posts: Any) -> ir.Table:
    """Return `actor_id, views, reactions, comments, shares` of the posts with an author.

    Raises InputError if a count is negative.
    """
    counts = ("views", *COUNTS)
    table = pick(posts, "posts", {"actor_id": "string"}, dict.fromkeys(counts, "float64"))
    table = table.filter(table.actor_id.notnull())
    given = tuple(column for column in counts if column in _columns(posts))
    refuse_negative(table, "posts", "actor_id", given)
    return table


def interactions_of(interactions: Any) -> ir.Table:
    """Return `source, target, kind` of the interactions between two different, named accounts."""
    table = pick(interactions, "interactions", {"source": "string", "target": "string", "kind": "string"}, {})
    return table.filter(table.source.notnull(), table.target.notnull(), table.source != table.target)


def _columns(table: Any) -> tuple[str, ...]:
    return tuple(getattr(table, "column_names", None) or table.columns)


def check_confidence(confidence: float) -> float:
    """Return `confidence`. Raises InputError unless it lies strictly between 0 and 1."""
    if not 0 < confidence < 1:
        raise InputError(f"confidence must lie between 0 and 1, got {confidence!r}. Write 0.95 for 95%.")
    return confidence


def check_population(population: float | None) -> float | None:
    """Return `population` (people). Raises InputError unless it is a positive, finite number or None."""
    if population is not None and not (np.isfinite(population) and population > 0):
        raise InputError(f"population must be a positive number of people, got {population!r}.")
    return None if population is None else float(population)
