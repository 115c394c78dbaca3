"""Trees are measured exactly; drawn trees obey time; odd reshares have a defined place."""

from __future__ import annotations

import datetime as dt
from typing import Any

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs import InputError, estimate_cascades
from graphs.cascades.estimate import CASCADES_SCHEMA, FIRSTS_SCHEMA
from graphs.cascades.trees import draw_parents, seeded, tree_measures, wiener_index

START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
TIME = pa.timestamp("us", tz="UTC")


def acts(*rows: tuple[str, str, float | None], author: str = "x:a", kind: str = "reshare") -> pa.Table:
    """Return interactions from (account, item, minutes after the start or None)."""
    return pa.table(
        {
            "source": pa.array([row[0] for row in rows], pa.string()),
            "target": pa.array([author] * len(rows), pa.string()),
            "kind": pa.array([kind] * len(rows), pa.string()),
            "at": pa.array([None if m is None else START + dt.timedelta(minutes=m) for _, _, m in rows], TIME),
            "post_id": pa.nulls(len(rows), pa.string()),
            "target_post": pa.array([row[1] for row in rows], pa.string()),
        }
    )


def posts(*rows: tuple[str, str, float | None, str | None]) -> pa.Table:
    """Return posts from (post, account, minutes, reshared post)."""
    return pa.table(
        {
            "post_id": [row[0] for row in rows],
            "actor_id": [row[1] for row in rows],
            "created_at": pa.array([None if r[2] is None else START + dt.timedelta(minutes=r[2]) for r in rows], TIME),
            "reshared_post": pa.array([row[3] for row in rows], pa.string()),
        }
    )


@settings(max_examples=40)
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=40))
def test_virality_is_the_mean_distance_and_depth_that_of_networkx(choices: list[int]) -> None:
    parent = np.array([-1, *(choice % (i + 1) for i, choice in enumerate(choices))])
    tree = nx.Graph([(int(p), i) for i, p in enumerate(parent) if i])
    depth, breadth, virality = tree_measures(parent)
    assert virality == pytest.approx(nx.average_shortest_path_length(tree))
    assert wiener_index(parent) == nx.wiener_index(tree)
    levels = nx.single_source_shortest_path_length(tree, 0)
    assert depth == max(levels.values())
    assert breadth == max(list(levels.values()).count(level) for level in range(depth + 1))


@pytest.mark.parametrize("size", [2, 3, 10, 1000])
def test_star_and_path(size: int) -> None:
    star, path = np.zeros(size, np.int64), np.arange(-1, size - 1)
    assert tree_measures(star)[2] == pytest.approx(2 * (size - 1) / size)
    assert tree_measures(path)[:2] == (size - 1, 1)
    assert tree_measures(path)[2] == pytest.approx((size + 1) / 3)
    assert tree_measures(np.array([-1])) == (0, 1, 0.0)


def test_nothing_gives_empty_tables() -> None:
    for table in (acts(), acts(("x:b", "x:1", 1), kind="reply"), acts(("x:a", "x:1", 1))):
        found = estimate_cascades(interactions=table)
        assert found.cascades.schema.equals(CASCADES_SCHEMA)
        assert found.firsts.schema.equals(FIRSTS_SCHEMA)
        assert found.cascades.num_rows == found.firsts.num_rows == 0


def test_reshares_without_ids_and_of_unknown_authors_have_no_cascade() -> None:
    nameless = acts(("x:b", "x:1", 1)).set_column(5, "target_post", pa.nulls(1, pa.string()))
    assert estimate_cascades(interactions=nameless).cascades.num_rows == 0
    orphan = acts(("x:b", "x:1", 1)).set_column(1, "target", pa.nulls(1, pa.string()))
    assert estimate_cascades(interactions=orphan).cascades.num_rows == 0
    known = estimate_cascades(interactions=orphan, posts=posts(("x:1", "x:z", 0, None))).cascades
    assert known["actor_id"].to_pylist() == ["x:z"]


def test_one_reshare_is_an_edge() -> None:
    row = estimate_cascades(
        interactions=acts(("x:b", "x:1", 30)), posts=posts(("x:1", "x:a", 0, None))
    ).cascades.to_pylist()[0]
    assert (row["size"], row["depth"], row["virality"], row["star_virality"]) == (2, 1, 1, 1)
    assert (row["first_resharer"], row["minutes_to_half"], row["reason_missing"]) == ("x:b", 30, None)


def test_ten_thousand_reshares_by_one_account_are_one() -> None:
    table = acts(*[("x:b", "x:1", float(m)) for m in range(10_000)])
    row = estimate_cascades(interactions=table).cascades.to_pylist()[0]
    assert (row["size"], row["virality"]) == (2, 1)


def test_reshares_at_one_moment_or_without_a_time_make_a_star() -> None:
    for minutes in (5.0, None):
        table = acts(*[(f"x:{i}", "x:1", minutes) for i in range(9)])
        found = estimate_cascades(interactions=table, posts=posts(("x:1", "x:a", 0, None)))
        row = found.cascades.to_pylist()[0]
        assert row["depth_high"] == 1
        assert row["virality_high"] == row["star_virality"] == pytest.approx(1.8)
        if minutes is None:
            assert row["first_resharer"] is None
            assert row["minutes_to_half"] is None
            assert row["reason_missing"] == "no reshare has a time"
            assert sum(found.firsts["first_count"].to_pylist()) == 0
        else:
            assert sum(found.firsts["first_count"].to_pylist()) == 9


def test_a_reshare_before_its_original_hangs_on_the_author() -> None:
    table = acts(("x:b", "x:1", -60))
    row = estimate_cascades(interactions=table, posts=posts(("x:1", "x:a", 0, None))).cascades.to_pylist()[0]
    assert (row["depth"], row["minutes_to_half"]) == (1, 0)


def test_a_chain_that_the_data_name_is_kept() -> None:
    table = posts(("x:1", "x:a", 0, None), ("x:2", "x:b", 1, "x:1"), ("x:3", "x:c", 2, "x:2"), ("x:4", "x:d", 3, "x:3"))
    found = estimate_cascades(interactions=acts(), posts=table).cascades.to_pylist()
    assert [(row["post_id"], row["size"], row["depth_low"], row["depth_high"]) for row in found] == [("x:1", 4, 3, 3)]


def test_a_known_tie_draws_the_parent() -> None:
    shared = acts(("x:1", "p", 10.0), ("x:8", "p", 10_000.0))
    follow = acts(("x:8", "none", 0), author="x:1", kind="follow")
    loose, tied = (
        estimate_cascades(interactions=table, trees=400).cascades.to_pylist()[0]
        for table in (shared, pa.concat_tables([shared, follow]))
    )
    assert (loose["depth"], tied["depth"]) == (1, 2)


def _chances(
    node: int, at: np.ndarray, audience: np.ndarray, tied: set[int], rule: tuple[float, float, float, float]
) -> np.ndarray:
    """Return the chance of each parent of a node, by the definition."""
    flat, exponent, tie, power = rule
    logs = np.full(node, -np.inf)
    for other in range(node):
        if other and (np.isnan(at[other]) or at[other] >= at[node]):
            continue
        gap = 0.0 if np.isnan(at[node]) else max(at[node] - at[other], 0.0)
        falling = -exponent * np.log(max(gap / flat, 1.0)) if exponent else -gap / flat
        logs[other] = power * np.log(audience[other]) + falling + (np.log(tie) if other in tied else 0.0)
    chances = np.exp(logs - logs.max())
    shares: np.ndarray = chances / chances.sum()
    return shares


@pytest.mark.parametrize(
    "rule", [(300.0, 1.242, 10.0, 0.7), (100.0, 1.242, 1.0, 1.0), (5.0, 6.0, 2.0, 0.7), (50.0, 0.0, 3.0, 0.5)]
)
def test_parents_are_drawn_from_all_earlier_accounts_by_their_weights(rule: tuple[float, float, float, float]) -> None:
    random, size, trees, tied = np.random.default_rng(1), 50, 20_000, [0, 3, 7, 20]
    at = np.concatenate([[0.0, -50.0], np.sort(random.gamma(0.5, 20_000, size - 5)), [np.nan] * 3])
    audience, nobody = random.pareto(1, size) + 1, np.full(size, -1)
    start = np.arange(size + 1) * len(tied)
    bounds = (start, np.array(tied * size), np.full(size * len(tied), 2))
    drawn = np.zeros((size, trees), np.int64)
    seeded(1)
    draw_parents(np.arange(size), at, nobody, audience, nobody.copy(), bounds, np.array(rule), drawn)
    for node in range(1, size):
        expected = _chances(node, at, audience, set(tied), rule)
        error = np.sqrt(expected * (1 - expected) / trees)
        found = np.bincount(drawn[node], minlength=node) / trees
        assert (np.abs(found - expected) <= 5 * error + 5 / trees).all()


def test_the_usual_power_of_the_audience_rises_with_size() -> None:
    for size, power in ((25, 0.7), (400, 1.0)):
        table = acts(*[(f"x:{i}", "x:1", float(i)) for i in range(size - 1)])
        usual, given = (
            estimate_cascades(interactions=table, posts=posts(("x:1", "x:a", -1, None)), audience_weight=weight)
            for weight in (None, power)
        )
        assert usual.cascades.equals(given.cascades)


def test_the_author_of_a_large_cascade_keeps_its_share() -> None:
    """Within the level part of the delay the author weighs what its audience says, all others one each."""
    many = [(f"x:{i}", "x:1", 1000.0 + i / 1e3) for i in range(3000)]
    table = acts(*many, ("x:last", "x:1", 100_000.0))
    origin = posts(("x:1", "x:a", 999.0, None))
    row = estimate_cascades(interactions=table, posts=origin).cascades.to_pylist()[0]
    # With equal delays the author (3,001 seen to reshare it) outweighs all 3,000 others together in the mean.
    assert row["breadth"] > 3001 / 2


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2), st.integers(-5, 50) | st.none()), max_size=40))
def test_rows_hold_together(shared: list[tuple[int, int, int | None]]) -> None:
    table = acts(*[(f"x:{who}", f"x:p{item}", None if m is None else float(m)) for who, item, m in shared])
    found = estimate_cascades(interactions=table, posts=posts(("x:p0", "x:a", 0, None)), trees=20)
    assert found.cascades.equals(
        estimate_cascades(interactions=table, posts=posts(("x:p0", "x:a", 0, None)), trees=20).cascades
    )
    sizes = {f"x:p{item}": len({who for who, other, _ in shared if other == item}) + 1 for _, item, _ in shared}
    assert {row["post_id"]: row["size"] for row in found.cascades.to_pylist()} == sizes
    for row in found.cascades.to_pylist():
        assert 1 <= row["depth_low"] <= row["depth"] <= row["depth_high"] <= row["size"] - 1
        assert row["star_virality"] <= row["virality_low"] + 1e-12
        assert row["virality_low"] <= row["virality"] <= row["virality_high"] <= (row["size"] + 1) / 3 + 1e-9
        assert (row["minutes_to_half"] is None) <= (row["reason_missing"] is not None)
    for row in found.firsts.to_pylist():
        assert 0 <= row["low"] <= row["share"] <= row["high"] <= 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"trees": 0}, "trees must be at least 1"),
        ({"min_size": 1}, "min_size at least 2, got 100 and 1"),
        ({"delay": "linear"}, "no delay 'linear'; choose from power_law, exponential"),
        ({"scale": 0.0}, r"scale must be at least 0\.001 seconds, got 0\.0"),
        ({"exponent": -1.0}, r"exponent must lie between 0\.01 and 10, got -1\.0"),
        ({"tie_weight": 0.5}, "tie_weight must be a number, at least 1, got 0.5"),
        ({"audience_weight": 9.0}, "audience_weight must lie between 0 and 4"),
        ({"confidence": 1.0}, "confidence must lie between 0 and 1"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        estimate_cascades(interactions=acts(("x:b", "x:1", 1)), **options)
