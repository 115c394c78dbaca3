"""The whole search for coordination: edges, clusters with evidence and counter-evidence, robustness."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graphs.coordination.clusters import cluster_table
from graphs.coordination.grid import Standing, grid_of_settings, usual_weights
from graphs.coordination.groups import Ints, group_accounts
from graphs.coordination.inside import EdgeEvents, codes_of, events_behind
from graphs.coordination.nullrun import NULL_SCHEMA, coordination_null
from graphs.coordination.nulls import SignificanceOptions
from graphs.coordination.options import CoordinationOptions
from graphs.coordination.pairs import considered, coordinated_edges
from graphs.coordination.people import authors_of, known_actors
from graphs.coordination.shares import Shares, shares_of
from graphs.coordination.significance import Significance, edge_significance
from graphs.coordination.stability import cluster_stability
from graphs.coordination.traces import NEAR_S, evidence_of
from graphs.errors import InputError

__all__ = ["ClusterOptions", "Coordination", "find_coordination"]

Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class ClusterOptions:
    """How clusters are made of edges, and how they are tried.

    Parameters
    ----------
    max_q
        Edges with a q-value below this join accounts, where a null model is given; without one all edges do.
    method
        `communities` (Louvain within each connected part) or `components` (the parts themselves).
    resamples
        Resamples of objects behind the stability; 0 leaves it out.
    null_runs
        Shuffles of the data in which the same search is made; 0 leaves them out.
    windows, weights
        Windows in seconds and least weights of the grid; None: the usual ones around the chosen setting.
    near_s
        Seconds around a cluster's shares in which others count as sharing in the same minutes.
    seed
        Of Louvain's order and of the resamples.

    Raises
    ------
    InputError
        For a value out of range.
    """

    max_q: float = 0.05
    method: str = "communities"
    resamples: int = 100
    null_runs: int = 20
    windows: tuple[float, ...] | None = None
    weights: tuple[float, ...] | None = None
    near_s: float = NEAR_S
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.max_q <= 1:
            raise InputError(f"max_q must lie between 0 and 1, got {self.max_q!r}. Write 0.05 for 5%.")
        if self.method not in ("communities", "components"):
            raise InputError(f"method must be communities or components, got {self.method!r}.")
        for name in ("resamples", "null_runs"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} must be at least 0, got {getattr(self, name)!r}.")
        if not 0 <= self.near_s < float("inf"):
            raise InputError(f"near_s must be a number of seconds from 0 on, got {self.near_s!r}.")


@dataclass(frozen=True)
class Coordination:
    """What the search found.

    Attributes
    ----------
    edges
        The columns of `coordinated_edges`; `p_value, q_value` (null without a null model) and whatever the test adds;
        `cluster` (null: joins none), `kinds` (of the objects behind an edge that joins a cluster), `stands_in` of
        `cells` of the grid, `fragile`.
    clusters, evidence, grid, null
        Of `CLUSTERS_SCHEMA`, `EVIDENCE_SCHEMA`, `GRID_SCHEMA` and `NULL_SCHEMA`.
    looked_at
        Counts of what was read and left out: `read, without_time, incomplete, shares, accounts, objects,
        accounts_left_out, burst_rows, burst_objects`.
    """

    edges: pa.Table
    clusters: pa.Table
    evidence: pa.Table
    grid: pa.Table
    null: pa.Table
    looked_at: Mapping[str, int] = field(default_factory=dict)


def find_coordination(
    objects: Any,
    *,
    actors: Any = None,
    posts: Any = None,
    options: CoordinationOptions | None = None,
    significance: SignificanceOptions | None = None,
    clusters: ClusterOptions | None = None,
    tell: Tell = lambda words: None,
) -> Coordination:
    """Find accounts that shared the same things at nearly the same time, and clusters of them.

    Parameters
    ----------
    objects
        Table of the data contract: `post_id, actor_id, kind, object, at`; or `Shares` made of it.
    actors, posts
        Tables of the data contract, for the counter-evidence: kinds, persons, names and addresses of accounts, and who
        wrote the posts that were reshared. Without them that part of it is null.
    options
        What counts as coordinated: window, participation, kinds of objects.
    significance
        The null model; None: edges are taken by weight, and every `p_value` and `q_value` is null.
    clusters
        How clusters are made and tried.
    tell
        Told in words what is being done.

    Returns
    -------
    Coordination
        Edges, clusters, evidence, grid, null runs, and what was looked at.

    Raises
    ------
    InputError
        For a table or an option that cannot be used.

    Notes
    -----
    Two accounts share an edge if they shared the same objects within the window; edges at q < `max_q` make clusters.
    That they did so more often than the null model explains is no proof that anybody arranged it: `against` says
    what else would look alike.

    Examples
    --------
    >>> import pyarrow as pa
    >>> late = {"a": 0, "b": 4, "c": 9}
    >>> rows = [(who, f"u{link}", 1000 * link + late[who]) for link in range(3) for who in late]
    >>> found = find_coordination(pa.table({
    ...     "actor_id": [row[0] for row in rows], "object": [row[1] for row in rows], "at": [row[2] for row in rows],
    ...     "kind": ["url"] * len(rows), "post_id": [f"p{i}" for i in range(len(rows))],
    ... }))
    >>> found.clusters.select(["cluster", "actors", "n_objects", "n_posts", "density", "q_value"]).to_pylist()
    [{'cluster': 1, 'actors': ['a', 'b', 'c'], 'n_objects': 3, 'n_posts': 9, 'density': 1.0, 'q_value': None}]
    """
    chosen = CoordinationOptions() if options is None else options
    how = ClusterOptions() if clusters is None else clusters
    tell("reading shares")
    shares = objects if isinstance(objects, Shares) else shares_of(objects, kinds=chosen.kinds)
    tell("pairs of accounts")
    found = _tested(shares, chosen, significance, tell)
    null = _null_runs(shares, found, chosen, significance, how, tell)
    edges = found.edges if isinstance(found, Significance) else found
    joining = edges if significance is None else edges.filter(pc.less(edges["q_value"], how.max_q))
    source, target = codes_of(joining, shares.actors)
    labels = _labels(joining, source, target, shares, how)
    tell("evidence of clusters")
    events = events_behind(shares, joining, chosen)
    evidence = _evidence(shares, events, labels, posts, chosen, how)
    tell("windows and thresholds")
    standing = grid_of_settings(shares, edges, labels, chosen, windows=how.windows, weights=how.weights)
    tell("stability of clusters")
    stability = _stability(events, joining, source, target, labels, chosen, how, tested=significance is not None)
    table = cluster_table(
        shares, joining, events, labels, evidence,
        actors=known_actors(actors, shares.actors.take(pa.array(np.flatnonzero(labels >= 0)))),
        stability=stability, standing=standing, window_s=chosen.window_s,
    )  # fmt: skip
    edges = _with_clusters(edges, joining, source, target, labels, events, standing)
    return Coordination(edges, table, evidence, standing.table, null, _counts(shares, chosen))


def _tested(
    shares: Shares, options: CoordinationOptions, significance: SignificanceOptions | None, tell: Tell
) -> Significance | pa.Table:
    edges = coordinated_edges(shares, options)
    if significance is None:
        nothing = pa.nulls(edges.num_rows, pa.float64())
        return edges.append_column("p_value", nothing).append_column("q_value", nothing)
    tell(f"chance under {significance.null.replace('_', ' ')}")
    return edge_significance(shares, options, significance, edges=edges)


def _null_runs(
    shares: Shares,
    found: Significance | pa.Table,
    options: CoordinationOptions,
    significance: SignificanceOptions | None,
    how: ClusterOptions,
    tell: Tell,
) -> pa.Table:
    if not how.null_runs:
        return NULL_SCHEMA.empty_table()
    return coordination_null(
        shares, options, significance, observed=found, weights=usual_weights(options.min_weight),
        runs=how.null_runs, seed=how.seed, progress=lambda done, total: tell(f"shuffled data, run {done} of {total}"),
    )  # fmt: skip


def _labels(edges: pa.Table, source: Ints, target: Ints, shares: Shares, how: ClusterOptions) -> Ints:
    weight = edges["weight"].to_numpy().astype(np.float64)
    return group_accounts(source, target, weight, len(shares.actors), method=how.method, seed=how.seed)


def _evidence(
    shares: Shares, events: EdgeEvents, labels: Ints, posts: Any, options: CoordinationOptions, how: ClusterOptions
) -> pa.Table:
    near_s = max(how.near_s, options.window_s)
    evidence = evidence_of(shares, events, labels, near_s=near_s)
    reshared = pc.unique(evidence.filter(pc.equal(evidence["kind"], "reshare"))["object"]).to_pylist()
    if posts is None or not reshared:
        return evidence
    return evidence_of(shares, events, labels, near_s=near_s, authors=authors_of(posts, reshared))


def _stability(
    events: EdgeEvents,
    edges: pa.Table,
    source: Ints,
    target: Ints,
    labels: Ints,
    options: CoordinationOptions,
    how: ClusterOptions,
    *,
    tested: bool,
) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
    if not how.resamples:
        return None
    least = float(options.min_weight)
    if tested and edges.num_rows:
        least = float(pc.min(edges["weight"]).as_py())
    return cluster_stability(
        events, source=source, target=target, labels=labels, least=least,
        method=how.method, resamples=how.resamples, seed=how.seed,
    )  # fmt: skip


def _with_clusters(
    edges: pa.Table, joining: pa.Table, source: Ints, target: Ints, labels: Ints, events: EdgeEvents, standing: Standing
) -> pa.Table:
    """Return all edges with the cluster that they are inside, the kinds of objects, and where they stand."""
    inside = (labels[source] == labels[target]) & (labels[source] >= 0)
    own = pa.table(
        {
            "source": joining["source"],
            "target": joining["target"],
            "cluster": pa.array(labels[source] + 1, mask=~inside),
            "kinds": _kinds(events, joining.num_rows),
        }
    )
    numbered = edges.append_column("place", pa.array(np.arange(edges.num_rows)))
    # Arrow does not join tables with columns of lists; the kinds are looked up by their row.
    own = own.append_column("row", pa.array(np.arange(own.num_rows)))
    found = numbered.select(["source", "target", "place"]).join(
        own.select(["source", "target", "cluster", "row"]), ["source", "target"]
    )
    found = found.sort_by("place")
    added = {
        "cluster": found["cluster"],
        "kinds": own["kinds"].combine_chunks().take(found["row"].combine_chunks()),
        "stands_in": pa.array(standing.edges),
        "cells": pa.array(np.full(edges.num_rows, standing.cells)),
        "fragile": pa.array(standing.fragile_edges),
    }
    for name, values in added.items():
        edges = edges.append_column(name, values)
    return edges


def _kinds(events: EdgeEvents, edges: int) -> pa.Array:
    """Return the kinds of the objects behind each edge, sorted."""
    names = events.shares.kinds.dictionary_encode()
    words = names.dictionary
    of_event = names.indices.to_numpy()[events.object] if len(events.edge) else np.empty(0, np.int64)
    pairs = np.unique(np.stack([events.edge, of_event]), axis=1)
    offsets = np.searchsorted(pairs[0], np.arange(edges + 1)).astype(np.int32)
    kinds = pa.ListArray.from_arrays(pa.array(offsets), words.take(pa.array(pairs[1])))
    return pa.array([sorted(row) for row in kinds.to_pylist()], pa.list_(pa.string()))


def _counts(shares: Shares, options: CoordinationOptions) -> dict[str, int]:
    looked_at = considered(shares, options)
    return {
        "read": shares.read,
        "without_time": shares.without_time,
        "incomplete": shares.incomplete,
        "shares": looked_at.shares.size,
        "accounts": len(np.unique(looked_at.shares.actor)),
        "objects": len(np.unique(looked_at.shares.object)),
        "accounts_left_out": looked_at.accounts_left_out,
        "burst_rows": looked_at.burst_rows,
        "burst_objects": looked_at.burst_objects,
    }
