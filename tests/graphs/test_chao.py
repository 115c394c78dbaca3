"""Chao's estimator: its published forms, its limits, and its coverage where its assumptions hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.errors import InputError
from graphs.reaching.chao import (
    BIAS_CORRECTED,
    CHAO,
    OBSERVED,
    ONE_INFLATED,
    ONES,
    Counts,
    OnesRule,
    chao_interval,
    chao_names,
    estimate_unseen,
)

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


@given(counts, counts, counts, counts, counts, st.sampled_from(ONES), st.booleans())
def test_every_form_is_ordered_finite_and_at_least_what_was_seen(
    f1: int, f2: int, f3: int, f4: int, more: int, ones: OnesRule, corrected: bool
) -> None:
    n = f1 + f2 + f3 + f4 + more
    seen = Counts.of(n, f1, f2, f3, f4)
    value, low, high, name = estimate_unseen(seen, ones=ones, bias_corrected=corrected)
    assert n <= low <= value
    assert np.isnan(high) if (f1, f2) == (1, 0) else value <= high < np.inf
    assert (str(name) == OBSERVED) == (f1 == 0)
    plain, _, _, _ = estimate_unseen(seen, ones="as_seen", bias_corrected=corrected)
    assert value <= plain * (1 + 1e-12)


def test_inflated_ones_are_found_and_do_not_carry_the_estimate() -> None:
    # 100,000 accounts with one act on average, and 50,000 more that act once.
    expected = [100_000 * np.exp(-1) / k for k in (1, 2, 6, 24)]
    alike = Counts.of(100_000 * (1 - np.exp(-1)), *expected)
    inflated = Counts.of(alike.n + 50_000, alike.f1 + 50_000, alike.f2, alike.f3, alike.f4)
    assert str(estimate_unseen(alike)[3]) == CHAO
    value, _, _, name = estimate_unseen(inflated)
    assert str(name) == ONE_INFLATED
    assert float(value) == pytest.approx(150_000)
    assert float(estimate_unseen(inflated, ones="as_seen")[0]) > 200_000


def test_a_bootstrap_interval_is_that_of_its_seed_and_near_the_closed_form() -> None:
    seen = Counts.of([76, 760], [43, 430], [16, 160], [8, 80], [6, 60])
    closed = estimate_unseen(seen)
    drawn, again = (estimate_unseen(seen, interval="bootstrap", seed=3) for _ in range(2))
    assert all((a == b).all() for a, b in zip(drawn, again, strict=True))
    assert np.abs(drawn[2] / closed[2] - 1).max() < 0.15
    assert drawn[3].tolist() == ["chao1987, bootstrap"] * 2


def test_options_that_there_are_none_of() -> None:
    seen = Counts.of(3, 1, 1)
    with pytest.raises(InputError, match="interval must be one of"):
        estimate_unseen(seen, interval="t")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="replicates must be at least 1"):
        estimate_unseen(seen, interval="bootstrap", replicates=0)
