"""The table of clusters: who, what, how dense, how sure, and what speaks against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphs.coordination.counter_evidence import COUNTER_FIELDS, Lags, against, counter_evidence, regular_edges
from graphs.coordination.grid import Standing
from graphs.coordination.groups import Ints, groups_of
from graphs.coordination.inside import EdgeEvents, codes_of
from graphs.coordination.shares import Shares
from graphs.coordination.traces import event_clusters

__all__ = ["CLUSTERS_SCHEMA", "cluster_table"]

_TEXT, _COUNT, _NUMBER, _TIME = pa.string(), pa.int64(), pa.float64(), pa.timestamp("us", tz="UTC")
CLUSTERS_SCHEMA = pa.schema(
    [
        pa.field("cluster", _COUNT, nullable=False),
        *(pa.field(name, pa.list_(_TEXT), nullable=False) for name in ("actors", "objects", "posts")),
        pa.field("density", _NUMBER, nullable=False),
        pa.field("q_value", _NUMBER),
        *(pa.field(name, _COUNT, nullable=False) for name in ("n_actors", "n_objects", "n_posts", "edges", "events")),
        pa.field("kinds", pa.list_(_TEXT), nullable=False),
        *(pa.field(name, _TIME, nullable=False) for name in ("first_at", "last_at")),
        pa.field("median_gap_s", _NUMBER, nullable=False),
        pa.field("stability", _NUMBER),
        *(pa.field(name, _COUNT, nullable=False) for name in ("stands_in", "cells")),
        pa.field("fragile", pa.bool_(), nullable=False),
        *(pa.field(name, kind) for name, kind in COUNTER_FIELDS),
        pa.field("against", pa.list_(_TEXT), nullable=False),
    ]
)


def cluster_table(
    shares: Shares,
    edges: pa.Table,
    events: EdgeEvents,
    labels: Ints,
    evidence: pa.Table,
    *,
    actors: Mapping[str, Mapping[str, Any]],
    stability: npt.NDArray[np.float64] | None,
    standing: Standing,
    window_s: float,
) -> pa.Table:
    """Return a row per cluster, of `CLUSTERS_SCHEMA`, the largest first.

    Parameters
    ----------
    shares, events, labels, evidence
        All shares, the events of the edges, the cluster of each account (-1 for none), what the clusters shared.
    edges
        The edges that clusters are made of, with `q_value` (null without a null model).
    actors
        What is known of the accounts, by id.
    stability, standing
        From `cluster_stability` (None: not tried) and `grid_of_settings`.
    window_s
        Seconds of the window.

    Returns
    -------
    pyarrow.Table
        `actors`, `objects`, `posts` are sorted ids, `n_*` their numbers; `density` the edges among all pairs of its
        accounts, in (0, 1]; `q_value` the largest of its edges; `edges`, `events` those within the cluster;
        `median_gap_s` over these events; `stability` in [0, 1]; `stands_in` of `cells`, `fragile`; then the fields of
        `CounterEvidence`, and `against`, the same in words.
    """
    members = groups_of(labels)
    if not members:
        return CLUSTERS_SCHEMA.empty_table()
    source, target = codes_of(edges, shares.actors)
    inside = np.where(labels[source] == labels[target], labels[source], -1)
    lags = regular_edges(events, labels, window_s=window_s)
    gaps = _gaps(events, labels, len(members))
    rows_of: dict[int, list[dict[str, Any]]] = {}
    for row in evidence.drop_columns(["at", "gaps_s"]).to_pylist():
        rows_of.setdefault(row["cluster"], []).append(row)
    q_values = edges["q_value"].to_numpy()
    rows = []
    for place, codes in enumerate(members):
        names = shares.actors.take(pa.array(codes)).to_pylist()
        own = rows_of[place + 1]
        row = _row(place, names, own, np.flatnonzero(inside == place), gaps[place], q_values)
        row |= _counter(names, own, actors, lags, place)
        row["stability"] = None if stability is None else float(stability[place])
        row["stands_in"], row["fragile"] = int(standing.clusters[place]), bool(standing.fragile_clusters[place])
        rows.append(row | {"cells": standing.cells})
    return pa.Table.from_pylist(rows, schema=CLUSTERS_SCHEMA)


def _gaps(events: EdgeEvents, labels: Ints, clusters: int) -> list[npt.NDArray[np.float64]]:
    """Return the gaps in seconds of the events of each cluster."""
    cluster = event_clusters(events, labels)
    order = np.argsort(cluster, kind="stable")
    bounds = np.searchsorted(cluster[order], np.arange(clusters + 1))
    gap = np.abs(events.lag)[order] / 1e6
    return [gap[bounds[place] : bounds[place + 1]] for place in range(clusters)]


def _row(
    place: int,
    names: list[str],
    evidence: Sequence[Mapping[str, Any]],
    edges: Ints,
    gaps: npt.NDArray[np.float64],
    q_values: npt.NDArray[np.float64],
) -> dict[str, Any]:
    posts = sorted({post for row in evidence for post in row["posts"]})
    largest_q = float(q_values[edges].max())
    return {
        "cluster": place + 1,
        "actors": names,
        "objects": sorted({row["object"] for row in evidence}),
        "posts": posts,
        "density": len(edges) / (len(names) * (len(names) - 1) / 2),
        "q_value": None if np.isnan(largest_q) else largest_q,
        "n_actors": len(names),
        "n_objects": len(evidence),
        "n_posts": len(posts),
        "edges": len(edges),
        "events": len(gaps),
        "kinds": sorted({row["kind"] for row in evidence}),
        "first_at": min(row["first_at"] for row in evidence),
        "last_at": max(row["last_at"] for row in evidence),
        "median_gap_s": float(np.median(gaps)),
    }


def _counter(
    names: Sequence[str],
    evidence: Sequence[Mapping[str, Any]],
    actors: Mapping[str, Mapping[str, Any]],
    lags: Lags,
    place: int,
) -> dict[str, Any]:
    own = np.flatnonzero(lags.cluster == place)
    found = counter_evidence(names, evidence, actors, [(float(lags.lag_s[i]), bool(lags.regular[i])) for i in own])
    words = against(found, accounts=len(names), objects=len(evidence), edges=len(own))
    return {**found._asdict(), "against": words}
