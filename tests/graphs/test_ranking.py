"""The measures agree with networkx and plain counting; agreement and proposals do what they say."""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from graphs import InputError, compare_rankings, from_networkx, propose_leaders, rank_leaders
from graphs.adjacency import Graph
from graphs.ranking.agreement import kendall
from graphs.ranking.betweenness import betweenness
from graphs.ranking.cores import core_numbers
from graphs.ranking.hindex import h_index


def reshares(rows: Sequence[tuple[str, str, str | None]]) -> pa.Table:
    source, target, post = (pa.array([row[i] for row in rows], pa.string()) for i in range(3))
    kind = pa.array(["reshare"] * len(rows), pa.string())
    return pa.table({"source": source, "target": target, "kind": kind, "target_post": post})


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 25), st.floats(0, 0.4), st.integers(0, 2**32 - 1))
def test_betweenness_and_cores_are_those_of_networkx(size: int, density: float, seed: int) -> None:
    graph: nx.DiGraph = nx.gnp_random_graph(size, density, seed=seed, directed=True)
    ours = from_networkx(graph)
    expected = {str(node): score for node, score in nx.betweenness_centrality(graph, normalized=False).items()}
    assert dict(zip(ours.ids.to_pylist(), betweenness(ours.csr), strict=True)) == pytest.approx(expected)
    cores = {str(node): k for node, k in nx.core_number(graph.to_undirected()).items()}
    assert dict(zip(ours.ids.to_pylist(), core_numbers(ours.csr).tolist(), strict=True)) == cores


def test_sampled_betweenness_is_unbiased() -> None:
    graph = from_networkx(nx.gnp_random_graph(60, 0.08, seed=4, directed=True))
    generator = np.random.default_rng(1)
    mean = np.mean([betweenness(graph.csr, pivots=15, generator=generator) for _ in range(800)], axis=0)
    exact = betweenness(graph.csr)
    assert np.abs(mean - exact).max() < 0.06 * exact.max()
    with pytest.raises(InputError, match="pivots must be at least 1, got 0"):
        betweenness(graph.csr, pivots=0)


@settings(max_examples=40)
@given(st.lists(st.integers(1, 30), max_size=30))
def test_h_index_is_h_posts_with_h_reshares(counts: list[int]) -> None:
    ordered = np.array(sorted(counts, reverse=True), dtype=np.int64)
    found = h_index(np.zeros(len(ordered), np.int64), ordered, np.ones(len(ordered), np.int64), 1)[0]
    assert found == max([0, *(h for h in range(1, len(counts) + 1) if sum(c >= h for c in counts) >= h)])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2, max_size=40))
def test_tau_is_that_of_scipy(pairs: list[tuple[int, int]]) -> None:
    x, y = np.array(pairs, dtype=float).T
    found = kendall(x, y)
    expected = stats.kendalltau(x, y).statistic
    if found is None:
        assert np.isnan(expected)
        return
    assert found[0] == pytest.approx(expected)
    assert np.isnan(found[1]) or -1 <= found[1] <= found[0] <= found[2] <= 1


def test_the_interval_of_tau_covers() -> None:
    generator = np.random.default_rng(2)
    truth = 2 / np.pi * np.arcsin(0.6)
    covered = []
    for _ in range(400):
        x = generator.standard_normal(40)
        y = 0.6 * x + 0.8 * generator.standard_normal(40)
        found = kendall(x, y)
        assert found is not None
        covered.append(found[1] <= truth <= found[2])
    assert 0.92 <= np.mean(covered) <= 0.985


def test_all_measures_of_one_table_and_their_agreement() -> None:
    rows = [
        (f"x:f{fan}", f"x:l{leader}", f"p{leader}-{fan % 4}") for leader in range(12) for fan in range(3 + 3 * leader)
    ]
    actors = pa.table(
        {
            "actor_id": [f"x:l{i}" for i in range(12)],
            "kind": ["leader"] * 4 + ["unknown"] * 8,
            "followers": [10 * i for i in range(12)],
        }
    )
    posts = pa.table({"actor_id": [f"x:l{i % 12}" for i in range(60)], "views": [100 + i % 12 for i in range(60)]})
    labels = pa.table({"post_id": ["p11-0", "p11-1", "p3-0"], "label": ["manipulative", "manipulative", "none"]})
    extra = {
        "simulated": pa.table(
            {"actor_id": ["x:l1", "x:l2"], "value": [5.0, 3.0], "low": [4.0, 2.0], "high": [6.0, 4.0]}
        ),
        "degree": lambda graph: np.asarray(graph.csr.sum(axis=0)).ravel(),
    }
    metrics = [
        "resharers",
        "pagerank",
        "betweenness",
        "core",
        "h_index",
        "fib_index",
        "simulated",
        "followers",
        "views",
    ]
    table = rank_leaders(
        interactions=reshares(rows), actors=actors, posts=posts, labels=labels, extra=extra,
        metrics=[*metrics, "degree"],
        top_k=3, replicates=40,
    )  # fmt: skip
    found = {
        name: {r["actor_id"]: r for r in table.to_pylist() if r["metric"] == name} for name in [*metrics, "degree"]
    }
    assert list(dict.fromkeys(table["metric"].to_pylist())) == [*metrics, "degree"]
    assert found["fib_index"]["x:l11"]["score"] == 2
    assert list(found["fib_index"]) == ["x:l11"]
    assert found["degree"]["x:l11"]["rank"] == found["followers"]["x:l11"]["rank"] == 1
    assert found["simulated"]["x:l1"]["rank"] == 1
    for of in found.values():
        for row in of.values():
            assert 1 <= row["rank_low"] <= row["rank"] <= row["rank_high"] <= len(of)
    agreement = {(r["metric_a"], r["metric_b"]): r for r in compare_rankings(table).to_pylist()}
    assert agreement["resharers", "degree"]["tau"] == 1
    assert agreement["resharers", "degree"]["reason_missing"] == "no interval where all pairs agree"
    assert agreement["resharers", "simulated"]["n"] == 2
    proposed = propose_leaders(table, actors, top_k=3, least=0.5).to_pylist()
    assert proposed[0]["actor_id"] == "x:l11"
    assert all(row["actor_id"] not in {f"x:l{i}" for i in range(4)} for row in proposed)
    assert "roster" in proposed[0]["reasons"][0]


def test_a_measure_that_the_data_do_not_give_has_no_rows() -> None:
    table = rank_leaders(interactions=reshares([("x:b", "x:a", None)]), metrics=["h_index", "fib_index", "views"])
    assert table.num_rows == 0
    assert compare_rankings(table).num_rows == 0
    assert propose_leaders(table, pa.table({"actor_id": ["x:a"]})).num_rows == 0


def test_one_account_alone_makes_no_h_index() -> None:
    rows = [("x:b", "x:a", f"p{post}") for post in range(5) for _ in range(10_000 // 5)]
    table = rank_leaders(interactions=reshares(rows), metrics=["h_index"], replicates=20)
    assert table["score"].to_pylist() == [1.0]


def test_networkx_graphs_and_graphs_are_ranked_by_their_weights() -> None:
    graph = nx.DiGraph()
    graph.add_weighted_edges_from([("b", "a", 3), ("c", "a", 1), ("a", "b", 0)])
    for given_graph in (graph, from_networkx(graph)):
        rows = rank_leaders(interactions=given_graph, metrics=["resharers", "core"], replicates=20).to_pylist()
        assert [(r["actor_id"], r["score"]) for r in rows] == [("a", 2), ("a", 1)]
    assert isinstance(from_networkx(graph), Graph)


def test_scores_that_are_none_are_refused() -> None:
    edges = reshares([("x:b", "x:a", None)])
    with pytest.raises(InputError, match="simulated: the value of x:a is -1"):
        rank_leaders(
            interactions=edges,
            metrics=["simulated"],
            extra={"simulated": pa.table({"actor_id": ["x:a"], "value": [-1.0]})},
        )
    twice = pa.table({"actor_id": ["x:a", "x:a"], "value": [1.0, 2.0]})
    with pytest.raises(InputError, match="x:a stands more than once"):
        rank_leaders(interactions=edges, metrics=["simulated"], extra={"simulated": twice})
    with pytest.raises(InputError, match="must return 2 finite scores"):
        rank_leaders(interactions=edges, metrics=["odd"], extra={"odd": lambda graph: [1.0]})
    with pytest.raises(InputError, match=r"least must be above 0 and at most 1, got 1\.5"):
        propose_leaders(rank_leaders(interactions=edges), pa.table({"actor_id": ["x:a"]}), least=1.5)
