"""Who reshares whom, as a sparse matrix made from edges that the engine aggregated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import networkx as nx
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from graphs.errors import InputError
from graphs.inputs import interactions_of

__all__ = ["Graph", "from_networkx", "graph_from_arrays", "reshare_graph", "to_networkx"]

FloatArray = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Graph:
    """A directed weighted graph.

    Attributes
    ----------
    ids
        Names of the nodes, sorted: node i is `ids[i]`.
    csr
        `csr[i, j]` is how often i acted on j. Canonical (sorted, no duplicates), float64 weights and 32-bit columns:
        12 bytes an edge. The diagonal is empty: acting on oneself is left out.
    """

    ids: pa.Array
    csr: sparse.csr_array

    @property
    def n_nodes(self) -> int:
        """Return the number of nodes."""
        return len(self.ids)

    @property
    def n_edges(self) -> int:
        """Return the number of edges."""
        return int(self.csr.nnz)


def reshare_graph(interactions: Any, kinds: Sequence[str] = ("reshare",)) -> Graph:
    """Return the graph of interactions of the given kinds, from the account that acts to the one it acts on.

    Parameters
    ----------
    interactions
        Table of the data contract (`source, target, kind`), an Ibis table, Arrow table or data frame.
    kinds
        Kinds of interaction that become edges.

    Examples
    --------
    >>> import pyarrow as pa
    >>> rows = pa.table({"source": ["x:b", "x:b", "x:c"], "target": ["x:a"] * 3, "kind": ["reshare"] * 3})
    >>> graph = reshare_graph(rows)
    >>> graph.ids.to_pylist(), graph.csr.toarray().tolist()
    (['x:a', 'x:b', 'x:c'], [[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    """
    if isinstance(interactions, (pa.Table, pd.DataFrame)):
        return _graph_in_memory(interactions, kinds)
    table = interactions_of(interactions)
    ids, edges = numbered_edges(edge_weights(table.filter(table.kind.isin(list(kinds)))), "weight")
    return Graph(ids, _csr(edges["row"], edges["column"], edges["weight"], len(ids)))


def _graph_in_memory(interactions: Any, kinds: Sequence[str]) -> Graph:
    """Return the graph of a table that is in memory as it is: Arrow numbers the names, which no engine does as fast."""
    if isinstance(interactions, pd.DataFrame):
        interactions = pa.Table.from_pandas(interactions, preserve_index=False)
    missing = [name for name in ("source", "target", "kind") if name not in interactions.column_names]
    if missing:
        have = ", ".join(interactions.column_names)
        raise InputError(f"interactions: there is no column {missing[0]!r}; the table has {have}.")
    source, target, kind = (_text(interactions[name]) for name in ("source", "target", "kind"))
    wanted = pc.is_in(kind, value_set=pa.array(list(kinds), pa.string()))
    # A null name compares as null, which a filter drops.
    kept = pc.and_kleene(wanted, pc.not_equal(source, target))
    source, target = source.filter(kept), target.filter(kept)
    ids, rows, columns = _numbered(source, target)
    return Graph(ids, _csr(rows, columns, np.ones(len(rows)), len(ids)))


def _numbered(source: pa.ChunkedArray, target: pa.ChunkedArray) -> tuple[pa.Array, Int32, Int32]:
    """Return the names that occur, sorted, and for each row the numbers of its two."""
    encoded = pa.chunked_array([*source.chunks, *target.chunks], pa.string()).combine_chunks().dictionary_encode()
    order = pc.sort_indices(encoded.dictionary)
    numbers = _places(order)[np.asarray(encoded.indices)]
    return encoded.dictionary.take(order), numbers[: len(source)], numbers[len(source) :]


def _places(order: pa.Array) -> Int32:
    """Return where each element comes to stand when they are put in this order."""
    places = np.empty(len(order), np.int32)
    places[np.asarray(order)] = np.arange(len(order), dtype=np.int32)
    return places


def graph_from_arrays(sources: Any, targets: Any, weights: Any = None, ids: Any = None) -> Graph:
    """Return the graph of edges in arrays: the quick way, for edges that are in memory already.

    Parameters
    ----------
    sources, targets
        Arrays of one length: edge e leads from `sources[e]`, the account that acts, to `targets[e]`. With `ids`, node
        numbers: places in `ids`. Without, names (text), or whole numbers that serve as names.
    weights
        How often each acted, at least 0; default 1 each. Those of a pair given more than once are summed. An edge of
        weight 0 is none, and acting on oneself is left out.
    ids
        Names of the nodes, distinct, in any order. Those without an edge are nodes too.

    Returns
    -------
    Graph
        With its ids sorted as text (a node's number is its place there), 12 bytes an edge. Without `ids`, accounts
        that only act on themselves are no nodes, as in `reshare_graph`.

    Raises
    ------
    InputError
        If lengths differ, a weight is negative or no number, a node number has no id, an id is missing or named twice.

    Examples
    --------
    >>> graph = graph_from_arrays([1, 1, 2], [0, 0, 0], ids=["x:a", "x:b", "x:c"])
    >>> graph.ids.to_pylist(), graph.csr.toarray().tolist()
    (['x:a', 'x:b', 'x:c'], [[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    """
    ends = [_column(end, name) for end, name in ((sources, "sources"), (targets, "targets"))]
    if len(ends[0]) != len(ends[1]):
        raise InputError(f"sources has {len(ends[0]):,} edges and targets {len(ends[1]):,}; each edge needs both.")
    strengths = _strengths(weights, len(ends[0]))
    if ids is not None:
        names, rows, columns = _placed(pa.array(ids, pa.string()), *(_numbers(end) for end in ends))
        kept = (rows != columns) & (strengths > 0)
    else:
        # Names before numbers: an account that acts on itself alone must not become a node.
        kept = np.asarray(pc.not_equal(*ends)) & (strengths > 0)
        ends = [end if kept.all() else end.filter(pa.array(kept)) for end in ends]
        names, rows, columns = _numbered(*(pa.chunked_array([end.cast(pa.string())]) for end in ends))
        strengths, kept = strengths[kept], np.ones(len(rows), np.bool_)
    if not kept.all():
        rows, columns, strengths = rows[kept], columns[kept], strengths[kept]
    return Graph(names, _csr(rows, columns, strengths, len(names)))


def _column(values: Any, name: str) -> pa.Array:
    """Return names or whole numbers as an Arrow array without gaps."""
    array = pa.array(values)
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    kind = array.type.value_type if pa.types.is_dictionary(array.type) else array.type
    if not len(array):
        return array.cast(pa.int64())
    if array.null_count or not (
        pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)
    ):
        missing = f"{array.null_count} missing values" if array.null_count else f"values of type {kind}"
        raise InputError(f"{name} has {missing}. Give each edge a node number or a name.")
    return array.cast(kind)


def _numbers(ends: pa.Array) -> npt.NDArray[np.int64]:
    if not pa.types.is_integer(ends.type):
        raise InputError(
            "with ids, sources and targets are node numbers (places in ids); names were given. Leave out ids."
        )
    return np.asarray(ends).astype(np.int64, copy=False)


def _placed(ids: pa.Array, *ends: npt.NDArray[np.int64]) -> tuple[pa.Array, Int32, Int32]:
    """Return the ids sorted, and the node numbers as places among them."""
    if ids.null_count:
        raise InputError(f"{ids.null_count} of the ids are missing. Name every node.")
    for numbers in ends:
        if len(numbers) and not 0 <= numbers.min() <= numbers.max() < len(ids):
            wrong = numbers.max() if numbers.min() >= 0 else numbers.min()
            raise InputError(f"an edge names node {wrong}, but there are ids for nodes 0 to {len(ids) - 1}.")
    order = pc.sort_indices(ids)
    names = ids.take(order)
    twice = np.asarray(pc.equal(names[1:], names[:-1]))
    if twice.any():
        raise InputError(f"the id {names[int(np.argmax(twice))].as_py()!r} names two nodes. Give each node its own.")
    rows, columns = (_places(order)[numbers] for numbers in ends)
    return names, rows, columns


def _strengths(weights: Any, edges: int) -> FloatArray:
    if weights is None:
        return np.ones(edges)
    strengths = np.asarray(weights, dtype=np.float64)
    if strengths.shape != (edges,):
        raise InputError(f"weights has shape {strengths.shape}; there are {edges:,} edges.")
    wrong = ~((strengths >= 0) & (strengths < np.inf))  # NaN too
    if wrong.any():
        at = int(np.argmax(wrong))
        raise InputError(f"edge {at} has weight {strengths[at]:g}; it must be a number, at least 0.")
    return strengths


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column if pa.types.is_string(column.type) else column.cast(pa.string())


def numbered_edges(edges: ir.Table, *columns: str) -> tuple[pa.Array, pa.Table]:
    """Return the names of the nodes, sorted, and the edges as `row, column` (of `source`, `target`) and `columns`.

    Numbers instead of names before the rows leave the engine: 12 bytes an edge, whatever the names. In any order.
    """
    nodes = _numbered_nodes(edges)
    names = nodes.order_by("number").to_pyarrow()["id"]
    ids = pa.concat_arrays([pa.array([], pa.string()), *names.chunks])
    rows = nodes.select(source=nodes.id, row=nodes.number)
    targets = nodes.select(target=nodes.id, column=nodes.number)
    joined = edges.inner_join(rows, "source").inner_join(targets, "target")
    return ids, joined.select("row", "column", *columns).to_pyarrow()


def _numbered_nodes(edges: ir.Table) -> ir.Table:
    names = edges.select(id=edges.source).union(edges.select(id=edges.target), distinct=True)
    return names.mutate(number=ibis.row_number().over(order_by=names.id).cast("int32"))


def edge_weights(interactions: ir.Table) -> ir.Table:
    """Return `source, target, weight`: how often each account acted on each other one."""
    return interactions.group_by("source", "target").agg(weight=interactions.count().cast("int32"))


def _csr(rows: Any, columns: Any, weights: Any, size: int) -> sparse.csr_array:
    places = (np.asarray(rows, dtype=np.int32), np.asarray(columns, dtype=np.int32))
    edges = (np.asarray(weights, dtype=np.float64), places)
    matrix = sparse.csr_array(sparse.coo_array(edges, shape=(size, size)))
    # The engine hands edges back in any order; results must not depend on it.
    matrix.sum_duplicates()
    return matrix


def to_networkx(graph: Graph) -> nx.DiGraph:
    """Return a networkx DiGraph with the ids as nodes and `weight` on the edges. For small graphs: 1 KB an edge."""
    names = graph.ids.to_pylist()
    edges = graph.csr.tocoo()
    result = nx.DiGraph()
    result.add_nodes_from(names)
    result.add_weighted_edges_from(
        (names[i], names[j], float(weight))
        for i, j, weight in zip(edges.row.tolist(), edges.col.tolist(), edges.data, strict=True)
    )
    return result


def from_networkx(graph: nx.Graph, weight: str = "weight") -> Graph:
    """Return a networkx graph as a `Graph`; an edge without a weight counts once, self-loops are left out.

    Of an undirected graph every edge goes both ways.

    Raises InputError if a weight is negative or no number, or two nodes have one name.
    """
    names = sorted(map(str, graph.nodes))
    if len(set(names)) < len(names):
        raise InputError("two nodes have the same name when written as text. Rename one.")
    place = {name: i for i, name in enumerate(names)}
    rows, columns, weights = [], [], []
    for source, target, given in graph.to_directed().edges(data=weight, default=1):
        if not isinstance(given, (int, float, np.number)) or not 0 <= given < np.inf:
            raise InputError(f"edge {source!r} to {target!r} has weight {given!r}; it must be a number, at least 0.")
        if source != target:
            rows.append(place[str(source)])
            columns.append(place[str(target)])
            weights.append(float(given))
    return Graph(pa.array(names, pa.string()), _csr(rows, columns, weights, len(names)))
