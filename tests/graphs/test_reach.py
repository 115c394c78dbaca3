"""Reach: one row per actor and kind, ordered ranges, a reason for everything that is missing."""

from __future__ import annotations

import math
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs import InputError, estimate_reach
from graphs.figures import KINDS_OF_REACH, REACH_SCHEMA

Row = dict[str, Any]
NOBODY = pa.table({name: pa.array([], pa.string()) for name in ("source", "target", "kind")})
NOTHING = pa.table({"actor_id": pa.array([], pa.string())})


def interactions(*rows: tuple[str, str, str]) -> pa.Table:
    names = NOBODY.column_names
    return pa.table({name: pa.array([row[i] for row in rows], pa.string()) for i, name in enumerate(names)})


def actors(**followers: int | None) -> pa.Table:
    return pa.table(
        {"actor_id": [f"x:{name}" for name in followers], "followers": pa.array(followers.values(), pa.int64())}
    )


def reach(**options: Any) -> dict[tuple[str, str], Row]:
    tables = {"actors": actors(a=None), "posts": NOTHING, "interactions": NOBODY} | options
    rows = estimate_reach(**tables).to_pylist()
    return {(row["actor_id"], row["kind_of_reach"]): row for row in rows}


def numbers(row: Row) -> tuple[float | None, float | None, float | None]:
    return row["value"], row["low"], row["high"]


def audience(measure: str, value: float | None, **more: Any) -> pa.Table:
    """One row about the outlet m:1."""
    row = {"actor_id": "m:1", "measure": measure, "value": value, **more}
    table = pa.Table.from_pylist([row])
    return table.set_column(2, "value", table["value"].cast(pa.float64()))


ids = st.sampled_from(["x:a", "x:b", "x:c"])
accounts = st.sampled_from([f"x:{i}" for i in range(6)] + ["x:a", "x:b"])
kinds = st.sampled_from(["reshare", "reply", "mention", "quote", "comment", "reaction", "follow"])
counts = st.none() | st.integers(0, 10**12)


@settings(max_examples=12)
@given(
    st.lists(st.tuples(ids, counts), max_size=5),
    st.lists(st.tuples(ids, counts, counts, counts, counts), max_size=20),
    st.lists(st.tuples(accounts, accounts, kinds), max_size=40),
    st.sampled_from([None, 5, 10**9]),
)
def test_every_row_is_ordered_finite_and_explained(
    people: list[Any], messages: list[Any], acts: list[Any], population: int | None
) -> None:
    columns = ("actor_id", "views", "reactions", "comments", "shares")
    posts = pa.table(
        {
            name: pa.array([row[i] for row in messages], pa.int64() if i else pa.string())
            for i, name in enumerate(columns)
        }
    )
    known = pa.table(
        {
            "actor_id": pa.array([person for person, _ in people], pa.string()),
            "followers": pa.array([count for _, count in people], pa.int64()),
        }
    )
    edges = interactions(*acts)
    table = estimate_reach(actors=known, posts=posts, interactions=edges, population=population)
    assert table.schema.equals(REACH_SCHEMA)
    expected = [(actor, kind) for actor in sorted({p for p, _ in people}) for kind in KINDS_OF_REACH]
    assert list(zip(table["actor_id"].to_pylist(), table["kind_of_reach"].to_pylist(), strict=True)) == expected
    for row in table.to_pylist():
        given_numbers = [x for x in (row["low"], row["value"], row["high"]) if x is not None]
        assert all(math.isfinite(x) and x >= 0 for x in given_numbers)
        assert given_numbers == sorted(given_numbers)
        assert (row["reason_missing"] is not None) == (len(given_numbers) < 3)
        assert (row["estimator"] is None) == (row["value"] is None)
        assert row["n_observed"] >= 0


def test_arrow_pandas_and_ibis_tables_give_the_same() -> None:
    posts = {"actor_id": ["x:a"] * 4 + ["x:b"] * 2, "views": [5, None, 7, 9, 1, 1], "reactions": [1, 2, 3, 4, 5, None]}
    edges = {"source": ["x:1", "x:2", "x:1"], "target": ["x:a"] * 3, "kind": ["reshare"] * 3}
    people = {"actor_id": ["x:a", "x:b"], "followers": [10, None]}
    connection = ibis.duckdb.connect()
    results = []
    for make in (pa.table, pd.DataFrame, lambda rows: ibis.memtable(pa.table(rows))):
        tables = {"actors": make(people), "posts": make(posts), "interactions": make(edges)}
        results.append(estimate_reach(**tables))
    connection.con.register("edges", pa.table(edges))
    on_engine = connection.table("edges")
    results.append(estimate_reach(actors=pa.table(people), posts=pa.table(posts), interactions=on_engine))
    assert all(result.equals(results[0]) for result in results)


# --- potential ---------------------------------------------------------------------------------------------------


def test_listed_followers_are_counted_once_and_exactly() -> None:
    edges = interactions(
        ("x:1", "x:a", "follow"), ("x:1", "x:a", "follow"), ("x:2", "x:a", "follow"), ("x:a", "x:a", "follow")
    )
    row = reach(interactions=edges)["x:a", "potential"]
    assert numbers(row) == (2, 2, 2)
    assert (row["estimator"], row["n_observed"], row["basis"]) == ("follower_list", 2, "followers")


def test_a_list_shorter_than_the_count_leaves_the_upper_end_at_the_count() -> None:
    edges = interactions(("x:1", "x:a", "follow"))
    assert numbers(reach(actors=actors(a=500), interactions=edges)["x:a", "potential"]) == (1, 1, 500)
    assert numbers(reach(actors=actors(a=0), interactions=edges)["x:a", "potential"]) == (1, 1, 1)


def test_the_latest_follower_count_stands() -> None:
    times = pd.to_datetime(["2024-05-01", "2024-03-01", None], utc=True)
    people = pa.table(
        {
            "actor_id": ["x:a"] * 3,
            "followers": [70, 90, 100],
            "followers_at": pa.array(times, pa.timestamp("us", tz="UTC"), from_pandas=True),
        }
    )
    row = reach(actors=people)["x:a", "potential"]
    assert numbers(row) == (70, 70, 70)
    assert row["estimator"] == "follower_count"


def test_nothing_known_says_so_for_each_kind() -> None:
    rows = reach()
    assert {kind: row["reason_missing"] for (_, kind), row in rows.items()} == {
        "potential": "no follower lists and no follower counts",
        "exposed": "no view counts",
        "engaged": "no interactions and no engagement counts",
        "simulated": "no reshares between accounts",
    }
    assert all(numbers(row) == (None, None, None) and row["n_observed"] == 0 for row in rows.values())


# --- audiences ---------------------------------------------------------------------------------------------------


def test_an_outlet_known_from_its_audience_only_gets_rows() -> None:
    rows = reach(audiences=audience("monthly_reach", 1000.0), population=5000)
    assert numbers(rows["m:1", "potential"]) == (1000, 1000, 1000)
    assert "no view counts" in rows["m:1", "exposed"]["reason_missing"]
    assert ("x:a", "engaged") in rows


def test_circulation_is_a_lower_bound_without_readers_per_copy() -> None:
    row = reach(audiences=audience("Circulation", 1000.0))["m:1", "potential"]
    assert numbers(row) == (1000, 1000, None)
    assert "lower bound" in row["estimator"]
    assert "readers per copy" in row["reason_missing"]
    bounded = reach(audiences=audience("circulation", 1000.0), population=9000)["m:1", "potential"]
    assert numbers(bounded) == (1000, 1000, 9000)
    assert bounded["reason_missing"] is None
    rows = reach(audiences=audience("circulation", 1000.0), readers_per_copy=(1.5, 2, 3), population=2500)
    assert numbers(rows["m:1", "potential"]) == numbers(rows["m:1", "exposed"]) == (2000, 1500, 2500)


def test_a_rating_is_a_percentage_of_its_own_population_or_the_study_s() -> None:
    rows = reach(audiences=audience("rating", 12.5, population=800), population=2000)
    assert numbers(rows["m:1", "exposed"]) == (100, 100, 100)
    assert rows["m:1", "exposed"]["basis"] == "issue"
    assert reach(audiences=audience("rating", 12.5), population=2000)["m:1", "exposed"]["value"] == 250
    assert "population" in reach(audiences=audience("rating", 12.5))["m:1", "exposed"]["reason_missing"]


def test_the_latest_period_of_the_widest_measure_stands() -> None:
    rows = pa.table(
        {
            "actor_id": ["m:1"] * 4,
            "medium": ["print"] * 4,
            "measure": ["monthly_reach", "monthly_reach", "daily_reach", "circulation"],
            "value": [400.0, 500.0, 90.0, 60.0],
            "period": ["2023", "2024", "2025", "2026"],
        }
    )
    found = reach(audiences=rows)
    assert numbers(found["m:1", "potential"]) == (500, 500, 500)
    assert numbers(found["m:1", "exposed"]) == (90, 90, 90)


def test_two_statements_of_one_measure_make_a_range() -> None:
    rows = pa.concat_tables([audience("readers", 100.0, source="A"), audience("readers", 300.0, source="B")])
    assert numbers(reach(audiences=rows)["m:1", "potential"]) == (200, 100, 300)


def test_media_and_followers_of_one_outlet_overlap_by_an_unknown_amount() -> None:
    rows = pa.concat_tables([audience("readers", 300.0, medium="print"), audience("viewers", 200.0, medium="tv")])
    known = pa.table({"actor_id": ["m:1"], "followers": [100]})
    row = reach(actors=known, audiences=rows, population=1000)["m:1", "potential"]
    assert (row["low"], row["high"]) == (300, 600)
    assert row["value"] == pytest.approx(1000 * (1 - 0.7 * 0.8 * 0.9))
    assert row["basis"] == "followers and audience"
    without = reach(actors=known, audiences=rows)["m:1", "potential"]
    assert numbers(without) == (None, 300, 600)
    assert "population" in without["reason_missing"]


@pytest.mark.parametrize(
    ("rows", "population", "message"),
    [
        (audience("readers", 900.0), 800, r"readers of m:1 is 900, larger than the population of 800"),
        (audience("readers", 900.0, population=700), None, r"readers of m:1 is 900, larger than the population of 700"),
        (audience("circulation", 900.0), 800, r"circulation of m:1 is 900"),
        (audience("rating", 101.0), 800, r"rating of m:1 is 101"),
        (audience("readers", -1.0), 800, r"readers of m:1 is -1"),
        (audience("rating", 10.0, population=0), None, r"population of m:1 is 0"),
    ],
)
def test_audiences_that_cannot_be_name_the_outlet_and_the_value(
    rows: pa.Table, population: float, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        reach(audiences=rows, population=population)


def test_unknown_measures_and_missing_values_are_no_error() -> None:
    row = reach(audiences=audience("grp", 40.0))["m:1", "potential"]
    assert "given: grp" in row["reason_missing"]
    assert ("m:1", "potential") not in reach(audiences=audience("readers", None))


# --- exposed -----------------------------------------------------------------------------------------------------


def test_exposed_is_the_median_of_views_and_ignores_posts_without() -> None:
    posts = pa.table({"actor_id": ["x:a"] * 8, "views": [10, 20, 30, 40, 50, 60, 70, None]})
    row = reach(posts=posts)["x:a", "exposed"]
    assert (row["value"], row["n_observed"], row["estimator"]) == (40, 7, "median_post_views")
    assert 10 <= row["low"] < 40 < row["high"] <= 70


def test_one_post_has_a_value_and_no_interval() -> None:
    row = reach(posts=pa.table({"actor_id": ["x:a"], "views": [10]}))["x:a", "exposed"]
    assert numbers(row) == (10, None, None)
    assert row["reason_missing"] == "one post only: no interval"


def test_no_interval_of_people_ends_above_the_population() -> None:
    posts = pa.table({"actor_id": ["x:a"] * 2, "views": [1, 1000]})
    assert reach(posts=posts, population=5000)["x:a", "exposed"]["high"] == 5000
    assert reach(posts=posts)["x:a", "exposed"]["high"] <= 8.3e9


# --- engaged -----------------------------------------------------------------------------------------------------


def acts_of(*weights: int, kind: str = "reshare") -> list[tuple[str, str, str]]:
    return [(f"x:{i}", "x:a", kind) for i, weight in enumerate(weights) for _ in range(weight)]


def test_engaged_counts_distinct_accounts_and_estimates_the_unseen() -> None:
    rows = [*acts_of(1, 1, 1, 1, 2, 2, 5), ("x:a", "x:a", "reply"), ("x:9", "x:a", "mention"), ("x:9", "x:a", "follow")]
    row = reach(interactions=interactions(*rows))["x:a", "engaged"]
    assert (row["n_observed"], row["value"], row["estimator"], row["basis"]) == (7, 7 + 16 / 4, "chao1987", "window")
    assert 7 <= row["low"] < row["value"] < row["high"]
    capped = reach(interactions=interactions(*rows), population=9)["x:a", "engaged"]
    assert capped["value"] == capped["high"] == 9
    assert reach(interactions=interactions(*rows), population=3)["x:a", "engaged"]["value"] == 7


def test_nobody_acting_once_means_nobody_unseen() -> None:
    row = reach(interactions=interactions(*acts_of(2, 3)))["x:a", "engaged"]
    assert numbers(row) == (2, 2, 2)
    assert row["estimator"] == "observed"


def test_a_single_act_has_no_upper_end() -> None:
    row = reach(interactions=interactions(*acts_of(1)))["x:a", "engaged"]
    assert numbers(row) == (1, 1, None)
    assert "nothing to extrapolate" in row["reason_missing"]


def test_counts_of_posts_stand_in_where_no_acts_are_listed() -> None:
    posts = pa.table(
        {"actor_id": ["x:a"] * 3, "reactions": [5, None, 1], "comments": [1, 9, None], "shares": [None, 2, 7]}
    )
    row = reach(posts=posts)["x:a", "engaged"]
    assert (row["value"], row["basis"], row["estimator"], row["n_observed"]) == (7, "post", "post_engagement_counts", 3)


def test_listed_acts_that_one_post_contradicts_are_not_the_figure() -> None:
    posts = pa.table({"actor_id": ["x:a"] * 2, "reactions": [5000, 4000]})
    edges = interactions(*acts_of(1, 1, 2))
    assert reach(posts=posts, interactions=edges)["x:a", "engaged"]["basis"] == "post"
    few = pa.table({"actor_id": ["x:a"] * 2, "reactions": [2, 3]})
    assert reach(posts=few, interactions=edges)["x:a", "engaged"]["basis"] == "window"


# --- options -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"confidence": 1.0}, r"confidence must lie between 0 and 1, got 1\.0"),
        ({"population": -5}, "population must be a positive number of people, got -5"),
        ({"replicates": 0}, "replicates must be at least 1, got 0"),
        ({"readers_per_copy": (2, 1, 3)}, r"got \(2, 1, 3\)"),
        ({"actors": actors(a=-3)}, "actors: followers of x:a is -3"),
        ({"posts": pa.table({"actor_id": ["x:a"], "views": [-1]})}, "posts: views of x:a is -1"),
        ({"posts": pa.table({"views": [1]})}, "posts: there is no column 'actor_id'"),
    ],
)
def test_bad_options_and_counts_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        reach(**options)


def test_intervals_of_exposed_cover_typical_views_as_promised() -> None:
    generator = np.random.default_rng(5)
    actors_, posts_ = 400, 12
    views = generator.lognormal(7, 1, size=(actors_, posts_)).round()
    names = [f"x:{i}" for i in range(actors_)]
    posts = pa.table({"actor_id": np.repeat(names, posts_).tolist(), "views": views.ravel()})
    rows = reach(actors=pa.table({"actor_id": names}), posts=posts)
    covered = [rows[name, "exposed"]["low"] <= np.exp(7) <= rows[name, "exposed"]["high"] for name in names]
    assert np.mean(covered) >= 0.91
