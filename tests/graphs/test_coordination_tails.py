"""Tails of the null distributions equal exact arithmetic; q-values keep what they promise."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from graphs.coordination.multiple import count_tests, q_values
from graphs.coordination.tails import (
    LEAST,
    hypergeometric_tails,
    poisson_binomial_tail,
    poisson_tail,
    stratified_tail,
    sum_tail,
)
from graphs.errors import InputError

chances = st.lists(st.floats(0, 1), max_size=7)


@settings(deadline=None, max_examples=60)
@given(chances, st.integers(0, 8))
def test_poisson_binomial_equals_the_sum_over_all_outcomes(trials: list[float], count: int) -> None:
    exact = sum(
        math.prod(p if hit else 1 - p for p, hit in zip(trials, outcome, strict=True))
        for outcome in product((0, 1), repeat=len(trials))
        if sum(outcome) >= count
    )
    assert poisson_binomial_tail(count, trials) == pytest.approx(max(exact, LEAST), rel=1e-9, abs=1e-14)


def test_tails_are_exact_however_small() -> None:
    assert poisson_binomial_tail(100, [1e-3] * 100) == pytest.approx(1e-300, rel=1e-9)
    assert poisson_binomial_tail(50, [1e-3] * 100) == pytest.approx(
        float(
            sum(math.comb(100, k) * Fraction(1, 1000) ** k * Fraction(999, 1000) ** (100 - k) for k in range(50, 101))
        ),
        rel=1e-9,
    )
    assert poisson_binomial_tail(101, [0.5] * 100) == LEAST
    for count, mean in ((1, 1e-12), (3, 0.5), (40, 2.0), (120, 100.0), (100, 100.0), (80, 100.0)):
        assert poisson_tail(count, mean) == pytest.approx(stats.poisson.sf(count - 1, mean), rel=1e-9)
    # Many small trials and a Poisson variable are as good as one Poisson variable of their sum.
    assert sum_tail(5, np.full(1000, 1e-5), 0.05) == pytest.approx(poisson_tail(5, 0.06), rel=1e-3)


def _hypergeometric(count: int, universe: int, first: int, second: int) -> Fraction:
    ways = sum(
        math.comb(first, x) * math.comb(universe - first, second - x)
        for x in range(max(0, count), min(first, second) + 1)
        if second - x <= universe - first
    )
    return Fraction(ways, math.comb(universe, second))


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_hypergeometric_equals_counting(data: st.DataObject) -> None:
    universe = data.draw(st.integers(1, 40))
    first, second = (data.draw(st.integers(0, universe)) for _ in range(2))
    shared = data.draw(st.integers(0, min(first, second)))
    exact = float(_hypergeometric(shared, universe, first, second))
    assert hypergeometric_tails(shared, first, second, universe) == pytest.approx(exact, rel=1e-10)


def test_hypergeometric_in_the_far_tail() -> None:
    for case in ((60, 5000, 100, 80), (150, 20_000, 200, 160), (40, 1_000_000, 300, 400)):
        shared, universe, first, second = case
        exact = float(_hypergeometric(shared, universe, first, second))
        assert 0 < exact < 1e-60
        assert hypergeometric_tails(shared, first, second, universe) == pytest.approx(exact, rel=1e-7)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.integers(1, 8), st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=3),
    st.integers(0, 9),
)
def test_classes_add_up(classes: list[tuple[int, int, int]], count: int) -> None:
    parts = [(n, min(a, n), min(b, n)) for n, a, b in classes]
    exact = Fraction(0)
    for outcome in product(*(range(min(a, b) + 1) for _, a, b in parts)):
        if sum(outcome) >= count:
            exact += math.prod(
                (
                    _hypergeometric(x, *part) - _hypergeometric(x + 1, *part)
                    for x, part in zip(outcome, parts, strict=True)
                ),
                start=Fraction(1),
            )
    universe, first, second = (np.array(column, np.int64) for column in zip(*parts, strict=True))
    assert stratified_tail(count, universe, first, second) == pytest.approx(float(exact), rel=1e-9, abs=1e-14)


p_lists = st.lists(st.floats(1e-300, 1), min_size=1, max_size=30)


@given(p_lists, st.integers(0, 1000), st.sampled_from(["benjamini_hochberg", "benjamini_yekutieli"]))
def test_q_is_never_below_p_and_rises_with_it(p: list[float], more: int, correction: str) -> None:
    q = q_values(p, len(p) + more, correction=correction)  # type: ignore[arg-type]
    assert (q >= np.array(p)).all()
    assert (q <= 1).all()
    assert (np.diff(q[np.argsort(p, kind="stable")]) >= 0).all()


@given(p_lists, st.integers(0, 50))
def test_q_values_are_those_of_scipy_with_ones_for_the_tests_that_found_nothing(p: list[float], more: int) -> None:
    every = [*p, *[1.0] * more]
    for ours, theirs in (("benjamini_hochberg", "bh"), ("benjamini_yekutieli", "by")):
        expected = stats.false_discovery_control(every, method=theirs)[: len(p)]
        assert q_values(p, len(every), correction=ours) == pytest.approx(expected)  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.floats(1e-12, 1), st.integers(0, 50)), max_size=8), st.floats(0.001, 0.5))
def test_the_number_of_tests_is_the_smallest_that_holds(known: list[tuple[float, int]], level: float) -> None:
    values, pairs = [v for v, _ in known], [n for _, n in known]
    tests, cut = count_tests(values, pairs, level=level)

    def reach(cut: float) -> int:
        return sum(n for v, n in known if v <= cut)

    if sum(pairs) == 0:
        assert (tests, cut) == (0, level)
    else:
        assert tests == next(k for k in range(1, sum(pairs) + 1) if reach(level / k) <= k)
        assert cut == level / tests


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: q_values([0.0]), "above 0"),
        (lambda: q_values([float("nan")]), "nan"),
        (lambda: q_values([0.5, 0.5], 1), "tests=1"),
        (lambda: q_values([0.5], correction="holm"), "benjamini_yekutieli"),  # type: ignore[arg-type]
        (lambda: count_tests([0.1], [1], level=1.0), "0.05 for 5%"),
        (lambda: poisson_binomial_tail(1, [1.5]), "1.5"),
        (lambda: hypergeometric_tails([4], [3], [5], 10), "distinct objects"),
        (lambda: hypergeometric_tails([1], [30], [5], 10), "universe of 10"),
    ],
)
def test_bad_input_is_named(call, words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=words):
        call()
