"""Probabilities learnt from posts and reshares, and the rows of the reach table."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest

from graphs import InputError, SpreadOptions, estimate_reach, learn_probabilities

POSTS = pa.table({"actor_id": ["x:a"] * 4 + ["x:b", "x:b", "x:q", "v:m"], "post_id": list("12345678")})


def acts(*rows: tuple[str, str, str | None, int]) -> pa.Table:
    """Rows `source, target, post, day`, all of them reshares."""
    names = ("source", "target", "target_post", "day")
    columns: dict[str, Any] = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    days = columns.pop("day")
    columns["target_post"] = pa.array(columns["target_post"], pa.string())
    at = pa.array([dt.datetime(2026, 1, day, tzinfo=dt.UTC) for day in days], pa.timestamp("us", "UTC"))
    return pa.table({**columns, "kind": ["reshare"] * len(rows), "at": at})


ACTS = acts(
    ("x:b", "x:a", "1", 1), ("x:c", "x:a", "1", 2), ("x:c", "x:a", "1", 3), ("x:c", "x:b", "5", 3),
    ("x:d", "x:x", "9", 4), ("x:e", "x:y", None, 5), ("x:e", "x:a", "2", 5), ("x:e", "x:e", "3", 5),
)  # fmt: skip


def learnt(**options: Any) -> dict[tuple[str, str], tuple[float, str]]:
    rows = learn_probabilities(interactions=ACTS, posts=POSTS, **options).to_pyarrow().to_pylist()
    return {(row["author"], row["resharer"]): (round(row["p"], 6), row["basis"]) for row in rows}


def test_bernoulli_is_posts_reshared_by_posts_written() -> None:
    assert learnt() == {
        ("x:a", "x:b"): (0.25, "posts"),
        ("x:a", "x:c"): (0.25, "posts"),
        ("x:a", "x:e"): (0.25, "posts"),
        ("x:b", "x:c"): (0.5, "posts"),
        ("x:x", "x:d"): (1.0, "reshared_posts"),
        # e reshared two posts, one of them of y.
        ("x:y", "x:e"): (0.5, "shares_of_reshares"),
    }


def test_partial_credit_divides_a_reshare_among_those_it_may_have_come_from() -> None:
    found = learnt(method="partial_credit")
    # c reshared post 1 a day after b did, and reshares b at other times: half the credit is b's, who put out 3 posts.
    assert found["x:a", "x:c"] == (0.125, "posts")
    assert found["x:b", "x:c"] == (0.5, "posts")
    assert found["x:a", "x:b"] == (0.25, "posts")


def test_a_prior_draws_authors_of_few_posts_towards_the_mean() -> None:
    plain, shrunk = learnt(), learnt(prior_posts=2)
    assert shrunk["x:x", "x:d"][0] < plain["x:x", "x:d"][0]
    assert shrunk["x:a", "x:b"][0] > plain["x:a", "x:b"][0]
    assert shrunk["x:y", "x:e"] == plain["x:y", "x:e"]


def test_options_of_learning_are_checked() -> None:
    with pytest.raises(InputError, match="no method 'x'"):
        learn_probabilities(interactions=ACTS, method="x")
    with pytest.raises(InputError, match="prior_posts"):
        learn_probabilities(interactions=ACTS, prior_posts=-1.0)


def test_rows_of_the_reach_table_say_what_they_rest_on() -> None:
    ids = ["v:m", "x:a", "x:c", "x:n", "x:q", "x:x", "x:y"]
    plain = SpreadOptions(prior_posts=0)  # probabilities as they were counted, so that the reach is known exactly
    table = estimate_reach(actors=pa.table({"actor_id": ids}), posts=POSTS, interactions=ACTS, spread=plain)
    rows = {row["actor_id"]: row for row in table.to_pylist() if row["kind_of_reach"] == "simulated"}
    assert rows["x:a"]["estimator"] == "independent_cascade"
    # 1 + b, c, e at 1/4 each, and c by way of b: exactly 1 + 0.25 + 0.25 + (1 - 0.75 * (1 - 0.125)).
    assert rows["x:a"]["low"] <= 1.84375 <= rows["x:a"]["high"]
    assert rows["x:x"]["estimator"] == "independent_cascade:reshared_posts"
    assert rows["x:y"]["estimator"] == "independent_cascade:shares_of_reshares"
    for never in ("x:c", "x:q"):
        assert (rows[never]["low"], rows[never]["value"], rows[never]["high"]) == (1, 1, 1)
        assert rows[never]["estimator"] == "independent_cascade:never_reshared"
    assert rows["x:n"]["reason_missing"] == "no posts of its own, and no reshares"
    assert rows["v:m"]["reason_missing"] == "no reshares on its platform"
    assert rows["x:n"]["value"] is None


def test_shares_without_names_are_no_reach_of_one() -> None:
    posts = pa.table({"actor_id": ["x:q", "x:r"], "post_id": ["1", "2"], "shares": [7, 0]})
    table = estimate_reach(actors=pa.table({"actor_id": ["x:q", "x:r"]}), posts=posts, interactions=ACTS)
    rows = [row for row in table.to_pylist() if row["kind_of_reach"] == "simulated"]
    assert [row["value"] for row in rows] == [None, 1.0]
    assert "who shared them is not listed" in rows[0]["reason_missing"]
