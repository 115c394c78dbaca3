"""The reshare graph holds each edge once, in an order that does not depend on the engine."""

from __future__ import annotations

from collections import Counter

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs import InputError, from_networkx, graph_from_arrays, reshare_graph, to_networkx

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


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 3))), st.permutations(range(10)))
def test_arrays_give_the_graph_that_networkx_builds(edges: list[tuple[int, int, int]], order: list[int]) -> None:
    ids = [f"x:{i}" for i in order]
    expected: nx.DiGraph = nx.DiGraph()
    expected.add_nodes_from(ids)
    for source, target, weight in edges:
        if source != target and weight:
            before = expected.get_edge_data(ids[source], ids[target], {"weight": 0.0})["weight"]
            expected.add_edge(ids[source], ids[target], weight=before + weight)
    sources, targets, weights = (np.array([edge[i] for edge in edges], np.int64) for i in range(3))
    built = graph_from_arrays(sources, targets, weights, ids)
    assert built.ids.to_pylist() == sorted(ids)
    assert dict(to_networkx(built).edges) == dict(expected.edges)
    assert built.csr.has_canonical_format


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1))
def test_arrays_of_names_or_numbers_give_the_graph_of_the_table(edges: list[tuple[int, int]]) -> None:
    sources, targets = zip(*edges, strict=True)
    rows = pa.table({"source": [*map(str, sources)], "target": [*map(str, targets)], "kind": ["reshare"] * len(edges)})
    expected = reshare_graph(rows)
    for ends in ((np.array(sources), np.array(targets)), (rows["source"], rows["target"])):
        built = graph_from_arrays(*ends)
        assert built.ids == expected.ids
        assert (built.csr != expected.csr).nnz == 0


def test_arrays_that_are_no_edges_are_named() -> None:
    assert graph_from_arrays([], []).n_nodes == 0
    assert graph_from_arrays([], [], ids=["b", "a"]).ids.to_pylist() == ["a", "b"]
    for given_arrays, message in (
        (([0], [1, 2], None, ["a", "b"]), "1 edges and targets 2"),
        (([0], [2], None, ["a", "b"]), "names node 2"),
        (([-1], [1], None, ["a", "b"]), "names node -1"),
        (([0], [1], None, ["a", "a"]), "'a' names two nodes"),
        (([0], [1], None, ["a", None]), "1 of the ids are missing"),
        ((["a"], ["b"], None, ["a", "b"]), "names were given"),
        ((["a"], [None], None, None), "targets has"),
        (([0.5], [1], None, None), "sources has values of type double"),
        (([0], [1], [-2.0], None), "edge 0 has weight -2"),
        (([0], [1], [float("nan")], None), "edge 0 has weight nan"),
        (([0], [1], [1.0, 2.0], None), "there are 1 edges"),
    ):
        with pytest.raises(InputError, match=message):
            graph_from_arrays(*given_arrays)
