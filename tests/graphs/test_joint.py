"""Unions from sizes and pairs: constraints are met, held-out unions are near, and the range holds the truth."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.figures import Figure
from graphs.reaching.bounds import linear_bounds
from graphs.reaching.joint import (
    BETA_BINOMIAL,
    COPULA,
    LATENT_TRAIT,
    MAXIMUM_ENTROPY,
    beta_binomial_union,
    choose_base,
    fit_joint,
)
from graphs.reaching.survey import wilson
from graphs.reaching.unions import Audiences, union_bounds

Bools = npt.NDArray[np.bool_]


def sample(seed: int, k: int, people: int = 1007) -> Bools:
    """Draw people with one trait, camps, and sources of very different size."""
    rng = np.random.default_rng(seed)
    news, camp = rng.normal(size=people), np.where(rng.random(people) < 0.6, 1.0, -1.0)
    scores = [0.8 * news + 0.5 * camp * (-1) ** i + rng.normal(size=people) for i in range(k)]
    return np.stack([x > np.quantile(x, 1 - rng.uniform(0.05, 0.5)) for x in scores], axis=1)


def pairs_of(held: Bools) -> dict[tuple[int, int], float]:
    return {(i, j): float((held[:, i] & held[:, j]).mean()) for i, j in combinations(range(held.shape[1]), 2)}


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 7), st.sampled_from([MAXIMUM_ENTROPY, BETA_BINOMIAL, LATENT_TRAIT]))
def test_sizes_and_pairs_are_met_by_every_base(seed: int, k: int, base: str) -> None:
    held = sample(seed, k)
    joint = fit_joint(held.mean(axis=0).tolist(), pairs_of(held), base=base)
    assert joint.weights.sum() == pytest.approx(1)
    for i in range(k):
        assert joint.share([i]) == pytest.approx(held[:, i].mean(), abs=1e-4)
    for (i, j), share in pairs_of(held).items():
        assert joint.share([i]) + joint.share([j]) - joint.share([i, j]) == pytest.approx(share, abs=1e-4)


@pytest.mark.parametrize("k", [3, 4, 6])
def test_unions_are_within_a_point_and_a_half_on_average_and_the_range_holds(k: int) -> None:
    rng = np.random.default_rng(k)
    missed, by_chance = [], []
    for seed in range(4):
        held = sample(seed, 12)
        for _ in range(5):
            part = held[:, sorted(rng.choice(12, k, replace=False))]
            truth = 100 * part.any(axis=1).mean()
            sizes = (100 * part.mean(axis=0)).tolist()
            shared = {pair: 100 * share for pair, share in pairs_of(part).items()}
            union = union_bounds(sizes, population=100, overlaps=shared)
            assert union.value is not None
            assert union.low - 1e-6 <= truth <= union.high + 1e-6
            missed.append(abs(union.value - truth))
            by_chance.append(abs((union_bounds(sizes, population=100).value or 0) - truth))
    assert np.mean(missed) < 1.5
    assert np.mean(missed) < np.mean(by_chance)


def test_many_audiences_are_held_by_a_copula() -> None:
    held = sample(7, 20)
    joint = fit_joint(held.mean(axis=0).tolist(), pairs_of(held))
    assert joint.name == COPULA
    assert abs(joint.share(range(20)) - held.any(axis=1).mean()) < 0.02
    some = [1, 4, 9, 16]
    assert abs(joint.share(some) - held[:, some].any(axis=1).mean()) < 0.02


def test_few_pairs_leave_nothing_to_hold_out() -> None:
    assert choose_base([0.3, 0.2, 0.1], {(0, 1): 0.1, (0, 2): 0.05}) == MAXIMUM_ENTROPY
    # Given two of the pairs, the third audience pair is as likely as the two let it be.
    joint = fit_joint([0.5, 0.5, 0.5], {(0, 1): 0.25})
    assert joint.share([0, 1, 2]) == pytest.approx(1 - 0.125, abs=1e-5)


def test_the_beta_binomial_is_metheringham_s() -> None:
    # Exposures of a uniform chance: P(none of k) = 1/(k+1); size 1/2, pair 1/3.
    assert beta_binomial_union([0.5] * 4, dict.fromkeys(combinations(range(4), 2), 1 / 3)) == pytest.approx(0.8)
    assert beta_binomial_union([0.5, 0.5], {}) == pytest.approx(0.75)
    assert beta_binomial_union([0.0, 0.0], {(0, 1): 0.0}) == 0


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 500), st.integers(2, 5), st.data())
def test_linear_bounds_hold_unions_and_remainders(seed: int, k: int, data: st.DataObject) -> None:
    held = sample(seed, k, people=80)
    counts = held.sum(axis=0).astype(float)
    every = {pair: 80 * share for pair, share in pairs_of(held).items()}
    known = {pair: every[pair] for pair in data.draw(st.lists(st.sampled_from(sorted(every)), unique=True))}
    first = data.draw(st.integers(1, k - 1))
    any_of, none_of = list(range(first)), list(range(first, k))
    bounds = linear_bounds(counts, 80, known, known, any_of, none_of)
    truth = (held[:, any_of].any(axis=1) & ~held[:, none_of].any(axis=1)).sum()
    assert bounds is not None
    assert bounds[0] - 1e-4 <= truth <= bounds[1] + 1e-4


def test_a_survey_s_own_sampling_error_is_in_the_interval() -> None:
    held = sample(11, 5)
    population, n = 100_000.0, len(held)
    parts = [Figure(x, x, x, "audience: weekly_reach", "audience") for x in (population * held.mean(axis=0)).tolist()]
    shared = {pair: (population * x,) * 3 for pair, x in pairs_of(held).items()}
    plain = Audiences(parts, population, shared).union(range(5))
    sampled = Audiences(parts, population, shared, respondents=n).union(range(5))
    assert plain.low is not None
    assert plain.high is not None
    assert sampled.value == plain.value
    assert sampled.low == pytest.approx(population * wilson(plain.low / population, n)[0], rel=0.02)
    assert sampled.high == pytest.approx(min(population, population * wilson(plain.high / population, n)[2]), rel=0.02)


def test_overlaps_that_contradict_each_other_are_left_out() -> None:
    parts = [Figure(x, x, x, "readers", "audience") for x in (50.0, 50.0, 50.0)]
    shared = {(0, 1): (50.0,) * 3, (1, 2): (50.0,) * 3, (0, 2): (0.0,) * 3}
    union = Audiences(parts, 1000, shared).union(range(3))
    assert "contradict" in (union.estimator or "")
    assert (union.low, union.high) == (50, 150)
