"""Chao's estimator: its published forms, its limits, and its coverage where its assumptions hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.chao import BIAS_CORRECTED, CHAO, OBSERVED, chao_interval, chao_names
from graphs.errors import InputError

counts = st.integers(0, 10**6)


@given(counts, counts, counts, st.sampled_from([None, 1.0, 5e5]))
def test_estimates_are_ordered_finite_and_never_below_what_was_seen(
    f1: int, f2: int, more: int, population: float | None
) -> None:
    n = f1 + f2 + more
    value, low, high = (float(x) for x in chao_interval(n, f1, f2, population=population))
    assert n <= low <= value
    if (f1, f2) == (1, 0):
        assert np.isnan(high)
    else:
        assert value <= high < np.inf
    if population is not None:
        assert value <= max(n, population)


def test_the_forms_of_the_estimator() -> None:
    assert [float(x) for x in chao_interval(20, 0, 4)] == [20, 20, 20]
    assert float(chao_interval(10, 6, 3)[0]) == 10 + 36 / 6
    assert float(chao_interval(10, 6, 0)[0]) == 10 + 6 * 5 / 2
    assert chao_names([0, 6, 6], [4, 3, 0]).tolist() == [OBSERVED, CHAO, BIAS_CORRECTED]


def test_the_interval_by_hand() -> None:
    # f1 = f2 = 2: one unseen, variance 2 (1/4 + 1 + 1/2) = 3.5, spread exp(1.96 sqrt(log(1 + 3.5))).
    spread = np.exp(1.959964 * np.sqrt(np.log(4.5)))
    value, low, high = chao_interval(10, 2, 2)
    assert (float(value), float(low), float(high)) == pytest.approx((11, 10 + 1 / spread, 10 + spread), rel=1e-5)


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(InputError, match="within the accounts seen"):
        chao_interval(3, 2, 2)


def test_the_interval_covers_the_truth_where_accounts_are_alike() -> None:
    generator = np.random.default_rng(1)
    acts = generator.poisson(0.9, size=(2000, 500))
    n, f1, f2 = ((acts > 0).sum(1), (acts == 1).sum(1), (acts == 2).sum(1))
    _, low, high = chao_interval(n, f1, f2)
    assert 0.92 <= ((low <= 500) & (high >= 500)).mean() <= 0.98


def test_it_stays_a_lower_bound_where_accounts_differ() -> None:
    generator = np.random.default_rng(2)
    acts = generator.poisson(generator.gamma(0.7, 1.5, size=(500, 500)))
    value, _, _ = chao_interval((acts > 0).sum(1), (acts == 1).sum(1), (acts == 2).sum(1))
    assert (acts > 0).sum(1).mean() < value.mean() < 500
