"""Flags: proposed on rates whose low end is above the threshold, with evidence and what speaks against."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from influence.errors import InputError
from influence.flags import beta_priors, propose_flags, shrunk_rates

START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def _inputs(accounts: dict[str, list[str]], reshares: tuple[str, ...] = ()) -> dict[str, Any]:
    """Accounts with the labels of their posts, one post a day."""
    posts, labels = [], []
    for actor, values in accounts.items():
        for number, label in enumerate(values):
            post_id = f"{actor}/{number:03}"
            reshared = "x:other" if actor in reshares else None
            when = START + dt.timedelta(days=number)
            posts.append({"post_id": post_id, "actor_id": actor, "created_at": when, "reshared_actor": reshared})
            sure = number / 1000
            labels.append(
                {
                    "post_id": post_id,
                    "label": label,
                    "call": "call",
                    "lang": "kk",
                    "p_call": 0.9,
                    "p_manipulative": sure,
                }
            )
    schema = pa.schema([("post_id", pa.string()), ("actor_id", pa.string()), ("created_at", pa.timestamp("us", "UTC"))])
    for name in ("reshared_actor", "reshared_post"):
        schema = schema.append(pa.field(name, pa.string()))
    reach = pa.table(
        {
            "actor_id": ["x:bad", "x:bad", "x:small"],
            "kind_of_reach": ["potential", "exposed", "potential"],
            "value": [9000.0, 1000.0, None],
        }
    )
    return {
        "posts": ibis.memtable(pa.Table.from_pylist(posts, schema=schema)),
        "labels": ibis.memtable(pa.Table.from_pylist(labels)),
        "actors": ibis.memtable(pa.table({"actor_id": list(accounts), "kind": ["leader"] * len(accounts)})),
        "reach": reach,
    }


GOOD = {f"x:good{i}": ["none"] * 18 + ["positive"] * 2 for i in range(8)}


def test_only_accounts_with_a_high_rate_over_enough_posts_are_flagged() -> None:
    accounts = {**GOOD, "x:bad": ["manipulative"] * 20 + ["none"] * 20, "x:small": ["manipulative"] * 9}
    flags = propose_flags(**_inputs(accounts)).to_pylist()
    assert [flag["actor_id"] for flag in flags] == ["x:bad"]
    (flag,) = flags
    assert (flag["manipulative_calls"], flag["posts"], flag["reach"], flag["reach_kind"]) == (20, 40, 1000.0, "exposed")
    assert 0.1 < flag["rate_low"] < flag["rate"] < flag["rate_high"] < 1
    assert flag["rate"] < 0.5, "the rate is shrunk to that of its kind"
    assert flag["score"] == pytest.approx(flag["rate_low"] * 40 * 1000)
    assert "20 of 40 own posts" in flag["reasons"][0]


def test_the_evidence_is_the_surest_manipulative_calls() -> None:
    accounts = {**GOOD, "x:bad": ["manipulative"] * 30}
    (flag,) = propose_flags(**_inputs(accounts)).to_pylist()
    assert flag["evidence"] == [f"x:bad/{number:03}" for number in range(29, 19, -1)]


def test_what_an_account_only_reshares_is_not_its_own_rate() -> None:
    accounts = {**GOOD, "x:bad": ["manipulative"] * 30}
    assert propose_flags(**_inputs(accounts, reshares=("x:bad",))).num_rows == 0


def test_a_lower_threshold_never_flags_fewer() -> None:
    accounts = {f"x:{k}": ["manipulative"] * k + ["none"] * (30 - k) for k in range(0, 30, 3)}
    counts = [propose_flags(**_inputs(accounts), min_rate=rate).num_rows for rate in (0.05, 0.2, 0.4, 0.8)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


def test_no_posts_give_no_flags() -> None:
    empty = _inputs({"x:a": ["none"]})
    empty["posts"] = empty["posts"].limit(0)
    assert propose_flags(**empty).num_rows == 0


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=20))
def test_rates_stay_between_their_ends_and_inside_0_1(pairs: list[tuple[int, int]]) -> None:
    k = np.array([min(pair) for pair in pairs])
    n = np.array([max(pair) for pair in pairs])
    rate, low, high = shrunk_rates(k, n, beta_priors(k, n))
    assert np.all((low >= 0) & (low <= rate) & (rate <= high) & (high <= 1))


def test_intervals_cover_the_true_rates_as_often_as_they_say() -> None:
    random = np.random.default_rng(7)
    covered = []
    for _ in range(60):
        truth = random.beta(2, 18, size=40)
        n = random.integers(10, 60, size=40)
        k = random.binomial(n, truth)
        _, low, high = shrunk_rates(k, n, beta_priors(k, n))
        covered.append((low <= truth) & (truth <= high))
    assert 0.93 <= np.mean(covered) <= 0.97


def test_a_confidence_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match=r"got 1\.5"):
        shrunk_rates(np.array([1]), np.array([2]), beta_priors(np.array([1]), np.array([2])), confidence=1.5)
