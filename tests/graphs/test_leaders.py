"""PageRank agrees with networkx; ranks come with intervals that hold, and the same seed gives the same."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from graphs import ConvergenceError, InputError, from_networkx, pagerank, rank_leaders
from graphs.random_walk import Walk
from graphs.ranking.leaders import FEWEST_REPLICATES, LEADERS_SCHEMA, affordable, minimum_ranks
from graphs.ranking.measures import accounts_to_come


def reshares(edges: list[tuple[str, str]]) -> pa.Table:
    source = pa.array([s for s, _ in edges], pa.string())
    target = pa.array([t for _, t in edges], pa.string())
    return pa.table({"source": source, "target": target, "kind": pa.array(["reshare"] * len(edges), pa.string())})


def stars(*sizes: int) -> list[tuple[str, str]]:
    """Return reshares of leaders 0, 1, ... by so many accounts of their own."""
    return [(f"x:fan{leader}-{fan}", f"x:leader{leader}") for leader, size in enumerate(sizes) for fan in range(size)]


# --- PageRank ----------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(st.integers(1, 30), st.floats(0, 0.4), st.sampled_from([0.5, 0.85]), st.integers(0, 2**32 - 1))
def test_pagerank_is_that_of_networkx(size: int, density: float, damping: float, seed: int) -> None:
    generator = np.random.default_rng(seed)
    graph: nx.DiGraph = nx.gnp_random_graph(size, density, seed=seed, directed=True)
    for _, _, data in graph.edges(data=True):
        data["weight"] = float(generator.integers(1, 9))
    ours = from_networkx(graph)
    expected = nx.pagerank(graph, alpha=damping, tol=1e-12, max_iter=1000)
    found = dict(zip(ours.ids.to_pylist(), pagerank(ours.csr, damping=damping), strict=True))
    assert found == pytest.approx({str(node): score for node, score in expected.items()}, abs=1e-6)


def test_pagerank_of_nothing_and_of_dangling_nodes_only() -> None:
    assert pagerank(sparse.csr_array((0, 0))).tolist() == []
    assert pagerank(sparse.csr_array((4, 4))).tolist() == [0.25] * 4


def test_a_tolerance_that_cannot_be_reached_is_an_error() -> None:
    graph = sparse.csr_array(np.array([[0.0, 1.0], [1.0, 0.0]]))
    start = np.array([0.9, 0.1])
    with pytest.raises(ConvergenceError, match="Raise the tolerance"):
        Walk(graph, damping=0.999).scores(tolerance=1e-10, start=start)
    with pytest.raises(InputError, match=r"got 1\.5"):
        pagerank(graph, damping=1.5)


# --- ranks -------------------------------------------------------------------------------------------------------

edge_lists = st.lists(st.tuples(*[st.integers(0, 9).map(lambda i: f"x:{i}")] * 2), max_size=60)


@settings(max_examples=12)
@given(edge_lists, st.integers(1, 5))
def test_rows_hold_their_rank_and_agree_with_plain_counting(edges: list[tuple[str, str]], top_k: int) -> None:
    table = rank_leaders(interactions=reshares(edges), top_k=top_k, replicates=20)
    assert table.schema.equals(LEADERS_SCHEMA)
    counted = {t: len({s for s, other in edges if other == t and s != t}) for _, t in edges}
    counted = {name: n for name, n in counted.items() if n}
    rows = table.to_pylist()
    assert {row["actor_id"]: row["score"] for row in rows if row["metric"] == "resharers"} == counted
    for metric in ("resharers", "pagerank"):
        chosen = [row for row in rows if row["metric"] == metric]
        assert [row["rank"] for row in chosen] == sorted(row["rank"] for row in chosen)
        for row in chosen:
            assert row["rank"] == 1 + sum(other["score"] > row["score"] for other in chosen)
            assert 1 <= row["rank_low"] <= row["rank"] <= row["rank_high"] <= len(chosen)
            assert 0 <= row["p_top_k"] <= 1
        # Exactly top_k places are given away in each replicate.
        assert sum(row["p_top_k"] for row in chosen) == pytest.approx(min(top_k, len(chosen)))


def test_no_reshares_give_no_rows() -> None:
    empty = rank_leaders(interactions=reshares([]))
    assert empty.num_rows == 0
    assert empty.schema.equals(LEADERS_SCHEMA)
    assert rank_leaders(interactions=reshares([("x:a", "x:a")])).num_rows == 0


def test_the_same_seed_gives_the_same_and_metrics_do_not_disturb_each_other() -> None:
    edges = reshares(stars(9, 8, 8, 7, 3, 3, 1, 1))
    first = rank_leaders(interactions=edges, top_k=3, seed=5)
    assert first.equals(rank_leaders(interactions=edges, top_k=3, seed=5))
    alone = rank_leaders(interactions=edges, top_k=3, seed=5, metrics=["pagerank"])
    assert alone.to_pylist() == [row for row in first.to_pylist() if row["metric"] == "pagerank"]
    assert first["p_top_k"] != rank_leaders(interactions=edges, top_k=3, seed=6)["p_top_k"]


def test_ties_share_a_rank_and_none_of_them_is_certain() -> None:
    rows = rank_leaders(interactions=reshares(stars(*[1] * 50)), top_k=10, metrics=["resharers"]).to_pylist()
    assert {row["rank"] for row in rows} == {1}
    assert all(row["rank_high"] > 30 for row in rows)
    assert all(0.05 < row["p_top_k"] < 0.4 for row in rows)


def test_a_clear_leader_is_sure_of_its_place() -> None:
    rows = rank_leaders(interactions=reshares(stars(200, 20, 18, 2)), top_k=1, metrics=["resharers"]).to_pylist()
    assert (rows[0]["rank_low"], rows[0]["rank_high"], rows[0]["p_top_k"]) == (1, 1, 1)
    assert rows[1]["rank_high"] >= 3


def test_only_the_given_actors_are_ranked_in_the_graph_of_everyone() -> None:
    actors = pa.table({"actor_id": ["x:leader2", "x:leader0", "x:nobody"]})
    every = {
        (r["metric"], r["actor_id"]): r["score"]
        for r in rank_leaders(interactions=reshares(stars(5, 4, 3))).to_pylist()
    }
    rows = rank_leaders(interactions=reshares(stars(5, 4, 3)), actors=actors).to_pylist()
    assert [row["rank"] for row in rows] == [1, 2, 1, 2]
    assert all(every[row["metric"], row["actor_id"]] == row["score"] for row in rows)


def test_rank_intervals_cover_the_ranks_behind_the_data() -> None:
    generator = np.random.default_rng(0)
    leaders, fans = 30, 250
    rates = np.exp(generator.normal(-3, 0.9, leaders)) * np.exp(generator.normal(0, 1, fans))[:, None]
    true_rank = minimum_ranks((1 - np.exp(-rates)).sum(axis=0))
    covered = []
    for seed in range(12):
        times = generator.poisson(rates)
        fan, leader = np.nonzero(times)
        repeat = times[fan, leader]
        edges = list(zip(np.repeat(fan, repeat).tolist(), np.repeat(leader, repeat).tolist(), strict=True))
        table = rank_leaders(
            interactions=reshares([(f"x:fan{f}", f"x:{le}") for f, le in edges]), metrics=["resharers"], seed=seed
        )
        for row in table.to_pylist():
            covered.append(row["rank_low"] <= true_rank[int(row["actor_id"][2:])] <= row["rank_high"])
    assert np.mean(covered) >= 0.9


def test_accounts_to_come_are_the_variance_of_a_distinct_count() -> None:
    generator = np.random.default_rng(3)
    times = generator.poisson(generator.gamma(1.0, 0.7, 400), size=(3000, 400))
    estimate = accounts_to_come((times == 1).sum(1).astype(float), (times == 2).sum(1).astype(float))
    assert estimate.mean() == pytest.approx((times > 0).sum(1).var(), rel=0.15)
    assert accounts_to_come(np.zeros(1), np.zeros(1)).tolist() == [0]


def test_replicates_shrink_on_large_graphs_only() -> None:
    assert affordable(200, 100_000, 1_000_000) == 200
    assert affordable(200, 10**7, 10**8) == FEWEST_REPLICATES
    assert affordable(10, 10**7, 10**8) == 10


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metrics": ["fame"]}, "no metric 'fame'; choose from resharers, pagerank"),
        ({"metrics": "pagerank"}, "must be a list, got 'pagerank'"),
        ({"top_k": 0}, "got 0 and 200"),
        ({"drop": 1.0}, r"drop must be at least 0 and below 1, got 1\.0"),
        ({"confidence": 2}, "confidence must lie between 0 and 1, got 2"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        rank_leaders(interactions=reshares(stars(2)), **options)
