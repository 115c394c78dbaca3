"""The reshare graph holds each edge once, in an order that does not depend on the engine."""

from __future__ import annotations

from collections import Counter

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs import InputError, from_networkx, reshare_graph, to_networkx

names = st.sampled_from([f"x:{i}" for i in range(7)])
rows = st.lists(st.tuples(names | st.none(), names | st.none(), st.sampled_from(["reshare", "quote", "follow"])))


def table(edges: list[tuple[str | None, str | None, str]]) -> pa.Table:
    return pa.table(
        {name: pa.array([row[i] for row in edges], pa.string()) for i, name in enumerate(("source", "target", "kind"))}
    )


@settings(max_examples=12)
@given(rows, st.sampled_from([("reshare",), ("reshare", "quote")]), st.randoms())
def test_weights_count_interactions_between_different_accounts(
    edges: list[tuple[str | None, str | None, str]], kinds: tuple[str, ...], random: object
) -> None:
    graph = reshare_graph(table(edges), kinds)
    expected = Counter((s, t) for s, t, kind in edges if kind in kinds and s and t and s != t)
    found = nx.get_edge_attributes(to_networkx(graph), "weight")
    assert found == expected
    assert graph.ids.to_pylist() == sorted({name for edge in expected for name in edge})
    assert (graph.n_nodes, graph.n_edges) == (len(graph.ids), len(expected))
    shuffled = reshare_graph(table(edges[::-1]), kinds)
    assert (shuffled.csr != graph.csr).nnz == 0
    assert shuffled.csr.indices.tolist() == graph.csr.indices.tolist()


def test_an_edge_takes_twelve_bytes() -> None:
    graph = reshare_graph(table([("x:1", "x:2", "reshare"), ("x:2", "x:3", "reshare")]))
    assert graph.csr.indices.itemsize + graph.csr.data.itemsize == 12


@given(st.integers(0, 12), st.integers(0, 2**32 - 1))
def test_networkx_round_trip(size: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    original: nx.DiGraph = nx.gnp_random_graph(size, 0.3, seed=seed, directed=True)
    for _, _, data in original.edges(data=True):
        data["weight"] = float(generator.integers(1, 9))
    back = to_networkx(from_networkx(original))
    named = nx.relabel_nodes(original, str)
    assert set(back.nodes) == set(named.nodes)
    assert dict(back.edges) == dict(named.edges)


def test_undirected_edges_go_both_ways_and_weights_must_be_numbers() -> None:
    undirected: nx.Graph = nx.Graph([("a", "b"), ("a", "a")])
    assert from_networkx(undirected).csr.toarray().tolist() == [[0, 1], [1, 0]]
    undirected.add_edge("a", "b", weight="heavy")
    with pytest.raises(InputError, match="weight 'heavy'"):
        from_networkx(undirected)
    twins: nx.Graph = nx.Graph([(1, "1")])
    with pytest.raises(InputError, match="same name"):
        from_networkx(twins)
