"""Bounds on unions always hold the truth, and measured overlaps tighten them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.errors import InputError
from graphs.figures import Figure
from graphs.reaching.bounds import heaviest_tree
from graphs.reaching.unions import union_bounds, union_of_figures

PEOPLE = 60
sets_of_people = st.lists(st.frozensets(st.integers(0, PEOPLE - 1)), min_size=1, max_size=6)


def overlaps_of(sets: list[frozenset[int]], pairs: list[tuple[int, int]]) -> dict[tuple[int, int], float]:
    return {(i, j): float(len(sets[i] & sets[j])) for i, j in pairs}


@given(sets_of_people, st.sampled_from([None, PEOPLE, 10 * PEOPLE]), st.data())
def test_the_range_holds_the_truth_and_overlaps_only_tighten_it(
    sets: list[frozenset[int]], population: int | None, data: st.DataObject
) -> None:
    pairs = list(combinations(range(len(sets)), 2))
    chosen = data.draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    truth = len(frozenset().union(*sets))
    sizes = [len(one) for one in sets]
    plain = union_bounds(sizes, population=population)
    tight = union_bounds(sizes, population=population, overlaps=overlaps_of(sets, chosen))
    for union in (plain, tight):
        assert union.low - 1e-9 <= truth <= union.high + 1e-9
        assert union.value is None or union.low <= union.value <= union.high
        assert (union.value is None) == (union.reason_missing is not None)
    assert plain.low - 1e-9 <= tight.low
    assert tight.high <= plain.high + 1e-9


@given(st.frozensets(st.integers(0, PEOPLE - 1)), st.frozensets(st.integers(0, PEOPLE - 1)))
def test_two_audiences_with_a_known_overlap_are_exact(a: frozenset[int], b: frozenset[int]) -> None:
    union = union_bounds([len(a), len(b)], overlaps={(1, 0): len(a & b)})
    assert union.value == union.low == union.high == len(a | b)


def test_sainsbury_is_the_chance_to_be_reached_by_independent_media() -> None:
    union = union_bounds([500, 400, 100], population=1000)
    assert union.value == pytest.approx(1000 * (1 - 0.5 * 0.6 * 0.9))
    assert (union.low, union.high) == (500, 1000)
    everyone = union_bounds([1000, 10], population=1000)
    assert everyone.value == everyone.low == everyone.high == 1000


def test_without_a_population_there_is_a_range_and_a_reason() -> None:
    union = union_bounds([30, 20])
    assert (union.value, union.low, union.high) == (None, 30, 50)
    assert "population" in (union.reason_missing or "")


def test_no_audience_and_one_audience() -> None:
    assert union_bounds([]).high == 0
    assert union_bounds([7]).value == 7


@pytest.mark.parametrize(
    ("sizes", "options", "message"),
    [
        ([-1, 2], {}, "got -1.0"),
        ([float("nan")], {}, "got nan"),
        ([11], {"population": 10}, "audience of 11 is larger than the population of 10"),
        ([1], {"population": 0}, "population must be a positive number of people, got 0"),
        ([5, 3], {"overlaps": {(0, 1): 4}}, "cannot share 4 people: between 0 and 3"),
        ([8, 8], {"overlaps": {(0, 1): 2}, "population": 10}, "between 6 and 8"),
        ([5, 3], {"overlaps": {(0, 2): 1}}, "does not name two of the 2 audiences"),
        ([5, 3], {"overlaps": {(0, 1): 1, (1, 0): 2}}, "given twice"),
        # b and c lie within a without touching each other, yet together they are larger than a.
        ([10, 8, 8], {"overlaps": {(0, 1): 8, (0, 2): 8, (1, 2): 0}}, "contradict"),
    ],
)
def test_impossible_input_is_refused_with_its_value(
    sizes: list[float], options: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        union_bounds(sizes, **options)  # type: ignore[arg-type]


@given(st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_heaviest_tree_is_no_lighter_than_any_path(size: int, seed: int) -> None:
    weights = np.random.default_rng(seed).random((size, size))
    weights = (weights + weights.T) / 2
    path = sum(weights[i, i + 1] for i in range(size - 1))
    star = weights[0, 1:].sum()
    assert heaviest_tree(weights) >= max(path, star) - 1e-12


def exact(people: float) -> Figure:
    return Figure(people, people, people, "follower_count", n=1)


def test_ranges_join_end_by_end_and_open_ends_stay_open() -> None:
    known, open_ended = (
        Figure(100, 90, 120, "audience: reach", bounds=True),
        Figure(50, 50, None, "circulation", reason="r"),
    )
    union = union_of_figures([known, open_ended])
    assert (union.value, union.low, union.high) == (None, 90, None)
    assert "r" in (union.reason or "")
    closed = union_of_figures([known, open_ended], population=1000)
    assert (closed.low, closed.high, closed.reason) == (90, 1000, None)
    assert closed.value == pytest.approx(1000 * (1 - 0.9 * 0.95))


def test_followers_from_elsewhere_count_as_the_population_at_most() -> None:
    union = union_of_figures([exact(5000), exact(10)], population=1000)
    assert union.value == union.low == union.high == 1000


def test_uncertain_overlaps_widen_the_range_around_the_point() -> None:
    union = union_of_figures([exact(100), exact(80)], overlaps={(0, 1): (20, 30, 40)})
    assert (union.low, union.value, union.high) == (140, 150, 160)
    too_many = union_of_figures([exact(100), exact(80)], overlaps={(0, 1): (90, 95, 99)})
    assert too_many.value == 100


def test_contradicting_overlaps_are_left_out_and_that_is_said() -> None:
    overlaps = {(0, 1): (8.0, 8.0, 8.0), (0, 2): (8.0, 8.0, 8.0), (1, 2): (0.0, 0.0, 0.0)}
    union = union_of_figures([exact(10), exact(8), exact(8)], population=100, overlaps=overlaps)
    assert (union.low, union.high) == (10, 26)
    assert "contradict" in (union.estimator or "")
