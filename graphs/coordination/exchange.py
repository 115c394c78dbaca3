"""The network of coordinated accounts for other programs: networkx, GEXF, GraphML."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from graphs.errors import InputError

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["coordination_graph", "write_coordination_graph"]

_EDGE_COLUMNS = ("weight", "mean_gap_s", "p_value", "q_value", "cluster", "kinds", "stands_in", "fragile")
_WRITERS = {".gexf": "write_gexf", ".graphml": "write_graphml"}


def coordination_graph(
    edges: pa.Table, *, actors: Mapping[str, Mapping[str, Any]] | None = None, max_q: float | None = None
) -> nx.Graph:
    """Return the network as an undirected graph of networkx, with what is known of each pair and account.

    Parameters
    ----------
    edges
        `source, target, weight` and any of the columns of `Coordination.edges`.
    actors
        `kind`, `name` of accounts, by id.
    max_q
        Only pairs with a q-value below this; None: all pairs, those without a q-value too.

    Returns
    -------
    networkx.Graph
        Edges have `weight` and, where known, `mean_gap_s, p_value, q_value, cluster, kinds` (joined by commas),
        `stands_in, fragile`; nodes `label`, `kind`, `cluster`. What is not known is no attribute: the formats have no
        null.

    Raises
    ------
    InputError
        If a column is missing.

    Examples
    --------
    >>> import pyarrow as pa
    >>> graph = coordination_graph(pa.table({"source": ["a"], "target": ["b"], "weight": [3], "q_value": [0.01]}))
    >>> graph.edges["a", "b"]
    {'weight': 3, 'q_value': 0.01}
    """
    import networkx as nx

    missing = [name for name in ("source", "target", "weight") if name not in edges.column_names]
    if missing:
        raise InputError(f"edges: there is no column {missing[0]!r}; the table has {', '.join(edges.column_names)}.")
    graph = nx.Graph()
    for row in edges.to_pylist():
        q_value = row.get("q_value")
        if max_q is not None and (q_value is None or q_value >= max_q):
            continue
        known = {name: row[name] for name in _EDGE_COLUMNS if row.get(name) is not None}
        if "kinds" in known:
            known["kinds"] = ",".join(known["kinds"])
        graph.add_edge(row["source"], row["target"], **known)
        if "cluster" in known:
            for end in ("source", "target"):
                graph.nodes[row[end]]["cluster"] = known["cluster"]
    for name, node in graph.nodes.items():
        actor = (actors or {}).get(name, {})
        node["label"] = actor.get("name") or name
        if actor.get("kind"):
            node["kind"] = actor["kind"]
    return graph


def write_coordination_graph(graph: nx.Graph, file: str | Path) -> None:
    """Write the network as GEXF or GraphML, by the file's ending; edge weights are written as `weight`.

    Raises InputError for another ending.
    """
    import networkx as nx

    path = Path(file)
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise InputError(f"{path}: the formats are {', '.join(_WRITERS)}. Give the file one of these endings.")
    getattr(nx, writer)(graph, path)
