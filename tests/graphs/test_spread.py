"""Simulated reach: against exact enumeration, against cascades forward, its intervals, its unions, bad input."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs import (
    InfluenceGraph,
    InputError,
    Spread,
    exact_spread,
    forecast_spread,
    influence_graph,
    simulate_cascades,
    simulated_reach,
)
from graphs.figures import Figure
from graphs.spread import sampling

edges = st.dictionaries(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")).filter(lambda pair: pair[0] != pair[1]),
    st.sampled_from([0.0, 0.05, 0.3, 0.5, 0.9, 1.0]),
    min_size=1,
    max_size=10,
)


def numbers(figure: Figure) -> tuple[float, float, float]:
    assert figure.value is not None
    assert figure.low is not None
    assert figure.high is not None
    return figure.value, figure.low, figure.high


def table(given_edges: dict[tuple[str, str], float]) -> pa.Table:
    authors, resharers = zip(*given_edges, strict=True)
    return pa.table({"author": authors, "resharer": resharers, "p": list(given_edges.values())})


@settings(max_examples=25, deadline=None)
@given(edges, st.integers(0, 2**40))
def test_it_is_the_exact_spread_of_small_graphs(drawn: dict[tuple[str, str], float], seed: int) -> None:
    # An interval so wide (five standard errors) that a right estimate never leaves it.
    spread = simulated_reach(table(drawn), seed=seed, confidence=1 - 6e-7)
    names = spread.graph.ids.to_pylist()
    for size in (1, 2):
        for ids in combinations(names, size):
            figure, truth = spread.union(ids), exact_spread(spread.graph, ids)
            value, low, high = numbers(figure)
            assert low - 1e-6 <= truth <= high + 1e-6
            assert size <= low <= value <= high <= len(names)


def _graphs() -> dict[str, nx.DiGraph]:
    random = np.random.default_rng(4)
    scale_free = nx.DiGraph(nx.scale_free_graph(400, seed=5)).reverse()
    communities = nx.stochastic_block_model([60, 60], [[0.1, 0.005], [0.005, 0.1]], seed=6, directed=True)
    reshared = nx.DiGraph()
    # Few accounts get most reshares; how often differs widely.
    authors = (600 * random.random(3000) ** 3).astype(int)
    reshared.add_edges_from(zip(authors, random.integers(600, size=3000), strict=True))
    star = nx.DiGraph(nx.star_graph(50))
    graphs = {
        "random": nx.gnp_random_graph(200, 0.02, seed=3, directed=True),
        "scale-free": scale_free,
        "star": star,
        "communities": communities,
        "reshared": reshared,
    }
    for graph in graphs.values():
        graph.remove_edges_from(list(nx.selfloop_edges(graph)))
        for edge in graph.edges:
            graph.edges[edge]["p"] = float(np.round(random.beta(1, 6), 3))
    return graphs


@pytest.mark.parametrize("name", ["random", "scale-free", "star", "communities", "reshared"])
def test_it_agrees_with_cascades_simulated_one_by_one(name: str) -> None:
    graph = _graphs()[name]
    spread = simulated_reach(graph, seed=1)
    order = np.argsort(-spread.value)
    names = spread.graph.ids.to_pylist()
    sets = [[names[i]] for i in order[[0, 1, len(order) // 3]]] + [[names[i] for i in order[:5]]]
    for ids in sets:
        sizes = simulate_cascades(graph, ids, runs=20_000, seed=2)
        value, low, high = numbers(spread.union(ids))
        # Both are estimates: the difference has the errors of both.
        error = np.hypot((high - low) / 2 / 1.96, sizes.std() / np.sqrt(len(sizes)))
        assert abs(value - sizes.mean()) <= 4 * error + 1e-9


def test_the_weighted_cascade_has_no_bias_whether_edges_are_jumped_over_or_not() -> None:
    # Each resharer shares out 1 among those it reshares, so that probabilities differ by node from 1/30 to 1.
    random = np.random.default_rng(0)
    pairs = {(int(400 * random.random() ** 3), int(400 * random.random() ** 0.5)) for _ in range(3000)}
    authors, resharers = np.array(sorted(pair for pair in pairs if pair[0] != pair[1])).T
    degrees = np.bincount(resharers, minlength=400)
    # Halves and quarters among the edges of a node: candidates of a jump are thinned.
    chances = random.choice([1.0, 0.5, 0.25], len(authors)) / degrees[resharers]
    graph = InfluenceGraph.from_arrays([f"x:{i:03d}" for i in range(400)], authors, resharers, chances)
    jumped = graph.jumps[:, 1] < 0
    assert 0.2 < jumped.mean() < 1
    values = np.array([simulated_reach(graph, seed=seed, threads=1).value for seed in range(30)])
    for node in np.argsort(-values[0])[[0, 1, 2, 5, 20, 50, 100, 200]]:
        sizes = simulate_cascades(graph, [graph.ids[int(node)].as_py()], runs=20_000, seed=5)
        error = np.hypot(sizes.std() / np.sqrt(len(sizes)), values[:, node].std() / np.sqrt(len(values)))
        assert abs(values[:, node].mean() - sizes.mean()) <= 4 * error


@settings(max_examples=25, deadline=None)
@given(edges, st.data())
def test_unions_are_monotone_and_submodular(drawn: dict[tuple[str, str], float], data: st.DataObject) -> None:
    spread = simulated_reach(table(drawn))
    names = spread.graph.ids.to_pylist()
    large = data.draw(st.sets(st.sampled_from(names), min_size=1))
    small = data.draw(st.sets(st.sampled_from(sorted(large)), min_size=1))
    other = data.draw(st.sampled_from(names))

    def value(ids: set[str]) -> float:
        return spread.union(ids).value or 0.0

    assert value(small) <= value(large) + 1e-9
    assert value(large | {other}) - value(large) <= value(small | {other}) - value(small) + 1e-9


def test_remembered_unions_are_the_drawn_ones() -> None:
    spread = simulated_reach(_graphs()["reshared"])
    names = spread.graph.ids.to_pylist()
    sets = [names[:2], names[5:40], names[::7]]
    drawn = [spread.union(ids) for ids in sets]
    spread.remember(names[:50])
    spread.remember(names)
    assert [spread.union(ids) for ids in sets] == drawn


def test_intervals_cover_the_truth_as_often_as_they_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "FEWEST_SAMPLES", 1)
    graph = nx.gnp_random_graph(40, 0.08, seed=8, directed=True)
    for edge in graph.edges:
        graph.edges[edge]["p"] = 0.2
    truth = simulated_reach(graph, relative_width=0.002, seed=99)
    reshared = truth.graph.reshared
    covered = []
    for seed in range(400):
        spread = simulated_reach(truth.graph, relative_width=0.15, seed=seed)
        covered.append(((spread.low <= truth.value) & (truth.value <= spread.high))[reshared].mean())
    assert 0.93 <= np.mean(covered) <= 0.975


def test_intervals_of_capped_samples_cover_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "FEWEST_SAMPLES", 1)
    graph = nx.gnp_random_graph(3000, 0.002, seed=8, directed=True)
    for edge in graph.edges:
        graph.edges[edge]["p"] = 0.12
    network = simulated_reach(graph, relative_width=0.02, seed=99)
    covered = []
    for seed in range(100):
        spread = simulated_reach(network.graph, most_work=1000, seed=seed)
        assert spread.forecast.capped
        assert not spread.samples.complete
        inside = (spread.low <= network.value) & (network.value <= spread.high)
        covered.append(inside[np.argsort(-network.value)[:200]].mean())
    assert 0.92 <= np.mean(covered) <= 0.98


@pytest.mark.parametrize("width", [0.05, 0.2])
def test_the_width_asked_for_is_kept(width: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "FEWEST_SAMPLES", 1)
    for graph in _graphs().values():
        spread = simulated_reach(graph, relative_width=width)
        half = (spread.high - spread.low) / 2
        assert (half <= width * np.maximum(spread.value, sampling.MATTERS) * 1.05).all()


def test_threads_and_seeds() -> None:
    graph = influence_graph(
        pa.table({"author": ["a", "b", "c", "d"] * 2, "resharer": list("bcdecdea"), "p": [0.3] * 8})
    )

    def values(**options: Any) -> list[float]:
        found: Spread = simulated_reach(graph, **options)
        return [*found.value.tolist(), *found.low.tolist(), found.union(["a", "d"]).value or 0.0]

    assert values(threads=1, seed=7) == values(threads=2, seed=7) == values(threads=5, seed=7)
    assert values(seed=7) != values(seed=8)
    assert (simulate_cascades(graph, ["a"], seed=3) == simulate_cascades(graph, ["a"], seed=3)).all()


def test_certain_edges_reach_exactly_those_behind_them() -> None:
    chain = nx.path_graph(6, create_using=nx.DiGraph)
    nx.set_edge_attributes(chain, 1.0, "p")
    spread = simulated_reach(chain)
    assert spread.value.tolist() == [6, 5, 4, 3, 2, 1]
    assert (spread.low[-1], spread.high[-1]) == (1, 1)
    assert spread.to_arrow()["n_observed"].to_pylist() == [spread.samples.n] * 6


def test_an_undirected_edge_goes_both_ways_and_probability_0_is_no_edge() -> None:
    graph = nx.Graph()
    graph.add_edge("b", "a", p=1)
    graph.add_edge("c", "a", p=0)
    assert simulated_reach(graph).value.tolist() == [2, 2, 1]


def test_nobody_reshares_anybody() -> None:
    graph = nx.DiGraph()
    graph.add_nodes_from(["a", "b"])
    spread = simulated_reach(graph)
    assert spread.value.tolist() == spread.low.tolist() == spread.high.tolist() == [1, 1]
    assert spread.union(["a", "b"]).value == 2
    assert simulated_reach(nx.DiGraph()).to_arrow().num_rows == 0


def test_the_forecast_counts_memory_and_samples() -> None:
    graph = influence_graph(pa.table({"author": ["a"], "resharer": ["b"], "p": [0.5]}))
    forecast = forecast_spread(graph, threads=1)
    assert forecast.memory == 8 + 2 * 32 + 2 * 32
    assert forecast.samples == simulated_reach(graph).samples.n
    assert "samples" in str(forecast)
    said: list[str] = []
    simulated_reach(graph, tell=said.append, threads=1)
    assert said == [str(forecast)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"relative_width": 0}, "relative_width"),
        ({"relative_width": float("nan")}, "relative_width"),
        ({"confidence": 1.0}, "confidence"),
        ({"most_work": 0}, "most_work"),
        ({"threads": 0}, "threads"),
        ({"seed": -1}, "seed"),
    ],
)
def test_options_out_of_range_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        simulated_reach(pa.table({"author": ["a"], "resharer": ["b"], "p": [0.5]}), **options)


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan"), None])
def test_a_probability_that_is_none_is_named(p: float | None) -> None:
    rows = {"author": ["x:a"], "resharer": ["x:b"], "p": pa.array([p], pa.float64())}
    with pytest.raises(InputError, match="'x:b' reshares 'x:a'"):
        influence_graph(pa.table(rows))


def test_other_bad_input_is_named() -> None:
    graph = nx.DiGraph([("a", "b")])
    with pytest.raises(InputError, match="'a' to 'b' has no number"):
        simulated_reach(graph)
    with pytest.raises(InputError, match="multigraph"):
        simulated_reach(nx.MultiDiGraph([("a", "b")]))
    with pytest.raises(InputError, match="no column 'p'"):
        simulated_reach(pa.table({"author": ["a"], "resharer": ["b"]}))
    with pytest.raises(InputError, match="two probabilities"):
        influence_graph(pa.table({"author": ["a", "a"], "resharer": ["b", "b"], "p": [0.1, 0.2]}))
    with pytest.raises(InputError, match="none of the 2 nodes"):
        InfluenceGraph.from_arrays(["a", "b"], [0], [2], [0.5])
    spread = simulated_reach(pa.table({"author": ["a"], "resharer": ["b"], "p": [0.5]}))
    for asked in (spread.union, spread.remember):
        with pytest.raises(InputError, match="'z' is not in the graph"):
            asked(["z", "a"])
    for call in (
        spread.union,
        lambda ids: simulate_cascades(spread.graph, ids),
        lambda ids: exact_spread(spread.graph, ids),
    ):
        with pytest.raises(InputError, match="at least one actor"):
            call([])
    with pytest.raises(InputError, match="runs"):
        simulate_cascades(spread.graph, ["a"], runs=0)
    complete = nx.complete_graph(6)
    nx.set_edge_attributes(complete, 0.5, "p")
    with pytest.raises(InputError, match="30 edges are uncertain"):
        exact_spread(complete, ["0"])
