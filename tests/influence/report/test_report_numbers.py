"""How numbers are written."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influence.report.catalogue import load_catalogue
from influence.report.numbers import Numbers, wilson

numbers = Numbers()


@given(st.integers(0, 5000), st.integers(1, 5000))
def test_wilson_holds_the_share_and_stays_in_the_unit_interval(k: int, n: int) -> None:
    k = min(k, n)
    low, high = wilson(k, n)
    assert 0 <= low <= k / n <= high <= 1
    assert (low == 0) == (k == 0)
    assert (high == 1) == (k == n)


def test_wilson_of_the_textbook() -> None:
    # Newcombe (1998), Statistics in Medicine 17, 857-872, table I: 81 of 263.
    low, high = wilson(81, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (7, "7"),
        (7.25, "7.2"),
        (45.6, "46"),
        (999.4, "999"),
        (12_345, "12,300"),
        (1_234_567, "1,230,000"),
        (math.inf, "∞"),
    ],
)
def test_estimates_have_three_significant_digits(value: float, text: str) -> None:
    assert numbers.estimate(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0123, "0.012"),
        (0.24, "0.24"),
        (1.12, "1.12"),
        (3.27, "3.3"),
        (12.41, "12.4"),
        (37.9, "38"),
        (512.3, "512"),
        (0, "0.00"),
    ],
)
def test_ratios_keep_two_or_three_digits(value: float, text: str) -> None:
    assert numbers.ratio(value) == text


def test_counts_are_exact_and_estimates_are_not() -> None:
    assert numbers.amount(12_345, 12_345, 12_345) == "12,345"
    assert numbers.amount(12_345, 11_000, 13_000) == "12,300"


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        ((0.123, 0.09, 0.16), ("12%", "9–16%")),
        ((0.055, 0.037, 0.081), ("5.5%", "3.7–8.1%")),
        ((0.004, 0.001, 0.06), ("0.4%", "0.1–6.0%")),
        ((0.0, 0.0, 0.07), ("0%", "0–7%")),
        ((0.2, None, None), ("20%", "")),
    ],
)
def test_shares_have_the_digits_that_their_interval_bears(
    share: tuple[float, float | None, float | None], shown: tuple[str, str]
) -> None:
    assert numbers.share(*share) == shown


def test_intervals_below_zero_are_not_written_with_a_dash() -> None:
    assert numbers.interval(-900, 1400, numbers.estimate) == "−900 to 1,400"
    assert numbers.interval(None, 3, numbers.count) == ""


def test_probabilities_are_never_certain() -> None:
    assert [numbers.probability(p) for p in (0, 0.5, 1)] == ["< 0.01", "0.50", "> 0.99"]


def test_another_language_brings_its_separators_only() -> None:
    other = Numbers(group="\u00a0", decimal=",")
    assert (other.estimate(12_345), other.ratio(1.25), other.short(0.5)) == ("12\u00a0300", "1,25", "0,5")


def test_nouns_follow_their_count() -> None:
    cat = load_catalogue("en")
    assert (cat.counted("leader", 1), cat.counted("leader", 2)) == ("1\u00a0leader", "2\u00a0leaders")
    assert str(cat.listed(["a", "b", "c"])) == "a, b and c"
