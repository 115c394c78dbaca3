"""Medians of groups: the engine and numpy agree, and intervals cover the truth as often as they promise."""

from __future__ import annotations

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.reaching.medians import group_medians, median_interval


@settings(max_examples=12, deadline=None)
@given(st.lists(st.lists(st.integers(0, 10**6), min_size=1, max_size=30), min_size=1, max_size=5))
def test_the_engine_gives_what_one_sample_at_a_time_gives(groups: list[list[int]]) -> None:
    ids = [f"x:{i}" for i in range(len(groups))]
    rows = pa.table(
        {
            "actor_id": [ids[i] for i, group in enumerate(groups) for _ in group],
            "value": pa.array([float(x) for group in groups for x in group]),
        }
    )
    medians = group_medians(ibis.memtable(rows))
    assert medians.ids.to_pylist() == ids
    assert medians.n.tolist() == [len(group) for group in groups]
    for at, group in enumerate(groups):
        expected = median_interval(group)
        assert expected[0] == np.median(group)
        np.testing.assert_allclose([medians.value[at], medians.low[at], medians.high[at]], expected)


@given(st.lists(st.floats(0, 1e12), min_size=1, max_size=40), st.sampled_from([0.5, 0.9, 0.95, 0.999]))
def test_the_interval_holds_the_median(values: list[float], confidence: float) -> None:
    value, low, high = median_interval(values, confidence=confidence)
    if len(values) == 1:
        assert np.isnan(low)
        assert np.isnan(high)
    else:
        assert 0 <= low <= value <= high < np.inf


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6, 7, 8, 13, 30, 101])
def test_the_interval_covers_the_median_as_often_as_it_promises(n: int) -> None:
    generator = np.random.default_rng(n)
    samples = generator.lognormal(6, 1.2, size=(500, n))
    covered = [low <= np.exp(6) <= high for _, low, high in (median_interval(sample) for sample in samples)]
    assert np.mean(covered) >= 0.91


def test_few_observations_never_end_above_the_ceiling_or_below_what_was_seen() -> None:
    _, _, high = median_interval([1, 10**6], ceiling=5000)
    assert high == 10**6
    assert median_interval([10, 1000], ceiling=5000)[2] == 5000


def test_nothing_gives_nothing() -> None:
    nothing = pa.table({"actor_id": pa.array(["x:1"]), "value": pa.array([None], pa.float64())})
    assert len(group_medians(ibis.memtable(nothing)).n) == 0
