"""Texts as codes and the order of shares: what Arrow and Python's own sort give, however the work is cut up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.coordination import codes, shares_of

texts = st.lists(st.one_of(st.sampled_from(("", "a", "ә", "aa", "x:1")), st.text(max_size=12)), max_size=60)


def _chunked(values: list[str], cut: int) -> pa.ChunkedArray:
    """The texts in two pieces, the second one a slice of a longer array."""
    longer = pa.array(["before", *values[cut:]], pa.string())
    return pa.chunked_array([pa.array(values[:cut], pa.string()), longer[1:]], pa.string())


def _plain(values: list[str]) -> tuple[list[int], list[str]]:
    numbers: dict[str, int] = {}
    return [numbers.setdefault(value, len(numbers)) for value in values], list(numbers)


@settings(max_examples=150, deadline=None)
@given(texts, st.integers(0, 60), st.integers(1, 70), st.integers(0, 5))
def test_codes_number_the_texts_in_the_order_of_first_appearance(
    values: list[str], cut: int, part: int, more: int
) -> None:
    column = _chunked(values, min(cut, len(values)))
    for room in (None, codes.Room.of(len(values) + more)):
        found, names = codes.codes_and_names(column, part=part, room=room)
        assert (found.tolist(), names.to_pylist()) == _plain(values)
    few, names = codes.few_codes(column)
    assert (few.tolist(), names.to_pylist()) == _plain(values)


@pytest.mark.parametrize("value", [0, 2**64 - 1])
def test_texts_whose_hashes_are_all_one_are_told_apart_all_the_same(
    value: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def same(starts: Any, data: Any, out: Any) -> None:
        out.fill(value)

    monkeypatch.setattr(codes, "_hash", same)
    values = ["a", "b", "a", "", "c", "b"]
    found, names = codes.codes_and_names(_chunked(values, 2))
    assert (found.tolist(), names.to_pylist()) == _plain(values)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("uvw"), st.sampled_from((None, "url", "text")), st.integers(0, 9)), max_size=200)
)
def test_shares_lie_by_object_then_time_then_row(rows: list[tuple[str, str | None, int]]) -> None:
    table = pa.table(
        {
            "actor_id": pa.array(["a"] * len(rows), pa.string()),
            "object": pa.array([row[0] for row in rows], pa.string()),
            "kind": pa.array([row[1] for row in rows], pa.string()),
            "at": pa.array([row[2] for row in rows], pa.int64()),
            "post_id": pa.array([str(place) for place in range(len(rows))], pa.string()),
        }
    )
    shares = shares_of(table)
    named = list(zip(shares.objects.to_pylist(), shares.kinds.to_pylist(), strict=True))
    assert sorted(set(named)) == sorted({(thing, kind or "") for thing, kind, _ in rows})
    places = [int(post) for post in shares.posts.take(pa.array(shares.post)).to_pylist()]
    code = {name: number for number, name in enumerate(named)}
    assert places == sorted(range(len(rows)), key=lambda row: (code[rows[row][0], rows[row][1] or ""], rows[row][2]))
    assert shares.at.tolist() == [rows[place][2] * 1_000_000 for place in places]
    assert np.array_equal(shares.take(np.ones(shares.size, np.bool_)).at, shares.at)
