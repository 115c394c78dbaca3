"""Who passes posts on to whom, and how likely: the graph on which cascades are simulated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from graphs.adjacency import numbered_edges
from graphs.errors import InputError
from graphs.spread.jumps import jumps_of
from graphs.tables import pick

__all__ = ["InfluenceGraph", "as_influence_graph", "influence_graph"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt32 = npt.NDArray[np.uint32]
FloatArray = npt.NDArray[np.float64]

_STEPS = 2.0**32


@dataclass(frozen=True)
class InfluenceGraph:
    """Accounts and the probability that one reshares a post which another has posted or reshared.

    Attributes
    ----------
    ids
        Names of the nodes, sorted: node i is `ids[i]`.
    indptr, sources, limits
        The edges into node v, those it reshares from, are `indptr[v]` to `indptr[v + 1]`. `sources` (int32) are the
        nodes they come from, ascending. `limits` (uint32) are their probabilities: `(limit + 1) / 2**32`.
        8 bytes an edge and 8 a node.
    """

    ids: pa.Array
    indptr: Int64
    sources: Int32
    limits: UInt32

    @property
    def n_nodes(self) -> int:
        """Return the number of accounts."""
        return len(self.ids)

    @property
    def n_edges(self) -> int:
        """Return the number of pairs with a probability above 0."""
        return len(self.sources)

    @property
    def probabilities(self) -> FloatArray:
        """Return the probabilities of the edges, in the order of `sources`, in (0, 1]."""
        return (self.limits.astype(np.float64) + 1) / _STEPS

    @cached_property
    def jumps(self) -> FloatArray:
        """Return how the edges into each node are skipped when drawn: see `graphs.spread.jumps.jumps_of`."""
        return jumps_of(self.indptr, self.limits)

    @cached_property
    def resharers(self) -> Int32:
        """Return the nodes that reshare from somebody: no post spreads to any other."""
        return np.flatnonzero(np.diff(self.indptr)).astype(np.int32)

    @cached_property
    def reshared(self) -> npt.NDArray[np.bool_]:
        """Return, for each node, whether somebody reshares from it."""
        found = np.zeros(self.n_nodes, dtype=np.bool_)
        found[self.sources] = True
        return found

    def places(self, ids: Iterable[str]) -> Int32:
        """Return the nodes of the given ids, sorted and distinct. Raises InputError for one that the graph lacks."""
        wanted = pa.array(sorted(set(ids)), pa.string())
        found = pc.index_in(wanted, value_set=self.ids)
        if found.null_count:
            stranger = wanted.filter(found.is_null())[0].as_py()
            raise InputError(f"actor {stranger!r} is not in the graph. Nobody reshared it and it reshared nobody.")
        return np.sort(np.asarray(found, dtype=np.int32))

    def outgoing(self) -> tuple[Int64, Int32, UInt32]:
        """Return the same edges by where they come from: `indptr, targets, limits`."""
        order = np.argsort(self.sources, kind="stable")
        indptr = np.zeros(self.n_nodes + 1, np.int64)
        np.cumsum(np.bincount(self.sources, minlength=self.n_nodes), out=indptr[1:])
        targets = np.repeat(np.arange(self.n_nodes, dtype=np.int32), np.diff(self.indptr))
        return indptr, targets[order], self.limits[order]

    @classmethod
    def from_arrays(cls, ids: Any, authors: Any, resharers: Any, probabilities: Any) -> InfluenceGraph:
        """Return the graph of edges given as node numbers.

        Parameters
        ----------
        ids
            Names of the nodes, sorted and distinct.
        authors, resharers
            Node numbers: `resharers[e]` reshares a post of `authors[e]` with `probabilities[e]`.
        probabilities
            In [0, 1]. Edges of probability 0 and from a node to itself are left out.

        Raises
        ------
        InputError
            For a probability out of range, a number that is no node, or the same pair twice.
        """
        names = pa.array(ids, pa.string())
        size = len(names)
        ends = [np.asarray(numbers, dtype=np.int32) for numbers in (authors, resharers)]
        chances = np.asarray(probabilities, dtype=np.float64)
        _check(names, ends, chances)
        kept = (chances > 0) & (ends[0] != ends[1])
        if not kept.all():
            ends, chances = [end[kept] for end in ends], chances[kept]
        matrix = sparse.csr_array(sparse.coo_array((chances, (ends[1], ends[0])), shape=(size, size)))
        matrix.sum_duplicates()
        if matrix.nnz < len(chances):
            raise InputError("the same pair of accounts has two probabilities. Give each pair once.")
        limits = np.clip(np.ceil(matrix.data * _STEPS) - 1, 0, _STEPS - 1).astype(np.uint32)
        return cls(names, matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), limits)


def _check(names: pa.Array, ends: list[Int32], chances: FloatArray) -> None:
    for numbers in ends:
        if ((numbers < 0) | (numbers >= len(names))).any():
            raise InputError(f"an edge names a node that is none of the {len(names):,} nodes.")
    wrong = ~((chances >= 0) & (chances <= 1))  # NaN too
    if wrong.any():
        at = int(np.argmax(wrong))
        raise InputError(
            f"the probability that {names[int(ends[1][at])].as_py()!r} reshares {names[int(ends[0][at])].as_py()!r} is "
            f"{chances[at]:g}; a probability lies between 0 and 1."
        )


def influence_graph(probabilities: Any) -> InfluenceGraph:
    """Return the graph of a table of probabilities.

    Parameters
    ----------
    probabilities
        Table with `author, resharer, p`, an Ibis table, Arrow table or data frame: what `learn_probabilities` returns,
        or one's own. Rows in which an account reshares itself are left out.

    Raises
    ------
    InputError
        For a missing column or probability, a probability outside [0, 1], or the same pair twice.

    Examples
    --------
    >>> import pyarrow as pa
    >>> graph = influence_graph(pa.table({"author": ["x:a", "x:b"], "resharer": ["x:b", "x:c"], "p": [0.5, 0.25]}))
    >>> graph.ids.to_pylist(), graph.probabilities.tolist()
    (['x:a', 'x:b', 'x:c'], [0.5, 0.25])
    """
    table = pick(probabilities, "probabilities", {"author": "string", "resharer": "string", "p": "float64"}, {})
    table = table.filter(table.author.notnull(), table.resharer.notnull(), table.author != table.resharer)
    edges = table.select(source=table.author, target=table.resharer, p=table.p.fill_null(float("nan")))
    ids, numbered = numbered_edges(edges, "p")
    return InfluenceGraph.from_arrays(ids, numbered["row"], numbered["column"], numbered["p"])


def as_influence_graph(graph: Any, probability: str = "p") -> InfluenceGraph:
    """Return an `InfluenceGraph`, a networkx graph or a table of probabilities as an `InfluenceGraph`.

    Parameters
    ----------
    graph
        Of a networkx graph, an edge from a to b says that b reshares what a posts or passes on; an undirected edge goes
        both ways. Names are written as text.
    probability
        Attribute of the networkx edges that holds the probability.

    Raises
    ------
    InputError
        If a probability is missing or out of range, or two nodes have one name.
    """
    if isinstance(graph, InfluenceGraph):
        return graph
    if not isinstance(graph, nx.Graph):
        return influence_graph(graph)
    if graph.is_multigraph():
        raise InputError("a multigraph gives a pair several probabilities. Join them into one first.")
    names = sorted(map(str, graph.nodes))
    if len(set(names)) < len(names):
        raise InputError("two nodes have the same name when written as text. Rename one.")
    place = {name: i for i, name in enumerate(names)}
    authors, resharers, chances = [], [], []
    for author, resharer, given in graph.to_directed().edges(data=probability):
        if not isinstance(given, (int, float, np.number)):
            raise InputError(
                f"edge {author!r} to {resharer!r} has no number as its {probability!r}, got {given!r}. "
                "Set the probability that a post passes along it."
            )
        authors.append(place[str(author)])
        resharers.append(place[str(resharer)])
        chances.append(float(given))
    return InfluenceGraph.from_arrays(names, authors, resharers, chances)
