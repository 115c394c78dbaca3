"""Each kind of reach by itself, from tables and from networkx graphs."""

from __future__ import annotations

from typing import Any

import networkx as nx
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs import InputError, engaged_reach, exposed_reach, potential_reach

edges = st.dictionaries(st.tuples(st.integers(0, 9), st.integers(0, 3)), st.integers(1, 4), max_size=25)


@settings(max_examples=15, deadline=None)
@given(edges)
def test_a_graph_and_its_interactions_give_the_same(weights: dict[tuple[int, int], int]) -> None:
    graph = nx.DiGraph()
    graph.add_weighted_edges_from((f"x:{a}", f"y:{b}", n) for (a, b), n in weights.items())
    rows = [(a, b) for a, b, n in graph.edges(data="weight") for _ in range(n)]
    table = pa.table(
        {
            "source": pa.array([a for a, _ in rows], pa.string()),
            "target": pa.array([b for _, b in rows], pa.string()),
            "kind": pa.array(["reshare"] * len(rows), pa.string()),
        }
    )
    expected = engaged_reach(table)
    assert engaged_reach(graph).equals(expected)
    assert engaged_reach(table.to_pandas()).equals(expected) or not rows


@pytest.mark.parametrize("weight", [-1, 1.5, "two", float("nan"), float("inf")])
def test_a_weight_that_is_no_count_is_named(weight: Any) -> None:
    graph = nx.DiGraph()
    graph.add_edge("x:1", "x:2", weight=weight)
    with pytest.raises(InputError, match="edge 'x:1' to 'x:2' has weight"):
        engaged_reach(graph)


def test_an_undirected_graph_says_nothing_of_who_acts() -> None:
    with pytest.raises(InputError, match="undirected"):
        engaged_reach(nx.Graph([("a", "b")]))


def test_actors_without_posts_have_a_row_and_a_reason() -> None:
    people = pd.DataFrame({"actor_id": ["x:a"], "followers": [10]})
    empty = pa.table({"actor_id": pa.array([], pa.string()), "views": pa.array([], pa.int64())})
    row = exposed_reach(empty, actors=people).to_pylist()[0]
    assert (row["value"], row["reason_missing"]) == (None, "no view counts")
    assert potential_reach(actors=people).to_pylist()[0]["value"] == 10
    assert engaged_reach(nx.DiGraph(), actors=people).to_pylist()[0]["reason_missing"] is not None
    assert engaged_reach(nx.DiGraph()).num_rows == 0


def test_view_rates_fill_what_views_do_not_say_and_nothing_else() -> None:
    posts = pa.table({"actor_id": ["x:a", "x:a", "vk:b"], "views": [100, 100, None]})
    people = pa.table({"actor_id": ["x:a", "vk:b", "ok:c"], "followers": [5000, 1000, 70]})
    rates = {"VK": (0.1, 0.2, 0.5), "x": (0.9, 0.9, 0.9)}
    rows = {row["actor_id"]: row for row in exposed_reach(posts, actors=people, view_rates=rates).to_pylist()}
    assert rows["x:a"]["estimator"] == "median_post_views"
    assert [rows["vk:b"][name] for name in ("low", "value", "high")] == [100, 200, 500]
    assert rows["ok:c"]["reason_missing"] == "no view counts"
    capped = exposed_reach(posts, actors=people, view_rates=rates, population=150).to_pylist()
    assert [row["high"] for row in capped if row["actor_id"] == "vk:b"] == [150]


@pytest.mark.parametrize("rate", [(0.3, 0.2, 0.4), (0, 0, 0), (-0.1, 0.1, 0.2), (0.1, 0.2), ("a", 1, 2), 0.2])
def test_view_rates_that_cannot_be(rate: Any) -> None:
    with pytest.raises(InputError, match="view_rates of 'x'"):
        exposed_reach(pa.table({"actor_id": ["x:a"], "views": [1]}), view_rates={"x": rate})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: potential_reach(), "give interactions"),
        (lambda: exposed_reach(pa.table({"actor": ["a"]})), "no column 'actor_id'"),
        (lambda: exposed_reach(pa.table({"actor_id": ["a"], "views": [-1]})), "views of a is -1"),
        (lambda: engaged_reach(nx.DiGraph(), interval="guess"), "interval must be one of"),  # type: ignore[arg-type]
        (lambda: engaged_reach(nx.DiGraph(), ones="some"), "ones must be one of"),  # type: ignore[arg-type]
        (lambda: engaged_reach([1, 2]), "got list"),
    ],
)
def test_bad_input_is_one_clear_error(call: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
