"""Numbers as people read them: short, and never wrong by more than their last digit."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from influence.show import interval, number

UNITS = {"bn": 1e9, "M": 1e6, "k": 1e3}


def _read(text: str) -> float:
    unit = next((unit for unit in UNITS if text.endswith(unit)), "")
    return float(text.removesuffix(unit).replace(",", "")) * UNITS.get(unit, 1.0)


@given(st.floats(min_value=1e-12, max_value=1e14))
@example(999.5)
@example(9_999.5)
@example(999_500.0)
@example(0.99951)
@example(99.96)
@example(0.0045)
@example(0.00995)
def test_a_number_is_off_by_less_than_one_in_its_second_digit(value: float) -> None:
    assert math.isclose(_read(number(value)), value, rel_tol=0.051)
    assert _read(number(-value)) == -_read(number(value))


@given(st.floats(min_value=1e-12, max_value=9.99e11))
def test_a_number_is_short(value: float) -> None:
    assert len(number(value)) <= 7


@given(st.integers(min_value=0, max_value=9_999))
def test_counts_up_to_four_digits_are_exact(count: int) -> None:
    assert number(count).replace(",", "") == str(count)


@given(st.floats(min_value=1e-9, max_value=1e12), st.floats(min_value=1.0, max_value=1e3))
def test_larger_numbers_are_never_shown_as_smaller(value: float, factor: float) -> None:
    assert _read(number(value * factor)) >= _read(number(value))


@pytest.mark.parametrize(
    ("triple", "text"),
    [
        ((3.1, 2.6, 3.7), "3.10 (2.60–3.70)"),
        ((12_300, 11_900, 12_700), "12.3k (11.9–12.7k)"),
        ((9_000, 8_000, 12_700), "9,000 (8,000–12.7k)"),
        ((7, 7, 7), "7"),
        ((7, None, None), "7"),
        ((None, 3, 9), "3–9"),
        ((None, None, None), "–"),
        ((4, 2, None), "4 (≥2)"),
        ((4, 2, math.inf), "4 (≥2)"),
        ((4, math.nan, math.nan), "4"),
        ((0.25, 0.125, 0.5), "0.25 (0.12–0.50)"),
        ((-5, -10, 0), "-5 (-10 to 0)"),
    ],
)
def test_intervals(triple: tuple[float | None, float | None, float | None], text: str) -> None:
    assert interval(*triple) == text
